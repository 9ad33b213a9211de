/* Which parties of a conference are summed when not all are: the loudest few, changed without chopping words.
 *
 * Must meet (house limits; no Recommendation says): a party that begins to speak is in the sum from the very block of 10 ms in
 * which it is heard, if a place is free or held by somebody who is silent; a party in the sum keeps its place for at least
 * 500 ms and through pauses of words (its level falls by no more than 14 dB a second); a challenger must be 6 dB louder than
 * the weakest speaker. Only one place changes hands in a block. Under -50 dBm0 nobody is let in.
 *
 * Leaves out whether it is speech: a loud noise is a speaker too.
 */
#pragma once
#include "voice_api.h"
