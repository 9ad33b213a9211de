/* Lanes of a bank for the ports that listen: which port has which lane, and the ear of each.
 *
 * Used by every bank of the plane whose lanes are as many as its ports, so that there is always one free. Lanes are given out
 * lowest first, because banks work on groups of neighbours; a freed lane is used again. All memory is taken at creation.
 */
#pragma once
#include <stdint.h>

#define PORT_NO_LANE 0xffffffffu

struct port_lanes {
  uint32_t listening;   /* lanes in use */
  const int16_t **ears; /* [lanes] null = free */
  uint32_t *port_of;    /* [lanes] */
  uint32_t *lane_of;    /* [lanes], by port; PORT_NO_LANE = none */
};

int port_lanes_create(struct port_lanes *lanes, int count);
void port_lanes_close(struct port_lanes *lanes);
/* Gives the port, which has none, a lane that hears the 80 samples at `ear`. */
uint32_t port_lanes_occupy(struct port_lanes *lanes, uint32_t port, const int16_t *ear);
/* Takes the port's lane away, if it has one. */
void port_lanes_release(struct port_lanes *lanes, uint32_t port);
