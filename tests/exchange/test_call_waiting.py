"""Call waiting at an extension: tone and identity, flash and flash again, the handset put down, who gives up, a restart in the middle."""

from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import extension, office

CHANGES = (extension("8006", call_waiting=True, caller_identity="china"),)


def talking(lab):
    """8006 talks with 8007; then 8008 calls 8006 too."""
    first, second, third = (lab.telephone(number) for number in ("8006", "8007", "8008"))
    second.dials("8006")
    first.is_rung().answers()
    lab.after(1.0)
    third.dials("8006")
    return first, second, third


def test_a_second_call_waits_is_taken_by_flash_and_changed_by_flash(seed):
    with Lab(seed=seed, configuration=office(changes=CHANGES)) as lab:
        first, second, third = talking(lab)
        third.hears_tone("ring-back")
        first.notices("shows 8008", within=10.0)
        assert lab.facts(facts.CallWaited, called="8006", calling="8008")
        first.flash()
        third.speaks("welcome")
        first.hears("welcome")
        second.hears("waiting_music")
        third.be_silent()
        first.flash()
        second.speaks("opening_hours")
        first.hears("opening_hours")
        third.hears("waiting_music")
        second.hangs_up()
        first.hears_tone("busy").hangs_up()
        # The telephone rings for the one who is still held.
        first.is_rung().answers()
        first.speaks("welcome")
        third.hears("welcome")
        first.hangs_up()
        third.hears_tone("busy").hangs_up()
        lab.after(3.0)
        assert len(lab.records()) == 2


def test_the_handset_put_down_rings_for_the_call_that_waits(seed):
    with Lab(seed=seed, tokens=True, configuration=office(changes=CHANGES)) as lab:
        first, second, third = talking(lab)
        third.hears_tone("ring-back")
        first.hangs_up()
        second.hears_tone("busy").hangs_up()
        first.is_rung().answers()
        third.speaks("welcome")
        first.hears("welcome")
        third.hangs_up()
        first.hears_tone("busy").hangs_up()


def test_who_waits_may_give_up(seed):
    with Lab(seed=seed, tokens=True, configuration=office(changes=CHANGES)) as lab:
        first, second, third = talking(lab)
        third.hears_tone("ring-back").hangs_up()
        lab.after(1.0)
        first.flash()
        lab.after(0.5)
        second.speaks("welcome")
        first.hears("welcome")
        first.hangs_up()
        second.hears_tone("busy").hangs_up()


def test_a_third_call_and_an_extension_without_it_are_busy(seed):
    with Lab(seed=seed, tokens=True, configuration=office(changes=CHANGES)) as lab:
        first, second, third = talking(lab)
        third.hears_tone("ring-back")
        lab.telephone("8009").dials("8006").hears_tone("busy").hangs_up()
        lab.telephone("8010").dials("8007").hears_tone("busy").hangs_up()
        third.hangs_up()
        first.hangs_up()
        second.hears_tone("busy").hangs_up()


def test_nobody_takes_it(seed):
    with Lab(seed=seed, tokens=True, configuration=office(changes=(*CHANGES, ("no_answer_seconds = 60", "no_answer_seconds = 15")))) as lab:
        first, second, third = talking(lab)
        third.hears_tone("busy", within=30.0).hangs_up()
        first.hangs_up()
        second.hears_tone("busy").hangs_up()


def test_a_held_call_outlives_a_restart_of_control(seed):
    with Lab(seed=seed, tokens=True, configuration=office(changes=CHANGES)) as lab:
        first, second, third = talking(lab)
        third.hears_tone("ring-back")
        first.flash()
        lab.after(1.0)
        assert lab.simulation.kill_control() == 4
        lab.exchange = lab.simulation.exchange
        lab.after(2.0)
        third.speaks("welcome")
        first.hears("welcome")
        third.be_silent()
        first.flash()
        lab.after(0.5)
        second.speaks("opening_hours")
        first.hears("opening_hours")
        first.hangs_up()
        second.hears_tone("busy").hangs_up()
        first.is_rung().answers()
        third.hangs_up()
        first.hears_tone("busy").hangs_up()
