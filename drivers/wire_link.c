#include "wire_link.h"
#include <stdlib.h>
#include <string.h>

#define COMMON_SLOT 16

static int port_of_slot(int slot) { return slot < COMMON_SLOT ? slot - 1 : slot - 2; }

static int read_link(struct card *card, uint8_t *samples, struct card_event *events, int room, uint64_t tick) {
  struct wire_link *link = card->self;
  uint32_t standing = (uint32_t)*link->standing;
  (void)samples;
  (void)tick;
  if (standing == link->told_alarms || room < 1) return 0;
  events[0] = (struct card_event){0, CARD_EVENT_ALARM, 0, 0, standing};
  link->told_alarms = standing;
  return 1;
}

static int write_link(struct card *card, const uint8_t *samples, uint64_t tick) {
  (void)card;
  (void)samples;
  (void)tick;
  return 0;
}

static int level_link(struct card *card, int port, struct card_levels *levels) {
  const struct wire_link *link = card->self;
  if (port != 0) return -1;
  *levels = (struct card_levels){.alarms = (uint32_t)*link->standing};
  return 0;
}

static int order_link(struct card *card, const struct card_order *order) {
  (void)card;
  (void)order;
  return -1;
}

/* The far end may say something at any moment. */
static int quiet_link(struct card *card) {
  (void)card;
  return 0;
}

/* The span's card frees it. */
static void close_link(struct card *card) { (void)card; }

static int take_frame(struct card *card, int port, struct card_frame *frame) {
  struct wire_link *link = card->self;
  if (port != 0 || link->next == link->units) return 0;
  const struct hdlc_unit *unit = &link->unit[link->next++];
  frame->offset = unit->offset;
  frame->fault = unit->fault;
  frame->count = unit->count;
  memcpy(frame->octets, link->octets + unit->start, unit->count);
  return 1;
}

static int give_frame(struct card *card, int port, const uint8_t *octets, int count) {
  struct wire_link *link = card->self;
  return port == 0 ? hdlc_give(&link->out, octets, count) : -1;
}

static int frame_room(struct card *card, int port) {
  const struct wire_link *link = card->self;
  return port == 0 ? hdlc_room(&link->out) : 0;
}

static void create(struct wire_link *link, int slot, const int *standing) {
  link->slot = slot;
  link->standing = standing;
  hdlc_sender_init(&link->out, 1);
  hdlc_receiver_init(&link->in, WIRE_LINK_LONGEST, WIRE_LINK_COUNTING);
  link->card = (struct card){.kind = "wire link",
                             .self = link,
                             .ports = 1,
                             .tokens = 1,
                             .tokens_in = &link->silence[0],
                             .tokens_out = &link->silence[1],
                             .read = read_link,
                             .write = write_link,
                             .level = level_link,
                             .order = order_link,
                             .quiet = quiet_link,
                             .close = close_link,
                             .take_frame = take_frame,
                             .give_frame = give_frame,
                             .frame_room = frame_room};
}

int wire_links_create(struct wire_links *links, uint32_t slots, struct e1_receiver *rx) {
  if (!slots) return 0;
  links->link = calloc((size_t)__builtin_popcount(slots), sizeof *links->link);
  if (!links->link) return -1;
  for (int slot = 1; slot < E1_FRAME_OCTETS; slot++)
    if (slots >> slot & 1) create(&links->link[links->count++], slot, &rx->alarms);
  rx->slot_16_clear = slots >> COMMON_SLOT & 1;
  return 0;
}

void wire_links_free(struct wire_links *links) { free(links->link); }

struct card *wire_links_card(struct wire_links *links, int index) {
  return index >= 0 && index < links->count ? &links->link[index].card : 0;
}

static void hear(struct wire_link *link, const uint8_t *slot) {
  link->next = 0;
  link->units = hdlc_receive(&link->in, slot, CARD_TICK_SAMPLES, link->unit, link->octets);
}

void wire_links_hear(struct wire_links *links, const struct e1_receiver *rx, uint8_t *samples) {
  for (int n = 0; n < links->count; n++) {
    struct wire_link *link = &links->link[n];
    if (link->slot == COMMON_SLOT) {
      uint8_t octets[E1_FRAMES];
      e1_slot_16(rx, octets);
      hear(link, octets);
    } else {
      uint8_t *sound = samples + port_of_slot(link->slot) * E1_FRAMES;
      hear(link, sound);
      memset(sound, E1_IDLE, E1_FRAMES);
    }
  }
}

void wire_links_say(struct wire_links *links, struct e1_sender *tx, uint8_t *samples, uint8_t *slot_16) {
  for (int n = 0; n < links->count; n++) {
    struct wire_link *link = &links->link[n];
    int common = link->slot == COMMON_SLOT;
    if (common) tx->slot_16 = slot_16;
    hdlc_send(&link->out, common ? slot_16 : samples + port_of_slot(link->slot) * E1_FRAMES, CARD_TICK_SAMPLES);
  }
}
