"""The capture: what is written while it is written, numbers, rotation, a full disk, a queue that is full."""

import errno
import random
import resource
import subprocess

import msgspec
import pytest
from pbx._plane import ffi

from config.signalling import SignallingCapture
from pbx import capture
from pbx.capture import ALARM, Capture
from pbx.decode import seen_in
from pbx.engine import Malformed
from pbx.packet_file import CaptureFileError
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.mtp2 import orders
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.words import kind_of
from pbx.vocabulary.facts import AlarmCleared, AlarmRaised
from tests.interop.tshark import needs_tshark
from tests.signal_units import octets_of
from tests.signalling.ss7.captured import Callers, captured
from tests.signalling.ss7.network import pair
from tests.signalling.ss7.terminal import TerminalWire

ZERO = 1_790_000_000.0
LIMITS = SignallingCapture()
SMALL = SignallingCapture(file_kib=1, files=3)
UNIT = octets_of(Message(33, MessageType.RLC))
LEAST_OCTETS = 24
"""Of a file without units."""


def files_of(folder, link="a"):
    return sorted(folder.glob(f"{link}.*.pcap"))


def seen_of(folder, link="a"):
    return [seen for path in files_of(folder, link) for seen in seen_in(path, CHINA)]


def words(seen):
    """A unit in short: arrow, what it is, backward and forward number."""
    unit = seen.signal_unit
    name = kind_of(seen.message) if seen.message is not None else unit.status or unit.kind
    return f"{'->' if seen.sent else '<-'} {name} {unit.backward} {unit.forward}"


@pytest.fixture
def told():
    return []


@pytest.fixture
def one_capture(tmp_path, told):
    made = Capture(tmp_path / "capture", LIMITS, ZERO, told.append)
    yield made
    made.close()


def test_units_of_both_directions_with_time_and_numbers(one_capture, tmp_path):
    one_capture.unit(1.25, "a", True, UNIT)
    one_capture.unit(1.5, "a", False, UNIT)
    one_capture.unit(1.75, "a", True, UNIT)
    one_capture.status(2.0, "a", False, "SIPO")
    one_capture.drain()
    found = seen_of(tmp_path / "capture")
    assert [words(seen) for seen in found] == ["-> RLC 127 0", "<- RLC 0 0", "-> RLC 0 1", "<- SIPO 1 0"]
    assert [seen.packet.at_s - ZERO for seen in found] == [1.25, 1.5, 1.75, 2.0]
    assert all(seen.signal_unit.backward_bit == seen.signal_unit.forward_bit == 1 for seen in found)


def test_what_crosses_between_control_and_plane(one_capture, tmp_path):
    """A life of a link; what is no unit leaves nothing."""
    one_capture.unit(0.0, "a", True, UNIT)
    for value in (
        *(orders.Begin(1), orders.Send("SIO"), orders.Begun(1), orders.StatusHeard("SIO"), orders.Watch("normal alignment")),
        *(orders.Send("SIN"), orders.StatusHeard("SIN"), orders.Send("fill-in"), orders.StatusHeard("units"), orders.Accept(True)),
        *(orders.SendMessage(UNIT), orders.MessageHeard(UNIT), orders.SetBusy(True), orders.SetBusy(False), orders.BufferFilled(1)),
        *(orders.Failed("T7"), orders.Halt(), orders.TellBsnt(), orders.BsntTold(0), orders.Retrieve(0), orders.Retrieved(UNIT)),
    ):
        one_capture.crossing(1.0, "a", value)
    one_capture.drain()
    assert [words(seen) for seen in seen_of(tmp_path / "capture")] == [
        *("-> RLC 127 0", "-> SIO 127 127", "<- SIO 127 127", "-> SIN 127 127", "<- SIN 127 127", "-> FISU 127 127", "<- FISU 127 127"),
        *("-> RLC 127 0", "<- RLC 0 0", "-> SIB 0 0", "-> FISU 0 0", "-> SIOS 0 0"),
    ]


def test_numbers_go_round(one_capture, tmp_path):
    for _ in range(130):
        one_capture.unit(0.0, "a", True, UNIT)
    one_capture.drain()
    assert [seen.signal_unit.forward for seen in seen_of(tmp_path / "capture")] == [*range(128), 0, 1]


def test_units_of_annex_a_say_so_and_have_long_numbers(tmp_path):
    made = Capture(tmp_path, LIMITS, ZERO, links=("a", "b"), extended=("b",))
    for _ in range(130):
        made.unit(0.0, "a", True, UNIT)
        made.unit(0.0, "b", True, UNIT)
    made.status(0.0, "b", False, "SIPO")
    made.close()
    assert [words(seen) for seen in seen_of(tmp_path, "b")][-3:] == ["-> RLC 4095 128", "-> RLC 4095 129", "<- SIPO 129 4095"]
    assert [seen.packet.octets[1] for seen in seen_of(tmp_path, "b")] == [1] * 131
    assert [seen.packet.octets[1] for seen in seen_of(tmp_path, "a")] == [0] * 130


def test_a_file_for_each_link_named_after_link_and_time(tmp_path):
    made = Capture(tmp_path, LIMITS, ZERO, links=("a", "b"))
    for link in ("b", "a", "北京/1.2 x"):
        made.unit(0.25, link, True, UNIT)
    made.close()
    names = {path.name: path for path in tmp_path.iterdir()}
    stamp = "20260921T141320.250Z.pcap"
    assert set(names) == {f"a.{stamp}", f"b.{stamp}", f"北京%2F1%2E2%20x.{stamp}"}
    links = {name: [seen.link for seen in seen_in(path, CHINA)] for name, path in names.items()}
    assert links == {f"a.{stamp}": [0], f"b.{stamp}": [1], f"北京%2F1%2E2%20x.{stamp}": [2]}


def test_rotation_by_size_and_count(tmp_path):
    """Every file within its limit, none but the newest three, and those whole; files of others stay."""
    other = tmp_path / "a.b.20260921T141320.250Z.pcap"
    other.write_bytes(b"somebody's")
    made = Capture(tmp_path, SMALL, ZERO)
    for number in range(500):
        made.unit(number / 10, "a", True, octets_of(Message(number, MessageType.RLC)))
        if number % 7 == 0:
            made.drain()
    made.close()
    files = [path for path in files_of(tmp_path) if path != other]
    assert len(files) == 3
    assert all(LEAST_OCTETS < path.stat().st_size <= 1024 for path in files)
    circuits = [seen.message.cic for path in files for seen in seen_in(path, CHINA)]
    assert circuits == list(range(500 - len(circuits), 500))
    assert len(circuits) > 40
    assert other.exists()
    assert made.counters()["a"] == {"written": 500, "refused": 0, "crowded": 0}


def test_files_of_an_earlier_run_count(tmp_path):
    for run in range(5):
        made = Capture(tmp_path, SMALL, ZERO + run)
        made.unit(0.0, "a", True, UNIT)
        made.close()
    assert len(files_of(tmp_path)) == 3


def test_two_files_of_one_moment(tmp_path):
    for _ in range(2):
        made = Capture(tmp_path, LIMITS, ZERO)
        made.unit(0.0, "a", True, UNIT)
        made.close()
    assert [len(list(seen_in(path, CHINA))) for path in files_of(tmp_path)] == [1, 1]


def test_the_clock_is_followed(one_capture, tmp_path):
    one_capture.unit(1.0, "a", True, UNIT)
    one_capture.follow(ZERO + 5)
    one_capture.unit(1.0, "a", True, UNIT)
    one_capture.drain()
    assert [seen.packet.at_s - ZERO for seen in seen_of(tmp_path / "capture")] == [1.0, 6.0]


def test_a_file_that_grows_can_be_read(one_capture, tmp_path):
    for count in range(1, 20):
        one_capture.unit(count, "a", True, UNIT)
        one_capture.drain()
        assert len(seen_of(tmp_path / "capture")) == count


def test_the_thread_writes(tmp_path):
    made = Capture(tmp_path, LIMITS, ZERO)
    made.start()
    for number in range(1000):
        made.unit(number / 1000, f"l{number % 3}", bool(number % 2), UNIT)
    made.close()
    assert sum(each["written"] for each in made.counters().values()) == 1000
    assert sum(len(seen_of(tmp_path, f"l{number}")) for number in range(3)) == 1000


@pytest.mark.parametrize("wrong", [{"file_kib": 63}, {"file_kib": 1 << 23}, {"files": -1}, {"files": 10001}, {"folder": "x"}])
def test_limits_have_limits(wrong):
    assert msgspec.convert({}, SignallingCapture) == LIMITS
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, SignallingCapture)


@needs_tshark
def test_tshark_reads_a_file_that_grows(one_capture, tmp_path):
    one_capture.unit(1.0, "a", True, UNIT)
    one_capture.status(2.0, "a", False, "SIOS")
    one_capture.drain()
    fields = [option for name in ("frame.p2p_dir", "frame.link_nr", "isup.message_type", "mtp2.sf") for option in ("-e", name)]
    command = ["tshark", "-n", "-o", "mtp3.standard:Chinese ITU", "-r", str(files_of(tmp_path / "capture")[0]), "-T", "fields", *fields]
    ran = subprocess.run(command, capture_output=True, check=True, text=True)
    assert [line.split("\t") for line in ran.stdout.splitlines()] == [["0", "0", "16", ""], ["1", "0", "", "3"]]


# A disk that refuses.


class Disk:
    """Files of which only so many octets can be written, and a part of the last record gets through, as on a real disk."""

    def __init__(self, file, disk):
        self.file, self.disk = file, disk

    def write(self, octets):
        room = self.disk["room"]
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.file.write(bytes(octets[:room]))
        self.disk["room"] -= written
        return written

    def truncate(self, size):
        self.disk["room"] += self.file.seek(0, 2) - size
        self.file.seek(size)
        return self.file.truncate()

    def close(self):
        self.file.close()


@pytest.fixture
def disk(monkeypatch):
    """A disk with room for the octets in ``room``."""
    left = {"room": 10**9}
    real = capture.Path.open

    def opened(path, mode="r", **options):
        file = real(path, mode, **options)
        return Disk(file, left) if mode == "xb" else file

    monkeypatch.setattr(capture.Path, "open", opened)
    return left


def test_a_full_disk_is_told_and_counted_and_stops_nothing(one_capture, disk, told, tmp_path):
    folder = tmp_path / "capture"
    one_capture.unit(1.0, "a", True, UNIT)
    one_capture.drain()
    disk["room"] = 10
    for number in range(5):
        one_capture.unit(2.0 + number, "a", True, UNIT)
        one_capture.drain()
    assert one_capture.counters()["a"] == {"written": 1, "refused": 5, "crowded": 0}
    (alarm,) = told
    assert isinstance(alarm, AlarmRaised)
    assert (alarm.at, alarm.source) == (2.0, ALARM)
    assert "No space left on device" in alarm.text
    assert str(folder) in alarm.text
    assert [words(seen) for seen in seen_of(folder)] == ["-> RLC 127 0"], "half a record was cut off again"
    disk["room"] = 10**6
    one_capture.unit(11.0, "a", True, UNIT)  # the disk is left alone for a while
    one_capture.drain()
    assert one_capture.counters()["a"]["written"] == 1
    one_capture.unit(13.0, "a", True, UNIT)
    one_capture.drain()
    assert [type(fact) for fact in told] == [AlarmRaised, AlarmCleared]
    assert one_capture.counters()["a"] == {"written": 2, "refused": 6, "crowded": 0}
    assert [words(seen) for seen in seen_of(folder)] == ["-> RLC 127 0", "-> RLC 127 7"], "the number tells what is missing"


def test_a_file_that_the_system_lets_grow_no_further(one_capture, told, tmp_path):
    """A limit of the operating system in the middle of a record, on the real file."""
    whole = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (24 + 5 * len(UNIT), whole[1]))
    try:
        for number in range(20):
            one_capture.unit(float(number) / 10, "a", True, UNIT)
            one_capture.drain()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, whole)
    counted = one_capture.counters()["a"]
    assert [type(fact) for fact in told] == [AlarmRaised]
    assert counted["written"] + counted["refused"] == 20
    assert 0 < counted["written"] == len(seen_of(tmp_path / "capture")) < 20


def test_a_full_disk_costs_no_older_files(disk, tmp_path):
    """Empty files are not kept, and none with units is deleted for them."""
    for run in range(3):
        made = Capture(tmp_path, SMALL, ZERO + run)
        made.unit(0.0, "a", True, UNIT)
        made.close()
    before = files_of(tmp_path)
    for room in (0, 10, 24, 30):
        disk["room"] = room
        made = Capture(tmp_path, SMALL, ZERO + 5)
        made.unit(0.0, "a", True, UNIT)
        made.close()
        assert made.counters()["a"]["refused"] == 1
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("seed", range(20))
def test_a_disk_that_fills_and_empties(disk, tmp_path, seed):
    """Whatever the disk takes, what is in the files can be read, is in order, and what is not is counted."""
    chance = random.Random(seed)
    made = Capture(tmp_path, SignallingCapture(file_kib=1, files=10000), ZERO)
    for number in range(300):
        made.unit(float(number), "a", True, octets_of(Message(number, MessageType.RLC)))
        if chance.random() < 0.3:
            made.drain()
        if chance.random() < 0.1:
            disk["room"] = chance.choice((0, 5, 30, 50, 900, 10**6))
    made.close()
    circuits = []
    for path in files_of(tmp_path):
        circuits += [seen.message.cic for seen in seen_in(path, CHINA)]
    assert circuits == sorted(set(circuits)), f"seed {seed}"
    counted = made.counters()["a"]
    assert len(circuits) == counted["written"], f"seed {seed}"
    assert counted["written"] + counted["refused"] == 300


def test_a_folder_that_cannot_be_made(tmp_path, told):
    (tmp_path / "file").write_text("in the way")
    made = Capture(tmp_path / "file" / "capture", LIMITS, ZERO, told.append)
    made.unit(1.0, "a", True, UNIT)
    made.close()
    assert made.counters()["a"] == {"written": 0, "refused": 1, "crowded": 0}
    assert [type(fact) for fact in told] == [AlarmRaised]


def test_a_queue_that_is_full(one_capture, monkeypatch):
    monkeypatch.setattr(capture, "WAITING_MOST", 10)
    for _ in range(25):
        one_capture.unit(1.0, "a", True, UNIT)
    one_capture.drain()
    assert one_capture.counters()["a"] == {"written": 10, "refused": 0, "crowded": 15}


@pytest.mark.parametrize("seed", range(10))
def test_any_sequence_of_units_comes_back(tmp_path, seed):
    """The face for tests: (time, link, direction, octets) in, the same out, also for octets that are no message."""
    chance = random.Random(seed)
    made = Capture(tmp_path, LIMITS, ZERO)
    given = []
    for number in range(200):
        unit = number / 8, chance.choice("ab"), chance.random() < 0.5, chance.randbytes(chance.randrange(3, 274))
        made.unit(*unit)
        given.append(unit)
    made.close()
    found = []
    for link in "ab":
        found += [(seen.packet.at_s - ZERO, link, seen.sent, seen.signal_unit.contents) for seen in seen_of(tmp_path, link)]
        assert all(seen.message is not None or isinstance(seen.message, Malformed) for seen in seen_of(tmp_path, link))
    assert sorted(found) == sorted(given), f"seed {seed}"


def test_a_damaged_file_would_be_seen(one_capture, tmp_path):
    one_capture.unit(1.0, "a", True, UNIT)
    one_capture.drain()
    (path,) = files_of(tmp_path / "capture")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CaptureFileError):
        seen_of(tmp_path / "capture")


def first_sent(end):
    """A list that grows with what a level 2 really puts on its line: beginnings of its lives, and each message when it is sent first."""
    found, known = [], set()
    put_unit, execute = end.put_unit, end._execute

    def sent(buffer):
        length = put_unit(buffer)
        octets = ffi.buffer(buffer, length)[:]
        if octets[2] > 2 and (octets[1] & 127, octets[3:]) not in known:
            known.add((octets[1] & 127, octets[3:]))
            found.append((octets[1] & 127, octets[3:]))
        return length

    def executed(order):
        if isinstance(order, orders.Begin):
            found.append("begin")
            known.clear()
        execute(order)

    end.put_unit, end._execute = sent, executed
    return found


@pytest.mark.parametrize("seed", range(3))
def test_forward_numbers_are_those_of_the_line(tmp_path, seed):
    """Over real level 2 with a link that fails under calls: what a file says was sent or accepted bears its number on the line."""
    network = pair(seed, wire=TerminalWire)
    captures = captured(network, tmp_path)
    callers = Callers(network, "A", "B", range(1, 60))
    on_line = {(name, link): first_sent(end) for name, site in network.sites.items() for link, end in site.ends.items()}
    network.start()
    network.run(30)
    callers.call_all()
    network.run(0.2)
    for way in network.wires["A-B/0"].line.ways:
        way.whole = False
    network.run(3)
    for way in network.wires["A-B/0"].line.ways:
        way.whole = True
    network.run(30)
    callers.call_all()
    network.run(2)
    for each in captures.values():
        each.close()
    compared = 0
    for name, other in (("A", "B"), ("B", "A")):
        for link in network.wires:
            wire_link = capture._safe(link)
            found = seen_of(tmp_path / name, wire_link)
            for sent, sender in ((True, name), (False, other)):
                units = {(seen.signal_unit.forward, seen.signal_unit.contents) for seen in found if seen.sent is sent and seen.unit}
                line = {each for each in on_line[sender, link] if each != "begin"}
                # What was given to a link that failed may never have been sent; what was lost was never accepted.
                assert (line <= units) if sent else (units <= line), (name, link, sent)
                compared += len(units & line)
    assert compared > 200
