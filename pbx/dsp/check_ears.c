/* Check-tones of speech circuits on the ports that listen for them: see check_tone.h. */
#include "plane.h"

void plane_hear_check_tones(struct plane *plane) {
  const struct port_lanes *of_ports = &plane->check.of_ports;
  for (uint32_t lane = 0, left = of_ports->listening; left; lane++) {
    if (!of_ports->ears[lane])
      continue;
    left--;
    int back, heard = check_tone_hear(&plane->check.checks[lane], of_ports->ears[lane], &back);
    if (heard == CHECK_TONE_NOTHING)
      continue;
    uint32_t port = of_ports->port_of[lane];
    plane_tell(plane, port, heard == CHECK_TONE_BEGAN ? PLANE_EVENT_TONE_ON : PLANE_EVENT_TONE_OFF, PLANE_CODE_CONTINUITY,
               plane->start - (uint64_t)back);
    plane_rearm(plane, port);
  }
}
