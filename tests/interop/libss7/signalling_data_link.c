/* Signalling data links for libss7, made of memory and of a clock that its user turns, and its events as one flat struct.
 *
 * libss7 2.0.0 knows no other way to a link than read and write on a descriptor, a signal unit and two octets of check sequence at a
 * time, and asks the time of the C library. This shared object names the library as needed and defines those calls itself; opened by
 * dlopen with RTLD_DEEPBIND, the library finds ours before the C library's, and nothing else in the process does. There is one clock in a
 * process. It is built where tests run, and neither part of the product nor given to anybody. Limits: LINKS descriptors from FIRST_FD
 * on, units of at most UNIT octets, texts of at most TEXT.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

#include <libss7.h>

#define LINKS 64
#define FIRST_FD 2000000
#define UNIT 512
#define CHECK 2
#define TEXT 65536
#define MOST_CIRCUITS 256

struct link {
  uint8_t heard[UNIT + CHECK];
  int heard_count;
  uint8_t *said;
  int said_count;
};

/* An event, whatever its kind: what it does not have is 0. */
struct far_event {
  int kind, cic, end, type, cause, value, network, previous, nature, category, presentation;
  char called[64], calling[64], redirecting[64], original[64];
  uint8_t status[MOST_CIRCUITS];
  void *call;
};

static struct link links[LINKS];
static int64_t clock_us;
static int strange; /* calls with a descriptor of nobody: 0 in a good run */
static char text[TEXT];
static size_t text_count;

void far_set_clock(int64_t microseconds) { clock_us = microseconds; }
int far_fd(int n) { return FIRST_FD + n; }
int far_strange(void) { return strange; }

/* A unit has come over link n, without check sequence. */
int far_hear(struct ss7 *ss7, int n, const uint8_t *unit, int count) {
  if (count < 0 || count > UNIT || n < 0 || n >= LINKS) return -1;
  memcpy(links[n].heard, unit, (size_t)count);
  memset(links[n].heard + count, 0, CHECK);
  links[n].heard_count = count + CHECK;
  int result = ss7_read(ss7, FIRST_FD + n);
  links[n].heard_count = 0;
  return result;
}

/* The next unit for link n; returns its octets, without check sequence. */
int far_say(struct ss7 *ss7, int n, uint8_t *unit) {
  links[n].said = unit;
  links[n].said_count = 0;
  ss7_write(ss7, FIRST_FD + n);
  links[n].said = 0;
  return links[n].said_count - CHECK;
}

static void of_calls(const ss7_event *e, struct far_event *told) {
  switch (e->e) {
  case ISUP_EVENT_IAM:
    told->cic = e->iam.cic;
    told->call = e->iam.call;
    told->nature = e->iam.called_nai;
    told->category = e->iam.calling_party_cat;
    told->presentation = e->iam.presentation_ind;
    told->type = e->iam.calling_nai;
    told->value = e->iam.redirect_info_ind;
    told->cause = e->iam.redirect_info_reas;
    snprintf(told->called, sizeof told->called, "%s", e->iam.called_party_num);
    snprintf(told->calling, sizeof told->calling, "%s", e->iam.calling_party_num);
    snprintf(told->redirecting, sizeof told->redirecting, "%s", e->iam.redirecting_num);
    snprintf(told->original, sizeof told->original, "%s", e->iam.orig_called_num);
    break;
  case ISUP_EVENT_SAM:
    told->cic = e->sam.cic;
    told->call = e->sam.call;
    snprintf(told->called, sizeof told->called, "%s", e->sam.called_party_num);
    break;
  case ISUP_EVENT_ACM:
    told->cic = e->acm.cic;
    told->call = e->acm.call;
    told->value = e->acm.called_party_status_ind;
    break;
  case ISUP_EVENT_ANM:
    told->cic = e->anm.cic;
    told->call = e->anm.call;
    told->nature = e->anm.connected_nai;
    snprintf(told->called, sizeof told->called, "%s", e->anm.connected_num);
    break;
  case ISUP_EVENT_CON:
    told->cic = e->con.cic;
    told->call = e->con.call;
    told->nature = e->con.connected_nai;
    snprintf(told->called, sizeof told->called, "%s", e->con.connected_num);
    break;
  case ISUP_EVENT_CPG:
    told->cic = e->cpg.cic;
    told->call = e->cpg.call;
    told->value = e->cpg.event;
    break;
  case ISUP_EVENT_REL:
    told->cic = e->rel.cic;
    told->call = e->rel.call;
    told->cause = e->rel.cause;
    break;
  case ISUP_EVENT_SUS:
  case ISUP_EVENT_RES:
    told->cic = e->sus.cic;
    told->call = e->sus.call;
    told->network = e->sus.network_isdn_indicator;
    break;
  case ISUP_EVENT_COT:
    told->cic = e->cot.cic;
    told->call = e->cot.call;
    told->value = e->cot.passed;
    told->previous = e->cot.cot_performed_on_previous_cic;
    break;
  case ISUP_EVENT_DIGITTIMEOUT:
    told->cic = e->digittimeout.cic;
    told->call = e->digittimeout.call;
    break;
  }
}

static void of_groups(const ss7_event_cicrange *e, struct far_event *told) {
  told->cic = e->startcic;
  told->end = e->endcic;
  told->type = e->type;
  told->call = e->call;
  memcpy(told->status, e->status, sizeof e->status);
}

static void of_circuits(const ss7_event *e, struct far_event *told) {
  switch (e->e) {
  case ISUP_EVENT_RSC:
    told->cic = e->rsc.cic;
    told->call = e->rsc.call;
    break;
  case ISUP_EVENT_CVT:
  case ISUP_EVENT_CCR:
  case ISUP_EVENT_RLC:
  case ISUP_EVENT_BLO:
  case ISUP_EVENT_UBL:
  case ISUP_EVENT_BLA:
  case ISUP_EVENT_UBA:
  case ISUP_EVENT_UCIC:
  case ISUP_EVENT_LPA:
    told->cic = e->rlc.cic;
    told->call = e->rlc.call;
    break;
  }
}

/* The next event; 0 when there is none. To ask also lets level 3 hear what level 2 has told, so it is done after every unit. */
int far_next_event(struct ss7 *ss7, struct far_event *told) {
  ss7_event *e = ss7_check_event(ss7);
  if (!e) return 0;
  memset(told, 0, sizeof *told);
  told->kind = e->e;
  switch (e->e) {
  case ISUP_EVENT_GRS:
  case ISUP_EVENT_GRA:
  case ISUP_EVENT_CGB:
  case ISUP_EVENT_CGU:
  case ISUP_EVENT_CGBA:
  case ISUP_EVENT_CGUA:
  case ISUP_EVENT_CQM: of_groups(&e->grs, told); break;
  default:
    of_calls(e, told);
    of_circuits(e, told);
  }
  return 1;
}

static void write_down(int unused, const char *form, ...) {
  (void)unused;
  va_list rest;
  va_start(rest, form);
  int count = vsnprintf(text + text_count, TEXT - text_count, form, rest);
  va_end(rest);
  if (count > 0 && text_count + (size_t)count < TEXT) text_count += (size_t)count;
}

/* What the library shows of its calls and links, for people. */
const char *far_shown(struct ss7 *ss7, int calls) {
  text[0] = 0;
  text_count = 0;
  if (calls)
    isup_show_calls(ss7, write_down, 0);
  else
    ss7_show_linkset(ss7, write_down, 0);
  return text;
}

/* What the library calls. */

static struct link *link_of(int fd) {
  if (fd >= FIRST_FD && fd < FIRST_FD + LINKS) return &links[fd - FIRST_FD];
  strange++;
  errno = EBADF;
  return 0;
}

ssize_t read(int fd, void *found, size_t room) {
  struct link *link = link_of(fd);
  if (!link) return -1;
  size_t count = (size_t)link->heard_count < room ? (size_t)link->heard_count : room;
  if (count) memcpy(found, link->heard, count);
  return (ssize_t)count;
}

ssize_t write(int fd, const void *octets, size_t count) {
  struct link *link = link_of(fd);
  if (!link) return -1;
  if (!link->said || count > UNIT + CHECK) {
    strange++;
    errno = EINVAL;
    return -1;
  }
  memcpy(link->said, octets, count);
  link->said_count = (int)count;
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
