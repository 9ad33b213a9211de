/* Recognition of what an exchange does on an analog line that leads to it (FXO), and of ground start (FXS).
 *
 * Must meet, exact to the sample: ringing voltage, polarity, feed and ground are recognised when they have stood for their
 * recognition times, and told with their first sample; what is shorter is nothing. A metering pulse (12 or 16 kHz) of
 * meter_min to meter_max is told at its end. The times are the caller's, for they are national; the defaults in
 * pbx/media.py (ringing 100 ms, polarity and feed 50 ms, pulses 30 to 1000 ms) are from memory. Leaves out the frequency
 * of ringing and metering, which is the card's business.
 *
 * One context a port; times are sample times. Its declarations stand in line_api.h.
 */
#pragma once
#include "line_api.h"
