/* Cut-through: two ports that hear each other and nothing else are joined by their cards themselves.
 *
 * Must meet: a talk path of one card costs the tick nothing but what the card does; what is joined is as if it were not: it is undone in
 * the very tick in which anybody else needs to hear or speak, before sound is composed. Looking for pairs costs by what has changed: a
 * port is looked at when something was done to it or its edges, never because a tick has passed.
 *
 * A pair is joined once it has stood for CUT_THROUGH_TICKS: both have one edge, to the other, at unity and not muted; nobody else hears
 * either; neither listens, records, speaks, is tested, is levelled, has an echo canceller or an alarm; both cards can join. Tokens
 * are not sound.
 */
#pragma once
#include <stdint.h>

#define CUT_THROUGH_TICKS 5
#define CUT_THROUGH_NOBODY 0xffffffffu

struct plane;

struct cut_through_port {
  uint32_t partner; /* joined with, or to be; CUT_THROUGH_NOBODY = none */
  uint8_t joined;
  uint8_t touched;
  uint8_t alarmed;
  uint64_t due; /* tick in which the pair is joined */
};

struct cut_through_pair {
  uint32_t first, second;
  uint64_t due; /* tick */
};

struct cut_through {
  struct cut_through_port *ports;
  uint32_t *touched;
  uint32_t touched_count;
  struct cut_through_pair *waiting; /* [ports] a ring in the order of time; a pair that broke is left in it and passed over */
  uint32_t waiting_first, waiting_count, room;
};

int cut_through_create(struct cut_through *cut, uint32_t ports);
void cut_through_close(struct cut_through *cut);
/* Something has changed on the port, or in who hears it. */
void cut_through_touch(struct plane *plane, uint32_t port);
void cut_through_alarm(struct plane *plane, uint32_t port, uint32_t alarms);
/* In the tick, when all commands have been done and before anything is said: parts and joins. */
void cut_through_run(struct plane *plane);
/* Whether a pair waits for its time. */
int cut_through_waits(const struct cut_through *cut);
