/* The echo cancellers of the plane: a port that has one occupies a lane of one bank (echo.h).
 *
 * Limits are those of echo.h. Their number is fixed at creation, where all memory is taken: each needs 40 kB for the longest
 * tail. Lanes are given out lowest first; a freed lane is used again. A port whose two directions have been silent for
 * as long as an echo can last costs nothing, so that the virtual clock may jump over it.
 */
#pragma once
#include <stdint.h>

#include "echo_api.h"
#include "kernels_api.h"

#define ECHO_NO_LANE 0xffffffffu
#define ECHO_QUIET_TICKS 24 /* the longest tail, the longest delay, and the time in which comfort noise gives way */

struct echo_lanes {
  int lanes;
  uint32_t working;
  void *memory;
  struct echo_bank *bank;
  const int16_t **far; /* [lanes] null = nothing was said */
  const int16_t **near; /* [lanes] null = takes no part in this tick */
  int16_t **out;
  int16_t (*far_sound)[KERNEL_BLOCK_SAMPLES];
  uint32_t *port_of; /* [lanes] ECHO_NO_LANE = free */
  uint32_t *lane_of; /* [ports] ECHO_NO_LANE = none */
  uint8_t *quiet_ticks; /* [lanes] for how long neither side has spoken */
};

int echo_lanes_create(struct echo_lanes *lanes, uint32_t count, uint32_t ports);
void echo_lanes_close(struct echo_lanes *lanes);
/* Gives the port a canceller that begins anew, or with a tail of 0 takes it away; -1 when there is none free or no such
 * tail or delay. */
int echo_lanes_set(struct echo_lanes *lanes, uint32_t port, uint32_t tail_ms, uint32_t options, uint32_t delay_ms);
