"""Two signalling engines back to back in virtual time, in pure Python.

The line between them carries bits with a recognition time, MFC tones with operate and release times of receivers that
must be switched on. Each end has a *switch*: a function that is given the primitives going up and answers with primitives
going down. Faults are chances per signal: a tone that is not heard, an end of tone not noticed,
bits seen late (levels stand, so bits are never lost for good).
"""

import heapq
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from pbx.engine import Levels, Malformed, Noted, Unexpected
from pbx.vocabulary import call, tones
from pbx.vocabulary.media import (
    RECEIVE_DTMF,
    RECEIVE_MFC_BACKWARD,
    RECEIVE_MFC_FORWARD,
    Bits,
    Disarm,
    Listen,
    SendBits,
    SendTone,
    Silence,
    ToneOff,
    ToneOn,
    Unlisten,
)

RECOGNITION = 0.02
OPERATE = 0.025
RELEASE = 0.02

BITS = [Bits(value) for value in range(16)]
TONES_ON: dict[int, ToneOn] = {}
TONES_OFF: dict[int, ToneOff] = {}
KINDS = {tones.MFC_FORWARD: RECEIVE_MFC_FORWARD, tones.MFC_BACKWARD: RECEIVE_MFC_BACKWARD, tones.DTMF: RECEIVE_DTMF}

Switch = Callable[["End", Any, float], Sequence[Any]]


class End:
    """One engine with what stands on its side of the line."""

    def __init__(self, name: str, engine: Any, switch: Switch, idle: int) -> None:
        self.name = name
        self.engine = engine
        self.switch = switch
        self.other: End = self
        self.bits = idle
        self.seen = idle
        self.bits_version = 0
        self.armed = 0
        self.tone = 0
        self.tone_version = 0
        self.listens = 0
        self.heard = 0
        self.deadline: float | None = None
        self.dead = False
        self.up: list[Any] = []
        self.unexpected: list[Any] = []
        self.commands: list[Any] = []


class Pair:
    """The line with its two ends."""

    def __init__(
        self,
        left: Any,
        right: Any,
        left_switch: Switch,
        right_switch: Switch,
        random: Random | None = None,
        loss: float = 0.0,
        idle: int = 0b1011,
    ) -> None:
        """``loss`` is the chance that a signal suffers; it needs ``random``. ``idle`` is the code that stands before the start."""
        self.now = 0.0
        self.random = random
        self.loss = loss
        self.left, self.right = End("left", left, left_switch, idle), End("right", right, right_switch, idle)
        self.left.other, self.right.other = self.right, self.left
        self.trace: list[tuple[float, str, str]] = []
        self.tracing = True
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        for end in (self.left, self.right):
            self._take(end, end.engine.start(0.0))

    def at(self, time: float, function: Callable[..., None], *arguments: Any) -> None:
        """Do something at a time."""
        self._count += 1
        heapq.heappush(self._heap, (time, self._count, function, arguments))

    def down(self, end: End, primitive: Any) -> None:
        """The switch of an end says something now."""
        self.give(end, primitive)

    def give(self, end: End, value: Any) -> None:
        """An input for an engine."""
        if not end.dead:
            self._take(end, end.engine.receive(value, self.now))

    def _take(self, end: End, outputs: Sequence[Any]) -> None:
        queue = list(outputs)
        engine, now = end.engine, self.now
        position = 0
        while position < len(queue):
            output = queue[position]
            position += 1
            kind = type(output)
            if kind is Noted:
                if self.tracing:
                    self.trace.append((now, end.name, output.text))
            elif kind is SendTone:
                self._tone(end, output.tone, output.duration_ms)
            elif kind is Silence:
                self._tone(end, 0, 0)
            elif kind is SendBits:
                if output.at > now:
                    self.at(output.at, self._send_armed_bits, end, output.value, end.armed)
                else:
                    self._send_bits(end, output.value)
            elif kind is Disarm:
                end.armed += 1
            elif kind is Listen:
                end.listens |= output.receivers
                end.heard = 0
                if end.other.tone:
                    self.at(now + OPERATE, self._hear, end, end.other.tone_version)
            elif kind is Unlisten:
                end.listens &= ~output.receivers
                end.heard = 0
            elif kind is Unexpected or kind is Malformed:
                end.unexpected.append((now, output))
            elif isinstance(output, call.Primitive):
                end.up.append(output)
                if self.tracing:
                    self.trace.append((now, end.name, f"^ {output}"))
                for primitive in end.switch(end, output, now):
                    if self.tracing:
                        self.trace.append((now, end.name, f"v {primitive}"))
                    queue.extend(engine.receive(primitive, now))
            else:
                end.commands.append(output)
        end.deadline = engine.deadline()

    def _send_armed_bits(self, end: End, value: int, armed: int) -> None:
        if armed == end.armed:
            self._send_bits(end, value)

    def _send_bits(self, end: End, value: int) -> None:
        if value == end.bits:
            return
        end.bits = value
        end.bits_version += 1
        late = self.random.choice((0.03, 0.3, 3.0)) if self.random is not None and self.random.random() < self.loss else 0.0
        self.at(self.now + RECOGNITION + late, self._see, end.other, end.bits_version)

    def _see(self, end: End, version: int) -> None:
        if version == end.other.bits_version and end.seen != end.other.bits:
            end.seen = end.other.bits
            self.give(end, BITS[end.seen])

    def _tone(self, end: End, tone: int, duration_ms: int) -> None:
        if tone == end.tone and not duration_ms:
            return
        end.tone = tone
        end.tone_version += 1
        version = end.tone_version
        other = end.other
        if other.listens:
            self.at(self.now + (OPERATE if tone else RELEASE), self._hear, other, version)
        if duration_ms:
            self.at(self.now + duration_ms / 1000, self._tone_ends, end, version)

    def _tone_ends(self, end: End, version: int) -> None:
        if version == end.tone_version:
            self._tone(end, 0, 0)

    def _hear(self, end: End, version: int) -> None:
        other = end.other
        if version != other.tone_version or other.tone == end.heard:
            return
        if self.random is not None and self.random.random() < self.loss:
            return
        if end.heard:
            heard, end.heard = end.heard, 0
            event_off = TONES_OFF.get(heard) or TONES_OFF.setdefault(heard, ToneOff(heard))
            self.give(end, event_off)
        tone = other.tone
        if tone and end.listens & KINDS.get(tone & 0xF00, 0):
            end.heard = tone
            self.give(end, TONES_ON.get(tone) or TONES_ON.setdefault(tone, ToneOn(tone)))

    def run(self, until: float) -> None:
        """Let time pass."""
        heap = self._heap
        left, right = self.left, self.right
        while True:
            time = heap[0][0] if heap else until + 1.0
            end = None
            due = left.deadline
            if due is not None and due < time:
                time, end = due, left
            due = right.deadline
            if due is not None and due < time:
                time, end = due, right
            if time > until:
                break
            self.now = time
            if end is not None:
                self._take(end, end.engine.expire(time))
            else:
                _, _, function, arguments = heapq.heappop(heap)
                function(*arguments)
        self.now = until

    def levels(self, end: End) -> Levels:
        """What stands on an end's line now."""
        return Levels(bits_in=end.other.bits, bits_out=end.bits)

    def resume(self, end: End, engine: Any, tag: str) -> None:
        """Put a new engine in the place of one that was killed."""
        end.engine = engine
        end.dead = False
        end.listens = end.heard = 0
        end.seen = end.other.bits
        self._take(end, engine.resume(tag, self.levels(end), self.now))

    def text(self, *names: str) -> str:
        """The trace as text, milliseconds first."""
        lines = (f"{time * 1000:8.0f} {name:5} {text}" for time, name, text in self.trace if not names or name in names)
        return "\n".join(lines) + "\n"
