/* Fits two steady sines (and, if asked, a third: dial tone) to a stretch of sound, and finds where they begin and end.
 *
 * Gauss-Newton on amplitude, phase and frequency of each sine together, so that neither leaks into the other; on 23 ms
 * at 20 dB S/N the frequencies come out within about 1 Hz. The edges are the most likely sample of change: the sum of
 * s^2 - 2 x s over the samples, x heard and s expected, falls while the sines are there and rises where they are not.
 */
#pragma once
#include <stdint.h>

struct two_tone {
  int tones;
  float middle;       /* time, in samples of the given stretch, to which phases refer */
  float turn[3];      /* radians a sample */
  float cosine[3];
  float sine[3];
  float power[3];     /* mean square of each sine */
};

/* Starts from nominal frequencies in Hz. Returns 0, or -1 when the equations are singular. */
int two_tone_fit(struct two_tone *model, const int16_t *sound, int from, int to, const float *nominal_hz, int tones);
/* Fits again over another stretch, starting from what was found. */
int two_tone_refit(struct two_tone *model, const int16_t *sound, int from, int to);
/* First sample of the sines looking back from `inside` to `from`, or one past the last looking forward to `to`. */
int two_tone_begin(const struct two_tone *model, const int16_t *sound, int from, int inside);
int two_tone_end(const struct two_tone *model, const int16_t *sound, int inside, int to);
/* Mean square of what the model leaves unexplained. */
float two_tone_rest(const struct two_tone *model, const int16_t *sound, int from, int to);
float two_tone_hz(const struct two_tone *model, int tone);
