/* Alarms of a span with hysteresis (G.775 and G.732 for what they are), what its driver reports, and its maintenance.
 *
 * Must meet: an alarm is told once it has stood for raise_ms, its end once it is gone for clear_ms; while the signal cannot be
 * trusted (LOS, LOF, AIS) nothing that it says counts, from the first moment on. A span that was pulled has LOS at once.
 * DAHDI's words: red with no more detail is LOS, blue AIS, yellow RAI. "Recovering" is no alarm here: clear_ms is our own.
 */
#pragma once
#include "dahdi_kernel.h"
#include <stdatomic.h>

#define SPAN_FREEZING (CARD_ALARM_LOS | CARD_ALARM_AIS | CARD_ALARM_LOF)

struct dahdi_alarms {
  _Atomic uint32_t standing; /* CARD_ALARM_: as the driver last said */
  uint32_t candidate;        /* to be told when it has lasted */
  uint64_t since;            /* tick from which the candidate stands */
  uint32_t told;
  uint64_t raise_ticks, clear_ticks;
};

/* Reads what the driver says of the span of a channel; 0, or -errno. Any thread that has a `calls` of its own. */
int dahdi_span_ask(struct dahdi_calls *calls, int fd, struct dahdi_alarms *alarms, struct dahdi_span_report *report);
/* 1 = `told` has changed. */
int dahdi_alarms_step(struct dahdi_alarms *alarms, uint64_t tick);
/* The span was pulled: 1 = `told` has changed. */
int dahdi_alarms_lost(struct dahdi_alarms *alarms, uint64_t tick);
/* An order of SPAN_CARD_ maintenance to a span; 0, or -errno. */
int dahdi_span_maintain(struct dahdi_calls *calls, int span, int order);
