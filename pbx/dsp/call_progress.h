/* Call progress tones: one frequency, told apart by cadence.
 *
 * Must meet (GB 3380-82 and Q.35, from memory): frequency +-25 Hz, level -30 dBm0 and above, each on and off part
 * within 15 % or 30 ms of its nominal length, whichever is more (the exchange sends within 10 %). The cadences are
 * data: `struct progress_tone`. A tone of no segments is continuous: it is reported once it has lasted longer than the
 * longest on part of the others. A tone is ended when its cadence is broken.
 */
#pragma once
#include "kernels_api.h"

#define PROGRESS_MINIMUM_TENTH_DBM0 (-350)
