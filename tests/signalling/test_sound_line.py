"""Lines to sound devices: every cell, a call from beginning to end, and that whoever clears, and whenever, the line comes to rest."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from pbx.engine import Levels, Noted
from pbx.signalling.analog.sound_line import BEEP, STATES, SoundLine, SoundLineData, SoundLineVariant, load_sound_line_variant
from pbx.variant_file import VariantError
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Info, Metering, Release, Reset, Setup, Unblocked
from pbx.vocabulary.media import Alarm, Digit, SendTone, Silence

VARIANT = load_sound_line_variant()
SETUP = Setup("8990", "8001")
FAILED, BACK = Alarm(1), Alarm(0)
EXPIRE = "expire"


class Bench:
    """One line; time passes by its own timers alone."""

    def __init__(self, beeps=True):
        self.line = SoundLine(VARIANT, beeps)
        self.now = 0.0
        self.told = list(self.line.start(0.0))

    def give(self, *inputs):
        """The inputs one after another; what came of them, without notes."""
        outputs = []
        for value in inputs:
            if value == EXPIRE:
                self.now = self.line.deadline()
                outputs += self.line.expire(self.now)
            else:
                outputs += self.line.receive(value, self.now)
        said = [output for output in outputs if not isinstance(output, Noted)]
        self.told += said
        return said


RECIPES = {"Idle": [], "Beeping": [SETUP], "Pausing": [SETUP, EXPIRE], "Talking": [SETUP, EXPIRE, EXPIRE]}
ENDED = ["Release", "Idle"]
CELLS = {
    ("Idle", "Setup"): ([SETUP], "Beeping", ["Alerting", "SendTone"]),
    ("Idle", "Disconnect"): ([Disconnect(16)], "Idle", []),
    ("Idle", "Release"): ([Release(16)], "Idle", []),
    ("Idle", "Reset"): ([Reset()], "Idle", []),
    ("Idle", "alarm"): ([FAILED], "Idle", ["Blocked"]),
    ("Beeping", "beep"): ([EXPIRE], "Pausing", []),
    ("Pausing", "pause"): ([EXPIRE], "Talking", ["Connect"]),
}
for _state in ("Beeping", "Pausing", "Talking"):
    CELLS[_state, "Setup"] = ([SETUP], _state, ["Release"])
    CELLS[_state, "Disconnect"] = ([Disconnect(17)], "Idle", ["Silence", *ENDED])
    CELLS[_state, "Release"] = ([Release(16)], "Idle", ["Silence", *ENDED])
    CELLS[_state, "Reset"] = ([Reset()], "Idle", ["Silence", *ENDED])
    CELLS[_state, "alarm"] = ([FAILED], "Idle", ["Blocked", "Silence", *ENDED])


@pytest.mark.parametrize("cell", VARIANT.chart.cells(), ids="-".join)
def test_every_cell(cell):
    inputs, state, said = CELLS[cell]
    bench = Bench()
    bench.give(*RECIPES[cell[0]])
    assert bench.line.state == cell[0]
    assert [type(output).__name__ for output in bench.give(*inputs)] == said
    assert bench.line.state == state


def test_recipes_and_cells_are_those_of_the_chart():
    assert set(RECIPES) == set(STATES)
    assert set(CELLS) == set(VARIANT.chart.cells())


def test_a_call():
    bench = Bench()
    assert bench.told == [Idle()]
    assert bench.give(SETUP) == [Alerting(), SendTone(BEEP, 300)]
    assert (bench.line.speech, bench.line.tag, bench.line.deadline()) == (False, "", 0.3)
    assert bench.give(EXPIRE) == []
    assert bench.give(EXPIRE) == [Connect()]
    assert bench.now == pytest.approx(0.5)
    assert (bench.line.speech, bench.line.tag, bench.line.deadline()) == (True, "talking", None)
    assert bench.give(Disconnect(16)) == [Silence(), Release(16), Idle()]


def test_without_a_beep_it_answers_at_once():
    bench = Bench(beeps=False)
    assert bench.give(SETUP) == [Alerting(), Connect()]
    assert bench.line.state == "Talking"


def test_a_second_call_is_refused_and_the_first_goes_on():
    bench = Bench()
    bench.give(*RECIPES["Talking"])
    assert bench.give(SETUP) == [Release(44)]
    assert bench.line.tag == "talking"


def test_a_device_that_fails_and_comes_back():
    bench = Bench()
    bench.give(*RECIPES["Talking"])
    assert bench.give(FAILED) == [Blocked("alarm"), Silence(), Release(27), Idle()]
    assert bench.give(FAILED) == []
    assert bench.give(SETUP) == [Release(44)]
    assert bench.give(BACK) == [Unblocked()]
    assert bench.give(BACK) == []
    assert bench.give(SETUP)[0] == Alerting()


def test_blocked_for_two_reasons():
    bench = Bench()
    assert bench.give(Blocked("local"), Blocked("local"), FAILED) == [Blocked("local"), Blocked("alarm")]
    assert bench.give(Unblocked()) == []
    assert bench.give(BACK) == [Unblocked()]


@pytest.mark.parametrize("value", [Info("5"), Metering(1), Digit("5"), Connect(), Alerting()])
def test_what_has_no_meaning_to_a_device_is_nothing(value):
    bench = Bench()
    bench.give(*RECIPES["Talking"])
    assert bench.give(value) == []
    assert bench.line.state == "Talking"


@pytest.mark.parametrize(("tag", "alarms", "state", "said"), [
    ("talking", 0, "Talking", []),
    ("talking", 1, "Idle", [Release(27), Blocked("alarm"), Idle()]),
    ("", 0, "Idle", [Silence(), Idle()]),
    ("", 1, "Idle", [Silence(), Blocked("alarm"), Idle()]),
])  # fmt: skip
def test_after_a_restart(tag, alarms, state, said):
    line = SoundLine(VARIANT)
    outputs = [output for output in line.resume(tag, Levels(alarms=alarms), 5.0) if not isinstance(output, Noted)]
    assert (line.state, outputs) == (state, said)
    if state == "Talking":
        assert [output for output in line.receive(Release(16), 6.0) if isinstance(output, Release)] == [Release(16)]


INPUTS = [SETUP, Disconnect(16), Release(16), Reset(), FAILED, BACK, Blocked("local"), Unblocked(), EXPIRE, Info("1")]


@given(some.booleans(), some.lists(some.sampled_from(INPUTS), max_size=30))
def test_whatever_happens_it_comes_to_rest_with_one_release_for_each_call(beeps, inputs):
    bench = Bench(beeps)
    calls = 0
    for value in inputs:
        if value == EXPIRE and bench.line.deadline() is None:
            continue
        calls += value == SETUP
        bench.give(value)
    bench.give(Release(16), BACK, Unblocked())
    assert bench.line.state == "Idle"
    assert bench.line.deadline() is None
    assert sum(isinstance(output, Release) for output in bench.told) == calls
    reasons = [output for output in bench.told if isinstance(output, Blocked | Unblocked)]
    assert not reasons or isinstance(reasons[-1], Unblocked)


def test_times_are_checked():
    data = msgspec.structs.asdict(VARIANT.chart.timers["beep"])
    timer = {key: data[key] for key in ("default_ms", "low_ms", "high_ms", "source")}
    for timers in ({"beep": timer}, {"beep": timer, "pause": {**timer, "default_ms": 5}}):
        with pytest.raises(VariantError):
            SoundLineVariant(msgspec.convert({"name": "x", "timers": timers}, SoundLineData))
