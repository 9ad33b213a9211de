/* Call progress receiver: see call_progress.h. */
#include "call_progress.h"

#include <math.h>
#include <string.h>

#include "g711.h"
#include "history.h"
#include "lanes.h"

#define PARTS_KEPT 16
#define PURE_MIN 0.55f /* of a block's energy in the tone, so that a block half covered counts as sounding */
#define TOLERANCE_MS 30
#define CORRELATOR_PEAK 10000
#define SAMPLES_A_MS 8

struct progress_lane {
  int32_t run_samples; /* length of the part that goes on now */
  int32_t edge_before; /* samples from the last reported edge to the newest one */
  int32_t part_ms[PARTS_KEPT]; /* the finished parts, latest first */
  float power;         /* of the strongest block of the last sounding part */
  uint8_t sounding;
  uint8_t doubtful;    /* the last block was unlike the part that goes on */
  uint8_t parts;       /* how many parts are kept */
  uint8_t tone;        /* the tone reported as present, plus one */
  uint8_t position;    /* place in its cadence of the part that goes on: even = on */
  uint8_t spare[3];
};

struct progress_bank {
  int32_t lanes;
  int32_t tones;
  int32_t longest_on_ms;
  float minimum;
  int16_t correlator[2][KERNEL_BLOCK_SAMPLES];
  struct progress_tone tone[PROGRESS_TONES_MAX];
  struct progress_lane lane[];
};

size_t progress_bank_size(int lanes) {
  return sizeof(struct progress_bank) + (size_t)lanes * sizeof(struct progress_lane);
}

struct progress_bank *progress_bank_init(void *memory, int lanes, uint32_t frequency_millihertz,
                                         const struct progress_tone *tones, int count) {
  struct progress_bank *bank = memory;
  memset(memory, 0, progress_bank_size(lanes));
  bank->lanes = lanes;
  bank->tones = count < PROGRESS_TONES_MAX ? count : PROGRESS_TONES_MAX;
  bank->minimum = (float)(HISTORY_POWER_AT_0_DBM0 * pow(10.0, PROGRESS_MINIMUM_TENTH_DBM0 / 100.0));
  double turn = 2.0 * 3.14159265358979 * frequency_millihertz / 8e6;
  for (int t = 0; t < KERNEL_BLOCK_SAMPLES; t++) {
    bank->correlator[0][t] = (int16_t)lrint(CORRELATOR_PEAK * cos(turn * (t - 39.5)));
    bank->correlator[1][t] = (int16_t)lrint(CORRELATOR_PEAK * sin(turn * (t - 39.5)));
  }
  for (int i = 0; i < bank->tones; i++) {
    struct progress_tone *tone = &bank->tone[i];
    *tone = tones[i];
    if (tone->segments > PROGRESS_SEGMENTS_MAX)
      tone->segments = PROGRESS_SEGMENTS_MAX;
    if (tone->needed < 1 || tone->needed > PARTS_KEPT)
      tone->needed = tone->needed < 1 ? 1 : PARTS_KEPT;
    for (int k = 0; k < tone->segments; k++)
      if (tone->on_ms[k] > bank->longest_on_ms)
        bank->longest_on_ms = tone->on_ms[k];
  }
  return bank;
}

void progress_lane_reset(struct progress_bank *bank, int lane) {
  if (lane >= 0 && lane < bank->lanes)
    memset(&bank->lane[lane], 0, sizeof bank->lane[lane]);
}

EVERY_PROCESSOR
void progress_correlate(const int16_t *samples, const int16_t (*correlator)[KERNEL_BLOCK_SAMPLES], int32_t products[3]) {
  int16_t sound[KERNEL_BLOCK_SAMPLES];
  for (int i = 0; i < KERNEL_BLOCK_SAMPLES; i++)
    sound[i] = (int16_t)(samples[i] >> HISTORY_PEAK_SHIFT);
  products[0] = history_product(sound, correlator[0], KERNEL_BLOCK_SAMPLES);
  products[1] = history_product(sound, correlator[1], KERNEL_BLOCK_SAMPLES);
  products[2] = history_product(sound, sound, KERNEL_BLOCK_SAMPLES);
}

static int tolerance_ms(int nominal_ms) {
  int share = nominal_ms * 15 / 100;
  return share > TOLERANCE_MS ? share : TOLERANCE_MS;
}

static int nominal_ms(const struct progress_tone *tone, int position) {
  int segment = position / 2 % tone->segments;
  return position & 1 ? tone->off_ms[segment] : tone->on_ms[segment];
}

static int like(const struct progress_tone *tone, int position, int heard_ms) {
  int expected_ms = nominal_ms(tone, position), tolerance = tolerance_ms(expected_ms);
  return heard_ms >= expected_ms - tolerance && heard_ms <= expected_ms + tolerance;
}

/* Whether the latest `needed` finished parts are this cadence, the latest of them at `position` of it; the oldest must
 * sound, or mere silence would count. */
static int matches(const struct progress_lane *state, const struct progress_tone *tone, int position) {
  int cycle = 2 * tone->segments;
  if (state->parts < tone->needed || ((position - tone->needed + 1) & 1))
    return 0;
  for (int k = 0; k < tone->needed; k++)
    if (!like(tone, (position - k + PARTS_KEPT * cycle) % cycle, state->part_ms[k]))
      return 0;
  return 1;
}

/* Edges never go back in time: a tone cannot begin before the one before it ended, though their parts may be alike. */
static void report(struct tone_report **reports, struct progress_lane *state, int lane, int edge, int tone, int at) {
  struct tone_report *out = (*reports)++;
  int last = KERNEL_BLOCK_SAMPLES - state->edge_before;
  out->lane = lane;
  out->offset_samples = at < last ? last : at;
  out->level_tenth_dbm0 = (int16_t)g711_power_tenth_dbm0(64.0 * (double)state->power);
  out->edge = (uint8_t)edge;
  out->value = (uint8_t)tone;
  state->edge_before = KERNEL_BLOCK_SAMPLES - out->offset_samples;
}

/* A part has ended `at` and a new one begun: follow the tone that is present, or look for one. */
static void part_ended(const struct progress_bank *bank, struct progress_lane *state, int lane, int at,
                       struct tone_report **reports) {
  if (state->tone) {
    const struct progress_tone *tone = &bank->tone[state->tone - 1];
    if (tone->segments && like(tone, state->position, state->part_ms[0])) {
      state->position = (uint8_t)((state->position + 1) % (2 * tone->segments));
      return;
    }
    report(reports, state, lane, TONE_END, state->tone - 1, at);
    state->tone = 0;
  }
  for (int i = 0; i < bank->tones; i++) {
    const struct progress_tone *tone = &bank->tone[i];
    /* The part that ended sounded if silence follows. */
    for (int position = state->sounding ? 1 : 0; position < 2 * tone->segments; position += 2) {
      if (!matches(state, tone, position))
        continue;
      int length_ms = 0;
      for (int k = 0; k < tone->needed; k++)
        length_ms += state->part_ms[k];
      report(reports, state, lane, TONE_BEGIN, i, at - length_ms * SAMPLES_A_MS);
      state->tone = (uint8_t)(i + 1);
      state->position = (uint8_t)((position + 1) % (2 * tone->segments));
      return;
    }
  }
}

/* The part that goes on may by its length alone be a continuous tone, or the end of a cadence. */
static void part_goes_on(const struct progress_bank *bank, struct progress_lane *state, int lane,
                         struct tone_report **reports) {
  int run_ms = state->run_samples / SAMPLES_A_MS, began = KERNEL_BLOCK_SAMPLES - state->run_samples;
  if (state->tone && bank->tone[state->tone - 1].segments) {
    int expected_ms = nominal_ms(&bank->tone[state->tone - 1], state->position);
    if (run_ms > expected_ms + tolerance_ms(expected_ms)) {
      report(reports, state, lane, TONE_END, state->tone - 1, began);
      state->tone = 0;
    }
  }
  if (state->tone || !state->sounding ||
      run_ms <= bank->longest_on_ms + tolerance_ms(bank->longest_on_ms) + 2 * TOLERANCE_MS)
    return;
  for (int i = 0; i < bank->tones; i++) {
    if (!bank->tone[i].segments) {
      report(reports, state, lane, TONE_BEGIN, i, began);
      state->tone = (uint8_t)(i + 1);
      return;
    }
  }
}

static void lane_run(struct progress_bank *bank, int lane, const int16_t *samples, struct tone_report **reports) {
  struct progress_lane *state = &bank->lane[lane];
  const float scale = 2.0f / ((float)CORRELATOR_PEAK * KERNEL_BLOCK_SAMPLES);
  int32_t products[3];
  progress_correlate(samples, bank->correlator, products);
  float cosine = (float)products[0] * scale, sine = (float)products[1] * scale;
  float power = 0.5f * (cosine * cosine + sine * sine), energy = (float)products[2] / KERNEL_BLOCK_SAMPLES;
  uint8_t sounding = power >= bank->minimum && power >= PURE_MIN * energy;
  state->run_samples = state->run_samples > 1 << 29 ? state->run_samples : state->run_samples + KERNEL_BLOCK_SAMPLES;
  state->edge_before = state->edge_before > 1 << 29 ? state->edge_before : state->edge_before + KERNEL_BLOCK_SAMPLES;
  if (sounding == state->sounding) {
    state->doubtful = 0;
    if (sounding && power > state->power)
      state->power = power;
    part_goes_on(bank, state, lane, reports);
  } else if (!state->doubtful) {
    state->doubtful = 1; /* one block alone is noise */
  } else {
    int at = -KERNEL_BLOCK_SAMPLES;
    memmove(state->part_ms + 1, state->part_ms, sizeof state->part_ms - sizeof state->part_ms[0]);
    state->part_ms[0] = (state->run_samples - 2 * KERNEL_BLOCK_SAMPLES) / SAMPLES_A_MS;
    state->parts = state->parts < PARTS_KEPT ? (uint8_t)(state->parts + 1) : PARTS_KEPT;
    state->run_samples = 2 * KERNEL_BLOCK_SAMPLES;
    state->sounding = sounding;
    state->doubtful = 0;
    part_ended(bank, state, lane, at, reports);
    if (sounding)
      state->power = power;
  }
}

int progress_bank_run(struct progress_bank *bank, const int16_t *const *samples, struct tone_report *reports) {
  struct tone_report *out = reports;
  for (int lane = 0; lane < bank->lanes; lane++)
    if (samples[lane])
      lane_run(bank, lane, samples[lane], &out);
  return (int)(out - reports);
}
