"""Listening to a line: seize a chosen exchange line or trunk, dial if wanted, record what it says for a while, let it go.

It is how a tone of the network comes into a recording from which it can be learned (pbx/learn_tone.py). The call has one leg, its facts
and its record like any other; nobody is connected. Without a number the recording begins with the seizure, so that dial tone is in it; with
one, when the number has gone out or the far exchange first says what becomes of it. A far end that clears is listened to all the same,
for its busy tone may be what is wanted: the line is held until the time is over. Leaves out what is done with the recording.
"""

from typing import TYPE_CHECKING, Any

from pbx.call import Call, Leg
from pbx.line import TRUNK, Line
from pbx.vocabulary import facts
from pbx.vocabulary.call import (
    NO_ANSWER,
    NORMAL_CLEARING,
    Alerting,
    Connect,
    Disconnect,
    Primitive,
    Proceeding,
    Progress,
    Resume,
    Setup,
    Suspend,
)
from pbx.vocabulary.media import ToneOn
from pbx.vocabulary.tones import DTMF_DIGITS

if TYPE_CHECKING:
    from pbx.switch import Switch

SECONDS_MOST = 300
DIGITS_MOST = 32
SAYS_SOMETHING = (Proceeding, Progress, Alerting, Connect, Disconnect)
OURS = (Connect, Disconnect, Suspend, Resume)
"""What is not for the switch, which would look for a partner, or clear."""


class Listening:
    """One of them: the line, how long, the name of the recording, since when it runs, how it ended."""

    def __init__(self, room: "LineListening", seconds: float, leg: Leg) -> None:
        self.room = room
        self.seconds = seconds
        self.line: Line = leg.line
        self.recording = f"{leg.call.name}-{leg.number}"
        self.began_at: float | None = None
        self.recorded_s = 0.0
        self.cause = 0
        self.running = True
        self.timer: Any = None


class LineListening:
    """The listening legs of one switch."""

    def __init__(self, switch: "Switch") -> None:
        self._switch = switch
        self._floor = switch.floor
        self._last: dict[str, Listening] = {}

    def begin(self, line: Line, seconds: float, number: str = "") -> str:
        """Listen to a free line for so long; "" or why not. ``recording_of`` names the recording."""
        if line.kind != TRUNK:
            return f"{line.name} is no exchange line and no trunk"
        if not 0 < seconds <= SECONDS_MOST:
            return f"a line is listened to for up to {SECONDS_MOST} seconds"
        if len(number) > DIGITS_MOST or not all(digit in DTMF_DIGITS for digit in number):
            return f"{number!r} is no number of at most {DIGITS_MOST} digits"
        if not line.available:
            return f"{line.name} is in use or blocked"
        if not self._switch.recorders.free:
            return "no recorder is free"
        switch = self._switch
        call = Call(switch.name_call(), self._floor.now)
        switch.calls[call.name] = call
        leg = call.add(line, False, self._floor.now)
        leg.called, leg.group = number, line.group
        listening = leg.test = self._last[line.name] = Listening(self, seconds, leg)
        switch.take_line(leg)
        self._floor.to_line(line, Setup(number, overlap=not number))
        switch.tell(leg, facts.NetworkReached, called=number, group=line.group)
        listening.timer = self._floor.after(switch.settings.no_answer_seconds, self._nothing_said, leg)
        if not number:
            self._record(leg)
        return ""

    def recording_of(self, line: Line) -> str:
        """The name of the line's last recording; "" when it has never been listened to."""
        listening = self._last.get(line.name)
        return listening.recording if listening is not None else ""

    def report(self, line: Line) -> str:
        """How it stands, in words."""
        listening = self._last.get(line.name)
        if listening is None:
            return f"{line.name} has not been listened to"
        if listening.running:
            return f"{line.name}: {listening.recording} {'is being recorded' if listening.began_at is not None else 'waits for the line'}"
        what = f"recorded for {listening.recorded_s:.1f} s" if listening.began_at is not None else "nothing was recorded"
        return f"{line.name}: {listening.recording} {what}, cause {listening.cause}"

    # What the switch tells of a leg whose ``test`` is a listening.

    def takes(self, leg: Leg, primitive: Primitive) -> bool:
        """Whether the primitive is for this room alone; the first that says something begins the recording."""
        if isinstance(primitive, SAYS_SOMETHING) and not leg.clearing:
            self._record(leg)
            if isinstance(primitive, Connect) and not leg.answered:
                self._switch.establish(leg)
        return isinstance(primitive, OURS)

    def heard(self, leg: Leg, event: ToneOn) -> None:
        """A tone: it is in the recording."""

    def released(self, leg: Leg) -> None:
        """The line has been let go."""
        listening: Listening = leg.test
        if listening.timer is not None:
            listening.timer.cancel()
            listening.timer = None
        if listening.began_at is not None and not listening.recorded_s:
            listening.recorded_s = self._floor.now - listening.began_at
        listening.running, listening.cause = False, leg.cause

    # Time.

    def _record(self, leg: Leg) -> None:
        listening: Listening = leg.test
        if listening.began_at is not None or leg.clearing:
            return
        if not self._switch.recorders.record(leg):
            self._switch.clear_leg(leg, NORMAL_CLEARING)
            return
        listening.timer.cancel()
        listening.began_at = self._floor.now
        listening.timer = self._floor.after(listening.seconds, self._over, leg)

    def _over(self, leg: Leg) -> None:
        listening: Listening = leg.test
        listening.timer = None
        listening.recorded_s = listening.seconds
        self._switch.clear_leg(leg, NORMAL_CLEARING)

    def _nothing_said(self, leg: Leg) -> None:
        leg.test.timer = None
        self._switch.clear_leg(leg, NO_ANSWER)
