"""Whether a variant's file agrees with itself: every fault in one sentence that names the place, all of them at once.

Codes and signals are those of Q.411 (bits abcd), Q.441 (MFC signals 1 to 15) and the national groups; timers those of
Q.422 and Q.476, which must lie in the range that the file itself gives. What a file must have follows from the words that
the machines of pbx/signalling/r2 use. Leaves out whether the values are those of the country: the file gives their sources.
"""

from collections.abc import Iterator, Mapping

from pbx.signalling.r2.variant_data import BackwardSignal, BitsData, VariantData
from pbx.variant_file import missing_timers, timer_faults
from pbx.vocabulary import tones
from pbx.vocabulary.call import USER_BUSY

IN_GROUP_A = frozenset(
    {
        "next-digit", "from-first", "repeat-last", "repeat-2-back", "repeat-3-back", "to-group-b", "send-category", "send-caller-digit",
        "address-complete", "refused", "spare",
    }
)  # fmt: skip
IN_GROUP_B = frozenset({"free", "refused", "spare"})
IN_GROUP_C = frozenset({"send-caller-digit", "next-digit", "to-group-b", "refused", "send-category", "spare"})
DISTINCT_FORWARD = ("idle", "seizure", "fault", "fault_seized")
DISTINCT_BACKWARD = ("idle", "acknowledged", "answer")


def faults_of(data: VariantData) -> Iterator[str]:
    """Everything that is wrong with the file."""
    yield from _bits(data.bits)
    yield from _timers(data)
    yield from _signals("group_a", data.group_a, IN_GROUP_A)
    yield from _signals("group_b", data.group_b, IN_GROUP_B)
    yield from _signals("group_c", data.group_c, IN_GROUP_C)
    yield from _needed(data)
    yield from _register(data)
    yield from _classes(data)
    yield from _traffic(data)
    for cause, name in data.tones.items():
        if name not in tones.PROGRESS_TONES:
            yield f"tones.{cause}: there is no tone {name}"


def _bits(bits: BitsData) -> Iterator[str]:
    mask, fixed = bits.mask, bits.fixed
    if not 0 < mask <= 15:
        yield f"bits.mask: {mask} is not a mask of four bits"
        return
    for side, codes, distinct in (("forward", bits.forward, DISTINCT_FORWARD), ("backward", bits.backward, DISTINCT_BACKWARD)):
        values: dict[str, int] = {name: value for name in codes.__struct_fields__ if isinstance(value := getattr(codes, name), int)}
        for name, value in values.items():
            if not 0 <= value <= 15:
                yield f"bits.{side}.{name}: {value} is not a code of four bits"
            elif value & ~mask & 15 != fixed & ~mask & 15:
                yield f"bits.{side}.{name}: {value:04b} changes bits that bits.mask {mask:04b} leaves fixed at {fixed:04b}"
        seen: dict[int, str] = {}
        for name in distinct:
            if name in values:
                other = seen.setdefault(values[name] & mask, name)
                if other != name:
                    yield f"bits.{side}: {name} and {other} have the same code {values[name]:04b}"
    backward = bits.backward
    if backward.metering is not None and backward.metering & mask == backward.answer & mask:
        yield "bits.backward.metering: a pulse with the code of the answer cannot be seen"
    operator = bits.operator
    if operator is not None and (operator.bit not in (1, 2, 4, 8) or operator.bit & mask):
        yield f"bits.operator.bit: {operator.bit:04b} is not one bit outside bits.mask {mask:04b}"


def _timers(data: VariantData) -> Iterator[str]:
    yield from timer_faults(data.timers)
    wanted = ["pulse"]
    if data.bits.operator is not None:
        wanted += [f"{kind.replace('-', '_')}_pulse" for kind in (*data.bits.operator.forward, *data.bits.operator.backward)]
    if data.bits.backward.metering is not None:
        wanted += ["metering_sent", "metering_pause"]
    yield from missing_timers(data.timers, frozenset(wanted))


def _signals(group: str, table: Mapping[int, BackwardSignal], words: frozenset[str]) -> Iterator[str]:
    kinds: dict[str, int] = {}
    for signal, row in table.items():
        if not 1 <= signal <= 15:
            yield f"{group} has a signal {signal}; there are 1 to 15"
        if row.means not in words:
            yield f'{group}.{signal}: "{row.means}" has no meaning there; use {", ".join(sorted(words))}'
        if row.means == "refused" and not 1 <= row.cause <= 127:
            yield f"{group}.{signal}: a signal that refuses the call needs a cause of Q.850, 1 to 127"
        if row.busy_with and (row.means, row.cause) != ("refused", USER_BUSY):
            yield f"{group}.{signal}: busy_with belongs to a signal that refuses the call with cause {USER_BUSY}"
        elif row.busy_with:
            other = kinds.setdefault(row.busy_with, signal)
            if other != signal:
                yield f"{group}.{signal}: {row.busy_with} busy is signal {other} already"


def _needed(data: VariantData) -> Iterator[str]:
    register = data.register
    in_a = {row.name or row.means for row in data.group_a.values()}
    for word in ("next-digit", "to-group-b", "congestion"):
        if word not in in_a:
            yield f"group_a has no signal for {word}"
    if register.missing_digit not in in_a and register.missing_digit != "vacant":
        yield f"group_a has no signal for {register.missing_digit}, yet register.missing_digit wants it"
    if "send-category" not in in_a and register.ask_caller != "never":
        yield "group_a has no signal for send-category, yet register.ask_caller wants it"
    in_c = {row.name or row.means for row in data.group_c.values()}
    if in_c:
        for word in ("send-caller-digit", "next-digit", "to-group-b"):
            if word not in in_c:
                yield f"group_c has no signal for {word}"
    elif register.caller_by not in in_a:
        yield f"group_a has no signal for {register.caller_by}, yet register.caller_by wants it"
    if register.skip_group_b and "address-complete" not in in_a:
        yield "group_a has no signal for address-complete, yet register.skip_group_b wants it"
    if "congestion" not in {row.name for row in data.group_b.values()}:
        yield "group_b has no signal named congestion"


def _free(data: VariantData, place: str, table: Mapping[int, BackwardSignal], signals: Mapping[str, int]) -> Iterator[str]:
    for name, signal in signals.items():
        if signal:
            row = table.get(signal)
            if row is None:
                yield f"{place}.{name}: group_b has no signal {signal}"
            elif row.means != "free":
                yield f'{place}.{name}: signal {signal} of group_b means "{row.means}", not "free"'


def _refusals(place: str, table: Mapping[int, BackwardSignal], refusals: Mapping[int, int]) -> Iterator[str]:
    for cause, signal in refusals.items():
        if not 1 <= cause <= 127:
            yield f"{place}.{cause}: causes of Q.850 are 1 to 127"
        if signal not in table:
            yield f"{place}.{cause}: group_b has no signal {signal}"
        elif table[signal].means != "refused":
            yield f'{place}.{cause}: signal {signal} of group_b means "{table[signal].means}", not "refused"'


def _register(data: VariantData) -> Iterator[str]:
    register = data.register
    free = {"free": register.free, "free_calling": register.free_calling, "free_without_charge": register.free_without_charge}
    if not register.free:
        yield "register.free: a signal is needed"
    yield from _free(data, "register", data.group_b, free)
    yield from _refusals("refusals", data.group_b, data.refusals)
    for name in ("end_of_called", "end_of_caller", "restricted", "restricted_read"):
        signal: int = getattr(register, name)
        if signal and not 11 <= signal <= 15:
            yield f"register.{name}: {signal} is not a group I signal from 11 to 15"
    if not register.end_of_caller:
        yield "register.end_of_caller: a signal is needed"
    for name in ("called_limit", "caller_limit"):
        if not 1 <= getattr(register, name) <= 64:
            yield f"register.{name}: {getattr(register, name)} is not in 1 to 64"


def _classes(data: VariantData) -> Iterator[str]:
    for number, row in enumerate(data.classes, 1):
        place = f"class {number}"
        if row.switch and row.switch not in data.switches:
            yield f"{place}: there is no switch {row.switch}"
        for signal in row.called_class:
            if not 1 <= signal <= 15:
                yield f"{place}: there is no KD {signal}"
        yield from _signals(f"{place} group_b", row.group_b, IN_GROUP_B)
        table = {**data.group_b, **row.group_b}
        free = {"free": row.free, "free_calling": row.free_calling, "free_without_charge": row.free_without_charge}
        yield from _free(data, place, table, free)
        yield from _refusals(f"{place} refusals", table, row.refusals)


def _traffic(data: VariantData) -> Iterator[str]:
    if "local" not in data.traffic:
        yield "traffic.local is missing"
    for table, marks in data.marks.items():
        for mark, signal in marks.items():
            if not 11 <= signal <= 15:
                yield f"marks.{table}.{mark}: {signal} is not a group I signal from 11 to 15"
    for name, row in data.traffic.items():
        if row.marks and row.marks not in data.marks:
            yield f"traffic.{name}: there are no marks.{row.marks}"
        for field in ("category", "called_class"):
            if not 1 <= getattr(row, field) <= 15:
                yield f"traffic.{name}.{field}: {getattr(row, field)} is not a group II signal from 1 to 15"
        for timer, value_ms in row.timers_ms.items():
            known = data.timers.get(timer)
            if known is None:
                yield f"traffic.{name}: there is no timer {timer}"
            elif not known.low_ms <= value_ms <= known.high_ms:
                yield f"traffic.{name}.{timer}: {value_ms} ms is outside {known.low_ms}..{known.high_ms} ms"
