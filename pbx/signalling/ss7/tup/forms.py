"""How the contents of TUP messages are laid out: a reader and a writer for each kind (GF 001-9001, after Q.723 clause 3).

Readers take a whole message, whose contents begin behind circuit and heading, and return None where a field leads out of it; octets behind
the last field are passed over. Writers return the octets behind the heading, and raise ValueError for what has no place there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from pbx.signalling.ss7.bits import fields_of, reader, writer
from pbx.signalling.ss7.numbers import pack, unpack
from pbx.signalling.ss7.tup import contents as c

BEGIN = 3
"""Where contents begin: behind two octets of circuit and one of heading."""
UNKNOWN_FIELDS = 0x0F
"""Bits A to D of the first indicator octet of IAI: their fields come before those that we can read."""
CALLING_LINE = 0x10
ORIGINAL_CALLED = 0x20
GSM_CATEGORY, GSM_CALLING_LINE, GSM_TRUNK, GSM_ORIGINAL_CALLED = 1, 2, 4, 8

Reader = Callable[[bytes], c.Contents | None]
Writer = Callable[[Any], bytes]

_HEAD = fields_of(c.InitialAddress)
_read_head, _write_head = reader(_HEAD), writer(_HEAD)
_LINE = fields_of(c.LineIdentity)
_read_line, _write_line = reader(_LINE), writer(_LINE)
_ORIGINAL = fields_of(c.OriginalCalledAddress)
_read_original, _write_original = reader(_ORIGINAL), writer(_ORIGINAL)
_GENERAL = fields_of(c.GeneralInformation)
_read_general, _write_general = reader(_GENERAL), writer(_GENERAL)


class Form(NamedTuple):
    """How one kind of contents is read and written."""

    read: Reader
    write: Writer


def _signals(octets: bytes, at: int) -> tuple[str, int] | None:
    """Return the signals that are counted in the high half of octet ``at`` and follow it, and where they end."""
    if at >= len(octets):
        return None
    count = octets[at] >> 4
    end = at + 1 + (count + 1 >> 1)
    return (unpack(octets[at + 1 : end], bool(count & 1)), end) if end <= len(octets) else None


def _counted(low: int, signals: str) -> bytes:
    """Return an octet of the bits ``low`` and the count of signals, and the signals."""
    if len(signals) > c.MOST_SIGNALS:
        raise ValueError(f"{len(signals)} address signals in one message")
    return bytes((len(signals) << 4 | low,)) + pack(signals)


def _line(octets: bytes, at: int) -> tuple[c.LineIdentity, int] | None:
    found = _signals(octets, at)
    return found and (c.LineIdentity(found[0], *_read_line(octets[at] & 0x0F)), found[1])


def _original(octets: bytes, at: int) -> tuple[c.OriginalCalledAddress, int] | None:
    found = _signals(octets, at)
    return found and (c.OriginalCalledAddress(found[0], *_read_original(octets[at] & 0x03)), found[1])


def _write_identity(value: c.LineIdentity) -> bytes:
    return _counted(_write_line(value), value.signals)


def _write_address(value: c.OriginalCalledAddress) -> bytes:
    return _counted(_write_original(value), value.signals)


def _read_initial(octets: bytes) -> tuple[str, list[Any], int] | None:
    """Return signals and fields of an IAM, and where it ends."""
    at = BEGIN + 2
    found = _signals(octets, at)
    if found is None:
        return None
    return found[0], _read_head(octets[BEGIN] | octets[BEGIN + 1] << 8 | (octets[at] & 0x0F) << 16), found[1]


def _read_iam(octets: bytes) -> c.Contents | None:
    found = _read_initial(octets)
    return found and c.InitialAddress(found[0], *found[1])


def _write_iam(value: c.InitialAddress) -> bytes:
    if value.additional is not None:
        raise ValueError("an IAM has no additional information; IAI has")
    return _write_initial(value)


def _write_initial(value: c.InitialAddress) -> bytes:
    head = _write_head(value)
    return bytes((head & 0xFF, head >> 8 & 0xFF)) + _counted(head >> 16, value.signals)


def _read_iai(octets: bytes) -> c.Contents | None:
    found = _read_initial(octets)
    if found is None or found[2] >= len(octets):
        return None
    signals, values, at = found
    flags = octets[at] & 0x7F
    at += 1
    calling = original = None
    if not flags & UNKNOWN_FIELDS:
        if flags & CALLING_LINE:
            line = _line(octets, at)
            if line is None:
                return None
            calling, at = line
        if flags & ORIGINAL_CALLED:
            address = _original(octets, at)
            if address is None:
                return None
            original, at = address
        flags &= ~(CALLING_LINE | ORIGINAL_CALLED)
    additional = c.Additional(calling, original, flags, octets[at:] if flags else b"")
    return replace(c.InitialAddress(signals, *values), additional=additional)


def _write_iai(value: c.InitialAddress) -> bytes:
    more = value.additional
    if more is None:
        raise ValueError("an IAI needs additional information; IAM has none")
    known = (more.calling is not None) * CALLING_LINE | (more.original_called is not None) * ORIGINAL_CALLED
    readable = ~(CALLING_LINE | ORIGINAL_CALLED)
    if more.other & ~0x7F or (known and more.other & UNKNOWN_FIELDS) or (not more.other & UNKNOWN_FIELDS and more.other & ~readable):
        raise ValueError(f"first indicator octet: {more.other:02x} cannot stand beside the fields of {more}")
    if more.rest and not more.other:
        raise ValueError("octets that no bit of the first indicator octet announces")
    octets = _write_initial(value) + bytes((known | more.other,))
    if more.calling is not None:
        octets += _write_identity(more.calling)
    if more.original_called is not None:
        octets += _write_address(more.original_called)
    return octets + more.rest


def _read_sam(octets: bytes) -> c.Contents | None:
    found = _signals(octets, BEGIN)
    return found and c.SubsequentAddress(found[0])


def _write_sam(value: c.SubsequentAddress) -> bytes:
    return _counted(0, value.signals)


def _read_sao(octets: bytes) -> c.Contents | None:
    return c.SubsequentAddress(unpack(octets[BEGIN : BEGIN + 1], True)) if len(octets) > BEGIN else None


def _write_sao(value: c.SubsequentAddress) -> bytes:
    if len(value.signals) != 1:
        raise ValueError(f"SAO has one address signal, not {value.signals!r}")
    return pack(value.signals)


def _read_gsm(octets: bytes) -> c.Contents | None:
    if len(octets) <= BEGIN:
        return None
    flags = octets[BEGIN]
    at = BEGIN + 1
    category = calling = original = None
    if flags & GSM_CATEGORY:
        if at >= len(octets):
            return None
        category = octets[at] & 0x3F
        at += 1
    if flags & GSM_CALLING_LINE:
        line = _line(octets, at)
        if line is None:
            return None
        calling, at = line
    if flags & GSM_ORIGINAL_CALLED and not flags & GSM_TRUNK:
        address = _original(octets, at)
        if address is None:
            return None
        original, at = address
        flags ^= GSM_ORIGINAL_CALLED
    rest = octets[at:] if flags & GSM_TRUNK else b""
    told = c.GeneralInformation(*_read_general(flags))
    return replace(told, category=category, calling=calling, original_called=original, rest=rest)


def _write_gsm(value: c.GeneralInformation) -> bytes:
    flags = _write_general(value)
    if value.incoming_trunk and value.original_called is not None:
        raise ValueError("with an incoming trunk the original called address is among the octets of rest")
    if not value.incoming_trunk and (value.rest or value.original_called_follows):
        raise ValueError("octets that only an incoming trunk's identity announces")
    octets = b""
    if value.category is not None:
        if not 0 <= value.category < 64:
            raise ValueError(f"a category has six bits, not {value.category}")
        flags |= GSM_CATEGORY
        octets += bytes((value.category,))
    if value.calling is not None:
        flags |= GSM_CALLING_LINE
        octets += _write_identity(value.calling)
    if value.original_called is not None:
        flags |= GSM_ORIGINAL_CALLED
        octets += _write_address(value.original_called)
    return bytes((flags,)) + octets + value.rest


def _read_eum(octets: bytes) -> c.Contents | None:
    return c.ExtendedUnsuccessful(octets[BEGIN], octets[BEGIN + 1 : BEGIN + 4]) if len(octets) >= BEGIN + 4 else None


def _write_eum(value: c.ExtendedUnsuccessful) -> bytes:
    if not 0 <= value.reason < 256 or len(value.point) != 3:
        raise ValueError(f"{value}: a reason has one octet and a signalling point three")
    return bytes((value.reason,)) + value.point


def _read_mpm(octets: bytes) -> c.Contents | None:
    return c.MeteringPulses(int.from_bytes(octets[BEGIN : BEGIN + 2], "little")) if len(octets) >= BEGIN + 2 else None


def _write_mpm(value: c.MeteringPulses) -> bytes:
    if not 0 <= value.pulses < 1 << 16:
        raise ValueError(f"{value.pulses} metering pulses do not fit two octets")
    return value.pulses.to_bytes(2, "little")


def _read_group(octets: bytes) -> c.Contents | None:
    if len(octets) <= BEGIN:
        return None
    circuits = octets[BEGIN] + 1
    end = BEGIN + 1 + (circuits + 7 >> 3)
    if len(octets) < end:
        return None
    return c.CircuitRange(circuits - 1, int.from_bytes(octets[BEGIN + 1 : end], "little") & (1 << circuits) - 1)


def _write_group(value: c.CircuitRange) -> bytes:
    if not 0 <= value.range < 256 or value.status is None or not 0 <= value.status < 1 << value.range + 1:
        raise ValueError(f"{value}: a range of one octet and a status bit for each circuit are wanted")
    return bytes((value.range,)) + value.status.to_bytes((value.range >> 3) + 1, "little")


def _read_grs(octets: bytes) -> c.Contents | None:
    return c.CircuitRange(octets[BEGIN]) if len(octets) > BEGIN else None


def _write_grs(value: c.CircuitRange) -> bytes:
    if not 0 <= value.range < 256 or value.status is not None:
        raise ValueError(f"{value}: GRS has a range of one octet and no status")
    return bytes((value.range,))


def _one_octet(contents: type[c.Contents]) -> Form:
    """A form of one octet of bits."""
    fields = fields_of(contents)
    mask = sum(field.mask << field.shift for field in fields)
    known = {octet: contents(*reader(fields)(octet)) for octet in range(256) if not octet & ~mask}
    write = writer(fields)
    return Form(
        lambda octets: known[octets[BEGIN] & mask] if len(octets) > BEGIN else None,
        lambda value: bytes((write(value),)),
    )


NOTHING = Form(lambda octets: c.Nothing(), lambda value: b"")
UNPARSED = Form(lambda octets: c.Unparsed(octets[BEGIN:]), lambda value: bytes(value.octets))
IAM = Form(_read_iam, _write_iam)
IAI = Form(_read_iai, _write_iai)
SAO = Form(_read_sao, _write_sao)
GRS = Form(_read_grs, _write_grs)
BY_CONTENTS: dict[type[c.Contents], Form] = {
    c.Nothing: NOTHING,
    c.Unparsed: UNPARSED,
    c.SubsequentAddress: Form(_read_sam, _write_sam),
    c.GeneralRequest: _one_octet(c.GeneralRequest),
    c.GeneralInformation: Form(_read_gsm, _write_gsm),
    c.AddressComplete: _one_octet(c.AddressComplete),
    c.ExtendedUnsuccessful: Form(_read_eum, _write_eum),
    c.CongestionLevel: _one_octet(c.CongestionLevel),
    c.MeteringPulses: Form(_read_mpm, _write_mpm),
    c.CircuitRange: Form(_read_group, _write_group),
}
"""The form of each kind of contents, save in the messages that have one of their own."""
