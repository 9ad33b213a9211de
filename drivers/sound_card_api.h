#pragma once
/* A sound device as a line card (sound_card.h): what Python sees of it; bare declarations. */
#include "card.h"
#include <stdint.h>

/* Of every such card. */
#define SOUND_CARD_PORTS 1
/* What a device buffers at most, in frames of 8 kHz: more would be heard as delay. */
#define SOUND_CARD_BUFFER_FRAMES 2048

/* What moves sound, one channel at 8 kHz: functions of libasound, or of a test. Results are frames, or -errno as libasound says them. */
struct sound_device {
  void *capture;  /* null: without a microphone */
  void *playback; /* null: without a loudspeaker */
  int capture_frames, playback_frames; /* its buffers */
  long (*read)(void *pcm, int16_t *samples, unsigned long frames);
  long (*write)(void *pcm, const int16_t *samples, unsigned long frames);
  long (*available)(void *pcm); /* frames that may be read, or written, now */
  int (*recover)(void *pcm, int error, int silent);
};

struct sound_counters {
  uint64_t captured, played;            /* frames moved */
  uint64_t slips_lost, slips_repeated;  /* samples taken away and put in, because two clocks are never the same */
  uint64_t starved;                     /* ticks in which the microphone gave too little: silence was heard */
  uint64_t refused;                     /* blocks for which there was no room: the device does not play */
  uint64_t overruns, underruns;         /* as the device says */
  uint64_t failures;                    /* of other kinds: the device is gone */
  uint64_t openings;                    /* devices that it was given, one after the other */
};

/* A card that has yet to be given its device, and has loss of signal until it is; one that wants neither direction is only silent. Null
 * without memory. Close it by its own `close`, which ends the mover. */
struct card *sound_card_create(int microphone, int loudspeaker);
/* 1 = it wants a device: it has none, or the one it had has failed and will not be touched any more. Then, and only then, one thread may
 * close that one and give another. */
int sound_card_wants(struct card *card);
/* Gives it a device: 0, or -1: it has one, this one lacks a direction, or its buffers are out of range. */
int sound_card_give(struct card *card, const struct sound_device *device);
/* One turn of the mover between rings and device; never waits. Not in the tick. */
void sound_card_move(struct card *card);
/* Starts a thread of ordinary priority that does so each 5 ms: 0, or -errno. */
int sound_card_start_mover(struct card *card);
void sound_card_counters(struct card *card, struct sound_counters *counters);
