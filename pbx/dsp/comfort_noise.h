/* Comfort noise: what a silence is filled with so that a line does not seem dead.
 *
 * Must meet (house limits, in the sense of G.711 Appendix II and RFC 3389: a level, and a spectrum as an all-pole model): once
 * 300 ms of background were heard, the level of the noise is within 1.5 dB of the background's, and its level in each octave from
 * 250 Hz on within 4 dB where the background's spectrum is smooth; one seed gives one noise. Without a background heard it is silence,
 * or white noise of a given level.
 *
 * The model has COMFORT_NOISE_ORDER poles, fitted by the recursion of Levinson and Durbin to the smoothed autocorrelation of the
 * background. Leaves out: the decision that something is background (the voice activity detector's), and the packets of RFC 3389.
 */
#pragma once
#include "voice_api.h"
