"""A thousand calls with libopenr2 over thirty circuits, both ends calling at once and clearing at random moments, on a line that fails.

The line suffers bursts and showers of bit errors on time slot 16 and sound alike, slips, alarms shorter and longer than the persistence
time, remote alarms, cuts; once more with 40 ms more of line each way. In the end nothing may be stuck: all circuits idle at both ends, each
seizure released once, a record for each chargeable leg, no fault of ours. What is unexpected on such a line is counted and is no fault.

By its nature libopenr2 has no recognition time for bits, takes no bits while an alarm stands, and has no timer for a release guard: it may
wait for what has been (release guard, clear-forward) with our end long at rest. Its user lets it read the bits when an alarm is over, and
sets a channel idle by hand, as an operator does, 12 s after he has cleared or refused, or when it has shown our idle code for as long:
``rests``, at most 4 % of the calls. A long alarm loses our call and not libopenr2's, whose user clears it. Seeds are printed.
"""

import random
import sys
from collections import Counter
from contextlib import closing

import pytest

from drivers.far_end.story import Story, until
from pbx.vocabulary import facts
from tests.interop.openr2 import library as openr2
from tests.interop.openr2.circuits import SLOTS
from tests.interop.openr2.facing import CHINA
from tests.interop.openr2.office import Office

pytestmark = pytest.mark.skipif(not openr2.installed(), reason=f"{openr2.LIBRARY} is not installed (Debian package libopenr2-dev)")

CALLERS = 26
ANSWERED = ("5541", "55612", "61234567", "02061234567")
REFUSED = {"5550001": "busy", "5550002": "congestion", "5550003": "unallocated"}
PERSISTENCE_S = 2.5
LIMIT_S = 3000.0


def their_calls(generator, each):
    """libopenr2's calls by time slot; every other one is cleared at a random moment, from the seizure on."""
    calls = {}
    for slot in SLOTS:
        calls[f"{slot}"] = orders = []
        for _ in range(each):
            order = {"called": generator.choice(["112", "112", "10086", "3", "77123456789012345678"]), "gap": generator.uniform(0.1, 6.0)}
            order |= {"calling": generator.choice(["13900000000", "", None, "110"])}
            order["give_up"] = generator.uniform(0.1, 5.0) if generator.random() < 0.5 else 25.0
            orders.append(order | ({"hold": generator.uniform(0.1, 4.0)} if generator.random() < 0.5 else {}))
    return calls


def caller(subscriber, generator, wanted):
    """A subscriber of the city who calls libopenr2 through us again and again, as long as ``wanted()``."""
    while wanted():
        yield generator.uniform(0.2, 3.0)
        if not subscriber.dial(f"9{generator.choice([*ANSWERED, *ANSWERED, *REFUSED])}"):
            continue
        patience = generator.uniform(0.1, 6.0) if generator.random() < 0.5 else 20.0
        what = yield until("answered", "released", seconds=patience)
        if what == "answered":
            what = yield until("released", seconds=generator.uniform(0.1, 4.0))
        if what is None:
            subscriber.hang_up()
            yield until("released", seconds=10.0)


class Begun:
    """How many legs on the span to libopenr2 each end began, so far."""

    def __init__(self, journal):
        self._journal, self._read, self._counted = journal, 0, Counter()

    def count(self):
        for fact in self._journal[self._read :]:
            if isinstance(fact, facts.NetworkReached | facts.ServiceInitiated) and fact.line.startswith("peer/"):
                self._counted[type(fact).__name__] += 1
        self._read = len(self._journal)
        return self._counted


class BadLine:
    """Faults at random moments on either direction of the span to libopenr2, one after another."""

    def __init__(self, office, generator):
        self.clock = office.sim.clock
        self.wire = office.sim.near_wires[0]
        self.generator = generator
        self.on = True
        self.done = Counter()
        self._next()

    def _next(self):
        if self.on:
            self.clock.callLater(self.generator.uniform(0.3, 2.5), self._fault)

    def _fault(self):
        chance = self.generator
        faults = self.wire.faults(0, chance.choice(["received", "sent"]))
        what = chance.choices(["burst", "errors", "slip", "short alarm", "long alarm", "remote alarm"], weights=[40, 25, 20, 10, 1.5, 3.5])[
            0
        ]
        self.done[what] += 1
        seed, seconds = chance.randrange(1 << 30), 0.0
        if what == "burst":
            faults.burst(chance.randrange(80), chance.randrange(4, 320), seed)
        elif what == "errors":
            faults.bit_errors(10 ** chance.uniform(-5, -3), seed)
            seconds = chance.uniform(0.1, 1.0)
        elif what == "slip":
            # The clock of the receiver slips; libopenr2's framer is its own.
            self.wire.faults(0, "received").slip(chance.random() < 0.5, chance.randrange(1, 80))
        elif what == "remote alarm":
            faults.remote_alarm()
            seconds = chance.uniform(0.1, 1.0)
        else:
            chance.choice([faults.cut, faults.alarm_indication, faults.no_frames])()
            seconds = chance.uniform(0.05, 1.5) if what == "short alarm" else PERSISTENCE_S + chance.uniform(1.0, 3.0)
        self.clock.callLater(seconds, self._mend, faults)

    def _mend(self, faults):
        faults.clear()
        self._next()


def at_rest(state):
    """Call, R2 state and both directions' bits are idle; bits that came back from an error it names by their number."""
    bits = CHINA.variant.data.bits
    call, line, received, sent = state
    return (call, line, sent) == ("Idle", "Idle", "IDLE") and received in ("IDLE", f"0x{CHINA.idle_bits & bits.mask:02X}")


def storm(folder, seed, calls, delay_blocks):
    """Run it; office, bad line, libopenr2's account, and how many calls either end began."""
    generator = random.Random(seed)
    program = {
        "calls": their_calls(generator, -(-calls // 2 // len(SLOTS))), "delay_blocks": delay_blocks, "rest_after": 12.0,
        "expects_blocking": True, "contexts": {"both": CHINA.context(folder, "callee")},
        "answers": {number: {"refuse": refusal} for number, refusal in REFUSED.items()}
        | {number: {"ring": generator.uniform(0.0, 1.0), "hold": generator.choice([0.5, 2.0, None])} for number in ANSWERED},
    }  # fmt: skip
    theirs = sum(map(len, program["calls"].values()))
    with closing(Office(folder, program, hunt="longest-idle", early=False)) as office:
        begun = Begun(office.facts)
        line = BadLine(office, generator)
        wanted = calls - calls // 2
        stories = []
        for n in range(CALLERS):
            subscriber = office.sim.network.subscriber(f"139{n:08}")
            script = caller(subscriber, random.Random(f"{seed} {n}"), lambda: begun.count()["NetworkReached"] < wanted)
            stories.append(Story(office.sim.clock, subscriber, script))
            stories[-1].begin()
        over = office.run_until(lambda: all(story.done for story in stories) and begun.count()["ServiceInitiated"] >= theirs * 0.9, LIMIT_S)
        assert over, f"seed {seed}: {begun.count()}"
        line.on = False
        office.run(180.0)
        return office, line, office.finish(), begun.count()


@pytest.mark.parametrize("delay_blocks", [0, 4])
def test_nothing_is_stuck_after_a_thousand_calls_on_a_bad_line(delay_blocks, seed, long, tmp_path, capsys):
    calls = 1000 if not delay_blocks else 300
    for run in range(20 if long else 1):
        folder = tmp_path / f"{run}"
        folder.mkdir()
        number = seed + 1000 * run
        office, line, reckoning, begun = storm(folder, number, calls, delay_blocks)
        result = reckoning.result
        ends = Counter(call["log"][-1][1].partition(":")[0] for call in result["calls"])
        with capsys.disabled():
            sys.stdout.write(
                f"\nseed {number}, {10 * delay_blocks} ms more each way: {dict(begun)}, faults {dict(line.done)}, "
                f"libopenr2's calls end {dict(ends)}, {len(result['rests'])} set idle by hand, {result['seconds']:.0f} s of line\n"
            )
        floor = office.sim.exchange.floor
        wrong = office.checkers.finish() + floor.faults + office.sim.network.floor.faults
        for one in office.sim.exchange.lines.values():
            if one.leg is not None or not one.idle or one.blocked:
                wrong.append(f"our line {one.name} is left {one.engine.state}, leg {one.leg}, idle {one.idle}, blocked {one.blocked}")
        wrong += [f"libopenr2's slot {slot} is left {state}" for slot, state in result["states"].items() if not at_rest(state)]
        assert wrong == [], f"seed {number}: " + "\n".join(wrong)
        assert floor.counters["fault"] == 0 and not office.sim.exchange.switch.calls
        assert sum(begun.values()) >= calls * 0.9, f"seed {number}: {begun}"
        cleared = [(f.call, f.leg) for f in office.facts if isinstance(f, facts.ConnectionCleared) and f.line.startswith("peer/")]
        assert len(cleared) == len(set(cleared)) == sum(begun.values()), f"seed {number}"
        assert len(result["rests"]) <= 0.04 * calls, f"seed {number}: {result['rests']}"
