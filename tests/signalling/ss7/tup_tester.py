"""One TUP with a far end played by hand: messages go in by their acronyms, what it sends and says comes out as lists.

What it sends is read by the second decoder (tup_tables.py), which must agree with the product's about every message.
"""

from pbx.signalling.ss7.primitives import Transfer
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import Message, decode, encode
from pbx.signalling.ss7.tup.distribution import Tup
from pbx.signalling.ss7.tup.messages import BY_HEADING, Heading
from pbx.signalling.ss7.tup.variant import load_variant
from pbx.vocabulary.call import Primitive, Setup
from tests.signalling.cases import PLAN
from tests.signalling.ss7 import tup_tables
from tests.signalling.ss7.test_tup_codec import in_tables_words

VARIANT = load_variant()
OWN, FAR = 0x010203, 0x010204
CIRCUITS = (*range(1, 16), *range(17, 32))
SETUP = Setup("12345", "77")
FREE = c.AddressComplete(c.CompleteType.CHARGE, subscriber_free=True)
CALLER = c.LineIdentity("77", c.Nature.SUBSCRIBER)
ANSWERED = ("ACM", "ANC")
OFFERED = Setup("12345", "77", control="calling")
"""What the switch hears of an IAI without further ado."""
USUAL = {
    Heading.SAM: c.SubsequentAddress("45"),
    Heading.SAO: c.SubsequentAddress("5"),
    Heading.ACM: FREE,
    Heading.GRQ: c.GeneralRequest(calling_line=True),
    Heading.GSM: c.GeneralInformation(calling=CALLER),
    Heading.EUM: c.ExtendedUnsuccessful(1, b"\x01\x02\x03"),
    Heading.MPM: c.MeteringPulses(2),
    Heading.CHG: c.Unparsed(b"\x01"),
    Heading.ACC: c.CongestionLevel(1),
}


def iam(called="12345", check=0, category=10, additional=None, nature=c.Nature.SUBSCRIBER):
    return c.InitialAddress(called, category, nature, continuity_check=check, additional=additional)


def iai(called="12345", caller=CALLER, original=None, **more):
    return iam(called, additional=c.Additional(caller, original), **more)


def whole(transfer):
    """The octets of a message from its circuit's code on, which begins in the label (24-bit codes)."""
    return bytes((transfer.sls | transfer.above << 4,)) + transfer.data


def judged(transfer):
    """What the second decoder reads: acronym, circuit, fields. The product must have meant the same."""
    octets = whole(transfer)
    found = tup_tables.read(octets)
    assert found is not None, f"the second decoder cannot read {octets.hex()}"
    name, cic, fields = found
    meant = decode(octets)
    assert encode(meant) == octets
    assert (Heading(meant.heading).name, meant.cic, in_tables_words(meant)) == (name, cic, fields)
    assert BY_HEADING[meant.heading].used, f"{name} is not used in China"
    return name, cic, fields


class Tester:
    """``far`` gives a message, ``give`` a primitive, ``wait`` time; each returns the acronyms sent and the primitives said by it."""

    __test__ = False

    def __init__(self, variant=VARIANT, own=OWN, far=FAR, circuits=CIRCUITS):
        self.tup = Tup(own, far, variant, circuits, PLAN)
        self.now = 0.0
        self.sent, self.said, self.others, self.octets_sent = [], [], [], []
        self.take(self.tup.start(0.0))

    def take(self, outputs):
        self.sent, self.said, self.others, self.octets_sent = [], [], [], []
        for each in outputs:
            if isinstance(each, Transfer):
                self.octets_sent.append(whole(each).hex())
                assert (each.dpc, each.opc, each.service) == (self.tup.far, self.tup.own, 4)
                self.sent.append(judged(each))
            elif isinstance(each.output, Primitive):
                self.said.append(each.output)
            else:
                self.others.append(each.output)
        return [name for name, *_ in self.sent], self.said

    def far(self, name, contents=None, cic=1):
        heading = Heading[name]
        if contents is None:
            contents = {Heading.IAM: iam(), Heading.IAI: iai()}.get(heading) or USUAL.get(heading, c.Nothing())
        return self.octets(encode(Message(cic, heading, contents)))

    def octets(self, octets):
        """A message from its circuit's code on."""
        return self.mtp(Transfer(4, self.tup.own, self.tup.far, octets[0] & 15, octets[1:], octets[0] >> 4))

    def hex(self, octets):
        return self.octets(bytes.fromhex(octets))

    def mtp(self, value):
        return self.take(self.tup.receive(value, self.now))

    def give(self, primitive, cic=1):
        return self.take(self.tup.give(cic, primitive, self.now))

    def do(self, outputs):
        return self.take(outputs)

    def wait(self, seconds):
        """Let time pass; what all timers of it have made."""
        end = self.now + seconds
        sent, said, others = [], [], []
        while (due := self.tup.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.take(self.tup.expire(self.now))
            sent += self.sent
            said += self.said
            others += self.others
        self.now = end
        self.sent, self.said, self.others = sent, said, others
        return [name for name, *_ in sent], said

    def fields(self, at=0):
        """The fields of a message sent last, as the second decoder has them."""
        return self.sent[at][2]

    def state(self, cic=1):
        return self.tup.circuits[cic].state


def outgoing(*names, setup=SETUP, variant=VARIANT):
    """A call of ours over circuit 1, and what the far end has said of it."""
    tester = Tester(variant)
    tester.give(setup)
    for name in names:
        tester.far(name)
    return tester


def incoming(*primitives, variant=VARIANT):
    """A call that has come in over circuit 1, and what the switch has said of it."""
    tester = Tester(variant)
    tester.far("IAI")
    for primitive in primitives:
        tester.give(primitive)
    return tester


def group(width, status=None):
    """What a message of a group says of its circuits."""
    return c.CircuitRange(width, status)
