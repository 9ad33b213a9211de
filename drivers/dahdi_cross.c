#include "dahdi_cross.h"
#include "dahdi.h"
#include <dahdi/user.h>

static int set(struct dahdi_calls *calls, int fd, int number, int mode) {
  struct dahdi_confinfo wanted = {.confno = number, .confmode = mode};
  return dahdi_call(calls, fd, DAHDI_SETCONF, &wanted);
}

int dahdi_cross_none(struct dahdi_calls *calls, int fd) { return set(calls, fd, 0, DAHDI_CONF_NORMAL); }

static int is_crossed(const struct dahdi_channel *channel) { return atomic_load_explicit(&channel->crossed, memory_order_relaxed); }

/* Whether what the channel says may be sent on, and can be. */
static int is_fit(const struct dahdi *it, int port) {
  const struct dahdi_channel *channel = &it->channel[port];
  return it->present && !it->frozen && channel->fd >= 0 && channel->sort != CHANNEL_CLEAR &&
         !dahdi_channel_is_mute(channel);
}

static int cross(struct dahdi *it, int port, int number) {
  struct dahdi_channel *channel = &it->channel[port];
  if (set(&it->ticking, channel->fd, number, DAHDI_CONF_DIGITALMON)) {
    it->counters.failures++;
    return -1;
  }
  atomic_store_explicit(&channel->crossed, 1, memory_order_relaxed);
  it->counters.crossed++;
  return 0;
}

/* 1 = the channel was joined, and its buffers are to be emptied. */
static int uncross(struct dahdi *it, int port) {
  struct dahdi_channel *channel = &it->channel[port];
  if (!is_crossed(channel)) return 0;
  atomic_store_explicit(&channel->crossed, 0, memory_order_relaxed);
  channel->holding = 0;
  channel->written = 0;
  it->counters.uncrossed++;
  if (channel->fd < 0) return 0;
  it->counters.failures += dahdi_cross_none(&it->ticking, channel->fd) != 0;
  return 1;
}

static void empty(struct dahdi *it, int port) {
  int failed = dahdi_call_number(&it->ticking, it->channel[port].fd, DAHDI_FLUSH, DAHDI_FLUSH_READ | DAHDI_FLUSH_WRITE);
  it->counters.failures += failed != 0;
}

/* Emptied when neither end is joined any more: what came meanwhile has been sent on, and is not to be said twice. */
static void uncross_both(struct dahdi *it, int port) {
  const struct dahdi_cross *end = &it->cross[port];
  int ours = uncross(it, port), theirs = uncross(end->card, end->port);
  if (ours) empty(it, port);
  if (theirs) empty(end->card, end->port);
}

static void forget(struct dahdi *it, int port) {
  it->cross[port] = (struct dahdi_cross){0};
  it->crossings--;
}

/* Neither end is left joined alone. */
static int cross_both(struct dahdi *it, int port) {
  const struct dahdi_cross *end = &it->cross[port];
  int failed = cross(it, port, end->card->channel[end->port].number) || cross(end->card, end->port, it->channel[port].number);
  if (failed) uncross_both(it, port);
  return failed ? -1 : 0;
}

void dahdi_cross_part(struct card *card, int port) {
  struct dahdi *it = card->self;
  if (port < 0 || port >= card->ports || !it->cross[port].card) return;
  struct dahdi_cross end = it->cross[port];
  uncross_both(it, port);
  forget(it, port);
  forget(end.card, end.port);
}

int dahdi_cross_join(struct card *card, int port, struct card *other, int other_port) {
  if (other->join != card->join || port < 0 || port >= card->ports || other_port < 0 || other_port >= other->ports) return -1;
  struct dahdi *it = card->self, *far = other->self;
  if ((it == far && port == other_port) || it->cross[port].card || far->cross[other_port].card) return -1;
  if (it->channel[port].sort == CHANNEL_CLEAR || far->channel[other_port].sort == CHANNEL_CLEAR) return -1;
  it->cross[port] = (struct dahdi_cross){far, other_port};
  far->cross[other_port] = (struct dahdi_cross){it, port};
  it->crossings++;
  far->crossings++;
  if (!is_fit(it, port) || !is_fit(far, other_port) || !cross_both(it, port)) return 0;
  dahdi_cross_part(card, port);
  return -1;
}

void dahdi_cross_settle(struct dahdi *it) {
  for (int port = 0; port < SPAN_CARD_PORTS && it->crossings; port++) {
    const struct dahdi_cross *end = &it->cross[port];
    if (!end->card) continue;
    int fit = is_fit(it, port) && is_fit(end->card, end->port);
    int whole = is_crossed(&it->channel[port]) && is_crossed(&end->card->channel[end->port]);
    if (!fit)
      uncross_both(it, port);
    else if (!whole && cross_both(it, port))
      dahdi_cross_part(&it->card, port);
  }
}

void dahdi_cross_part_all(struct dahdi *it) {
  for (int port = 0; port < SPAN_CARD_PORTS; port++) dahdi_cross_part(&it->card, port);
}
