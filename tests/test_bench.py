"""``zongji bench``: names, the form of what it prints, and that every benchmark runs; figures are never judged here."""

import json

import pytest

from benchmarks.bench import BRIEF, GROUPS, bench_command, chosen, known
from benchmarks.realtime import explained
from benchmarks.row import Row
from pbx.media_findings import LateTick

ONLY_WITH_RECORDINGS = ("accuracy.talk-off.people.", "accuracy.talk-off.music.")
KEYS = ["name", "value", "unit", "better", "peer", "peer_value", "ratio", "conditions"]


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    monkeypatch.setenv(BRIEF, "1")


def rows(capsys, *arguments):
    assert bench_command([*arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", ["clock", "sim", "r2", "ss7", "realtime", "dsp", "accuracy"])
def test_every_benchmark_prints_the_rows_it_names(capsys, name):
    found = rows(capsys, name)
    rows_named = [row for group in GROUPS if group.name == name for row in group.rows]
    names = [row["name"] for row in found]
    assert names == [row for row in rows_named if row in names or not row.startswith(ONLY_WITH_RECORDINGS)]
    for row in found:
        assert list(row) == KEYS
        assert row["better"] in ("lower", "higher")
        assert row["unit"]
        assert row["value"] >= 0
        assert (row["peer"] is None) == (row["peer_value"] is None)
        # Of nothing missed there is no ratio.
        assert (row["ratio"] is None) == (not row["peer_value"] or not row["value"])


def test_a_name_chooses_itself_or_what_begins_with_it_and_a_dot(capsys):
    assert [row["name"] for row in rows(capsys, "clock.100")] == ["clock.100"]
    assert [name for _, names in chosen("receivers") for name in names if name.count(".") == 1] == [
        "receivers.dtmf",
        "receivers.mfc",
        "receivers.progress",
        "receivers.fax",
        "receivers.all",
    ]
    assert [name for _, names in chosen("realtime.late") for name in names] == [
        "realtime.late",
        "realtime.late.explained",
        "realtime.late.unexplained",
        "realtime.late.worst",
    ]
    assert sorted(name for _, names in chosen(None) for name in names) == sorted(row for group in GROUPS for row in group.rows)


def test_the_table_says_each_condition_and_the_machine(capsys):
    assert bench_command(["clock.100"]) == 0
    said = capsys.readouterr()
    head, row, *rest = said.out.splitlines()
    assert head.split()[:4] == ["name", "value", "unit", "better"]
    assert row.split()[0] == "clock.100"
    assert "clock.100: 100 timers pending" in "\n".join(rest)
    assert "machine: " in rest[-1]
    assert "clock.100" in said.err


def test_an_unknown_name_is_refused_with_the_known_ones(capsys):
    assert bench_command(["clock.10"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert all(name in said.err for name in known())


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as ended:
        bench_command(["--help"])
    assert ended.value.code == 0
    assert "./zongji bench clock.10k" in capsys.readouterr().out


def test_a_ratio_says_how_many_times_better():
    assert Row("a", 10.0, "ns", "lower", "peer", 40.0).ratio == 4.0
    assert Row("a", 10.0, "calls/s", "higher", "peer", 40.0).ratio == 0.25
    assert Row("a", 10.0, "ns", "lower").ratio is None


def test_a_late_tick_is_explained_by_waiting_or_by_the_tick_it_follows():
    waited = LateTick(10, 35.0, 34.0, 0.0)
    making_up = LateTick(11, 25.2, 0.1, 0.0)
    assert explained([making_up, waited]) == 2
    assert explained([LateTick(10, 15.0, 0.5, 5.0)]) == 1
    assert explained([LateTick(10, 15.0, 0.5, 0.0)]) == 0
    # What follows an unexplained tick is not explained by it, nor by one that lies further back.
    assert explained([LateTick(10, 35.0, 0.0, 0.0), LateTick(11, 25.0, 0.0, 0.0)]) == 0
    assert explained([waited, LateTick(13, 25.2, 0.1, 0.0)]) == 1
