/* The receivers of the ports that carry sound: one bank for each kind, a listening port occupies a lane of it.
 *
 * Limits are those of dtmf.h, mf_r2.h and call_progress.h. Lanes are given out lowest first; a freed lane is used again.
 * All memory is taken at creation.
 */
#pragma once
#include <stdint.h>

#include "arena.h"

#define RECEIVER_KINDS 4
#define RECEIVER_NO_LANE 0xffffffffu

struct receiver_bank {
  void *memory;
  struct dtmf_bank *dtmf;
  struct mf_r2_bank *mf_r2;
  struct progress_bank *progress;
  const int16_t **ears; /* [lanes] null = free */
  uint32_t *port_of;    /* [lanes] */
  uint32_t *lane_of;    /* [lanes], by port */
  uint32_t listening;
};

struct receivers {
  int lanes;
  uint16_t progress_code[PROGRESS_TONES_MAX];
  struct tone_report *reports;
  struct receiver_bank bank[RECEIVER_KINDS]; /* by bit number of PLANE_RECEIVE_ */
};

int receivers_create(struct receivers *receivers, int lanes);
void receivers_close(struct receivers *receivers);
/* Takes over the tones to be recognised; its lanes begin anew. */
void receivers_load(struct receivers *receivers, const struct arena_tones *tones);
/* Sets which receivers listen to the 80 samples at `ear`. */
void receivers_listen(struct receivers *receivers, uint32_t port, uint8_t wanted, const int16_t *ear);
/* Runs one bank over this tick; returns the number of reports. */
int receivers_run(struct receivers *receivers, int kind);
/* Whether any port listens for call progress tones. */
int receivers_recognising(const struct receivers *receivers);
/* Port and tone code of a report of bank `kind`. */
uint32_t receivers_port(const struct receivers *receivers, int kind, const struct tone_report *report);
uint16_t receivers_code(const struct receivers *receivers, int kind, const struct tone_report *report);
