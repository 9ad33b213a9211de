"""Every outcome of a call that libopenr2 and we can give and take, both ways, variant by variant (Q.441, Q.411; China: GF 002-9002).

libopenr2 calls and is called on thirty circuits at once: accepted in its three ways, refused for its ten causes, not answered;
refused by us for every cause of Q.850 that our variant tells apart; the caller's number early, late, withheld, unknown, not asked
for; cleared by either end with each signal of the call standing. What refusals mean is read from our variant file. By its nature
libopenr2 cannot refuse before it has offered the call, nor clear a call that it is only ringing; it hears of no refusal while the
caller's number is sent, for its group C of China has no signal for that: it calls ours a protocol error. Times are never asserted.
"""

from collections import defaultdict

import pytest

from pbx.vocabulary import call
from tests.interop.openr2 import library as openr2
from tests.interop.openr2.circuits import SLOTS, Act, Answer, Meeting, Order
from tests.interop.openr2.facing import CHINA, FACINGS
from tests.interop.spandsp import MFC_NAMES

pytestmark = pytest.mark.skipif(not openr2.installed(), reason=f"{openr2.LIBRARY} is not installed (Debian package libopenr2-dev)")

variants = pytest.mark.parametrize("facing", FACINGS, ids=lambda facing: facing.ours)
CALLER = "8765432"
CALLED = "51234"
INVALID_TONE = "protocol error: Invalid Multi Frequency Tone"


def told(variant, cause):
    """The cause that arrives when a variant's group B tells one: that of its own signal for it."""
    rows = variant.data.group_b
    congestion = next(signal for signal, row in rows.items() if row.name == "congestion")
    return rows[variant.data.refusals.get(cause, congestion)].cause


def its_word(cause):
    """libopenr2's word for a cause as group B tells it."""
    return {17: "busy", 42: "congestion", 1: "unallocated", 22: "number changed", 27: "out of order"}[cause]


def at_rest(meeting, result):
    """What is not as it should be when all calls are over."""
    wrong = meeting.circuits.stuck() + meeting.circuits.floor.faults
    left = {slot: state for slot, state in result["states"].items() if {word.upper() for word in state} != {"IDLE"}}
    wrong += [f"libopenr2: slot {slot} is left {state}" for slot, state in left.items()]
    wrong += [f"libopenr2 does not know {result['strange']} requests"] if result["strange"] else []
    for one in meeting.circuits.calls:
        if sum(word.startswith("released") for word in one.words()) != 1:
            wrong.append(f"not released once: {one}")
    return wrong


def run(folder, facing, seconds, program, **script):
    """A meeting of so many seconds; both sides' calls by slot."""
    with Meeting(folder, facing, program, **script) as meeting:
        meeting.circuits.run(seconds)
        result = meeting.finish()
    ours, theirs = defaultdict(list), defaultdict(list)
    for one in meeting.circuits.calls:
        ours[one.slot].append(one)
    for one in result["calls"]:
        theirs[one["slot"]].append(one)
    return meeting, result, ours, theirs


def words(theirs):
    """What libopenr2 logged of a call, without times."""
    return [what for _, what in theirs["log"]]


# Outcomes.


@variants
def test_what_libopenr2_does_with_our_calls(facing, tmp_path):
    refusals = {f"51{n:03}": cause for n, cause in enumerate(openr2.CAUSES) if cause not in facing.lacks}
    ways = {f"52{n:03}": way for n, way in enumerate(facing.ways)}
    answers = {number: {"refuse": cause} for number, cause in refusals.items()}
    answers |= {number: {"accept": way, "ring": 0.2} for number, way in ways.items()} | {"53000": {"ring": None}}
    orders = {slot: [Order(number, CALLER, hold=0.5, patience=8.0)] for slot, number in zip(SLOTS, answers, strict=False)}
    meeting, result, ours, theirs = run(tmp_path, facing, 14.0, {"answers": answers}, orders=orders)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    for slot, (order,) in orders.items():
        (mine,), (its,) = ours[slot], theirs[slot]
        assert (its["called"], its["calling"]) == (order.called, CALLER), (mine, its)
        if order.called in ways:
            assert mine.words() == ["alerting", "answered", "clears", "released: 16"], (mine, its)
            assert words(its)[1:] == ["offered", "accepted", "answers", "cleared: normal", "end"], (mine, its)
        elif order.called == "53000":
            assert mine.words() == ["alerting", "clears", "released: 16"] and mine.cleared_in == "OutFree"
        else:
            (_, disconnected), (_, released) = mine.log
            cause = int(disconnected.removeprefix("disconnected: "))
            spare = set() if refusals[order.called] in ("busy", "congestion", "unallocated") else {call.PROTOCOL_ERROR}
            known = {row.cause for row in facing.variant.data.group_b.values() if row.means == "refused"}
            assert cause in known | spare, (mine, its)
            assert released == f"released: {cause}" and words(its)[-2:] == ["cleared: normal", "end"]
            wanted = {"busy": 17, "congestion": 42, "unallocated": 1}.get(refusals[order.called])
            assert wanted is None or cause == told(facing.variant, wanted), (mine, its)


@variants
def test_what_we_do_with_its_calls(facing, tmp_path):
    variant = facing.variant
    refused = {f"55{cause:03}": cause for cause in (1, 3, 17, 18, 19, 21, 27, 28, 31, 34, 41, 42, 102)}
    answers = {number: Answer(refuse=cause) for number, cause in refused.items()}
    answers |= {"56001": Answer(hold=1.0), "56002": Answer(), "56003": Answer(ring=None)}
    calls = {f"{slot}": [{"called": number, "calling": CALLER}] for slot, number in zip(SLOTS, answers, strict=False)}
    for slot, number in zip(SLOTS, answers, strict=False):
        if number in ("56002", "56003"):
            calls[f"{slot}"][0]["give_up"] = 6.0
    meeting, result, ours, theirs = run(tmp_path, facing, 12.0, {"calls": calls}, answers=answers)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    for slot, number in zip(SLOTS, answers, strict=False):
        (mine,), (its,) = ours[slot], theirs[slot]
        assert (mine.called, mine.calling, mine.restricted) == (number, CALLER, False), (mine, its)
        if number in refused:
            # Some variants' registers end with the signal, others wait for clear-forward: then it is the far end that has released.
            assert mine.words()[:-1] == ["seized", "offered"], (mine, its)
            assert mine.words()[-1] in (f"released: {refused[number]}", "released: 16"), (mine, its)
            assert words(its) == ["seized", f"cleared: {its_word(told(variant, refused[number]))}", "end"], (mine, its)
        else:
            end = {"56001": ["answered", "cleared: normal"], "56002": ["answered", "clears"], "56003": ["clears"]}[number]
            assert words(its) == ["seized", "accepted", *end, "end"], (mine, its)
            assert mine.words()[-1] == "released: 16", (mine, its)


@variants
def test_free_in_every_way_that_our_variant_knows(facing, tmp_path):
    free = [signal for signal, row in facing.variant.data.group_b.items() if row.means == "free"]
    variants_by_slot = {slot: facing.variant.adjusted(register={"free": signal}) for slot, signal in zip(SLOTS, free, strict=False)}
    calls = {f"{slot}": [{"called": CALLED, "calling": CALLER, "hold": 0.5}] for slot in variants_by_slot}
    program = {"calls": calls, "contexts": {"caller": facing.context(tmp_path, "caller")}}
    meeting, result, _, theirs = run(tmp_path, facing, 8.0, program, variants=variants_by_slot)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    modes = [its["mode"] for slot in variants_by_slot for its in theirs[slot]]
    assert len(modes) == len(free) and modes[0] == "with charge" and set(modes[1:]) == {"without charge"}, modes


# The caller's number.

NUMBERS = ("13900000000", "", None, "02081234567", "7", "12345678901234567890")


@variants
@pytest.mark.parametrize("asked", ["first", "last", "never"])
def test_its_number_early_late_withheld_or_not_asked_for(facing, asked, tmp_path):
    orders = [{"called": called, "calling": number, "hold": 0.3} for called in (CALLED, "712345678901") for number in NUMBERS]
    calls = {f"{slot}": [order] for slot, order in zip(SLOTS, orders, strict=False)}
    variant = facing.variant.adjusted(register={"ask_caller": asked})
    meeting, result, ours, _ = run(tmp_path, facing, 12.0, {"calls": calls}, variant=variant)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    for slot, order in zip(SLOTS, orders, strict=False):
        (mine,) = ours[slot]
        assert mine.called == order["called"], (mine, order)
        assert mine.calling == ("" if asked == "never" else order["calling"] or ""), (mine, order)


@variants
@pytest.mark.parametrize("asks", ["first", "last", "counted", "category", "never"])
def test_our_number_early_late_withheld_or_not_asked_for(facing, asks, tmp_path):
    settings = {
        "first": {"set_ani_first": 1}, "last": {}, "counted": {"most_caller": 4}, "category": {"most_caller": 0},
        "never": {"set_skip_category_request": 1, "most_caller": 0},
    }[asks]  # fmt: skip
    orders = [Order(called, number or "", number is None, hold=0.3) for called in (CALLED, "712345678901") for number in NUMBERS]
    script = {slot: [order] for slot, order in zip(SLOTS, orders, strict=False)}
    # Without a group C of its own the library asks as the Recommendation has it; see facing.py.
    more = ("mf_ga_tones.request_category=6", "mf_ga_tones.request_category_and_change_to_gc=x", "mf_ga_tones.request_next_ani_digit=1")
    context = facing.context(tmp_path, "callee", *(more if facing is CHINA else ()), **settings)
    program = {"answers": {CALLED: {"ring": 0.1}, "712345678901": {"ring": 0.1}}, "contexts": {"callee": context}}
    meeting, result, _, theirs = run(tmp_path, facing, 12.0, program, orders=script)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    for slot, (order,) in script.items():
        (its,) = theirs[slot]
        shown = {"counted": order.calling[:4], "category": "", "never": ""}.get(asks, order.calling)
        assert (its["called"], its["calling"] or "") == (order.called, shown), (order, its)


@variants
def test_our_file_has_the_end_of_a_caller_s_number_where_libopenr2_has_it(facing, tmp_path):
    """libopenr2 as it comes, but for what lets it send its number at all; the signals are those that it sends by its own account."""
    register = facing.variant.data.register
    calls = {"1": [{"called": CALLED, "calling": "87", "hold": 0.2}], "2": [{"called": CALLED, "calling": None, "hold": 0.2}]}
    path = tmp_path / "as it comes.conf"
    path.write_text("\n".join([*facing.caller, ""]), encoding="ascii")
    program = {"calls": calls, "contexts": {"caller": {"file": str(path)}}, "edges": True}
    meeting, result, ours, _ = run(tmp_path, facing, 8.0, program)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    sent = {
        slot: [MFC_NAMES.index(chr(value)) + 1 for _, its, way, what, value in result["edges"] if (its, way, what) == (slot, "out", "on")]
        for slot in (1, 2)
    }
    beyond = {slot: [signal for signal in signals if signal > 10] for slot, signals in sent.items()}
    # A variant of libopenr2 may send the end alone, whatever is withheld.
    withheld = register.end_of_caller if beyond[1] == beyond[2] else register.restricted_read
    assert beyond == {1: [register.end_of_caller], 2: [withheld]}, (beyond, register)
    assert [ours[slot][0].calling for slot in (1, 2)] == ["87", ""]
    assert ours[2][0].restricted == (withheld == register.restricted_read)


# Cleared at every step. The signals of CALLED with CALLER, as either end sends them.

FORWARD = [f"signal {n}" for n in range(1, 16)]
"""Five digits, KA, seven digits, the end of the caller's number, KD."""


def one_each(whens):
    return dict(zip(SLOTS, whens, strict=False))


def test_libopenr2_as_caller_clears_at_every_step(tmp_path):
    whens = one_each(["seized", *FORWARD, "accepted", "answered"])
    acts = [{"slot": slot, "call": 1, "when": when, "do": "clear", "delay": 0.03} for slot, when in whens.items()]
    calls = {f"{slot}": [{"called": CALLED, "calling": CALLER}, {"called": CALLED, "calling": "7", "hold": 0.1}] for slot in whens}
    meeting, result, ours, theirs = run(tmp_path, CHINA, 12.0, {"calls": calls, "acts": acts}, answers={CALLED: Answer(hold=5.0)})
    assert at_rest(meeting, result) == [] and result["errors"] == []
    steps = {theirs[slot][0]["cleared_in"].partition(", ")[2] for slot in whens}
    assert steps >= {"DNIS Digit Transmitted", "Category Transmitted", "ANI Digit Transmitted", "End of ANI Transmitted", "MF Engine Off"}
    for slot in whens:
        assert [one.words()[-1] for one in ours[slot]] == ["released: 16"] * 2, (whens[slot], ours[slot])
        assert words(theirs[slot][1]) == ["seized", "accepted", "answered", "clears", "end"], "the circuit is as good as before"


def test_libopenr2_as_callee_clears_at_every_step_that_it_can(tmp_path):
    whens = one_each(["seized", *FORWARD[:14], "offered", "accepted", "answers"])
    acts = [{"slot": slot, "call": 1, "when": when, "do": "clear", "delay": 0.03} for slot, when in whens.items()]
    orders = {slot: [Order(CALLED, CALLER, patience=6.0), Order(CALLED, "7", hold=0.1)] for slot in whens}
    meeting, result, ours, theirs = run(tmp_path, CHINA, 16.0, {"answers": {CALLED: {"ring": 0.3}}, "acts": acts}, orders=orders)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    for slot, when in whens.items():
        first, second = ours[slot]
        assert second.words() == ["alerting", "answered", "clears", "released: 16"], (when, second)
        assert first.words()[-1] == "released: 16"
        if when.startswith(("seized", "signal")):
            assert "cannot clear" in words(theirs[slot][0]) and "answered" in first.words(), "it clears nothing before it offers"
        elif when == "offered":
            assert first.cleared_in == "OutFree", "it clears back where it has answered nothing: the same code stands already"
    (answered,) = (slot for slot, when in whens.items() if when == "answers")
    assert ours[answered][0].words()[-3:] == ["answered", "disconnected: 16", "released: 16"]


def test_we_as_caller_clear_at_every_step(tmp_path):
    whens = one_each(["seized", *FORWARD, "alerting", "answered"])
    acts = [Act(slot, 1, when, call.Disconnect(16), 0.03) for slot, when in whens.items()]
    orders = {slot: [Order(CALLED, CALLER, hold=5.0), Order(CALLED, "7", hold=0.1)] for slot in whens}
    seized = next(iter(whens))
    orders[seized][0] = Order(CALLED, CALLER, patience=0.04)
    meeting, result, ours, theirs = run(tmp_path, CHINA, 12.0, {"answers": {CALLED: {"ring": 0.3}}}, orders=orders, acts=acts)
    assert at_rest(meeting, result) == [] and result["errors"] == []
    assert {ours[slot][0].cleared_in.partition("/")[0] for slot in whens} == {"OutSeizing", "OutRegister", "OutFree", "OutAnswered"}
    registers = {state for slot in whens for state in ours[slot][0].cleared_in.split("/")[1:]}
    assert registers >= {"Digit", "Category", "Caller", "CalledClass"}, registers
    for slot in whens:
        first, second = ours[slot]
        assert first.words()[-1] == "released: 16" and second.words() == ["alerting", "answered", "clears", "released: 16"], (first, second)
        assert [words(its)[-2:] for its in theirs[slot]] == [["cleared: normal", "end"]] * 2, (whens[slot], theirs[slot])


def test_we_as_callee_refuse_or_clear_at_every_step(tmp_path):
    whens = one_each(["seized", *FORWARD[:14], "offered", "answered", "ringing"])
    delays = {"answered": 0.1, "ringing": 0.25}
    acts = [Act(slot, 1, when.replace("ringing", "offered"), call.Disconnect(17), delays.get(when, 0.0)) for slot, when in whens.items()]
    first, second = {"called": CALLED, "calling": CALLER, "give_up": 5.0}, {"called": CALLED, "calling": "7", "hold": 0.1}
    calls = {f"{slot}": [first, second] for slot in whens}
    script = {"acts": acts, "answers": {CALLED: Answer(ring=0.5)}}
    meeting, result, ours, theirs = run(tmp_path, CHINA, 14.0, {"calls": calls}, **script)
    assert at_rest(meeting, result) == []
    ends = {when: words(theirs[slot][0])[-1 if words(theirs[slot][0])[-1] != "end" else -2] for slot, when in whens.items()}
    # A4, or A3 and KB2, while the called number is sent, KB2 in the end; in between libopenr2 has no word for A4.
    digits, caller = FORWARD[:4], FORWARD[4:13]
    refused = {"cleared: congestion", "cleared: busy"}
    assert {ends[when] for when in ("seized", *digits)} <= refused, ends
    assert {ends[when] for when in caller} <= {*refused, INVALID_TONE}, ends
    assert (ends[FORWARD[13]], ends["offered"], ends["answered"]) == ("cleared: busy", "cleared: busy", "cleared: normal"), ends
    # Too late for a register signal: it hears a tone, and clears itself.
    (ringing,) = (slot for slot, when in whens.items() if when == "ringing")
    assert words(theirs[ringing][0]) == ["seized", "accepted", "clears", "end"] and ours[ringing][0].cleared_in == "InFree"
    wrong = [f"slot {slot}: {INVALID_TONE}" for slot, when in whens.items() if ends[when] == INVALID_TONE]
    assert sorted(result["errors"]) == sorted(wrong), result["errors"]
    for slot in whens:
        assert words(theirs[slot][1]) == ["seized", "accepted", "answered", "clears", "end"], (whens[slot], theirs[slot])
        assert ours[slot][0].words()[-1] in ("released: 17", "released: 16"), ours[slot]
