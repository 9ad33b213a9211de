/* The echo cancellers of the plane: see echo_lanes.h. */
#include "echo_lanes.h"

#include <stdlib.h>
#include <string.h>

int echo_lanes_create(struct echo_lanes *lanes, uint32_t count, uint32_t ports) {
  size_t octets = (echo_bank_size((int)count, ECHO_TAIL_MOST_MS) + 63) & ~(size_t)63;
  *lanes = (struct echo_lanes){.lanes = (int)count};
  lanes->memory = aligned_alloc(64, octets);
  lanes->far = calloc(count + 1, sizeof *lanes->far);
  lanes->near = calloc(count + 1, sizeof *lanes->near);
  lanes->out = calloc(count + 1, sizeof *lanes->out);
  lanes->far_sound = calloc(count + 1, sizeof *lanes->far_sound);
  lanes->port_of = malloc((count + 1) * sizeof *lanes->port_of);
  lanes->lane_of = malloc(ports * sizeof *lanes->lane_of);
  lanes->quiet_ticks = calloc(count + 1, sizeof *lanes->quiet_ticks);
  if (!lanes->memory || !lanes->far || !lanes->near || !lanes->out || !lanes->far_sound || !lanes->port_of ||
      !lanes->lane_of || !lanes->quiet_ticks)
    return -1;
  memset(lanes->port_of, 0xff, (count + 1) * sizeof *lanes->port_of);
  memset(lanes->lane_of, 0xff, ports * sizeof *lanes->lane_of);
  lanes->bank = echo_bank_init(lanes->memory, (int)count, ECHO_TAIL_MOST_MS);
  return 0;
}

void echo_lanes_close(struct echo_lanes *lanes) {
  free(lanes->memory);
  free(lanes->far);
  free(lanes->near);
  free(lanes->out);
  free(lanes->far_sound);
  free(lanes->port_of);
  free(lanes->lane_of);
  free(lanes->quiet_ticks);
  *lanes = (struct echo_lanes){0};
}

static void release(struct echo_lanes *lanes, uint32_t port) {
  uint32_t lane = lanes->lane_of[port];
  if (lane == ECHO_NO_LANE)
    return;
  lanes->near[lane] = 0;
  lanes->port_of[lane] = lanes->lane_of[port] = ECHO_NO_LANE;
  lanes->working--;
}

int echo_lanes_set(struct echo_lanes *lanes, uint32_t port, uint32_t tail_ms, uint32_t options, uint32_t delay_ms) {
  uint32_t lane = lanes->lane_of[port];
  if (tail_ms > ECHO_TAIL_MOST_MS || delay_ms > ECHO_DELAY_MOST_MS)
    return -1;
  if (!tail_ms) {
    release(lanes, port);
    return 0;
  }
  if (lane == ECHO_NO_LANE) {
    for (lane = 0; lane < (uint32_t)lanes->lanes && lanes->port_of[lane] != ECHO_NO_LANE;)
      lane++;
    if (lane == (uint32_t)lanes->lanes)
      return -1;
    lanes->port_of[lane] = port;
    lanes->lane_of[port] = lane;
    lanes->working++;
  }
  lanes->quiet_ticks[lane] = ECHO_QUIET_TICKS;
  return echo_lane_set(lanes->bank, (int)lane, (int)tail_ms, (int)options, (int)delay_ms);
}
