/* Notices: what the process with the cards says of a span, and what control orders it to do; texts that Python reads and writes.
 *
 * Must meet: never in the tick; whoever dies while he writes leaves the notice before it whole. Two copies, the newer good one counts.
 */
#include <string.h>

#include "arena.h"
#include "crc32.h"

static uint32_t crc_of(const struct arena_notice_copy *copy) {
  uint32_t crc = crc32_of(0, &copy->length, sizeof copy->length);
  crc = crc32_of(crc, &copy->sequence, sizeof copy->sequence);
  return crc32_of(crc, copy->octets, copy->length);
}

static int good(const struct arena_notice_copy *copy) {
  return copy->sequence && copy->length <= PLANE_NOTICE_OCTETS && crc_of(copy) == copy->crc;
}

static struct arena_notice *place_of(const struct arena *arena, uint32_t kind, uint32_t span) {
  return kind < PLANE_NOTICES && span < arena->header->layout.spans ? &arena->notices[span * PLANE_NOTICES + kind] : 0;
}

int arena_notice_write(struct arena *arena, uint32_t epoch, uint32_t kind, uint32_t span, const uint8_t *octets, uint32_t length) {
  struct arena_notice *notice = place_of(arena, kind, span);
  if (kind == PLANE_NOTICE_ORDER && (epoch == 0 || epoch != arena_epoch(arena)))
    return PLANE_STALE;
  if (!notice || length > PLANE_NOTICE_OCTETS)
    return PLANE_INVALID;
  int newest = -1;
  for (int n = 0; n < 2; n++)
    if (good(&notice->copy[n]) && (newest < 0 || notice->copy[n].sequence > notice->copy[newest].sequence))
      newest = n;
  struct arena_notice_copy *copy = &notice->copy[newest == 0];
  copy->crc = 0;
  copy->sequence = newest < 0 ? 1 : notice->copy[newest].sequence + 1;
  copy->length = length;
  memcpy(copy->octets, octets, length);
  atomic_thread_fence(memory_order_release);
  copy->crc = crc_of(copy);
  return PLANE_OK;
}

int arena_notice_read(struct arena *arena, uint32_t kind, uint32_t span, uint8_t *octets, uint32_t room) {
  const struct arena_notice *notice = place_of(arena, kind, span);
  struct arena_notice_copy found, newest = {0};
  if (!notice)
    return PLANE_INVALID;
  for (int n = 0; n < 2; n++) {
    /* Judged as it was copied: the writer may be at it. */
    memcpy(&found, &notice->copy[n], sizeof found);
    if (good(&found) && found.sequence > newest.sequence)
      newest = found;
  }
  if (!newest.sequence || newest.length > room)
    return PLANE_EMPTY;
  memcpy(octets, newest.octets, newest.length);
  return (int)newest.length;
}
