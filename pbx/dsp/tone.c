/* Tone generator: phase accumulators of 32 bits a turn, and the polynomial of sine.h. */
#include "tone.h"

#include <math.h>
#include <string.h>

#include "g711.h"
#include "generated_tables.h"
#include "processor.h"
#include "sine.h"

#define SAMPLE_RATE_MILLIHERTZ 8000000ULL
#define HALF_TURN 0x80000000u
#define SAMPLES_A_MS 8u

PROCESSOR_INLINE void add_sines_lanes(int16_t *samples, int count, const struct tone_generator *generator) {
  const uint32_t *phase = generator->phase, *step = generator->step;
  const float *amplitude = generator->amplitude;
  float depth = generator->depth;
  for (int i = 0; i < count; i++) {
    int32_t first = (int32_t)(phase[0] + step[0] * (uint32_t)i);
    int32_t second = (int32_t)(phase[1] + step[1] * (uint32_t)i);
    int32_t swing = (int32_t)(phase[2] + step[2] * (uint32_t)i);
    float value = amplitude[0] * sine_of_half_turns((float)first * 0x1p-31f) +
                  amplitude[1] * sine_of_half_turns((float)second * 0x1p-31f);
    value *= 1.0f + depth * sine_of_half_turns((float)swing * 0x1p-31f);
    value = value > 32767.0f ? 32767.0f : (value < -32768.0f ? -32768.0f : value);
    /* Adding half makes the cut to whole numbers a rounding, once all values are positive. */
    samples[i] = (int16_t)((int32_t)(value + 32768.5f) - 32768);
  }
}
PROCESSOR_VERSIONS(add_sines, (int16_t *samples, int count, const struct tone_generator *generator), (samples, count, generator))

static void set_frequency(struct tone_generator *generator, int k, uint64_t frequency_millihertz) {
  uint32_t step = (uint32_t)(((frequency_millihertz << 32) + SAMPLE_RATE_MILLIHERTZ / 2) / SAMPLE_RATE_MILLIHERTZ);
  if (step != generator->step[k] || !step)
    generator->phase[k] = 0;
  generator->step[k] = step;
}

static void enter_sounding(struct tone_generator *generator) {
  const struct tone_segment *segment = &generator->plan.segment[generator->segment];
  for (int k = 0; k < 2; k++) {
    int level = segment->level_tenth_dbm0[k] > TONE_LEVEL_MAX ? TONE_LEVEL_MAX : segment->level_tenth_dbm0[k];
    set_frequency(generator, k, segment->frequency_millihertz[k]);
    generator->amplitude[k] =
        segment->frequency_millihertz[k] ? (float)(G711_PEAK_AT_0_DBM0 * pow(10.0, level / 200.0)) : 0.0f;
  }
  set_frequency(generator, 2, segment->modulation_millihertz);
  generator->depth = segment->modulation_millihertz ? (float)segment->modulation_percent / 100.0f : 0.0f;
  generator->reversal_left_samples = segment->reversal_samples;
  generator->sounding = 1;
  generator->left_samples = segment->on_samples;
}

/* The next part of the plan that is not empty; bounded, so that a plan of nothing but empty parts ends. */
static void next_part(struct tone_generator *generator) {
  struct tone_plan *plan = &generator->plan;
  for (int turns = 0; turns <= 4 * TONE_SEGMENTS_MAX; turns++) {
    if (generator->sounding) {
      generator->sounding = 0;
      generator->left_samples = plan->segment[generator->segment].off_samples;
    } else if (generator->segment + 1 < plan->segments) {
      generator->segment++;
      enter_sounding(generator);
    } else if (plan->passes && --generator->passes_left == 0) {
      break;
    } else {
      generator->segment = plan->repeat_from < plan->segments ? plan->repeat_from : 0;
      enter_sounding(generator);
    }
    if (generator->left_samples)
      return;
  }
  generator->playing = 0;
}

void tone_start(struct tone_generator *generator, const struct tone_plan *plan) {
  memset(generator, 0, sizeof *generator);
  generator->plan = *plan;
  if (generator->plan.segments > TONE_SEGMENTS_MAX)
    generator->plan.segments = TONE_SEGMENTS_MAX;
  generator->passes_left = plan->passes;
  generator->playing = generator->plan.segments > 0;
  if (!generator->playing)
    return;
  enter_sounding(generator);
  if (!generator->left_samples)
    next_part(generator);
}

void tone_stop(struct tone_generator *generator) { generator->playing = 0; }

static int smaller(uint32_t samples, int room) { return samples < (uint32_t)room ? (int)samples : room; }

/* `count` samples of the sounding part; the tones turn by half a turn where the part says so, their modulation goes on. */
static void sound(struct tone_generator *generator, int16_t *samples, int count) {
  uint32_t every = generator->plan.segment[generator->segment].reversal_samples;
  while (count) {
    int part = every ? smaller(generator->reversal_left_samples, count) : count;
    add_sines(samples, part, generator);
    for (int k = 0; k < 3; k++)
      generator->phase[k] += generator->step[k] * (uint32_t)part;
    samples += part;
    count -= part;
    generator->reversal_left_samples -= every ? (uint32_t)part : 0;
    if (every && !generator->reversal_left_samples) {
      generator->reversal_left_samples = every;
      generator->phase[0] += HALF_TURN;
      generator->phase[1] += HALF_TURN;
    }
  }
}

/* Writes `count` samples, silence after the end of the plan; returns how many of them belong to the plan. */
int tone_generate(struct tone_generator *generator, int16_t *samples, int count) {
  int done = 0;
  while (done < count && generator->playing) {
    uint32_t left = generator->left_samples;
    int part = smaller(left, count - done);
    if (generator->sounding) {
      sound(generator, samples + done, part);
    } else {
      memset(samples + done, 0, (size_t)part * sizeof *samples);
      for (int k = 0; k < 3; k++)
        generator->phase[k] += generator->step[k] * (uint32_t)part;
    }
    done += part;
    if (left != TONE_FOR_EVER)
      generator->left_samples -= (uint32_t)part;
    if (!generator->left_samples)
      next_part(generator);
  }
  memset(samples + done, 0, (size_t)(count - done) * sizeof *samples);
  return done;
}

static int plan_pair(struct tone_plan *plan, uint32_t first, uint32_t second, int first_level, int second_level,
                     uint32_t on_samples, uint32_t off_samples) {
  memset(plan, 0, sizeof *plan);
  plan->segments = 1;
  plan->passes = 1;
  plan->segment[0].frequency_millihertz[0] = first * 1000;
  plan->segment[0].frequency_millihertz[1] = second * 1000;
  plan->segment[0].level_tenth_dbm0[0] = (int16_t)first_level;
  plan->segment[0].level_tenth_dbm0[1] = (int16_t)second_level;
  plan->segment[0].on_samples = on_samples;
  plan->segment[0].off_samples = off_samples;
  return 0;
}

/* One DTMF digit: 0-9 * # A-D. Returns 0, or -1 for any other character. */
int tone_plan_dtmf(struct tone_plan *plan, int digit, int low_tenth_dbm0, int high_tenth_dbm0, uint32_t on_samples,
                   uint32_t off_samples) {
  const char *found = digit > 0 && digit < 128 ? strchr(dtmf_digits, digit) : 0;
  if (!found)
    return -1;
  int place = (int)(found - dtmf_digits);
  return plan_pair(plan, dtmf_frequency_hz[place / 4], dtmf_frequency_hz[4 + place % 4], low_tenth_dbm0,
                   high_tenth_dbm0, on_samples, off_samples);
}

/* One MFC signal, 1..15. Returns 0, or -1 for any other number. */
int tone_plan_mfc(struct tone_plan *plan, int forward, int signal, int level_tenth_dbm0, uint32_t on_samples,
                  uint32_t off_samples) {
  if (signal < 1 || signal > 15)
    return -1;
  const uint16_t *frequency = mf_r2_frequency_hz[forward ? 0 : 1];
  return plan_pair(plan, frequency[mf_r2_pair[signal][0]], frequency[mf_r2_pair[signal][1]], level_tenth_dbm0,
                   level_tenth_dbm0, on_samples, off_samples);
}

/* One of TONE_CNG and its like, each with its own length. Returns 0, or -1 for what is no plan of tones. */
int tone_plan_special(struct tone_plan *plan, int special, int level_tenth_dbm0) {
  static const struct {
    uint16_t hz[2];
    uint16_t on_ms;
    uint16_t off_ms;
    uint16_t modulation_hz;
    uint16_t reversal_ms;
    uint8_t passes;
  } specials[TONE_SPECIALS] = {
      [TONE_CNG] = {{1100, 0}, 500, 3000, 0, 0, 0},
      [TONE_CED] = {{2100, 0}, 3300, 75, 0, 0, 1},
      [TONE_ANS_REVERSALS] = {{2100, 0}, 3300, 75, 0, 450, 1},
      [TONE_ANSAM] = {{2100, 0}, 5000, 75, 15, 0, 1},
      [TONE_ANSAM_REVERSALS] = {{2100, 0}, 5000, 75, 15, 450, 1},
      [TONE_DUAL_TONE_ALERT] = {{2130, 2750}, 100, 0, 0, 0, 1},
      [TONE_BEEP] = {{1000, 0}, 400, 0, 0, 0, 1},
      [TONE_CONTINUITY] = {{2000, 0}, 0, 0, 0, 0, 0},
  };
  if (special < 0 || special >= TONE_SPECIALS || special == TONE_V21_FLAGS)
    return -1;
  plan_pair(plan, specials[special].hz[0], specials[special].hz[1], level_tenth_dbm0, level_tenth_dbm0,
            specials[special].on_ms ? specials[special].on_ms * SAMPLES_A_MS : TONE_FOR_EVER, specials[special].off_ms * SAMPLES_A_MS);
  plan->passes = specials[special].passes;
  plan->segment[0].modulation_millihertz = specials[special].modulation_hz * 1000u;
  plan->segment[0].modulation_percent = specials[special].modulation_hz ? 20 : 0;
  plan->segment[0].reversal_samples = (uint16_t)(specials[special].reversal_ms * SAMPLES_A_MS);
  return 0;
}
