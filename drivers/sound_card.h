/* A line card of one sound device: an attendant's headset, an amplifier for paging. Sound only; it has no wires that signal.
 *
 * Must meet: the tick touches two rings and nothing of the device, which may sleep, fail or vanish; a mover, a thread of its own, stands
 * between rings and device. The device runs by a clock of its own, up to some hundred millionths beside the tick's. Each half second the
 * least that lay waiting is looked at: where it is too much one sample is left out in a tick, where too little one is repeated, until it is
 * right again; each is counted, those of the microphone are told as slips. So the delay stays within 30 ms of what it was, and nothing is
 * heard of it. A device without a clock, such as libasound's null, is known by its buffer being always free, and is not paced.
 *
 * A device that is not there, or fails, is LOS on its port: from then on it is another thread's, which may close it and give a new one
 * (drivers/alsa.py does, once a second). Each end of a ring forgets for itself what the device before has left there.
 */
#pragma once
#include "sound_card_api.h"
#include <pthread.h>
#include <stdatomic.h>

#define SOUND_RING 4096     /* a power of two */
#define SOUND_BEGIN 240     /* samples that lie there when the microphone begins to be heard, and the least that is wished for later */
#define SOUND_CAPTURE_MOST 480 /* more stays in the device */
#define SOUND_TOLERANCE 60  /* beside what is wished for, before anything is done */
#define SOUND_WINDOW_TICKS 50

/* One writer, one reader. */
struct sound_ring {
  int16_t sample[SOUND_RING];
  _Atomic uint32_t written, taken;
};

/* Finds out of levels whether one clock is ahead of the other. */
struct sound_pace {
  int wished; /* the least level of a window, when all is well */
  int least, ticks;
  int owed; /* samples to leave out (positive) or to repeat */
};

struct sound_card {
  struct card card;
  int microphone, loudspeaker; /* what is wanted */
  struct sound_device device;   /* the mover's; while `alarms` stands, whose who gives another */
  struct sound_ring captured, played;
  struct sound_pace capture_pace, playback_pace;
  int flowing;                  /* the microphone is heard */
  uint32_t told_alarms;
  _Atomic uint32_t alarms;      /* set by the mover, taken back by who gives a device */
  _Atomic uint32_t openings;    /* devices so far */
  uint32_t ticked, moved;       /* up to which of them: by the tick, by the mover */
  _Atomic int playback_frames;  /* the device's buffer */
  _Atomic int in_device;        /* frames that the device has still to play */
  _Atomic int capture_clocked, playback_clocked;
  struct sound_counters ticking, moving; /* each of one thread */
  pthread_t mover;
  int has_mover;
  _Atomic int leave;
};
