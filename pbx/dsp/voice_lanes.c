/* The voice receiver of the plane: see voice_lanes.h. */
#include "voice_lanes.h"

#include <stdlib.h>

int voice_lanes_create(struct voice_lanes *lanes, int count) {
  *lanes = (struct voice_lanes){.memory = aligned_alloc(64, (voice_bank_size(count) + 63) & ~(size_t)63),
                                .reports = calloc((size_t)count * KERNEL_REPORTS_PER_LANE, sizeof *lanes->reports)};
  if (port_lanes_create(&lanes->of_ports, count) || !lanes->memory || !lanes->reports)
    return -1;
  lanes->bank = voice_bank_init(lanes->memory, count);
  return 0;
}

void voice_lanes_close(struct voice_lanes *lanes) {
  port_lanes_close(&lanes->of_ports);
  free(lanes->memory);
  free(lanes->reports);
  *lanes = (struct voice_lanes){0};
}

void voice_lanes_listen(struct voice_lanes *lanes, uint32_t port, int wanted, const int16_t *ear) {
  if (!wanted)
    port_lanes_release(&lanes->of_ports, port);
  else if (lanes->of_ports.lane_of[port] == PORT_NO_LANE)
    voice_lane_reset(lanes->bank, (int)port_lanes_occupy(&lanes->of_ports, port, ear));
}

int voice_lanes_run(struct voice_lanes *lanes) {
  return lanes->of_ports.listening ? voice_bank_run(lanes->bank, lanes->of_ports.ears, lanes->reports) : 0;
}
