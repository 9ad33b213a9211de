#include "dahdi_link.h"
#include <stdatomic.h>
#include <stdlib.h>

static uint32_t alarms_of(const void *self) {
  const struct dahdi_link *link = self;
  return *link->present && link->frames.fd >= 0 ? link->alarms->told : CARD_ALARM_LOS;
}

static int take_frame(struct card *card, int port, struct card_frame *frame) {
  struct dahdi_link *link = card->self;
  return port == 0 && dahdi_frame_take(&link->frames.in, frame);
}

static int give_frame(struct card *card, int port, const uint8_t *octets, int count) {
  struct dahdi_link *link = card->self;
  return port == 0 && link->frames.fd >= 0 ? dahdi_frame_give(&link->frames.out, octets, count) : -1;
}

static int frame_room(struct card *card, int port) {
  const struct dahdi_link *link = card->self;
  return port == 0 && link->frames.fd >= 0 ? dahdi_frame_room(&link->frames.out) : 0;
}

static void create(struct dahdi_link *link, int number, const int *present, const struct dahdi_alarms *alarms) {
  link->number = number;
  link->present = present;
  link->alarms = alarms;
  link->frames.fd = link->frames.opened.fd = -1;
  link->frames.opened.state = SPAN_CARD_NO_CHANNEL;
  const struct card face = {
      .kind = "dahdi link", .take_frame = take_frame, .give_frame = give_frame, .frame_room = frame_room, .hides_repeated = 1};
  frame_card_init(&link->face, &face, alarms_of);
}

int dahdi_links_create(struct dahdi_links *links, const struct dahdi_settings *settings, const int *present,
                       const struct dahdi_alarms *alarms) {
  links->link = calloc((size_t)__builtin_popcount(settings->signalling_channels) + 1, sizeof *links->link);
  if (!links->link) return -1;
  for (int channel = 0; channel < SPAN_CARD_E1_CHANNELS; channel++)
    if (settings->signalling_channels >> channel & 1)
      create(&links->link[links->count++], settings->first_channel + channel, present, alarms);
  return 0;
}

const struct dahdi_opened *dahdi_links_opened(const struct dahdi_links *links, int number) {
  for (int n = 0; n < links->count; n++)
    if (links->link[n].number == number) return &links->link[n].frames.opened;
  return 0;
}

int dahdi_links_have(const struct dahdi_links *links, int number) { return dahdi_links_opened(links, number) != 0; }

void dahdi_links_take(struct dahdi_links *links) {
  for (int n = 0; n < links->count; n++) {
    struct dahdi_frames *frames = &links->link[n].frames;
    if (frames->fd < 0 && atomic_load_explicit(&frames->ready, memory_order_acquire)) frames->fd = frames->opened.fd;
  }
}

/* What waited when the channel was lost is not sent when it is back: the far end has given it up. */
void dahdi_links_let_go(struct dahdi_links *links) {
  for (int n = 0; n < links->count; n++) {
    links->link[n].frames.fd = -1;
    dahdi_frame_forget(&links->link[n].frames.out);
  }
}

int dahdi_links_any(const struct dahdi_links *links) {
  for (int n = 0; n < links->count; n++)
    if (links->link[n].frames.fd >= 0) return links->link[n].frames.fd;
  return -1;
}

int dahdi_links_receive(struct dahdi_links *links, struct dahdi_calls *calls, struct dahdi_counters *counters) {
  int found = 0;
  for (int n = 0; n < links->count && !(found & CHANNEL_GONE); n++) found |= dahdi_frames_receive(&links->link[n].frames, calls, counters);
  return found;
}

int dahdi_links_send(struct dahdi_links *links, struct dahdi_calls *calls, struct dahdi_counters *counters) {
  int found = 0;
  for (int n = 0; n < links->count && !(found & CHANNEL_GONE); n++) found |= dahdi_frames_send(&links->link[n].frames, calls, counters);
  return found;
}

void dahdi_links_close(struct dahdi_links *links, struct dahdi_calls *calls) {
  for (int n = 0; n < links->count; n++) {
    struct dahdi_frames *frames = &links->link[n].frames;
    atomic_store_explicit(&frames->ready, 0, memory_order_relaxed);
    dahdi_channel_close(&frames->opened, calls);
    if (frames->opened.state == SPAN_CARD_IN_USE) frames->opened.state = SPAN_CARD_NO_CHANNEL;
  }
}
