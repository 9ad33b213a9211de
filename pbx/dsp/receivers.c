/* The tone receivers of the plane: see receivers.h. */
#include "receivers.h"

#include <stdlib.h>
#include <string.h>

int receivers_create(struct receivers *receivers, int lanes) {
  void *memory = aligned_alloc(64, (tone_bank_size(lanes, TONE_RECEIVERS) + 63) & ~(size_t)63);
  size_t count = (size_t)lanes;
  *receivers = (struct receivers){.tones = memory ? tone_bank_init(memory, lanes, TONE_RECEIVERS) : 0,
                                  .reports = calloc(count * TONE_REPORTS_PER_LANE, sizeof *receivers->reports),
                                  .wanted = calloc(count, sizeof *receivers->wanted)};
  if (port_lanes_create(&receivers->of_ports, lanes) || !receivers->tones || !receivers->reports || !receivers->wanted)
    return -1;
  return 0;
}

void receivers_close(struct receivers *receivers) {
  port_lanes_close(&receivers->of_ports);
  free(receivers->tones);
  free(receivers->reports);
  free(receivers->wanted);
  *receivers = (struct receivers){0};
}

void receivers_load(struct receivers *receivers, const struct arena_tones *tones) {
  memcpy(receivers->progress_code, tones->recognised_code, sizeof receivers->progress_code);
  tone_bank_set_progress(receivers->tones, &tones->recognised);
}

void receivers_listen(struct receivers *receivers, uint32_t port, uint8_t wanted, const int16_t *ear) {
  uint32_t lane = receivers->of_ports.lane_of[port];
  wanted &= TONE_RECEIVERS;
  if (lane == PORT_NO_LANE && !wanted)
    return;
  if (lane == PORT_NO_LANE)
    lane = port_lanes_occupy(&receivers->of_ports, port, ear);
  receivers->recognising += (uint32_t)((wanted & TONE_PROGRESS) != 0) - ((receivers->wanted[lane] & TONE_PROGRESS) != 0);
  receivers->wanted[lane] = wanted;
  tone_lane_listen(receivers->tones, (int)lane, wanted);
  if (!wanted)
    port_lanes_release(&receivers->of_ports, port);
}

int receivers_run(struct receivers *receivers) {
  return receivers->of_ports.listening ? tone_bank_run(receivers->tones, receivers->of_ports.ears, receivers->reports) : 0;
}

int receivers_recognising(const struct receivers *receivers) { return receivers->recognising > 0; }

uint32_t receivers_port(const struct receivers *receivers, const struct tone_report *report) {
  return receivers->of_ports.port_of[report->lane];
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
