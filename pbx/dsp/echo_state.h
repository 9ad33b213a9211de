/* What a lane of the echo canceller is made of, and the part of its work that is written once for each processor.
 *
 * A spectrum is the transform of 160 samples in the order in which the kernel leaves it: 6 vectors of 16 lanes, 96
 * places for 81 frequencies, 15 of them twice. Everything done with spectra is done place by place, so the order does
 * not matter. Only echo.c and echo_plain.c, echo_avx2.c, echo_avx512.c include this.
 */
#pragma once
#include <stdint.h>

#include "kernels_api.h"

#define ECHO_LANES 16
#define ECHO_VECTORS 6
#define ECHO_PLACES (ECHO_LANES * ECHO_VECTORS)

#define ECHO_EMPHASIS 0.875f
/* Of the trial filter: how uncertain each partition is at first; the share of a block in the smoothed power of the
 * disturbance, and the least disturbance, which is the rounding of A-law at its smallest steps (16 * 16 / 12 a sample);
 * and how much of the uncertainty that a
 * block could take away in theory is thought gone, which is little because speech tells much the same in each. */
#define ECHO_UNCERTAINTY 0.2f
#define ECHO_DISTURBANCE_SHARE 0.3f
#define ECHO_DISTURBANCE_LEAST 1707.0f
#define ECHO_LEARNED 0.15f

struct echo_spectrum {
  _Alignas(64) float re[ECHO_PLACES];
  float im[ECHO_PLACES];
};

/* One partition, 80 taps: what the far end said so many blocks ago, what it is multiplied with, and how uncertain the
 * trial filter still is about that (mean square of its error). */
struct echo_partition {
  struct echo_spectrum far;
  struct echo_spectrum trial;
  struct echo_spectrum proven;
  float uncertainty[ECHO_PLACES];
};

/* Sums of squares and products over one block. */
struct echo_sums {
  float far;
  float near;
  float trial_error;
  float proven_error;
  float proven_echo;
  float trial_echo;
  float trial_product; /* trial error times trial echo */
  float far_power;     /* of the far end's newest spectrum, over its places */
  float far_squares;   /* squares of that power */
};

struct echo_filter {
  _Alignas(64) float far_block[2 * KERNEL_BLOCK_SAMPLES]; /* the block before and the new one */
  float near_block[KERNEL_BLOCK_SAMPLES];
  float trial_error[KERNEL_BLOCK_SAMPLES];
  float proven_error[KERNEL_BLOCK_SAMPLES];
  float expected[ECHO_PLACES]; /* power of the error that the trial filter explains by its own uncertainty */
  float disturbance[ECHO_PLACES]; /* power of everything else in the near end, smoothed */
  struct echo_sums sums;
  int32_t partitions;
  int32_t newest; /* place in `partition` whose `far` is the newest block; tap 0 belongs to it */
  int32_t constrained; /* the partition whose turn it is to lose what lies beyond its 80 taps */
  int32_t spare;
  struct echo_partition partition[]; /* filters by age, `far` in a ring */
};

struct echo_processor {
  /* Takes a block of far and near end in; fills errors, sums and `expected`. */
  void (*run)(struct echo_filter *filter, const int16_t *far, const int16_t *near);
  /* Moves the trial filter toward the echo path, which is thought to wander by a share of its power in a block. */
  void (*adapt)(struct echo_filter *filter, float wander);
  void (*to_samples)(const float *sound, int16_t *samples);
};

extern const struct echo_processor echo_plain;
#if defined(__x86_64__)
extern const struct echo_processor echo_avx2;
extern const struct echo_processor echo_avx512;
#endif
