/* Two sines in sound: see two_tone.h. Runs rarely (at the edges of a tone), so it is written for clearness. */
#include "two_tone.h"

#include <math.h>

#include "lanes.h"

#define TURN_OF_ONE_HZ (2.0f * 3.14159265f / 8000.0f)
#define TONES_MAX 3
#define UNKNOWNS_MAX (3 * TONES_MAX)
#define ROW 12 /* unknowns in whole vectors */
#define ABSENT_SAMPLES 160.0f

/* A sine as a turning pointer: one multiplication a sample instead of a call of cos and sin. */
struct pointer {
  float real, imaginary, step_real, step_imaginary;
};

static struct pointer pointer_at(float turn, float time) {
  return (struct pointer){cosf(turn * time), sinf(turn * time), cosf(turn), sinf(turn)};
}

static inline void pointer_on(struct pointer *p) {
  float real = p->real * p->step_real - p->imaginary * p->step_imaginary;
  p->imaginary = p->real * p->step_imaginary + p->imaginary * p->step_real;
  p->real = real;
}

/* Solves the symmetric equations in place by elimination without pivots, which positive definite ones allow. */
static int solve(float matrix[UNKNOWNS_MAX][ROW], float *right, int unknowns) {
  for (int i = 0; i < unknowns; i++) {
    if (!(matrix[i][i] > 1e-6f))
      return -1;
    for (int j = i + 1; j < unknowns; j++) {
      float factor = matrix[i][j] / matrix[i][i];
      for (int k = j; k < unknowns; k++)
        matrix[j][k] -= factor * matrix[i][k];
      right[j] -= factor * right[i];
    }
  }
  for (int i = unknowns - 1; i >= 0; i--) {
    for (int k = i + 1; k < unknowns; k++)
      right[i] -= matrix[i][k] * right[k];
    right[i] /= matrix[i][i];
  }
  return 0;
}

/* One step: solves for cosine and sine parts and, with `bend`, for small corrections of the frequencies. */
EVERY_PROCESSOR
int two_tone_step(struct two_tone *model, const int16_t *sound, int from, int to, int bend) {
  int tones = model->tones, each = bend ? 3 : 2, unknowns = tones * each;
  float matrix[UNKNOWNS_MAX][ROW] = {{0}}, right[ROW] = {0}, basis[ROW] = {0}, size[TONES_MAX];
  struct pointer pointer[TONES_MAX];
  float half = 0.5f * (float)(to - from - 1), scale = 1.0f / (half + 1.0f);
  model->middle = (float)from + half;
  for (int k = 0; k < tones; k++) {
    pointer[k] = pointer_at(model->turn[k], -half);
    size[k] = 1.0f / sqrtf(2.0f * model->power[k] + 1.0f);
  }
  for (int t = from; t < to; t++) {
    float time = ((float)t - model->middle) * scale;
    for (int k = 0; k < tones; k++) {
      basis[k * each] = pointer[k].real;
      basis[k * each + 1] = pointer[k].imaginary;
      if (bend)
        basis[k * each + 2] =
            time * size[k] * (model->sine[k] * pointer[k].real - model->cosine[k] * pointer[k].imaginary);
      pointer_on(&pointer[k]);
    }
    for (int j = 0; j < ROW; j++)
      right[j] += basis[j] * (float)sound[t];
    for (int i = 0; i < unknowns; i++)
      for (int j = 0; j < ROW; j++)
        matrix[i][j] += basis[i] * basis[j];
  }
  if (solve(matrix, right, unknowns))
    return -1;
  for (int k = 0; k < tones; k++) {
    model->cosine[k] = right[k * each];
    model->sine[k] = right[k * each + 1];
    if (bend)
      model->turn[k] += right[k * each + 2] * size[k] * scale;
    model->power[k] = 0.5f * (model->cosine[k] * model->cosine[k] + model->sine[k] * model->sine[k]);
  }
  return 0;
}

int two_tone_fit(struct two_tone *model, const int16_t *sound, int from, int to, const float *nominal_hz, int tones) {
  model->tones = tones;
  for (int k = 0; k < tones; k++)
    model->turn[k] = nominal_hz[k] * TURN_OF_ONE_HZ;
  if (two_tone_step(model, sound, from, to, 0) || two_tone_step(model, sound, from, to, 1) || two_tone_step(model, sound, from, to, 0))
    return -1;
  return two_tone_step(model, sound, from, to, 1) || two_tone_step(model, sound, from, to, 0) ? -1 : 0;
}

int two_tone_refit(struct two_tone *model, const int16_t *sound, int from, int to) {
  if (two_tone_step(model, sound, from, to, 0) || two_tone_step(model, sound, from, to, 1) || two_tone_step(model, sound, from, to, 0))
    return -1;
  return 0;
}

/* Walks the stretch forward or backward (`way` is 1 or -1) and returns how many samples from `start` on most likely
 * belong to the first two sines; a third one, dial tone, is taken off what is heard. 20 ms without the sines end the
 * walk, so that an earlier tone of the same frequencies is not taken for this one. */
static int most_likely_length(const struct two_tone *model, const int16_t *sound, int start, int way, int length) {
  struct pointer pointer[TONES_MAX];
  float sum = 0, lowest = 0, enough = ABSENT_SAMPLES * (model->power[0] + model->power[1]);
  int best = 0;
  for (int k = 0; k < model->tones; k++)
    pointer[k] = pointer_at((float)way * model->turn[k], (float)way * ((float)start - model->middle));
  for (int i = 0; i < length; i++) {
    float part[TONES_MAX] = {0};
    for (int k = 0; k < model->tones; k++) {
      part[k] = model->cosine[k] * pointer[k].real + model->sine[k] * pointer[k].imaginary;
      pointer_on(&pointer[k]);
    }
    float expected = part[0] + part[1];
    sum += expected * (expected - 2.0f * ((float)sound[start + way * i] - part[2]));
    if (sum < lowest) {
      lowest = sum;
      best = i + 1;
    } else if (sum > lowest + enough) {
      break;
    }
  }
  return best;
}

int two_tone_begin(const struct two_tone *model, const int16_t *sound, int from, int inside) {
  return inside - most_likely_length(model, sound, inside - 1, -1, inside - from);
}

int two_tone_end(const struct two_tone *model, const int16_t *sound, int inside, int to) {
  return inside + most_likely_length(model, sound, inside, 1, to - inside);
}

float two_tone_rest(const struct two_tone *model, const int16_t *sound, int from, int to) {
  struct pointer pointer[TONES_MAX];
  float sum = 0;
  for (int k = 0; k < model->tones; k++)
    pointer[k] = pointer_at(model->turn[k], (float)from - model->middle);
  for (int t = from; t < to; t++) {
    float rest = (float)sound[t];
    for (int k = 0; k < model->tones; k++) {
      rest -= model->cosine[k] * pointer[k].real + model->sine[k] * pointer[k].imaginary;
      pointer_on(&pointer[k]);
    }
    sum += rest * rest;
  }
  return to > from ? sum / (float)(to - from) : 0.0f;
}

float two_tone_hz(const struct two_tone *model, int tone) { return model->turn[tone] / TURN_OF_ONE_HZ; }
