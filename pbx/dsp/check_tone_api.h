/* The check-tone of speech circuits heard on one lane, as the plane and Python call it. A bare header: declarations only.
 *
 * Limits stand in check_tone.h.
 */
#pragma once
#include <stdint.h>

#define CHECK_TONE_NOTHING 0
#define CHECK_TONE_BEGAN 1
#define CHECK_TONE_ENDED 2

struct check_tone {
  uint8_t blocks; /* in a row that held the tone while it is not told, or that did not while it is */
  uint8_t told;
};

void check_tone_reset(struct check_tone *check);
/* Hears a block of 80 samples; `back` is how many samples before the block the tone began or ended (0 = with it). */
int check_tone_hear(struct check_tone *check, const int16_t *samples, int *back);
