"""Signal units as octets and values, from the backward sequence number to the last octet before the check sequence (Q.703 clause 2).

Three kinds by the length indicator: fill-in units (0), link status units (1 or 2), messages (3 to 63, where 63 says "62 octets or more").
The extended format of links of 2 Mbit/s (annex A) has two octets for each number, of 12 bits, and two for a length indicator of 9 bits,
which says the length of any message; each of them has the lower octet first. Whatever octets come in give a unit or ``Malformed``. Nothing
here is in the way of a message: units are read and written in C (pbx/dsp/mtp2.h), and here for people. Leaves out flags and check sequence.
"""

from typing import Literal

import msgspec

from pbx.engine import Malformed

HEADER_OCTETS, EXTENDED_OCTETS = 3, 6
NUMBERS, EXTENDED_NUMBERS = 128, 4096
LONGEST_LENGTH, EXTENDED_LONGEST = 63, 511
SHORTEST_MESSAGE = 3
STATUSES = ("SIO", "SIN", "SIE", "SIOS", "SIPO", "SIB")
"""Status indications by the low three bits of a status field (11.1.3)."""

Kind = Literal["FISU", "LSSU", "MSU"]


class SignalUnit(msgspec.Struct, frozen=True, gc=False):
    """A signal unit: backward and forward numbers with their indicator bits, and ``contents``, a status field or a message."""

    backward: int
    backward_bit: int
    forward: int
    forward_bit: int
    contents: bytes = b""

    @property
    def kind(self) -> Kind:
        """Fill-in, link status or message signal unit."""
        if not self.contents:
            return "FISU"
        return "LSSU" if len(self.contents) < SHORTEST_MESSAGE else "MSU"

    @property
    def status(self) -> str:
        """The status indication of a link status unit; others have none."""
        if self.kind != "LSSU":
            return ""
        indication = self.contents[0] & 7
        return STATUSES[indication] if indication < len(STATUSES) else f"status {indication}"


def read_signal_unit(octets: bytes, extended: bool = False) -> SignalUnit | Malformed:
    """A signal unit out of its octets."""
    if extended:
        return _read_extended(octets)
    if len(octets) < HEADER_OCTETS:
        return Malformed(f"signal unit of {len(octets)} octets, shorter than its header")
    length, count = octets[2] & LONGEST_LENGTH, len(octets) - HEADER_OCTETS
    if length != min(count, LONGEST_LENGTH):
        return Malformed(f"length indicator {length} over {count} octets")
    return SignalUnit(octets[0] & 127, octets[0] >> 7, octets[1] & 127, octets[1] >> 7, octets[HEADER_OCTETS:])


def _read_extended(octets: bytes) -> SignalUnit | Malformed:
    if len(octets) < EXTENDED_OCTETS:
        return Malformed(f"extended signal unit of {len(octets)} octets, shorter than its header")
    backward, forward, length = (int.from_bytes(octets[place : place + 2], "little") for place in (0, 2, 4))
    length, count = length & EXTENDED_LONGEST, len(octets) - EXTENDED_OCTETS
    if length != count:
        return Malformed(f"length indicator {length} over {count} octets")
    highest = EXTENDED_NUMBERS - 1
    return SignalUnit(backward & highest, backward >> 15, forward & highest, forward >> 15, octets[EXTENDED_OCTETS:])


def write_signal_unit(unit: SignalUnit, extended: bool = False) -> bytes:
    """A signal unit as octets."""
    if extended:
        words = (unit.backward_bit << 15 | unit.backward, unit.forward_bit << 15 | unit.forward, len(unit.contents))
        return b"".join(word.to_bytes(2, "little") for word in words) + unit.contents
    length = min(len(unit.contents), LONGEST_LENGTH)
    return bytes((unit.backward_bit << 7 | unit.backward, unit.forward_bit << 7 | unit.forward, length)) + unit.contents
