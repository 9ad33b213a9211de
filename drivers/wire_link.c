#include "wire_link.h"
#include <stdlib.h>
#include <string.h>

static uint32_t alarms_of(const void *self) {
  const struct wire_link *link = self;
  return (uint32_t)*link->standing;
}

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
  hdlc_sender_init(&link->out, WIRE_LINK_REPEATED);
  hdlc_receiver_init(&link->in, WIRE_LINK_LONGEST, WIRE_LINK_COUNTING);
  const struct card face = {.kind = "wire link", .take_frame = take_frame, .give_frame = give_frame, .frame_room = frame_room};
  frame_card_init(&link->face, &face, alarms_of);
}

int wire_links_create(struct wire_links *links, const struct wire_span_settings *settings, struct e1_receiver *rx) {
  uint32_t slots = settings->signalling_slots;
  if (settings->clear_channel) {
    links->channel = wire_channel_create(rx);
    links->count = links->channel != 0;
    return links->channel ? 0 : -1;
  }
  if (!slots) return 0;
  links->link = calloc((size_t)__builtin_popcount(slots), sizeof *links->link);
  if (!links->link) return -1;
  for (int slot = 1; slot < E1_FRAME_OCTETS; slot++)
    if (slots >> slot & 1) create(&links->link[links->count++], slot, &rx->alarms);
  rx->slot_16_clear |= slots >> E1_SLOT_16 & 1;
  return 0;
}

void wire_links_free(struct wire_links *links) {
  free(links->link);
  wire_channel_free(links->channel);
}

struct card *wire_links_card(struct wire_links *links, int index) {
  if (index < 0 || index >= links->count) return 0;
  return links->channel ? wire_channel_card(links->channel) : &links->link[index].face.card;
}

static void hear(struct wire_link *link, const uint8_t *slot) {
  link->next = 0;
  link->units = hdlc_receive(&link->in, slot, CARD_TICK_SAMPLES, link->unit, link->octets);
}

void wire_links_hear(struct wire_links *links, const struct e1_receiver *rx, uint8_t *samples) {
  if (links->channel) {
    wire_channel_hear(links->channel, rx, samples);
    return;
  }
  for (int n = 0; n < links->count; n++) {
    struct wire_link *link = &links->link[n];
    if (link->slot == E1_SLOT_16) {
      uint8_t octets[E1_FRAMES];
      e1_slot_16(rx, octets);
      hear(link, octets);
    } else {
      uint8_t *sound = samples + e1_port_of(rx->ports, link->slot) * E1_FRAMES;
      hear(link, sound);
      memset(sound, E1_IDLE, E1_FRAMES);
    }
  }
}

void wire_links_say(struct wire_links *links, struct e1_sender *tx, uint8_t *samples, uint8_t *slot_16) {
  if (links->channel) {
    wire_channel_say(links->channel, tx, samples, slot_16);
    return;
  }
  for (int n = 0; n < links->count; n++) {
    struct wire_link *link = &links->link[n];
    int common = link->slot == E1_SLOT_16;
    if (common) tx->slot_16 = slot_16;
    hdlc_send(&link->out, common ? slot_16 : samples + e1_port_of(tx->ports, link->slot) * E1_FRAMES, CARD_TICK_SAMPLES);
  }
}
