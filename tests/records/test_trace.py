"""The trace: a golden text, JSON that says the same, every fact has words, and the two commands."""

import json

import pytest

from pbx import trace
from pbx.journal import Journal, MemoryRing
from pbx.store import STORE_FILE, Store
from pbx.vocabulary import facts
from tests.records.story import everything, is_trunk, outgoing_call, queued_call

GOLDEN = """\
+    0.000  e1-1/1   <- seizure 0011
+    0.000  e1-1/1   == call begins
+    0.010  e1-1/1   -> seizure acknowledged 1011
+    1.500  e1-1/1   == leg 1 calls 10086 (calling 13900000000)
+    1.750  e1-1/1   == leg 1 answered
+    1.750  e1-1/1   == leg 1 flow main_menu step welcome
+    1.750  e1-1/1   == leg 1 recording c1-1 begins
+    4.000  e1-1/1   == leg 1 flow main_menu step choice
+    6.000  e1-1/1   == leg 1 digits 1
+    6.250  e1-1/1   == leg 1 waits (queue sales, position 1)
+    6.500  a-9      == leg 2 is rung (called 8009, calling 13900000000, agent bo)
+   16.500  a-9      == leg 2 offer withdrawn: no answer (agent bo)
+   16.500  e1-1/1   == leg 1 waits again in front (queue sales, position 1)
+   16.500  a-9      == leg 2 over: 19 no answer from user
+   17.000  a-1      == leg 3 is rung (called 8001, calling 13900000000, agent ada)
+   20.000  a-1      == leg 3 answered (agent ada)
+   20.000  e1-1/1   == leg 1 leaves queue sales: answered (waited 13.750 s, agent ada)
+   20.000  e1-1/1   == leg 1 talks with leg 3
+   30.000  e1-1/1   == leg 1 held, hears music
+   40.000  e1-1/1   == leg 1 retrieved
+   80.000  e1-1/1   == leg 1 recording c1-1 ends
+   80.000  e1-1/1   == leg 1 over: 16 normal clearing
+   81.000  a-1      == leg 3 over: 16 normal clearing
+   81.000           == call over: 16 normal clearing
"""


def numbered(story):
    return list(enumerate(story, 1))


def test_the_trace_of_a_call_is_the_golden_text():
    assert trace.text_of(trace.steps_of(numbered(queued_call()))) == GOLDEN


def test_objects_say_what_the_text_says():
    objects = trace.objects_of(trace.steps_of(numbered(queued_call())))
    assert len(objects) == len(GOLDEN.splitlines())
    assert objects[0] == {"at_ms": 0.0, "line": "e1-1/1", "direction": "in", "text": "seizure 0011", "sequence": 3}
    assert objects[9]["fact"] == "Queued" and objects[9]["at_ms"] == 6250.0
    json.dumps(objects)


def test_what_came_in_stands_before_the_fact_and_what_went_out_behind_it():
    lines = [(5.0, "e1-1/1", "-> clear back 1111"), (5.0, "e1-1/1", "<- clear forward 1011"), (5.0, "e1-1/1", "?? unexpected A3")]
    story = [facts.ConnectionCleared(5.0, "c", 1, "e1-1/1", cause=16), facts.Traced(5.0, "c", 1, "e1-1/1", lines=lines)]
    steps = trace.steps_of(numbered(story))
    assert [step.direction for step in steps] == ["in", "unexpected", "fact", "out"]


def test_a_trace_is_ascii_and_columns_hold_for_long_names():
    story = [
        facts.ServiceInitiated(0.0, "c", 1, "span-of-the-city/31"),
        facts.Traced(1.0, "c", 1, "e1-1/1", lines=[(1.0, "e1-1/1", "receiver \u96f6 on")]),
    ]
    text = trace.text_of(trace.steps_of(numbered(story)))
    assert text.isascii() and "receiver \\u96f6 on" in text
    assert len({line.index("==" if "==" in line else "receiver") - 3 * ("receiver" in line) for line in text.splitlines()}) == 1


@pytest.mark.parametrize("name", sorted(set(facts.KINDS) - set(facts.ABSTRACT)))
def test_every_kind_of_fact_has_words(name):
    kind = facts.KINDS[name]
    needed = {"source": "s", "text": "t", "who": "w", "verb": "v", "epoch": 1, "call": "c", "agent": "a", "line": "l", "span": "e1"}
    fact = kind(1.0, **{field: value for field, value in needed.items() if field in kind.__struct_fields__})
    words = trace.words_of(fact)
    assert words and "\n" not in words
    if issubclass(kind, facts.CallFact) and kind is not facts.Traced:
        assert kind in trace.WORDS


def test_spans_have_words_of_their_own():
    assert trace.words_of(facts.TimingSourceChanged(0.0, "e1-1", 1, 0)) == "span e1-1 is clocked by its own crystal, no more by span 1"
    assert trace.words_of(facts.TimingSourceChanged(0.0, "e1-1", 0, 2)) == "span e1-1 is clocked by span 2, no more by its own crystal"
    assert trace.words_of(facts.SpanMaintained(0.0, "e1-1", "loop-line", refused="no such order")) == "loop-line of e1-1: no such order"
    assert trace.words_of(facts.SpanMaintained(0.0, "e1-1", "loop-channel", "e1-1/5")) == "loop-channel of e1-1/5: done"


def test_the_live_trace_writes_each_call_from_its_own_zero():
    written = []
    journal = Journal(MemoryRing())
    journal.subscribe("CallFact", trace.LiveTrace(written.append).show)
    for fact in outgoing_call():
        journal.append(fact)
    assert written[0] == "c2       +    0.000  a-2      == call begins"
    assert written[2] == "c2       +    3.000  e1-1/7   == leg 2 trunk circuit taken (called 13800000000, group city)"
    assert len(written) == len(outgoing_call())


@pytest.fixture
def data(tmp_path, monkeypatch):
    ring = MemoryRing()
    for fact in everything():
        Journal(ring).append(fact)
    store = Store(tmp_path / "var" / "one" / STORE_FILE, ring, is_trunk)
    store.drain()
    store.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "var" / "one"


def test_trace_command_finds_the_newest_store(data, capsys):
    assert trace.trace_command(["c1"]) == 0
    lines = capsys.readouterr().out.splitlines(keepends=True)
    agents = [line for line in lines if "agent ada:" in line]
    assert agents == [
        "+   17.000  a-1      == agent ada: Busy (reason offered)\n",
        "+   80.000  a-1      == agent ada: WorkingAfterCall\n",
    ]
    assert "".join(line for line in lines if line not in agents) == GOLDEN
    assert trace.trace_command(["last", "--json", "--data", str(data)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["text"] == "call over: 17 user busy"


def test_calls_command_lists_the_newest_last(data, capsys):
    assert trace.calls_command(["--limit", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == list(trace.CALL_COLUMNS)
    assert [line.split()[0] for line in lines[1:]] == ["c2", "c3", "c4"]
    assert lines[-1].endswith("17 user busy")
    assert trace.calls_command(["--json"]) == 0
    calls = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (record,) = calls[0]["records"]
    assert record["recordings"] == ["c1-1"] and [part["kind"] for part in record["segments"]][2:4] == ["queue", "talk"]
    assert trace.calls_command(["--open"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_commands_say_what_to_do_when_there_is_nothing(data, tmp_path, monkeypatch, capsys):
    assert trace.trace_command(["c99"]) == 1
    assert "zongji calls" in capsys.readouterr().err
    assert trace.trace_command(["c1", "--data", str(tmp_path)]) == 1
    assert "no store" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert trace.calls_command([]) == 1
    assert "zongji demo" in capsys.readouterr().err


@pytest.mark.parametrize("command", [trace.calls_command, trace.trace_command])
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as ended:
        command(["--help"])
    assert ended.value.code == 0 and "example: zongji" in capsys.readouterr().out
