/* The pacer: one thread that ticks by the clock and never takes the interpreter lock.
 *
 * A tick is due each 10 ms of CLOCK_MONOTONIC from the moment of starting, or from that of a plane before this one; one that comes
 * late is made up at once, none is left out. After the tick, never in it, the pacer wakes control and notes what made a tick late:
 * the time spent on the run queue (/proc/thread-self/schedstat) and what the hypervisor took (/proc/stat).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plane.h"

#define TICK_NS 10000000ull
#define STEAL_LOOK_TICKS 100

struct watch {
  int schedstat;
  int stat;
  uint64_t run_delay_ns;
  uint64_t steal_ns;
  uint64_t tick_ns; /* of /proc/stat */
};

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

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

static int wait_until(uint64_t due) {
  struct timespec at = {.tv_sec = (time_t)(due / 1000000000ull), .tv_nsec = (long)(due % 1000000000ull)};
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0);
}

/* The time is right from here on, though no tick has been run; the first one reads all levels, for lines have calls on them. */
void plane_continue_clock(struct plane *plane, int64_t zero_ns) {
  int64_t now = (int64_t)now_ns();
  plane->clock_zero_ns = zero_ns;
  if (now > zero_ns)
    plane_continue(plane, (uint64_t)(now - zero_ns) / TICK_NS + 1);
  for (uint32_t port = 0; port < plane->ports_used; port++)
    plane_levels_stale(plane, port);
}

/* When tick 0 was due. A plane that follows another leaves out the ticks of the time between them. */
static uint64_t clock_zero(struct plane *plane) {
  struct arena_header *header = plane->arena->header;
  int64_t zero = atomic_load(&header->clock_zero_ns);
  if (plane->clock_zero_ns) {
    zero = plane->clock_zero_ns;
    plane_continue_clock(plane, zero);
    plane->clock_zero_ns = 0;
  }
  if (!zero)
    zero = (int64_t)now_ns() - (int64_t)(plane->tick * TICK_NS);
  atomic_store(&header->clock_zero_ns, zero);
  return (uint64_t)zero;
}

int plane_run(struct plane *plane, int wake) {
  struct arena_header *header = plane->arena->header;
  struct watch watch = {.schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC),
                        .stat = open("/proc/stat", O_RDONLY | O_CLOEXEC),
                        .tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK)};
  uint64_t zero = clock_zero(plane);
  int interrupted = 0;
  watch.run_delay_ns = read_run_delay(&watch);
  watch.steal_ns = read_steal(&watch);
  while (!atomic_load(&header->stop)) {
    uint64_t due = zero + plane->tick * TICK_NS;
    if (wait_until(due) == EINTR) {
      interrupted = 1;
      break;
    }
    uint64_t tick = plane->tick, woken = now_ns(), late = woken > due ? woken - due : 0;
    plane_tick(plane, tick);
    if (wake >= 0 && arena_events_waiting(plane->arena))
      (void)!write(wake, "", 1);
    if (late > header->counters.worst_late_ns)
      header->counters.worst_late_ns = late;
    if (late > TICK_NS)
      note_late(header, &watch, tick, late);
    watch.run_delay_ns = read_run_delay(&watch);
    if (late > TICK_NS || tick % STEAL_LOOK_TICKS == 0)
      watch.steal_ns = read_steal(&watch);
  }
  if (watch.schedstat >= 0)
    close(watch.schedstat);
  if (watch.stat >= 0)
    close(watch.stat);
  return interrupted;
}
