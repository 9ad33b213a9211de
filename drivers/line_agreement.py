"""What disagrees between our configuration, ``system.conf`` and what DAHDI says is there; each with its line and its cure.

Three tellers: the configuration wants channels, system.conf promises them, the kernel has them. Where two of them differ, the one that is
easiest mended is named by file and line. Pure: texts and the survey are arguments. Leaves out what one of them says wrongly by itself
(config/checks.py, drivers/system_conf.py), and whatever only a call would show.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from config.lines import Place, line_of
from config.loader import Problem
from config.schema import NO_7, SIGNALLING_SLOT, Configuration, Span, TrunkGroup, circuits_of
from config.schema import line_of as line_of_extension
from config.signalling import channel_of
from drivers.dahdi_survey import Channel, SpanState, Survey
from drivers.system_conf import ChannelLine, SystemConf, ranges

EAR_AND_MOUTH = ("E&M-E1", "E&M", "CAS")
"""E and M tie lines are worked by bits, which CAS channels carry as well."""

FRAMES = ("HDLCFCS", "Hardware-assisted HDLC", "MTP2")
"""What carries frames: a D channel, or a signalling link of No. 7."""

LINK = ("MTP2",)
"""A signalling link: it repeats what it was given last, and never falls silent (Q.703 clause 11), which a D channel does not."""

BEARER = ("Clear",)
"""A circuit of No. 7: 64 kbit/s, octet for octet."""

_ALARM_CURES = {
    "RED": "no signal or no frames come: look at the cable, at the far end, and whether framing and CRC-4 are the same there",
    "YELLOW": "the far end does not understand us: look at our direction of the cable, and whether framing and CRC-4 are the same there",
    "BLUE": "the line's equipment has lost the far end: ask who runs the line",
    "LOOP": "the span is looped back for maintenance: take the loop away",
    "RECOVERING": "wait: the span comes back by itself",
    "NOTOPEN": "the alarm is sent because no channel is open: take yellow out of its span= line, or start the exchange",
}


class Sources(msgspec.Struct, frozen=True):
    """What is compared, and where it stands."""

    file: str
    configuration: Configuration
    lines: dict[Place, int]
    survey: Survey
    system_file: str = ""
    system: SystemConf | None = None
    """None where there is no such file."""

    def here(self, place: Place, what: str, cure: str) -> Problem:
        """A problem in a line of our configuration."""
        return Problem(self.file, line_of(self.lines, place), what, cure)

    def there(self, line: int, what: str, cure: str) -> Problem:
        """A problem in a line of system.conf."""
        return Problem(self.system_file, line, what, cure)

    @property
    def spans(self) -> list[tuple[Place, Span]]:
        """Our spans on DAHDI cards, each with its place."""
        return [(("span", index), span) for index, span in enumerate(self.configuration.spans) if span.card == "dahdi"]


class Wanted(msgspec.Struct, frozen=True):
    """Time slots of one of our spans that are to have one signalling."""

    place: Place
    span: Span
    slots: tuple[int, ...]
    signallings: tuple[str, ...]
    """Any of these of the kernel will do; the first is proposed."""
    idle_bits: int | None = None

    @property
    def channels(self) -> list[int]:
        """DAHDI's numbers of these slots: they count from the span's first channel, on a board as on an E1."""
        return [self.span.first_channel + slot - 1 for slot in self.slots]

    @property
    def keyword(self) -> str:
        """How system.conf says the first of them."""
        words = {"CAS": "cas", "E&M": "e&m", "E&M-E1": "e&me1", "HDLCFCS": "dchan", "Clear": "bchan"}
        return words.get(self.signallings[0], self.signallings[0].lower())

    def written(self, numbers: list[int]) -> str:
        """The line of system.conf for these channels."""
        bits = f":{self.idle_bits:04b}" if self.keyword == "cas" and self.idle_bits is not None else ""
        return f"{self.keyword}={ranges(numbers)}{bits}"


IdleBits = Callable[[TrunkGroup], int]
"""The bits abcd at rest of a group's variant."""


def disagreements(sources: Sources, idle_bits: IdleBits) -> list[Problem]:
    """Everything that disagrees, in the order of files and lines."""
    wanted = list(_wanted(sources.configuration, idle_bits))
    found = [
        *_spans(sources),
        *_channels(sources, wanted),
        *_users(sources, wanted),
        *_echo_cancellers(sources, wanted),
        *_written(sources),
        *_written_channels(sources, wanted),
    ]
    return sorted(set(found))


def _wanted(configuration: Configuration, idle_bits: IdleBits) -> Iterator[Wanted]:
    """What trunk groups, extensions and signalling channels need of the channels below them."""
    spans = {span.name: span for span in configuration.spans if span.card == "dahdi"}
    for index, group in enumerate(configuration.trunk_groups):
        slots: dict[str, list[int]] = {}
        for name, slot in circuits_of(group):
            slots.setdefault(name, []).append(slot)
        for name in slots.keys() & spans.keys():
            bits = None if group.signalling in ("fxo", *NO_7) else idle_bits(group)
            yield Wanted(("trunk_group", index, "circuits"), spans[name], tuple(slots[name]), _signallings(group), bits)
    links = {channel_of(link): index for index, link in enumerate(configuration.signalling_links)}
    for (name, slot), index in links.items():
        if name in spans:
            yield Wanted(("signalling_link", index, "channel"), spans[name], (slot,), LINK)
    for index, span in enumerate(configuration.spans):
        others = tuple(slot for slot in span.signalling_channels if (span.name, slot) not in links)
        if span.name in spans and others:
            yield Wanted(("span", index, "signalling_channels"), span, others, FRAMES)
    telephones: dict[tuple[str, tuple[str, ...]], list[tuple[int, int]]] = {}
    for index, extension in enumerate(configuration.extensions):
        name, slot = line_of_extension(extension)
        if name in spans:
            telephones.setdefault((name, ("FXOGS",) if extension.ground_start else ("FXOKS", "FXOLS")), []).append((index, slot))
    for (name, signallings), rows in telephones.items():  # together, so that what is wrong with all is said once, at the first
        yield Wanted(("extension", rows[0][0], "line"), spans[name], tuple(slot for _, slot in rows), signallings)


def _signallings(group: TrunkGroup) -> tuple[str, ...]:
    if group.signalling == "fxo":
        return ("FXSGS",) if group.ground_start else ("FXSKS", "FXSLS")
    if group.signalling in NO_7:
        return BEARER
    return ("CAS",) if group.signalling == "r2" else EAR_AND_MOUTH


# ---- The kernel ------------------------------------------------------------------------------------------------------


def _state_of(survey: Survey, span: Span) -> SpanState | None:
    """DAHDI's span that has the first channel of ours."""
    return next((state for state in survey.spans if any(channel.number == span.first_channel for channel in state.channels)), None)


def _spans(sources: Sources) -> Iterator[Problem]:
    """Spans that are not there, lie askew, are framed otherwise, or in alarm."""
    present = [channel.number for state in sources.survey.spans for channel in state.channels]
    for place, span in sources.spans:
        state = _state_of(sources.survey, span)
        at = (*place, "first_channel")
        if not sources.survey.module:
            yield sources.here(at, "DAHDI is not in the kernel", "see ./zongji lines discover for what to install")
        elif state is None:
            there = f"there are {ranges(present)}" if present else "there is none; load the driver of the board"
            yield sources.here(at, f"DAHDI has no channel {span.first_channel}", f"{there}; ./zongji lines discover lists them")
        else:
            yield from _lie(sources, place, span, state)
            yield from _framing(sources, place, span, state)
            for alarm in state.alarms:
                yield sources.here(at, f"span {state.number} of DAHDI is in alarm {alarm}", _ALARM_CURES[alarm])


def _lie(sources: Sources, place: Place, span: Span, state: SpanState) -> Iterator[Problem]:
    """Whether our span lies on one of DAHDI's: an E1 on the whole of it, a board within it."""
    first, count = state.channels[0].number, len(state.channels)
    if not span.board and (span.first_channel, span.channels) != (first, count):
        what = f"{span.name} is an E1 from channel {span.first_channel} on; span {state.number} of DAHDI has {first}-{first + count - 1}"
        cure = f"give first_channel = {first}" + ("" if count == span.channels else f" and channels = {min(count, 30)}")
        yield sources.here((*place, "first_channel"), what, cure)
    elif span.first_channel + span.channels > first + count:
        what = f"{span.name} goes beyond span {state.number} of DAHDI, which ends with channel {first + count - 1}"
        yield sources.here((*place, "channels"), what, f"give channels = {first + count - span.first_channel}")


def _framing(sources: Sources, place: Place, span: Span, state: SpanState) -> Iterator[Problem]:
    """CRC-4 and the signalling multiframe, of spans that have frames."""
    if span.kind not in ("cas", "ccs") or span.board or state.kind == "DYNAMIC":
        return
    number = state.number
    if state.kind not in ("", "E1"):
        what = f"span {number} of DAHDI is {state.kind}, not E1"
        yield sources.here((*place, "kind"), what, "choose another span, or set the board to E1")
    if not state.line_configuration:
        cure = "write its span= line into system.conf and run dahdi_cfg"
        yield sources.here((*place, "first_channel"), f"span {number} of DAHDI is not set up", cure)
        return
    if span.kind == "ccs" and "CCS" not in state.line_configuration:
        cure = f"write ccs as framing in span={number},... of system.conf, and run dahdi_cfg"
        yield sources.here((*place, "kind"), f"span {number} of DAHDI has line signals in time slot 16 (framing cas)", cure)
    elif span.kind == "cas" and "CCS" in state.line_configuration and SIGNALLING_SLOT not in span.signalling_channels:
        cure = f"write cas as framing in span={number},... of system.conf, and run dahdi_cfg"
        yield sources.here((*place, "kind"), f"span {number} of DAHDI has no line signals in time slot 16 (framing ccs)", cure)
    if span.crc4 != state.crc4:
        yield sources.here((*place, "crc4"), *_crc4_words(span, state.crc4, f"span {number} of the kernel", "run dahdi_cfg"))


def _crc4_words(span: Span, other: bool, whose: str, then: str) -> tuple[str, str]:
    on, off = ("on", "off") if span.crc4 else ("off", "on")
    cure = f"set crc4 = {str(other).lower()} here, or {'add' if span.crc4 else 'take away'} crc4 in its span= line and {then}"
    return f"CRC-4 is {on} in {span.name} and {off} in {whose}", cure


def _channels(sources: Sources, wanted: Iterable[Wanted]) -> Iterator[Problem]:
    """Channels that are not there, and those that are signalled otherwise."""
    present = {channel.number for state in sources.survey.spans for channel in state.channels}
    for want in wanted:
        missing = sorted(set(want.channels) - present)
        if missing and _state_of(sources.survey, want.span) is not None:
            what = f"DAHDI has no {_named(missing)}, which {want.span.name} uses"
            yield sources.here(want.place, what, "take the time slots away, or choose another span")
        others: dict[str, list[int]] = {}
        for channel in _of(want, sources.survey):
            if channel.signalling not in want.signallings:
                others.setdefault(channel.signalling, []).append(channel.number)
        for signalling, numbers in others.items():
            yield sources.here(want.place, *_signalling_words(sources, want, signalling, numbers))


def _signalling_words(sources: Sources, want: Wanted, signalling: str, numbers: list[int]) -> tuple[str, str]:
    has = f"the kernel has {signalling}" if signalling else "they are not set up" if len(numbers) > 1 else "it is not set up"
    what = f"{_named(numbers)} should be {' or '.join(want.signallings)}, and {has}"
    promised = sources.system is not None and all(
        number in sources.system.channels and sources.system.channels[number].signalling in want.signallings for number in numbers
    )
    if promised:
        return what, "system.conf has it right: run dahdi_cfg"
    return what, f"write {want.written(numbers)} into system.conf and run dahdi_cfg"


_LEAVE = "end that program, or leave the channels to it"


def _users(sources: Sources, wanted: Iterable[Wanted]) -> Iterator[Problem]:
    """Channels that another program has open: a channel has one user."""
    for want in wanted:
        taken = [channel.number for channel in _of(want, sources.survey) if channel.in_use]
        for user in sources.survey.users:
            theirs = sorted(set(taken) & set(user.channels))
            taken = [number for number in taken if number not in theirs]
            if theirs and not user.ours:
                what = f"{_named(theirs)} {_are(theirs)} open in {user.program} (process {user.process})"
                yield sources.here(want.place, what, _LEAVE)
        unnamed = [user for user in sources.survey.users if user.unnamed]
        if not taken or any(user.ours for user in unnamed):
            continue
        if unnamed:
            by = " or ".join(f"{user.program} (process {user.process})" for user in unnamed)
            yield sources.here(want.place, f"{_named(taken)} {_are(taken)} open, probably in {by}", _LEAVE)
        else:
            cure = "run this as root to see which, or try fuser -v /dev/dahdi/*"
            yield sources.here(want.place, f"{_named(taken)} {_are(taken)} open in a program that cannot be seen from here", cure)


def _echo_cancellers(sources: Sources, wanted: Iterable[Wanted]) -> Iterator[Problem]:
    """DAHDI's own canceller on a channel of ours, which has one already or wants none."""
    for want in wanted:
        numbers = [channel.number for channel in _of(want, sources.survey) if channel.echo_canceller]
        if numbers:
            cure = "take its echocanceller= line out of system.conf and run dahdi_cfg; the exchange's own is echo_tail_ms"
            yield sources.here(want.place, f"{_named(numbers)} {_have(numbers)} DAHDI's echo canceller", cure)


def _of(want: Wanted, survey: Survey) -> list[Channel]:
    return [channel for state in survey.spans for channel in state.channels if channel.number in want.channels]


def _named(numbers: list[int]) -> str:
    return f"channel{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"


def _are(numbers: list[int]) -> str:
    return "are" if len(numbers) > 1 else "is"


def _have(numbers: list[int]) -> str:
    return "have" if len(numbers) > 1 else "has"


# ---- system.conf -----------------------------------------------------------------------------------------------------


def _written(sources: Sources) -> Iterator[Problem]:
    """What system.conf says by itself, of spans, and against the kernel's channels."""
    system = sources.system
    if system is None:
        return
    for fault in system.faults:
        yield sources.there(fault.line, fault.what, fault.cure)
    timing: dict[int, int] = {}
    for span in system.spans.values():
        owner = timing.setdefault(span.timing, span.span) if span.timing else span.span
        if owner != span.span:
            what = f"spans {owner} and {span.span} both have timing {span.timing}"
            yield sources.there(span.line, what, "give each another number, in the order in which their clocks are to be taken; 0 = never")
        state = sources.survey.span(span.span)
        if sources.survey.module and state is None:
            yield sources.there(span.line, f"DAHDI has no span {span.span}", "take the line out, or load the driver of the board")
    for _, ours in sources.spans:
        state = _state_of(sources.survey, ours)
        written = system.spans.get(state.number) if state is not None else None
        if ours.kind not in ("cas", "ccs") or written is None:
            continue
        if ours.kind == "ccs" and written.framing != "ccs":
            what = f"span {written.span} has framing {written.framing}, and {ours.name} has no line signals in time slot 16"
            yield sources.there(written.line, what, "write ccs as its framing and run dahdi_cfg")
        if ours.kind == "cas" and written.framing != "cas" and SIGNALLING_SLOT not in ours.signalling_channels:
            what = f'span {written.span} has framing {written.framing}, and {ours.name} wants line signals in time slot 16'
            yield sources.there(written.line, what, "write cas as its framing and run dahdi_cfg")
        if written.crc4 != ours.crc4:
            yield sources.there(written.line, *_crc4_words(ours, written.crc4, f"span {written.span} here", "run dahdi_cfg"))
    yield from _stale(sources, system)


def _stale(sources: Sources, system: SystemConf) -> Iterator[Problem]:
    """Channels that system.conf has and the kernel has not, or has otherwise: dahdi_cfg was not run since, or failed."""
    kernel = {channel.number: channel for state in sources.survey.spans for channel in state.channels}
    if not kernel:
        return
    by_line: dict[int, tuple[list[int], list[int]]] = {}
    for number, line in system.channels.items():
        beyond, other = by_line.setdefault(line.line, ([], []))
        if number not in kernel:
            beyond.append(number)
        elif kernel[number].signalling != line.signalling:
            other.append(number)
    for at, (beyond, other) in by_line.items():
        if beyond:
            yield sources.there(at, f"DAHDI has no {_named(beyond)}", "take them out of the line, or load the driver of the board")
        if other:
            has = sorted({kernel[number].signalling or "nothing" for number in other})
            yield sources.there(at, f"the kernel has {' and '.join(has)} on {_named(other)}", "run dahdi_cfg, and look at what it says")


def _is_wide(system: SystemConf, line: ChannelLine) -> bool:
    """Whether it is part of one wide channel, which clear= makes of all that stand in its line; the kernel shows each as if by itself."""
    return line.keyword == "clear" and sum(other.line == line.line for other in system.channels.values()) > 1


def _written_channels(sources: Sources, wanted: Iterable[Wanted]) -> Iterator[Problem]:
    """Channels that we use, against what system.conf promises of them."""
    system = sources.system
    if system is None:
        return
    for want in wanted:
        other: dict[tuple[int, str], list[int]] = {}
        bits: dict[tuple[int, int], list[int]] = {}
        for number in want.channels:
            line = system.channels.get(number)
            if line is None:
                continue  # the kernel's side tells that it is not set up
            if line.signalling not in want.signallings or (want.signallings == BEARER and _is_wide(system, line)):
                other.setdefault((line.line, line.keyword), []).append(number)
            elif line.idle_bits is not None and want.idle_bits is not None and line.idle_bits != want.idle_bits:
                bits.setdefault((line.line, line.idle_bits), []).append(number)
        for (at, keyword), numbers in other.items():
            what = f"{_named(numbers)} {_are(numbers)} {keyword} here, and {want.span.name} uses {'them' if len(numbers) > 1 else 'it'}"
            yield sources.there(at, what, f"write {want.written(numbers)} instead and run dahdi_cfg")
        for (at, idle), numbers in bits.items():
            rest = "rest" if len(numbers) > 1 else "rests"
            what = f"{_named(numbers)} {rest} with {idle:04b} here, and with {want.idle_bits:04b} in our variant"
            yield sources.there(at, what, f"write :{want.idle_bits:04b}, so that the far end sees no other bits before the exchange starts")
