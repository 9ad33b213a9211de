"""Address signals and circuit identification codes of the user parts of No. 7 (Q.763 clauses 3.9 and 1.2; Q.723 clause 3.3; GF 001-9001).

Address signals travel two to an octet, the first in the low half. Here they are a string with one sign for each: 0 to 9, ``B`` (code 11),
``C`` (code 12), ``F`` (end of pulsing, ST), and ``A``, ``D``, ``E`` for the spare codes, which a peer may still send. The house's numbers
are such strings without ST. A circuit of E1 spans has its time slot in the low five bits of its code and the span above (the Chinese
rule, which most networks share). Left out: which numbers exist, and other ways to number circuits, on which two exchanges may agree.
"""

from enum import IntEnum

END_OF_PULSING = "F"
CIRCUITS = 1 << 12
"""Circuit identification codes have twelve bits (Q.763 clause 1.2, Q.723 clause 2.2)."""

TO_SIGNALS = str.maketrans("*#", "BC")
FROM_SIGNALS = str.maketrans("BC", "*#")
SIGNALS = frozenset("0123456789BC")

_SWAPPED = bytes((octet & 0x0F) << 4 | octet >> 4 for octet in range(256))


class NatureOfAddress(IntEnum):
    """Nature of address indicator (Q.763 clause 3.9 b)."""

    SPARE = 0
    SUBSCRIBER = 1
    UNKNOWN = 2
    NATIONAL = 3
    INTERNATIONAL = 4
    NETWORK_SPECIFIC = 5
    NETWORK_ROUTING_NATIONAL = 6
    NETWORK_ROUTING_NETWORK_SPECIFIC = 7
    NETWORK_ROUTING_WITH_CALLED_DIRECTORY_NUMBER = 8


def pack(signals: str) -> bytes:
    """Return the octets of ``signals``, the last half octet filled with 0 when their count is odd. Other signs raise ValueError."""
    octets = bytes.fromhex(signals + "0" if len(signals) & 1 else signals)
    if len(octets) << 1 < len(signals):
        raise ValueError(f"spaces in the address signals {signals!r}")
    return octets.translate(_SWAPPED)


def unpack(octets: bytes, odd: bool = False) -> str:
    """Return the signals of ``octets``, without the filler of an odd count."""
    signals = octets.translate(_SWAPPED).hex().upper()
    return signals[:-1] if odd else signals


def signals_of(digits: str) -> str | None:
    """Return dialled digits as address signals; None where they have none."""
    signals = digits.translate(TO_SIGNALS)
    return signals if SIGNALS.issuperset(signals) else None


def number_of(signals: str) -> tuple[str, bool]:
    """Return the number within ``signals``, and whether ST said that it is complete. What follows an ST is no part of it."""
    number, end, _ = signals.partition(END_OF_PULSING)
    return number, bool(end)


def dialled(number: str, nature: int, national_prefix: str = "0", international_prefix: str = "00") -> str:
    """Return ``number`` as a subscriber dials it: a national or international one behind its prefix, any other as it is."""
    if nature == NatureOfAddress.NATIONAL:
        return national_prefix + number
    return international_prefix + number if nature == NatureOfAddress.INTERNATIONAL else number


def of_dialled(number: str, national_prefix: str = "0", international_prefix: str = "00") -> tuple[str, NatureOfAddress]:
    """Return a number as dialled without its prefix, and the nature that the prefix told: the reverse of ``dialled``."""
    if number.startswith(international_prefix):
        return number[len(international_prefix) :], NatureOfAddress.INTERNATIONAL
    if number.startswith(national_prefix):
        return number[len(national_prefix) :], NatureOfAddress.NATIONAL
    return number, NatureOfAddress.SUBSCRIBER


def circuit_code(span: int, slot: int) -> int:
    """Return the circuit identification code of a time slot of an E1 span."""
    if not (0 <= span < 128 and 0 <= slot < 32):
        raise ValueError(f"no circuit has span {span} and time slot {slot}")
    return span << 5 | slot


def span_and_slot(cic: int) -> tuple[int, int]:
    """Return the E1 span and the time slot of a circuit identification code."""
    return cic >> 5, cic & 0x1F
