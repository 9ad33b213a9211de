/* The receivers of a port whose ear hears tokens: what the real receivers would report, when they would report it.
 *
 * A token is reported once it has stood for the operate time of its class, with its first sample, and its end once it
 * has been gone for the release time; a gap shorter than that is no end. Operate and release are what the kernels of
 * dtmf.h, mf_r2.h and call_progress.h need from the first sample to the report (table in token_receiver.c); those of
 * call progress tones follow from the cadences to be recognised. A token span does not carry a cadence: its tone is on
 * until it is stopped, so the end of a cadenced tone is told with the sample at which it was stopped. A prompt is a voice
 * from its first sample to its last (voice_activity.h), whatever pauses it has, and has the code PLANE_CODE_PROMPT here;
 * another token that is recognised behind it ends it at once.
 */
#pragma once
#include <stdint.h>

#include "arena.h"

#define TOKEN_RECEIVER_NEVER UINT64_MAX

struct token_timing {
  uint32_t operate; /* samples; 0 = not recognised */
  uint32_t release;
};

struct token_receiver {
  const struct token_timing *progress; /* [PLANE_PROGRESS_TONES] by tone */
  uint8_t receivers; /* PLANE_RECEIVE_ */
  uint16_t code;     /* now heard */
  uint16_t told;     /* reported and not yet ended */
  int16_t level_tenth_dbm0;
  uint64_t since;   /* first sample of `code` */
  uint64_t operate; /* when it is reported */
  uint64_t release; /* when the end of `told` is reported */
  uint64_t ended;   /* first sample without `told` */
};

/* Fills the times of the call progress tones from the cadences in the arena. */
void token_timing_load(struct token_timing *timing, const struct arena_tones *tones);
/* When token_receiver_expire is wanted. */
uint64_t token_receiver_due(const struct token_receiver *receiver);
/* The token changed at `sample`; the caller has expired what was due until then. */
void token_receiver_change(struct token_receiver *receiver, uint16_t code, int level_tenth_dbm0, uint64_t sample);
/* Sets which receivers listen from `now` on. */
void token_receiver_listen(struct token_receiver *receiver, uint8_t receivers, uint64_t now);
/* What is due has come: returns 1 for a begin, 2 for an end, with code and sample; the caller asks again when `due` is
 * not later. */
int token_receiver_expire(struct token_receiver *receiver, uint16_t *code, uint64_t *sample);
