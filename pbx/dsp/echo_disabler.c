/* Tone disabler of the echo canceller: see echo_disabler.h. */
#include "echo_disabler.h"

#include <math.h>
#include <string.h>

#include "generated_tables.h"

#define TONE_TICKS 40     /* 400 ms */
#define PURE_MIN 0.6f     /* of a block's energy in the tone, also when it is 21 Hz off */
#define REVERSED (-0.77f) /* cosine of the change of phase: 180 +-25 degrees, and 15 more for noise */
#define UNCHANGED 0.6f
#define INTERVAL_MIN (425 * 8 - 40)
#define INTERVAL_MAX (475 * 8 + 40)
#define LONG_AGO (1 << 20)
#define SHIFT 3 /* the lowest bits are constant in A-law; without them sums stay within 32 bits */
/* Sums of squares of a block on the scale of int16 without its three lowest bits: 2.5e8 / 64 is the mean
 * square of a tone at 0 dBm0. */
#define TONE_LEAST (80 * 1500)  /* -34 dBm0 */
#define SOUND_LEAST (80 * 1000) /* -36 dBm0 */

static int32_t product(const int16_t *first, const int16_t *second, int count) {
  int32_t sum = 0;
  for (int n = 0; n < count; n++)
    sum += (int32_t)first[n] * second[n];
  return sum;
}

static float cosine_to(const float *phase, float re, float im) { return re * phase[0] + im * phase[1]; }

static void turn(float *phase, const float *by) {
  float re = phase[0] * by[0] - phase[1] * by[1];
  phase[1] = phase[0] * by[1] + phase[1] * by[0];
  phase[0] = re;
}

/* A block that is all tone: its phase goes on from the last such block or is reversed; else another tone begins. */
static void tone_block(struct echo_ear *ear, float re, float im) {
  int known = ear->tone_ticks && (ear->rotation[0] != 0 || ear->rotation[1] != 0);
  float expected[2] = {ear->phase[0], ear->phase[1]};
  if (known)
    for (int n = 0; n <= ear->broken; n++)
      turn(expected, ear->rotation);
  float cosine = cosine_to(expected, re, im);
  if (known && cosine < REVERSED) {
    int ago = ear->broken ? 160 - (int)(40.0f * (1.0f + ear->intact)) : 80;
    int apart = ear->since_reversal - ago;
    ear->reversals = ear->reversals && apart >= INTERVAL_MIN && apart <= INTERVAL_MAX ? ear->reversals + 1 : 1;
    ear->since_reversal = ago;
  } else if (known ? cosine < UNCHANGED : ear->tone_ticks && (ear->broken || cosine < 0)) {
    memset(ear, 0, sizeof *ear);
  } else if (ear->tone_ticks && !ear->broken) {
    float share = known ? 0.2f : 1.0f;
    float now[2] = {re * ear->phase[0] + im * ear->phase[1], im * ear->phase[0] - re * ear->phase[1]};
    ear->rotation[0] += share * (now[0] - ear->rotation[0]);
    ear->rotation[1] += share * (now[1] - ear->rotation[1]);
  }
  ear->tone_ticks += 1 + ear->broken;
  ear->broken = 0;
  ear->phase[0] = re;
  ear->phase[1] = im;
}

int echo_ear_run(struct echo_ear *ear, const int16_t *samples) {
  int16_t sound[KERNEL_BLOCK_SAMPLES];
  for (int n = 0; n < KERNEL_BLOCK_SAMPLES; n++)
    sound[n] = (int16_t)(samples[n] >> SHIFT);
  int32_t energy = product(sound, sound, KERNEL_BLOCK_SAMPLES);
  int heard = energy > SOUND_LEAST ? ECHO_HEARD_SOUND : 0;
  const float scale = 1.4142136f / ((float)ECHO_TONE_PEAK * 8.9442719f); /* so that a tone's power is its energy */
  float re = scale * (float)product(sound, echo_tone[0], KERNEL_BLOCK_SAMPLES);
  float im = -scale * (float)product(sound, echo_tone[1], KERNEL_BLOCK_SAMPLES);
  float power = re * re + im * im;
  ear->since_reversal = ear->since_reversal > LONG_AGO ? LONG_AGO : ear->since_reversal + KERNEL_BLOCK_SAMPLES;
  if (energy > TONE_LEAST && power > PURE_MIN * (float)energy) {
    float length = sqrtf(power);
    tone_block(ear, re / length, im / length);
  } else if (ear->tone_ticks && !ear->broken && energy > TONE_LEAST / 8) {
    float expected[2] = {ear->phase[0], ear->phase[1]};
    turn(expected, ear->rotation);
    float intact = cosine_to(expected, re, im) / sqrtf((float)energy);
    ear->intact = intact > 1.0f ? 1.0f : intact < -1.0f ? -1.0f : intact;
    ear->broken = 1;
  } else {
    memset(ear, 0, sizeof *ear);
  }
  if (ear->tone_ticks >= TONE_TICKS)
    heard |= ECHO_HEARD_TONE;
  return ear->reversals >= 2 ? heard | ECHO_HEARD_REVERSALS : heard;
}
