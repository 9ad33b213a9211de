/* What token stands at each sample of the present tick, for one ear, one mouth or one player.
 *
 * Limits: CARD_TOKEN_CHANGES changes a tick, as a card carries them; a further one takes the place of the last.
 */
#pragma once
#include <stdint.h>

#include "card.h"

struct token_track {
  uint64_t tick; /* that `change` belongs to */
  uint8_t count;
  uint16_t code; /* at the end */
  int16_t level_tenth_dbm0;
  uint16_t before_code; /* at the beginning of the tick */
  int16_t before_level;
  struct card_token_change change[CARD_TOKEN_CHANGES];
};

/* Sets the token from `offset` on; changes come in the order of time. Returns 1 when one had to give way. */
int token_track_set(struct token_track *track, uint64_t tick, uint32_t offset, uint16_t code, int level_tenth_dbm0);
/* The token at `offset` of a tick not before the last change. */
uint16_t token_track_at(const struct token_track *track, uint64_t tick, uint32_t offset, int *level_tenth_dbm0);
