/* G.711: A-law and mu-law to linear and back, and the one scale of levels in this house.
 *
 * Must be bit exact to G.711 tables 1a, 1b (A-law, even bits inverted) and 2a, 2b (mu-law): for every linear value the
 * code whose decision interval holds it, for every code the value at the middle of its interval.
 *
 * From law to law it is tables 3 and 4: the nearest quantised value by level in dBm0, but for mu-80 and A-80, which go to
 * A-81 and mu-79 so that A-law crosses a mu-law network with bits 1 to 7 unharmed (note 3 to the tables, as
 * the amendments to the Red Book's G.711 word it; the tables' numbers were compared with published copies of them). The law of the
 * tables is all there is to it: suppression of the all-zero octet (3.2) is left out.
 *
 * Scale. A-law's 13 bits stand at the top of int16. A sine whose peak just reaches the virtual decision value 4096 of
 * table 1 (32768 here) is +3.14 dBm0 (G.711, section 5), so a sine at 0 dBm0 has a peak of
 * 32768 * 10^(-3.14/20) = 22827.1. The sequence of table 5 (digital milliwatt) decodes to 0 dBm0 on it. mu-law's
 * 14 bits stand at the top likewise, which is within 0.1 dB of its +3.17 dBm0.
 */
#pragma once
#include "kernels_api.h"
#include "voice_api.h"

#define G711_PEAK_AT_0_DBM0 22827.1
#define G711_POWER_AT_0_DBM0 (G711_PEAK_AT_0_DBM0 * G711_PEAK_AT_0_DBM0 / 2.0)
#define G711_SILENCE_TENTH_DBM0 (-900)

/* Level in tenths of a dBm0 of a mean square on the scale above; nothing below -90 dBm0 is told apart. */
int g711_power_tenth_dbm0(double mean_square);
/* Mean square of a level in tenths of a dBm0. */
double g711_power_of_level(int tenth_dbm0);
