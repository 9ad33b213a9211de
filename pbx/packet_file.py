"""Capture files: pcap written, pcap and pcapng read (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; link types of tcpdump.org).

``header`` and ``record`` give octets of a pcap file with link type 139, MTP2 behind a pseudo header of four octets that says which way a
unit went and over which link. ``read_packets`` reads both formats, in either byte order, with microseconds or finer, packet by packet, so
that a file may be larger than memory. What contradicts itself raises ``CaptureFileError`` with the place in the file, after all packets
before it have been given. Leaves out what packets mean, compressed files, and blocks of pcapng that hold no packets.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

MTP2_WITH_PSEUDO_HEADER, MTP2, MTP3 = 139, 140, 141
"""Link types (LINKTYPE_MTP2_WITH_PHDR, LINKTYPE_MTP2, LINKTYPE_MTP3)."""
PSEUDO_HEADER = struct.Struct(">BBH")
"""Whether the unit was sent, whether annex A of Q.703 was used, number of the link."""
LONGEST_PACKET = 1 << 18
"""More octets no capture has in a packet: a length above it is no length."""
LONGEST_BLOCK = 1 << 24

_HEADER = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_MICROSECONDS, _NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 3, 6
_BYTE_ORDER = 0x1A2B3C4D
_DIRECTIONS = {1: False, 2: True}


class CaptureFileError(ValueError):
    """The file is none, or contradicts itself: where, what, and what to do."""

    def __init__(self, offset: int, what: str, cure: str) -> None:
        super().__init__(f"offset {offset}: {what}; {cure}")
        self.offset = offset


class Packet(msgspec.Struct, frozen=True, gc=False):
    """A packet: where in the file, when (Unix time), over which kind of link, its octets; ``cut`` octets of it are not in the file.

    ``sent`` is None where the file does not say which way it went. ``interface`` is the number of a pcapng interface.
    """

    offset: int
    at_s: float
    link_type: int
    octets: bytes
    cut: int = 0
    sent: bool | None = None
    interface: int = 0


def header() -> bytes:
    """What a pcap file of signal units begins with."""
    return _HEADER.pack(_MICROSECONDS, 2, 4, 0, 0, LONGEST_PACKET, MTP2_WITH_PSEUDO_HEADER)


def record(at_s: float, sent: bool, link: int, unit: bytes, annex_a: bool = False) -> bytes:
    """A signal unit as a record of such a file; ``at_s`` is Unix time, ``annex_a``: it has the extended format."""
    seconds, microseconds = divmod(round(at_s * 1_000_000), 1_000_000)
    octets = PSEUDO_HEADER.pack(sent, annex_a, link & 0xFFFF) + unit
    return _RECORD.pack(seconds & 0xFFFFFFFF, microseconds, len(octets), len(octets)) + octets


def read_packets(file: BinaryIO) -> Iterator[Packet]:
    """The packets of a capture file."""
    reader = _Reader(file)
    magic = reader.take(4, "no capture file: it is shorter than its first four octets")
    for sign in "<>":
        (number,) = struct.unpack(f"{sign}I", magic)
        if number in (_MICROSECONDS, _NANOSECONDS):
            yield from _read_pcap(reader, sign, 1e-6 if number == _MICROSECONDS else 1e-9)
            return
    if int.from_bytes(magic, "little") == _SECTION:
        yield from _PcapngReader(reader).packets()
        return
    cure = "give a pcap or pcapng file, uncompressed"
    raise CaptureFileError(0, f"no capture file: it begins with {magic.hex(' ')}", cure)


class _Reader:
    """A file with a place in it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.at = 0

    def take(self, count: int, what: str) -> bytes:
        """So many octets; less is an error, at the place where they begin."""
        octets = self._file.read(count)
        if len(octets) < count:
            cure = "it was cut off while it was written or copied: copy it again, or go on with what stands before"
            raise CaptureFileError(self.at, what, cure)
        self.at += count
        return octets

    def take_or_end(self, count: int, what: str) -> bytes:
        """Likewise; nothing at the end of the file."""
        octets = self._file.read(1)
        if not octets:
            return b""
        self.at += 1
        return octets + self.take(count - 1, what)


def _read_pcap(reader: _Reader, order: str, unit_s: float) -> Iterator[Packet]:
    head = reader.take(20, "the file header ends early")
    major, _, _, _, _, network = struct.unpack(f"{order}HHiIII", head)
    if major != 2:
        raise CaptureFileError(4, f"version {major} of pcap", "convert it with tshark -F pcapng -r FILE -w OTHER")
    link_type = network & 0x03FFFFFF  # above it may stand how long check sequences are
    fields = struct.Struct(f"{order}IIII")
    while True:
        offset = reader.at
        octets = reader.take_or_end(fields.size, "a record's header ends early")
        if not octets:
            return
        seconds, fraction, captured, original = fields.unpack(octets)
        if captured > LONGEST_PACKET:
            raise CaptureFileError(offset, f"a record of {captured} octets", "the file is damaged from here on: copy it again")
        packet = reader.take(captured, "a record ends early")
        yield Packet(offset, seconds + fraction * unit_s, link_type, packet, max(0, original - captured))


class _Interface(msgspec.Struct, frozen=True):
    link_type: int
    snap: int
    unit_s: float = 1e-6
    offset_s: int = 0


class _PcapngReader:
    """A pcapng file: sections of blocks, each with a byte order and interfaces of its own."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self._order = "<"
        self._interfaces: list[_Interface] = []

    def packets(self) -> Iterator[Packet]:
        """All packets; the first four octets are read already."""
        offset, kind = 0, struct.pack("<I", _SECTION)
        while kind:
            block, body = self._block(offset, kind)
            if block == _INTERFACE:
                self._interface(offset, body)
            elif block == _ENHANCED:
                yield self._enhanced(offset, body)
            elif block == _SIMPLE:
                yield self._simple(offset, body)
            offset = self._reader.at
            kind = self._reader.take_or_end(4, "a block's type ends early")

    def _block(self, offset: int, kind: bytes) -> tuple[int, bytes]:
        """A block's type and what stands between its two lengths."""
        reader = self._reader
        length_octets = reader.take(4, "a block's length ends early")
        first = b""
        if int.from_bytes(kind, "little") == _SECTION:
            first = reader.take(4, "a section's byte order ends early")
            orders = {number: sign for sign in "<>" for number in struct.unpack(f"{sign}I", first)}
            if _BYTE_ORDER not in orders:
                raise CaptureFileError(offset, f"a section with the byte order {first.hex(' ')}", "the file is damaged: copy it again")
            self._order = orders[_BYTE_ORDER]
            self._interfaces = []
        (length,) = struct.unpack(f"{self._order}I", length_octets)
        if length % 4 or not 12 + len(first) <= length <= LONGEST_BLOCK:
            raise CaptureFileError(offset, f"a block of {length} octets", "the file is damaged from here on: copy it again")
        body = reader.take(length - 12 - len(first), "a block ends early")
        if reader.take(4, "a block ends early") != length_octets:
            raise CaptureFileError(offset, "a block whose two lengths differ", "the file is damaged from here on: copy it again")
        return self._unpack(offset, "I", kind)[0], first + body

    def _unpack(self, offset: int, form: str, octets: bytes) -> tuple[int, ...]:
        wanted = struct.Struct(self._order + form)
        if len(octets) < wanted.size:
            raise CaptureFileError(offset, "a block that is shorter than its fields", "the file is damaged from here on: copy it again")
        return wanted.unpack(octets[: wanted.size])

    def _options(self, offset: int, octets: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at + 4 <= len(octets):
            code, length = self._unpack(offset, "HH", octets[at:])
            if not code:
                return
            yield code, octets[at + 4 : at + 4 + length]
            at += 4 + (length + 3 & ~3)

    def _interface(self, offset: int, body: bytes) -> None:
        link_type, _, snap = self._unpack(offset, "HHI", body)
        unit_s, offset_s = 1e-6, 0
        for code, value in self._options(offset, body[8:]):
            if code == 9 and value:  # if_tsresol: a power of ten, or of two where the highest bit is set
                unit_s = 2.0 ** -(value[0] & 127) if value[0] & 128 else 10.0 ** -value[0]
            elif code == 14 and len(value) == 8:  # if_tsoffset
                (offset_s,) = struct.unpack(f"{self._order}q", value)
        self._interfaces.append(_Interface(link_type, snap, unit_s, offset_s))

    def _of(self, offset: int, number: int) -> _Interface:
        if number >= len(self._interfaces):
            raise CaptureFileError(offset, f"a packet of interface {number}, which is not there", "the file is damaged: copy it again")
        return self._interfaces[number]

    def _enhanced(self, offset: int, body: bytes) -> Packet:
        number, high, low, captured, original = self._unpack(offset, "IIIII", body)
        interface = self._of(offset, number)
        octets = body[20 : 20 + captured]
        if len(octets) < captured:
            raise CaptureFileError(offset, f"a packet of {captured} octets, longer than its block", "the file is damaged: copy it again")
        sent = None
        for code, value in self._options(offset, body[20 + (captured + 3 & ~3) :]):
            if code == 2 and len(value) == 4:  # epb_flags
                sent = _DIRECTIONS.get(self._unpack(offset, "I", value)[0] & 3)
        at_s = interface.offset_s + (high << 32 | low) * interface.unit_s
        return Packet(offset, at_s, interface.link_type, octets, max(0, original - captured), sent, number)

    def _simple(self, offset: int, body: bytes) -> Packet:
        (original,) = self._unpack(offset, "I", body)
        interface = self._of(offset, 0)
        kept = min(original, interface.snap or original)
        octets = body[4 : 4 + kept]
        return Packet(offset, 0.0, interface.link_type, octets, original - len(octets))
