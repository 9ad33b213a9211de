/* Fax and modem tones by their own laws: CNG (T.30), CED and the answer tones ANS and ANSam (V.25, V.8).
 *
 * Must meet (T.30 4.3.3.1, V.25 and V.8 from memory): CNG 1100 +-38 Hz, on 0.5 s +-15 %: reported once it has lasted 0.4 s,
 * ended if it lasts more than 0.7 s; CED and ANS 2100 +-15 Hz (refused beyond 25 Hz), reported after 0.52 s, when phase
 * reversals (180 +-25 degrees every 450 +-25 ms: ANS) and amplitude modulation (20 % at 15 Hz: ANSam) have had time to
 * show; level -43 to 0 dBm0. Where one of them shows later the tone is ended and begun anew under its other name.
 */
#pragma once
#include "block_tones.h"

#define FAX_ENVELOPE_TICKS 40 /* six periods of 15 Hz */

struct fax_lane {
  int64_t last_edge;
  int64_t began;
  float real, imaginary;            /* phase advance of a block, summed over the tone */
  float last_real[2], last_imaginary[2]; /* of the two blocks before, newest first */
  float power;
  int32_t ticks; /* of the tone that goes on */
  int32_t since_reversal;
  float envelope[FAX_ENVELOPE_TICKS];
  uint8_t bit;      /* BLOCK_CNG, BLOCK_CED or 0 */
  uint8_t missing;  /* blocks running without it */
  uint8_t reversed; /* reversals in their place so far */
  uint8_t modulated;
  uint8_t told;     /* the value reported as present, plus one */
  uint8_t over;     /* lasted too long for what it could have been */
  uint8_t spare[2];
};

struct fax_group {
  uint8_t sounding[GROUP_LANES]; /* 1 while a lane follows a tone */
  struct fax_lane lane[GROUP_LANES];
};

void fax_hear(struct fax_group *group, const struct block_plan *plan, const struct tone_ear *ear,
              const struct block_group *blocks);
void fax_reset(struct fax_group *group, int lane);
