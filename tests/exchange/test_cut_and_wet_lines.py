"""Cut loops in each phase of a call, and wet cables: the line goes to rest, its call is cleared, the measurement says why; mended it works.

What impairs sound alone is in tests/exchange/test_bad_lines.py.
"""

import pytest

from pbx.console_view import ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.vocabulary import facts
from tests.exchange.test_bad_lines import ended, wires
from tests.lab import Lab
from tests.offices import CO_NUMBER, exchange_lines, extension, office

CITY = "87654321"
PHONE, LINE, PORT = "8006", "sub-1/6", 5
DISPLAY = extension(PHONE, caller_identity="china")


def view_of(lab):
    return ConsoleView(lab.simulation.exchange, Journal(MemoryRing()))


def verdict(lab, line=LINE):
    """Measure a line that carries no call."""
    assert view_of(lab).measure(line) == "done"
    lab.after(3.0)
    return lab.facts(facts.LineMeasured)[-1].verdict


def at_rest(lab):
    pass


def dial_tone(lab):
    lab.telephone(PHONE).lifts()
    lab.after(1.0)


def dialling(lab):
    lab.telephone(PHONE).dials("98765")
    lab.after(1.2)


def calling_over_a_trunk(lab):
    lab.telephone(PHONE).dials("9" + CITY)
    lab.caller(CITY).is_rung()


def talking_over_a_trunk(lab):
    calling_over_a_trunk(lab)
    lab.caller(CITY).answers()
    lab.after(1.0)


def registers_at_work(lab):
    lab.telephone(PHONE).dials("9" + CITY)
    lab.after(6.5)


def rung(lab):
    lab.telephone("8007").dials(PHONE)
    lab.telephone(PHONE).is_rung()


def talking_with_an_extension(lab):
    rung(lab)
    lab.telephone(PHONE).answers()
    lab.after(1.0)


def holding(lab):
    """8007 waits with music, 8008 talks."""
    talking_with_an_extension(lab)
    lab.telephone("8008").dials(PHONE)
    lab.telephone("8008").hears_tone("ring-back")
    lab.telephone(PHONE).flash()
    lab.after(1.0)


def in_a_menu(lab):
    lab.telephone(PHONE).dials("10086")
    lab.after(4.0)


def hearing_busy_tone(lab):
    lab.telephone(PHONE).dials("1234")
    lab.after(8.0)


def locked_out(lab):
    lab.telephone(PHONE).lifts()
    lab.after(180.0)


PHASES = (
    at_rest, dial_tone, dialling, registers_at_work, calling_over_a_trunk, talking_over_a_trunk, rung, talking_with_an_extension,
    holding, in_a_menu, hearing_busy_tone, locked_out,
)  # fmt: skip


@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
@pytest.mark.parametrize("phase", PHASES, ids=[phase.__name__.replace("_", "-") for phase in PHASES])
def test_a_loop_cut_in_the_middle(seed, phase, tokens):
    """The line goes on-hook whatever it did; the call on it is cleared, the measurement says what has happened, mended it works again."""
    with Lab(seed=seed, tokens=tokens, configuration=office(changes=(extension(PHONE, call_waiting=True),))) as lab:
        phase(lab)
        near, _ = wires(lab, "sub-1")
        near.cut_line(PORT)
        # Ringing goes on for as long as nobody answers, for nobody can see that no bell sounds.
        lab.after(70.0)
        assert lab.exchange.lines[LINE].available
        assert ended(lab) or lab.telephone("8007").off_hook
        assert verdict(lab) == "no telephone, or a cut loop"
        for number in (PHONE, "8007", "8008"):
            if not lab.telephone(number).off_line:
                lab.telephone(number).hangs_up()
        if not lab.caller(CITY).off_line:
            lab.caller(CITY).hangs_up()
        lab.after(5.0)
        assert ended(lab)
        near.cut_line(PORT, cut=False)
        assert verdict(lab) == "good, on-hook"
        talking_with_an_extension(lab)
        assert lab.exchange.lines[LINE].engine.state == "Talking"


@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
def test_a_loop_mended_while_the_handset_is_off_its_hook(seed, tokens):
    """To the exchange it is a handset that was lifted."""
    with Lab(seed=seed, tokens=tokens) as lab:
        talking_over_a_trunk(lab)
        near, _ = wires(lab, "sub-1")
        near.cut_line(PORT)
        lab.caller(CITY).is_released()
        near.cut_line(PORT, cut=False)
        lab.after(1.0)
        assert len(lab.facts(facts.ServiceInitiated)) == 2
        lab.telephone(PHONE).presses("9" + CITY)
        lab.caller(CITY).is_rung()


OFFICE_PHASES = ("at-rest", "rung", "waits-for-dial-tone", "dials", "rings-the-city", "talks-in-a-call-out", "talks-in-a-call-in")


def reach(lab, phase):
    """Bring the first exchange line into a phase of a call."""
    city, phone, caller = lab.caller(CITY), lab.telephone(PHONE), lab.caller("13900000001")
    if phase in ("rung", "talks-in-a-call-in"):
        caller.dials(CO_NUMBER)
        lab.after(2.0)
        if phase == "talks-in-a-call-in":
            caller.is_answered().hears("welcome")
    elif phase != "at-rest":
        phone.dials("0" + CITY)
        lab.after({"waits-for-dial-tone": 6.4, "dials": 8.0}.get(phase, 0.0))
        if phase in ("rings-the-city", "talks-in-a-call-out"):
            city.is_rung(within=40.0)
            lab.after(3.0)
        if phase == "talks-in-a-call-out":
            city.answers().speaks("welcome")
            lab.after(8.0)
            assert lab.facts(facts.Established)


@pytest.mark.parametrize("dialling", ["dtmf", "pulse"])
@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
@pytest.mark.parametrize("phase", OFFICE_PHASES)
def test_an_exchange_line_cut_in_the_middle(seed, phase, tokens, dialling):
    """No feed comes: a call in progress is cleared or tried on another line, a line at rest is out of order until it is mended."""
    with Lab(seed=seed, tokens=tokens, configuration=office(exchange_lines(dialling=dialling))) as lab:
        # What is left of a caller identity is malformed.
        lab.faulty = phase == "rung"
        reach(lab, phase)
        _, far = wires(lab, "co-1")
        far.cut_line(0)
        lab.after(30.0)
        line = lab.exchange.lines["co-1/1"]
        assert line.leg is None and not line.available
        assert lab.facts(facts.LineBlocked, line="co-1/1")
        city, phone, caller = lab.caller(CITY), lab.telephone(PHONE), lab.caller("13900000001")
        if phase == "waits-for-dial-tone":
            city.is_rung(within=40.0)
        elif phase == "dials":
            phone.hears_tone("congestion")
        for person in (city, phone, caller):
            if not person.off_line:
                person.hangs_up()
        lab.after(30.0)
        assert ended(lab)
        far.cut_line(0, cut=False)
        lab.after(10.0)
        assert line.available and lab.facts(facts.LineUnblocked, line="co-1/1")
        assert view_of(lab).block("co-1/2") == view_of(lab).block("co-1/3") == view_of(lab).block("co-1/4") == "done"
        phone.dials("0" + CITY)
        city.is_rung(within=40.0)
        assert line.leg is not None
        phone.hangs_up()
        lab.after(20.0)
        for name in ("co-1/2", "co-1/3", "co-1/4"):
            view_of(lab).unblock(name)
        lab.after(1.0)


WET = [0.3, 0.7, 1.0]


@pytest.mark.parametrize("wetness", WET)
def test_a_wet_line_at_rest_makes_phantom_calls_that_end(seed, wetness):
    """Water closes the loop for moments: each is a call without a number, which is over as soon as the loop opens."""
    with Lab(seed=seed, configuration=office(changes=(DISPLAY,))) as lab:
        near, _ = wires(lab, "sub-1")
        near.wet_line(PORT, wetness, seed)
        lab.after(120.0)
        phantoms = lab.facts(facts.ServiceInitiated)
        assert {fact.line for fact in phantoms} <= {LINE} and (phantoms or wetness < 1.0)
        assert not lab.facts(facts.Originated)
        lab.wait(lambda: lab.exchange.lines[LINE].available, 5.0)
        assert verdict(lab) == "good, on-hook" if wetness == 0.3 else verdict(lab).endswith("kohm only: a wet line")
        assert lab.facts(facts.LineMeasured)[-1].found["insulation-kohm"] < 2000
        near.wet_line(PORT, 0.0)
        lab.after(3.0)
        assert ended(lab)
        assert all(fact.at - begun.at < 3.0 for begun, fact in zip(phantoms, lab.facts(facts.CallCleared), strict=False))
        assert verdict(lab) == "good, on-hook"


@pytest.mark.parametrize("wetness", WET)
def test_calls_on_a_wet_line(seed, wetness):
    """Calls from the line and to it: digits pass; rung, it may be answered by water alone; whatever happens, it ends."""
    with Lab(seed=seed, configuration=office(changes=(DISPLAY,))) as lab:
        near, _ = wires(lab, "sub-1")
        near.wet_line(PORT, wetness, seed)
        phone, other, city = lab.telephone(PHONE), lab.telephone("8007"), lab.caller(CITY)
        for _ in range(3):
            phone.dials("9" + CITY)
            lab.after(12.0)
            if city.state == "ringing":
                city.answers()
                lab.after(5.0)
            phone.hangs_up()
            lab.after(5.0)
            if not city.off_line:
                city.hangs_up()
            other.dials(PHONE)
            lab.after(10.0)
            phone.lifts()
            lab.after(2.0)
            other.hangs_up()
            lab.after(5.0)
            phone.hangs_up()
            lab.after(3.0)
        near.wet_line(PORT, 0.0)
        lab.after(30.0)
        assert ended(lab)
        assert lab.exchange.lines[LINE].available
        called = {fact.called for fact in lab.facts(facts.Originated, line=LINE)}
        assert "9" + CITY in called, "a number was dialled through water"
        phone.dials("9" + CITY)
        city.is_rung()
