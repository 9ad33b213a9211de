/* IMA ADPCM: four bits a sample, in packets of DVI4 (RFC 3551, 4.5.1).
 *
 * Must be bit exact to the reference algorithm of the Interactive Multimedia Association ("Recommended Practices for
 * Enhancing Digital Audio Compatibility in Multimedia Systems", 3.0, 1992; tables and steps written from memory, held equal to
 * libspandsp's in tests/interop): 89 steps, each about 1.1 of the one before; the difference to the last sample is
 * measured in 1, 1/2 and 1/4 of a step, and decoded with an eighth of a step added.
 *
 * A packet opens with the decoder's state: the last sample (16 bits, the high octet first), the index of the step, an
 * octet of zero. The first sample of a pair stands in the upper four bits. One channel, called when a packet is made; it is
 * not part of the tick. Leaves out files (libsndfile does those) and packets of an odd number of samples.
 */
#pragma once
#include "ima_adpcm_api.h"
