"""The rig itself: DAHDI's own drivers carry sound, bits, frames and calls between loop-back spans, as the cards' tests take for granted."""

import random
import select
import subprocess
import threading
from pathlib import Path

import pytest

from tests.dahdi.rig.face import BLOCK, Channel, Control, lib
from tests.dahdi.rig.machine import TWO_PAIRS

SYSTEM_CONF = TWO_PAIRS
CHINA_CALLER = Path(__file__).parents[1] / "interop/openr2/china_caller.conf"


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


def await_frame(near, far, frame):
    """Send a frame until it has come. The first may be lost: a receiver just opened has yet to see a flag."""
    with_room = frame + b"\0\0"  # for the check sequence, which the kernel fills in
    for _ in range(5):
        for channel in (near, far):  # one that has just been opened may have heard an end of nothing
            channel.events()
        near.write(with_room)
        if far.can_read(0.2) and far.read()[:-2] == frame:
            return
    raise AssertionError(f"a frame of {len(frame)} octets did not come")


@pytest.mark.parametrize(("one", "other"), [(16, 47), (47, 16), (78, 109)], ids=["D channel", "D channel back", "MTP2"])
def test_frames_cross(one, other, seed):
    generator = random.Random(seed)
    with Channel(one, block=512) as near, Channel(other, block=512) as far:
        for length in (3, 17, 64, 260):
            await_frame(near, far, generator.randbytes(length))


def test_a_frame_too_long_is_an_overrun_event():
    with Channel(16, block=512) as near, Channel(47, block=64) as far:
        await_frame(near, far, b"short")
        near.write(bytes(200))
        far.await_event(lib.DAHDI_EVENT_OVERRUN)
        await_frame(near, far, b"short again")


def test_mtp2_tells_a_repeated_unit_once():
    """The driver repeats the last unit until there is another, and filters repetitions that it hears."""
    with Channel(78, block=64) as near, Channel(109, block=64) as far:
        await_frame(near, far, b"\x80\x80\x01\x00")
        near.write(b"\x80\x80\x01\x00\0\0")
        assert not far.can_read(0.3)
        await_frame(near, far, b"\x80\x80\x01\x01")


def test_ringing_and_hook_of_an_analog_line():
    with Channel(63) as exchange, Channel(94) as telephone:
        telephone.events()
        exchange.hook(lib.DAHDI_RING)
        telephone.await_event(lib.DAHDI_EVENT_RINGOFFHOOK)  # 2.11 is built without RINGBEGIN: this says that ringing was heard
        telephone.hook(lib.DAHDI_OFFHOOK)
        exchange.await_event(lib.DAHDI_EVENT_RINGOFFHOOK)
        telephone.hook(lib.DAHDI_ONHOOK)
        exchange.await_event(lib.DAHDI_EVENT_ONHOOK)


def test_a_span_whose_peer_is_gone_is_in_alarm_and_recovers():
    with Control() as control, Channel(79) as channel:
        assert control.alarms(3) == lib.DAHDI_ALARM_NONE
        channel.events()
        control.destroy("2:1")
        channel.await_event(lib.DAHDI_EVENT_ALARM, seconds=6.0)
        control.await_alarms(3, lib.DAHDI_ALARM_RED)
        assert control.create("2:1") == 4
        control.configure(110, lib.DAHDI_SIG_CAS)
        channel.await_event(lib.DAHDI_EVENT_NOALARM, seconds=6.0)
        control.await_alarms(3, lib.DAHDI_ALARM_NONE)
        with Channel(110) as far:
            channel.send_bits(0b1011)
            far.await_bits(0b1011)


R2TEST = f"""
category=NATIONAL_SUBSCRIBER
loglevel=all
variant=cn
maxani=4
maxdnis=4
mfbacktimeout=-1
meteringpulsetimeout=-1
dnid=1234
cid=8001
caller=no
channel=5-6
caller=yes
advancedprotocolfile={CHINA_CALLER}
channel=36-37
"""


def test_a_foreign_program_calls_itself_across_the_pair(tmp_path):
    """libopenr2's ``r2test`` on four channels: MFC-R2 of variant CN, both numbers sent, both calls answered."""
    (tmp_path / "r2test.conf").write_text(R2TEST)
    command = ["stdbuf", "-oL", "r2test", "-c", str(tmp_path / "r2test.conf")]
    wanted = {f"call ready on chan {number}. ANI = 8001, DNIS = 1234, Category = 0" for number in (5, 6)}
    wanted |= {f"call has been answered on chan {number}" for number in (36, 37)}
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path) as program:
        watch = threading.Timer(30, program.kill)
        watch.start()
        for line in program.stdout:
            said.append(line)
            wanted -= {line.strip().removeprefix("USER: ")}
            if not wanted or "protocol error" in line:
                program.kill()
        watch.cancel()
    assert not wanted, "".join(said)
