/* The calls of a card by name, for programs without a media plane (declared in api.h). */
#include "api.h"

int card_read(struct card *card, uint8_t *samples, struct card_event *events, int room, uint64_t tick) {
  return card->read(card, samples, events, room, tick);
}

int card_write(struct card *card, const uint8_t *samples, uint64_t tick) { return card->write(card, samples, tick); }
int card_order(struct card *card, const struct card_order *order) { return card->order(card, order); }
int card_level(struct card *card, int port, struct card_levels *levels) { return card->level(card, port, levels); }
int card_quiet(struct card *card) { return card->quiet(card); }

int card_take_frame(struct card *card, int port, struct card_frame *frame) {
  return card->take_frame ? card->take_frame(card, port, frame) : 0;
}

int card_give_frame(struct card *card, int port, const uint8_t *octets, int count) {
  return card->give_frame ? card->give_frame(card, port, octets, count) : -1;
}
void card_close(struct card *card) { card->close(card); }
