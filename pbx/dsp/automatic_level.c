/* Automatic level: see automatic_level.h. */
#include "automatic_level.h"

#include <math.h>

#include "g711.h"
#include "processor.h"

#define BLOCK KERNEL_BLOCK_SAMPLES
#define STRETCH_BLOCKS 25
#define STRETCHES 8
#define RISE 1.0023052f /* 2 dB a second, in a block */
#define FALL 0.9772372f /* 20 dB a second */
#define OVER_QUIET 8.0f /* 9 dB */
#define SPEECH_TENTH_DBM0 (-420)
#define AVERAGE_BLOCKS 64

/* One is 2^24: a gain of 16 (24 dB) still fits into 32 bits, and so does its product with a sample after 12 bits are dropped. */
#define ONE 16777216.0f

struct block_size {
  int32_t peak;
  float power;
};

PROCESSOR_INLINE void measure_lanes(const int16_t *said, struct block_size *size) {
  int32_t peak = 0, low = 0, high = 0;
  for (int n = 0; n < BLOCK; n++) {
    int32_t sample = said[n], square = sample * sample, magnitude = sample < 0 ? -sample : sample;
    peak = magnitude > peak ? magnitude : peak;
    low += square & 0xffff;
    high += square >> 16;
  }
  size->peak = peak;
  size->power = (float)(((int64_t)high << 16) + low) / BLOCK;
}
PROCESSOR_VERSIONS(measure, (const int16_t *said, struct block_size *size), (said, size))

PROCESSOR_INLINE void apply_lanes(const int16_t *said, int16_t *heard, int32_t from, int32_t step) {
  for (int n = 0; n < BLOCK; n++) {
    int32_t value = (said[n] * ((from + n * step) >> 12) + 2048) >> 12;
    heard[n] = (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value);
  }
}
PROCESSOR_VERSIONS(apply, (const int16_t *said, int16_t *heard, int32_t from, int32_t step), (said, heard, from, step))

void automatic_level_start(struct automatic_level *level, int target_tenth_dbm0, int gain_most_tenth_db) {
  float most = powf(10.0f, (float)gain_most_tenth_db / 200.0f);
  *level = (struct automatic_level){.target = (float)g711_power_of_level(target_tenth_dbm0),
                                    .gain_most = most < 1.0f ? 1.0f : most > 15.8f ? 15.8f : most,
                                    .gain = 1.0f};
}

/* The quietest of the last two seconds, which a new stretch of 250 ms enters after each 25 blocks. */
static float quietest(struct automatic_level *level, float power) {
  float *present = &level->least[level->stretches % STRETCHES];
  if (!level->blocks || power < *present)
    *present = power;
  float least = *present;
  for (uint32_t n = 0; n < STRETCHES && n < level->stretches; n++)
    if (level->least[n] < least)
      least = level->least[n];
  if (++level->blocks == STRETCH_BLOCKS) {
    level->blocks = 0;
    level->stretches++;
  }
  return least;
}

static float next_gain(struct automatic_level *level, float power) {
  static float speech_least; /* the same whoever computes it first */
  if (speech_least == 0.0f)
    speech_least = (float)g711_power_of_level(SPEECH_TENTH_DBM0);
  float gain = level->gain;
  if (power <= OVER_QUIET * quietest(level, power) || power < speech_least)
    return gain;
  level->heard += level->heard < AVERAGE_BLOCKS;
  level->speech += (power - level->speech) / (float)level->heard;
  float wanted = sqrtf(level->target / level->speech), least = 1.0f / level->gain_most;
  wanted = wanted > level->gain_most ? level->gain_most : wanted < least ? least : wanted;
  if (wanted > gain)
    return gain * RISE < wanted ? gain * RISE : wanted;
  return gain * FALL > wanted ? gain * FALL : wanted;
}

void automatic_level_run(struct automatic_level *level, const int16_t *said, int16_t *heard) {
  struct block_size size;
  measure(said, &size);
  float before = level->gain, after = next_gain(level, size.power);
  float bearable = size.peak ? 32767.0f / (float)size.peak : level->gain_most;
  before = before > bearable ? bearable : before;
  level->gain = after > bearable ? bearable : after;
  int32_t from = (int32_t)(before * ONE), to = (int32_t)(level->gain * ONE);
  apply(said, heard, from, (to - from) / BLOCK);
}
