/* All tone receivers over lanes, behind one first stage.
 *
 * Limits are those of the receivers: dtmf.h, mf_r2.h, call_progress.h, fax_tone.h. Lanes stand in groups of 16 that are
 * worked on together; a group does only what some lane of it listens for. Each receiver looks at all lanes of a group
 * at once and goes into a lane only where something is to be decided.
 */
#pragma once
#include <string.h>

#include "correlate.h"
#include "kernels_api.h"

/* The lanes of one group in one tick, as a receiver sees them. */
struct tone_ear {
  int64_t tick;        /* the bank's */
  int32_t first_lane;
  uint32_t listening;  /* bit for each lane that wants this receiver */
  uint8_t receiver;    /* TONE_ */
  struct tone_report **reports;
};

/* The sample after the newest one. */
static inline int64_t tone_now(const struct tone_ear *ear) { return (ear->tick + 1) * KERNEL_BLOCK_SAMPLES; }

/* One bit for each octet that is 1 and not 0; mostly none is. */
static inline uint32_t tone_mask(const uint8_t stirs[GROUP_LANES]) {
  uint64_t half[2];
  memcpy(half, stirs, sizeof half);
  if (!(half[0] | half[1]))
    return 0;
  uint32_t mask = 0;
  for (int lane = 0; lane < GROUP_LANES; lane++)
    mask |= (uint32_t)stirs[lane] << lane;
  return mask;
}

/* Reports an edge at sample `at`. Edges never go back in time, though the estimates of two that lie close together may;
 * `last` is the lane's last one. The power is on the scale of the group's samples. */
void tone_tell(const struct tone_ear *ear, int lane, int edge, int value, int64_t at, int64_t *last, float power);
