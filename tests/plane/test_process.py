"""The plane as its own process: control is killed, edges and sound go on, a new control finds everything and takes over."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from pbx.media import Edge, Layout, Plane, StaleEpoch
from pbx.span_notices import SpanAnswer, SpanOrder, SpanStatus
from pbx.span_tending import NO_MAINTENANCE
from pbx.vocabulary import media
from tests.plane.rig import DIAL

PATIENCE_SECONDS = 30.0
LAYOUT = {"ports": 64, "recorders": 4, "prompt_octets": 1 << 20, "journal_octets": 1 << 18}

CONTROL = """
import sys, time
from pbx.media import Plane
from pbx.vocabulary import media, tones
from tests.plane.rig import DIAL
plane = Plane.attach(sys.argv[1])
plane.raise_epoch()
plane.load_tones({"dial": DIAL})
plane.send(0, media.SendTone(tones.progress("dial")))
plane.send(31, media.Hear(30))
plane.send(31, media.Tag(4711))
plane.send(2, media.SendBits(0b0101))
plane.write_leg_record(31, b"leg 4711")
for number in range(10):
    plane.journal_append(b"fact %d" % number)
print("established", flush=True)
time.sleep(600)
"""


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "arena")
    description = {"layout": LAYOUT, "spans": [{}, {"joined_to": 0}], "realtime": False}
    process = subprocess.Popen([sys.executable, "-m", "pbx.plane_process", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(description).encode())
    process.stdin.close()
    assert process.stdout.readline() == b"ready\n"
    yield path
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert not Path(path).exists()


def wait_until(plane: Plane, seconds: float) -> None:
    """Until the sample clock has passed so many seconds more."""
    end, patience = plane.now + seconds, time.monotonic() + PATIENCE_SECONDS
    while plane.now < end:
        assert time.monotonic() < patience, "the plane stands still"
        time.sleep(0.01)


def test_edges_outlive_control(arena: str) -> None:
    control = subprocess.Popen([sys.executable, "-c", CONTROL, arena], stdout=subprocess.PIPE)
    assert control.stdout and control.stdout.readline() == b"established\n"
    watcher = Plane.attach(arena)
    wait_until(watcher, 0.1)
    control.kill()
    control.wait()
    before = watcher.ticks
    wait_until(watcher, 0.2)
    assert watcher.ticks > before

    watcher.raise_epoch()
    assert watcher.edges(31) == [Edge(30, 0.0)]
    assert watcher.tag(31) == 4711
    assert watcher.read_leg_record(31) == b"leg 4711"
    assert watcher.levels(2).bits_out == 0b0101
    assert watcher.levels(32).bits_in == 0b0101
    assert [octets for _, octets in watcher.journal_read()] == [b"fact %d" % n for n in range(10)]

    # The dial tone still goes port 0, line, port 30, edge, port 31, line, port 1.
    watcher.send(1, media.Record(0))
    wait_until(watcher, 0.3)
    watcher.send(1, media.StopRecord(0))
    wait_until(watcher, 0.1)
    said = watcher.read_recorder(0)[0::2]
    assert len(said) >= 80
    assert said.count(0xD5) < len(said) // 4


def test_waking(arena: str) -> None:
    control = Plane.attach(arena)
    control.raise_epoch()
    control.configure_port(5, "cas")
    readable, _, _ = select.select([control.wait_fd()], [], [], PATIENCE_SECONDS)
    assert readable == [control.wait_fd()]
    assert (5, media.Bits(15)) in [(port, event) for _, port, event in control.drain()]
    control.close()


def test_paused_old_control_does_no_harm(arena: str) -> None:
    old, new = Plane.attach(arena), Plane.attach(arena)
    old.raise_epoch()
    old.send(7, media.Tag(1))
    new.raise_epoch()
    with pytest.raises(StaleEpoch):
        old.send(7, media.Tag(2))
    with pytest.raises(StaleEpoch):
        old.drain()
    with pytest.raises(StaleEpoch):
        old.journal_append(b"too late")
    with pytest.raises(StaleEpoch):
        old.write_leg_record(7, b"too late")
    new.send(7, media.Tag(3))
    wait_until(new, 0.1)
    assert new.tag(7) == 3


def test_pacer_in_a_thread(tmp_path: Path) -> None:
    plane = Plane.create(Layout(ports=32, prompt_octets=1 << 16, journal_octets=1 << 17), str(tmp_path / "arena"))
    plane.load_tones({"dial": DIAL})
    thread = threading.Thread(target=plane.run)
    thread.start()
    wait_until(plane, 0.2)
    plane.stop()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert plane.counters()["ticks"] == plane.ticks >= 20
    assert plane.counters()["late_ticks"] >= len(plane.late_ticks()) >= 0


def test_description_that_cannot_be_read(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pbx.plane_process", str(tmp_path / "arena")],
        input=b'{"spans": [{"kind": "isdn"}]}',
        capture_output=True,
        env=os.environ,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert b"isdn" in done.stderr


def test_attach_refuses_what_is_no_arena(tmp_path: Path) -> None:
    path = tmp_path / "no-arena"
    path.write_bytes(bytes(1 << 20))
    with pytest.raises(Exception, match="no arena of this version"):
        Plane.attach(str(path))


def test_a_stop_within_a_tick_is_not_lost(tmp_path: Path) -> None:
    """SIGTERM used to be lost when it came while the pacer was at work and not asleep; here it comes at many moments."""
    for attempt in range(12):
        path = str(tmp_path / f"arena-{attempt}")
        description = {"layout": LAYOUT, "spans": [{}, {"joined_to": 0}], "realtime": False}
        process = subprocess.Popen([sys.executable, "-m", "pbx.plane_process", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(description).encode())
        process.stdin.close()
        assert process.stdout.readline() == b"ready\n"
        time.sleep(attempt * 0.0017)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0, f"attempt {attempt}"


def test_spans_are_told_of_and_orders_are_answered_beside_the_tick(arena: str) -> None:
    control = Plane.attach(arena)
    control.raise_epoch()

    def told(span: int, wanted: Callable[[SpanStatus], bool]) -> SpanStatus:
        patience = time.monotonic() + PATIENCE_SECONDS
        while True:
            written = control.read_report(span)
            status = msgspec.json.decode(written, type=SpanStatus) if written else None
            if status is not None and wanted(status):
                return status
            assert time.monotonic() < patience, status
            time.sleep(0.05)

    assert told(1, lambda status: status.present and not status.alarms).card == "wire"
    for number, action in enumerate(("reset-counters", "loop-line", "normal"), 1):
        control.write_order(0, msgspec.json.encode(SpanOrder(number, control.now, action)))  # type: ignore[arg-type]
        answered = told(0, lambda status, number=number: status.answer is not None and status.answer.number == number)  # type: ignore[misc]
        assert answered.answer == SpanAnswer(number, NO_MAINTENANCE if action == "loop-line" else "")
    seconds = told(0, lambda status: status.performance.seconds > 0).performance
    assert seconds.errored_seconds == 0 and told(1, lambda status: True).answer is None
