/* The ears of ports that have an echo canceller. */
#include <string.h>

#include "plane.h"

void plane_tell_echo(struct plane *plane, uint32_t lane) {
  struct echo_statistics found;
  uint32_t port = plane->echo.port_of[lane];
  if (port == ECHO_NO_LANE || echo_lane_statistics(plane->echo.bank, (int)lane, &found))
    return;
  struct plane_echo echo = {.erle_tenth_db = found.erle_tenth_db,
                            .erl_tenth_db = found.erl_tenth_db,
                            .background_tenth_dbm0 = found.background_tenth_dbm0,
                            .tail_ms = found.tail_ms,
                            .flags = (uint8_t)((found.converged ? PLANE_ECHO_CONVERGED : 0) |
                                               (found.double_talk ? PLANE_ECHO_DOUBLE_TALK : 0) |
                                               (found.disabled ? PLANE_ECHO_DISABLED : 0) |
                                               (found.suppressing ? PLANE_ECHO_SUPPRESSING : 0))};
  uint64_t word;
  memcpy(&word, &echo, sizeof word);
  atomic_store_explicit(&plane->arena->ports[port].echo, word, memory_order_relaxed);
}

/* Cleans the ears of ports that have a canceller, before anybody hears them. The far end is what was written to the port
 * in the tick before: nothing can come back sooner. The octets that came in are replaced too, because a straight talk
 * path and recorders take those. */
void plane_cancel_echoes(struct plane *plane) {
  struct echo_lanes *echo = &plane->echo;
  for (int lane = 0; lane < echo->lanes; lane++) {
    uint32_t number = echo->port_of[lane];
    if (number == ECHO_NO_LANE)
      continue;
    const struct plane_port *port = &plane->ports[number];
    int speaking = port->ear_live || !port->out_idle;
    echo->quiet_ticks[lane] = speaking                                     ? 0
                              : echo->quiet_ticks[lane] < ECHO_QUIET_TICKS ? echo->quiet_ticks[lane] + 1
                                                                           : ECHO_QUIET_TICKS;
    int16_t *ear = plane->ears + number * PLANE_TICK_SAMPLES;
    echo->near[lane] = echo->quiet_ticks[lane] < ECHO_QUIET_TICKS ? ear : 0;
    echo->out[lane] = ear;
    echo->far[lane] = port->out_idle ? 0 : echo->far_sound[lane];
    if (!port->out_idle)
      g711_alaw_decode(plane->out + number * PLANE_TICK_SAMPLES, echo->far_sound[lane], PLANE_TICK_SAMPLES);
    if (echo->near[lane] && plane->busy_until < plane->tick + 1)
      plane->busy_until = plane->tick + 1;
  }
  echo_bank_run(echo->bank, echo->far, echo->near, echo->out);
  for (int lane = 0; lane < echo->lanes; lane++) {
    if (!echo->near[lane])
      continue;
    static const int16_t silence[PLANE_TICK_SAMPLES];
    uint32_t number = echo->port_of[lane];
    g711_alaw_encode(echo->near[lane], plane->in + number * PLANE_TICK_SAMPLES, PLANE_TICK_SAMPLES);
    plane->ports[number].ear_live = memcmp(echo->near[lane], silence, sizeof silence) != 0;
  }
  plane_tell_echo(plane, (uint32_t)(plane->tick % (uint64_t)echo->lanes));
}
