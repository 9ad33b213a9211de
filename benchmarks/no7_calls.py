"""Subscribers at both ends of a signalling relation who call each other, for measurements of No. 7.

There are so many attempts a second, each with a fate that is drawn when it begins and held against what becomes of it. Numbers are dialled
en bloc or in overlap, with the caller's number or without. A call is answered and cleared by either end, or the called party is busy, or
the number is not allocated, or the caller gives up. A call that meets the far end's on one circuit takes another one. ``Traffic`` counts
what became of all: whatever was *lost* ended otherwise than it should. Leaves out everything below ISUP (no7_points.py).
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from benchmarks.no7_points import Point, TwoPoints
from pbx.engine import Malformed, Unexpected
from pbx.vocabulary import call as words
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Info, Redirection, Release, Seized, Setup
from pbx.vocabulary.numbers import COMPLETE, INVALID, MORE, UNALLOCATED_NUMBER, Examination

DIGITS = 11
AREA = "021"
VACANT = "029"
NUMBERS = 10**8
BETWEEN_DIGITS_S = 0.1
POST_DIALLING_S = 0.1
ALERTING, CONNECT, CLEARS = Alerting(), Connect(), Disconnect(words.NORMAL_CLEARING)
BUSY = Disconnect(words.USER_BUSY)


class ElevenDigits:
    """Numbers of eleven digits; in one area there is none."""

    _more, _complete = Examination(MORE), Examination(COMPLETE)
    _invalid = Examination(INVALID, cause=UNALLOCATED_NUMBER)

    def examine(self, digits: str) -> Examination:
        """Complete at the eleventh."""
        if len(digits) < DIGITS:
            return self._more
        return self._invalid if digits.startswith(VACANT) else self._complete


class Habits(msgspec.Struct, frozen=True):
    """Of both ends. Times are means. ``busy``, ``vacant`` and ``abandoned`` are the parts of all calls that meet this fate.

    ``careless``: of all circuits, how many are taken without regard to the far end, so that both seize one now and then.
    """

    attempts_per_second: float
    ringing_s: float
    talking_s: float
    overlap: float = 0.3
    with_caller: float = 0.8
    redirected: float = 0.03
    connected: float = 0.1
    careless: float = 0.1
    busy: float = 0.0
    vacant: float = 0.0
    abandoned: float = 0.0


class Call:
    """An attempt. ``cause``: what both ends must see. ``by_caller``: who clears after an answer. ``ends``: how many are not released."""

    __slots__ = ("answered", "by_caller", "cause", "cic", "cleared", "ends", "fate", "number", "origin", "setup", "tries")

    def __init__(self, origin: Point, number: str, fate: str, by_caller: bool, setup: Setup) -> None:
        self.origin = origin
        self.number = number
        self.fate = fate
        self.by_caller = by_caller
        self.setup = setup
        self.cause = CAUSES[fate]
        self.answered = self.cleared = False
        self.cic = self.ends = self.tries = 0


CAUSES = {
    "answered": words.NORMAL_CLEARING,
    "no answer": words.NO_ANSWER,
    "busy": words.USER_BUSY,
    "vacant": UNALLOCATED_NUMBER,
    "abandoned": words.NORMAL_CLEARING,
}
FIRST = 20
MOST_TRIES = 3
"""Circuits that a call tries."""


class Hunting:
    """Free circuits as one end sees them. It takes those of its own half first, the one that is idle longest, of the far end's the last."""

    def __init__(self, number: int, cics: Sequence[int]) -> None:
        self._number = number
        self.busy: set[int] = set()
        self._queues: tuple[deque[int], deque[int]] = (deque(), deque())
        self._listed: set[int] = set()
        for cic in cics:
            self.free(cic)

    def free(self, cic: int) -> None:
        """A circuit is idle."""
        self.busy.discard(cic)
        if cic not in self._listed:
            self._listed.add(cic)
            self._queues[(cic >> 1 & 1) == self._number].append(cic)

    def take(self, careless: bool) -> int | None:
        """A circuit for a call; None: all are busy. ``careless``: the one that the far end would take next."""
        far, own = self._queues
        while own or far:
            cic = far.popleft() if far and careless else own.popleft() if own else far.pop()
            self._listed.discard(cic)
            if cic not in self.busy:
                self.busy.add(cic)
                return cic
        return None


class Traffic:
    """Calls both ways, and what became of them by name in ``counts``."""

    def __init__(self, place: TwoPoints, habits: Habits) -> None:
        self.place = place
        self.habits = habits
        self.counts: Counter[str] = Counter()
        self.causes: Counter[int] = Counter()
        self.lost: list[str] = []
        """The first calls that were lost, in words."""
        self.attempts_per_second = habits.attempts_per_second
        self.talking_s = habits.talking_s
        """Both may be changed at any time."""
        self.offering = False
        self._next_s = 0.0
        self.stop_after: int | None = None
        self._numbers = 0
        self._calls: dict[str, Call] = {}
        self._outgoing: tuple[dict[int, Call], dict[int, Call]] = ({}, {})
        self._incoming: tuple[dict[int, Call], dict[int, Call]] = ({}, {})
        cics = list(place.points[0].isup.circuits)
        self.hunting = (Hunting(0, cics), Hunting(1, cics))
        for point in place.points:
            point.listen = self.heard

    @property
    def established(self) -> int:
        """Calls that are answered and not cleared."""
        return sum(call.answered for call in self._calls.values())

    @property
    def present(self) -> int:
        """Calls that have begun and not ended at both ends."""
        return len(self._calls)

    @property
    def unaccounted(self) -> int:
        """Attempts that did not end as they should, nor were held back, nor found all circuits busy; calls in progress too."""
        counts = self.counts
        return counts["attempts"] - counts["shed"] - counts["no circuit"] - sum(counts[fate] for fate in CAUSES)

    def offer(self) -> None:
        """From now on calls are attempted."""
        if not self.offering:
            self.offering = True
            self._next_s = self.place.now
            self._later()

    def cease(self) -> None:
        """No more calls are attempted; those that are there go on."""
        self.offering = False

    def _later(self) -> None:
        """The next attempt, counted from when this one was due: time goes on in ticks, Poisson's does not."""
        self._next_s = max(self._next_s, self.place.now - 1.0) + self.place.random.expovariate(self.attempts_per_second)
        self.place.at(self._next_s - self.place.now, self._attempt)

    def _attempt(self) -> None:
        if not self.offering:
            return
        self.counts["attempts"] += 1
        if self.counts["attempts"] == self.stop_after:
            self.offering = False
        else:
            self._later()
        self._try(self._drawn())

    def _drawn(self) -> Call:
        """A call with its fate."""
        chance, habits = self.place.random, self.habits
        self._numbers = (self._numbers + 1) % NUMBERS
        draw, fate = chance.random(), "answered"
        for name, part in (("busy", habits.busy), ("vacant", habits.vacant), ("abandoned", habits.abandoned)):
            if 0 <= draw < part:
                fate = name
            draw -= part
        number = f"{VACANT if fate == 'vacant' else AREA}{self._numbers:08}"
        overlap = chance.random() < habits.overlap
        setup = Setup(
            number[: chance.randrange(3, DIGITS)] if overlap else number,
            f"1391{self._numbers % 10**7:07}" if chance.random() < habits.with_caller else "",
            overlap=overlap,
            redirection=Redirection(number, number) if chance.random() < habits.redirected else None,
        )
        return Call(self.place.points[chance.random() < 0.5], number, fate, chance.random() < 0.5, setup)

    def _try(self, call: Call) -> None:
        """On the next free circuit."""
        origin = call.origin
        careless = self.place.random.random() < self.habits.careless
        cic = self.hunting[origin.number].take(careless) if call.tries < MOST_TRIES else None
        if cic is None:
            self.counts["no circuit"] += 1
            return
        call.cic = cic
        call.tries += 1
        call.ends = 1
        self._calls[call.number] = call
        self._outgoing[origin.number][cic] = call
        origin.give(cic, call.setup)
        if call.ends:
            if call.setup.overlap:
                self.place.at(BETWEEN_DIGITS_S, self._dial, call, cic, len(call.setup.called))
            if call.fate == "abandoned":
                self.place.at(min(self._drawn_s(self.habits.ringing_s), self._patience_s(call)), self._clear, call, cic, CLEARS)

    @staticmethod
    def _patience_s(call: Call) -> float:
        """T9 of the caller's exchange."""
        return float(call.origin.isup.variant.timers["T9"].default_ms) / 1000

    def _drawn_s(self, mean_s: float) -> float:
        return self.place.random.expovariate(1 / mean_s)

    def _then(self, mean_s: float, what: Callable[..., None], *arguments: Any) -> None:
        self.place.at(self._drawn_s(mean_s), what, *arguments)

    def _stands(self, call: Call, cic: int) -> bool:
        """Whether its caller still has the call, on that circuit."""
        return self._outgoing[call.origin.number].get(cic) is call

    def _dial(self, call: Call, cic: int, at: int) -> None:
        """The rest of an overlap number, three digits at a time."""
        if self._stands(call, cic):
            upto = min(DIGITS, at + 3)
            call.origin.give(cic, Info(call.number[at:upto]))
            if upto < DIGITS:
                self.place.at(BETWEEN_DIGITS_S, self._dial, call, cic, upto)

    def _clear(self, call: Call, cic: int, how: Disconnect) -> None:
        """The caller clears."""
        if self._stands(call, cic):
            call.cleared = True
            call.origin.give(cic, how)

    # The called party.

    def _ring(self, call: Call, point: Point, cic: int) -> None:
        if self._incoming[point.number].get(cic) is not call:
            return
        if call.fate == "busy":
            self._clear_called(call, point, cic, BUSY)
            return
        point.give(cic, ALERTING)
        if call.fate == "answered":
            wait_s = self._drawn_s(self.habits.ringing_s)
            if wait_s < self._patience_s(call):
                self.place.at(wait_s, self._answer, call, point, cic)
            else:
                # Nobody answers before T9 of the caller's exchange has run out, which then clears the call.
                call.fate, call.cause, call.cleared = "no answer", words.NO_ANSWER, True

    def _answer(self, call: Call, point: Point, cic: int) -> None:
        if self._incoming[point.number].get(cic) is not call:
            return
        point.give(cic, Connect(call.number) if self.place.random.random() < self.habits.connected else CONNECT)
        if not call.by_caller:
            self._then(self.talking_s, self._clear_called, call, point, cic, CLEARS)

    def _clear_called(self, call: Call, point: Point, cic: int, how: Disconnect) -> None:
        if self._incoming[point.number].get(cic) is call:
            call.cleared = True
            point.give(cic, how)

    # What circuits say.

    def heard(self, point: Point, cic: int, output: Any) -> None:
        """Something that a circuit says."""
        kind = type(output)
        if kind is Release:
            self._released(point, cic, output.cause)
        elif kind is Idle:
            self.hunting[point.number].free(cic)
        elif kind is Seized:
            self.hunting[point.number].busy.add(cic)
        elif kind is Setup:
            self._called(point, cic, output)
        elif kind is Connect:
            call = self._outgoing[point.number].get(cic)
            if call is not None:
                call.answered = True
                if call.by_caller:
                    self._then(self.talking_s, self._clear, call, cic, CLEARS)
        elif kind is Unexpected or kind is Malformed or kind is Blocked:
            self.counts[kind.__name__] += 1

    def _called(self, point: Point, cic: int, setup: Setup) -> None:
        call = self._calls.get(setup.called)
        if call is None or setup.calling != call.setup.calling:
            self.counts["wrong number"] += 1
            return
        call.ends += 1
        self._incoming[point.number][cic] = call
        self._then(POST_DIALLING_S, self._ring, call, point, cic)

    def _released(self, point: Point, cic: int, cause: int) -> None:
        call = self._outgoing[point.number].pop(cic, None)
        if call is not None:
            self._caller_released(call, cause)
        else:
            call = self._incoming[point.number].pop(cic, None)
            if call is None:  # it ended before its number was whole
                return
            self.counts["called ends"] += 1
            if not self._due(call, cause):
                self._lose(call, f"the called party sees {cause}")
        call.ends -= 1
        if not call.ends and self._calls.get(call.number) is call:
            del self._calls[call.number]

    def _caller_released(self, call: Call, cause: int) -> None:
        if cause == words.CIRCUIT_NOT_AVAILABLE and not call.answered:
            self.counts["other circuit"] += 1
            self.place.at(0.0, self._try, call)
        elif cause == words.SWITCH_CONGESTION and call.ends == 1:
            self.counts["shed"] += 1
        else:
            self.causes[cause] += 1
            if cause == call.cause and self._due(call, cause) and (call.answered or call.fate != "answered"):
                self.counts[call.fate] += 1
            else:
                self._lose(call, f"the caller sees {cause}")

    def _due(self, call: Call, cause: int) -> bool:
        """Whether a call may end now, and so."""
        return cause == call.cause and (call.cleared or call.fate == "vacant")

    def _lose(self, call: Call, why: str) -> None:
        self.counts["lost"] += 1
        if call.answered:
            self.counts["established lost"] += 1
        if len(self.lost) < FIRST:
            self.lost.append(f"{self.place.now:.2f} s: {call.number} on circuit {call.cic} ({call.fate}), {why}")

    # The end.

    def finish(self, seconds: float = 600.0) -> bool:
        """No more attempts, and time until all calls are over; whether they are, and all circuits are idle at both ends."""
        self.cease()
        return self.place.run(seconds, lambda: self.at_rest)

    @property
    def at_rest(self) -> bool:
        """No call is there, and both ends agree that each circuit is idle."""
        if self._calls or any(hunting.busy for hunting in self.hunting):
            return False
        circuits = (circuit for point in self.place.points for circuit in point.isup.circuits.values())
        return all(circuit.machine.state == "Idle" and not circuit.reasons for circuit in circuits)
