"""Circuits that one end alone may seize: a call of the far end on ours is refused and counted, a call of ours on theirs never goes out."""

import pytest

from pbx.engine import Unexpected
from pbx.signalling.ss7.isup import parameters as p
from pbx.vocabulary.call import Connect, Disconnect, Idle, Release, Seized, Setup
from tests.signalling.ss7 import isup_tester, tup_tester

SETUP = Setup(calling="87650001", called="87651234")
MEANT = {"isup": ("IAM", "REL", "RLC", "RLC"), "tup": ("IAI", "CGC", "CLF", "RLG")}
"""How a call begins, how it is refused, how the far end agrees, and what that is answered by."""
USER_PARTS = pytest.mark.parametrize("user_part", MEANT)


def made(user_part, direction):
    found = isup_tester.Tester() if user_part == "isup" else tup_tester.Tester()
    for circuit in circuits(found):
        circuit.direction = direction
    return found


def circuits(found):
    return (found.isup if isinstance(found, isup_tester.Tester) else found.tup).circuits.values()


@USER_PARTS
def test_a_call_of_the_far_end_on_our_circuit_is_refused_and_counted(user_part):
    begins, refused, agrees, answered = MEANT[user_part]
    found = made(user_part, "outgoing")
    assert found.far(begins) == ([refused], [])
    assert [(type(each), each.event) for each in found.others] == [(Unexpected, f"{begins} on an outgoing circuit")]
    if user_part == "isup":
        assert found.first(p.CauseIndicators).cause == 44
    assert found.give(SETUP) == ([], [Release(44)]), "the switch takes another circuit, and hears when this one is free"
    sent, said = found.far(agrees)
    assert (sent, said) == ([] if user_part == "isup" else [answered], [Idle()])
    assert found.state() == "Idle"
    assert found.give(SETUP)[0][0] in ("IAM", "IAI")


@USER_PARTS
def test_our_own_call_goes_on_where_we_control_the_circuit_and_else_gives_way(user_part):
    begins = MEANT[user_part][0]
    found = made(user_part, "outgoing")
    ours, theirs = (next(circuit.cic for circuit in circuits(found) if circuit.controls is who) for who in (True, False))
    found.give(SETUP, ours)
    assert found.far(begins, cic=ours) == ([], [])
    assert found.state(ours) == "OutWaitAddressComplete"
    found.give(SETUP, theirs)
    sent, said = found.far(begins, cic=theirs)
    assert sent == [MEANT[user_part][1]] and said == [Release(44)], "ours is tried over another circuit, theirs is refused"
    assert Seized() not in said


@USER_PARTS
def test_no_call_of_ours_goes_out_on_their_circuit_and_theirs_come(user_part):
    found = made(user_part, "incoming")
    assert found.give(SETUP) == ([], [Release(44), Idle()])
    assert found.state() == "Idle"
    assert Seized() in found.far(MEANT[user_part][0])[1]
    found.give(Connect())
    found.give(Disconnect(16))
