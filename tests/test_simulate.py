"""``zongji simulate``: traffic of every kind on a whole exchange, its figures, and the checkers' verdict as exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.far_end.traffic import Load
from pbx.simulate import Run, simulate_command
from pbx.vocabulary import facts
from tests.lab import configuration_of, sound_for
from tests.offices import exchange_lines, office, tie_lines
from tests.storms import every_line

HOME = Path(__file__).resolve().parent.parent
BUSY = Load(calls_per_hour=900, inside_calls_per_hour=120, talk_seconds=30, patience_seconds=60)

CALLING_OUT = Load(calls_per_hour=600, inside_calls_per_hour=900, talk_seconds=30, patience_seconds=60)


def run_of(seed, tokens=True, minutes=10.0, load=BUSY, changes=(), configuration=None):
    configuration = configuration or configuration_of(tuple(changes))
    sounds = {row.name: sound_for(row.name, row.melody) for row in configuration.prompts}
    run = Run(configuration, sounds, seed, tokens=tokens, traffic=load)
    run.go(minutes * 60)
    return run


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_busy_quarter_of_an_hour_leaves_nothing_behind(seed):
    run = run_of(seed, minutes=15.0)
    assert run.complaints() == [], f"seed {seed}"
    figures = run.figures()
    assert figures["calls"] > 150
    assert figures["answered"] > 100
    assert figures["waited"] > 50
    assert figures["waited"] == sum(run.tally.reasons.values())
    assert sum(figures["causes"].values()) == figures["calls"]
    assert 0 < figures["trunk_occupancy"] < 1
    assert 0.5 < figures["agent_occupancy"] <= 1


@pytest.mark.parametrize("kind", range(4))
def test_traffic_over_every_kind_of_line(kind):
    configuration = every_line(kind)
    run = run_of(kind, minutes=10.0, load=CALLING_OUT, configuration=configuration)
    assert run.complaints() == [], f"kind {kind}"
    assert run.figures()["answered"] > 60
    lines, used = run.simulation.exchange.lines.values(), run.simulation.exchange.switch.circuit_watch.counters
    for group in ("city", "toll", "branch", "post", "direct"):
        assert any(used(line).answered for line in lines if line.group == group), f"nobody talks over {group}"
    assert any(used(line).incoming for line in lines if line.group == "post")


@pytest.mark.parametrize(
    "parts",
    [(exchange_lines(),), (exchange_lines(answer_supervision="reversal", ground_start=True),), (tie_lines(dialling="pulse"),)],
    ids=["exchange lines", "ground start", "tie lines"],
)
def test_traffic_in_offices_of_one_more_kind(parts):
    run = run_of(6, minutes=5.0, configuration=office(*parts))
    assert run.complaints() == []


def test_the_same_in_sound():
    run = run_of(4, tokens=False, minutes=5.0)
    assert run.complaints() == []
    assert run.figures()["answered"] > 30


def test_more_traffic_than_circuits_and_glare():
    run = run_of(5, minutes=10.0, load=Load(calls_per_hour=6000, inside_calls_per_hour=900, talk_seconds=30))
    assert run.complaints() == []
    assert run.simulation.network.floor.counters.get("fault", 0) == 0
    assert run.figures()["trunk_occupancy"] > 0.4


def test_the_command_prints_one_object_and_the_same_every_time():
    command = [sys.executable, "-m", "pbx", "simulate", "config/zongji.toml", "--seed", "7", "--hours", "0.2", "--json"]
    texts = [subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    first, second = ({k: v for k, v in json.loads(text).items() if not k.startswith(("wall_", "cpu_"))} for text in texts)
    assert first == second
    assert first["complaints"] == 0
    assert first["calls"] > 0


def test_a_wrong_configuration_is_told_and_ends_with_2(tmp_path, capsys):
    path = tmp_path / "bad.toml"
    path.write_text("[exchange]\nname = 5\n", encoding="utf-8")
    assert simulate_command([str(path)]) == 2
    assert f"{path}:2:" in capsys.readouterr().err


def test_a_checker_that_complains_is_heard():
    run = run_of(1, minutes=1.0)
    run._append(facts.ServiceInitiated(run.simulation.clock.now, "lost-1", 1, "e1-1/1"))
    assert any("lost-1" in text for text in run.complaints())


def test_traffic_needs_nothing_but_a_seed():
    attempts = [run_of(seed, minutes=2.0).tally.figures(1.0) for seed in (11, 11, 12)]
    assert attempts[0] == attempts[1] != attempts[2]
