/* The media plane as Python sees it. A bare header: declarations only.
 *
 * `struct arena` is this process's view of the one flat memory that plane and control share; `struct plane` is the
 * plane itself, in the one process that ticks it. A sample time counts samples at 8 kHz; tick k begins at 80 k.
 * Functions that can fail return PLANE_OK or one of the negative numbers below, or null.
 */
#pragma once
#include <stdint.h>

#define PLANE_TICK_SAMPLES 80
#define PLANE_LAYOUT_VERSION 7

#define PLANE_OK 0
#define PLANE_STALE -1   /* the caller's epoch is not the present one */
#define PLANE_FULL -2    /* ring, table or cache is full */
#define PLANE_INVALID -3 /* no such port, prompt, recorder ... */
#define PLANE_EMPTY -4   /* nothing to read, or nothing good */

/* Kinds of plane_event. */
#define PLANE_EVENT_BITS 1
#define PLANE_EVENT_TONE_ON 2
#define PLANE_EVENT_TONE_OFF 3
#define PLANE_EVENT_DIGIT 4
#define PLANE_EVENT_HOOK_OFF 5
#define PLANE_EVENT_HOOK_ON 6
#define PLANE_EVENT_FLASH 7
#define PLANE_EVENT_PLAYED 8
#define PLANE_EVENT_RECORDED 9
#define PLANE_EVENT_ALARM 10
#define PLANE_EVENT_SLIP 11
#define PLANE_EVENT_OCTET 12 /* value octet, or'ed with what PLANE_OCTET_ flag says */
#define PLANE_EVENT_TEST 13  /* value wrong bits | octets compared << 16 | synchronised << 31, of the last second */
#define PLANE_EVENT_VOICE 15 /* value 1 = began, 0 = ended */
#define PLANE_EVENT_GROUND 16   /* value 1 = the far end grounds the ring wire */
#define PLANE_EVENT_RINGING 17  /* value 1 = ringing voltage has come, 0 = gone */
#define PLANE_EVENT_POLARITY 18 /* value 1 = reversed */
#define PLANE_EVENT_BATTERY 19  /* value 1 = fed */
#define PLANE_EVENT_METERING 20 /* a pulse has ended */
#define PLANE_EVENT_MEASURED 21 /* value quantity (CARD_LINE_) << 24 | what was measured */
#define PLANE_EVENT_FRAME 22 /* in the ring, value = the place of its octets in their own; as arena_drain gives it, how many there are */
#define PLANE_EVENT_BAD_FRAME 23 /* value CARD_FRAME_ fault */
#define PLANE_EVENT_LINK 24 /* value as of a frame; its octets are what is told, its value (link_api.h), and what goes with it */

/* Kinds of plane_command; what `value`, `detail` and `gain` mean stands behind each. */
#define PLANE_COMMAND_BITS 1        /* value abcd */
#define PLANE_COMMAND_TONE 2        /* value code, detail samples (0 = until stopped) */
#define PLANE_COMMAND_DIGIT 3       /* value code, detail on ms << 16 | off ms */
#define PLANE_COMMAND_SILENCE 4
#define PLANE_COMMAND_LISTEN 5      /* value receivers */
#define PLANE_COMMAND_UNLISTEN 6    /* value receivers */
#define PLANE_COMMAND_RING 7        /* value on ms (0 = stop) | second on ms << 16, detail off ms | second off ms << 16 */
#define PLANE_COMMAND_PLAY 8        /* value prompt, detail token, gain 1 = loop */
#define PLANE_COMMAND_HEAR 9        /* value source, gain in 1/4096, detail the same gain in tenths of a dB */
#define PLANE_COMMAND_UNHEAR 10     /* value source, 0xffffffff = all */
#define PLANE_COMMAND_JOIN 11       /* value mix, gain as HEAR */
#define PLANE_COMMAND_LEAVE 12      /* value mix */
#define PLANE_COMMAND_RECORD 13     /* value recorder */
#define PLANE_COMMAND_STOP_RECORD 14 /* value recorder */
#define PLANE_COMMAND_TAG 15        /* value tag */
#define PLANE_COMMAND_DISARM 16
/* value kind | recognition ms << 16; of a subscriber's port detail flash min ms << 16 | flash max ms, gain hook-on ms; of a port that
 * leads to an exchange the recognition is that of ringing, detail that of polarity << 16 | that of the feed, gain metering pulse min
 * ms | max ms << 16. */
#define PLANE_COMMAND_CONFIGURE 17
#define PLANE_COMMAND_PLAYER_PLAY 18 /* port = player, value prompt, gain 1 = loop */
#define PLANE_COMMAND_PLAYER_STOP 19 /* port = player */
#define PLANE_COMMAND_ECHO 20        /* value tail ms (0 = off), detail options of echo_api.h | delay ms << 8 */
/* gain 0: value = four octets of the message to be, the first lowest, detail = their place. gain > 0: send it; gain - 1 bits of mark
 * end it, value = modem | bits of seizure << 8 | tenths of dB below 0 dBm0 << 20, detail = octets | bits of mark before them << 16. */
#define PLANE_COMMAND_OCTETS 21
#define PLANE_COMMAND_TEST 22 /* value pattern of data_api.h | PLANE_TEST_SEND | PLANE_TEST_RECEIVE; neither = end the test */
#define PLANE_COMMAND_MIX 23        /* value mix, detail speakers (0 = all are summed), gain 1 = automatic level; any port */
#define PLANE_COMMAND_MUTE 24       /* value source (a mix: the membership, if there is one), detail 1 = muted */
#define PLANE_COMMAND_LEVEL 26      /* value target in tenths of a dBm0, detail largest gain in tenths of a dB, gain 0 = off */

#define PLANE_COMMAND_REVERSE 27     /* value 1 = reversed */
#define PLANE_COMMAND_FEED 28        /* value 1 = fed */
#define PLANE_COMMAND_METERING 29    /* value ms; refused while a pulse is on */
#define PLANE_COMMAND_MEASURE 30
#define PLANE_COMMAND_LOOP 31        /* value 1 = closed */
#define PLANE_COMMAND_GROUND 32      /* value 1 = the ring wire is grounded */
/* Pulse dialling of a subscriber's port, for the CONFIGURE that follows: value break min ms | max ms << 16 (0 = none), detail break max
 * within a train ms | pause behind a digit ms << 16, gain shortest make ms. */
#define PLANE_COMMAND_DIALLING 33
#define PLANE_COMMAND_PULSES 34      /* value breaks 1..10, detail break ms << 16 | make ms, gain pause ms */
#define PLANE_COMMAND_FRAME 35       /* made by arena_send_frame alone: value the place of its octets in their ring, detail how many */
#define PLANE_COMMAND_LAMP 36        /* value 1 = the lamp of waiting messages is fed */
#define PLANE_COMMAND_LINK 37        /* made by arena_send_link alone: gain order | value << 8; value and detail as of a frame, or no octets */

#define PLANE_TEST_SEND 0x100
#define PLANE_TEST_RECEIVE 0x200
#define PLANE_OCTET_CARRIER_ON 0x100
#define PLANE_OCTET_CARRIER_OFF 0x200
#define PLANE_OCTET_FRAMING_ERROR 0x400
#define PLANE_OCTET_SENT 0x800

/* Kinds of port, for CONFIGURE. */
#define PLANE_PORT_RAW 0 /* every change of bits and hook is told at once */
#define PLANE_PORT_CAS 1
#define PLANE_PORT_FXS 2
#define PLANE_PORT_FXO 3
#define PLANE_PORT_FRAMES 4       /* a signalling channel: every frame is told */
#define PLANE_PORT_SIGNAL_UNITS 5 /* one of No. 7: a fill-in or status unit equal to the unit before it is only counted */
#define PLANE_PORT_SIGNALLING_LINK 6 /* one of No. 7 that the plane works: link_api.h */

/* Sources and receivers, as in pbx/vocabulary/media.py. */
#define PLANE_PLAYER 0x10000
#define PLANE_MIX 0x20000
#define PLANE_OWN 0x40000 /* the port itself: a loop */
#define PLANE_RECEIVE_DTMF 1
#define PLANE_RECEIVE_MFC_FORWARD 2
#define PLANE_RECEIVE_MFC_BACKWARD 4
#define PLANE_RECEIVE_PROGRESS 8
#define PLANE_RECEIVE_FAX 16
#define PLANE_RECEIVE_CALLER_IDENTITY 32
#define PLANE_RECEIVE_VOICE 64 /* voices, and beeps (PLANE_CODE_BEEP) */
#define PLANE_RECEIVE_CONTINUITY 128 /* the check-tone of speech circuits (PLANE_CODE_CONTINUITY) */

/* Codes, as in pbx/vocabulary/tones.py. */
#define PLANE_CODE_MFC_FORWARD 0x100
#define PLANE_CODE_MFC_BACKWARD 0x200
#define PLANE_CODE_DTMF 0x300
#define PLANE_CODE_PROGRESS 0x400
#define PLANE_CODE_SPECIAL 0x500
#define PLANE_CODE_OCTET 0x600   /* octet of a modem: from its start bit to its stop bit */
#define PLANE_CODE_CARRIER 0x700 /* of a modem, between octets */
#define PLANE_CODE_V21_FLAGS 0x505
#define PLANE_CODE_ALERT 0x506 /* dual tone alert: heard by who listens for caller identity */
#define PLANE_CODE_BEEP 0x507
#define PLANE_CODE_CONTINUITY 0x508
#define PLANE_CODE_MILLIWATT 0x40b /* a steady tone: on sound it is told as a beep */
#define PLANE_CODE_PROMPT 0x1000

#define PLANE_EDGES 8         /* sources and mixes of one port */
#define PLANE_LEG_OCTETS 1000 /* of one leg record */
#define PLANE_JOURNAL_RECORD_OCTETS 65536
#define PLANE_PROMPT_NAME_OCTETS 48
#define PLANE_PROGRESS_TONES 32
#define PLANE_FRAME_OCTETS 508 /* of the longest frame, without its check sequence */
#define PLANE_NOTICE_OCTETS 4000
#define PLANE_NOTICE_REPORT 0 /* of a span, from the process that has the cards */
#define PLANE_NOTICE_ORDER 1  /* to it, from control */
#define PLANE_NOTICES 2

struct plane_layout {
  uint32_t ports;
  uint32_t mixes;
  uint32_t players;
  uint32_t recorders;
  uint32_t prompts;
  uint32_t events;           /* power of two */
  uint32_t commands;         /* of each ring, power of two */
  uint32_t recorder_samples; /* power of two, of each recorder */
  uint32_t echo_cancellers;  /* ports that can have one at a time; 0 = none */
  uint32_t frame_octets;     /* power of two, of each ring of frames */
  uint32_t spans;            /* that have notices */
  uint32_t signalling_links; /* that the plane can work */
  uint32_t signalling_messages; /* power of two: what the transmission buffer of each of them holds, up to MTP2_MESSAGES_MOST */
  uint64_t prompt_octets;
  uint64_t journal_octets; /* power of two */
};

struct plane_event {
  uint64_t sample;
  uint16_t port;
  uint16_t kind;
  uint32_t value;
};

struct plane_command {
  uint64_t at;    /* sample; in the past or 0 = at once */
  uint64_t until; /* armed: last sample of the awaited event */
  uint32_t epoch;
  uint32_t value;
  uint32_t detail;
  int32_t gain;
  uint32_t when_value; /* armed: the awaited event */
  uint32_t after;      /* armed: samples from the event to the command */
  uint16_t port;
  uint16_t kind;
  uint16_t when_kind; /* 0 = not armed */
  uint16_t reserved;
};

struct plane_levels {
  uint8_t bits_in;
  uint8_t bits_out;
  uint8_t hook;     /* the loop is closed: by the telephone, or by us towards an exchange */
  uint8_t ringing;  /* ringing voltage is there, or our cadence of it runs */
  uint8_t reversed; /* as we feed the line, or as the exchange feeds it */
  uint8_t battery;
  uint16_t alarms;
};

/* What the canceller of a port has found; tail_ms 0 = the port has none. */
struct plane_echo {
  int16_t erle_tenth_db;
  int16_t erl_tenth_db;
  int16_t background_tenth_dbm0;
  uint8_t tail_ms;
  uint8_t flags; /* PLANE_ECHO_ */
};

#define PLANE_ECHO_CONVERGED 1
#define PLANE_ECHO_DOUBLE_TALK 2
#define PLANE_ECHO_DISABLED 4
#define PLANE_ECHO_SUPPRESSING 8

struct plane_edge {
  uint32_t source;
  int32_t gain_4096;
  int16_t gain_tenth_db;
  uint8_t member;   /* 1 = speaks into the mix and hears it without itself */
  uint8_t muted;    /* a member is not heard in the mix; any other source is not heard */
  uint8_t selected; /* a member of a mix with selection of speakers is among them */
  uint8_t spare[3];
};

struct plane_counters {
  uint64_t ticks;
  uint64_t late_ticks;        /* begun more than 10 ms after they were due */
  uint64_t worst_late_ns;
  uint64_t event_overflows;   /* events lost because control did not read them */
  uint64_t refused_commands;  /* of an older epoch */
  uint64_t rejected_commands; /* no such port, table full ... */
  uint64_t executed_commands;
  uint64_t recorder_overflows; /* samples lost because nobody read them */
  uint64_t token_overflows;    /* changes of a token that did not fit into a tick */
  uint64_t joined;             /* pairs of ports that are joined by their cards now */
  uint64_t joins, parts;       /* how often that was ordered, and undone */
  uint64_t pacing_card;        /* by whose blocks the plane is ticked, 1 = the first card that can; 0 = by the clock */
  uint64_t pacing_switches;    /* how often that has changed */
  uint64_t held_over_ticks;    /* ticked by the clock while there are cards to go by */
  uint64_t frame_overflows;    /* frames lost because control did not read them */
  uint64_t refused_frames;     /* that the channel had no room to send */
  uint64_t repeated_units;     /* signal units that were only counted */
};

/* A late tick, and how much of it the kernel explains. */
struct plane_late_tick {
  uint64_t tick;
  uint64_t late_ns;
  uint64_t run_delay_ns; /* waited on the run queue since the tick before: /proc/thread-self/schedstat */
  uint64_t steal_ns;     /* taken by the hypervisor since the last look, at most a second ago: /proc/stat */
};

struct arena;
struct plane;
struct card;
struct tone_plan;
struct progress_plan;

/* Arena. A null path gives anonymous memory. */
struct arena *arena_create(const struct plane_layout *layout, const char *path);
struct arena *arena_attach(const char *path);
void arena_close(struct arena *arena);
void arena_layout(struct arena *arena, struct plane_layout *layout);
uint32_t arena_epoch(struct arena *arena);
uint32_t arena_raise_epoch(struct arena *arena);
uint64_t arena_ticks(struct arena *arena);
/* When tick 0 was due, or would have been, by CLOCK_MONOTONIC; 0 = nobody ticks by the clock yet. */
int64_t arena_clock_zero(struct arena *arena);
uint32_t arena_ports(struct arena *arena);
void arena_stop(struct arena *arena);
int arena_stopping(struct arena *arena);
void arena_counters(struct arena *arena, struct plane_counters *counters);
int arena_late_ticks(struct arena *arena, struct plane_late_tick *late, int room);

/* Control's side of the rings. */
int arena_send(struct arena *arena, uint32_t epoch, uint32_t port, uint32_t kind, uint32_t value, uint32_t detail,
               int32_t gain, uint64_t at);
int arena_send_armed(struct arena *arena, const struct plane_command *command);
/* A frame of up to PLANE_FRAME_OCTETS octets for a port to send, behind the commands given before it. */
int arena_send_frame(struct arena *arena, uint32_t epoch, uint32_t port, const uint8_t *octets, uint32_t count);
/* Takes up to `room` events; the octets of their frames stand one behind the other in `octets`, whose room is octet_room (at least
 * PLANE_FRAME_OCTETS); *frames = how many frames there are. */
int arena_drain(struct arena *arena, uint32_t epoch, struct plane_event *events, int room, uint8_t *octets, uint32_t octet_room,
                int *frames);
int arena_events_waiting(struct arena *arena);

/* What stands on a port. */
int arena_levels(struct arena *arena, uint32_t port, struct plane_levels *levels);
int arena_echo(struct arena *arena, uint32_t port, struct plane_echo *echo);
int arena_tag(struct arena *arena, uint32_t port, uint32_t *tag);
int arena_edges(struct arena *arena, uint32_t port, struct plane_edge *edges);

/* What stands written of a span, by kind (PLANE_NOTICE_): a whole notice or the one before it, never half of one. Only the control of
 * this epoch writes an order; a report has epoch 0. Reading gives the length, or PLANE_EMPTY. */
int arena_notice_write(struct arena *arena, uint32_t epoch, uint32_t kind, uint32_t span, const uint8_t *octets, uint32_t length);
int arena_notice_read(struct arena *arena, uint32_t kind, uint32_t span, uint8_t *octets, uint32_t room);

/* Leg records, journal ring, recorders, prompts, tones. */
int arena_leg_write(struct arena *arena, uint32_t epoch, uint32_t port, const uint8_t *octets, uint32_t length,
                    uint64_t held);
int arena_leg_read(struct arena *arena, uint32_t port, uint8_t *octets, uint32_t room);
int64_t arena_journal_append(struct arena *arena, uint32_t epoch, const uint8_t *octets, uint32_t length);
int64_t arena_journal_hold(struct arena *arena, uint32_t epoch, uint64_t *held, const uint8_t *octets, uint32_t length);
int arena_journal_publish(struct arena *arena, uint32_t epoch, uint64_t held);
int64_t arena_journal_read(struct arena *arena, uint64_t after, uint8_t *octets, uint64_t room, uint64_t *sequences,
                           uint32_t *lengths, uint32_t limit);
int arena_journal_commit(struct arena *arena, uint64_t sequence);
uint64_t arena_journal_sequence(struct arena *arena);
/* A new arena that goes on where another one ended (pbx/handover.py), before anybody commands: its epoch, the number behind which the
 * next record of the journal is numbered, the sample up to which a recorder's sound was read. What is missing between that and
 * the recorder's next sample is told as a gap. */
void arena_continue(struct arena *arena, uint32_t epoch);
void arena_journal_continue(struct arena *arena, uint64_t sequence);
int arena_recorder_continue(struct arena *arena, uint32_t recorder, uint64_t sample);
/* Samples that wait to be read. */
int64_t arena_recorder_waiting(struct arena *arena, uint32_t recorder);
/* Octets read, up to the next gap; `lost` says how many samples are missing before them. */
int arena_recorder_read(struct arena *arena, uint32_t recorder, uint8_t *octets, uint32_t room, uint64_t *lost);
int arena_prompt_load(struct arena *arena, const char *name, uint64_t hash, const uint8_t *alaw, uint32_t length);
int arena_tone_load(struct arena *arena, uint32_t index, const struct tone_plan *plan);
void arena_tone_levels(struct arena *arena, int dtmf_low, int dtmf_high, int mfc_forward, int mfc_backward);
int arena_progress_load(struct arena *arena, const struct progress_plan *recognised, const uint16_t *codes);

/* The plane. `plane_add_card` returns the first port of the card; the plane does not own the card. */
struct plane *plane_create(struct arena *arena);
void plane_close(struct plane *plane);
int plane_add_card(struct plane *plane, struct card *card);
/* Time goes on from tick `tick`, before the first one is run. */
int plane_continue(struct plane *plane, uint64_t tick);
/* The pacer shall begin with the tick that is then due, tick 0 having been due at `zero_ns` of CLOCK_MONOTONIC. */
void plane_continue_clock(struct plane *plane, int64_t zero_ns);
int plane_tick(struct plane *plane, uint64_t tick);
uint64_t plane_next_activity(struct plane *plane);
/* Ticks by the clock until arena_stop (returns 0) or a signal (returns 1); writes an octet to `wake` (-1 = none) after
 * a tick that leaves events unread. */
int plane_run(struct plane *plane, int wake);
