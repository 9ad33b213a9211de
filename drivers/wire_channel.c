#include "wire_channel.h"
#include <stdlib.h>
#include <string.h>

#define COMMON_PLACE (E1_SLOT_16 - 1) /* in a frame, without time slot 0 */
#define SENT_TOGETHER 80               /* so few octets that hdlc.h does not run out of frames within them */

_Static_assert(WIRE_CHANNEL_OCTETS % SENT_TOGETHER == 0, "a tick is sent in whole parts");

static uint32_t alarms_of(const void *self) {
  const struct wire_channel *channel = self;
  return (uint32_t)*channel->standing;
}

static int take_frame(struct card *card, int port, struct card_frame *frame) {
  struct wire_channel *channel = card->self;
  if (port != 0 || channel->next == channel->units) return 0;
  const struct hdlc_unit *unit = &channel->unit[channel->next++];
  frame->offset = unit->offset / WIRE_CHANNEL_SLOTS;
  frame->fault = unit->fault;
  frame->count = unit->count;
  memcpy(frame->octets, channel->octets + unit->start, unit->count);
  return 1;
}

static int give_frame(struct card *card, int port, const uint8_t *octets, int count) {
  struct wire_channel *channel = card->self;
  if (port != 0 || count < 1 || count > WIRE_CHANNEL_LONGEST || channel->waiting == WIRE_CHANNEL_QUEUE) return -1;
  struct wire_channel_frame *place = &channel->queue[(channel->first + channel->waiting++) % WIRE_CHANNEL_QUEUE];
  place->count = (uint16_t)count;
  memcpy(place->octets, octets, (size_t)count);
  return 0;
}

static int frame_room(struct card *card, int port) {
  const struct wire_channel *channel = card->self;
  return port == 0 ? WIRE_CHANNEL_QUEUE - channel->waiting : 0;
}

struct wire_channel *wire_channel_create(struct e1_receiver *rx) {
  struct wire_channel *channel = calloc(1, sizeof *channel);
  if (!channel) return 0;
  const struct card face = {.kind = "wire channel", .take_frame = take_frame, .give_frame = give_frame, .frame_room = frame_room,
                            .frame_octets = WIRE_CHANNEL_OCTETS};
  channel->standing = &rx->alarms;
  hdlc_sender_init(&channel->out, WIRE_CHANNEL_REPEATED);
  hdlc_receiver_init(&channel->in, WIRE_CHANNEL_LONGEST, WIRE_CHANNEL_COUNTING);
  frame_card_init(&channel->face, &face, alarms_of);
  rx->slot_16_clear = 1;
  return channel;
}

void wire_channel_free(struct wire_channel *channel) { free(channel); }

struct card *wire_channel_card(struct wire_channel *channel) { return &channel->face.card; }

/* Ports are time slots 1 to 15 and 17 to 31. */
static int place_of_port(int port) { return e1_slot_of(E1_CIRCUITS, port) - 1; }

void wire_channel_hear(struct wire_channel *channel, const struct e1_receiver *rx, uint8_t *samples) {
  uint8_t common[E1_FRAMES];
  e1_slot_16(rx, common);
  for (int frame = 0; frame < E1_FRAMES; frame++) {
    uint8_t *line = channel->line + frame * WIRE_CHANNEL_SLOTS;
    line[COMMON_PLACE] = common[frame];
    for (int port = 0; port < E1_CIRCUITS; port++) line[place_of_port(port)] = samples[port * E1_FRAMES + frame];
  }
  channel->next = 0;
  channel->units = hdlc_receive(&channel->in, channel->line, WIRE_CHANNEL_OCTETS, channel->unit, channel->octets);
  memset(samples, E1_IDLE, E1_CIRCUITS * E1_FRAMES);
}

static void refill(struct wire_channel *channel) {
  while (channel->waiting && hdlc_room(&channel->out)) {
    const struct wire_channel_frame *frame = &channel->queue[channel->first];
    hdlc_give(&channel->out, frame->octets, frame->count);
    channel->first = (channel->first + 1) % WIRE_CHANNEL_QUEUE;
    channel->waiting--;
  }
}

void wire_channel_say(struct wire_channel *channel, struct e1_sender *tx, uint8_t *samples, uint8_t *slot_16) {
  for (int at = 0; at < WIRE_CHANNEL_OCTETS; at += SENT_TOGETHER) {
    refill(channel);
    hdlc_send(&channel->out, channel->line + at, SENT_TOGETHER);
  }
  tx->slot_16 = slot_16;
  for (int frame = 0; frame < E1_FRAMES; frame++) {
    const uint8_t *line = channel->line + frame * WIRE_CHANNEL_SLOTS;
    slot_16[frame] = line[COMMON_PLACE];
    for (int port = 0; port < E1_CIRCUITS; port++) samples[port * E1_FRAMES + frame] = line[place_of_port(port)];
  }
}
