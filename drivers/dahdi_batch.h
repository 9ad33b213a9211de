/* Reads and writes of many channels by one system call: Linux' io_uring, asked for by its bare calls.
 *
 * Must meet: only what is known to be ready may be asked, so that every job ends within the call; no call waits. A job that has not
 * ended when the call returns is a sign that this kernel does otherwise: the batch then lets go of io_uring, which cancels the job (it
 * may take one block with it), and its user goes on one by one. Memory that such a job could still touch is the batch's own: no port's
 * sound is written to at a wrong moment. Belongs to one thread.
 *
 * Leaves out: which channels are ready (a poll of the card says so); anything that waits.
 */
#pragma once
#include "dahdi_api.h"

struct dahdi_batch;

/* Null: this kernel has no io_uring, or keeps it from us. */
struct dahdi_batch *dahdi_batch_open(void);
void dahdi_batch_close(struct dahdi_batch *batch);
/* Does all jobs, each of at most DAHDI_TRANSFER_OCTETS, at most DAHDI_TRANSFERS of them. Results stand in the jobs. Returns the system
 * calls made, or -1: some job has not ended, and this batch does nothing any more. */
int dahdi_batch_run(struct dahdi_batch *batch, int writing, struct dahdi_transfer *jobs, int count);
