/* MFC-R2 receiver: see mf_r2.h. */
#include "mf_r2.h"

#include <math.h>
#include <string.h>

#include "g711.h"
#include "generated_tables.h"
#include "history.h"
#include "lanes.h"
#include "two_tone.h"

#define NOW HISTORY_SAMPLES
#define BLOCK_BEGIN (NOW - KERNEL_BLOCK_SAMPLES)
#define NEIGHBOUR_TWIST 5.62f   /* 7.5 dB */
#define TWIST 8.91f             /* 9.5 dB */
#define THIRD_BELOW 10.0f       /* 10 dB below the weaker of the two */
#define EXPLAINED_MIN 0.6f      /* of the energy in the window */
#define RELEASE_BELOW 15.85f    /* 12 dB, two ticks running: a break of 7 ms spoils one */
#define GONE_BELOW 316.2f       /* 25 dB, at once */
#define FITTED_MIN 6.31f        /* 8 dB above what the model leaves */
#define LOOK_BACK_SAMPLES 400
#define RELEASE_SAMPLES 200
#define FIT_SAMPLES 104

struct mf_r2_lane {
  struct history history;
  float power[2]; /* of the signal that sounds: lower and upper frequency of its pair */
  float total;
  uint8_t sounding; /* the signal, or 0 */
  uint8_t seen;
  uint8_t fallen; /* the last window had lost one of them */
  uint8_t spare;
};

struct mf_r2_bank {
  int32_t lanes;
  int32_t direction; /* row of mf_r2_frequency_hz: 0 forward, 1 backward */
  float minimum;
  int32_t spare[13];
  struct mf_r2_lane lane[];
};

struct view {
  float power[6];
  float total;
};

size_t mf_r2_bank_size(int lanes) { return sizeof(struct mf_r2_bank) + (size_t)lanes * sizeof(struct mf_r2_lane); }

struct mf_r2_bank *mf_r2_bank_init(void *memory, int lanes, int forward) {
  struct mf_r2_bank *bank = memory;
  memset(memory, 0, mf_r2_bank_size(lanes));
  bank->lanes = lanes;
  bank->direction = forward ? 0 : 1;
  bank->minimum = (float)(HISTORY_POWER_AT_0_DBM0 * pow(10.0, MF_R2_MINIMUM_TENTH_DBM0 / 100.0));
  return bank;
}

void mf_r2_lane_reset(struct mf_r2_bank *bank, int lane) {
  if (lane >= 0 && lane < bank->lanes)
    memset(&bank->lane[lane], 0, sizeof bank->lane[lane]);
}

EVERY_PROCESSOR
void mf_r2_correlate(const int16_t *sound, const int16_t (*correlator)[MF_R2_WINDOW], int32_t products[13]) {
  for (int k = 0; k < 12; k++)
    products[k] = history_product(sound, correlator[k], MF_R2_WINDOW);
  /* Squares of 136 full-scale samples need 32 bits unsigned less a little: halves are added instead. */
  int32_t half = MF_R2_WINDOW / 2;
  products[12] = history_product(sound, sound, half) / 2 + history_product(sound + half, sound + half, half) / 2;
}

static void look(const struct mf_r2_bank *bank, const int16_t *sound, struct view *view) {
  const float scale = 2.0f / MF_R2_CORRELATOR_SUM;
  int32_t products[13];
  mf_r2_correlate(sound, mf_r2_correlator + 12 * bank->direction, products);
  for (int k = 0; k < 6; k++) {
    float cosine = (float)products[2 * k] * scale, sine = (float)products[2 * k + 1] * scale;
    view->power[k] = 0.5f * (cosine * cosine + sine * sine);
  }
  view->total = (float)products[12] * (2.0f / MF_R2_WINDOW);
}

static int signal_of(int first, int second) {
  int lower = first < second ? first : second, upper = first < second ? second : first;
  return upper * (upper - 1) / 2 + lower + 1;
}

/* The signal one window shows, or 0: two frequencies that stand out, alike in level, and nothing else of weight. */
static uint8_t shown_signal(const struct mf_r2_bank *bank, const struct view *view) {
  int first = 0, second = -1;
  for (int k = 1; k < 6; k++)
    if (view->power[k] > view->power[first])
      first = k;
  for (int k = 0; k < 6; k++)
    if (k != first && (second < 0 || view->power[k] > view->power[second]))
      second = k;
  float strong = view->power[first], weak = view->power[second];
  int neighbours = first - second == 1 || second - first == 1;
  if (weak < bank->minimum || strong > (neighbours ? NEIGHBOUR_TWIST : TWIST) * weak)
    return 0;
  for (int k = 0; k < 6; k++)
    if (k != first && k != second && view->power[k] * THIRD_BELOW > weak)
      return 0;
  return strong + weak < EXPLAINED_MIN * view->total ? 0 : (uint8_t)signal_of(first, second);
}

static int fit(const struct mf_r2_bank *bank, struct two_tone *model, const int16_t *sound, int signal, int from,
               int to) {
  const uint16_t *frequency = mf_r2_frequency_hz[bank->direction];
  float nominal_hz[2] = {frequency[mf_r2_pair[signal][0]], frequency[mf_r2_pair[signal][1]]};
  return two_tone_fit(model, sound, from, to, nominal_hz, 2);
}

static void report(struct tone_report **reports, struct history *history, int lane, int edge, uint8_t signal, int at,
                   float power) {
  struct tone_report *out = (*reports)++;
  out->lane = lane;
  out->offset_samples = history_edge(history, at) - BLOCK_BEGIN;
  out->level_tenth_dbm0 = (int16_t)g711_power_tenth_dbm0(64.0 * (double)power);
  out->edge = (uint8_t)edge;
  out->value = signal;
}

/* Two windows running show the signal. It is one when two sines explain the newer window; if not, the next tick asks
 * again, because a signal that has just begun fills it only in part. */
static void operate(struct mf_r2_bank *bank, int lane, const int16_t *sound, uint8_t signal,
                    struct tone_report **reports) {
  struct mf_r2_lane *state = &bank->lane[lane];
  struct two_tone model;
  int from = NOW - MF_R2_WINDOW;
  if (fit(bank, &model, sound, signal, from, NOW) ||
      model.power[0] + model.power[1] < FITTED_MIN * two_tone_rest(&model, sound, from, NOW))
    return;
  int begin = two_tone_begin(&model, sound, NOW - LOOK_BACK_SAMPLES, NOW - MF_R2_WINDOW / 2);
  state->power[0] = model.power[0];
  state->power[1] = model.power[1];
  state->sounding = signal;
  state->fallen = 0;
  report(reports, &state->history, lane, TONE_BEGIN, signal, begin, state->power[0] + state->power[1]);
}

/* The last sample is sought from where the signal surely still was: release takes up to 25 ms. */
static void release(struct mf_r2_bank *bank, int lane, const int16_t *sound, struct tone_report **reports) {
  struct mf_r2_lane *state = &bank->lane[lane];
  struct two_tone model;
  int to = NOW - RELEASE_SAMPLES, end = NOW - MF_R2_WINDOW / 2;
  if (!fit(bank, &model, sound, state->sounding, to - FIT_SAMPLES, to))
    end = two_tone_end(&model, sound, to, NOW);
  report(reports, &state->history, lane, TONE_END, state->sounding, end, state->power[0] + state->power[1]);
  state->sounding = 0;
}

static void lane_run(struct mf_r2_bank *bank, int lane, const int16_t *samples, struct tone_report **reports) {
  struct mf_r2_lane *state = &bank->lane[lane];
  const int16_t *sound = history_take(&state->history, samples);
  struct view view;
  look(bank, sound + NOW - MF_R2_WINDOW, &view);
  uint8_t signal = shown_signal(bank, &view), before = state->seen;
  state->seen = signal;
  if (state->sounding) {
    const uint8_t *pair = mf_r2_pair[state->sounding];
    float left = fminf(view.power[pair[0]] / state->power[0], view.power[pair[1]] / state->power[1]);
    uint8_t fallen_before = state->fallen;
    state->fallen = left * RELEASE_BELOW < 1.0f;
    if ((state->fallen && fallen_before) || left * GONE_BELOW < 1.0f ||
        (signal && signal == before && signal != state->sounding))
      release(bank, lane, sound, reports);
  }
  if (!state->sounding && signal && signal == before)
    operate(bank, lane, sound, signal, reports);
}

int mf_r2_bank_run(struct mf_r2_bank *bank, const int16_t *const *samples, struct tone_report *reports) {
  struct tone_report *out = reports;
  for (int lane = 0; lane < bank->lanes; lane++)
    if (samples[lane])
      lane_run(bank, lane, samples[lane], &out);
  return (int)(out - reports);
}
