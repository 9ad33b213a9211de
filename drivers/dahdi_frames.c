#include "dahdi_frames.h"
#include <dahdi/user.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define MOST_EVENTS 64 /* the kernel keeps no more */
#define MOST_A_TICK 16 /* 80 octets are not more frames than that, flags included */

int dahdi_frame_room(const struct dahdi_frame_ring *ring) {
  uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
  return FRAME_SLOTS - (int)(atomic_load_explicit(&ring->written, memory_order_relaxed) - read);
}

static int give_fault(struct dahdi_frame_ring *ring, int fault) {
  uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  if (!dahdi_frame_room(ring)) return -1;
  ring->slot[written % FRAME_SLOTS].fault = fault;
  ring->slot[written % FRAME_SLOTS].count = 0;
  atomic_store_explicit(&ring->written, written + 1, memory_order_release);
  return 0;
}

int dahdi_frame_give(struct dahdi_frame_ring *ring, const uint8_t *octets, int count) {
  uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  if (count < 1 || count > FRAME_MOST || !dahdi_frame_room(ring)) return -1;
  struct dahdi_frame *slot = &ring->slot[written % FRAME_SLOTS];
  memcpy(slot->octets, octets, (size_t)count);
  memset(slot->octets + count, 0, FRAME_CHECK);
  slot->count = count;
  slot->fault = CARD_FRAME_GOOD;
  atomic_store_explicit(&ring->written, written + 1, memory_order_release);
  return 0;
}

static struct dahdi_frame *first(struct dahdi_frame_ring *ring) {
  uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  if (read == atomic_load_explicit(&ring->written, memory_order_acquire)) return 0;
  return &ring->slot[read % FRAME_SLOTS];
}

static void pass(struct dahdi_frame_ring *ring) { atomic_fetch_add_explicit(&ring->read, 1, memory_order_release); }

void dahdi_frame_forget(struct dahdi_frame_ring *ring) {
  atomic_store_explicit(&ring->read, atomic_load_explicit(&ring->written, memory_order_acquire), memory_order_release);
}

int dahdi_frame_take(struct dahdi_frame_ring *ring, struct card_frame *frame) {
  const struct dahdi_frame *slot = first(ring);
  if (!slot) return 0;
  frame->offset = 0;
  frame->fault = (uint16_t)slot->fault;
  frame->count = (uint32_t)slot->count;
  memcpy(frame->octets, slot->octets, frame->count);
  pass(ring);
  return 1;
}

/* What the kernel says of a frame that it has not given us, 0 = it is about something else. */
static int fault_of(int event) {
  switch (event) {
  case DAHDI_EVENT_ABORT:
    return CARD_FRAME_ABORTED;
  case DAHDI_EVENT_OVERRUN:
    return CARD_FRAME_OVERRUN;
  case DAHDI_EVENT_BADFCS:
    return CARD_FRAME_BAD_CHECK;
  default:
    return CARD_FRAME_GOOD;
  }
}

static void count_fault(struct dahdi_frames *frames, struct dahdi_counters *counters, int fault) {
  counters->frame_aborts += fault == CARD_FRAME_ABORTED;
  counters->frame_overruns += fault == CARD_FRAME_OVERRUN;
  counters->frame_bad_checks += fault == CARD_FRAME_BAD_CHECK;
  counters->frames_lost += give_fault(&frames->in, fault) != 0;
}

static int take_events(struct dahdi_frames *frames, struct dahdi_calls *calls, struct dahdi_counters *counters) {
  int found = 0;
  for (int n = 0; n < MOST_EVENTS; n++) {
    int event = DAHDI_EVENT_NONE;
    if (dahdi_call(calls, frames->fd, DAHDI_GETEVENT, &event) == -ENODEV || event == DAHDI_EVENT_REMOVED) return CHANNEL_GONE;
    if (event == DAHDI_EVENT_NONE) return found;
    counters->events++;
    if (event == DAHDI_EVENT_ALARM || event == DAHDI_EVENT_NOALARM)
      found |= CHANNEL_ALARM;
    else if (fault_of(event))
      count_fault(frames, counters, fault_of(event));
    else
      counters->unknown_events++;
  }
  return found;
}

int dahdi_frames_receive(struct dahdi_frames *frames, struct dahdi_calls *calls, struct dahdi_counters *counters) {
  uint8_t octets[FRAME_MOST + FRAME_CHECK];
  int found = 0;
  for (int n = 0; n < MOST_A_TICK && frames->fd >= 0; n++) {
    int count = dahdi_call_read(calls, frames->fd, octets, sizeof octets);
    if (count == -ENODEV || count == -ENXIO) return CHANNEL_GONE;
    if (count == -ELAST) {
      found |= take_events(frames, calls, counters);
      if (found & CHANNEL_GONE) return found;
      continue;
    }
    if (count == -EAGAIN) return found;
    if (count < 0) {
      counters->failures++;
      return found;
    }
    counters->frames_received++;
    if (dahdi_frame_give(&frames->in, octets, count - FRAME_CHECK)) counters->frames_lost++;
  }
  return found;
}

int dahdi_frames_send(struct dahdi_frames *frames, struct dahdi_calls *calls, struct dahdi_counters *counters) {
  int found = 0;
  for (int n = 0; n < MOST_A_TICK && frames->fd >= 0; n++) {
    const struct dahdi_frame *frame = first(&frames->out);
    if (!frame) return found;
    int count = dahdi_call_write(calls, frames->fd, frame->octets, frame->count + FRAME_CHECK);
    if (count == -ENODEV || count == -ENXIO) return CHANNEL_GONE;
    if (count == -EAGAIN) return found;
    if (count == -ELAST) {
      found |= take_events(frames, calls, counters);
      if (found & CHANNEL_GONE) return found;
      continue;
    }
    counters->failures += count < 0;
    counters->frames_sent += count > 0;
    pass(&frames->out);
  }
  return found;
}
