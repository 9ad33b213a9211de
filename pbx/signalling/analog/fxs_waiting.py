"""Call waiting on a subscriber line in a call: the tone, and caller identity off-hook (TR-NWT-000575, EN 300 659-2, from memory).

The tone of the plan sounds once and is repeated for as long as the call waits. The first one is followed by the dual tone alert; a set that
can show the caller mutes its handset and answers with a digit (D), and the message leaves in C (``Armed``), whatever control is doing.
Engine and plane judge by the same rule, the digit's time, whether the answer came in time. While the exchange of signals lasts the port
sends nothing else and digits are nobody's; ``busy`` says so to the switch, whose talk path the plane mutes where it sends (SendTone,
SendOctets), not where it hears: the other party hears the answer
unless the switch mutes that edge. Leaves out what a flash then does.
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.analog.caller_identity import FskPresentation
from pbx.signalling.analog.fxs_feed import LineFeed
from pbx.signalling.analog.fxs_identity import ALERT, Said, call_of, say
from pbx.signalling.analog.fxs_variant import SubscriberVariant
from pbx.vocabulary.call import CallWaiting
from pbx.vocabulary.media import RECEIVE_DTMF, Armed, Digit, Listen, SendOctets, SendTone, Silence

SAMPLES_A_SECOND = 8000


class CallWaitingSignals:
    """The signals of a call that waits for one line."""

    __slots__ = ("_date_time", "_feed", "_machine", "_presentation", "_said", "_until", "_variant")

    def __init__(self, variant: SubscriberVariant, feed: LineFeed, presentation: FskPresentation | None) -> None:
        """``presentation`` is that of a set off-hook, None for the tone alone."""
        self._variant = variant
        self._feed = feed
        self._presentation = presentation
        self._machine = Machine(variant.chart("call waiting", "Off", STATES), self)
        self._date_time = ""
        self._said: Said | None = None
        self._until = 0.0

    @property
    def machine(self) -> Machine:
        """The machine, for coverage and for people."""
        return self._machine

    @property
    def busy(self) -> bool:
        """Whether signals are exchanged: the port sends them alone, and what the set sends is no digit of a number."""
        return self._machine.state in ("Alerting", "Sending")

    def wait(self, waiting: CallWaiting, date_time: str, now: float) -> Sequence[Output]:
        """Another call waits, or the one that did waits no more."""
        if waiting.over:
            return self.stop(now)
        self._date_time = date_time
        return self._machine.step("CallWaiting", waiting, now)

    def stop(self, now: float) -> Sequence[Output]:
        """No call waits any more: what is being sent is cut at once."""
        return self._machine.step("Release", None, now)

    def digit(self, digit: str, now: float) -> Sequence[Output]:
        """A digit while signals are exchanged."""
        return self._machine.step("answer" if digit == self._variant.data.call_waiting.acknowledging_digit else "digit", None, now)

    # Actions.

    def _tone(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("-> call waiting tone"), self._variant.waiting_tone)

    def _offered(self, waiting: CallWaiting, now: float) -> Sequence[Output]:
        """The first tone; the alert behind it when the set may be told who calls."""
        tone = self._tone(None, now)
        if self._presentation is None:
            self._machine.choose("Waiting")
            return tone
        call = call_of(waiting.calling, waiting.restricted, waiting.name, self._date_time)
        said = say(call, self._presentation)
        if isinstance(said, Noted):
            self._machine.choose("Waiting")
            return (*tone, said)
        self._machine.choose("Alerting")
        return (*tone, *self._alert(said, now))

    def _alert(self, said: Said, now: float) -> Sequence[Output]:
        data = self._variant.data.call_waiting
        alert = now + (data.tone_ms + data.alert_after_ms) / 1000
        self._until = alert + (data.alert_ms + data.acknowledgement_ms) / 1000
        self._said = said
        self._machine.start_timer("acknowledgement", self._until)
        assert isinstance(said.command, SendOctets)
        after = data.message_after_ms * SAMPLES_A_SECOND // 1000
        return (
            Noted("-> dual tone alert"),
            SendTone(ALERT, data.alert_ms, alert),
            Listen(RECEIVE_DTMF),
            Armed(Digit(data.acknowledging_digit), said.command, after, self._until),
        )

    def _acknowledged(self, _: object, now: float) -> Sequence[Output]:
        if now > self._until:
            self._machine.choose("Waiting")
            return (Noted("the set's answer came too late"),)
        said = self._said
        assert said is not None
        self._machine.choose("Sending")
        self._machine.start_timer("message_end", now + self._variant.data.call_waiting.message_after_ms / 1000 + said.seconds)
        return (Noted("the set answers the alert"), *said.notes)

    def _no_answer(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("the set does not answer the alert"),)

    def _cut(self, _: object, now: float) -> Sequence[Output]:
        return (Silence(), *self._feed.cancel(now))

    def _cut_and_offered(self, waiting: CallWaiting, now: float) -> Sequence[Output]:
        return (*self._cut(None, now), *self._offered(waiting, now))


_C = CallWaitingSignals
_NOTHING = Cell(None)
_OFFERED = Cell(_C._offered, ("Alerting", "Waiting"))
_ANEW = Cell(_C._cut_and_offered, ("Alerting", "Waiting"))
_CUT = Cell(_C._cut, ("Off",))

STATES: dict[str, State] = {
    "Off": State("no call waits", {"CallWaiting": _OFFERED, "Release": _NOTHING}),
    "Alerting": State(
        "hears tone and alert; an answer of the set is awaited",
        {
            "CallWaiting": _ANEW,
            "Release": _CUT,
            "digit": _NOTHING,
            "answer": Cell(_C._acknowledged, ("Sending", "Waiting")),
            "acknowledgement": Cell(_C._no_answer, ("Waiting",)),
        },
        keeps=("acknowledgement",),
    ),
    "Sending": State(
        "is told who calls",
        {
            "CallWaiting": _ANEW,
            "Release": _CUT,
            "digit": _NOTHING,
            "answer": _NOTHING,
            "message_end": Cell(None, ("Waiting",)),
        },
        keeps=("message_end",),
    ),
    "Waiting": State(
        "a call waits; the tone comes again",
        {
            "CallWaiting": _OFFERED,
            "Release": Cell(None, ("Off",)),
            "waiting_tone": Cell(_C._tone, ("Waiting",)),
        },
        starts=("waiting_tone",),
    ),
}
