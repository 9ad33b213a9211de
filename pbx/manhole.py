"""The console's door: an SSH server (RFC 4251 to 4254, Twisted Conch) on the loopback, for people with a key.

Only ed25519 public keys that stand in the keys file are let in; each has a name and a role (pbx/console_words.py). There is no
password, no forwarding, no agent, no X11, no subsystem and no way to start a program. Connections are few, log-in takes 30 seconds at
most and three tries, the host key is made in the data directory and readable by its owner alone. With a terminal the console is a
line editor with history; without one it reads lines and writes plain text, so that ``echo lines | zongji console`` works.
Leaves out what can be typed (pbx/console_words.py) and the client (pbx/console.py).
"""

# Twisted names its methods in its own way.
# ruff: noqa: N802, N803, N815

import contextlib
import difflib
import os
import struct
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch import avatar, error, manhole
from twisted.conch.insults import insults
from twisted.conch.interfaces import IConchUser, ISession
from twisted.conch.manhole_ssh import TerminalSessionTransport
from twisted.conch.ssh import connection, factory, keys, session, transport, userauth
from twisted.cred import credentials, portal
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer
from twisted.python import components, failure
from zope.interface import implementer

from pbx.console_words import ROLES, Exchange, HeldTooLongError, RefusedError, Watchdog, Watches, check_safe, namespace_of

KEYS_FILE = "console_keys"
HOST_KEY_FILE = "console_host_key"
DOOR_FILE = "console.json"
CONNECTIONS_MOST = 8
CHANNELS_MOST = 4
GRACE_S = 30.0
TRIES = 3
LINE_LONGEST = 8192
TEXT_LONGEST = 200


class Door(msgspec.Struct, frozen=True):
    """What a client must know to come in; the content of DOOR_FILE in the data directory."""

    port: int
    host_key: str
    process: int


class KeyRow(msgspec.Struct, frozen=True):
    """A line of the keys file: ``ssh-ed25519 AAAA… NAME ROLE``."""

    blob: bytes
    name: str
    role: str


def write_private(path: Path, octets: bytes) -> None:
    """Write a new file that its owner alone may read; ``FileExistsError`` when it is there."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(octets)


def make_key(path: Path) -> Any:
    """The ed25519 key of this file; it is made if there is none. ``PermissionError`` when others may read it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            write_private(path, keys.Key(Ed25519PrivateKey.generate()).toString("openssh"))
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} may be read by others; make a new one, or chmod 600 if you are sure that nobody has")
    return keys.Key.fromString(path.read_bytes())


def read_keys(path: Path) -> list[KeyRow]:
    """The keys that may come in. A line that is not right lets nobody in."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        parts = line.split()
        if len(parts) != 4 or parts[0] != "ssh-ed25519" or parts[3] not in ROLES:
            continue
        # Whatever is wrong with a line, the others hold.
        with contextlib.suppress(Exception):
            rows.append(KeyRow(keys.Key.fromString(" ".join(parts[:2]).encode()).blob(), parts[2], parts[3]))
    return rows


def authorise(path: Path, public_key: str, name: str, role: str) -> None:
    """Let a key in under a name and a role; no matter if it is already. ``ValueError`` for what cannot be."""
    kind, _, rest = public_key.strip().partition(" ")
    if kind != "ssh-ed25519" or role not in ROLES or not name or name.split() != [name]:
        raise ValueError(f"an ed25519 key, a name of one word and one of the roles {', '.join(ROLES)} are wanted")
    blob = keys.Key.fromString(f"{kind} {rest}".encode()).blob()
    if any(row.blob == blob and (row.name, row.role) == (name, role) for row in read_keys(path)):
        return
    if not path.exists():
        write_private(path, b"")
    with path.open("a", encoding="utf-8") as file:
        file.write(f"ssh-ed25519 {rest.split()[0]} {name} {role}\n")


@implementer(ICredentialsChecker)
class KeyChecker:
    """Whether a key stands in the keys file, which is read anew each time, so a line taken out acts at once."""

    credentialInterfaces = (credentials.ISSHPrivateKey,)

    def __init__(self, path: Path) -> None:
        self._path = path

    def requestAvatarId(self, given: Any) -> Any:
        """The KeyRow of the key, once its signature is right."""
        row = next((row for row in read_keys(self._path) if row.blob == given.blob), None)
        if row is None:
            return defer.fail(UnauthorizedLogin("no such key"))
        if not given.signature:
            return defer.fail(error.ValidPublicKey())
        if not keys.Key.fromString(given.blob).verify(given.signature, given.sigData):
            return defer.fail(UnauthorizedLogin("the signature is wrong"))
        return defer.succeed(row)


class Interpreter(manhole.ManholeInterpreter):  # type: ignore[misc]
    """Runs what one login types: under the watchdog, within its role."""

    def __init__(self, output: Any, exchange: Exchange, row: KeyRow, later: Callable[[Callable[[], object]], object]) -> None:
        self.exchange = exchange
        self.row = row
        self.failed = False
        self.watches = Watches(exchange, self.run_callback, lambda text: self.write(text, True), later)
        super().__init__(output, namespace_of(exchange, row.name, row.role, self.watches))

    def runsource(self, source: str, filename: str = "<console>", symbol: str = "single") -> bool:
        """One statement; observers and operators are held to the safe part of Python."""
        if self.row.role != "engineer" and source.strip():
            try:
                check_safe(source.strip())
            except RefusedError as refused:
                self.failed = True
                self.write(f"refused: {refused}\n")
                return False
            except (SyntaxError, ValueError, RecursionError):
                self.failed = True
                self.write(f"not understood: {source.strip()[:TEXT_LONGEST]}\n")
                return False
            source = source.strip()
        return bool(super().runsource(source, filename, symbol))

    def runcode(self, code: Any) -> None:
        """Run a whole statement; an engineer's is journaled first."""
        if self.row.role == "engineer":
            text = b"\n".join(self.buffer).decode("utf-8", "replace")
            self.exchange.commanded(self.row.name, "python", text[:TEXT_LONGEST])
        self._guarded(lambda: exec(code, self.locals))  # the console is for this

    def displayhook(self, obj: Any) -> None:
        """What a statement has given; a page of several lines as lines."""
        if isinstance(obj, str) and "\n" in obj:
            self.locals["_"] = obj
            self.write(obj)
        else:
            super().displayhook(obj)

    def run_callback(self, function: Callable[[], object]) -> bool:
        """Run a subscribed callback; whether it went well."""
        return self._guarded(function, True)

    def _guarded(self, function: Callable[[], object], asynchronous: bool = False) -> bool:
        try:
            with self.monkeyPatcher, Watchdog():
                function()
        except HeldTooLongError as held:
            self.write(f"{held}\n", asynchronous)
        except RefusedError as refused:
            self.write(f"refused: {refused}\n", asynchronous)
        except SystemExit:
            self.write("Ctrl-D leaves the console; the exchange goes on\n", asynchronous)
        except BaseException:
            self.write(self._traced(), asynchronous)
        else:
            return True
        self.failed = True
        return False

    def _traced(self) -> str:
        """What went wrong; an engineer sees where."""
        kind, value, trace = sys.exc_info()
        assert kind is not None
        if isinstance(value, NameError) and traceback.extract_tb(trace)[-1].name == "<module>":  # of the statement, not within a function
            near = difflib.get_close_matches(value.name, self.locals, 1)
            return f"NameError: there is no {value.name} here; {f'is it {near[0]}? ' if near else ''}help tells all words\n"
        if self.row.role == "engineer" and trace is not None:
            return str(failure.Failure(value, kind, trace).getBriefTraceback())
        return f"{kind.__name__}: {value}\n"


class Terminal(manhole.Manhole):  # type: ignore[misc]
    """The console on a terminal."""

    def __init__(self, make: Callable[[Any], Interpreter]) -> None:
        super().__init__()
        self._make = make

    def connectionMade(self) -> None:
        """Begin with our own interpreter."""
        super().connectionMade()
        self.interpreter = self._make(self)

    def connectionLost(self, reason: Any) -> None:
        """End what was subscribed."""
        self.interpreter.watches.off()
        super().connectionLost(reason)


class PlainConsole:
    """The console without a terminal: lines in, text out."""

    def __init__(self, make: Callable[[Any], Interpreter], process: Any) -> None:
        self._process = process
        self._rest = b""
        self._more = False
        self._ended = False
        self.interpreter = make(self)

    def addOutput(self, text: Any, isAsync: Any = None) -> None:
        """Text of the interpreter; the display of a value comes without an end of line, which ``_line`` adds."""
        octets = text.encode("utf-8") if isinstance(text, str) else text
        self._ended = octets.endswith(b"\n")
        self._process.write(octets)

    def dataReceived(self, octets: bytes) -> None:
        """More of what is typed or piped."""
        *lines, self._rest = (self._rest + octets).replace(b"\r\n", b"\n").split(b"\n")
        if len(self._rest) > LINE_LONGEST:
            self._rest = b""
            self.addOutput("a line as long as that is not taken\n")
        for line in lines:
            self._line(line)

    def end(self) -> None:
        """Nothing more comes: run what is there, then say how it went."""
        if self._rest or self._more:
            self._line(self._rest)
            if self._more:
                self._line(b"")
        self.close(1 if self.interpreter.failed else 0)

    def close(self, code: int) -> None:
        """End with an exit status (RFC 4254 clause 6.10)."""
        self.interpreter.watches.off()
        channel = self._process.session
        channel.conn.sendRequest(channel, b"exit-status", struct.pack(">L", code))
        channel.loseConnection()

    def loseConnection(self) -> None:
        """The channel has closed."""
        self.interpreter.watches.off()

    def _line(self, line: bytes) -> None:
        self._ended = True
        try:
            self._more = bool(self.interpreter.push(line))
        except UnicodeDecodeError:
            self.interpreter.resetBuffer()
            self.addOutput("the console reads UTF-8\n")
        if not self._ended:
            self._process.write(b"\n")


@implementer(ISession)
class ConsoleShell:
    """One channel of a login: a shell with or without a terminal, or one statement."""

    def __init__(self, user: "ConsoleUser") -> None:
        self._user = user
        self._size: tuple[int, int] | None = None
        self._terminal: Any = None
        self._plain: PlainConsole | None = None
        self._statement = False

    def getPty(self, term: bytes, size: Any, modes: Any) -> None:
        """There is a terminal of this size."""
        self._size = (size[1], size[0])

    def openShell(self, process: Any) -> None:
        """Begin to read."""
        if self._size is None:
            self._begin_plain(process)
            return
        self._terminal = insults.ServerProtocol(Terminal, self._user.make)
        TerminalSessionTransport(process, self._terminal, self._user, *self._size)

    def execCommand(self, process: Any, command: bytes) -> None:
        """One statement of the console; not a program."""
        plain = self._begin_plain(process)
        self._statement = True

        def run() -> None:
            plain.dataReceived(command)
            plain.end()

        # Once the request has been answered: an answer may not follow the channel's close.
        self._user.later(run)

    def _begin_plain(self, process: Any) -> PlainConsole:
        self._plain = PlainConsole(self._user.make, process)
        process.makeConnection(_Sink(self._plain))
        return self._plain

    def windowChanged(self, size: Any) -> None:
        """The terminal has another size."""
        if self._terminal is not None and self._terminal.terminalProtocol is not None:
            self._terminal.terminalProtocol.terminalSize(size[1], size[0])

    def eofReceived(self) -> None:
        """The far end sends no more. (Twisted's own TerminalSession raises NotImplementedError here.)"""
        if self._statement:
            return
        if self._plain is not None:
            self._plain.end()
        elif self._terminal is not None:
            self._terminal.loseConnection()

    def closed(self) -> None:
        """The channel is closed."""
        if self._plain is not None:
            self._plain.loseConnection()


class _Sink:
    """What Twisted's process protocol takes for its transport."""

    def __init__(self, plain: PlainConsole) -> None:
        self.write = plain.dataReceived
        self.loseConnection = plain.loseConnection


class ConsoleUser(avatar.ConchUser):  # type: ignore[misc]
    """Somebody who has logged in. Of all that SSH knows there are channels of kind *session* only."""

    def __init__(self, exchange: Exchange, row: KeyRow, later: Callable[[Callable[[], object]], object]) -> None:
        super().__init__()
        self.channelLookup = {b"session": session.SSHSession}
        self.later = later
        self.make: Callable[[Any], Interpreter] = lambda output: Interpreter(output, exchange, row, later)

    def lookupChannel(self, kind: bytes, window: int, packet: int, data: bytes) -> Any:
        """A channel, if there are not too many."""
        if len(self.conn.channels) >= CHANNELS_MOST:
            raise error.ConchError(connection.OPEN_RESOURCE_SHORTAGE, "too many channels")
        return super().lookupChannel(kind, window, packet, data)


components.registerAdapter(ConsoleShell, ConsoleUser, ISession)


@implementer(portal.IRealm)
class _Realm:
    def __init__(self, exchange: Exchange, later: Callable[[Callable[[], object]], object]) -> None:
        self._exchange = exchange
        self._later = later

    def requestAvatar(self, row: KeyRow, mind: Any, *interfaces: Any) -> Any:
        """The user of the key."""
        return IConchUser, ConsoleUser(self._exchange, row, self._later), lambda: None


class _LogIn(userauth.SSHUserAuthServer):  # type: ignore[misc]
    loginTimeout = GRACE_S
    attemptsBeforeDisconnect = TRIES

    def serviceStarted(self) -> None:
        """Time runs on the clock that the composition gave."""
        self.clock = self.transport.factory.clock
        super().serviceStarted()


class _Transport(transport.SSHServerTransport):  # type: ignore[misc]
    """A connection: modern algorithms only, and not for ever without a log-in."""

    supportedCiphers = [name for name in transport.SSHServerTransport.supportedCiphers if name.endswith(b"-ctr")]
    supportedMACs = [name for name in transport.SSHServerTransport.supportedMACs if name.startswith(b"hmac-sha2")]
    supportedKeyExchanges = [name for name in transport.SSHServerTransport.supportedKeyExchanges if not name.startswith(b"diffie-hellman")]

    def connectionMade(self) -> None:
        """Somebody has connected."""
        self.factory.connections += 1
        self._grace = self.factory.clock.callLater(self.factory.grace_s, self._too_slow)
        super().connectionMade()

    def connectionLost(self, reason: Any) -> None:
        """He has gone."""
        self.factory.connections -= 1
        if self._grace.active():
            self._grace.cancel()
        super().connectionLost(reason)

    def _too_slow(self) -> None:
        if not hasattr(self, "avatar"):
            self.transport.abortConnection()


class ConsoleFactory(factory.SSHFactory):  # type: ignore[misc]
    """The server. ``clock`` is the reactor's face that makes delayed calls."""

    protocol = _Transport
    services = {b"ssh-userauth": _LogIn, b"ssh-connection": connection.SSHConnection}

    def __init__(self, exchange: Exchange, data: Path, clock: Any, grace_s: float = GRACE_S) -> None:
        """Keys and host key lie in ``data``."""
        key = make_key(data / HOST_KEY_FILE)
        self.publicKeys = {b"ssh-ed25519": key.public()}
        self.privateKeys = {b"ssh-ed25519": key}
        self.primes = None
        self.clock = clock
        self.grace_s = grace_s
        self.connections = 0
        self.refused = 0
        self.portal = portal.Portal(_Realm(exchange, lambda function: clock.callLater(0, function)), [KeyChecker(data / KEYS_FILE)])

    def buildProtocol(self, address: Any) -> Any:
        """A connection, unless there are enough."""
        if self.connections >= CONNECTIONS_MOST:
            self.refused += 1
            return None
        return super().buildProtocol(address)


def open_console(exchange: Exchange, data: Path, reactor: Any, port: int = 0) -> Any:
    """Listen on the loopback and write DOOR_FILE into ``data``; returns the listening port (``stopListening`` ends it)."""
    listening = reactor.listenTCP(port, ConsoleFactory(exchange, data, reactor), interface="127.0.0.1")
    host_key = make_key(data / HOST_KEY_FILE).public().toString("openssh").decode()
    door = Door(listening.getHost().port, " ".join(host_key.split()[:2]), os.getpid())
    written = data / (DOOR_FILE + ".new")
    written.write_bytes(msgspec.json.encode(door))
    written.replace(data / DOOR_FILE)
    return listening
