/* Times two ends of a signalling link for benchmarks/no7_links.py with units passed by C, as between plane and card.
 *
 * Built when the benchmark runs, as a library; it calls the plane's own code by address (pbx/dsp/mtp2_api.h), so that what is timed is what
 * the product runs. Each tick of 10 ms: messages that are due, units of 80 octets in all each way, the tick itself, a word of control.
 * Times are CPU time of the calling thread in seconds. Messages come by chance, with the mean rate that is asked for.
 */
#include <math.h>
#include <time.h>

#include "mtp2_api.h"

#define TICK_S 0.01
#define TICK_OCTETS 80
#define BEFORE_AND_BEHIND 3 /* flag and check sequence */
#define LAST_TICKS 10       /* until what is on its way has come */

struct part {
  int (*next)(struct mtp2_links *links, int link, uint8_t *unit);
  int (*receive)(struct mtp2_links *links, int link, const uint8_t *unit, int count, struct mtp2_event *events);
  int (*tick)(struct mtp2_links *links, int link, struct mtp2_event *events);
  int (*order)(struct mtp2_links *links, int link, int order, int value, struct mtp2_event *events);
  int (*message)(struct mtp2_links *links, int link, const uint8_t *octets, int count, struct mtp2_event *events);
};

struct tally { long sent, heard, other; };

static double random_s(double rate) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return -log(((double)(state >> 11) + 1) / 9007199254740993.0) / rate;
}

static double cpu_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void hear(struct tally *tally, const struct mtp2_event *events, int count) {
  for (int n = 0; n < count; n++) {
    if (events[n].kind == MTP2_TOLD_MESSAGE)
      tally->heard++;
    else
      tally->other++;
  }
}

static void run_tick(const struct part *part, struct mtp2_links *const ends[2], int octets[2], struct tally *tally) {
  struct mtp2_event events[MTP2_EVENTS];
  uint8_t unit[MTP2_UNIT_OCTETS];
  for (int n = 0; n < 2; n++) {
    for (octets[n] += TICK_OCTETS; octets[n] > 0;) {
      int count = part->next(ends[n], 0, unit);
      octets[n] -= count + BEFORE_AND_BEHIND;
      hear(tally, events, part->receive(ends[!n], 0, unit, count, events));
    }
  }
  for (int n = 0; n < 2; n++) {
    hear(tally, events, part->tick(ends[n], 0, events));
    hear(tally, events, part->order(ends[n], 0, MTP2_ORDER_ALIVE, 0, events));
  }
}

/* Both ends are in service. `rate` messages a second each way; what `tally` has afterwards besides messages should not have happened. */
double time_link(const struct part *part, struct mtp2_links *one, struct mtp2_links *other, double seconds, double rate,
                 const uint8_t *message, int count, struct tally *tally) {
  struct mtp2_links *const ends[2] = {one, other};
  struct mtp2_event events[MTP2_EVENTS];
  int octets[2] = {0, 0};
  double due[2];
  for (int n = 0; n < 2; n++) due[n] = rate > 0 ? random_s(rate) : seconds + 1;
  long ticks = lround(seconds / TICK_S);
  double begun = cpu_s();
  for (long tick = 0; tick < ticks; tick++) {
    for (int n = 0; n < 2; n++) {
      for (; due[n] <= (double)tick * TICK_S; due[n] += random_s(rate), tally->sent++) {
        int told = part->message(ends[n], 0, message, count, events);
        tally->other += told; /* congestion, or no room */
      }
    }
    run_tick(part, ends, octets, tally);
  }
  double spent = cpu_s() - begun;
  for (int tick = 0; tick < LAST_TICKS; tick++) run_tick(part, ends, octets, tally);
  return spent;
}
