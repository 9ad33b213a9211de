/* Channels of two ports joined in the kernel: what one receives is sent on the other, chunk by chunk of 1 ms.
 *
 * Must meet: while joined a channel costs no system call of its own: one poll of a span tells the events of all. One channel, the last
 * that is open, is read all the same: the blocks of the pacer are its, and of a pulled span it alone tells, at the price of one sleep
 * of 5 ms, which a poll would pay for each channel. When a signal is lost the kernel is told to let go at once, before the alarm counts.
 *
 * Digital monitoring is the kernel's mode for it: octets go over as they are, behind the gain of the one and before that of the other;
 * boards that can join their time slots themselves do. It is not undone by closing the other end, so both ends are. What lies in the
 * kernel's buffers was said while others spoke: it is thrown away when the join ends.
 */
#pragma once
#include "dahdi_kernel.h"

struct dahdi;

/* The other end of a port that is to be joined. */
struct dahdi_cross {
  struct dahdi *card; /* null = none */
  int port;
};

/* `join` and `part` of the card. */
int dahdi_cross_join(struct card *card, int port, struct card *other, int other_port);
void dahdi_cross_part(struct card *card, int port);
/* Tells the kernel what has become possible or impossible: a signal lost or back, a channel gone or taken. */
void dahdi_cross_settle(struct dahdi *it);
/* Before the channels are closed. */
void dahdi_cross_part_all(struct dahdi *it);
/* A channel that is taken over open may still be joined from before: it no longer is; 0, or -errno. Any thread that has a `calls`. */
int dahdi_cross_none(struct dahdi_calls *calls, int fd);
