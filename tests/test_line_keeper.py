"""The line keeper (pbx/line_keeper.py) as a process: descriptors outlive whoever had them, one owner at a time, patience that ends.

A pair of a pseudo-terminal stands for a channel: as long as somebody holds one end, the other notices nothing; an order (ioctl) at that end
fails once the other is gone.
"""

import contextlib
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers import line_keeping
from drivers.line_keeping import KeeperError, KeptLines, end, look, tell

HOME = Path(__file__).resolve().parents[1]
PATIENCE_S = 20.0
PROBE = (termios.TIOCGWINSZ, 8)
OWNER = """
import os, sys, time
from drivers.line_keeping import KeptLines
lines = KeptLines(sys.argv[1], 30.0, (0, 0))
for channel, descriptor in lines.take().items():
    print(channel, os.fstat(descriptor).st_rdev, flush=True)
print("owned", flush=True)
time.sleep(600)
"""


def until(wanted: Callable[[], object], what: str) -> None:
    """Wait until it is so."""
    end_s = time.monotonic() + PATIENCE_S
    while not wanted():
        assert time.monotonic() < end_s, what
        time.sleep(0.01)


class Keeper:
    """One keeper, and channels that are given to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keeper"
        self.process = self.spawn()
        self.far: dict[int, int] = {}
        until(lambda: self.state() is not None, "the keeper does not come up")

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start one at this socket."""
        return subprocess.Popen([sys.executable, "-m", "pbx.line_keeper", str(self.path)], cwd=HOME, stderr=subprocess.PIPE)

    def state(self) -> dict[str, object] | None:
        """What it says of itself; None when it does not answer."""
        try:
            return look(self.path)
        except KeeperError:
            return None

    @property
    def held(self) -> object:
        """The channels that it holds."""
        state = self.state()
        return state["held"] if state else None

    def lines(self, patience_s: float = 30.0) -> KeptLines:
        """A connection that owns the channels once it says anything."""
        return KeptLines(str(self.path), patience_s, PROBE)

    def give(self, lines: KeptLines, channel: int) -> None:
        """Have a channel held, of which nobody else has a descriptor."""
        far, near = pty.openpty()
        if channel in self.far:
            os.close(self.far[channel])
        self.far[channel] = far
        lines.keep(channel, near)
        os.close(near)

    def seized(self, channel: int) -> bool:
        """Whether the far end sees that somebody still holds the channel."""
        poll = select.poll()
        poll.register(self.far[channel], select.POLLIN)
        return not any(seen & select.POLLHUP for _, seen in poll.poll(0))

    def close(self) -> None:
        """End it, and the far ends."""
        for far in self.far.values():
            os.close(far)
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    made = Keeper(tmp_path)
    yield made
    made.close()


def owner(keeper: Keeper) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", OWNER, str(keeper.path)], cwd=HOME, stdout=subprocess.PIPE, text=True)


def test_channels_outlive_their_owner_and_are_given_to_the_next(keeper: Keeper) -> None:
    lines = keeper.lines()
    for channel in (3, 17):
        keeper.give(lines, channel)
    lines.close()
    assert keeper.seized(3) and keeper.seized(17)
    taken = keeper.lines().take()
    assert set(taken) == {3, 17}
    os.write(taken[3], b"speech\n")
    assert os.read(keeper.far[3], 100) == b"speech\r\n"
    for descriptor in taken.values():
        assert not os.get_inheritable(descriptor)
        os.close(descriptor)
    assert keeper.held == [3, 17], "they are given, not given away"


def test_an_owner_that_is_killed_is_followed_by_another(keeper: Keeper) -> None:
    lines = keeper.lines()
    keeper.give(lines, 5)
    lines.close()
    first = owner(keeper)
    assert first.stdout is not None
    assert first.stdout.readline().split()[0] == "5" and first.stdout.readline() == "owned\n"
    first.send_signal(signal.SIGKILL)
    taken = keeper.lines().take()
    assert list(taken) == [5] and keeper.seized(5)
    os.close(taken[5])
    first.wait()
    first.stdout.close()


def test_there_are_never_two_owners(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_keeping, "OWNER_PATIENCE_S", 0.1)
    first, second = keeper.lines(), keeper.lines()
    first.take()
    with pytest.raises(KeeperError, match=f"process {os.getpid()} has the channels"):
        second.take()
    with pytest.raises(KeeperError, match="has the channels"):
        end(keeper.path)
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as stranger:
        stranger.connect(str(keeper.path))
        for message in ({"do": "take"}, {"do": "keep", "channel": 1, "probe": [0, 0]}, {"do": "drop", "channel": 1}):
            tell(stranger, message)
            answer = line_keeping.hear(stranger)
            assert answer is not None and "not yours" in answer[0]["refused"]
    keeper.give(first, 1)
    first.close()
    second.take()
    assert keeper.held == [1]


def test_a_channel_that_is_dropped_is_let_go_and_one_given_anew_replaces_the_old(keeper: Keeper) -> None:
    lines = keeper.lines()
    for channel in (1, 2):
        keeper.give(lines, channel)
    lines.drop(1)
    lines.drop(9)
    assert not keeper.seized(1) and keeper.seized(2) and keeper.held == [2]
    keeper.give(lines, 2)
    assert keeper.held == [2] and keeper.seized(2)


def test_what_is_good_for_nothing_is_dropped_while_nobody_owns_it(keeper: Keeper) -> None:
    """A span that was pulled: a descriptor that is held would keep the kernel from taking it away."""
    lines = keeper.lines()
    for channel in (1, 2):
        keeper.give(lines, channel)
    os.close(keeper.far.pop(1))
    lines.close()
    until(lambda: keeper.held == [2], "the channel that is gone is still held")
    assert keeper.seized(2)


def test_when_patience_is_over_every_channel_is_closed(keeper: Keeper) -> None:
    lines = keeper.lines(patience_s=0.5)
    for channel in (1, 2):
        keeper.give(lines, channel)
    time.sleep(1.0)
    assert keeper.seized(1), "an owner who says nothing is an owner"
    lines.close()
    until(lambda: not keeper.seized(1) and not keeper.seized(2), "the channels stay seized")
    assert keeper.process.wait(PATIENCE_S) == 0 and not keeper.path.exists()
    assert keeper.process.stderr is not None
    assert b"nobody has come for 2 channels within 0.5 s" in keeper.process.stderr.read()


def test_one_whom_nobody_came_to_waits_and_an_order_ends_it(keeper: Keeper) -> None:
    assert keeper.state() == {"version": 1, "process": keeper.process.pid, "held": [], "owner": 0, "patience_s": 30.0}
    lines = keeper.lines()
    keeper.give(lines, 1)
    lines.close()
    until(lambda: (keeper.state() or {}).get("owner") == 0, "the connection does not end")
    end(keeper.path)
    assert keeper.process.wait(PATIENCE_S) == 0 and not keeper.seized(1) and not keeper.path.exists()


def test_sigterm_releases_the_lines(keeper: Keeper) -> None:
    keeper.give(keeper.lines(), 1)
    keeper.process.terminate()
    assert keeper.process.wait(PATIENCE_S) == 0 and not keeper.seized(1)


def test_a_second_keeper_leaves_the_place_to_the_first(keeper: Keeper) -> None:
    second = keeper.spawn()
    assert second.wait(PATIENCE_S) == 0 and second.stderr is not None
    assert b"there is one already" in second.stderr.read()
    second.stderr.close()
    assert keeper.held == []


def test_a_socket_that_a_dead_keeper_left_is_taken(keeper: Keeper) -> None:
    keeper.process.kill()
    keeper.process.communicate()
    assert keeper.path.exists()
    keeper.process = keeper.spawn()
    until(lambda: keeper.held == [], "no new keeper")


@pytest.mark.parametrize(
    "octets",
    [b"nonsense", b"[1]", b"{}", b'{"do": "close"}', b'{"do": "own"}', b'{"do": "own", "version": 2, "patience_s": 1, "process": 1}'],
)
def test_what_is_no_request_is_refused_and_its_descriptor_closed(keeper: Keeper, octets: bytes) -> None:
    folder = Path(f"/proc/{keeper.process.pid}/fd")
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as stranger:
        stranger.settimeout(PATIENCE_S)
        stranger.connect(str(keeper.path))
        before = None
        for _ in range(3):
            try:
                socket.send_fds(stranger, [octets], [0])
                answer = line_keeping.hear(stranger)
            except OSError:
                answer = None
            if answer is None:
                break
            assert "refused" in answer[0]
            before, now = before or len(list(folder.iterdir())), len(list(folder.iterdir()))
            assert now == before, "a descriptor stays behind"
    assert keeper.held == []


def test_a_channel_without_descriptor_is_refused(keeper: Keeper) -> None:
    lines = keeper.lines()
    with pytest.raises(KeeperError, match="no descriptor"):
        lines.keep(1, -1)
    keeper.give(lines, 1)
    assert keeper.held == [1], "the connection is as it was"


def test_a_lost_keeper_is_noticed_and_the_next_one_is_another_generation(keeper: Keeper) -> None:
    lines = keeper.lines()
    assert lines.attend() == 1 and lines.attend() == 1
    keeper.process.kill()
    keeper.process.communicate()
    with pytest.raises(KeeperError):
        lines.attend()
    keeper.process = keeper.spawn()
    until(lambda: keeper.state() is not None, "no new keeper")
    assert lines.attend() == 2
