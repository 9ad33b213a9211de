/* Transmission control of Q.703 (TXC): which unit goes next, what is confirmed, what is sent again; limits in mtp2.h. */
#include <string.h>

#include "mtp2.h"

static struct mtp2_stored *stored(struct mtp2_link *link, uint32_t place) { return &link->stored[place & link->places]; }

/* On the line: flag, header, check sequence and its own. */
static uint32_t line_octets(const struct mtp2_link *link, const struct mtp2_stored *message) {
  return message->count + (uint32_t)link->header + MTP2_FRAMING;
}

static int preventive(const struct mtp2_link *link) { return link->figures.options & MTP2_PREVENTIVE; }

int mtp2_sends_messages(const struct mtp2_link *link) { return link->sending == MTP2_MESSAGE && !link->silent; }

/* T7 runs while something is not confirmed that could be. */
void mtp2_await(struct mtp2_link *link) {
  if (!mtp2_sends_messages(link) || link->oldest == link->fresh)
    link->t7 = 0;
  else if (!link->t7)
    link->t7 = link->figures.t7_ticks;
  if (link->oldest == link->fresh)
    link->t6 = 0;
}

static void review_congestion(struct mtp2_link *link, struct mtp2_told *told) {
  uint32_t count = link->end - link->oldest;
  int level = link->congestion;
  while (level < 3 && count >= link->figures.onset[level])
    level++;
  while (level > 0 && count < link->figures.abatement[level - 1])
    level--;
  if (level != link->congestion)
    mtp2_tell(told, MTP2_TOLD_CONGESTION, level);
  link->counters.congestions += level > 0 && !link->congestion;
  link->congestion = (uint8_t)level;
}

/* Forgets the messages before a place. */
void mtp2_drop(struct mtp2_link *link, uint32_t up_to, struct mtp2_told *told) {
  for (; link->oldest != up_to; link->oldest++)
    link->unconfirmed_octets -= line_octets(link, stored(link, link->oldest));
  if ((int32_t)(link->next - link->oldest) < 0)
    link->next = link->oldest;
  review_congestion(link, told);
}

/* Whether a backward number lies between the last one confirmed and the last one sent. */
int mtp2_possible(const struct mtp2_link *link, int number) {
  return (((uint32_t)number - (link->oldest - 1)) & link->numbers) <= link->fresh - link->oldest;
}

void mtp2_confirm(struct mtp2_link *link, int number, int bit, struct mtp2_told *told) {
  uint32_t more = ((uint32_t)number - (link->oldest - 1)) & link->numbers;
  if (more) {
    mtp2_drop(link, link->oldest + more, told);
    link->t6 = link->t7 = 0;
  }
  if (!preventive(link) && bit != link->forward_bit) {
    link->forward_bit = (uint8_t)bit;
    link->next = link->oldest;
    link->counters.negative_received++;
    link->t6 = link->t7 = 0;
  }
  mtp2_await(link);
}

void mtp2_far_end_busy(struct mtp2_link *link) {
  link->counters.busy_received++;
  if (link->oldest == link->fresh)
    return;
  if (link->t7)
    link->t7 = link->figures.t7_ticks;
  if (!link->t6)
    link->t6 = link->figures.t6_ticks;
}

static int beyond_limits(const struct mtp2_link *link) {
  return link->fresh - link->oldest >= link->figures.preventive_units || link->unconfirmed_octets >= link->figures.preventive_octets;
}

/* Preventive cyclic retransmission: a forced cycle first, then new messages, then what is not confirmed, over and over. */
static int choose_preventive(struct mtp2_link *link) {
  if (link->oldest == link->fresh || (link->forced && (int32_t)(link->next - link->forced_end) >= 0))
    link->forced = 0;
  if (!link->forced && link->oldest != link->fresh && beyond_limits(link)) {
    link->forced = 1;
    link->next = link->oldest;
    link->forced_end = link->fresh;
  }
  if (link->forced)
    return 1;
  if (link->fresh != link->end && link->fresh - link->oldest < link->numbers) {
    link->next = link->fresh;
    return 1;
  }
  if (link->oldest == link->fresh)
    return 0;
  if (link->next == link->fresh)
    link->next = link->oldest;
  return 1;
}

/* Whether a message goes next, which is the one at `next`. */
static int choose_message(struct mtp2_link *link) {
  if (!mtp2_sends_messages(link))
    return 0;
  if (preventive(link))
    return choose_preventive(link);
  return link->next != link->fresh || (link->fresh != link->end && link->fresh - link->oldest < link->numbers);
}

static void write_header(const struct mtp2_link *link, uint8_t *unit, uint32_t number, int length) {
  if (link->header == MTP2_HEADER) {
    unit[0] = (uint8_t)(link->backward | link->backward_bit << 7);
    unit[1] = (uint8_t)((number & 127) | (uint32_t)link->forward_bit << 7);
    unit[2] = (uint8_t)(length > 63 ? 63 : length);
    return;
  }
  unit[0] = (uint8_t)link->backward;
  unit[1] = (uint8_t)(link->backward >> 8 | link->backward_bit << 7);
  unit[2] = (uint8_t)number;
  unit[3] = (uint8_t)((number >> 8 & 15) | (uint32_t)link->forward_bit << 7);
  unit[4] = (uint8_t)length;
  unit[5] = (uint8_t)(length >> 8);
}

static int write_message(struct mtp2_link *link, uint8_t *unit) {
  const struct mtp2_stored *message = stored(link, link->next);
  write_header(link, unit, link->next, message->count);
  memcpy(unit + link->header, message->octets, message->count);
  link->counters.messages_sent++;
  link->counters.octets_sent += line_octets(link, message);
  if (link->next == link->fresh) {
    link->counters.information_octets_sent += message->count;
    link->fresh++;
    link->unconfirmed_octets += line_octets(link, message);
    mtp2_await(link);
  } else {
    link->counters.messages_sent_again++;
    link->counters.octets_sent_again += line_octets(link, message);
  }
  link->next++;
  link->given_octets = 0;
  return link->header + message->count;
}

/* A fill-in or status unit has the number of the unit sent last; where sending again has not begun, that before its first one. */
static int write_short(const struct mtp2_link *link, uint8_t *unit) {
  int status = link->indication_due ? MTP2_SIB : link->silent && link->sending >= MTP2_FILL_IN ? MTP2_SIPO : link->sending;
  uint32_t last = (preventive(link) ? link->fresh : link->next) - 1;
  int length = status < MTP2_FILL_IN;
  write_header(link, unit, last, length);
  if (length)
    unit[link->header] = (uint8_t)status;
  return link->header + length;
}

int mtp2_next(struct mtp2_links *links, int number, uint8_t *unit) {
  struct mtp2_link *link = &links->link[number];
  if (!link->indication_due && choose_message(link))
    return write_message(link, unit);
  int count = write_short(link, unit);
  link->counters.busy_sent += link->indication_due;
  link->indication_due = 0;
  link->given_octets = (uint8_t)count;
  memcpy(link->given, unit, (size_t)count);
  return count;
}

int mtp2_news(struct mtp2_links *links, int number) {
  struct mtp2_link *link = &links->link[number];
  uint8_t unit[MTP2_SHORT_UNIT];
  if (link->indication_due || choose_message(link))
    return 1;
  int count = write_short(link, unit);
  return count != link->given_octets || memcmp(unit, link->given, (size_t)count);
}

int mtp2_message(struct mtp2_links *links, int number, const uint8_t *octets, int count, struct mtp2_event *events) {
  struct mtp2_link *link = &links->link[number];
  struct mtp2_told told = {events, 0};
  link->silent_ticks = 0;
  if (count < 3 || count > MTP2_MESSAGE_OCTETS || link->end - link->oldest > link->places) {
    link->counters.refused++;
    return -1;
  }
  struct mtp2_stored *message = stored(link, link->end);
  message->count = (uint16_t)count;
  memcpy(message->octets, octets, (size_t)count);
  link->end++;
  review_congestion(link, &told);
  return told.count;
}

int mtp2_retrieved(struct mtp2_links *links, int number, uint8_t *octets) {
  struct mtp2_link *link = &links->link[number];
  struct mtp2_event unheard[MTP2_EVENTS];
  struct mtp2_told told = {unheard, 0};
  if (!link->retrieving)
    return -1;
  if (link->oldest == link->end) {
    link->retrieving = 0;
    return 0;
  }
  const struct mtp2_stored *message = stored(link, link->oldest);
  int count = message->count;
  memcpy(octets, message->octets, (size_t)count);
  if (link->oldest == link->fresh) {
    link->unconfirmed_octets += line_octets(link, message);
    link->fresh++;
  }
  mtp2_drop(link, link->oldest + 1, &told);
  return count;
}
