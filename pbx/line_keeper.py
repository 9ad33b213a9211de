"""The line keeper: ``python -m pbx.line_keeper SOCKET``, a small process that holds channels open while the rest of the program changes.

A DAHDI channel is closed by the kernel, and its call with it, when the last descriptor of it is. The media plane gives the keeper a
duplicate of each (drivers/line_keeping.py has the words); the plane after it, of whatever version, takes them from here. One connection at
a time owns the channels: it ends with its process, so there are never two planes on one channel. While nobody owns them the keeper asks
once a second whether each is still good, and closes what is not (a span that was pulled would otherwise never be let go by the kernel);
when its patience is over it closes all, which the kernel tells the far ends as release, so that no line stays seized. It then ends, as it
does when it is told to; one whom nobody has come to yet waits. It imports nothing but the standard library and is never restarted for an
upgrade. Leaves out everything about lines: how to ask after a descriptor is told to it.
"""

import contextlib
import fcntl
import os
import resource
import selectors
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivers.line_keeping import VERSION, hear, tell

PATIENCE_S = 30.0
"""Until somebody has said how long."""
PROBE_EVERY_S = 1.0
SEND_PATIENCE_S = 2.0


class Held:
    """One descriptor, and how to ask whether it is still good."""

    __slots__ = ("_probe", "descriptor")

    def __init__(self, descriptor: int, request: int, octets: int) -> None:
        self.descriptor = descriptor
        self._probe = (request, octets)

    def close(self) -> None:
        """Let it go."""
        os.close(self.descriptor)

    def is_good(self) -> bool:
        """Whether what it stands for is still there."""
        request, octets = self._probe
        try:
            fcntl.ioctl(self.descriptor, request, bytearray(octets), True)
        except OSError:
            return False
        return True


class LineKeeper:
    """What is held, who owns it, and until when if nobody does."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` is the present, here as in the methods."""
        self.held: dict[int, Held] = {}
        self.owner: socket.socket | None = None
        self.owner_process = 0
        self.patience_s = PATIENCE_S
        self.over = False
        self._alone_since: float | None = None
        self._probed_at = seconds

    def answer(self, connection: socket.socket, message: dict[str, Any], descriptor: int, seconds: float) -> None:
        """Do what a message wants. What cannot be done is refused; a descriptor that nobody wants is closed."""
        request = getattr(self, f"_{message.get('do')}", None) if message.get("do") in REQUESTS else None
        if descriptor >= 0 and not (message.get("do") == "keep" and connection is self.owner):
            os.close(descriptor)
        try:
            if request is None:
                raise ValueError(f"there is no request {message.get('do')!r}")
            if message["do"] in OWNERS_OWN and connection is not self.owner:
                raise ValueError("the channels are not yours: say own first")
            request(connection, message, descriptor, seconds)
        except (ValueError, KeyError, TypeError) as wrong:
            tell(connection, {"refused": str(wrong)})

    def gone(self, connection: socket.socket, seconds: float) -> None:
        """A connection has ended."""
        if connection is self.owner:
            self.owner, self.owner_process = None, 0
            self._alone_since = self._probed_at = seconds

    def look_after(self, seconds: float) -> float | None:
        """While nobody owns the channels; how many seconds until the next look, None = there is none."""
        if self.owner is not None or self._alone_since is None:
            return None
        if seconds - self._alone_since >= self.patience_s:
            if self.held:
                _say(f"nobody has come for {len(self.held)} channels within {self.patience_s:g} s: they are closed")
            self.close()
            return None
        if seconds - self._probed_at >= PROBE_EVERY_S:
            self._probed_at = seconds
            for channel in [channel for channel, held in self.held.items() if not held.is_good()]:
                _say(f"channel {channel} is gone")
                self.held.pop(channel).close()
        return max(0.0, min(self._probed_at + PROBE_EVERY_S, self._alone_since + self.patience_s) - seconds)

    def close(self) -> None:
        """Let everything go, for good."""
        while self.held:
            self.held.popitem()[1].close()
        self.over = True

    # Requests.

    def _own(self, connection: socket.socket, message: dict[str, Any], descriptor: int, seconds: float) -> None:
        if message["version"] != VERSION:
            raise ValueError(f"this keeper speaks version {VERSION}, not {message['version']}")
        if self.owner is not None and connection is not self.owner:
            raise ValueError(f"process {self.owner_process} has the channels")
        self.patience_s = float(message["patience_s"])
        self.owner, self.owner_process = connection, int(message["process"])
        tell(connection, {"version": VERSION})

    def _take(self, connection: socket.socket, message: dict[str, Any], descriptor: int, seconds: float) -> None:
        for channel, held in self.held.items():
            tell(connection, {"channel": channel}, held.descriptor)
        tell(connection, {"taken": len(self.held)})

    def _keep(self, connection: socket.socket, message: dict[str, Any], descriptor: int, seconds: float) -> None:
        if descriptor < 0:
            raise ValueError("no descriptor came with it")
        try:
            channel, (request, octets) = int(message["channel"]), message["probe"]
            held = Held(descriptor, int(request), int(octets))
        except (ValueError, KeyError, TypeError):
            os.close(descriptor)
            raise
        before = self.held.pop(channel, None)
        if before is not None:
            before.close()
        self.held[channel] = held
        tell(connection, {})

    def _drop(self, connection: socket.socket, message: dict[str, Any], descriptor: int, seconds: float) -> None:
        held = self.held.pop(int(message["channel"]), None)
        if held is not None:
            held.close()
        tell(connection, {})

    def _look(self, connection: socket.socket, message: dict[str, Any], descriptor: int, seconds: float) -> None:
        tell(
            connection,
            {
                "version": VERSION,
                "process": os.getpid(),
                "held": sorted(self.held),
                "owner": self.owner_process,
                "patience_s": self.patience_s,
            },
        )

    def _end(self, connection: socket.socket, message: dict[str, Any], descriptor: int, seconds: float) -> None:
        if self.owner is not None:
            raise ValueError(f"process {self.owner_process} has the channels")
        self.close()
        tell(connection, {})


REQUESTS = ("own", "take", "keep", "drop", "look", "end")
OWNERS_OWN = ("take", "keep", "drop")


def _say(text: str) -> None:
    sys.stderr.write(f"line keeper: {text}\n")


def _listen(path: Path) -> socket.socket | None:
    """The socket, for this user alone; None when another keeper is there already."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            listening.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
        else:
            listening.close()
            return None
        listening.close()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen()
    listening.setblocking(False)
    return listening


def _serve(keeper: LineKeeper, listening: socket.socket) -> None:
    selector = selectors.DefaultSelector()
    selector.register(listening, selectors.EVENT_READ)
    while not keeper.over:
        wait_s = keeper.look_after(time.monotonic())
        for key, _ in selector.select(wait_s) if not keeper.over else ():
            if key.fileobj is listening:
                connection, _ = listening.accept()
                # Whoever does not take his answer must not stop the others.
                connection.settimeout(SEND_PATIENCE_S)
                selector.register(connection, selectors.EVENT_READ)
                continue
            connection = key.fileobj  # type: ignore[assignment]
            if not _step(keeper, connection):
                selector.unregister(connection)
                keeper.gone(connection, time.monotonic())
                connection.close()


def _step(keeper: LineKeeper, connection: socket.socket) -> bool:
    """One message; False when the connection has ended, or is good for nothing."""
    try:
        heard = hear(connection)
        if heard is None:
            return False
        keeper.answer(connection, *heard, time.monotonic())
    except (OSError, ValueError):
        return False
    return True


def main(arguments: Sequence[str]) -> int:
    """Hold lines until told to end, until SIGTERM, or until patience is over."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m pbx.line_keeper SOCKET\n")
        return 2
    path = Path(arguments[0])
    listening = _listen(path)
    if listening is None:
        _say("there is one already")
        return 0
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    keeper = LineKeeper(time.monotonic())
    try:
        _serve(keeper, listening)
    finally:
        keeper.close()
        with contextlib.suppress(OSError):
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
