"""E&M tie lines under storms: clearing at any moment, late signals, nonsense, a kill at any moment."""

from random import Random

from hypothesis import given, note, settings
from hypothesis import strategies as st

from pbx.engine import Levels
from pbx.signalling.analog.ear_and_mouth import EarAndMouthCircuit
from pbx.signalling.analog.ear_and_mouth_variant import EarAndMouthFeatures, load_ear_and_mouth_variant
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    CallWaiting,
    Connect,
    Disconnect,
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
from pbx.vocabulary.media import Alarm, Bits, Digit, Flash, HookOff, ToneOff, ToneOn, VoiceOn
from tests.signalling.cases import PLAN
from tests.signalling.tie_line import TieLine

TIE = load_ear_and_mouth_variant()
FEATURES = st.sampled_from(
    [
        EarAndMouthFeatures(start=start, address=address, caller_number=number)
        for start in ("immediate", "wink", "delay-dial")
        for address, number in (("dtmf", False), ("pulse", False), ("dtmf", True))
    ]
)
TIMES = st.integers(0, 9000).map(lambda milliseconds: milliseconds / 1000)
SETUPS = st.builds(Setup, st.sampled_from(("10086", "612", "900", "1008")), st.sampled_from(("", "02112345678")))
CLEARING = st.sampled_from((Release(16), Disconnect(16), Disconnect(17), Disconnect(1), Reset()))


class Story:
    """Two circuits with switches that ring, answer and release after random delays."""

    def __init__(self, seed, features, loss=0.0, lazy=False):
        note(f"seed {seed}")
        self.random = Random(seed)
        self.lazy = lazy
        self.setups = {"left": 0, "right": 0}
        left, right = (EarAndMouthCircuit(TIE, "both-way", PLAN, features) for _ in range(2))
        self.line = TieLine(left, right, self.switch, self.switch, self.random, loss)

    def switch(self, end, primitive, now):
        if type(primitive) is Setup:
            wait = self.random.choice((0.0, 0.05, 0.5, 3.0))
            self.line.at(now + wait, self.say, end, Alerting())
            self.line.at(now + wait + self.random.choice((0.0, 0.1, 1.0)), self.say, end, Connect())
        elif type(primitive) is Disconnect and not self.lazy:
            self.line.at(now + self.random.choice((0.0, 0.2, 2.0)), self.say, end, Release(16))
        return ()

    def say(self, end, primitive):
        self.setups[end.name] += type(primitive) is Setup
        self.line.give(end, primitive)

    def settle(self):
        line = self.line
        line.loss = 0.0
        for end in (line.left, line.right):
            self.say(end, Release(16))
            self.say(end, Unblocked())
        line.run(line.now + 400.0)

    def check(self):
        line = self.line
        for end in (line.left, line.right):
            say = f"{end.name}\n{line.text()}"
            assert end.engine.state == "Idle", say
            assert end.deadline is None, say
            assert end.tone == 0, say
            assert end.listens == 0, say
            assert end.bits == 0b1101, say
            begun = self.setups[end.name] + sum(type(primitive) is Seized for primitive in end.up)
            assert begun == sum(type(primitive) is Release for primitive in end.up), say
            blocked = [primitive for primitive in end.up if type(primitive) in (Blocked, Unblocked)]
            assert not blocked or type(blocked[-1]) is Unblocked, say


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32),
    FEATURES,
    st.lists(st.tuples(TIMES, st.booleans(), SETUPS), min_size=1, max_size=3),
    st.lists(st.tuples(TIMES, st.booleans(), CLEARING), max_size=3),
    st.sampled_from((0.0, 0.0, 0.02, 0.2)),
    st.booleans(),
)
def test_either_end_may_clear_at_any_moment(seed, features, setups, clearings, loss, lazy):
    story = Story(seed, features, loss, lazy)
    line = story.line
    for time, left, primitive in (*setups, *clearings):
        line.at(time, story.say, line.left if left else line.right, primitive)
    line.run(25.0)
    story.settle()
    story.check()


DOWN = st.one_of(
    st.builds(Setup, st.sampled_from(("10086", "", "12x", "900")), st.sampled_from(("", "77", "+86")), overlap=st.booleans()),
    st.builds(Info, st.sampled_from(("1", "86", "x", ""))),
    st.sampled_from((Proceeding(), Alerting(), Progress(), Connect(), Blocked("local"), Unblocked(), Reset())),
    st.sampled_from((Suspend(), Resume(), Metering(), CallWaiting("8002"), MessageWaiting(1), OperatorSignal("re-ring"))),
    st.builds(Disconnect, st.sampled_from((0, 1, 16, 17, 127))),
    st.builds(Release, st.sampled_from((0, 16, 44))),
)
MEDIA = st.one_of(
    st.builds(Bits, st.integers(0, 15)),
    st.builds(ToneOn, st.sampled_from([tones.progress(name) for name in tones.PROGRESS_TONES])),
    st.builds(Digit, st.sampled_from("0123456789*#ABCDx")),
    st.sampled_from((ToneOff(tones.progress("busy")), Alarm(1), Alarm(0), Flash(), HookOff(), VoiceOn())),
)


@settings(max_examples=200, deadline=None)
@given(
    FEATURES,
    st.sampled_from(("incoming", "outgoing", "both-way")),
    st.lists(st.tuples(st.integers(0, 3000), st.one_of(DOWN, MEDIA)), max_size=60),
)
def test_nothing_raises(features, direction, inputs):
    """Any inputs at all: answers are values, timers fire, and in the end the circuit can be brought to rest."""
    engine = EarAndMouthCircuit(TIE, direction, PLAN, features)
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
    for value in (Alarm(0), Release(16), Unblocked(), Bits(0b1101)):
        take(engine.receive(value, now))
    for _ in range(40):
        due = engine.deadline()
        if due is None:
            break
        take(engine.expire(due))
    assert engine.state == "Idle"
    assert engine.deadline() is None
    assert begun + up.count(Seized) == up.count(Release)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), FEATURES, st.integers(0, 9000), st.integers(0, 3000), st.booleans(), st.booleans())
def test_a_killed_control_adopts_what_was_established(seed, features, kill_ms, gap_ms, caller, clears):
    """Either end is killed, comes back later, and adopts by tag and levels."""
    story = Story(seed, features)
    line = story.line
    story.say(line.left, Setup("10086", "02112345678"))
    line.run(kill_ms / 1000)
    end = line.left if caller else line.right
    tag, up_before = end.engine.tag, list(end.up)
    end.dead, end.deadline = True, None
    end.tone, end.listens = 0, 0
    end.tone_version += 1
    line.run(line.now + gap_ms / 2000)
    if clears:
        story.say(end.other, Disconnect(16))
    line.run(line.now + gap_ms / 2000)
    line.resume(end, EarAndMouthCircuit(TIE, "both-way", PLAN, features), tag)
    if not tag:
        # The new switch knows nothing of the call; what was begun is accounted for by the old one.
        end.up, story.setups[end.name] = [], 0
    line.run(line.now + 2.0)
    if tag.endswith("answered") and not clears:
        assert end.engine.tag == tag
        assert end.up == up_before
    story.settle()
    story.check()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(("", "out answered", "in answered", "out cleared-back", "in cleared-back", "?")), st.integers(0, 255), st.booleans())
def test_any_levels_can_be_resumed(tag, levels, alarm):
    engine = EarAndMouthCircuit(TIE, "both-way", PLAN)
    outputs = list(engine.resume(tag, Levels(bits_in=levels & 15, bits_out=levels >> 4, alarms=int(alarm)), 0.0))
    for value in (Alarm(0), Release(16), Bits(0b1101)):
        outputs.extend(engine.receive(value, 1.0))
    while (due := engine.deadline()) is not None:
        outputs.extend(engine.expire(due))
    assert engine.state == "Idle"
    assert "Idle" in {type(output).__name__ for output in outputs}
