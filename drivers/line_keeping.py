"""What is said to the line keeper (pbx/line_keeper.py), and the side of it that the media plane has.

The keeper holds a duplicate of the descriptor of each open channel, so that a channel stays open while planes change. One message is
one packet of a Unix socket (SOCK_SEQPACKET), an object in JSON; a descriptor travels beside it (SCM_RIGHTS). Each request has one answer,
``take`` one for each channel and one more:

    own   version, patience_s, process   from now on until the connection ends the sender alone has the channels
    take                                 gives each channel that is held, with its descriptor; then {"taken": how many}
    keep  channel, probe + descriptor    hold it; ``probe`` is an order (ioctl) and the octets of its argument: it fails once the
                                         descriptor is good for nothing
    drop  channel                        hold it no longer
    look                                 what is held, and by whom owned
    end                                  close all and end; refused while somebody owns the channels

The answer {"refused": why} is a no. A keeper outlives upgrades of the program, so this program speaks every version that ever was, and
the keeper none but its own. The standard library alone. Leaves out what the channels are.
"""

import array
import contextlib
import json
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VERSION = 1
LONGEST_OCTETS = 1 << 16
MOST_DESCRIPTORS = 4
"""In one message; all but the first are closed."""
ANSWER_PATIENCE_S = 5.0
OWNER_PATIENCE_S = 5.0
"""So long the connection of a plane that has just ended may take to be seen as ended."""
PAUSE_S = 0.02


class KeeperError(Exception):
    """The keeper is not there, or said no."""


def tell(connection: socket.socket, message: dict[str, Any], descriptor: int = -1) -> None:
    """Send one message."""
    socket.send_fds(connection, [json.dumps(message).encode()], [descriptor] if descriptor >= 0 else [])


def hear(connection: socket.socket) -> tuple[dict[str, Any], int] | None:
    """The next message and its descriptor (-1: none); None when the connection has ended. ValueError for what is no message."""
    room = socket.CMSG_SPACE(MOST_DESCRIPTORS * array.array("i").itemsize)
    # socket.recv_fds forgets its flags, and a descriptor must not be handed down to a child.
    octets, beside, _, _ = connection.recvmsg(LONGEST_OCTETS, room, socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, data in beside:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    for surplus in descriptors[1:]:
        os.close(surplus)
    descriptor = descriptors[0] if descriptors else -1
    if not octets:
        return None
    try:
        message = json.loads(octets)
        if not isinstance(message, dict):
            raise ValueError("no object")
    except ValueError:
        if descriptor >= 0:
            os.close(descriptor)
        raise
    return message, descriptor


class KeptLines:
    """A connection to the keeper, made anew when it is lost. Threads may share it.

    ``generation`` rises with each connection: what was given to an earlier one may have to be given again.
    """

    def __init__(self, path: str, patience_s: float, probe: tuple[int, int]) -> None:
        """``patience_s``: how long channels are held while nobody owns them; ``probe``: see the module."""
        self.path = path
        self.generation = 0
        self._patience_s = patience_s
        self._probe = probe
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Own the channels no longer; the keeper goes on holding them."""
        with self._lock:
            self._drop_connection()

    def take(self) -> dict[int, int]:
        """Own the channels, and the descriptors of those that are held, by number; they are the caller's from now on."""
        with self._lock:
            connection = self._connected()
            try:
                tell(connection, {"do": "take"})
                return dict(self._taken(connection))
            except (OSError, ValueError) as error:
                raise self._lost(error) from None

    def keep(self, channel: int, descriptor: int) -> None:
        """Have a channel held."""
        self._ask({"do": "keep", "channel": channel, "probe": list(self._probe)}, descriptor)

    def drop(self, channel: int) -> None:
        """Have it held no longer."""
        self._ask({"do": "drop", "channel": channel})

    def attend(self) -> int:
        """See to it that there is a connection; its generation."""
        with self._lock:
            if self._connection is not None and _has_ended(self._connection):
                self._drop_connection()
            self._connected()
            return self.generation

    def _taken(self, connection: socket.socket) -> Iterator[tuple[int, int]]:
        while True:
            heard = hear(connection)
            if heard is None:
                raise OSError("it has ended")
            message, descriptor = heard
            if "taken" in message:
                return
            yield int(message["channel"]), descriptor

    def _ask(self, message: dict[str, Any], descriptor: int = -1) -> None:
        with self._lock:
            connection = self._connected()
            try:
                _answer(connection, message, descriptor)
            except (OSError, ValueError) as error:
                raise self._lost(error) from None

    def _connected(self) -> socket.socket:
        if self._connection is None:
            connection = _connect(self.path)
            try:
                _own(connection, self._patience_s)
            except (OSError, ValueError) as error:
                connection.close()
                raise self._lost(error) from None
            except KeeperError:
                connection.close()
                raise
            self._connection = connection
            self.generation += 1
        return self._connection

    def _lost(self, error: Exception) -> KeeperError:
        self._drop_connection()
        return KeeperError(f"the line keeper at {self.path} does not answer: {error}")

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(ANSWER_PATIENCE_S)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise KeeperError(f"there is no line keeper at {path}: {error.strerror}") from None
    return connection


def _answer(connection: socket.socket, message: dict[str, Any], descriptor: int = -1) -> dict[str, Any]:
    """Ask, and the answer; KeeperError when it is a no."""
    tell(connection, message, descriptor)
    heard = hear(connection)
    if heard is None:
        raise OSError("it has ended")
    if "refused" in heard[0]:
        raise KeeperError(str(heard[0]["refused"]))
    return heard[0]


def _has_ended(connection: socket.socket) -> bool:
    """Whether the other side is gone: it says nothing that it was not asked."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _own(connection: socket.socket, patience_s: float) -> None:
    """Become the owner; the one before may just be ending."""
    until = time.monotonic() + OWNER_PATIENCE_S
    while True:
        try:
            _answer(connection, {"do": "own", "version": VERSION, "patience_s": patience_s, "process": os.getpid()})
            return
        except KeeperError:
            if time.monotonic() > until:
                raise
        time.sleep(PAUSE_S)


def look(path: Path) -> dict[str, Any]:
    """What a keeper says of itself; KeeperError when there is none."""
    return _of_no_owner(path, {"do": "look"})


def end(path: Path) -> None:
    """Have the keeper close all channels and end; KeeperError when there is none, or somebody owns them.

    Whoever owned them until a moment ago may still seem to.
    """
    until = time.monotonic() + OWNER_PATIENCE_S
    while True:
        try:
            _of_no_owner(path, {"do": "end"})
            return
        except KeeperError:
            if time.monotonic() > until or not path.exists():
                raise
        time.sleep(PAUSE_S)


def _of_no_owner(path: Path, message: dict[str, Any]) -> dict[str, Any]:
    with contextlib.closing(_connect(str(path))) as connection:
        try:
            return _answer(connection, message)
        except (OSError, ValueError) as error:
            raise KeeperError(f"the line keeper at {path} does not answer: {error}") from None
