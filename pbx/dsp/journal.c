/* The journal ring and the leg records: what control knows and must not lose with its life.
 *
 * Journal: records of a header and octets, written one after another round the ring; the write position moves after the
 * record is whole, the read position after the store has it. So a control killed at any instruction loses nothing that
 * it had appended, and a store that is asked twice gets the same sequence numbers twice.
 */
#include <string.h>

#include "arena.h"
#include "crc32.h"

struct record {
  uint32_t crc; /* over length, sequence and octets */
  uint32_t length;
  uint64_t sequence;
};

static void ring_write(struct arena *arena, uint64_t position, const void *octets, uint64_t count) {
  uint64_t size = arena->header->layout.journal_octets, place = position & (size - 1);
  uint64_t first = size - place < count ? size - place : count;
  memcpy(arena->journal + place, octets, first);
  memcpy(arena->journal, (const uint8_t *)octets + first, count - first);
}

static void ring_read(struct arena *arena, uint64_t position, void *octets, uint64_t count) {
  uint64_t size = arena->header->layout.journal_octets, place = position & (size - 1);
  uint64_t first = size - place < count ? size - place : count;
  memcpy(octets, arena->journal + place, first);
  memcpy((uint8_t *)octets + first, arena->journal, count - first);
}

static uint64_t padded(uint32_t length) { return (sizeof(struct record) + length + 7) & ~7ull; }

static uint32_t record_crc(const struct record *record, const uint8_t *octets) {
  uint32_t crc = crc32_of(0, &record->length, sizeof record->length + sizeof record->sequence);
  return crc32_of(crc, octets, record->length);
}

/* The position of the next record at or behind `position`, leaping over a gap that stands. */
static uint64_t leap(struct arena_header *header, uint64_t position, uint64_t written) {
  for (int n = 0; n < ARENA_JOURNAL_GAPS; n++) {
    uint64_t to = atomic_load(&header->gap[n].to);
    if (to && to <= written && atomic_load(&header->gap[n].from) == position)
      return to;
  }
  return position;
}

/* A gap stands once the write position has passed it. One that was begun by a control that died in between is void. */
static struct journal_gap *free_gap(struct arena_header *header, uint64_t read, uint64_t written) {
  struct journal_gap *found = 0;
  for (int n = 0; n < ARENA_JOURNAL_GAPS; n++) {
    struct journal_gap *gap = &header->gap[n];
    if (atomic_load(&gap->to) > written || atomic_load(&gap->to) <= read)
      atomic_store(&gap->to, 0);
    if (!atomic_load(&gap->to))
      found = gap;
  }
  return found;
}

void arena_journal_leap(struct arena *arena) {
  struct arena_header *header = arena->header;
  uint64_t step = padded(PLANE_JOURNAL_RECORD_OCTETS);
  for (;;) {
    uint64_t written = atomic_load(&header->journal.written), read = atomic_load(&header->journal.read);
    struct journal_gap *gap = free_gap(header, read, written);
    /* Half of the ring is kept for records: after many restarts without a store the gaps are given up, not the facts. */
    if (!gap || written - read + step > header->layout.journal_octets / 2)
      return;
    atomic_store(&gap->from, written);
    atomic_store(&gap->to, written + step);
    if (atomic_compare_exchange_strong(&header->journal.written, &written, written + step))
      return;
    atomic_store(&gap->to, 0);
  }
}

/* Writes a record `*held` octets behind the write position and adds its octets to `*held`; nobody reads it yet. What is
 * held must fit the gap that a new control leaves for a paused one. */
int64_t arena_journal_hold(struct arena *arena, uint32_t epoch, uint64_t *held, const uint8_t *octets,
                           uint32_t length) {
  struct arena_header *header = arena->header;
  uint64_t size = header->layout.journal_octets;
  uint64_t written = atomic_load(&header->journal.written), place = written + *held;
  if (epoch == 0 || epoch != atomic_load(&header->epoch))
    return PLANE_STALE;
  if (length > PLANE_JOURNAL_RECORD_OCTETS)
    return PLANE_INVALID;
  if (*held + padded(length) > padded(PLANE_JOURNAL_RECORD_OCTETS) ||
      place - atomic_load(&header->journal.read) + padded(length) > size)
    return PLANE_FULL;
  struct record record = {.length = length, .sequence = atomic_fetch_add(&header->journal_sequence, 1) + 1};
  record.crc = record_crc(&record, octets);
  ring_write(arena, place, &record, sizeof record);
  ring_write(arena, place + sizeof record, octets, length);
  *held += padded(length);
  return (int64_t)record.sequence;
}

/* The records held and the leg records written with them count from now on, all at once. */
int arena_journal_publish(struct arena *arena, uint32_t epoch, uint64_t held) {
  struct arena_header *header = arena->header;
  uint64_t written = atomic_load(&header->journal.written);
  if (epoch == 0 || epoch != atomic_load(&header->epoch))
    return PLANE_STALE;
  return atomic_compare_exchange_strong(&header->journal.written, &written, written + held) ? PLANE_OK : PLANE_STALE;
}

int64_t arena_journal_append(struct arena *arena, uint32_t epoch, const uint8_t *octets, uint32_t length) {
  uint64_t held = 0;
  int64_t sequence = arena_journal_hold(arena, epoch, &held, octets, length);
  if (sequence < 0)
    return sequence;
  int published = arena_journal_publish(arena, epoch, held);
  return published < 0 ? published : sequence;
}

void arena_journal_continue(struct arena *arena, uint64_t sequence) {
  atomic_store(&arena->header->journal_sequence, sequence);
}

uint64_t arena_journal_sequence(struct arena *arena) { return atomic_load(&arena->header->journal_sequence); }

/* Reads records behind sequence `after` (0 = all not yet committed), packed one after another into `octets`. Returns
 * their number, or PLANE_INVALID when the ring holds a record that is not whole. */
int64_t arena_journal_read(struct arena *arena, uint64_t after, uint8_t *octets, uint64_t room, uint64_t *sequences,
                           uint32_t *lengths, uint32_t limit) {
  struct arena_header *header = arena->header;
  uint64_t position = atomic_load(&header->journal.read), written = atomic_load(&header->journal.written);
  uint64_t used = 0;
  uint32_t count = 0;
  while (count < limit && position < written) {
    position = leap(header, position, written);
    if (position >= written)
      break;
    struct record record;
    ring_read(arena, position, &record, sizeof record);
    if (record.length > PLANE_JOURNAL_RECORD_OCTETS)
      return count ? (int64_t)count : PLANE_INVALID;
    if (record.sequence > after) {
      if (record.length > room - used)
        break;
      ring_read(arena, position + sizeof record, octets + used, record.length);
      if (record_crc(&record, octets + used) != record.crc)
        return count ? (int64_t)count : PLANE_INVALID;
      sequences[count] = record.sequence;
      lengths[count++] = record.length;
      used += record.length;
    }
    position += padded(record.length);
  }
  return (int64_t)count;
}

int arena_journal_commit(struct arena *arena, uint64_t sequence) {
  struct arena_header *header = arena->header;
  uint64_t start = atomic_load(&header->journal.read), position = start;
  uint64_t written = atomic_load(&header->journal.written);
  uint64_t last = atomic_load(&header->journal_committed);
  while (position < written) {
    position = leap(header, position, written);
    if (position >= written)
      break;
    struct record record;
    ring_read(arena, position, &record, sizeof record);
    if (record.sequence > sequence || record.length > PLANE_JOURNAL_RECORD_OCTETS)
      break;
    position += padded(record.length);
    last = record.sequence;
  }
  /* Two writers may commit at once, the old control's and the new one's; both have stored what they commit. */
  if (!atomic_compare_exchange_strong(&header->journal.read, &start, position))
    return PLANE_STALE;
  atomic_store(&header->journal_committed, last);
  return PLANE_OK;
}

static uint32_t leg_crc(const struct arena_leg_copy *copy) {
  uint32_t crc = crc32_of(0, &copy->length, sizeof copy->length);
  crc = crc32_of(crc, &copy->sequence, sizeof copy->sequence);
  crc = crc32_of(crc, &copy->valid_from, sizeof copy->valid_from);
  return crc32_of(crc, copy->octets, copy->length);
}

/* The good copy of the higher sequence whose turn was completed: 0 or 1, or -1 when there is none. */
static int newest_copy(const struct arena *arena, const struct arena_leg *leg) {
  uint64_t written = atomic_load(&arena->header->journal.written);
  int newest = -1;
  for (int n = 0; n < 2; n++) {
    const struct arena_leg_copy *copy = &leg->copy[n];
    if (copy->sequence && copy->length <= PLANE_LEG_OCTETS && leg_crc(copy) == copy->crc &&
        copy->valid_from <= written && (newest < 0 || copy->sequence > leg->copy[newest].sequence))
      newest = n;
  }
  return newest;
}

void arena_leg_void(struct arena *arena) {
  uint64_t written = atomic_load(&arena->header->journal.written);
  for (uint32_t port = 0; port < arena->header->layout.ports; port++)
    for (int n = 0; n < 2; n++) {
      struct arena_leg_copy *copy = &arena->legs[port].copy[n];
      if (copy->valid_from > written)
        copy->sequence = 0;
    }
}

int arena_leg_write(struct arena *arena, uint32_t epoch, uint32_t port, const uint8_t *octets, uint32_t length,
                    uint64_t held) {
  if (epoch == 0 || epoch != arena_epoch(arena))
    return PLANE_STALE;
  if (port >= arena->header->layout.ports || length > PLANE_LEG_OCTETS)
    return PLANE_INVALID;
  struct arena_leg *leg = &arena->legs[port];
  int newest = newest_copy(arena, leg);
  struct arena_leg_copy *copy = &leg->copy[newest == 0];
  copy->crc = 0;
  copy->sequence = newest < 0 ? 1 : leg->copy[newest].sequence + 1;
  copy->valid_from = held ? atomic_load(&arena->header->journal.written) + held : 0;
  copy->length = length;
  memcpy(copy->octets, octets, length);
  copy->crc = leg_crc(copy);
  return PLANE_OK;
}

int arena_leg_read(struct arena *arena, uint32_t port, uint8_t *octets, uint32_t room) {
  if (port >= arena->header->layout.ports)
    return PLANE_INVALID;
  const struct arena_leg *leg = &arena->legs[port];
  int newest = newest_copy(arena, leg);
  if (newest < 0 || leg->copy[newest].length > room)
    return PLANE_EMPTY;
  memcpy(octets, leg->copy[newest].octets, leg->copy[newest].length);
  return (int)leg->copy[newest].length;
}
