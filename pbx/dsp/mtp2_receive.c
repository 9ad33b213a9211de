/* Reception control of Q.703 (RXC) and the error rate monitors (SUERM, EIM, AERM); limits in mtp2.h. */
#include <string.h>

#include "mtp2.h"

enum verdict { WELL, WRONG, WRONG_AGAIN };

/* Of a message or fill-in unit. */
struct numbered {
  int backward, backward_bit, forward, forward_bit;
};

static struct numbered numbers_of(const struct mtp2_link *link, const uint8_t *unit) {
  if (link->header == MTP2_HEADER)
    return (struct numbered){unit[0] & 127, unit[0] >> 7, unit[1] & 127, unit[1] >> 7};
  return (struct numbered){unit[0] | (unit[1] & 15) << 8, unit[1] >> 7, unit[2] | (unit[3] & 15) << 8, unit[3] >> 7};
}

/* Whether the length indicator says how many octets follow: up to 62 in six bits, all that can be in nine. */
static int true_length(const struct mtp2_link *link, const uint8_t *unit, int length) {
  if (link->header == MTP2_HEADER)
    return (unit[2] & 63) == (length > 63 ? 63 : length);
  return (unit[4] | (unit[5] & 1) << 8) == length;
}

/* Two wrong ones of three units end the link. */
static enum verdict judge(uint8_t *last_two, int wrong) {
  int before = *last_two;
  *last_two = (uint8_t)((before << 1 | wrong) & 3);
  return !wrong ? WELL : before ? WRONG_AGAIN : WRONG;
}

static void count_errors(struct mtp2_link *link, struct mtp2_told *told) {
  link->errors++;
  link->counters.errors_in_service += link->monitor == MTP2_SUERM;
  link->counters.errors_in_proving += link->monitor != MTP2_SUERM;
  if (link->t8) {
    link->interval_errored = 1;
  } else if (link->monitor == MTP2_SUERM) {
    if (link->errors >= link->figures.suerm_limit)
      mtp2_fail(link, MTP2_FAILED_ERRORS, told);
  } else if (!link->aborted) {
    int limit = link->monitor == MTP2_AERM_EMERGENCY ? link->figures.aerm_emergency : link->figures.aerm_normal;
    if (link->errors >= limit) {
      link->aborted = 1;
      link->counters.provings_aborted++;
      mtp2_tell(told, MTP2_TOLD_ERRORS, 0);
    }
  }
}

/* One unit has passed, with error or without: each D of them take one error away. */
static void count_units(struct mtp2_link *link) {
  if (link->monitor == MTP2_SUERM && ++link->units >= link->figures.suerm_units) {
    link->units = 0;
    if (link->errors)
      link->errors--;
  }
}

/* EIM: an interval of T8 is over. */
void mtp2_interval_over(struct mtp2_link *link, struct mtp2_told *told) {
  int good = link->interval_good && !link->interval_errored;
  uint32_t fall = link->figures.interval_fall;
  link->interval_good = link->interval_errored = 0;
  link->t8 = link->figures.t8_ticks;
  if (good) {
    link->intervals -= link->intervals < fall ? link->intervals : fall;
    return;
  }
  link->counters.errored_intervals++;
  link->intervals += link->figures.interval_rise;
  if (link->intervals > link->figures.interval_limit)
    mtp2_fail(link, MTP2_FAILED_ERRORS, told);
}

static void count_good(struct mtp2_link *link, struct mtp2_told *told) {
  link->interval_good = 1;
  if (link->aborted) {
    link->aborted = 0;
    link->monitor = MTP2_UNWATCHED;
    mtp2_tell(told, MTP2_TOLD_CORRECT, 0);
  }
  count_units(link);
}

int mtp2_fault(struct mtp2_links *links, int number, int fault, struct mtp2_event *events) {
  struct mtp2_link *link = &links->link[number];
  struct mtp2_told told = {events, 0};
  if (fault != MTP2_FAULT_OCTETS)
    link->counters.units_in_error++;
  else
    link->shown_octets = (uint16_t)(link->shown_octets + link->figures.suerm_octets); /* no unit was hidden there */
  if (link->monitor != MTP2_UNWATCHED) {
    count_errors(link, &told);
    if (fault != MTP2_FAULT_OCTETS)
      count_units(link);
  }
  return told.count;
}

/* A repeating card shows a unit once; the far end has sent it all the time. */
void mtp2_hidden_units(struct mtp2_link *link) {
  int octets = link->hidden_octets + MTP2_TICK_OCTETS - link->shown_octets;
  link->shown_octets = 0;
  for (; octets >= MTP2_FILL_IN_OCTETS; octets -= MTP2_FILL_IN_OCTETS)
    count_units(link);
  link->hidden_octets = (uint16_t)(octets > 0 ? octets : 0);
}

void mtp2_tell_standing(struct mtp2_link *link, struct mtp2_told *told) {
  if (link->standing == link->told || link->standing == MTP2_NOTHING)
    return;
  if (link->standing == MTP2_FILL_IN && link->acceptance == MTP2_CLOSED)
    return;
  link->told = link->standing;
  mtp2_tell(told, MTP2_TOLD_STATUS, link->standing);
}

/* A negative acknowledgement. */
void mtp2_ask_again(struct mtp2_link *link) {
  link->backward = (uint16_t)((link->expected - 1) & link->numbers);
  link->backward_bit ^= 1;
  link->repetition = 1;
  link->dropped = 0;
  link->counters.negative_sent++;
}

static void missing(struct mtp2_link *link, int bit) {
  if (link->figures.options & MTP2_PREVENTIVE || bit != link->backward_bit)
    return;
  if (link->busy)
    link->dropped = 1;
  else
    mtp2_ask_again(link);
}

static void take_message(struct mtp2_link *link, int forward, int bit, int count, struct mtp2_told *told) {
  if (forward == ((link->expected - 1) & link->numbers))
    return;
  if (forward != link->expected) {
    missing(link, bit);
    return;
  }
  if (!(link->figures.options & MTP2_PREVENTIVE) && bit != link->backward_bit)
    return;
  if (link->busy == MTP2_BUSY_DISCARD) {
    link->dropped = 1;
    return;
  }
  link->repetition = 0;
  link->expected = (uint16_t)((link->expected + 1) & link->numbers);
  if (!link->busy)
    link->backward = (uint16_t)forward;
  link->counters.messages_received++;
  link->counters.octets_received += (uint64_t)count + MTP2_FRAMING;
  link->counters.information_octets_received += (uint64_t)count - link->header;
  mtp2_tell(told, MTP2_TOLD_MESSAGE, 0);
}

/* A message or a fill-in unit. */
static void take_numbered(struct mtp2_link *link, const uint8_t *unit, int count, struct mtp2_told *told) {
  struct numbered numbers = numbers_of(link, unit);
  int forward = numbers.forward, bit = numbers.forward_bit;
  link->standing = MTP2_FILL_IN;
  if (link->acceptance == MTP2_CLOSED)
    return;
  enum verdict verdict = judge(&link->wrong_backward, !mtp2_possible(link, numbers.backward));
  if (verdict == WRONG_AGAIN)
    mtp2_fail(link, MTP2_FAILED_BACKWARD, told);
  if (verdict != WELL)
    return;
  link->served = 1;
  mtp2_tell_standing(link, told);
  mtp2_confirm(link, numbers.backward, numbers.backward_bit, told);
  if (!(link->figures.options & MTP2_PREVENTIVE)) {
    verdict = judge(&link->wrong_forward, bit != link->backward_bit && !link->repetition);
    if (verdict == WRONG_AGAIN)
      mtp2_fail(link, MTP2_FAILED_FORWARD, told);
    if (verdict != WELL)
      return;
  }
  if (link->acceptance == MTP2_REJECTING || link->silent)
    return;
  if (count > link->header)
    take_message(link, forward, bit, count, told);
  else if (forward != ((link->expected - 1) & link->numbers))
    missing(link, bit);
  else if (bit == link->backward_bit)
    link->repetition = 0;
}

static void take_status(struct mtp2_link *link, const uint8_t *unit, struct mtp2_told *told) {
  int status = unit[link->header] & 7;
  if (status == MTP2_SIB) {
    mtp2_far_end_busy(link);
    return;
  }
  if (status > MTP2_SIB)
    return;
  link->standing = (uint8_t)status;
  if (link->served && status != MTP2_SIPO) {
    mtp2_fail(link, MTP2_FAILED_STATUS | status, told);
    return;
  }
  int backward = numbers_of(link, unit).backward;
  if (link->served && mtp2_possible(link, backward))
    mtp2_confirm(link, backward, link->forward_bit, told); /* the far end's last word before it flushes, or we do */
  mtp2_tell_standing(link, told);
}

int mtp2_receive(struct mtp2_links *links, int number, const uint8_t *unit, int count, struct mtp2_event *events) {
  struct mtp2_link *link = &links->link[number];
  struct mtp2_told told = {events, 0};
  int length = count - link->header;
  if (length < 0 || length > MTP2_MESSAGE_OCTETS || !true_length(link, unit, length))
    return mtp2_fault(links, number, 0, events);
  link->shown_octets = (uint16_t)(link->shown_octets + count + MTP2_FRAMING);
  link->counters.units_received++;
  count_good(link, &told);
  if (!link->listening)
    return told.count;
  if (length == 1 || length == 2)
    take_status(link, unit, &told);
  else
    take_numbered(link, unit, count, &told);
  return told.count;
}
