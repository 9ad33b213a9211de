"""Associations of SIGTRAN over SCTP, or over TCP by our own convention: they listen or connect, come again after a loss, carry messages.

``Associations`` has one for each plan. What happens is told by a callback as ``AssociationUp``, ``AssociationLost`` and ``Octets`` with the
association's name; ``send`` takes what an engine returns. One that connects tries again after a loss, each time later; listeners share a
port, and who comes is known by his address. Over TCP messages follow one another, as each says its length (docs/integrator/sigtran.md).
Leaves out what the messages mean, and encryption.
"""

# Twisted names its methods in its own way.
# ruff: noqa: N802

import socket
from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec
from twisted.internet import defer, protocol
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint

from pbx.engine import Malformed
from pbx.sctp_socket import WAITING_OCTETS_MOST, SctpListener, SctpSocket, open_socket
from pbx.signalling.ss7.sigtran.association import (
    PAYLOAD_PROTOCOLS,
    PORTS,
    AssociationLost,
    AssociationUp,
    EndAssociation,
    FromBelow,
    Octets,
    Protocol,
    SendOctets,
)
from pbx.signalling.ss7.sigtran.codec import Splitter

Transport = Literal["sctp", "tcp"]
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
"""Between tries to connect: the first, doubled with each until the longest."""
CONNECT_S = 5.0
LISTEN_AGAIN_S = 5.0
"""A port that could not be had is asked for again: whoever has it may be going."""
_LIVELY = {socket.TCP_USER_TIMEOUT: 10000, socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
"""A far end that confirms nothing is given up after 10 s (milliseconds in the first), a silent one is asked after 10 s (seconds)."""
STREAMS_OVER_TCP = 2
"""Streams are not carried, so all that an engine needs is that there is one beside stream 0."""


class AssociationPlan(msgspec.Struct, frozen=True):
    """One association.

    ``peer``: the far end's address, in digits and of IPv4; for one that listens only who comes from there is let in, and an empty one
    lets in anybody. ``port`` None: that of the protocol. ``local``: our own address, empty for any.
    """

    name: str
    protocol: Protocol
    peer: str
    transport: Transport = "sctp"
    listen: bool = False
    port: int | None = None
    local: str = ""

    @property
    def listening_at(self) -> tuple[Transport, str, int]:
        """Plans with the same value share a listener."""
        return self.transport, self.local, PORTS[self.protocol] if self.port is None else self.port


class _TcpStream(protocol.Protocol):  # type: ignore[misc]
    """One TCP connection as an association."""

    def __init__(self, found: Callable[["_TcpStream"], "_Association | None"]) -> None:
        self._found = found
        self._association: _Association | None = None
        self._splitter = Splitter()
        self._waiting: int | None = None
        self._reason = ""

    def connectionMade(self) -> None:
        """It stands."""
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        handle = self.transport.getHandle()
        for option, value in _LIVELY.items():
            handle.setsockopt(socket.IPPROTO_TCP, option, value)
        self.transport.registerProducer(self, True)
        self._association = self._found(self)
        if self._association is None:
            self.transport.abortConnection()
        else:
            self._association.established(self, STREAMS_OVER_TCP)

    def dataReceived(self, octets: bytes) -> None:
        """Cut it into messages."""
        for message in self._splitter.feed(octets):
            if self._association is None:
                return
            if isinstance(message, Malformed):
                self.close(message.what)
            else:
                self._association.hear(self, None, message)

    def connectionLost(self, reason: Any = None) -> None:
        """It is gone."""
        association, self._association = self._association, None
        if association is not None:
            association.lost(self, self._reason or reason.getErrorMessage())

    def send(self, stream: int, octets: bytes) -> None:
        """Send a message; a far end that takes nothing for too long is given up."""
        if self._waiting is not None:
            self._waiting += len(octets)
            if self._waiting > WAITING_OCTETS_MOST:
                self.close(f"the far end takes nothing, {self._waiting} octets wait")
                return
        self.transport.write(octets)

    def close(self, reason: str) -> None:
        """End it at once."""
        self._reason = reason
        self.transport.abortConnection()

    # The transport tells whether it is full.

    def pauseProducing(self) -> None:
        """What is written from now on waits here; said at each write while it is full."""
        if self._waiting is None:
            self._waiting = 0

    def resumeProducing(self) -> None:
        """All has left."""
        self._waiting = None

    def stopProducing(self) -> None:
        """The connection ends."""


Carrier = _TcpStream | SctpSocket


class _Association:
    """One plan with its present carrier, if there is one."""

    def __init__(self, plan: AssociationPlan, reactor: Any, tell: Callable[[FromBelow], None], note: Callable[[str], None]) -> None:
        self.plan = plan
        self.reactor = reactor
        self._tell = tell
        self._note = note
        self._carrier: Carrier | None = None
        self._attempt: Carrier | None = None
        self._wait_s = FIRST_WAIT_S
        self._call: Any = None
        self._trying: Any = None
        self._stopped = False

    @property
    def up(self) -> bool:
        """Whether it stands."""
        return self._carrier is not None

    def connect(self) -> None:
        """Try to connect."""
        self._call = None
        plan = self.plan
        _, local, port = plan.listening_at
        if plan.transport == "tcp":
            place = TCP4ClientEndpoint(self.reactor, plan.peer, port, timeout=CONNECT_S, bindAddress=(local, 0) if local else None)
            self._trying = place.connect(protocol.Factory.forProtocol(lambda: _TcpStream(lambda stream: None if self._stopped else self)))
            self._trying.addErrback(lambda failure: self._try_later(failure.getErrorMessage()))
            return
        try:
            found = open_socket()
            if local:
                found.bind((local, 0))
        except OSError as error:
            self._try_later(error.strerror or str(error))
            return
        self._attempt = self.carry(found)
        self._attempt.connect((plan.peer, port))

    def carry(self, found: socket.socket) -> SctpSocket:
        """An SCTP socket for this association."""
        carrier: SctpSocket = SctpSocket(
            self.reactor,
            found,
            PAYLOAD_PROTOCOLS[self.plan.protocol],
            lambda streams: self.established(carrier, streams),
            lambda stream, octets: self.hear(carrier, stream, octets),
            lambda reason: self.lost(carrier, reason),
        )
        return carrier

    def _try_later(self, reason: str) -> None:
        if self._stopped or self._call is not None:
            return
        self._note(f"no association: {reason}; again in {self._wait_s:g} s")
        self._call = self.reactor.callLater(self._wait_s, self.connect)
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def established(self, carrier: Carrier, streams: int) -> None:
        """A carrier stands. Who comes again before his loss was seen takes the place of the old one, or has begun anew within it."""
        old, self._carrier, self._attempt = self._carrier, carrier, None
        if old is not None:
            self._tell(AssociationLost("the far end has begun a new one"))
            if old is not carrier:
                old.close("a new one has taken its place")
        self._tell(AssociationUp(streams))

    def hear(self, carrier: Carrier, stream: int | None, octets: bytes) -> None:
        """A message has come; so the far end is who we think, and after a loss we may soon try again."""
        if carrier is self._carrier:
            self._wait_s = FIRST_WAIT_S
            self._tell(Octets(stream, octets))

    def lost(self, carrier: Carrier, reason: str) -> None:
        """A carrier has ended."""
        if carrier is self._carrier:
            self._carrier = None
            if not self._stopped:
                self._tell(AssociationLost(reason))
        elif carrier is not self._attempt:
            return
        self._attempt = None
        if not self.plan.listen:
            self._try_later(reason)

    def send(self, order: SendOctets | EndAssociation) -> None:
        """Send a message, or give it up; without an association it is lost, and the engine has been told so or will be."""
        if self._carrier is None:
            return
        if isinstance(order, EndAssociation):
            self._carrier.close(order.reason)
        else:
            self._carrier.send(order.stream, order.octets)

    def stop(self) -> None:
        """End it and try no more."""
        self._stopped = True
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._trying is not None:
            self._trying.cancel()
        for carrier in (self._carrier, self._attempt):
            if carrier is not None:
                carrier.close("stopped here")


class Associations:
    """All associations of an exchange."""

    def __init__(
        self,
        reactor: Any,
        plans: Iterable[AssociationPlan],
        told: Callable[[str, FromBelow], None],
        noted: Callable[[str, str], None] = lambda name, text: None,
        refused: Callable[[str], None] = lambda text: None,
    ) -> None:
        """``told(name, value)`` is called from the reactor, ``noted(name, text)`` with lines for people.

        ``refused(text)`` says why a port cannot be listened at, and with an empty text that all can.
        """
        self._refused = refused
        self._refusals: dict[tuple[Transport, str, int], Any] = {}
        self._reactor = reactor
        self._associations: dict[str, _Association] = {}
        self._listeners: dict[tuple[Transport, str, int], Any] = {}
        self._noted = noted
        for plan in plans:
            assert plan.name not in self._associations, plan.name
            self._associations[plan.name] = _Association(
                plan,
                reactor,
                lambda value, name=plan.name: told(name, value),  # type: ignore[misc]
                lambda text, name=plan.name: noted(name, text),  # type: ignore[misc]
            )

    def start(self) -> Any:
        """Listen and connect. The Deferred fires when all listeners stand, or fails with the first that cannot, which is tried again."""
        waits = []
        for association in self._associations.values():
            plan = association.plan
            if not plan.listen:
                association.connect()
            elif plan.listening_at not in self._listeners:
                self._listeners[plan.listening_at] = None
                waits.append(self._listen(plan.listening_at).addErrback(self._listen_later, plan.listening_at))
        # What is wrong, without the words about its having been one of several.
        return defer.gatherResults(waits, consumeErrors=True).addErrback(lambda failure: getattr(failure.value, "subFailure", failure))

    def _listen_later(self, failure: Any, place: tuple[Transport, str, int]) -> Any:
        self._refusals[place] = self._reactor.callLater(LISTEN_AGAIN_S, self._listen_again, place)
        self._refused(failure.getErrorMessage())
        return failure

    def _listen_again(self, place: tuple[Transport, str, int]) -> None:
        waiting = self._listen(place).addCallback(self._stands, place)
        waiting.addErrback(self._listen_later, place).addErrback(lambda failure: None)  # it has been told

    def _stands(self, _: Any, place: tuple[Transport, str, int]) -> None:
        del self._refusals[place]
        if not self._refusals:
            self._refused("")

    def _listen(self, place: tuple[Transport, str, int]) -> Any:
        transport, local, port = place
        if transport == "tcp":
            factory = protocol.Factory.forProtocol(lambda: _TcpStream(lambda stream: self._known(place, stream.transport.getPeer().host)))
            waiting = TCP4ServerEndpoint(self._reactor, port, interface=local).listen(factory)
            return waiting.addCallback(lambda listener: self._listeners.__setitem__(place, listener))
        try:
            listener = SctpListener(self._reactor, (local, port), lambda found, host: self._accepted(place, found, host))
        except OSError:
            return defer.fail()
        self._listeners[place] = listener
        return defer.succeed(None)

    def port_of(self, name: str) -> int:
        """The port on which an association listens, where its plan says 0."""
        listener = self._listeners[self._associations[name].plan.listening_at]
        found: int = listener.port if isinstance(listener, SctpListener) else listener.getHost().port
        return found

    def _known(self, place: tuple[Transport, str, int], host: str) -> _Association | None:
        """The association that an address belongs to: one that is down before one that stands, one with an address before one without."""
        fitting = [one for one in self._associations.values() if one.plan.listen and one.plan.listening_at == place]
        fitting = [one for one in fitting if one.plan.peer in (host, "")]
        if not fitting:
            self._noted("", f"{host} is not known, and was turned away")
            return None
        return min(fitting, key=lambda one: (one.plan.peer == "", one.up))

    def _accepted(self, place: tuple[Transport, str, int], found: socket.socket, host: str) -> None:
        association = self._known(place, host)
        if association is None:
            found.close()
        else:
            association.carry(found).established()

    def send(self, name: str, order: SendOctets | EndAssociation) -> None:
        """What an engine wants sent over an association."""
        self._associations[name].send(order)

    def stop(self) -> Any:
        """End everything; the Deferred fires when no listener is left."""
        for association in self._associations.values():
            association.stop()
        for call in self._refusals.values():
            if call.active():
                call.cancel()
        waits = []
        for listener in self._listeners.values():
            if isinstance(listener, SctpListener):
                listener.close()
            elif listener is not None:
                waits.append(defer.maybeDeferred(listener.stopListening))
        self._listeners.clear()
        return defer.gatherResults(waits)
