/* The face that every line card shows to the media plane.
 *
 * A card owns `ports` consecutive ports. Once a tick (10 ms, 80 samples at 8 kHz) the plane calls `read`, later in the
 * same tick `write`; `order`, `join` and `part` may be called between them; between ticks `wait`; nothing else. Calls are made
 * by one thread only. A card may do the system calls that its hardware or socket needs; nothing else in the tick may.
 *
 * Sound is A-law (G.711) as it stands on the line, port-major: samples[port * CARD_TICK_SAMPLES + n].
 * A card whose `tokens` is 1 carries no sound: it carries tokens, that is, which tone or prompt begins at which sample.
 * Code 0 is silence. The codes are those of pbx/vocabulary/tones.py. The plane reads `tokens_in` after `read` and has
 * filled `tokens_out` before `write`; both are arrays of `ports` entries owned by the card.
 */
#pragma once
#include <stdint.h>

#define CARD_TICK_SAMPLES 80
#define CARD_TOKEN_CHANGES 4

/* Signalling channels. A card may carry frames on a port instead of sound: a D channel (Q.921), a No. 7 link (Q.703). Flags, bit stuffing
 * and check sequence are the card's, be they the kernel's or our own; octets come and go without them. The plane takes all frames behind
 * `read` and gives some before `write`, in the same thread; whatever works a channel in the tick stands between these two. Faults come
 * in their order among the frames, because signal unit error rate monitors count them; where the kernel keeps the two apart (DAHDI), in
 * their order among those of other ticks, and before those of their own. */
#define CARD_FRAME_OCTETS 508 /* Q.921 has up to 260 octets and a header, signal units up to 272 and theirs */
#define CARD_FRAME_GOOD 0
#define CARD_FRAME_ABORTED 1   /* seven ones or more within it */
#define CARD_FRAME_BAD_CHECK 2 /* the check sequence is wrong */
#define CARD_FRAME_OVERRUN 3   /* longer than may be, or nobody read in time: some were lost here */
#define CARD_FRAME_OCTETS_LOST 4 /* 16 octets without a frame, since one was aborted or too long (Q.703 4.1.4) */

struct card_frame {
  uint16_t offset; /* sample within the tick at which it was whole, 0 where the card cannot tell */
  uint16_t fault;  /* CARD_FRAME_; all but good ones have no octets */
  uint32_t count;
  uint8_t octets[CARD_FRAME_OCTETS];
};

/* Kinds of card_event. */
#define CARD_EVENT_BITS 1   /* value = the four bits abcd now received (a is the most significant), not yet debounced */
#define CARD_EVENT_HOOK 2   /* value = 1 loop closed (off hook), 0 open; not yet debounced */
#define CARD_EVENT_RINGING 3 /* FXO: value = 1 ringing voltage present, 0 gone */
#define CARD_EVENT_POLARITY 4 /* FXO: value = 1 reversed */
#define CARD_EVENT_ALARM 5  /* value = the CARD_ALARM_ bits now standing; sent for each port of the span */
#define CARD_EVENT_SLIP 6   /* value = 0 a frame was lost, 1 a frame was repeated */
#define CARD_EVENT_BATTERY 7 /* FXO: value = 1 the network feeds the line, 0 it does not */
#define CARD_EVENT_METERING 8 /* FXO: value = 1 a metering pulse begins, 0 ends */
#define CARD_EVENT_GROUND 9  /* FXS, ground start: value = 1 the far end grounds the ring wire */
#define CARD_EVENT_MEASURED 10 /* FXS: value = a CARD_LINE_ quantity << 24 | what was measured */

/* Alarms of a span, G.775, G.704, G.732. */
#define CARD_ALARM_LOS 1
#define CARD_ALARM_LOF 2
#define CARD_ALARM_AIS 4
#define CARD_ALARM_RAI 8
#define CARD_ALARM_LOMF 16 /* loss of TS16 multiframe */

/* Kinds of card_order. */
#define CARD_ORDER_BITS 1     /* value = abcd to send from sample `offset` of this tick on */
#define CARD_ORDER_RING 2     /* FXS: value = 1 ringing voltage on, 0 off */
#define CARD_ORDER_POLARITY 3 /* FXS: value = 1 reversed */
#define CARD_ORDER_FEED 4     /* FXS: value = 1 the line is fed, 0 it is not */
#define CARD_ORDER_METERING 5 /* FXS: value = 1 metering voltage on, 0 off */
#define CARD_ORDER_MEASURE 6  /* FXS: one CARD_EVENT_MEASURED for each quantity follows; -1 = the card cannot */
#define CARD_ORDER_LOOP 7     /* FXO: value = 1 loop closed, 0 open */
#define CARD_ORDER_GROUND 8   /* FXO, ground start: value = 1 the ring wire is grounded */
#define CARD_ORDER_LAMP 9     /* FXS: value = 1 the lamp of waiting messages is fed, 0 it is not; -1 = the card cannot */

/* What `wait` returns. */
#define CARD_WAIT_BLOCK 1        /* the next block of the line is here */
#define CARD_WAIT_NOTHING 0      /* the time is over */
#define CARD_WAIT_CANNOT -1      /* there is no signal now that could pace anybody; said at once */
#define CARD_WAIT_INTERRUPTED -2 /* by a signal */

/* What CARD_ORDER_MEASURE measures, in the order of LINE_QUANTITIES in pbx/vocabulary/media.py. */
#define CARD_LINE_LOOP_OHM 0
#define CARD_LINE_INSULATION_KOHM 1
#define CARD_LINE_FOREIGN_AC_V 2
#define CARD_LINE_FOREIGN_DC_V 3
#define CARD_LINE_CAPACITANCE_NF 4
#define CARD_LINE_QUANTITIES 5

struct card_event {
  uint16_t port; /* index within the card */
  uint16_t kind;
  uint16_t offset; /* sample within the tick, 0..79 */
  uint16_t reserved;
  uint32_t value;
};

struct card_order {
  uint16_t port;
  uint16_t kind;
  uint16_t offset;
  uint16_t reserved;
  uint32_t value;
};

struct card_levels {
  uint8_t bits_in;
  uint8_t bits_out;
  uint8_t hook; /* 1 = loop closed: by the telephone, or by us towards an exchange */
  uint8_t ringing;
  uint8_t reversed; /* polarity: as we feed the line, or as the exchange feeds it */
  uint8_t battery;  /* 1 = the line is fed, likewise */
  uint8_t ground;   /* 1 = the ring wire is grounded: by the far end of a subscriber's line, or by us towards an exchange */
  uint32_t alarms;
};

struct card_token_change {
  uint16_t offset;
  uint16_t code;
  int16_t level_tenths_dbm0;
};

/* What a port's token does in this tick: `count` changes in order; none = as before. */
struct card_tokens {
  uint16_t count;
  struct card_token_change change[CARD_TOKEN_CHANGES];
};

/* One digit of dial pulses. */
struct card_pulses {
  uint8_t breaks; /* 1..10 */
  uint16_t break_ms, make_ms, pause_ms; /* the pause counts from the end of the last break */
};

struct card {
  const char *kind;
  void *self;
  int ports;
  int tokens;
  struct card_tokens *tokens_in;
  struct card_tokens *tokens_out;
  /* Fills samples[ports * 80] and up to `room` events of tick `tick`; returns their number. `samples` is not touched on a token card. */
  int (*read)(struct card *, uint8_t *samples, struct card_event *events, int room, uint64_t tick);
  int (*write)(struct card *, const uint8_t *samples, uint64_t tick);
  int (*level)(struct card *, int port, struct card_levels *);
  int (*order)(struct card *, const struct card_order *);
  /* Optional, null on a card that cannot: dials a digit on an exchange line whose loop is closed, behind those that it has still to dial.
   * An order to the loop ends them all. 0, or -1: not on this line, not now. */
  int (*dial)(struct card *, int port, const struct card_pulses *pulses);
  /* 1 when nothing is in flight in either direction and nothing will change until somebody sends: the virtual clock may jump. */
  int (*quiet)(struct card *);
  void (*close)(struct card *);
  /* Optional, null on a card that cannot: from now on the card itself sends on each port what the other receives, until `part`. The other
   * card must have the same `join`. Meanwhile the two ports read as silence, what is written to them is not sent, and events and orders go
   * on. When their signal is lost the card lets go by itself, and joins again when it is back. 0, or -1: not these two, not now. */
  int (*join)(struct card *, int port, struct card *other, int other_port);
  /* What is written in this tick is sent again, what is received is read again from the next tick on. */
  void (*part)(struct card *, int port);
  /* Optional, null on a card that cannot pace: waits until the next block of its line has come, `most_ns` at the longest. */
  int (*wait)(struct card *, uint64_t most_ns);
  /* Null on a card without signalling channels. The next frame received on a port: 1, or 0 = there is none. */
  int (*take_frame)(struct card *, int port, struct card_frame *frame);
  /* A frame to send, up to CARD_FRAME_OCTETS octets: 0, or -1: no room, no such port, too long. */
  int (*give_frame)(struct card *, int port, const uint8_t *octets, int count);
  /* How many frames can be given now. */
  int (*frame_room)(struct card *, int port);
  /* Octets of a tick on a port that carries frames; 0 = CARD_TICK_SAMPLES, one time slot. */
  int frame_octets;
  /* 1 on a card that shows a received signal unit which equals the one before no second time. All cards repeat the last short unit given. */
  int hides_repeated;
};
