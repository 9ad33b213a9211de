/* Fax and modem tones: see fax_tone.h. */
#include "fax_tone.h"

#include <math.h>
#include <string.h>

#define CNG_TICKS 40
#define CNG_TICKS_MAX 70
#define CED_TICKS 52
#define CNG_DEVIATION_HZ 40.0f
#define CED_DEVIATION_HZ 22.0f
#define MISSING_MAX 2       /* one block is spoilt by a reversal or by noise */
#define SETTLE_TICKS 8      /* until the mean advance is to be trusted */
#define REVERSAL_MAX -0.82f /* cosine of the jump: within 35 degrees of 180 */
#define STEADY_MIN 0.7f
#define REVERSAL_TICKS_MIN 40 /* 450 ms +-25 and a block of doubt */
#define REVERSAL_TICKS_MAX 50
#define REVERSAL_PAUSE_TICKS 4 /* one jump is seen in several blocks */
#define MODULATION_HZ 15.0f
#define MODULATION_MIN 0.12f
#define MODULATION_MAX 0.30f
#define TURN (2.0f * 3.14159265f)
#define BLOCKS_A_SECOND 100.0f

void fax_reset(struct fax_group *group, int lane) {
  group->sounding[lane] = 0;
  memset(&group->lane[lane], 0, sizeof group->lane[lane]);
}

static int column_of(const struct block_plan *plan, const struct fax_lane *state) {
  return plan->fax + (state->bit == BLOCK_CED);
}

static void tell(const struct tone_ear *ear, struct fax_lane *state, int lane, int edge, int64_t at) {
  tone_tell(ear, lane, edge, state->told - 1, at, &state->last_edge, state->power);
}

static void rename_tone(const struct tone_ear *ear, struct fax_lane *state, int lane, int value) {
  if (state->told == value + 1)
    return;
  int64_t at = state->told ? tone_now(ear) - KERNEL_BLOCK_SAMPLES : state->began;
  if (state->told)
    tell(ear, state, lane, TONE_END, at);
  state->told = (uint8_t)(value + 1);
  tell(ear, state, lane, TONE_BEGIN, at);
}

static void finish(const struct tone_ear *ear, struct fax_lane *state, int lane, int64_t at) {
  int64_t last = state->last_edge;
  if (state->told)
    tell(ear, state, lane, TONE_END, at);
  last = state->told ? state->last_edge : last;
  memset(state, 0, sizeof *state);
  state->last_edge = last;
}

/* Deviation in Hz from the nominal frequency, by the mean advance of the phase. */
static float deviation_hz(const struct block_plan *plan, const struct fax_lane *state) {
  int column = column_of(plan, state);
  float real = state->real * plan->turn_cosine[column] + state->imaginary * plan->turn_sine[column];
  float imaginary = state->imaginary * plan->turn_cosine[column] - state->real * plan->turn_sine[column];
  return atan2f(imaginary, real) / TURN * BLOCKS_A_SECOND;
}

/* Share of the 15 Hz in the envelope. */
static float modulation(const struct fax_lane *state) {
  float mean = 0, real = 0, imaginary = 0;
  for (int n = 0; n < FAX_ENVELOPE_TICKS; n++) {
    float angle = TURN * MODULATION_HZ / BLOCKS_A_SECOND * (float)n;
    mean += state->envelope[n];
    real += state->envelope[n] * cosf(angle);
    imaginary += state->envelope[n] * sinf(angle);
  }
  return mean > 0 ? 2.0f * sqrtf(real * real + imaginary * imaginary) / mean : 0.0f;
}

/* How the phase goes on from the block `back` blocks ago: the cosine of what it misses. */
static float agreement(const struct fax_lane *state, float real, float imaginary, int back) {
  float was_real = state->last_real[back - 1], was_imaginary = state->last_imaginary[back - 1];
  float step = sqrtf(state->real * state->real + state->imaginary * state->imaginary) + 1e-9f;
  float turn_real = state->real / step, turn_imaginary = state->imaginary / step;
  for (int n = 0; n < back; n++) {
    float next = was_real * turn_real - was_imaginary * turn_imaginary;
    was_imaginary = was_real * turn_imaginary + was_imaginary * turn_real;
    was_real = next;
  }
  float size = sqrtf((was_real * was_real + was_imaginary * was_imaginary) * (real * real + imaginary * imaginary));
  return (was_real * real + was_imaginary * imaginary) / (size + 1e-9f);
}

static void follow_phase(struct fax_lane *state, float real, float imaginary) {
  float advance_real = real * state->last_real[0] + imaginary * state->last_imaginary[0];
  float advance_imaginary = imaginary * state->last_real[0] - real * state->last_imaginary[0];
  float steady = state->ticks > SETTLE_TICKS ? agreement(state, real, imaginary, 1) : 1.0f;
  state->since_reversal++;
  if (state->ticks > SETTLE_TICKS && agreement(state, real, imaginary, 2) < REVERSAL_MAX &&
      state->since_reversal > REVERSAL_PAUSE_TICKS) {
    int in_place = state->since_reversal >= REVERSAL_TICKS_MIN && state->since_reversal <= REVERSAL_TICKS_MAX;
    state->reversed = (uint8_t)(in_place || !state->reversed ? state->reversed + (state->reversed < 255) : 1);
    state->since_reversal = 0;
  }
  if (steady >= STEADY_MIN) {
    state->real += advance_real;
    state->imaginary += advance_imaginary;
  }
  state->last_real[1] = state->last_real[0];
  state->last_imaginary[1] = state->last_imaginary[0];
  state->last_real[0] = real;
  state->last_imaginary[0] = imaginary;
}

static void name_answer_tone(const struct block_plan *plan, const struct tone_ear *ear, struct fax_lane *state, int lane) {
  if (state->ticks % FAX_ENVELOPE_TICKS == 0) {
    float depth = modulation(state);
    state->modulated = depth >= MODULATION_MIN && depth <= MODULATION_MAX;
  }
  if (state->ticks < CED_TICKS || state->over)
    return;
  if (fabsf(deviation_hz(plan, state)) > CED_DEVIATION_HZ) {
    state->over = 1;
    if (state->told)
      tell(ear, state, lane, TONE_END, tone_now(ear));
    state->told = 0;
    return;
  }
  int plain = state->reversed ? FAX_ANS_REVERSALS : FAX_CED;
  rename_tone(ear, state, lane, state->modulated ? (state->reversed ? FAX_ANSAM_REVERSALS : FAX_ANSAM) : plain);
}

static void name_calling_tone(const struct block_plan *plan, const struct tone_ear *ear, struct fax_lane *state, int lane) {
  if (state->ticks == CNG_TICKS && fabsf(deviation_hz(plan, state)) <= CNG_DEVIATION_HZ)
    rename_tone(ear, state, lane, FAX_CNG);
  if (state->ticks == CNG_TICKS_MAX && state->told) {
    tell(ear, state, lane, TONE_END, tone_now(ear));
    state->told = 0;
  }
}

static void lane_step(struct fax_group *group, const struct block_plan *plan, const struct tone_ear *ear, int lane,
                      const struct block_group *blocks) {
  struct fax_lane *state = &group->lane[lane];
  uint16_t mask = blocks->mask[lane];
  if (!state->bit) {
    state->bit = mask >> BLOCK_CED & 1 ? BLOCK_CED : BLOCK_CNG;
    group->sounding[lane] = 1;
    state->began = tone_now(ear) - KERNEL_BLOCK_SAMPLES;
    state->since_reversal = 0;
  }
  const struct block_window *window = &blocks->window[ear->tick & (BLOCK_SLOTS - 1)];
  int column = column_of(plan, state);
  float real = window->cosine[column][lane], imaginary = -window->sine[column][lane];
  state->missing = mask >> state->bit & 1 ? 0 : (uint8_t)(state->missing + 1);
  if (state->missing >= MISSING_MAX) {
    finish(ear, state, lane, tone_now(ear) - MISSING_MAX * KERNEL_BLOCK_SAMPLES);
    group->sounding[lane] = 0;
    return;
  }
  float power = 0.5f * (real * real + imaginary * imaginary);
  state->envelope[state->ticks % FAX_ENVELOPE_TICKS] = sqrtf(power);
  state->power = power > state->power ? power : state->power;
  if (state->ticks)
    follow_phase(state, real, imaginary);
  else {
    state->last_real[0] = real;
    state->last_imaginary[0] = imaginary;
  }
  state->ticks += state->ticks < 1 << 24;
  if (state->bit == BLOCK_CED)
    name_answer_tone(plan, ear, state, lane);
  else
    name_calling_tone(plan, ear, state, lane);
}

void fax_hear(struct fax_group *group, const struct block_plan *plan, const struct tone_ear *ear,
              const struct block_group *blocks) {
  uint8_t stirs[GROUP_LANES];
  for (int lane = 0; lane < GROUP_LANES; lane++)
    stirs[lane] = (blocks->mask[lane] >> BLOCK_CNG != 0) | group->sounding[lane];
  uint32_t mask = tone_mask(stirs) & ear->listening;
  while (mask) {
    int lane = __builtin_ctz(mask);
    mask &= mask - 1;
    lane_step(group, plan, ear, lane, blocks);
  }
}
