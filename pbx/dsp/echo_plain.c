/* The echo canceller's filters in plain C, the reference: see echo_kernel.h. */
#include <stdint.h>
#include <string.h>

#include "processor.h"

typedef struct {
  float at[16];
} vector;

#define EACH for (int n = 0; n < 16; n++)
#define INLINE PROCESSOR_INLINE

INLINE vector load(const float *from) {
  vector out;
  memcpy(out.at, from, sizeof out.at);
  return out;
}

INLINE void store(float *to, vector a) { memcpy(to, a.at, sizeof a.at); }

INLINE vector all(float value) {
  vector out;
  EACH out.at[n] = value;
  return out;
}

INLINE vector add(vector a, vector b) {
  EACH a.at[n] += b.at[n];
  return a;
}

INLINE vector subtract(vector a, vector b) {
  EACH a.at[n] -= b.at[n];
  return a;
}

INLINE vector multiply(vector a, vector b) {
  EACH a.at[n] *= b.at[n];
  return a;
}

INLINE vector divide(vector a, vector b) {
  EACH a.at[n] /= b.at[n];
  return a;
}

INLINE vector swapped(vector a, int apart) {
  vector out;
  EACH out.at[n] = a.at[n ^ apart];
  return out;
}

INLINE vector from_samples(const int16_t *samples) {
  vector out;
  EACH out.at[n] = (float)samples[n];
  return out;
}

INLINE void put_samples(int16_t *samples, vector a) {
  const float rounder = 12582912.0f; /* 1.5 * 2^23: what is added to it loses its fraction, half to even */
  EACH {
    float held = a.at[n] < -32768.0f ? -32768.0f : a.at[n];
    held = held > 32767.0f ? 32767.0f : held;
    samples[n] = (int16_t)((held + rounder) - rounder);
  }
}

#define SWAPPED(a, apart) swapped(a, apart)
#define PROCESSOR echo_plain
#include "echo_kernel.h"
