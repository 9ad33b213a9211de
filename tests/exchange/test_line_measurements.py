"""Measurements of subscriber lines from the console: what each fault of a line is called on the whole exchange, what is not measured."""

import pytest

from pbx.console_view import ConsoleView
from pbx.journal import Journal, MemoryRing
from pbx.vocabulary import facts
from tests.lab import Lab

LINE, NUMBER = "sub-1/6", "8006"
PORT = 5
"""The port of the line on its span's wire."""


def view_of(lab):
    return ConsoleView(lab.simulation.exchange, Journal(MemoryRing()))


def plant(lab, line=LINE):
    """The wire of the span on which the line stands."""
    spans = [span.name for span in lab.configuration.spans]
    return lab.simulation.near_wires[spans.index(line.partition("/")[0])]


def measured(lab, line=LINE):
    """Measure the line, and what was told of it."""
    view = view_of(lab)
    assert view.measure(line) == "done"
    assert view.measure(line) == f"{line} is being measured"
    assert view.measure(line, report=True) == f"{line} is being measured"
    lab.after(3.0)
    fact = lab.facts(facts.LineMeasured)[-1]
    assert fact.line == line
    report = view.measure(line, report=True)
    assert report.startswith(f"{line}: {fact.verdict}")
    return fact, report


FAULTS = {
    "healthy": ({}, "good, on-hook"),
    "insulation-at-the-limit": ({"insulation-kohm": 100}, "good, on-hook"),
    "insulation-below-the-limit": ({"insulation-kohm": 99}, "insulation of 99 kohm only: a wet line"),
    "foreign-ac": ({"foreign-ac-volt": 60}, "foreign AC voltage of 60 V"),
    "foreign-ac-of-little-account": ({"foreign-ac-volt": 10}, "good, on-hook"),
    "foreign-dc": ({"foreign-dc-volt": 48}, "foreign DC voltage of 48 V"),
    "foreign-dc-of-little-account": ({"foreign-dc-volt": 6}, "good, on-hook"),
    "no-telephone": ({"capacitance-nf": 0}, "no telephone, or a cut loop"),
    "two-bells": ({"capacitance-nf": 2000}, "good, on-hook"),
    "power-line-fell-on-a-wet-cable": (
        {"foreign-ac-volt": 220, "insulation-kohm": 20},
        "foreign AC voltage of 220 V; insulation of 20 kohm only: a wet line",
    ),
}


@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_line_on_hook(seed, name, tokens):
    values, verdict = FAULTS[name]
    with Lab(seed=seed, tokens=tokens) as lab:
        for quantity, value in values.items():
            plant(lab).set_line(PORT, quantity, value)
        fact, report = measured(lab)
        assert fact.verdict == verdict
        assert {quantity: fact.found[quantity] for quantity in values} == values
        assert fact.found["loop-resistance-ohm"] == 65535
        assert f"insulation {fact.found['insulation-kohm']} kohm" in report


@pytest.mark.parametrize(
    ("ohm", "verdict"),
    [
        (0, "loop of 0 ohm: short circuit"),
        (49, "loop of 49 ohm: short circuit"),
        (400, "good, off-hook (400 ohm)"),
        (1800, "good, off-hook (1800 ohm)"),
        (1801, "loop of 1801 ohm: too long, or a bad contact"),
    ],
)
def test_a_line_off_hook_that_nobody_listens_to_any_more(seed, ohm, verdict):
    """A handset left off its hook: after tone and howler the line is locked out, and may be measured."""
    with Lab(seed=seed, tokens=True) as lab:
        plant(lab).set_line(PORT, "loop-resistance-ohm", ohm)
        phone = lab.telephone(NUMBER).lifts()
        lab.after(1.0)
        assert view_of(lab).measure(LINE) == f"{LINE} is in use"
        lab.after(180.0)
        assert lab.exchange.lines[LINE].engine.state == "LockedOut"
        fact, _ = measured(lab)
        assert (fact.verdict, fact.found["loop-resistance-ohm"]) == (verdict, ohm)
        phone.hangs_up()
        lab.after(1.0)
        assert measured(lab)[0].verdict == "good, on-hook"


@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
def test_a_cut_loop_and_the_same_loop_mended(seed, tokens):
    with Lab(seed=seed, tokens=tokens) as lab:
        plant(lab).cut_line(PORT)
        assert measured(lab)[0].verdict == "no telephone, or a cut loop"
        lab.telephone(NUMBER).lifts()
        lab.after(1.0)
        assert not lab.facts(facts.ServiceInitiated)
        lab.telephone(NUMBER).hangs_up()
        plant(lab).cut_line(PORT, cut=False)
        assert measured(lab)[0].verdict == "good, on-hook"
        lab.telephone(NUMBER).dials("8007")
        lab.telephone("8007").is_rung()


def test_a_wet_line(seed):
    with Lab(seed=seed) as lab:
        plant(lab).wet_line(PORT, 0.9, seed)
        fact, _ = measured(lab)
        assert fact.verdict.endswith("kohm only: a wet line") and fact.found["insulation-kohm"] < 100
        plant(lab).wet_line(PORT, 0.0)
        lab.after(2.0)
        assert measured(lab)[0].verdict == "good, on-hook"


def test_a_busy_line_a_trunk_and_an_unknown_line_are_refused(seed):
    with Lab(seed=seed, tokens=True) as lab:
        view = view_of(lab)
        assert view.measure(LINE, report=True) == f"{LINE} has not been measured"
        assert view.measure("e1-1/5") == "e1-1/5 is no subscriber's line"
        with pytest.raises(LookupError, match="no line sub-9/1"):
            view.measure("sub-9/1")
        phone = lab.telephone(NUMBER).dials("8007")
        lab.telephone("8007").is_rung()
        for line in (LINE, "sub-1/7"):
            assert view.measure(line) == f"{line} is in use"
        lab.telephone("8007").answers()
        lab.after(1.0)
        assert view.measure(LINE) == f"{LINE} is in use"
        phone.hangs_up()
        lab.after(2.0)
        assert measured(lab)[0].verdict == "good, on-hook"
        assert len(lab.facts(facts.LineMeasured)) == 1


def test_a_call_may_come_while_the_line_is_measured(seed):
    with Lab(seed=seed, tokens=True) as lab:
        assert view_of(lab).measure(LINE) == "done"
        lab.telephone("8007").dials(NUMBER)
        lab.telephone(NUMBER).is_rung()
        (fact,) = lab.facts(facts.LineMeasured)
        assert fact.verdict == "good, on-hook"


def test_several_lines_are_measured_at_once(seed):
    with Lab(seed=seed, tokens=True) as lab:
        plant(lab).set_line(PORT, "foreign-dc-volt", 20)
        view = view_of(lab)
        lines = [f"sub-1/{slot}" for slot in range(1, 11)]
        assert {view.measure(line) for line in lines} == {"done"}
        lab.after(3.0)
        assert {fact.line: fact.verdict == "good, on-hook" for fact in lab.facts(facts.LineMeasured)} == {
            line: line != LINE for line in lines
        }
