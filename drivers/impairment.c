#include "impairment.h"
#include "g711.h"
#include "random_numbers.h"
#include <math.h>
#include <string.h>

#define RATE 8000.0
#define REFERENCE_HZ 1020.0
#define HUM_HZ 50.0
#define ECHO_POLE_HZ 2000.0
#define TILT_FROM_HZ 300.0
#define TILT_TO_HZ 3400.0
#define TILT_HELD_BELOW_HZ 200.0 /* a steeper rise would smear into the band */
#define DESIGN_POINTS 512
#define TURN 6.283185307179586
#define TAIL_BLOCKS 30      /* longer than anything here rings */
#define OFFSET_SHARE 0.005f /* of a sample in the mean that is taken away: 6 Hz */
#define SILENCE 0xD5

static double ratio(double db) { return pow(10.0, db / 20.0); }

static int within(double value, double least, double most) { return value >= least && value <= most; }

static int echo_possible(const struct wire_impairments *s, double least_delay_ms) {
  return !s->echoes || (within(s->echo_return_loss_db, 0, 60) && within(s->echo_delay_ms, least_delay_ms, 500));
}

static int harmonic_possible(double db) { return db == 0 || within(db, 26, 80); }

int impairment_possible(const struct wire_impairments *s, int direction) {
  return within(s->loss_db, 0, 60) && within(s->tilt_db, 0, 20) && within(s->noise_dbm0, -70, 0) && s->noise >= WIRE_NOISE_NONE &&
         s->noise <= WIRE_NOISE_HUM && echo_possible(s, direction == WIRE_RECEIVED ? 10 : 0) && harmonic_possible(s->second_harmonic_db) &&
         harmonic_possible(s->third_harmonic_db) && within(s->crosstalk_loss_db, 0, 90);
}

/* A filter of even symmetry from its gains: the inverse transform, and a Hamming window over it. */
static void design_tilt(struct impairment *impairment, double tilt_db) {
  int middle = IMPAIRMENT_TAPS / 2;
  double sum[IMPAIRMENT_TAPS] = {0};
  for (int point = 0; point <= DESIGN_POINTS; point++) {
    double hz = RATE / 2 * point / DESIGN_POINTS;
    double db = -tilt_db * (sqrt(fmax(hz, TILT_HELD_BELOW_HZ)) - sqrt(REFERENCE_HZ)) / (sqrt(TILT_TO_HZ) - sqrt(TILT_FROM_HZ));
    double weight = (point == 0 || point == DESIGN_POINTS ? 0.5 : 1.0) / DESIGN_POINTS;
    for (int n = 0; n < IMPAIRMENT_TAPS; n++) sum[n] += weight * ratio(db) * cos(TURN / 2 * point / DESIGN_POINTS * (n - middle));
  }
  for (int n = 0; n < IMPAIRMENT_TAPS; n++)
    impairment->tap[n] = (float)(sum[n] * (0.54 + 0.46 * cos(TURN * (n - middle) / (IMPAIRMENT_TAPS + 1))));
}

/* The echo's gain is stated for the reference frequency, where its pole takes something already. */
static double pole_gain(void) {
  double share = 1 - exp(-TURN * ECHO_POLE_HZ / RATE), w = TURN * REFERENCE_HZ / RATE;
  double real = 1 - (1 - share) * cos(w), imaginary = (1 - share) * sin(w);
  return share / sqrt(real * real + imaginary * imaginary);
}

void impairment_start(struct impairment *impairment, const struct wire_impairments *settings, int direction, uint64_t seed) {
  double second = settings->second_harmonic_db == 0 ? 0 : ratio(-settings->second_harmonic_db);
  double third = settings->third_harmonic_db == 0 ? 0 : ratio(-settings->third_harmonic_db);
  double peak = G711_PEAK_AT_0_DBM0;
  memset(impairment, 0, sizeof *impairment);
  impairment->settings = *settings;
  impairment->random = seed;
  impairment->learned = IMPAIRMENT_HISTORY; /* of silence */
  impairment->gain = (float)ratio(-settings->loss_db);
  impairment->crosstalk_gain = settings->crosstalk_port < 0 ? 0.0f : (float)ratio(-settings->crosstalk_loss_db);
  impairment->echo_gain = settings->echoes ? (float)(ratio(-settings->echo_return_loss_db) / pole_gain()) : 0.0f;
  /* x + second x^2 - third x^3 on a sine of that peak: harmonics against a fundamental that the cube has lessened. */
  third = 4 * third / (1 + 3 * third);
  impairment->second = (float)(2 * second * (1 - 0.75 * third) / peak);
  impairment->third = (float)(third / (peak * peak));
  impairment->most = third > 0 ? (float)(peak / sqrt(3 * third)) : 1e9f;
  if (settings->noise != WIRE_NOISE_NONE)
    impairment->noise = (float)(ratio(settings->noise_dbm0) * peak * (settings->noise == WIRE_NOISE_HUM ? 1 : sqrt(0.5)));
  impairment->lead = direction == WIRE_SENT ? IMPAIRMENT_SAMPLES : 0;
  if (settings->tilt_db > 0) design_tilt(impairment, settings->tilt_db);
}

static int is_silence(const uint8_t *samples) {
  int loud = 0;
  for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) loud |= (samples[n] & 0x7f) ^ (SILENCE & 0x7f);
  return !loud;
}

static void keep_busy(struct impairment *impairment, int blocks) {
  if (blocks > impairment->busy) impairment->busy = blocks;
}

void impairment_learn(struct impairment *impairment, const uint8_t *other) {
  if (!impairment->settings.echoes) return;
  g711_alaw_decode(other, impairment->history + impairment->learned % IMPAIRMENT_HISTORY, IMPAIRMENT_SAMPLES);
  impairment->learned += IMPAIRMENT_SAMPLES;
  if (!is_silence(other)) keep_busy(impairment, (int)(impairment->settings.echo_delay_ms / 10) + TAIL_BLOCKS);
}

static void tilt(struct impairment *impairment, float *sound) {
  float *before = impairment->before;
  memcpy(before + IMPAIRMENT_TAPS - 1, sound, IMPAIRMENT_SAMPLES * sizeof *sound);
  for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) {
    float sum = 0;
    for (int k = 0; k < IMPAIRMENT_TAPS; k++) sum += impairment->tap[k] * before[n + k];
    sound[n] = sum;
  }
  memmove(before, before + IMPAIRMENT_SAMPLES, (IMPAIRMENT_TAPS - 1) * sizeof *before);
}

/* The step of A-law at a value: what comes in stands on its steps already, and a change of less than half of one would be lost or doubled.
 * So a step of noise is laid under it, except in silence. */
static float dither(struct impairment *impairment, float x) {
  int exponent;
  if (fabsf(x) < 24.0f) return 0.0f;
  frexpf(x, &exponent);
  return ldexpf((float)random_share(&impairment->random) - 0.5f, exponent < 9 ? 4 : exponent - 5);
}

static void distort(struct impairment *impairment, float *sound) {
  for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) {
    float x = fminf(fmaxf(sound[n], -impairment->most), impairment->most);
    float square = impairment->second * x * x;
    impairment->offset += OFFSET_SHARE * (square - impairment->offset);
    sound[n] = x + square - impairment->offset - impairment->third * x * x * x + dither(impairment, x);
  }
}

static void add_echo(struct impairment *impairment, float *sound) {
  uint64_t delay = (uint64_t)lrint(impairment->settings.echo_delay_ms * 8) + (uint64_t)impairment->lead;
  float share = (float)(1 - exp(-TURN * ECHO_POLE_HZ / RATE));
  for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) {
    float was = impairment->history[(impairment->learned + (uint64_t)n - delay) % IMPAIRMENT_HISTORY];
    impairment->echo_memory += share * (was - impairment->echo_memory);
    sound[n] += impairment->echo_gain * impairment->echo_memory;
  }
}

static void add_noise(struct impairment *impairment, float *sound) {
  if (impairment->settings.noise == WIRE_NOISE_WHITE) {
    for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) sound[n] += impairment->noise * random_gaussian(&impairment->random);
    return;
  }
  for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) {
    sound[n] += impairment->noise * (float)sin(TURN * impairment->phase);
    impairment->phase += HUM_HZ / RATE;
  }
  impairment->phase -= floor(impairment->phase);
}

void impairment_treat(struct impairment *impairment, const uint8_t *neighbour, uint8_t *samples) {
  int16_t linear[IMPAIRMENT_SAMPLES], beside[IMPAIRMENT_SAMPLES];
  float sound[IMPAIRMENT_SAMPLES];
  if (impairment->busy) impairment->busy--;
  if (!is_silence(samples) || (neighbour && !is_silence(neighbour))) keep_busy(impairment, TAIL_BLOCKS);
  g711_alaw_decode(samples, linear, IMPAIRMENT_SAMPLES);
  for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) sound[n] = impairment->gain * linear[n];
  if (impairment->settings.tilt_db > 0) tilt(impairment, sound);
  if (impairment->second > 0 || impairment->third > 0) distort(impairment, sound);
  if (neighbour) {
    g711_alaw_decode(neighbour, beside, IMPAIRMENT_SAMPLES);
    for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) sound[n] += impairment->crosstalk_gain * beside[n];
  }
  if (impairment->settings.echoes) add_echo(impairment, sound);
  if (impairment->noise > 0) add_noise(impairment, sound);
  for (int n = 0; n < IMPAIRMENT_SAMPLES; n++) linear[n] = (int16_t)lrintf(fminf(fmaxf(sound[n], -32768.0f), 32767.0f));
  g711_alaw_encode(linear, samples, IMPAIRMENT_SAMPLES);
}

int impairment_quiet(const struct impairment *impairment) { return impairment->noise <= 0 && impairment->busy == 0; }
