"""The outgoing MFC register: sends a number as the far register asks for it (Q.440-Q.480, national meanings by the variant).

Marks and digits one by one, again from any place (A2, and A7, A8 of Q.441), the end of the number where there is a signal
for it, KA (group II of Q.441) and the caller's number when asked, KD after A3. Digits that the switch has not given yet are
waited for in silence; there pulses are understood (Q.442), among them A6, with which libopenr2 ends a number whose length
it does not know. Left out: what KB means for the line (line.py).
"""

from collections.abc import Sequence

from pbx.engine import Output, Unexpected
from pbx.machine import Cell, State
from pbx.signalling.r2.register import SILENCE, TIMES_OUT, Register, Report
from pbx.signalling.r2.variant import SPARE, Sending, Settled, Variant, ka_kd
from pbx.signalling.r2.variant_data import BACK, BackwardSignal
from pbx.vocabulary import call
from pbx.vocabulary.call import Proceeding, Setup
from pbx.vocabulary.media import RECEIVE_MFC_BACKWARD, Listen, Unlisten

LISTEN_BACKWARD, UNLISTEN_BACKWARD = Listen(RECEIVE_MFC_BACKWARD), Unlisten(RECEIVE_MFC_BACKWARD)
SILENT: Sending = (SILENCE,)
STOP_BACKWARD: Sending = (SILENCE, UNLISTEN_BACKWARD)
PROCEEDING = Proceeding()
NO_ROW = BackwardSignal("spare", "nothing")


class OutgoingRegister(Register):
    """Sends a number as the far register asks for it."""

    __slots__ = ("_called", "_caller", "_first", "_ka", "_overlap", "_place", "_plan", "_position", "_readings", "_settled", "kd", "row")

    def __init__(self, variant: Variant, settled: Settled, report: Report) -> None:
        """One for each circuit, used call after call."""
        a, caller = variant.group_a, variant.group_caller
        self._readings = {"Digit": a, "Category": caller, "Caller": caller, "Waiting": a, "CalledClass": variant.told[0].readings}
        super().__init__(variant.chart("outgoing register", OUTGOING_STATES, "Stop"), variant, self._readings, report)
        self._settled = settled
        self._called: list[Sending] = []
        self._caller: Sequence[Sending] = ()
        self._ka = 0
        self._first = self._position = self._place = 0
        self._overlap = False
        self._plan = "Waiting"
        self.kd = 0
        self.row = NO_ROW

    def prepare(self, setup: Setup) -> bool:
        """Keep what will be sent; False if the called number has a sign that cannot be."""
        called, calling, variant, settled = setup.called, setup.calling, self.variant, self._settled
        if called and not (called.isdigit() and called.isascii()):
            return False
        marks = (*settled.marks, *settled.test_marks) if setup.test else settled.marks
        send_called = variant.send_called
        self._called = [*marks, *[send_called[digit] for digit in called]]
        self._overlap = setup.overlap
        if called and not setup.overlap:
            self._called += variant.send_end_of_called
        self._first = len(marks)
        self._position = self._place = 0
        ka, kd = ka_kd(setup.category)
        self._ka = ka or settled.category
        self.kd = (settled.test_class if setup.test else 0) or kd or settled.called_class
        # What KB means depends on the KD that it answers.
        self._readings["CalledClass"] = variant.told[self.kd].readings
        self.row = NO_ROW
        register = variant.data.register
        if setup.restricted or not (calling.isdigit() and calling.isascii()):
            self._caller = (variant.send_restricted,)
        else:
            send_caller = variant.send_caller
            self._caller = [*[send_caller[digit] for digit in calling[: register.caller_limit]], variant.send_end]
        return True

    def start(self, now: float) -> Sequence[Output]:
        """The seizure is acknowledged: listen, send the first digit if there is one."""
        return self.machine.step("start", None, now)

    def more(self, digits: str, now: float) -> Sequence[Output]:
        """More digits of the called number; sent at once if the far register waits for them."""
        if not (digits.isdigit() and digits.isascii()):
            return (Unexpected(self.machine.state, f"Info {digits}"),)
        send_called = self.variant.send_called
        self._called += [send_called[digit] for digit in digits]
        if self.machine.state == "Waiting":
            return self.machine.step("Info", None, now)
        return ()

    def _digits(self) -> str:
        """The state that goes on with the called number."""
        return "Digit" if self._position < len(self._called) else "Waiting"

    def _begin(self, _: object, now: float) -> Sequence[Output]:
        self._plan = self._digits()
        return (LISTEN_BACKWARD, *self._send(None, now))

    def _send(self, _: object, now: float) -> Sequence[Output]:
        """Carry out the plan: the next forward signal, or the end."""
        plan = self._plan
        self.machine.choose(plan)
        if plan == "Digit":
            sending = self._called[self._position]
            self._position += 1
            return sending
        if plan == "Caller":
            return self._caller[self._place]
        if plan == "Category":
            return self.variant.send_category[self._ka]
        if plan == "CalledClass":
            return self.variant.send_called_class[self.kd]
        if plan == "Off":
            cause = self.row.cause
            return (UNLISTEN_BACKWARD, *self._report("register-failed" if cause else "register-free", cause, now))
        return ()

    def _send_digit(self, _: object, now: float) -> Sequence[Output]:
        sending = self._called[self._position]
        self._position += 1
        return sending

    def _next_digit(self, _: object, now: float) -> Sequence[Output]:
        self._plan = self._digits()
        return SILENT

    def _first_digit(self, _: object, now: float) -> Sequence[Output]:
        self._position, self._place = self._first, 0
        self._plan = self._digits()
        return SILENT

    def _repeat(self, row: BackwardSignal, now: float) -> Sequence[Output]:
        """Again from the digit so many places before the one that was sent last (Q.441: A2, A7, A8)."""
        self._position = max(self._first, self._position - 1 - BACK[row.means])
        self._plan = self._digits()
        return SILENT

    def _ask_category(self, _: object, now: float) -> Sequence[Output]:
        self._place = 0
        self._plan = "Category"
        return SILENT

    def _first_of_caller(self, _: object, now: float) -> Sequence[Output]:
        self._place = 0
        self._plan = "Caller"
        return SILENT

    def _next_of_caller(self, _: object, now: float) -> Sequence[Output]:
        """The caller's next digit; behind the last signal A1 goes on with the called number (China), where another signal asks for the
        caller it gets the last signal again."""
        if self._place + 1 < len(self._caller):
            self._place += 1
        elif self.variant.data.register.caller_by == "next-digit" and not self.variant.data.group_c:
            return self._next_digit(None, now)
        self._plan = "Caller"
        return SILENT

    def _to_group_b(self, _: object, now: float) -> Sequence[Output]:
        self._plan = "CalledClass"
        return (SILENCE, PROCEEDING) if self._overlap else SILENT

    def _end(self, row: BackwardSignal, now: float) -> Sequence[Output]:
        """Free or refused: the register ends when the backward tone does."""
        self._plan, self.row = "Off", row
        return SILENT

    def _spare(self, _: object, now: float) -> Sequence[Output]:
        return self._end(SPARE, now)

    def _abort(self, _: object, now: float) -> Sequence[Output]:
        """A timer has run out: nothing more can be had from the far register."""
        return (*STOP_BACKWARD, TIMES_OUT, *self._report("register-failed", call.RECOVERY_ON_TIMER_EXPIRY, now))

    def _stop(self, _: object, now: float) -> Sequence[Output]:
        return STOP_BACKWARD


_OUT = OutgoingRegister
_SENT = ("Digit", "Caller", "Category", "CalledClass", "Waiting", "Off")
_ENDS = ("Ending",)
_STOPS = {"Stop": Cell(_OUT._stop, ("Off",))}
_GROUP_A = {
    "next-digit": Cell(_OUT._next_digit, _ENDS),
    "from-first": Cell(_OUT._first_digit, _ENDS),
    "repeat-last": Cell(_OUT._repeat, _ENDS),
    "repeat-2-back": Cell(_OUT._repeat, _ENDS),
    "repeat-3-back": Cell(_OUT._repeat, _ENDS),
    "to-group-b": Cell(_OUT._to_group_b, _ENDS),
    "send-category": Cell(_OUT._ask_category, _ENDS),
    "send-caller-digit": Cell(_OUT._first_of_caller, _ENDS),
    "address-complete": Cell(_OUT._end, _ENDS),
    "refused": Cell(_OUT._end, _ENDS),
    "spare": Cell(_OUT._spare, _ENDS),
    "forward_on": Cell(_OUT._abort, ("Off",)),
    **_STOPS,
}
_PULSED = ("PulseGuard",)
OUTGOING_STATES = {
    "Off": State("not in use", {"start": Cell(_OUT._begin, ("Digit", "Waiting")), "Stop": Cell(None)}),
    "Digit": State("sends a mark, a digit or the end of the number", _GROUP_A, ("forward_on",)),
    "Category": State("sends KA", _GROUP_A, ("forward_on",)),
    "Caller": State("sends the caller's number", {**_GROUP_A, "send-caller-digit": Cell(_OUT._next_of_caller, _ENDS)}, ("forward_on",)),
    "CalledClass": State(
        "sends KD, waits for KB",
        {
            "free": Cell(_OUT._end, _ENDS),
            "refused": Cell(_OUT._end, _ENDS),
            "spare": Cell(_OUT._spare, _ENDS),
            "forward_on": Cell(_OUT._abort, ("Off",)),
            **_STOPS,
        },
        ("forward_on",),
    ),
    "Ending": State(
        "waits for the end of the backward tone",
        {"tone-off": Cell(_OUT._send, _SENT), "backward_off": Cell(_OUT._abort, ("Off",)), **_STOPS},
        ("backward_off",),
    ),
    "Waiting": State(
        "has nothing to send, waits for a pulse or more digits",
        {
            "Info": Cell(_OUT._send_digit, ("Digit",)),
            "to-group-b": Cell(_OUT._to_group_b, _PULSED),
            "send-category": Cell(_OUT._ask_category, _PULSED),
            "address-complete": Cell(_OUT._end, _ENDS),
            "refused": Cell(_OUT._end, _ENDS),
            "forward_wait": Cell(_OUT._abort, ("Off",)),
            **_STOPS,
        },
        ("forward_wait",),
    ),
    "PulseGuard": State(
        "lets a pulse pass (Q.442)",
        {"tone-off": Cell(None), "pulse_guard": Cell(_OUT._send, _SENT), **_STOPS},
        ("pulse_guard",),
    ),
}
