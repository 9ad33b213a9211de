/* The dual tone alert (CAS of caller identity in a call): 2130 and 2750 Hz together, as a telephone hears it.
 *
 * Must meet (EN 300 659-1 clause 5 and -2, GR-30-CORE 2.3; from memory): both tones within 0.5 % of their frequencies, -2 to
 * -37 dBm0 each, twist up to 6 dB, for 75 ms and more: told from 50 ms on with its first sample, within 10 ms; ended with the
 * first 10 ms that do not hold it. One tone alone, or both 10 % off, is not told, nor is a modem of caller identity. Speech that
 * is loud in other bands at the same time masks it: sets then ask for silence, which is the exchange's business.
 *
 * One context a lane, blocks of 80 samples.
 */
#pragma once
#include <stdint.h>

#define ALERT_TONE_NOTHING 0
#define ALERT_TONE_BEGAN 1
#define ALERT_TONE_ENDED 2

struct alert_tone {
  uint8_t blocks; /* in a row that held it */
  uint8_t told;
};

void alert_tone_reset(struct alert_tone *alert);
/* Hears a block of 80 samples; `back` is how many samples before the block the tone began or ended (0 or less = within it). */
int alert_tone_hear(struct alert_tone *alert, const int16_t *samples, int *back);
