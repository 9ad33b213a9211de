"""Proposes, out of what DAHDI says is there (drivers/dahdi_survey.py), our configuration and the ``system.conf`` that goes with it.

What is set up already stays as it is. What is not yet: channels of an E1 become R2 circuits with line signals in time slot 16 (G.704 clause
5.1.3), ports for telephones and lines to an exchange become such. An E1 of clear channels beside signalling links becomes circuits of
No. 7, time slot 16 among them, with a skeleton of point, link set and links. Two texts come out, with comments where a person must decide:
number, timing source, name, point codes. Pure. Leaves out what this exchange cannot work yet (T1, ISDN), which the texts name instead.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from config.schema import SIGNALLING_SLOT
from drivers.dahdi_survey import Channel, SpanState, Survey
from drivers.system_conf import SIGNALLING, ranges

Use = Literal["circuit", "tie", "subscriber", "office", "d-channel", "signalling-link", "bearer", "line-signals", "none"]

Kind = Literal["cas", "ccs", "subscriber", "office"]

CIRCUIT_SLOTS = 31
"""Time slots 1 to 31 of an E1, 16 included (G.704)."""
BOARD_LINES = 30
"""Lines of one span of ours that is no E1."""

USE_OF: dict[str, Use] = {
    "CAS": "circuit",
    "E&M": "tie",
    "E&M-E1": "tie",
    "FXOLS": "subscriber",
    "FXOKS": "subscriber",
    "FXOGS": "subscriber",
    "FXSLS": "office",
    "FXSKS": "office",
    "FXSGS": "office",
    "HDLCFCS": "d-channel",
    "Hardware-assisted HDLC": "d-channel",
    "MTP2": "signalling-link",
    "Clear": "bearer",
}
"""What a channel is used for, by the kernel's word for its signalling: FXO signalling faces a telephone, FXS signalling an exchange."""

KEYWORD_OF: dict[Use, str] = {
    "circuit": "cas",
    "tie": "e&me1",
    "subscriber": "fxoks",
    "office": "fxsks",
    "d-channel": "dchan",
    "signalling-link": "mtp2",
    "bearer": "bchan",
}
"""How system.conf says it, unless the kernel has another word of the same use already."""

_ANALOG = ("FXS", "FXO", "ANALOG_MIXED")
_NO_7: frozenset[Use] = frozenset(("bearer", "signalling-link"))
"""All that an E1 of No. 7 has."""
_LINKS_IN_SET = 16
"""A signalling link code has four bits (Q.704 clause 15.2)."""
_FOREIGN = {"T1": "T1", "J1": "J1", "BRI_NT": "ISDN basic access", "BRI_TE": "ISDN basic access", "BRI_SOFT": "ISDN basic access"}


class Proposal(msgspec.Struct, frozen=True):
    """The two texts."""

    configuration: str
    system_conf: str


class Group(msgspec.Struct, frozen=True):
    """The channels of one DAHDI span that have one use, at least one."""

    span: SpanState
    use: Use
    channels: tuple[Channel, ...]


class Section(msgspec.Struct, frozen=True):
    """A span of our configuration: a whole E1, or neighbouring lines of one use, which are counted from 1 there."""

    span: SpanState
    name: str
    kind: Kind
    channels: tuple[Channel, ...]

    @property
    def first(self) -> int:
        """DAHDI's number of its first channel."""
        return self.channels[0].number

    def slots(self, use: Use) -> list[int]:
        """Its time slots, or places, of one use. Beside line signals time slot 16 is no circuit, even if the kernel lets it be one."""
        own = [channel.number - self.first + 1 for channel in self.channels if use_of(self.span, channel) == use]
        all_count = self.kind == "ccs" or len(self.channels) != CIRCUIT_SLOTS
        return [slot for slot in own if slot != SIGNALLING_SLOT or all_count]


def use_of(span: SpanState, channel: Channel) -> Use:
    """What a channel is used for, or should be while it is not set up."""
    if span.kind in _FOREIGN:
        return "none"
    if channel.signalling:
        return USE_OF.get(channel.signalling, "none")
    if span.kind in ("E1", "DYNAMIC") or (not span.kind and len(span.channels) == CIRCUIT_SLOTS):
        if channel.position != SIGNALLING_SLOT:
            return "circuit"
        no_7 = "CCS" in span.line_configuration and any(other.signalling in ("Clear", "MTP2") for other in span.channels)
        return "bearer" if no_7 else "line-signals"
    if span.kind in _ANALOG or not span.kind:
        allowed = {USE_OF[word] for word in channel.capabilities if word in USE_OF}
        if "subscriber" in allowed and "office" not in allowed:
            return "subscriber"
        if "office" in allowed and "subscriber" not in allowed:
            return "office"
    return "none"


def groups_of(span: SpanState) -> list[Group]:
    """The channels of a span by their use, in the order of the first of each."""
    found: dict[Use, list[Channel]] = {}
    for channel in span.channels:
        found.setdefault(use_of(span, channel), []).append(channel)
    return [Group(span, use, tuple(channels)) for use, channels in found.items()]


_KINDS: dict[Use, Kind] = {
    "circuit": "cas",
    "tie": "cas",
    "subscriber": "subscriber",
    "office": "office",
}
_PREFIXES = {"cas": "e1", "subscriber": "sub", "office": "co"}


def carries_no_7(span: SpanState, survey: Survey) -> bool:
    """Whether it is an E1 of No. 7: clear channels and signalling links, of which one at least is somewhere."""
    uses = {use_of(span, channel) for channel in span.channels}
    links = any(channel.signalling == "MTP2" for other in survey.spans for channel in other.channels)
    return len(span.channels) == CIRCUIT_SLOTS and uses <= _NO_7 and links


def sections_of(span: SpanState, survey: Survey) -> list[Section]:
    """Our spans on one of DAHDI's: one for an E1 of circuits, else one for each run of neighbours that are worked alike."""
    if carries_no_7(span, survey):
        return [Section(span, f"e1-{span.number}", "ccs", span.channels)]
    kinds = [_KINDS.get(use_of(span, channel)) for channel in span.channels]
    if len(span.channels) == CIRCUIT_SLOTS and set(kinds) - {None} == {"cas"}:
        return [Section(span, f"e1-{span.number}", "cas", span.channels)]
    found: list[Section] = []
    run: list[Channel] = []
    for channel, kind, following in zip(span.channels, kinds, [*kinds, None][1:], strict=True):
        if kind is None:
            continue
        run.append(channel)
        if following != kind or len(run) == BOARD_LINES:
            before = sum(section.kind == kind for section in found)
            name = f"{_PREFIXES[kind]}-{span.number}" + (f"-{before + 1}" if before else "")
            found.append(Section(span, name, kind, tuple(run)))
            run = []
    return found


def propose(survey: Survey, idle_bits: int) -> Proposal:
    """Both texts; ``idle_bits`` (abcd) stand on circuits at rest."""
    return Proposal("\n".join(_configuration(survey)) + "\n", "\n".join(_system_conf(survey, idle_bits)) + "\n")


def _title(span: SpanState) -> str:
    said = [f"DAHDI span {span.number}", span.name, span.kind or "kind not told", span.board]
    return ", ".join(dict.fromkeys(" ".join(word.split()) for word in said if word))


# ---- system.conf -----------------------------------------------------------------------------------------------------


def _system_conf(survey: Survey, idle_bits: int) -> Iterator[str]:
    yield "# Read by dahdi_cfg. Echo cancellers stay off: the exchange has its own (echo_tail_ms), and two in one line spoil each other."
    priority = 0
    for span in survey.spans:
        yield ""
        yield f"# {_title(span)}"
        if not span.channels:
            yield "# no channels: nothing to set up"
            continue
        if span.kind == "DYNAMIC":
            yield from _dynamic(span)
        elif span.kind == "E1" or (not span.kind and len(span.channels) == CIRCUIT_SLOTS):
            priority += 1
            yield f"# Timing {priority}: its clock is taken from the far end, a public network; write 0 where the far end takes ours."
            if not span.line_configuration:
                yield "# Not set up before: proposed for line signals in time slot 16 (R2). ISDN wants ccs, bchan=, and dchan= for slot 16,"
                yield "# No. 7 ccs, bchan=, and mtp2= for signalling links."
            yield _span_line(span, priority)
        elif span.kind in _FOREIGN:
            yield f"# {_FOREIGN[span.kind]}: this exchange does not work it; set it up for the program that does."
            continue
        for group in groups_of(span):
            yield from _channel_lines(group, idle_bits)


def _dynamic(span: SpanState) -> Iterator[str]:
    """``DYN/DRIVER/ADDRESS`` is what the driver calls such a span."""
    _, _, behind = span.name.partition("/")
    driver, _, address = behind.partition("/")
    if driver and address:
        yield f"dynamic={driver},{address},{len(span.channels)},0"


def _span_line(span: SpanState, priority: int) -> str:
    uses = {group.use for group in groups_of(span)}
    if span.line_configuration:
        framing = "ccs" if "CCS" in span.line_configuration else "cas"
    else:
        framing = "cas" if uses & {"circuit", "tie"} else "ccs"
    coding = "ami" if "AMI" in span.line_configuration else "hdb3"
    crc4 = ",crc4" if span.crc4 or not span.line_configuration else ""
    return f"span={span.number},{priority},0,{framing},{coding}{crc4}"


def _channel_lines(group: Group, idle_bits: int) -> Iterator[str]:
    if group.use not in KEYWORD_OF:
        what = "line signals of the others" if group.use == "line-signals" else "not set up"
        yield f"# {ranges(channel.number for channel in group.channels)}: {what}"
        return
    by_keyword: dict[str, list[int]] = {}
    for channel in group.channels:
        by_keyword.setdefault(_keyword(group.use, channel.signalling), []).append(channel.number)
    for keyword, numbers in by_keyword.items():
        yield f"{keyword}={ranges(numbers)}{f':{idle_bits:04b}' if keyword == 'cas' else ''}"


def _keyword(use: Use, signalling: str) -> str:
    """The keyword that gives the channel what it has; the usual one while it has nothing."""
    usual = KEYWORD_OF[use]
    if not signalling or SIGNALLING[usual] == signalling:
        return usual
    return next(keyword for keyword, word in SIGNALLING.items() if word == signalling)


# ---- Our configuration -----------------------------------------------------------------------------------------------


def _configuration(survey: Survey) -> Iterator[str]:
    yield "# A proposal: ./zongji check finds mistakes in it, ./zongji lines check what disagrees with DAHDI."
    yield "# config/zongji.toml shows what else there is: voice menus, queues, agents, recordings."
    yield ""
    yield "[exchange]"
    yield 'name = "Zongji"'
    sections = [section for span in survey.spans for section in sections_of(span, survey)]
    for span in survey.spans:
        if not carries_no_7(span, survey):
            yield from _left_out(span)
    for section in sections:
        yield from _span_section(section)
    common = [section for section in sections if section.kind == "ccs"]
    trunk_groups = []
    if common:
        yield from _signalling_point(common)
        if any(section.slots("bearer") for section in common):
            trunk_groups.append(_POINT)
            yield from _circuit_group(common)
    number = 8001
    for section in sections:
        for use in ("circuit", "tie", "office"):
            if section.slots(use):
                trunk_groups.append(_trunk_name(section, use))
                yield from _trunk_group(section, use)
        yield from _extensions(section, number)
        number += len(section.slots("subscriber"))
    if trunk_groups:
        yield ""
        yield "[[number]]                     # 9 and a number: out by the first group; strip takes the 9 away"
        yield 'prefix = "9"'
        yield "length = [4, 12]"
        yield "strip = 1"
        yield f'destination = "trunk:{trunk_groups[0]}"'


_LEFT_OUT: dict[Use, str] = {
    "d-channel": "this exchange has no ISDN yet",
    "signalling-link": "a link of No. 7 stands on an E1 whose other channels are clear",
    "bearer": "no line signals come over them, and no signalling link is beside them",
}


def _left_out(span: SpanState) -> Iterator[str]:
    for group in groups_of(span):
        if group.use in _LEFT_OUT:
            channels = ranges(channel.number for channel in group.channels)
            yield ""
            yield f"# {_title(span)}: channels {channels} ({group.use}) are left out, {_LEFT_OUT[group.use]}"


def _span_section(section: Section) -> Iterator[str]:
    span, count = section.span, len(section.channels)
    yield ""
    yield f"# {_title(span)}, channels {ranges(channel.number for channel in section.channels)}"
    yield "[[span]]"
    yield f'name = "{section.name}"'
    yield f'kind = "{section.kind}"'
    yield 'card = "dahdi"'
    yield f"first_channel = {section.first}"
    if count != CIRCUIT_SLOTS:
        yield f"channels = {count}"
    elif span.line_configuration and not span.crc4:
        yield "crc4 = false"
    if section.kind == "ccs" and section.slots("signalling-link"):
        yield f"signalling_channels = {section.slots('signalling-link')}"


_POINT = "no-7"


def _signalling_point(common: list[Section]) -> Iterator[str]:
    links = [(section.name, slot) for section in common for slot in section.slots("signalling-link")]
    yield ""
    yield "[[signalling_point]]           # agree both codes with the far end; docs/operator/no7.md says what else to ask for"
    yield f'name = "{_POINT}"'
    yield 'code = "1-1-1"'
    yield ""
    yield "[[signalling_link_set]]        # links to one point; a set of its own for each neighbour"
    yield f'name = "{_POINT}"'
    yield f'point = "{_POINT}"'
    yield 'adjacent = "1-1-2"'
    for code, (name, slot) in enumerate(links[:_LINKS_IN_SET]):
        yield ""
        yield "[[signalling_link]]"
        yield f'name = "{_POINT}-{code}"'
        yield f'link_set = "{_POINT}"'
        yield f"code = {code}                       # the signalling link code (SLC), agreed too"
        yield f'channel = "{name}/{slot}"'
    if len(links) > _LINKS_IN_SET:
        left = ", ".join(f"{name}/{slot}" for name, slot in links[_LINKS_IN_SET:])
        yield f"# {left}: a set has {_LINKS_IN_SET} links at most; these belong to another"


def _circuit_group(common: list[Section]) -> Iterator[str]:
    bearers = [(section.name, section.slots("bearer")) for section in common]
    runs = [f'"{name}/{run}"' for name, slots in bearers if slots for run in ranges(slots).split(",")]
    yield ""
    yield "[[trunk_group]]                # circuits between two points; spans in the order of the PCM systems' numbers"
    yield f'name = "{_POINT}"'
    yield f"circuits = [{', '.join(runs)}]"
    yield 'signalling = "isup"            # or "tup"'
    yield f'point = "{_POINT}"'
    yield 'far_point = "1-1-2"'
    yield "first_pcm = 0                  # the far end's number of the first of these spans"


def _trunk_name(section: Section, use: Use) -> str:
    return f"trunks-{section.name}" + ("-tie" if use == "tie" else "")


def _trunk_group(section: Section, use: Use) -> Iterator[str]:
    circuits = ", ".join(f'"{section.name}/{run}"' for run in ranges(section.slots(use)).split(","))
    signalling = {"circuit": "r2", "tie": "e&m"}.get(use, "fxo")
    yield ""
    yield "[[trunk_group]]                # one neighbour; put its other spans into the same group"
    yield f'name = "{_trunk_name(section, use)}"'
    yield f"circuits = [{circuits}]"
    yield f'signalling = "{signalling}"'
    if signalling == "fxo":
        yield 'direction = "outgoing"         # "both-way" once it is known what number rings these lines:'
        yield '# number = "87650000"'
    if any(channel.signalling == "FXSGS" for channel in section.channels):
        yield "ground_start = true"


def _extensions(section: Section, first: int) -> Iterator[str]:
    ground = {channel.number - section.first + 1 for channel in section.channels if channel.signalling == "FXOGS"}
    for number, slot in enumerate(section.slots("subscriber"), first):
        yield ""
        yield "[[extension]]"
        yield f'number = "{number}"'
        yield f'line = "{section.name}/{slot}"'
        yield f'name = "Extension {number}"'
        if slot in ground:
            yield "ground_start = true"
