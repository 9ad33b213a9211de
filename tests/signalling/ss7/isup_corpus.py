"""ISUP messages made up out of the product's tables: any message, with any of its parameters, whose fields hold anything that fits.

Chance comes from a ``random.Random``, so that hypothesis may drive it (``st.randoms``) as well as a seed.
"""

import typing

from pbx.signalling.ss7.bits import fields_of
from pbx.signalling.ss7.isup import messages, table
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.indicators import CircuitState
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Unparsed, Unrecognized

SIZES = {
    p.ConnectionRequest: (5, 9),
    p.UserServiceInformation: (2, 13),
    p.UserServiceInformationPrime: (2, 13),
    p.SignallingPointCode: (2, 3),
    p.OriginationIscPointCode: (2, 3),
    p.CircuitAssignmentMap: (5, 5),
    p.UserTeleserviceInformation: (2, 3),
    p.MlppPrecedence: (6, 6),
}
ANY_SIZE = (1, 20)
MEANT = {
    p.AccessTransport: ("1e028188", "7d029181", "28024849", "1e0281887d029181"),
    p.ApplicationTransport: ("8283c0000001", "8182c0aa"),
    p.ConnectionRequest: ("01020323010205",),
    p.UserServiceInformation: ("8090a3", "8890"),
    p.UserServiceInformationPrime: ("8090a3", "8890"),
    p.UserTeleserviceInformation: ("9181", "9184"),
    p.UserToUserInformation: ("044869", "00"),
    p.DisplayInformation: ("b14849",),
    p.CallReference: ("0102032301",),
    p.SignallingPointCode: ("2301",),
    p.OriginationIscPointCode: ("2301",),
    p.GenericNotificationIndicator: ("e3", "80"),
    p.BackwardGvns: ("81",),
    p.UidActionIndicators: ("83",),
    p.UidCapabilityIndicators: ("83",),
    p.CallDiversionTreatmentIndicators: ("81",),
    p.CallOfferingTreatmentIndicators: ("82",),
    p.ConferenceTreatmentIndicators: ("81",),
    p.MlppPrecedence: ("420123000001",),
}
"""Contents that mean something in the Recommendation that they belong to, for a reader who looks into them."""
UNKNOWN_CODES = sorted({*range(1, 256)} - {row.code for row in table.ROWS})


def octets(random, least, most):
    return bytes(random.randrange(256) for _ in range(random.randint(least, most)))


def signals(random, least=0, most=16):
    return "".join(random.choice("0123456789ABCDEF") for _ in range(random.randint(least, most)))


def status_wanted(kind):
    """Whether the range of this message comes with a status field (Q.763 clause 3.43)."""
    return kind not in (MessageType.GRS, MessageType.CQM, MessageType.CQR)


def ranged(random, kind):
    width = random.choice((0, 1, 7, 8, 9, 15, 30, 31, 254, 255)) if status_wanted(kind) else random.randrange(256)
    return p.RangeAndStatus(width, random.getrandbits(width + 1) if status_wanted(kind) else None)


def cause(random, kind):
    recommendation = random.choice((None, None, random.randrange(128)))
    return p.CauseIndicators(random.randrange(128), random.randrange(16), random.randrange(4), recommendation, octets(random, 0, 8))


def states(random, kind):
    return p.CircuitStateIndicator(
        tuple(CircuitState(random.randrange(4), random.randrange(4), random.randrange(4)) for _ in range(random.randint(1, 31)))
    )


def one_instruction(random):
    more = random.choice((b"", b"", b"\x83"))
    flags = [bool(random.randrange(2)) for _ in range(5)]
    return p.ParameterInstructions(random.randrange(256), *flags, random.randrange(4), more)


def instructions(random, kind):
    return p.ParameterCompatibilityInformation(tuple(one_instruction(random) for _ in range(random.randint(1, 4))))


SPECIAL = {
    p.RangeAndStatus: ranged,
    p.CauseIndicators: cause,
    p.CircuitStateIndicator: states,
    p.ParameterCompatibilityInformation: instructions,
    p.ClosedUserGroupInterlockCode: lambda random, kind: p.ClosedUserGroupInterlockCode(signals(random, 4, 4), random.randrange(1 << 16)),
    p.CallReference: lambda random, kind: p.CallReference(random.randrange(1 << 24), octets(random, 2, 3)),
    p.GenericDigits: lambda random, kind: p.GenericDigits(octets(random, 1, 12), random.randrange(8), random.randrange(32)),
}


def parameter(random, wanted, kind=None, meant=False):
    """A parameter of a type with anything in it, unless what other Recommendations say is ``meant``; ``kind`` is that of its message."""
    if meant and wanted in MEANT:
        read = table.BY_TYPE[wanted].form.read
        return read(bytes.fromhex(random.choice(MEANT[wanted])))
    if wanted in SPECIAL:
        return SPECIAL[wanted](random, kind)
    values = {
        field.name: bool(random.randrange(2)) if field.flag else random.randint(0, field.mask) for field in fields_of(wanted)
    }
    hints = typing.get_type_hints(wanted)
    if "signals" in hints:
        values["signals"] = signals(random)
    if "octets" in hints:
        values["octets"] = octets(random, *SIZES.get(wanted, ANY_SIZE))
    if "value" in hints:
        values["value"] = random.randrange(1 << 16)
    return wanted(**values)


def message(random, row, chosen=None, unknown=0, meant=False):
    """A message of a row. ``chosen`` are the types of its optional parameters; None chooses."""
    cic = random.randrange(1 << 12)
    if row.national:
        contents = b"\x0d\x01\x00" if meant else octets(random, 0, 20)
        return Message(cic, row.type, (Unparsed(contents),))
    parameters = [parameter(random, wanted, row.type, meant) for wanted in (*row.fixed, *row.variable)]
    allowed = list(row.optional or ())
    if chosen is None:
        chosen = random.sample(allowed, random.randint(0, min(len(allowed), 8)))
    parameters += [parameter(random, wanted, row.type, meant) for wanted in chosen]
    if row.optional is not None:
        parameters += [Unrecognized(random.choice(UNKNOWN_CODES), octets(random, 0, 9)) for _ in range(unknown)]
    return Message(cic, row.type, tuple(parameters))


def every_message(random, meant=False):
    """Every message bare, with each of its optional parameters alone, and with all of them one after another."""
    for row in messages.ROWS:
        yield message(random, row, (), meant=meant)
        for wanted in row.optional or ():
            yield message(random, row, (wanted,), meant=meant)
        if row.optional:
            yield message(random, row, row.optional, meant=meant)
