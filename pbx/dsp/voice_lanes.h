/* The voice receiver of the plane: a port that listens for voices occupies a lane of one bank.
 *
 * Limits are those of voice_activity.h. All memory is taken at creation.
 */
#pragma once
#include "kernels_api.h"
#include "port_lanes.h"
#include "voice_activity_api.h"

struct voice_lanes {
  struct port_lanes of_ports;
  void *memory;
  struct voice_bank *bank;
  struct tone_report *reports;
};

int voice_lanes_create(struct voice_lanes *lanes, int count);
void voice_lanes_close(struct voice_lanes *lanes);
/* Sets whether the port listens to the 80 samples at `ear`. */
void voice_lanes_listen(struct voice_lanes *lanes, uint32_t port, int wanted, const int16_t *ear);
/* Runs over this tick; returns the number of reports. */
int voice_lanes_run(struct voice_lanes *lanes);
