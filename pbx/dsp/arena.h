/* The arena: one flat memory shared by plane and control, offsets only, anonymous or a shared file.
 *
 * Limits: an attached process checks magic, version and size before it believes anything; every counter and position
 * that two processes touch is atomic; each ring has one writer and one reader. Sections in the order of the enum
 * below, each aligned to 4 096 octets. Everything that must survive the death of control lies here; what only the
 * plane needs (generators, lanes, debounce) lies in plane.h.
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#include "api.h"
#include "kernels_api.h"
#include "link_api.h"

#define ARENA_MAGIC 0x697a676e6f7a0001ull
#define ARENA_EPOCH_RINGS 4
#define ARENA_LATE_TICKS 1024
#define ARENA_FRAME_OCTETS_LEAST 1024u /* the longest frame and more */
#define ARENA_JOURNAL_GAPS 16
#define ARENA_SPECIAL_TENTH_DBM0 (-130) /* V.2 and the connection of modems to the network: -13 dBm0 as a mean */

enum arena_section {
  ARENA_COMMANDS,
  ARENA_EVENTS,
  ARENA_PORTS,
  ARENA_LEGS,
  ARENA_RECORDERS,
  ARENA_RECORDED,
  ARENA_PROMPTS,
  ARENA_PROMPT_SOUND,
  ARENA_JOURNAL,
  ARENA_FRAMES_UP,
  ARENA_FRAMES_DOWN,
  ARENA_NOTICES,
  ARENA_LINKS,
  ARENA_SECTIONS
};

/* One writer, one reader; positions never wrap, places are position modulo size. */
struct ring_positions {
  _Alignas(64) _Atomic uint64_t written;
  _Alignas(64) _Atomic uint64_t read;
};

struct arena_tones {
  _Atomic uint32_t generation; /* raised after each change of the progress tones to be recognised */
  int16_t dtmf_low;
  int16_t dtmf_high;
  int16_t mfc_forward;
  int16_t mfc_backward;
  int16_t special; /* signals of fax and modems, caller identity */
  uint16_t recognised_code[PROGRESS_TONES_MAX];
  struct progress_plan recognised;
  struct tone_plan plan[PLANE_PROGRESS_TONES];
};

/* A place in the journal ring that a writer of an older epoch may still spoil: the reader leaps from `from` to `to`. */
struct journal_gap {
  _Atomic uint64_t from;
  _Atomic uint64_t to;
};

struct arena_header {
  uint64_t magic;
  uint32_t version;
  uint32_t header_octets;
  uint64_t total_octets;
  struct plane_layout layout;
  uint64_t offset[ARENA_SECTIONS];
  _Atomic uint32_t epoch;
  _Atomic uint32_t stop;
  _Atomic uint32_t ports;
  _Atomic uint32_t prompts;
  _Atomic uint64_t prompt_octets;
  _Atomic uint64_t ticks; /* the next tick to run */
  _Atomic int64_t clock_zero_ns; /* when tick 0 was due by CLOCK_MONOTONIC; 0 = nobody ticks by the clock yet */
  struct plane_counters counters;
  struct ring_positions commands[ARENA_EPOCH_RINGS];
  struct ring_positions events;
  struct ring_positions frames_up; /* both the plane's: a frame is read when its event is */
  struct ring_positions frames_down[ARENA_EPOCH_RINGS];
  _Atomic uint64_t alive; /* epoch << 32 | how often control has shown that it lives */
  struct ring_positions journal;
  _Atomic uint64_t journal_sequence;  /* of the last record appended */
  _Atomic uint64_t journal_committed; /* of the last record that the store has */
  struct journal_gap gap[ARENA_JOURNAL_GAPS];
  _Atomic uint64_t late_written;
  struct plane_late_tick late[ARENA_LATE_TICKS];
  struct arena_tones tones;
};

struct arena_port {
  _Atomic uint64_t levels; /* struct plane_levels as one word, so that it is never seen torn */
  _Atomic uint64_t echo;   /* struct plane_echo, likewise */
  _Atomic uint32_t tag;
  _Atomic uint32_t edges;
  struct plane_edge edge[PLANE_EDGES];
};

/* Two copies; the good one of the higher sequence is the record. */
struct arena_leg_copy {
  uint32_t crc; /* over sequence, length, valid_from and octets */
  uint32_t length;
  uint64_t sequence;
  uint64_t valid_from; /* the write position of the journal at which the turn of this copy is complete */
  uint8_t octets[PLANE_LEG_OCTETS];
};

struct arena_leg {
  struct arena_leg_copy copy[2];
};

/* Samples that found no room, and before which sample of the ring they are missing. Written by the plane until a sample
 * follows it, read only then. */
struct arena_recorder_gap {
  _Atomic uint64_t at;
  _Atomic uint64_t samples;
};

#define ARENA_RECORDER_GAPS 8 /* a power of two; between two of them lies a whole ring, or a reader who takes little */

struct arena_recorder {
  struct ring_positions samples;
  struct ring_positions gaps;
  _Atomic uint64_t broken_at; /* of an arena before this one: read up to this sample; 0 = not */
  struct arena_recorder_gap gap[ARENA_RECORDER_GAPS];
};

/* Two copies, as of leg records. */
struct arena_notice_copy {
  uint32_t crc; /* over length, sequence and octets */
  uint32_t length;
  uint64_t sequence;
  uint8_t octets[PLANE_NOTICE_OCTETS];
};

struct arena_notice {
  struct arena_notice_copy copy[2];
};

/* A signalling link that the plane works; written each tick. */
struct arena_link {
  _Atomic uint32_t port_and_one; /* 0 = free */
  _Atomic uint32_t status;       /* PLANE_LINK_ */
  struct mtp2_counters counters;
};

struct arena_prompt {
  char name[PLANE_PROMPT_NAME_OCTETS];
  uint64_t hash;
  uint64_t offset;
  uint32_t length;
  uint32_t spare;
};

struct arena {
  struct arena_header *header;
  uint64_t octets;
  struct plane_command *commands;
  struct plane_event *events;
  struct arena_port *ports;
  struct arena_leg *legs;
  struct arena_recorder *recorders;
  uint8_t *recorded;
  struct arena_prompt *prompts;
  uint8_t *prompt_sound;
  uint8_t *journal;
  uint8_t *frames_up;
  uint8_t *frames_down;
  struct arena_notice *notices;
  struct arena_link *links;
};

/* Puts one event into the ring, or counts that there was no room. Called by the plane only. */
void arena_event_put(struct arena *arena, uint64_t sample, uint32_t port, uint32_t kind, uint32_t value);
/* Puts the octets of an event (PLANE_EVENT_FRAME, PLANE_EVENT_LINK) and the event, or counts that there was no room for either. Called by
 * the plane only. */
void arena_frame_put(struct arena *arena, uint64_t sample, uint32_t port, uint32_t kind, const uint8_t *octets, uint32_t count);
/* Of a thousand: how much of the rings of frames and events upwards is free, the lesser of both; and whether so many octets of so many
 * events would find room. Called by the plane only. */
uint32_t arena_frames_free(struct arena *arena);
int arena_frames_fit(struct arena *arena, uint32_t octets, uint32_t events);
/* The octets of a command that is a frame or an order to a link, which it takes out of their ring; their number, 0 = it has none. Called by
 * the plane only. */
int arena_frame_take(struct arena *arena, const struct plane_command *command, uint8_t *octets);
/* The frames of an older epoch's ring are nobody's any more. */
void arena_frames_refuse(struct arena *arena, uint32_t ring);
/* The octets of the frames among drained events, packed, as arena_drain gives them; returns how many events had room. */
int arena_frames_pack(const struct arena *arena, struct plane_event *events, int count, uint8_t *octets, uint32_t room, int *frames);
/* Takes the next command of the present epoch; 0 when there is none. Refuses and counts those of other epochs. */
int arena_command_take(struct arena *arena, struct plane_command *command);
/* Whether a command waits. */
int arena_command_waits(struct arena *arena);
/* Puts `count` pairs of A-law samples into a recorder's ring, or notes the gap of those that found no room. Null = silence. */
void arena_recorder_put(struct arena *arena, uint32_t recorder, const uint8_t *said, const uint8_t *told, uint32_t count);
/* A recorder begins at `sample`: notes what is missing since it was broken off with the arena before. */
void arena_recorder_begin(struct arena *arena, uint32_t recorder, uint64_t sample);
/* Leaves a gap in the journal for a writer of an older epoch that may be paused in the middle of an append. */
void arena_journal_leap(struct arena *arena);
/* Makes the leg records of a turn that was never completed void. Before the journal's write position moves. */
void arena_leg_void(struct arena *arena);
