#include "dahdi_channel.h"
#include "api.h"
#include <dahdi/user.h>
#include <errno.h>
#include <string.h>

#define SILENCE 0xD5
#define RARELY_TICKS 16   /* a line without battery is looked at */
#define SECOND_TICKS 100  /* a telephone off-hook is looked at: it must not stay so because an event was lost */
#define REST_TICKS 100    /* a telephone on-hook so long is at rest, not dialling */
#define TRANSFER_MS 1000
#define TRANSFER_TICKS 80 /* until it is asked for again */
#define MOST_EVENTS 64    /* the kernel keeps no more */

static int put(struct dahdi_told *told, int port, int kind, int value) {
  if (told->count == told->room) return -1;
  told->event[told->count++] = (struct card_event){(uint16_t)port, (uint16_t)kind, 0, 0, (uint32_t)value};
  return 0;
}

static uint8_t bits_of(const struct dahdi_channel *channel, const struct dahdi_settings *settings, const struct dahdi_signals *signals) {
  if (channel->sort == CHANNEL_TIE) return (uint8_t)(signals->hook ? settings->busy_bits : settings->idle_bits);
  return channel->sort == CHANNEL_BITS ? signals->bits : (uint8_t)settings->idle_bits;
}

/* One signal of a channel, if it differs from what was told. */
static int told_already(struct dahdi_told *told, int port, int kind, uint8_t now, uint8_t *before) {
  if (*before == now) return 1;
  if (put(told, port, kind, now)) return 0;
  *before = now;
  return 1;
}

void dahdi_channel_tell(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_counters *counters,
                        struct dahdi_told *told) {
  struct dahdi_signals *now = &channel->now, *before = &channel->told;
  int port = channel->port, all = 1;
  if (settings->kind == WIRE_CIRCUITS)
    all = told_already(told, port, CARD_EVENT_BITS, bits_of(channel, settings, now), &before->bits);
  else if (settings->kind == WIRE_SUBSCRIBERS)
    all = told_already(told, port, CARD_EVENT_HOOK, now->hook, &before->hook);
  else
    all = told_already(told, port, CARD_EVENT_BATTERY, now->battery, &before->battery) &
          told_already(told, port, CARD_EVENT_POLARITY, now->reversed, &before->reversed) &
          told_already(told, port, CARD_EVENT_RINGING, now->ringing, &before->ringing);
  if (!all && !channel->behind) counters->events_late++;
  channel->behind = !all;
}

static void look_at_line(int sort, int signalling, struct dahdi_signals *levels, const struct dahdi_params *found) {
  if (sort != CHANNEL_OFFICE) {
    levels->hook = found->rxisoffhook != 0;
    return;
  }
  if (found->rxbits < 0) {
    /* A board: its events tell ringing; a line without battery has an alarm of its own. */
    levels->battery = !found->chan_alarms && (levels->battery || found->rxisoffhook);
    return;
  }
  int open = (found->rxbits & DAHDI_ABIT) && signalling != DAHDI_SIG_FXSLS;
  levels->ringing = !(found->rxbits & DAHDI_BBIT);
  levels->battery = levels->ringing || !open;
}

int dahdi_channel_look(int fd, int sort, int signalling, struct dahdi_signals *levels, struct dahdi_calls *calls) {
  struct dahdi_params found = {0};
  int bits = 0, failed = 0;
  if (sort == CHANNEL_BITS) {
    failed = dahdi_call(calls, fd, DAHDI_GETRXBITS, &bits);
    if (!failed) levels->bits = (uint8_t)(bits & DAHDI_BITS_ABCD);
  } else if (sort == CHANNEL_TELEPHONE || sort == CHANNEL_OFFICE || sort == CHANNEL_TIE) {
    failed = dahdi_call(calls, fd, DAHDI_GET_PARAMS, &found);
    if (!failed) look_at_line(sort, signalling, levels, &found);
  }
  return failed;
}

static int look(struct dahdi_channel *channel, struct dahdi_calls *calls) {
  uint8_t hook = channel->now.hook;
  int failed = dahdi_channel_look(channel->fd, channel->sort, channel->signalling, &channel->now, calls) != 0;
  if (hook != channel->now.hook) channel->open_since = channel->tick;
  return failed;
}

static void hook_event(struct dahdi_channel *channel, int off, uint64_t tick) {
  channel->now.hook = (uint8_t)off;
  channel->open_since = tick;
}

static void office_event(struct dahdi_channel *channel, int event, uint64_t tick) {
  struct dahdi_signals *now = &channel->now;
  if (event == DAHDI_EVENT_RINGBEGIN) now->ringing = 1;
  if (event == DAHDI_EVENT_RINGOFFHOOK) now->ringing = 0;
  if (event == DAHDI_EVENT_ONHOOK) now->battery = 0;
  if (event == DAHDI_EVENT_POLARITY) now->reversed ^= 1;
  channel->watched_until = tick + CHANNEL_WATCH_TICKS;
}

/* What concerns the line alone; 0 = known. */
static int line_event(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_counters *counters,
                      struct dahdi_told *told, int event) {
  switch (event) {
  case DAHDI_EVENT_ONHOOK:
  case DAHDI_EVENT_RINGOFFHOOK:
  case DAHDI_EVENT_RINGBEGIN:
  case DAHDI_EVENT_POLARITY:
    if (channel->sort == CHANNEL_OFFICE)
      office_event(channel, event, told->tick);
    else if (event == DAHDI_EVENT_ONHOOK || event == DAHDI_EVENT_RINGOFFHOOK)
      hook_event(channel, event == DAHDI_EVENT_RINGOFFHOOK, told->tick);
    return 0;
  case DAHDI_EVENT_WINKFLASH:
    /* The kernel saw both edges at once: the line is again as it was. */
    hook_event(channel, !channel->now.hook, told->tick);
    dahdi_channel_tell(channel, settings, counters, told);
    hook_event(channel, !channel->now.hook, told->tick);
    return 0;
  case DAHDI_EVENT_DIALCOMPLETE:
    channel->dialling_until = 0;
    return 0;
  case DAHDI_EVENT_HOOKCOMPLETE:
  case DAHDI_EVENT_RINGERON:
  case DAHDI_EVENT_RINGEROFF:
    return 0;
  default:
    return -1;
  }
}

/* Nobody reads or fills the buffers of a channel that is joined in the kernel. */
static int is_crossed(const struct dahdi_channel *channel) { return atomic_load_explicit(&channel->crossed, memory_order_relaxed); }

/* Takes one event off the queue. */
static int take_event(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                      struct dahdi_counters *counters, struct dahdi_told *told, int frozen) {
  int event = DAHDI_EVENT_NONE;
  if (dahdi_call(calls, channel->fd, DAHDI_GETEVENT, &event) == -ENODEV) return CHANNEL_GONE;
  counters->events += event != DAHDI_EVENT_NONE;
  switch (event) {
  case DAHDI_EVENT_NONE:
    return 0;
  case DAHDI_EVENT_REMOVED:
    return CHANNEL_GONE;
  case DAHDI_EVENT_ALARM:
  case DAHDI_EVENT_NOALARM:
    channel->watched_until = told->tick + CHANNEL_WATCH_TICKS;
    return CHANNEL_ALARM;
  case DAHDI_EVENT_READ_OVERRUN:
    counters->overruns += !is_crossed(channel);
    return 0;
  case DAHDI_EVENT_WRITE_UNDERRUN:
    counters->underruns += channel->written > CHANNEL_BUFFERS && !is_crossed(channel);
    return 0;
  case DAHDI_EVENT_BITSCHANGED:
    if (!frozen && channel->sort == CHANNEL_BITS) counters->failures += (uint64_t)look(channel, calls);
    break;
  default:
    if (line_event(channel, settings, counters, told, event)) counters->unknown_events++;
  }
  if (!frozen) dahdi_channel_tell(channel, settings, counters, told);
  return 0;
}

/* A telephone off-hook is fed for speech; one that has hung up is not, once it cannot be dialling. */
static void feed_for_speech(struct dahdi_channel *channel, struct dahdi_calls *calls, uint64_t tick) {
  if (channel->sort != CHANNEL_TELEPHONE) return;
  if (channel->now.hook && !channel->active && !channel->unfed)
    channel->active = dahdi_call_number(calls, channel->fd, DAHDI_HOOK, DAHDI_OFFHOOK) == 0;
  if (!channel->now.hook && channel->active && tick - channel->open_since >= REST_TICKS) {
    dahdi_call_number(calls, channel->fd, DAHDI_HOOK, DAHDI_ONHOOK);
    channel->active = 0;
  }
}

/* Events do not tell all: nothing of a telephone that hangs up while the kernel ends a break of its feed, no second ring within 2 s. */
static int is_watched(const struct dahdi_channel *channel, uint64_t tick) {
  if (channel->sort != CHANNEL_OFFICE && channel->sort != CHANNEL_TELEPHONE) return 0;
  if (tick < channel->watched_until) return 1;
  if (channel->sort == CHANNEL_TELEPHONE) return channel->now.hook && (tick + (uint64_t)channel->port) % SECOND_TICKS == 0;
  return channel->now.ringing || (!channel->now.battery && tick % RARELY_TICKS == 0);
}

/* What events do not tell, and what is to be done by what they told. */
static void conclude(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                     struct dahdi_counters *counters, struct dahdi_told *told) {
  if (is_watched(channel, told->tick)) counters->failures += (uint64_t)look(channel, calls);
  feed_for_speech(channel, calls, told->tick);
  dahdi_channel_tell(channel, settings, counters, told);
}

int dahdi_channel_events(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                         struct dahdi_counters *counters, struct dahdi_told *told, int waiting, int frozen) {
  int found = 0;
  channel->tick = told->tick;
  for (int n = 0; n < MOST_EVENTS && waiting; n++) {
    uint64_t before = counters->events;
    found |= take_event(channel, settings, calls, counters, told, frozen);
    if (found & CHANNEL_GONE) return found;
    waiting = counters->events != before;
  }
  if (!frozen) conclude(channel, settings, calls, counters, told);
  return found;
}

int dahdi_channel_read(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls,
                       struct dahdi_counters *counters, struct dahdi_told *told, int frozen, uint8_t *samples) {
  int found = 0, count = channel->ahead;
  if (count == CHANNEL_NOT_ASKED) count = dahdi_call_read(calls, channel->fd, samples, CARD_TICK_SAMPLES);
  channel->ahead = CHANNEL_NOT_ASKED;
  channel->tick = told->tick;
  for (int n = 0; n < MOST_EVENTS && count == -ELAST; n++) {
    found |= take_event(channel, settings, calls, counters, told, frozen);
    if (found & CHANNEL_GONE) return found;
    count = dahdi_call_read(calls, channel->fd, samples, CARD_TICK_SAMPLES);
  }
  if (count == -ENODEV || count == -ENXIO) return CHANNEL_GONE;
  if (count < 0 && count != -EAGAIN && count != -ELAST) counters->failures++;
  if (count > 0 && channel->holding) {
    uint8_t newest[CARD_TICK_SAMPLES];
    memcpy(newest, samples, sizeof newest);
    memcpy(samples, channel->held, CARD_TICK_SAMPLES);
    memcpy(channel->held, newest, sizeof newest);
  } else if (count <= 0 && channel->holding) {
    memcpy(samples, channel->held, CARD_TICK_SAMPLES);
    channel->holding = 0;
  } else if (count < CARD_TICK_SAMPLES) {
    counters->starved += count <= 0;
    memset(samples + (count > 0 ? count : 0), SILENCE, (size_t)(CARD_TICK_SAMPLES - (count > 0 ? count : 0)));
  }
  if (!frozen) conclude(channel, settings, calls, counters, told);
  return found;
}

void dahdi_channel_shorten(struct dahdi_channel *channel, struct dahdi_calls *calls, struct dahdi_counters *counters) {
  uint8_t waiting[CARD_TICK_SAMPLES];
  if (dahdi_call_read(calls, channel->fd, waiting, sizeof waiting) != sizeof waiting) return;
  counters->dropped += channel->holding;
  memcpy(channel->held, waiting, sizeof waiting);
  channel->holding = 1;
}

static int is_silent(const uint8_t *samples) {
  for (int n = 0; n < CARD_TICK_SAMPLES; n++)
    if ((samples[n] & 0x7f) != (SILENCE & 0x7f)) return 0;
  return 1;
}

/* A telephone on-hook hears nothing unless the board is told: caller identity, messages waiting. */
static void speak_on_hook(struct dahdi_channel *channel, struct dahdi_calls *calls, uint64_t tick, const uint8_t *samples) {
  if (channel->sort != CHANNEL_TELEPHONE || channel->now.hook || channel->ring || tick < channel->transfer_until) return;
  if (is_silent(samples)) return;
  int refused = dahdi_call_number(calls, channel->fd, DAHDI_ONHOOKTRANSFER, TRANSFER_MS);
  channel->transfer_until = refused ? UINT64_MAX : tick + TRANSFER_TICKS;
}

int dahdi_channel_write(struct dahdi_channel *channel, struct dahdi_calls *calls, struct dahdi_counters *counters, struct dahdi_told *told,
                        const struct dahdi_settings *settings, int frozen, const uint8_t *samples) {
  int found = 0;
  speak_on_hook(channel, calls, told->tick, samples);
  int count = channel->ahead;
  if (count == CHANNEL_NOT_ASKED) count = dahdi_call_write(calls, channel->fd, samples, CARD_TICK_SAMPLES);
  channel->ahead = CHANNEL_NOT_ASKED;
  for (int n = 0; n < MOST_EVENTS && count == -ELAST; n++) {
    found |= take_event(channel, settings, calls, counters, told, frozen);
    if (found & CHANNEL_GONE) return found;
    count = dahdi_call_write(calls, channel->fd, samples, CARD_TICK_SAMPLES);
  }
  if (count == -ENODEV || count == -ENXIO) return CHANNEL_GONE;
  channel->written += count > 0;
  counters->refused += count == -EAGAIN;
  counters->failures += count < 0 && count != -EAGAIN && count != -ELAST;
  return found;
}

void dahdi_channel_level(const struct dahdi_channel *channel, const struct dahdi_settings *settings, struct card_levels *levels) {
  *levels = (struct card_levels){.bits_in = bits_of(channel, settings, &channel->now), .bits_out = channel->ordered_bits, .battery = 1};
  if (settings->kind == WIRE_SUBSCRIBERS) {
    levels->hook = channel->now.hook;
    levels->ringing = channel->ring;
    levels->reversed = channel->reverse;
    levels->battery = !channel->unfed;
  } else if (settings->kind == WIRE_OFFICES) {
    levels->hook = channel->loop;
    levels->ground = channel->ground;
    levels->ringing = channel->now.ringing;
    levels->reversed = channel->now.reversed;
    levels->battery = channel->now.battery;
  }
}
