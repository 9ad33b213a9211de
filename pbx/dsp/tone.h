/* Tone generator of one port: tones and cadences, DTMF digits, MFC signals, the signals of fax and modems.
 *
 * Must meet: cadences exact to the sample; frequency within 0.001 Hz (Q.23 wants 1.5 %, Q.454 4 Hz, GB 3380-82 25 Hz, V.25 15 Hz);
 * level within 0.05 dB before companding and 0.3 dB after A-law (Q.454 wants 1 dB); no unwanted component above -70 dB of the tone and
 * their sum at least 60 dB below it before companding, after A-law what G.711 leaves: 33 dB at -30 dBm0 and above (Q.23 asks 20 dB, Q.454
 * 37 dB in its band); phase without a jump inside a sounding part but where it is wanted. Held by tests/dsp/test_senders.py.
 *
 * Frequencies are Q.23 (DTMF), Q.441 tables 5 and 6 (MFC, 2 of 6). Levels are the caller's: they belong to the national plan, not to the
 * kernel. The level of a modulated tone is that of its carrier; its envelope is 1 + depth sin. From memory: CNG is T.30 clause 4 (1100 Hz,
 * 0.5 s on, 3 s off), CED and ANS V.25 (2100 Hz, 2.6 to 4 s, phase reversed every 450 ms), ANSam V.8 clause 3.2 (15 Hz, envelope 0.8 to
 * 1.2), the dual tone alert EN 300 659-1 (2130 and 2750 Hz, 100 ms). V.21 flags are no plan of tones: fsk.h sends them.
 *
 * Two sounding parts with the same frequencies and no silence between them join without a jump of phase.
 */
#pragma once
#include "kernels_api.h"

/* The greatest level sent, in tenths of a dBm0: above it the code of G.711 ends. */
#define TONE_LEVEL_MAX 30
