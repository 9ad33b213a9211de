"""A national variant of R2 signalling as data: bits, meanings, timers, and every output object made once in advance.

The file (config/variants/*.toml) says which bits and MFC signals carry which meaning (Q.411 and Q.441 leave that to
national use; China: GB 3971.2-83 and GF 002-9002) and how long to wait (Q.422, Q.476), each figure with its source.
``Variant`` turns it into dictionaries from a received code to (event word, argument, line of the trace) and into ready
commands, so that a running circuit looks up and allocates nothing; ``settle`` does the same for the habits of a trunk group.
Leaves out the form of the file (variant_data.py) and its checks (variant_checks.py), and what an engine does with a meaning.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pbx.engine import Noted, Output
from pbx.machine import Chart, State
from pbx.signalling.r2.variant_checks import faults_of
from pbx.signalling.r2.variant_data import BackwardSignal, CircuitHabits, ClassData, VariantData
from pbx.variant_file import VARIANTS, VariantError, changed_timers, chart_timers, data_of, missing_timers
from pbx.vocabulary import call, tones
from pbx.vocabulary.media import SendBits, SendTone

Reading = tuple[str, Any, Noted]
"""A received signal: event word for the chart, argument, line of the trace."""
Sending = tuple[Output, ...]
"""A signal to send: its line of the trace and the command."""

DIGITS = "1234567890"
"""Group I signals 1 to 10 in order; 10 stands for the digit 0."""
SPARE = BackwardSignal("spare", "spare", call.PROTOCOL_ERROR)

Made = TypeVar("Made")


class Told(msgspec.Struct, frozen=True):
    """Group B for one KD: what each signal means, what is sent for a free party and for each cause."""

    readings: dict[int, Reading]
    reply: dict[int, Sending]
    refusals: dict[int, int]
    busy: dict[str, int]
    congestion: int
    vacant: int
    free: int
    free_calling: int
    free_without_charge: int
    forcible: frozenset[int]

    def refusal(self, cause: int, busy_with: str) -> int:
        """The signal that tells a cause; of a busy party, with what, where there is one for it."""
        if cause == call.USER_BUSY and busy_with in self.busy:
            return self.busy[busy_with]
        return self.refusals.get(cause, self.congestion)

    def free_signal(self, control: str, charge: bool) -> int:
        """The signal of a free called party."""
        if not charge and self.free_without_charge:
            return self.free_without_charge
        return self.free_calling if control == "calling" and self.free_calling else self.free


class Settled(msgspec.Struct, frozen=True):
    """The habits of a trunk group, every one of them decided."""

    ask_caller: str
    missing_digit: str
    control: str
    semi_automatic: bool
    operator_classes: frozenset[int]
    category: int
    called_class: int
    test_class: int
    marks: tuple[Sending, ...]
    test_marks: tuple[Sending, ...]
    called: dict[int, Reading]
    from_first_after_mark: bool
    charge: bool
    dual_seizure: str
    skip_group_b: bool
    durations: dict[str, float]


def category_of(ka: int, kd: int) -> int:
    """``Setup.category`` of a caller: KA in the low four bits, KD above; 0 in either = the variant's default."""
    return kd << 4 | ka


def ka_kd(category: int) -> tuple[int, int]:
    """KA and KD out of ``Setup.category``."""
    return category & 15, category >> 4 & 15


class Variant:
    """One national variant, ready for use by any number of circuits."""

    def __init__(self, data: VariantData) -> None:
        """Check the data and make every reading and sending once; raises ``VariantError`` with all that is wrong."""
        faults = list(faults_of(data))
        if faults:
            raise VariantError(*faults)
        self.data = data
        self._kept: dict[Any, Any] = {}
        self.timers = chart_timers(data.timers)
        self._send_forward()
        self._read_forward()
        self._read_backward()
        self._send_backward()
        self.told = [self._told(kd) for kd in range(16)]
        self.operator_classes = frozenset(row.called_class for row in data.traffic.values() if row.operator)
        self.test_class = data.traffic["test"].called_class if "test" in data.traffic else 0
        self.busy_tones = {cause: SendTone(tones.progress(name)) for cause, name in data.tones.items()}
        self.other_tone = SendTone(tones.progress("congestion"))

    def _read_forward(self) -> None:
        """What the incoming register hears, by the place in the call."""
        register, labels = self.data.register, self.data.labels
        self.called = {table: self._read_called(marks) for table, marks in {"": {}, **self.data.marks}.items()}
        self.category: dict[int, Reading] = {}
        self.caller: dict[int, Reading] = {}
        self.called_class: dict[int, Reading] = {}
        for signal in range(1, 16):
            code = tones.mfc_forward(signal)
            noted = Noted(f"<- {labels.category}{signal} {self._text('category', signal)}")
            self.category[code] = ("category", signal, noted)
            noted = Noted(f"<- {labels.called_class}{signal} {self._text('called_class', signal)}")
            self.called_class[code] = ("called-class", signal, noted)
            if signal <= 10:
                digit = DIGITS[signal - 1]
                self.caller[code] = ("digit", digit, Noted(f"<- I-{signal} caller's digit {digit}"))
            else:
                self.caller[code] = ("end", signal, Noted(f"<- I-{signal} end of caller's number"))
        if register.restricted_read:
            noted = Noted(f"<- I-{register.restricted_read} caller's number restricted")
            self.caller[tones.mfc_forward(register.restricted_read)] = ("restricted", register.restricted_read, noted)

    def _read_called(self, marks: Mapping[Any, int]) -> dict[int, Reading]:
        """Group I while the called number comes in: digits, the end of the number, marks, and signals that are none of these."""
        readings: dict[int, Reading] = {}
        for signal, digit in enumerate(DIGITS, 1):
            readings[tones.mfc_forward(signal)] = ("digit", digit, Noted(f"<- I-{signal} digit {digit}"))
        for signal in range(11, 16):
            readings[tones.mfc_forward(signal)] = ("mark", "", Noted(f"<- I-{signal} mark"))
        for name, signal in marks.items():
            readings[tones.mfc_forward(signal)] = ("mark", name, Noted(f"<- I-{signal} mark: {name}"))
        end = self.data.register.end_of_called
        if end:
            readings[tones.mfc_forward(end)] = ("end-of-number", end, Noted(f"<- I-{end} end of number"))
        return readings

    def _text(self, kind: str, signal: int) -> str:
        return self.data.texts.get(kind, {}).get(signal, "spare")

    def _read_backward(self) -> None:
        """What the outgoing register hears in group A, and while it sends KA and the caller's number: in group C where there is
        one, else in group A, where the signal that asks for the next digit of the caller gets that meaning."""
        data = self.data
        self.group_a = _readings(data.group_a, "A")
        if data.group_c:
            self.group_caller = _readings(data.group_c, "C")
            return
        by = data.register.caller_by
        self.group_caller = {
            code: ("send-caller-digit" if word == by else word, row, noted) for code, (word, row, noted) in self.group_a.items()
        }

    def _send_forward(self) -> None:
        register, labels = self.data.register, self.data.labels
        commands = {signal: SendTone(tones.mfc_forward(signal)) for signal in range(1, 16)}
        self.send_called: dict[str, Sending] = {}
        self.send_caller: dict[str, Sending] = {}
        for signal, digit in enumerate(DIGITS, 1):
            self.send_called[digit] = (Noted(f"-> I-{signal} digit {digit}"), commands[signal])
            self.send_caller[digit] = (Noted(f"-> I-{signal} caller's digit {digit}"), commands[signal])
        self.send_mark: dict[tuple[str, str], Sending] = {
            (table, name): (Noted(f"-> I-{signal} mark: {name}"), commands[signal])
            for table, marks in self.data.marks.items()
            for name, signal in marks.items()
        }
        end, restricted = register.end_of_caller, register.restricted or register.end_of_caller
        self.send_end: Sending = (Noted(f"-> I-{end} end of caller's number"), commands[end])
        self.send_restricted: Sending = (Noted(f"-> I-{restricted} no caller's number"), commands[restricted])
        end = register.end_of_called
        self.send_end_of_called: tuple[Sending, ...] = ((Noted(f"-> I-{end} end of number"), commands[end]),) if end else ()
        self.send_category: dict[int, Sending] = {}
        self.send_called_class: dict[int, Sending] = {}
        for signal, command in commands.items():
            self.send_category[signal] = (Noted(f"-> {labels.category}{signal} {self._text('category', signal)}"), command)
            self.send_called_class[signal] = (Noted(f"-> {labels.called_class}{signal} {self._text('called_class', signal)}"), command)

    def _send_backward(self) -> None:
        """Replies by word, compelled ones and pulsed ones: in group A, and while the caller's number is asked for."""
        data = self.data
        pulse_ms = data.timers["pulse"].default_ms
        self.reply, self.pulsed = _replies(data.group_a, "A", pulse_ms)
        if data.group_c:
            self.reply_caller, self.pulsed_caller = _replies(data.group_c, "C", pulse_ms)
            return
        self.reply_caller = {**self.reply, "send-caller-digit": self.reply[data.register.caller_by]}
        self.pulsed_caller = self.pulsed

    def _told(self, kd: int) -> Told:
        """Group B after this KD."""
        data, register = self.data, self.data.register
        table, refusals = dict(data.group_b), dict(data.refusals)
        free, free_calling, free_without_charge = register.free, register.free_calling, register.free_without_charge
        for row in self._rows(kd):
            table.update(row.group_b)
            refusals.update(row.refusals)
            free, free_calling = row.free or free, row.free_calling or free_calling
            free_without_charge = row.free_without_charge or free_without_charge
        named = {row.name: signal for signal, row in table.items() if row.name}
        # A signal that refuses in other classes may be spare in this one.
        refusals = {cause: signal for cause, signal in refusals.items() if table[signal].means == "refused"}
        forcible = frozenset(signal for signal, row in table.items() if row.forcible)
        label = data.labels.group_b
        reply: dict[int, Sending] = {
            signal: (Noted(f"-> {label}{signal} {row.text}"), SendTone(tones.mfc_backward(signal))) for signal, row in table.items()
        }
        return Told(
            _readings(table, label),
            reply,
            refusals,
            {row.busy_with: signal for signal, row in table.items() if row.busy_with},
            named["congestion"],
            named.get("vacant", 0),
            free,
            free_calling,
            free_without_charge,
            forcible,
        )

    def _rows(self, kd: int) -> list[ClassData]:
        switches = self.data.switches
        return [row for row in self.data.classes if kd in row.called_class and (not row.switch or switches[row.switch])]

    def settle(self, habits: CircuitHabits) -> Settled:
        """The habits with the variant's own in the empty places; raises ``VariantError`` for what the variant does not have."""
        return self.keep(habits, lambda: self._settle(habits))

    def _settle(self, habits: CircuitHabits) -> Settled:
        data = self.data
        traffic = data.traffic.get(habits.traffic)
        if traffic is None:
            raise VariantError(f"variant {data.name} has no traffic {habits.traffic}; it has {', '.join(sorted(data.traffic))}")
        missing = [mark for mark in habits.marks if (traffic.marks, mark) not in self.send_mark]
        if missing:
            raise VariantError(f"variant {data.name} has no mark {', '.join(missing)} in {habits.traffic} calls")
        for name, signal in (("category", habits.category), ("called_class", habits.called_class)):
            if not 0 <= signal <= 15:
                raise VariantError(f"{name} {signal} is not a group II signal")
        if habits.dual_seizure not in ("", "both-release") and data.line.dual_seizure != "priority":
            raise VariantError(f"in variant {data.name} both ends let go after a dual seizure")
        skip = data.register.skip_group_b if habits.skip_group_b is None else habits.skip_group_b
        if skip and "address-complete" not in self.reply:
            raise VariantError(f"variant {data.name} has no signal for address-complete in group A")
        ask = habits.ask_caller or data.register.ask_caller
        if ask != "never" and "send-category" not in self.reply:
            raise VariantError(f"variant {data.name} has no signal that asks for the caller")
        test = self.send_mark.get((traffic.marks, "test"))
        return Settled(
            ask_caller=ask,
            missing_digit=habits.missing_digit or data.register.missing_digit,
            control=habits.control or data.line.control,
            semi_automatic=habits.semi_automatic,
            operator_classes=self.operator_classes,
            category=habits.category or traffic.category,
            called_class=habits.called_class or traffic.called_class,
            test_class=self.test_class,
            marks=tuple(self.send_mark[traffic.marks, mark] for mark in habits.marks),
            test_marks=(test,) if test is not None and "test" not in habits.marks else (),
            called=self.called[traffic.marks],
            from_first_after_mark=habits.from_first_after_mark and "from-first" in self.reply,
            charge=habits.charge,
            dual_seizure=habits.dual_seizure or "both-release",
            skip_group_b=skip,
            durations={name: value_ms / 1000 for name, value_ms in traffic.timers_ms.items()},
        )

    def chart(self, kind: str, states: Mapping[str, State], always: str) -> Chart:
        """The table of a kind of machine with this variant's timers; made once. The first state is the initial one."""

        def make() -> Chart:
            names = sorted({name for state in states.values() for name in (*state.starts, *state.keeps)})
            missing = list(missing_timers(self.data.timers, frozenset(names)))
            if missing:
                raise VariantError(*missing)
            timers = [self.timers[name] for name in names]
            return Chart(f"{kind} {self.data.name}", next(iter(states)), states, timers, always)

        return self.keep(kind, make)

    def keep(self, name: Any, make: Callable[[], Made]) -> Made:
        """Something made once from the variant and shared by all its circuits."""
        if name not in self._kept:
            self._kept[name] = make()
        made: Made = self._kept[name]
        return made

    def adjusted(
        self,
        timers_ms: Mapping[str, int] | None = None,
        register: Mapping[str, Any] | None = None,
        switches: Mapping[str, bool] | None = None,
        refusals: Mapping[int, int] | None = None,
    ) -> "Variant":
        """The variant with a site's own timers, habits and switches; raises ``VariantError`` outside the permitted ranges."""
        data = self.data
        unknown = set(switches or {}) - set(data.switches)
        if unknown:
            raise VariantError(f"there is no switch {', '.join(sorted(unknown))}")
        return Variant(
            msgspec.structs.replace(
                data,
                timers=changed_timers(data.timers, timers_ms or {}),
                register=msgspec.structs.replace(data.register, **(register or {})),
                switches={**data.switches, **(switches or {})},
                refusals={**data.refusals, **(refusals or {})},
            )
        )

    def line_sending(self, text: str, bits: int) -> Sending:
        """A line signal to send, with its line of the trace."""
        return (Noted(f"-> {text} {bits:04b}"), SendBits(bits))


def _readings(table: Mapping[int, BackwardSignal], letters: str) -> dict[int, Reading]:
    """Backward signals by tone code; the argument is the row of the file."""
    return {
        tones.mfc_backward(signal): (row.means, row, Noted(f"<- {letters}{signal} {row.text}"))
        for signal, row in ((signal, table.get(signal, SPARE)) for signal in range(1, 16))
    }


def _replies(table: Mapping[int, BackwardSignal], letters: str, pulse_ms: int) -> tuple[dict[str, Sending], dict[str, Sending]]:
    """Backward signals to send by name or meaning: compelled, pulsed."""
    compelled: dict[str, Sending] = {}
    pulsed: dict[str, Sending] = {}
    for signal, row in table.items():
        word = row.name or row.means
        code = tones.mfc_backward(signal)
        compelled[word] = (Noted(f"-> {letters}{signal} {row.text}"), SendTone(code))
        pulsed[word] = (Noted(f"-> {letters}{signal} pulsed, {row.text}"), SendTone(code, pulse_ms))
    return compelled, pulsed


def read_variant(text: str | bytes) -> Variant:
    """A variant from the text of its file; raises ``VariantError`` with the place of the fault."""
    return Variant(data_of(text, VariantData, strict=False))


def load_variant(name: str, folder: Path = VARIANTS) -> Variant:
    """The variant ``name`` from the data folder."""
    return read_variant((folder / f"{name}.toml").read_bytes())
