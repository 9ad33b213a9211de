"""Verbs of the switch on a whole exchange."""

from pbx.vocabulary import facts
from tests.lab import Lab


def test_place_rings_the_extension_and_then_calls(seed):
    """CSTA make call: the confirmation of an answer and the answer of a placed leg are both a Connect; they are not the same."""
    with Lab(seed=seed, tokens=True) as lab:
        first, second = lab.telephone("8006"), lab.telephone("8007")
        lab.exchange.floor.turn(lab.exchange.switch.place, "8006", "8007")
        first.is_rung().answers()
        second.is_rung().answers()
        second.speaks("welcome")
        first.hears("welcome")
        assert len(lab.facts(facts.Connected)) == 1
        first.hangs_up()
        second.hears_tone("busy").hangs_up()


def test_tones_of_the_far_exchange_are_heard_before_the_answer(seed):
    """In band, as Q.35 wants them: ring-back, and busy tone when the called party cannot be had after all."""
    for tokens in (False, True):
        with Lab(seed=seed, tokens=tokens) as lab:
            city = lab.caller("87654321")
            phone = lab.telephone("8006").dials("987654321")
            city.is_rung()
            phone.hears_tone("ring-back")
            city.hangs_up()
            phone.hears_tone("busy").hangs_up()
