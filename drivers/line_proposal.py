"""Proposes, out of what DAHDI says is there (drivers/dahdi_survey.py), our configuration and the ``system.conf`` that goes with it.

What is set up already stays as it is. What is not yet: channels of an E1 become R2 circuits with line signals in time slot 16 (G.704 clause
5.1.3), ports for telephones and lines to an exchange become such. Two texts come out, with comments where a person must decide: number,
timing source, name. Pure. Leaves out what this exchange cannot work yet (T1, ISDN, No. 7), which the texts name instead.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from drivers.dahdi_survey import Channel, SpanState, Survey
from drivers.system_conf import SIGNALLING, ranges

Use = Literal["circuit", "tie", "subscriber", "office", "d-channel", "signalling-link", "bearer", "line-signals", "none"]

SIGNALLING_SLOT = 16
CIRCUIT_SLOTS = 31
"""Time slots 1 to 31 of an E1, 16 included (G.704)."""

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
_FOREIGN = {"T1": "T1", "J1": "J1", "BRI_NT": "ISDN basic access", "BRI_TE": "ISDN basic access", "BRI_SOFT": "ISDN basic access"}


class Proposal(msgspec.Struct, frozen=True):
    """The two texts."""

    configuration: str
    system_conf: str


class Group(msgspec.Struct, frozen=True):
    """The channels of one span that have one use, at least one."""

    span: SpanState
    use: Use
    channels: tuple[Channel, ...]

    @property
    def slots(self) -> list[int]:
        """Our time slots of these channels."""
        return [slot for slot in (slot_of(self.span, channel) for channel in self.channels) if slot is not None]


def slot_of(span: SpanState, channel: Channel) -> int | None:
    """Our time slot of a channel: on an E1 its own; on a board its place, with 16 left out, since the ports of a span are counted so."""
    if len(span.channels) == CIRCUIT_SLOTS:
        return None if channel.position == SIGNALLING_SLOT else channel.position
    slot = channel.position if channel.position < SIGNALLING_SLOT else channel.position + 1
    return slot if slot <= CIRCUIT_SLOTS else None


def use_of(span: SpanState, channel: Channel) -> Use:
    """What a channel is used for, or should be while it is not set up."""
    if channel.signalling:
        return USE_OF.get(channel.signalling, "none")
    if span.kind in ("E1", "DYNAMIC") or (not span.kind and len(span.channels) == CIRCUIT_SLOTS):
        return "line-signals" if channel.position == SIGNALLING_SLOT else "circuit"
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
                yield "# Not set up before: proposed for line signals in time slot 16 (R2). ISDN wants ccs, bchan=, and dchan= for slot 16."
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
    groups = [group for span in survey.spans for group in groups_of(span)]
    for group in groups:
        yield from _span_section(group)
    trunk_groups = []
    number = 8001
    for group in groups:
        if group.use in ("circuit", "tie", "office") and group.slots:
            name = f"trunks-{group.span.number}" + ("-analog" if group.use == "office" else "-tie" if group.use == "tie" else "")
            trunk_groups.append(name)
            yield from _trunk_group(name, group)
        elif group.use == "subscriber":
            yield from _extensions(group, number)
            number += len(group.slots)
    if trunk_groups:
        yield ""
        yield "[[number]]                     # 9 and a number: out by the first group; strip takes the 9 away"
        yield 'prefix = "9"'
        yield "length = [4, 12]"
        yield "strip = 1"
        yield f'destination = "trunk:{trunk_groups[0]}"'


def _span_name(group: Group) -> str:
    kind = {"subscriber": "sub", "office": "co"}.get(group.use, "e1")
    return f"{kind}-{group.span.number}"


def _span_section(group: Group) -> Iterator[str]:
    """Circuits and tie lines of one E1 share a section; what this exchange cannot work is a comment."""
    span = group.span
    first_digital = next((other.use for other in groups_of(span) if other.use in ("circuit", "tie")), None)
    if group.use in ("d-channel", "signalling-link", "bearer"):
        yield ""
        channels = ranges(channel.number for channel in group.channels)
        yield f"# {_title(span)}: channels {channels} ({group.use}) are left out, {_LEFT_OUT[group.use]}"
    if group.use not in ("subscriber", "office") and group.use != first_digital:
        return
    yield ""
    yield f"# {_title(span)}, channels {ranges(channel.number for channel in span.channels)}"
    yield "[[span]]"
    yield f'name = "{_span_name(group)}"'
    yield f'kind = "{ {"subscriber": "subscriber", "office": "office"}.get(group.use, "cas") }"'
    yield 'card = "dahdi"'
    yield f"dahdi_span = {span.number}"
    if first_digital and span.line_configuration and not span.crc4:
        yield "crc4 = false"
    unreachable = [channel.number for channel in group.channels if slot_of(span, channel) is None]
    if unreachable and group.use in ("subscriber", "office"):
        yield f"# Channels {ranges(unreachable)} cannot be used: our spans have the time slots 1 to 15 and 17 to 31."


_LEFT_OUT: dict[Use, str] = {
    "d-channel": "this exchange has no ISDN yet",
    "signalling-link": "this exchange has no signalling system No. 7 yet",
    "bearer": "no line signals come over them",
}


def _circuits(name: str, slots: Iterable[int]) -> str:
    return ", ".join(f'"{name}/{run}"' for run in ranges(slots).split(","))


def _trunk_group(name: str, group: Group) -> Iterator[str]:
    yield ""
    yield "[[trunk_group]]                # one neighbour; put its other spans into the same group"
    yield f'name = "{name}"'
    yield f"circuits = [{_circuits(_span_name(group), group.slots)}]"
    signalling = {"circuit": "r2", "tie": "e&m"}.get(group.use, "fxo")
    yield f'signalling = "{signalling}"'
    if signalling == "fxo":
        yield 'direction = "outgoing"         # "both-way" once it is known what number rings these lines:'
        yield '# number = "87650000"'
    if any(channel.signalling == "FXSGS" for channel in group.channels):
        yield "ground_start = true"


def _extensions(group: Group, first: int) -> Iterator[str]:
    ground = {slot_of(group.span, channel) for channel in group.channels if channel.signalling == "FXOGS"}
    for number, slot in enumerate(group.slots, first):
        yield ""
        yield "[[extension]]"
        yield f'number = "{number}"'
        yield f'line = "{_span_name(group)}/{slot}"'
        yield f'name = "Extension {number}"'
        if slot in ground:
            yield "ground_start = true"
