/* MFC-R2 receiver over lanes, 2 of 6 frequencies, forward (1380..1980 Hz) or backward (1140..540 Hz).
 *
 * Must meet (Q.455, from memory, and GF 002-9002): operates on -5 to -35 dBm0 a frequency, difference of level 5 dB
 * between neighbouring frequencies and 7 dB otherwise, deviation 10 Hz; does not operate on less than 7 ms nor release
 * at a break of less than 7 ms; operate and release together at most 80 ms; exactly two frequencies, no third.
 *
 * The window is 17 ms with a Hamming taper. A signal is reported when two ticks running show the same pair, and ended
 * when one of its frequencies has fallen by 12 dB for two ticks or by 25 dB for one, or another pair takes its place.
 * Its first and last sample follow from what the windows before and after it show of the two frequencies.
 */
#pragma once
#include "tone_bank.h"

#define MF_R2_MINIMUM_TENTH_DBM0 (-390)
#define MF_R2_TONES 6
#define MF_R2_SLOTS 8

/* As a DTMF window (dtmf.h). */
struct mf_r2_window {
  _Alignas(64) float cosine[MF_R2_TONES][GROUP_LANES];
  float sine[MF_R2_TONES][GROUP_LANES];
};

struct mf_r2_lane {
  int64_t last_edge;
  float power[2]; /* of the signal that sounds: lower and upper frequency of its pair */
  uint8_t fallen; /* the last window had lost one of them */
  uint8_t spare[7];
};

struct mf_r2_group {
  struct mf_r2_window window[MF_R2_SLOTS]; /* by tick */
  uint8_t seen[GROUP_LANES];               /* signal of the newest window, or 0 */
  uint8_t before[GROUP_LANES];
  uint8_t sounding[GROUP_LANES]; /* the signal, or 0 */
  uint8_t spare[16];
  struct mf_r2_lane lane[GROUP_LANES];
};

/* The newest window summed against one direction's or both directions' frequencies. */
struct mf_r2_sums {
  _Alignas(64) int32_t product[4 * MF_R2_TONES][GROUP_LANES];
  int sines;    /* how far behind its cosine a sine stands */
  int backward; /* where the backward frequencies begin */
};

void mf_r2_correlate(const struct group_sound *sound, int forward, int backward, struct mf_r2_sums *sums);
/* Takes the newest window of one direction; `total` is its mean square. */
void mf_r2_hear(struct mf_r2_group *group, const struct tone_ear *ear, struct mf_r2_sums *sums,
                const float total[GROUP_LANES], float minimum);
void mf_r2_reset(struct mf_r2_group *group, int lane);
