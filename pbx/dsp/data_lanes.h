/* Data receivers and line tests of the plane: a port that listens for caller identity or for the flags before a fax occupies a
 * lane of one bank (fsk.h) and, for caller identity, hears the alert before it (alert_tone.h); a port under test has a sender
 * and a receiver of a test pattern (bert.h).
 *
 * Limits are those of fsk.h and bert.h. Tests speak and hear octets as they stand on the line, in place of everything else the port
 * says. All memory is taken at creation.
 */
#pragma once
#include "alert_tone.h"
#include "data_api.h"
#include "port_lanes.h"

#define DATA_NO_MODEM -1
#define DATA_TEST_TICKS 100 /* a result a second */

struct data_test {
  uint8_t sends;
  uint8_t receives;
  uint8_t ticks; /* of the present second */
  uint64_t bits; /* at its beginning */
  uint64_t errors;
  struct bert_sender sender;
  struct bert_receiver receiver;
};

struct data_lanes {
  struct port_lanes of_ports;
  void *memory;
  struct fsk_bank *fsk;
  struct tone_report *reports;
  int8_t *modem; /* by lane */
  struct alert_tone *alert; /* by lane: who listens for caller identity hears the alert before it too */
  uint32_t testing;
  struct data_test *tests; /* by port */
};

int data_lanes_create(struct data_lanes *lanes, int count);
void data_lanes_close(struct data_lanes *lanes);
/* Sets for which modem (FSK_) the port listens to the 80 samples at `ear`. */
void data_lanes_listen(struct data_lanes *lanes, uint32_t port, int modem, const int16_t *ear);
/* Runs over this tick; returns the number of reports. */
int data_lanes_run(struct data_lanes *lanes);
/* What a lane hears of the dual tone alert in this tick (alert_tone.h). */
int data_lanes_alert(struct data_lanes *lanes, uint32_t lane, int *back);
/* Begins and ends a test. Returns 0, or -1 for no such pattern. */
int data_lanes_test(struct data_lanes *lanes, uint32_t port, int pattern, int sends, int receives);
/* A tick of a port under test: takes what came, 1 when a second is over and `result` says what it brought (api.h). */
int data_lanes_tested(struct data_lanes *lanes, uint32_t port, const uint8_t *octets, uint32_t *result);
