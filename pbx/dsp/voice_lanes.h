/* The voice receiver of the plane: a port that listens for voices occupies a lane of one bank (voice_activity.h).
 *
 * Limits are those of voice_activity.h. Lanes are given out lowest first; a freed lane is used again. All memory is taken at
 * creation.
 */
#pragma once
#include <stdint.h>

#include "kernels_api.h"
#include "voice_activity_api.h"

struct voice_lanes {
  int lanes;
  uint32_t listening;
  void *memory;
  struct voice_bank *bank;
  const int16_t **ears; /* [lanes] null = free */
  uint32_t *port_of;    /* [lanes] */
  uint32_t *lane_of;    /* [lanes], by port; VOICE_NO_LANE = none */
  struct tone_report *reports;
};

#define VOICE_NO_LANE 0xffffffffu

int voice_lanes_create(struct voice_lanes *lanes, int count);
void voice_lanes_close(struct voice_lanes *lanes);
/* Sets whether the port listens to the 80 samples at `ear`. */
void voice_lanes_listen(struct voice_lanes *lanes, uint32_t port, int wanted, const int16_t *ear);
/* Runs over this tick; returns the number of reports. */
int voice_lanes_run(struct voice_lanes *lanes);
