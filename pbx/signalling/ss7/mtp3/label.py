"""Point codes, service information octet and routing labels (Q.704 section 2.2, Q.708, GF 001-9001).

Two forms of label: 24-bit point codes of China (main area 8, sub-area 8, point 8; the point's octet is sent first) and 14-bit ones of the
ITU (zone 3, network 8, point 3). The SLS has four bits in both. A telephone user part's label ends with a circuit identification code
whose low four bits lie exactly where the SLS is, so it is read as one: ``circuit_bits`` puts the two together. Leaves out the 8-bit SLS
and the byte order of ANSI.
"""

from collections.abc import Callable

import msgspec

from pbx.engine import Malformed

NETWORK_MANAGEMENT, LINK_TEST, SCCP, TUP, ISUP = 0, 1, 3, 4, 5
"""Service indicators (Q.704 section 14.2.1)."""
INTERNATIONAL, INTERNATIONAL_SPARE, NATIONAL, NATIONAL_SPARE = range(4)
"""Network indicators (Q.704 section 14.2.2)."""


class Label(msgspec.Struct, frozen=True, gc=False):
    """A routing label; ``above`` are the bits above the SLS in its octet (24-bit form only)."""

    dpc: int
    opc: int
    sls: int
    above: int = 0


class Unit(msgspec.Struct, frozen=True, gc=False):
    """A signal unit's service information octet, label, and what follows the label.

    ``priority`` stands in the two bits that are spare in the international network; national networks with levels of congestion use them.
    """

    service: int
    network: int
    label: Label
    data: bytes
    priority: int = 0


class Form(msgspec.Struct, frozen=True):
    """A form of point codes and labels: how many bits, how a label is read and written, how people write a code."""

    bits: int
    label_octets: int
    code_octets: int
    parts: tuple[int, ...]
    pack: Callable[[Label], bytes]
    unpack: Callable[[bytes], Label]

    @property
    def highest(self) -> int:
        """The highest point code."""
        return (1 << self.bits) - 1

    def text(self, code: int) -> str:
        """A point code as people write it: ``21-100-51``."""
        words = []
        for width in reversed(self.parts):
            words.append(str(code & (1 << width) - 1))
            code >>= width
        return "-".join(reversed(words))

    def read(self, text: str) -> int:
        """A point code out of its parts or out of one plain number; ValueError with a sentence when it is none."""
        words = text.split("-")
        if not all(word.isascii() and word.isdigit() for word in words):
            raise ValueError(f"{text!r} is no point code")
        if len(words) == 1:
            code = int(text)
            if code > self.highest:
                raise ValueError(f"point code {text} has more than {self.bits} bits")
            return code
        if len(words) != len(self.parts):
            raise ValueError(f"point code {text} has {len(words)} parts, not {len(self.parts)}")
        code = 0
        for word, width in zip(words, self.parts, strict=True):
            if int(word) >= 1 << width:
                raise ValueError(f"{word} in point code {text} is more than {(1 << width) - 1}")
            code = code << width | int(word)
        return code

    def write_code(self, code: int) -> bytes:
        """A point code in the body of a management message."""
        return code.to_bytes(self.code_octets, "little")

    def write_unit(self, unit: Unit) -> bytes:
        """A signal unit as octets for level 2."""
        return bytes((unit.network << 6 | unit.priority << 4 | unit.service,)) + self.pack(unit.label) + unit.data

    def read_unit(self, octets: bytes) -> Unit | Malformed:
        """A signal unit out of level 2's octets."""
        if len(octets) < 1 + self.label_octets:
            return Malformed(f"signal unit of {len(octets)} octets, shorter than its label")
        return Unit(octets[0] & 15, octets[0] >> 6, self.unpack(octets[1:]), octets[1 + self.label_octets :], octets[0] >> 4 & 3)


def _pack_24(label: Label) -> bytes:
    return (label.dpc | label.opc << 24 | label.sls << 48 | label.above << 52).to_bytes(7, "little")


def _unpack_24(octets: bytes) -> Label:
    value = int.from_bytes(octets[:7], "little")
    return Label(value & 0xFFFFFF, value >> 24 & 0xFFFFFF, value >> 48 & 15, value >> 52)


def _pack_14(label: Label) -> bytes:
    return (label.dpc | label.opc << 14 | label.sls << 28).to_bytes(4, "little")


def _unpack_14(octets: bytes) -> Label:
    value = int.from_bytes(octets[:4], "little")
    return Label(value & 0x3FFF, value >> 14 & 0x3FFF, value >> 28)


CHINA = Form(24, 7, 3, (8, 8, 8), _pack_24, _unpack_24)
ITU = Form(14, 4, 2, (3, 8, 3), _pack_14, _unpack_14)
FORMS = {"24": CHINA, "14": ITU}


def circuit_bits(form: Form, sls: int, above: int, data: bytes) -> tuple[int, bytes] | Malformed:
    """A telephone user part's circuit identification code out of SLS and what follows it, and the octets behind the code."""
    if not data:
        return Malformed("label of the telephone user part without the end of its circuit identification code")
    if form.bits == 24:
        return sls | above << 4 | (data[0] & 15) << 8, data[1:]
    return sls | data[0] << 4, data[1:]


def circuit_label(form: Form, cic: int) -> tuple[int, int, bytes]:
    """SLS, the bits above it, and the first octet of data, for a telephone user part's message about a circuit."""
    if form.bits == 24:
        return cic & 15, cic >> 4 & 15, bytes((cic >> 8,))
    return cic & 15, 0, bytes((cic >> 4,))
