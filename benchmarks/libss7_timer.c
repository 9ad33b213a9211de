/* Times libss7 for benchmarks/libss7.py: two signalling points of its own in one program, whole calls between them or a link under load.
 *
 * Built when the benchmark runs, against <libss7.h> 2.0.0, and run as a program of its own: no part of the product knows the library.
 * The library knows no other way to a link than read and write on a descriptor, and asks the C library for the time; the program defines
 * these calls itself, so that links are memory, time is virtual and no system call is in the figures. Times are CPU time of the process.
 *
 *   libss7_timer calls NUMBER STANDING   calls, so many of them up while the next one begins: prints version, answered, idle, complaints, CPU s
 *   libss7_timer memory CALLS 0          so many calls up: prints version, answered, idle, complaints, octets allocated for them
 *   libss7_timer link SECONDS RATE       messages a second each way on a link of 64 kbit/s: prints version, messages, octets, complaints, CPU s
 *
 * Limits: one link, units of at most UNIT octets, calls on circuits below MOST_CIRCUITS.
 */
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

#include <libss7.h>

#define UNIT 512
#define CHECK 2
#define BEFORE_AND_BEHIND 3 /* flag and check sequence */
#define FIRST_FD 2000000
#define MOST_CIRCUITS 4096
#define FREE 120 /* circuits beside those of calls that stand */
#define TICK_US 10000
#define TICK_OCTETS 80
#define CALL_US 20000
#define SHORT_UNIT 5 /* longer ones are messages */
#define EPOCH_S 946684800
#define UP_TICKS 12000
#define NORMAL_CLEARING 16
#define MESSAGE_UNIT 25 /* 22 octets of message and the header of level 2, as in benchmarks/no7_links.py */

struct point {
  struct ss7 *ss7;
  unsigned code;
  int fd, up;
  uint8_t heard[UNIT + CHECK], said[UNIT + CHECK];
  int heard_count, said_count;
  struct isup_call *calls[MOST_CIRCUITS];
};

static struct point points[2] = {{.code = 100, .fd = FIRST_FD}, {.code = 200, .fd = FIRST_FD + 1}};
static int64_t clock_us = (int64_t)EPOCH_S * 1000000;
static long answered, idle, complaints, messages, octets_said;

/* What the library calls. */

static struct point *point_of(int fd) {
  if (fd == FIRST_FD || fd == FIRST_FD + 1) return &points[fd - FIRST_FD];
  errno = EBADF;
  complaints++;
  return 0;
}

ssize_t read(int fd, void *found, size_t room) {
  struct point *point = point_of(fd);
  if (!point) return -1;
  size_t count = (size_t)point->heard_count < room ? (size_t)point->heard_count : room;
  memcpy(found, point->heard, count);
  return (ssize_t)count;
}

ssize_t write(int fd, const void *octets, size_t count) {
  struct point *point = point_of(fd);
  if (!point || count > sizeof point->said) return -1;
  memcpy(point->said, octets, count);
  point->said_count = (int)count;
  return (ssize_t)count;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  now->tv_sec = clock_us / 1000000;
  now->tv_usec = clock_us % 1000000;
  return 0;
}

time_t time(time_t *now) {
  time_t seconds = clock_us / 1000000;
  if (now) *now = seconds;
  return seconds;
}

static void on_message(struct ss7 *ss7, char *text) { (void)ss7, (void)text; }

static void on_error(struct ss7 *ss7, char *text) {
  (void)ss7;
  fputs(text, stderr);
  complaints++;
}

static int on_hangup(struct ss7 *ss7, int cic, unsigned dpc, int cause, int what) {
  (void)ss7, (void)dpc;
  fprintf(stderr, "circuit %d: hang up, cause %d, %d\n", cic, cause, what);
  complaints++;
  return SS7_CIC_IDLE;
}

static void on_not_in_service(struct ss7 *ss7, int cic, unsigned dpc) {
  (void)ss7, (void)cic, (void)dpc;
  complaints++;
}

static void on_call_null(struct ss7 *ss7, struct isup_call *call, int lock) {
  (void)ss7, (void)call, (void)lock;
  complaints++;
}

/* The switch at either end. */

static void hear_event(struct point *point, ss7_event *e) {
  switch (e->e) {
  case SS7_EVENT_UP: point->up = 1; break;
  case SS7_EVENT_DOWN:
  case MTP2_LINK_DOWN: complaints += point->up; break;
  case ISUP_EVENT_IAM: point->calls[e->iam.cic] = e->iam.call; break;
  case ISUP_EVENT_ANM: answered++; break;
  case ISUP_EVENT_CPG: messages++; break;
  case ISUP_EVENT_REL:
    isup_rlc(point->ss7, e->rel.call);
    complaints += isup_free_call_if_clear(point->ss7, e->rel.call) != 0;
    point->calls[e->rel.cic] = 0;
    break;
  case ISUP_EVENT_RLC:
    idle += !isup_free_call_if_clear(point->ss7, e->rlc.call);
    point->calls[e->rlc.cic] = 0;
    break;
  }
}

/* To ask for events also lets level 3 hear what level 2 has told. */
static void drain(struct point *point) {
  ss7_event *e;
  while ((e = ss7_check_event(point->ss7))) hear_event(point, e);
}

/* One unit from an end to the other; its octets without check sequence. */
static int pass_unit(struct point *from) {
  struct point *to = &points[from == points];
  from->said_count = 0;
  ss7_write(from->ss7, from->fd);
  int count = from->said_count;
  if (count < CHECK) {
    complaints++;
    return 0;
  }
  memcpy(to->heard, from->said, (size_t)count);
  to->heard_count = count;
  ss7_read(to->ss7, to->fd);
  drain(to);
  return count - CHECK;
}

/* All messages that an end has, and the fill-in unit behind them. */
static void pass(struct point *from) {
  while (pass_unit(from) > SHORT_UNIT) {
  }
}

static void tick(int64_t microseconds) {
  clock_us += microseconds;
  for (int n = 0; n < 2; n++) {
    ss7_schedule_run(points[n].ss7);
    drain(&points[n]);
  }
}

static void begin(struct point *own, const struct point *far) {
  /* As in Q.764, Q.704, Q.707: every timer of the library is 0, which is never, until it is set. */
  static const struct { const char *name; int ms; } isup[] = {
    {"t1", 15000}, {"t2", 180000}, {"t5", 300000}, {"t6", 90000}, {"t7", 25000}, {"t8", 12000}, {"t12", 15000}, {"t13", 300000},
    {"t14", 15000}, {"t15", 300000}, {"t16", 15000}, {"t17", 300000}, {"t18", 15000}, {"t19", 300000}, {"t20", 15000}, {"t21", 300000},
    {"t22", 15000}, {"t23", 300000}, {"t27", 240000}, {"t33", 13000}, {"t35", 15000},
  }, mtp3[] = {
    {"t1", 800}, {"t2", 1400}, {"t3", 800}, {"t4", 800}, {"t5", 800}, {"t6", 800}, {"t7", 1500}, {"t10", 45000}, {"t12", 1200},
    {"t13", 1300}, {"t14", 2500}, {"t19", 67000}, {"t21", 63000}, {"t22", 240000}, {"t23", 240000}, {"q707_t1", 8000}, {"q707_t2", 60000},
  };
  own->ss7 = ss7_new(SS7_ITU);
  if (!own->ss7) exit(1);
  ss7_set_pc(own->ss7, own->code);
  ss7_set_network_ind(own->ss7, SS7_NI_INT);
  ss7_clear_flags(own->ss7, 0xff);
  for (size_t n = 0; n < sizeof isup / sizeof *isup; n++) ss7_set_isup_timer(own->ss7, (char *)isup[n].name, isup[n].ms);
  for (size_t n = 0; n < sizeof mtp3 / sizeof *mtp3; n++) ss7_set_mtp3_timer(own->ss7, (char *)mtp3[n].name, mtp3[n].ms);
  ss7_add_link(own->ss7, SS7_TRANSPORT_DAHDIDCHAN, own->fd, 0, far->code);
  ss7_start(own->ss7);
}

static int bring_up(void) {
  ss7_set_message(on_message);
  ss7_set_error(on_error);
  ss7_set_hangup(on_hangup);
  ss7_set_notinservice(on_not_in_service);
  ss7_set_call_null(on_call_null);
  begin(&points[0], &points[1]);
  begin(&points[1], &points[0]);
  for (int ticks = 0; ticks < UP_TICKS && !(points[0].up && points[1].up); ticks++) {
    tick(TICK_US);
    for (int n = 0; n < 4; n++) pass_unit(&points[n & 1]);
  }
  return points[0].up && points[1].up;
}

static double cpu_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Calls. */

static void place(struct point *own, const struct point *far, int cic, long number, int asks_connected) {
  char caller[24];
  snprintf(caller, sizeof caller, "139%08ld", number % 100000000);
  struct isup_call *call = own->calls[cic] = isup_new_call(own->ss7, cic, far->code, 1);
  isup_set_called(call, "02112345678", SS7_NAI_NATIONAL, own->ss7);
  isup_set_calling(call, caller, SS7_NAI_NATIONAL, SS7_PRESENTATION_ALLOWED, SS7_SCREENING_NETWORK_PROVIDED);
  if (asks_connected) isup_set_col_req(call);
  isup_iam(own->ss7, call);
  pass(own);
}

static void release(int cic) {
  isup_rel(points[0].ss7, points[0].calls[cic], NORMAL_CLEARING);
  pass(&points[0]);
  pass(&points[1]);
}

static void set_up(int cic, long number) {
  tick(CALL_US);
  place(&points[0], &points[1], cic, number, 0);
  isup_acm(points[1].ss7, points[1].calls[cic]);
  pass(&points[1]);
  isup_anm(points[1].ss7, points[1].calls[cic]);
  pass(&points[1]);
}

static int run_calls(long number, int standing) {
  int circuits = standing + FREE;
  double begun = 0;
  /* Before time is taken so many calls stand; what comes after the last one is not in it either. */
  for (long n = 0; n < number + standing; n++) {
    if (n == standing) begun = cpu_s();
    set_up((int)(n % circuits) + 1, n);
    if (n >= standing) release((int)((n - standing) % circuits) + 1);
  }
  double spent = cpu_s() - begun;
  for (long n = number; n < number + standing; n++) release((int)(n % circuits) + 1);
  printf("%s %ld %ld %ld %.9f\n", ss7_get_version(), answered - standing, idle - standing, complaints, spent);
  return 0;
}

static int run_memory(int calls) {
  set_up(1, 0);
  release(1);
  size_t before = mallinfo2().uordblks;
  for (int n = 0; n < calls; n++) set_up(n + 1, n);
  size_t octets = mallinfo2().uordblks - before;
  for (int n = 0; n < calls; n++) release(n + 1);
  printf("%s %ld %ld %ld %zu\n", ss7_get_version(), answered - 1, idle - 1, complaints, octets);
  return 0;
}

/* A link. */

static double random_s(double rate) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return -log(((double)(state >> 11) + 1) / 9007199254740993.0) / rate;
}

/* Both ends send CPG, each for a call of the other's, with a connected number whose digits make the unit as long as it has to be. */
static int run_link(double seconds, double rate) {
  long sent = 0;
  int octets[2] = {0, 0};
  double due[2];
  for (int n = 0; n < 2; n++) {
    place(&points[n], &points[!n], n + 1, n, 1);
    isup_acm(points[!n].ss7, points[!n].calls[n + 1]);
    pass(&points[!n]);
    struct isup_call *answering = points[!n].calls[n + 1];
    isup_set_connected(answering, "02112345678901", SS7_NAI_NATIONAL, SS7_PRESENTATION_ALLOWED, SS7_SCREENING_NETWORK_PROVIDED);
    due[n] = rate > 0 ? random_s(rate) : seconds + 1;
  }
  double begun = cpu_s();
  long ticks = lround(seconds * 1e6 / TICK_US);
  for (long now = 0; now < ticks; now++) {
    for (int n = 0; n < 2; n++) {
      for (; due[n] * 1e6 <= (double)now * TICK_US; due[n] += random_s(rate), sent++)
        isup_cpg(points[n].ss7, points[n].calls[2 - n], CPG_EVENT_PROGRESS);
      for (octets[n] += TICK_OCTETS; octets[n] > 0;) {
        int unit = pass_unit(&points[n]);
        if (unit == MESSAGE_UNIT) octets_said += unit + BEFORE_AND_BEHIND;
        octets[n] -= unit + BEFORE_AND_BEHIND;
      }
    }
    tick(TICK_US);
  }
  double spent = cpu_s() - begun;
  pass(&points[0]);
  pass(&points[1]);
  printf("%s %ld %ld %ld %.9f\n", ss7_get_version(), messages, octets_said, complaints + (messages != sent), spent);
  return 0;
}

int main(int count, char **words) {
  if (count == 4 && bring_up()) {
    if (!strcmp(words[1], "calls") && atoi(words[3]) + FREE < MOST_CIRCUITS) return run_calls(atol(words[2]), atoi(words[3]));
    if (!strcmp(words[1], "memory") && atoi(words[2]) < MOST_CIRCUITS) return run_memory(atoi(words[2]));
    if (!strcmp(words[1], "link")) return run_link(atof(words[2]), atof(words[3]));
  }
  fputs("libss7_timer: calls NUMBER STANDING, memory CALLS 0, link SECONDS RATE; the link must come into service\n", stderr);
  return 1;
}
