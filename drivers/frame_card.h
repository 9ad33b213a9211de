/* A card of one port that carries frames and no sound: what the signalling channels of all spans have in common (dahdi_link.h, wire_link.h).
 *
 * Must meet: to the plane it is a card of silent tokens that costs it nothing; it tells the alarms of its channel and takes no orders. It is
 * the first member of whoever has the frames, so that `self` of the card is both. Leaves out the frames.
 */
#pragma once
#include "card.h"

struct frame_card {
  struct card card;
  struct card_tokens silence[2];
  uint32_t told_alarms;
  uint32_t (*alarms)(const void *self);
};

/* What `face` says besides: `kind`, `take_frame`, `give_frame`, `frame_room`. */
void frame_card_init(struct frame_card *it, const struct card *face, uint32_t (*alarms)(const void *self));
