"""The outside socket: lockstep and free-running, the documented client, the span command, peers that misbehave."""

import json
import random
import re
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pbx._plane import lib

from drivers.wire import CardEvent, SpanSettings, Wire, WireError
from pbx.sound_file import SAMPLE_RATE_HZ, decode_alaw, read_sound, write_sound

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/integrator/outside-socket.md"
HELLO = struct.Struct("!4sHBB32s")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "e1-1.sock")


def good_hello(name: bytes = b"", mode: int = 0) -> bytes:
    return HELLO.pack(b"ZJE1", 1, mode, 0, name)


def peer(path: str, hello: bytes | None = None) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.settimeout(10)
    line.connect(path)
    if hello is not None:
        line.send(hello)
    return line


def is_closed(line: socket.socket) -> bool:
    """Closing with octets unread shows as a reset, closing without as an end."""
    try:
        return line.recv(100) == b""
    except ConnectionResetError:
        return True


def listening(path: str, lockstep: bool = True) -> Wire:
    wire = Wire([SpanSettings()])
    wire.listen(0, path, "e1-1", lockstep)
    return wire


def steps(wires: list[Wire], ticks: range, sound: bytes | None = None) -> list[tuple[int, int, CardEvent]]:
    told = []
    for tick in ticks:
        for n, wire in enumerate(wires):
            told += [(n, tick, event) for event in wire.read(tick)[1]]
        for wire in wires:
            wire.write(tick, sound)
    return told


def test_only_its_owner_may_connect(path: str) -> None:
    with listening(path):
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
        with Wire([SpanSettings()]) as second, pytest.raises(WireError, match="in use"):
            second.listen(0, path)
    assert not Path(path).exists()


def test_a_socket_left_over_is_replaced_and_a_file_is_not(path: str) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left.bind(path)
    left.close()
    listening(path).close()
    Path(path).write_text("mine")
    with Wire([SpanSettings()]) as wire, pytest.raises(WireError):
        wire.listen(0, path)
    assert Path(path).read_text() == "mine"


@pytest.mark.parametrize("lockstep", [True, False])
def test_two_wires(path: str, lockstep: bool) -> None:
    """Sound and bits both ways, one tick later in lockstep; never quiet."""
    near, far = listening(path, lockstep), Wire([SpanSettings()])
    far.connect(0, path, "e1-1", lockstep)
    assert near.wait(0, 5) and far.wait(0, 5)
    assert near.connected(0) and far.connected(0)
    steps([near, far], range(12))
    assert near.alarms(0) == far.alarms(0) == 0
    near.order(4, lib.CARD_ORDER_BITS, 3, 0)
    far.order(20, lib.CARD_ORDER_BITS, 5, 0)
    late = 1 if lockstep else 2
    told = [(n, tick, e.port, e.offset, e.value) for n, tick, e in steps([near, far], range(12, 16), bytes([8]) * 2400)]
    assert told == [(0, 12 + late, 20, 6, 5), (1, 12 + late, 4, 5, 3)]
    assert near.read(16)[0] == far.read(16)[0] == bytes([8]) * 2400
    assert not near.quiet() and not far.quiet()
    counted = near.counters(0)
    assert counted.crc_errors == counted.slips_lost == counted.slips_repeated == 0
    far.close()
    near.write(16)
    near.read(17)
    assert near.alarms(0) == lib.CARD_ALARM_LOS
    assert not near.connected(0)
    near.close()


def test_a_peer_may_come_back(path: str) -> None:
    with listening(path) as near:
        for visit in range(3):
            with Wire([SpanSettings()]) as far:
                far.connect(0, path)
                assert near.wait(0, 5) and far.wait(0, 5)
                steps([near, far], range(visit * 20, visit * 20 + 15))
                assert near.alarms(0) == far.alarms(0) == 0
            near.write(visit * 20 + 15)
            near.read(visit * 20 + 16)
            assert near.alarms(0) == lib.CARD_ALARM_LOS
        assert (near.counters(0).connections, near.counters(0).disconnections) == (3, 3)


def test_a_second_peer_is_refused_and_the_first_is_not_disturbed(path: str) -> None:
    with listening(path) as near, Wire([SpanSettings()]) as far:
        far.connect(0, path)
        assert near.wait(0, 5) and far.wait(0, 5)
        steps([near, far], range(10))
        second = peer(path, good_hello())
        steps([near, far], range(10, 14))
        assert is_closed(second)
        assert near.alarms(0) == far.alarms(0) == 0
        assert near.counters(0).refused == 1


BAD_HELLOS = {
    "magic": HELLO.pack(b"NONE", 1, 0, 0, b""),
    "version": HELLO.pack(b"ZJE1", 2, 0, 0, b""),
    "high version": HELLO.pack(b"ZJE1", 257, 0, 0, b""),
    "mode": good_hello(mode=1),
    "name": good_hello(b"e1-2"),
    "short": good_hello()[:-1],
    "long": good_hello() + b"x",
    "block": bytes(2568),
}


@pytest.mark.parametrize("hello", BAD_HELLOS.values(), ids=BAD_HELLOS.keys())
def test_a_bad_hello_is_refused(path: str, hello: bytes) -> None:
    with listening(path) as near:
        line = peer(path, hello)
        assert not near.wait(0, 0.3)
        assert near.counters(0).refused == 1
        assert line.recv(100) == HELLO.pack(b"ZJE1", 1, 0, 0, b"e1-1")
        assert is_closed(line)
        good = peer(path, good_hello(b"e1-1"))
        assert near.wait(0, 5)
        good.close()


@pytest.mark.parametrize("lockstep", [True, False])
def test_any_messages_only_change_counters(path: str, lockstep: bool) -> None:
    """Octets of any kind and length before and after the hello; the wire lives on, a good peer is then served."""
    for seed in range(8):
        generator = random.Random(seed)
        near = listening(path, lockstep)
        line = peer(path, good_hello(mode=0 if lockstep else 1) if seed % 4 else generator.randbytes(generator.randrange(1, 60)))
        near.wait(0, 0.2)
        for tick in range(20):
            near.read(tick)
            near.write(tick)
            try:
                for _ in range(generator.randrange(4)):
                    length = generator.choice([1, 7, 8, 40, 2567, 2568, 2569, 9000])
                    number = struct.pack("!Q", generator.choice([tick, 0, 2**64 - 1, 2**63]))
                    line.send((number + generator.randbytes(length))[:length])
                # A good block of noise, so that lockstep need not wait for its patience.
                line.send(struct.pack("!Q", tick) + generator.randbytes(2560))
            except OSError:
                break
        line.close()
        for tick in range(20, 24):
            near.read(tick)
            near.write(tick)
        assert near.alarms(0) == lib.CARD_ALARM_LOS, f"seed {seed}"
        counted = near.counters(0)
        assert counted.refused > 0, f"seed {seed}"
        with Wire([SpanSettings()]) as far:
            far.connect(0, path, lockstep=lockstep)
            assert near.wait(0, 5) and far.wait(0, 5)
            steps([near, far], range(30, 50))
            assert near.alarms(0) == far.alarms(0) == 0, f"seed {seed}"
        near.close()


def test_a_silent_lockstep_peer_is_let_go_and_the_clock_goes_on(path: str) -> None:
    with listening(path) as near:
        line = peer(path, good_hello())
        assert near.wait(0, 5)
        near.read(0)
        near.write(0)
        near.read(1)  # waits for its patience of 5 s
        assert near.alarms(0) == lib.CARD_ALARM_LOS
        assert (near.counters(0).silences, near.counters(0).disconnections) == (1, 1)
        line.close()
        for tick in range(2, 200):
            near.read(tick)
            near.write(tick)
        assert near.counters(0).silences == 1


def test_the_elastic_store_of_a_free_running_peer(path: str) -> None:
    """An empty store repeats, a full one drops, both are slips and counted; the alignment stands."""
    near, far = listening(path, lockstep=False), Wire([SpanSettings()])
    far.connect(0, path, lockstep=False)
    assert near.wait(0, 5) and far.wait(0, 5)
    steps([near, far], range(20))
    told = []
    for tick in range(20, 30):  # the far end writes nothing: the store, two deep, runs empty
        told += [event for event in near.read(tick)[1] if event.port == 0]
        near.write(tick)
    repeats = near.counters(0).slips_repeated
    assert 7 <= repeats <= 9
    assert [(e.kind, e.value) for e in told] == [(lib.CARD_EVENT_SLIP, 1)] * repeats
    for tick in range(30, 38):  # and now in a heap
        far.write(tick)
    near.read(38)
    assert near.counters(0).slips_lost == 1
    assert near.alarms(0) == 0
    for tick in range(39, 560):
        near.read(tick)
    assert near.alarms(0) == lib.CARD_ALARM_LOS
    assert near.counters(0).silences == 1
    far.close()
    near.close()


def client_of_the_document(tmp_path: Path) -> Path:
    code = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(code) == 1
    assert code[0].count("\n") <= 40
    script = tmp_path / "client.py"
    script.write_text(code[0], encoding="utf-8")
    return script


def test_the_client_of_the_document(path: str, tmp_path: Path) -> None:
    """It runs with nothing but the standard library, echoes sound and bits, and prints the bits it receives."""
    with listening(path) as near:
        client = subprocess.Popen(
            [sys.executable, "-I", "-S", client_of_the_document(tmp_path), path, "80"], stdout=subprocess.PIPE, text=True
        )
        assert near.wait(0, 20)
        answered: set[tuple[int, int]] = set()
        for tick in range(70):
            sound, events = near.read(tick)
            answered |= {(e.port, e.value) for e in events if tick > 60}
            if tick == 60:
                near.order(1, lib.CARD_ORDER_BITS, 0b0101)
                near.order(29, lib.CARD_ORDER_BITS, 0b1010)
            if tick == 69:
                assert answered == {(1, 0b0101), (29, 0b1010)}
                assert sound == bytes([67]) * 2400
            near.write(tick, bytes([tick]) * 2400)
        assert near.alarms(0) == 0
        for tick in range(70, 80):
            near.read(tick)
            near.write(tick)
        near.read(80)
        printed = client.communicate(timeout=20)[0].splitlines()
        near.write(80)
        near.read(81)
        assert near.alarms(0) == lib.CARD_ALARM_LOS
    assert client.returncode == 0
    assert printed == ["span e1-1", f"bits 2 0101 @{60 * 80 + 2}", f"bits 30 1010 @{60 * 80 + 15}"]


def span_command(path: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "import sys; from drivers.span import span_command; sys.exit(span_command(sys.argv[1:]))", path, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def ticks_until_gone(near: Wire, ports: int = 30) -> Iterator[int]:
    tick = 0
    while near.connected(0):
        yield tick
        near.write(tick, bytes([tick % 200]) * 80 * ports)
        tick += 1
    assert tick < 100_000


@pytest.mark.parametrize("as_json", [False, True])
def test_the_span_command(path: str, tmp_path: Path, as_json: bool) -> None:
    """Bits and sound both ways, a recording, mistakes answered, quit."""
    said = decode_alaw(bytes(range(200)) * 4)
    write_sound(tmp_path / "said.wav", said, alaw=True)
    with listening(path) as near:
        command = span_command(path, "--record", "17", str(tmp_path / "heard.wav"), *(["--json"] if as_json else []))
        assert command.stdin is not None
        command.stdin.write(f"wait 100\nbits 31 0011\nbits 16 0000\nhello\nsend 2 {tmp_path}/said.wav\nwait 300\nquit\n")
        command.stdin.close()
        command.stdin = None
        assert near.wait(0, 30)
        heard, bits, ordered = bytearray(), [], False
        for tick in ticks_until_gone(near):
            sound, events = near.read(tick)
            heard += sound[80:160]
            bits += [(e.port, e.value) for e in events if e.kind == lib.CARD_EVENT_BITS]
            if near.alarms(0) == 0 and not ordered:
                near.order(0, lib.CARD_ORDER_BITS, 0b0110)
                ordered = True
        out, error = command.communicate(timeout=30)
    assert (command.returncode, error) == (0, "")
    assert bits == [(29, 0b0011)]
    # 0x55 and 0xD5 apart, A-law survives a linear file exactly.
    assert bytes(range(200)) * 4 in bytes(heard)
    recorded = read_sound(tmp_path / "heard.wav")[0]
    assert len(recorded) % 80 == 0 and len(recorded) > SAMPLE_RATE_HZ // 10
    values = decode_alaw(bytes(range(200)))
    tail = recorded[-80 * 10 :: 80]
    first = int((values == tail[0]).nonzero()[0][0])
    assert list(tail) == [values[(first + k) % 200] for k in range(10)]
    lines = out.splitlines()
    if as_json:
        kinds = [json.loads(line) for line in lines]
        assert {"kind": "bits", "slot": 1, "bits": "0110"}.items() <= next(k for k in kinds if k["kind"] == "bits").items()
    else:
        assert any(re.fullmatch(r"bits 1 0110 @\d+", line) for line in lines)
        assert any(re.fullmatch(r"sent 2 @\d+", line) for line in lines)
        assert any(line.startswith("alarm none @") for line in lines)
        assert "error 16: time slots are 1-15 and 17-31" in lines
        assert "error hello: not understood; see zongji span --help" in lines


def test_the_span_command_speaks_in_time_slot_16(path: str, tmp_path: Path) -> None:
    """Of a span of kind "ccs": sound there and back, no bits, no multiframe that could be missed."""
    said = bytes(range(200)) * 4
    write_sound(tmp_path / "said.wav", decode_alaw(said), alaw=True)
    with Wire([SpanSettings(speech_in_slot_16=True)]) as near:
        near.listen(0, path, "e1-1")
        command = span_command(path, "--speech-in-slot-16", "--record", "16", str(tmp_path / "heard.wav"))
        assert command.stdin is not None
        command.stdin.write(f"wait 100\nsend 16 {tmp_path}/said.wav\nwait 300\nquit\n")
        command.stdin.close()
        command.stdin = None
        assert near.wait(0, 30)
        heard = bytearray()
        for tick in ticks_until_gone(near, ports=31):
            sound, events = near.read(tick)
            heard += sound[15 * 80 : 16 * 80]
            assert not any(event.kind == lib.CARD_EVENT_BITS for event in events)
            assert not near.alarms(0) & lib.CARD_ALARM_LOMF
        out, error = command.communicate(timeout=30)
    assert (command.returncode, error) == (0, "")
    assert said in bytes(heard)
    assert "LOMF" not in out and re.search(r"^sent 16 @\d+$", out, re.MULTILINE)
    recorded = read_sound(tmp_path / "heard.wav")[0]
    assert len({*recorded[-80 * 10 :: 80]}) == 10, "a tick was told by its number"


def test_the_span_command_without_an_exchange(path: str) -> None:
    nobody = span_command(path)
    assert "cannot connect" in nobody.communicate(timeout=30)[1]
    assert nobody.returncode == 1
    told = span_command(path, "--help")
    assert "Example" in told.communicate(timeout=30)[0]
    assert told.returncode == 0
    wrong = span_command(path, "--record", "16", "x.wav")
    assert "time slots" in wrong.communicate(timeout=30)[1]
    assert wrong.returncode == 2


def test_the_span_command_sees_the_exchange_go(path: str) -> None:
    near = listening(path)
    command = span_command(path)
    assert near.wait(0, 30)
    for tick in range(5):
        near.read(tick)
        near.write(tick)
    near.close()
    out, _ = command.communicate(timeout=30)
    assert command.returncode == 1
    assert out.splitlines()[-1].startswith("gone @")


def test_real_time_free_running(path: str) -> None:
    """The command paces itself; here only that bits come through while both run on their own clocks."""
    with listening(path, lockstep=False) as near:
        command = span_command(path, "--free-running")
        assert command.stdin is not None
        command.stdin.write("wait 200\nbits 3 0001\nwait 200\nquit\n")
        command.stdin.close()
        command.stdin = None
        assert near.wait(0, 30)
        bits = []
        for tick in ticks_until_gone(near):
            bits += [(e.port, e.value) for e in near.read(tick)[1] if e.kind == lib.CARD_EVENT_BITS]
            time.sleep(0.01)
        command.communicate(timeout=30)
        assert bits == [(2, 1)]
