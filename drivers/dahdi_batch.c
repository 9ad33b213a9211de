#include "dahdi_batch.h"
#include <errno.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_OFFSET ((uint64_t)-1) /* a device has no places */

struct mapping {
  uint8_t *at;
  size_t octets;
};

struct dahdi_batch {
  int fd;
  struct mapping submissions, completions, entries;
  struct io_uring_params layout;
  uint32_t submitted;
  uint8_t octets[DAHDI_TRANSFERS][DAHDI_TRANSFER_OCTETS];
};

static struct mapping map(int fd, size_t octets, uint64_t offset) {
  void *at = mmap(0, octets, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)offset);
  return (struct mapping){at == MAP_FAILED ? 0 : at, octets};
}

static void unmap(struct mapping mapping) {
  if (mapping.at) munmap(mapping.at, mapping.octets);
}

/* A counter that the kernel shares with us. */
static _Atomic uint32_t *shared(struct mapping mapping, uint32_t offset) { return (_Atomic uint32_t *)(void *)(mapping.at + offset); }

static uint32_t constant(struct mapping mapping, uint32_t offset) {
  return atomic_load_explicit(shared(mapping, offset), memory_order_relaxed);
}

static void let_go(struct dahdi_batch *batch) {
  if (batch->fd >= 0) close(batch->fd);
  batch->fd = -1;
}

struct dahdi_batch *dahdi_batch_open(void) {
  struct dahdi_batch *batch = calloc(1, sizeof *batch);
  if (!batch) return 0;
  struct io_uring_params *layout = &batch->layout;
  batch->fd = (int)syscall(SYS_io_uring_setup, DAHDI_TRANSFERS, layout);
  if (batch->fd < 0) {
    free(batch);
    return 0;
  }
  batch->submissions = map(batch->fd, layout->sq_off.array + layout->sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
  batch->completions = map(batch->fd, layout->cq_off.cqes + layout->cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
  batch->entries = map(batch->fd, layout->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
  if (batch->submissions.at && batch->completions.at && batch->entries.at) return batch;
  dahdi_batch_close(batch);
  return 0;
}

void dahdi_batch_close(struct dahdi_batch *batch) {
  if (!batch) return;
  let_go(batch);
  unmap(batch->submissions);
  unmap(batch->completions);
  unmap(batch->entries);
  free(batch);
}

static void submit(struct dahdi_batch *batch, int writing, const struct dahdi_transfer *jobs, int count) {
  struct io_uring_sqe *entries = (struct io_uring_sqe *)(void *)batch->entries.at;
  uint32_t mask = constant(batch->submissions, batch->layout.sq_off.ring_mask);
  uint32_t *array = (uint32_t *)(void *)(batch->submissions.at + batch->layout.sq_off.array);
  for (int n = 0; n < count; n++) {
    uint32_t place = (batch->submitted + (uint32_t)n) & mask;
    entries[place] = (struct io_uring_sqe){.opcode = writing ? IORING_OP_WRITE : IORING_OP_READ,
                                           .fd = jobs[n].fd,
                                           .off = NO_OFFSET,
                                           .addr = (uint64_t)(uintptr_t)batch->octets[n],
                                           .len = (uint32_t)jobs[n].count,
                                           .user_data = (uint64_t)n};
    array[place] = place;
    if (writing) memcpy(batch->octets[n], jobs[n].octets, (size_t)jobs[n].count);
  }
  batch->submitted += (uint32_t)count;
  atomic_store_explicit(shared(batch->submissions, batch->layout.sq_off.tail), batch->submitted, memory_order_release);
}

/* Takes what has ended; returns how many. */
static int collect(struct dahdi_batch *batch, int writing, struct dahdi_transfer *jobs, int count) {
  const struct io_uring_cqe *ended = (const struct io_uring_cqe *)(void *)(batch->completions.at + batch->layout.cq_off.cqes);
  _Atomic uint32_t *head = shared(batch->completions, batch->layout.cq_off.head);
  uint32_t mask = constant(batch->completions, batch->layout.cq_off.ring_mask);
  uint32_t next = atomic_load_explicit(head, memory_order_relaxed);
  uint32_t tail = atomic_load_explicit(shared(batch->completions, batch->layout.cq_off.tail), memory_order_acquire);
  int found = 0;
  for (; next != tail; next++) {
    uint64_t n = ended[next & mask].user_data;
    if (n >= (uint64_t)count) continue;
    jobs[n].result = ended[next & mask].res;
    if (!writing && jobs[n].result > 0) memcpy(jobs[n].octets, batch->octets[n], (size_t)jobs[n].result);
    found++;
  }
  atomic_store_explicit(head, next, memory_order_release);
  return found;
}

int dahdi_batch_run(struct dahdi_batch *batch, int writing, struct dahdi_transfer *jobs, int count) {
  if (batch->fd < 0) return -1;
  if (count == 0) return 0;
  for (int n = 0; n < count; n++) jobs[n].result = -EAGAIN;
  submit(batch, writing, jobs, count);
  long taken = syscall(SYS_io_uring_enter, batch->fd, (unsigned)count, 0u, IORING_ENTER_GETEVENTS, (void *)0, (size_t)0);
  if (taken == count && collect(batch, writing, jobs, count) == count) return 1;
  let_go(batch);
  return -1;
}
