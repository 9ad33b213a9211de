"""Tokens tell the same story as sound: the traces of one seed, both ways, are the same step by step (design: two media, one exchange).

Each seed is one story of a few people who act some time after what they notice (an answer, a bell, a release), never after a tone, whose
recognition takes its own time in either medium. The steps of every call must be the same ones in the same order, each as long after
the one before it as in the other medium, to 60 ms; so must be the states of the agents. 200 seeds.
"""

import re
from random import Random

from drivers.far_end.story import Story, until
from pbx.vocabulary import facts
from tests.lab import Lab

SEEDS = 200
APART_S = 0.06


def caller_story(caller, random):
    """Dial, perhaps press something, hang up some time or be hung up on."""
    caller.dial(random.choice(("10086", "10086", "10086", "8003", "55500001")), restricted=random.random() < 0.1)
    if random.random() < 0.1:
        yield 0.05
        caller.hang_up()
    elif (yield until("alerting", seconds=15.0)) and (yield until("answered", seconds=8.0)):
        yield random.uniform(0.3, 4.0)
        if caller.line is not None and random.random() < 0.9:
            caller.press(random.choice("1112079"))
        yield until("released", seconds=random.uniform(1.0, 12.0))
    caller.hang_up()
    yield until("released", seconds=5)


def answers(phone, random):
    """Answer the bell, or do not."""
    if (yield until("bell", seconds=25.0)) and random.random() < 0.8:
        yield random.uniform(0.2, 3.0)
        phone.lift()
        yield random.uniform(1.0, 8.0)
        phone.hang_up()
    yield 0.5


def calls(phone, random):
    """Call somebody who does not answer, who does not exist, or nobody in particular."""
    yield random.uniform(0.0, 5.0)
    phone.lift()
    yield 1.0
    number = random.choice(("8007", "987650001", "*13", "8099", "9"))
    phone.press(number)
    # Not in the middle of a register's work, whose cycles (Q.457) need not be as long in either medium to the tick.
    yield random.uniform(16.0, 19.0) if number.startswith("98") else random.uniform(2.0, 5.0)
    phone.hang_up()
    yield 0.5


def told(seed, tokens):
    """The story of a seed."""
    random = Random(seed)
    with Lab(seed=seed, tokens=tokens) as lab:
        floor, distribution = lab.exchange.floor, lab.exchange.distribution
        floor.turn(distribution.log_on, "1001", "1001", lab.exchange.lines["sub-1/2"])
        floor.turn(distribution.ready, "1001")
        lab.network.subscriber("87650001")
        parties = [(lab.network.subscriber("13900000000"), caller_story)]
        parties += [(lab.network.telephones[number], script) for number, script in (("8002", answers), ("8003", answers), ("8006", calls))]
        stories = [Story(lab.simulation.clock, party, script(party, Random(random.random()))) for party, script in parties]
        for place, story in enumerate(stories):
            lab.simulation.clock.callLater(0.1 + place * 0.5, story.begin)
        lab.simulation.wait(lambda: all(story.done for story in stories), 120.0)
        lab.after(3.0)
    return lab


def words(step):
    """What happened, without how long somebody had waited for it or a tone was heard."""
    return re.sub(r"waited [0-9.]+ s| \([0-9]+ ms\)$", "", step.text)


def difference(sound, tokens):
    """The first difference of two runs, or an empty text."""
    for lab in (sound, tokens):
        lab.agents = [type(fact).__name__ for fact in lab.story if isinstance(fact, facts.AgentFact)]
    if sound.agents != tokens.agents:
        return f"agents {sound.agents} and {tokens.agents}"
    if len(sound.calls()) != len(tokens.calls()):
        return f"{len(sound.calls())} calls and {len(tokens.calls())}"
    for call in sound.calls():
        here, there = sound.steps(call), tokens.steps(call)
        for first, second in zip(here, there, strict=False):
            if (first.line, first.direction, words(first)) != (second.line, second.direction, words(second)):
                return f"call {call}: {first.at_s:.3f} s {first.line} {first.text}, {second.at_s:.3f} s {second.line} {second.text}"
        if len(here) != len(there):
            return f"call {call} has {len(here)} steps and {len(there)}"
        for place in range(1, len(here)):
            apart = (here[place].at_s - here[place - 1].at_s) - (there[place].at_s - there[place - 1].at_s)
            # A handset is put down by a person's clock, which began before the register that stands between.
            if abs(apart) > APART_S and here[place].text != "on-hook":
                return f"call {call}: {here[place].text} at {here[place].at_s:.3f} s comes {apart * 1000:+.0f} ms later in sound"
    return ""


def test_tokens_and_sound_tell_the_same_story(request):
    chosen = request.config.getoption("--seed")
    steps = 0
    for seed in range(SEEDS) if chosen is None else [chosen]:
        sound, tokens = told(seed, False), told(seed, True)
        assert difference(sound, tokens) == "", f"seed {seed}"
        steps += sum(len(sound.steps(call)) for call in sound.calls())
    assert steps > 0 if chosen is not None else steps > 30 * SEEDS
