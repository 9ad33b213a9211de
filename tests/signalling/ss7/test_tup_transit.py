"""What passes between two circuits of TUP beyond the words of the switch: every message of a call that carries, in any state."""

import random

import pytest

from pbx.signalling.ss7.primitives import Transfer
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import Message, decode, encode
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.variant import FAILURES
from pbx.vocabulary.call import (
    Alerting,
    Carried,
    Connect,
    Disconnect,
    Info,
    NotCarried,
    PassOn,
    Proceeding,
    Progress,
    Release,
    Setup,
)
from tests.signalling.ss7.tup_tester import USUAL, VARIANT, Tester, iai, iam, whole


def given(tester, primitive):
    """The messages that go out for a primitive, also those that China does not use."""
    outputs = tester.tup.give(1, primitive, tester.now)
    return [decode(whole(each)) for each in outputs if isinstance(each, Transfer)]


class Through:
    """Two user parts and the least of a switch between them."""

    def __init__(self, passes=True):
        self.near, self.far = Tester(), Tester()
        for tester in (self.near, self.far):
            for circuit in tester.tup.circuits.values():
                circuit.passes = passes

    def across(self, from_side, to_side, name, contents=None):
        """The messages that go out on the other side for one that came."""
        from_side.far(name, contents) if contents is not None else from_side.far(name)
        sent = []
        for primitive in list(from_side.said):
            wanted = self.at_the_other_end(primitive, from_side)
            if wanted is not None:
                sent += given(to_side, wanted)
        return sent

    def at_the_other_end(self, primitive, from_side):
        if isinstance(primitive, Release):
            return Disconnect(primitive.cause, carried=primitive.carried)
        kinds = (Setup, Info, PassOn) if from_side is self.near else (Alerting, Progress, Connect, PassOn)
        return primitive if isinstance(primitive, kinds) else None

    def forward(self, name, contents=None):
        return self.across(self.near, self.far, name, contents)

    def backward(self, name, contents=None):
        return self.across(self.far, self.near, name, contents)


FORWARD = (
    iai(),
    iam(category=25),
    c.InitialAddress("12345", 10, c.Nature.SUBSCRIBER, satellite=1, all_digital=True, all_ss7=True, incoming_international=True),
    iai(original=c.OriginalCalledAddress("999", c.Nature.SUBSCRIBER)),
    iai(caller=c.LineIdentity("77", c.Nature.SUBSCRIBER, restricted=True, incomplete=True)),
    iam(additional=c.Additional(other=2, rest=b"\x12\x34\x56")),
)


@pytest.mark.parametrize("first", FORWARD, ids=range(len(FORWARD)))
def test_the_first_message_keeps_what_it_brought(first):
    """Categories without a name here, satellites, a closed user group and what follows it, how the number may be shown."""
    name = "IAM" if first.additional is None else "IAI"
    (sent,) = Through().forward(name, first)
    assert (Heading(sent.heading).name, sent.contents) == (name, first)
    (plain,) = Through(passes=False).forward(name, first)
    assert (plain.contents == first) == (first == FORWARD[0])


@pytest.mark.parametrize("heading", sorted(FAILURES, key=int), ids=lambda heading: heading.name)
def test_a_failure_is_told_as_it_was(heading):
    """STB stays STB, and EUM keeps the point that said it."""
    through = Through()
    through.forward("IAI", iai())
    (sent,) = through.backward(heading.name)
    assert (sent.heading, sent.contents) == (heading, USUAL.get(heading, c.Nothing()))
    assert through.near.state() == "InFailed" and through.far.state() == "WaitRelease"


def test_a_failure_after_address_complete_is_told_as_the_variant_has_it():
    assert not VARIANT.data.causes_after_complete
    through = Through()
    through.forward("IAI", iai())
    through.backward("ACM")
    assert [sent.heading for sent in through.backward("STB")] == [Heading.CFL]


def test_address_complete_and_answer_are_told_as_they_were():
    for free in (False, True):
        for kind in c.CompleteType:
            through = Through()
            through.forward("IAI", iai())
            told = c.AddressComplete(kind, free, forwarded=True, ss7_path=True)
            (sent,) = through.backward("ACM", told)
            assert sent.contents == told
    for answer in ("ANC", "ANN", "ANU"):
        through = Through()
        through.forward("IAI", iai())
        through.backward("ACM")
        assert [Heading(sent.heading).name for sent in through.backward(answer)] == [answer]


def test_charging_passes_backward():
    through = Through()
    through.forward("IAI", iai())
    through.backward("ACM")
    (sent,) = through.backward("CHG", c.Unparsed(b"\x01\x02"))
    assert (sent.heading, sent.contents) == (Heading.CHG, c.Unparsed(b"\x01\x02"))


def test_what_another_network_or_suite_carries_means_nothing():
    octets = encode(Message(1, Heading.STB))
    for suite in ("tup/tup-abroad", "isup/isup-china"):
        through = Through()
        through.forward("IAI", iai())
        assert [sent.heading for sent in given(through.near, Disconnect(17, carried=Carried(suite, octets)))] == [Heading.SLB]
        through = Through()
        through.forward("IAI", iai())
        told = Disconnect(17, "toll", carried=Carried(suite, encode(Message(1, Heading.SLB))))
        assert [sent.heading for sent in given(through.near, told)] == [Heading.STB]


def test_anything_carried_in_any_state(seed):
    """Nothing is raised; what goes out is a whole message; and the circuit comes to rest."""
    chance = random.Random(seed)
    kinds = (Setup, Proceeding, Alerting, Progress, Connect, Disconnect, Release, PassOn, NotCarried)
    every = [encode(Message(1, heading, USUAL.get(heading, c.Nothing()))) for heading in (*FAILURES, Heading.ACM, Heading.ANC, Heading.CHG)]
    every += [encode(Message(1, Heading.IAI, first)) for first in FORWARD if first.additional is not None]
    for _ in range(300):
        tester = Through().near
        for _ in range(8):
            if chance.random() < 0.3:
                tester.far(chance.choice(("IAI", "ACM", "ANC", "CLF", "STB", "CHG", "RLG")))
                continue
            carried = Carried("tup/tup-china", chance.choice(every))
            kind = chance.choice(kinds)
            arguments = {Setup: ("12345",), Disconnect: (17,), Release: (17,)}.get(kind, ())
            assert all(isinstance(sent, Message) for sent in given(tester, kind(*arguments, carried=carried)))
        given(tester, Release(16))
        tester.far("CLF")
        tester.wait(1000.0)
        tester.far("RLG")
        tester.far("CLF")
        assert tester.state() == "Idle", tester.state()
