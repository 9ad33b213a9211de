/* Level meter: root mean square and peak over an interval, in dBm0.
 *
 * Must meet: 0.1 dB from +3.14 dBm0 down to -70 dBm0 for any sound whose interval it is (G.711 defines the scale, O.41's flat weighting is
 * meant: nothing is weighted); sums in whole numbers, so nothing is lost over the longest interval of 65535 ticks. Silence is
 * LEVEL_SILENCE_TENTH_DBM0. Leaves out: psophometric weighting (O.41), quasi-peak and speech level (P.56).
 */
#pragma once
#include "data_api.h"

#define LEVEL_SILENCE_TENTH_DBM0 (-1000)
