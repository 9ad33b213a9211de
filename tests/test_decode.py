"""``zongji decode``: every format of file, every kind of message, wishes, and files that are damaged or none."""

import io
import json
import random
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.decode import decode_command, look_into, text_of
from pbx.packet_file import CaptureFileError, Packet, header, read_packets, record
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.mtp3.label import CHINA, ITU
from pbx.signalling.ss7.mtp3.management import LinkTest
from pbx.signalling.ss7.mtp3.management import Message as Management
from pbx.signalling.ss7.tup.codec import Message as TupMessage
from pbx.signalling.ss7.tup.contents import CircuitRange, MeteringPulses
from pbx.signalling.ss7.tup.messages import Heading
from tests.signal_units import HERE, THERE, block, octets_of, pcap, pcapng, signal_unit

RELEASE = Message(33, MessageType.REL, (p.CauseIndicators(16),))
RELEASE_LINES = ["REL cic 33, release", "cause indicators: cause 16 normal clearing, location public network of local user, coding 0"]
MOMENT = 1_790_000_000.123456
TIME = "2026-09-21 14:13:20.123456"


@pytest.fixture
def decode(tmp_path, capsys):
    """Run the command on octets: exit code, lines, complaint."""

    def run(octets, *options):
        path = tmp_path / "units.pcap"
        path.write_bytes(octets)
        code = decode_command([str(path), *options])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.replace(str(path), "FILE")

    return run


def one(message, **options):
    return [(MOMENT, signal_unit(octets_of(message, **options)))]


def in_words(lines):
    """The lines without those columns that come before the message."""
    return [lines[0].split("  ")[-1], *(line.strip() for line in lines[1:])]


@pytest.mark.parametrize(
    "octets",
    [
        *(pcap(one(RELEASE), order=order, nanoseconds=nanoseconds) for order in "<>" for nanoseconds in (False, True)),
        *(pcapng(one(RELEASE), order=order, resolution=resolution) for order in "<>" for resolution in (b"\x06", b"\x09", b"\x94")),
        pcap([(MOMENT, octets_of(RELEASE))], 141),
        pcap([(MOMENT, struct.pack(">BBH", 1, 0, 7) + signal_unit(octets_of(RELEASE)))], 139),
        header() + record(MOMENT, True, 7, signal_unit(octets_of(RELEASE))),
        pcapng(one(RELEASE), flags=2),
        pcapng(one(RELEASE)) + pcapng([], order=">"),
    ],
)
def test_formats_of_files(decode, octets):
    code, lines, wrong = decode(octets)
    assert (code, wrong) == (0, "")
    assert in_words(lines)[0] == RELEASE_LINES[0]
    assert in_words(lines)[1].startswith(RELEASE_LINES[1])
    assert lines[0][:23] == TIME[:23]


def test_the_direction_and_the_link(decode):
    unit = signal_unit(octets_of(RELEASE), 5, 6)
    octets = header() + record(MOMENT, True, 3, unit) + record(MOMENT, False, 4, unit)
    heads = [line for line in decode(octets)[1] if line.startswith("2026")]
    level_2 = "MSU bsn 5/1 fsn 6/1  ISUP ni 2 21-100-51 > 21-100-52 sls 1"
    assert heads == [f"{TIME}  ->  3  {level_2}  REL cic 33, release", f"{TIME}  <-  4  {level_2}  REL cic 33, release"]
    (line,) = [line for line in decode(pcapng(one(RELEASE), flags=1))[1] if line.startswith("2026")]
    assert "  <-  0  " in line


def plain_moment(at_s):
    try:
        return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S.%f}"
    except (ValueError, OverflowError, OSError):
        return f"{at_s:.6f} s"


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False),
        st.floats(-7e10, 3e11),
        st.integers(0, 2**50).map(lambda microseconds: microseconds / 1e6),
        st.integers(0, 2**32).map(lambda second: second - 2e-7),
        st.sampled_from((0.0, -0.0, 1e-6, -1e-6, 5e-7, 1.5e-6, -62135596800.0, 253402300799.999, 253402300799.9999999)),
    )
)
def test_moments(at_s):
    """Times are those of the calendar to the microsecond, with its way of rounding; in any order, since seconds are remembered."""
    unit = bytes((255, 255, 0))
    for each in (at_s, -at_s, at_s + 0.25, at_s):
        line = text_of(look_into(Packet(24, each, 140, unit), CHINA), CHINA)[0]
        assert line == f"{plain_moment(each)}      0  FISU bsn 127/1 fsn 127/1"


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        (RELEASE, [RELEASE_LINES[0], f"{RELEASE_LINES[1]}, diagnostics none"]),
        (
            Message(65, MessageType.GRS, (p.RangeAndStatus(30),)),
            ["GRS cic 65, circuit group reset", "range and status: range 30, circuits 65-95"],
        ),
        (Management("COO", fsn=100), ["COO, changeover order", "fsn 100"]),
        (
            Management("UPU", destination=CHINA.read("1-2-3"), service=5, cause=2),
            ["UPU, user part unavailable", "destination 1-2-3, service ISUP, cause inaccessible"],
        ),
        (LinkTest("SLTM", b"\x01\x02"), ["SLTM, signalling link test", "pattern 01 02"]),
        (TupMessage(300, Heading.MPM, MeteringPulses(7)), ["MPM cic 300, metering pulses", "pulses 7"]),
        (
            TupMessage(33, Heading.MGB, CircuitRange(3, 0b1011)),
            ["MGB cic 33, maintenance oriented group blocking", "range 3, circuits 33-34 36"],
        ),
        (TupMessage(300, Heading.CLF), ["CLF cic 300, clear-forward"]),
    ],
)
def test_messages_in_words(decode, message, lines):
    assert in_words(decode(pcap(one(message)))[1]) == lines


def test_points_of_14_bits(decode):
    octets = pcap(one(TupMessage(300, Heading.CLF), form=ITU, here="2-3-4", there="4-3-2"))
    (line,) = decode(octets, "--points", "14")[1]
    assert line.endswith("TUP ni 0 2-3-4 > 4-3-2 sls 12  CLF cic 300, clear-forward")


def test_level_2(decode):
    units = [bytes((255, 255, 1, status)) for status in range(7)] + [bytes((0x81, 0x02, 0)), bytes((255, 255, 2, 5, 0))]
    lines = decode(pcap([(MOMENT, unit) for unit in units]))[1]
    words = ["SIO", "SIN", "SIE", "SIOS", "SIPO", "SIB", "status 6"]
    wanted = [f"LSSU bsn 127/1 fsn 127/1  {word}" for word in words] + ["FISU bsn 1/1 fsn 2/0", "LSSU bsn 127/1 fsn 127/1  SIB"]
    assert [line.partition("0  ")[2].removeprefix("0  ") for line in lines] == wanted


def test_json(decode):
    code, lines, _ = decode(header() + record(MOMENT, False, 3, signal_unit(octets_of(RELEASE), 5, 6)), "--json")
    (found,) = map(json.loads, lines)
    (cause,) = found.pop("parameters")
    assert code == 0
    level_2 = {"at": MOMENT, "offset": 24, "direction": "received", "link": 3, "unit": "MSU", "bsn": 5, "bib": 1, "fsn": 6, "fib": 1}
    label = {"user": "ISUP", "network": 2, "priority": 0, "opc": HERE, "dpc": THERE, "sls": 1}
    assert found == level_2 | label | {"message": "REL", "title": "release", "cic": 33}
    names = {"parameter": "cause indicators", "cause_name": "normal clearing", "location_name": "public network of local user"}
    assert cause == names | {"code": 18, "cause": 16, "location": 2, "coding": 0, "recommendation": None, "diagnostics": ""}


WISHES = [
    ([], ["REL", "GRS", "COO", "TFP", "SLTM", "CLF", "SIOS", "Malformed"]),
    (["--cic", "33"], ["REL"]),
    (["--cic", "70"], ["GRS"]),
    (["--cic", "33", "--cic", "70"], ["REL", "GRS"]),
    (["--kind", "rel", "--kind", "SIOS"], ["REL", "SIOS"]),
    (["--kind", "SNM"], ["COO", "TFP"]),
    (["--kind", "MSU"], ["REL", "GRS", "COO", "TFP", "SLTM", "CLF"]),
    (["--kind", "Malformed"], ["Malformed"]),
    (["--point", "1-2-3"], ["TFP"]),
    (["--point", HERE, "--kind", "ISUP"], ["REL", "GRS"]),
    (["--point", "9-9-9"], []),
]


@pytest.mark.parametrize(("options", "names"), WISHES)
def test_wishes(decode, options, names):
    messages = (
        *(RELEASE, Message(65, MessageType.GRS, (p.RangeAndStatus(30),)), Management("COO", fsn=1)),
        *(Management("TFP", destination=CHINA.read("1-2-3")), LinkTest("SLTM", b"\x01"), TupMessage(300, Heading.CLF)),
    )
    units = [signal_unit(octets_of(message)) for message in messages] + [bytes((255, 255, 1, 3)), bytes((255, 255, 9, 3))]
    code, lines, _ = decode(pcap([(MOMENT, unit) for unit in units]), "--json", *options)
    found = [json.loads(line) for line in lines]
    assert (code, [each.get("message") or each["status"] for each in found]) == (0, names)


@pytest.mark.parametrize("options", [("--kind", "IAN"), ("--point", "1-2"), ("--point", "999-1-1"), ("--points", "16"), ("--cic", "x")])
def test_wishes_without_sense(decode, options):
    code, lines, wrong = decode(pcap([]), *options)
    assert (code, lines) == (2, [])
    assert options[1] in wrong


def test_a_damaged_message_is_shown_and_the_next_one_follows(decode):
    whole = octets_of(RELEASE)
    cut = signal_unit(whole[:-3])
    units = [cut, signal_unit(whole), b"\x80", signal_unit(b"\x85\x01\x02"), signal_unit(whole[:8] + b"\x99")]
    code, lines, _ = decode(pcap([(MOMENT, unit) for unit in units]))
    heads = [line.split("  ")[-1] for line in lines if line.startswith("2026")]
    assert code == 0
    assert [head.partition(":")[0] for head in heads] == ["Malformed", "REL cic 33, release", *("Malformed",) * 3]
    assert lines[1] == f"      octets: {cut.hex(' ')}"
    assert "a pointer leads astray" in heads[0]
    assert heads[2] == "Malformed: signal unit of 1 octets, shorter than its header"


DAMAGED = [
    (b"", "FILE: offset 0: no capture file: it is shorter than its first four octets; "),
    (b"hello, world", "FILE: offset 0: no capture file: it begins with 68 65 6c 6c; "),
    (pcap([])[:20], "FILE: offset 4: the file header ends early; "),
    (pcap(one(RELEASE))[:-1], "FILE: offset 40: a record ends early; "),
    (pcap(one(RELEASE))[:30], "FILE: offset 25: a record's header ends early; "),
    (pcap([])[:4] + b"\x09" + pcap([])[5:], "FILE: offset 4: version 9 of pcap; "),
    (pcap([]) + struct.pack("<IIII", 0, 0, 1 << 30, 1 << 30), "FILE: offset 24: a record of 1073741824 octets; "),
    (pcap([(0, b"x")], 1), "FILE: offset 24: a packet of link type 1, and none of No. 7; "),
    (pcapng([])[:10], "FILE: offset 8: a section's byte order ends early; "),
    (pcapng([])[:8] + b"abcd" + pcapng([])[12:], "FILE: offset 0: a section with the byte order 61 62 63 64; "),
    (pcapng([]) + struct.pack("<II", 6, 13), "FILE: offset 72: a block of 13 octets; "),
    (pcapng([])[:28] + block(6, bytes(20)), "FILE: offset 28: a packet of interface 0, which is not there; "),
    (pcapng([]) + block(6, struct.pack("<IIIII", 0, 0, 0, 99, 99)), "FILE: offset 72: a packet of 99 octets, longer than its block; "),
    (pcapng([])[:-1] + b"\x01", "FILE: offset 28: a block whose two lengths differ; "),
    (pcapng([]) + block(1, b"abc"), "FILE: offset 72: a block of 15 octets; "),
    (pcapng([]) + block(1, b"abcd"), "FILE: offset 72: a block that is shorter than its fields; "),
]


@pytest.mark.parametrize(("octets", "complaint"), DAMAGED)
def test_a_damaged_file_is_told_with_place_and_cure(decode, octets, complaint):
    offset = len(pcapng([]))
    code, _, wrong = decode(octets)
    assert code == 2
    assert wrong.startswith(complaint.replace("offset 72", f"offset {offset}")), wrong
    assert wrong.rstrip().removeprefix(complaint)


def test_what_stands_before_the_damage_is_shown(decode):
    code, lines, wrong = decode(pcap(one(RELEASE) * 3)[:-2])
    assert (code, sum("REL cic 33" in line for line in lines)) == (2, 2)
    assert "a record ends early" in wrong


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert decode_command([str(tmp_path / "none.pcap")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_files_one_after_another(tmp_path, capsys):
    good, bad = tmp_path / "good.pcap", tmp_path / "bad.pcap"
    good.write_bytes(pcap(one(RELEASE)))
    bad.write_bytes(b"nothing at all")
    assert decode_command([str(bad), str(good)]) == 2
    said = capsys.readouterr()
    assert "REL cic 33" in said.out
    assert str(bad) in said.err


# Fuzz: any octets give messages or a clear error.


def packets_of(octets):
    """What a file gives, and whether it ended in a complaint."""
    found = []
    try:
        for packet in read_packets(io.BytesIO(octets)):
            text_of(look_into(packet, CHINA), CHINA)
            text_of(look_into(packet, ITU), ITU)
            found.append(packet)
    except CaptureFileError as error:
        assert 0 <= error.offset <= len(octets)
        return found, str(error)
    return found, ""


BEGINNINGS = [b"", pcap([]), pcap([], 139), pcap([], 141, ">"), pcapng([]), pcapng([], 139, ">"), pcapng([], resolution=b"\xff")]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=120))
def test_any_octets(beginning, octets):
    packets_of(beginning + octets)


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_every_truncation_and_any_flipped_bit(request, write):
    seed = request.config.getoption("--seed") or 1
    chance = random.Random(f"{seed}/{write.__name__}")
    whole = write(one(RELEASE) + one(Management("TFP", destination=1)), 140)
    for length in range(len(whole)):
        found, complaint = packets_of(whole[:length])
        assert complaint or len(found) < 2 or length == len(whole) - 24, f"cut at {length}"  # there ends the last packet's block
    for _ in range(600):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        packets_of(bytes(damaged))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([139, 140, 141]), st.floats(allow_nan=False, allow_infinity=False))
def test_any_packet_is_told_in_words(octets, link_type, at_s):
    for form in (CHINA, ITU):
        assert text_of(look_into(Packet(24, at_s, link_type, octets), form), form)
