/* Frequencies in blocks of 10 ms: see block_tones.h. */
#include "block_tones.h"

#include <math.h>
#include <string.h>

#include "g711.h"
#include "processor.h"

#define PEAK 10000
#define PURE_MIN 0.55f
#define RIVAL 5.0f
#define CLOSE_MILLIHERTZ 85000
#define TURN_OF_ONE_MILLIHERTZ (2.0 * 3.14159265358979 / 8e6)

static void add_column(struct block_plan *plan, int column, double millihertz) {
  double turn = millihertz * TURN_OF_ONE_MILLIHERTZ;
  for (int r = 0; r < KERNEL_BLOCK_SAMPLES / 4; r++) {
    double first = turn * (2 * r + 0.5), second = turn * (2 * r + 1.5);
    uint32_t cosines = (uint16_t)lrint(PEAK * cos(first)) | (uint32_t)(uint16_t)lrint(PEAK * cos(second)) << 16;
    uint32_t sines = (uint16_t)lrint(PEAK * sin(first)) | (uint32_t)(uint16_t)lrint(PEAK * sin(second)) << 16;
    /* Rows follow one another without gaps, however many columns there are. */
    int32_t *row = &plan->table[0][0] + r * plan->columns;
    row[column] = (int32_t)cosines;
    row[plan->columns / 2 + column] = (int32_t)sines;
  }
  plan->turn_cosine[column] = (float)cos(turn * KERNEL_BLOCK_SAMPLES);
  plan->turn_sine[column] = (float)sin(turn * KERNEL_BLOCK_SAMPLES);
}

void block_plan_make(struct block_plan *plan, const uint32_t *frequency_millihertz, int progress, int fax) {
  memset(plan, 0, sizeof *plan);
  plan->progress = progress < PROGRESS_FREQUENCIES_MAX ? progress : PROGRESS_FREQUENCIES_MAX;
  plan->fax = fax ? plan->progress : -1;
  plan->columns = (2 * (plan->progress + (fax ? 2 : 0)) + 3) / 4 * 4;
  plan->columns = plan->columns > 16 ? GROUP_COLUMNS_MAX : plan->columns;
  plan->blocks = 1;
  plan->minimum = (float)(GROUP_POWER_AT_0_DBM0 * pow(10.0, BLOCK_MINIMUM_TENTH_DBM0 / 100.0));
  plan->fax_minimum = (float)(GROUP_POWER_AT_0_DBM0 * pow(10.0, BLOCK_FAX_MINIMUM_TENTH_DBM0 / 100.0));
  for (int k = 0; k < plan->progress; k++) {
    add_column(plan, k, frequency_millihertz[k]);
    for (int j = 0; j < k; j++)
      if (fabs((double)frequency_millihertz[k] - frequency_millihertz[j]) < CLOSE_MILLIHERTZ)
        plan->blocks = 3;
  }
  if (fax) {
    add_column(plan, plan->progress, BLOCK_CNG_HZ * 1000.0);
    add_column(plan, plan->progress + 1, BLOCK_CED_HZ * 1000.0);
  }
}

/* Amplitudes of the newest block, as if each frequency were alone. */
PROCESSOR_INLINE void scale_lanes(struct block_window *restrict window, int32_t (*restrict products)[GROUP_LANES],
                                  int columns) {
  const float scale = 2.0f / ((float)PEAK * KERNEL_BLOCK_SAMPLES);
  for (int k = 0; k < columns / 2; k++) {
    for (int lane = 0; lane < GROUP_LANES; lane++) {
      window->cosine[k][lane] = (float)products[k][lane] * scale;
      window->sine[k][lane] = (float)products[columns / 2 + k][lane] * scale;
    }
  }
}

PROCESSOR_VERSIONS(scale, (struct block_window * window, int32_t (*products)[GROUP_LANES], int columns),
                   (window, products, columns))

/* The power of each frequency of the plan over three blocks: the older ones are turned on to the newest and added. */
PROCESSOR_INLINE void gather_lanes(const struct block_plan *plan, const struct block_window *newest,
                                   const struct block_window *before, const struct block_window *oldest,
                                   float (*restrict power)[GROUP_LANES], float *restrict energy) {
  for (int k = 0; k < plan->progress; k++) {
    float c = plan->turn_cosine[k], s = plan->turn_sine[k];
    for (int lane = 0; lane < GROUP_LANES; lane++) {
      float cosine = oldest->cosine[k][lane] * c + oldest->sine[k][lane] * s + before->cosine[k][lane];
      float sine = oldest->sine[k][lane] * c - oldest->cosine[k][lane] * s + before->sine[k][lane];
      float both_cosine = cosine * c + sine * s + newest->cosine[k][lane];
      float both_sine = sine * c - cosine * s + newest->sine[k][lane];
      power[k][lane] = (both_cosine * both_cosine + both_sine * both_sine) * (0.5f / 9.0f);
    }
  }
  for (int lane = 0; lane < GROUP_LANES; lane++)
    energy[lane] = (newest->energy[lane] + before->energy[lane] + oldest->energy[lane]) * (1.0f / 3.0f);
}

PROCESSOR_VERSIONS(gather,
                   (const struct block_plan *plan, const struct block_window *newest, const struct block_window *before,
                    const struct block_window *oldest, float (*power)[GROUP_LANES], float *energy),
                   (plan, newest, before, oldest, power, energy))

PROCESSOR_INLINE void powers_lanes(const struct block_window *restrict window, int from, int to,
                                   float (*restrict power)[GROUP_LANES]) {
  for (int k = from; k < to; k++)
    for (int lane = 0; lane < GROUP_LANES; lane++)
      power[k - from][lane] = 0.5f * (window->cosine[k][lane] * window->cosine[k][lane] +
                                      window->sine[k][lane] * window->sine[k][lane]);
}

PROCESSOR_VERSIONS(powers, (const struct block_window *window, int from, int to, float (*power)[GROUP_LANES]),
                   (window, from, to, power))

PROCESSOR_INLINE void judge_lanes(const struct block_plan *restrict plan, float (*restrict power)[GROUP_LANES],
                                  const float *restrict energy, float *restrict sum, int32_t *restrict mask) {
  float strongest[GROUP_LANES] = {0};
  for (int k = 0; k < plan->progress; k++)
    for (int lane = 0; lane < GROUP_LANES; lane++)
      strongest[lane] = power[k][lane] > strongest[lane] ? power[k][lane] : strongest[lane];
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    sum[lane] = 0.0f;
    mask[lane] = 0;
  }
  for (int k = 0; k < plan->progress; k++) {
    for (int lane = 0; lane < GROUP_LANES; lane++) {
      int32_t there = (power[k][lane] >= plan->minimum) & (power[k][lane] * RIVAL >= strongest[lane]);
      sum[lane] += there ? power[k][lane] : 0.0f;
      mask[lane] |= there << k;
    }
  }
  for (int lane = 0; lane < GROUP_LANES; lane++)
    mask[lane] = sum[lane] >= PURE_MIN * energy[lane] ? mask[lane] : 0;
}

PROCESSOR_VERSIONS(judge,
                   (const struct block_plan *plan, float (*power)[GROUP_LANES], const float *energy, float *sum,
                    int32_t *mask),
                   (plan, power, energy, sum, mask))

PROCESSOR_INLINE void judge_fax_lanes(const struct block_plan *restrict plan, float (*restrict power)[GROUP_LANES],
                                      const float *restrict energy, int32_t *restrict mask) {
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    float least = PURE_MIN * energy[lane] > plan->fax_minimum ? PURE_MIN * energy[lane] : plan->fax_minimum;
    mask[lane] |= (power[0][lane] >= least) << BLOCK_CNG | (power[1][lane] >= least) << BLOCK_CED;
  }
}

PROCESSOR_VERSIONS(judge_fax,
                   (const struct block_plan *plan, float (*power)[GROUP_LANES], const float *energy, int32_t *mask),
                   (plan, power, energy, mask))

void block_hear(struct block_group *group, const struct block_plan *plan, int64_t tick, const struct group_sound *sound,
                const float energy[GROUP_LANES]) {
  int32_t products[GROUP_COLUMNS_MAX][GROUP_LANES], mask[GROUP_LANES];
  _Alignas(64) float power[BLOCK_TONES_MAX][GROUP_LANES], gathered[GROUP_LANES];
  struct block_window *newest = &group->window[tick & (BLOCK_SLOTS - 1)];
  const float *over = energy;
  correlate_fold(sound, KERNEL_BLOCK_SAMPLES / 4, plan->table[0], plan->columns, products);
  memcpy(newest->energy, energy, sizeof newest->energy);
  scale(newest, products, plan->columns);
  if (plan->blocks == 3) {
    gather(plan, newest, &group->window[(tick - 1) & (BLOCK_SLOTS - 1)], &group->window[(tick - 2) & (BLOCK_SLOTS - 1)], power,
           gathered);
    over = gathered;
  } else {
    powers(newest, 0, plan->progress, power);
  }
  judge(plan, power, over, group->power, mask);
  if (plan->fax >= 0) {
    powers(newest, plan->fax, plan->fax + 2, power);
    judge_fax(plan, power, energy, mask);
  }
  for (int lane = 0; lane < GROUP_LANES; lane++)
    group->mask[lane] = (uint16_t)mask[lane];
}
