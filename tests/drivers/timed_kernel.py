"""The played kernel with time: each span's blocks come and go by a clock of its own, and everybody waits in virtual time.

As DAHDI does it with our settings: four blocks each way, of what is received none is overwritten, what is sent begins when two blocks
are there, also after it ran dry. ``Drive`` ticks cards on it as the plane's pacer does (pbx/dsp/pace.h).
"""

import errno
import random

from pbx._plane import ffi, lib

from tests.drivers.dahdi_kernel import SILENCE, Kernel

TICK_NS = 10_000_000
BLOCK = bytes([SILENCE]) * 80
BUFFERS = 4


class Jiffies:
    """When a kernel that ticks at 100 Hz moves sound: each 10 ms, up to 0.4 ms late."""

    def __init__(self, seed):
        self._random, self._late = random.Random(seed), {}

    def moment(self, number):
        if number not in self._late:
            self._late[number] = self._random.randrange(400_000)
        return number * TICK_NS + self._late[number]

    def last(self, now_ns):
        """The last of them by now."""
        number = now_ns // TICK_NS
        return self.moment(number) if self.moment(number) <= now_ns else self.moment(number - 1)

    def first(self, at_ns):
        """The first of them that is no sooner."""
        number = at_ns // TICK_NS
        return self.moment(number) if self.moment(number) >= at_ns else self.moment(number + 1)


class Line:
    """One span: its clock, and the rings of its only channel."""

    def __init__(self, channel, ppm, began_ns, jiffies=None):
        self.channel, self.jiffies = channel, jiffies
        self.block_ns = TICK_NS / (1 + ppm / 1e6)
        self.next_ns = began_ns + self.block_ns
        self.waiting, self.filled, self.sends, self.dry = 0, 0, False, False
        self.stopped = False
        self.burst = 1
        """So many blocks come at once, as often later."""
        self._held = 0

    def pass_to(self, now_ns):
        """Every block that has come and gone by now."""
        if self.jiffies is not None:
            now_ns = self.jiffies.last(now_ns)
        while self.next_ns <= now_ns:
            self.next_ns += self.block_ns
            if self.stopped:
                continue
            self._held += 1
            if self._held >= self.burst:
                for _ in range(self._held):
                    self._block()
                self._held = 0

    def next_moment(self):
        """When the next block comes."""
        return int(self.next_ns) + 1 if self.jiffies is None else self.jiffies.first(int(self.next_ns) + 1)

    def _block(self):
        if self.waiting < BUFFERS:
            self.waiting += 1
        else:
            self.channel.events.append(lib.DAHDI_EVENT_READ_OVERRUN)
        if self.sends:
            self.filled -= 1
            self.sends = self.filled > 0
            self.dry = False
        elif not self.dry:
            self.dry = True
            self.channel.events.append(lib.DAHDI_EVENT_WRITE_UNDERRUN)

    def flush(self):
        self.waiting = 0


class TimedKernel(Kernel):
    """Channels 1, 2, ...: one a span, ``ppm[n]`` millionths faster than the computer's clock."""

    def __init__(self, *ppm, phase_ns=0, jiffies=None):
        super().__init__()
        self.now_ns = 1_000_000_000
        self.lines = {}
        self.oversleeps_ns = 0
        """So much too late whoever waits next is woken."""
        self.interrupted = False
        """A signal comes while somebody waits next."""
        for number, fast in enumerate(ppm, 1):
            self.add([number], lib.DAHDI_SIG_CAS, number)
            self.lines[number] = Line(self.channels[number], fast, self.now_ns + phase_ns * number, jiffies)
        self._clock = (
            ffi.callback("uint64_t(void *)", lambda _: self.now_ns),
            ffi.callback("int(void *, uint64_t)", self._sleep_until),
        )
        self.clock = ffi.new("struct pace_clock *", {"now_ns": self._clock[0], "sleep_until": self._clock[1]})

    def _sleep_until(self, _, at_ns):
        self.now_ns = max(self.now_ns, at_ns)
        return 0

    def _line(self, fd):
        line = self.lines[self.opened[fd]]
        line.pass_to(self.now_ns)
        return line

    def _read(self, _, fd, octets, room):
        line = self._line(fd)
        failed = self._waits(line.channel)
        if failed or not line.waiting:
            return failed or -errno.EAGAIN
        line.waiting -= 1
        ffi.memmove(octets, BLOCK, 80)
        return 80

    def _write(self, _, fd, octets, count):
        line = self._line(fd)
        failed = self._waits(line.channel)
        if failed or line.filled == BUFFERS:
            return failed or -errno.EAGAIN
        line.filled += 1
        line.sends = line.sends or line.filled >= BUFFERS // 2
        return count

    def _found(self, channel):
        line = self.lines[channel.number]
        line.pass_to(self.now_ns)
        told = lib.DAHDI_FOUND_GONE * channel.gone | lib.DAHDI_FOUND_EVENT * bool(channel.events)
        return told | lib.DAHDI_FOUND_BLOCK * (line.waiting > 0)

    def _wait(self, _, fd, most_ns):
        if self.interrupted and most_ns:
            self.interrupted = False
            return -errno.EINTR
        line, until = self._line(fd), self.now_ns + most_ns
        while not line.waiting and not line.channel.gone and self.now_ns < until:
            self.now_ns = min(until, line.next_moment())
            line.pass_to(self.now_ns)
        if most_ns:
            self.now_ns, self.oversleeps_ns = self.now_ns + self.oversleeps_ns, 0
        return self._found(line.channel)

    def _ioctl(self, at, fd, request, argument):
        self.calls.clear()
        if request == lib.DAHDI_FLUSH:
            self._line(fd).flush()
        return super()._ioctl(at, fd, request, argument)


class Drive:
    """Cards ticked as the pacer ticks them, with nothing between; ``late`` keeps how late each tick began, in ns."""

    def __init__(self, kernel, cards):
        self.kernel, self.cards = kernel, cards
        self.pace = ffi.gc(lib.pace_create(kernel.clock), lib.pace_close)
        for card in cards:
            assert lib.pace_add(self.pace, card.card) == 0
        self.tick = 0
        self.worst_late_ns = 0
        self._late = ffi.new("uint64_t *")
        self._sound = ffi.new("uint8_t[]", 30 * 80)
        self._silence = ffi.new("uint8_t[]", bytes([SILENCE]) * 2400)
        self._events = ffi.new("struct card_event[]", 256)

    def run(self, ticks, work_ns=300_000):
        """So many ticks, each of which takes ``work_ns`` of time."""
        kernel, cards = self.kernel, [card.card for card in self.cards]
        for _ in range(ticks):
            if lib.pace_wait(self.pace, self._late) == errno.EINTR:
                raise InterruptedError
            self.worst_late_ns = max(self.worst_late_ns, self._late[0])
            for card in cards:
                lib.card_read(card, self._sound, self._events, 256, self.tick)
            for card in cards:
                lib.card_write(card, self._silence, self.tick)
            kernel.now_ns += work_ns
            self.tick += 1

    def state(self):
        found = ffi.new("struct pace_state *")
        lib.pace_state(self.pace, found)
        return found
