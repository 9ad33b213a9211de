/* The receivers of the ports that carry sound: a listening port occupies a lane of the bank of tone receivers.
 *
 * Limits are those of tone_bank.h. All memory is taken at creation.
 */
#pragma once
#include "arena.h"
#include "port_lanes.h"

struct receivers {
  struct port_lanes of_ports;
  uint16_t progress_code[PROGRESS_TONES_MAX];
  struct tone_report *reports;
  struct tone_bank *tones;
  uint8_t *wanted;      /* [lanes] TONE_ */
  uint32_t recognising; /* lanes that listen for call progress tones */
};

int receivers_create(struct receivers *receivers, int lanes);
void receivers_close(struct receivers *receivers);
/* Takes over the tones to be recognised; their receivers begin anew. */
void receivers_load(struct receivers *receivers, const struct arena_tones *tones);
/* Sets which receivers listen to the 80 samples at `ear`. */
void receivers_listen(struct receivers *receivers, uint32_t port, uint8_t wanted, const int16_t *ear);
/* Runs all over this tick; returns the number of reports. */
int receivers_run(struct receivers *receivers);
/* Whether any port listens for call progress tones. */
int receivers_recognising(const struct receivers *receivers);
/* Port and tone code of a report. */
uint32_t receivers_port(const struct receivers *receivers, const struct tone_report *report);
uint16_t receivers_code(const struct receivers *receivers, const struct tone_report *report);
