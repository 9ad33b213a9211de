/* Comfort noise: see comfort_noise.h. Plain C at every level of the processor: it runs only in silences. */
#include "comfort_noise.h"

#include <math.h>
#include <string.h>

#include "g711.h"
#include "kernels_api.h"

#define BLOCK KERNEL_BLOCK_SAMPLES
#define ORDER COMFORT_NOISE_ORDER
#define AVERAGE_BLOCKS 32
/* A little white noise keeps the recursion away from spectra that no finite precision can model: 40 dB under the background. */
#define WHITENING 1.0001f

void comfort_noise_start(struct comfort_noise *noise, uint32_t seed) {
  *noise = (struct comfort_noise){.random = seed, .fitted = 1};
}

void comfort_noise_white(struct comfort_noise *noise, int level_tenth_dbm0) {
  memset(noise->correlation, 0, sizeof noise->correlation);
  noise->correlation[0] = (float)g711_power_of_level(level_tenth_dbm0);
  noise->heard = noise->fitted = 0;
}

void comfort_noise_hear(struct comfort_noise *noise, const int16_t *background) {
  noise->heard += noise->heard < AVERAGE_BLOCKS;
  for (int lag = 0; lag <= ORDER; lag++) {
    int64_t sum = 0;
    for (int n = lag; n < BLOCK; n++)
      sum += background[n] * background[n - lag];
    noise->correlation[lag] += ((float)sum / BLOCK - noise->correlation[lag]) / (float)noise->heard;
  }
  noise->fitted = 0;
}

/* Levinson and Durbin: the predictor that leaves the least of the correlation, and what it leaves. */
static void fit(struct comfort_noise *noise) {
  float predictor[ORDER] = {0}, before[ORDER];
  float left = noise->correlation[0] * WHITENING;
  for (int order = 0; order < ORDER && left > 0.0f; order++) {
    float sum = noise->correlation[order + 1];
    for (int n = 0; n < order; n++)
      sum -= predictor[n] * noise->correlation[order - n];
    float reflection = sum / left;
    memcpy(before, predictor, sizeof before);
    for (int n = 0; n < order; n++)
      predictor[n] = before[n] - reflection * before[order - 1 - n];
    predictor[order] = reflection;
    left *= 1.0f - reflection * reflection;
  }
  memcpy(noise->predictor, predictor, sizeof predictor);
  noise->excitation = left > 0.0f ? sqrtf(left) : 0.0f;
  noise->fitted = 1;
}

void comfort_noise_make(struct comfort_noise *noise, int16_t *samples) {
  if (!noise->fitted)
    fit(noise);
  float scale = noise->excitation * 1.7320508f / 2147483648.0f; /* evenly spread over +-2^31 to a deviation of one */
  for (int n = 0; n < BLOCK; n++) {
    noise->random = noise->random * 1664525u + 1013904223u;
    float value = (float)(int32_t)noise->random * scale;
    for (int tap = 0; tap < ORDER; tap++)
      value += noise->predictor[tap] * noise->memory[tap];
    value = value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
    memmove(noise->memory + 1, noise->memory, (ORDER - 1) * sizeof *noise->memory);
    noise->memory[0] = value;
    samples[n] = (int16_t)lrintf(value);
  }
}
