"""Services of subscriber lines, telephone against switch: dialling, hot lines, poles, charge units, messages, ringing, who calls."""

import numpy as np
import pytest

from pbx.console_view import ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.sound_file import decode_alaw
from pbx.vocabulary import facts
from pbx.vocabulary.call import Metering
from tests.lab import Lab
from tests.offices import exchange_lines, extension, office, trunk_span

CITY = "87654321"
PHONE, LINE = "8006", "sub-1/6"
BOTH = pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
HUNT = 'hunt = "longest-idle"'


def view_of(lab):
    return ConsoleView(lab.simulation.exchange, Journal(MemoryRing()))


def state(lab, line=LINE):
    return lab.simulation.exchange.lines[line].engine.state


def heard(person, seconds):
    """The last seconds of what the party was told, as samples (0 dBm0 is a root mean square of about 16 000)."""
    person.lab.after(0.02)
    return decode_alaw(bytes(person.ear.octets[-int(8000 * seconds) :])).astype(float)


def level(sound):
    return float(np.sqrt(np.mean(sound**2)))


# Dialling.


@BOTH
@pytest.mark.parametrize("pulses_per_second", [8, 10, 14])
@pytest.mark.parametrize("break_percent", [57, 61.5, 71], ids=["1.3-to-1", "1.6-to-1", "2.5-to-1"])
def test_a_number_dialled_by_pulses(seed, tokens, pulses_per_second, break_percent):
    with Lab(seed=seed, tokens=tokens) as lab:
        phone, city = lab.telephone(PHONE).lifts(), lab.caller(CITY)
        lab.after(0.5)
        phone.dial_pulses("8007", pulses_per_second, break_percent)
        lab.telephone("8007").is_rung().answers()
        lab.after(1.0)
        phone.hangs_up()
        lab.telephone("8007").hears_tone("busy").hangs_up()
        lab.after(1.0)
        phone.lifts()
        lab.after(0.5)
        phone.dial_pulses("9" + CITY, pulses_per_second, break_percent)
        city.notices(f"rung by {PHONE}", within=40.0).answers()
        lab.after(1.0)
        phone.hangs_up()
        city.is_released()
        assert [fact.called for fact in lab.facts(facts.Originated)] == ["8007", "9" + CITY]


def test_dial_tone_comes_within_300_ms(seed):
    """Q.543: also when every telephone is lifted at the same moment."""
    with Lab(seed=seed) as lab:
        lab.after(lab.random.uniform(0.0, 0.05))
        phones = [lab.telephone(str(number)).lifts() for number in range(8001, 8011)]
        lab.after(1.0)
        for phone in phones:
            sound = np.abs(decode_alaw(bytes(phone.ear.octets)).astype(float))
            begins = float(np.argmax(sound > 1000)) / 8000
            assert 0.0 < begins < 0.3, f"{phone.name} hears dial tone after {begins:.3f} s"
            phone.hangs_up()


@BOTH
@pytest.mark.parametrize(("ms", "flashes"), [(90, True), (300, True), (590, True), (900, False)])
def test_a_flash_and_a_longer_break(seed, tokens, ms, flashes):
    """A flash in a conversation that nobody waits for changes nothing; a longer break ends the call."""
    with Lab(seed=seed, tokens=tokens) as lab:
        phone, other = lab.telephone(PHONE), lab.telephone("8007").dials(PHONE)
        phone.is_rung().answers()
        lab.after(1.0)
        phone.flash(ms)
        lab.after(2.0)
        assert bool(lab.facts(facts.ConnectionCleared)) != flashes
        if flashes:
            other.speaks("welcome")
            phone.hears("welcome")
        assert any("<- flash" in text for _, text in lab.exchange.lines[LINE].history) == flashes


# Hot lines.


@BOTH
def test_a_hot_line_calls_at_once(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, hot_line="8007"),)) as lab:
        lab.telephone(PHONE).lifts()
        lab.telephone("8007").is_rung(within=1.0).answers()
        lab.after(1.0)
        assert state(lab) == "Talking"


@BOTH
def test_a_hot_line_to_the_city_calls_at_once(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, hot_line="9" + CITY),)) as lab:
        city = lab.caller(CITY)
        lab.telephone(PHONE).lifts()
        city.is_rung(within=6.0)


@BOTH
def test_a_warm_line_waits_and_then_calls(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, hot_line="8007", hot_line_seconds=3.0),)) as lab:
        phone = lab.telephone(PHONE).lifts()
        phone.hears_tone("dial", within=2.0)
        lab.after(0.5)
        assert not lab.facts(facts.Originated)
        lab.telephone("8007").is_rung(within=3.0)
        (lifted,), (called,) = lab.facts(facts.ServiceInitiated), lab.facts(facts.Originated)
        assert called.at - lifted.at == pytest.approx(3.0, abs=0.02)


@BOTH
def test_a_warm_line_is_a_telephone_like_others_to_who_dials(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, hot_line="8007", hot_line_seconds=3.0),)) as lab:
        phone = lab.telephone(PHONE).lifts()
        lab.after(1.0)
        phone.presses("80")
        lab.after(4.0)
        phone.presses("08")
        lab.telephone("8008").is_rung(within=5.0)
        assert [fact.called for fact in lab.facts(facts.Originated)] == ["8008"]


# Poles and charge units.


@BOTH
@pytest.mark.parametrize("ends", ["city", "telephone"])
def test_poles_tell_the_answer_and_the_end_of_a_call_out(seed, tokens, ends):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, reversal=True),)) as lab:
        phone, city = lab.telephone(PHONE).dials("9" + CITY), lab.caller(CITY)
        city.is_rung()
        lab.after(2.0)
        assert not [text for _, text in phone.log if "poles" in text or text == "reversal"]
        city.answers()
        phone.notices("reversal", within=1.0)
        lab.after(2.0)
        if ends == "city":
            city.hangs_up()
            phone.notices("normal poles", within=2.0).hears_tone("busy").hangs_up()
        else:
            phone.hangs_up()
            phone.notices("normal poles", within=2.0)


@BOTH
def test_charge_units_by_the_clock_of_the_group_are_all_shown_from_the_answer_on(seed, tokens):
    """One at the answer and one each 10 s: 4 in 35 s."""
    changes = (extension(PHONE, metering=True), (HUNT, f"{HUNT}\nmeter_seconds = 10"))
    with Lab(seed=seed, tokens=tokens, changes=changes) as lab:
        phone, city = lab.telephone(PHONE).dials("9" + CITY), lab.caller(CITY)
        city.is_rung()
        lab.after(12.0)
        assert phone.pulses == 0
        city.answers()
        lab.after(35.0)
        assert phone.pulses == 4
        phone.hangs_up()
        city.is_released()
        lab.after(2.0)
        assert [(fact.line, fact.units) for fact in lab.facts(facts.Charged)] == [("e1-1/1", 4)]
        city.dials(PHONE)
        phone.is_rung().answers()
        lab.after(15.0)
        assert phone.pulses == 4, "who is called pays nothing"


@BOTH
def test_charge_units_of_an_exchange_line(seed, tokens):
    """The other exchange meters; its pulses are counted and shown to the telephone that calls."""
    parts = exchange_lines(answer_supervision="reversal")
    with Lab(seed=seed, tokens=tokens, configuration=office(parts, changes=(extension(PHONE, metering=True),))) as lab:
        phone, city = lab.telephone(PHONE).dials("0" + CITY), lab.caller(CITY)
        city.is_rung(within=40.0)
        lab.after(2.0)
        city.answers()
        lab.after(1.0)
        for units in (1, 2):
            lab.network.primitive(lab.network.lines["co-1/1"], Metering(units))
            lab.after(3.0)
        assert phone.pulses == 3
        phone.hangs_up()
        lab.after(15.0)
        assert [(fact.line, fact.units) for fact in lab.facts(facts.Charged)] == [("co-1/1", 3)]


# Messages that wait.


@BOTH
def test_a_message_waits_is_shown_outlives_control_and_is_fetched(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, caller_identity="china"),)) as lab:
        phone = lab.telephone(PHONE)
        assert view_of(lab).message_waiting("8099", 1) == "there is no extension 8099"
        assert view_of(lab).message_waiting(PHONE, 2) == "done"
        phone.notices("message lamp on", within=5.0)
        phone.lifts().hears_tone("special-dial").hangs_up()
        lab.after(3.0)
        lab.simulation.kill_control()
        lab.exchange = lab.simulation.exchange
        lab.after(1.0)
        assert phone.lamp
        phone.lifts().hears_tone("special-dial").hangs_up()
        lab.after(3.0)
        assert view_of(lab).message_waiting(PHONE, 0) == "done"
        phone.notices("message lamp off", within=5.0)
        phone.lifts().hears_tone("dial").hangs_up()
        lab.after(3.0)
        assert not phone.lamp


@BOTH
def test_a_message_that_comes_during_a_call_is_shown_after_it(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, caller_identity="china"),)) as lab:
        phone = lab.telephone(PHONE).dials("8007")
        lab.telephone("8007").is_rung().answers()
        lab.after(1.0)
        assert view_of(lab).message_waiting(PHONE, 1) == "done"
        lab.after(3.0)
        assert not phone.lamp
        phone.hangs_up()
        phone.notices("message lamp on", within=5.0)
        view_of(lab).message_waiting(PHONE, 0)
        lab.after(5.0)


# Ringing.


@BOTH
def test_ringing_tells_a_call_from_outside_from_one_inside(seed, tokens):
    with Lab(seed=seed, tokens=tokens) as lab:
        phone, caller = lab.telephone(PHONE), lab.caller("13900000001").dials(PHONE)
        phone.is_rung()
        lab.after(11.5)
        assert phone.cadence[:4] == pytest.approx((1.0, 4.0, 1.0, 4.0), abs=0.02)
        phone.answers()
        caller.is_answered().hangs_up().is_released()
        phone.hears_tone("busy").hangs_up()
        lab.after(15.0)
        lab.telephone("8007").dials(PHONE)
        phone.is_rung()
        lab.after(11.5)
        assert phone.cadence[:7] == pytest.approx((0.4, 0.2, 0.4, 4.0, 0.4, 0.2, 0.4), abs=0.02)


# Left off its hook.


def test_a_handset_left_off_its_hook(seed):
    """Dial tone, a tone that says give up, the howler, then the line is locked out in silence; on-hook restores it."""
    with Lab(seed=seed) as lab:
        phone = lab.telephone(PHONE).lifts()
        phone.hears_tone("dial")
        phone.hears_tone("busy", within=30.0)
        assert [fact.cause for fact in lab.facts(facts.CallCleared)] == [18]
        assert lab.wait(lambda: state(lab) == "Howler", 60.0)
        lab.after(30.0)
        sound = heard(phone, 1.0)
        spectrum = np.abs(np.fft.rfft(sound))
        assert np.argmax(spectrum) == 950 and level(sound) > 15000
        assert lab.wait(lambda: state(lab) == "LockedOut", 60.0)
        lab.after(5.0)
        assert level(heard(phone, 1.0)) < 30
        lab.telephone("8007").dials(PHONE).hears_tone("busy").hangs_up()
        phone.presses("8008")
        lab.after(5.0)
        assert state(lab) == "LockedOut" and not lab.facts(facts.Originated, called="8008")
        phone.hangs_up()
        lab.after(2.0)
        phone.dials("8008")
        lab.telephone("8008").is_rung()


# Ground start.


@BOTH
def test_a_ground_start_extension_both_ways(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, ground_start=True),)) as lab:
        phone, city = lab.telephone(PHONE), lab.caller(CITY)
        phone.dials("9" + CITY)
        city.is_rung().answers()
        lab.after(1.0)
        city.hangs_up()
        phone.notices("feed lost", within=5.0).hangs_up()
        lab.after(3.0)
        lab.caller("13900000001").dials(PHONE)
        phone.is_rung().answers()
        lab.caller("13900000001").is_answered()
        lab.after(1.0)
        phone.hangs_up()
        lab.caller("13900000001").notices("released", "far end cleared")
        lab.after(3.0)
        assert state(lab) == "Idle"
        phone.party.set = type(phone.set)()
        phone.lifts()
        lab.after(2.0)
        assert state(lab) == "Idle" and len(lab.facts(facts.ServiceInitiated)) == 2, "a closed loop alone is no seizure"


# Who calls.


def ask_nobody(lab, group):
    """Only this group is used for calls to us."""
    for line in lab.network.circuits:
        (line.blocked.discard if line.group == group else line.blocked.add)("test")


WITHHELD = {
    "china-never-asked": ((HUNT, f'{HUNT}\nask_caller = "never"'), "city", False, "unavailable"),
    # What is sent in place of a number tells no reason in China No.1 (I-15); in Brazil it does (I-12).
    "china-withheld": ((HUNT, HUNT), "city", True, "unavailable"),
    "brazil-withheld": ((HUNT, HUNT), "brazil", True, "private"),
    "brazil-shown": ((HUNT, HUNT), "brazil", False, "13900000001"),
}


@BOTH
@pytest.mark.parametrize("display", ["china", "dtmf-china"])
@pytest.mark.parametrize("name", WITHHELD)
def test_a_number_that_is_withheld_or_that_nobody_knows(seed, tokens, display, name):
    """P and O of the presentations, by calls from trunks."""
    change, group, restricted, shown = WITHHELD[name]
    parts = trunk_span("brazil", "brazil")
    configuration = office(parts, changes=(extension(PHONE, caller_identity=display), change))
    with Lab(seed=seed, tokens=tokens, configuration=configuration) as lab:
        ask_nobody(lab, group)
        phone, caller = lab.telephone(PHONE), lab.caller("13900000001")
        assert caller.party.dial(PHONE, restricted=restricted)
        phone.notices(f"shows {shown}")
        phone.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        phone.hangs_up()
        caller.notices("released", "far end cleared")
        for line in lab.network.circuits:
            line.blocked.discard("test")


def test_a_waiting_call_shows_its_number_during_the_call(seed):
    with Lab(seed=seed, changes=(extension(PHONE, call_waiting=True, caller_identity="china"),)) as lab:
        phone, caller = lab.telephone(PHONE), lab.caller("13900000001")
        lab.telephone("8007").dials(PHONE)
        phone.is_rung().answers()
        lab.after(1.0)
        caller.dials(PHONE)
        phone.notices("shows 13900000001", within=10.0)
        phone.flash()
        caller.is_answered()
        lab.after(1.0)
        phone.hangs_up()
        caller.notices("released", "far end cleared")
        phone.is_rung().answers()


@BOTH
def test_an_extension_that_calls_is_shown_with_its_name(seed, tokens):
    """In ringing and as a call that waits; a name that the presentation cannot write is left out, the number is not."""
    changes = (
        extension(PHONE, call_waiting=True, caller_identity="china"),
        ('name = "门卫"', 'name = "Zoë"'),
    )
    with Lab(seed=seed, tokens=tokens, changes=changes) as lab:
        phone = lab.telephone(PHONE)
        lab.telephone("8007").dials(PHONE)
        phone.notices("shows 8007 name 仓库")
        phone.is_rung().answers()
        lab.after(1.0)
        lab.telephone("8008").dials(PHONE)
        phone.notices("shows 8008 name 机房", within=10.0)
        lab.telephone("8008").hangs_up()
        lab.telephone("8007").hangs_up()
        phone.hears_tone("busy").hangs_up()
        lab.after(2.0)
        lab.telephone("8010").dials(PHONE)
        phone.notices("shows 8010")
        assert phone.shown[-1].name == ""
        (call,) = [fact.call for fact in lab.facts(facts.Originated, calling="8010")]
        phone.is_rung().answers()
        lab.after(1.0)
        assert "name left out" in lab.trace(call)


@BOTH
def test_a_call_placed_from_the_console_shows_who_calls(seed, tokens):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, caller_identity="china"),)) as lab:
        assert view_of(lab).place("8007", PHONE) == "done"
        lab.telephone("8007").is_rung().answers()
        lab.telephone(PHONE).notices("shows 8007 name 仓库")


@BOTH
@pytest.mark.parametrize("display", ["china", "dtmf-china", "etsi-prior-alert"])
def test_a_leg_rung_only_after_its_identity_was_told_has_an_end_when_control_dies(seed, tokens, display):
    with Lab(seed=seed, tokens=tokens, changes=(extension(PHONE, caller_identity=display),)) as lab:
        caller = lab.caller("13900000001").dials(PHONE)
        lab.telephone(PHONE).is_rung()
        lab.after(1.0)
        lab.simulation.kill_control()
        lab.exchange = lab.simulation.exchange
        caller.notices("released", "far end cleared")
        assert {fact.line for fact in lab.facts(facts.ConnectionCleared, cause=41)} == {LINE, "e1-1/1"}
