/* What an analog line does to sound: loss, tilt, distortion, crosstalk, echo of a hybrid, noise. Works on blocks of A-law of
 * one direction of one port (wire_lines.h); a port without impairment has none of this.
 *
 * Must meet, for what stands in struct wire_impairments (api.h):
 *   loss within 0.5 dB at 1020 Hz (the reference frequency of O.6), level of noise within 0.5 dB from -55 dBm0 up; below, what A-law
 *   itself adds (its smallest value is -66 dBm0) lifts -60 dBm0 by up to 1.5 dB;
 *   a tilt within 0.5 dB from 300 to 3400 Hz up to 20 dB: attenuation grows with the root of the frequency, as that of a long unloaded
 *   loop does, and is nil at 1020 Hz. It costs 2 ms of delay;
 *   harmonics down to 40 dB within 1 dB of what is wanted for a tone of 0 dBm0, by a step of A-law of noise laid under what is
 *   distorted; weaker tones have weaker ones, as of a polynomial: by the same number of dB the second, by twice as many the third;
 *   crosstalk and echo within 1 dB at 1020 Hz; the echo falls above 2000 Hz as through one pole, and comes back to the sample.
 *
 * The order is that of the list above, so that loss does not touch what is added behind it. Noise is white and Gaussian, or a hum of
 * 50 Hz; it is a function of the seed and the number of blocks, so that a run repeats. Leaves out psophometric weighting (O.41),
 * phase distortion, and any change with time. Limits: a block with all of it within 5 us of one core; nothing is allocated in the tick.
 */
#pragma once
#include "api.h"
#include <stdint.h>

#define IMPAIRMENT_SAMPLES 80
#define IMPAIRMENT_TAPS 33
#define IMPAIRMENT_HISTORY 4800 /* samples of the other direction, for the echo: whole blocks */

struct impairment {
  struct wire_impairments settings;
  uint64_t random;
  float gain, crosstalk_gain, echo_gain;
  float second, third, most; /* of the polynomial; `most` = where it is flat */
  float offset;              /* what the square adds to the mean */
  float noise;               /* root mean square, or peak of the hum */
  float echo_memory;
  double phase; /* of the hum, turns */
  int lead;     /* samples of the other direction that are known beyond this block's beginning */
  uint64_t learned;
  int busy; /* blocks until nothing is left of what went in */
  float tap[IMPAIRMENT_TAPS];
  float before[IMPAIRMENT_TAPS - 1 + IMPAIRMENT_SAMPLES];
  int16_t history[IMPAIRMENT_HISTORY];
};

/* 1 when every number is within its bounds (api.h). */
int impairment_possible(const struct wire_impairments *settings, int direction);
void impairment_start(struct impairment *impairment, const struct wire_impairments *settings, int direction, uint64_t seed);
/* A block of the other direction: the echo is made of it. Once a tick. */
void impairment_learn(struct impairment *impairment, const uint8_t *other);
/* Treats a block; `neighbour` is that of the port whose crosstalk is heard, or null. */
void impairment_treat(struct impairment *impairment, const uint8_t *neighbour, uint8_t *samples);
/* 1 when silence would stay silence. */
int impairment_quiet(const struct impairment *impairment);
