"""A far exchange that nobody here wrote: libopenr2, variant CN, unmodified, on the outside socket in lockstep; a hundred calls each way.

It calls us with numbers of many lengths, with, without and withholding its own, and is called by us, from extensions and in transit from
the city; calls are answered, refused for every cause it knows how to tell, and cleared by either side at every moment. Its own logs and
callbacks must show no protocol error and a proper end, ours nothing unexpected, one record a leg, and both ends idle. What libopenr2 cannot
show: A2 as China means it, A5 beside A4, KB3, KB6, a forward fault, re-answer, the bits c and d.
"""

import itertools
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from pbx.vocabulary import facts
from tests.interop.openr2 import library as openr2
from tests.interop.openr2.office import CONTEXTS, Office, likeness
from tests.interop.openr2.people import WITHHELD, People

pytestmark = pytest.mark.skipif(not openr2.installed(), reason=f"{openr2.LIBRARY} is not installed (Debian package libopenr2-dev)")

SEED = 3971
CALLS = 100
THEIR_SLOTS = range(1, 16)
VACANT_SLOTS = (5, 10, 15)
OUR_SLOTS = dict(zip(map(str, range(31, 16, -1)), itertools.cycle(["first", "last", "counted", "stock", "category", "anonymous"])))
"""What libopenr2 asks of our calls by time slot; we hunt from 31 downward."""
CALLERS = ["13900000000", "", None, "02081234567", "8765432", "110", "0085212345678901", "12345678901234567890", "1234567890123456789", "7"]
REFUSALS = {"5550001": "busy", "5550002": "congestion", "5550003": "unallocated", "5550004": "out of order"}
ANSWERED = ["112", "5541", "55612", "557123", "61234567", "02061234567", "139123456789012"]
OPEN = ["4001", "400123"]
"""Numbers whose length libopenr2 does not know: it ends them by a pulse after 5 s."""
SHORTEST_S = 0.1
"""A seizure taken back before it is recognised is no call, and libopenr2 waits for ever for a release guard."""


def their_orders(slot, generator):
    """What libopenr2 calls from a time slot; ``expect`` is how the call goes by its own account."""
    extension = f"{8000 + slot}"
    kinds = [
        {"called": "10086", "hold": 4.5, "speak": True, "hear": True, "expect": "we answer, they clear"},
        {"called": "112", "hear": True, "expect": "we answer, we clear"},
        {"called": extension, "hold": 3.0, "speak": True, "expect": "we answer, they clear"},
        {"called": extension, "expect": "we answer, we clear"},
        {"called": "8016", "expect": "busy"},
        {"called": "77123456789012345678", "hold": 1.0, "expect": "we answer, they clear"},
        {"called": "62345671", "expect": "unallocated"},
        {"called": "62345617", "expect": "busy"},
        {"called": "62345642", "expect": "congestion"},
        {"called": "10086", "give_up": round(generator.uniform(SHORTEST_S, 2.5), 2), "expect": "given up"},
        {"called": extension, "give_up": round(generator.uniform(SHORTEST_S, 6.0), 2), "expect": "given up"},
    ]
    if slot == 1:
        kinds.append({"called": "62345678", "hold": 2.0, "expect": "we answer, they clear"})
    if slot in VACANT_SLOTS:
        # libopenr2 has one word for all that group A refuses.
        return [*({"called": called, "expect": "congestion"} for called in ("44", "8999", "3")), *generator.sample(kinds, 5)]
    return generator.sample(kinds, 7)


def their_program(generator):
    """The program of libopenr2's side: orders by time slot, what becomes of our calls, how each time slot is set."""
    callers = itertools.cycle(CALLERS)
    calls = {}
    for slot in THEIR_SLOTS:
        calls[str(slot)] = their_orders(slot, generator)
        for order in calls[str(slot)]:
            order |= {"calling": next(callers), "category": generator.choice([0, 0, 0, 1]), "gap": round(generator.uniform(0.1, 1.5), 2)}
            if order["called"].startswith("80"):
                order["gap"] += 6.0  # until whoever was called last has hung up
    answers = {number: {"refuse": refusal} for number, refusal in REFUSALS.items()}
    holds = itertools.cycle([1.5, None, 6.0])
    for number in (*ANSWERED, *OPEN):
        answers[number] = {"ring": round(generator.uniform(0.0, 1.0), 2), "hold": next(holds), "hear": True, "speak": True}
    for number in OPEN:
        answers[number]["open"] = True
    circuits = {str(slot): "caller told vacant" if slot in VACANT_SLOTS else "caller" for slot in THEIR_SLOTS}
    return {"circuits": circuits | OUR_SLOTS, "calls": calls, "answers": answers}


@pytest.fixture(scope="module")
def reckoning(tmp_path_factory):
    generator = random.Random(SEED)
    office = Office(tmp_path_factory.mktemp("openr2"), their_program(generator))
    office.record = True
    numbers = [*ANSWERED, *ANSWERED, *OPEN, *REFUSALS]
    generator.shuffle(numbers)
    people = People(office, generator, itertools.cycle(numbers).__next__)
    wanted = sum(len(orders) for orders in office.program["calls"].values())
    try:
        people.begin(calls_each=10)
        over = office.run_until(lambda: office.cleared(incoming=True) >= wanted and people.over(), 300.0)
        office.run(15.0)
        people.end()
        made = office.finish()
        assert over, "not everybody could make his calls"
        yield made
    finally:
        office.close()


def by_slot(calls):
    """Calls of either side in the order of time, by time slot."""
    found = defaultdict(list)
    for call in calls:
        found[call["slot"]].append(call)
    return found


def test_all_traces_end_clean(reckoning):
    assert reckoning.complaints() == [], f"seed {SEED}"
    assert len(reckoning.by_caller) >= CALLS
    assert len(reckoning.by_us) >= CALLS


def test_its_calls_arrive_with_their_numbers_and_go_as_they_should(reckoning):
    seized = defaultdict(list)
    originated = {}
    for fact in reckoning.office.facts:
        if isinstance(fact, facts.ServiceInitiated) and fact.line.startswith("peer/"):
            seized[int(fact.line.removeprefix("peer/"))].append(fact.call)
        elif isinstance(fact, facts.Originated):
            originated[fact.call] = fact
    wrong, seen = [], Counter()
    for slot, calls in by_slot(reckoning.by_caller).items():
        orders = reckoning.office.program["calls"][str(slot)]
        assert len(calls) == len(orders) == len(seized[slot])
        for order, call, name in zip(orders, calls, seized[slot], strict=True):
            words = [what for _, what in call["log"]]
            seen[order["expect"]] += 1
            good = {
                "we answer, they clear": ["seized", "accepted", "answered", "clears", "end"],
                "we answer, we clear": ["seized", "accepted", "answered", "cleared: normal", "end"],
                "given up": words if words[-2:] == ["clears", "end"] or call in reckoning.crossed else [],
            }.get(order["expect"], ["seized", f"cleared: {order['expect']}", "end"])
            fact = originated.get(name)
            if words != good:
                wrong.append((order, words))
            # What has no number in our plan never becomes a call; what was given up may not have come so far.
            if fact is None:
                wrong += [(order, "no call")] if order["expect"] != "given up" and order["called"] not in ("44", "8999", "3") else []
            elif (fact.called, fact.calling) != (order["called"], order["calling"] or ""):
                wrong.append((order, fact))
    assert wrong == [], f"seed {SEED}"
    assert set(seen) == {"we answer, they clear", "we answer, we clear", "busy", "unallocated", "congestion", "given up"}


def test_our_calls_arrive_with_what_it_asks_for(reckoning):
    callers, reached = {}, defaultdict(list)
    for fact in reckoning.office.facts:
        if isinstance(fact, facts.Originated):
            callers[fact.call] = fact.calling
        elif isinstance(fact, facts.NetworkReached) and fact.line.startswith("peer/"):
            reached[int(fact.line.removeprefix("peer/"))].append(fact)
    wrong, asked, ended = [], Counter(), Counter()
    for slot, calls in by_slot(reckoning.by_us).items():
        assert len(calls) == len(reached[slot])
        context = OUR_SLOTS[str(slot)]
        for call, fact in zip(calls, reached[slot], strict=True):
            ended[" ".join(what for _, what in call["log"][1:])] += 1
            if "called" not in call:
                continue
            asked[context] += 1
            shown = "" if callers[fact.call] == WITHHELD else callers[fact.call]
            calling = {"counted": shown[:4], "category": "", "anonymous": ""}.get(context, shown)
            if (call["called"], call["calling"]) != (fact.called, calling):
                wrong.append((context, call, fact))
    assert wrong == [], f"seed {SEED}"
    assert set(asked) == set(OUR_SLOTS.values()), asked
    for refusal in REFUSALS.values():
        assert any(f"refuses: {refusal}" in story for story in ended), ended
    assert ended["offered accepted answers clears end"] >= 10, ended
    assert ended["offered accepted answers cleared: normal end"] >= 10, ended
    early = ("cleared: normal end", "offered cleared: normal end", "offered accepted cleared: normal end")
    assert any(ended[story] for story in early), ended


def test_numbers_of_unknown_length_are_ended_by_a_pulse(reckoning):
    pulsed = [text for text in reckoning.logs.values() if "no more DNIS" in text]
    whole = [text for text in pulsed if any(f"DNIS so far: {number}, expected" in text for number in OPEN)]
    assert len(whole) == len(pulsed) >= 5
    by_category = [text for text in pulsed if "MF Tx >> 6 [ON]" in text.split("no more DNIS")[1]]
    assert 0 < len(by_category) < len(pulsed), "both a pulsed A6 and a pulsed A3"


def test_speech_goes_both_ways(reckoning):
    office = reckoning.office
    welcome = office.prompts["welcome"]
    heard = [Path(call["heard"]).read_bytes() for call in reckoning.calls if "heard" in call]
    theirs = [octets for octets in heard if likeness(octets, welcome) > 0.99]
    assert len(theirs) >= 20, f"libopenr2 heard our prompt in {len(theirs)} of {len(heard)} calls"
    for call in reckoning.by_caller:
        if call["called"] == "10086" and "heard" in call and len(Path(call["heard"]).read_bytes()) >= 4 * 8000:
            assert likeness(Path(call["heard"]).read_bytes(), welcome) > 0.99, call
    # A recording begins a moment after the answer, and libopenr2 speaks at once.
    sound = office.sound[len(office.sound) // 4 :]
    ours = [octets for octets in office.recorded.values() if likeness(bytes(octets[0::2]), sound) > 0.99]
    assert len(ours) >= 20, f"we heard libopenr2's sound in {len(ours)} of {len(office.recorded)} calls"


def test_every_setting_of_libopenr2_is_used():
    assert set(OUR_SLOTS.values()) | {"caller", "caller told vacant"} == set(CONTEXTS)
