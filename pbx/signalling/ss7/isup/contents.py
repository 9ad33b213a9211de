"""The ISUP parameters whose contents are like no others' (Q.763 clauses 3.8, 3.12, 3.14, 3.15, 3.24, 3.41, 3.43).

As in ``forms.py`` a reader returns None for contents that make no sense, and a writer raises ValueError for a value that has no place.
"""

from pbx.signalling.ss7.bits import fields_of, values_of, whole_of
from pbx.signalling.ss7.isup.forms import Form
from pbx.signalling.ss7.isup.indicators import CircuitState
from pbx.signalling.ss7.isup.parameters import (
    CallReference,
    CauseIndicators,
    CircuitStateIndicator,
    ClosedUserGroupInterlockCode,
    GenericDigits,
    ParameterCompatibilityInformation,
    ParameterInstructions,
    RangeAndStatus,
)

EXTENSION = 0x80
"""The bit that says "this octet is the last of its group" (Q.931 clause 4.5.1, used by Q.763)."""


def _read_cause(contents: bytes) -> CauseIndicators | None:
    at = 1 if contents and contents[0] & EXTENSION else 2
    if len(contents) <= at:
        return None
    first = contents[0]
    recommendation = contents[1] & 0x7F if at == 2 else None
    return CauseIndicators(contents[at] & 0x7F, first & 0x0F, first >> 5 & 3, recommendation, contents[at + 1 :])


def _write_cause(value: CauseIndicators) -> bytes:
    if not (0 <= value.cause < 128 and 0 <= value.location < 16 and 0 <= value.coding < 4):
        raise ValueError(f"{value} is no cause of Q.850")
    first = value.coding << 5 | value.location
    if value.recommendation is None:
        return bytes((EXTENSION | first, EXTENSION | value.cause)) + value.diagnostics
    if not 0 <= value.recommendation < 128:
        raise ValueError(f"{value} names no recommendation")
    return bytes((first, EXTENSION | value.recommendation, EXTENSION | value.cause)) + value.diagnostics


def _read_range(contents: bytes) -> RangeAndStatus | None:
    if len(contents) < 2:
        return RangeAndStatus(contents[0]) if contents else None
    circuits = contents[0] + 1
    octets = (circuits + 7) // 8
    if len(contents) <= octets:
        return None
    return RangeAndStatus(contents[0], int.from_bytes(contents[1 : octets + 1], "little") & (1 << circuits) - 1)


def _write_range(value: RangeAndStatus) -> bytes:
    if not 0 <= value.range < 256:
        raise ValueError(f"a range has one octet, not {value.range}")
    if value.status is None:
        return bytes((value.range,))
    if not 0 <= value.status < 1 << value.range + 1:
        raise ValueError(f"status {value.status:x} marks circuits beyond range {value.range}")
    return bytes((value.range,)) + value.status.to_bytes((value.range + 8) // 8, "little")


_STATE = fields_of(CircuitState)
_STATES = [CircuitState(*values_of(_STATE, octet)) for octet in range(256)]


def _read_states(contents: bytes) -> CircuitStateIndicator | None:
    return CircuitStateIndicator(tuple(_STATES[octet] for octet in contents)) if contents else None


def _write_states(value: CircuitStateIndicator) -> bytes:
    if not 0 < len(value.states) < 256:
        raise ValueError(f"the states of {len(value.states)} circuits in one message")
    return bytes(whole_of(_STATE, state) for state in value.states)


def _read_group(contents: bytes) -> ClosedUserGroupInterlockCode | None:
    if len(contents) < 4:
        return None
    return ClosedUserGroupInterlockCode(contents[:2].hex().upper(), int.from_bytes(contents[2:4], "big"))


def _write_group(value: ClosedUserGroupInterlockCode) -> bytes:
    network = bytes.fromhex(value.network)
    if not (len(value.network) == 4 and len(network) == 2 and 0 <= value.group < 1 << 16):
        raise ValueError(f"{value} is no closed user group")
    return network + value.group.to_bytes(2, "big")


def _read_reference(contents: bytes) -> CallReference | None:
    return CallReference(int.from_bytes(contents[:3], "big"), contents[3:]) if len(contents) in (5, 6) else None


def _write_reference(value: CallReference) -> bytes:
    if not (0 <= value.identity < 1 << 24 and len(value.point) in (2, 3)):
        raise ValueError(f"{value} is no call reference")
    return value.identity.to_bytes(3, "big") + value.point


def _read_digits(contents: bytes) -> GenericDigits | None:
    return GenericDigits(contents[1:], contents[0] >> 5, contents[0] & 0x1F) if len(contents) > 1 else None


def _write_digits(value: GenericDigits) -> bytes:
    if not (0 <= value.encoding < 8 and 0 <= value.type < 32 and bool(value.octets)):
        raise ValueError(f"{value} are no generic digits")
    return bytes((value.encoding << 5 | value.type,)) + value.octets


def _read_instructions(contents: bytes) -> ParameterCompatibilityInformation | None:
    found = []
    at = 0
    while at < len(contents):
        end = at + 1
        while end < len(contents) and not contents[end] & EXTENSION:
            end += 1
        if end >= len(contents):
            return None
        first = contents[at + 1]
        found.append(
            ParameterInstructions(
                contents[at],
                end_node=bool(first & 0x01),
                release_call=bool(first & 0x02),
                send_notification=bool(first & 0x04),
                discard_message=bool(first & 0x08),
                discard_parameter=bool(first & 0x10),
                pass_on_not_possible=first >> 5 & 3,
                more=contents[at + 2 : end + 1],
            )
        )
        at = end + 1
    return ParameterCompatibilityInformation(tuple(found)) if found else None


def _write_instructions(value: ParameterCompatibilityInformation) -> bytes:
    octets = bytearray()
    for each in value.instructions:
        if not (0 <= each.code < 256 and 0 <= each.pass_on_not_possible < 4):
            raise ValueError(f"{each} instructs nobody")
        if [bool(octet & EXTENSION) for octet in each.more] != [False] * (len(each.more) - 1) + [True] * bool(each.more):
            raise ValueError(f"{each} does not end once")
        flags = each.end_node | each.release_call << 1 | each.send_notification << 2 | each.discard_message << 3
        flags |= each.discard_parameter << 4 | each.pass_on_not_possible << 5 | (0 if each.more else EXTENSION)
        octets += bytes((each.code, flags))
        octets += each.more
    if not octets:
        raise ValueError("no instructions at all")
    return bytes(octets)


CAUSE = Form(_read_cause, _write_cause)
RANGE = Form(_read_range, _write_range)
STATES = Form(_read_states, _write_states)
CLOSED_USER_GROUP = Form(_read_group, _write_group)
CALL_REFERENCE = Form(_read_reference, _write_reference)
GENERIC_DIGITS = Form(_read_digits, _write_digits)
INSTRUCTIONS = Form(_read_instructions, _write_instructions)
