/* Echo canceller: takes the echo of what is sent (far end) out of what is received (near end), over lanes.
 *
 * Must meet (G.168, from memory; the tests are named in tests/dsp/test_echo.py): tails of 32, 64 and 128 ms and any other
 * up to 128; convergence within 1 s with and without the nonlinear processor, from echo return losses of 6 dB up; no
 * divergence in double talk, on narrow-band signals, or without an echo path; a path that is opened is found at once;
 * what was learned is kept while nobody speaks; comfort noise within 2 dB of the background; disabling by 2 100 Hz with
 * phase reversals in either direction, and enabling again 250 +-150 ms after both have fallen silent (echo_disabler.h). Beyond
 * G.168: echo return loss enhancement of the filter alone at least 26 dB for speech through A-law both ways.
 *
 * Method: a partitioned filter in the frequency domain, 80 taps a partition, corrected once a block so that each frequency
 * of each partition moves by as much as it is uncertain compared with what else is heard (a Kalman filter without
 * correlations). This trial filter always learns; the proven one, whose answer is taken away, is replaced by it when it
 * has shown itself better, and so knows nothing of double talk. It works on emphasised sound: speech is weak at high
 * frequencies. No sample is delayed. Plain C, AVX2 and AVX-512 give the same bits (echo_kernel.h). Leaves out: comfort noise
 * has the background's level, not its spectrum; changes of the delay of the far end are learned as a new path.
 */
#pragma once
#include "echo_api.h"
