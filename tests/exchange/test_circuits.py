"""Circuits and people at their ends: what the storms of tests/test_clearing.py found, each as small as it can be told."""

from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant
from pbx.vocabulary.call import Disconnect, Idle, Release, Setup
from pbx.vocabulary.media import REMOTE_ALARM_INDICATION, Alarm, Bits
from pbx.vocabulary.numbers import COMPLETE, Examination
from tests.lab import Lab


class AnyNumber:
    def examine(self, digits):
        return Examination(COMPLETE)


def test_release_guard_that_came_during_an_alarm_is_taken_in_when_it_ends():
    """The acknowledgement came during the alarm too, so at its end the bits were those taken in last: nothing seemed to have happened."""
    circuit = R2Circuit(load_variant("china"), "both-way", AnyNumber())
    circuit.start(0.0)
    circuit.receive(Setup("10086"), 1.0)
    circuit.receive(Alarm(REMOTE_ALARM_INDICATION), 1.01)
    circuit.receive(Bits(0b1111), 1.05)
    assert Release(16) in circuit.receive(Disconnect(16), 1.1)
    circuit.receive(Bits(0b1011), 2.0)
    assert Idle() in circuit.receive(Alarm(0), 3.0)
    assert circuit.state == "Idle"


def test_subscriber_who_has_put_down_does_not_answer(seed):
    with Lab(seed=seed, tokens=True) as lab:
        city = lab.caller("87654321")
        phone = lab.telephone("8006").dials("987654321")
        city.is_rung()
        lab.after(1.0)
        city.hangs_up()
        city.party.answer()
        phone.hears_tone("busy").hangs_up()
        lab.after(1.0)
        assert city.party.state == "idle"
