/* MFC-R2 receiver over lanes, 2 of 6 frequencies, forward (1380..1980 Hz) or backward (1140..540 Hz).
 *
 * Must meet (Q.455, from memory, and GF 002-9002): operates on -5 to -35 dBm0 a frequency, difference of level 5 dB
 * between neighbouring frequencies and 7 dB otherwise, deviation 10 Hz; does not operate on less than 7 ms nor release
 * at a break of less than 7 ms; operate and release together at most 80 ms; exactly two frequencies, no third.
 *
 * The window is 17 ms with a Hamming taper. A signal is reported when two ticks running show the same pair, and ended
 * when one of its frequencies has fallen by 12 dB for two ticks or by 25 dB for one, or another pair takes its place.
 */
#pragma once
#include "kernels_api.h"

#define MF_R2_MINIMUM_TENTH_DBM0 (-390)
