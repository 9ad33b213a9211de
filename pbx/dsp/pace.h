/* When the next tick is due: when the next block of a line has come, or by the computer's clock.
 *
 * Must meet: a plane that goes by a line loses no block of it, however far the two clocks are apart (a crystal may be 50
 * millionths off, G.703; 1000 are tested); a line that stops costs at most PACE_PATIENCE_NS, and no tick: none is left out,
 * none comes twice, whoever paces. A tick costs one call that waits, as by the clock.
 *
 * The first card, in the order in which they were added, whose signal is good paces. Its block releases the tick, but no
 * sooner than PACE_EARLY_NS before it is expected, so that blocks which come in bursts (a kernel that ticks at 100 Hz) or
 * stand waiting make no burst of ticks. What is expected follows the blocks by an eighth of each difference; it is what
 * lateness is counted from, and what is held over when no card paces: the next tick is then due 10 ms of the clock later.
 * A tick that is a whole tick late is done at once; so is one more when PACE_BEHIND_TICKS blocks came half a tick late,
 * for then the kernel had no room for one. A card whose block has not come by PACE_PATIENCE_NS after it was expected is
 * left for PACE_REST_TICKS and tried again then.
 */
#pragma once
#include "pace_api.h"

#define PACE_TICK_NS 10000000ull
#define PACE_PATIENCE_NS 20000000ull
#define PACE_EARLY_NS 1000000ull
#define PACE_WAITED_NS 100000ull /* a wait that was shorter found the block there */
#define PACE_FOLLOW 8
#define PACE_BEHIND_TICKS 8
#define PACE_DOUBTED_NS 2000000ull /* what counts of a difference of half a tick and more */
#define PACE_REST_TICKS 100
#define PACE_CARDS 64

struct pace {
  struct pace_clock clock;
  struct card *cards[PACE_CARDS];
  uint64_t rest_until[PACE_CARDS]; /* tick */
  int count;
  uint64_t tick;
  uint32_t behind; /* so many blocks, one after the other, were those of the tick after */
  struct pace_state state;
};

/* pace_create in memory of the caller's. */
void pace_start(struct pace *pace, const struct pace_clock *clock);
/* The next tick is due then, if it is not to be due at once. */
void pace_continue(struct pace *pace, uint64_t due_ns);
