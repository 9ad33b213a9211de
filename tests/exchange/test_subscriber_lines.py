"""Caller identity of subscriber lines through both media planes: what the engine times in C, a display reads, on sound and tokens."""

import pytest

from drivers.far_end.telephone import TelephoneSet
from pbx.call import CONNECTED
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures
from pbx.simulation import Simulation
from pbx.tone_plan import china
from pbx.vocabulary.call import CallWaiting
from tests.lab import Lab, configuration_of, sound_for

NUMBER = "8003"


def office(tokens, display, waiting_calls=False, **features):
    """An office in which one extension has these features and a set that shows them."""
    configuration = configuration_of()
    sounds = {row.name: sound_for(row.name, row.melody) for row in configuration.prompts}
    sim = Simulation(configuration, china(), sounds, tokens=tokens)
    line = next(line for line in sim.exchange.lines.values() if line.number == NUMBER)
    plain = line.engine
    wanted = SubscriberFeatures(caller_identity=display, **features)
    line.engine = FxsLine(plain.variant, NUMBER, plain._examiner, features=wanted, date_time=lambda now: "11281200")
    sim.start()
    telephone = sim.network.telephones[NUMBER]
    telephone.use(TelephoneSet(display=display, waiting_calls=waiting_calls))
    sim.run(0.5)
    return sim, line, telephone


def called(sim):
    """Another extension dials this one."""
    friend = sim.network.telephones["8004"]
    friend.lift()
    sim.run(1.0)
    friend.press(NUMBER)
    return friend


def noticed(telephone, word):
    return [(at, what) for at, what in telephone.log if what.startswith(word)]


@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
@pytest.mark.parametrize("display", ["china", "china-single", "etsi-prior-alert", "dtmf-between-rings"])
def test_telephone_shows_who_calls(tokens, display):
    sim, line, telephone = office(tokens, display)
    friend = called(sim)
    # Calls between extensions ring with two bursts; the third bell is the first of the second ringing.
    assert sim.wait(lambda: len(noticed(telephone, "bell")) == 3, 15.0), telephone.log
    ((shown, _),) = noticed(telephone, "shows 8004")
    (first, _), (second, _), (third, _) = noticed(telephone, "bell")
    assert shown < first if display == "etsi-prior-alert" else second < shown < third - 0.15
    telephone.lift()
    assert sim.wait(lambda: line.leg is not None and line.leg.state == CONNECTED, 2.0)
    friend.hang_up()
    telephone.hang_up()
    sim.run(5.0)
    assert line.engine.state == "Idle"
    assert not noticed(telephone, "cannot read")


@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
def test_answer_in_the_middle_of_the_message_leaves_speech_alone(tokens):
    sim, line, telephone = office(tokens, "china")
    called(sim)
    assert sim.wait(lambda: noticed(telephone, "bell"), 10.0)
    sim.run(1.8)
    telephone.lift()
    sim.run(6.0)
    assert line.engine.state == "Talking"
    assert not noticed(telephone, "shows")


@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
def test_waiting_call_is_shown_when_the_set_answers_the_alert(tokens):
    sim, line, telephone = office(tokens, "china", waiting_calls=True, call_waiting=True)
    called(sim)
    assert sim.wait(lambda: noticed(telephone, "bell"), 10.0)
    telephone.lift()
    sim.run(1.003)  # between ticks
    floor = sim.exchange.floor
    floor.turn(floor.to_line, line, CallWaiting("13900000001"))
    sim.run(0.5)  # tone and alert are over; no receiver of the plane hears the alert, so the set is told by the test
    telephone.press("D", 60, 40)
    sim.run(2.0)
    assert noticed(telephone, "shows 13900000001"), telephone.log
    assert line.engine.speech
    assert line.engine.state == "Talking"


def test_a_handset_put_down_as_a_flash_ends_lies_there(seed):
    """The end of the flash, which the plane times, must not close the loop again."""
    with Lab(seed=seed, tokens=True) as lab:
        phone = lab.telephone("8006").lifts()
        for after_ms in range(96, 112):
            lab.after(2.0)
            phone.flash(40)
            lab.simulation.run(0.1 + 0.04 + (after_ms - 100) / 1000)
            phone.hangs_up()
            lab.after(1.0)
            assert lab.exchange.lines["sub-1/6"].available, after_ms
            phone.lifts()
        phone.hangs_up()
