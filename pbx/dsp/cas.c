#include "cas.h"

#include "api.h"

#define NOTHING_TOLD 0xff
#define PULSES_MOST 10 /* of a digit: 0 */

static int same_times(const struct cas *one, const struct cas *other) {
  return one->kind == other->kind && one->recognition == other->recognition && one->flash_min == other->flash_min &&
         one->flash_max == other->flash_max && one->hook_on == other->hook_on && one->pulse_min == other->pulse_min &&
         one->pulse_max == other->pulse_max && one->train_max == other->train_max && one->make_min == other->make_min &&
         one->digit_pause == other->digit_pause;
}

void cas_configure(struct cas *cas, const struct cas *wanted, uint8_t level, uint64_t now) {
  if (same_times(cas, wanted))
    return;
  *cas = *wanted;
  cas->raw = level;
  cas->since = now;
  cas->open_since = LINE_NEVER;
  cas->pulses = 0;
  cas->told = wanted->kind == PLANE_PORT_FXS ? 0 : NOTHING_TOLD;
  cas->due = wanted->kind == PLANE_PORT_CAS || (wanted->kind == PLANE_PORT_FXS && level) ? now + wanted->recognition
                                                                                        : LINE_NEVER;
}

uint8_t cas_level(const struct cas *cas, uint8_t raw) {
  return cas->kind == PLANE_PORT_RAW || cas->told == NOTHING_TOLD ? raw : cas->told;
}

static void loop_changed(struct cas *cas) {
  if (!cas->told) {
    cas->due = cas->raw ? cas->since + cas->recognition : LINE_NEVER;
  } else if (cas->raw) {
    cas->due = cas->since + cas->make_min;
  } else {
    if (cas->open_since == LINE_NEVER)
      cas->open_since = cas->since;
    cas->due = cas->open_since + cas->hook_on;
  }
}

int cas_change(struct cas *cas, int hook, uint8_t value, uint64_t sample, struct line_report *report) {
  if (cas->kind == PLANE_PORT_RAW) {
    *report = (struct line_report){
        .sample = sample,
        .value = hook ? 0 : value,
        .kind = !hook ? PLANE_EVENT_BITS : value ? PLANE_EVENT_HOOK_OFF : PLANE_EVENT_HOOK_ON};
    return 1;
  }
  if (hook != (cas->kind == PLANE_PORT_FXS) || cas->kind == PLANE_PORT_FXO || value == cas->raw)
    return 0;
  cas->raw = value;
  cas->since = sample;
  if (hook)
    loop_changed(cas);
  else
    cas->due = value == cas->told ? LINE_NEVER : sample + cas->recognition;
  return 0;
}

/* The digit that the breaks so far make; 0 when they make none. */
static int take_digit(struct cas *cas, struct line_report *report) {
  int pulses = cas->pulses;
  cas->pulses = 0;
  if (!pulses || pulses > PULSES_MOST)
    return 0;
  *report = (struct line_report){.sample = cas->made_since, .value = (uint32_t)('0' + pulses % 10), .kind = PLANE_EVENT_DIGIT};
  return 1;
}

/* A break has ended: a dial pulse, a flash, or nothing. */
static int break_ended(struct cas *cas, struct line_report *report) {
  uint64_t open = cas->since - cas->open_since;
  if (cas->pulses && open > cas->train_max && take_digit(cas, report)) {
    /* The break itself is told next. */
    cas->due = cas->since + cas->make_min;
    return 1;
  }
  cas->open_since = LINE_NEVER;
  if (open >= cas->pulse_min && open <= (cas->pulses ? cas->train_max : cas->pulse_max)) {
    cas->pulses = (uint8_t)(cas->pulses > PULSES_MOST ? cas->pulses : cas->pulses + 1);
    cas->made_since = cas->since;
  }
  if (cas->pulses)
    cas->due = cas->made_since + cas->digit_pause;
  report->kind = PLANE_EVENT_FLASH;
  return !cas->pulses && open >= cas->flash_min && open <= cas->flash_max;
}

int cas_expire(struct cas *cas, struct line_report *report) {
  cas->due = LINE_NEVER;
  *report = (struct line_report){.sample = cas->since};
  if (cas->kind == PLANE_PORT_CAS) {
    cas->told = cas->raw;
    report->kind = PLANE_EVENT_BITS;
    report->value = cas->raw;
    return 1;
  }
  if (!cas->told) {
    cas->told = 1;
    report->kind = PLANE_EVENT_HOOK_OFF;
    return 1;
  }
  if (cas->open_since == LINE_NEVER)
    return take_digit(cas, report);
  if (cas->raw)
    return break_ended(cas, report);
  report->sample = cas->open_since;
  report->kind = PLANE_EVENT_HOOK_ON;
  cas->open_since = LINE_NEVER;
  cas->told = cas->pulses = 0;
  return 1;
}
