/* The signalling channels of a span as cards of one port each, so that a plane gives them numbers behind all ports of sound.
 *
 * Must meet: they carry frames only, no sound: to the plane a card of silent tokens. Frames move within the tick of the span's own card
 * (dahdi.h), which reads and writes all descriptors of the span and alone decides that it is gone. What is given between its read and
 * its write is sent in the same tick.
 */
#pragma once
#include "dahdi_frames.h"
#include "dahdi_span.h"
#include "frame_card.h"

struct dahdi_link {
  struct frame_card face; /* the first member */
  struct dahdi_frames frames;
  int number; /* DAHDI's, of the channel */
  const int *present;                 /* the span's */
  const struct dahdi_alarms *alarms; /* the span's */
};

struct dahdi_links {
  int count;
  struct dahdi_link *link;
};

/* 0, or -1: no memory. */
int dahdi_links_create(struct dahdi_links *links, const struct dahdi_settings *settings, const int *present,
                       const struct dahdi_alarms *alarms);
int dahdi_links_have(const struct dahdi_links *links, int number);
/* What the mender found of a channel, by DAHDI's number; null = it is no signalling channel. */
const struct dahdi_opened *dahdi_links_opened(const struct dahdi_links *links, int number);
/* What follows is of the tick. */
void dahdi_links_take(struct dahdi_links *links);
void dahdi_links_let_go(struct dahdi_links *links);
/* A descriptor that is open, -1 = none. */
int dahdi_links_any(const struct dahdi_links *links);
/* CHANNEL_GONE and CHANNEL_ALARM. */
int dahdi_links_receive(struct dahdi_links *links, struct dahdi_calls *calls, struct dahdi_counters *counters);
int dahdi_links_send(struct dahdi_links *links, struct dahdi_calls *calls, struct dahdi_counters *counters);
/* Of the mender, once the tick has let go. */
void dahdi_links_close(struct dahdi_links *links, struct dahdi_calls *calls);
