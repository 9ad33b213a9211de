/* Automatic level: brings one party's speech slowly towards a common level.
 *
 * Must meet (house limits; G.169 speaks of such devices, which we could not read): the mean level of active speech, from 20 dB under
 * the target to 20 dB over it, comes within 2 dB of the target in 10 s of speech as far as the largest gain allows; the gain stays
 * within plus or minus that largest gain, rises by at most 2 dB a second and falls by at most 20; it moves only while there is speech:
 * what is steady for 2 s (noise, a tone), what is not 9 dB over the quietest of the last 2 s and what is under -42 dBm0 moves nothing.
 * So noise that sets in out of silence can raise the gain by no more than 4 dB. What would clip lowers the gain at once. Within a
 * block the gain goes in a straight line, so that its steps are not heard.
 *
 * The usual target is -20 dBm0, the -26 dB under overload at which active speech is commonly aligned (P.56 and P.800; from memory).
 * Leaves out: the active speech level to P.56 (blocks of 10 ms are speech or not, without its envelope).
 */
#pragma once
#include "voice_api.h"
