/* Frames in a clear time slot of 64 kbit/s: flags, zero insertion, check sequence, abort (Q.703 clauses 2 to 4, Q.921 clause 2).
 *
 * Must meet (from memory): a flag is 01111110 and may open and close at once, or share its zero with the next; a zero goes behind five
 * ones; the check sequence is x16 + x12 + x5 + 1, inverted, begun with ones; seven ones end a frame as aborted. What is shorter than three
 * octets, not of whole octets or wrong in its check sequence is a frame in error. After an abort or too many octets the receiver of a
 * signalling link counts octets until the next good frame, each 16 of them a fault (Q.703 4.1.4). The lowest bit of an octet
 * goes first, in the highest bit of the time slot's octet, which the line sends first.
 *
 * Bits are worked one by one: 640 of them in a tick, 19 840 where a span is one channel. Nothing is allocated, nothing is kept but what
 * the structures hold.
 */
#pragma once
#include "hdlc_api.h"
