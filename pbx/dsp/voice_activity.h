/* Voice activity, and beeps: whether somebody speaks on a lane, and steady single tones such as answering machines give.
 *
 * No Recommendation gives limits for a detector at the line; those of G.729 annex B and the like are for codecs. It must meet:
 *   voice      of -35 dBm0 active level or more (P.56) that is 10 dB or more above steady noise, is told within 100 ms of its
 *              first sounding 50 ms, with the first sample of the tick in which it began; its end is told 200 ms after its
 *              last sounding tick, with that tick's end, so pauses within and between words do not part it;
 *   silence    idle A-law, and steady noise of any level up to -38 dBm0, is never voice; louder noise that was there from the
 *              beginning, or that steps up, is voice for 1.5 s at most and noise from then on: the floor follows the lowest
 *              level of the last 0.8 to 1.5 s, up and down;
 *   tones      one steady tone is no voice (and ends it); two tones together and music are voice while their level moves, and
 *              become noise after 1.5 s of steadiness; clicks shorter than 40 ms are nothing;
 *   beep       a single tone from 350 to 2500 Hz, -30 dBm0 or more, steady within 0.2 % + 5 Hz and 2 dB, 15 dB or more above noise:
 *              told once it has lasted 110 to 130 ms if it lasts 120 ms, never below 100 ms, with its first sample to 20 ms; its end
 *              within 30 ms.
 *
 * Each tick each lane is analysed in 24 bins 100 Hz apart from 300 to 2600 Hz: integer work, the same with all instructions. The rest
 * is a few floating-point decisions a lane. Hum of the mains and the edges of the band play no part.
 */
#pragma once
#include "kernels_api.h"
#include "voice_activity_api.h"

#define VOICE_MINIMUM_TENTH_DBM0 (-420) /* of a tick within 300 to 2600 Hz */
#define VOICE_BEEP_MINIMUM_TENTH_DBM0 (-330)
#define VOICE_HANGOVER_TICKS 20
