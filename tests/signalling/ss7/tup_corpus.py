"""Messages of the Chinese TUP made up out of the product's tables: any message, whose fields hold anything that fits."""

from pbx.signalling.ss7.bits import fields_of
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.messages import ROWS, Heading


def signals(random, least=0, most=15):
    return "".join(random.choice("0123456789ABCDEF") for _ in range(random.randint(least, most)))


def octets(random, least, most):
    return bytes(random.randrange(256) for _ in range(random.randint(least, most)))


def fields(random, wanted):
    return {field.name: bool(random.randrange(2)) if field.flag else random.randint(0, field.mask) for field in fields_of(wanted)}


def line(random):
    return c.LineIdentity(signals(random), **fields(random, c.LineIdentity))


def original(random):
    return c.OriginalCalledAddress(signals(random), **fields(random, c.OriginalCalledAddress))


def additional(random):
    if random.randrange(4) == 0:
        return c.Additional(other=random.randrange(1, 16) | random.randrange(8) << 4, rest=octets(random, 0, 9))
    other = random.choice((0, 0, 0x40))
    return c.Additional(
        random.choice((None, line(random))), random.choice((None, original(random))), other, octets(random, 0, 5) if other else b""
    )


def general(random):
    told = fields(random, c.GeneralInformation)
    told["original_called_follows"] &= told["incoming_trunk"]
    return c.GeneralInformation(
        **told,
        category=random.choice((None, random.randrange(64))),
        calling=random.choice((None, line(random))),
        original_called=None if told["incoming_trunk"] else random.choice((None, original(random))),
        rest=octets(random, 0, 9) if told["incoming_trunk"] else b"",
    )


def ranged(random):
    width = random.choice((0, 1, 7, 8, 9, 15, 30, 31, 255))
    return c.CircuitRange(width, random.getrandbits(width + 1))


MADE = {
    c.Nothing: lambda random: c.Nothing(),
    c.Unparsed: lambda random: c.Unparsed(octets(random, 0, 9)),
    c.SubsequentAddress: lambda random: c.SubsequentAddress(signals(random)),
    c.GeneralRequest: lambda random: c.GeneralRequest(**fields(random, c.GeneralRequest)),
    c.GeneralInformation: general,
    c.AddressComplete: lambda random: c.AddressComplete(**fields(random, c.AddressComplete)),
    c.ExtendedUnsuccessful: lambda random: c.ExtendedUnsuccessful(random.randrange(256), octets(random, 3, 3)),
    c.CongestionLevel: lambda random: c.CongestionLevel(random.randrange(4)),
    c.MeteringPulses: lambda random: c.MeteringPulses(random.randrange(1 << 16)),
    c.CircuitRange: ranged,
}


def contents(random, row):
    if row.heading == Heading.GRS:
        return c.CircuitRange(random.randrange(256))
    if row.heading == Heading.SAO:
        return c.SubsequentAddress(signals(random, 1, 1))
    if row.contents is c.InitialAddress:
        more = additional(random) if row.heading == Heading.IAI else None
        return c.InitialAddress(signals(random), **fields(random, c.InitialAddress), additional=more)
    return MADE[row.contents](random)


def message(random, row):
    return Message(random.randrange(1 << 12), row.heading, contents(random, row))


def every_message(random, times=40):
    for row in ROWS:
        for _ in range(times):
            yield message(random, row)
