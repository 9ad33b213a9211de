"""R2 circuits under storms: clearing at any moment, lost signals, nonsense, a kill at any moment."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.engine import Levels
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import category_of, load_variant
from pbx.signalling.r2.variant_data import CircuitHabits
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Info,
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
from pbx.vocabulary.media import Alarm, Bits, Digit, Flash, HookOff, HookOn, ToneOff, ToneOn
from tests.signalling.cases import PLAN, Story, both_way, every_signal
from tests.signalling.tandem import Tandem

VARIANTS = [*map(load_variant, ("china", "itu", "mexico", "brazil", "argentina")), every_signal()]
NUMBERS = ("10086", "1008", "900", "612", "", "12x", "1008611", "812345", "87123")
IN_CALL = st.one_of(
    st.sampled_from((Suspend(), Resume(), Proceeding(), Alerting(), Connect(), Metering(2), Reset())),
    st.sampled_from((Blocked("fault"), Unblocked(), Info("3"))),
    st.builds(OperatorSignal, st.sampled_from(("re-ring", "forced-release", "ring-back", "?"))),
)
DOWN = st.one_of(
    IN_CALL,
    st.builds(
        Setup,
        st.sampled_from(NUMBERS),
        overlap=st.booleans(),
        test=st.booleans(),
        control=st.sampled_from(("", "calling")),
        category=st.sampled_from((0, category_of(1, 1), category_of(0, 3))),
    ),
    st.builds(Setup, st.sampled_from(NUMBERS), st.sampled_from(("", "13900000000", "+8610")), st.integers(0, 255), st.booleans()),
    st.builds(Info, st.sampled_from(("1", "86", "x"))),
    st.sampled_from((Proceeding(), Alerting(), Progress(), Connect(), Blocked("local"), Unblocked())),
    st.builds(Disconnect, st.sampled_from((0, 1, 16, 17, 19, 42, 127))),
    st.builds(Release, st.sampled_from((0, 1, 16, 17, 42))),
)
MEDIA = st.one_of(
    st.builds(Bits, st.integers(0, 15)),
    st.builds(ToneOn, st.integers(1, 15).map(tones.mfc_forward)),
    st.builds(ToneOn, st.integers(1, 15).map(tones.mfc_backward)),
    st.builds(ToneOff, st.sampled_from((tones.mfc_forward(1), tones.mfc_backward(1)))),
    st.sampled_from((ToneOn(tones.progress("busy")), Digit("5"), Alarm(1), Alarm(0), Flash(), HookOn(), HookOff())),
)
TIMES = st.integers(0, 8000).map(lambda milliseconds: milliseconds / 1000)
CLEARING = st.tuples(TIMES, st.booleans(), st.sampled_from((Release(16), Disconnect(16), Disconnect(17), Disconnect(1))))
SETUPS = st.builds(
    Setup,
    st.sampled_from(("10086", "612", "900", "1008", "812345", "81", "8712")),
    st.sampled_from(("", "02112345678")),
    category=st.sampled_from((0, category_of(0, 1))),
    overlap=st.booleans(),
    control=st.sampled_from(("", "calling")),
    test=st.booleans(),
)
HABITS = st.builds(
    CircuitHabits,
    control=st.sampled_from(("", "mutual", "calling")),
    semi_automatic=st.booleans(),
    ask_caller=st.sampled_from(("", "first", "last", "never")),
    missing_digit=st.sampled_from(("", "to-group-b", "congestion", "vacant")),
    from_first_after_mark=st.booleans(),
    charge=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(TIMES, st.booleans(), SETUPS), min_size=1, max_size=3),
    st.lists(CLEARING, max_size=3),
    st.lists(st.tuples(TIMES, st.booleans(), IN_CALL), max_size=4),
    st.sampled_from((0.0, 0.0, 0.02, 0.2)),
    st.booleans(),
    st.sampled_from(VARIANTS),
    st.tuples(HABITS, HABITS),
)
def test_clearing_and_losses_at_any_moment(seed, setups, clearings, others, loss, lazy, variant, habits):
    """Either end clears, seizes, is reset, hangs up and lifts, signals to operators at any moment, and signals are lost."""
    story = Story(seed, loss, lazy=lazy, variant=variant, habits=habits)
    pair = story.pair
    for time, left, primitive in (*setups, *clearings, *others):
        pair.at(time, story.say, pair.left if left else pair.right, primitive)
    pair.run(20.0)
    story.settle()
    story.check()


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(("incoming", "outgoing", "both-way")),
    st.lists(st.tuples(st.integers(0, 3000), st.one_of(DOWN, MEDIA)), max_size=60),
    st.sampled_from(VARIANTS),
    HABITS,
)
def test_nothing_raises(direction, inputs, variant, habits):
    """Any inputs at all: answers are values, timers fire, and in the end the circuit can be brought to rest."""
    engine = R2Circuit(variant, direction, PLAN, habits=habits)
    engine.start(0.0)
    now, begun, ended, up = 0.0, 0, 0, []

    def take(outputs):
        up.extend(type(output).__name__ for output in outputs)

    for milliseconds, value in inputs:
        until = now + milliseconds / 1000
        while (due := engine.deadline()) is not None and due <= until:
            now = max(now, due)
            take(engine.expire(now))
        now = until
        begun += type(value) is Setup
        take(engine.receive(value, now))
        assert isinstance(engine.state, str)
    for value in (Alarm(0), Release(16), Unblocked(), Bits(variant.data.bits.backward.idle)):
        take(engine.receive(value, now))
    for _ in range(40):
        due = engine.deadline()
        if due is None:
            break
        take(engine.expire(due))
    assert engine.state == "Idle"
    assert engine.deadline() is None
    begun += up.count("Seized")
    ended = up.count("Release")
    assert begun == ended


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 8000), st.integers(0, 3000), st.booleans(), st.sampled_from(("", "calling")), st.booleans())
def test_a_killed_control_adopts_what_was_established(seed, kill_ms, gap_ms, caller, control, hangs_up):
    """Either end is killed, comes back later, and adopts by tag and levels; the called party may have hung up for a while."""
    story = Story(seed)
    pair = story.pair
    story.say(pair.left, Setup("10086", "02112345678", control=control))
    pair.run(kill_ms / 1000)
    suspended = hangs_up and control == "calling" and pair.left.engine.tag.startswith("out answered")
    if suspended:
        story.say(pair.right, Suspend())
        pair.run(pair.now + 0.1)
        assert pair.left.engine.tag == "out suspended, calling"
    end = pair.left if caller else pair.right
    other = end.other
    tag = end.engine.tag
    established = "answered" in tag or "suspended" in tag
    clears = Random(seed).random() < 0.5
    end.dead = True
    end.deadline = None
    up_before = list(end.up)
    end.tone, end.listens = 0, 0
    end.tone_version += 1
    pair.run(pair.now + gap_ms / 2000)
    if clears:
        story.say(other, Disconnect(16))
    pair.run(pair.now + gap_ms / 2000)
    pair.resume(end, both_way(), tag)
    if not tag:
        """The new switch knows nothing of the call; what was begun is accounted for by the old one."""
        end.up = []
        story.setups[end.name] = 0
    pair.run(pair.now + 1.0)
    if established and not clears:
        assert end.engine.tag == tag
        assert end.up == up_before
        assert pair.left.engine.tag == f"out {'suspended' if suspended else 'answered'}{', calling' if control else ''}"
    story.settle()
    story.check()


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(("812345", "8712", "81", "8123456", "8")),
    st.integers(0, 6000),
    st.sampled_from((0, 1, 2, 3)),
    st.sampled_from((Connect(), Alerting(), Disconnect(17), Disconnect(1), Disconnect(42), Proceeding())),
    st.sampled_from(VARIANTS[:5]),
    st.sampled_from(("first", "last", "never")),
    st.integers(0, 2**32),
    st.sampled_from((0.0, 0.05)),
)
def test_tandem_calls_end_whoever_lets_go(called, clear_ms, who, decision, variant, ask, seed, loss):
    """Link by link, before the number is whole: one of the four ends lets go at any moment, then all do; all come to rest."""
    habits = CircuitHabits(ask_caller=ask)

    def decide(end, primitive, now):
        return (decision,) if type(primitive) is Setup else ()

    tandem = Tandem(decide, habits, variant, Random(seed), loss)
    tandem.first.down(tandem.first.left, Setup(called, "02112345678"))
    tandem.run(clear_ms / 1000)
    pairs = (tandem.first, tandem.first, tandem.second, tandem.second)
    pairs[who].down(tandem.ends[who], Release(16))
    tandem.run(1.0)
    tandem.first.loss = tandem.second.loss = 0.0
    for pair, end in zip(pairs, tandem.ends, strict=True):
        pair.down(end, Release(16))
    for pair in (tandem.first, tandem.second):
        pair.run(pair.now + 300.0)
    for end in tandem.ends:
        assert end.engine.state == "Idle", tandem.text()
        assert end.deadline is None, tandem.text()
        assert (end.tone, end.listens) == (0, 0), tandem.text()
        begun = sum(type(primitive) is Seized for primitive in end.up)
        begun += end is tandem.first.left or (end is tandem.second.left and any(type(up) is Setup for up in tandem.first.right.up))
        assert begun == sum(type(primitive) is Release for primitive in end.up), tandem.text()


TAGS = ("", "out answered", "in answered", "out cleared-back", "in cleared-back", "out suspended, calling", "in suspended, operator", "?")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TAGS), st.integers(0, 255), st.booleans())
def test_any_levels_can_be_resumed(tag, levels, alarm):
    engine = both_way()
    outputs = list(engine.resume(tag, Levels(bits_in=levels & 15, bits_out=levels >> 4, alarms=int(alarm)), 0.0))
    for value in (Alarm(0), Release(16), Bits(0b1011)):
        outputs.extend(engine.receive(value, 1.0))
    while (due := engine.deadline()) is not None:
        outputs.extend(engine.expire(due))
    assert engine.state == "Idle"
    assert "Idle" in {type(output).__name__ for output in outputs}
