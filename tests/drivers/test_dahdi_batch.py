"""Many reads and writes in one call (drivers/dahdi_batch.h), on pipes of the kernel that runs: nothing is mixed up, nothing waits."""

import errno
import os
import random

import pytest
from pbx._plane import ffi, lib

if not hasattr(lib, "dahdi_batch_open"):
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

TICK = 80


@pytest.fixture
def batch():
    made = lib.dahdi_batch_open()
    if made == ffi.NULL:
        pytest.skip("this kernel has no io_uring for us")
    yield made
    lib.dahdi_batch_close(made)


@pytest.fixture
def pipes():
    made = [os.pipe2(os.O_NONBLOCK) for _ in range(lib.DAHDI_TRANSFERS)]
    yield made
    for pair in made:
        for descriptor in pair:
            os.close(descriptor)


def run(batch, writing, descriptors, blocks):
    """The results and the blocks after it."""
    kept = [ffi.from_buffer(block) for block in blocks]
    jobs = ffi.new("struct dahdi_transfer[]", len(descriptors))
    for job, descriptor, block in zip(jobs, descriptors, kept, strict=True):
        job.fd, job.octets, job.count = descriptor, block, TICK
    returned = lib.dahdi_batch_run(batch, writing, jobs, len(descriptors))
    return returned, [job.result for job in jobs]


def test_each_block_goes_its_own_way_tick_after_tick(batch, pipes, seed):
    generator = random.Random(seed)
    for _ in range(300):
        chosen = generator.sample(range(len(pipes)), generator.randint(1, len(pipes)))
        sent = [bytearray(generator.randbytes(TICK)) for _ in chosen]
        assert run(batch, 1, [pipes[n][1] for n in chosen], sent) == (1, [TICK] * len(chosen))
        heard = [bytearray(TICK) for _ in chosen]
        assert run(batch, 0, [pipes[n][0] for n in chosen], heard) == (1, [TICK] * len(chosen))
        assert heard == sent


def test_nothing_to_do_is_no_call(batch):
    assert run(batch, 0, [], []) == (0, [])


def test_a_failure_is_a_result(batch, pipes):
    blocks = [bytearray(TICK), bytearray(b"x" * TICK)]
    assert run(batch, 1, [pipes[0][0], pipes[1][1]], blocks) == (1, [-errno.EBADF, TICK])


def test_a_read_that_would_wait_is_said_and_writes_to_nobodys_memory(batch, pipes):
    """What is asked of a pipe with nothing in it does not end in the call; its block, when it comes, must not appear in memory given up."""
    block = bytearray(TICK)
    returned, results = run(batch, 0, [pipes[0][0]], [block])
    if returned == 1:
        assert results == [-errno.EAGAIN], "this kernel does not wait on such descriptors"
        return
    os.write(pipes[0][1], b"y" * TICK)
    assert (returned, results, block) == (-1, [-errno.EAGAIN], bytearray(TICK))
    assert run(batch, 1, [pipes[1][1]], [block])[0] == -1, "it has let go for good"
