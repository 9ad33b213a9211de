"""The rig itself: DAHDI's own drivers carry sound, bits, frames and calls between loop-back spans, as the cards' tests take for granted."""

import random
import select

import pytest

from tests.dahdi.rig.face import BLOCK, Channel, lib
from tests.dahdi.rig.machine import TWO_PAIRS

SYSTEM_CONF = TWO_PAIRS


def test_channels_exist_and_open():
    for number in range(1, 125):
        with Channel(number) as channel:
            assert channel.parameters().channo == number


@pytest.mark.parametrize(
    ("number", "signalling"),
    [(1, "CAS"), (16, "HDLCFCS"), (63, "FXOKS"), (71, "EM"), (73, "EM_E1"), (75, "CLEAR"), (78, "MTP2"), (94, "FXSKS")],
)
def test_signalling_is_as_configured(number, signalling):
    with Channel(number) as channel:
        assert channel.parameters().sigtype == getattr(lib, f"DAHDI_SIG_{signalling}")


def carried(near, far, blocks):
    """What comes out at the far channel while blocks are written at the near one, as fast as it takes them."""
    heard = b""
    waiting = list(blocks)
    poll = select.poll()
    poll.register(far.descriptor, select.POLLIN)
    # As many blocks again, because what was written first comes only after what stood in the buffers.
    for _ in range(2 * len(blocks)):
        while waiting and near.write(waiting[0]):
            waiting.pop(0)
        assert poll.poll(1000), "the far channel is silent for a second"
        heard += far.read()
    assert not waiting
    return heard


@pytest.mark.parametrize(("one", "other"), [(1, 32), (32, 1), (75, 106), (31, 62)])
def test_octets_cross_unchanged(one, other, seed):
    generator = random.Random(seed * 1000 + one)
    blocks = [generator.randbytes(BLOCK) for _ in range(50)]
    with Channel(one) as near, Channel(other) as far:
        assert near.parameters().curlaw == lib.DAHDI_LAW_ALAW
        assert b"".join(blocks) in carried(near, far, blocks)


def test_bits_cross_with_an_event():
    with Channel(1) as near, Channel(32) as far:
        for abcd in (0b0001, 0b1101, 0b1001, 0b0101, 0b1001):
            far.events()
            near.send_bits(abcd)
            far.await_event(lib.DAHDI_EVENT_BITSCHANGED)
            far.await_bits(abcd)


def test_bits_of_one_channel_are_not_those_of_the_next():
    with Channel(3) as third, Channel(4) as fourth, Channel(34) as far_third, Channel(35) as far_fourth:
        third.send_bits(0b0001)
        fourth.send_bits(0b1101)
        far_third.await_bits(0b0001)
        far_fourth.await_bits(0b1101)
        assert far_third.received_bits == 0b0001


def test_frames_cross_on_the_d_channel(seed):
    generator = random.Random(seed)
    frames = [generator.randbytes(length) for length in (3, 17, 64, 260)]
    with Channel(16, block=512) as near, Channel(47, block=512) as far:
        for frame in frames:
            near.write(frame + b"\0\0")  # room for the check sequence, which the kernel fills in
            while (heard := far.await_read())[:-2] != frame:
                assert heard == b"", heard.hex()
