/* A line card of the DAHDI kind for libopenr2, made of memory and of a clock that its user turns.
 *
 * libopenr2 1.3.3 knows no other way to a line than ioctl, read and write on a DAHDI descriptor. This shared object names the
 * library as needed and defines those calls and the clock itself; opened by dlopen with RTLD_DEEPBIND, the library finds
 * ours before the C library's, and nothing else in the process does. There is one card and one clock in a process.
 *
 * Limits: 30 channels, descriptors CARD_FIRST_FD + n. A channel reads and writes blocks of the size the library asks for
 * (160 octets, 20 ms), holds as many blocks to send as it asks for (4), tells changed bits and alarms as events, in order.
 * Request numbers and values are those of DAHDI 2.11 (include/dahdi/user.h: code 0xDA); of its structures only the signalling
 * of a channel, the fourth int of struct dahdi_params, and the first four ints of struct dahdi_bufferinfo matter here.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

#define CARD_CHANNELS 30
#define CARD_FIRST_FD 1000000
#define CARD_TICK 80
#define CARD_SILENCE 0xD5
#define CARD_ROOM 1600 /* octets waiting to be read, at most: 200 ms */
#define CARD_EVENTS 64

#define DAHDI_CODE 0xDA
#define DAHDI_NUMBER_FLUSH 3
#define DAHDI_NUMBER_PARAMS 5
#define DAHDI_NUMBER_GETEVENT 8
#define DAHDI_NUMBER_IOMUX 9
#define DAHDI_NUMBER_GAINS 16
#define DAHDI_NUMBER_BUFINFO 27
#define DAHDI_NUMBER_ECHOCANCEL 33
#define DAHDI_NUMBER_CHANNO 34
#define DAHDI_NUMBER_SETLAW 39
#define DAHDI_NUMBER_BITS 43
#define DAHDI_SIG_CAS (1 << 15)
#define DAHDI_LAW_ALAW 2
#define DAHDI_FLUSH_READ 1
#define DAHDI_FLUSH_WRITE 2
#define DAHDI_IOMUX_READ 1
#define DAHDI_IOMUX_WRITE 2
#define DAHDI_IOMUX_SIGEVENT 8
#define DAHDI_EVENT_ALARM 4
#define DAHDI_EVENT_NOALARM 5
#define DAHDI_EVENT_BITSCHANGED 13

struct channel {
  int bits_in, bits_out;
  int block, blocks; /* octets of a block, blocks to send at most */
  uint8_t heard[CARD_ROOM], said[CARD_ROOM];
  int heard_count, said_count;
  int event[CARD_EVENTS];
  int events;
};

static struct channel channels[CARD_CHANNELS];
static int64_t clock_us;
static int strange; /* calls that no channel of this card understands: 0 in a good run */

static struct channel *channel_of(int fd) {
  return fd >= CARD_FIRST_FD && fd < CARD_FIRST_FD + CARD_CHANNELS ? &channels[fd - CARD_FIRST_FD] : 0;
}

/* The E1 time slot of a channel, which is its number too. */
static int slot_of(int n) { return n < 15 ? n + 1 : n + 2; }

static void notice(struct channel *channel, int event) {
  if (channel->events < CARD_EVENTS)
    channel->event[channel->events++] = event;
  else
    strange++;
}

/* What the user of the card calls. */

void card_reset(int bits_in) {
  memset(channels, 0, sizeof channels);
  for (int n = 0; n < CARD_CHANNELS; n++) {
    channels[n].bits_in = bits_in;
    channels[n].block = 2 * CARD_TICK;
    channels[n].blocks = 4;
  }
}

void card_set_clock(int64_t microseconds) { clock_us = microseconds; }
int card_fd(int n) { return CARD_FIRST_FD + n; }
int card_bits_out(int n) { return channels[n].bits_out; }
int card_strange(void) { return strange; }
/* Octets written and not yet on the line. */
int card_waiting(int n) { return channels[n].said_count; }

void card_bits_in(int n, int bits) {
  channels[n].bits_in = bits;
  notice(&channels[n], DAHDI_EVENT_BITSCHANGED);
}

void card_alarm(int standing) {
  for (int n = 0; n < CARD_CHANNELS; n++) notice(&channels[n], standing ? DAHDI_EVENT_ALARM : DAHDI_EVENT_NOALARM);
}

/* 10 ms of the line: `in` was received, `out` is sent; channel after channel, 80 octets of A-law each. */
void card_tick(const uint8_t *in, uint8_t *out) {
  for (int n = 0; n < CARD_CHANNELS; n++) {
    struct channel *channel = &channels[n];
    if (channel->heard_count + CARD_TICK > CARD_ROOM) {
      memmove(channel->heard, channel->heard + CARD_TICK, (size_t)(channel->heard_count - CARD_TICK));
      channel->heard_count -= CARD_TICK;
    }
    memcpy(channel->heard + channel->heard_count, in + n * CARD_TICK, CARD_TICK);
    channel->heard_count += CARD_TICK;
    int count = channel->said_count < CARD_TICK ? channel->said_count : CARD_TICK;
    memset(out + n * CARD_TICK, CARD_SILENCE, CARD_TICK);
    memcpy(out + n * CARD_TICK, channel->said, (size_t)count);
    memmove(channel->said, channel->said + count, (size_t)(channel->said_count - count));
    channel->said_count -= count;
  }
}

/* What the library calls. */

static int refuse(int why) {
  strange++;
  errno = why;
  return -1;
}

static int flush(struct channel *channel, int what) {
  if (what & DAHDI_FLUSH_READ) channel->heard_count = 0;
  if (what & DAHDI_FLUSH_WRITE) channel->said_count = 0;
  return 0;
}

static int buffers(struct channel *channel, int *info, int asked) {
  if (asked) {
    info[0] = info[1] = 0;
    info[2] = channel->blocks;
    info[3] = channel->block;
    return 0;
  }
  if (info[3] <= 0 || info[2] <= 0 || info[3] * info[2] > CARD_ROOM) return refuse(EINVAL);
  channel->blocks = info[2];
  channel->block = info[3];
  return 0;
}

static int wanted_now(const struct channel *channel, int *wanted) {
  int found = channel->events ? DAHDI_IOMUX_SIGEVENT : 0;
  if (channel->heard_count >= channel->block) found |= DAHDI_IOMUX_READ;
  if (channel->said_count + channel->block <= channel->block * channel->blocks) found |= DAHDI_IOMUX_WRITE;
  *wanted &= found;
  return 0;
}

static int next_event(struct channel *channel, int *event) {
  *event = channel->events ? channel->event[0] : 0;
  if (channel->events) memmove(channel->event, channel->event + 1, (size_t)--channel->events * sizeof(int));
  return 0;
}

static int bits(struct channel *channel, int *value, int asked) {
  if (asked)
    *value = channel->bits_in;
  else
    channel->bits_out = *value & 15;
  return 0;
}

int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  int *value = va_arg(rest, int *);
  va_end(rest);
  struct channel *channel = channel_of(fd);
  if (!channel || _IOC_TYPE(request) != DAHDI_CODE) return refuse(ENOTTY);
  int asked = (_IOC_DIR(request) & _IOC_READ) != 0;
  switch (_IOC_NR(request)) {
  case DAHDI_NUMBER_FLUSH: return flush(channel, *value);
  case DAHDI_NUMBER_PARAMS:
    memset(value, 0, _IOC_SIZE(request));
    value[0] = fd - CARD_FIRST_FD;
    value[3] = DAHDI_SIG_CAS;
    return 0;
  case DAHDI_NUMBER_GETEVENT: return next_event(channel, value);
  case DAHDI_NUMBER_IOMUX: return wanted_now(channel, value);
  case DAHDI_NUMBER_BUFINFO: return buffers(channel, value, asked);
  case DAHDI_NUMBER_CHANNO: *value = slot_of(fd - CARD_FIRST_FD); return 0;
  case DAHDI_NUMBER_BITS: return bits(channel, value, asked);
  case DAHDI_NUMBER_SETLAW: return *value == DAHDI_LAW_ALAW ? 0 : refuse(EINVAL);
  case DAHDI_NUMBER_GAINS:
  case DAHDI_NUMBER_ECHOCANCEL: return 0;
  default: return refuse(ENOTTY);
  }
}

ssize_t read(int fd, void *found, size_t room) {
  struct channel *channel = channel_of(fd);
  if (!channel) return refuse(EBADF);
  size_t count = (size_t)channel->heard_count < room ? (size_t)channel->heard_count : room;
  if (count == 0) {
    errno = EAGAIN;
    return -1;
  }
  memcpy(found, channel->heard, count);
  memmove(channel->heard, channel->heard + count, (size_t)channel->heard_count - count);
  channel->heard_count -= (int)count;
  return (ssize_t)count;
}

ssize_t write(int fd, const void *octets, size_t count) {
  struct channel *channel = channel_of(fd);
  if (!channel) return refuse(EBADF);
  if (channel->said_count + (int)count > channel->block * channel->blocks) {
    errno = EAGAIN;
    return -1;
  }
  memcpy(channel->said + channel->said_count, octets, count);
  channel->said_count += (int)count;
  return (ssize_t)count;
}

int poll(struct pollfd *descriptors, nfds_t count, int timeout_ms) {
  (void)descriptors, (void)count, (void)timeout_ms;
  return refuse(ENOSYS);
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
