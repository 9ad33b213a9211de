"""One SCTP association on a socket of one-to-one style (RFC 6458), as a reader and writer of Twisted's reactor.

Python's socket module opens the socket; stream numbers and payload protocol identifiers travel as ancillary data, whose layouts are those
of Linux (linux/sctp.h). ``SctpListener`` accepts, ``SctpSocket`` connects, reads and writes. What the kernel does not take at once waits
here, up to a limit. A far end that has begun anew within the same association (RFC 9260, 5.2) is told as a new one. Leaves out several
addresses for one association (sctp_bindx needs a library), and what messages mean.
"""

# Twisted names its methods in its own way.
# ruff: noqa: N802

import errno
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor, IReadWriteDescriptor
from zope.interface import implementer

from pbx.signalling.ss7.sigtran.codec import HEADER_OCTETS, Fault, read_header

IPPROTO_SCTP = 132
_RTOINFO, _ASSOCINFO, _INITMSG, _NODELAY, _PEER_ADDR_PARAMS, _EVENTS, _STATUS, _RECVRCVINFO = 0, 1, 2, 3, 9, 11, 14, 32  # socket options
_SNDINFO, _RCVINFO = 2, 3  # types of ancillary data
_MSG_NOTIFICATION = 0x8000
_ASSOC_CHANGE, _RESTART = 0x8001, 2  # a notification, and what it tells
_ASSOC_CHANGE_EVENT = bytes((0, 1))  # the beginning of struct sctp_event_subscribe
_HEARTBEATS_WANTED = 1
_OUT_STREAMS_AT = 18  # in struct sctp_status, behind association, state, window, and three numbers of 16 bits
STREAMS = 17
"""Streams asked for: one for management and, for user messages, one for each of 16 values of the SLS."""
CONNECT_TRIES, CONNECT_WAIT_MOST_MS = 2, 2000
"""INIT is repeated so often, after 1, 2 and 2 s: who is not there is given up after 5 s. Of themselves kernels take minutes."""
RETRANSMISSIONS, WAIT_FIRST_MS, WAIT_LEAST_MS, WAIT_MOST_MS = 5, 1000, 500, 2000
"""A far end that confirms nothing is given up after this many repetitions, the longest of waits between them: about 10 s."""
HEARTBEAT_MS = 5000
"""A silent far end is asked; with the repetitions it is given up after about 40 s."""
WAITING_OCTETS_MOST = 1 << 20
"""What may wait for a far end that takes nothing; more, and the association is given up."""
READ_OCTETS = 65536


def sctp_missing() -> str:
    """Why this machine has no SCTP; empty where it has."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP).close()
    except OSError as error:
        return f"no SCTP in this kernel ({error.strerror})"
    return ""


def open_socket() -> socket.socket:
    """A socket that asks for enough streams, tells the stream of what it reads, and sends at once; OSError where there is no SCTP."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP)
    found.setblocking(False)
    found.setsockopt(IPPROTO_SCTP, _INITMSG, struct.pack("HHHH", STREAMS, STREAMS, CONNECT_TRIES, CONNECT_WAIT_MOST_MS))
    found.setsockopt(IPPROTO_SCTP, _RTOINFO, struct.pack("=iIII", 0, WAIT_FIRST_MS, WAIT_MOST_MS, WAIT_LEAST_MS))
    found.setsockopt(IPPROTO_SCTP, _ASSOCINFO, struct.pack("=iHHIII", 0, RETRANSMISSIONS, 0, 0, 0, 0))
    # struct sctp_paddrparams without its last two members, which older kernels do not know; no address: for all there will be.
    path = struct.pack("=i128sIHIII2x", 0, b"", HEARTBEAT_MS, RETRANSMISSIONS, 0, 0, _HEARTBEATS_WANTED)
    found.setsockopt(IPPROTO_SCTP, _PEER_ADDR_PARAMS, path)
    _prepare(found)
    return found


def _prepare(found: socket.socket) -> None:
    found.setsockopt(IPPROTO_SCTP, _RECVRCVINFO, 1)
    found.setsockopt(IPPROTO_SCTP, _NODELAY, 1)
    found.setsockopt(IPPROTO_SCTP, _EVENTS, _ASSOC_CHANGE_EVENT)


def send_information(stream: int, payload_protocol: int) -> tuple[int, int, bytes]:
    """The ancillary datum that sends a message on a stream (struct sctp_sndinfo); the identifier goes in the order of the network."""
    return IPPROTO_SCTP, _SNDINFO, struct.pack("=HH4sIi", stream, 0, payload_protocol.to_bytes(4, "big"), 0, 0)


def stream_of(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    """The stream on which a message has come (struct sctp_rcvinfo); None where it is not told."""
    for level, kind, octets in ancillary:
        if level == IPPROTO_SCTP and kind == _RCVINFO:
            stream: int = struct.unpack_from("=H", octets)[0]
            return stream
    return None


@implementer(IReadWriteDescriptor)
class SctpSocket:
    """One association. ``up(streams)``, ``message(stream, octets)`` and ``lost(reason)`` are called from the reactor; ``lost`` once.

    ``up`` comes again when the far end has begun anew: what was under way then is lost.
    """

    def __init__(
        self,
        reactor: Any,
        found: socket.socket,
        payload_protocol: int,
        up: Callable[[int], None],
        message: Callable[[int | None, bytes], None],
        lost: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._socket = found
        self._payload_protocol = payload_protocol
        self._up, self._message, self._lost = up, message, lost
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._waiting_octets = 0
        self._kept: dict[int | None, bytes] = {}
        self._connecting = False
        self._open = True

    def connect(self, address: tuple[str, int]) -> None:
        """Begin to set the association up; ``up`` or ``lost`` follows."""
        result = self._socket.connect_ex(address)
        if result not in (0, errno.EINPROGRESS):
            self._reactor.callLater(0, self.close, os.strerror(result))
            return
        self._connecting = True
        self._reactor.addWriter(self)

    def established(self) -> None:
        """The association stands."""
        self._connecting = False
        self._reactor.addReader(self)
        self._up(self._streams())

    def _streams(self) -> int:
        """How many go out; 2 where the kernel does not say."""
        try:
            status = self._socket.getsockopt(IPPROTO_SCTP, _STATUS, 256)
        except OSError:
            return 2
        found: int = struct.unpack_from("=H", status, _OUT_STREAMS_AT)[0]
        return found

    def send(self, stream: int, octets: bytes) -> None:
        """Send a message, or let it wait until the kernel takes it."""
        if not self._open:
            return
        if self._waiting_octets + len(octets) > WAITING_OCTETS_MOST:
            self.close(f"the far end takes nothing, {self._waiting_octets} octets wait")
            return
        self._waiting.append((stream, octets))
        self._waiting_octets += len(octets)
        if len(self._waiting) == 1:
            self.doWrite()

    def close(self, reason: str) -> None:
        """End the association."""
        if not self._open:
            return
        self._open = False
        self._reactor.removeReader(self)
        self._reactor.removeWriter(self)
        self._socket.close()
        self._lost(reason)

    # What Twisted calls.

    def fileno(self) -> int:
        """The descriptor that the reactor watches."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "sctp"

    def connectionLost(self, reason: Any) -> None:
        """The reactor has found the descriptor dead, or stops. The kernel knows better why."""
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if self._open else 0
        self.close(os.strerror(error) if error else reason.getErrorMessage())

    def doRead(self) -> None:
        """Read what is there; a message may come in parts, on each stream for itself."""
        while self._open:
            try:
                octets, ancillary, flags, _ = self._socket.recvmsg(READ_OCTETS, 256)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self.close(error.strerror or str(error))
                return
            if flags & _MSG_NOTIFICATION:
                self._notified(octets)
                continue
            if not octets:
                self.close("ended by the far end")
                return
            stream = stream_of(ancillary)
            whole = self._kept.pop(stream, b"") + octets
            if flags & socket.MSG_EOR or _complete(whole):
                self._message(stream, whole)
            else:
                self._kept[stream] = whole

    def _notified(self, octets: bytes) -> None:
        """The association has changed."""
        kind, _, _, state = struct.unpack_from("=HHIH", octets)
        if (kind, state) == (_ASSOC_CHANGE, _RESTART):
            self._kept.clear()
            self._waiting.clear()
            self._waiting_octets = 0
            self._up(self._streams())

    def doWrite(self) -> None:
        """The association stands, or the kernel has room again."""
        if self._connecting:
            error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._reactor.removeWriter(self)
            if error:
                self.close(os.strerror(error))
            else:
                self.established()
            return
        while self._waiting:
            stream, octets = self._waiting[0]
            try:
                self._socket.sendmsg([octets], [send_information(stream, self._payload_protocol)])
            except (BlockingIOError, InterruptedError):
                self._reactor.addWriter(self)
                return
            except OSError as error:
                self.close(error.strerror or str(error))
                return
            self._waiting.popleft()
            self._waiting_octets -= len(octets)
        self._reactor.removeWriter(self)


def _complete(octets: bytes) -> bool:
    head = read_header(octets[:HEADER_OCTETS])
    return isinstance(head, Fault) or len(octets) >= head[1]


@implementer(IReadDescriptor)
class SctpListener:
    """A listening socket; ``accepted(socket, host)`` is called for each association."""

    def __init__(self, reactor: Any, address: tuple[str, int], accepted: Callable[[socket.socket, str], None]) -> None:
        """Begin to listen; OSError where that cannot be."""
        self._reactor = reactor
        self._accepted = accepted
        self._socket = open_socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(address)
        self._socket.listen(16)
        reactor.addReader(self)

    @property
    def port(self) -> int:
        """The port it listens on."""
        found: int = self._socket.getsockname()[1]
        return found

    def close(self) -> None:
        """Listen no more."""
        self._reactor.removeReader(self)
        self._socket.close()

    def fileno(self) -> int:
        """The descriptor that the reactor watches."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "sctp"

    def connectionLost(self, reason: Any) -> None:
        """The reactor stops."""
        self.close()

    def doRead(self) -> None:
        """Accept all that wait."""
        while True:
            try:
                found, (host, *_) = self._socket.accept()
            except OSError:
                return
            found.setblocking(False)
            _prepare(found)
            self._accepted(found, host)
