"""Whatever signal units come in, from whom and over which link they may: level 3 never raises, and when the far ends behave again all is
well.
"""

import random

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import LINK_TEST, NETWORK_MANAGEMENT, Label, Unit
from pbx.signalling.ss7.mtp3.management import LinkTest, write, write_test
from pbx.signalling.ss7.primitives import FromLink, ReceivedMessage
from tests.signalling.ss7.test_management import examples
from tests.signalling.ss7.test_mtp3_cells import OPTIONS, heal
from tests.signalling.ss7.tester import VARIANT, A, B, C, D, E, ready

LATER_S = 300
"""T22 and T23 are over: both ends have told each other what they think is inhibited."""


def units(tester):
    """Every management and link test message from every point, with real and unreal SLC, about destinations known and unknown."""
    form, network = tester.form, tester.variant.data.network
    for origin in (B, C, D, 0x777777):
        for slc in (0, 1, 2, 9):
            label = Label(A, origin, slc)
            for message in examples(form):
                yield form.write_unit(Unit(NETWORK_MANAGEMENT, network, label, write(form, message)))
                for destination in (B, C, D, E, A):
                    if message.destination:
                        about = type(message)(message.name, destination=destination, status=message.status, service=5, cause=1)
                        yield form.write_unit(Unit(NETWORK_MANAGEMENT, network, label, write(form, about)))
            for name in ("SLTM", "SLTA"):
                yield form.write_unit(Unit(LINK_TEST, network, label, write_test(LinkTest(name, b"12345"))))


def well(tester):
    heal(tester)
    tester.wait(LATER_S)
    heal(tester)
    assert set(tester.state()) == {"available"}
    assert all(tester.point.accessible(code) for code in (B, C, D, E))
    tester.clear()
    tester.all_users(D, 7)
    assert tester.spread(7) == {"B0": 4, "B1": 4, "C0": 4, "C1": 4}


@pytest.mark.parametrize("parallel", [None, 1])
@pytest.mark.parametrize("transfer", [False, True])
def test_every_message_from_everybody(transfer, parallel):
    tester = ready(transfer=transfer, parallel=parallel)
    for unit in units(tester):
        tester.give(FromLink("B0", ReceivedMessage(unit)))
        tester.give(FromLink("C1", ReceivedMessage(unit)))
    well(tester)


@pytest.mark.parametrize("seed", range(12))
def test_messages_damaged_and_shuffled_in_time(seed):
    """Bits flipped, ends cut off, other links, people's orders and failures in between; with and without a second set and the options."""
    chance = random.Random(seed)
    tester = ready(transfer=seed % 2 == 1, parallel=None if seed < 6 else 1, variant=OPTIONS if seed % 4 > 1 else VARIANT)
    corpus = list(units(tester))
    for _ in range(3000):
        octets = bytearray(chance.choice(corpus))
        kind = chance.randrange(6)
        if kind == 0:
            octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del octets[chance.randrange(len(octets)) :]
        link = chance.choice(tester.links)
        tester.give(FromLink(link, ReceivedMessage(bytes(octets))))
        if kind == 2:
            tester.wait(chance.choice((0.1, 1.0, 10.0)))
        elif kind == 3 and chance.random() < 0.1:
            tester.fail(link)
        elif kind == 4 and chance.random() < 0.1:
            orders = (operation.InhibitLink, operation.UninhibitLink, operation.BlockLink, operation.UnblockLink)
            tester.give(chance.choice(orders)(link))
        tester.user(chance.choice((B, C, D, E)), chance.randrange(16))
    well(tester)
