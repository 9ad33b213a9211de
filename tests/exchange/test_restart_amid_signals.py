"""Control dies while a signal is under way on a line: the new one begins with what has been recognised, not with what stands for a moment.

Bits too short to be a signal (Q.422: less than 13 ms) and breaks of a dial or a flash are told to nobody when they are over, so whoever
takes them for the state of the line is never told better.
"""

import pytest

from pbx.vocabulary.media import SendBits
from tests.lab import Lab

STARTS_MS = range(0, 50, 7)


def killed(lab):
    adopted = lab.simulation.kill_control()
    lab.exchange = lab.simulation.exchange
    return adopted


@pytest.mark.parametrize("after_ms", STARTS_MS)
def test_a_circuit_whose_bits_were_wrong_for_a_moment_when_control_died_is_not_lost(seed, after_ms):
    with Lab(seed=seed, tokens=True) as lab:
        port, now = lab.network.lines["e1-1/7"].port, lab.now
        for at, bits in ((now + 0.02, 0b0101), (now + 0.03, 0b1011)):
            lab.simulation.far.send(port, SendBits(bits, at))
        lab.after(0.02 + after_ms / 1000)
        killed(lab)
        lab.after(90.0)
        assert lab.exchange.lines["e1-1/7"].available


@pytest.mark.parametrize("after_ms", [150, 250, 350])
def test_a_call_whose_party_flashed_when_control_died_goes_on(seed, after_ms):
    with Lab(seed=seed, tokens=True) as lab:
        phone, other = lab.telephone("8006"), lab.telephone("8007").dials("8006")
        phone.is_rung().answers()
        lab.after(1.0)
        phone.flash(300)
        lab.after(after_ms / 1000)
        assert killed(lab) == 2
        lab.after(2.0)
        other.speaks("welcome")
        phone.hears("welcome")
        phone.hangs_up()
        other.hears_tone("busy").hangs_up()


def test_a_party_who_hung_up_just_before_control_died_is_released(seed):
    """His loop has been open for too short a time to be told: the new control hears of it."""
    with Lab(seed=seed, tokens=True) as lab:
        phone, other = lab.telephone("8006"), lab.telephone("8007").dials("8006")
        phone.is_rung().answers()
        lab.after(1.0)
        phone.hangs_up()
        lab.after(0.1)
        assert killed(lab) == 2
        other.hears_tone("busy", within=5.0).hangs_up()
