#include "pace.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "api.h"
#include "card.h"

static uint64_t monotonic_ns(void *self) {
  struct timespec now;
  (void)self;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static int monotonic_sleep_until(void *self, uint64_t due) {
  struct timespec at = {.tv_sec = (time_t)(due / 1000000000ull), .tv_nsec = (long)(due % 1000000000ull)};
  (void)self;
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0);
}

void pace_start(struct pace *pace, const struct pace_clock *clock) {
  *pace = (struct pace){.clock = {.now_ns = monotonic_ns, .sleep_until = monotonic_sleep_until}, .state.card = PACE_BY_CLOCK};
  if (clock)
    pace->clock = *clock;
  pace->state.due_ns = pace->clock.now_ns(pace->clock.self) - PACE_TICK_NS;
}

void pace_continue(struct pace *pace, uint64_t due_ns) { pace->state.due_ns = due_ns - PACE_TICK_NS; }

struct pace *pace_create(const struct pace_clock *clock) {
  struct pace *pace = malloc(sizeof *pace);
  if (pace)
    pace_start(pace, clock);
  return pace;
}

void pace_close(struct pace *pace) { free(pace); }

int pace_add(struct pace *pace, struct card *card) {
  if (!card->wait)
    return PLANE_OK;
  if (pace->count == PACE_CARDS)
    return PLANE_FULL;
  pace->cards[pace->count++] = card;
  return PLANE_OK;
}

void pace_state(struct pace *pace, struct pace_state *state) { *state = pace->state; }

static uint64_t now_of(const struct pace *pace) { return pace->clock.now_ns(pace->clock.self); }

static void go_by(struct pace *pace, int card) {
  if (pace->state.card == card)
    return;
  pace->state.card = card;
  pace->state.switches++;
}

/* A tick is about to begin: a card whose line is good has the block for it. The first that has is gone by from the next tick on. */
static void choose(struct pace *pace) {
  int best = pace->state.card == PACE_BY_CLOCK ? pace->count : pace->state.card;
  for (int n = 0; n < best; n++) {
    if (pace->tick < pace->rest_until[n] || pace->cards[n]->wait(pace->cards[n], 0) != CARD_WAIT_BLOCK)
      continue;
    go_by(pace, n);
    return;
  }
}

/* A block that was there says only that it was no later than now. One that is half a tick late may be that of the tick after, or one of
 * two that came at once: it says less. */
static void follow(struct pace *pace, uint64_t due, int64_t difference, int waited) {
  int is_next = waited && difference > (int64_t)PACE_TICK_NS / 2;
  pace->behind = is_next ? pace->behind + 1 : 0;
  if (is_next)
    difference = (int64_t)PACE_DOUBTED_NS;
  if (waited || difference < 0)
    pace->state.due_ns = due + (uint64_t)(difference / PACE_FOLLOW);
}

/* Waits for the block of the card that paces: 1 = it has come, 0 = it has not, -1 = a signal has. */
static int wait_block(struct pace *pace, uint64_t due) {
  struct card *card = pace->cards[pace->state.card];
  uint64_t began = now_of(pace), limit = (began > due ? began : due) + PACE_PATIENCE_NS;
  int found = card->wait(card, limit - began);
  if (found == CARD_WAIT_INTERRUPTED)
    return -1;
  if (found != CARD_WAIT_BLOCK) {
    if (found == CARD_WAIT_NOTHING)
      pace->rest_until[pace->state.card] = pace->tick + PACE_REST_TICKS;
    go_by(pace, PACE_BY_CLOCK);
    return 0;
  }
  uint64_t now = now_of(pace), soonest = due - PACE_EARLY_NS;
  if (now < soonest) {
    if (pace->clock.sleep_until(pace->clock.self, soonest))
      return -1;
    now = now_of(pace);
  }
  follow(pace, due, (int64_t)(now - due), now - began >= PACE_WAITED_NS);
  return 1;
}

int pace_wait(struct pace *pace, uint64_t *late_ns) {
  uint64_t due = pace->state.due_ns + PACE_TICK_NS;
  int interrupted = 0, released = 0;
  pace->state.due_ns = due;
  if (pace->behind >= PACE_BEHIND_TICKS)
    pace->behind = 0; /* the tick whose block the line has lost */
  else if (pace->state.card != PACE_BY_CLOCK && now_of(pace) < due + PACE_TICK_NS) {
    released = wait_block(pace, due);
    interrupted = released < 0;
  }
  if (!interrupted && !released && now_of(pace) < due)
    interrupted = pace->clock.sleep_until(pace->clock.self, due);
  if (interrupted) {
    pace->state.due_ns = due - PACE_TICK_NS;
    return EINTR;
  }
  pace->state.held_over += pace->count && pace->state.card == PACE_BY_CLOCK;
  choose(pace);
  uint64_t now = now_of(pace);
  *late_ns = now > due ? now - due : 0;
  pace->tick++;
  return 0;
}
