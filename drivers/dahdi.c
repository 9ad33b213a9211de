#include "dahdi.h"
#include "api.h"
#include <dahdi/user.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SILENCE 0xD5
#define TICK_MS 10
#define SIGNALLING_SLOT 16

static int is_e1(const struct dahdi *it) { return it->settings.channels == SPAN_CARD_E1_CHANNELS; }

/* Ports that the span can have; those of a board may be fewer than its card's. */
static int ports_of(const struct dahdi *it) { return is_e1(it) ? it->card.ports : it->settings.channels; }

/* DAHDI's number of a port's channel. */
static int number_of(const struct dahdi *it, int port) {
  int left_out = is_e1(it) && !it->settings.speech_in_slot_16 && port >= SIGNALLING_SLOT - 1;
  return it->settings.first_channel + port + left_out;
}

static uint32_t alarms_of_port(const struct dahdi *it, int port) {
  return it->present && it->channel[port].fd >= 0 ? it->alarms.told : CARD_ALARM_LOS;
}

static void tell_alarms(struct dahdi *it, struct dahdi_told *told) {
  for (int port = 0; port < it->card.ports; port++) {
    uint32_t standing = alarms_of_port(it, port);
    if (it->told_alarms[port] == standing) continue;
    if (told->count == told->room) {
      it->counters.events_late++;
      return;
    }
    told->event[told->count++] = (struct card_event){(uint16_t)port, CARD_EVENT_ALARM, 0, 0, standing};
    it->told_alarms[port] = standing;
  }
}

/* The span was pulled: its descriptors are the mender's. */
static void let_go(struct dahdi *it) {
  it->present = 0;
  it->counters.removals++;
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    it->channel[port].fd = -1;
    it->channel[port].ahead = CHANNEL_NOT_ASKED;
  }
  dahdi_links_let_go(&it->links);
  atomic_store_explicit(&it->whose, DAHDI_CARD_GONE, memory_order_release);
}

/* Takes over what the mender has opened. */
static void take(struct dahdi *it, uint64_t tick) {
  for (int port = 0; port < ports_of(it); port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (channel->fd >= 0 || !atomic_load_explicit(&channel->ready, memory_order_acquire)) continue;
    dahdi_channel_take(channel, &it->settings, &it->ticking, tick);
  }
  dahdi_links_take(&it->links);
}

static int any_channel(const struct dahdi *it) {
  for (int port = 0; port < SPAN_CARD_PORTS; port++)
    if (it->channel[port].fd >= 0) return it->channel[port].fd;
  return dahdi_links_any(&it->links);
}

/* The last channel that is open, -1 = none. The kernel goes through a span in order: when this one has its block, all have. */
static int last_open(const struct dahdi *it) {
  int port = SPAN_CARD_PORTS - 1;
  while (port >= 0 && it->channel[port].fd < 0) port--;
  return port;
}

/* Not read and not written: the kernel has joined it with another. The last one is read all the same (dahdi_cross.h). */
static int is_left_alone(const struct dahdi *it, int port, int last) {
  return port != last && atomic_load_explicit(&it->channel[port].crossed, memory_order_relaxed);
}

/* A signal that could not be trusted is good again: what stands on the lines now counts. */
static void thaw(struct dahdi *it) {
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (channel->fd < 0) continue;
    int failed = dahdi_channel_look(channel->fd, channel->sort, channel->signalling, &channel->now, &it->ticking);
    it->counters.failures += failed != 0;
  }
}

static void see_alarms(struct dahdi *it, int changed) {
  if (changed && dahdi_span_ask(&it->ticking, any_channel(it), &it->alarms, 0)) it->counters.failures++;
  int frozen = (atomic_load_explicit(&it->alarms.standing, memory_order_relaxed) & SPAN_FREEZING) != 0;
  if (it->frozen && !frozen) thaw(it);
  it->frozen = frozen;
}

/* What stands waiting only adds delay. */
static void shorten(struct dahdi *it) {
  int fds[SPAN_CARD_PORTS], ports[SPAN_CARD_PORTS], count = 0;
  int last = last_open(it);
  uint8_t found[SPAN_CARD_PORTS];
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    if (it->channel[port].fd < 0 || is_left_alone(it, port, last)) continue;
    fds[count] = it->channel[port].fd;
    ports[count++] = port;
  }
  it->look = 0;
  if (count == 0 || dahdi_call_poll(&it->ticking, fds, count, found) <= 0) return;
  for (int n = 0; n < count; n++)
    if (found[n] & DAHDI_FOUND_BLOCK) dahdi_channel_shorten(&it->channel[ports[n]], &it->ticking, &it->counters);
}

/* Looks what waits on all channels, or on those alone that are joined in the kernel; -1: the kernel does not say. */
static int look(struct dahdi *it, int joined_alone, int last) {
  int fds[SPAN_CARD_PORTS], ports[SPAN_CARD_PORTS], count = 0;
  uint8_t found[SPAN_CARD_PORTS] = {0};
  for (int port = 0; port < ports_of(it); port++) {
    it->channel[port].found = 0;
    if (it->channel[port].fd < 0 || (joined_alone && !is_left_alone(it, port, last))) continue;
    fds[count] = it->channel[port].fd;
    ports[count++] = port;
  }
  if (count == 0) return 0;
  if (dahdi_call_poll(&it->ticking, fds, count, found) < 0) return -1;
  for (int n = 0; n < count; n++) it->channel[ports[n]].found = found[n];
  return 0;
}

/* What happened on channels that are joined in the kernel, as it was looked for. */
static int see_crossed(struct dahdi *it, struct dahdi_told *told, int last) {
  int gone = 0;
  for (int port = 0; port < ports_of(it) && it->crossings && !(gone & CHANNEL_GONE); port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (channel->fd < 0 || !is_left_alone(it, port, last)) continue;
    gone |= dahdi_channel_events(channel, &it->settings, &it->ticking, &it->counters, told,
                                 channel->found & (DAHDI_FOUND_EVENT | DAHDI_FOUND_GONE), it->frozen);
  }
  return gone;
}

/* Does jobs together whose `fd` is not -1; results stand in `ahead`. */
static void transfer(struct dahdi *it, int writing, const struct dahdi_transfer *wanted) {
  struct dahdi_transfer jobs[SPAN_CARD_PORTS];
  int ports[SPAN_CARD_PORTS], count = 0;
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    if (wanted[port].fd < 0) continue;
    jobs[count] = wanted[port];
    ports[count++] = port;
  }
  if (count == 0 || dahdi_call_transfer(&it->ticking, writing, jobs, count)) return;
  for (int n = 0; n < count; n++) it->channel[ports[n]].ahead = jobs[n].result;
}

/* Whether a channel is ready for that, and nothing happened on it: one with an event is asked by itself. */
static int is_ready(const struct dahdi_channel *channel, int wanted) {
  return channel->fd >= 0 && (channel->found & (wanted | DAHDI_FOUND_EVENT | DAHDI_FOUND_GONE)) == wanted;
}

/* Reads together what is ready of the channels from a port on; where nothing waits nothing is asked. */
static void read_ahead(struct dahdi *it, int from, int last, uint8_t *samples) {
  struct dahdi_transfer wanted[SPAN_CARD_PORTS];
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    struct dahdi_channel *channel = &it->channel[port];
    int asked = port >= from && channel->fd >= 0 && !is_left_alone(it, port, last);
    int fd = asked && is_ready(channel, DAHDI_FOUND_BLOCK) ? channel->fd : -1;
    wanted[port] = (struct dahdi_transfer){fd, samples + port * CARD_TICK_SAMPLES, CARD_TICK_SAMPLES, 0};
    if (asked && !(channel->found & ~DAHDI_FOUND_ROOM)) channel->ahead = -EAGAIN;
  }
  transfer(it, 0, wanted);
}

static int is_written(const struct dahdi_channel *channel) {
  return channel->fd >= 0 && !dahdi_channel_is_mute(channel) && !atomic_load_explicit(&channel->crossed, memory_order_relaxed);
}

static void write_ahead(struct dahdi *it, int from, const uint8_t *samples) {
  struct dahdi_transfer wanted[SPAN_CARD_PORTS];
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    const struct dahdi_channel *channel = &it->channel[port];
    int fd = port >= from && is_written(channel) && is_ready(channel, DAHDI_FOUND_ROOM) ? channel->fd : -1;
    uint8_t *sound = (uint8_t *)(uintptr_t)(samples + port * CARD_TICK_SAMPLES); /* read alone, but a job has one sort of pointer */
    wanted[port] = (struct dahdi_transfer){fd, sound, CARD_TICK_SAMPLES, 0};
  }
  transfer(it, 1, wanted);
}

static int read_channels(struct dahdi *it, struct dahdi_told *told, uint8_t *samples) {
  uint64_t overruns = it->counters.overruns;
  int found = 0, first = 1, last = last_open(it), together = it->ticking.kernel.transfer != 0;
  for (int port = 0; port < ports_of(it) && !(found & CHANNEL_GONE); port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (channel->fd < 0 || is_left_alone(it, port, last)) continue;
    found |= dahdi_channel_read(channel, &it->settings, &it->ticking, &it->counters, told, it->frozen,
                                samples + port * CARD_TICK_SAMPLES);
    if (atomic_load_explicit(&channel->crossed, memory_order_relaxed))
      memset(samples + port * CARD_TICK_SAMPLES, SILENCE, CARD_TICK_SAMPLES);
    if (first && together && !(found & CHANNEL_GONE) && !look(it, 0, last)) read_ahead(it, port + 1, last, samples);
    first = 0;
  }
  if (!(found & CHANNEL_GONE) && it->crossings && (together || !look(it, 1, last))) found |= see_crossed(it, told, last);
  if (!(found & CHANNEL_GONE)) found |= dahdi_links_receive(&it->links, &it->ticking, &it->counters);
  it->look |= it->counters.overruns != overruns;
  return found;
}

static int read_card(struct card *card, uint8_t *samples, struct card_event *events, int room, uint64_t tick) {
  struct dahdi *it = card->self;
  struct dahdi_told told = {events, room, 0, tick};
  int changed = 0;
  it->counters.ticks++;
  memset(samples, SILENCE, (size_t)it->card.ports * CARD_TICK_SAMPLES);
  if (!it->present && atomic_load_explicit(&it->whose, memory_order_acquire) == DAHDI_CARD_PRESENT) {
    it->present = changed = 1;
    it->counters.returns++;
  }
  if (it->present) {
    if (changed || tick % CHANNEL_LOOK_TICKS == 0) take(it, tick);
    see_alarms(it, changed);
    int found = read_channels(it, &told, samples);
    if (found & CHANNEL_GONE) {
      let_go(it);
    } else {
      if (it->look || tick % CHANNEL_LOOK_TICKS == 0) shorten(it);
      if (found & CHANNEL_ALARM) see_alarms(it, 1);
    }
  }
  dahdi_cross_settle(it);
  if (it->frozen || !it->present) memset(samples, SILENCE, (size_t)it->card.ports * CARD_TICK_SAMPLES);
  if (it->present)
    dahdi_alarms_step(&it->alarms, tick);
  else
    dahdi_alarms_lost(&it->alarms, tick);
  tell_alarms(it, &told);
  it->counters.system_calls = it->ticking.count;
  return told.count;
}

static int write_card(struct card *card, const uint8_t *samples, uint64_t tick) {
  struct dahdi *it = card->self;
  struct dahdi_told told = {0, 0, 0, tick};
  int found = 0, first = 1;
  for (int port = 0; port < ports_of(it) && it->present && !(found & CHANNEL_GONE); port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (!is_written(channel)) continue;
    found |= dahdi_channel_write(channel, &it->ticking, &it->counters, &told, &it->settings, it->frozen,
                                 samples + port * CARD_TICK_SAMPLES);
    if (first && it->ticking.kernel.transfer && !(found & CHANNEL_GONE)) write_ahead(it, port + 1, samples);
    first = 0;
  }
  if (it->present && !(found & CHANNEL_GONE)) found |= dahdi_links_send(&it->links, &it->ticking, &it->counters);
  if (found & CHANNEL_GONE)
    let_go(it);
  else if (found & CHANNEL_ALARM)
    see_alarms(it, 1);
  dahdi_cross_settle(it);
  it->counters.system_calls = it->ticking.count;
  return 0;
}

/* A signal that is lost says nothing of the network's clock; one that is just back must have lasted. */
static int wait_card(struct card *card, uint64_t most_ns) {
  struct dahdi *it = card->self;
  int last = last_open(it);
  if (!it->present || last < 0 || it->frozen || (it->alarms.told & SPAN_FREEZING)) return CARD_WAIT_CANNOT;
  if (it->channel[last].holding) return CARD_WAIT_BLOCK; /* taken out of the kernel before its time */
  int found = dahdi_call_wait(&it->ticking, it->channel[last].fd, most_ns);
  it->counters.system_calls = it->ticking.count;
  if (found == -EINTR) return CARD_WAIT_INTERRUPTED;
  if (found < 0 || (found & DAHDI_FOUND_GONE)) return CARD_WAIT_CANNOT;
  return found & DAHDI_FOUND_BLOCK ? CARD_WAIT_BLOCK : CARD_WAIT_NOTHING;
}

static int level_card(struct card *card, int port, struct card_levels *levels) {
  const struct dahdi *it = card->self;
  if (port < 0 || port >= it->card.ports) return -1;
  dahdi_channel_level(&it->channel[port], &it->settings, levels);
  levels->alarms = alarms_of_port(it, port);
  return 0;
}

static int order_card(struct card *card, const struct card_order *order) {
  struct dahdi *it = card->self;
  if (order->port >= ports_of(it)) return -1;
  int refused = dahdi_channel_order(&it->channel[order->port], &it->settings, &it->ticking, order->kind, order->value);
  it->counters.refused_orders += refused != 0;
  return refused;
}

static int dial_card(struct card *card, int port, const struct card_pulses *pulses) {
  struct dahdi *it = card->self;
  if (port < 0 || port >= ports_of(it)) return -1;
  return dahdi_channel_dial(&it->channel[port], &it->ticking, pulses);
}

/* Real lines may say something at any moment. */
static int quiet_card(struct card *card) {
  (void)card;
  return 0;
}

static void close_all(struct dahdi *it) {
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    struct dahdi_channel *channel = &it->channel[port];
    atomic_store_explicit(&channel->ready, 0, memory_order_relaxed);
    atomic_store_explicit(&channel->looped, 0, memory_order_relaxed);
    dahdi_channel_close(&channel->opened, &it->mending);
    if (channel->opened.state == SPAN_CARD_IN_USE) channel->opened.state = SPAN_CARD_NO_CHANNEL;
  }
  dahdi_links_close(&it->links, &it->mending);
}

static void close_card(struct card *card) {
  struct dahdi *it = card->self;
  dahdi_cross_part_all(it);
  close_all(it);
  dahdi_batch_close(it->batch);
  pthread_mutex_destroy(&it->asking);
  free(it->links.link);
  free(it);
}

static const struct dahdi_kept *kept_of(const struct dahdi *it, int number) {
  for (int n = 0; n < it->kept_count; n++)
    if (it->kept[n].channel == number) return &it->kept[n];
  return 0;
}

static void open_one(struct dahdi *it, struct dahdi_opened *opened, _Atomic int *ready, int number, int frames) {
  if (atomic_load_explicit(ready, memory_order_relaxed)) return;
  const struct dahdi_kept *kept = kept_of(it, number);
  if (kept)
    dahdi_channel_adopt(opened, kept, frames, &it->settings, &it->mending);
  else
    dahdi_channel_open(opened, number, frames, &it->settings, &it->mending);
  if (opened->fd < 0) return;
  opened->serial = ++it->openings;
  it->span = opened->span;
  atomic_store_explicit(ready, 1, memory_order_release);
}

/* A channel of the span that is open, -1 = none. */
static int open_missing(struct dahdi *it) {
  int open = -1;
  for (int port = 0; port < ports_of(it); port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (channel->opened.state == SPAN_CARD_SIGNALLING) continue;
    open_one(it, &channel->opened, &channel->ready, number_of(it, port), 0);
    if (channel->opened.fd >= 0) open = channel->opened.fd;
  }
  for (int n = 0; n < it->links.count; n++) {
    struct dahdi_frames *frames = &it->links.link[n].frames;
    open_one(it, &frames->opened, &frames->ready, it->links.link[n].number, 1);
    if (frames->opened.fd >= 0) open = frames->opened.fd;
  }
  return open;
}

int dahdi_mend(struct card *card) {
  struct dahdi *it = card->self;
  int whose = atomic_load_explicit(&it->whose, memory_order_acquire);
  pthread_mutex_lock(&it->asking);
  if (whose == DAHDI_CARD_GONE) {
    close_all(it);
    whose = DAHDI_CARD_ABSENT;
    atomic_store_explicit(&it->whose, whose, memory_order_relaxed);
  }
  int fd = open_missing(it);
  if (fd < 0 || dahdi_span_ask(&it->mending, fd, &it->alarms, &it->report)) it->report.present = 0;
  if (fd >= 0 && whose == DAHDI_CARD_ABSENT) atomic_store_explicit(&it->whose, DAHDI_CARD_PRESENT, memory_order_release);
  pthread_mutex_unlock(&it->asking);
  return fd >= 0;
}

static int in_range(const struct dahdi_settings *settings) {
  const int gains[] = {settings->receive_gain_tenth_db, settings->send_gain_tenth_db};
  for (int n = 0; n < 2; n++)
    if (gains[n] < -240 || gains[n] > 120) return 0;
  if (settings->kind != WIRE_CIRCUITS && settings->kind != WIRE_SUBSCRIBERS && settings->kind != WIRE_OFFICES) return 0;
  if (settings->signalling_channels >> SPAN_CARD_E1_CHANNELS) return 0;
  int frames_in_slot_16 = settings->signalling_channels >> (SIGNALLING_SLOT - 1) & 1;
  if (settings->speech_in_slot_16 && (settings->channels != SPAN_CARD_E1_CHANNELS || frames_in_slot_16)) return 0;
  if (settings->message_lamp < SPAN_CARD_LAMP_NONE || settings->message_lamp > SPAN_CARD_LAMP_NEON) return 0;
  if (settings->raise_ms < 0 || settings->clear_ms < 0) return 0;
  return settings->first_channel >= 1 && settings->first_channel + settings->channels - 1 <= DAHDI_MAX_CHANNELS &&
         settings->channels >= 1 && settings->channels <= SPAN_CARD_E1_CHANNELS;
}

static int batch_transfer(void *self, int writing, struct dahdi_transfer *jobs, int count) {
  return dahdi_batch_run(self, writing, jobs, count);
}

/* A played kernel has its own way of doing many at once, or none. */
static void choose_calls(struct dahdi *it, const struct dahdi_kernel *kernel) {
  it->ticking.kernel = it->mending.kernel = kernel ? *kernel : dahdi_running_kernel;
  if (!it->settings.at_once) it->ticking.kernel.transfer = 0;
  if (kernel || !it->settings.at_once || !(it->batch = dahdi_batch_open())) return;
  it->ticking.kernel.self = it->batch;
  it->ticking.kernel.transfer = batch_transfer;
}

struct card *dahdi_create(const struct dahdi_settings *settings, const struct dahdi_kernel *kernel) {
  return dahdi_adopt(settings, kernel, 0, 0);
}

struct card *dahdi_adopt(const struct dahdi_settings *settings, const struct dahdi_kernel *kernel, const struct dahdi_kept *kept,
                         int count) {
  struct dahdi *it = in_range(settings) ? calloc(1, sizeof *it) : 0;
  if (!it) return 0;
  it->settings = *settings;
  if (dahdi_links_create(&it->links, settings, &it->present, &it->alarms)) {
    free(it);
    return 0;
  }
  choose_calls(it, kernel);
  it->alarms.raise_ticks = (uint64_t)settings->raise_ms / TICK_MS;
  it->alarms.clear_ticks = (uint64_t)settings->clear_ms / TICK_MS;
  it->card = (struct card){.kind = "dahdi",
                           .self = it,
                           .ports = settings->speech_in_slot_16 ? SPAN_CARD_PORTS : SPAN_CARD_CIRCUITS,
                           .read = read_card,
                           .write = write_card,
                           .level = level_card,
                           .order = order_card,
                           .dial = settings->dials && settings->kind == WIRE_OFFICES ? dial_card : 0,
                           .quiet = quiet_card,
                           .close = close_card,
                           .join = settings->cut_through ? dahdi_cross_join : 0,
                           .part = settings->cut_through ? dahdi_cross_part : 0,
                           .wait = settings->paces ? wait_card : 0};
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    struct dahdi_channel *channel = &it->channel[port];
    channel->port = port;
    channel->number = number_of(it, port);
    channel->fd = -1;
    channel->ahead = CHANNEL_NOT_ASKED;
    int signals = port < ports_of(it) && dahdi_links_have(&it->links, number_of(it, port));
    channel->opened = (struct dahdi_opened){.fd = -1, .state = signals ? SPAN_CARD_SIGNALLING : SPAN_CARD_NO_CHANNEL};
    channel->ordered_bits = (uint8_t)settings->idle_bits;
    channel->now = channel->told = (struct dahdi_signals){.bits = (uint8_t)settings->idle_bits, .battery = 1};
  }
  pthread_mutex_init(&it->asking, 0);
  it->kept = kept;
  it->kept_count = count;
  dahdi_mend(&it->card);
  it->kept = 0;
  it->kept_count = 0;
  return &it->card;
}

int dahdi_at_once(struct card *card) {
  const struct dahdi *it = card->self;
  return it->ticking.kernel.transfer != 0;
}

uint32_t dahdi_opening(struct card *card, int channel, int *fd) {
  const struct dahdi *it = card->self;
  const struct dahdi_opened *found = dahdi_links_opened(&it->links, channel);
  for (int port = 0; port < ports_of(it) && !found; port++)
    if (number_of(it, port) == channel) found = &it->channel[port].opened;
  *fd = found ? found->fd : -1;
  return found && found->fd >= 0 ? found->serial : 0;
}

int dahdi_state(struct card *card, int port) {
  const struct dahdi *it = card->self;
  return port < 0 || port >= ports_of(it) ? -1 : it->channel[port].opened.state;
}

void dahdi_counters(struct card *card, struct dahdi_counters *counters) {
  const struct dahdi *it = card->self;
  *counters = it->counters;
}

void dahdi_report(struct card *card, struct dahdi_span_report *report) {
  struct dahdi *it = card->self;
  pthread_mutex_lock(&it->asking);
  *report = it->report;
  report->told_alarms = it->alarms.told;
  pthread_mutex_unlock(&it->asking);
}

int dahdi_maintain(struct card *card, int order) {
  struct dahdi *it = card->self;
  pthread_mutex_lock(&it->asking);
  int failed = dahdi_span_maintain(&it->mending, it->span, order);
  pthread_mutex_unlock(&it->asking);
  return failed;
}

int dahdi_loop_channel(struct card *card, int port, int on) {
  struct dahdi *it = card->self;
  int failed = -ENODEV;
  pthread_mutex_lock(&it->asking);
  if (port >= 0 && port < ports_of(it) && it->channel[port].opened.fd >= 0) {
    struct dahdi_channel *channel = &it->channel[port];
    failed = atomic_load_explicit(&channel->crossed, memory_order_relaxed) ? -EBUSY : 0;
    if (!failed) failed = dahdi_call_number(&it->mending, channel->opened.fd, DAHDI_LOOPBACK, on);
    if (!failed) atomic_store_explicit(&channel->looped, on, memory_order_relaxed);
  }
  pthread_mutex_unlock(&it->asking);
  return failed;
}

struct card *dahdi_link(struct card *card, int number) {
  struct dahdi *it = card->self;
  return number >= 0 && number < it->links.count ? &it->links.link[number].face.card : 0;
}

int dahdi_link_state(struct card *card, int number) {
  const struct dahdi *it = card->self;
  return number >= 0 && number < it->links.count ? it->links.link[number].frames.opened.state : -1;
}
