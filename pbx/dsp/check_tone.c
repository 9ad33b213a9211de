#include "check_tone.h"

#include <stdlib.h>

#include "g711.h"

#define BLOCK 80
#define ENOUGH_BLOCKS 4                /* 40 ms: of a tone of 30 ms three blocks at the most are covered well enough */
#define GONE_BLOCKS 3                  /* 30 ms: an interruption of 15 ms spoils two */
#define SHARE_PERCENT 60               /* of a block's energy that must be the tone's; 30 Hz beside it has 73 % */
#define LEAST_TENTH_DBM0 (-200)        /* between -18 and -22 */
#define MOST_TENTH_DBM0 (-30)
#define RELEASE_TENTH_DBM0 (-280)

/* Whether the block is the tone and not much else, at least as loud as `least`. */
static int holds(const int16_t *samples, int least_tenth_dbm0) {
  int32_t cosine = 0, sine = 0;
  int64_t energy = 0;
  for (int n = 0; n < BLOCK; n += 4) {
    cosine += samples[n] - samples[n + 2];
    sine += samples[n + 1] - samples[n + 3];
    for (int k = n; k < n + 4; k++)
      energy += (int32_t)samples[k] * samples[k];
  }
  int64_t explained = (int64_t)cosine * cosine + (int64_t)sine * sine; /* of a pure tone BLOCK / 2 of its energy */
  if (explained * 100 < energy * (BLOCK / 2) * SHARE_PERCENT)
    return 0;
  int level = g711_power_tenth_dbm0((double)energy / BLOCK);
  return level >= least_tenth_dbm0 && level <= MOST_TENTH_DBM0;
}

void check_tone_reset(struct check_tone *check) { *check = (struct check_tone){0}; }

int check_tone_hear(struct check_tone *check, const int16_t *samples, int *back) {
  int held = holds(samples, check->told ? RELEASE_TENTH_DBM0 : LEAST_TENTH_DBM0);
  int enough = check->told ? GONE_BLOCKS : ENOUGH_BLOCKS;
  *back = 0;
  if (held == check->told) {
    check->blocks = 0;
    return CHECK_TONE_NOTHING;
  }
  if (++check->blocks < enough)
    return CHECK_TONE_NOTHING;
  *back = (enough - 1) * BLOCK;
  *check = (struct check_tone){.told = (uint8_t)held};
  return held ? CHECK_TONE_BEGAN : CHECK_TONE_ENDED;
}

int check_lanes_create(struct check_lanes *lanes, int count) {
  *lanes = (struct check_lanes){.checks = calloc((size_t)count, sizeof *lanes->checks)};
  return port_lanes_create(&lanes->of_ports, count) || !lanes->checks ? -1 : 0;
}

void check_lanes_close(struct check_lanes *lanes) {
  port_lanes_close(&lanes->of_ports);
  free(lanes->checks);
  *lanes = (struct check_lanes){0};
}

void check_lanes_listen(struct check_lanes *lanes, uint32_t port, int wanted, const int16_t *ear) {
  if (!wanted)
    port_lanes_release(&lanes->of_ports, port);
  else if (lanes->of_ports.lane_of[port] == PORT_NO_LANE)
    check_tone_reset(&lanes->checks[port_lanes_occupy(&lanes->of_ports, port, ear)]);
}
