"""DAHDI's channels and its control device as tests see them: the files and their orders, by the words of DAHDI's own header.

``ffi`` and ``lib`` are the binding that the rig makes of Debian's ``dahdi/user.h`` (declarations.py), so there is no
number here. Outside the machine they are None, and only the names can be imported.
"""

import errno
import os
import select
import time
from typing import Any

from tests.dahdi.rig.collected import is_inside
from tests.dahdi.rig.inside import make_nodes

ffi: Any = None
lib: Any = None
if is_inside():
    from _dahdi import ffi, lib  # type: ignore[import-not-found, no-redef]

BLOCK = 80
"""Octets that a test reads and writes at once: 10 ms."""


def order(descriptor: int, request: int, argument: Any = None) -> int:
    """One ``ioctl``; its refusal is an exception."""
    answer = int(lib.ioctl(descriptor, request, ffi.NULL if argument is None else argument))
    if answer < 0:
        raise OSError(ffi.errno, os.strerror(ffi.errno))
    return answer


class Channel:
    """An open channel, not blocking, without buffers beyond ``buffers`` blocks."""

    def __init__(self, number: int, block: int = BLOCK, buffers: int = 8) -> None:
        self.number = number
        self.descriptor = os.open(f"/dev/dahdi/{number}", os.O_RDWR | os.O_NONBLOCK)
        self.block = block
        information = ffi.new("struct dahdi_bufferinfo *")
        information.txbufpolicy = information.rxbufpolicy = lib.DAHDI_POLICY_IMMEDIATE
        information.numbufs, information.bufsize = buffers, block
        self.order(lib.DAHDI_SET_BUFINFO, information)

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self.descriptor)

    def order(self, request: int, argument: Any = None) -> int:
        """An order with a structure of the header."""
        return order(self.descriptor, request, argument)

    def set(self, request: int, value: int) -> None:
        """An order with a whole number."""
        self.order(request, ffi.new("int *", value))

    def get(self, request: int) -> int:
        """A question for a whole number."""
        answer = ffi.new("int *")
        self.order(request, answer)
        return int(answer[0])

    def parameters(self) -> Any:
        """``struct dahdi_params`` of the channel."""
        answer = ffi.new("struct dahdi_params *")
        self.order(lib.DAHDI_GET_PARAMS, answer)
        return answer

    def event(self) -> int:
        """The oldest event, or none."""
        return self.get(lib.DAHDI_GETEVENT)

    def events(self) -> list[int]:
        """All events that wait."""
        return list(iter(self.event, lib.DAHDI_EVENT_NONE))

    def await_event(self, *wanted: int, seconds: float = 3.0) -> list[int]:
        """All events until one that is wanted; fails with those that came when it does not come."""
        seen: list[int] = []
        until = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self.descriptor, select.POLLPRI)
        while not set(wanted) & set(seen):
            left = until - time.monotonic()
            assert left > 0, f"channel {self.number}: no event {wanted} in {seconds} s, but {seen}"
            poll.poll(left * 1000)
            seen += self.events()
        return seen

    @property
    def received_bits(self) -> int:
        """The four bits that stand on the line. Loop-back spans leave the next channel's in the upper half."""
        return self.get(lib.DAHDI_GETRXBITS) & 0xF

    def send_bits(self, abcd: int) -> None:
        self.set(lib.DAHDI_SETTXBITS, abcd)

    def await_bits(self, abcd: int, seconds: float = 3.0) -> float:
        """How long it took until the bits stood on the line."""
        started = time.monotonic()
        while self.received_bits != abcd:
            assert time.monotonic() < started + seconds, f"channel {self.number}: {self.received_bits:04b} instead of {abcd:04b}"
            time.sleep(0.001)
        return time.monotonic() - started

    def read(self) -> bytes:
        """What has come, at most a block; nothing when nothing has, or when there is an event to be asked for first."""
        try:
            return os.read(self.descriptor, self.block)
        except OSError as refusal:
            if refusal.errno not in (errno.EAGAIN, lib.ELAST):
                raise
            return b""

    def write(self, octets: bytes) -> int:
        """How much of it was taken; nothing when there is no room, or an event to be asked for first."""
        try:
            return os.write(self.descriptor, octets)
        except OSError as refusal:
            if refusal.errno not in (errno.EAGAIN, lib.ELAST):
                raise
            return 0

    def hook(self, what: int) -> None:
        """Hook, ringing or flash. Ringing and flash are begun, and go on by themselves."""
        try:
            self.set(lib.DAHDI_HOOK, what)
        except OSError as refusal:
            if refusal.errno != errno.EINPROGRESS:
                raise

    def can_read(self, seconds: float) -> bool:
        """Whether something comes in that time."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def await_read(self, seconds: float = 3.0) -> bytes:
        """The next block or frame."""
        assert self.can_read(seconds), f"channel {self.number}: nothing to read in {seconds} s"
        return self.read()


class Control:
    """The control device: spans that fail and come back, channels configured anew."""

    def __init__(self) -> None:
        self.descriptor = os.open("/dev/dahdi/ctl", os.O_RDWR)

    def __enter__(self) -> "Control":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def destroy(self, address: str) -> None:
        """Take a loop-back span such as ``2:1`` away; none of its channels may be open. Its peer is in red alarm within two seconds."""
        order(self.descriptor, lib.DAHDI_DYNAMIC_DESTROY, self._span(address))

    def create(self, address: str, channels: int = 31) -> int:
        """Put it back; returns its number. It takes the lowest numbers of spans and channels that are free."""
        span = self._span(address)
        span.numchans = channels
        order(self.descriptor, lib.DAHDI_DYNAMIC_CREATE, span)
        make_nodes()
        return int(span.spanno)

    def _span(self, address: str) -> Any:
        span = ffi.new("struct dahdi_dynamic_span *")
        span.driver, span.addr = b"loc", address.encode()
        return span

    def configure(self, number: int, signalling: int, idle_bits: int = 0) -> None:
        """Give a channel its signalling, as a line of ``system.conf`` does."""
        channel = ffi.new("struct dahdi_chanconfig *")
        channel.chan = channel.master = number
        channel.sigtype, channel.deflaw, channel.idlebits = signalling, lib.DAHDI_LAW_ALAW, idle_bits
        order(self.descriptor, lib.DAHDI_CHANCONFIG, channel)

    def alarms(self, span: int) -> int:
        """The alarms that stand on a span."""
        information = ffi.new("struct dahdi_spaninfo *")
        information.spanno = span
        order(self.descriptor, lib.DAHDI_SPANSTAT, information)
        return int(information.alarms)

    def await_alarms(self, span: int, alarms: int, seconds: float = 6.0) -> None:
        """Wait for alarms to stand, or for 0 to clear."""
        until = time.monotonic() + seconds
        while (standing := self.alarms(span)) != alarms:
            assert time.monotonic() < until, f"span {span}: alarms {standing:#x} instead of {alarms:#x} after {seconds} s"
            time.sleep(0.05)
