#include "sound_card.h"
#include "g711.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SILENCE 0xD5
#define MOVER_NS 5000000

static struct sound_card *of(struct card *card) { return card->self; }

/* ---- rings ---- */

static int ring_level(struct sound_ring *ring) { return (int)(atomic_load(&ring->written) - atomic_load(&ring->taken)); }

static void ring_put(struct sound_ring *ring, const int16_t *samples, int count) {
  uint32_t at = atomic_load_explicit(&ring->written, memory_order_relaxed);
  for (int n = 0; n < count; n++) ring->sample[(at + (uint32_t)n) % SOUND_RING] = samples[n];
  atomic_store(&ring->written, at + (uint32_t)count);
}

static void ring_look(struct sound_ring *ring, int16_t *samples, int count) {
  uint32_t at = atomic_load_explicit(&ring->taken, memory_order_relaxed);
  for (int n = 0; n < count; n++) samples[n] = ring->sample[(at + (uint32_t)n) % SOUND_RING];
}

static void ring_drop(struct sound_ring *ring, int count) { atomic_fetch_add(&ring->taken, (uint32_t)count); }

/* ---- pace ---- */

/* What lies there is first looked at after so many ticks. */
static void pace_reset(struct sound_pace *pace, int settle_ticks) {
  pace->least = INT_MAX;
  pace->ticks = -settle_ticks;
  pace->owed = 0;
}

/* What is to be done with one sample in this tick: 1 leave one out, -1 repeat one, 0 nothing. */
static int pace_step(struct sound_pace *pace, int level) {
  if (pace->ticks >= 0 && level < pace->least) pace->least = level;
  if (++pace->ticks >= SOUND_WINDOW_TICKS) {
    int surplus = pace->least - pace->wished;
    pace_reset(pace, 0);
    if (surplus > SOUND_TOLERANCE || surplus < -SOUND_TOLERANCE) pace->owed = surplus;
  }
  int step = pace->owed > 0 ? 1 : pace->owed < 0 ? -1 : 0;
  pace->owed -= step;
  return step;
}

/* From `count` samples to CARD_TICK_SAMPLES, or back: in the middle one is left out or said twice. */
static void fit(const int16_t *from, int count, int16_t *to, int wanted) {
  int middle = (count < wanted ? count : wanted) / 2;
  memcpy(to, from, (size_t)middle * sizeof *to);
  if (wanted > count) {
    to[middle] = from[middle];
    memcpy(to + middle + 1, from + middle, (size_t)(count - middle) * sizeof *to);
  } else {
    memcpy(to + middle, from + middle + (count - wanted), (size_t)(wanted - middle) * sizeof *to);
  }
}

/* ---- the tick ---- */

static int tell(struct card_event *events, int told, int room, uint16_t kind, uint32_t value) {
  if (told >= room) return told;
  events[told] = (struct card_event){.port = 0, .kind = kind, .offset = 0, .value = value};
  return told + 1;
}

static int note_slip(struct sound_card *it, int step, struct card_event *events, int told, int room) {
  if (!step) return told;
  if (step > 0)
    it->ticking.slips_lost++;
  else
    it->ticking.slips_repeated++;
  return tell(events, told, room, CARD_EVENT_SLIP, step > 0 ? 0 : 1);
}

static int hear(struct sound_card *it, uint8_t *samples, struct card_event *events, int told, int room) {
  int level = ring_level(&it->captured);
  if (!it->flowing) {
    if (level < SOUND_BEGIN) return told;
    it->flowing = 1;
    pace_reset(&it->capture_pace, 0);
  }
  int step = atomic_load(&it->capture_clocked) ? pace_step(&it->capture_pace, level) : 0;
  int wanted = CARD_TICK_SAMPLES + step;
  if (level < wanted) {
    it->flowing = 0;
    it->ticking.starved++;
    return told;
  }
  int16_t taken[CARD_TICK_SAMPLES + 1], heard[CARD_TICK_SAMPLES];
  ring_look(&it->captured, taken, wanted);
  ring_drop(&it->captured, wanted);
  fit(taken, wanted, heard, CARD_TICK_SAMPLES);
  g711_alaw_encode(heard, samples, CARD_TICK_SAMPLES);
  return note_slip(it, step, events, told, room);
}

/* Another device: what the one before has left is not heard, and the two clocks are strangers. */
static void meet_device(struct sound_card *it) {
  uint32_t openings = atomic_load(&it->openings);
  if (it->ticked == openings) return;
  it->ticked = openings;
  if (openings > 1) ring_drop(&it->captured, ring_level(&it->captured));
  it->flowing = 0;
  it->playback_pace.wished = atomic_load(&it->playback_frames) - 2 * CARD_TICK_SAMPLES;
  pace_reset(&it->capture_pace, 0);
  pace_reset(&it->playback_pace, SOUND_WINDOW_TICKS);
}

static int sound_read(struct card *card, uint8_t *samples, struct card_event *events, int room, uint64_t tick) {
  struct sound_card *it = of(card);
  (void)tick;
  int told = 0;
  uint32_t alarms = atomic_load(&it->alarms);
  memset(samples, SILENCE, SOUND_CARD_PORTS * CARD_TICK_SAMPLES);
  if (alarms != it->told_alarms && room > 0) {
    told = tell(events, told, room, CARD_EVENT_ALARM, alarms);
    it->told_alarms = alarms;
  }
  if (alarms || !it->microphone) return told;
  meet_device(it);
  return hear(it, samples, events, told, room);
}

static int sound_write(struct card *card, const uint8_t *samples, uint64_t tick) {
  struct sound_card *it = of(card);
  (void)tick;
  if (!it->loudspeaker || atomic_load(&it->alarms)) return 0;
  meet_device(it);
  int level = ring_level(&it->played), step = 0;
  if (atomic_load(&it->playback_clocked))
    step = pace_step(&it->playback_pace, level + atomic_load(&it->in_device));
  else
    pace_reset(&it->playback_pace, SOUND_WINDOW_TICKS);
  int count = CARD_TICK_SAMPLES - step;
  if (level + count > SOUND_RING / 2) {
    it->ticking.refused++;
    return 0;
  }
  int16_t said[CARD_TICK_SAMPLES], fitted[CARD_TICK_SAMPLES + 1];
  g711_alaw_decode(samples, said, CARD_TICK_SAMPLES);
  fit(said, CARD_TICK_SAMPLES, fitted, count);
  ring_put(&it->played, fitted, count);
  note_slip(it, step, NULL, 0, 0);
  return 0;
}

static int sound_level(struct card *card, int port, struct card_levels *levels) {
  if (port < 0 || port >= SOUND_CARD_PORTS) return -1;
  *levels = (struct card_levels){.battery = 1, .alarms = port ? 0 : atomic_load(&of(card)->alarms)};
  return 0;
}

/* There is nothing to order: a sound device has no wires that signal. */
static int sound_order(struct card *card, const struct card_order *order) {
  (void)card;
  (void)order;
  return 0;
}

static int sound_quiet(struct card *card) {
  struct sound_card *it = of(card);
  return ring_level(&it->captured) == 0 && atomic_load(&it->alarms) == it->told_alarms;
}

/* ---- the mover ---- */

/* The last that the mover does with this device. */
static void fail(struct sound_card *it) {
  it->moving.failures++;
  atomic_store(&it->alarms, CARD_ALARM_LOS);
}

/* After a result below 0 the stream is started anew. EAGAIN says only that nothing can be moved now. */
static void mend(struct sound_card *it, void *pcm, long result, uint64_t *runs) {
  if (result == -EAGAIN) return;
  if (result == -EPIPE) ++*runs;
  if (it->device.recover(pcm, (int)result, 1) < 0) fail(it);
}

static void move_captured(struct sound_card *it) {
  int16_t samples[SOUND_CAPTURE_MOST];
  int room = SOUND_CAPTURE_MOST - ring_level(&it->captured);
  if (room <= 0) return;
  long moved = it->device.read(it->device.capture, samples, (unsigned long)room);
  if (moved < 0) {
    mend(it, it->device.capture, moved, &it->moving.overruns);
    return;
  }
  ring_put(&it->captured, samples, (int)moved);
  it->moving.captured += (uint64_t)moved;
  if (moved) atomic_store(&it->capture_clocked, it->device.available(it->device.capture) < it->device.capture_frames);
}

static void move_played(struct sound_card *it) {
  int16_t samples[SOUND_RING / 2];
  int count = ring_level(&it->played);
  if (count > SOUND_RING / 2) count = SOUND_RING / 2;
  if (count > 0) {
    ring_look(&it->played, samples, count);
    long moved = it->device.write(it->device.playback, samples, (unsigned long)count);
    if (moved < 0) {
      mend(it, it->device.playback, moved, &it->moving.underruns);
      return;
    }
    ring_drop(&it->played, (int)moved);
    it->moving.played += (uint64_t)moved;
  }
  long available = it->device.available(it->device.playback);
  if (available < 0) {
    mend(it, it->device.playback, available, &it->moving.underruns);
    return;
  }
  int waiting = it->device.playback_frames - (int)available;
  atomic_store(&it->in_device, waiting > 0 ? waiting : 0);
  if (count > 0) atomic_store(&it->playback_clocked, waiting > 0);
}

void sound_card_move(struct card *card) {
  struct sound_card *it = of(card);
  if (atomic_load(&it->alarms)) return;
  uint32_t openings = atomic_load(&it->openings);
  if (it->moved != openings) {
    it->moved = openings;
    if (openings > 1) ring_drop(&it->played, ring_level(&it->played));
  }
  if (it->microphone) move_captured(it);
  if (it->loudspeaker && !atomic_load(&it->alarms)) move_played(it);
}

static void *move_on(void *card) {
  struct sound_card *it = of(card);
  while (!atomic_load(&it->leave)) {
    sound_card_move(card);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = MOVER_NS}, NULL);
  }
  return NULL;
}

int sound_card_start_mover(struct card *card) {
  struct sound_card *it = of(card);
  if (it->has_mover) return -EALREADY;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the threads of the program */
  pthread_attr_t ordinary; /* also where the thread that starts it is a real-time one */
  pthread_attr_init(&ordinary);
  pthread_attr_setinheritsched(&ordinary, PTHREAD_EXPLICIT_SCHED);
  pthread_attr_setschedpolicy(&ordinary, SCHED_OTHER);
  pthread_attr_setschedparam(&ordinary, &(struct sched_param){.sched_priority = 0});
  int failed = pthread_create(&it->mover, &ordinary, move_on, card);
  pthread_attr_destroy(&ordinary);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  it->has_mover = !failed;
  return -failed;
}

/* ---- the card ---- */

/* Each counter is of one of two threads; what is read may be a moment old. */
void sound_card_counters(struct card *card, struct sound_counters *counters) {
  struct sound_card *it = of(card);
  *counters = it->moving;
  counters->slips_lost = it->ticking.slips_lost;
  counters->slips_repeated = it->ticking.slips_repeated;
  counters->starved = it->ticking.starved;
  counters->refused = it->ticking.refused;
  counters->openings = atomic_load(&it->openings);
}

static void sound_close(struct card *card) {
  struct sound_card *it = of(card);
  atomic_store(&it->leave, 1);
  if (it->has_mover) pthread_join(it->mover, NULL);
  free(it);
}

int sound_card_wants(struct card *card) { return atomic_load(&of(card)->alarms) != 0; }

static int suits(int wanted, const void *pcm, int frames) {
  return !wanted || (pcm && frames >= 2 * CARD_TICK_SAMPLES && frames <= SOUND_CARD_BUFFER_FRAMES);
}

int sound_card_give(struct card *card, const struct sound_device *device) {
  struct sound_card *it = of(card);
  if (!sound_card_wants(card) || !suits(it->microphone, device->capture, device->capture_frames) ||
      !suits(it->loudspeaker, device->playback, device->playback_frames))
    return -1;
  it->device = *device;
  atomic_store(&it->playback_frames, device->playback_frames);
  atomic_store(&it->in_device, 0);
  atomic_store(&it->capture_clocked, 0);
  atomic_store(&it->playback_clocked, 0);
  atomic_fetch_add(&it->openings, 1);
  atomic_store(&it->alarms, 0);
  return 0;
}

struct card *sound_card_create(int microphone, int loudspeaker) {
  struct sound_card *it = calloc(1, sizeof *it);
  if (!it) return NULL;
  it->microphone = microphone;
  it->loudspeaker = loudspeaker;
  it->capture_pace.wished = SOUND_BEGIN - CARD_TICK_SAMPLES;
  atomic_store(&it->alarms, microphone || loudspeaker ? CARD_ALARM_LOS : 0);
  it->card = (struct card){.kind = "alsa",
                           .self = it,
                           .ports = SOUND_CARD_PORTS,
                           .read = sound_read,
                           .write = sound_write,
                           .level = sound_level,
                           .order = sound_order,
                           .quiet = sound_quiet,
                           .close = sound_close};
  return &it->card;
}
