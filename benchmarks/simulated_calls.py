"""``sim.engines`` and ``sim.tokens``: complete China No.1 calls, both ends, per CPU second, in virtual time.

A call: seizure, 5 called digits, KA and 11 digits of the caller, KD, answer, talk, clear, release guard; at both ends. ``sim.engines``
runs two engines and a heap and nothing else; ``sim.tokens`` the whole house: planes, wire, floors, engines, switch, flow and facts,
with tokens instead of sound, all 120 circuits of 4 spans busy. Set-up of the house is not counted, the far end is.
"""

import heapq
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.office import configuration, sounds
from benchmarks.row import Effort, Row, load_text
from drivers.far_end.party import Subscriber
from drivers.far_end.story import Script, Story, until
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant
from pbx.simulation import Simulation
from pbx.tone_plan import china
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Setup
from pbx.vocabulary.facts import CallCleared, Established
from pbx.vocabulary.media import Bits, Listen, SendBits, SendTone, Silence, ToneOff, ToneOn
from pbx.vocabulary.numbers import Examination

CALLED = "10086"
CALLER = "139{:08}"
TALK_S = 1.0
RECOGNITION_S = 0.02
OPERATE_S = 0.025
RELEASE_S = 0.02
NEVER = 1e12


class _FiveDigits:
    """Any number of five digits."""

    _answers = [Examination("more")] * 5 + [Examination("complete")]

    def examine(self, digits: str) -> Examination:
        """More digits, or complete."""
        return self._answers[len(digits)]


class BackToBack:
    """Two engines, the bits and tones between them, and a heap; counts the calls that were answered and cleared."""

    def __init__(self) -> None:
        variant = load_variant("china")
        self.engines: list[Any] = [R2Circuit(variant, "outgoing", _FiveDigits()), R2Circuit(variant, "incoming", _FiveDigits())]
        self.now = 0.0
        self.calls = self.answered = 0
        self._heap: list[tuple[float, int, Callable[..., None], int, Any]] = []
        self._count = 0
        self._tone = [0, 0]
        self._idle = 0
        self._due = [NEVER, NEVER]
        self._bits = [Bits(value) for value in range(16)]
        self._tones: dict[int, tuple[ToneOn, ToneOff]] = {}
        for end in (0, 1):
            self._take(end, self.engines[end].start(0.0))

    def _at(self, delay: float, function: Callable[..., None], end: int, value: Any) -> None:
        self._count += 1
        heapq.heappush(self._heap, (self.now + delay, self._count, function, end, value))

    def _give(self, end: int, value: Any) -> None:
        self._take(end, self.engines[end].receive(value, self.now))

    def _take(self, end: int, outputs: Iterable[Any]) -> None:
        for output in outputs:
            kind = type(output)
            if kind is SendTone:
                self._sound(end, output.tone)
                if output.duration_ms:
                    self._at(output.duration_ms / 1000, self._sound, end, 0)
            elif kind is Silence:
                self._sound(end, 0)
            elif kind is SendBits:
                self._at(RECOGNITION_S, self._give, 1 - end, self._bits[output.value])
            elif kind is Listen:
                tone = self._tone[1 - end]
                if tone:
                    self._at(OPERATE_S, self._give, end, self._events(tone)[0])
            elif kind is Setup:
                self._at(0.0, self._give, end, Alerting())
                self._at(0.5, self._give, end, Connect())
            elif kind is Connect:
                self.answered += 1
                self._at(TALK_S, self._give, end, Disconnect(16))
            elif kind is Idle:
                self._idle += 1
                if self._idle % 2 == 0:
                    self.calls += 1
                    self._at(0.1, self._give, 0, Setup(CALLED, CALLER.format(self.calls)))
        deadline = self.engines[end].deadline()
        self._due[end] = NEVER if deadline is None else deadline

    def _sound(self, end: int, tone: int) -> None:
        before, self._tone[end] = self._tone[end], tone
        if before and not tone:
            self._at(RELEASE_S, self._give, 1 - end, self._events(before)[1])
        elif tone and tone != before:
            self._at(OPERATE_S, self._give, 1 - end, self._events(tone)[0])

    def _events(self, tone: int) -> tuple[ToneOn, ToneOff]:
        if tone not in self._tones:
            self._tones[tone] = (ToneOn(tone), ToneOff(tone))
        return self._tones[tone]

    def run(self, calls: int) -> None:
        """Let time pass until so many calls are over."""
        heap, due = self._heap, self._due
        while self.calls <= calls:
            first = min(due)
            if heap and heap[0][0] <= first:
                self.now, _, function, end, value = heapq.heappop(heap)
                function(end, value)
            else:
                self.now, end = first, due.index(first)
                self._take(end, self.engines[end].expire(first))


def engines(calls: int) -> float:
    """Calls a CPU second of engines alone."""
    pair = BackToBack()
    begun = time.process_time()
    pair.run(calls)
    spent = time.process_time() - begun
    assert pair.answered >= calls, f"{pair.answered} of {calls} calls were answered"
    return calls / spent


class House:
    """An exchange on 4 spans with tokens whose every circuit is called again and again."""

    def __init__(self, spans: int = 4) -> None:
        self.cleared = self.answered = 0
        self.simulation = Simulation(configuration(spans, 0), china(), sounds(), tokens=True, append=self._fact)
        self.simulation.start()
        network = self.simulation.network
        callers = [network.subscriber(CALLER.format(n)) for n in range(spans * 30)]
        for n, caller in enumerate(callers):
            self.simulation.clock.callLater(n * 0.05, Story(network.floor.clock, caller, self._again_and_again(caller)).begin)

    def _fact(self, fact: object) -> None:
        if isinstance(fact, CallCleared):
            self.cleared += 1
        elif isinstance(fact, Established):
            self.answered += 1

    def _again_and_again(self, caller: Subscriber) -> Script:
        while True:
            caller.log.clear()
            if caller.dial(CALLED):
                yield until("answered", "released", seconds=30)
                yield TALK_S
                caller.hang_up()
                if caller.line is not None:
                    yield until("released", seconds=10)
            yield 0.5

    def run(self, seconds: float) -> float:
        """Simulate so long; calls cleared a CPU second."""
        begun, before = time.process_time(), self.cleared
        self.simulation.run(seconds)
        return (self.cleared - before) / (time.process_time() - begun)


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of calls."""
    runs = int(effort.choose(1, 5, 15))
    if "sim.engines" in names:
        calls = int(effort.choose(20, 5_000, 20_000))
        value = statistics.median(engines(calls) for _ in range(runs))
        conditions = f"engines and a heap alone; {calls} calls, {_words(runs)}"
        yield Row("sim.engines", round(value), "calls/CPU s", "higher", conditions=conditions)
    if "sim.tokens" in names:
        house = House()
        house.run(effort.choose(4, 20, 20))
        seconds = effort.choose(2, 40, 60)
        before = house.answered
        value = statistics.median(house.run(seconds) for _ in range(runs))
        calls = house.answered - before
        yield Row(
            "sim.tokens",
            round(value),
            "calls/CPU s",
            "higher",
            conditions=f"both ends, 120 circuits of 4 spans, {calls} calls answered by the menu and cleared; {_words(runs)}",
        )


def _words(runs: int) -> str:
    return f"median of {runs} runs; {load_text()}"
