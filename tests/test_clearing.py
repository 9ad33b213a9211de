"""Clearing at any moment: whoever hangs up, whenever, both ends come back to rest and nothing is left behind (testplan I1-I8).

A case is a whole simulation with tokens: a few people, each with a list of things to do at random moments, among them hanging up at any
moment of anything. Afterwards everybody hangs up; both ends must be idle within 120 s and the standing checkers content. 300 cases, 10 000
with --long. With faults on the spans (cuts, slips, bursts, bit errors) the same holds 120 s after the last of them (liveness).
"""


import pytest

from drivers.far_end.telephone import Telephone
from pbx.vocabulary import facts
from tests.lab import Lab, LabError

CASES = 300
LONG_CASES = 10_000
NUMBERS = ("10086", "10086", "8001", "8003", "8009", "87650000", "5550000", "100")
INSIDE = ("8001", "8003", "8009", "987650001", "987650002", "10086", "*13", "*14", "*12", "8099", "9", "*")


class Actor:
    """One person who does things at random moments."""

    def __init__(self, lab, party, random, until):
        self.lab, self.party, self.random, self.until = lab, party, random, until
        lab.simulation.clock.callLater(random.uniform(0, 4), self.act)

    def act(self):
        if self.lab.now > self.until:
            return
        self.telephone() if isinstance(self.party, Telephone) else self.subscriber()
        # Most steps come soon: within a digit, a pulse, a recognition time; some late.
        self.lab.simulation.clock.callLater(self.random.choice((0.02, 0.1, 0.5, 2.0, 8.0)) * self.random.random() * 2, self.act)

    def subscriber(self):
        party, random = self.party, self.random
        if party.line is None:
            if random.random() < 0.5:
                party.dial(random.choice(NUMBERS), restricted=random.random() < 0.1)
        elif party.state == "ringing" and random.random() < 0.4:
            party.answer()
        elif random.random() < 0.15:
            party.hang_up()
        elif party.state == "talking":
            party.press(random.choice("0123456789*#"))

    def telephone(self):
        party, random = self.party, self.random
        if not party.off_hook:
            if random.random() < (0.5 if party.ringing else 0.15):
                party.lift()
        elif random.random() < 0.15:
            party.hang_up()
        else:
            party.press(random.choice((random.choice(INSIDE), random.choice("0123456789*#"), "1")))


def storm(lab, seconds=25.0, people=6):
    """Random doings of random people."""
    random = lab.random
    until = lab.now + seconds
    for n in range(2):
        agent = lab.exchange.distribution
        line = lab.exchange.lines[f"sub-1/{n + 2}"]
        lab.exchange.floor.turn(agent.log_on, f"100{n + 1}", f"100{n + 1}", line)
        lab.exchange.floor.turn(agent.ready, f"100{n + 1}")
    parties = [lab.network.telephones[number] for number in ("8001", "8002", "8003", "8009")]
    parties += [lab.network.subscriber(f"876500{n:02d}") for n in range(people)]
    for party in parties:
        Actor(lab, party, random, until)
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
