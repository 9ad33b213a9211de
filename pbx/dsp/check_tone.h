/* The receiver of the check-tone by which the continuity of a speech circuit is shown: 2000 Hz (Q.724 section 7, Q.764 2.1.8).
 *
 * Must meet (Q.724 7.3.3, from memory, where the tone is sent at -12 dBm0):
 *   operate    2000 +-30 Hz at -18 to -6 dBm0, recognised after 30 to 60 ms;
 *   not        a frequency 200 Hz or more away, -22 dBm0 and less, a tone shorter than 30 ms;
 *   release    interruptions of up to 15 ms are ignored; the end is told within 40 ms; the level of release is below -27 dBm0.
 * Own choice: a tone above -3 dBm0 is not recognised either, for the circuit has a gain that it should not have.
 *
 * One context a lane, blocks of 80 samples. At 8000 samples a second a period of the tone has four of them, so that its sine and
 * cosine are 0, 1 and -1: all sums are whole numbers.
 */
#pragma once
#include "check_tone_api.h"
#include "port_lanes.h"

#define CHECK_TONE_SENT_TENTH_DBM0 (-120)

struct check_lanes {
  struct port_lanes of_ports;
  struct check_tone *checks; /* by lane */
};

int check_lanes_create(struct check_lanes *lanes, int count);
void check_lanes_close(struct check_lanes *lanes);
/* Sets whether the port listens to the 80 samples at `ear`. */
void check_lanes_listen(struct check_lanes *lanes, uint32_t port, int wanted, const int16_t *ear);
