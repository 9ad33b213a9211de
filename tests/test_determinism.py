"""One seed, one run: the journal of a simulation is the same octet for octet, whatever PYTHONHASHSEED is (testplan A1)."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from drivers.far_end.traffic import Load
from pbx.simulate import Run
from pbx.vocabulary.facts import encode
from tests.lab import configuration_of, sound_for
from tests.test_clearing import every_storm

HOME = Path(__file__).resolve().parent.parent
LOAD = Load(calls_per_hour=1200, inside_calls_per_hour=200, talk_seconds=20, patience_seconds=40)


def journal_digest(seed, minutes=2.0):
    """SHA-256 of all facts of a run, and how many they were."""
    configuration = configuration_of()
    sounds = {row.name: sound_for(row.name, row.melody) for row in configuration.prompts}
    run = Run(configuration, sounds, seed, tokens=True, traffic=LOAD)
    digest = hashlib.sha256()
    append = run.simulation.exchange.floor._append

    def noted(fact):
        digest.update(encode(fact))
        append(fact)

    run.simulation.exchange.floor._append = noted
    run.go(minutes * 60)
    assert run.complaints() == [], f"seed {seed}"
    return f"{digest.hexdigest()} {run.tally.facts}"


def storm_digest(seed):
    """The same of a storm on every kind of line."""
    lab = every_storm(seed)
    digest = hashlib.sha256()
    for fact in lab.story:
        digest.update(encode(fact))
    return f"{digest.hexdigest()} {len(lab.story)}"


def digests(hash_seed, seeds, made="journal_digest"):
    code = f"from tests.test_determinism import {made}\nfor seed in {list(seeds)!r}: print(seed, {made}(seed))"
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(HOME)}
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_same_seed_same_journal_with_any_hash_seed(long):
    """100 seeds here, 1 000 with --long."""
    seeds = range(1000) if long else range(0, 1000, 10)
    first, second = (digests(hash_seed, seeds) for hash_seed in (0, 4711))
    assert len(first) == len(seeds)
    assert [line for line, other in zip(first, second, strict=True) if line != other] == []
    assert len({line.split()[1] for line in first}) == len(seeds)
    assert min(int(line.split()[2]) for line in first) > 100


def test_same_seed_same_storm_on_every_kind_of_line(long):
    """8 seeds here, two of each office; 200 with --long."""
    seeds = range(200 if long else 8)
    first, second = (digests(hash_seed, seeds, "storm_digest") for hash_seed in (0, 4711))
    assert [line for line, other in zip(first, second, strict=True) if line != other] == []
    assert len({line.split()[1] for line in first}) == len(seeds)
    assert min(int(line.split()[2]) for line in first) > 100
