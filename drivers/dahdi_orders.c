#include "api.h"
#include "dahdi_channel.h"
#include "dahdi_kept.h"
#include <dahdi/user.h>
#include <errno.h>

#define TICK_MS 10
#define SAYS_WITHIN_MS 1000 /* that it has dialled: afterwards nobody waits for its word */

/* The kernel goes on with what it began. */
static int begun(int result) { return result == -EINPROGRESS ? 0 : result; }

static int hook(struct dahdi_channel *channel, struct dahdi_calls *calls, int state) {
  return channel->fd < 0 ? 0 : begun(dahdi_call_number(calls, channel->fd, DAHDI_HOOK, state));
}

static int order_bits(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls, uint8_t bits) {
  channel->ordered_bits = bits;
  if (channel->fd < 0 || bits == channel->sent_bits) return 0;
  int failed = channel->sort == CHANNEL_BITS
                   ? dahdi_call_number(calls, channel->fd, DAHDI_SETTXBITS, bits)
                   : hook(channel, calls, bits == settings->idle_bits ? DAHDI_ONHOOK : DAHDI_OFFHOOK);
  if (!failed) channel->sent_bits = bits;
  return failed;
}

/* Voltage off: the line of a telephone that has answered is fed for speech. */
static int order_ring(struct dahdi_channel *channel, struct dahdi_calls *calls, int on) {
  channel->ring = (uint8_t)on;
  if (!on) {
    int answered = channel->now.hook && !channel->unfed;
    if (answered && channel->active) return 0;
    int failed = hook(channel, calls, answered ? DAHDI_OFFHOOK : DAHDI_RINGOFF);
    channel->active = answered && !failed;
    return failed;
  }
  if (channel->active) hook(channel, calls, DAHDI_ONHOOK);
  channel->active = 0;
  return hook(channel, calls, DAHDI_RING);
}

/* Kewl start: the kernel takes the feed away for half a second. */
static int order_feed(struct dahdi_channel *channel, struct dahdi_calls *calls, int on) {
  if (channel->fd >= 0 && channel->signalling != DAHDI_SIG_FXOKS) return -1;
  channel->unfed = !on;
  channel->watched_until = channel->tick + CHANNEL_WATCH_TICKS;
  if (on || !channel->active) return 0;
  channel->active = 0;
  return hook(channel, calls, DAHDI_ONHOOK);
}

static int order_polarity(struct dahdi_channel *channel, struct dahdi_calls *calls, int reversed) {
  int failed = channel->fd < 0 ? 0 : dahdi_call_number(calls, channel->fd, DAHDI_SETPOLARITY, reversed);
  if (!failed) channel->reverse = (uint8_t)reversed;
  return failed;
}

static int order_lamp(struct dahdi_channel *channel, struct dahdi_calls *calls, int on) {
  channel->lamp = (uint8_t)on;
  return channel->fd < 0 ? 0 : dahdi_call_number(calls, channel->fd, DAHDI_VMWI, on);
}

static int telephone_order(struct dahdi_channel *channel, struct dahdi_calls *calls, int kind, int value) {
  switch (kind) {
  case CARD_ORDER_LAMP:
    return order_lamp(channel, calls, value);
  case CARD_ORDER_RING:
    return order_ring(channel, calls, value);
  case CARD_ORDER_POLARITY:
    return order_polarity(channel, calls, value);
  case CARD_ORDER_FEED:
    return order_feed(channel, calls, value);
  default:
    return -1;
  }
}

static int office_order(struct dahdi_channel *channel, struct dahdi_calls *calls, int kind, int value) {
  if (kind == CARD_ORDER_LOOP) {
    channel->loop = (uint8_t)value;
    channel->dialling_until = 0;
    if (!value) channel->watched_until = channel->tick + CHANNEL_WATCH_TICKS;
    return hook(channel, calls, value ? DAHDI_OFFHOOK : DAHDI_ONHOOK);
  }
  if (kind != CARD_ORDER_GROUND || (channel->fd >= 0 && channel->signalling != DAHDI_SIG_FXSGS)) return -1;
  channel->ground = (uint8_t)value;
  if (!value && channel->loop) return 0;
  return hook(channel, calls, value ? DAHDI_START : DAHDI_ONHOOK);
}

static int set_pulses(struct dahdi_channel *channel, struct dahdi_calls *calls, const struct card_pulses *pulses) {
  const struct card_pulses *told = &channel->dialled;
  if (told->break_ms == pulses->break_ms && told->make_ms == pulses->make_ms && told->pause_ms == pulses->pause_ms) return 0;
  struct dahdi_params found = {0};
  int failed = dahdi_call(calls, channel->fd, DAHDI_GET_PARAMS, &found);
  found.pulsebreaktime = pulses->break_ms;
  found.pulsemaketime = pulses->make_ms;
  found.pulseaftertime = pulses->pause_ms > pulses->make_ms ? pulses->pause_ms - pulses->make_ms : 1; /* it makes the last make, too */
  if (!failed) failed = dahdi_call(calls, channel->fd, DAHDI_SET_PARAMS, &found);
  if (!failed) channel->dialled = *pulses;
  return failed;
}

/* The kernel counts samples, so a late tick changes no pulse. While it dials, and in the pause behind, the line is deaf, and nobody may
 * write to it; it says when it is done. */
int dahdi_channel_dial(struct dahdi_channel *channel, struct dahdi_calls *calls, const struct card_pulses *pulses) {
  if (channel->fd < 0 || channel->sort != CHANNEL_OFFICE || !channel->loop) return -1;
  if (pulses->breaks < 1 || pulses->breaks > 10 || !pulses->break_ms || !pulses->make_ms) return -1;
  struct dahdi_dialoperation digit = {.op = DAHDI_DIAL_OP_APPEND, .dialstr = {'P', (char)('0' + pulses->breaks % 10)}};
  if (set_pulses(channel, calls, pulses)) return -1;
  if (dahdi_call(calls, channel->fd, DAHDI_DIAL, &digit)) return -1;
  uint64_t length_ms = (uint64_t)pulses->breaks * (uint64_t)(pulses->break_ms + pulses->make_ms) + pulses->pause_ms + SAYS_WITHIN_MS;
  uint64_t begins = channel->dialling_until > channel->tick ? channel->dialling_until : channel->tick;
  channel->dialling_until = begins + length_ms / TICK_MS;
  channel->written = 0;
  return 0;
}

int dahdi_channel_order(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls, int kind,
                        uint32_t value) {
  int failed = -1;
  if (settings->kind == WIRE_CIRCUITS && kind == CARD_ORDER_BITS && channel->sort != CHANNEL_CLEAR)
    failed = order_bits(channel, settings, calls, (uint8_t)(value & DAHDI_BITS_ABCD));
  else if (settings->kind == WIRE_SUBSCRIBERS)
    failed = telephone_order(channel, calls, kind, value != 0);
  else if (settings->kind == WIRE_OFFICES)
    failed = office_order(channel, calls, kind, value != 0);
  return failed ? -1 : 0;
}

/* What the kernel lost before anybody read is no loss, and told of it would cost the first tick four calls a channel. */
static void begin_sound(struct dahdi_channel *channel, struct dahdi_calls *calls) {
  dahdi_call_number(calls, channel->fd, DAHDI_FLUSH, DAHDI_FLUSH_READ | DAHDI_FLUSH_WRITE);
  dahdi_call_number(calls, channel->fd, DAHDI_BUFFER_EVENTS, 1);
}

void dahdi_channel_take(struct dahdi_channel *channel, const struct dahdi_settings *settings, struct dahdi_calls *calls, uint64_t tick) {
  channel->fd = channel->opened.fd;
  channel->sort = channel->opened.sort;
  channel->signalling = channel->opened.signalling;
  channel->now = channel->opened.levels;
  channel->active = channel->holding = 0;
  channel->written = channel->transfer_until = channel->dialling_until = 0;
  channel->dialled = (struct card_pulses){0};
  channel->watched_until = tick + CHANNEL_WATCH_TICKS; /* opening is a release to the kernel */
  channel->sent_bits = (uint8_t)settings->idle_bits;
  if (channel->fd < 0) return;
  begin_sound(channel, calls);
  if (channel->opened.adopted) {
    dahdi_channel_go_on(channel, settings, calls);
    return;
  }
  if (channel->sort == CHANNEL_BITS || channel->sort == CHANNEL_TIE) order_bits(channel, settings, calls, channel->ordered_bits);
  if (channel->sort == CHANNEL_OFFICE && channel->loop) hook(channel, calls, DAHDI_OFFHOOK);
  if (channel->sort == CHANNEL_TELEPHONE && channel->ring) hook(channel, calls, DAHDI_RING);
  if (channel->sort == CHANNEL_TELEPHONE && channel->reverse) order_polarity(channel, calls, 1);
  if (channel->sort == CHANNEL_TELEPHONE && channel->lamp) order_lamp(channel, calls, 1);
}
