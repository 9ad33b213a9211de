/* Lanes of the ports that listen: see port_lanes.h. */
#include "port_lanes.h"

#include <stdlib.h>
#include <string.h>

int port_lanes_create(struct port_lanes *lanes, int count) {
  *lanes = (struct port_lanes){.ears = calloc((size_t)count, sizeof *lanes->ears),
                               .port_of = calloc((size_t)count, sizeof *lanes->port_of),
                               .lane_of = malloc((size_t)count * sizeof *lanes->lane_of)};
  if (!lanes->ears || !lanes->port_of || !lanes->lane_of)
    return -1;
  memset(lanes->lane_of, 0xff, (size_t)count * sizeof *lanes->lane_of);
  return 0;
}

void port_lanes_close(struct port_lanes *lanes) {
  free(lanes->ears);
  free(lanes->port_of);
  free(lanes->lane_of);
  *lanes = (struct port_lanes){0};
}

uint32_t port_lanes_occupy(struct port_lanes *lanes, uint32_t port, const int16_t *ear) {
  uint32_t lane = 0;
  while (lanes->ears[lane])
    lane++;
  lanes->ears[lane] = ear;
  lanes->port_of[lane] = port;
  lanes->lane_of[port] = lane;
  lanes->listening++;
  return lane;
}

void port_lanes_release(struct port_lanes *lanes, uint32_t port) {
  uint32_t lane = lanes->lane_of[port];
  if (lane == PORT_NO_LANE)
    return;
  lanes->ears[lane] = 0;
  lanes->lane_of[port] = PORT_NO_LANE;
  lanes->listening--;
}
