/* The pacer: one thread that ticks the plane and never takes the interpreter lock.
 *
 * When a tick is due is said by pace.h: by the blocks of the first card whose line is good, else each 10 ms of
 * CLOCK_MONOTONIC from the moment of starting, or from that of a plane before this one; a tick that comes late is made up at
 * once, none is left out. After the tick, never in it, the pacer wakes control and notes what made a tick late: the time spent
 * on the run queue (/proc/thread-self/schedstat) and what the hypervisor took (/proc/stat).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pace.h"
#include "plane.h"

#define STEAL_LOOK_TICKS 100

struct watch {
  int schedstat;
  int stat;
  uint64_t run_delay_ns;
  uint64_t steal_ns;
  uint64_t tick_ns; /* of /proc/stat */
};

static uint64_t read_run_delay(const struct watch *watch) {
  char text[128];
  unsigned long long ran, waited;
  ssize_t count = watch->schedstat < 0 ? -1 : pread(watch->schedstat, text, sizeof text - 1, 0);
  if (count <= 0)
    return 0;
  text[count] = 0;
  return sscanf(text, "%llu %llu", &ran, &waited) == 2 ? waited : 0;
}

static uint64_t read_steal(const struct watch *watch) {
  char text[256];
  unsigned long long steal;
  ssize_t count = watch->stat < 0 ? -1 : pread(watch->stat, text, sizeof text - 1, 0);
  if (count <= 0)
    return 0;
  text[count] = 0;
  return sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) == 1 ? steal * watch->tick_ns : 0;
}

static void note_late(struct arena_header *header, struct watch *watch, uint64_t tick, uint64_t late_ns) {
  uint64_t run_delay = read_run_delay(watch), steal = read_steal(watch);
  uint64_t written = atomic_load(&header->late_written);
  header->late[written % ARENA_LATE_TICKS] = (struct plane_late_tick){.tick = tick,
                                                                      .late_ns = late_ns,
                                                                      .run_delay_ns = run_delay - watch->run_delay_ns,
                                                                      .steal_ns = steal - watch->steal_ns};
  atomic_store(&header->late_written, written + 1);
  header->counters.late_ticks++;
}

/* A line that paces moves the moment at which tick 0 would have been due. */
static void note_pace(struct arena_header *header, struct pace *pace, uint64_t tick) {
  struct pace_state state;
  pace_state(pace, &state);
  atomic_store(&header->clock_zero_ns, (int64_t)(state.due_ns - tick * PACE_TICK_NS));
  header->counters.pacing_card = state.card < 0 ? 0 : (uint64_t)state.card + 1;
  header->counters.pacing_switches = state.switches;
  header->counters.held_over_ticks = state.held_over;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

int plane_continue(struct plane *plane, uint64_t tick) {
  if (tick < plane->tick)
    return PLANE_INVALID;
  plane->tick = tick;
  plane->start = plane->now = tick * PLANE_TICK_SAMPLES;
  atomic_store(&plane->arena->header->ticks, tick);
  return PLANE_OK;
}

/* The time is right from here on, though no tick has been run; the first one reads all levels, for lines have calls on them. */
void plane_continue_clock(struct plane *plane, int64_t zero_ns) {
  int64_t now = (int64_t)now_ns();
  plane->clock_zero_ns = zero_ns;
  if (now > zero_ns)
    plane_continue(plane, (uint64_t)(now - zero_ns) / PACE_TICK_NS + 1);
  for (uint32_t port = 0; port < plane->ports_used; port++)
    plane_levels_stale(plane, port);
}

/* When tick 0 was due. A plane that follows another leaves out the ticks of the time between them. */
static uint64_t clock_zero(struct plane *plane) {
  int64_t zero = atomic_load(&plane->arena->header->clock_zero_ns);
  if (plane->clock_zero_ns) {
    zero = plane->clock_zero_ns;
    plane_continue_clock(plane, zero);
    plane->clock_zero_ns = 0;
  }
  return zero ? (uint64_t)zero : now_ns() - plane->tick * PACE_TICK_NS;
}

static void tick_on(struct plane *plane, struct pace *pace, struct watch *watch, int wake) {
  struct arena_header *header = plane->arena->header;
  uint64_t tick = plane->tick, late;
  while (!atomic_load(&header->stop) && !pace_wait(pace, &late)) {
    plane_tick(plane, tick);
    if (wake >= 0 && arena_events_waiting(plane->arena))
      (void)!write(wake, "", 1);
    note_pace(header, pace, tick);
    if (late > header->counters.worst_late_ns)
      header->counters.worst_late_ns = late;
    if (late > PACE_TICK_NS)
      note_late(header, watch, tick, late);
    watch->run_delay_ns = read_run_delay(watch);
    if (late > PACE_TICK_NS || tick % STEAL_LOOK_TICKS == 0)
      watch->steal_ns = read_steal(watch);
    tick = plane->tick;
  }
}

int plane_run(struct plane *plane, int wake) {
  struct watch watch = {.schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC),
                        .stat = open("/proc/stat", O_RDONLY | O_CLOEXEC),
                        .tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK)};
  uint64_t zero = clock_zero(plane);
  struct pace pace;
  watch.run_delay_ns = read_run_delay(&watch);
  watch.steal_ns = read_steal(&watch);
  pace_start(&pace, 0);
  pace_continue(&pace, zero + plane->tick * PACE_TICK_NS);
  for (uint32_t n = 0; n < plane->card_count; n++)
    pace_add(&pace, plane->cards[n].card);
  tick_on(plane, &pace, &watch, wake);
  if (watch.schedstat >= 0)
    close(watch.schedstat);
  if (watch.stat >= 0)
    close(watch.stat);
  return !atomic_load(&plane->arena->header->stop);
}
