/* Dial pulses sent on an analog line that leads to another exchange: breaks of the loop, digit after digit.
 *
 * Must meet: each break and make has its length to the sample, whatever control is doing, and the pause between digits counts
 * from the end of the last break (YDN 065-1997, from memory: 10 +-1 pulses a second, break to make 1.6 to 1, 350 ms and more
 * between digits; the figures are the caller's). A digit that comes late begins at once when the pause is over. Leaves out
 * what the loop does otherwise.
 *
 * One context a port; times are sample times.
 */
#pragma once
#include <stdint.h>

#define PULSE_DIALLER_DIGITS 32
#define PULSE_DIALLER_NEVER UINT64_MAX

struct pulse_digit {
  uint8_t pulses;
  uint32_t break_samples;
  uint32_t make_samples;
  uint32_t pause_samples;
};

struct pulse_dialler {
  struct pulse_digit digit[PULSE_DIALLER_DIGITS]; /* those that wait; the one under way keeps its place */
  uint8_t first;
  uint8_t count;
  uint8_t sent;    /* breaks of the digit under way that are over */
  uint8_t open;
  uint8_t by_card; /* the card dials by itself; nothing of the rest is used then */
  uint64_t due;    /* when pulse_dialler_expire is wanted */
  uint64_t free_at; /* end of the pause behind the last digit */
};

void pulse_dialler_reset(struct pulse_dialler *dialler);
/* One more digit of 1 to 10 pulses; -1 when no room is left or it has none. */
int pulse_dialler_add(struct pulse_dialler *dialler, struct pulse_digit digit, uint64_t now);
/* `due` has come: returns what the loop must be from that sample on, 1 = closed. */
int pulse_dialler_expire(struct pulse_dialler *dialler);
