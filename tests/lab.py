"""The lab: a whole exchange with its network in virtual time, and people who act and notice, in sentences.

    with Lab() as lab:
        lab.agent("1001", at="8002")
        caller = lab.caller("13900000000").dials("10086")
        caller.hears("welcome").presses("1")
        lab.agent_of("8002").is_rung().answers()

Each sentence that expects something lets time pass until it has come, and fails with what was noticed instead. At the end everybody
hangs up and the standing checkers (pbx/checkers.py, pbx/at_rest.py) look at the whole run. A failure names seed and replay.
"""

import os
import random
from functools import lru_cache
from pathlib import Path

import numpy as np

from config.loader import check
from drivers.far_end.party import Subscriber
from drivers.far_end.telephone import Telephone
from pbx import at_rest
from pbx.checkers import Checkers
from pbx.prompts import melody
from pbx.simulation import Simulation
from pbx.sound_file import decode_alaw, encode_alaw
from pbx.tone_plan import china
from pbx.trace import steps_of, text_of
from pbx.vocabulary.facts import CallFact
from tests.ears import SoundEar, TokenEar
from tests.sounds_of_the_lab import sound_of

EXAMPLE = Path(__file__).parent.parent / "config/zongji.toml"
STEP_SECONDS = 0.1
LINKS_SECONDS = 90.0
QUIET_SECONDS = 120.0
"""Within so long after the last one has hung up both ends are idle (I2)."""


@lru_cache
def configuration_of(changes=()):
    """The example configuration with some of its text replaced: pairs of (old, new), each old found exactly once."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is found {text.count(old)} times in {EXAMPLE.name}"
        text = text.replace(old, new)
    found = check(text, str(EXAMPLE))
    assert not isinstance(found, list), "\n".join(map(str, found))
    return found


@lru_cache
def sound_for(name, notes):
    """The sound of a prompt: of constant length, melodies the real ones."""
    return encode_alaw(melody(notes)) if notes else sound_of(name)


def _is_in_order(relation):
    """Whether a far point of No. 7 is reached and its circuits are at rest."""
    return relation.in_order and all(circuit.state == "Idle" for circuit in relation.user_part.circuits.values())


class LabError(AssertionError):
    """Somebody waited in vain, or the run left something wrong behind."""


class Person:
    """A party of the far end, in sentences. Every verb returns the person, so sentences can be strung together."""

    def __init__(self, lab, party):
        self.lab, self.party = lab, party
        self.ear = (TokenEar if lab.tokens else SoundEar)(lab, self)
        self._read = 0

    def __getattr__(self, name):
        return getattr(self.party, name)

    # What the person does.

    def dials(self, number):
        """Call a number: a subscriber of the city at once, at a telephone with the handset lifted and the keys."""
        if isinstance(self.party, Subscriber):
            if not self.party.dial(number):
                self.fails(f"dials {number}, but no circuit is free")
        else:
            if not self.party.off_hook:
                self.lifts()
                self.lab.after(0.5)
            self.presses(number)
        return self

    def lifts(self):
        """Take the handset off the hook."""
        self._read = len(self.party.log)
        self.party.lift()
        self.ear.collect()
        return self

    def presses(self, keys):
        """Press keys, 0.1 s each with 0.1 s between them."""
        self.party.press(keys)
        return self

    def answers(self):
        """Lift the handset of a ringing telephone."""
        if isinstance(self.party, Telephone):
            return self.lifts()
        if self.party.state != "ringing":
            self.fails("answers, but is not being rung")
        self.party.answer()
        return self

    def speaks(self, prompt):
        """Say something from the prompts."""
        self.party.speak(prompt)
        return self

    def sends(self, tone):
        """Be a fax machine."""
        self.party.send(tone)
        return self

    def hangs_up(self):
        """End the call."""
        self.ear.collect()
        self.party.hang_up()
        return self

    # What the person notices.

    @property
    def off_line(self):
        """Whether there is nothing to hear: no line, or a handset that lies on its hook."""
        return self.party.line is None or (isinstance(self.party, Telephone) and not self.party.off_hook)

    def notices(self, *words, within=30.0):
        """Wait until something new that begins with one of the words is noticed."""

        def come():
            for place in range(self._read, len(self.party.log)):
                if self.party.log[place][1].startswith(words):
                    self._read = place + 1
                    return True
            return False

        if not self.lab.wait(come, within):
            self.fails(f"waits {within:g} s for {' or '.join(words)}")
        return self

    def is_rung(self, within=30.0):
        """Wait to be rung."""
        return self.notices("bell", "rung", within=within)

    def is_answered(self, within=30.0):
        """Wait until the call is answered."""
        return self.notices("answered", within=within)

    def is_released(self, within=30.0):
        """Wait until the circuit is let go, and a moment more for the exchange to notice it too."""
        self.notices("released", within=within)
        self.lab.after(0.1)
        return self

    def hears(self, prompt, within=15.0):
        """Wait until the prompt is heard."""
        if not self.lab.wait(lambda: self.ear.hears(prompt), within):
            self.fails(f"waits {within:g} s to hear {prompt}")
        return self

    def hears_nothing_of(self, prompt, during=2.0):
        """Let time pass; the prompt must not be heard in it."""
        self.ear.collect()
        self.lab.after(during)
        if self.ear.hears(prompt):
            self.fails(f"hears {prompt}")
        return self

    def hears_tone(self, tone, within=15.0):
        """Wait until a call progress tone is recognised."""
        if tone not in self.party.hearing:
            self.notices(f"hears {tone}", within=within)
        return self

    def fails(self, what):
        """Raise, with all that was noticed."""
        noticed = "; ".join(f"{at:.2f} {text}" for at, text in self.party.log[-12:]) or "nothing"
        raise LabError(
            f"at {self.lab.now:.2f} s {self.party.name} {what}\n  noticed: {noticed}\n  in the ear: {self.ear.description()}"
        )


class Lab:
    """One run."""

    def __init__(self, seed=1, tokens=False, changes=(), configuration=None, sounds=None, plant=None):
        self.seed, self.tokens = seed, tokens
        self.random = random.Random(seed)
        self.configuration = configuration or configuration_of(tuple(changes))
        self.sounds = sounds or {row.name: sound_for(row.name, row.melody) for row in self.configuration.prompts}
        self.story = []
        self.simulation = Simulation(self.configuration, china(), self.sounds, tokens=tokens, append=self._fact, plant=plant)
        self.simulation.recorders_read = False
        self.exchange, self.network = self.simulation.exchange, self.simulation.network
        self.faulty = False
        self.recorders_adopted = 0
        self._samples = {}
        self._people = {}
        trunks = {line.name for line in self.exchange.lines.values() if line.kind == "trunk"}
        self.checkers = Checkers(trunks.__contains__)
        self.finished = False
        if tokens:
            self._listen_to_tokens()
        self.prepare()
        self.simulation.start()
        relations = self.simulation.exchange.signalling.relations
        if not self.simulation.wait(lambda: all(_is_in_order(relation) for relation in relations), LINKS_SECONDS):
            raise LabError("the signalling links do not come into service")

    def prepare(self):
        """Whatever a kind of lab does before its lines come into service."""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if value is None:
            try:
                self.finish()
            except AssertionError as found:
                found.add_note(self.replay())
                raise
        else:
            value.add_note(self.replay())

    def replay(self):
        """How to see the same run again."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        return f"seed {self.seed}; to see it again: .venv/bin/python -m pytest '{test}' --seed {self.seed}"

    def _fact(self, fact):
        self.simulation.keep(fact)
        self.story.append(fact)
        self.checkers.take(len(self.story), fact)

    def _listen_to_tokens(self):
        ticker = self.simulation.ticker
        advance = ticker.advance

        def listened(now):
            advance(now)
            for person in self._people.values():
                person.ear.tick()

        ticker.advance = listened

    # Time.

    @property
    def now(self):
        """Seconds."""
        return self.simulation.clock.now

    def after(self, seconds):
        """Let time pass."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self._collect()
            self.simulation.run(min(1.0, end - self.now))
        self._collect()

    def wait(self, wanted, within):
        """Let time pass until ``wanted()``; False when it did not come."""
        end = self.now + within
        self._collect()
        while not wanted():
            if self.now >= end - 1e-9:
                return False
            self.simulation.run(min(STEP_SECONDS, end - self.now))
            self._collect()
        return True

    def _collect(self):
        for person in self._people.values():
            person.ear.collect()

    # People.

    def _person(self, party):
        if party.name not in self._people:
            self._people[party.name] = Person(self, party)
        return self._people[party.name]

    def caller(self, number, group=""):
        """A subscriber of the city network, whose calls come by a trunk group, or by any."""
        subscriber = self.network.subscriber(number)
        subscriber.group = group
        return self._person(subscriber)

    def telephone(self, extension):
        """The telephone set of an extension."""
        return self._person(self.network.telephones[extension])

    def agent(self, number, at, password=None):
        """An agent logs in by feature code at an extension; returns the telephone, back on its hook."""
        telephone = self.telephone(at).dials("*11")
        telephone.hears("agent_number").presses(f"{number}#")
        telephone.hears("agent_password").presses(f"{password or number}#")
        telephone.hears("accepted")
        telephone.hears_tone("busy").hangs_up()
        self.after(1.0)
        return telephone

    # What was written.

    def facts(self, kind, **fields):
        """The facts of a kind whose fields have these values."""
        return [
            fact for fact in self.story if isinstance(fact, kind) and all(getattr(fact, name) == value for name, value in fields.items())
        ]

    def calls(self):
        """The names of all calls, in the order in which they began."""
        return list(dict.fromkeys(fact.call for fact in self.story if isinstance(fact, CallFact)))

    def steps(self, call):
        """The steps of a call."""
        return steps_of((number, fact) for number, fact in enumerate(self.story, 1) if getattr(fact, "call", None) == call)

    def trace(self, call=None):
        """The trace of a call, as text; by default of all calls, one after the other."""
        if call is not None:
            return text_of(self.steps(call))
        return "\n".join(f"call {name}\n{self.trace(name)}" for name in self.calls())

    def records(self):
        """The call detail records so far."""
        return self.checkers.records

    def samples(self, name):
        """A prompt as linear samples, followed by its own beginning, as one hears it that is played over and over."""
        if name not in self._samples:
            once = decode_alaw(self.sounds[name]).astype(float)
            self._samples[name] = once if len(once) < 4 * 8000 else np.concatenate([once, once[:8000]])
        return self._samples[name]

    # The end.

    def finish(self):
        """Everybody hangs up; then both ends must come to rest and the checkers be content."""
        self.finished = True
        for party in [*self.network.subscribers.values(), *self.network.telephones.values()]:
            if party.off_hook if isinstance(party, Telephone) else party.line is not None:
                party.hang_up()
        self._collect()
        self.simulation.wait(lambda: at_rest.quiet(self.simulation), QUIET_SECONDS)
        self.simulation.run(1.0)
        for agent in self.exchange.distributor.agents:
            self.exchange.floor.turn(self.exchange.distribution.log_off, agent)
        complaints = at_rest.complaints(self.simulation, faults=self.faulty, recorders_adopted=self.recorders_adopted)
        found = [*self.checkers.finish(), *complaints]
        if found:
            raise LabError("the run leaves this behind:\n  " + "\n  ".join(found))
