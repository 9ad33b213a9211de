/* Call progress tones: which frequencies of the network sound how long, one after the other.
 *
 * Must meet (GB 3380-82, Q.35 and E.180, from memory): frequency +-25 Hz, level -30 dBm0 and above, each on and off part
 * within 15 % or 30 ms of its nominal length, whichever is more (the exchange sends within 10 %). Frequencies and
 * cadences are data: `struct progress_plan`. A tone of no segments is continuous: it is reported once it has lasted longer
 * than the longest on part of the others that have its frequencies. Special information tones (E.180: three
 * frequencies one after the other) are segments without pauses. A tone is ended when its cadence is broken.
 */
#pragma once
#include "block_tones.h"

#define PROGRESS_CYCLE_MAX (2 * PROGRESS_SEGMENTS_MAX)
#define PROGRESS_PARTS_KEPT 16
#define PROGRESS_NEVER INT32_MAX

/* A tone as the row of its parts; a part is a mask of frequencies (0 = silence) and a length. */
struct progress_cycle {
  uint8_t parts; /* 0 = continuous */
  uint8_t needed;
  uint8_t mask[PROGRESS_CYCLE_MAX]; /* of a continuous tone the first */
  uint16_t ms[PROGRESS_CYCLE_MAX];
};

struct progress_cadences {
  int32_t tones;
  int32_t blur_ticks; /* a sounding part shorter than this is the passage between two others */
  int32_t longest_on_ms[1 << PROGRESS_FREQUENCIES_MAX]; /* by mask */
  struct progress_cycle cycle[PROGRESS_TONES_MAX];
};

struct progress_lane {
  int64_t last_edge;
  int32_t part_ms[PROGRESS_PARTS_KEPT]; /* the finished parts, latest first */
  uint8_t part_mask[PROGRESS_PARTS_KEPT];
  uint8_t parts;    /* how many are kept */
  uint8_t tone;     /* the tone reported as present, plus one */
  uint8_t position; /* place in its cycle of the part that goes on */
  uint8_t spare[5];
};

struct progress_group {
  int32_t run_ticks[GROUP_LANES];   /* length of the part that goes on now */
  int32_t limit_ticks[GROUP_LANES]; /* at this length something is to be decided */
  float power[GROUP_LANES];         /* of the strongest block of the last sounding part */
  uint8_t mask[GROUP_LANES];        /* of the part that goes on */
  uint8_t doubtful[GROUP_LANES];    /* the last block was unlike the part that goes on */
  uint8_t spare[32];
  struct progress_lane lane[GROUP_LANES];
};

/* `blocks` is how many blocks a window spans. */
void progress_cadences_make(struct progress_cadences *cadences, const struct progress_plan *plan, int blocks);
/* `blocks` is what the newest block of every lane shows. */
void progress_hear(struct progress_group *group, const struct progress_cadences *cadences, const struct tone_ear *ear,
                   const struct block_group *blocks);
void progress_reset(struct progress_group *group, int lane);
