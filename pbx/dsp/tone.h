/* Tone generator of one port: tones and cadences, DTMF digits, MFC signals.
 *
 * Must meet: cadences exact to the sample; frequency within 0.001 Hz (Q.23 wants 1.5 %, Q.454 4 Hz, GB 3380-82 25 Hz);
 * level within 0.05 dB before companding; sum of all unwanted components at least 60 dB below the tone (Q.23 asks
 * 20 dB, Q.454 37 dB); phase without a jump inside a sounding part. Frequencies are Q.23 (DTMF), Q.441 tables 5 and 6
 * (MFC, 2 of 6). Levels are the caller's: they belong to the national plan, not to the kernel.
 *
 * Two sounding parts with the same frequencies and no silence between them join without a jump of phase.
 */
#pragma once
#include "kernels_api.h"

/* The greatest level sent, in tenths of a dBm0: above it the code of G.711 ends. */
#define TONE_LEVEL_MAX 30
