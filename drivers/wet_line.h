/* A subscriber's line with water in its cable: what falls with the insulation.
 *
 * Must meet, with a wetness of 0 to 1: a loss of 6 dB at 1, in proportion below; bursts of white noise of 30 to 200 ms, about two a
 * second at 1, of -50 dBm0 at 0 to -30 dBm0 at 1; a leak through which the loop looks closed for 10 to 400 ms, about once in 5 s at 1, more
 * seldom below; an insulation of 10 000 kohm at 0 and 5 kohm at 1, on a logarithmic scale. The figures are our choice: cables differ.
 * All is a function of the seed and the number of ticks.
 */
#pragma once
#include <stdint.h>

#define WET_LINE_SAMPLES 80

struct wet_line {
  uint64_t random;
  float wetness, gain, noise;
  int burst; /* ticks that are left of a burst, of a leak */
  int leak;
};

void wet_line_start(struct wet_line *line, double wetness, uint64_t seed);
uint32_t wet_line_insulation_kohm(const struct wet_line *line);
/* Begins a tick: 1 while the loop looks closed. */
int wet_line_step(struct wet_line *line);
/* Treats a block of A-law of either direction. */
void wet_line_treat(struct wet_line *line, uint8_t *samples);
