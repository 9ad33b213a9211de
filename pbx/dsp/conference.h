/* Conference: everybody hears the sum of all the others ("mix minus").
 *
 * Must meet (house limits; no Recommendation says how a conference adds): what a party hears is the sum of all others' samples,
 * each times its gain and rounded, formed in 32 bits and held to 16 bits once, at the output. No partial sum ever clips, so
 * nobody's voice depends on the order of the parties, and taking out one's own voice leaves nothing of it. 32 bits bear
 * CONFERENCE_PARTIES_MAX parties, each at the largest gain.
 *
 * How it is done: the sum T of all is held to 16 bits as H, and what that cut off is held to 16 bits as O. Then
 * H - (own - O), both subtractions held to 16 bits, equals T - own held to 16 bits for every T and own: where nothing was
 * cut O is 0; where T was cut at the top, own - O is what is missing from the top, or negative and held there; at the
 * bottom likewise. So a party costs two subtractions of 16 bits and its encoding.
 *
 * Leaves out: who is a party (pbx/dsp/mix.c), and which of many are summed (speaker_selection.h).
 */
#pragma once
#include "voice_api.h"
