/* Recognition of line signals: bits of TS16 and the loop of a subscriber line, with pulse dialling.
 *
 * Must meet, exact to the sample:
 *   - a state is recognised when it has stood for the recognition time, and is told with its first sample (Q.422 3.2:
 *     20 ms +-7 ms, also GF 002-9002);
 *   - an open loop of flash_min to flash_max is a register recall, told with the first sample of the closed loop behind
 *     it; one longer than hook_on is a clearing. A break that is none of these is nothing;
 *   - dial pulses (YDN 065-1997, from memory): 8 to 14 a second at a ratio of break to make of 1.3 to 2.5, so a break has
 *     40.4 to 89.3 ms and a make 20.4 to 54.3 ms; the pause between digits has at least 350 ms. Ten breaks are the digit
 *     0, more are no digit. The digit is told when the loop has been closed for digit_pause, with the first sample behind
 *     its last break;
 *   - a single break is told from a flash by its length alone: pulse_min to pulse_max begins a digit. Within a train
 *     breaks up to train_max count, so that a slow dial is not taken for a hand on the hook. A longer break ends the digit:
 *     it is told before a flash, and goes with a clearing;
 *   - a make shorter than make_min does not divide a break: contacts bounce for up to 5 ms (from memory). Lifting counts
 *     when the loop has stood for the recognition time.
 * All times are the caller's, for they are national; the defaults stand in pbx/media.py.
 *
 * One context a port; times are sample times. Its declarations stand in line_api.h.
 */
#pragma once
#include "line_api.h"
