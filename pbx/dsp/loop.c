#include "loop.h"

#include "api.h"
#include "card.h"

static const struct {
  uint8_t card_event;
  uint8_t event;
  uint8_t rest; /* the state of a line at rest */
  uint8_t kind; /* of the port that has it */
} signals[LOOP_SIGNALS] = {
    [LOOP_RINGING] = {CARD_EVENT_RINGING, PLANE_EVENT_RINGING, 0, PLANE_PORT_FXO},
    [LOOP_POLARITY] = {CARD_EVENT_POLARITY, PLANE_EVENT_POLARITY, 0, PLANE_PORT_FXO},
    [LOOP_BATTERY] = {CARD_EVENT_BATTERY, PLANE_EVENT_BATTERY, 1, PLANE_PORT_FXO},
    [LOOP_GROUND] = {CARD_EVENT_GROUND, PLANE_EVENT_GROUND, 0, PLANE_PORT_FXS},
};

static uint64_t due_of(const struct loop_signal *signal) {
  return signal->raw == signal->told ? LINE_NEVER : signal->since + signal->recognition;
}

static void set_due(struct loop *loop) {
  loop->due = LINE_NEVER;
  for (int n = 0; n < LOOP_SIGNALS; n++) {
    uint64_t due = due_of(&loop->signal[n]);
    if (signals[n].kind == loop->kind && due < loop->due)
      loop->due = due;
  }
}

void loop_configure(struct loop *loop, const struct loop *wanted, uint64_t now) {
  int same = loop->kind == wanted->kind && loop->meter_min == wanted->meter_min && loop->meter_max == wanted->meter_max;
  for (int n = 0; n < LOOP_SIGNALS; n++)
    same = same && loop->signal[n].recognition == wanted->signal[n].recognition;
  if (same)
    return;
  *loop = *wanted;
  loop->metering = 0;
  for (int n = 0; n < LOOP_SIGNALS; n++) {
    loop->signal[n].told = signals[n].rest;
    loop->signal[n].since = now;
  }
  set_due(loop);
}

/* A pulse that was on when the port was configured has no beginning: its end is nothing. */
static int metering(struct loop *loop, uint8_t on, uint64_t sample, struct line_report *report) {
  uint64_t length = sample - loop->metering_since;
  int whole = loop->metering && !on && length >= loop->meter_min && length <= loop->meter_max;
  if (on && !loop->metering)
    loop->metering_since = sample;
  loop->metering = on;
  *report = (struct line_report){.sample = sample, .kind = PLANE_EVENT_METERING};
  return whole;
}

int loop_change(struct loop *loop, int card_event, uint8_t value, uint64_t sample, struct line_report *report) {
  if (card_event == CARD_EVENT_METERING && loop->kind == PLANE_PORT_FXO)
    return metering(loop, value, sample, report);
  *report = (struct line_report){.sample = sample, .value = value};
  if (loop->kind == PLANE_PORT_RAW && card_event == CARD_EVENT_METERING) {
    report->kind = PLANE_EVENT_METERING;
    return !value;
  }
  for (int n = 0; n < LOOP_SIGNALS; n++) {
    struct loop_signal *signal = &loop->signal[n];
    if (signals[n].card_event != card_event)
      continue;
    report->kind = signals[n].event;
    if (loop->kind == PLANE_PORT_RAW)
      return 1;
    if (signals[n].kind != loop->kind || signal->raw == value)
      return 0;
    signal->raw = value;
    signal->since = sample;
    set_due(loop);
  }
  return 0;
}

uint8_t loop_level(const struct loop *loop, int signal, uint8_t raw) {
  return signals[signal].kind == loop->kind ? loop->signal[signal].told : raw;
}

int loop_expire(struct loop *loop, struct line_report *report) {
  for (int n = 0; n < LOOP_SIGNALS; n++) {
    struct loop_signal *signal = &loop->signal[n];
    if (signals[n].kind != loop->kind || due_of(signal) != loop->due)
      continue;
    signal->told = signal->raw;
    *report = (struct line_report){.sample = signal->since, .value = signal->raw, .kind = signals[n].event};
    set_due(loop);
    return 1;
  }
  loop->due = LINE_NEVER;
  return 0;
}
