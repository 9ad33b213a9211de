/* Call progress receiver: see call_progress.h. */
#include "call_progress.h"

#include <string.h>

#include "processor.h"

#define TOLERANCE_MS 30
#define TICK_MS 10
#define SAMPLES_A_MS 8
#define PLAN_MASK ((1 << PROGRESS_FREQUENCIES_MAX) - 1)
#define RUN_MAX (1 << 24)

static int at_most(int value, int most) { return value < most ? value : most; }

static void make_cycle(struct progress_cycle *cycle, const struct progress_tone *tone) {
  int segments = at_most(tone->segments, PROGRESS_SEGMENTS_MAX);
  cycle->mask[0] = tone->frequencies[0] & PLAN_MASK;
  for (int k = 0; k < segments; k++) {
    cycle->mask[cycle->parts] = tone->frequencies[k] & PLAN_MASK;
    cycle->ms[cycle->parts++] = tone->on_ms[k];
    if (tone->off_ms[k]) {
      cycle->mask[cycle->parts] = 0;
      cycle->ms[cycle->parts++] = tone->off_ms[k];
    }
  }
  cycle->needed = (uint8_t)(tone->needed < 1 ? 1 : at_most(tone->needed, PROGRESS_PARTS_KEPT));
}

void progress_cadences_make(struct progress_cadences *cadences, const struct progress_plan *plan, int blocks) {
  memset(cadences, 0, sizeof *cadences);
  cadences->blur_ticks = blocks > 1 ? blocks + 2 : 0;
  cadences->tones = at_most((int)plan->tones, PROGRESS_TONES_MAX);
  for (int i = 0; i < cadences->tones; i++) {
    struct progress_cycle *cycle = &cadences->cycle[i];
    make_cycle(cycle, &plan->tone[i]);
    for (int k = 0; k < cycle->parts; k++) {
      int32_t *longest_ms = &cadences->longest_on_ms[cycle->mask[k]];
      *longest_ms = cycle->ms[k] > *longest_ms ? cycle->ms[k] : *longest_ms;
    }
  }
}

void progress_reset(struct progress_group *group, int lane) {
  group->run_ticks[lane] = 0;
  group->limit_ticks[lane] = PROGRESS_NEVER;
  group->power[lane] = 0;
  group->mask[lane] = group->doubtful[lane] = 0;
  memset(&group->lane[lane], 0, sizeof group->lane[lane]);
}

static int tolerance_ms(int nominal_ms) {
  int share = nominal_ms * 15 / 100;
  return share > TOLERANCE_MS ? share : TOLERANCE_MS;
}

static int like(const struct progress_cycle *cycle, int position, int heard_ms, uint8_t heard_mask) {
  int expected_ms = cycle->ms[position], tolerance = tolerance_ms(expected_ms);
  return heard_mask == cycle->mask[position] && heard_ms >= expected_ms - tolerance && heard_ms <= expected_ms + tolerance;
}

/* Whether the latest `needed` finished parts are this cadence, the latest of them at `position` of it; the oldest must
 * sound, or mere silence would count. */
static int matches(const struct progress_lane *state, const struct progress_cycle *cycle, int position) {
  if (state->parts < cycle->needed || !state->part_mask[cycle->needed - 1])
    return 0;
  for (int k = 0; k < cycle->needed; k++)
    if (!like(cycle, (position - k + PROGRESS_PARTS_KEPT * cycle->parts) % cycle->parts, state->part_ms[k], state->part_mask[k]))
      return 0;
  return 1;
}

static void tell(struct progress_group *group, const struct tone_ear *ear, int lane, int edge, int tone, int64_t at) {
  tone_tell(ear, lane, edge, tone, at, &group->lane[lane].last_edge, group->power[lane]);
}

/* A part has ended `at` and a new one begun: follow the tone that is present, or look for one. */
static void part_ended(struct progress_group *group, const struct progress_cadences *cadences, const struct tone_ear *ear,
                       int lane, int64_t at) {
  struct progress_lane *state = &group->lane[lane];
  if (state->tone) {
    const struct progress_cycle *cycle = &cadences->cycle[state->tone - 1];
    if (cycle->parts && like(cycle, state->position, state->part_ms[0], state->part_mask[0])) {
      state->position = (uint8_t)((state->position + 1) % cycle->parts);
      return;
    }
    tell(group, ear, lane, TONE_END, state->tone - 1, at);
    state->tone = 0;
  }
  for (int i = 0; i < cadences->tones; i++) {
    const struct progress_cycle *cycle = &cadences->cycle[i];
    for (int position = 0; position < cycle->parts; position++) {
      if (!matches(state, cycle, position))
        continue;
      int length_ms = 0;
      for (int k = 0; k < cycle->needed; k++)
        length_ms += state->part_ms[k];
      tell(group, ear, lane, TONE_BEGIN, i, at - length_ms * SAMPLES_A_MS);
      state->tone = (uint8_t)(i + 1);
      state->position = (uint8_t)((position + 1) % cycle->parts);
      return;
    }
  }
}

/* The length at which the part that goes on says something by its length alone: it breaks the cadence of the tone that is
 * present, or it is a continuous tone. */
static int32_t limit_ticks(const struct progress_group *group, const struct progress_cadences *cadences, int lane) {
  const struct progress_lane *state = &group->lane[lane];
  uint8_t mask = group->mask[lane];
  int limit_ms = 0;
  if (state->tone && cadences->cycle[state->tone - 1].parts) {
    limit_ms = cadences->cycle[state->tone - 1].ms[state->position];
    limit_ms += tolerance_ms(limit_ms);
  } else if (!state->tone && mask) {
    limit_ms = cadences->longest_on_ms[mask] + tolerance_ms(cadences->longest_on_ms[mask]) + 2 * TOLERANCE_MS;
  }
  return limit_ms ? limit_ms / TICK_MS + 1 : PROGRESS_NEVER;
}

static void part_lasts(struct progress_group *group, const struct progress_cadences *cadences, const struct tone_ear *ear,
                       int lane) {
  struct progress_lane *state = &group->lane[lane];
  int64_t began = tone_now(ear) - (int64_t)group->run_ticks[lane] * KERNEL_BLOCK_SAMPLES;
  if (state->tone) {
    tell(group, ear, lane, TONE_END, state->tone - 1, began);
    state->tone = 0;
    group->limit_ticks[lane] = limit_ticks(group, cadences, lane);
    if (group->limit_ticks[lane] > group->run_ticks[lane])
      return;
  }
  group->limit_ticks[lane] = PROGRESS_NEVER;
  for (int i = 0; i < cadences->tones; i++) {
    const struct progress_cycle *cycle = &cadences->cycle[i];
    if (!cycle->parts && cycle->mask[0] && cycle->mask[0] == group->mask[lane]) {
      tell(group, ear, lane, TONE_BEGIN, i, began);
      state->tone = (uint8_t)(i + 1);
      return;
    }
  }
}

/* Two blocks running were unlike the part: it has ended with the block before them. */
static void turn_part(struct progress_group *group, const struct progress_cadences *cadences, const struct tone_ear *ear,
                      int lane, const struct block_group *blocks) {
  struct progress_lane *state = &group->lane[lane];
  /* Where windows span several blocks, a change from one frequency to the next shows both for as long as they do. */
  if (group->mask[lane] && group->run_ticks[lane] - 2 < cadences->blur_ticks && state->parts) {
    group->mask[lane] = (uint8_t)(blocks->mask[lane] & PLAN_MASK);
    group->power[lane] = group->mask[lane] ? blocks->power[lane] : group->power[lane];
    group->limit_ticks[lane] = limit_ticks(group, cadences, lane);
    return;
  }
  memmove(state->part_ms + 1, state->part_ms, sizeof state->part_ms - sizeof state->part_ms[0]);
  memmove(state->part_mask + 1, state->part_mask, sizeof state->part_mask - 1);
  state->part_ms[0] = (group->run_ticks[lane] - 2) * TICK_MS;
  state->part_mask[0] = group->mask[lane];
  state->parts = (uint8_t)at_most(state->parts + 1, PROGRESS_PARTS_KEPT);
  group->run_ticks[lane] = 2;
  group->mask[lane] = (uint8_t)(blocks->mask[lane] & PLAN_MASK);
  part_ended(group, cadences, ear, lane, tone_now(ear) - 2 * KERNEL_BLOCK_SAMPLES);
  if (group->mask[lane])
    group->power[lane] = blocks->power[lane];
  group->limit_ticks[lane] = limit_ticks(group, cadences, lane);
}

/* Counts the parts on; returns the lanes in which a part has ended or says something by its length. */
PROCESSOR_INLINE void count_lanes(struct progress_group *group, const struct block_group *blocks, int32_t *stirs) {
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    int32_t mask = blocks->mask[lane] & PLAN_MASK, unlike = mask != group->mask[lane], run = group->run_ticks[lane];
    run += run < RUN_MAX;
    group->run_ticks[lane] = run;
    float power = blocks->power[lane], strongest = group->power[lane];
    group->power[lane] = (unlike == 0) & (mask != 0) & (power > strongest) ? power : strongest;
    stirs[lane] = unlike ? group->doubtful[lane] : run >= group->limit_ticks[lane];
    group->doubtful[lane] = (uint8_t)(unlike & !group->doubtful[lane]); /* one block alone is noise */
  }
}

PROCESSOR_VERSIONS(count, (struct progress_group * group, const struct block_group *blocks, int32_t *stirs),
                   (group, blocks, stirs))

void progress_hear(struct progress_group *group, const struct progress_cadences *cadences, const struct tone_ear *ear,
                   const struct block_group *blocks) {
  int32_t stirs[GROUP_LANES];
  count(group, blocks, stirs);
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    if (!stirs[lane] || !(ear->listening >> lane & 1))
      continue;
    if ((blocks->mask[lane] & PLAN_MASK) != group->mask[lane])
      turn_part(group, cadences, ear, lane, blocks);
    else
      part_lasts(group, cadences, ear, lane);
  }
}
