/* FSK receiver: see fsk.h. */
#include "fsk.h"

#include <math.h>
#include <string.h>

#include "fsk_correlate.h"
#include "g711.h"

#define BLOCKS_TO_BEGIN 3
#define BLOCKS_TO_END 3
#define PURE_TO_BEGIN 0.62f /* of a block's energy in mark or space; white noise gives 0.42 +- 0.08, speech less and seldom for long */
#define PURE_TO_GO_ON 0.45f
#define ONE 65536           /* places between steps are counted in 65536ths */
#define FAINT 160.0f /* the power of a block over this is a 32nd part of a whole difference of one step a sample */
#define FLAG 0x7e
#define FLAG_BITS 8
#define BITS_WITHOUT_FLAG 24

enum { WAIT, START, DATA, STOP };

struct fsk_lane {
  uint8_t modem;
  uint8_t carrier;
  uint8_t run; /* blocks that speak for a change of the carrier */
  uint8_t state;
  uint8_t octet;
  uint8_t bits;
  uint8_t flags; /* in a row */
  uint8_t flags_told;
  uint16_t bits_since_flag;
  uint16_t spare;
  int32_t next;  /* place of the next look, in steps from the first of this block */
  int32_t begun; /* place of the start bit */
  int32_t last;  /* difference at the last step of the block before */
  float power;   /* of the carrier */
  int16_t before[FSK_TAPS_MAX]; /* the samples before this block */
};

struct fsk_bank {
  int32_t lanes;
  float minimum_on; /* sums of squares over a block */
  float minimum_off;
  struct fsk_lane lane[];
};

size_t fsk_bank_size(int lanes) { return sizeof(struct fsk_bank) + (size_t)lanes * sizeof(struct fsk_lane); }

static float energy_of(int tenth_dbm0) {
  return (float)(KERNEL_BLOCK_SAMPLES * G711_POWER_AT_0_DBM0 * pow(10.0, tenth_dbm0 / 100.0));
}

struct fsk_bank *fsk_bank_init(void *memory, int lanes, int modem) {
  struct fsk_bank *bank = memory;
  memset(memory, 0, fsk_bank_size(lanes));
  bank->lanes = lanes;
  bank->minimum_on = energy_of(FSK_ON_TENTH_DBM0);
  bank->minimum_off = energy_of(FSK_OFF_TENTH_DBM0);
  for (int lane = 0; lane < lanes; lane++)
    fsk_lane_reset(bank, lane, modem);
  return bank;
}

void fsk_lane_reset(struct fsk_bank *bank, int lane, int modem) {
  if (lane < 0 || lane >= bank->lanes)
    return;
  memset(&bank->lane[lane], 0, sizeof bank->lane[lane]);
  bank->lane[lane].modem = (uint8_t)(modem < 0 || modem >= FSK_MODEMS ? FSK_CALLER_IDENTITY : modem);
}

/* What one lane works on in one block. */
struct work {
  struct fsk_lane *state;
  const int32_t *difference; /* [-1] is the last of the block before */
  int steps;                 /* of this block */
  int step_samples;
  int32_t bit;               /* steps of a bit */
  int delay_samples;         /* of a step's middle behind its newest sample */
  int64_t faint;             /* a difference too small to be of this carrier: the line has gone silent */
  int lane;
  struct tone_report *reports;
};

static void report(struct work *work, int edge, int value, int offset_samples) {
  struct tone_report *out = work->reports++;
  out->lane = work->lane;
  out->offset_samples = offset_samples;
  out->level_tenth_dbm0 = (int16_t)g711_power_tenth_dbm0((double)work->state->power / KERNEL_BLOCK_SAMPLES);
  out->edge = (uint8_t)edge;
  out->value = (uint8_t)value;
}

static int sample_of(const struct work *work, int32_t place) {
  return (int)((int64_t)place * work->step_samples / ONE) - work->delay_samples;
}

/* The difference between steps. */
static int64_t look(const struct work *work, int32_t place) {
  int step = place >> 16;
  int64_t first = work->difference[step], second = work->difference[step + 1];
  return first + (((second - first) * (place & 0xffff)) >> 16);
}

/* Where between step - 1 and step the difference passes through nought. */
static int32_t passage(const struct work *work, int step) {
  int64_t before = work->difference[step - 1], after = work->difference[step];
  return (step - 1) * ONE + (int32_t)(before * ONE / (before - after));
}

static void octet_bit(struct work *work, int64_t difference) {
  struct fsk_lane *state = work->state;
  int mark = difference > 0;
  if (state->state == START) {
    state->state = difference > -work->faint ? WAIT : DATA;
    state->octet = state->bits = 0;
  } else if (state->state == DATA) {
    state->octet |= (uint8_t)(mark << state->bits++);
    if (state->bits == 8)
      state->state = STOP;
  } else {
    report(work, mark ? FSK_OCTET : FSK_FRAMING_ERROR, state->octet, sample_of(work, state->begun));
    state->state = WAIT;
  }
}

/* Start bits are found by their edge, and the octet's bits are looked at in their middles. */
static void octets(struct work *work) {
  struct fsk_lane *state = work->state;
  int step = 0;
  for (;;) {
    if (state->state == WAIT) {
      while (step < work->steps && !(work->difference[step - 1] > 0 && work->difference[step] <= 0))
        step++;
      if (step == work->steps)
        break;
      state->begun = passage(work, step);
      state->next = state->begun + work->bit / 2;
      state->state = START;
    }
    if (state->next >= (work->steps - 1) * ONE)
      break;
    octet_bit(work, look(work, state->next));
    step = (state->next >> 16) + 1;
    state->next += work->bit;
  }
  if (state->state != WAIT) {
    state->next -= work->steps * ONE;
    state->begun -= work->steps * ONE;
  }
}

static int bit_samples(const struct work *work) { return work->bit / (ONE / work->step_samples); }

static void flag_bit(struct work *work, int mark) {
  struct fsk_lane *state = work->state;
  int at = sample_of(work, state->next);
  state->octet = (uint8_t)(state->octet >> 1 | mark << 7);
  state->bits_since_flag += state->bits_since_flag < BITS_WITHOUT_FLAG;
  if (state->octet == FLAG) {
    state->flags = state->bits_since_flag == FLAG_BITS ? (uint8_t)(state->flags + (state->flags < 255)) : 1;
    state->bits_since_flag = 0;
    if (state->flags == FSK_FLAGS_NEEDED && !state->flags_told) {
      state->flags_told = 1;
      report(work, FSK_FLAGS_BEGIN, state->modem, at - FSK_FLAGS_NEEDED * FLAG_BITS * bit_samples(work));
    }
  } else if (state->bits_since_flag == BITS_WITHOUT_FLAG && state->flags_told) {
    state->flags_told = 0;
    report(work, FSK_FLAGS_END, state->modem, at - BITS_WITHOUT_FLAG * bit_samples(work));
  }
}

/* Bits follow a clock that each change of the line draws a quarter of the way to itself. */
static void flags(struct work *work) {
  struct fsk_lane *state = work->state;
  for (int step = 0; step < work->steps; step++) {
    if ((work->difference[step - 1] > 0) != (work->difference[step] > 0)) {
      int32_t error = (passage(work, step) - state->next + work->bit / 2 + 64 * work->bit) % work->bit;
      state->next += (error > work->bit / 2 ? error - work->bit : error) / 4;
    }
    while (state->next < step * ONE) {
      flag_bit(work, work->difference[state->next < 0 ? -1 : state->next >> 16] > 0);
      state->next += work->bit;
    }
  }
  state->next -= work->steps * ONE;
}

static void carrier_lost(struct work *work) {
  struct fsk_lane *state = work->state;
  if (state->flags_told)
    report(work, FSK_FLAGS_END, state->modem, -BLOCKS_TO_END * KERNEL_BLOCK_SAMPLES);
  report(work, TONE_END, state->modem, (1 - BLOCKS_TO_END) * KERNEL_BLOCK_SAMPLES);
  state->carrier = state->run = state->flags_told = state->flags = 0;
}

static void carrier_found(struct work *work, float energy) {
  struct fsk_lane *state = work->state;
  state->carrier = 1;
  state->run = 0;
  state->power = energy;
  state->state = WAIT;
  state->next = 0;
  state->bits_since_flag = BITS_WITHOUT_FLAG;
  report(work, TONE_BEGIN, state->modem, (1 - BLOCKS_TO_BEGIN) * KERNEL_BLOCK_SAMPLES);
}

/* Whether enough of the sound is mark or space for as long as it takes. */
static void judge(struct work *work, float energy, float inside) {
  struct fsk_lane *state = work->state;
  if (state->carrier) {
    int gone = inside < PURE_TO_GO_ON * energy || energy == 0.0f;
    state->run = gone ? (uint8_t)(state->run + 1) : 0;
    if (!gone)
      state->power = energy;
    if (state->run == BLOCKS_TO_END)
      carrier_lost(work);
  } else {
    state->run = inside >= PURE_TO_BEGIN * energy ? (uint8_t)(state->run + 1) : 0;
    if (state->run == BLOCKS_TO_BEGIN)
      carrier_found(work, energy);
  }
}

static void lane_run(struct fsk_bank *bank, int lane, const int16_t *samples, struct tone_report **reports) {
  struct fsk_lane *state = &bank->lane[lane];
  const struct fsk_rows *rows = &fsk_rows[state->modem];
  _Alignas(64) int16_t sound[FSK_SOUND];
  _Alignas(64) int32_t difference[FSK_STEPS_ROOM + 16];
  struct work work = {.state = state,
                      .difference = difference + 16,
                      .steps = KERNEL_BLOCK_SAMPLES / rows->step_samples,
                      .step_samples = rows->step_samples,
                      .bit = rows->bit,
                      .delay_samples = rows->taps / 2,
                      .lane = lane,
                      .reports = *reports};
  float energy = (float)fsk_energy(samples), inside = 0.0f;
  if (energy < (state->carrier ? bank->minimum_off : bank->minimum_on)) {
    state->run = state->carrier ? state->run : 0;
    energy = 0.0f;
  }
  if (state->carrier || energy > 0.0f) {
    int before = rows->taps - 1;
    memcpy(sound, state->before + FSK_TAPS_MAX - before, (size_t)before * sizeof *sound);
    memcpy(sound + before, samples, KERNEL_BLOCK_SAMPLES * sizeof *sound);
    memset(sound + before + KERNEL_BLOCK_SAMPLES, 0, (size_t)(FSK_SOUND - before - KERNEL_BLOCK_SAMPLES) * sizeof *sound);
    inside = (float)fsk_correlate(rows, sound, difference + 16) * rows->scale;
    difference[15] = state->last;
    state->last = difference[15 + work.steps];
    work.faint = (int64_t)(state->power * (float)rows->step_samples / (FAINT * rows->scale));
    if (state->carrier && state->modem == FSK_V21_FLAGS)
      flags(&work);
    else if (state->carrier)
      octets(&work);
    judge(&work, energy, inside);
  }
  memcpy(state->before, samples + KERNEL_BLOCK_SAMPLES - FSK_TAPS_MAX, sizeof state->before);
  *reports = work.reports;
}

int fsk_bank_run(struct fsk_bank *bank, const int16_t *const *samples, struct tone_report *reports) {
  struct tone_report *out = reports;
  for (int lane = 0; lane < bank->lanes; lane++)
    if (samples[lane])
      lane_run(bank, lane, samples[lane], &out);
  return (int)(out - reports);
}
