/* DTMF receiver over lanes.
 *
 * Must meet (Q.23, Q.24 table A-1; China YDN 065-1997 from memory where it is stricter):
 *   frequency   accepts a deviation of 1.5 % + 2 Hz, refuses 3.5 % (the border lies at 2.1 %);
 *   duration    accepts 40 ms, refuses 20 ms (the border lies at 30 ms); a pause of 40 ms parts two digits, a break of
 *               20 ms does not (the border lies at 25 ms);
 *   level       0 down to -40 dBm0 a frequency (tone_bank_set_minimum), +3 dBm0 both together;
 *   twist       low group up to 9 dB above the high one (normal), up to 6.5 dB below it (reverse);
 *   dial tone   450 Hz +-25 at -10 dBm0 that has stood for 100 ms, beside a digit of -18 dBm0 a frequency;
 *   noise       no digit missed at 20 dB S/N, works to 9 dB;
 *   speech      a digit is only what two steady sines explain to 7 dB for its whole length.
 *
 * Two stages. Each tick the last 13 ms of all lanes are summed against the eight frequencies and 450 Hz (correlate.h).
 * Where two of the last three windows look like one digit, the sums of the last windows are solved for two sines (dtmf_model.h):
 * true frequencies from their phases a tick apart, first and last sample from how much of a window they fill, and
 * what they leave unexplained. No sample is looked at twice.
 *
 * Reports come late: a begin when 30 ms are certain (33 to 50 ms after the tone began), an end when a break is certain.
 */
#pragma once
#include "tone_bank.h"

#define DTMF_MINIMUM_TENTH_DBM0 (-420)
#define DTMF_TONES 9 /* the ninth is dial tone */
#define DTMF_SLOTS 8 /* windows that are kept */

/* The sums of one window: amplitude of the cosine and of the sine of each frequency about the window's middle as if it
 * were alone, and the mean square of the sound. */
struct dtmf_window {
  _Alignas(64) float cosine[DTMF_TONES][GROUP_LANES];
  float sine[DTMF_TONES][GROUP_LANES];
  float total[GROUP_LANES];
};

#define DTMF_MODEL_TONES 3

/* What the sums at the nominal frequencies show of sines of unit amplitude: [sum][sine]. */
struct dtmf_response {
  float cosine[DTMF_MODEL_TONES][DTMF_MODEL_TONES];
  float sine[DTMF_MODEL_TONES][DTMF_MODEL_TONES];
};

/* Steady sines as the windows show them: see dtmf_model.h. */
struct dtmf_model {
  int tones;
  int tone[DTMF_MODEL_TONES];          /* rows of the windows: low group, high group, dial tone */
  float turn[DTMF_MODEL_TONES];        /* radians a sample */
  float step_cosine[DTMF_MODEL_TONES]; /* of the angle in one tick */
  float step_sine[DTMF_MODEL_TONES];
  float cosine[DTMF_MODEL_TONES]; /* amplitudes about the middle of the window of tick `at` */
  float sine[DTMF_MODEL_TONES];
  int64_t at;
  struct dtmf_response response;
};

struct dtmf_lane {
  int64_t end; /* FADING: one past the last sample of the digit */
  int64_t last_edge;
  float power; /* of the digit that sounds */
  float size[2]; /* squared amplitude of each frequency */
  struct dtmf_model model;
};

struct dtmf_group {
  struct dtmf_window window[DTMF_SLOTS]; /* by tick */
  uint8_t seen[GROUP_LANES];   /* digit of the newest window, counted from one, or 0 */
  uint8_t before[2][GROUP_LANES]; /* of the two before it */
  uint8_t state[GROUP_LANES];
  uint8_t dialled[GROUP_LANES]; /* how surely dial tone stands: two up for each window of nothing else, one down for others */
  uint8_t digit[GROUP_LANES];  /* that is pending or sounds, counted from one */
  struct dtmf_lane lane[GROUP_LANES];
};

/* Takes the newest window of the group; `total` is its mean square. */
void dtmf_hear(struct dtmf_group *group, const struct tone_ear *ear, const struct group_sound *sound,
               const float total[GROUP_LANES], float minimum);
void dtmf_reset(struct dtmf_group *group, int lane);
