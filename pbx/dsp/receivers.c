#include "receivers.h"

#include <stdlib.h>
#include <string.h>

enum { KIND_DTMF, KIND_FORWARD, KIND_BACKWARD, KIND_PROGRESS };

static void *bank_memory(size_t octets) {
  void *memory = aligned_alloc(64, (octets + 63) & ~(size_t)63);
  if (memory)
    memset(memory, 0, (octets + 63) & ~(size_t)63);
  return memory;
}

int receivers_create(struct receivers *receivers, int lanes) {
  receivers->lanes = lanes;
  receivers->reports = calloc((size_t)lanes * KERNEL_REPORTS_PER_LANE, sizeof *receivers->reports);
  int good = receivers->reports != 0;
  for (int kind = 0; kind < RECEIVER_KINDS; kind++) {
    struct receiver_bank *bank = &receivers->bank[kind];
    size_t octets = kind == KIND_DTMF       ? dtmf_bank_size(lanes)
                    : kind == KIND_PROGRESS ? progress_bank_size(lanes)
                                            : mf_r2_bank_size(lanes);
    bank->memory = bank_memory(octets);
    bank->ears = calloc((size_t)lanes, sizeof *bank->ears);
    bank->port_of = calloc((size_t)lanes, sizeof *bank->port_of);
    bank->lane_of = calloc((size_t)lanes, sizeof *bank->lane_of);
    if (!bank->memory || !bank->ears || !bank->port_of || !bank->lane_of) {
      good = 0;
      continue;
    }
    memset(bank->lane_of, 0xff, (size_t)lanes * sizeof *bank->lane_of);
    if (kind == KIND_DTMF)
      bank->dtmf = dtmf_bank_init(bank->memory, lanes);
    else if (kind != KIND_PROGRESS)
      bank->mf_r2 = mf_r2_bank_init(bank->memory, lanes, kind == KIND_FORWARD);
  }
  return good ? 0 : -1;
}

void receivers_close(struct receivers *receivers) {
  free(receivers->reports);
  for (int kind = 0; kind < RECEIVER_KINDS; kind++) {
    free(receivers->bank[kind].memory);
    free(receivers->bank[kind].ears);
    free(receivers->bank[kind].port_of);
    free(receivers->bank[kind].lane_of);
  }
}

void receivers_load(struct receivers *receivers, const struct arena_tones *tones) {
  struct receiver_bank *bank = &receivers->bank[KIND_PROGRESS];
  memcpy(receivers->progress_code, tones->recognised_code, sizeof receivers->progress_code);
  bank->progress = progress_bank_init(bank->memory, receivers->lanes, tones->frequency_millihertz,
                                      tones->recognised_tone, (int)tones->recognised);
}

static void occupy(struct receivers *receivers, int kind, uint32_t port, const int16_t *ear) {
  struct receiver_bank *bank = &receivers->bank[kind];
  int lane = 0;
  while (bank->ears[lane])
    lane++;
  bank->ears[lane] = ear;
  bank->port_of[lane] = port;
  bank->lane_of[port] = (uint32_t)lane;
  bank->listening++;
  if (kind == KIND_DTMF)
    dtmf_lane_reset(bank->dtmf, lane);
  else if (kind != KIND_PROGRESS)
    mf_r2_lane_reset(bank->mf_r2, lane);
  else if (bank->progress)
    progress_lane_reset(bank->progress, lane);
}

void receivers_listen(struct receivers *receivers, uint32_t port, uint8_t wanted, const int16_t *ear) {
  for (int kind = 0; kind < RECEIVER_KINDS; kind++) {
    struct receiver_bank *bank = &receivers->bank[kind];
    uint32_t lane = bank->lane_of[port];
    if ((wanted >> kind & 1) && lane == RECEIVER_NO_LANE)
      occupy(receivers, kind, port, ear);
    if (!(wanted >> kind & 1) && lane != RECEIVER_NO_LANE) {
      bank->ears[lane] = 0;
      bank->lane_of[port] = RECEIVER_NO_LANE;
      bank->listening--;
    }
  }
}

int receivers_run(struct receivers *receivers, int kind) {
  struct receiver_bank *bank = &receivers->bank[kind];
  if (!bank->listening)
    return 0;
  if (kind == KIND_DTMF)
    return dtmf_bank_run(bank->dtmf, bank->ears, receivers->reports);
  if (kind != KIND_PROGRESS)
    return mf_r2_bank_run(bank->mf_r2, bank->ears, receivers->reports);
  return bank->progress ? progress_bank_run(bank->progress, bank->ears, receivers->reports) : 0;
}

int receivers_recognising(const struct receivers *receivers) { return receivers->bank[KIND_PROGRESS].listening > 0; }

uint32_t receivers_port(const struct receivers *receivers, int kind, const struct tone_report *report) {
  return receivers->bank[kind].port_of[report->lane];
}

uint16_t receivers_code(const struct receivers *receivers, int kind, const struct tone_report *report) {
  static const uint16_t kinds[] = {PLANE_CODE_DTMF, PLANE_CODE_MFC_FORWARD, PLANE_CODE_MFC_BACKWARD};
  if (kind == KIND_PROGRESS)
    return report->value < PROGRESS_TONES_MAX ? receivers->progress_code[report->value] : 0;
  return (uint16_t)(kinds[kind] | report->value);
}
