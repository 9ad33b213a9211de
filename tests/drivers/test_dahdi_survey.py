"""What DAHDI says is there: every kind of machine, every word of the kernel, and anything at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from drivers.dahdi_survey import ALARMS, COUNTERS, SIGNALLINGS, parse_span, survey
from tests.drivers.machines import MACHINES, files_of, unpack

TEXTS = [text for machine in MACHINES for path, text in files_of(machine).items() if path.startswith("proc/dahdi/")]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_line_of_every_machine_is_understood(machine, tmp_path):
    found = survey(unpack(machine, tmp_path))
    assert found.unread == ()
    assert found.module
    assert found.version.startswith("2.11.1")
    assert [span.number for span in found.spans] == list(range(1, len(found.spans) + 1))
    numbers = [channel.number for span in found.spans for channel in span.channels]
    assert numbers == list(range(1, len(numbers) + 1))


def test_e1_with_line_signals(tmp_path):
    found = survey(unpack("e1-cas", tmp_path))
    first, second = found.spans
    assert (first.name, first.description, first.kind) == ("TE2/0/1", "T2XXP (PCI) Card 0 Span 1", "E1")
    assert (first.master, first.clock_source, first.crc4, first.alarms) == (True, True, True, ())
    assert first.counters == {"CRC-4 errors": 3, "slips": 2}
    assert first.board == "Digium Wildcard TE220 (4th Gen) PCI Bus 05 Slot 03"
    assert [channel.signalling for channel in first.channels] == ["CAS"] * 15 + [""] + ["CAS"] * 15
    assert (second.master, second.crc4, second.line_configuration) == (False, False, ("HDB3",))
    assert [channel.number for channel in second.channels if channel.in_use] == [32, 33, 34]
    (user,) = found.users
    assert (user.process, user.program, user.channels, user.unnamed, user.ours) == (812, "asterisk", (32, 33), False, False)


def test_our_own_media_plane_is_known(tmp_path):
    root = unpack("e1-cas", tmp_path)
    (root / "proc/812/cmdline").write_text("python\0-m\0pbx.plane_process\0arena\0")
    assert survey(root).users[0].ours


def test_channels_are_open_by_span_and_place_or_by_the_node_of_all(tmp_path):
    root = unpack("e1-cas", tmp_path)
    for name, target in (("31", "/dev/dahdi/chan/002/005"), ("32", "/dev/dahdi/chan/009/001"), ("33", "/dev/dahdi/channel")):
        (root / "proc/812/fd" / name).symlink_to(target)
    (user,) = survey(root).users
    assert (user.channels, user.unnamed) == ((32, 33, 36), True)


def test_isdn_and_no_7(tmp_path):
    isdn, number_seven = survey(unpack("e1-pri-and-no7", tmp_path)).spans
    assert isdn.line_configuration == ("CCS", "HDB3", "CRC4")
    assert isdn.channels[15].signalling == "HDLCFCS"
    assert {channel.echo_canceller for channel in isdn.channels} == {"VPMOCT032", ""}
    assert all(channel.in_use for channel in isdn.channels)
    assert number_seven.channels[0].signalling == "MTP2"


def test_analog_boards(tmp_path):
    board, bank = survey(unpack("analog", tmp_path)).spans
    assert [channel.signalling for channel in board.channels] == ["FXSKS"] * 4 + ["FXOKS", "FXOGS", "", ""]
    assert board.channels[0].alarms == ("RED",)
    assert board.channels[2].in_use
    assert board.channels[4].echo_canceller == "MG2"
    assert board.channels[6].capabilities == ("FXOLS", "FXOGS", "FXOKS", "SF (ToneOnly)")
    assert board.counters == {"interrupts missed": 1}
    assert (bank.kind, len(bank.channels)) == ("FXS", 8)


def test_loop_back_spans_have_no_board(tmp_path):
    first, second = survey(unpack("loop-back", tmp_path)).spans
    assert (first.kind, first.board, first.line_configuration) == ("DYNAMIC", "", ())
    assert second.description == "Dynamic 'loc' span at '1:1'"


def test_alarms(tmp_path):
    spans = survey(unpack("alarms", tmp_path)).spans
    assert [span.alarms for span in spans] == [("RED",), ("YELLOW",), ("BLUE", "RED", "RECOVERING"), ("YELLOW", "LOOP", "NOTOPEN")]
    assert spans[0].counters == {"bipolar violations": 41, "CRC-4 errors": 1207, "E bits": 17, "FAS errors": 12}
    assert all(channel.alarms == ("RED",) for channel in spans[0].channels)


def test_not_set_up(tmp_path):
    found = survey(unpack("not-set-up", tmp_path))
    assert [span.kind for span in found.spans] == ["E1", "T1", "BRI_TE"]
    assert not any(channel.signalling for span in found.spans for channel in span.channels)
    assert found.boards == ("Digium board d161:8005 at 0000:05:04.0",)
    (tmp_path / "sys/bus/pci/devices/0000:05:04.0/driver").mkdir()
    assert survey(tmp_path).boards == ()


def test_nothing_there(tmp_path):
    found = survey(tmp_path)
    assert (found.module, found.spans, found.users, found.boards, found.unread) == (False, (), (), (), ())
    (tmp_path / "proc/dahdi").mkdir(parents=True)
    assert survey(tmp_path).module


def test_files_that_are_no_spans_are_left_alone_and_bad_ones_told(tmp_path):
    folder = tmp_path / "proc/dahdi"
    folder.mkdir(parents=True)
    (folder / "dynamic-ethmf").write_text("something else\n")
    (folder / "1").write_text("Spam 1: egg\n")
    (folder / "2").mkdir()
    found = survey(tmp_path)
    assert found.spans == ()
    assert found.unread == ("/proc/dahdi/1: not understood: Spam 1: egg", "/proc/dahdi/2 cannot be read")


@pytest.mark.parametrize("signalling", SIGNALLINGS)
@pytest.mark.parametrize("rest", ["", "Master ", "(In use) ", "(no pcm) ", "RED ", "(In use) YELLOW RED (EC: MG2 - INACTIVE) "])
def test_every_word_of_the_kernel(signalling, rest):
    span, strange = parse_span(f'Span 7: X/0 "Y" \n\n\t  91 X/0/1 {signalling} {rest}\n')
    assert strange == []
    (channel,) = span.channels
    assert channel.signalling == ("" if signalling in ("Unconfigured", "Reserved") else signalling)
    assert channel.in_use == ("In use" in rest)
    assert channel.alarms == tuple(word for word in ALARMS if word in rest)
    assert channel.echo_canceller == ("MG2" if "EC:" in rest else "")


@pytest.mark.parametrize("counter", COUNTERS)
def test_every_counter(counter):
    span, strange = parse_span(f'Span 1: X/0 "Y" \n\t{counter}: 12\n\n')
    assert (span.counters, strange) == ({COUNTERS[counter]: 12}, [])


def test_a_description_may_hold_anything_of_the_title():
    span, _ = parse_span('Span 1: X/0 "a "b" (MASTER) RED" \n')
    assert (span.description, span.master, span.alarms) == ('a "b" (MASTER) RED', False, ())


@given(some.text())
def test_any_text_is_read_without_a_fault(text):
    span, strange = parse_span(text)
    assert span is not None or strange or not text.splitlines()


@given(some.sampled_from(TEXTS), some.data())
def test_a_damaged_text_is_read_without_a_fault(text, data):
    """A byte lost, changed or doubled: channels that are still told have numbers, and each line is understood or told."""
    at = data.draw(some.integers(0, len(text)))
    length = data.draw(some.integers(0, 40))
    damaged = text[:at] + data.draw(some.text(max_size=5)) + text[at + length :]
    span, strange = parse_span(damaged)
    if span is None:
        assert strange == damaged.splitlines()[:1]
    else:
        told = len(span.channels) + len(span.counters) + len(strange)
        assert told <= len([line for line in damaged.splitlines()[1:] if line.strip()])
