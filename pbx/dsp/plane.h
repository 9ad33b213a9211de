/* The media plane: all ports, one tick.
 *
 * Must meet: a tick is 80 samples; what is timed is exact to the sample; a talk path adds no tick of its own; nothing
 * in the tick allocates, locks, logs or calls the system, the card's read and write aside; a token port without
 * activity costs nothing. One thread calls it. This file is the plane's private state, in the memory of its process;
 * what control may see lies in the arena.
 */
#pragma once
#include <stdint.h>

#include "agenda.h"
#include "arena.h"
#include "automatic_level.h"
#include "card.h"
#include "cas.h"
#include "check_tone.h"
#include "conference.h"
#include "cut_through.h"
#include "data_lanes.h"
#include "echo_lanes.h"
#include "generator.h"
#include "link_ports.h"
#include "loop.h"
#include "pulse_dialler.h"
#include "receivers.h"
#include "token_receiver.h"
#include "token_track.h"
#include "voice_lanes.h"

#define PLANE_CARDS 1024 /* a signalling channel is one, too */
#define PLANE_PENDING 64 /* timed commands of a port: two dialled pulse digits and more */
#define PLANE_ARMED 16   /* armed commands of a port */
#define PLANE_NO_SOURCE 0xffffffffu
#define PLANE_NOBODY 0xffffffffu
#define PLANE_QUIET_TICKS 6
#define PLANE_QUIET_TICKS_VOICE 30     /* longer than a voice's end takes */
#define PLANE_QUIET_TICKS_PROGRESS 600 /* longer than the longest pause of a cadence */
#define PLANE_SILENCE 0xd5             /* A-law */
#define PLANE_UNITY 4096               /* gain */
#define PLANE_RECORD_STEP 8000          /* token: samples of silence recorded at a time */

#define PLANE_RINGING_PARTS 4
#define PLANE_SHORT_UNIT 5 /* octets of a fill-in unit are 3, of a status unit 4 or 5 (Q.703 2.2) */

/* A cadence of one or two bursts, each with its pause. */
struct plane_ringing {
  uint32_t part[PLANE_RINGING_PARTS]; /* samples: on, off, on, off */
  uint8_t parts;                      /* 2 or 4 */
  uint8_t at;                         /* the part under way */
  uint8_t sounding;
  uint64_t due;
};

struct plane_port {
  struct card *card;
  uint32_t index; /* within the card */
  uint8_t tokens;
  uint8_t ear_live;  /* sound: this tick is not all silence */
  uint8_t own_live;  /* sound: the generator has spoken in this tick */
  uint8_t out_idle;  /* sound: the outgoing samples are silence already */
  uint8_t listening; /* PLANE_RECEIVE_ */
  uint8_t dirty;     /* token: the mouth must be composed in this tick */
  uint8_t stale;     /* levels must be read */
  uint8_t pending_count;
  uint8_t armed_count;
  uint8_t rendered; /* samples of this tick that the generator has made */
  uint8_t levelled; /* sound: everybody hears it by automatic level, as LEVEL said */
  uint8_t levelling; /* sound: automatic level runs, for everybody or for a mix */
  struct automatic_level level;
  uint16_t mouth;   /* token: code last sent */
  int32_t recorder; /* -1 = none */
  uint64_t recorded; /* token: recorded up to this sample */
  uint64_t record_due;
  struct cas cas;
  struct cas dialling; /* its times of pulse dialling are for the next CONFIGURE */
  struct loop loop;
  struct pulse_dialler dialler;
  struct plane_ringing ringing;
  uint64_t metering_due; /* end of the metering pulse that we send */
  struct token_receiver token_receiver;
  struct token_track ear_track;
  struct token_track own_track;
  struct plane_command pending[PLANE_PENDING]; /* in the order of time */
  struct plane_command armed[PLANE_ARMED];
  struct generator generator;
  uint8_t units; /* signalling channel: repeated signal units are only counted */
  uint8_t unit_octets;
  uint8_t unit[PLANE_SHORT_UNIT]; /* the last one, if it was short */
};

struct plane_player {
  uint8_t playing;
  uint8_t loop;
  uint16_t prompt;
  const uint8_t *sound;
  uint32_t length;
  uint64_t begun;
  uint64_t made; /* tick + 1 for which `samples` stand */
  struct token_track track;
  int16_t samples[PLANE_TICK_SAMPLES];
};

struct plane_mix {
  uint32_t members;
  uint32_t speakers;       /* that are summed; 0 = all */
  uint8_t automatic_level; /* members are brought to one level */
  uint8_t live;
  struct conference_sum sum;
};

/* Room for the parties of the mix in hand, and what is remembered of each membership, by edge. */
struct plane_parties {
  const int16_t **said;
  int32_t *gains;
  uint32_t *edges;
  uint32_t *loudness;
  struct speaker **speakers;
  struct speaker *remembered;
};

struct plane_card {
  struct card *card;
  uint32_t first;
};

struct plane {
  struct arena *arena;
  uint64_t tick;  /* the present one, or the next one between ticks */
  uint64_t start; /* its first sample */
  uint64_t now;   /* the sample under way */
  int64_t clock_zero_ns; /* of the plane before this one, until the pacer has begun; 0 = there was none */
  uint64_t busy_until; /* sound: no jump before this tick */
  uint32_t ports_used;
  uint32_t ports_room;
  uint32_t card_count;
  uint32_t refresh; /* port whose levels are read next in turn */
  uint32_t recording; /* sound ports that record */
  uint32_t levelling; /* sound ports on which automatic level runs */
  uint8_t sound;      /* 1 when there is a card with sound */
  struct plane_card cards[PLANE_CARDS];
  struct card_event *card_events;
  uint32_t card_event_room;
  struct plane_port *ports;
  struct plane_player *players;
  struct plane_mix *mixes;
  struct agenda agenda; /* ports, then players */
  struct receivers receivers;
  struct data_lanes data;
  struct voice_lanes voice;
  struct check_lanes check;
  struct echo_lanes echo;
  struct cut_through cut;
  struct link_ports links;
  uint32_t progress_generation;
  struct token_timing progress[PLANE_PROGRESS_TONES];
  uint8_t *in;   /* [ports][80] A-law */
  uint8_t *out;
  int16_t *ears; /* [ports][80] linear */
  int16_t *owns;
  int16_t *levels; /* [ports][80] what ports with automatic level say */
  struct plane_parties parties;
  /* Who listens to a source: lists through all edges. An edge's number is port * PLANE_EDGES + place. */
  uint32_t *listener_head; /* by source: ports, players, mixes */
  uint32_t *listener_next; /* by edge */
  uint32_t *listener_before;
  uint32_t *dirty;
  uint32_t dirty_count;
  uint32_t *stale;
  uint32_t stale_count;
};

/* plane.c */
void plane_tell(struct plane *plane, uint32_t port, uint32_t kind, uint32_t value, uint64_t sample);
void plane_rearm(struct plane *plane, uint32_t port);
void plane_levels_stale(struct plane *plane, uint32_t port);

/* execute.c: does a command at sample `now` of the plane; keeps timed and armed ones. */
void plane_take_command(struct plane *plane, const struct plane_command *command);
void plane_execute(struct plane *plane, const struct plane_command *command);
void plane_fire_armed(struct plane *plane, uint32_t port, uint32_t kind, uint32_t value, uint64_t sample);
/* 0, or what the card says when it cannot. */
int plane_order(struct plane *plane, uint32_t port, uint16_t kind, uint32_t value);
void plane_ringing_expire(struct plane *plane, uint32_t port);
void plane_dialler_expire(struct plane *plane, uint32_t port);
void plane_metering_expire(struct plane *plane, uint32_t port);
void plane_record_tokens(struct plane *plane, uint32_t port, uint64_t until);

/* frame_ports.c: frames of signalling channels. What works a channel in the tick takes them here, before control is told. */
void plane_take_frames(struct plane *plane, const struct plane_card *slot);
void plane_send_frame(struct plane *plane, const struct plane_command *command);

/* link_ports.c: signalling links that the plane works. */
int plane_link_set(struct plane *plane, uint32_t port, int on);
/* Whether the port is one, and so has heard the frame. */
int plane_link_hears(struct plane *plane, uint32_t port, const struct card_frame *frame);
void plane_link_order(struct plane *plane, const struct plane_command *command);
void plane_run_links(struct plane *plane);

/* check_ears.c: what ports that listen for check-tones hear in this tick. */
void plane_hear_check_tones(struct plane *plane);

/* echo_ears.c: cleans the ears of ports that have a canceller. */
void plane_cancel_echoes(struct plane *plane);
void plane_tell_echo(struct plane *plane, uint32_t lane);

/* speak.c: the generator of a port and the shared players. */
void plane_render(struct plane *plane, uint32_t port, uint32_t until);
void plane_spoken(struct plane *plane, uint32_t port);
void plane_player_expire(struct plane *plane, uint32_t player);
void plane_player_play(struct plane *plane, uint32_t player, uint32_t prompt, int loop);
void plane_player_stop(struct plane *plane, uint32_t player);
const int16_t *plane_player_samples(struct plane *plane, uint32_t player);

/* mix.c: hearing edges and mixes. */
int plane_edge_add(struct plane *plane, uint32_t port, struct plane_edge edge);
int plane_edge_remove(struct plane *plane, uint32_t port, uint32_t source, int member);
int plane_source_valid(const struct plane *plane, uint32_t source);
int plane_listened(const struct plane *plane, uint32_t source);
void plane_mark_dirty(struct plane *plane, uint32_t port);
void plane_mark_listeners(struct plane *plane, uint32_t source);
int plane_edge_mute(struct plane *plane, uint32_t port, uint32_t source, int muted);
int plane_mix_settings(struct plane *plane, uint32_t mix, uint32_t speakers, int automatic_level);
void plane_level_settings(struct plane *plane, uint32_t port, int on, int target_tenth_dbm0, int gain_most_tenth_db);
void plane_mix_sum(struct plane *plane);
void plane_compose_sound(struct plane *plane, uint32_t port);
void plane_compose_tokens(struct plane *plane, uint32_t port);
