/* Faults of a line, put on a block of octets: bit errors, bursts, loss of signal, AIS, a signal without frames, bit phase.
 *
 * Deterministic: the random numbers (splitmix64) start from a seed handed in. Bit errors are placed by their distances, which
 * are geometrically distributed, so the cost is that of the errors and not of the bits. Slip, delay and remote alarm are
 * not here: they happen in the receiver, in the link and in the sender.
 */
#pragma once
#include "e1.h"
#include <stdint.h>

struct faults {
  double rate;      /* errored bits per bit */
  double distance;  /* bits until the next error */
  int64_t burst_start, burst_bits;
  int cut, ais, lof, rai;
  int phase;             /* bits late */
  uint8_t before[32];    /* end of the block before, for the phase */
  uint64_t random;
  uint64_t injected;
};

void faults_clear(struct faults *);
void faults_bit_errors(struct faults *, double rate, uint64_t seed);
void faults_burst(struct faults *, int64_t start_bits, int64_t bits, uint64_t seed);
/* Whether faults_apply would change anything. */
int faults_active(const struct faults *);
/* Changes one block in place. */
void faults_apply(struct faults *, uint8_t *octets);
