/* The signalling channels of a simulated span: cards of one port that carry frames in a clear time slot (pbx/dsp/hdlc.h).
 *
 * Must meet: a slot and tick of work, both ways, within 20 us of a core; the tick allocates nothing. The span's card moves the octets: it
 * takes the slot out of what it has read, and puts it into what it writes. A channel of time slot 16 takes the place of the multiframe of
 * signalling bits (e1.h), so its span has no loss of that multiframe, and its circuits have no bits.
 *
 * Frames received in a tick are taken before the next read. A last frame of up to five octets is repeated until the next, as DAHDI's kernel
 * does on its channels of signalling units; what equals the last is shown all the same.
 */
#pragma once
#include "card.h"
#include "e1.h"
#include "frame_card.h"
#include "hdlc.h"
#include "wire_channel.h"

#define WIRE_LINK_LONGEST 276 /* Q.703: a signal unit without its check sequence; frames of Q.921 are shorter */
#define WIRE_LINK_REPEATED 5
#define WIRE_LINK_COUNTING 16
#define WIRE_LINK_UNITS (2 * CARD_TICK_SAMPLES)

struct wire_link {
  struct frame_card face; /* the first member */
  int slot;
  const int *standing; /* alarms of the span */
  struct hdlc_sender out;
  struct hdlc_receiver in;
  struct hdlc_unit unit[WIRE_LINK_UNITS];
  uint8_t octets[HDLC_FRAME_OCTETS + CARD_TICK_SAMPLES];
  int units, next;
};

/* Those of a span, by rising time slot; or the one that has all of them. */
struct wire_links {
  struct wire_link *link;
  struct wire_channel *channel;
  int count;
};

/* Those that the settings of the span ask for; -1 without memory. The receiver is the span's. */
int wire_links_create(struct wire_links *, const struct wire_span_settings *, struct e1_receiver *);
void wire_links_free(struct wire_links *);
/* The card of a channel, null = there is none. */
struct card *wire_links_card(struct wire_links *, int index);
/* Take their octets out of what has come in this tick: the slots' ports are silent. Slips of the elastic store are theirs too, but in
 * time slot 16. */
void wire_links_hear(struct wire_links *, const struct e1_receiver *, uint8_t *samples);
/* Put their octets into what is sent next; those of time slot 16 stand in `slot_16`, to which the sender points. */
void wire_links_say(struct wire_links *, struct e1_sender *, uint8_t *samples, uint8_t *slot_16);
