/* MFC-R2 receiver: see mf_r2.h. */
#include "mf_r2.h"

#include <math.h>
#include <string.h>

#include "generated_tables.h"
#include "processor.h"

#define NEIGHBOUR_TWIST 5.62f /* 7.5 dB */
#define TWIST 8.91f           /* 9.5 dB */
#define THIRD_BELOW 10.0f     /* 10 dB below the weaker of the two */
#define EXPLAINED_MIN 0.6f    /* of the energy in the window */
#define RELEASE_BELOW 15.85f  /* 12 dB, two ticks running: a break of 7 ms spoils one */
#define GONE_BELOW 316.2f     /* 25 dB, at once */
#define FITTED_MIN 6.31f      /* 8 dB above what two sines leave */
#define FULL 0.8f             /* of the signal's power: the window is as good as filled */
#define WHOLE_PARTS (MF_R2_PARTS - 2)
#define LOOK_BACK 5
#define TICK_ANGLE_HZ (8000.0f / (2.0f * 3.14159265f * KERNEL_BLOCK_SAMPLES))

void mf_r2_reset(struct mf_r2_group *group, int lane) {
  group->seen[lane] = group->before[lane] = group->sounding[lane] = 0;
  memset(&group->lane[lane], 0, sizeof group->lane[lane]);
  for (int slot = 0; slot < MF_R2_SLOTS; slot++)
    for (int k = 0; k < MF_R2_TONES; k++)
      group->window[slot].cosine[k][lane] = group->window[slot].sine[k][lane] = 0;
}

void mf_r2_correlate(const struct group_sound *sound, int forward, int backward, struct mf_r2_sums *sums) {
  const int32_t *table = forward ? backward ? mf_r2_folded_both[0] : mf_r2_folded_forward[0] : mf_r2_folded_backward[0];
  int tones = forward && backward ? 2 * MF_R2_TONES : MF_R2_TONES;
  correlate_fold(sound, MF_R2_WINDOW / 4, table, 2 * tones, sums->product);
  sums->sines = tones;
  sums->backward = forward ? MF_R2_TONES : 0;
}

/* The signal each lane's window shows, or 0: two frequencies that stand out, alike in level, and nothing else of
 * weight. */
PROCESSOR_INLINE void look_lanes(struct mf_r2_window *restrict window, int32_t (*restrict cosines)[GROUP_LANES],
                                 int32_t (*restrict sines)[GROUP_LANES], const float *restrict total, float minimum,
                                 uint8_t *restrict seen) {
  const float scale = 2.0f / MF_R2_CORRELATOR_SUM;
  int32_t signals[GROUP_LANES];
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    float power[MF_R2_TONES];
    for (int k = 0; k < MF_R2_TONES; k++) {
      float cosine = (float)cosines[k][lane] * scale, sine = (float)sines[k][lane] * scale;
      window->cosine[k][lane] = cosine;
      window->sine[k][lane] = sine;
      power[k] = 0.5f * (cosine * cosine + sine * sine);
    }
    float strong = power[0], weak = 0.0f;
    for (int k = 1; k < MF_R2_TONES; k++) {
      float less = power[k] > strong ? strong : power[k];
      strong = power[k] > strong ? power[k] : strong;
      weak = less > weak ? less : weak;
    }
    /* Only the two strongest are within 10 dB of the weaker one, so that sums over those find their places. */
    int32_t count = 0, places = 0, squares = 0;
    for (int k = 0; k < MF_R2_TONES; k++) {
      int32_t near = power[k] * THIRD_BELOW > weak;
      count += near;
      places += near ? k : 0;
      squares += near ? k * k : 0;
    }
    /* With lower l and upper u: u - l squared is 2 (l^2 + u^2) - (l + u)^2; it is 1 for neighbours. */
    int32_t apart_squared = 2 * squares - places * places;
    int32_t apart = 1 + (apart_squared > 1) + (apart_squared > 4) + (apart_squared > 9) + (apart_squared > 16);
    int32_t upper = (places + apart) / 2, lower = places - upper;
    float most = apart == 1 ? NEIGHBOUR_TWIST : TWIST;
    int32_t good = (count == 2) & (weak >= minimum) & (strong <= most * weak) &
                   (strong + weak >= EXPLAINED_MIN * total[lane]);
    signals[lane] = good ? upper * (upper - 1) / 2 + lower + 1 : 0;
  }
  for (int lane = 0; lane < GROUP_LANES; lane++)
    seen[lane] = (uint8_t)signals[lane];
}

PROCESSOR_VERSIONS(look,
                   (struct mf_r2_window * window, int32_t (*cosines)[GROUP_LANES], int32_t (*sines)[GROUP_LANES],
                    const float *total, float minimum, uint8_t *seen),
                   (window, cosines, sines, total, minimum, seen))

/* The two frequencies of a signal as complex amplitudes; a signal that goes on turns by the same angle each tick. */
struct pair {
  float real[2];
  float imaginary[2];
};

static struct pair pair_at(const struct mf_r2_group *group, int lane, int signal, int64_t tick) {
  const struct mf_r2_window *window = &group->window[tick & (MF_R2_SLOTS - 1)];
  struct pair pair;
  for (int k = 0; k < 2; k++) {
    pair.real[k] = window->cosine[mf_r2_pair[signal][k]][lane];
    pair.imaginary[k] = -window->sine[mf_r2_pair[signal][k]][lane];
  }
  return pair;
}

static float power_of(const struct pair *pair, int k) {
  return 0.5f * (pair->real[k] * pair->real[k] + pair->imaginary[k] * pair->imaginary[k]);
}

/* The angle from one pair to another, as unit vectors. */
static struct pair angle_between(const struct pair *from, const struct pair *to) {
  struct pair angle;
  for (int k = 0; k < 2; k++) {
    float real = to->real[k] * from->real[k] + to->imaginary[k] * from->imaginary[k];
    float imaginary = to->imaginary[k] * from->real[k] - to->real[k] * from->imaginary[k];
    float size = sqrtf(real * real + imaginary * imaginary) + 1e-9f;
    angle.real[k] = real / size;
    angle.imaginary[k] = imaginary / size;
  }
  return angle;
}

/* Turns a pair by an angle, or back by it. */
static void turn(struct pair *pair, const struct pair *angle, float way) {
  for (int k = 0; k < 2; k++) {
    float real = pair->real[k], imaginary = way * angle->imaginary[k];
    pair->real[k] = real * angle->real[k] - pair->imaginary[k] * imaginary;
    pair->imaginary[k] = real * imaginary + pair->imaginary[k] * angle->real[k];
  }
}

/* How many parts of the window a signal fills at its end (`way` 1: it begins there) or at its start (-1), told by what
 * a window partly filled shows of both frequencies, which then leak into each other. */
static float parts_filled(const struct pair *heard, const struct pair *whole, int signal, int backward, int way) {
  int apart = mf_r2_pair[signal][1] - mf_r2_pair[signal][0], best = 0;
  float missed[MF_R2_PARTS], sign = backward ? -(float)way : (float)way;
  for (int part = 0; part < MF_R2_PARTS; part++) {
    float own_real = mf_r2_part_cosine[0][part], cosine = mf_r2_part_cosine[apart][part];
    float sine = sign * mf_r2_part_sine[apart][part];
    /* The upper frequency as the lower one's place shows it, and the other way about. */
    float low_real = whole->real[0] * own_real + whole->real[1] * cosine - whole->imaginary[1] * sine - heard->real[0];
    float low_imaginary =
        whole->imaginary[0] * own_real + whole->real[1] * sine + whole->imaginary[1] * cosine - heard->imaginary[0];
    float high_real = whole->real[1] * own_real + whole->real[0] * cosine + whole->imaginary[0] * sine - heard->real[1];
    float high_imaginary =
        whole->imaginary[1] * own_real - whole->real[0] * sine + whole->imaginary[0] * cosine - heard->imaginary[1];
    missed[part] = low_real * low_real + low_imaginary * low_imaginary + high_real * high_real + high_imaginary * high_imaginary;
    best = missed[part] < missed[best] ? part : best;
  }
  if (best == 0 || best == MF_R2_PARTS - 1)
    return (float)best;
  float before = missed[best - 1], after = missed[best + 1], bend = before - 2.0f * missed[best] + after;
  return bend > 0 ? (float)best + 0.5f * (before - after) / bend : (float)best;
}

static int64_t window_end(int64_t tick) { return (tick + 1) * KERNEL_BLOCK_SAMPLES; }

static int is_backward(const struct tone_ear *ear) { return ear->receiver == TONE_MFC_BACKWARD; }

/* The first sample: goes back from the newest window, which the signal fills, to the first one that it does not. */
static int64_t begin_of(const struct mf_r2_group *group, const struct tone_ear *ear, int lane, int signal) {
  struct pair whole = pair_at(group, lane, signal, ear->tick), before = pair_at(group, lane, signal, ear->tick - 1);
  struct pair angle = angle_between(&before, &whole);
  for (int64_t tick = ear->tick - 1;; tick--) {
    turn(&whole, &angle, -1.0f);
    before = pair_at(group, lane, signal, tick);
    float parts = parts_filled(&before, &whole, signal, is_backward(ear), 1);
    if (parts < WHOLE_PARTS || tick == ear->tick - LOOK_BACK)
      return window_end(tick) - lrintf(parts * MF_R2_PART_SAMPLES);
  }
}

/* The last sample: goes on from the newest window that the signal still filled. */
static int64_t end_of(const struct mf_r2_group *group, const struct tone_ear *ear, int lane, int signal) {
  const struct mf_r2_lane *state = &group->lane[lane];
  struct pair whole = {{0}, {0}}, before, heard;
  int64_t tick = ear->tick - 1;
  for (; tick > ear->tick - LOOK_BACK; tick--) {
    whole = pair_at(group, lane, signal, tick);
    if (power_of(&whole, 0) >= FULL * state->power[0] && power_of(&whole, 1) >= FULL * state->power[1])
      break;
  }
  before = pair_at(group, lane, signal, tick - 1);
  struct pair angle = angle_between(&before, &whole);
  for (tick++; tick <= ear->tick; tick++) {
    turn(&whole, &angle, 1.0f);
    heard = pair_at(group, lane, signal, tick);
    float parts = parts_filled(&heard, &whole, signal, is_backward(ear), -1);
    if (parts < WHOLE_PARTS)
      return window_end(tick) - MF_R2_WINDOW + lrintf(parts * MF_R2_PART_SAMPLES);
  }
  return tone_now(ear);
}

static void tell(const struct mf_r2_group *group, const struct tone_ear *ear, struct mf_r2_lane *state, int lane, int edge,
                 int64_t at) {
  tone_tell(ear, lane, edge, group->sounding[lane], at, &state->last_edge, state->power[0] + state->power[1]);
}

/* A table by how far a frequency strays. */
static float leak(const float *table, float stray_hz) {
  float place = stray_hz / MF_R2_STRAY_HZ + MF_R2_STRAYS / 2;
  place = place < 0.0f ? 0.0f : place > MF_R2_STRAYS - 1.001f ? MF_R2_STRAYS - 1.001f : place;
  int at = (int)place;
  return table[at] + (place - (float)at) * (table[at + 1] - table[at]);
}

/* How far one frequency of a pair strays from its nominal value, by the advance of its phase since the tick before. */
static float stray_hz(const struct pair *before, const struct pair *now, int k, int tone) {
  const float *step = mf_r2_step[tone];
  float real = now->real[k] * before->real[k] + now->imaginary[k] * before->imaginary[k];
  float imaginary = now->imaginary[k] * before->real[k] - now->real[k] * before->imaginary[k];
  return atan2f(imaginary * step[0] - real * step[1], real * step[0] + imaginary * step[1]) * TICK_ANGLE_HZ;
}

/* Mean square of what the window holds beside the signal, whose two frequencies leak into each other where they stray;
 * on return the pair is without that leakage. */
static float rest_of(const struct mf_r2_group *group, const struct tone_ear *ear, int lane, int signal, struct pair *pair,
                     float total) {
  struct pair before = pair_at(group, lane, signal, ear->tick - 1);
  const uint8_t *tones = mf_r2_pair[signal];
  int apart = tones[1] - tones[0], first = is_backward(ear) ? MF_R2_TONES : 0;
  float low = stray_hz(&before, pair, 0, first + tones[0]), high = stray_hz(&before, pair, 1, first + tones[1]);
  float wider = is_backward(ear) ? low - high : high - low, across = leak(mf_r2_tapered[apart], wider);
  float own_low = leak(mf_r2_tapered[0], low), own_high = leak(mf_r2_tapered[0], high);
  float over = 1.0f / (own_low * own_high - across * across);
  struct pair seen = *pair;
  pair->real[0] = (seen.real[0] * own_high - seen.real[1] * across) * over;
  pair->real[1] = (seen.real[1] * own_low - seen.real[0] * across) * over;
  pair->imaginary[0] = (seen.imaginary[0] * own_high - seen.imaginary[1] * across) * over;
  pair->imaginary[1] = (seen.imaginary[1] * own_low - seen.imaginary[0] * across) * over;
  float together = pair->real[0] * pair->real[1] + pair->imaginary[0] * pair->imaginary[1];
  return total - power_of(pair, 0) - power_of(pair, 1) - together * leak(mf_r2_flat[apart], wider);
}

/* Two windows running show the signal. It is one when two sines explain the newer window; if not, the next tick asks
 * again, because a signal that has just begun fills it only in part. */
static void operate(struct mf_r2_group *group, const struct tone_ear *ear, int lane, float total) {
  struct mf_r2_lane *state = &group->lane[lane];
  int signal = group->seen[lane];
  struct pair pair = pair_at(group, lane, signal, ear->tick);
  float rest = rest_of(group, ear, lane, signal, &pair, total);
  if (power_of(&pair, 0) + power_of(&pair, 1) < FITTED_MIN * rest)
    return;
  state->power[0] = power_of(&pair, 0);
  state->power[1] = power_of(&pair, 1);
  state->fallen = 0;
  group->sounding[lane] = (uint8_t)signal;
  tell(group, ear, state, lane, TONE_BEGIN, begin_of(group, ear, lane, signal));
}

static void release(struct mf_r2_group *group, const struct tone_ear *ear, int lane) {
  struct mf_r2_lane *state = &group->lane[lane];
  tell(group, ear, state, lane, TONE_END, end_of(group, ear, lane, group->sounding[lane]));
  group->sounding[lane] = 0;
}

static void lane_step(struct mf_r2_group *group, const struct tone_ear *ear, int lane, float total) {
  struct mf_r2_lane *state = &group->lane[lane];
  uint8_t signal = group->seen[lane], steady = signal && signal == group->before[lane];
  if (group->sounding[lane]) {
    struct pair pair = pair_at(group, lane, group->sounding[lane], ear->tick);
    float left = fminf(power_of(&pair, 0) / state->power[0], power_of(&pair, 1) / state->power[1]);
    uint8_t fallen_before = state->fallen;
    state->fallen = left * RELEASE_BELOW < 1.0f;
    if ((state->fallen && fallen_before) || left * GONE_BELOW < 1.0f || (steady && signal != group->sounding[lane]))
      release(group, ear, lane);
  }
  if (!group->sounding[lane] && steady)
    operate(group, ear, lane, total);
}

static uint32_t stirring(const struct mf_r2_group *group) {
  uint8_t stirs[GROUP_LANES];
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    uint8_t steady = (group->seen[lane] != 0) & (group->seen[lane] == group->before[lane]);
    stirs[lane] = steady | (group->sounding[lane] != 0);
  }
  return tone_mask(stirs);
}

void mf_r2_hear(struct mf_r2_group *group, const struct tone_ear *ear, struct mf_r2_sums *sums,
                const float total[GROUP_LANES], float minimum) {
  int32_t(*cosines)[GROUP_LANES] = sums->product + (is_backward(ear) ? sums->backward : 0);
  memcpy(group->before, group->seen, sizeof group->before);
  look(&group->window[ear->tick & (MF_R2_SLOTS - 1)], cosines, cosines + sums->sines, total, minimum, group->seen);
  uint32_t mask = stirring(group) & ear->listening;
  while (mask) {
    int lane = __builtin_ctz(mask);
    mask &= mask - 1;
    lane_step(group, ear, lane, total[lane]);
  }
}
