/* A simulated span whose time slots 1 to 31 are one signalling channel of 1984 kbit/s: an unchannelised E1 (Q.703 annex A).
 *
 * Must meet: octets go in the order of the line, frame by frame and by time slots within a frame; both ways within 500 us of a core for a
 * tick of 2480 octets; the tick allocates nothing. There is no multiframe of signalling bits, no sound, and no elastic store: slips of the
 * span are none of the channel's.
 *
 * hdlc.h has room for 16 frames, which are gone in a quarter of a millisecond here; those that wait stand in a queue before it, as many as
 * the shortest that two ticks hold. A last frame of up to eight octets is repeated until the next: the status units of the extended format.
 */
#pragma once
#include "card.h"
#include "e1.h"
#include "frame_card.h"
#include "hdlc.h"

#define WIRE_CHANNEL_SLOTS 31
#define WIRE_CHANNEL_OCTETS (WIRE_CHANNEL_SLOTS * CARD_TICK_SAMPLES)
#define WIRE_CHANNEL_LONGEST 279 /* a signal unit of the extended format without its check sequence */
#define WIRE_CHANNEL_REPEATED 8
#define WIRE_CHANNEL_COUNTING 16
#define WIRE_CHANNEL_QUEUE 512

struct wire_channel_frame {
  uint16_t count;
  uint8_t octets[WIRE_CHANNEL_LONGEST];
};

struct wire_channel {
  struct frame_card face; /* the first member */
  const int *standing;    /* alarms of the span */
  struct hdlc_sender out;
  struct hdlc_receiver in;
  struct wire_channel_frame queue[WIRE_CHANNEL_QUEUE];
  int first, waiting;
  uint8_t line[WIRE_CHANNEL_OCTETS]; /* of a tick, as they follow one another */
  struct hdlc_unit unit[2 * WIRE_CHANNEL_OCTETS];
  uint8_t octets[HDLC_FRAME_OCTETS + WIRE_CHANNEL_OCTETS];
  int units, next;
};

/* Null without memory. The receiver is the span's. */
struct wire_channel *wire_channel_create(struct e1_receiver *);
void wire_channel_free(struct wire_channel *);
struct card *wire_channel_card(struct wire_channel *);
/* Take the octets that have come in this tick, and leave silence in their place. */
void wire_channel_hear(struct wire_channel *, const struct e1_receiver *, uint8_t *samples);
/* Put octets into what is sent next; those of time slot 16 stand in `slot_16`, to which the sender points. */
void wire_channel_say(struct wire_channel *, struct e1_sender *, uint8_t *samples, uint8_t *slot_16);
