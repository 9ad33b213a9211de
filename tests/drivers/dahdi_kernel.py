"""A kernel in Python behind the table of drivers/dahdi_api.h: channels with blocks, events and bits, and a record of all that was asked."""

import errno

import msgspec
from pbx._plane import ffi, lib

from drivers.dahdi import Dahdi, DahdiSettings

SILENCE = 0xD5
E1 = [*range(1, 16), *range(17, 32)]
IDLE = 0b1101
TICK = 80


class Channel:
    """A channel as DAHDI has it."""

    def __init__(self, number, signalling, span):
        self.number, self.signalling, self.span = number, signalling, span
        self.received, self.events, self.sent = [], [], []
        self.bits, self.sent_bits = 0, None
        self.off_hook, self.rx_bits, self.law, self.alarms = 0, -1, lib.DAHDI_LAW_ALAW, 0
        self.busy = self.gone = self.full = False
        self.tx_bits, self.tx_hook = -1, -1
        self.joined = 0
        self.lamp, self.lit = None, None
        self.times, self.pulses, self.dialled = (), (), []
        self.telephone = signalling in (lib.DAHDI_SIG_FXOKS, lib.DAHDI_SIG_FXOLS)
        self.frames = signalling in (lib.DAHDI_SIG_HDLCFCS, lib.DAHDI_SIG_MTP2)

    def hear(self, octet):
        """A block waits."""
        self.received.append(bytes([octet]) * 80)


class Kernel:
    """The whole of it. ``calls`` holds (what, channel's number or path, argument) in order."""

    def __init__(self):
        self.channels, self.opened, self.calls, self.refuse = {}, {}, [], {}
        self.alarms, self.counters, self.linecompat = 0, {}, 1
        self.gains, self.maintained = {}, []
        self.transfers = True
        self._next = 100
        self._made = {
            "open": ffi.callback("int(void *, char *)", self._open),
            "close": ffi.callback("int(void *, int)", self._close),
            "read": ffi.callback("int(void *, int, uint8_t *, int)", self._read),
            "write": ffi.callback("int(void *, int, uint8_t *, int)", self._write),
            "ioctl": ffi.callback("int(void *, int, uint32_t, void *)", self._ioctl),
            "transfer": ffi.callback("int(void *, int, struct dahdi_transfer *, int)", self._transfer),
            "poll": ffi.callback("int(void *, int *, int, uint8_t *)", self._poll),
            "wait": ffi.callback("int(void *, int, uint64_t)", self._wait),
        }
        self.table = ffi.new("struct dahdi_kernel *")
        for name, made in self._made.items():
            setattr(self.table, name, ffi.cast(ffi.typeof(getattr(self.table, name)), made))

    def add(self, numbers, signalling, span=1):
        for number in numbers:
            self.channels[number] = Channel(number, signalling, span)

    def fresh(self):
        """Forget what was asked so far."""
        self.calls.clear()

    def asked(self, *requests):
        """The (channel, argument) of all ioctls of these kinds, in order."""
        return [(number, value) for what, number, value in self.calls if what in requests]

    def written(self):
        """The channels written to since then, one by one or together."""
        alone = [number for what, number, _ in self.calls if what == "write"]
        return alone + [number for what, numbers, writing in self.calls if what == "transfer" and writing for number in numbers]

    def pull(self, numbers):
        for number in numbers:
            self.channels[number].gone = True

    def hold(self, number):
        """Another descriptor of a channel, as the line keeper has it."""
        self._next += 1
        self.opened[self._next] = number
        return self._next

    def _channel(self, fd):
        return self.channels.get(self.opened.get(fd))

    def _open(self, _, path):
        self.calls.append(("open", ffi.string(path).decode(), None))
        if "open" in self.refuse:
            return -self.refuse["open"]
        self._next += 1
        self.opened[self._next] = None
        return self._next

    def _close(self, _, fd):
        number = self.opened.pop(fd)
        if number in self.channels:
            self.channels[number].joined = 0
        self.calls.append(("close", number, None))
        return 0

    def _waits(self, channel):
        if channel.gone:
            return -errno.ENODEV
        return -lib.ELAST if channel.events else 0

    def _read(self, _, fd, octets, room):
        channel = self._channel(fd)
        self.calls.append(("read", channel.number, room))
        failed = self._waits(channel)
        if failed or not channel.received:
            return failed or -errno.EAGAIN
        block = channel.received.pop(0)[:room]
        ffi.memmove(octets, block, len(block))
        return len(block)

    def _write(self, _, fd, octets, count):
        channel = self._channel(fd)
        self.calls.append(("write", channel.number, count))
        failed = self._waits(channel)
        if failed or channel.full:
            return failed or -errno.EAGAIN
        channel.sent.append(bytes(ffi.buffer(octets, count)))
        return count

    def _found(self, channel):
        if channel.gone:
            return lib.DAHDI_FOUND_GONE
        found = lib.DAHDI_FOUND_BLOCK * bool(channel.received) | lib.DAHDI_FOUND_EVENT * bool(channel.events)
        return found | lib.DAHDI_FOUND_ROOM * (not channel.full)

    def _poll(self, _, fds, count, found):
        self.calls.append(("poll", count, None))
        for n, fd in enumerate(fds[0:count]):
            found[n] = self._found(self._channel(fd))
        return sum(map(bool, found[0:count]))

    def _wait(self, _, fd, most_ns):
        channel = self._channel(fd)
        self.calls.append(("wait", channel.number, most_ns))
        return self._found(channel) & ~lib.DAHDI_FOUND_ROOM

    def _transfer(self, _, writing, jobs, count):
        """As io_uring does it: what is not ready would not end within the call."""
        self.calls.append(("transfer", tuple(self.opened[job.fd] for job in jobs[0:count]), writing))
        if not self.transfers:
            return -1
        for n in range(count):
            move = self._write if writing else self._read
            jobs[n].result = move(ffi.NULL, jobs[n].fd, jobs[n].octets, jobs[n].count)
            self.calls.pop()  # it is part of the one call
            assert jobs[n].result != -errno.EAGAIN, "asked for what was not ready"
        return 1

    def _ioctl(self, _, fd, request, argument):
        channel = self._channel(fd)
        number = ffi.cast("int *", argument)
        told = number[0]
        self.calls.append((request, channel.number if channel else None, told))
        if (refused := self.refuse.get(request)) is not None:
            return -refused
        if request == lib.DAHDI_SPECIFY:
            wanted = self.channels.get(told)
            if wanted is None or wanted.gone or wanted.busy:
                return -(errno.EBUSY if wanted is not None and wanted.busy else errno.ENXIO)
            wanted.received.clear()
            self.opened[fd] = told
            return 0
        if request == lib.DAHDI_MAINT:
            order = ffi.cast("struct dahdi_maintinfo *", argument)
            self.maintained.append((order.spanno, order.command))
            return 0
        if channel.gone:
            if request == lib.DAHDI_GETEVENT:
                number[0] = lib.DAHDI_EVENT_REMOVED
            return -errno.ENODEV
        return self._of_channel(channel, request, argument, number)

    def _of_channel(self, channel, request, argument, number):
        if request == lib.DAHDI_GETEVENT:
            number[0] = channel.events.pop(0) if channel.events else lib.DAHDI_EVENT_NONE
            if number[0] in (lib.DAHDI_EVENT_RINGOFFHOOK, lib.DAHDI_EVENT_ONHOOK) and channel.telephone:
                channel.off_hook = int(number[0] == lib.DAHDI_EVENT_RINGOFFHOOK)
        elif request == lib.DAHDI_GETRXBITS:
            number[0] = channel.bits
        elif request == lib.DAHDI_SETTXBITS:
            channel.sent_bits = channel.tx_bits = number[0]
        elif request == lib.DAHDI_GET_PARAMS:
            found = ffi.cast("struct dahdi_params *", argument)
            found.channo, found.spanno, found.sigtype = channel.number, channel.span, channel.signalling
            found.rxisoffhook, found.rxbits, found.curlaw = channel.off_hook, channel.rx_bits, channel.law
            found.chan_alarms = channel.alarms
            found.txbits, found.txhooksig = channel.tx_bits, channel.tx_hook
        elif request == lib.DAHDI_SET_PARAMS:
            wanted = ffi.cast("struct dahdi_params *", argument)
            channel.times = (wanted.rxflashtime, wanted.debouncetime, wanted.rxwinktime)
            channel.pulses = (wanted.pulsebreaktime, wanted.pulsemaketime, wanted.pulseaftertime)
        elif request == lib.DAHDI_VMWI_CONFIG:
            channel.lamp = number[0]
        elif request == lib.DAHDI_VMWI:
            channel.lit = number[0]
        elif request == lib.DAHDI_DIAL:
            wanted = ffi.cast("struct dahdi_dialoperation *", argument)
            if wanted.op != lib.DAHDI_DIAL_OP_CANCEL:
                channel.dialled.append(ffi.string(wanted.dialstr).decode())
        elif request == lib.DAHDI_SPANSTAT:
            said = ffi.cast("struct dahdi_spaninfo *", argument)
            said.spanno, said.alarms, said.linecompat, said.name = channel.span, self.alarms, self.linecompat, b"TEST/0"
            for name, value in self.counters.items():
                setattr(said, name, value)
        elif request == lib.DAHDI_SETGAINS:
            gains = ffi.cast("struct dahdi_gains *", argument)
            self.gains[channel.number] = (bytes(gains.rxgain), bytes(gains.txgain))
        elif request == lib.DAHDI_HOOK and number[0] in (lib.DAHDI_RING, lib.DAHDI_START):
            return -errno.EINPROGRESS
        elif request == lib.DAHDI_FLUSH:
            channel.received.clear()
            if number[0] == lib.DAHDI_FLUSH_ALL:
                channel.events.clear()
            channel.received.clear()
        elif request == lib.DAHDI_SETCONF:
            conference = ffi.cast("struct dahdi_confinfo *", argument)
            if bool(conference.confno) != bool(conference.confmode) or (conference.confno and conference.confno not in self.channels):
                return -errno.EINVAL
            channel.joined = conference.confno if conference.confmode == lib.DAHDI_CONF_DIGITALMON else 0
        return 0


def of_port(sound, port):
    return sound[port * TICK : (port + 1) * TICK]


def told(events, kind, port=None):
    return [(e.port, e.value) for e in events if e.kind == kind and port in (None, e.port)]


class Bench:
    """A card on a played kernel, stepped tick by tick."""

    at_once = False
    """Whether the cards of all benches move blocks together; tests/drivers/conftest.py runs tests both ways."""

    def __init__(self, kernel, settings):
        self.kernel, self.card, self.tick = kernel, Dahdi(self.as_chosen(settings), kernel.table), 0

    @classmethod
    def as_chosen(cls, settings):
        """Settings of a card that moves its blocks as all do now."""
        return msgspec.structs.replace(settings, at_once=cls.at_once)

    def step(self, ticks=1, hear=None, sound=None):
        """Ticks with one block for every channel that is open; returns what the last read gave."""
        for _ in range(ticks):
            if hear is not None:
                for number in set(self.kernel.opened.values()) - {None}:
                    if not self.kernel.channels[number].frames:
                        self.kernel.channels[number].hear(hear)
            heard, events = self.card.read(self.tick)
            self.card.write(self.tick, sound)
            self.tick += 1
        return heard, events

    def until(self, kind, ticks=500, port=0):
        """Steps until an event of the kind comes for the port; returns (its value, ticks waited)."""
        for waited in range(ticks):
            _, events = self.step(hear=SILENCE)
            if values := told(events, kind, port):
                return values[-1][1], waited
        raise AssertionError(f"no event of kind {kind} for port {port}")


def board(signalling, kind, ports=8, **more):
    kernel = Kernel()
    kernel.add(range(1, ports + 1), signalling)
    bench = Bench(kernel, DahdiSettings(first_channel=1, channels=ports, kind=kind, **more))
    bench.step(1, hear=SILENCE)
    kernel.fresh()
    return bench
