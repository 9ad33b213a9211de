"""MFC registers: compelled inter-register signalling after Q.440-Q.480 with the meanings of a national variant.

Compelled (Q.457): forward tone on, backward tone on, forward off, backward off. ``OutgoingRegister`` sends the called
number as it is asked, KA and the caller's number after A6, KD after A3. ``IncomingRegister`` collects the number, asks a
``NumberExaminer`` after every digit, asks for the caller once, hands up ``Setup`` when KD has come, and answers KD with
KB when the switch has decided. Both report their end to the line signalling (``register-free``, ``register-failed``) and
know nothing of bits. Pulsed A signals (Q.442) are sent and understood, among them A6, with which libopenr2 ends a number whose
length it does not know. Left out: sending on in tandem, echo suppressors.
"""

from collections.abc import Callable, Mapping, Sequence

from pbx.engine import Noted, Output, Unexpected
from pbx.machine import Cell, Chart, Machine, State
from pbx.signalling.r2.variant import Reading, Sending, Variant, category_of, ka_kd
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import Setup
from pbx.vocabulary.media import RECEIVE_MFC_BACKWARD, RECEIVE_MFC_FORWARD, Listen, Silence, Unlisten
from pbx.vocabulary.numbers import COMPLETE, INVALID, NumberExaminer

Report = Callable[[str, int, float], Sequence[Output]]
"""``report(event, cause, now)``: how a register tells the line signalling that it has ended."""

SILENCE = Silence()
LISTEN_FORWARD, UNLISTEN_FORWARD = Listen(RECEIVE_MFC_FORWARD), Unlisten(RECEIVE_MFC_FORWARD)
LISTEN_BACKWARD, UNLISTEN_BACKWARD = Listen(RECEIVE_MFC_BACKWARD), Unlisten(RECEIVE_MFC_BACKWARD)
STOP_FORWARD: Sending = (SILENCE, UNLISTEN_FORWARD)
STOP_BACKWARD: Sending = (SILENCE, UNLISTEN_BACKWARD)


class Register:
    """What both registers share: a machine, the readings of its present state, the way to report."""

    __slots__ = ("_meanings", "_report", "machine", "variant")

    def __init__(self, chart: Chart, variant: Variant, meanings: Mapping[str, Mapping[int, Reading]], report: Report) -> None:
        """``meanings``: for each state in which tones are read, event, argument and trace by tone code."""
        self.variant = variant
        self.machine = Machine(chart, self)
        self._meanings = meanings
        self._report = report

    def tone_on(self, tone: int, now: float) -> Sequence[Output]:
        """A tone began on the line."""
        state = self.machine.state
        readings = self._meanings.get(state)
        if readings is not None:
            reading = readings.get(tone)
            if reading is not None:
                word, argument, noted = reading
                return (noted, *self.machine.step(word, argument, now))
        elif state == "Off":
            return ()
        return (Noted(f"<- {tones.name(tone)} not expected"), Unexpected(state, tones.name(tone)))

    def tone_off(self, now: float) -> Sequence[Output]:
        """The tone has ended."""
        if self.machine.state == "Off":
            return ()
        return self.machine.step("tone-off", None, now)

    def stop(self, now: float) -> Sequence[Output]:
        """The line clears: silence, receiver off, whatever was going on."""
        return self.machine.step("Stop", None, now)


class OutgoingRegister(Register):
    """Sends a number as the far register asks for it."""

    __slots__ = ("_called", "_caller", "_cause", "_ka", "_kd", "_place", "_plan", "_position")

    def __init__(self, variant: Variant, report: Report) -> None:
        """One for each circuit, used call after call."""
        a, b = variant.group_a, variant.group_b
        meanings = {"Digit": a, "Category": a, "Caller": a, "Waiting": a, "CalledClass": b}
        super().__init__(variant.chart("outgoing register", OUTGOING_STATES, "Stop"), variant, meanings, report)
        self._called = ""
        self._caller: Sequence[Sending] = ()
        self._ka = self._kd = 0
        self._position = self._place = 0
        self._plan = "Waiting"
        self._cause = 0

    def prepare(self, setup: Setup) -> bool:
        """Keep what will be sent; False if the called number has a sign that cannot be."""
        called, calling, variant = setup.called, setup.calling, self.variant
        if called and not (called.isdigit() and called.isascii()):
            return False
        self._called = called
        self._position = self._place = 0
        ka, kd = ka_kd(setup.category)
        register = variant.data.register
        self._ka, self._kd = ka or register.category, kd or register.called_class
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
        self._called += digits
        if self.machine.state == "Waiting":
            return self.machine.step("Info", None, now)
        return ()

    def _begin(self, _: object, now: float) -> Sequence[Output]:
        self._position = self._place = 0
        self._plan = "Digit" if self._called else "Waiting"
        return (LISTEN_BACKWARD, *self._send(None, now))

    def _send(self, _: object, now: float) -> Sequence[Output]:
        """Carry out the plan: the next forward signal, or the end."""
        plan = self._plan
        self.machine.choose(plan)
        if plan == "Digit":
            return self.variant.send_called[self._called[self._position]]
        if plan == "Caller":
            return self._caller[self._place]
        if plan == "Category":
            return self.variant.send_category[self._ka]
        if plan == "CalledClass":
            return self.variant.send_called_class[self._kd]
        if plan == "Off":
            cause = self._cause
            return (UNLISTEN_BACKWARD, *self._report("register-failed" if cause else "register-free", cause, now))
        return ()

    def _next_digit(self, _: object, now: float) -> Sequence[Output]:
        self._position += 1
        self._plan = "Digit" if self._position < len(self._called) else "Waiting"
        return (SILENCE,)

    def _resume_digits(self, _: object, now: float) -> Sequence[Output]:
        return self.variant.send_called[self._called[self._position]]

    def _first_digit(self, _: object, now: float) -> Sequence[Output]:
        self._position = self._place = 0
        self._plan = "Digit" if self._called else "Waiting"
        return (SILENCE,)

    def _ask_category(self, _: object, now: float) -> Sequence[Output]:
        if self.machine.state == "Digit":
            self._position += 1
        self._place = 0
        self._plan = "Category"
        return (SILENCE,)

    def _first_of_caller(self, _: object, now: float) -> Sequence[Output]:
        self._plan = "Caller"
        return (SILENCE,)

    def _next_of_caller(self, _: object, now: float) -> Sequence[Output]:
        self._place += 1
        if self._place < len(self._caller):
            self._plan = "Caller"
        else:
            self._plan = "Digit" if self._position < len(self._called) else "Waiting"
        return (SILENCE,)

    def _to_group_b(self, _: object, now: float) -> Sequence[Output]:
        self._plan = "CalledClass"
        return (SILENCE,)

    def _end(self, cause: int, now: float) -> Sequence[Output]:
        """Free (cause 0) or refused: the register ends when the backward tone does."""
        self._plan, self._cause = "Off", cause
        return (SILENCE,)

    def _spare(self, _: object, now: float) -> Sequence[Output]:
        return self._end(call.PROTOCOL_ERROR, now)

    def _abort(self, _: object, now: float) -> Sequence[Output]:
        """A timer has run out: nothing more can be had from the far register."""
        return (*STOP_BACKWARD, Noted("register times out"), *self._report("register-failed", call.RECOVERY_ON_TIMER_EXPIRY, now))

    def _stop(self, _: object, now: float) -> Sequence[Output]:
        return STOP_BACKWARD


_OUT = OutgoingRegister
_SENT = ("Digit", "Caller", "Category", "CalledClass", "Waiting", "Off")
_GROUP_A = {
    "from-first": Cell(_OUT._first_digit, ("Ending",)),
    "to-group-b": Cell(_OUT._to_group_b, ("Ending",)),
    "send-category": Cell(_OUT._ask_category, ("Ending",)),
    "refused": Cell(_OUT._end, ("Ending",)),
    "spare": Cell(_OUT._spare, ("Ending",)),
    "forward_on": Cell(_OUT._abort, ("Off",)),
    "Stop": Cell(_OUT._stop, ("Off",)),
}
OUTGOING_STATES = {
    "Off": State("not in use", {"start": Cell(_OUT._begin, ("Digit", "Waiting")), "Stop": Cell(None)}),
    "Digit": State("sends a digit", {"next-digit": Cell(_OUT._next_digit, ("Ending",)), **_GROUP_A}, ("forward_on",)),
    "Category": State("sends KA", {"next-digit": Cell(_OUT._first_of_caller, ("Ending",)), **_GROUP_A}, ("forward_on",)),
    "Caller": State("sends the caller's number", {"next-digit": Cell(_OUT._next_of_caller, ("Ending",)), **_GROUP_A}, ("forward_on",)),
    "CalledClass": State(
        "sends KD, waits for KB",
        {
            "free": Cell(_OUT._end, ("Ending",)),
            "refused": Cell(_OUT._end, ("Ending",)),
            "spare": Cell(_OUT._spare, ("Ending",)),
            "forward_on": Cell(_OUT._abort, ("Off",)),
            "Stop": Cell(_OUT._stop, ("Off",)),
        },
        ("forward_on",),
    ),
    "Ending": State(
        "waits for the end of the backward tone",
        {
            "tone-off": Cell(_OUT._send, _SENT),
            "backward_off": Cell(_OUT._abort, ("Off",)),
            "Stop": Cell(_OUT._stop, ("Off",)),
        },
        ("backward_off",),
    ),
    "Waiting": State(
        "has nothing to send, waits for a pulse or more digits",
        {
            "Info": Cell(_OUT._resume_digits, ("Digit",)),
            "to-group-b": Cell(_OUT._to_group_b, ("PulseGuard",)),
            "send-category": Cell(_OUT._ask_category, ("PulseGuard",)),
            "refused": Cell(_OUT._end, ("Ending",)),
            "forward_wait": Cell(_OUT._abort, ("Off",)),
            "Stop": Cell(_OUT._stop, ("Off",)),
        },
        ("forward_wait",),
    ),
    "PulseGuard": State(
        "lets a pulse pass (Q.442)",
        {
            "tone-off": Cell(None),
            "pulse_guard": Cell(_OUT._send, _SENT),
            "Stop": Cell(_OUT._stop, ("Off",)),
        },
        ("pulse_guard",),
    ),
}


class IncomingRegister(Register):
    """Collects the called number and the caller, offers the call, tells the switch's decision."""

    __slots__ = ("_asked", "_calling", "_cause", "_complete", "_examiner", "_ka", "_next", "_refusal", "_restricted", "accepted", "number")

    def __init__(self, variant: Variant, examiner: NumberExaminer, report: Report) -> None:
        """One for each circuit; ``examiner`` judges the digits."""
        called, caller = variant.called, variant.caller
        meanings = {
            "WaitDigit": called, "WaitMore": called, "WaitCategory": variant.category, "WaitCaller": caller,
            "WaitClass": variant.called_class,
        }  # fmt: skip
        super().__init__(variant.chart("incoming register", INCOMING_STATES, "Stop"), variant, meanings, report)
        self._examiner = examiner
        self._clear()

    def _clear(self) -> None:
        self.number = ""
        self._calling = ""
        self._restricted = self._asked = self._complete = self.accepted = False
        self._ka = self._cause = self._refusal = 0
        self._next = "Off"

    @property
    def offered(self) -> bool:
        """Whether the far register waits for the switch's decision."""
        return self.machine.state == "Offered"

    def start(self, now: float) -> Sequence[Output]:
        """The circuit is seized: listen for digits."""
        return self.machine.step("start", None, now)

    def accept(self, now: float) -> Sequence[Output]:
        """The called party is free."""
        return self.machine.step("accept", None, now)

    def refuse(self, cause: int, now: float) -> Sequence[Output]:
        """The call is refused: tell it with the next backward signal."""
        return self.machine.step("refuse", cause, now)

    def _begin(self, _: object, now: float) -> Sequence[Output]:
        self._clear()
        return (LISTEN_FORWARD,)

    def _reply(self, word: str, following: str) -> Sending:
        self._next = following
        return self.variant.reply[word]

    def _refused(self, cause: int) -> str:
        """The word of group A that tells a cause."""
        self._cause = cause
        variant = self.variant
        return "vacant" if variant.data.refusals.get(cause) == variant.vacant_b else "congestion"

    def _digit(self, digit: str, now: float) -> Sequence[Output]:
        if self._refusal:
            return self._reply(self._refused(self._refusal), "Off")
        number = self.number = self.number + digit
        register = self.variant.data.register
        examination = self._examiner.examine(number)
        verdict = examination.verdict
        if verdict == INVALID or len(number) > register.called_limit:
            self._cause = examination.cause or call.UNALLOCATED
            return self._reply("vacant", "Off")
        self._complete = complete = verdict == COMPLETE
        whole = complete and examination.max_more == 0
        if not self._asked and (register.ask_caller == "first" or (whole and register.ask_caller == "last")):
            self._asked = True
            return self._reply("send-category", "WaitCategory")
        if whole:
            return self._reply("to-group-b", "WaitClass")
        return self._reply("next-digit", "WaitMore" if complete else "WaitDigit")

    def _mark(self, _: object, now: float) -> Sequence[Output]:
        """A group I signal 11 to 15 among the digits (KC, KE): taken notice of, not part of the number."""
        if self._refusal:
            return self._reply(self._refused(self._refusal), "Off")
        return self._reply("next-digit", self.machine.state)

    def _category(self, signal: int, now: float) -> Sequence[Output]:
        self._ka = signal
        if self._refusal:
            return self._reply(self._refused(self._refusal), "Off")
        return self._reply("next-digit", "WaitCaller")

    def _caller_digit(self, digit: str, now: float) -> Sequence[Output]:
        self._calling += digit
        if self._refusal or len(self._calling) >= self.variant.data.register.caller_limit:
            return self._caller_end(0, now)
        return self._reply("next-digit", "WaitCaller")

    def _caller_end(self, _: int, now: float) -> Sequence[Output]:
        if self._refusal:
            return self._reply(self._refused(self._refusal), "Off")
        if not self._complete:
            return self._reply("next-digit", "WaitDigit")
        examination = self._examiner.examine(self.number)
        if examination.max_more:
            return self._reply("next-digit", "WaitMore")
        return self._reply("to-group-b", "WaitClass")

    def _caller_restricted(self, signal: int, now: float) -> Sequence[Output]:
        self._restricted = True
        return self._caller_end(signal, now)

    def _called_class(self, kd: int, now: float) -> Sequence[Output]:
        if self._refusal:
            return self._tell(self._refusal)
        if not self._complete:
            return self._tell(call.INVALID_NUMBER)
        self.machine.choose("Offered")
        return (Setup(self.number, self._calling, category_of(self._ka, kd), self._restricted),)

    def _tell(self, cause: int) -> Sequence[Output]:
        """Answer KD with the KB that tells a cause."""
        variant = self.variant
        self._cause, self._next = cause, "Off"
        self.machine.choose("Replying")
        return variant.reply_b[variant.data.refusals.get(cause, variant.congestion_b)]

    def _accept(self, _: object, now: float) -> Sequence[Output]:
        self._cause, self._next = 0, "Off"
        self.accepted = True
        return self.variant.reply_b[self.variant.data.register.free]

    def _refuse_now(self, cause: int, now: float) -> Sequence[Output]:
        return self._tell(cause)

    def _refuse_later(self, cause: int, now: float) -> Sequence[Output]:
        self._refusal = cause
        return ()

    def _no_decision(self, _: object, now: float) -> Sequence[Output]:
        return (Noted("no decision in time"), *self._tell(call.RECOVERY_ON_TIMER_EXPIRY))

    def _forward_ended(self, _: object, now: float) -> Sequence[Output]:
        """The forward tone has ended: end ours, go on or end the register."""
        following = self._next
        self.machine.choose(following)
        if following != "Off":
            return (SILENCE,)
        cause = self._cause
        return (SILENCE, UNLISTEN_FORWARD, *self._report("register-failed" if cause else "register-free", cause, now))

    def _missing(self, _: object, now: float) -> Sequence[Output]:
        """No digit came in time: a pulse says what to do (Q.442); a number that may be whole is taken as whole."""
        if self._refusal:
            word = self._refused(self._refusal)
        elif self._complete:
            word = "to-group-b"
        else:
            word = self.variant.data.register.missing_digit
        pulse = self.variant.pulsed[word]
        if word == "to-group-b":
            self.machine.choose("WaitClass")
            return pulse
        self.machine.choose("Off")
        cause = self._refusal or call.INVALID_NUMBER
        return (*pulse, UNLISTEN_FORWARD, *self._report("register-failed", cause, now))

    def _abort(self, _: object, now: float) -> Sequence[Output]:
        """The far register does not end its tone, or sends nothing after a pulse, or gave up while we thought."""
        cause = self._refusal or call.RECOVERY_ON_TIMER_EXPIRY
        return (*STOP_FORWARD, Noted("register times out"), *self._report("register-failed", cause, now))

    def _stop(self, _: object, now: float) -> Sequence[Output]:
        return STOP_FORWARD


_IN = IncomingRegister
_LATER = Cell(_IN._refuse_later)
_STOP = Cell(_IN._stop, ("Off",))
_DIGITS = {"digit": Cell(_IN._digit, ("Replying",)), "mark": Cell(_IN._mark, ("Replying",)), "refuse": _LATER, "Stop": _STOP}
_MISSING = Cell(_IN._missing, ("WaitClass", "Off"))
INCOMING_STATES = {
    "Off": State("not in use", {"start": Cell(_IN._begin, ("WaitDigit",)), "Stop": Cell(None)}),
    "WaitDigit": State("waits for a digit", {**_DIGITS, "digit_wait": _MISSING}, ("digit_wait",)),
    "WaitMore": State("has a whole number that may grow", {**_DIGITS, "more_wait": _MISSING}, ("more_wait",)),
    "WaitCategory": State(
        "waits for KA",
        {"category": Cell(_IN._category, ("Replying",)), "digit_wait": _MISSING, "refuse": _LATER, "Stop": _STOP},
        ("digit_wait",),
    ),
    "WaitCaller": State(
        "waits for a digit of the caller's number",
        {
            "digit": Cell(_IN._caller_digit, ("Replying",)),
            "end": Cell(_IN._caller_end, ("Replying",)),
            "restricted": Cell(_IN._caller_restricted, ("Replying",)),
            "digit_wait": _MISSING,
            "refuse": _LATER,
            "Stop": _STOP,
        },
        ("digit_wait",),
    ),
    "WaitClass": State(
        "waits for KD",
        {
            "called-class": Cell(_IN._called_class, ("Offered", "Replying")),
            "digit_wait": Cell(_IN._abort, ("Off",)),
            "refuse": _LATER,
            "Stop": _STOP,
        },
        ("digit_wait",),
    ),
    "Offered": State(
        "waits for the switch, KD stands on the line",
        {
            "accept": Cell(_IN._accept, ("Replying",)),
            "refuse": Cell(_IN._refuse_now, ("Replying",)),
            "offer": Cell(_IN._no_decision, ("Replying",)),
            "tone-off": Cell(_IN._abort, ("Off",)),
            "Stop": _STOP,
        },
        ("offer",),
    ),
    "Replying": State(
        "answers, waits for the end of the forward tone",
        {
            "tone-off": Cell(_IN._forward_ended, ("WaitDigit", "WaitMore", "WaitCategory", "WaitCaller", "WaitClass", "Off")),
            "forward_off": Cell(_IN._abort, ("Off",)),
            "refuse": _LATER,
            "Stop": _STOP,
        },
        ("forward_off",),
    ),
}
