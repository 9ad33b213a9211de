/* DTMF receiver over lanes.
 *
 * Must meet (Q.23, Q.24 table A-1; China YDN 065-1997 from memory where it is stricter):
 *   frequency   accepts a deviation of 1.5 % + 2 Hz, refuses 3.5 % (the border lies at 2.1 %);
 *   duration    accepts 40 ms, refuses 20 ms (the border lies at 30 ms); a pause of 40 ms parts two digits, a break of
 *               20 ms does not (the border lies at 25 ms);
 *   level       0 down to -40 dBm0 a frequency (dtmf_bank_set_minimum), +3 dBm0 both together;
 *   twist       low group up to 9 dB above the high one (normal), up to 6.5 dB below it (reverse);
 *   dial tone   450 Hz +-25 at -10 dBm0 beside a digit of -18 dBm0 a frequency;
 *   noise       no digit missed at 20 dB S/N, works to 9 dB;
 *   speech      a digit is only what two steady sines explain to 7 dB for its whole length.
 *
 * Two stages. Each tick each lane is correlated with the eight frequencies over its last 13 ms: integer work, the same
 * for all. Only where two ticks running look like one digit, a model of two sines (two_tone.h) is fitted, from which
 * come true frequencies, the first and last sample, level and what the model leaves unexplained.
 *
 * Reports come late: a begin when 30 ms are certain (33 to 50 ms after the tone began), an end when a break is certain.
 */
#pragma once
#include "kernels_api.h"

#define DTMF_MINIMUM_TENTH_DBM0 (-420)
