"""The peers that our No. 7 is measured beside: that they are there when they are installed, that rows say so when they are not, and that
what is timed is done, at both ends and by both.

Rows are run for a moment only; figures are never judged.
"""

import json
import stat
import subprocess

import pytest

from benchmarks import libss7, no7_dissection, no7_links, no7_stack, tshark
from benchmarks.bench import BRIEF, bench_command
from benchmarks.no7_messages import isup_messages
from pbx.decode import seen_in
from pbx.signalling.ss7.isup import codec
from pbx.signalling.ss7.mtp3.label import CHINA

needs_libss7 = pytest.mark.skipif(not libss7.installed(), reason="libss7-dev is not installed")
needs_tshark = pytest.mark.skipif(not tshark.installed(), reason="tshark is not installed")
BESIDE_LIBSS7 = ("ss7.isup", "ss7.stack", "ss7.memory", "ss7.link", "ss7.million")
BESIDE_TSHARK = ("ss7.decode.isup.rel", "ss7.dissect")


def rows(capsys, monkeypatch, name):
    monkeypatch.setenv(BRIEF, "1")
    assert bench_command([name, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@needs_libss7
@pytest.mark.parametrize("name", BESIDE_LIBSS7)
def test_libss7_is_measured_in_the_same_run(capsys, monkeypatch, name):
    for row in rows(capsys, monkeypatch, name):
        assert row["peer"].startswith("libss7 2."), row
        assert row["ratio"] > 0
        assert "libss7: " in row["conditions"]


@needs_tshark
@pytest.mark.parametrize("name", BESIDE_TSHARK)
def test_tshark_is_measured_in_the_same_run(capsys, monkeypatch, name):
    for row in rows(capsys, monkeypatch, name):
        assert row["peer"].startswith("tshark"), row
        assert row["ratio"] > 0


@pytest.mark.parametrize("name", BESIDE_LIBSS7)
def test_without_libss7_a_row_has_no_peer_and_says_so(capsys, monkeypatch, name):
    monkeypatch.setattr(libss7, "HEADER", "no_such_header.h")
    for row in rows(capsys, monkeypatch, name):
        assert (row["peer"], row["peer_value"], row["ratio"]) == (None, None, None)
        assert libss7.ABSENT in row["conditions"]


@pytest.mark.parametrize("name", BESIDE_TSHARK)
def test_without_tshark_a_row_has_no_peer_and_says_so(capsys, monkeypatch, name):
    monkeypatch.setattr(tshark, "COMMAND", ("no-such-shark",))
    for row in rows(capsys, monkeypatch, name):
        assert (row["peer"], row["peer_value"], row["ratio"]) == (None, None, None)
        assert tshark.ABSENT in row["conditions"]


@needs_libss7
def test_the_program_around_libss7_is_clean_under_the_sanitizers(tmp_path):
    program = tmp_path / "libss7_timer"
    flags = (*libss7.FLAGS, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    subprocess.run(["gcc", *flags, "-o", program, libss7.SOURCE, f"-l:{libss7.LIBRARY}", "-lm"], check=True)
    timer = libss7.Timer(program)
    assert timer.calls_per_cpu_second(500) > 0
    assert timer.calls_per_cpu_second(500, 130) > 0
    assert timer.octets_per_call(100) >= 0
    assert timer.link_cpu_per_second(20, 0) > 0
    assert timer.link_cpu_per_second(20, 100) > 0


@needs_libss7
@pytest.mark.parametrize("arguments", [("call", 1, 1), ("calls", 1, 5000), ("memory", 5000, 0)])
def test_the_program_refuses_what_it_cannot_do(arguments):
    with libss7.timer() as timer, pytest.raises(libss7.WrongRunError, match="calls NUMBER STANDING"):
        timer._run(*arguments)


def answering(tmp_path, text):
    program = tmp_path / "peer"
    program.write_text(f"#!/bin/sh\necho {text}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return libss7.Timer(program)


@pytest.mark.parametrize("said", ["2.0.0 99 100 0 0.1", "2.0.0 100 99 0 0.1", "2.0.0 100 100 1 0.1"])
def test_calls_that_were_lost_or_complained_about_are_no_figure(tmp_path, said):
    timer = answering(tmp_path, said)
    with pytest.raises(libss7.WrongRunError):
        timer.calls_per_cpu_second(100)
    with pytest.raises(libss7.WrongRunError):
        timer.octets_per_call(100)


@pytest.mark.parametrize("said", ["2.0.0 0 0 0 0.1", "2.0.0 100 1300 0 0.1", "2.0.0 100 2800 1 0.1"])
def test_a_link_without_the_messages_that_were_asked_for_is_no_figure(tmp_path, said):
    with pytest.raises(libss7.WrongRunError):
        answering(tmp_path, said).link_cpu_per_second(10, 5.0)


def test_good_answers_become_figures(tmp_path):
    assert answering(tmp_path, "2.0.0 100 100 0 0.5").calls_per_cpu_second(100) == 200
    assert answering(tmp_path, "2.0.0 100 2800 0 0.5").link_cpu_per_second(10, 5.0) == 0.025
    assert answering(tmp_path, "2.0.0 0 0 0 0.5").link_cpu_per_second(10, 0) == 0.025
    assert answering(tmp_path, "2.0.0 1 1 0 0.5").name == "libss7 2.0.0"


def test_all_messages_cross_a_link_whose_units_c_passes():
    with no7_links.built() as timer:
        assert no7_links.cpu_per_second_in_c(timer, 0.0, 2.0) > 0
        assert no7_links.cpu_per_second_in_c(timer, 0.4, 20.0) > 0


def test_more_than_a_link_can_carry_is_no_figure():
    with no7_links.built() as timer, pytest.raises(RuntimeError, match="messages"):
        no7_links.cpu_per_second_in_c(timer, 1.5, 20.0)


def test_a_capture_with_other_packets_than_were_counted_is_no_figure(tmp_path):
    file = tmp_path / "calls.pcap"
    file.write_bytes(tshark.capture(no7_dissection.calls()[:50]))
    assert no7_dissection.read_per_second(file, 50) > 0
    with pytest.raises(RuntimeError, match="of 51 messages 50"):
        no7_dissection.read_per_second(file, 51)


def test_our_calls_that_do_not_come_to_rest_are_no_figure():
    stacks = no7_stack.WholeStacks(1)
    for _ in range(3):
        stacks.call(0)
    stacks.judge(3)
    stacks.call(1)
    with pytest.raises(RuntimeError, match="of 4 calls 4 answered, 3 at rest"):
        stacks.judge(4)
    stacks.clear()
    stacks.judge(4)


@needs_tshark
def test_tshark_and_we_read_the_same_of_what_is_measured(tmp_path):
    messages = no7_dissection.calls()[:50]
    file = tmp_path / "calls.pcap"
    file.write_bytes(tshark.capture(messages))
    said = subprocess.run([*tshark.COMMAND, file, *tshark.AS_FIELDS], capture_output=True, check=True, text=True).stdout.splitlines()
    theirs = [(int(words[0]), int(words[1])) for words in (line.split("\t") for line in said)]
    ours = [(seen.message.cic, int(seen.message.kind)) for seen in seen_in(file, CHINA)]
    assert ours == theirs == [(message.cic, int(message.kind)) for message in map(codec.decode, messages)]
    numbers = [line.split("\t")[2:4] for line in said[::5]]
    assert numbers == [[f"21{cic:08}", f"1391{cic:07}"] for cic in range(1, len(numbers) + 1)]


def test_a_command_that_fails_is_no_figure(tmp_path):
    file = tmp_path / "calls.pcap"
    file.write_bytes(tshark.capture([codec.encode(isup_messages("rel")[0])]))
    with pytest.raises(RuntimeError, match="ended with 2"):
        tshark.per_second(no7_dissection.OURS, ("--kind", "NONE"), file, 1)
