"""Every timer that libopenr2 or we can run into, by faults on one circuit's wire or a far end that has stopped; blocking (Q.476).

For each case: the fault, when it begins, how the call ends by libopenr2's account and by ours. Each call of ours is released once, with a
cause that says what happened; what the fault leaves behind is at rest when the far end is. libopenr2, as a caller, waits for ever where
its tone is never answered: it has no timer for that, so its user clears (``give_up``), as users of it do. No length of a timer is asserted.
"""

import pytest

from pbx.vocabulary import call
from tests.interop.openr2 import library as openr2
from tests.interop.openr2.circuits import SLOTS, Answer, Meeting, Order
from tests.interop.openr2.facing import CHINA, FACINGS
from tests.interop.test_openr2_calls import CALLED, CALLER, at_rest, run, words

pytestmark = pytest.mark.skipif(not openr2.installed(), reason=f"{openr2.LIBRARY} is not installed (Debian package libopenr2-dev)")

LONG_S = 40.0
GIVE_UP_S = 45.0
HEARD_S = 0.1
"""So long after the beginning of its signal libopenr2 hears ours, whatever the phase of its blocks of 20 ms."""
CYCLE, SEIZE, TONE = (
    "protocol error: Multi Frequency Cycle Timeout", "protocol error: Seize Timeout", "protocol error: Invalid Multi Frequency Tone",
)  # fmt: skip
GOOD = ["answered", "clears", "end"]

THEIRS = [
    # When it begins, the fault, how long; how libopenr2's call ends; the cause with which ours is released.
    ("seized", "bits kept in", LONG_S, [SEIZE], 16),
    ("signal 3", "mute", LONG_S, [TONE], 28),
    ("signal 3", "deaf", LONG_S, ["clears", "end"], 102),
    ("signal 3", "tone held out", LONG_S, [TONE], 28),
    ("signal 3", "tone held in", LONG_S, ["clears", "end"], 28),
    ("signal 3", "stopped", LONG_S, ["clears", "end"], 28),
    ("signal 6", "deaf", LONG_S, ["clears", "end"], 102),
    ("signal 9", "mute", LONG_S, ["clears", "end"], 102),
    ("signal 15", "mute", LONG_S, ["clears", "end"], 102),
    ("signal 15", "deaf", LONG_S, ["clears", "end"], 102),
    ("signal 7", "mute", 2.0, GOOD, 16),
    ("signal 7", "deaf", 2.0, GOOD, 16),
    ("signal 7", "tone held out", 2.0, GOOD, 16),
    ("accepted", "bits kept in", 30.0, GOOD, 16),
    ("clears", "bits kept in", 20.0, GOOD, 16),
    ("clears", "bits kept out", 20.0, GOOD, 16),
    ("answered", "stopped", 20.0, GOOD, 16),
]
"""No acknowledgement; the register falls silent, or its tone or ours stays on or is not heard, at a digit, KA, the caller's number, KD; an
interruption shorter than any timer; the answer, release guard or clear-forward comes late; the far end stops in a conversation."""


def test_timeouts_of_calls_from_libopenr2(tmp_path):
    acts, calls = [], {}
    for slot, (when, fault, length, *_) in zip(SLOTS, THEIRS, strict=False):
        delay = HEARD_S if fault == "tone held in" else 0.0
        acts.append({"slot": slot, "call": 1, "when": when, "do": fault, "for": length, "delay": delay})
        first = {"called": CALLED, "calling": CALLER} | ({"hold": 1.0} if when in ("clears", "accepted", "answered") else {})
        calls[f"{slot}"] = [first | {"give_up": GIVE_UP_S}, {"called": CALLED, "calling": "7", "hold": 0.2, "gap": LONG_S}]
    meeting, result, ours, theirs = run(tmp_path, CHINA, 95.0, {"calls": calls, "acts": acts}, answers={CALLED: Answer()})
    assert at_rest(meeting, result) == []
    wrong = []
    for slot, (when, fault, length, end, cause) in zip(SLOTS, THEIRS, strict=False):
        (its, its_next), (mine, my_next) = theirs[slot], ours[slot]
        good = words(its)[-len(end) :] == end and mine.words()[-1] == f"released: {cause}"
        as_before = words(its_next) == ["seized", "accepted", "answered", "clears", "end"] and my_next.words()[-1] == "released: 16"
        if not (good and as_before):
            wrong.append(f"{when}, {fault} for {length:g} s: {words(its)}, {mine.words()}, then {words(its_next)}, {my_next.words()}")
    assert wrong == [], "\n".join(wrong)


OURS = [
    ("before", "bits kept out", 20.0, ["cleared: normal", "end"], 44),
    ("before", "bits kept in", 20.0, None, 44),
    ("before", "stopped", 20.0, None, 44),
    ("before", "deaf", LONG_S, ["cleared: normal", "end"], 102),
    ("before", "mute", LONG_S, [CYCLE], 41),
    ("signal 3", "mute", LONG_S, [CYCLE], 41),
    ("signal 3", "deaf", LONG_S, [CYCLE], 41),
    ("signal 3", "tone held out", LONG_S, [CYCLE], 41),
    ("signal 3", "stopped", LONG_S, ["cleared: normal", "end"], 102),
    ("signal 15", "mute", LONG_S, [CYCLE], 41),
    ("signal 7", "mute", 2.0, ["answers", "cleared: normal", "end"], 16),
    ("signal 7", "deaf", 2.0, ["answers", "cleared: normal", "end"], 16),
    ("signal 7", "tone held out", 2.0, ["answers", "cleared: normal", "end"], 16),
    ("accepted", "bits kept out", LONG_S, ["answers", "clears", "end"], 16),
    ("answers", "bits kept in", LONG_S, ["answers", "clears", "end"], 16),
    ("answers", "stopped", LONG_S, ["answers", "clears", "end"], 16),
    ("answers, later", "bits kept out", 70.0, ["answers", "cleared: normal", "end"], 16),
]


def test_timeouts_of_our_calls(tmp_path):
    acts, faults, orders = [], [], {}
    for slot, (when, fault, length, *_) in zip(SLOTS, OURS, strict=False):
        if when == "before":
            faults.append([0.2, slot, fault, length])
        else:
            word, _, later = when.partition(", ")
            acts.append({"slot": slot, "call": 1, "when": word, "do": fault, "for": length, "delay": 0.3 if later else 0.0})
        orders[slot] = [Order(CALLED, CALLER, hold=1.0, patience=30.0), Order(CALLED, "7", gap=LONG_S, hold=0.2)]
    program = {"answers": {CALLED: {"ring": 0.3, "hold": 3.0}}, "acts": acts, "faults": faults}
    meeting, result, ours, theirs = run(tmp_path, CHINA, 135.0, program, orders=orders)
    assert at_rest(meeting, result) == []
    wrong = []
    for slot, (when, fault, length, end, cause) in zip(SLOTS, OURS, strict=False):
        mine, my_next = ours[slot]
        its, its_next = theirs[slot][0], theirs[slot][-1]
        good = mine.words()[-1] == f"released: {cause}" and (end is None or words(its)[-len(end) :] == end)
        as_before = my_next.words() == ["alerting", "answered", "clears", "released: 16"] and words(its_next)[-1] == "end"
        if not (good and as_before):
            wrong.append(f"{when}, {fault} for {length:g} s: {words(its)}, {mine.words()}, then {words(its_next)}, {my_next.words()}")
    assert wrong == [], "\n".join(wrong)
    # A release guard that does not come within a minute is a fault of the circuit, told and taken back when it comes.
    slow = [(slot, what) for _, slot, what in meeting.circuits.blockings if slot == SLOTS[len(OURS) - 1] and what != "alarm"]
    assert [what for _, what in slow] == ["unblocked", "fault", "unblocked"], slow


UNDECIDED = [
    # What libopenr2 calls, what becomes of it here; how its call ends, and ours.
    ("512", Answer(), [TONE], "released: 28"),
    ("51002", Answer(decide=30.0), ["cleared: congestion", "end"], "released: 102"),
    ("51003", Answer(ring=None), ["cleared: no answer", "end"], "released: 16"),
]
"""Digits that never come: A5 pulsed, which libopenr2's variant does not know; a switch that does not decide; nobody answers."""


def test_nobody_dials_on_decides_or_answers(tmp_path):
    calls = {f"{slot}": [{"called": called, "calling": CALLER}] for slot, (called, *_) in zip(SLOTS, UNDECIDED, strict=False)}
    program = {"calls": calls, "contexts": {"caller": CHINA.context(tmp_path, "caller", "timers.r2_answer=6000")}}
    answers = {called: answer for called, answer, *_ in UNDECIDED}
    meeting, result, ours, theirs = run(tmp_path, CHINA, 40.0, program, answers=answers)
    assert at_rest(meeting, result) == []
    for slot, (called, _, end, released) in zip(SLOTS, UNDECIDED, strict=False):
        (mine,), (its,) = ours[slot], theirs[slot]
        assert words(its)[-len(end) :] == end and mine.words()[-1] == released, (called, its, mine)


def test_nobody_clears_after_libopenr2_has(tmp_path):
    """Our supervision of a called party who has hung up, of a refused call and of a call that nobody answers clears forward (Q.118)."""
    answers = {"51001": {"ring": 0.1, "hold": 1.0}, "51002": {"refuse": "busy"}, "51003": {"ring": None}}
    orders = {slot: [Order(number, CALLER, hold=None)] for slot, number in zip(SLOTS, answers, strict=False)}
    variant = CHINA.variant.adjusted({"clear_back": 3000, "failure_hold": 4000, "answer_wait": 30_000})
    meeting, result, ours, theirs = run(tmp_path, CHINA, 50.0, {"answers": answers}, variant=variant, orders=orders, lazy=True)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    assert [ours[slot][0].words() for slot in orders] == [
        ["alerting", "answered", "disconnected: 16", "released: 16"],
        ["disconnected: 17", "released: 17"],
        ["alerting", "disconnected: 19", "released: 19"],
    ]
    assert [words(theirs[slot][0])[-1] for slot in orders] == ["end"] * 3


@pytest.mark.parametrize("facing", FACINGS, ids=lambda facing: facing.ours)
def test_blocking_and_unblocking_from_either_end(facing, tmp_path):
    by_it, by_us, in_call = SLOTS[:3]
    calls = {
        f"{by_us}": [{"called": CALLED, "calling": "7", "gap": 2.0, "hold": 0.2}],
        f"{in_call}": [
            {"called": CALLED, "calling": "7", "gap": 0.3, "hold": 3.0},
            {"called": CALLED, "calling": "7", "gap": 1.0, "hold": 0.2},
        ],
    }
    blocks = [[1.0, by_it, True], [5.0, by_it, False]]
    program = {"calls": calls, "answers": {CALLED: {"ring": 0.2}}, "blocks": blocks, "expects_blocking": True}
    with Meeting(tmp_path, facing, program, answers={CALLED: Answer()}) as meeting:
        circuits = meeting.circuits
        circuits.run(1.5)
        circuits.say(by_us, call.Blocked("local"))
        circuits.say(in_call, call.Blocked("local"))
        circuits.run(0.5)
        circuits.begin(by_it, Order(CALLED, "7"))
        circuits.run(4.0)
        assert circuits.calls[-1].words() == ["released: 44"] or circuits.calls[-1].slot != by_it
        circuits.begin(by_it, Order(CALLED, "7", hold=0.2))
        circuits.run(2.0)
        circuits.say(by_us, call.Unblocked())
        circuits.run(4.0)
        circuits.say(in_call, call.Unblocked())
        circuits.run(8.0)
        result = meeting.finish()
    assert at_rest(meeting, result) == [] and result["errors"] == []
    remote = [what for _, slot, what in circuits.blockings if slot == by_it]
    assert remote[-2:] == ["remote", "unblocked"], remote
    refused, made = [one.words() for one in circuits.calls if one.slot == by_it]
    assert refused == ["released: 44"] and made == ["alerting", "answered", "clears", "released: 16"]
    # libopenr2 calls when we let it: the call that was under way when we blocked was not disturbed, the one behind it waited.
    told = {slot: [(at, what) for at, its, what in result["lines"] if its == slot] for slot in (by_us, in_call)}
    for slot, calls_made in ((by_us, 1), (in_call, 2)):
        assert [what for _, what in told[slot]] == ["idle", "blocked", "idle"], (slot, told)
        its = [one for one in result["calls"] if one["slot"] == slot]
        assert [words(one)[-1] for one in its] == ["end"] * calls_made, its
        assert its[-1]["began"] >= told[slot][2][0], "it called a circuit that we had blocked"
