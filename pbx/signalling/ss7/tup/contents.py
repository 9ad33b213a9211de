"""What the messages of the Chinese TUP hold (GF 001-9001, after Q.723 clause 3).

Layouts are those of a published decoder made from the standard of August 1990 (Nortel's CTUP decoder of 1995). Bits bear letters as in
Q.723, A the lowest of the first octet. ``signals`` are address signals as ``pbx/signalling/ss7/numbers.py`` writes them; there are at
most fifteen in a message. Codes without a name are spare. ``rest`` are octets whose layout no source of ours tells.
"""

from enum import IntEnum
from typing import Annotated

import msgspec

from pbx.signalling.ss7.bits import Bits

MOST_SIGNALS = 15
"""The count of address signals has four bits."""


class Category(IntEnum):
    """Calling party's category; from 16 on the Chinese classes of charging."""

    UNKNOWN = 0
    OPERATOR_FRENCH = 1
    OPERATOR_ENGLISH = 2
    OPERATOR_GERMAN = 3
    OPERATOR_RUSSIAN = 4
    OPERATOR_SPANISH = 5
    NATIONAL_OPERATOR = 9
    ORDINARY = 10
    PRIORITY = 11
    DATA = 12
    TEST = 13
    ORDINARY_FREE = 16
    ORDINARY_PERIODIC = 17
    ORDINARY_METER_IMMEDIATE = 18
    ORDINARY_PRINTER_IMMEDIATE = 19
    PRIORITY_FREE = 20
    PRIORITY_PERIODIC = 21
    ORDINARY_BETWEEN_LOCAL_EXCHANGES = 24


class Nature(IntEnum):
    """Nature of address, here and in lines' identities."""

    SUBSCRIBER = 0
    NATIONAL = 2
    INTERNATIONAL = 3


class ContinuityCheck(IntEnum):
    """Continuity check indicator."""

    NOT_REQUIRED = 0
    REQUIRED = 1
    ON_A_PREVIOUS_CIRCUIT = 2


class CompleteType(IntEnum):
    """Type of address complete signal."""

    PLAIN = 0
    CHARGE = 1
    NO_CHARGE = 2
    COINBOX = 3


class Contents(msgspec.Struct, frozen=True, gc=False):
    """What stands behind the heading of a message."""


class Nothing(Contents, frozen=True, gc=False):
    """A message that is a heading and no more."""


class Unparsed(Contents, frozen=True, gc=False):
    """Octets behind a heading that we do not know, or whose layout no source tells."""

    octets: bytes


class LineIdentity(msgspec.Struct, frozen=True, gc=False):
    """The calling line's identity."""

    signals: str
    nature: Annotated[int, Bits("BA", Nature)] = Nature.NATIONAL
    restricted: Annotated[bool, Bits("C")] = False
    incomplete: Annotated[bool, Bits("D")] = False


class OriginalCalledAddress(msgspec.Struct, frozen=True, gc=False):
    """Whom a redirected call was for."""

    signals: str
    nature: Annotated[int, Bits("BA", Nature)] = Nature.NATIONAL


class Additional(msgspec.Struct, frozen=True, gc=False):
    """What an IAI adds to an IAM.

    ``other`` are the bits of the first indicator octet whose fields are in ``rest``: A network capability, B closed user group, C
    additional calling party information, D additional routing, G charging. Where one of A to D is set, what follows cannot be told apart:
    bits E and F (calling line, original called address) then stand in ``other`` too.
    """

    calling: LineIdentity | None = None
    original_called: OriginalCalledAddress | None = None
    other: int = 0
    rest: bytes = b""


class InitialAddress(Contents, frozen=True, gc=False):
    """IAM, and with ``additional`` IAI."""

    signals: str
    category: Annotated[int, Bits("FEDCBA", Category)] = Category.ORDINARY
    nature: Annotated[int, Bits("JI", Nature)] = Nature.NATIONAL
    satellite: Annotated[int, Bits("LK")] = 0
    continuity_check: Annotated[int, Bits("NM", ContinuityCheck)] = ContinuityCheck.NOT_REQUIRED
    echo_control: Annotated[bool, Bits("O")] = False
    incoming_international: Annotated[bool, Bits("P")] = False
    redirected: Annotated[bool, Bits("Q")] = False
    all_digital: Annotated[bool, Bits("R")] = False
    all_ss7: Annotated[bool, Bits("S")] = False
    additional: Additional | None = None


class SubsequentAddress(Contents, frozen=True, gc=False):
    """SAM; with exactly one signal also SAO."""

    signals: str


class GeneralRequest(Contents, frozen=True, gc=False):
    """GRQ: what is asked for."""

    calling_category: Annotated[bool, Bits("A")] = False
    calling_line: Annotated[bool, Bits("B")] = False
    original_called: Annotated[bool, Bits("C")] = False
    malicious_call_identification: Annotated[bool, Bits("D")] = False
    hold: Annotated[bool, Bits("E")] = False
    echo_control: Annotated[bool, Bits("F")] = False


class GeneralInformation(Contents, frozen=True, gc=False):
    """GSM: what is told. With ``incoming_trunk`` all from its identity on is in ``rest``, what ``original_called_follows`` says too."""

    echo_control: Annotated[bool, Bits("E")] = False
    malicious_call_identification: Annotated[bool, Bits("F")] = False
    hold: Annotated[bool, Bits("G")] = False
    incoming_trunk: Annotated[bool, Bits("C")] = False
    original_called_follows: Annotated[bool, Bits("D")] = False
    category: int | None = None
    calling: LineIdentity | None = None
    original_called: OriginalCalledAddress | None = None
    rest: bytes = b""


class AddressComplete(Contents, frozen=True, gc=False):
    """ACM."""

    type: Annotated[int, Bits("BA", CompleteType)] = CompleteType.PLAIN
    subscriber_free: Annotated[bool, Bits("C")] = False
    echo_control: Annotated[bool, Bits("D")] = False
    forwarded: Annotated[bool, Bits("E")] = False
    ss7_path: Annotated[bool, Bits("F")] = False


class ExtendedUnsuccessful(Contents, frozen=True, gc=False):
    """EUM: reason (1 is busy), and the point code of the exchange that says so."""

    reason: int
    point: bytes


class CongestionLevel(Contents, frozen=True, gc=False):
    """ACC: the automatic congestion level."""

    level: Annotated[int, Bits("BA")] = 1


class MeteringPulses(Contents, frozen=True, gc=False):
    """MPM: pulses of a charging unit."""

    pulses: int


class CircuitRange(Contents, frozen=True, gc=False):
    """Messages of groups: ``range`` circuits beyond the message's own; bit 0 of ``status`` is the first. None: GRS, which has no status."""

    range: int
    status: int | None = None

    def circuits(self, first: int) -> list[int]:
        """Return the circuits that a status bit marks, or all of the range where there is no status."""
        return [first + place for place in range(self.range + 1) if self.status is None or self.status >> place & 1]
