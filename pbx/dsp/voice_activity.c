/* Voice activity and beeps: see voice_activity.h. */
#include "voice_activity.h"

#include <math.h>
#include <string.h>

#include "g711.h"
#include "processor.h"

#define BINS 24
#define FIRST_BIN 3 /* 300 Hz */
#define BIN_HZ 100.0f
#define HALF (KERNEL_BLOCK_SAMPLES / 2)
#define SHIFT 3 /* the lowest bits of a sample, constant in A-law: keeps the sums within 32 bits */
#define PEAK 8191
#define TURN 6.28318530718f

#define FLOOR_TICKS 75         /* of each of the two windows whose lowest level is the floor */
#define FLOOR_CAP_TICKS 150    /* until then a lane that began amid speech must not take that for its noise */
#define FLOOR_CAP_TENTH_DBM0 (-380)
#define FLOOR_LEAST_TENTH_DBM0 (-650)
#define SMOOTHING 0.2f
#define BEGINS_OVER_FLOOR 3.2f /* the floor is a lowest level, about 1 dB below the mean of noise */
#define GOES_ON_OVER_FLOOR 2.2f
#define BEGIN_WINDOW_TICKS 8
#define BEGIN_NEEDED 5

#define PURE_SHARE 0.80f /* of the power in the three bins around a tone; 0.86 when it lies between two */
#define BEEP_TICKS 10    /* that agree with the one before */
#define TONAL_TICKS 2    /* from which a tone is no voice */
#define BEEP_LOWEST_HZ 345.0f
#define BEEP_HIGHEST_HZ 2510.0f
#define STEP_HZ 15.0f    /* from tick to tick */
#define LEVEL_RATIO 1.6f /* 2 dB */

struct voice_lane {
  int32_t cosine[BINS]; /* of the tick before, for the advance of phase */
  int32_t sine[BINS];
  float smooth;       /* power of late */
  float lowest[2];    /* of this window of the floor and of the one before */
  float voice_power;  /* sum over the voice's active ticks */
  float tone_hz;      /* of the run of pure ticks: mean so far */
  float tone_power;   /* of its first tick */
  float beep_hz;
  int32_t window;     /* ticks of this window so far */
  int32_t age;        /* ticks since the reset, up to FLOOR_CAP_TICKS */
  int32_t voice_ticks;
  int32_t quiet_ticks; /* since the last active tick of a voice */
  int32_t tone_ticks;  /* pure ticks in a row that agree */
  int32_t edge_before; /* samples from the last reported edge to the newest one */
  uint8_t recent;      /* one bit a tick: active, newest lowest */
  uint8_t voice;
  uint8_t beep;
  uint8_t missed; /* ticks in a row that do not agree with a beep told */
  uint8_t pure;   /* the tick before was */
};

struct voice_bank {
  int32_t lanes;
  float excluded_hz;
  float minimum, beep_minimum, floor_cap, floor_least, power_scale;
  int16_t correlator[2][BINS][HALF];
  struct voice_lane lane[];
};

struct spectrum {
  int32_t cosine[BINS];
  int32_t sine[BINS];
};

size_t voice_bank_size(int lanes) { return sizeof(struct voice_bank) + (size_t)lanes * sizeof(struct voice_lane); }

/* A level as mean square of samples without their lowest bits. */
static float power_of(int tenth_dbm0) {
  return (float)(G711_POWER_AT_0_DBM0 / (1 << 2 * SHIFT) * pow(10.0, tenth_dbm0 / 100.0));
}

static int level_of(float power) { return g711_power_tenth_dbm0((double)power * (1 << 2 * SHIFT)); }

struct voice_bank *voice_bank_init(void *memory, int lanes) {
  struct voice_bank *bank = memory;
  memset(memory, 0, voice_bank_size(lanes));
  bank->lanes = lanes;
  bank->minimum = power_of(VOICE_MINIMUM_TENTH_DBM0);
  bank->beep_minimum = power_of(VOICE_BEEP_MINIMUM_TENTH_DBM0);
  bank->floor_cap = power_of(FLOOR_CAP_TENTH_DBM0);
  bank->floor_least = power_of(FLOOR_LEAST_TENTH_DBM0);
  /* The bins are orthogonal: the powers of all add up to that of the sound within them. */
  bank->power_scale = 1.0f / (2.0f * PEAK * HALF * PEAK * HALF);
  for (int bin = 0; bin < BINS; bin++)
    for (int n = 0; n < HALF; n++) {
      double angle = 2 * 3.14159265358979 * (bin + FIRST_BIN) * (n + 0.5) / KERNEL_BLOCK_SAMPLES;
      bank->correlator[0][bin][n] = (int16_t)lrint(PEAK * cos(angle));
      bank->correlator[1][bin][n] = (int16_t)lrint(PEAK * sin(angle));
    }
  for (int lane = 0; lane < lanes; lane++)
    voice_lane_reset(bank, lane);
  return bank;
}

void voice_bank_exclude(struct voice_bank *bank, uint32_t frequency_millihertz) {
  bank->excluded_hz = (float)frequency_millihertz / 1000.0f;
}

void voice_lane_reset(struct voice_bank *bank, int lane) {
  if (lane < 0 || lane >= bank->lanes)
    return;
  struct voice_lane *state = &bank->lane[lane];
  memset(state, 0, sizeof *state);
  state->lowest[0] = state->lowest[1] = INFINITY;
}

/* Both halves of the block are folded about its middle, which leaves half the products. Integers only. */
PROCESSOR_INLINE void analyse(const int16_t *samples, const int16_t (*table)[BINS][HALF], struct spectrum *found) {
  int16_t even[HALF], odd[HALF];
  for (int n = 0; n < HALF; n++) {
    int after = samples[HALF + n] >> SHIFT, before = samples[HALF - 1 - n] >> SHIFT;
    even[n] = (int16_t)(after + before);
    odd[n] = (int16_t)(after - before);
  }
  for (int bin = 0; bin < BINS; bin++) {
    int32_t cosine = 0, sine = 0;
    for (int n = 0; n < HALF; n++) {
      cosine += (int32_t)even[n] * table[0][bin][n];
      sine += (int32_t)odd[n] * table[1][bin][n];
    }
    found->cosine[bin] = cosine;
    found->sine[bin] = sine;
  }
}

typedef void analysis(const int16_t *samples, const int16_t (*table)[BINS][HALF], struct spectrum *found);

static void analyse_plain(const int16_t *samples, const int16_t (*table)[BINS][HALF], struct spectrum *found) {
  analyse(samples, table, found);
}

#if defined(__x86_64__)
PROCESSOR_NARROW static void analyse_narrow(const int16_t *samples, const int16_t (*table)[BINS][HALF],
                                            struct spectrum *found) {
  analyse(samples, table, found);
}
#endif

static analysis *analysis_of_this_machine(void) {
#if defined(__x86_64__)
  /* Sums of 40 products do not fill wider registers: with AVX-512 the compiler makes them slower. */
  if (processor_level() >= PROCESSOR_AVX2)
    return analyse_narrow;
#endif
  return analyse_plain;
}

static float floor_of(const struct voice_bank *bank, const struct voice_lane *state) {
  float floor = state->lowest[0] < state->lowest[1] ? state->lowest[0] : state->lowest[1];
  if (state->age < FLOOR_CAP_TICKS && floor > bank->floor_cap)
    floor = bank->floor_cap;
  return floor > bank->floor_least ? floor : bank->floor_least;
}

static void follow_floor(struct voice_lane *state, float power) {
  state->smooth = state->age ? state->smooth + SMOOTHING * (power - state->smooth) : power;
  state->age += state->age < FLOOR_CAP_TICKS;
  if (state->smooth < state->lowest[0])
    state->lowest[0] = state->smooth;
  if (++state->window == FLOOR_TICKS) {
    state->window = 0;
    state->lowest[1] = state->lowest[0];
    state->lowest[0] = state->smooth;
  }
}

/* Edges never go back in time, though voice and beep are found with different delays. */
static void report(struct tone_report **reports, struct voice_lane *state, int lane, int edge, int value, int at,
                   float power) {
  struct tone_report *out = (*reports)++;
  int last = KERNEL_BLOCK_SAMPLES - state->edge_before;
  out->lane = lane;
  out->offset_samples = at < last ? last : at;
  out->level_tenth_dbm0 = (int16_t)level_of(power);
  out->edge = (uint8_t)edge;
  out->value = (uint8_t)value;
  state->edge_before = KERNEL_BLOCK_SAMPLES - out->offset_samples;
}

/* The frequency of a tone whose strongest bin is `bin`: a bin's phase turns once in a tick for every 100 Hz off its middle. */
static float frequency_of(const struct voice_lane *state, const struct spectrum *found, const float *power, int bin) {
  float then_cosine = (float)state->cosine[bin], then_sine = (float)state->sine[bin];
  float now_cosine = (float)found->cosine[bin], now_sine = (float)found->sine[bin];
  /* The sound is amplitude x cos(w t + phase): the sine product is minus the imaginary part. */
  float across = then_sine * now_cosine - then_cosine * now_sine, along = then_cosine * now_cosine + then_sine * now_sine;
  float turn = atan2f(across, along) / TURN;
  float below = bin > 0 ? power[bin - 1] : 0, above = bin + 1 < BINS ? power[bin + 1] : 0;
  if (above > below && turn < -0.25f)
    turn += 1.0f;
  if (above < below && turn > 0.25f)
    turn -= 1.0f;
  return BIN_HZ * ((float)(bin + FIRST_BIN) + turn);
}

/* The frequency of this tick if it is one steady tone with the tick before, else 0. */
static float steady_tone(const struct voice_bank *bank, struct voice_lane *state, const struct spectrum *found,
                         const float *power, float total) {
  int best = 0;
  for (int bin = 1; bin < BINS; bin++)
    if (power[bin] > power[best])
      best = bin;
  float around = power[best] + (best > 0 ? power[best - 1] : 0) + (best + 1 < BINS ? power[best + 1] : 0);
  int pure_before = state->pure;
  state->pure = total >= bank->beep_minimum && around >= PURE_SHARE * total;
  return state->pure && pure_before ? frequency_of(state, found, power, best) : 0.0f;
}

static int agrees(const struct voice_lane *state, float hz, float total) {
  float off = fabsf(hz - state->tone_hz);
  return hz > 0.0f && off <= STEP_HZ && off <= 0.002f * state->tone_hz + (state->tone_ticks < 3 ? STEP_HZ : 5.0f) &&
         total <= LEVEL_RATIO * state->tone_power && total * LEVEL_RATIO >= state->tone_power;
}

static void follow_tone(const struct voice_bank *bank, struct voice_lane *state, int lane, float hz, float total,
                        struct tone_report **reports) {
  if (state->tone_ticks && agrees(state, hz, total)) {
    state->tone_hz += (hz - state->tone_hz) / (float)(state->tone_ticks + 1);
    state->tone_ticks += state->tone_ticks < 1 << 20;
    state->missed = 0;
  } else if (state->beep && ++state->missed < 2) {
    return;
  } else {
    if (state->beep)
      report(reports, state, lane, TONE_END, VOICE_BEEP, -KERNEL_BLOCK_SAMPLES, state->tone_power);
    state->beep = 0;
    state->missed = 0;
    state->tone_ticks = hz > 0.0f;
    state->tone_hz = hz;
    state->tone_power = total;
  }
  if (state->beep || state->tone_ticks < BEEP_TICKS || state->tone_hz < BEEP_LOWEST_HZ || state->tone_hz > BEEP_HIGHEST_HZ ||
      fabsf(state->tone_hz - bank->excluded_hz) <= 15.0f)
    return;
  state->beep = 1;
  state->beep_hz = state->tone_hz;
  /* A pure one came before the first that agreed, and the tone began somewhere in the one before that: its middle. */
  report(reports, state, lane, TONE_BEGIN, VOICE_BEEP, -BEEP_TICKS * KERNEL_BLOCK_SAMPLES + HALF / 2, state->tone_power);
}

static void follow_voice(const struct voice_bank *bank, struct voice_lane *state, int lane, float total,
                         struct tone_report **reports) {
  float floor = floor_of(bank, state), needed = floor * (state->voice ? GOES_ON_OVER_FLOOR : BEGINS_OVER_FLOOR);
  int active = total >= bank->minimum && total >= needed && state->tone_ticks < TONAL_TICKS;
  state->recent = (uint8_t)(state->recent << 1 | active);
  if (state->voice) {
    state->quiet_ticks = active ? 0 : state->quiet_ticks + 1;
    state->voice_ticks += active;
    state->voice_power += active ? total : 0.0f;
    if (state->quiet_ticks < VOICE_HANGOVER_TICKS)
      return;
    state->voice = 0;
    state->recent = 0;
    report(reports, state, lane, TONE_END, VOICE_ACTIVITY, (1 - VOICE_HANGOVER_TICKS) * KERNEL_BLOCK_SAMPLES,
           state->voice_power / (float)state->voice_ticks);
    return;
  }
  state->voice_power = active ? state->voice_power + total : state->recent ? state->voice_power : 0.0f;
  if (!active || __builtin_popcount(state->recent) < BEGIN_NEEDED)
    return;
  int first = BEGIN_WINDOW_TICKS - 1;
  while (!(state->recent >> first & 1))
    first--;
  state->voice = 1;
  state->quiet_ticks = 0;
  state->voice_ticks = BEGIN_NEEDED;
  report(reports, state, lane, TONE_BEGIN, VOICE_ACTIVITY, -first * KERNEL_BLOCK_SAMPLES, state->voice_power / BEGIN_NEEDED);
}

static void lane_run(struct voice_bank *bank, int lane, const int16_t *samples, analysis *analyse_block,
                     struct tone_report **reports) {
  struct voice_lane *state = &bank->lane[lane];
  struct spectrum found;
  float power[BINS], total = 0.0f;
  analyse_block(samples, bank->correlator, &found);
  for (int bin = 0; bin < BINS; bin++) {
    float cosine = (float)found.cosine[bin], sine = (float)found.sine[bin];
    power[bin] = (cosine * cosine + sine * sine) * bank->power_scale;
    total += power[bin];
  }
  state->edge_before = state->edge_before > 1 << 29 ? state->edge_before : state->edge_before + KERNEL_BLOCK_SAMPLES;
  float hz = steady_tone(bank, state, &found, power, total);
  follow_voice(bank, state, lane, total, reports);
  follow_tone(bank, state, lane, hz, total, reports);
  follow_floor(state, total);
  memcpy(state->cosine, found.cosine, sizeof state->cosine);
  memcpy(state->sine, found.sine, sizeof state->sine);
}

int voice_bank_run(struct voice_bank *bank, const int16_t *const *samples, struct tone_report *reports) {
  struct tone_report *out = reports;
  analysis *analyse_block = analysis_of_this_machine();
  for (int lane = 0; lane < bank->lanes; lane++)
    if (samples[lane])
      lane_run(bank, lane, samples[lane], analyse_block, &out);
  return (int)(out - reports);
}

uint32_t voice_lane_beep_millihertz(const struct voice_bank *bank, int lane) {
  return lane >= 0 && lane < bank->lanes ? (uint32_t)(bank->lane[lane].beep_hz * 1000.0f) : 0;
}

int voice_lane_floor_tenth_dbm0(const struct voice_bank *bank, int lane) {
  return lane >= 0 && lane < bank->lanes ? level_of(floor_of(bank, &bank->lane[lane])) : 0;
}
