"""``zongji decode``: what the signal units of No. 7 in capture files say, message by message (Q.703, Q.704, Q.763, GF 001-9001).

Files are read by pbx/packet_file.py, units by the codecs of the engines, and told in their words (pbx/signalling/ss7/words.py). A damaged
unit is shown as ``Malformed`` and the next one follows; a damaged file ends the command with exit code 2, after all that stands before the
damage. Leaves out SIGTRAN and user parts without a codec here, whose octets are shown.
"""

import argparse
import functools
import json
import math
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pbx.engine import Malformed
from pbx.packet_file import MTP2, MTP2_WITH_PSEUDO_HEADER, MTP3, PSEUDO_HEADER, CaptureFileError, Packet, read_packets
from pbx.signalling.ss7.bits import REMEMBERED
from pbx.signalling.ss7.dissection import USERS, Message, circuit_of, read_message, user_name
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameters import RangeAndStatus
from pbx.signalling.ss7.mtp2.unit import STATUSES, SignalUnit, read_signal_unit
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import FORMS, Form, Unit
from pbx.signalling.ss7.tup.contents import CircuitRange
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.words import kind_of, lines_of, object_of

WRONG = 2
ARROWS = {True: "->", False: "<-", None: "  "}
DIRECTIONS = {True: "sent", False: "received", None: None}
JSON = json.JSONEncoder(ensure_ascii=False)
LINK_TYPES = (MTP2_WITH_PSEUDO_HEADER, MTP2, MTP3)
NAMES = frozenset(
    (
        *(kind.name for kind in MessageType),
        *(heading.name for heading in Heading),
        *management.MESSAGES,
        *("SLTM", "SLTA", "FISU", "LSSU", "MSU", "Malformed"),
        *USERS.values(),
        *STATUSES,
    )
)
"""What may be asked for by ``--kind``."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A packet as far as it could be read: level 2, level 3, message."""

    packet: Packet
    sent: bool | None
    link: int
    signal_unit: SignalUnit | None = None
    unit: Unit | None = None
    message: Message | None = None

    @property
    def names(self) -> set[str]:
        """All names under which it may be asked for."""
        found = {kind_of(self.message)} if self.message is not None else set()
        if self.signal_unit is not None:
            found |= {self.signal_unit.kind, self.signal_unit.status}
        return found | ({user_name(self.unit.service)} if self.unit is not None else set())


def look_into(packet: Packet, form: Form) -> Seen:
    """What a packet says."""
    octets, sent, link, annex_a = packet.octets, packet.sent, packet.interface, 0
    if packet.link_type == MTP3:
        return _above_level_2(packet, sent, link, None, octets, form)
    if packet.link_type == MTP2_WITH_PSEUDO_HEADER:
        if len(octets) < PSEUDO_HEADER.size:
            return Seen(packet, None, 0, message=Malformed(f"{len(octets)} octets, shorter than the pseudo header before a signal unit"))
        first, annex_a, link = PSEUDO_HEADER.unpack_from(octets)
        sent = bool(first)
        octets = octets[PSEUDO_HEADER.size :]
    signal_unit = read_signal_unit(octets, extended=annex_a == 1)
    if isinstance(signal_unit, Malformed):
        return Seen(packet, sent, link, message=signal_unit)
    if signal_unit.kind != "MSU":
        return Seen(packet, sent, link, signal_unit)
    return _above_level_2(packet, sent, link, signal_unit, signal_unit.contents, form)


def _above_level_2(packet: Packet, sent: bool | None, link: int, below: SignalUnit | None, octets: bytes, form: Form) -> Seen:
    unit = form.read_unit(octets)
    if isinstance(unit, Malformed):
        return Seen(packet, sent, link, below, message=unit)
    return Seen(packet, sent, link, below, unit, read_message(form, unit))


def text_of(seen: Seen, form: Form) -> list[str]:
    """A packet in lines: what it is, and below it the parameters of its message."""
    below, unit, message = seen.signal_unit, seen.unit, seen.message
    head = [_moment(seen.packet.at_s), ARROWS[seen.sent], str(seen.link)]
    if below is not None:
        head.append(f"{below.kind} bsn {below.backward}/{below.backward_bit} fsn {below.forward}/{below.forward_bit}")
    if unit is not None:
        label = unit.label
        head.append(_route(form, unit.service, unit.network, label.opc, label.dpc, label.sls))
    elif below is not None and below.status:
        head.append(below.status)
    lines = lines_of(message, form) if message is not None else []
    if isinstance(message, Malformed):
        lines.append(f"octets: {seen.packet.octets.hex(' ')}")
    if seen.packet.cut:
        lines.append(f"{seen.packet.cut} more octets of it are not in the file")
    return ["  ".join([*head, *lines[:1]]), *[f"      {line}" for line in lines[1:]]]


@functools.lru_cache(REMEMBERED)
def _route(form: Form, service: int, network: int, opc: int, dpc: int, sls: int) -> str:
    """Whose a message is, where it comes from and where it goes: in a capture mostly as before."""
    return f"{user_name(service)} ni {network} {form.text(opc)} > {form.text(dpc)} sls {sls}"


def _moment(at_s: float) -> str:
    """Date and time; a file may also hold what no calendar has."""
    try:
        fraction, second = math.modf(at_s)
        microseconds = round(fraction * 1e6)
        if 0 <= microseconds < 1_000_000:
            return f"{_second(second)}.{microseconds:06}"
        return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S.%f}"
    except (ValueError, OverflowError, OSError):
        return f"{at_s:.6f} s"


@functools.lru_cache(REMEMBERED)
def _second(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S}"


def json_of(seen: Seen, form: Form) -> dict[str, Any]:
    """A packet as an object."""
    packet, below, unit = seen.packet, seen.signal_unit, seen.unit
    found: dict[str, Any] = {"at": packet.at_s, "offset": packet.offset, "direction": DIRECTIONS[seen.sent], "link": seen.link}
    if below is not None:
        found |= {"unit": below.kind, "bsn": below.backward, "bib": below.backward_bit, "fsn": below.forward, "fib": below.forward_bit}
        found |= {"status": below.status} if below.status else {}
    if unit is not None:
        label = unit.label
        found |= {"user": user_name(unit.service), "network": unit.network, "priority": unit.priority}
        found |= {"opc": form.text(label.opc), "dpc": form.text(label.dpc), "sls": label.sls}
    if seen.message is not None:
        found |= object_of(seen.message, form)
    if isinstance(seen.message, Malformed):
        found["octets"] = packet.octets.hex()
    return found | ({"cut": packet.cut} if packet.cut else {})


class Wanted(msgspec.Struct, frozen=True):
    """Which packets are shown: those that meet every kind of wish that was given, each by any of its values."""

    circuits: frozenset[int] = frozenset()
    points: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()

    def covers(self, seen: Seen) -> bool:
        """Whether a packet is shown."""
        if self.names and not self.names & {name.lower() for name in seen.names}:
            return False
        if self.points and not self.points & _points_of(seen):
            return False
        return not self.circuits or not self.circuits.isdisjoint(_circuits_of(seen.message))


def _points_of(seen: Seen) -> set[int]:
    found = {seen.unit.label.opc, seen.unit.label.dpc} if seen.unit is not None else set()
    message = seen.message
    if isinstance(message, management.Message) and management.DESTINATION in management.MESSAGES[message.name].fields:
        found.add(message.destination)
    return found


def _circuits_of(message: Message | None) -> range:
    """The circuits that a message is about: one, or the range of a group."""
    first = circuit_of(message) if message is not None else None
    if first is None:
        return range(0)
    parts = (getattr(message, "contents", None), *getattr(message, "parameters", ()))
    widths = [part.range for part in parts if isinstance(part, RangeAndStatus | CircuitRange)]
    return range(first, first + max(widths, default=0) + 1)


def seen_in(path: Path, form: Form) -> Iterator[Seen]:
    """Everything in a capture file; CaptureFileError where it is damaged, or has no signal units at all."""
    other: Packet | None = None
    any_read = False
    with path.open("rb") as file:
        for packet in read_packets(file):
            if packet.link_type in LINK_TYPES:
                any_read = True
                yield look_into(packet, form)
            else:
                other = other or packet
    if other is not None and not any_read:
        cure = "give a capture of signal units: link type 139, 140 or 141"
        raise CaptureFileError(other.offset, f"a packet of link type {other.link_type}, and none of No. 7", cure)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zongji decode",
        description="Tell what the signal units of No. 7 in capture files (pcap, pcapng) say: level 2, network management, link tests, "
        "ISUP and the Chinese TUP, with all parameters. Times are UTC. -> was sent, <- received, the number behind it is that of the link.",
        epilog="examples: ./zongji decode capture/*.pcap --cic 33; ./zongji decode --points 14 --kind REL --json FILE",
    )
    parser.add_argument("file", type=Path, nargs="+", help="pcap or pcapng with link type 139, 140 (MTP2) or 141 (MTP3)")
    parser.add_argument("--points", choices=tuple(FORMS), default="24", help="bits of a point code: 24 (China, default) or 14 (ITU-T)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--cic", type=int, action="append", default=[], metavar="N", help="only about this circuit; may be repeated")
    parser.add_argument("--point", action="append", default=[], metavar="CODE", help="only from, to or about this point: 21-100-51")
    parser.add_argument("--kind", action="append", default=[], metavar="NAME", help="only IAM, COO, SLTM, LSSU, SIOS, ISUP, Malformed ...")
    return parser


def _wanted(options: argparse.Namespace, form: Form) -> Wanted:
    """ValueError says which wish makes no sense."""
    known = {name.lower() for name in NAMES}
    names = {name.lower() for name in options.kind}
    strange = [name for name in options.kind if name.lower() not in known]
    if strange:
        raise ValueError(f"--kind {strange[0]}: there is no message or unit of that name; known are {', '.join(sorted(NAMES))}")
    try:
        points = frozenset(form.read(text) for text in options.point)
    except ValueError as error:
        raise ValueError(f"--point: {error}; give it as in {form.text(form.highest // 3)}, or with --points 14 or 24") from error
    return Wanted(frozenset(options.cic), points, frozenset(names))


def decode_command(arguments: Sequence[str]) -> int:
    """Run the command: 0, or 2 when a file or a wish was wrong."""
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as left:
        return int(left.code or 0)
    form = FORMS[options.points]
    try:
        wanted = _wanted(options, form)
    except ValueError as error:
        sys.stderr.write(f"zongji decode: {error}\n")
        return WRONG
    return max(_decode(path, wanted, form, options.json) for path in options.file)


def _decode(path: Path, wanted: Wanted, form: Form, as_json: bool) -> int:
    try:
        for seen in seen_in(path, form):
            if wanted.covers(seen):
                text = JSON.encode(json_of(seen, form)) if as_json else "\n".join(text_of(seen, form))
                sys.stdout.write(f"{text}\n")
    except CaptureFileError as error:
        sys.stdout.flush()
        sys.stderr.write(f"{path}: {error}\n")
        return WRONG
    except OSError as error:
        if error.filename is None:  # not the file's: whoever reads our output has gone
            raise
        sys.stderr.write(f"{path}: {error.strerror}; give a capture file that can be read\n")
        return WRONG
    return 0
