/* The running kernel behind struct dahdi_kernel (dahdi_api.h), and calls that are counted.
 *
 * Must meet: descriptors are non-blocking; no call but `wait` waits. A failure is -errno, so that nobody looks at errno.
 */
#pragma once
#include "dahdi_api.h"

/* The system calls of one thread. */
struct dahdi_calls {
  struct dahdi_kernel kernel;
  uint64_t count;
};

extern const struct dahdi_kernel dahdi_running_kernel;

int dahdi_call_open(struct dahdi_calls *calls, const char *path);
int dahdi_call_close(struct dahdi_calls *calls, int fd);
int dahdi_call_read(struct dahdi_calls *calls, int fd, uint8_t *octets, int room);
int dahdi_call_write(struct dahdi_calls *calls, int fd, const uint8_t *octets, int count);
int dahdi_call_poll(struct dahdi_calls *calls, const int *fds, int count, uint8_t *found);
int dahdi_call_wait(struct dahdi_calls *calls, int fd, uint64_t most_ns);
/* Reads or writes of channels that are ready; 0, or -1: one by one from now on. */
int dahdi_call_transfer(struct dahdi_calls *calls, int writing, struct dahdi_transfer *jobs, int count);
int dahdi_call(struct dahdi_calls *calls, int fd, uint32_t request, void *argument);
/* An order whose argument is one number. */
int dahdi_call_number(struct dahdi_calls *calls, int fd, uint32_t request, int number);
