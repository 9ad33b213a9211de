/* All tone receivers over lanes: see tone_bank.h. */
#include "tone_bank.h"

#include <math.h>
#include <string.h>

#include "call_progress.h"
#include "dtmf.h"
#include "fax_tone.h"
#include "g711.h"
#include "generated_tables.h"
#include "mf_r2.h"
#include "processor.h"

#define RECEIVERS 5
#define BLOCK_RECEIVERS (TONE_PROGRESS | TONE_FAX)

struct tone_group {
  struct group_sound sound;
  float energy[GROUP_ENERGIES][GROUP_LANES]; /* of the parts of the block before */
  uint8_t listening[GROUP_LANES];            /* TONE_ */
  uint16_t lanes[RECEIVERS];                 /* that listen, by bit number of the receiver */
  uint8_t some;                              /* TONE_ of all lanes together */
  uint8_t spare[37];
};

/* A bank is this, then its groups; then, for each receiver that it has, its groups. Places are offsets. */
struct tone_bank {
  int64_t tick;
  int32_t lanes;
  int32_t groups;
  int32_t receivers;
  float dtmf_minimum;
  float mfc_minimum;
  uint32_t reserved;
  uint64_t place[8]; /* 0 = not there */
  struct block_plan plan;
  struct progress_cadences cadences;
};

enum place { PLACE_DTMF, PLACE_FORWARD, PLACE_BACKWARD, PLACE_BLOCKS, PLACE_PROGRESS, PLACE_FAX, PLACE_GROUPS, PLACES };

static const int place_receivers[PLACES] = {TONE_DTMF,       TONE_MFC_FORWARD, TONE_MFC_BACKWARD, BLOCK_RECEIVERS,
                                            TONE_PROGRESS, TONE_FAX,         TONE_RECEIVERS};
static const size_t place_octets[PLACES] = {sizeof(struct dtmf_group),     sizeof(struct mf_r2_group), sizeof(struct mf_r2_group),
                                            sizeof(struct block_group),    sizeof(struct progress_group),
                                            sizeof(struct fax_group),      sizeof(struct tone_group)};

static size_t whole_lines(size_t octets) { return (octets + 63) & ~(size_t)63; }

static size_t lay_out(int lanes, int receivers, uint64_t *place) {
  size_t end = whole_lines(sizeof(struct tone_bank)), groups = (size_t)(lanes + GROUP_LANES - 1) / GROUP_LANES;
  for (int n = 0; n < PLACES; n++) {
    place[n] = receivers & place_receivers[n] ? end : 0;
    if (place[n])
      end += groups * whole_lines(place_octets[n]);
  }
  return end;
}

size_t tone_bank_size(int lanes, int receivers) {
  uint64_t place[PLACES];
  return lay_out(lanes, receivers, place);
}

static void *group_of(struct tone_bank *bank, enum place what, int group) {
  return (char *)bank + bank->place[what] + (size_t)group * whole_lines(place_octets[what]);
}

struct tone_bank *tone_bank_init(void *memory, int lanes, int receivers) {
  struct tone_bank *bank = memory;
  memset(memory, 0, tone_bank_size(lanes, receivers));
  bank->lanes = lanes;
  bank->groups = (lanes + GROUP_LANES - 1) / GROUP_LANES;
  bank->receivers = receivers & TONE_RECEIVERS;
  lay_out(lanes, receivers, bank->place);
  bank->mfc_minimum = (float)(GROUP_POWER_AT_0_DBM0 * pow(10.0, MF_R2_MINIMUM_TENTH_DBM0 / 100.0));
  tone_bank_set_minimum(bank, DTMF_MINIMUM_TENTH_DBM0);
  block_plan_make(&bank->plan, 0, 0, receivers & TONE_FAX);
  return bank;
}

void tone_bank_set_minimum(struct tone_bank *bank, int dtmf_tenth_dbm0) {
  bank->dtmf_minimum = (float)(GROUP_POWER_AT_0_DBM0 * pow(10.0, dtmf_tenth_dbm0 / 100.0));
}

static void reset(struct tone_bank *bank, int lane, int receivers) {
  int group = lane / GROUP_LANES, place = lane % GROUP_LANES;
  if (receivers & TONE_DTMF)
    dtmf_reset(group_of(bank, PLACE_DTMF, group), place);
  if (receivers & TONE_MFC_FORWARD)
    mf_r2_reset(group_of(bank, PLACE_FORWARD, group), place);
  if (receivers & TONE_MFC_BACKWARD)
    mf_r2_reset(group_of(bank, PLACE_BACKWARD, group), place);
  if (receivers & TONE_PROGRESS)
    progress_reset(group_of(bank, PLACE_PROGRESS, group), place);
  if (receivers & TONE_FAX)
    fax_reset(group_of(bank, PLACE_FAX, group), place);
}

void tone_bank_set_progress(struct tone_bank *bank, const struct progress_plan *plan) {
  block_plan_make(&bank->plan, plan->frequency_millihertz, (int)plan->frequencies, bank->receivers & TONE_FAX);
  progress_cadences_make(&bank->cadences, plan, bank->plan.blocks);
  for (int lane = 0; lane < bank->lanes; lane++)
    reset(bank, lane, bank->receivers & BLOCK_RECEIVERS);
}

/* What a lane heard before it listened is not heard now. */
static void deafen(struct tone_group *group, int place) {
  for (int p = 0; p < GROUP_ROWS; p++)
    group->sound.pair[p][place] = 0;
  for (int part = 0; part < GROUP_ENERGIES; part++)
    group->energy[part][place] = 0;
}

void tone_lane_listen(struct tone_bank *bank, int lane, int receivers) {
  if (lane < 0 || lane >= bank->lanes)
    return;
  struct tone_group *group = group_of(bank, PLACE_GROUPS, lane / GROUP_LANES);
  int place = lane % GROUP_LANES, before = group->listening[place], now = receivers & bank->receivers;
  if (!before)
    deafen(group, place);
  reset(bank, lane, now & ~before);
  group->listening[place] = (uint8_t)now;
  group->some = 0;
  memset(group->lanes, 0, sizeof group->lanes);
  for (int n = 0; n < GROUP_LANES; n++) {
    group->some |= group->listening[n];
    for (int bit = 0; bit < RECEIVERS; bit++)
      group->lanes[bit] |= (uint16_t)((group->listening[n] >> bit & 1) << n);
  }
}

void tone_tell(const struct tone_ear *ear, int lane, int edge, int value, int64_t at, int64_t *last, float power) {
  struct tone_report *out = (*ear->reports)++;
  int64_t now = tone_now(ear);
  at = at < *last ? *last : at > now ? now : at;
  *last = at;
  *out = (struct tone_report){.lane = ear->first_lane + lane,
                              .offset_samples = (int32_t)(at - (now - KERNEL_BLOCK_SAMPLES)),
                              .level_tenth_dbm0 = (int16_t)g711_power_tenth_dbm0(64.0 * (double)power),
                              .edge = (uint8_t)edge,
                              .receiver = ear->receiver,
                              .value = (uint8_t)value};
}

/* Mean squares of the newest 80, 104 and 136 samples out of the energies of the parts of two blocks. */
struct means {
  _Alignas(64) float block[GROUP_LANES];
  float dtmf[GROUP_LANES];
  float mfc[GROUP_LANES];
};

PROCESSOR_INLINE void average_lanes(float (*restrict before)[GROUP_LANES], int32_t (*restrict energy)[GROUP_LANES],
                                    struct means *restrict means) {
  for (int lane = 0; lane < GROUP_LANES; lane++) {
    float first = (float)energy[0][lane], middle = (float)energy[1][lane], last = (float)energy[2][lane];
    float block = first + middle + last;
    means->block[lane] = block * (1.0f / KERNEL_BLOCK_SAMPLES);
    means->dtmf[lane] = (block + before[2][lane]) * (1.0f / DTMF_WINDOW);
    means->mfc[lane] = (block + before[2][lane] + before[1][lane]) * (1.0f / MF_R2_WINDOW);
    before[0][lane] = first;
    before[1][lane] = middle;
    before[2][lane] = last;
  }
}

PROCESSOR_VERSIONS(average, (float (*before)[GROUP_LANES], int32_t (*energy)[GROUP_LANES], struct means *means),
                   (before, energy, means))

static struct tone_ear ear_of(const struct tone_bank *bank, const struct tone_group *group, int number, int receiver,
                              struct tone_report **reports) {
  return (struct tone_ear){.tick = bank->tick,
                           .first_lane = number * GROUP_LANES,
                           .listening = group->lanes[__builtin_ctz((unsigned)receiver)],
                           .receiver = (uint8_t)receiver,
                           .reports = reports};
}

static void hear_mfc(struct tone_bank *bank, struct tone_group *group, int number, const float *total,
                     struct tone_report **reports) {
  struct mf_r2_sums sums;
  mf_r2_correlate(&group->sound, group->some & TONE_MFC_FORWARD, group->some & TONE_MFC_BACKWARD, &sums);
  if (group->some & TONE_MFC_FORWARD) {
    struct tone_ear ear = ear_of(bank, group, number, TONE_MFC_FORWARD, reports);
    mf_r2_hear(group_of(bank, PLACE_FORWARD, number), &ear, &sums, total, bank->mfc_minimum);
  }
  if (group->some & TONE_MFC_BACKWARD) {
    struct tone_ear ear = ear_of(bank, group, number, TONE_MFC_BACKWARD, reports);
    mf_r2_hear(group_of(bank, PLACE_BACKWARD, number), &ear, &sums, total, bank->mfc_minimum);
  }
}

static void hear_blocks(struct tone_bank *bank, struct tone_group *group, int number, const float *energy,
                        struct tone_report **reports) {
  struct block_group *blocks = group_of(bank, PLACE_BLOCKS, number);
  block_hear(blocks, &bank->plan, bank->tick, &group->sound, energy);
  if (group->some & TONE_PROGRESS) {
    struct tone_ear ear = ear_of(bank, group, number, TONE_PROGRESS, reports);
    progress_hear(group_of(bank, PLACE_PROGRESS, number), &bank->cadences, &ear, blocks);
  }
  if (group->some & TONE_FAX) {
    struct tone_ear ear = ear_of(bank, group, number, TONE_FAX, reports);
    fax_hear(group_of(bank, PLACE_FAX, number), &bank->plan, &ear, blocks);
  }
}

static void hear(struct tone_bank *bank, int number, const int16_t *const *samples, struct tone_report **reports) {
  static const int16_t silence[KERNEL_BLOCK_SAMPLES];
  struct tone_group *group = group_of(bank, PLACE_GROUPS, number);
  const int16_t *heard[GROUP_LANES];
  int32_t energy[GROUP_ENERGIES][GROUP_LANES];
  struct means means;
  for (int place = 0; place < GROUP_LANES; place++) {
    int lane = number * GROUP_LANES + place;
    heard[place] = lane < bank->lanes && samples[lane] ? samples[lane] : silence;
  }
  correlate_take(&group->sound, heard, energy);
  average(group->energy, energy, &means);
  if (group->some & TONE_DTMF) {
    struct tone_ear ear = ear_of(bank, group, number, TONE_DTMF, reports);
    dtmf_hear(group_of(bank, PLACE_DTMF, number), &ear, &group->sound, means.dtmf, bank->dtmf_minimum);
  }
  if (group->some & (TONE_MFC_FORWARD | TONE_MFC_BACKWARD))
    hear_mfc(bank, group, number, means.mfc, reports);
  if ((group->some & BLOCK_RECEIVERS) && bank->plan.columns)
    hear_blocks(bank, group, number, means.block, reports);
}

int tone_bank_run(struct tone_bank *bank, const int16_t *const *samples, struct tone_report *reports) {
  struct tone_report *out = reports;
  for (int number = 0; number < bank->groups; number++)
    if (((const struct tone_group *)group_of(bank, PLACE_GROUPS, number))->some)
      hear(bank, number, samples, &out);
  bank->tick++;
  return (int)(out - reports);
}
