/* Signalling links: their memory, orders and ticks; limits in mtp2.h. */
#include "mtp2.h"

#include <string.h>

#define TICK_MS 10
#define INTERVALS_MOST 1000000000 /* two of them are within 32 bits */

size_t mtp2_size(int links, int messages) {
  return sizeof(struct mtp2_links) + (size_t)links * (sizeof(struct mtp2_link) + (size_t)messages * sizeof(struct mtp2_stored));
}

static void set_format(struct mtp2_link *link, int extended) {
  link->header = extended ? MTP2_EXTENDED_HEADER : MTP2_HEADER;
  link->numbers = extended ? 4095 : 127;
}

static void begin(struct mtp2_link *link, struct mtp2_told *told) {
  if (link->congestion)
    mtp2_tell(told, MTP2_TOLD_CONGESTION, 0);
  link->oldest = link->next = link->fresh = link->end = 0;
  link->unconfirmed_octets = 0;
  link->congestion = link->forced = link->retrieving = 0;
  link->forward_bit = link->backward_bit = 1;
  link->expected = 0;
  link->backward = link->numbers;
  link->t5 = link->t6 = link->t7 = 0;
  link->busy = link->ordered_busy = link->indication_due = link->repetition = link->dropped = link->served = link->failed = 0;
  link->wrong_backward = link->wrong_forward = 0;
  link->acceptance = MTP2_CLOSED;
  link->monitor = MTP2_UNWATCHED;
  link->t8 = 0;
  link->aborted = 0;
  link->standing = link->told = MTP2_NOTHING;
  link->listening = 1;
}

static void halt(struct mtp2_link *link) {
  link->listening = 0;
  link->acceptance = MTP2_CLOSED;
  link->monitor = MTP2_UNWATCHED;
  link->t8 = 0;
  link->aborted = 0;
  link->busy = link->ordered_busy = link->indication_due = 0;
  link->sending = MTP2_SIOS;
  link->t5 = link->t6 = link->t7 = 0;
}

struct mtp2_links *mtp2_init(void *memory, int count, int messages) {
  struct mtp2_links *links = memory;
  memset(links, 0, mtp2_size(count, messages));
  links->count = count;
  links->messages = messages;
  for (int number = 0; number < count; number++)
    mtp2_clear(links, number);
  return links;
}

void mtp2_clear(struct mtp2_links *links, int number) {
  struct mtp2_event unheard[MTP2_EVENTS];
  struct mtp2_link *link = &links->link[number];
  memset(link, 0, sizeof *link);
  link->places = (uint32_t)links->messages - 1;
  link->stored = (struct mtp2_stored *)&links->link[links->count] + (size_t)number * (size_t)links->messages;
  set_format(link, 0);
  begin(link, &(struct mtp2_told){unheard, 0});
  halt(link);
}

static int monitored(const struct mtp2_figures *figures) {
  if (figures->options & MTP2_ERRORED_INTERVALS)
    return figures->t8_ticks && figures->interval_rise && figures->interval_rise <= INTERVALS_MOST &&
           figures->interval_limit <= INTERVALS_MOST;
  return figures->suerm_limit && figures->suerm_units;
}

int mtp2_configure(struct mtp2_links *links, int number, const struct mtp2_figures *figures) {
  struct mtp2_link *link = &links->link[number];
  int extended = (figures->options & MTP2_EXTENDED) != 0;
  if (!figures->t5_ticks || !figures->t6_ticks || !figures->t7_ticks || !monitored(figures) ||
      !figures->aerm_normal || !figures->aerm_emergency || !figures->preventive_octets || !figures->preventive_units ||
      figures->preventive_units > (extended ? 4095 : 127) || (extended && figures->options & MTP2_REPEATING))
    return -1;
  for (int level = 0; level < 3; level++)
    if (figures->abatement[level] > figures->onset[level] || figures->onset[level] > links->messages ||
        (level && (figures->onset[level] <= figures->onset[level - 1] || figures->abatement[level] < figures->abatement[level - 1])))
      return -1;
  link->figures = *figures;
  if (link->header != (extended ? MTP2_EXTENDED_HEADER : MTP2_HEADER)) {
    struct mtp2_event unheard[MTP2_EVENTS];
    set_format(link, extended);
    begin(link, &(struct mtp2_told){unheard, 0});
    halt(link);
  }
  return 0;
}

void mtp2_tell(struct mtp2_told *told, int kind, int value) {
  told->events[told->count++] = (struct mtp2_event){(uint8_t)kind, (uint16_t)value};
}

static void count_failure(struct mtp2_counters *counters, int reason) {
  counters->failed_errors += reason == MTP2_FAILED_ERRORS;
  counters->failed_backward += reason == MTP2_FAILED_BACKWARD;
  counters->failed_forward += reason == MTP2_FAILED_FORWARD;
  counters->failed_t6 += reason == MTP2_FAILED_T6;
  counters->failed_t7 += reason == MTP2_FAILED_T7;
  counters->failed_status += reason >= MTP2_FAILED_STATUS;
}

void mtp2_fail(struct mtp2_link *link, int reason, struct mtp2_told *told) {
  halt(link);
  count_failure(&link->counters, reason);
  link->failed = (uint8_t)reason;
  mtp2_tell(told, MTP2_TOLD_FAILED, reason);
}

static void review_busy(struct mtp2_link *link) {
  int carrier = link->acceptance == MTP2_CLOSED ? MTP2_FREE : link->carrier_busy; /* nothing is carried up yet */
  int busy = link->ordered_busy > carrier ? link->ordered_busy : carrier;
  if (!link->listening || link->busy == busy)
    return;
  if (!link->busy) {
    link->indication_due = 1;
    link->t5 = link->figures.t5_ticks;
  }
  link->busy = (uint8_t)busy;
  if (busy)
    return;
  link->t5 = link->indication_due = 0;
  link->backward = (uint16_t)((link->expected - 1) & link->numbers);
  if (link->dropped && !(link->figures.options & MTP2_PREVENTIVE))
    mtp2_ask_again(link);
  link->dropped = 0;
}

void mtp2_carrier(struct mtp2_links *links, int number, int busy) {
  links->link[number].carrier_busy = (uint8_t)busy;
  review_busy(&links->link[number]);
}

static void watch(struct mtp2_link *link, int monitor) {
  link->monitor = (uint8_t)monitor;
  link->errors = link->units = link->hidden_octets = 0;
  link->t8 = monitor == MTP2_SUERM && link->figures.options & MTP2_ERRORED_INTERVALS ? link->figures.t8_ticks : 0;
  link->interval_good = link->interval_errored = 0;
  link->intervals = 0;
  link->aborted = 0;
}

static void retrieve(struct mtp2_link *link, int number, struct mtp2_told *told) {
  if (link->listening)
    return;
  if (number == MTP2_UNKNOWN)
    mtp2_drop(link, link->fresh, told);
  else if (number <= link->numbers && mtp2_possible(link, number))
    mtp2_drop(link, link->oldest + (((uint32_t)number - (link->oldest - 1)) & link->numbers), told);
  link->retrieving = 1;
}

/* Places are kept, so that the next message has the number behind the last one confirmed. */
static void flush(struct mtp2_link *link, struct mtp2_told *told) {
  link->next = link->fresh = link->end = link->oldest;
  link->unconfirmed_octets = 0;
  link->forced = 0;
  mtp2_drop(link, link->oldest, told);
  mtp2_await(link);
}

static void send(struct mtp2_link *link, int what) {
  link->sending = (uint8_t)what;
  link->told = MTP2_NOTHING;
  mtp2_await(link);
}

int mtp2_order(struct mtp2_links *links, int number, int order, int value, struct mtp2_event *events) {
  struct mtp2_link *link = &links->link[number];
  struct mtp2_told told = {events, 0};
  link->silent_ticks = 0;
  if (link->silent) {
    link->silent = 0;
    mtp2_await(link);
  }
  if (link->failed && (order == MTP2_ORDER_SEND || order == MTP2_ORDER_ACCEPT || order == MTP2_ORDER_MONITOR))
    return 0; /* given before control has read of the failure */
  switch (order) {
  case MTP2_ORDER_SEND:
    send(link, value);
    break;
  case MTP2_ORDER_BEGIN:
    begin(link, &told);
    mtp2_tell(&told, MTP2_TOLD_BEGUN, value);
    break;
  case MTP2_ORDER_HALT:
    halt(link);
    link->failed = 0;
    break;
  case MTP2_ORDER_ACCEPT:
    link->acceptance = (uint8_t)value;
    break;
  case MTP2_ORDER_MONITOR:
    watch(link, value);
    break;
  case MTP2_ORDER_BUSY:
    link->ordered_busy = (uint8_t)(link->listening ? value : MTP2_FREE);
    review_busy(link);
    break;
  case MTP2_ORDER_BSNT:
    mtp2_tell(&told, MTP2_TOLD_BSNT, (link->expected - 1) & link->numbers);
    break;
  case MTP2_ORDER_RETRIEVE:
    retrieve(link, value, &told);
    break;
  case MTP2_ORDER_FLUSH:
    flush(link, &told);
    break;
  case MTP2_ORDER_TELL:
    link->told = MTP2_NOTHING;
    if (link->failed)
      mtp2_tell(&told, MTP2_TOLD_FAILED, link->failed);
    break;
  default:
    break;
  }
  return told.count;
}

static void count_time(struct mtp2_link *link) {
  link->counters.busy_sent_ms += link->busy ? TICK_MS : 0;
  link->counters.busy_received_ms += link->t6 ? TICK_MS : 0;
  link->counters.congestion_ms += link->congestion ? TICK_MS : 0;
}

static int runs_out(uint16_t *timer) { return *timer && !--*timer; }

int mtp2_tick(struct mtp2_links *links, int number, struct mtp2_event *events) {
  struct mtp2_link *link = &links->link[number];
  struct mtp2_told told = {events, 0};
  if (link->figures.options & MTP2_REPEATING) {
    mtp2_hidden_units(link);
    if (link->listening)
      mtp2_tell_standing(link, &told);
  }
  link->shown_octets = 0;
  count_time(link);
  if (runs_out(&link->t5)) {
    link->indication_due = 1;
    link->t5 = link->figures.t5_ticks;
  }
  if (runs_out(&link->t6))
    mtp2_fail(link, MTP2_FAILED_T6, &told);
  else if (runs_out(&link->t7))
    mtp2_fail(link, MTP2_FAILED_T7, &told);
  if (runs_out(&link->t8))
    mtp2_interval_over(link, &told);
  if (link->figures.silence_ticks && !link->silent && ++link->silent_ticks >= link->figures.silence_ticks) {
    link->silent = 1;
    link->counters.silences++;
    link->t6 = 0;
    mtp2_await(link);
  }
  return told.count;
}

int mtp2_header_octets(const struct mtp2_links *links, int number) { return links->link[number].header; }

int mtp2_stage(const struct mtp2_links *links, int number) {
  const struct mtp2_link *link = &links->link[number];
  if (link->failed)
    return MTP2_STAGE_FAILED;
  if (!link->listening)
    return MTP2_STAGE_OUT;
  if (link->acceptance == MTP2_CLOSED)
    return MTP2_STAGE_ALIGNING;
  return link->served || link->standing == MTP2_SIPO ? MTP2_STAGE_SERVING : MTP2_STAGE_ALIGNED;
}

void mtp2_counters(struct mtp2_links *links, int number, struct mtp2_counters *counters) { *counters = links->link[number].counters; }
