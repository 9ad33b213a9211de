/* Packet loss concealment: see conceal.h. In integers but for the choice of the period. */
#include "conceal.h"

#include <string.h>

#include "kernels_api.h"
#include "processor.h"

#define BLOCK KERNEL_BLOCK_SAMPLES
#define HISTORY CONCEAL_HISTORY
#define LAG_LEAST 40
#define LAG_MOST 120
#define WINDOW 80
#define PERIODS_MOST 2
#define FADED_BLOCKS 6 /* silent from then on */
#define BLEND 16 /* 2 ms */

/* The last window against all that stand LAG_LEAST to LAG_MOST before it. Samples have at most 12 bits, so that sums fit. */
PROCESSOR_INLINE void correlate_lanes(const int16_t *end, int32_t *products, int32_t *energies) {
  for (int lag = LAG_LEAST; lag <= LAG_MOST; lag++) {
    int32_t product = 0, energy = 0;
    for (int n = -WINDOW; n < 0; n++) {
      product += end[n] * end[n - lag];
      energy += end[n - lag] * end[n - lag];
    }
    products[lag - LAG_LEAST] = product;
    energies[lag - LAG_LEAST] = energy;
  }
}
PROCESSOR_VERSIONS(correlate, (const int16_t *end, int32_t *products, int32_t *energies), (end, products, energies))

static uint32_t find_lag(const int16_t *history) {
  int16_t scaled[WINDOW + LAG_MOST];
  int32_t products[LAG_MOST - LAG_LEAST + 1], energies[LAG_MOST - LAG_LEAST + 1];
  const int16_t *heard = history + HISTORY - WINDOW - LAG_MOST;
  int32_t peak = 0;
  for (int n = 0; n < WINDOW + LAG_MOST; n++) {
    int32_t magnitude = heard[n] < 0 ? -heard[n] : heard[n];
    peak = magnitude > peak ? magnitude : peak;
  }
  int shift = 0;
  while (peak >> shift > 2047)
    shift++;
  for (int n = 0; n < WINDOW + LAG_MOST; n++)
    scaled[n] = (int16_t)(heard[n] >> shift);
  correlate(scaled + WINDOW + LAG_MOST, products, energies);
  uint32_t best = LAG_LEAST;
  double most = 0;
  for (int n = 0; n <= LAG_MOST - LAG_LEAST; n++) {
    double alike = products[n] > 0 ? (double)products[n] * products[n] / ((double)energies[n] + 1.0) : 0;
    if (alike > most) {
      most = alike;
      best = (uint32_t)(LAG_LEAST + n);
    }
  }
  return best;
}

/* Sample `phase` of the repeated stretch, whose last quarter period goes over into what stood before its first sample. */
static int32_t repeated(const struct conceal *lane, uint32_t periods, uint32_t phase) {
  int32_t length = (int32_t)(periods * lane->lag), quarter = (int32_t)lane->lag / 4, place = (int32_t)(phase % (uint32_t)length);
  const int16_t *start = lane->repeated + HISTORY - length;
  int32_t into = place - (length - quarter) + 1;
  if (into <= 0)
    return start[place];
  return (start[place] * (quarter + 1 - into) + start[place - length] * into) / (quarter + 1);
}

/* The continued repetition, before it is faded. */
static void repeat(struct conceal *lane, int32_t *made, uint32_t count) {
  for (uint32_t n = 0; n < count; n++)
    made[n] = repeated(lane, lane->periods, lane->phase + n);
}

/* A sample `n` after the first lost one. */
static int32_t faded(int32_t value, uint32_t n) {
  const int32_t whole = FADED_BLOCKS * BLOCK;
  return value * (whole - (int32_t)n) / whole;
}

static int16_t hold16(int32_t value) { return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value); }

static void fill(struct conceal *lane, int16_t *samples) {
  int32_t made[BLOCK], older[BLOCK], quarter, step = 0;
  uint32_t periods = lane->lost < PERIODS_MOST ? lane->lost + 1 : PERIODS_MOST;
  if (lane->lost >= FADED_BLOCKS) {
    memset(samples, 0, BLOCK * sizeof *samples);
    return;
  }
  if (!lane->lost) {
    memcpy(lane->repeated, lane->history, sizeof lane->repeated);
    lane->lag = find_lag(lane->history);
    lane->phase = 0;
    lane->periods = 1;
    step = lane->history[HISTORY - 1] - lane->history[HISTORY - 1 - lane->lag];
  }
  quarter = (int32_t)lane->lag / 4;
  repeat(lane, older, BLOCK);
  memcpy(made, older, sizeof made);
  if (periods != lane->periods) {
    /* The longer stretch begins a whole number of periods earlier: the phase within a period stays. */
    lane->phase %= lane->lag;
    lane->periods = periods;
    repeat(lane, made, BLOCK);
  }
  for (int32_t n = 0; n < BLOCK; n++) {
    int32_t value = made[n];
    if (n < quarter)
      value = (older[n] * (quarter - n) + made[n] * n) / quarter + step * (quarter - n) / (quarter + 1);
    samples[n] = hold16(faded(value, lane->lost * BLOCK + (uint32_t)n));
  }
  lane->phase = (lane->phase + BLOCK) % (lane->periods * lane->lag);
}

static void blend(struct conceal *lane, int16_t *samples) {
  int32_t made[BLEND] = {0};
  if (lane->lost < FADED_BLOCKS)
    repeat(lane, made, BLEND);
  for (int32_t n = 0; n < BLEND; n++) {
    int32_t old = faded(made[n], lane->lost * BLOCK + (uint32_t)n);
    samples[n] = (int16_t)((old * (BLEND - n) + samples[n] * (n + 1)) / (BLEND + 1));
  }
}

void conceal_run(struct conceal *lane, int16_t *samples, int lost) {
  if (lost) {
    fill(lane, samples);
    lane->lost += lane->lost < FADED_BLOCKS;
  } else if (lane->lost) {
    blend(lane, samples);
    lane->lost = 0;
  }
  memmove(lane->history, lane->history + BLOCK, (HISTORY - BLOCK) * sizeof *lane->history);
  memcpy(lane->history + HISTORY - BLOCK, samples, BLOCK * sizeof *samples);
}
