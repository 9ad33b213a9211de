#pragma once
/* When the next tick is due (pace.h): what tests see of it, who play the clock; bare declarations. */
#include <stdint.h>

#define PACE_BY_CLOCK -1

struct card;
struct pace;

/* The clock gone by where no card paces. */
struct pace_clock {
  void *self;
  uint64_t (*now_ns)(void *self);
  int (*sleep_until)(void *self, uint64_t at_ns); /* 0, or EINTR */
};

struct pace_state {
  int32_t card;      /* which of the cards paces, in the order in which they were added; PACE_BY_CLOCK = none */
  uint64_t switches; /* how often another has begun to */
  uint64_t held_over; /* ticks that went by the clock although there are cards to go by */
  uint64_t due_ns;   /* when the last tick should have begun */
};

/* A null clock is CLOCK_MONOTONIC. The first tick is due at once. Null without memory. */
struct pace *pace_create(const struct pace_clock *clock);
void pace_close(struct pace *pace);
/* A card to go by, after those added before; one that cannot pace is passed over. PLANE_FULL when there are too many. */
int pace_add(struct pace *pace, struct card *card);
/* Waits until the next tick is due: 0, or EINTR. `late_ns` = how much later than due it is now. */
int pace_wait(struct pace *pace, uint64_t *late_ns);
void pace_state(struct pace *pace, struct pace_state *state);
