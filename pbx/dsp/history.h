/* The last 80 ms of a lane, always in one piece.
 *
 * Each block is written twice, half a buffer apart, so that the newest eight blocks can be read as one array and
 * nothing is ever moved. Samples lose their three lowest bits (constant in A-law), which keeps the receivers' sums
 * within 32 bits.
 */
#pragma once
#include "kernels_api.h"

#define HISTORY_BLOCKS 8
#define HISTORY_SAMPLES (HISTORY_BLOCKS * KERNEL_BLOCK_SAMPLES)
#define HISTORY_PEAK_SHIFT 3
/* Mean square on the scale of the history at 0 dBm0. */
#define HISTORY_POWER_AT_0_DBM0 (G711_POWER_AT_0_DBM0 / 64.0)

struct history {
  int16_t sound[2 * HISTORY_SAMPLES];
  int32_t block;
  int32_t edge_before; /* samples from the last reported edge to the newest one */
};

/* Takes one block in and returns the newest HISTORY_SAMPLES, the new block last. */
static inline const int16_t *history_take(struct history *history, const int16_t *samples) {
  int16_t *first = history->sound + history->block * KERNEL_BLOCK_SAMPLES;
  for (int i = 0; i < KERNEL_BLOCK_SAMPLES; i++)
    first[i] = first[i + HISTORY_SAMPLES] = (int16_t)(samples[i] >> HISTORY_PEAK_SHIFT);
  history->block = (history->block + 1) % HISTORY_BLOCKS;
  int32_t before = history->edge_before + KERNEL_BLOCK_SAMPLES;
  history->edge_before = before > HISTORY_SAMPLES ? HISTORY_SAMPLES : before;
  return history->sound + history->block * KERNEL_BLOCK_SAMPLES;
}

/* Notes an edge found at a sample of the history and returns where to report it: edges never go back in time, though
 * the estimates of two that lie close together may. */
static inline int history_edge(struct history *history, int at) {
  int last = HISTORY_SAMPLES - history->edge_before;
  at = at < last ? last : (at > HISTORY_SAMPLES ? HISTORY_SAMPLES : at);
  history->edge_before = HISTORY_SAMPLES - at;
  return at;
}

/* Sum of products; integers, so that the compiler may take them in any order and all processors agree. */
static inline int32_t history_product(const int16_t *restrict first, const int16_t *restrict second, int count) {
  int32_t sum = 0;
  for (int i = 0; i < count; i++)
    sum += (int32_t)first[i] * second[i];
  return sum;
}
