"""A kernel in Python behind the table of drivers/dahdi_api.h: channels with blocks, events and bits, and a record of all that was asked."""

import errno

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
        self.times = ()
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
        self._next = 100
        self._made = {
            "open": ffi.callback("int(void *, char *)", self._open),
            "close": ffi.callback("int(void *, int)", self._close),
            "read": ffi.callback("int(void *, int, uint8_t *, int)", self._read),
            "write": ffi.callback("int(void *, int, uint8_t *, int)", self._write),
            "ioctl": ffi.callback("int(void *, int, uint32_t, void *)", self._ioctl),
            "poll": ffi.callback("int(void *, int *, int, uint8_t *)", self._poll),
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

    def _poll(self, _, fds, count, readable):
        self.calls.append(("poll", count, None))
        waiting = [int(bool(self._channel(fd).received)) for fd in fds[0:count]]
        for n, one in enumerate(waiting):
            readable[n] = one
        return sum(waiting)

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
            channel.events.clear()
        return 0


def of_port(sound, port):
    return sound[port * TICK : (port + 1) * TICK]


def told(events, kind, port=None):
    return [(e.port, e.value) for e in events if e.kind == kind and port in (None, e.port)]


class Bench:
    """A card on a played kernel, stepped tick by tick."""

    def __init__(self, kernel, settings):
        self.kernel, self.card, self.tick = kernel, Dahdi(settings, kernel.table), 0

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
