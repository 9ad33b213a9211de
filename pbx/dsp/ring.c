/* The rings between control and plane: commands down, events up, recorded samples up; frames beside them stand in frame_ring.c. One
 * writer, one reader each. */
#include <string.h>

#include "arena.h"

#define SILENCE_ALAW 0xd5

static int put_command(struct arena *arena, const struct plane_command *command) {
  struct arena_header *header = arena->header;
  uint32_t epoch = command->epoch;
  if (epoch == 0 || epoch != atomic_load(&header->epoch))
    return PLANE_STALE;
  uint32_t size = header->layout.commands;
  struct ring_positions *ring = &header->commands[epoch % ARENA_EPOCH_RINGS];
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  if (written - atomic_load_explicit(&ring->read, memory_order_acquire) >= size)
    return PLANE_FULL;
  arena->commands[(uint64_t)(epoch % ARENA_EPOCH_RINGS) * size + (written & (size - 1))] = *command;
  atomic_store_explicit(&ring->written, written + 1, memory_order_release);
  return PLANE_OK;
}

int arena_send(struct arena *arena, uint32_t epoch, uint32_t port, uint32_t kind, uint32_t value, uint32_t detail,
               int32_t gain, uint64_t at) {
  struct plane_command command = {.at = at,
                                  .epoch = epoch,
                                  .port = (uint16_t)port,
                                  .kind = (uint16_t)kind,
                                  .value = value,
                                  .detail = detail,
                                  .gain = gain};
  return port > 0xffff ? PLANE_INVALID : put_command(arena, &command);
}

int arena_send_armed(struct arena *arena, const struct plane_command *command) { return put_command(arena, command); }

int arena_command_take(struct arena *arena, struct plane_command *command) {
  struct arena_header *header = arena->header;
  uint32_t epoch = atomic_load_explicit(&header->epoch, memory_order_acquire);
  uint32_t size = header->layout.commands;
  for (uint32_t number = 0; number < ARENA_EPOCH_RINGS; number++) {
    struct ring_positions *ring = &header->commands[number];
    uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (number != epoch % ARENA_EPOCH_RINGS) {
      arena_frames_refuse(arena, number);
      if (read != written) {
        header->counters.refused_commands += written - read;
        atomic_store_explicit(&ring->read, written, memory_order_release);
      }
      continue;
    }
    while (read != written) {
      *command = arena->commands[(uint64_t)number * size + (read & (size - 1))];
      atomic_store_explicit(&ring->read, ++read, memory_order_release);
      if (command->epoch == epoch)
        return 1;
      arena_frame_take(arena, command, 0);
      header->counters.refused_commands++;
    }
  }
  return 0;
}

int arena_command_waits(struct arena *arena) {
  for (uint32_t number = 0; number < ARENA_EPOCH_RINGS; number++) {
    struct ring_positions *ring = &arena->header->commands[number];
    if (atomic_load_explicit(&ring->read, memory_order_relaxed) !=
        atomic_load_explicit(&ring->written, memory_order_relaxed))
      return 1;
  }
  return 0;
}

void arena_event_put(struct arena *arena, uint64_t sample, uint32_t port, uint32_t kind, uint32_t value) {
  struct arena_header *header = arena->header;
  struct ring_positions *ring = &header->events;
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  if (written - atomic_load_explicit(&ring->read, memory_order_acquire) >= header->layout.events) {
    header->counters.event_overflows++;
    return;
  }
  arena->events[written & (header->layout.events - 1)] =
      (struct plane_event){.sample = sample, .port = (uint16_t)port, .kind = (uint16_t)kind, .value = value};
  atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}

int arena_events_waiting(struct arena *arena) {
  struct ring_positions *ring = &arena->header->events;
  return (int)(atomic_load_explicit(&ring->written, memory_order_acquire) -
               atomic_load_explicit(&ring->read, memory_order_relaxed));
}

int arena_drain(struct arena *arena, uint32_t epoch, struct plane_event *events, int room, uint8_t *octets, uint32_t octet_room,
                int *frames) {
  struct arena_header *header = arena->header;
  if (epoch == 0 || epoch != atomic_load(&header->epoch))
    return PLANE_STALE;
  struct ring_positions *ring = &header->events;
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  uint64_t count = atomic_load_explicit(&ring->written, memory_order_acquire) - read;
  if (count > (uint64_t)room)
    count = (uint64_t)room;
  uint32_t mask = header->layout.events - 1;
  uint64_t first = header->layout.events - (read & mask);
  if (first > count)
    first = count;
  memcpy(events, arena->events + (read & mask), first * sizeof *events);
  memcpy(events + first, arena->events, (count - first) * sizeof *events);
  count = (uint64_t)arena_frames_pack(arena, events, (int)count, octets, octet_room, frames);
  /* Only if nobody else took them: a control of an older epoch may have been paused just here. */
  if (count && !atomic_compare_exchange_strong(&ring->read, &read, read + count))
    return PLANE_STALE;
  /* A control of an older epoch that was paused just here may write over the present one's sign: that is given again by its next look. */
  uint64_t signs = atomic_load_explicit(&header->alive, memory_order_relaxed);
  atomic_store_explicit(&header->alive, (uint64_t)epoch << 32 | (uint32_t)(signs + 1), memory_order_release);
  return (int)count;
}

static void note_gap(struct arena_recorder *recorder, uint64_t at, uint64_t samples) {
  uint64_t written = atomic_load_explicit(&recorder->gaps.written, memory_order_relaxed);
  struct arena_recorder_gap *last = &recorder->gap[(written - 1) & (ARENA_RECORDER_GAPS - 1)];
  if (written && atomic_load_explicit(&last->at, memory_order_relaxed) == at) {
    atomic_fetch_add_explicit(&last->samples, samples, memory_order_relaxed);
    return;
  }
  if (written - atomic_load_explicit(&recorder->gaps.read, memory_order_acquire) == ARENA_RECORDER_GAPS)
    return;
  struct arena_recorder_gap *gap = &recorder->gap[written & (ARENA_RECORDER_GAPS - 1)];
  atomic_store_explicit(&gap->at, at, memory_order_relaxed);
  atomic_store_explicit(&gap->samples, samples, memory_order_relaxed);
  atomic_store_explicit(&recorder->gaps.written, written + 1, memory_order_release);
}

void arena_recorder_put(struct arena *arena, uint32_t recorder, const uint8_t *said, const uint8_t *told,
                        uint32_t count) {
  uint32_t size = arena->header->layout.recorder_samples;
  struct ring_positions *ring = &arena->recorders[recorder].samples;
  uint8_t *sound = arena->recorded + (uint64_t)recorder * size * 2;
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  uint64_t room = size - (written - atomic_load_explicit(&ring->read, memory_order_acquire));
  if (count > room) {
    arena->header->counters.recorder_overflows += count - room;
    note_gap(&arena->recorders[recorder], written + room, count - room);
    count = (uint32_t)room;
  }
  for (uint32_t n = 0; n < count; n++) {
    uint8_t *pair = sound + ((written + n) & (size - 1)) * 2;
    pair[0] = said ? said[n] : SILENCE_ALAW;
    pair[1] = told ? told[n] : SILENCE_ALAW;
  }
  atomic_store_explicit(&ring->written, written + count, memory_order_release);
}

void arena_recorder_begin(struct arena *arena, uint32_t number, uint64_t sample) {
  struct arena_recorder *recorder = &arena->recorders[number];
  uint64_t from = atomic_exchange(&recorder->broken_at, 0);
  if (from && sample > from)
    note_gap(recorder, atomic_load(&recorder->samples.written), sample - from);
}

int arena_recorder_continue(struct arena *arena, uint32_t recorder, uint64_t sample) {
  if (recorder >= arena->header->layout.recorders)
    return PLANE_INVALID;
  atomic_store(&arena->recorders[recorder].broken_at, sample);
  return PLANE_OK;
}

int64_t arena_recorder_waiting(struct arena *arena, uint32_t recorder) {
  if (recorder >= arena->header->layout.recorders)
    return PLANE_INVALID;
  struct ring_positions *ring = &arena->recorders[recorder].samples;
  return (int64_t)(atomic_load(&ring->written) - atomic_load(&ring->read));
}

/* The samples missing before `at`, taken off the list; how many samples behind `at` the next gap is, in `until`. A gap
 * behind which nothing was written yet may still grow and is left where it is. */
static uint64_t take_gap(struct arena_recorder *recorder, uint64_t at, uint64_t written, uint64_t *until) {
  uint64_t lost = 0, next = atomic_load_explicit(&recorder->gaps.read, memory_order_relaxed);
  uint64_t end = atomic_load_explicit(&recorder->gaps.written, memory_order_acquire);
  *until = UINT64_MAX;
  for (; next != end; next++) {
    struct arena_recorder_gap *gap = &recorder->gap[next & (ARENA_RECORDER_GAPS - 1)];
    uint64_t place = atomic_load_explicit(&gap->at, memory_order_relaxed);
    if (place > at) {
      *until = place - at;
      break;
    }
    if (place >= written)
      break;
    lost += atomic_load_explicit(&gap->samples, memory_order_relaxed);
    atomic_store_explicit(&recorder->gaps.read, next + 1, memory_order_release);
  }
  return lost;
}

int arena_recorder_read(struct arena *arena, uint32_t recorder, uint8_t *octets, uint32_t room, uint64_t *lost) {
  if (recorder >= arena->header->layout.recorders)
    return PLANE_INVALID;
  uint32_t size = arena->header->layout.recorder_samples;
  struct ring_positions *ring = &arena->recorders[recorder].samples;
  const uint8_t *sound = arena->recorded + (uint64_t)recorder * size * 2;
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire), until;
  uint64_t count = written - read;
  *lost = take_gap(&arena->recorders[recorder], read, written, &until);
  if (count > until)
    count = until;
  if (count > room / 2)
    count = room / 2;
  uint64_t first = size - (read & (size - 1));
  if (first > count)
    first = count;
  memcpy(octets, sound + (read & (size - 1)) * 2, first * 2);
  memcpy(octets + first * 2, sound, (count - first) * 2);
  atomic_store_explicit(&ring->read, read + count, memory_order_release);
  return (int)(count * 2);
}
