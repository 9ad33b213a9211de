/* Which of the plane's ports and players is due next, and when: an indexed heap.
 *
 * Limits: one entry for each member, so nothing overflows and nothing stale is left behind; a change costs O(log n);
 * members due at the same sample come in the order of their numbers, so that a run repeats exactly.
 */
#pragma once
#include <stdint.h>

#define AGENDA_NEVER UINT64_MAX

struct agenda {
  uint32_t members;
  uint32_t waiting;
  uint32_t *heap;  /* [members] */
  uint32_t *place; /* [members] place in the heap + 1, 0 = not there */
  uint64_t *when;  /* [members] */
};

int agenda_create(struct agenda *agenda, uint32_t members);
void agenda_close(struct agenda *agenda);
/* Sets when a member is due; AGENDA_NEVER takes it out. */
void agenda_set(struct agenda *agenda, uint32_t member, uint64_t when);
/* When the first member is due; AGENDA_NEVER when none is. */
uint64_t agenda_next(const struct agenda *agenda);
