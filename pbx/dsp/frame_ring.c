/* The octets of frames, and of orders to signalling links and what they tell, between plane and control, beside the rings of events and
 * commands, which say where they lie.
 *
 * Must meet: nobody waits; nothing is torn, doubled or out of its order among events, whenever control dies. Up, only the plane moves
 * positions: a frame's room is free once the event behind which it lies was read, so a control that dies while it reads leaves nothing
 * behind. Down, a ring for each of the last epochs, as of commands: what an older control wrote is refused with its commands.
 */
#include <string.h>

#include "arena.h"

/* Sixteen octets, and frames begin at multiples of that, so that a record's head never lies in two pieces. */
struct frame_head {
  uint64_t event; /* the position of its event */
  uint32_t octets;
  uint32_t spare;
};

#define HEAD ((uint32_t)sizeof(struct frame_head))

static uint32_t whole(uint32_t octets) { return (octets + HEAD - 1) / HEAD * HEAD; }

static void copy_in(uint8_t *ring, uint32_t size, uint64_t place, const uint8_t *octets, uint32_t count) {
  uint32_t at = (uint32_t)(place & (size - 1)), first = size - at < count ? size - at : count;
  memcpy(ring + at, octets, first);
  memcpy(ring, octets + first, count - first);
}

static void copy_out(const uint8_t *ring, uint32_t size, uint64_t place, uint8_t *octets, uint32_t count) {
  uint32_t at = (uint32_t)(place & (size - 1)), first = size - at < count ? size - at : count;
  memcpy(octets, ring + at, first);
  memcpy(octets + first, ring, count - first);
}

static void free_read(struct arena *arena, struct ring_positions *ring, uint32_t size) {
  uint64_t events_read = atomic_load_explicit(&arena->header->events.read, memory_order_acquire);
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  while (read != written) {
    const struct frame_head *head = (const void *)(arena->frames_up + (read & (size - 1)));
    if (head->event >= events_read)
      break;
    read += HEAD + whole(head->octets);
  }
  atomic_store_explicit(&ring->read, read, memory_order_relaxed);
}

static uint32_t octets_free(struct arena *arena) {
  struct ring_positions *ring = &arena->header->frames_up;
  uint32_t size = arena->header->layout.frame_octets;
  free_read(arena, ring, size);
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  return size - (uint32_t)(written - atomic_load_explicit(&ring->read, memory_order_relaxed));
}

static uint32_t events_free(struct arena *arena) {
  struct ring_positions *ring = &arena->header->events;
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  return arena->header->layout.events - (uint32_t)(written - atomic_load_explicit(&ring->read, memory_order_acquire));
}

uint32_t arena_frames_free(struct arena *arena) {
  const struct plane_layout *layout = &arena->header->layout;
  uint64_t octets = octets_free(arena) * 1000ull / layout->frame_octets, events = events_free(arena) * 1000ull / layout->events;
  return (uint32_t)(octets < events ? octets : events);
}

/* Each event costs a head and what is lost to the next multiple of one. */
int arena_frames_fit(struct arena *arena, uint32_t octets, uint32_t events) {
  return octets + events * 2 * HEAD <= octets_free(arena) && events <= events_free(arena);
}

void arena_frame_put(struct arena *arena, uint64_t sample, uint32_t port, uint32_t kind, const uint8_t *octets, uint32_t count) {
  struct arena_header *header = arena->header;
  struct ring_positions *ring = &header->frames_up;
  uint32_t size = header->layout.frame_octets, needed = HEAD + whole(count);
  if (needed > octets_free(arena) || !events_free(arena)) {
    header->counters.frame_overflows++;
    return;
  }
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  uint64_t event = atomic_load_explicit(&header->events.written, memory_order_relaxed);
  struct frame_head head = {.event = event, .octets = count};
  memcpy(arena->frames_up + (written & (size - 1)), &head, sizeof head);
  copy_in(arena->frames_up, size, written + HEAD, octets, count);
  atomic_store_explicit(&ring->written, written + needed, memory_order_relaxed);
  arena_event_put(arena, sample, port, kind, (uint32_t)written);
}

int arena_frames_pack(const struct arena *arena, struct plane_event *events, int count, uint8_t *octets, uint32_t room, int *frames) {
  uint32_t size = arena->header->layout.frame_octets, used = 0;
  *frames = 0;
  for (int n = 0; n < count; n++) {
    if (events[n].kind != PLANE_EVENT_FRAME && events[n].kind != PLANE_EVENT_LINK)
      continue;
    uint64_t place = events[n].value;
    struct frame_head head;
    memcpy(&head, arena->frames_up + (place & (size - 1)), sizeof head);
    /* Longer than can be: another control has read it and its room is used anew; the caller finds that out. */
    uint32_t length = head.octets <= PLANE_FRAME_OCTETS ? head.octets : 0;
    if (length > room - used)
      return n;
    copy_out(arena->frames_up, size, place + HEAD, octets + used, length);
    events[n].value = length;
    used += length;
    ++*frames;
  }
  return count;
}

static int command_waits_no_room(struct arena *arena, uint32_t ring) {
  struct ring_positions *commands = &arena->header->commands[ring];
  uint64_t written = atomic_load_explicit(&commands->written, memory_order_relaxed);
  return written - atomic_load_explicit(&commands->read, memory_order_acquire) >= arena->header->layout.commands;
}

/* Octets, none for some orders to links, and the command that has them. */
static int send_octets(struct arena *arena, struct plane_command *command, const uint8_t *octets, uint32_t count) {
  struct arena_header *header = arena->header;
  uint32_t epoch = command->epoch;
  if (epoch == 0 || epoch != atomic_load(&header->epoch))
    return PLANE_STALE;
  uint32_t number = epoch % ARENA_EPOCH_RINGS, size = header->layout.frame_octets, needed = whole(count);
  struct ring_positions *ring = &header->frames_down[number];
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  uint64_t used = written - atomic_load_explicit(&ring->read, memory_order_acquire);
  /* Octets without their command would hold their room until the next frame. */
  if (needed > size - used || command_waits_no_room(arena, number))
    return PLANE_FULL;
  copy_in(arena->frames_down + (uint64_t)number * size, size, written, octets, count);
  atomic_store_explicit(&ring->written, written + needed, memory_order_release);
  command->value = (uint32_t)written;
  command->detail = count;
  return arena_send_armed(arena, command);
}

int arena_send_frame(struct arena *arena, uint32_t epoch, uint32_t port, const uint8_t *octets, uint32_t count) {
  struct plane_command command = {.epoch = epoch, .port = (uint16_t)port, .kind = PLANE_COMMAND_FRAME};
  if (!count || count > PLANE_FRAME_OCTETS || port > 0xffff)
    return PLANE_INVALID;
  return send_octets(arena, &command, octets, count);
}

int arena_send_link(struct arena *arena, uint32_t epoch, uint32_t port, uint32_t order, uint32_t value, const uint8_t *octets,
                    uint32_t count) {
  struct plane_command command = {
      .epoch = epoch, .port = (uint16_t)port, .kind = PLANE_COMMAND_LINK, .gain = (int32_t)(order | value << 8)};
  if (count > PLANE_FRAME_OCTETS || port > 0xffff || order > 0xff || value > 0xffff)
    return PLANE_INVALID;
  return send_octets(arena, &command, octets, count);
}

int arena_frame_take(struct arena *arena, const struct plane_command *command, uint8_t *octets) {
  uint32_t number = command->epoch % ARENA_EPOCH_RINGS, size = arena->header->layout.frame_octets;
  struct ring_positions *ring = &arena->header->frames_down[number];
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  uint32_t waiting = (uint32_t)(atomic_load_explicit(&ring->written, memory_order_acquire) - read);
  uint32_t skipped = command->value - (uint32_t)read, needed = whole(command->detail);
  if ((command->kind != PLANE_COMMAND_FRAME && command->kind != PLANE_COMMAND_LINK) || !command->detail ||
      command->detail > PLANE_FRAME_OCTETS || skipped > waiting || needed > waiting - skipped)
    return 0;
  if (octets)
    copy_out(arena->frames_down + (uint64_t)number * size, size, read + skipped, octets, command->detail);
  atomic_store_explicit(&ring->read, read + skipped + needed, memory_order_release);
  return (int)command->detail;
}

void arena_frames_refuse(struct arena *arena, uint32_t number) {
  struct ring_positions *ring = &arena->header->frames_down[number];
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
  if (atomic_load_explicit(&ring->read, memory_order_relaxed) != written)
    atomic_store_explicit(&ring->read, written, memory_order_release);
}
