/* The voice receiver of the plane: see voice_lanes.h. */
#include "voice_lanes.h"

#include <stdlib.h>
#include <string.h>

int voice_lanes_create(struct voice_lanes *lanes, int count) {
  size_t octets = (voice_bank_size(count) + 63) & ~(size_t)63;
  *lanes = (struct voice_lanes){.lanes = count};
  lanes->memory = aligned_alloc(64, octets);
  lanes->ears = calloc((size_t)count, sizeof *lanes->ears);
  lanes->port_of = calloc((size_t)count, sizeof *lanes->port_of);
  lanes->lane_of = malloc((size_t)count * sizeof *lanes->lane_of);
  lanes->reports = calloc((size_t)count * KERNEL_REPORTS_PER_LANE, sizeof *lanes->reports);
  if (!lanes->memory || !lanes->ears || !lanes->port_of || !lanes->lane_of || !lanes->reports)
    return -1;
  memset(lanes->lane_of, 0xff, (size_t)count * sizeof *lanes->lane_of);
  lanes->bank = voice_bank_init(lanes->memory, count);
  return 0;
}

void voice_lanes_close(struct voice_lanes *lanes) {
  free(lanes->memory);
  free(lanes->ears);
  free(lanes->port_of);
  free(lanes->lane_of);
  free(lanes->reports);
}

void voice_lanes_listen(struct voice_lanes *lanes, uint32_t port, int wanted, const int16_t *ear) {
  uint32_t lane = lanes->lane_of[port];
  if (wanted && lane == VOICE_NO_LANE) {
    for (lane = 0; lanes->ears[lane];)
      lane++;
    lanes->ears[lane] = ear;
    lanes->port_of[lane] = port;
    lanes->lane_of[port] = lane;
    lanes->listening++;
    voice_lane_reset(lanes->bank, (int)lane);
  } else if (!wanted && lane != VOICE_NO_LANE) {
    lanes->ears[lane] = 0;
    lanes->lane_of[port] = VOICE_NO_LANE;
    lanes->listening--;
  }
}

int voice_lanes_run(struct voice_lanes *lanes) {
  return lanes->listening ? voice_bank_run(lanes->bank, lanes->ears, lanes->reports) : 0;
}
