"""M2PA as an engine (RFC 4165): a signalling link over an association, with the face that level 2 shows to level 3 (mtp2/mtp2.py).

``M2pa`` sorts what comes in and returns what goes out. Inputs: the requests of level 3 (primitives.py), what the association tells
(association.py), ``ReceiverBusy`` and ``ReceiverFree``. Outputs: indications to level 3, ``SendOctets``, ``Noted``, ``Unexpected``,
``Malformed``. ``Bsnt`` and the number of a retrieval have 24 bits here, so level 3's link must be told to use the extended changeover
(``LinkPlan.extended``). On which stream a message comes is not looked at. Leaves out sockets, and JT-Q703's priorities.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.engine import Levels, Malformed, Noted, Unexpected
from pbx.machine import Machine
from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.mtp2.orders import ReceiverBusy, ReceiverFree
from pbx.signalling.ss7.sigtran.association import AssociationLost, AssociationUp, FromBelow, Octets, SendOctets
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m2pa_link import LinkState
from pbx.signalling.ss7.sigtran.m2pa_messages import LinkStatus, read
from pbx.signalling.ss7.sigtran.m2pa_transmission import Transmission

Input = primitives.ToLevel2 | FromBelow | ReceiverBusy | ReceiverFree
SERVING = frozenset({"InService", "ProcessorOutage"})


class M2pa:
    """One link. ``emergency`` and ``local_outage`` stand until level 3 takes them back, whatever becomes of the link."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.emergency = False
        self.local_outage = False
        self.associated = False
        self.counters: dict[str, int] = {}
        self._outputs: list[Any] = []
        self._signals: deque[tuple[str, Any, bool]] = deque()
        self.transmission = Transmission(figures, self.tell, self._failed)
        self._link = LinkState(self)

    # What people see.

    @property
    def state(self) -> str:
        """The state of the link."""
        return self._link.machine.state

    @property
    def tag(self) -> str:
        """Empty: the association ends with control, so nothing can be adopted."""
        return ""

    @property
    def speech(self) -> bool:
        """A signalling link has none."""
        return False

    def machines(self) -> Sequence[Machine]:
        """All of them, for coverage and for people."""
        return [self._link.machine, self._link.outage, self.transmission.far_end, self.transmission.here]

    # The engine's verbs.

    def start(self, now: float) -> Sequence[Any]:
        """Out of service, waits for level 3 and the association."""
        return self._taken(now)

    def receive(self, value: Input, now: float) -> Sequence[Any]:
        """A request of level 3, something of the association, or the receiver's congestion."""
        _INPUTS[type(value)](self, value, now)
        return self._taken(now)

    def expire(self, now: float) -> Sequence[Any]:
        """Fire the timers that are due, earliest first."""
        while (due := self.deadline()) is not None and due <= now:
            machine = next(one for one in self.machines() if one.deadline() == due)
            self._outputs.extend(machine.expire(due))
            self._drain(due)
        return self._taken(now)

    def deadline(self) -> float | None:
        """When ``expire`` is wanted."""
        due = [when for machine in self.machines() if (when := machine.deadline()) is not None]
        return min(due) if due else None

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Any]:
        """After a restart of control everything begins anew; the far end has seen the association go."""
        return self.start(now)

    def begin_anew(self, given: Any, now: float) -> Sequence[Any]:
        """A fault of ours has hit while ``given`` was taken: out of service, and level 3 is told. The association is for others to end.

        What was not confirmed can be retrieved, and the message that should go; an answer that level 3 waits for is given.
        """
        self._signals.clear()
        self._link = LinkState(self)
        self.associated = False
        self.count("fault of ours")
        said = {type(value) for value in self._outputs}
        self._outputs.append(primitives.OutOfService("a fault of ours"))
        if isinstance(given, primitives.RetrieveBsnt) and primitives.Bsnt not in said:
            self._outputs.append(primitives.Bsnt(None))
        elif isinstance(given, primitives.RetrievalRequest) and primitives.RetrievalComplete not in said:
            self._outputs.append(primitives.RetrievalComplete())
        self.transmission.halt(now)
        if type(given) is primitives.MessageForTransmission and not self.transmission.holds(given.octets):
            self.transmission.give(given.octets, now)
        return self._taken(now)

    def _taken(self, now: float) -> Sequence[Any]:
        self._drain(now)
        outputs, self._outputs = self._outputs, []
        return outputs

    # Between the parts.

    def _post(self, event: str, argument: Any = None) -> None:
        """A signal from level 3 or within: a state without a cell for it is our mistake."""
        self._signals.append((event, argument, False))

    def _drain(self, now: float) -> None:
        while self._signals:
            event, argument, heard = self._signals.popleft()
            machine = self._link.machine
            for value in machine.step(event, argument, now):
                assert heard or type(value) is not Unexpected, f"M2PA: no cell ({machine.state}, {event})"
                self.count("unexpected")
                self._outputs.append(value)

    def _failed(self, reason: str) -> None:
        self._post("failed", reason)

    def tell(self, value: Any) -> None:
        """To level 3 or, while there is one, to the association."""
        if self.associated or type(value) is not SendOctets:
            self._outputs.append(value)

    def note(self, text: str) -> None:
        """A line of the trace."""
        self._outputs.append(Noted(text))

    def count(self, name: str) -> None:
        """One more of what Q.752 wants to know."""
        self.counters[name] = self.counters.get(name, 0) + 1

    # The association.

    def _up(self, _: AssociationUp, now: float) -> None:
        if self.associated:  # the far end has begun anew, and SCTP has not told the loss of the old one
            self._lost(AssociationLost("the far end has begun a new association"), now)
            self._drain(now)
        self.associated = True
        if self.state in ("OutOfService", "NotAligned"):
            self._post("up")

    def _lost(self, value: AssociationLost, now: float) -> None:
        self.associated = False
        self.count("association lost")
        self._post("failed", f"association lost: {value.reason}")

    def _octets(self, value: Octets, now: float) -> None:
        message = read(value.octets)
        if isinstance(message, Malformed):
            self.count("malformed")
            self._outputs.append(Malformed(message.what))
        elif isinstance(message, LinkStatus):
            if self.state in SERVING and message.state not in ("processor recovered", "ready"):
                self.transmission.hear_confirmation(message.bsn, now)
            self._signals.append((message.state, message, True))
        else:
            self._signals.append(("data", message, True))

    # Level 3.

    def _start(self, _: primitives.Start, now: float) -> None:
        self._post("start")

    def _stop(self, _: primitives.Stop, now: float) -> None:
        self._post("stop")

    def _emergency(self, _: primitives.Emergency, now: float) -> None:
        self.emergency = True
        self._post("emergency")

    def _emergency_ceases(self, _: primitives.EmergencyCeases, now: float) -> None:
        self.emergency = False
        self._post("emergency-ceases")

    def _message(self, value: primitives.MessageForTransmission, now: float) -> None:
        self._post("message", value.octets)

    def _retrieve_bsnt(self, _: primitives.RetrieveBsnt, now: float) -> None:
        self._post("retrieve-bsnt")

    def _retrieve(self, value: primitives.RetrievalRequest, now: float) -> None:
        self._post("retrieve", value.fsnc)

    def _local_outage(self, _: primitives.LocalProcessorOutage, now: float) -> None:
        self.local_outage = True
        self._post("local")

    def _local_recovered(self, _: primitives.LocalProcessorRecovered, now: float) -> None:
        self.local_outage = False
        self._post("local-recovered")

    def _flush(self, _: primitives.FlushBuffers, now: float) -> None:
        self._post("flush")

    def _continue(self, _: primitives.Continue, now: float) -> None:
        self._post("continue")

    def _busy(self, _: ReceiverBusy, now: float) -> None:
        if self.state in SERVING:
            self.transmission.busy(True, now)

    def _free(self, _: ReceiverFree, now: float) -> None:
        if self.state in SERVING:
            self.transmission.busy(False, now)


_INPUTS: Mapping[type, Callable[[M2pa, Any, float], None]] = {
    AssociationUp: M2pa._up,
    AssociationLost: M2pa._lost,
    Octets: M2pa._octets,
    primitives.Start: M2pa._start,
    primitives.Stop: M2pa._stop,
    primitives.Emergency: M2pa._emergency,
    primitives.EmergencyCeases: M2pa._emergency_ceases,
    primitives.MessageForTransmission: M2pa._message,
    primitives.RetrieveBsnt: M2pa._retrieve_bsnt,
    primitives.RetrievalRequest: M2pa._retrieve,
    primitives.LocalProcessorOutage: M2pa._local_outage,
    primitives.LocalProcessorRecovered: M2pa._local_recovered,
    primitives.FlushBuffers: M2pa._flush,
    primitives.Continue: M2pa._continue,
    ReceiverBusy: M2pa._busy,
    ReceiverFree: M2pa._free,
}
