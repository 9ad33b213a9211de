/* One DAHDI channel that is a port: its descriptor, its sound, its signals. What it is, the kernel says when it is opened.
 *
 * Must meet: two system calls a tick while nothing happens, one read and one write of 80 octets. An event costs two more, bits a third:
 * read and write refuse with ELAST while one waits, so nobody asks when there is none (a poll each tick would cost one call a span
 * for the same, and the event its call all the same). What a card has read or written for many at once it leaves in `ahead`.
 *
 * Buffers: 4 blocks of 80. Sending begins when half of them are full (HALF_FULL), also after the kernel ran dry: 20 ms in hand, so that
 * a tick may be 10 ms late without a hole, as much again when cores are busy. A receiver that waits 40 ms loses nothing. Smaller
 * ones (2 blocks) lose sound when one tick is late; larger ones only add delay, which compelled signalling pays four times a digit.
 * Received blocks that stand waiting are found by one poll for all channels each 16 ticks: one is held here, all beyond it is dropped.
 *
 * Hook, wink and pulses are told raw: the kernel's own recognition is set to its shortest, because the plane's knows the country.
 * Of nibbles only the low one counts (dahdi_dynamic leaves the neighbour's in the high one), and only if it has changed.
 */
#pragma once
#include "dahdi_kernel.h"
#include <stdatomic.h>

#define CHANNEL_BUFFERS 4
#define CHANNEL_LOOK_TICKS 16
#define CHANNEL_WATCH_TICKS 250 /* longer than the 2 s after ringing or a release in which the kernel tells no new ringing */

/* What a channel is. */
#define CHANNEL_NOTHING 0
#define CHANNEL_BITS 1
#define CHANNEL_CLEAR 2
#define CHANNEL_TELEPHONE 3 /* FXS: a telephone hangs on it (fxo signalling) */
#define CHANNEL_OFFICE 4    /* FXO: an exchange is there (fxs signalling) */
#define CHANNEL_TIE 5       /* E and M */
#define CHANNEL_FRAMES 6

/* What happened to the span while a channel was read. */
#define CHANNEL_GONE 1
#define CHANNEL_ALARM 2

#define CHANNEL_NOT_ASKED 1 /* no result: 1 octet is never read or written */

struct dahdi_told {
  struct card_event *event;
  int room, count;
  uint64_t tick;
};

struct dahdi_signals {
  uint8_t bits, hook, ringing, reversed, battery;
};

/* What we send on a channel that was adopted, as the kernel has it (dahdi_kept.h). */
struct dahdi_sent {
  uint8_t bits; /* circuits, and what the lead of a tie line means */
  uint8_t loop; /* towards an exchange */
};

/* What the mender found. Once it says `ready` it is the tick's, until the span is gone. */
struct dahdi_opened {
  int fd; /* -1 = not open */
  int state; /* SPAN_CARD_ */
  int sort;
  int signalling; /* DAHDI_SIG_ */
  int span;       /* DAHDI's number of it */
  struct dahdi_signals levels;
  uint32_t serial; /* of this opening within the card, from 1 on; 0 = never opened */
  int adopted;     /* it was open before this plane was: `sent` is what stands on the line, and is not ordered anew */
  struct dahdi_sent sent;
};

struct dahdi_channel {
  struct dahdi_opened opened;
  _Atomic int ready;
  _Atomic int looped; /* the kernel sends back what comes in, as long as nobody writes */
  _Atomic int crossed; /* the kernel sends what another channel receives (dahdi_cross.h) */
  int fd; /* the tick's: -1 = not there */
  int number;
  int port;
  uint8_t found; /* DAHDI_FOUND_ bits, as they were looked for in this tick; 0 = they were not */
  int ahead;     /* the result of a read or write that was done together with others; CHANNEL_NOT_ASKED = none was */
  int sort;
  int signalling;
  struct dahdi_signals now, told;
  int behind; /* there was no room for all events */
  uint8_t ordered_bits, sent_bits;
  uint8_t loop, ring, reverse, unfed, ground, lamp; /* as ordered */
  uint64_t dialling_until;    /* tick at which the kernel has dialled at the latest; 0 = it does not */
  struct card_pulses dialled; /* the lengths that the kernel has been told for the pulses that it makes */
  uint8_t active;  /* FXS: fed for speech, because the telephone is off-hook */
  uint8_t holding; /* a block waits in `held` */
  uint8_t held[CARD_TICK_SAMPLES];
  uint64_t tick;           /* of the last read */
  uint64_t open_since;     /* tick of the last change of hook */
  uint64_t watched_until;  /* until then the line is looked at each tick, because events do not tell all */
  uint64_t transfer_until; /* FXS: speech goes through on-hook */
  uint64_t written;
};

/* Opens a channel (dahdi_open.c) and brings it into the state that we want: buffers, A-law, gains, raw signals, the kernel's own
 * helpers off; `state` says how that went. `frames`: it is no port. Not in the tick. */
void dahdi_channel_open(struct dahdi_opened *opened, int number, int frames, const struct dahdi_settings *settings,
                        struct dahdi_calls *calls);
void dahdi_channel_close(struct dahdi_opened *opened, struct dahdi_calls *calls);
/* Says of a channel whose parameters are known what it is, and whether a port of the span may be so; 0, or -1: another sort. */
int dahdi_channel_sort(struct dahdi_opened *opened, int signalling, int span, int frames, const struct dahdi_settings *settings);
/* Buffers, A-law, gains, the kernel's own helpers off; nothing of signals. 0, or -errno. */
struct dahdi_params;
int dahdi_channel_prepare_sound(struct dahdi_opened *opened, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                                const struct dahdi_params *found);
/* Reads the levels that stand on the line, after an alarm during which they did not count; 0, or -errno. */
int dahdi_channel_look(int fd, int sort, int signalling, struct dahdi_signals *levels, struct dahdi_calls *calls);
/* Whether nobody may write: the kernel sends back what comes in, or it dials, which a block written would end. */
static inline int dahdi_channel_is_mute(const struct dahdi_channel *channel) {
  return channel->dialling_until > channel->tick || atomic_load_explicit(&channel->looped, memory_order_relaxed);
}
/* Takes over a channel that was opened, and sends it what is ordered, unless it was adopted (dahdi_orders.c). */
void dahdi_channel_take(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls, uint64_t tick);
/* Reads 80 octets of A-law and what happened; returns CHANNEL_GONE and CHANNEL_ALARM. `frozen`: signals do not count. */
int dahdi_channel_read(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                       struct dahdi_counters *counters, struct dahdi_told *told, int frozen, uint8_t *samples);
/* Takes the events that a poll has seen of a channel that is not read; returns as dahdi_channel_read. */
int dahdi_channel_events(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                         struct dahdi_counters *counters, struct dahdi_told *told, int waiting, int frozen);
/* A block was seen waiting beyond the one of this tick. */
void dahdi_channel_shorten(struct dahdi_channel *channel, struct dahdi_calls *calls, struct dahdi_counters *counters);
int dahdi_channel_write(struct dahdi_channel *channel, struct dahdi_calls *calls, struct dahdi_counters *counters, struct dahdi_told *told,
                        const struct dahdi_settings *settings, int frozen, const uint8_t *samples);
/* Does an order (dahdi_orders.c); 0, or -1: not on such a channel, or the driver refused. Without a descriptor it is kept. */
int dahdi_channel_order(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls, int kind,
                        uint32_t value);
/* A digit by the kernel's own dialler (dahdi_orders.c); 0, or -1: not on such a channel, or the driver refused. */
int dahdi_channel_dial(struct dahdi_channel *channel, struct dahdi_calls *calls, const struct card_pulses *pulses);
/* Tells levels that differ from those told. */
void dahdi_channel_tell(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_counters *counters,
                        struct dahdi_told *told);
void dahdi_channel_level(const struct dahdi_channel *channel, const struct dahdi_settings *settings, struct card_levels *levels);
