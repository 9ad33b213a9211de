#include "pulse_dialler.h"

#define PULSES_MOST 10

void pulse_dialler_reset(struct pulse_dialler *dialler) { *dialler = (struct pulse_dialler){.due = PULSE_DIALLER_NEVER}; }

int pulse_dialler_add(struct pulse_dialler *dialler, struct pulse_digit digit, uint64_t now) {
  if (dialler->count == PULSE_DIALLER_DIGITS || digit.pulses < 1 || digit.pulses > PULSES_MOST || !digit.break_samples ||
      !digit.make_samples)
    return -1;
  dialler->digit[(dialler->first + dialler->count) % PULSE_DIALLER_DIGITS] = digit;
  if (dialler->count++ == 0)
    dialler->due = now > dialler->free_at ? now : dialler->free_at;
  return 0;
}

int pulse_dialler_expire(struct pulse_dialler *dialler) {
  const struct pulse_digit *digit = &dialler->digit[dialler->first];
  uint64_t now = dialler->due;
  dialler->open = !dialler->open;
  if (dialler->open) {
    dialler->due = now + digit->break_samples;
    return 0;
  }
  if (++dialler->sent < digit->pulses) {
    dialler->due = now + digit->make_samples;
    return 1;
  }
  dialler->free_at = now + digit->pause_samples;
  dialler->sent = 0;
  dialler->first = (uint8_t)((dialler->first + 1) % PULSE_DIALLER_DIGITS);
  dialler->due = --dialler->count ? dialler->free_at : PULSE_DIALLER_NEVER;
  return 1;
}
