/* Recognition of line signals: bits of TS16 and the loop of a subscriber line.
 *
 * Must meet: a state is recognised when it has stood for the recognition time, and is told with its first sample
 * (Q.422 3.2: 20 ms +-7 ms, also GF 002-9002); an open loop of flash_min to flash_max ms is a register recall, one
 * longer than hook_on ms is a clearing (values are the caller's, national). A shorter break, or one between flash_max
 * and hook_on, is nothing; a closed loop counts when it has stood for the recognition time, so that contact bounce
 * inside a break does not divide it. Exact to the sample. Leaves out pulse dialling.
 *
 * One context a port; times are sample times.
 */
#pragma once
#include <stdint.h>

#define CAS_NEVER UINT64_MAX

struct cas_report {
  uint64_t sample;
  uint32_t value;
  uint16_t kind; /* PLANE_EVENT_ */
};

struct cas {
  uint8_t kind; /* PLANE_PORT_ */
  uint8_t told; /* state last told; 0xff = none yet */
  uint8_t raw;
  uint32_t recognition;
  uint32_t flash_min;
  uint32_t flash_max;
  uint32_t hook_on;
  uint64_t since;      /* first sample of the raw state */
  uint64_t open_since; /* first sample of the break under way, CAS_NEVER = none */
  uint64_t due;        /* when cas_expire is wanted */
};

/* Sets kind and times (samples) and begins with the level that stands now: it is told after its recognition time,
 * unless it is an open loop. Setting what is already set changes nothing. */
void cas_configure(struct cas *cas, const struct cas *wanted, uint8_t level, uint64_t now);
/* The raw state changed; the caller has expired what was due until then. Returns 1 and fills the report on a port of
 * kind raw. */
int cas_change(struct cas *cas, int hook, uint8_t value, uint64_t sample, struct cas_report *report);
/* `due` has come: returns 1 and fills the report, or 0 when it was nothing. */
int cas_expire(struct cas *cas, struct cas_report *report);
