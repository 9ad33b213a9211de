"""``zongji console``: comes in by the door of the exchange that runs here (pbx/manhole.py).

It finds the newest exchange under var/, makes the local user's key at first use and then becomes the system's ``ssh``, which
has the better line editing; where there is none it speaks SSH itself (Twisted Conch), without a terminal. Whoever may write the
data directory owns the exchange, so his key is let in without asking. Leaves out keys of other people: ``authorise`` in pbx/manhole.py.
"""

# Twisted names its methods in its own way.
# ruff: noqa: N802

import argparse
import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from twisted.conch.ssh import channel, connection, keys, transport, userauth
from twisted.internet import defer, endpoints, protocol, stdio, task

from pbx.manhole import DOOR_FILE, KEYS_FILE, Door, authorise, make_key

OPERATOR_KEY_FILE = "console_key"
HOSTS_FILE = "console_hosts"
HOME = Path(__file__).resolve().parent.parent
ASK_PATIENCE_S = 30.0


def prepare_key(data: Path, name: str = "", role: str = "engineer") -> Path:
    """The local user's key in the data directory, made and let in if it is not yet; for ``run``, ``demo`` and the client."""
    path = data / OPERATOR_KEY_FILE
    public = make_key(path).public().toString("openssh").decode()
    authorise(data / KEYS_FILE, public, name or _user_name(), role)
    return path


def _user_name() -> str:
    try:
        return "".join(getpass.getuser().split()) or "local"
    except (KeyError, OSError):
        return "local"


def running_data(root: Path = Path("var")) -> Path | None:
    """The data directory of the newest exchange under ``root`` whose process lives; None when none runs."""
    doors = sorted([*root.glob(DOOR_FILE), *root.glob(f"*/{DOOR_FILE}")], key=lambda door: door.stat().st_mtime, reverse=True)
    return next((door.parent for door in doors if _alive(door)), None)


def _alive(path: Path) -> bool:
    try:
        os.kill(msgspec.json.decode(path.read_bytes(), type=Door).process, 0)
    except PermissionError:
        return True
    except (OSError, msgspec.DecodeError):
        return False
    return True


def ssh_arguments(data: Path, door: Door, key: Path, terminal: bool, statement: str = "") -> list[str]:
    """The command line of the system's ssh; the user's own configuration and agent are left out of it."""
    hosts = data / HOSTS_FILE
    hosts.write_text(f"[127.0.0.1]:{door.port} {door.host_key}\n", encoding="utf-8")
    options = {
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PreferredAuthentications": "publickey",
        "UserKnownHostsFile": str(hosts.resolve()),
        "GlobalKnownHostsFile": os.devnull,
        "StrictHostKeyChecking": "yes",
        "LogLevel": "ERROR",
    }
    given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    call = ["ssh", "-F", "none", "-a", "-x", "-t" if terminal else "-T", "-p", str(door.port), "-i", str(key.resolve()), *given]
    return [*call, "console@127.0.0.1", *([statement] if statement else [])]


class _Transport(transport.SSHClientTransport):  # type: ignore[misc]
    def verifyHostKey(self, host_key: bytes, fingerprint: bytes) -> Any:
        """Only the host key that the data directory names."""
        known = keys.Key.fromString(self.factory.door.host_key.encode()).blob()
        return defer.succeed(1) if host_key == known else defer.fail(ConnectionError("another program listens on the console's port"))

    def connectionSecure(self) -> None:
        """Log in."""
        self.requestService(_LogIn(self.factory, _Connection(self.factory)))

    def connectionLost(self, reason: Any) -> None:
        """It is over."""
        super().connectionLost(reason)
        self.factory.finish()


class _LogIn(userauth.SSHUserAuthClient):  # type: ignore[misc]
    def __init__(self, client: "Client", instance: Any) -> None:
        super().__init__(b"console", instance)
        self._client = client

    def getPublicKey(self) -> Any:
        """Our one key, once."""
        key, self._client.untried = self._client.untried, None
        return key.public() if key is not None else None

    def getPrivateKey(self) -> Any:
        """The same key."""
        return defer.succeed(self._client.key)


class _Connection(connection.SSHConnection):  # type: ignore[misc]
    def __init__(self, client: "Client") -> None:
        super().__init__()
        self._client = client

    def serviceStarted(self) -> None:
        """Logged in: open the one channel."""
        super().serviceStarted()
        self.openChannel(_Channel(client=self._client, conn=self))


class _Channel(channel.SSHChannel):  # type: ignore[misc]
    name = b"session"

    def __init__(self, client: "Client", conn: Any) -> None:
        super().__init__(conn=conn)
        self._client = client

    def channelOpen(self, data: bytes) -> None:
        """Ask for a shell without a terminal, or for one statement."""
        client = self._client
        client.code = 1
        if client.statement:
            self.conn.sendRequest(self, b"exec", _text(client.statement))
            return
        self.conn.sendRequest(self, b"shell", b"")
        stdio.StandardIO(_Keyboard(self), reactor=client.reactor)

    def dataReceived(self, octets: bytes) -> None:
        """What the exchange says."""
        os.write(sys.stdout.fileno(), octets)

    def request_exit_status(self, data: bytes) -> None:
        """How it went."""
        self._client.code = int.from_bytes(data[:4], "big")

    def closed(self) -> None:
        """Over."""
        self.conn.transport.loseConnection()


def _text(text: str) -> bytes:
    octets = text.encode("utf-8")
    return len(octets).to_bytes(4, "big") + octets


class _Keyboard(protocol.Protocol):  # type: ignore[misc]
    def __init__(self, into: _Channel) -> None:
        self._into = into

    def dataReceived(self, octets: bytes) -> None:
        """What is typed or piped."""
        self._into.write(octets)

    def connectionLost(self, reason: Any = None) -> None:
        """No more of it."""
        if not self._into.localClosed:
            self._into.conn.sendEOF(self._into)


class Client(protocol.ClientFactory):  # type: ignore[misc]
    """Our own small client. ``code`` is the exit status: 255 when it never came in."""

    protocol = _Transport

    def __init__(self, door: Door, key_path: Path, statement: str, reactor: Any) -> None:
        self.door = door
        self.key = keys.Key.fromString(key_path.read_bytes())
        self.untried: Any = self.key
        self.statement = statement
        self.reactor = reactor
        self.code = 255
        self.done: Any = defer.Deferred()

    def finish(self) -> None:
        """The connection is gone."""
        done, self.done = self.done, None
        if done is not None:
            done.callback(None)


def speak(door: Door, key: Path, statement: str = "") -> int:
    """Be the client until the console is left; the exit status."""
    clients: list[Client] = []

    def begin(reactor: Any) -> Any:
        client = Client(door, key, statement, reactor)
        clients.append(client)
        done = client.done
        wanted = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", door.port, timeout=10).connect(client)
        wanted.addErrback(lambda failure: client.finish())
        return done

    try:
        task.react(begin)
    except SystemExit as ended:
        if ended.code:
            return 255
    return clients[0].code


def ask(data: Path, statement: str) -> tuple[int, str]:
    """Run one statement in the exchange of this data directory, from another command; exit status and what it printed."""
    command = [sys.executable, "-m", "pbx", "console", "--data", str(data.absolute()), "--client", "own", statement]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=ASK_PATIENCE_S, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def console_command(argv: Sequence[str]) -> int:
    """``zongji console [STATEMENT]``: does not return when the system's ssh takes over; 1 when no exchange runs."""
    options = argparse.ArgumentParser(
        prog="zongji console",
        description="Look around in the exchange that runs here, and give it orders; help() says what there is.",
        epilog="example: echo lines | zongji console",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("statement", nargs="?", default="", metavar="STATEMENT", help="run this and leave")
    options.add_argument("--data", type=Path, metavar="DIRECTORY", help="data directory of the exchange (default: the newest under var/)")
    options.add_argument("--client", choices=("ssh", "own"), help="the system's ssh or our own client (default: ssh if there is one)")
    chosen = options.parse_args(argv)
    data = chosen.data or running_data()
    if data is None or not (data / DOOR_FILE).exists():
        sys.stderr.write("zongji console: no exchange runs here; start one with `zongji demo --keep`, or say where with --data DIRECTORY\n")
        return 1
    door = msgspec.json.decode((data / DOOR_FILE).read_bytes(), type=Door)
    key = prepare_key(data)
    if (chosen.client or ("ssh" if shutil.which("ssh") else "own")) == "own":
        return speak(door, key, chosen.statement)
    terminal = sys.stdin.isatty() and not chosen.statement
    sys.stdout.flush()
    os.execvp("ssh", ssh_arguments(data, door, key, terminal, chosen.statement))
    return 255
