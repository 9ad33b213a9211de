#include "frame_card.h"

static int read_card(struct card *card, uint8_t *samples, struct card_event *events, int room, uint64_t tick) {
  struct frame_card *it = card->self;
  uint32_t standing = it->alarms(it);
  (void)samples;
  (void)tick;
  if (standing == it->told_alarms || room < 1) return 0;
  events[0] = (struct card_event){0, CARD_EVENT_ALARM, 0, 0, standing};
  it->told_alarms = standing;
  return 1;
}

static int write_card(struct card *card, const uint8_t *samples, uint64_t tick) {
  (void)card;
  (void)samples;
  (void)tick;
  return 0;
}

static int level_card(struct card *card, int port, struct card_levels *levels) {
  const struct frame_card *it = card->self;
  if (port != 0) return -1;
  *levels = (struct card_levels){.alarms = it->alarms(it)};
  return 0;
}

static int order_card(struct card *card, const struct card_order *order) {
  (void)card;
  (void)order;
  return -1;
}

/* The far end may say something at any moment. */
static int quiet_card(struct card *card) {
  (void)card;
  return 0;
}

/* The span's card frees it. */
static void close_card(struct card *card) { (void)card; }

void frame_card_init(struct frame_card *it, const struct card *face, uint32_t (*alarms)(const void *self)) {
  it->alarms = alarms;
  it->card = *face;
  it->card.self = it;
  it->card.ports = it->card.tokens = 1;
  it->card.tokens_in = &it->silence[0];
  it->card.tokens_out = &it->silence[1];
  it->card.read = read_card;
  it->card.write = write_card;
  it->card.level = level_card;
  it->card.order = order_card;
  it->card.quiet = quiet_card;
  it->card.close = close_card;
}
