/* The frames of a span: its D channel or No. 7 link, whose flags, bit stuffing and check sequence the kernel does (Q.921, Q.703).
 *
 * Must meet: one system call a tick while nothing happens. Q.921 frames have up to 260 octets and a header, signal units up to
 * 272 and more: slots of 508. In 10 ms a channel carries 80 octets; 32 slots each way are more than a second of the shortest ones.
 * One thread gives and takes; the tick sends and receives; nobody waits. The two octets of the check sequence are the kernel's to
 * fill and ours to strip.
 */
#pragma once
#include "dahdi_channel.h"

#define FRAME_SLOTS 32
#define FRAME_MOST 508
#define FRAME_CHECK 2

struct dahdi_frame {
  int count;
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
/* The length of the next frame, 0 = none. */
int dahdi_frame_take(struct dahdi_frame_ring *ring, uint8_t *octets, int room);
/* Returns CHANNEL_GONE and CHANNEL_ALARM. */
int dahdi_frames_receive(struct dahdi_frames *frames, struct dahdi_calls *calls, struct dahdi_counters *counters);
int dahdi_frames_send(struct dahdi_frames *frames, struct dahdi_calls *calls, struct dahdi_counters *counters);
