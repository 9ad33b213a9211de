/* Packet loss concealment: a lost block of 10 ms is filled with what its party would probably have said.
 *
 * Must meet: G.711 Appendix I in method: the last pitch period (5 to 15 ms) is repeated, two of them from the second lost block on, so
 * that it buzzes less; seams overlap by a quarter of a period; silence after 60 ms; the first block that comes again is blended with the
 * continued repetition. A block that came is not changed but behind a loss. On the same losses the log-spectral distance to what
 * was said and the segmental signal-to-noise ratio are no worse than with libspandsp (tests/interop/test_spandsp_concealment.py).
 *
 * Otherwise than the Appendix, because both measures were better so: the level falls in a straight line from the first lost sample
 * on (there: from 10 ms on), the blend takes 2 ms (there 4 to 10), the pitch is sought in the last 10 ms (there 20), and nothing is
 * delayed (there 3.75 ms, to make the first seam): the step between the last sample heard and the first one repeated is taken out and
 * fades away within a quarter of a period. The Appendix is told from memory.
 */
#pragma once
#include "voice_api.h"
