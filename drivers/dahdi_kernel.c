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

static int system_poll(void *self, const int *fds, int count, uint8_t *ready) {
  struct pollfd asked[POLLED];
  (void)self;
  if (count > POLLED) return -EINVAL;
  for (int n = 0; n < count; n++) asked[n] = (struct pollfd){.fd = fds[n], .events = POLLIN | POLLOUT | POLLPRI};
  int found = result(poll(asked, (nfds_t)count, 0));
  for (int n = 0; n < count; n++) {
    int seen = found > 0 ? asked[n].revents : 0;
    ready[n] = (uint8_t)((seen & POLLIN ? DAHDI_READY_IN : 0) | (seen & POLLOUT ? DAHDI_READY_OUT : 0) |
                         (seen & ~(POLLIN | POLLOUT) ? DAHDI_READY_EVENT : 0));
  }
  return found;
}

const struct dahdi_kernel dahdi_running_kernel = {.open = system_open,
                                                  .close = system_close,
                                                  .read = system_read,
                                                  .write = system_write,
                                                  .ioctl = system_ioctl,
                                                  .poll = system_poll};

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

int dahdi_call_poll(struct dahdi_calls *calls, const int *fds, int count, uint8_t *ready) {
  calls->count++;
  return calls->kernel.poll(calls->kernel.self, fds, count, ready);
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
