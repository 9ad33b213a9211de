#include "receivers.h"

#include <stdlib.h>
#include <string.h>

int receivers_create(struct receivers *receivers, int lanes) {
  size_t octets = (tone_bank_size(lanes, TONE_RECEIVERS) + 63) & ~(size_t)63, count = (size_t)lanes;
  void *memory = aligned_alloc(64, octets);
  receivers->lanes = lanes;
  receivers->reports = calloc(count * TONE_REPORTS_PER_LANE, sizeof *receivers->reports);
  receivers->ears = calloc(count, sizeof *receivers->ears);
  receivers->port_of = calloc(count, sizeof *receivers->port_of);
  receivers->lane_of = calloc(count, sizeof *receivers->lane_of);
  receivers->wanted = calloc(count, sizeof *receivers->wanted);
  receivers->tones = memory ? tone_bank_init(memory, lanes, TONE_RECEIVERS) : 0;
  if (!memory || !receivers->reports || !receivers->ears || !receivers->port_of || !receivers->lane_of || !receivers->wanted)
    return -1;
  memset(receivers->lane_of, 0xff, count * sizeof *receivers->lane_of);
  return 0;
}

void receivers_close(struct receivers *receivers) {
  free(receivers->reports);
  free(receivers->ears);
  free(receivers->port_of);
  free(receivers->lane_of);
  free(receivers->wanted);
  free(receivers->tones);
}

void receivers_load(struct receivers *receivers, const struct arena_tones *tones) {
  memcpy(receivers->progress_code, tones->recognised_code, sizeof receivers->progress_code);
  tone_bank_set_progress(receivers->tones, &tones->recognised);
}

static uint32_t occupy(struct receivers *receivers, uint32_t port, const int16_t *ear) {
  uint32_t lane = 0;
  while (receivers->ears[lane])
    lane++;
  receivers->ears[lane] = ear;
  receivers->port_of[lane] = port;
  receivers->lane_of[port] = lane;
  receivers->listening++;
  return lane;
}

void receivers_listen(struct receivers *receivers, uint32_t port, uint8_t wanted, const int16_t *ear) {
  uint32_t lane = receivers->lane_of[port];
  wanted &= TONE_RECEIVERS;
  if (lane == RECEIVER_NO_LANE && !wanted)
    return;
  if (lane == RECEIVER_NO_LANE)
    lane = occupy(receivers, port, ear);
  receivers->recognising += (uint32_t)((wanted & TONE_PROGRESS) != 0) - ((receivers->wanted[lane] & TONE_PROGRESS) != 0);
  receivers->wanted[lane] = wanted;
  tone_lane_listen(receivers->tones, (int)lane, wanted);
  if (!wanted) {
    receivers->ears[lane] = 0;
    receivers->lane_of[port] = RECEIVER_NO_LANE;
    receivers->listening--;
  }
}

int receivers_run(struct receivers *receivers) {
  return receivers->listening ? tone_bank_run(receivers->tones, receivers->ears, receivers->reports) : 0;
}

int receivers_recognising(const struct receivers *receivers) { return receivers->recognising > 0; }

uint32_t receivers_port(const struct receivers *receivers, const struct tone_report *report) {
  return receivers->port_of[report->lane];
}

uint16_t receivers_code(const struct receivers *receivers, const struct tone_report *report) {
  switch (report->receiver) {
  case TONE_DTMF:
    return (uint16_t)(PLANE_CODE_DTMF | report->value);
  case TONE_MFC_FORWARD:
    return (uint16_t)(PLANE_CODE_MFC_FORWARD | report->value);
  case TONE_MFC_BACKWARD:
    return (uint16_t)(PLANE_CODE_MFC_BACKWARD | report->value);
  case TONE_FAX:
    return (uint16_t)(PLANE_CODE_SPECIAL | report->value);
  default:
    return report->value < PROGRESS_TONES_MAX ? receivers->progress_code[report->value] : 0;
  }
}
