/* A line card of one span of DAHDI channels: an E1, or a board of analog lines, on the kernel's own drivers.
 *
 * Must meet: per tick two system calls a channel, one for frames, and one each 16 ticks; or, together (dahdi_batch.h), five for all
 * channels: a look, and read and write twice, the first channel by itself, so that one call meets a pulled span. A span that is pulled
 * costs the tick nothing more and others nothing at all. The kernel lets every call on a pulled channel sleep for 5 ms: after the
 * first one that fails the tick touches no descriptor of the span. A mender outside of the tick closes them and tries once a second to
 * open what is missing; a channel that was busy or not configured comes into use the same way.
 *
 * Alarms are those of the span (dahdi_span.h), told for every port; a port without channel has LOS. While the signal cannot be
 * trusted, ports are silent and their signals stand. DAHDI counts no slips for us: a card that is clocked by the line and a plane that
 * is clocked by another card, or by the computer, differ by some millionths; each time that makes a whole block it is dropped, or
 * missing, and counted. Whoever is ticked by the blocks of this card (`wait`) loses none.
 *
 * Leaves out: ground start of telephones (their ring wire is told as a lifted handset).
 */
#pragma once
#include "dahdi_batch.h"
#include "dahdi_channel.h"
#include "dahdi_cross.h"
#include "dahdi_kept.h"
#include "dahdi_link.h"
#include "dahdi_span.h"
#include <pthread.h>

/* Whose the descriptors are. */
#define DAHDI_CARD_ABSENT 0  /* the mender's */
#define DAHDI_CARD_PRESENT 1 /* the tick's */
#define DAHDI_CARD_GONE 2    /* the tick has let go of them */

struct dahdi {
  struct card card;
  struct dahdi_settings settings;
  struct dahdi_calls ticking, mending;
  _Atomic int whose;
  int present; /* as the tick sees it */
  struct dahdi_channel channel[SPAN_CARD_PORTS];
  struct dahdi_cross cross[SPAN_CARD_PORTS];
  int crossings; /* ports that are to be joined */
  struct dahdi_links links;
  struct dahdi_alarms alarms;
  uint32_t told_alarms[SPAN_CARD_PORTS];
  int frozen;
  int look; /* a receive ring ran over: look at once what waits */
  struct dahdi_batch *batch; /* null = one by one */
  struct dahdi_counters counters;
  struct dahdi_span_report report;
  int span; /* DAHDI's number, of the first channel opened */
  uint32_t openings;
  const struct dahdi_kept *kept; /* while the card is made */
  int kept_count;
  pthread_mutex_t asking; /* the mender against those who ask for reports; never the tick */
};
