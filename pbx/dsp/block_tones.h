/* Which of a few single frequencies sound in each block of 10 ms: the second half of the first stage, for receivers that
 * go by cadence (call_progress.h, fax_tone.h).
 *
 * Limits: a frequency is there when it is above the minimum and no more than 7 dB below the strongest, and those that
 * are there together make up 55 % of the sound, so that a block half covered counts as sounding. Frequencies of a tone
 * plan that lie closer than 85 Hz are told apart over three blocks instead of one, which blurs edges by 10 ms.
 */
#pragma once
#include "tone_bank.h"

#define BLOCK_MINIMUM_TENTH_DBM0 (-350)     /* call progress */
#define BLOCK_FAX_MINIMUM_TENTH_DBM0 (-430) /* CNG and answer tones: T.30 and V.25 receivers hear to -43 dBm0 */
#define BLOCK_TONES_MAX (PROGRESS_FREQUENCIES_MAX + 2)
#define BLOCK_COLUMNS (GROUP_COLUMNS_MAX / 2) /* room for those that are only there to fill a width */
#define BLOCK_CNG PROGRESS_FREQUENCIES_MAX /* bits of a mask above those of the plan */
#define BLOCK_CED (PROGRESS_FREQUENCIES_MAX + 1)
#define BLOCK_CNG_HZ 1100
#define BLOCK_CED_HZ 2100
#define BLOCK_SLOTS 4

/* What is summed: made once. */
struct block_plan {
  _Alignas(64) int32_t table[KERNEL_BLOCK_SAMPLES / 4][GROUP_COLUMNS_MAX];
  float turn_cosine[BLOCK_TONES_MAX]; /* of each frequency's phase in one block */
  float turn_sine[BLOCK_TONES_MAX];
  int32_t columns;
  int32_t progress;            /* frequencies of the plan */
  int32_t blocks;              /* 1 or 3 */
  int32_t fax;                 /* column of CNG, CED follows; -1 = not wanted */
  float minimum;
  float fax_minimum;
};

struct block_window {
  _Alignas(64) float cosine[BLOCK_COLUMNS][GROUP_LANES];
  float sine[BLOCK_COLUMNS][GROUP_LANES];
  float energy[GROUP_LANES];
};

struct block_group {
  struct block_window window[BLOCK_SLOTS]; /* by tick */
  float power[GROUP_LANES];                /* of the plan's frequencies that are there */
  uint16_t mask[GROUP_LANES];
  uint8_t spare[32];
};

void block_plan_make(struct block_plan *plan, const uint32_t *frequency_millihertz, int progress, int fax);
void block_hear(struct block_group *group, const struct block_plan *plan, int64_t tick, const struct group_sound *sound,
                const float energy[GROUP_LANES]);
