/* Frequency-shift keying: V.23 forward channel and Bell 202 at 1200 bit/s, V.21 at 300 bit/s, received over lanes and sent.
 *
 * Must meet, received: carrier found at -43 dBm0 and above, lost below -48 dBm0 (V.23 and V.21, clause on received line signals), told at
 * most 40 ms after its first sample; mark and space unequal by 6 dB either way for V.23, 10 dB for Bell 202 (EN 300 659-1 and GR-30-CORE,
 * from memory); a bit rate 1 % off; no message of 40 octets in 1000 lost at 14 dB of signal to white noise over 4 kHz (GR-30 asks 25 dB).
 * An octet is told at the middle of its stop bit, with the first sample of its start bit; one without a stop bit is told as a framing
 * error. V.21 flags are told after FSK_FLAGS_NEEDED in a row (T.30 sends about 37), their end after two octets without one.
 * White noise gives no carrier in a minute; DTMF and now and then a vowel do, and then octets that no message begins with.
 * FSK_CALLER_IDENTITY hears V.23 and Bell 202 alike: its rows lie 50 Hz from either, a tenth of what a bit can tell apart.
 *
 * How: the window of one bit turns with each sample, by two pairs of short correlators, each blind to the other's frequency; the
 * difference of their powers is the bit, and its passage through nought the time. Where there is no power, nothing of this is done.
 *
 * Must meet, sent: frequencies within 0.001 Hz, bits within a millionth (V.23 wants 10 Hz and 0.01 %), phase without a jump, changes of
 * frequency to a fraction of a sample, level within 0.05 dB and at most +3 dBm0. Held by tests/dsp/test_fsk.py.
 */
#pragma once
#include "data_api.h"

#define FSK_ON_TENTH_DBM0 (-445) /* so that -43 dBm0 is heard through A-law too */
#define FSK_OFF_TENTH_DBM0 (-480)
#define FSK_FLAGS_NEEDED 4
