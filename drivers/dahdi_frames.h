/* The frames of a signalling channel, D channel or No. 7 link, whose flags, bit stuffing and check sequence the kernel does (Q.921, Q.703).
 *
 * Must meet: one system call a tick while nothing happens, and one for each frame or event. In 10 ms a channel carries 80 octets, which are
 * 13 frames at most; 32 slots each way. Nobody waits. The two octets of the check sequence are the kernel's to fill and ours to strip.
 */
#pragma once
#include "dahdi_channel.h"

#define FRAME_SLOTS 32
#define FRAME_MOST CARD_FRAME_OCTETS
#define FRAME_CHECK 2

struct dahdi_frame {
  int count;
  int fault; /* CARD_FRAME_: a bad one has no octets */
  uint8_t octets[FRAME_MOST + 4];
};

struct dahdi_frame_ring {
  _Atomic uint32_t written, read;
  struct dahdi_frame slot[FRAME_SLOTS];
};

struct dahdi_frames {
  struct dahdi_opened opened;
  _Atomic int ready;
  int fd;
  struct dahdi_frame_ring in, out;
};

/* 0, or -1: too long, no room. */
int dahdi_frame_give(struct dahdi_frame_ring *ring, const uint8_t *octets, int count);
/* The next frame, or what went wrong with it: 1, or 0 = there is none. */
int dahdi_frame_take(struct dahdi_frame_ring *ring, struct card_frame *frame);
/* What was given is not sent any more; of the side that takes. */
void dahdi_frame_forget(struct dahdi_frame_ring *ring);
/* How many can be given. */
int dahdi_frame_room(const struct dahdi_frame_ring *ring);
/* Returns CHANNEL_GONE and CHANNEL_ALARM. */
int dahdi_frames_receive(struct dahdi_frames *frames, struct dahdi_calls *calls, struct dahdi_counters *counters);
int dahdi_frames_send(struct dahdi_frames *frames, struct dahdi_calls *calls, struct dahdi_counters *counters);
