"""Level 2 of one signalling link as an engine: link state control and its boxes between level 3 and transmission and reception in C.

``Mtp2`` sorts what comes in and returns what goes out. Inputs: the requests of level 3 (primitives.py), what is told from below
(orders.py), ``ReceiverBusy`` and ``ReceiverFree``. Outputs: indications to level 3, orders, ``Noted``, ``Unexpected``. What is
told after a new beginning was ordered and before it was made is of an earlier life and is not heard. Messages that were accepted before
level 3's ``Stop`` had come down are still told, as they are confirmed to the far end. Leaves out who carries orders and events.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.engine import Levels
from pbx.machine import Machine
from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.mtp2 import orders
from pbx.signalling.ss7.mtp2.cc import Congestion
from pbx.signalling.ss7.mtp2.figures import Figures
from pbx.signalling.ss7.mtp2.iac import InitialAlignment
from pbx.signalling.ss7.mtp2.lsc import LinkState
from pbx.signalling.ss7.mtp2.poc import ProcessorOutage
from pbx.signalling.ss7.mtp2.terminal import Terminal

Input = primitives.ToLevel2 | orders.Told | orders.ReceiverBusy | orders.ReceiverFree
SERVING = frozenset({"InService", "ProcessorOutage"})
IN_SERVICE = "in service"


class Mtp2:
    """Level 2 of one link."""

    def __init__(self, figures: Figures) -> None:
        self._terminal = Terminal(figures)
        self._furnish()
        self._life: int | None = None  # of the earlier life: until it has begun nothing is heard
        self._deaf = False  # level 3 was told that the link is out of service, so no message follows

    def _furnish(self) -> None:
        terminal = self._terminal
        terminal.link_state = LinkState(terminal)
        terminal.alignment = InitialAlignment(terminal)
        terminal.outage = ProcessorOutage(terminal)
        terminal.congestion = Congestion(terminal)
        self._link_state = terminal.link_state.machine
        self._alignment = terminal.alignment.machine

    # What people see.

    @property
    def state(self) -> str:
        """The state of link state control; while it aligns that of initial alignment control."""
        state = self._link_state.state
        return self._alignment.state if state == "InitialAlignment" else state

    @property
    def tag(self) -> str:
        """Not empty while the link may go on without control."""
        return IN_SERVICE if self._link_state.state in SERVING else ""

    @property
    def speech(self) -> bool:
        """A signalling link has none."""
        return False

    @property
    def counters(self) -> Mapping[str, int]:
        """What has happened how often, by name (after Q.752)."""
        return self._terminal.counters

    def machines(self) -> Sequence[Machine]:
        """All of them, for coverage and for people."""
        terminal = self._terminal
        return [self._link_state, self._alignment, terminal.outage.machine, terminal.congestion.machine]

    # The engine's verbs.

    def start(self, now: float) -> Sequence[Any]:
        """Power on: out of service, SIOS goes out."""
        self._terminal.order(orders.Halt())
        return self._taken(now)

    def receive(self, value: Input, now: float) -> Sequence[Any]:
        """A request of level 3, something told, or the receiver's congestion."""
        take = _TOLD.get(type(value))
        if type(value) is orders.Begun:
            if value.life == self._life:
                self._life = None
        elif take is None:
            _REQUESTS[type(value)](self, value)
        elif self._life is None:
            take(self, value)
        return self._taken(now)

    def expire(self, now: float) -> Sequence[Any]:
        """Fire the timers that are due."""
        for machine in (self._link_state, self._alignment):
            self._terminal.outputs.extend(machine.expire(now))
        return self._taken(now)

    def deadline(self) -> float | None:
        """When ``expire`` is wanted."""
        due = [when for machine in (self._link_state, self._alignment) if (when := machine.deadline()) is not None]
        return min(due) if due else None

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Any]:
        """After a restart of control: a link that was in service goes on; if it has failed meanwhile, that is told again.

        A processor outage that level 3 had ordered is ended, as level 3 knows nothing of it any more.
        """
        if tag != IN_SERVICE:
            return self.start(now)
        self._link_state.enter("InService", now)
        self._terminal.order(orders.Accept(True), orders.Send("messages"), orders.TellAgain())
        return self._taken(now)

    def begin_anew(self, given: Any, now: float) -> Sequence[Any]:
        """A fault of ours has hit while ``given`` was taken: out of service, whatever the boxes were about, and level 3 is told.

        What they had said is not lost, what level 3 has ordered for all alignments stands, and an answer that it waits for is given. A
        message that has come is confirmed to the far end, so level 3 gets it; one that should go can be retrieved.
        """
        terminal, life = self._terminal, self._terminal.link_state.life
        terminal.forget()
        self._furnish()
        terminal.link_state.life = life
        terminal.count("fault of ours")
        said = {type(value) for value in terminal.outputs}
        if type(given) is orders.MessageHeard and not self._deaf and self._life is None and primitives.ReceivedMessage not in said:
            terminal.tell(primitives.ReceivedMessage(given.octets))
        terminal.order(orders.Halt())
        if type(given) is primitives.MessageForTransmission and orders.SendMessage not in said:
            terminal.order(orders.SendMessage(given.octets))
        terminal.tell(primitives.OutOfService("a fault of ours"))
        if isinstance(given, primitives.RetrieveBsnt | orders.BsntTold) and said.isdisjoint((orders.TellBsnt, primitives.Bsnt)):
            terminal.tell(primitives.Bsnt(None))
        ends = (orders.Retrieve, primitives.RetrievalComplete)
        if isinstance(given, primitives.RetrievalRequest | orders.RetrievalEnded) and said.isdisjoint(ends):
            terminal.tell(primitives.RetrievalComplete())
        return self._taken(now)

    def _taken(self, now: float) -> Sequence[Any]:
        terminal = self._terminal
        terminal.drain(now)
        outputs, terminal.outputs = terminal.outputs, []
        for value in outputs:
            if type(value) is orders.Begin:
                self._life = value.life
                self._deaf = False
            elif type(value) is primitives.OutOfService:
                self._deaf = True
        return outputs

    # Level 3.

    def _post(self, event: str, argument: Any = None) -> None:
        self._terminal.post(self._link_state, event, argument)

    def _start(self, _: primitives.Start) -> None:
        self._post("start")

    def _stop(self, _: primitives.Stop) -> None:
        self._post("stop")

    def _emergency(self, _: primitives.Emergency) -> None:
        self._terminal.emergency = True
        self._terminal.post(self._alignment, "emergency")

    def _emergency_ceases(self, _: primitives.EmergencyCeases) -> None:
        self._terminal.emergency = False
        self._terminal.post(self._alignment, "emergency-ceases")

    def _message(self, value: primitives.MessageForTransmission) -> None:
        self._post("message", value.octets)

    def _retrieve_bsnt(self, _: primitives.RetrieveBsnt) -> None:
        self._post("retrieve-bsnt")

    def _retrieve(self, value: primitives.RetrievalRequest) -> None:
        self._post("retrieve", value.fsnc)

    def _local_outage(self, _: primitives.LocalProcessorOutage) -> None:
        self._terminal.local_outage = True
        self._post("local")

    def _local_recovered(self, _: primitives.LocalProcessorRecovered) -> None:
        self._terminal.local_outage = False
        self._post("local-recovered")

    def _flush(self, _: primitives.FlushBuffers) -> None:
        self._post("flush")

    def _continue(self, _: primitives.Continue) -> None:
        self._post("continue")

    def _busy(self, value: orders.ReceiverBusy) -> None:
        if self._link_state.state in SERVING:
            self._terminal.post(self._terminal.congestion.machine, "busy-discard" if value.discard else "busy")

    def _free(self, _: orders.ReceiverFree) -> None:
        self._terminal.post(self._terminal.congestion.machine, "free")

    # From below.

    def _status(self, value: orders.StatusHeard) -> None:
        state = self._link_state.state
        if state == "InitialAlignment":
            self._terminal.hear(self._alignment, value.status)
        elif state != "OutOfService":
            self._terminal.hear(self._link_state, value.status)

    def _heard(self, value: orders.MessageHeard) -> None:
        if not self._deaf:
            self._terminal.tell(primitives.ReceivedMessage(value.octets))

    def _failed(self, value: orders.Failed) -> None:
        self._post("failed", value.reason)

    def _errors(self, _: orders.ProvingErrors) -> None:
        self._terminal.post(self._alignment, "errors")

    def _correct(self, _: orders.CorrectUnit) -> None:
        self._terminal.post(self._alignment, "correct")

    def _filled(self, value: orders.BufferFilled) -> None:
        if self._link_state.state in SERVING:
            self._terminal.tell(primitives.LinkCongestion(value.level))

    def _bsnt(self, value: orders.BsntTold) -> None:
        self._terminal.tell(primitives.Bsnt(value.value))

    def _retrieved(self, value: orders.Retrieved) -> None:
        self._terminal.tell(primitives.RetrievedMessage(value.octets))

    def _retrieval_ended(self, _: orders.RetrievalEnded) -> None:
        self._terminal.tell(primitives.RetrievalComplete())


_REQUESTS: Mapping[type, Callable[[Mtp2, Any], None]] = {
    primitives.Start: Mtp2._start,
    primitives.Stop: Mtp2._stop,
    primitives.Emergency: Mtp2._emergency,
    primitives.EmergencyCeases: Mtp2._emergency_ceases,
    primitives.MessageForTransmission: Mtp2._message,
    primitives.RetrieveBsnt: Mtp2._retrieve_bsnt,
    primitives.RetrievalRequest: Mtp2._retrieve,
    primitives.LocalProcessorOutage: Mtp2._local_outage,
    primitives.LocalProcessorRecovered: Mtp2._local_recovered,
    primitives.FlushBuffers: Mtp2._flush,
    primitives.Continue: Mtp2._continue,
    orders.ReceiverBusy: Mtp2._busy,
    orders.ReceiverFree: Mtp2._free,
}

_TOLD: Mapping[type, Callable[[Mtp2, Any], None]] = {
    orders.StatusHeard: Mtp2._status,
    orders.MessageHeard: Mtp2._heard,
    orders.Failed: Mtp2._failed,
    orders.ProvingErrors: Mtp2._errors,
    orders.CorrectUnit: Mtp2._correct,
    orders.BufferFilled: Mtp2._filled,
    orders.BsntTold: Mtp2._bsnt,
    orders.Retrieved: Mtp2._retrieved,
    orders.RetrievalEnded: Mtp2._retrieval_ended,
}
