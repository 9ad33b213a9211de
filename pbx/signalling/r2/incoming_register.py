"""The incoming MFC register: collects the called number and the caller, offers the call, tells the decision (Q.440-Q.480).

A ``NumberExaminer`` is asked after every digit. The caller is asked for once, after the first or the last digit, or as soon
as the route is known. A number that is whole is offered when KD has come, and KD is answered with KB when the switch has
decided; where group B is skipped (A6 of Q.441) the last digit is answered with the decision. In tandem (Q.440: link by
link, overlap) ``Setup`` goes up when the route is known and further digits as ``Info``. When digits stop coming, and when the
switch has no more need of them, a pulse says how to go on (Q.442). Left out: asking for digits again out of the middle (A7, A8).
"""

from collections.abc import Sequence

from pbx.engine import Noted, Output
from pbx.machine import Cell, State
from pbx.signalling.r2.register import SILENCE, TIMES_OUT, Register, Report
from pbx.signalling.r2.variant import Sending, Settled, Variant, category_of
from pbx.vocabulary import call
from pbx.vocabulary.call import Info, Setup
from pbx.vocabulary.media import RECEIVE_MFC_FORWARD, Listen, Unlisten
from pbx.vocabulary.numbers import COMPLETE, INVALID, Examination, NumberExaminer

LISTEN_FORWARD, UNLISTEN_FORWARD = Listen(RECEIVE_MFC_FORWARD), Unlisten(RECEIVE_MFC_FORWARD)
SILENT: Sending = (SILENCE,)
STOP_FORWARD: Sending = (SILENCE, UNLISTEN_FORWARD)
NO_DECISION = Noted("no decision in time")
INFOS = {digit: Info(digit) for digit in "0123456789"}
MORE = Examination("more")


class IncomingRegister(Register):
    """Collects the called number and the caller, offers the call, tells the switch's decision."""

    __slots__ = (
        "_again", "_asked", "_b", "_busy_with", "_called_limit", "_caller_limit", "_calling", "_cause", "_complete", "_examination",
        "_examiner", "_ka", "_lives", "_next", "_proceeding", "_refusal", "_restricted", "_settled", "_test", "_words", "accepted",
        "forcible", "kd", "number", "overlap",
    )  # fmt: skip

    def __init__(self, variant: Variant, settled: Settled, examiner: NumberExaminer, report: Report) -> None:
        """One for each circuit; ``examiner`` judges the digits."""
        called, caller = settled.called, variant.caller
        meanings = {
            "WaitDigit": called, "WaitMore": called, "PulseDelay": called, "WaitCategory": variant.category, "WaitCaller": caller,
            "WaitClass": variant.called_class,
        }  # fmt: skip
        super().__init__(variant.chart("incoming register", INCOMING_STATES, "Stop"), variant, meanings, report)
        self._examiner = examiner
        self._settled = settled
        self._called_limit, self._caller_limit = variant.data.register.called_limit, variant.data.register.caller_limit
        self._clear()

    def _clear(self) -> None:
        self.number = ""
        self._calling = ""
        self._restricted = self._asked = self._complete = self._proceeding = self._test = self._again = self._lives = False
        self.accepted = self.overlap = self.forcible = False
        self._ka = self.kd = self._cause = self._refusal = 0
        self._examination = MORE
        self._b = self.variant.told[0]
        self._words = self.variant.reply
        self._next = "Off"
        self._busy_with = ""

    @property
    def offered(self) -> bool:
        """Whether the far register waits for the switch's decision."""
        return self.machine.state == "Offered"

    def start(self, now: float) -> Sequence[Output]:
        """The circuit is seized: listen for digits."""
        return self.machine.step("start", None, now)

    def accept(self, now: float) -> Sequence[Output]:
        """The called party is free; before KD has come, this is kept and no more digits are wanted."""
        if self.machine.state == "Offered":
            return self.machine.step("accept", None, now)
        if not self.overlap:
            return ()
        self.accepted = True
        return self.proceed(now)

    def proceed(self, now: float) -> Sequence[Output]:
        """The number is whole, says the switch to which digits have gone one by one; or that a whole one has been taken beyond."""
        self._lives = True
        if not self.overlap or self._proceeding or self.machine.state == "Offered":
            return ()
        self._proceeding = True
        return self.machine.step("proceed", None, now)

    def refuse(self, cause: int, busy_with: str, now: float) -> Sequence[Output]:
        """The call is refused: tell it with the next backward signal, in tandem by a pulse where none is due."""
        self._busy_with = busy_with
        return self.machine.step("break-off" if self.overlap and not self.offered else "refuse", cause, now)

    def _begin(self, _: object, now: float) -> Sequence[Output]:
        self._clear()
        return (LISTEN_FORWARD,)

    def _reply(self, word: str, following: str) -> Sending:
        self._next = following
        self.machine.choose("Replying")
        return self._words[word]

    def _reject(self, cause: int) -> Sending:
        """Tell a cause by the next signal: in group A if it has the word, else after KD in group B."""
        word = self._word(cause)
        if word == "to-group-b":
            self._refusal = cause
            return self._reply(word, "WaitClass")
        self._cause = cause
        return self._reply(word, "Off")

    def _word(self, cause: int) -> str:
        """The word of the present group that tells a cause, or leads to group B, which knows more of them."""
        told = self._b
        signal = told.refusal(cause, self._busy_with)
        word = "congestion" if signal == told.congestion else "vacant" if signal == told.vacant else "to-group-b"
        return word if word in self._words else "to-group-b"

    def _digit(self, digit: str, now: float) -> Sequence[Output]:
        if self._refusal:
            return self._reject(self._refusal)
        number = self.number = self.number + digit
        examination = self._examination = self._examiner.examine(number)
        verdict = examination.verdict
        if verdict == INVALID or len(number) > self._called_limit:
            return self._reject(examination.cause or call.UNALLOCATED)
        self._complete = complete = verdict == COMPLETE
        if self.overlap:
            return (*self._go_on(complete and examination.max_more == 0), INFOS[digit])
        whole = complete and examination.max_more == 0
        if not self._asked:
            ask = self._settled.ask_caller
            if ask == "first" or (ask == "last" and (whole or examination.route_known)):
                return self._ask()
        return self._go_on(whole)

    def _ask(self) -> Sequence[Output]:
        self._asked = True
        sending = self._reply("send-category", "WaitCategory")
        self._words = self.variant.reply_caller
        return sending

    def _go_on(self, whole: bool) -> Sequence[Output]:
        """After a digit of the called number or the end of the caller's: the next one, or KD, or the offer."""
        if whole or self._proceeding:
            if self._settled.skip_group_b:
                return self._offer()
            return self._reply("to-group-b", "WaitClass")
        sending = self._reply("next-digit", "WaitMore" if self._complete else "WaitDigit")
        self._words = self.variant.reply
        if self._examination.route_known and not self.overlap:
            self.overlap = True
            return (*sending, self._setup())
        return sending

    def _setup(self) -> Setup:
        settled = self._settled
        test = self._test or (0 < self.kd == settled.test_class)
        control = "calling" if settled.control == "calling" else ""
        return Setup(
            self.number, self._calling, category_of(self._ka, self.kd), self._restricted, overlap=self.overlap, control=control, test=test
        )

    def _end_of_number(self, _: int, now: float) -> Sequence[Output]:
        """The far end has no more digits (I-15 of Q.441): what has come is all."""
        if self._refusal:
            return self._reject(self._refusal)
        if self.overlap:
            self._complete = True
        elif not self._complete:
            return self._reject(call.INVALID_NUMBER)
        self._examination = Examination("complete")
        if not self._asked and not self.overlap and self._settled.ask_caller == "last":
            return self._ask()
        return self._go_on(True)

    def _mark(self, name: str, now: float) -> Sequence[Output]:
        """A group I signal 11 to 15 among the digits (KC, KE): taken notice of, not part of the number."""
        if self._refusal:
            return self._reject(self._refusal)
        if name == "test":
            self._test = True
        elif self._settled.from_first_after_mark and not self._again and not self.overlap and (not name or self.number):
            self._again, self.number, self._complete = True, "", False
            return self._reply("from-first", "WaitDigit")
        return self._reply("next-digit", "WaitMore" if self._complete else "WaitDigit")

    def _category(self, signal: int, now: float) -> Sequence[Output]:
        self._ka = signal
        if self._refusal:
            return self._reject(self._refusal)
        return self._reply("send-caller-digit", "WaitCaller")

    def _caller_digit(self, digit: str, now: float) -> Sequence[Output]:
        self._calling += digit
        if self._refusal or len(self._calling) >= self._caller_limit:
            return self._caller_end(0, now)
        self._next = "WaitCaller"
        self.machine.choose("Replying")
        return self._words["send-caller-digit"]

    def _caller_end(self, _: int, now: float) -> Sequence[Output]:
        if self._refusal:
            return self._reject(self._refusal)
        return self._go_on(self._complete and self._examination.max_more == 0)

    def _caller_restricted(self, signal: int, now: float) -> Sequence[Output]:
        self._restricted = True
        return self._caller_end(signal, now)

    def _called_class(self, kd: int, now: float) -> Sequence[Output]:
        self.kd, self._b = kd, self.variant.told[kd]
        if self._refusal:
            return self._tell(self._refusal)
        if not self._complete and not self._proceeding:
            return self._tell(call.INVALID_NUMBER)
        return self._offer()

    def _offer(self) -> Sequence[Output]:
        """Hand the call to the switch, or the decision that it has made meanwhile to the far end."""
        if self.accepted:
            return self._accept(None, 0.0)
        self.machine.choose("Offered")
        return () if self.overlap else (self._setup(),)

    def _tell(self, cause: int) -> Sequence[Output]:
        """Answer KD with the KB that tells a cause; no KD was asked for where group B is skipped."""
        if not self.kd:
            return self._reject(cause)
        told = self._b
        self._cause, self._next = cause, "Off"
        self.machine.choose("Replying")
        signal = told.refusal(cause, self._busy_with)
        self.forcible = signal in told.forcible
        return told.reply[signal]

    def _accept(self, _: object, now: float) -> Sequence[Output]:
        self._cause, self._next = 0, "Off"
        self.accepted = True
        self.machine.choose("Replying")
        if not self.kd:
            return self.variant.reply["address-complete"]
        settled, told = self._settled, self._b
        return told.reply[told.free_signal(settled.control, settled.charge)]

    def _refuse_now(self, cause: int, now: float) -> Sequence[Output]:
        return self._tell(cause)

    def _refuse_later(self, cause: int, now: float) -> Sequence[Output]:
        self._refusal = cause
        return ()

    def _hurry(self, _: object, now: float) -> Sequence[Output]:
        """No more digits are wanted while we answer one: then a pulse follows instead of waiting."""
        if self._next in ("WaitDigit", "WaitMore"):
            self._next = "PulseDelay"
        return ()

    def _break_off(self, cause: int, now: float) -> Sequence[Output]:
        self._refusal = cause
        return self._hurry(None, now)

    def _no_decision(self, _: object, now: float) -> Sequence[Output]:
        """Time is up. A call that lives beyond is let through: what becomes of it will be heard."""
        if self._lives:
            return self._accept(None, now)
        return (NO_DECISION, *self._tell(call.RECOVERY_ON_TIMER_EXPIRY))

    def _forward_ended(self, _: object, now: float) -> Sequence[Output]:
        """The forward tone has ended: end ours, go on or end the register."""
        following = self._next
        self.machine.choose(following)
        if following != "Off":
            return SILENT
        cause = self._cause
        return (SILENCE, UNLISTEN_FORWARD, *self._report("register-failed" if cause else "register-free", cause, now))

    def _missing(self, _: object, now: float) -> Sequence[Output]:
        """No digit came in time; a number that may be whole is taken as whole."""
        if self._refusal:
            word = self._word(self._refusal)
        elif self._complete or self._proceeding:
            word = "to-group-b"
        else:
            word = self._settled.missing_digit
        return self._pulse(word, self._refusal or call.INVALID_NUMBER, now)

    def _pulse_now(self, _: object, now: float) -> Sequence[Output]:
        """The line has been silent long enough for a pulse (Q.442)."""
        refusal = self._refusal
        return self._pulse(self._word(refusal) if refusal else "to-group-b", refusal, now)

    def _pulse(self, word: str, cause: int, now: float) -> Sequence[Output]:
        variant = self.variant
        pulsed = variant.pulsed if self._words is variant.reply else variant.pulsed_caller
        if word not in pulsed:
            word = "to-group-b"
        if word == "to-group-b":
            self.machine.choose("WaitClass")
            return pulsed[word]
        self.machine.choose("Off")
        return (*pulsed[word], UNLISTEN_FORWARD, *self._report("register-failed", cause, now))

    def _abort(self, _: object, now: float) -> Sequence[Output]:
        """The far register does not end its tone, or sends nothing after a pulse, or gave up while we thought."""
        cause = self._refusal or call.RECOVERY_ON_TIMER_EXPIRY
        return (*STOP_FORWARD, TIMES_OUT, *self._report("register-failed", cause, now))

    def _stop(self, _: object, now: float) -> Sequence[Output]:
        return STOP_FORWARD


_IN = IncomingRegister
_LATER = Cell(_IN._refuse_later)
_NOTHING = Cell(None)
_STOP = Cell(_IN._stop, ("Off",))
_REPLIES = ("Replying", "Offered")
_DIGITS = {
    "digit": Cell(_IN._digit, _REPLIES),
    "mark": Cell(_IN._mark, ("Replying",)),
    "end-of-number": Cell(_IN._end_of_number, _REPLIES),
    "Stop": _STOP,
}
_PULSED = ("WaitClass", "Off")
_WAITS = {
    **_DIGITS,
    "refuse": _LATER,
    "break-off": Cell(_IN._refuse_later, ("PulseDelay",)),
    "proceed": Cell(None, ("PulseDelay",)),
}
_MISSING = Cell(_IN._missing, _PULSED)
INCOMING_STATES = {
    "Off": State("not in use", {"start": Cell(_IN._begin, ("WaitDigit",)), "Stop": Cell(None)}),
    "WaitDigit": State("waits for a digit", {**_WAITS, "digit_wait": _MISSING}, ("digit_wait",)),
    "WaitMore": State("has a whole number that may grow", {**_WAITS, "more_wait": _MISSING}, ("more_wait",)),
    "PulseDelay": State(
        "lets the line be silent before a pulse",
        {**_DIGITS, "break-off": _LATER, "proceed": _NOTHING, "pulse_delay": Cell(_IN._pulse_now, _PULSED)},
        ("pulse_delay",),
    ),
    "WaitCategory": State(
        "waits for KA",
        {"category": Cell(_IN._category, ("Replying",)), "digit_wait": _MISSING, "refuse": _LATER, "Stop": _STOP},
        ("digit_wait",),
    ),
    "WaitCaller": State(
        "waits for a digit of the caller's number",
        {
            "digit": Cell(_IN._caller_digit, _REPLIES),
            "end": Cell(_IN._caller_end, _REPLIES),
            "restricted": Cell(_IN._caller_restricted, _REPLIES),
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
            "break-off": _LATER,
            "proceed": _NOTHING,
            "Stop": _STOP,
        },
        ("digit_wait",),
    ),
    "Offered": State(
        "waits for the switch while the forward signal stands",
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
            "tone-off": Cell(_IN._forward_ended, ("WaitDigit", "WaitMore", "PulseDelay", "WaitCategory", "WaitCaller", "WaitClass", "Off")),
            "forward_off": Cell(_IN._abort, ("Off",)),
            "refuse": _LATER,
            "break-off": Cell(_IN._break_off),
            "proceed": Cell(_IN._hurry),
            "Stop": _STOP,
        },
        ("forward_off",),
    ),
}
