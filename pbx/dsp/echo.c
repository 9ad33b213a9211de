/* Echo canceller: see echo.h. Here is what decides; the arithmetic is in echo_kernel.h. */
#include "echo.h"

#include <math.h>
#include <string.h>

#include "echo_disabler.h"
#include "echo_state.h"
#include "g711.h"
#include "processor.h"

#define SAMPLES_A_MS 8
#define DELAY_ROOM (ECHO_DELAY_MOST_MS * SAMPLES_A_MS + KERNEL_BLOCK_SAMPLES)
#define BLOCK ((float)KERNEL_BLOCK_SAMPLES)

/* Powers are sums of squares over a block after emphasis, unless they are said to be of a sample. */
#define RECENT 0.3f   /* share of a block in the sums by which filters are compared */
#define LASTING 0.02f /* in those that statistics are made of */
#define FAR_LEAST (BLOCK * 25.0f * 25.0f) /* below it the far end is silent: speech of -50 dBm0 */
#define FAR_HELD 0.8f
#define BETTER 0.95f /* the trial filter leaves so much less than the proven one that it takes its place */
#define WORSE 2.0f   /* it leaves so much more that it begins again from the proven one */
#define HARMFUL 1.5f /* the proven filter adds more than it takes away */
#define CONVERGED 0.03f
#define NOT_CONVERGED 0.12f
#define WANDER 0.0005f /* share of its power by which the path is thought to change in a block */
#define WANDER_MORE 0.1f
#define ALIKE 0.1f     /* square of a correlation: more than chance */
#define CHANGED 0.3f
#define NARROW 7.0f  /* places of the spectrum that hold the far end's power, if it is to be a few tones */
#define STEADY 0.3f
#define NARROW_TICKS 4 /* speech is as narrow for so long at most times */
#define TONE_TICKS 20  /* and at all times */
#define HELD_BACK 1.0f
#define BOUND 1e13f  /* of the power of a block: 15 dB above what a saturated line can send */
#define SUPPRESSED 0.06f /* of the echo's power: what is left below it is held to be echo */
#define NOISE_LEAST 36.0f /* power of a sample that A-law itself leaves */
#define RELEASE_TICKS 25  /* 250 ms */

struct echo_lane {
  int32_t tail_ms;
  int32_t options;
  int32_t delay_samples;
  int32_t late_place;
  struct echo_sums recent;
  struct echo_sums lasting;
  float far_held;  /* the far end's power, held through the tail */
  float echo_held; /* the echo's */
  float background; /* power of a sample */
  float gain;       /* of what is left of the near end: 1, or 0 while the nonlinear processor suppresses it */
  float out_before; /* last sample given out, before it was rounded */
  float far_block; /* of its spectrum's, in the block before */
  int32_t narrow_ticks; /* for how long it has been a few steady tones, up to TONE_TICKS */
  int32_t quiet_ticks;
  int32_t ticks; /* up to a second */
  uint16_t changes;
  uint8_t converged;
  uint8_t double_talk;
  uint8_t disabled;
  uint8_t tone;
  int16_t far_before; /* last samples of the block before */
  int16_t near_before;
  int16_t late[DELAY_ROOM];
  uint32_t chance[ECHO_LANES];
  struct echo_ear ear[2];
  struct echo_filter filter;
};

struct echo_bank {
  int32_t lanes;
  int32_t tail_most_ms;
  size_t stride;
  _Alignas(64) uint8_t lane[];
};

static int partitions_of(int tail_ms) {
  return (tail_ms * SAMPLES_A_MS + KERNEL_BLOCK_SAMPLES - 1) / KERNEL_BLOCK_SAMPLES;
}

static size_t stride_of(int tail_most_ms) {
  size_t octets = sizeof(struct echo_lane) + (size_t)partitions_of(tail_most_ms) * sizeof(struct echo_partition);
  return (octets + 63) & ~(size_t)63;
}

static struct echo_lane *lane_of(const struct echo_bank *bank, int lane) {
  return (struct echo_lane *)(bank->lane + (size_t)lane * bank->stride);
}

size_t echo_bank_size(int lanes, int tail_most_ms) {
  return sizeof(struct echo_bank) + (size_t)lanes * stride_of(tail_most_ms);
}

struct echo_bank *echo_bank_init(void *memory, int lanes, int tail_most_ms) {
  struct echo_bank *bank = memory;
  memset(memory, 0, echo_bank_size(lanes, tail_most_ms));
  bank->lanes = lanes;
  bank->tail_most_ms = tail_most_ms;
  bank->stride = stride_of(tail_most_ms);
  return bank;
}

/* Nothing is known of the path, so everything may be learned at once; but the first steps are held back by as much
 * disturbance as there is echo to expect, since all partitions would take them in the same direction. */
static void doubt_all(struct echo_filter *filter) {
  for (int n = 0; n < ECHO_PLACES; n++) {
    float power = 0;
    for (int p = 0; p < filter->partitions; p++) {
      const struct echo_spectrum *far = &filter->partition[p].far;
      power += far->re[n] * far->re[n] + far->im[n] * far->im[n];
      filter->partition[p].uncertainty[n] = ECHO_UNCERTAINTY;
    }
    filter->disturbance[n] = HELD_BACK * ECHO_UNCERTAINTY * power;
  }
}

void echo_lane_reset(struct echo_bank *bank, int lane) {
  if (lane < 0 || lane >= bank->lanes)
    return;
  struct echo_lane *state = lane_of(bank, lane);
  int tail_ms = state->tail_ms, options = state->options, delay_samples = state->delay_samples;
  memset(state, 0, bank->stride);
  state->tail_ms = tail_ms;
  state->options = options;
  state->delay_samples = delay_samples;
  state->gain = 1.0f;
  state->background = NOISE_LEAST;
  for (int n = 0; n < ECHO_LANES; n++)
    state->chance[n] = 0x9e3779b9u * (uint32_t)(lane * ECHO_LANES + n + 1);
  state->filter.partitions = partitions_of(tail_ms);
  doubt_all(&state->filter);
}

int echo_lane_set(struct echo_bank *bank, int lane, int tail_ms, int options, int delay_ms) {
  if (lane < 0 || lane >= bank->lanes || tail_ms < 0 || tail_ms > bank->tail_most_ms || delay_ms < 0 ||
      delay_ms > ECHO_DELAY_MOST_MS)
    return -1;
  struct echo_lane *state = lane_of(bank, lane);
  state->tail_ms = tail_ms;
  state->options = options;
  state->delay_samples = delay_ms * SAMPLES_A_MS;
  echo_lane_reset(bank, lane);
  return 0;
}

static const struct echo_processor *processor(void) {
#if defined(__x86_64__)
  int level = processor_level();
  return level >= PROCESSOR_AVX512 ? &echo_avx512 : level >= PROCESSOR_AVX2 ? &echo_avx2 : &echo_plain;
#else
  return &echo_plain;
#endif
}

static const int16_t *delayed(struct echo_lane *state, const int16_t *far, int16_t *block) {
  if (!state->delay_samples)
    return far;
  for (int n = 0; n < KERNEL_BLOCK_SAMPLES; n++)
    state->late[(state->late_place + n) % DELAY_ROOM] = far[n];
  int from = state->late_place - state->delay_samples + DELAY_ROOM;
  for (int n = 0; n < KERNEL_BLOCK_SAMPLES; n++)
    block[n] = state->late[(from + n) % DELAY_ROOM];
  state->late_place = (state->late_place + KERNEL_BLOCK_SAMPLES) % DELAY_ROOM;
  return block;
}

static void smooth(struct echo_sums *mean, const struct echo_sums *now, float share) {
  mean->far += share * (now->far - mean->far);
  mean->near += share * (now->near - mean->near);
  mean->trial_error += share * (now->trial_error - mean->trial_error);
  mean->proven_error += share * (now->proven_error - mean->proven_error);
  mean->proven_echo += share * (now->proven_echo - mean->proven_echo);
  mean->trial_echo += share * (now->trial_echo - mean->trial_echo);
  mean->trial_product += share * (now->trial_product - mean->trial_product);
}

static float held(float before, float now, float share) { return now > share * before ? now : share * before; }

/* The trial filter has shown itself better: from the end of this block on it is the proven one. */
static void promote(struct echo_lane *state) {
  struct echo_filter *filter = &state->filter;
  for (int p = 0; p < filter->partitions; p++)
    filter->partition[p].proven = filter->partition[p].trial;
  for (int n = 0; n < KERNEL_BLOCK_SAMPLES; n++)
    filter->proven_error[n] += (float)(n + 1) / BLOCK * (filter->trial_error[n] - filter->proven_error[n]);
  state->recent.proven_error = state->recent.trial_error;
}

static void demote(struct echo_lane *state) {
  struct echo_filter *filter = &state->filter;
  for (int p = 0; p < filter->partitions; p++)
    filter->partition[p].trial = filter->partition[p].proven;
  memcpy(filter->trial_error, filter->proven_error, sizeof filter->trial_error);
  state->recent.trial_error = state->recent.proven_error;
}

/* Neither filter does any good: the echo path has gone. */
static void start_again(struct echo_lane *state) {
  struct echo_filter *filter = &state->filter;
  for (int p = 0; p < filter->partitions; p++) {
    memset(&filter->partition[p].trial, 0, sizeof filter->partition[p].trial);
    memset(&filter->partition[p].proven, 0, sizeof filter->partition[p].proven);
  }
  for (int n = 0; n < KERNEL_BLOCK_SAMPLES; n++)
    filter->proven_error[n] += (float)(n + 1) / BLOCK * (filter->near_block[n] - filter->proven_error[n]);
  memcpy(filter->trial_error, filter->near_block, sizeof filter->trial_error);
  state->recent.trial_error = state->recent.proven_error = state->recent.near;
  state->recent.proven_echo = state->recent.trial_echo = state->recent.trial_product = state->echo_held = 0;
  state->converged = 0;
  doubt_all(filter);
}

/* No sound can make the filters leave all bounds, but if it did, they must come back. */
static void hold(struct echo_lane *state) {
  struct echo_filter *filter = &state->filter;
  if (filter->sums.trial_error < BOUND && filter->sums.proven_error < BOUND)
    return;
  memcpy(filter->proven_error, filter->near_block, sizeof filter->proven_error);
  filter->sums.trial_error = filter->sums.proven_error = filter->sums.near;
  filter->sums.trial_echo = filter->sums.proven_echo = filter->sums.trial_product = 0;
  start_again(state);
}

/* Which of the filters is to be believed. */
static void judge(struct echo_lane *state) {
  struct echo_sums *recent = &state->recent;
  if (recent->proven_error > HARMFUL * recent->near + FAR_LEAST && recent->trial_error > recent->near) {
    start_again(state);
    state->changes++;
  } else if (recent->trial_error < BETTER * recent->proven_error) {
    promote(state);
  } else if (recent->trial_error > WORSE * recent->proven_error) {
    demote(state);
  }
}

/* What is left of an echo that the filter expects in vain, or with the wrong sign, is like that echo; near-end speech and
 * noise are not. The more alike they are, the more the path is thought to wander; and if the filter that was good does
 * little good any more, the path has changed. */
static float wander(struct echo_lane *state) {
  const struct echo_sums *recent = &state->recent;
  float product = recent->trial_product * recent->trial_product;
  float alike = product / (recent->trial_error * recent->trial_echo + 1.0f);
  if (state->converged && alike > CHANGED && recent->proven_error > 0.25f * recent->near) {
    state->lasting.proven_error = state->lasting.near;
    state->converged = 0;
    state->changes++;
    doubt_all(&state->filter);
  }
  return WANDER + (alike > ALIKE ? WANDER_MORE * (alike - ALIKE) : 0.0f);
}

/* A few steady tones say nothing about the other frequencies, and what leaks there from them misleads. A filter that
 * has converged is left alone while they last; one that has not may learn to cancel them, and begins again after. */
static int may_adapt(struct echo_lane *state) {
  const struct echo_sums *sums = &state->filter.sums;
  float change = sums->far_power - state->far_block;
  int steady = change < STEADY * sums->far_power && change > -STEADY * sums->far_power;
  int narrow = sums->far_power * sums->far_power < NARROW * sums->far_squares || state->ear[0].tone_ticks >= NARROW_TICKS;
  state->far_block = sums->far_power;
  if (!narrow || !(steady || state->ear[0].tone_ticks)) {
    if (state->narrow_ticks == TONE_TICKS && !state->converged)
      doubt_all(&state->filter);
    state->narrow_ticks = 0;
  } else if (state->narrow_ticks < TONE_TICKS && ++state->narrow_ticks == NARROW_TICKS && state->converged) {
    demote(state);
  }
  return state->narrow_ticks < NARROW_TICKS || !state->converged;
}

static void describe(struct echo_lane *state) {
  const struct echo_sums *recent = &state->recent, *lasting = &state->lasting;
  float left = lasting->proven_error / (lasting->near + 1.0f) * state->echo_held;
  float noise = BLOCK * state->background;
  state->double_talk = state->converged && recent->proven_error > 8.0f * (left + noise);
  if (!state->double_talk && state->far_held > FAR_LEAST)
    smooth(&state->lasting, &state->filter.sums, LASTING);
  float most = CONVERGED * lasting->near + noise;
  if (lasting->proven_error < most && lasting->proven_echo > lasting->proven_error)
    state->converged = 1;
  else if (lasting->proven_error > most + NOT_CONVERGED * lasting->near)
    state->converged = 0;
}

/* The background's power follows blocks that are like it at once, quieter ones sooner and louder ones slowly, because
 * these are mostly speech or echo. */
static void follow_background(struct echo_lane *state, float power) {
  float *background = &state->background;
  int begun = state->ticks < 100;
  state->ticks += begun;
  int echo = state->far_held > FAR_LEAST; /* then A-law's rounding of the echo is heard too */
  if (power < 0.25f * *background)
    *background += 0.3f * (power - *background);
  else if (power < (echo ? 1.25f : 2.5f) * *background)
    *background += 0.05f * (power - *background);
  else
    *background *= echo ? 1.001f : begun ? 1.1f : 1.015f;
  if (*background < NOISE_LEAST)
    *background = NOISE_LEAST;
}

/* Speech gets its low frequencies back. Five parts at a time, because each sample waits for the one before. */
static float restore(struct echo_lane *state, float *sound) {
  float carry[5] = {0}, power[5] = {0}, factor = ECHO_EMPHASIS;
  for (int n = 0; n < ECHO_LANES; n++)
    for (int part = 0; part < 5; part++)
      sound[part * ECHO_LANES + n] = carry[part] = sound[part * ECHO_LANES + n] + ECHO_EMPHASIS * carry[part];
  float before[5], last = state->out_before, over_part = 1.0f;
  for (int n = 0; n < ECHO_LANES; n++)
    over_part *= ECHO_EMPHASIS;
  for (int part = 0; part < 5; part++) {
    before[part] = last;
    last = carry[part] + over_part * last;
  }
  for (int n = 0; n < ECHO_LANES; n++, factor *= ECHO_EMPHASIS)
    for (int part = 0; part < 5; part++)
      sound[part * ECHO_LANES + n] += factor * before[part];
  state->out_before = sound[KERNEL_BLOCK_SAMPLES - 1];
  for (int n = 0; n < ECHO_LANES; n++)
    for (int part = 0; part < 5; part++)
      power[part] += sound[part * ECHO_LANES + n] * sound[part * ECHO_LANES + n];
  return (power[0] + power[1] + power[2] + power[3] + power[4]) / BLOCK;
}

/* What is left of the echo alone gives way to noise like the background's, within one block. */
static void suppress(struct echo_lane *state, float *sound) {
  const struct echo_sums *recent = &state->recent;
  int only_echo = state->far_held > FAR_LEAST && recent->proven_error < SUPPRESSED * state->echo_held && !state->double_talk;
  float wanted = (state->options & ECHO_NONLINEAR) && only_echo && !state->tone ? 0.0f : 1.0f;
  if (wanted == 1.0f && state->gain == 1.0f)
    return;
  /* Uniform noise of a power reaches to the root of three times that. */
  float reach = (state->options & ECHO_COMFORT_NOISE) ? sqrtf(3.0f * state->background) / 2147483648.0f : 0.0f;
  float step = (wanted - state->gain) / BLOCK, gain = state->gain;
  for (int n = 0; n < KERNEL_BLOCK_SAMPLES; n += ECHO_LANES)
    for (int k = 0; k < ECHO_LANES; k++) {
      state->chance[k] = state->chance[k] * 1664525u + 1013904223u;
      float now = gain + step * (float)(n + k + 1);
      sound[n + k] = now * sound[n + k] + (1.0f - now) * reach * (float)(int32_t)state->chance[k];
    }
  state->gain = wanted;
}

static void listen(struct echo_lane *state, const int16_t *far, const int16_t *near) {
  int heard = echo_ear_run(&state->ear[0], far) | echo_ear_run(&state->ear[1], near);
  state->quiet_ticks = heard & ECHO_HEARD_SOUND ? 0 : state->quiet_ticks < RELEASE_TICKS ? state->quiet_ticks + 1 : RELEASE_TICKS;
  if (state->quiet_ticks == RELEASE_TICKS)
    state->disabled = state->tone = 0;
  state->tone |= (heard & ECHO_HEARD_TONE) != 0;
  state->disabled |= (heard & ECHO_HEARD_REVERSALS) != 0;
}

static void lane_run(struct echo_lane *state, const struct echo_processor *use, const int16_t *far, const int16_t *near,
                     int16_t *out) {
  int16_t late[KERNEL_BLOCK_SAMPLES], far_block[1 + KERNEL_BLOCK_SAMPLES], near_block[1 + KERNEL_BLOCK_SAMPLES];
  struct echo_filter *filter = &state->filter;
  if (state->options & ECHO_TONE_DISABLER)
    listen(state, far, near);
  far_block[0] = state->far_before;
  near_block[0] = state->near_before;
  memcpy(far_block + 1, delayed(state, far, late), sizeof late);
  memcpy(near_block + 1, near, sizeof late);
  state->far_before = far_block[KERNEL_BLOCK_SAMPLES];
  state->near_before = near_block[KERNEL_BLOCK_SAMPLES];
  use->run(filter, far_block, near_block);
  hold(state);
  smooth(&state->recent, &filter->sums, RECENT);
  state->far_held = held(state->far_held, filter->sums.far, FAR_HELD);
  if (state->disabled) {
    memmove(out, near_block + 1, sizeof late);
    state->out_before = (float)state->near_before;
    return;
  }
  if (state->far_held > FAR_LEAST) {
    judge(state);
    if (may_adapt(state))
      use->adapt(filter, wander(state));
  }
  state->echo_held = held(state->echo_held, state->recent.proven_echo, FAR_HELD);
  describe(state);
  follow_background(state, restore(state, filter->proven_error));
  suppress(state, filter->proven_error);
  use->to_samples(filter->proven_error, out);
}

void echo_bank_run(struct echo_bank *bank, const int16_t *const *far, const int16_t *const *near, int16_t *const *out) {
  static const int16_t silence[KERNEL_BLOCK_SAMPLES];
  const struct echo_processor *use = processor();
  for (int lane = 0; lane < bank->lanes; lane++) {
    struct echo_lane *state = lane_of(bank, lane);
    if (near[lane] && state->tail_ms)
      lane_run(state, use, far[lane] ? far[lane] : silence, near[lane], out[lane]);
  }
}

static int16_t tenth_db(float part, float whole) {
  double ratio = ((double)whole + 1) / ((double)part + 1);
  return (int16_t)lrint(100.0 * log10(ratio));
}

int echo_lane_statistics(const struct echo_bank *bank, int lane, struct echo_statistics *statistics) {
  if (lane < 0 || lane >= bank->lanes)
    return -1;
  const struct echo_lane *state = lane_of(bank, lane);
  const struct echo_sums *lasting = &state->lasting;
  *statistics = (struct echo_statistics){
      .erle_tenth_db = tenth_db(lasting->proven_error, lasting->near),
      .erl_tenth_db = tenth_db(lasting->proven_echo, lasting->far),
      .background_tenth_dbm0 = (int16_t)g711_power_tenth_dbm0((double)state->background),
      .tail_ms = (uint8_t)state->tail_ms,
      .converged = state->converged,
      .double_talk = state->double_talk,
      .disabled = state->disabled,
      .suppressing = state->gain < 1.0f,
      .changes = state->changes};
  return 0;
}
