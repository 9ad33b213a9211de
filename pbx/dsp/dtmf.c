/* DTMF receiver: see dtmf.h. */
#include "dtmf.h"

#include <math.h>
#include <string.h>

#include "dtmf_model.h"
#include "g711.h"
#include "generated_tables.h"
#include "processor.h"

#define ACCEPT_SAMPLES 240      /* 30 ms */
#define BREAK_SAMPLES 200       /* 25 ms */
#define END_CERTAIN_SAMPLES 344 /* a break this long ago cannot be bridged unseen */
#define DEVIATION_MAX 0.021f    /* voices sing 2:3; no digit with both tones within 2.2 % does */
#define DEVIATION_NOISY_MAX 0.016f /* no line has noise and a deviation at the limit; voices and music have */
#define EXPLAINED_CLEAR 31.6f   /* 15 dB */
#define EXPLAINED_BESIDE 7.9f   /* 9 dB, beside dial tone, which only a quiet line has */
#define TWIST_NORMAL 7.94f      /* 9 dB */
#define TWIST_REVERSE 4.47f     /* 6.5 dB */
#define EXPLAINED_MIN 5.0f      /* 7 dB */
#define DIAL_TONE_SHARE 1.6f    /* at 425 and 475 Hz the window shows so much less than there is */
#define DIAL_TONE_MIN 0.02f     /* of the sound; less is not worth a third sine */
#define DIAL_TONE_PURE 0.8f     /* of the sound before the digit, the share of the window allowed for */
#define DIAL_TONE_SURE 16        /* of group->dialled: it has stood for 100 ms, and the first windows of the digit */
#define DIAL_TONE_SUREST 60
#define DIAL_TONE_WANDER 0.25f
#define DIAL_TONE_ABOVE 6.3f    /* 8 dB above both frequencies together */
#define STANDS_OUT 4.0f         /* 6 dB above the others of its group */
#define FULL 0.81f              /* of the strongest window's power: the tone fills nine tenths of it */
#define NEARLY_FULL 0.6f        /* enough where there is no second full window */
#define HALF_FULL 0.38f         /* likewise beside dial tone, which leaks into the digit's frequencies */
#define FULL_STEP 0.2f
#define WHOLE 0.9f              /* share of a window that counts as all of it */
#define WHOLE_POWER 0.94f       /* likewise, of its power */
#define LIKELY_MIN 0.58f         /* deviation, noise and leakage at their limits leave so much */
#define LOOK_BACK 4

enum state { LISTENING, PENDING, SOUNDING, FADING };

void dtmf_reset(struct dtmf_group *group, int lane) {
  group->seen[lane] = group->dialled[lane] = group->before[0][lane] = group->before[1][lane] = group->state[lane] = 0;
  memset(&group->lane[lane], 0, sizeof group->lane[lane]);
  for (int slot = 0; slot < DTMF_SLOTS; slot++) {
    struct dtmf_window *window = &group->window[slot];
    window->total[lane] = 0;
    for (int k = 0; k < DTMF_TONES; k++)
      window->cosine[k][lane] = window->sine[k][lane] = 0;
  }
}

/* The digit each lane's window looks like, counted from one, or 0. Loose in everything: the model decides. */
PROCESSOR_INLINE void look_lanes(struct dtmf_window *restrict window, const int32_t (*restrict products)[GROUP_LANES],
                                 float minimum, uint8_t *restrict seen, uint8_t *restrict dialled) {
  const float scale = 2.0f / ((float)DTMF_CORRELATOR_PEAK * DTMF_WINDOW);
  int32_t digits[GROUP_LANES], sure[GROUP_LANES];
  for (int lane = 0; lane < GROUP_LANES; lane++)
    sure[lane] = dialled[lane];
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    float power[DTMF_TONES];
    for (int k = 0; k < DTMF_TONES; k++) {
      float cosine = (float)products[k][lane] * scale, sine = (float)products[DTMF_TONES + k][lane] * scale;
      window->cosine[k][lane] = cosine;
      window->sine[k][lane] = sine;
      power[k] = 0.5f * (cosine * cosine + sine * sine);
    }
    float low = power[0], high = power[4];
    for (int k = 1; k < 4; k++) {
      low = power[k] > low ? power[k] : low;
      high = power[4 + k] > high ? power[4 + k] : high;
    }
    int32_t row = 0, column = 0, rivals = 0;
    for (int k = 0; k < 4; k++) {
      row += power[k] == low ? k : 0;
      column += power[4 + k] == high ? k : 0;
      rivals += power[k] * STANDS_OUT > low;
      rivals += power[4 + k] * STANDS_OUT > high;
    }
    int32_t good = (rivals == 2) & (low >= minimum) & (high >= minimum) & (low <= 3.0f * TWIST_NORMAL * high) &
                   (high <= 3.0f * TWIST_REVERSE * low) &
                   (low + high >= 0.45f * (window->total[lane] - DIAL_TONE_SHARE * power[8]));
    digits[lane] = good ? 4 * row + column + 1 : 0;
    int32_t pure = (DIAL_TONE_SHARE * power[8] >= DIAL_TONE_PURE * window->total[lane]) & (power[8] > 0.0f);
    int32_t now = sure[lane] + (pure ? 2 : good - 1);
    sure[lane] = now < 0 ? 0 : now > DIAL_TONE_SUREST ? DIAL_TONE_SUREST : now;
  }
  for (int lane = 0; lane < GROUP_LANES; lane++)
    dialled[lane] = (uint8_t)sure[lane];
  for (int lane = 0; lane < GROUP_LANES; lane++)
    seen[lane] = (uint8_t)digits[lane];
}

PROCESSOR_VERSIONS(look,
                   (struct dtmf_window * window, const int32_t (*products)[GROUP_LANES], float minimum, uint8_t *seen,
                    uint8_t *dialled),
                   (window, products, minimum, seen, dialled))

static void tell(struct dtmf_group *group, const struct tone_ear *ear, int lane, int edge, int64_t at) {
  struct dtmf_lane *state = &group->lane[lane];
  tone_tell(ear, lane, edge, dtmf_digits[group->digit[lane] - 1], at, &state->last_edge, state->power);
}

/* Squared amplitude of a digit's two frequencies as one window shows them. */
static void sizes(const struct dtmf_group *group, int lane, int digit, int64_t tick, float size[2]) {
  const struct dtmf_window *window = &group->window[tick & (DTMF_SLOTS - 1)];
  const int tone[2] = {digit / 4, 4 + digit % 4};
  for (int k = 0; k < 2; k++)
    size[k] = window->cosine[tone[k]][lane] * window->cosine[tone[k]][lane] +
              window->sine[tone[k]][lane] * window->sine[tone[k]][lane];
}

static int fills(const float *size, const float *most, float share) {
  return size[0] > share * most[0] && size[1] > share * most[1];
}

static int has_dial_tone(const struct dtmf_group *group, int lane, int64_t tick) {
  const struct dtmf_window *window = &group->window[tick & (DTMF_SLOTS - 1)];
  float size = window->cosine[8][lane] * window->cosine[8][lane] + window->sine[8][lane] * window->sine[8][lane];
  return 0.5f * size >= DIAL_TONE_MIN * window->total[lane];
}

/* Windows running that a digit fills, and the one that it fills best. */
struct span {
  int64_t first;
  int64_t last;
  int64_t best;
  int64_t inner_first; /* those that it fills wholly: they tell whether the line is clear */
  int64_t inner_last;
};

/* About the strongest window of the last few. Two are needed to tell frequencies: where there is no second full one, those
 * that are nearly full do. */
static struct span full_windows(struct dtmf_group *group, int lane, int digit, int64_t now) {
  struct dtmf_model *model = &group->lane[lane].model;
  float size[LOOK_BACK][2], strongest = 0;
  int peak = 0, dial_tone = has_dial_tone(group, lane, now);
  /* The frequencies of 7 and * lie so close together that they leak into each other as dial tone does. */
  int leaks = dial_tone || digit == 8 || digit == 12;
  if (leaks)
    dtmf_model_nominal(model, digit, 2 + dial_tone);
  for (int back = 0; back < LOOK_BACK; back++) {
    sizes(group, lane, digit, now - back, size[back]);
    if (leaks) {
      dtmf_model_at(model, group, lane, now - back);
      size[back][0] = dtmf_model_size(model, 0);
      size[back][1] = dtmf_model_size(model, 1);
    }
    if (size[back][0] + size[back][1] > strongest) {
      strongest = size[back][0] + size[back][1];
      peak = back;
    }
  }
  int newest = peak, oldest = peak;
  float least = dial_tone ? HALF_FULL : NEARLY_FULL;
  for (float enough = FULL; newest == oldest && enough >= least; enough -= FULL_STEP) {
    while (newest > 0 && fills(size[newest - 1], size[peak], enough))
      newest--;
    while (oldest < LOOK_BACK - 1 && fills(size[oldest + 1], size[peak], enough))
      oldest++;
  }
  int inner_newest = peak, inner_oldest = peak;
  while (inner_newest > newest && fills(size[inner_newest - 1], size[peak], WHOLE_POWER))
    inner_newest--;
  while (inner_oldest < oldest && fills(size[inner_oldest + 1], size[peak], WHOLE_POWER))
    inner_oldest++;
  return (struct span){now - oldest, now - newest, now - peak, now - inner_oldest, now - inner_newest};
}

static int in_limits(const struct dtmf_model *model, int digit, float minimum, float deviation_max) {
  float low = 0.5f * dtmf_model_size(model, 0), high = 0.5f * dtmf_model_size(model, 1);
  float low_turn = (float)dtmf_frequency_hz[digit / 4] * (2.0f * 3.14159265f / 8000.0f);
  float high_turn = (float)dtmf_frequency_hz[4 + digit % 4] * (2.0f * 3.14159265f / 8000.0f);
  return fabsf(model->turn[0] - low_turn) <= deviation_max * low_turn &&
         fabsf(model->turn[1] - high_turn) <= deviation_max * high_turn && low <= TWIST_NORMAL * high &&
         high <= TWIST_REVERSE * low && low >= minimum && high >= minimum;
}

/* Dial tone has stood for a while before the digit; the third partial of a voice has not. */
static int dial_tone_stands(const struct dtmf_group *group, int lane, const struct span *span) {
  return has_dial_tone(group, lane, span->best) && group->dialled[lane] >= DIAL_TONE_SURE;
}

/* Of two windows before the digit at least one is all in the pause before it. */
static int dial_tone_goes_on(const struct dtmf_model *model, const struct dtmf_group *group, int lane, const struct span *span) {
  if (dtmf_model_size(model, 2) > DIAL_TONE_ABOVE * (dtmf_model_size(model, 0) + dtmf_model_size(model, 1)))
    return 0;
  for (int64_t before = span->first - 3; before < span->first - 1; before++)
    if (fabsf(dtmf_model_dial_tone(model, group, lane, before) - 1.0f) <= DIAL_TONE_WANDER)
      return 1;
  return 0;
}

/* Fits the digit's two frequencies; where that leaves much unexplained, tries again with dial tone beside them. */
static int fit(struct dtmf_model *model, const struct dtmf_group *group, int lane, int digit, const struct span *span,
               float minimum) {
  for (int tones = 2; tones <= 2 + dial_tone_stands(group, lane, span); tones++) {
    dtmf_model_fit(model, group, lane, digit, tones, span->first, span->last);
    float explained = 0.5f * (dtmf_model_size(model, 0) + dtmf_model_size(model, 1));
    float rest = dtmf_model_rest(model, group, lane, span->first, span->last);
    dtmf_model_at(model, group, lane, span->best);
    float inner_rest = dtmf_model_rest(model, group, lane, span->inner_first, span->inner_last);
    float least = tones > 2 ? EXPLAINED_BESIDE : EXPLAINED_MIN;
    float deviation_max = explained >= EXPLAINED_CLEAR * inner_rest ? DEVIATION_MAX : DEVIATION_NOISY_MAX;
    if (explained >= least * rest && in_limits(model, digit, minimum, deviation_max) &&
        (tones < 3 || dial_tone_goes_on(model, group, lane, span)))
      return 0;
  }
  return -1;
}

static int64_t window_end(int64_t tick) { return (tick + 1) * KERNEL_BLOCK_SAMPLES; }

/* Whether the best window holds little else, as far as its sums say: most of what voices show is refused by that. */
static int likely(const struct dtmf_group *group, int lane, int digit, int64_t tick) {
  const struct dtmf_window *window = &group->window[tick & (DTMF_SLOTS - 1)];
  float size[2], dial = window->cosine[8][lane] * window->cosine[8][lane] + window->sine[8][lane] * window->sine[8][lane];
  sizes(group, lane, digit, tick, size);
  return 0.5f * (size[0] + size[1]) >= LIKELY_MIN * (window->total[lane] - 0.5f * DIAL_TONE_SHARE * dial);
}

/* Two of the last windows have shown the digit: is it one, and long enough by now? */
static void judge(struct dtmf_group *group, const struct tone_ear *ear, int lane, float minimum) {
  struct dtmf_lane *state = &group->lane[lane];
  struct dtmf_model *model = &state->model;
  struct span span = full_windows(group, lane, group->digit[lane] - 1, ear->tick);
  int lasts = span.last == ear->tick;
  group->state[lane] = span.first == span.last && lasts ? PENDING : LISTENING;
  int digit = group->digit[lane] - 1;
  if (span.first == span.last || !likely(group, lane, digit, span.best) || fit(model, group, lane, digit, &span, minimum))
    return;
  int64_t begin = window_end(span.first - 1) - lrintf(DTMF_WINDOW * dtmf_model_share(model, group, lane, span.first - 1));
  int64_t end = tone_now(ear);
  if (!lasts)
    end = window_end(span.last + 1) - DTMF_WINDOW + lrintf(DTMF_WINDOW * dtmf_model_share(model, group, lane, span.last + 1));
  if (end - begin >= ACCEPT_SAMPLES) {
    for (int k = 0; k < 2; k++)
      state->size[k] = dtmf_model_size(model, k);
    state->power = 0.5f * (state->size[0] + state->size[1]);
    state->end = end;
    tell(group, ear, lane, TONE_BEGIN, begin);
    group->state[lane] = lasts ? SOUNDING : FADING;
  } else if (lasts) {
    group->state[lane] = PENDING;
  }
}

/* The newest window no longer shows the digit: finds its last sample from how the digit would have gone on. */
static void fade(struct dtmf_group *group, const struct tone_ear *ear, int lane) {
  struct dtmf_lane *state = &group->lane[lane];
  dtmf_model_at(&state->model, group, lane, ear->tick - 2);
  state->end = tone_now(ear);
  for (int64_t tick = ear->tick - 1; tick <= ear->tick; tick++) {
    float share = dtmf_model_share(&state->model, group, lane, tick);
    if (share < WHOLE) {
      state->end = window_end(tick) - DTMF_WINDOW + lrintf(DTMF_WINDOW * share);
      break;
    }
  }
  group->state[lane] = FADING;
}

/* How much of a window the digit fills by its level alone, as it was before the break. */
static float filled(const struct dtmf_group *group, struct dtmf_lane *state, int lane, int64_t tick) {
  dtmf_model_at(&state->model, group, lane, tick);
  float share = fminf(dtmf_model_size(&state->model, 0) / state->size[0], dtmf_model_size(&state->model, 1) / state->size[1]);
  return share < 1.0f ? sqrtf(share) : 1.0f;
}

/* The digit is seen again while it fades: the length of the break in samples. */
static int64_t break_samples(struct dtmf_group *group, const struct tone_ear *ear, int lane) {
  struct dtmf_lane *state = &group->lane[lane];
  int64_t tick = ear->tick;
  float share = filled(group, state, lane, tick);
  if (share >= WHOLE)
    share = filled(group, state, lane, --tick);
  int64_t begin = window_end(tick) - lrintf(DTMF_WINDOW * share);
  return begin > state->end ? begin - state->end : 0;
}

/* Bridges a short break, or ends the digit: when the break is long, when another digit is there, or in good time. */
static void fading(struct dtmf_group *group, const struct tone_ear *ear, int lane) {
  struct dtmf_lane *state = &group->lane[lane];
  uint8_t seen = group->seen[lane];
  int64_t gap = seen == group->digit[lane] ? break_samples(group, ear, lane) : -1;
  if (gap >= 0 && gap <= BREAK_SAMPLES) {
    group->state[lane] = SOUNDING;
  } else if (gap >= 0 || tone_now(ear) - state->end >= END_CERTAIN_SAMPLES || (seen && seen != group->digit[lane])) {
    tell(group, ear, lane, TONE_END, state->end);
    group->state[lane] = LISTENING;
  }
}

static void lane_step(struct dtmf_group *group, const struct tone_ear *ear, int lane, float minimum) {
  uint8_t seen = group->seen[lane];
  if (group->state[lane] == PENDING)
    judge(group, ear, lane, minimum);
  else if (group->state[lane] == SOUNDING && seen != group->digit[lane])
    fade(group, ear, lane);
  else if (group->state[lane] == FADING)
    fading(group, ear, lane);
  if (group->state[lane] == LISTENING && seen && (seen == group->before[0][lane] || seen == group->before[1][lane])) {
    group->digit[lane] = seen;
    group->state[lane] = PENDING;
  }
}

/* Lanes in which something may happen: two of the last three windows show a digit, or one that was known changes. */
static uint32_t stirring(const struct dtmf_group *group) {
  uint8_t stirs[GROUP_LANES];
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    uint8_t seen = group->seen[lane], same = seen == group->digit[lane];
    uint8_t begins = (seen != 0) & ((seen == group->before[0][lane]) | (seen == group->before[1][lane]));
    uint8_t listens = group->state[lane] == LISTENING, sounds = group->state[lane] == SOUNDING;
    stirs[lane] = (listens & begins) | (!listens & !(sounds & same));
  }
  return tone_mask(stirs);
}

void dtmf_hear(struct dtmf_group *group, const struct tone_ear *ear, const struct group_sound *sound,
               const float total[GROUP_LANES], float minimum) {
  int32_t products[2 * DTMF_TONES][GROUP_LANES];
  struct dtmf_window *window = &group->window[ear->tick & (DTMF_SLOTS - 1)];
  correlate_fold(sound, DTMF_WINDOW / 4, dtmf_folded[0], 2 * DTMF_TONES, products);
  memcpy(window->total, total, sizeof window->total);
  memcpy(group->before[1], group->before[0], sizeof group->seen);
  memcpy(group->before[0], group->seen, sizeof group->seen);
  look(window, (const int32_t(*)[GROUP_LANES])products, minimum, group->seen, group->dialled);
  uint32_t mask = stirring(group) & ear->listening;
  while (mask) {
    int lane = __builtin_ctz(mask);
    mask &= mask - 1;
    lane_step(group, ear, lane, minimum);
  }
}
