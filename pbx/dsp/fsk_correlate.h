/* The inner part of the FSK receiver: powers of mark and space at each step, in plain C and for AVX2 and AVX-512.
 *
 * All versions compute in whole numbers and give the same results. At 1200 bit/s a step is a sample and the window has 8 taps, at
 * 300 bit/s it is four samples and 28 taps, so that a bit has 6 2/3 steps in either case.
 */
#pragma once
#include <stdint.h>

#include "data_api.h"

#define FSK_TAPS_MAX 28
#define FSK_SOUND 128     /* taps - 1 samples of the past, 80 of the present, and what wide reads may touch */
#define FSK_STEPS_ROOM 96 /* differences that may be written */

struct fsk_rows {
  const int16_t (*row)[32]; /* cosine and sine of mark, of space */
  uint8_t taps;
  uint8_t step_samples;
  int32_t bit; /* steps of a bit, in 65536ths */
  float scale; /* makes the sum of fsk_correlate comparable with that of fsk_energy */
};

extern const struct fsk_rows fsk_rows[FSK_MODEMS];

/* Sum of squares of a block. */
int64_t fsk_energy(const int16_t *samples);
/* Writes mark less space for each step and returns the sum of the greater of both over the block. */
uint32_t fsk_correlate(const struct fsk_rows *rows, const int16_t *sound, int32_t *difference);
