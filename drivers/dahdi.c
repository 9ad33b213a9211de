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

/* Ports that the span can have. */
static int ports_of(const struct dahdi *it) { return is_e1(it) ? SPAN_CARD_PORTS : it->settings.channels; }

/* DAHDI's number of a port's channel. */
static int number_of(const struct dahdi *it, int port) {
  int slot = is_e1(it) && port >= SIGNALLING_SLOT - 1 ? port + 2 : port + 1;
  return it->settings.first_channel + slot - 1;
}

static uint32_t alarms_of_port(const struct dahdi *it, int port) {
  return it->present && it->channel[port].fd >= 0 ? it->alarms.told : CARD_ALARM_LOS;
}

static void tell_alarms(struct dahdi *it, struct dahdi_told *told) {
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
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
  for (int port = 0; port < SPAN_CARD_PORTS; port++) it->channel[port].fd = -1;
  it->frames.fd = -1;
  atomic_store_explicit(&it->whose, DAHDI_CARD_GONE, memory_order_release);
}

/* Takes over what the mender has opened. */
static void take(struct dahdi *it, uint64_t tick) {
  for (int port = 0; port < ports_of(it); port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (channel->fd >= 0 || !atomic_load_explicit(&channel->ready, memory_order_acquire)) continue;
    dahdi_channel_take(channel, &it->settings, &it->ticking, tick);
  }
  if (it->frames.fd < 0 && atomic_load_explicit(&it->frames.ready, memory_order_acquire)) it->frames.fd = it->frames.opened.fd;
}

static int any_channel(const struct dahdi *it) {
  for (int port = 0; port < SPAN_CARD_PORTS; port++)
    if (it->channel[port].fd >= 0) return it->channel[port].fd;
  return it->frames.fd;
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
  uint8_t readable[SPAN_CARD_PORTS];
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    if (it->channel[port].fd < 0) continue;
    fds[count] = it->channel[port].fd;
    ports[count++] = port;
  }
  it->look = 0;
  if (count == 0 || dahdi_call_poll(&it->ticking, fds, count, readable) <= 0) return;
  for (int n = 0; n < count; n++)
    if (readable[n]) dahdi_channel_shorten(&it->channel[ports[n]], &it->ticking, &it->counters);
}

static int read_channels(struct dahdi *it, struct dahdi_told *told, uint8_t *samples) {
  uint64_t overruns = it->counters.overruns;
  int found = 0;
  for (int port = 0; port < ports_of(it) && !(found & CHANNEL_GONE); port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (channel->fd < 0) continue;
    found |= dahdi_channel_read(channel, &it->settings, &it->ticking, &it->counters, told, it->frozen,
                                samples + port * CARD_TICK_SAMPLES);
  }
  if (!(found & CHANNEL_GONE)) found |= dahdi_frames_receive(&it->frames, &it->ticking, &it->counters);
  it->look |= it->counters.overruns != overruns;
  return found;
}

static int read_card(struct card *card, uint8_t *samples, struct card_event *events, int room, uint64_t tick) {
  struct dahdi *it = card->self;
  struct dahdi_told told = {events, room, 0, tick};
  int changed = 0;
  it->counters.ticks++;
  memset(samples, SILENCE, SPAN_CARD_PORTS * CARD_TICK_SAMPLES);
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
  if (it->frozen || !it->present) memset(samples, SILENCE, SPAN_CARD_PORTS * CARD_TICK_SAMPLES);
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
  int found = 0;
  for (int port = 0; port < ports_of(it) && it->present && !(found & CHANNEL_GONE); port++) {
    struct dahdi_channel *channel = &it->channel[port];
    if (channel->fd < 0 || atomic_load_explicit(&channel->looped, memory_order_relaxed)) continue;
    found |= dahdi_channel_write(channel, &it->ticking, &it->counters, &told, &it->settings, it->frozen,
                                 samples + port * CARD_TICK_SAMPLES);
  }
  if (it->present && !(found & CHANNEL_GONE)) found |= dahdi_frames_send(&it->frames, &it->ticking, &it->counters);
  if (found & CHANNEL_GONE)
    let_go(it);
  else if (found & CHANNEL_ALARM)
    see_alarms(it, 1);
  it->counters.system_calls = it->ticking.count;
  return 0;
}

static int level_card(struct card *card, int port, struct card_levels *levels) {
  const struct dahdi *it = card->self;
  if (port < 0 || port >= SPAN_CARD_PORTS) return -1;
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
  atomic_store_explicit(&it->frames.ready, 0, memory_order_relaxed);
  dahdi_channel_close(&it->frames.opened, &it->mending);
}

static void close_card(struct card *card) {
  struct dahdi *it = card->self;
  close_all(it);
  pthread_mutex_destroy(&it->asking);
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
    open_one(it, &channel->opened, &channel->ready, number_of(it, port), 0);
    if (channel->opened.fd >= 0) open = channel->opened.fd;
  }
  if (it->settings.frames_channel) {
    open_one(it, &it->frames.opened, &it->frames.ready, it->settings.first_channel + it->settings.frames_channel - 1, 1);
    if (it->frames.opened.fd >= 0) open = it->frames.opened.fd;
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
  if (settings->frames_channel < 0 || settings->frames_channel > SPAN_CARD_E1_CHANNELS) return 0;
  if (settings->raise_ms < 0 || settings->clear_ms < 0) return 0;
  return settings->first_channel >= 1 && settings->first_channel + settings->channels - 1 <= DAHDI_MAX_CHANNELS &&
         settings->channels >= 1 && settings->channels <= SPAN_CARD_E1_CHANNELS;
}

struct card *dahdi_create(const struct dahdi_settings *settings, const struct dahdi_kernel *kernel) {
  return dahdi_adopt(settings, kernel, 0, 0);
}

struct card *dahdi_adopt(const struct dahdi_settings *settings, const struct dahdi_kernel *kernel, const struct dahdi_kept *kept,
                         int count) {
  struct dahdi *it = in_range(settings) ? calloc(1, sizeof *it) : 0;
  if (!it) return 0;
  it->settings = *settings;
  it->ticking.kernel = it->mending.kernel = kernel ? *kernel : dahdi_running_kernel;
  it->alarms.raise_ticks = (uint64_t)settings->raise_ms / TICK_MS;
  it->alarms.clear_ticks = (uint64_t)settings->clear_ms / TICK_MS;
  it->card = (struct card){.kind = "dahdi",
                           .self = it,
                           .ports = SPAN_CARD_PORTS,
                           .read = read_card,
                           .write = write_card,
                           .level = level_card,
                           .order = order_card,
                           .quiet = quiet_card,
                           .close = close_card};
  it->frames.fd = it->frames.opened.fd = -1;
  for (int port = 0; port < SPAN_CARD_PORTS; port++) {
    struct dahdi_channel *channel = &it->channel[port];
    channel->port = port;
    channel->fd = -1;
    channel->opened = (struct dahdi_opened){.fd = -1, .state = SPAN_CARD_NO_CHANNEL};
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

uint32_t dahdi_opening(struct card *card, int channel, int *fd) {
  const struct dahdi *it = card->self;
  const struct dahdi_opened *found = 0;
  for (int port = 0; port < ports_of(it); port++)
    if (number_of(it, port) == channel) found = &it->channel[port].opened;
  if (it->settings.frames_channel && it->settings.first_channel + it->settings.frames_channel - 1 == channel) found = &it->frames.opened;
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
    failed = dahdi_call_number(&it->mending, channel->opened.fd, DAHDI_LOOPBACK, on);
    if (!failed) atomic_store_explicit(&channel->looped, on, memory_order_relaxed);
  }
  pthread_mutex_unlock(&it->asking);
  return failed;
}

int dahdi_send_frame(struct card *card, const uint8_t *octets, int count) {
  struct dahdi *it = card->self;
  return it->settings.frames_channel ? dahdi_frame_give(&it->frames.out, octets, count) : -1;
}

int dahdi_take_frame(struct card *card, uint8_t *octets, int room) {
  struct dahdi *it = card->self;
  return dahdi_frame_take(&it->frames.in, octets, room);
}
