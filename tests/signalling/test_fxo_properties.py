"""Exchange lines against subscriber lines back to back, and under storms: clearing at any moment, nonsense, a kill at any moment."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.engine import Levels
from pbx.signalling.analog.fxo import FxoLine
from pbx.signalling.analog.fxo_variant import FxoFeatures, load_exchange_line_variant
from pbx.signalling.analog.fxs import FxsLine, load_subscriber_variant
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    CallWaiting,
    Connect,
    Disconnect,
    Idle,
    Info,
    MessageWaiting,
    Metering,
    OperatorSignal,
    Proceeding,
    Progress,
    Release,
    Reset,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from pbx.vocabulary.media import (
    Alarm,
    Battery,
    Bits,
    Digit,
    Flash,
    HookOff,
    MeterPulse,
    Octet,
    Polarity,
    Reverse,
    RingOff,
    RingOn,
    SendTone,
    Silence,
    ToneOff,
    ToneOn,
    VoiceOff,
    VoiceOn,
)
from tests.signalling.cases import PLAN
from tests.signalling.exchange_line import ExchangeLine

LINE = load_exchange_line_variant()
SUBSCRIBER = load_subscriber_variant()
RING_BACK = SendTone(tones.progress("ring-back"))


class Story:
    """An exchange whose subscriber line leads to us, and two switches with habits of their own."""

    def __init__(self, seed=0, lazy=False, **features):
        self.random, self.lazy = Random(seed), lazy
        self.features = FxoFeatures(**features)
        self.setups = {"exchange": 0, "ours": 0}
        self.line = ExchangeLine(FxsLine(SUBSCRIBER, "8001", PLAN), self.fxo(), self.exchange_switch, self.our_switch)
        self.line.trace.insert(0, (0.0, "story", f"seed {seed}, {features}"))

    def fxo(self):
        return FxoLine(LINE, "8001", self.features)

    def exchange_switch(self, side, primitive, now):
        """A number that is dialled is rung and answers after a while, with ring-back from the switch and reversal from the line."""
        if type(primitive) is Setup:
            self.line.at(now + 0.1, self.say, side, Alerting(), RING_BACK)
            answer = now + 0.1 + self.random.choice((0.5, 3.0, 9.0))
            self.line.at(answer, self.say, side, Connect(), Silence(), Reverse(True))
        elif type(primitive) is Idle and hasattr(self, "line"):
            return (Reverse(False),)
        return ()

    def our_switch(self, side, primitive, now):
        if type(primitive) is Setup:
            wait = self.random.choice((0.0, 0.5, 3.0, 20.0))
            self.line.at(now + wait, self.say, side, Connect())
        elif type(primitive) is Disconnect and not self.lazy:
            self.line.at(now + self.random.choice((0.0, 0.2, 2.0)), self.say, side, Release(16))
        return ()

    def say(self, side, *values):
        line = self.line
        for value in values:
            if type(value) in (SendTone, Silence, Reverse):
                # The exchange's switch says these to a line that is still in the call.
                if side.engine.state in ("Calling", "Talking"):
                    line._do(side, value)
                continue
            self.setups[side.name] += type(value) is Setup
            line.trace.append((line.now, side.name, f"v {value}"))
            line.give(side, value)

    def settle(self):
        line = self.line
        for side in (line.ours, line.exchange):
            self.say(side, Release(16))
            self.say(side, Unblocked())
        line.run(line.now + 400.0)

    def check(self):
        line, ours = self.line, self.line.ours
        say = line.text()
        assert (ours.engine.state, ours.deadline) == ("Idle", None), say
        assert line.exchange.engine.state == "Idle", say
        assert not line.closed, say
        assert (ours.listens, ours.tone) == (0, 0), say
        for side in (line.ours, line.exchange):
            begun = self.setups[side.name] + sum(type(primitive) is Seized for primitive in side.up)
            assert begun == sum(type(primitive) is Release for primitive in side.up), f"{side.name}\n{say}"


@pytest.mark.parametrize("dialling", ["dtmf", "pulse"])
@pytest.mark.parametrize("supervision", ["reversal", "tone"])
def test_we_call_and_they_answer(dialling, supervision):
    story = Story(7, dialling=dialling, answer_supervision=supervision)
    line = story.line
    story.say(line.ours, Setup("10086"))
    line.run(40.0)
    assert [primitive.called for primitive in line.exchange.up if type(primitive) is Setup] == ["10086"], line.text()
    order = [type(primitive) for primitive in line.ours.up[1:]]
    assert order == [Proceeding, Progress, Alerting, Connect] or order == [Proceeding, Progress, Connect], line.text()
    story.say(line.ours, Info("12#"))
    line.run(42.0)
    assert [primitive.digits for primitive in line.exchange.up if type(primitive) is Info][-3:] == ["1", "2", "#"], line.text()
    story.say(line.ours, Info("!"))
    line.run(43.0)
    story.say(line.exchange, Disconnect(16))
    line.run(60.0)
    assert Disconnect(16) in line.ours.up, line.text()
    story.settle()
    story.check()
    assert line.ours.unexpected == [], line.text()


def test_they_call_and_we_answer_and_they_clear_by_busy_tone():
    story = Story(3)
    line = story.line
    story.say(line.exchange, Setup("8001"))
    line.run(40.0)
    assert [type(primitive) for primitive in line.ours.up[1:]] == [Seized, Setup, Connect], line.text()
    assert line.exchange.up[-1] == Connect(), line.text()
    story.say(line.exchange, Disconnect(16))
    line.run(60.0)
    assert line.ours.up[-3:] == [Disconnect(16), Release(16), Idle()], line.text()
    story.settle()
    story.check()


@pytest.mark.parametrize("after_ms", [0, 5, 50, 150, 190, 210, 400])
def test_glare(after_ms):
    """Their ringing begins about when we seize: one call comes to pass or none, and nothing stays behind."""
    story = Story(1)
    line = story.line
    story.say(line.exchange, Setup("8001"))
    line.at(after_ms / 1000, story.say, line.ours, Setup("10086"))
    line.run(60.0)
    ours = [type(primitive) for primitive in line.ours.up[1:]]
    if after_ms == 190:
        # Ringing is recognised after the loop was closed, before the exchange has seen it.
        assert ours[:4] == [Release, Seized, Setup, Connect], line.text()
    elif after_ms < 190:
        # Ringing too short to be told: nothing is heard of their call, and ours finds no dial tone.
        assert ours == [Release, Idle], line.text()
    else:
        assert ours[:4] == [Seized, Release, Setup, Connect], line.text()
    assert Connect() in line.exchange.up, line.text()
    story.settle()
    story.check()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 15000), st.sampled_from((17, 42)))
def test_ring_back_that_gives_way_to_a_tone_of_refusal_is_never_an_answer(after_ms, cause):
    """At whatever place of its cadence: the end of the last burst is told late, and the tone of refusal later still."""
    story = Story(5, answer_supervision="tone")
    line = story.line
    line.exchange.switch = lambda side, primitive, now: ()
    story.say(line.ours, Setup("10086"))
    line.run(2.5)
    line._do(line.exchange, RING_BACK)
    line.run(4.0 + after_ms / 1000)
    story.say(line.exchange, Disconnect(cause))
    line.run(line.now + 12.0)
    assert Connect() not in line.ours.up, line.text()
    assert Disconnect(cause) in line.ours.up, line.text()
    story.settle()
    story.check()


FEATURES = st.fixed_dictionaries(
    {
        "dialling": st.sampled_from(("dtmf", "pulse")),
        "wait_for_dial_tone": st.booleans(),
        "without_dial_tone": st.sampled_from(("give-up", "dial")),
        "caller_identity": st.sampled_from(("auto", "none")),
        "answer_supervision": st.sampled_from(("reversal", "tone", "none")),
        "release_supervision": st.sampled_from((("reversal", "busy-tone"), ("busy-tone", "loop-break"), ())),
        "rings_before_answer": st.integers(1, 2),
    }
)
TIMES = st.integers(0, 30000).map(lambda milliseconds: milliseconds / 1000)
SAID = st.one_of(
    st.tuples(st.just("ours"), st.builds(Setup, st.sampled_from(("10086", "612", "900", "1008")))),
    st.tuples(st.just("exchange"), st.builds(Setup, st.just("8001"))),
    st.tuples(st.sampled_from(("ours", "exchange")), st.sampled_from((Release(16), Disconnect(16), Disconnect(17), Disconnect(1)))),
    st.tuples(st.just("ours"), st.sampled_from((Reset(), Info("5"), Info("!"), Connect()))),
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), FEATURES, st.lists(st.tuples(TIMES, SAID), min_size=1, max_size=6), st.booleans())
def test_either_end_may_clear_at_any_moment(seed, features, said, lazy):
    story = Story(seed, lazy, **features)
    line = story.line
    for time, (side, primitive) in said:
        line.at(time, story.say, line.ours if side == "ours" else line.exchange, primitive)
    line.run(45.0)
    story.settle()
    story.check()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), FEATURES, st.integers(0, 30000), st.booleans())
def test_a_killed_control_adopts_what_was_answered(seed, features, kill_ms, outgoing):
    story = Story(seed, **features)
    line = story.line
    story.say(line.ours if outgoing else line.exchange, Setup("10086" if outgoing else "8001"))
    line.run(kill_ms / 1000)
    tag, before = line.ours.engine.tag, list(line.ours.up)
    line.resume(story.fxo(), tag)
    if tag:
        # A change of the poles that was not yet told is taken in now.
        assert line.ours.engine.tag.split()[:2] == tag.split()[:2], line.text()
        assert line.ours.up == before, line.text()
    else:
        # The new switch knows nothing of the call; what was begun is accounted for by the old one.
        line.ours.up, story.setups["ours"] = line.ours.up[len(before) :], 0
    line.run(line.now + 10.0)
    story.settle()
    story.check()


DOWN = st.one_of(
    st.builds(Setup, st.sampled_from(("10086", "", "12x", "5*")), overlap=st.booleans()),
    st.builds(Info, st.sampled_from(("1", "86", "x", "!", ""))),
    st.sampled_from((Proceeding(), Alerting(), Progress(), Connect(), Blocked("local"), Unblocked(), Reset())),
    st.sampled_from((Suspend(), Resume(), Metering(), CallWaiting("8002"), MessageWaiting(1), OperatorSignal("re-ring"))),
    st.builds(Disconnect, st.sampled_from((0, 1, 16, 17, 127))),
    st.builds(Release, st.sampled_from((0, 16, 44))),
)
TONES = st.sampled_from([tones.progress(name) for name in ("dial", "ring-back", "busy", "congestion", "vacant", "call-waiting")])
MEDIA = st.one_of(
    st.sampled_from((RingOn(), RingOff(), Polarity(True), Polarity(False), Battery(True), Battery(False), MeterPulse())),
    st.sampled_from((VoiceOn(), VoiceOff(), Alarm(1), Alarm(0), Flash(), HookOff(), Bits(3))),
    st.builds(ToneOn, TONES),
    st.builds(ToneOff, TONES),
    st.builds(Digit, st.sampled_from("0123456789*#ABCDx")),
    st.builds(Octet, st.sampled_from((0x80, 0x04, 1, 0x55, 0x100, 0x200, 0x455, 0x800))),
)


@settings(max_examples=250, deadline=None)
@given(FEATURES, st.booleans(), st.lists(st.tuples(st.integers(0, 4000), st.one_of(DOWN, MEDIA)), max_size=60))
def test_nothing_raises(features, ground_start, inputs):
    """Any inputs at all: answers are values, timers fire, and in the end the line can be brought to rest."""
    engine = FxoLine(LINE, "8001", FxoFeatures(**features, ground_start=ground_start))
    up = []

    def take(outputs):
        up.extend(type(output) for output in outputs)

    take(engine.start(0.0))
    now, begun = 0.0, 0
    for milliseconds, value in inputs:
        until = now + milliseconds / 1000
        while (due := engine.deadline()) is not None and due <= until:
            now = max(now, due)
            take(engine.expire(now))
        now = until
        begun += type(value) is Setup
        take(engine.receive(value, now))
    for value in (Alarm(0), RingOff(), Battery(not ground_start), Release(16), Unblocked()):
        take(engine.receive(value, now))
    for _ in range(40):
        due = engine.deadline()
        if due is None:
            break
        take(engine.expire(due))
    assert engine.state == "Idle"
    assert engine.deadline() is None
    assert begun + up.count(Seized) == up.count(Release)
    assert up.count(Blocked) == 0 or Unblocked in up


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("", "in talking", "out talking", "out talking reversed", "?")),
    st.builds(Levels, off_hook=st.booleans(), ringing=st.booleans(), polarity_reversed=st.booleans(), battery=st.booleans()),
    st.booleans(),
    st.booleans(),
)
def test_any_levels_can_be_resumed(tag, stands, alarm, ground_start):
    """What stands on the line may be wrong in an alarm: by that no line at rest is blocked for another reason than the alarm."""
    engine = FxoLine(LINE, "8001", FxoFeatures(ground_start=ground_start))
    outputs = list(engine.resume(tag, msgspec.structs.replace(stands, alarms=int(alarm)), 0.0))
    if alarm and "talking" not in tag:
        outputs.extend(engine.expire(20.0))
        assert [output.reason for output in outputs if type(output) is Blocked] == ["alarm"]
    for value in (RingOff(), Battery(not ground_start), Polarity(False), Alarm(0), Release(16)):
        outputs.extend(engine.receive(value, 1.0))
    while (due := engine.deadline()) is not None:
        outputs.extend(engine.expire(due))
    assert engine.state == "Idle"
    assert "Idle" in {type(output).__name__ for output in outputs}
