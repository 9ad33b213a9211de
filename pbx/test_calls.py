"""Test calls over one chosen circuit: seize it, dial the far end's test number, hear its tone, release; and the answer to such calls.

A test call is a call like others, with its leg, facts and record, but it is placed on the circuit that the engineer names, also on a
blocked one if the far end takes it, and carries the mark of its signalling (KD 6 of China No.1, the test category of No. 7). It is good
when it is answered and a steady tone is heard. An incoming call with that mark, or for the test number of its group, is answered with the
milliwatt tone of the plan and cleared after ``tone_seconds`` (Q.542 and O.22 for the idea; the test itself is this house's). Leaves out
measurements of bit errors (pbx/line_tests.py).
"""

from typing import TYPE_CHECKING, Any

import msgspec

from pbx.call import Call, Leg
from pbx.line import TRUNK, Line
from pbx.vocabulary import facts, tones
from pbx.vocabulary.call import NO_ANSWER, NORMAL_CLEARING, Connect, Primitive, Setup
from pbx.vocabulary.media import RECEIVE_VOICE, Listen, SendTone, ToneOn, Unlisten

if TYPE_CHECKING:
    from pbx.switch import Switch

MILLIWATT = SendTone(tones.progress("milliwatt"))
STEADY_TONES = frozenset({tones.special("beep"), tones.progress("milliwatt")})
"""A steady tone is told as a beep where there is sound, by its own name where there are tokens."""
TONE_SECONDS = 10.0
PATIENCE_SECONDS = 5.0
"""So long after the answer the tone is waited for."""
TIMES_MOST = 1000


class CircuitTest:
    """One test call: the circuit, how often it is still to be called, what came of it so far."""

    def __init__(self, room: "TestCalls", line: Line, number: str, times: int) -> None:
        self.room = room
        self.line = line
        self.number = number
        self.times = times
        self.timer: Any = None
        self.answered_after_s = 0.0
        self.heard = False
        self.good = 0
        self.failed: list[str] = []
        self.running = True


class TestLine(msgspec.Struct, frozen=True):
    """What a group's far end dials to reach our test line, and what we dial to reach its; "" = none."""

    __test__ = False
    ours: str = ""
    theirs: str = ""


class TestCalls:
    """The test calls of one switch."""

    __test__ = False

    def __init__(self, switch: "Switch", lines: dict[str, TestLine] | None = None) -> None:
        """``lines`` by trunk group."""
        self._switch = switch
        self._floor = switch.floor
        self._lines = dict(lines or {})
        self._last: dict[str, CircuitTest] = {}

    # Ours.

    def begin(self, line: Line, number: str = "", times: int = 1) -> str:
        """Call over this circuit; "" or why not."""
        number = number or self._lines.get(line.group, TestLine()).theirs
        if line.kind != TRUNK:
            return f"{line.name} is no trunk circuit"
        if not number:
            return f"trunk group {line.group} has no test_number; give one as the second argument"
        if not 1 <= times <= TIMES_MOST:
            return f"a circuit is called from 1 to {TIMES_MOST} times"
        if not line.available:
            return f"{line.name} is in use or blocked"
        test = self._last[line.name] = CircuitTest(self, line, number, times)
        self._call(test)
        return ""

    def _call(self, test: CircuitTest) -> None:
        switch, line = self._switch, test.line
        if not line.available:
            self._over(test, "it is in use or blocked")
            return
        test.times -= 1
        test.heard = False
        call = Call(switch.name_call(), self._floor.now)
        switch.calls[call.name] = call
        leg = call.add(line, False, self._floor.now)
        leg.called, leg.group, leg.test = test.number, line.group, test
        switch.take_line(leg)
        self._floor.to_line(line, Setup(test.number, test=True))
        switch.tell(leg, facts.NetworkReached, called=test.number, group=line.group)
        test.timer = self._floor.after(switch.settings.no_answer_seconds, self._not_answered, leg)

    def takes(self, leg: Leg, primitive: Primitive) -> bool:
        """Whether the primitive is for this room alone: the answer, for there is no partner to connect."""
        if isinstance(primitive, Connect) and not leg.clearing:
            self._switch.establish(leg)
            self._answered(leg)
        return isinstance(primitive, Connect)

    def _answered(self, leg: Leg) -> None:
        """The far end has answered: now its tone is listened for."""
        test: CircuitTest = leg.test
        test.timer.cancel()
        test.answered_after_s = self._floor.now - leg.started_at
        self._floor.orders([(leg.line.port, Listen(RECEIVE_VOICE))])
        test.timer = self._floor.after(PATIENCE_SECONDS, self._not_heard, leg)

    def heard(self, leg: Leg, event: ToneOn) -> None:
        """A tone on the circuit under test."""
        test: CircuitTest = leg.test
        if event.tone in STEADY_TONES and not test.heard:
            test.heard = True
            self._switch.clear_leg(leg, NORMAL_CLEARING)

    def _not_answered(self, leg: Leg) -> None:
        leg.test.timer = None
        self._switch.clear_leg(leg, NO_ANSWER)

    def _not_heard(self, leg: Leg) -> None:
        leg.test.timer = None
        self._switch.clear_leg(leg, NORMAL_CLEARING)

    def released(self, leg: Leg) -> None:
        """The test call is over."""
        test: CircuitTest = leg.test
        if test.timer is not None:
            test.timer.cancel()
            test.timer = None
        if leg.answered:
            self._floor.orders([(leg.line.port, Unlisten(RECEIVE_VOICE))])
        if test.heard:
            test.good += 1
        else:
            test.failed.append("answered, but no tone was heard" if leg.answered else f"not answered, cause {leg.cause}")
        if not test.times:
            self._over(test, "")

    def idle(self, line: Line) -> None:
        """The circuit is free again: the next of several test calls."""
        test = self._last.get(line.name)
        if test is not None and test.running and test.times:
            self._floor.turn(self._call, test)

    def _over(self, test: CircuitTest, why: str) -> None:
        test.running = False
        if why:
            test.failed.append(why)
        self._floor.fact(facts.CircuitTested(self._floor.now, test.line.name, test.number, test.good, tuple(test.failed)))

    def report(self, line: Line) -> str:
        """How the test of a circuit stands, in words."""
        test = self._last.get(line.name)
        if test is None:
            return f"{line.name} has not been tested"
        words = f"{line.name}: {test.good} test calls to {test.number} good"
        if test.good:
            words += f" (answered after {test.answered_after_s:.1f} s, tone heard)"
        if test.failed:
            words += f", {len(test.failed)} failed: {test.failed[-1]}"
        return f"{words}; {test.times} to come" if test.running else words

    # Theirs.

    def is_for_us(self, leg: Leg, setup: Setup) -> bool:
        """Whether an incoming call wants our test line."""
        ours = self._lines.get(leg.group, TestLine()).ours
        return bool(ours) and leg.line.kind == TRUNK and (setup.test or setup.called == ours)

    def respond(self, leg: Leg) -> None:
        """Answer with the milliwatt tone for a while."""
        self._switch.answer(leg)
        self._switch.sound(leg, MILLIWATT)
        self._floor.after(TONE_SECONDS, self._toned, leg)

    def _toned(self, leg: Leg) -> None:
        self._switch.clear_leg(leg, NORMAL_CLEARING)
