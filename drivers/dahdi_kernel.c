#include "dahdi_kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define POLLED SPAN_CARD_PORTS

static int result(long returned) { return returned < 0 ? -errno : (int)returned; }

static int system_open(void *self, const char *path) {
  (void)self;
  return result(open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

static int system_close(void *self, int fd) {
  (void)self;
  return result(close(fd));
}

static int system_read(void *self, int fd, uint8_t *octets, int room) {
  (void)self;
  return result(read(fd, octets, (size_t)room));
}

static int system_write(void *self, int fd, const uint8_t *octets, int count) {
  (void)self;
  return result(write(fd, octets, (size_t)count));
}

static int system_ioctl(void *self, int fd, uint32_t request, void *argument) {
  (void)self;
  return result(ioctl(fd, request, argument));
}

static uint8_t found_in(short revents) {
  return (uint8_t)((revents & POLLIN ? DAHDI_FOUND_BLOCK : 0) | (revents & POLLOUT ? DAHDI_FOUND_ROOM : 0) |
                   (revents & POLLPRI ? DAHDI_FOUND_EVENT : 0) | (revents & (POLLERR | POLLHUP | POLLNVAL) ? DAHDI_FOUND_GONE : 0));
}

static int system_poll(void *self, const int *fds, int count, uint8_t *found) {
  struct pollfd asked[POLLED];
  (void)self;
  if (count > POLLED) return -EINVAL;
  for (int n = 0; n < count; n++) asked[n] = (struct pollfd){.fd = fds[n], .events = POLLIN | POLLOUT | POLLPRI};
  int waiting = result(poll(asked, (nfds_t)count, 0));
  for (int n = 0; n < count; n++) found[n] = waiting > 0 ? found_in(asked[n].revents) : 0;
  return waiting;
}

static int system_wait(void *self, int fd, uint64_t most_ns) {
  struct pollfd asked = {.fd = fd, .events = POLLIN};
  struct timespec most = {.tv_sec = (time_t)(most_ns / 1000000000u), .tv_nsec = (long)(most_ns % 1000000000u)};
  (void)self;
  int waiting = result(ppoll(&asked, 1, &most, 0));
  return waiting > 0 ? found_in(asked.revents) : waiting;
}

const struct dahdi_kernel dahdi_running_kernel = {.open = system_open,
                                                  .close = system_close,
                                                  .read = system_read,
                                                  .write = system_write,
                                                  .ioctl = system_ioctl,
                                                  .poll = system_poll,
                                                  .wait = system_wait};

int dahdi_call_open(struct dahdi_calls *calls, const char *path) {
  calls->count++;
  return calls->kernel.open(calls->kernel.self, path);
}

int dahdi_call_close(struct dahdi_calls *calls, int fd) {
  calls->count++;
  return calls->kernel.close(calls->kernel.self, fd);
}

int dahdi_call_read(struct dahdi_calls *calls, int fd, uint8_t *octets, int room) {
  calls->count++;
  return calls->kernel.read(calls->kernel.self, fd, octets, room);
}

int dahdi_call_write(struct dahdi_calls *calls, int fd, const uint8_t *octets, int count) {
  calls->count++;
  return calls->kernel.write(calls->kernel.self, fd, octets, count);
}

int dahdi_call_poll(struct dahdi_calls *calls, const int *fds, int count, uint8_t *found) {
  calls->count++;
  return calls->kernel.poll(calls->kernel.self, fds, count, found);
}

int dahdi_call_wait(struct dahdi_calls *calls, int fd, uint64_t most_ns) {
  calls->count++;
  return calls->kernel.wait(calls->kernel.self, fd, most_ns);
}

int dahdi_call_transfer(struct dahdi_calls *calls, int writing, struct dahdi_transfer *jobs, int count) {
  int made = calls->kernel.transfer(calls->kernel.self, writing, jobs, count);
  if (made < 0) {
    calls->kernel.transfer = 0;
    return -1;
  }
  calls->count += (uint64_t)made;
  return 0;
}

int dahdi_call(struct dahdi_calls *calls, int fd, uint32_t request, void *argument) {
  calls->count++;
  return calls->kernel.ioctl(calls->kernel.self, fd, request, argument);
}

int dahdi_call_number(struct dahdi_calls *calls, int fd, uint32_t request, int number) {
  return dahdi_call(calls, fd, request, &number);
}
