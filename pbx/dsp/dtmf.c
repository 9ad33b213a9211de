/* DTMF receiver: see dtmf.h. */
#include "dtmf.h"

#include <math.h>
#include <string.h>

#include "g711.h"
#include "generated_tables.h"
#include "history.h"
#include "lanes.h"
#include "two_tone.h"

#define NOW HISTORY_SAMPLES                    /* one past the newest sample */
#define BLOCK_BEGIN (NOW - KERNEL_BLOCK_SAMPLES) /* offset 0 of a report */
#define ACCEPT_SAMPLES 240                     /* 30 ms */
#define BREAK_SAMPLES 200                      /* 25 ms */
#define END_CERTAIN_SAMPLES 344                /* a break this long ago cannot be bridged unseen */
#define LOOK_BACK_SAMPLES 480
#define DEVIATION_MAX 0.021f                   /* voices sing 2:3; no digit with both tones within 2.2 % does */
#define TWIST_NORMAL 7.94f                     /* 9 dB */
#define TWIST_REVERSE 4.47f                    /* 6.5 dB */
#define EXPLAINED_MIN 5.0f                     /* 7 dB */
#define DIAL_TONE_SHARE 1.6f                   /* at 425 and 475 Hz the window shows so much less than there is */

enum state { LISTENING, PENDING, SOUNDING, FADING };

struct dtmf_lane {
  struct history history;
  int32_t since_end_samples; /* FADING: from the last sample of the digit to now */
  float power;               /* of the digit that sounds */
  uint8_t state;
  uint8_t digit;
  uint8_t seen; /* digit of the last window, or 0 */
  uint8_t anchor; /* PENDING: ticks since the last two windows that showed the digit */
};

struct dtmf_bank {
  int32_t lanes;
  float minimum; /* mean square of one frequency, on the scale of the history */
  int64_t spare[7];
  struct dtmf_lane lane[];
};

struct view {
  float power[9]; /* mean square at each frequency; the ninth is dial tone */
  float total;
};

size_t dtmf_bank_size(int lanes) { return sizeof(struct dtmf_bank) + (size_t)lanes * sizeof(struct dtmf_lane); }

struct dtmf_bank *dtmf_bank_init(void *memory, int lanes) {
  struct dtmf_bank *bank = memory;
  memset(memory, 0, dtmf_bank_size(lanes));
  bank->lanes = lanes;
  dtmf_bank_set_minimum(bank, DTMF_MINIMUM_TENTH_DBM0);
  return bank;
}

void dtmf_bank_set_minimum(struct dtmf_bank *bank, int level_tenth_dbm0) {
  bank->minimum = (float)(HISTORY_POWER_AT_0_DBM0 * pow(10.0, level_tenth_dbm0 / 100.0));
}

void dtmf_lane_reset(struct dtmf_bank *bank, int lane) {
  if (lane >= 0 && lane < bank->lanes)
    memset(&bank->lane[lane], 0, sizeof bank->lane[lane]);
}

EVERY_PROCESSOR
void dtmf_correlate(const int16_t *sound, int32_t products[19]) {
  for (int k = 0; k < 18; k++)
    products[k] = history_product(sound, dtmf_correlator[k], DTMF_WINDOW);
  products[18] = history_product(sound, sound, DTMF_WINDOW);
}

static void look(const int16_t *sound, struct view *view) {
  const float scale = 2.0f / ((float)DTMF_CORRELATOR_PEAK * DTMF_WINDOW);
  int32_t products[19];
  dtmf_correlate(sound, products);
  for (int k = 0; k < 9; k++) {
    float cosine = (float)products[2 * k] * scale, sine = (float)products[2 * k + 1] * scale;
    view->power[k] = 0.5f * (cosine * cosine + sine * sine);
  }
  view->total = (float)products[18] / DTMF_WINDOW;
}

static int strongest(const float *power) {
  int best = 0;
  for (int k = 1; k < 4; k++)
    if (power[k] > power[best])
      best = k;
  return best;
}

/* The others of a group must be 6 dB below its strongest. */
static int stands_out(const float *power, int best) {
  for (int k = 0; k < 4; k++)
    if (k != best && power[k] * 4.0f > power[best])
      return 0;
  return 1;
}

/* The digit one window looks like, or 0. Loose in everything: the model decides. */
static uint8_t likely_digit(const struct dtmf_bank *bank, const struct view *view) {
  int row = strongest(view->power), column = strongest(view->power + 4);
  float low = view->power[row], high = view->power[4 + column], minimum = bank->minimum * 0.5f;
  if (low < minimum || high < minimum)
    return 0;
  if (low > 3.0f * TWIST_NORMAL * high || high > 3.0f * TWIST_REVERSE * low)
    return 0;
  if (low + high < 0.45f * (view->total - DIAL_TONE_SHARE * view->power[8]))
    return 0;
  if (!stands_out(view->power, row) || !stands_out(view->power + 4, column))
    return 0;
  return (uint8_t)dtmf_digits[4 * row + column];
}

static void report(struct tone_report **reports, struct history *history, int lane, int edge, uint8_t digit, int at,
                   float power) {
  struct tone_report *out = (*reports)++;
  out->lane = lane;
  out->offset_samples = history_edge(history, at) - BLOCK_BEGIN;
  out->level_tenth_dbm0 = (int16_t)g711_power_tenth_dbm0(64.0 * (double)power);
  out->edge = (uint8_t)edge;
  out->value = digit;
}

/* Fits the digit's two frequencies; where that leaves much unexplained, tries again with dial tone beside them. */
static int fit(struct two_tone *model, const int16_t *sound, uint8_t digit, int inner, int from, int to) {
  int place = (int)(strchr(dtmf_digits, digit) - dtmf_digits);
  float nominal_hz[3] = {dtmf_frequency_hz[place / 4], dtmf_frequency_hz[4 + place % 4], 450.0f};
  for (int tones = 2; tones <= 3; tones++) {
    if (two_tone_fit(model, sound, inner, to, nominal_hz, tones) || two_tone_refit(model, sound, from, to))
      continue;
    if (model->power[0] + model->power[1] >= EXPLAINED_MIN * two_tone_rest(model, sound, from, to))
      return 0;
  }
  return -1;
}

static int in_limits(const struct dtmf_bank *bank, const struct two_tone *model, uint8_t digit) {
  int place = (int)(strchr(dtmf_digits, digit) - dtmf_digits);
  float low = model->power[0], high = model->power[1];
  float low_hz = dtmf_frequency_hz[place / 4], high_hz = dtmf_frequency_hz[4 + place % 4];
  return fabsf(two_tone_hz(model, 0) - low_hz) <= DEVIATION_MAX * low_hz &&
         fabsf(two_tone_hz(model, 1) - high_hz) <= DEVIATION_MAX * high_hz && low <= TWIST_NORMAL * high &&
         high <= TWIST_REVERSE * low && low >= bank->minimum && high >= bank->minimum;
}

/* Two windows running have shown the digit, the last of them `anchor` ticks ago: is it one, and long enough by now? */
static void judge(struct dtmf_bank *bank, struct dtmf_lane *state, int lane, const int16_t *sound,
                  struct tone_report **reports) {
  struct two_tone model;
  int inner_end = NOW - state->anchor * KERNEL_BLOCK_SAMPLES, inner = inner_end - DTMF_WINDOW;
  state->state = LISTENING;
  if (fit(&model, sound, state->digit, inner, inner - KERNEL_BLOCK_SAMPLES, inner_end))
    return;
  int middle = inner_end - 92;
  int begin = two_tone_begin(&model, sound, NOW - LOOK_BACK_SAMPLES, middle);
  int end = two_tone_end(&model, sound, middle, NOW);
  /* The stretch between the edges is the digit and nothing else: the model must hold for all of it. */
  if (end - begin < 96 || two_tone_refit(&model, sound, begin, end) || !in_limits(bank, &model, state->digit))
    return;
  float rest = two_tone_rest(&model, sound, begin, end);
  if (model.power[0] + model.power[1] < EXPLAINED_MIN * rest)
    return;
  if (end - begin >= ACCEPT_SAMPLES) {
    state->power = model.power[0] + model.power[1];
    report(reports, &state->history, lane, TONE_BEGIN, state->digit, begin, state->power);
    state->state = end > NOW - 24 ? SOUNDING : FADING;
    state->since_end_samples = NOW - end;
  } else if (end > NOW - 24 && state->anchor < 2) {
    state->state = PENDING;
  }
}

/* The last window no longer shows the digit: finds its last sample with a model of the sound before that window, or
 * from further back where noise or shortness of the digit spoils the first try. */
static void fade(struct dtmf_lane *state, const int16_t *sound) {
  struct two_tone model;
  int end = NOW - DTMF_WINDOW / 2;
  for (int to = NOW - DTMF_WINDOW - 16; to > NOW - DTMF_WINDOW - 160; to -= 40) {
    if (!fit(&model, sound, state->digit, to - 104, to - 104, to)) {
      end = two_tone_end(&model, sound, to, NOW);
      break;
    }
  }
  state->state = FADING;
  state->since_end_samples = NOW - end;
}

/* The digit is seen again while it fades. Returns the length of the break in samples, or -1 when the digit does not
 * last to this moment and so has not come back. */
static int break_samples(const struct dtmf_lane *state, const int16_t *sound) {
  struct two_tone model;
  int end = NOW - state->since_end_samples, inner = NOW - DTMF_WINDOW, middle = NOW - DTMF_WINDOW / 2;
  if (fit(&model, sound, state->digit, inner, inner, NOW) || two_tone_end(&model, sound, middle, NOW) < NOW - 24)
    return -1;
  int begin = two_tone_begin(&model, sound, end > 0 ? end : 0, middle);
  return begin > end ? begin - end : 0;
}

/* Bridges a short break, or ends the digit: when the break is long, when another digit is there, or in good time. */
static void fading(struct dtmf_lane *state, int lane, const int16_t *sound, uint8_t digit,
                   struct tone_report **reports) {
  state->since_end_samples += KERNEL_BLOCK_SAMPLES;
  int gap = digit == state->digit ? break_samples(state, sound) : -1;
  if (gap >= 0 && gap <= BREAK_SAMPLES) {
    state->state = SOUNDING;
  } else if (gap >= 0 || state->since_end_samples >= END_CERTAIN_SAMPLES || (digit && digit != state->digit)) {
    report(reports, &state->history, lane, TONE_END, state->digit, NOW - state->since_end_samples, state->power);
    state->state = LISTENING;
  }
}

static void lane_run(struct dtmf_bank *bank, int lane, const int16_t *samples, struct tone_report **reports) {
  struct dtmf_lane *state = &bank->lane[lane];
  const int16_t *sound = history_take(&state->history, samples);
  struct view view;
  look(sound + NOW - DTMF_WINDOW, &view);
  uint8_t digit = likely_digit(bank, &view), before = state->seen;
  state->seen = digit;
  if (state->state == SOUNDING && digit != state->digit)
    fade(state, sound);
  else if (state->state == FADING)
    fading(state, lane, sound, digit, reports);
  if (state->state == LISTENING && digit && digit == before) {
    state->digit = digit;
    state->state = PENDING;
  }
  if (state->state == PENDING) {
    state->anchor = digit == state->digit ? 0 : (uint8_t)(state->anchor + 1);
    judge(bank, state, lane, sound, reports);
  }
}

int dtmf_bank_run(struct dtmf_bank *bank, const int16_t *const *samples, struct tone_report *reports) {
  struct tone_report *out = reports;
  for (int lane = 0; lane < bank->lanes; lane++)
    if (samples[lane])
      lane_run(bank, lane, samples[lane], &out);
  return (int)(out - reports);
}
