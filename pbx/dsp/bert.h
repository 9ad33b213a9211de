/* Bit error measurement: pseudo-random patterns sent into a 64 kbit/s time slot, found and compared at its other end.
 *
 * Must meet: patterns of O.150 clause 5 (from memory; the 2^11 - 1 pattern was O.152's, 2^15 - 1 and 2^23 - 1 O.151's): feedback from stages
 * 5 and 9, 9 and 11, 14 and 15, 18 and 23; the two long ones are sent inverted. Bit 1 of an octet (the most significant) comes first (G.704).
 * Synchronisation: 64 bits in a row as the pattern foretells, so chance finds it once in 2^64 bits; a line of all noughts or ones is never
 * taken for the pattern, though it obeys its rule. Loss: more than one bit in five wrong in a window of 100 ms (O.150 clause 4.2 names one
 * in five; the window is this house's choice), then the hunt begins anew. Every bit compared while synchronised is counted, and
 * every wrong one. Seconds and their judgement (G.821) are left to pbx/error_performance.py.
 */
#pragma once
#include "data_api.h"

#define BERT_RUN_BITS 64
#define BERT_WINDOW_OCTETS 800
#define BERT_WINDOW_ERRORS 1280
