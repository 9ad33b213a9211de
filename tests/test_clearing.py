"""Clearing at any moment: whoever hangs up, whenever, both ends come back to rest and nothing is left behind (testplan I1-I8).

A case is a whole simulation with tokens: a few people, each with a list of things to do at random moments, among them hanging up at any
moment of anything. Afterwards everybody hangs up; both ends must be idle within 120 s and the standing checkers content. 300 cases, 10 000
with --long. With faults on the spans (cuts, slips, bursts, bit errors) the same holds 120 s after the last of them (liveness).
"""


import pytest

from pbx.vocabulary import facts
from tests.lab import Lab, LabError
from tests.storms import PEOPLE, Actor, EveryActor, every_line, meet

CASES = 300
LONG_CASES = 10_000
EVERY_CASES = 60
EVERY_LONG_CASES = 3000


def log_in(lab):
    """Two agents."""
    for n in range(2):
        agent = lab.exchange.distribution
        line = lab.exchange.lines[f"sub-1/{n + 2}"]
        lab.exchange.floor.turn(agent.log_on, f"100{n + 1}", f"100{n + 1}", line)
        lab.exchange.floor.turn(agent.ready, f"100{n + 1}")


def storm(lab, seconds=25.0, people=6):
    """Random doings of random people."""
    random = lab.random
    until = lab.now + seconds
    log_in(lab)
    parties = [lab.network.telephones[number] for number in ("8001", "8002", "8003", "8009")]
    parties += [lab.network.subscriber(f"876500{n:02d}") for n in range(people)]
    for party in parties:
        Actor(lab.simulation, party, random, until)
    lab.simulation.run(seconds + 20.0)


def case(seed):
    with Lab(seed=seed, tokens=True) as lab:
        storm(lab)
    return lab


def test_clearing_at_any_moment_leaves_nothing_behind(long, request):
    chosen = request.config.getoption("--seed")
    seeds = range(LONG_CASES if long else CASES) if chosen is None else [chosen]
    calls, causes = 0, set()
    for seed in seeds:
        try:
            lab = case(seed)
        except AssertionError as found:
            raise LabError(f"seed {seed}: {found}") from found
        calls += len(lab.calls())
        causes |= {fact.cause for fact in lab.facts(facts.ConnectionCleared)}
    if chosen is None:
        assert calls > 5 * len(seeds)
        assert {1, 16, 17} <= causes


def every_storm(seed, tokens=True, seconds=40.0, faults=0):
    """Random doings of people on lines of every kind, some of whom hold out longer than others; so many faults at most."""
    with Lab(seed=seed, tokens=tokens, configuration=every_line(seed % 8)) as lab:
        log_in(lab)
        lab.faulty = faults > 0
        for _ in range(lab.random.randrange(1, faults + 1) if faults else 0):
            lab.simulation.clock.callLater(lab.random.uniform(0, seconds), fault, lab, lab.random)
        city = [lab.network.subscriber(f"8765000{n}") for n in range(8)]
        meet(lab.simulation, lab.random, city)
        for party in [*(lab.network.telephones[number] for number in PEOPLE), *city]:
            EveryActor(lab.simulation, party, lab.random, lab.now + seconds, lab.random.choice((0.03, 0.15)))
        lab.simulation.run(seconds + 20.0)
    return lab


def test_clearing_at_any_moment_on_every_kind_of_line(long, request):
    chosen = request.config.getoption("--seed")
    seeds = range(EVERY_LONG_CASES if long else EVERY_CASES) if chosen is None else [chosen]
    groups, happened = set(), set()
    for seed in seeds:
        try:
            lab = every_storm(seed)
        except AssertionError as found:
            raise LabError(f"seed {seed}: {found}") from found
        groups |= {(lab.exchange.lines[fact.line].group, type(fact)) for fact in lab.facts(facts.Established)}
        happened |= {type(fact) for fact in lab.story}
    if chosen is None:
        assert {group for group, _ in groups} == {"", "city", "post", "direct", "branch", "toll"}
        assert {facts.Suspended, facts.Resumed, facts.CallWaited, facts.Charged, facts.NumberExtended} <= happened
        assert {facts.Held, facts.Retrieved} <= happened


def fault(lab, random):
    """One fault on a random span, in a random direction; what lasts is ended after a while."""
    wires = random.choice((lab.simulation.near_wires, lab.simulation.far_wires))
    faults = random.choice(wires).faults(0)
    kind = random.choice(("cut", "slip", "burst", "errors", "alarm", "frames", "remote"))
    later = lab.simulation.clock.callLater
    if kind == "slip":
        faults.slip(random.random() < 0.5)
    elif kind == "burst":
        faults.burst(random.randrange(80), random.randrange(80, 8000), random.randrange(1 << 30))
    elif kind == "errors":
        faults.bit_errors(random.choice((1e-5, 1e-4, 1e-3)), random.randrange(1 << 30))
        later(random.uniform(1, 10), faults.bit_errors, 0.0, 0)
    else:
        put = {"cut": faults.cut, "alarm": faults.alarm_indication, "frames": faults.no_frames, "remote": faults.remote_alarm}[kind]
        put(True)
        later(random.choice((0.05, 0.5, 2.0, 6.0)) * random.uniform(0.5, 2), put, False)


@pytest.mark.parametrize("tokens", [False, True])
def test_after_faults_on_the_spans_both_ends_come_to_rest(tokens, long, request):
    """Safety while they last, liveness after them."""
    chosen = request.config.getoption("--seed")
    count = (1000 if tokens else 100) if long else (40 if tokens else 6)
    for seed in range(count) if chosen is None else [chosen]:
        try:
            with Lab(seed=seed, tokens=tokens) as lab:
                lab.faulty = True
                for _ in range(lab.random.randrange(1, 6)):
                    lab.simulation.clock.callLater(lab.random.uniform(0, 25), fault, lab, lab.random)
                storm(lab)
        except AssertionError as found:
            raise LabError(f"seed {seed}: {found}") from found


@pytest.mark.parametrize("tokens", [False, True])
def test_after_faults_on_every_kind_of_line_both_ends_come_to_rest(tokens, long, request):
    chosen = request.config.getoption("--seed")
    count = (1000 if tokens else 100) if long else (24 if tokens else 4)
    for seed in range(count) if chosen is None else [chosen]:
        try:
            every_storm(seed, tokens, seconds=25.0, faults=6)
        except AssertionError as found:
            raise LabError(f"seed {seed}: {found}") from found
