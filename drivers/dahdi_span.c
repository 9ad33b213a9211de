#include "dahdi_span.h"
#include <dahdi/user.h>
#include <errno.h>
#include <string.h>

#define CONTROL_NODE "/dev/dahdi/ctl"

static uint32_t alarms_of(int said) {
  uint32_t alarms = 0;
  if (said & DAHDI_ALARM_LOS) alarms |= CARD_ALARM_LOS;
  if (said & DAHDI_ALARM_LFA) alarms |= CARD_ALARM_LOF;
  if (said & DAHDI_ALARM_LMFA) alarms |= CARD_ALARM_LOMF;
  if (said & DAHDI_ALARM_BLUE) alarms |= CARD_ALARM_AIS;
  if (said & DAHDI_ALARM_YELLOW) alarms |= CARD_ALARM_RAI;
  int detailed = DAHDI_ALARM_LOS | DAHDI_ALARM_LFA | DAHDI_ALARM_LMFA;
  if ((said & DAHDI_ALARM_NOTOPEN) || ((said & DAHDI_ALARM_RED) && !(said & detailed))) alarms |= CARD_ALARM_LOS;
  return alarms;
}

static void fill(struct dahdi_span_report *report, const struct dahdi_spaninfo *said, uint32_t alarms) {
  report->present = 1;
  report->number = said->spanno;
  report->channels = said->totalchans;
  report->configured = said->numchans;
  report->alarms = alarms;
  report->looped = (said->alarms & DAHDI_ALARM_LOOPBACK) != 0;
  report->recovering = (said->alarms & DAHDI_ALARM_RECOVER) != 0;
  report->analog = said->linecompat == 0;
  report->line_configuration = said->lineconfig;
  report->timing_source = said->syncsrc;
  report->bipolar_violations = said->bpvcount;
  report->crc4_errors = said->crc4count;
  report->e_bits = said->ebitcount;
  report->fas_errors = said->fascount;
  report->framing_errors = said->fecount;
  report->code_violations = said->cvcount;
  report->bit_errors = said->becount;
  report->pattern = said->prbs;
  report->errored_seconds = said->errsec;
  report->missed_interrupts = said->irqmisses;
  memcpy(report->name, said->name, sizeof report->name - 1);
  memcpy(report->description, said->desc, sizeof report->description - 1);
}

int dahdi_span_ask(struct dahdi_calls *calls, int fd, struct dahdi_alarms *alarms, struct dahdi_span_report *report) {
  struct dahdi_spaninfo said = {0};
  int failed = dahdi_call(calls, fd, DAHDI_SPANSTAT, &said);
  if (failed) return failed;
  uint32_t standing = alarms_of(said.alarms);
  atomic_store_explicit(&alarms->standing, standing, memory_order_relaxed);
  if (report) fill(report, &said, standing);
  return 0;
}

int dahdi_alarms_step(struct dahdi_alarms *alarms, uint64_t tick) {
  uint32_t standing = atomic_load_explicit(&alarms->standing, memory_order_relaxed);
  if (standing != alarms->candidate) {
    alarms->candidate = standing;
    alarms->since = tick;
  }
  if (standing == alarms->told) return 0;
  uint64_t needed = (standing & ~alarms->told) ? alarms->raise_ticks : alarms->clear_ticks;
  if (tick - alarms->since < needed) return 0;
  alarms->told = standing;
  return 1;
}

int dahdi_alarms_lost(struct dahdi_alarms *alarms, uint64_t tick) {
  int changed = alarms->told != CARD_ALARM_LOS;
  atomic_store_explicit(&alarms->standing, CARD_ALARM_LOS, memory_order_relaxed);
  alarms->candidate = alarms->told = CARD_ALARM_LOS;
  alarms->since = tick;
  return changed;
}

static int command_of(int order) {
  switch (order) {
  case SPAN_CARD_NORMAL:
    return DAHDI_MAINT_NONE;
  case SPAN_CARD_LOOP_LOCAL:
    return DAHDI_MAINT_LOCALLOOP;
  case SPAN_CARD_LOOP_LINE:
    return DAHDI_MAINT_NETWORKLINELOOP;
  case SPAN_CARD_LOOP_PAYLOAD:
    return DAHDI_MAINT_NETWORKPAYLOADLOOP;
  case SPAN_CARD_PATTERN:
    return DAHDI_MAINT_PRBS;
  case SPAN_CARD_RESET_COUNTERS:
    return DAHDI_RESET_COUNTERS;
  case SPAN_CARD_ONE_FAS_ERROR:
    return DAHDI_MAINT_FAS_DEFECT;
  case SPAN_CARD_ONE_CRC4_ERROR:
    return DAHDI_MAINT_CRC_DEFECT;
  default:
    return -1;
  }
}

int dahdi_span_maintain(struct dahdi_calls *calls, int span, int order) {
  struct dahdi_maintinfo wanted = {.spanno = span, .command = command_of(order)};
  if (wanted.command < 0) return -EINVAL;
  int fd = dahdi_call_open(calls, CONTROL_NODE);
  if (fd < 0) return fd;
  int failed = dahdi_call(calls, fd, DAHDI_MAINT, &wanted);
  dahdi_call_close(calls, fd);
  return failed < 0 ? failed : 0;
}
