/* Random numbers of the plant: splitmix64, and what is made of it. A seed gives one sequence, so that a run repeats. */
#pragma once
#include <stdint.h>

static inline uint64_t random_next(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* 0 <= it < 1. */
static inline double random_share(uint64_t *state) { return (double)(random_next(state) >> 11) * 0x1p-53; }

/* Of variance 1: the sum of four even ones, which is near enough to a normal distribution for noise on a line. */
static inline float random_gaussian(uint64_t *state) {
  uint64_t word = random_next(state);
  int32_t sum = (int32_t)((word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48)) - 2 * 65535;
  return (float)sum * 2.6429e-5f; /* sqrt(3) / 65536 */
}
