"""The states of one M2PA link: alignment, proving, service, processor outage (RFC 4165 section 4.1; the boxes LSC and IAC of Q.703 in one
chart).

Over an association that loses nothing each status is said once; Proving alone is repeated, as if the line were proved. An outage ends
with Recovered, which Ready answers when level 3 has said what becomes of the old messages; both go with the user data, so that each end
knows from where on the new numbers count. Whose processor is out is kept by POC, as in Q.703. Leaves out numbers and buffers
(m2pa_transmission.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.mtp2 import poc
from pbx.signalling.ss7.sigtran.m2pa_messages import LinkStatus, UserData
from pbx.signalling.ss7.sigtran.m2pa_transmission import DATA_STREAM

if TYPE_CHECKING:
    from pbx.signalling.ss7.sigtran.m2pa import M2pa


class LinkState:
    """The box of one link.

    ``_unsettled``: we have sent Recovered and wait for Ready. ``_owes_ready``: the far end waits for ours. ``_released``: level 3 has
    said what becomes of old messages. ``_ahead``: Recovered has overtaken its Processor Outage, which goes on another stream.
    """

    def __init__(self, engine: "M2pa") -> None:
        self.engine = engine
        self.transmission = engine.transmission
        self.machine = Machine(engine.figures.chart("M2PA", STATES, "stop"), self)
        self.outage = Machine(engine.figures.chart("POC", poc.STATES, "stop"), self)
        self._short = False
        self._unsettled = self._owes_ready = self._released = self._ahead = False

    def _outage(self, event: str, now: float) -> None:
        unexpected = self.outage.step(event, None, now)
        assert not unexpected, unexpected

    @property
    def _local(self) -> bool:
        return self.outage.state in poc.LOCAL

    @property
    def _remote(self) -> bool:
        return self.outage.state in poc.REMOTE

    # Beginning and end.

    def _start(self, _: Any, now: float) -> Sequence[Output]:
        self.transmission.begin(now)
        self._short = self.engine.emergency
        self.transmission.status("alignment")
        return ()

    def _end(self, now: float) -> None:
        self.transmission.halt(now)
        self.transmission.status("out of service")
        self._outage("stop", now)
        self._unsettled = self._owes_ready = self._released = self._ahead = False

    def _stop(self, _: Any, now: float) -> Sequence[Output]:
        self._end(now)
        return ()

    def _fail(self, reason: Any, now: float) -> Sequence[Output]:
        self._end(now)
        self.engine.count("link failure")
        self.engine.note(f"link out of service: {reason}")
        self.engine.tell(primitives.OutOfService(str(reason)))
        return ()

    def _fail_t1(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("T1: the far end is not ready", now)

    def _fail_t2(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("T2: the far end is not seen" if self.engine.associated else "T2: there is no association", now)

    def _fail_t3(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("T3: the far end does not go on to prove", now)

    def _fail_alignment(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("the far end aligns", now)

    def _fail_out(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("the far end is out of service", now)

    def _say_out(self, _: Any, now: float) -> Sequence[Output]:
        self.transmission.status("out of service")
        return ()

    def _message(self, octets: Any, now: float) -> Sequence[Output]:
        self.transmission.give(octets, now)
        return ()

    def _tell_bsnt(self, _: Any, now: float) -> Sequence[Output]:
        self.engine.tell(primitives.Bsnt(self.transmission.bsn))
        return ()

    def _retrieve(self, fsnc: Any, now: float) -> Sequence[Output]:
        self.transmission.retrieve(fsnc)
        return ()

    # The alignment.

    def _align(self, _: Any, now: float) -> Sequence[Output]:
        """The association has come up while we wait. It begins with Out of Service in any case (RFC 4165 section 4.1.1)."""
        self.transmission.status("out of service")
        self.transmission.status("alignment")
        return ()

    def _say_proving(self, _: Any, now: float) -> Sequence[Output]:
        self.transmission.status("proving emergency" if self.engine.emergency else "proving normal")
        return ()

    def _repeat_proving(self, argument: Any, now: float) -> Sequence[Output]:
        self.machine.start_timer("Tp", now)
        return self._say_proving(argument, now)

    def _emergency_before(self, _: Any, now: float) -> Sequence[Output]:
        self._short = True
        return ()

    def _ceases_before(self, _: Any, now: float) -> Sequence[Output]:
        self._short = False
        return ()

    def _emergency_aligned(self, argument: Any, now: float) -> Sequence[Output]:
        self._short = True
        return self._say_proving(argument, now)

    def _emergency_proving(self, argument: Any, now: float) -> Sequence[Output]:
        self._shorten(argument, now)
        return self._say_proving(argument, now)

    def _prove(self, now: float) -> None:
        self.machine.stop_timer("T4n")
        self.machine.start_timer("T4e" if self._short else "T4n", now)

    def _first_proving(self, _: Any, now: float) -> Sequence[Output]:
        self._prove(now)
        return ()

    def _first_emergency(self, _: Any, now: float) -> Sequence[Output]:
        self._short = True
        self._prove(now)
        return ()

    def _seen_proving(self, argument: Any, now: float) -> Sequence[Output]:
        """The far end has seen us before we have seen it."""
        self._prove(now)
        return self._say_proving(argument, now)

    def _seen_emergency(self, argument: Any, now: float) -> Sequence[Output]:
        self._short = True
        return self._seen_proving(argument, now)

    def _shorten(self, _: Any, now: float) -> Sequence[Output]:
        if not self._short:
            self._short = True
            self._prove(now)
        return ()

    def _proved(self, _: Any, now: float) -> Sequence[Output]:
        """T4 is over: say that we are ready, or that our processor is out."""
        self.transmission.accepting = not self.engine.local_outage
        if self.engine.local_outage:
            self._outage("local", now)
            self.transmission.status("processor outage")
            self.machine.choose("AlignedNotReady")
        else:
            self.transmission.status("ready")
            self.machine.choose("AlignedReady")
        return ()

    def _serve(self, now: float) -> None:
        self.engine.count("in service")
        self.engine.tell(primitives.InService())
        if self.outage.state == "Idle":
            self.transmission.sending = True
            self.transmission.send(now)
            self.machine.choose("InService")
        else:
            self.machine.choose("ProcessorOutage")

    def _ready(self, _: Any, now: float) -> Sequence[Output]:
        self._serve(now)
        return ()

    def _ready_while_proving(self, argument: Any, now: float) -> Sequence[Output]:
        """The far end is content with less, so are we."""
        self._proved(argument, now)
        return self._ready(argument, now)

    def _outage_while_proving(self, argument: Any, now: float) -> Sequence[Output]:
        self._proved(argument, now)
        return self._ready_with_outage(argument, now)

    def _ready_with_outage(self, argument: Any, now: float) -> Sequence[Output]:
        """Level 3 hears that the link is in service before it hears of the outage."""
        self._outage("remote", now)
        self._serve(now)
        self.engine.tell(primitives.RemoteProcessorOutage())
        return ()

    def _data_first(self, value: UserData, now: float) -> Sequence[Output]:
        """Who sends messages is ready."""
        self._serve(now)
        self.transmission.hear(value, now)
        return ()

    def _data(self, value: UserData, now: float) -> Sequence[Output]:
        self.transmission.hear(value, now)
        return ()

    def _busy(self, _: Any, now: float) -> Sequence[Output]:
        self.transmission.hear_busy(True, now)
        return ()

    def _busy_ended(self, _: Any, now: float) -> Sequence[Output]:
        self.transmission.hear_busy(False, now)
        return ()

    # Processor outages.

    def _local_before(self, _: Any, now: float) -> Sequence[Output]:
        self._outage("local", now)
        self.transmission.accepting = False
        self.transmission.status("processor outage")
        return ()

    def _local_outage(self, argument: Any, now: float) -> Sequence[Output]:
        if not self._local:
            self.transmission.sending = False
            self._unsettled = self._released = False
            self._local_before(argument, now)
        return ()

    def _local_recovered_before(self, _: Any, now: float) -> Sequence[Output]:
        self._outage("local-recovered", now)
        self.transmission.accepting = True
        self.transmission.status("ready")
        return ()

    def _local_recovered(self, _: Any, now: float) -> Sequence[Output]:
        if self._local:
            self._outage("local-recovered", now)
            self._unsettled = True
            self.transmission.status("processor recovered", DATA_STREAM)
        return ()

    def _remote_outage(self, _: Any, now: float) -> Sequence[Output]:
        if not self._remote:
            self._outage("remote", now)
            self._released = self._owes_ready = False
            self.transmission.pause(now)
            self.engine.count("remote processor outage")
            self.engine.tell(primitives.RemoteProcessorOutage())
        return ()

    def _remote_outage_first(self, argument: Any, now: float) -> Sequence[Output]:
        if self._ahead:
            self._ahead = False
            self.machine.choose("InService")
        else:
            self._remote_outage(argument, now)
            self.machine.choose("ProcessorOutage")
        return ()

    def _remote_recovered(self, value: LinkStatus, now: float) -> Sequence[Output]:
        if self.transmission.agree(value, self.transmission.accepting, now):
            self._owes_ready = True
            self._tell_recovered(now)
        return ()

    def _tell_recovered(self, now: float) -> None:
        if self._remote:
            self._outage("remote-recovered", now)
            self.engine.tell(primitives.RemoteProcessorRecovered())

    def _recovered_first(self, value: LinkStatus, now: float) -> Sequence[Output]:
        """Recovered, and its Processor Outage is still on its way: we have seen no outage, so level 3 need not hear of one."""
        if self.transmission.agree(value, True, now):
            self._ahead = True
            self.transmission.status("ready", DATA_STREAM)
            self.transmission.send(now)
        return ()

    def _settle(self, value: LinkStatus, now: float) -> Sequence[Output]:
        """Ready: from here on the far end's numbers count anew."""
        self.machine.choose("ProcessorOutage")
        if self.transmission.agree(value, self._unsettled or self.transmission.accepting, now):
            if self._unsettled:
                self._unsettled = False
                self.transmission.accepting = True
            self._tell_recovered(now)
            self._try(now)
        return ()

    def _continue(self, _: Any, now: float) -> Sequence[Output]:
        self.machine.choose("ProcessorOutage")
        if self.outage.state == "Idle":
            self._released = True
            if self._owes_ready:
                self._owes_ready = False
                self.transmission.status("ready", DATA_STREAM)
            self._try(now)
        return ()

    def _flush(self, argument: Any, now: float) -> Sequence[Output]:
        self.transmission.flush()
        return self._continue(argument, now)

    def _try(self, now: float) -> None:
        """Go on with the traffic, if level 3 and the far end have both said so."""
        if self._released and not self._unsettled and self.outage.state == "Idle":
            self._released = False
            self.transmission.sending = True
            self.transmission.send(now)
            self.machine.choose("InService")


_L = LinkState
_NOTHING = Cell(None)
_STOP = Cell(_L._stop, ("OutOfService",))
_FAIL = Cell(_L._fail, ("OutOfService",))
_OUT = Cell(_L._fail_out, ("OutOfService",))
_AGAIN = Cell(_L._fail_alignment, ("OutOfService",))
_UNTOUCHED = {
    # Level 3 need not know in which state a processor recovers.
    "local": _NOTHING,
    "local-recovered": _NOTHING,
    "continue": _NOTHING,
    "flush": _NOTHING,
}
_ALIGNED = {
    "stop": _STOP,
    "failed": _FAIL,
    "alignment": _AGAIN,
    "proving normal": _NOTHING,
    "proving emergency": _NOTHING,
    "out of service": _OUT,
    "emergency": _NOTHING,
    "emergency-ceases": _NOTHING,
    "T1": Cell(_L._fail_t1, ("OutOfService",)),
    "continue": _NOTHING,
    "flush": _NOTHING,
    "ready": Cell(_L._ready, ("InService", "ProcessorOutage")),
    "processor outage": Cell(_L._ready_with_outage, ("InService", "ProcessorOutage")),
}
_SERVING = {
    "stop": _STOP,
    "failed": _FAIL,
    "alignment": _AGAIN,
    "out of service": _OUT,
    "proving normal": _NOTHING,  # said before the far end was ready
    "proving emergency": _NOTHING,
    "emergency": _NOTHING,
    "emergency-ceases": _NOTHING,
    "message": Cell(_L._message),
    "data": Cell(_L._data),
    "busy": Cell(_L._busy),
    "busy ended": Cell(_L._busy_ended),
}

STATES: dict[str, State] = {
    "OutOfService": State(
        "nothing passes",
        {
            **_UNTOUCHED,
            "emergency": _NOTHING,
            "emergency-ceases": _NOTHING,
            "start": Cell(_L._start, ("NotAligned",)),
            "stop": _NOTHING,
            "up": Cell(_L._say_out),
            "failed": _NOTHING,
            "message": Cell(_L._message),  # it has crossed the failure, and can be retrieved
            "retrieve-bsnt": Cell(_L._tell_bsnt),
            "retrieve": Cell(_L._retrieve),
            "alignment": _NOTHING,
            "proving normal": _NOTHING,
            "proving emergency": _NOTHING,
            "ready": _NOTHING,
            "processor outage": _NOTHING,
            "processor recovered": _NOTHING,
            "busy": _NOTHING,
            "busy ended": _NOTHING,
            "out of service": _NOTHING,
            "data": _NOTHING,
        },
    ),
    "NotAligned": State(
        "has not seen the far end",
        {
            **_UNTOUCHED,
            "stop": _STOP,
            "up": Cell(_L._align),
            "failed": _NOTHING,  # of the association: it is waited for
            "emergency": Cell(_L._emergency_before),
            "emergency-ceases": Cell(_L._ceases_before),
            "alignment": Cell(_L._say_proving, ("Aligned",)),
            "proving normal": Cell(_L._seen_proving, ("Proving",)),
            "proving emergency": Cell(_L._seen_emergency, ("Proving",)),
            "out of service": _NOTHING,
            "T2": Cell(_L._fail_t2, ("OutOfService",)),
        },
        ("T2",),
    ),
    "Aligned": State(
        "has seen the far end, waits for it to prove",
        {
            **_UNTOUCHED,
            "stop": _STOP,
            "failed": _FAIL,
            "emergency": Cell(_L._emergency_aligned),
            "emergency-ceases": _NOTHING,
            "alignment": _NOTHING,
            "proving normal": Cell(_L._first_proving, ("Proving",)),
            "proving emergency": Cell(_L._first_emergency, ("Proving",)),
            "out of service": _OUT,
            "T3": Cell(_L._fail_t3, ("OutOfService",)),
            "Tp": Cell(_L._repeat_proving),
        },
        ("T3", "Tp"),
    ),
    "Proving": State(
        "the proving period runs",
        {
            **_UNTOUCHED,
            "stop": _STOP,
            "failed": _FAIL,
            "emergency": Cell(_L._emergency_proving),
            "emergency-ceases": _NOTHING,
            "alignment": Cell(_L._say_proving, ("Aligned",)),
            "proving normal": _NOTHING,
            "proving emergency": Cell(_L._shorten),
            "ready": Cell(_L._ready_while_proving, ("InService", "ProcessorOutage")),
            "processor outage": Cell(_L._outage_while_proving, ("InService", "ProcessorOutage")),
            "out of service": _OUT,
            "T4n": Cell(_L._proved, ("AlignedReady", "AlignedNotReady")),
            "T4e": Cell(_L._proved, ("AlignedReady", "AlignedNotReady")),
            "Tp": Cell(_L._repeat_proving),
        },
        ("Tp",),
        ("T4n", "T4e"),
    ),
    "AlignedReady": State(
        "proved, waits for the far end",
        {
            **_ALIGNED,
            "local": Cell(_L._local_before, ("AlignedNotReady",)),
            "local-recovered": _NOTHING,
            "data": Cell(_L._data_first, ("InService", "ProcessorOutage")),
        },
        ("T1",),
    ),
    "AlignedNotReady": State(
        "proved, our processor is out",
        {
            **_ALIGNED,
            "local": _NOTHING,
            "local-recovered": Cell(_L._local_recovered_before, ("AlignedReady",)),
            "data": Cell(_L._data_first, ("InService", "ProcessorOutage")),
        },
        ("T1",),
    ),
    "InService": State(
        "messages go both ways",
        {
            **_SERVING,
            "local": Cell(_L._local_outage, ("ProcessorOutage",)),
            "local-recovered": _NOTHING,
            "continue": _NOTHING,
            "flush": _NOTHING,
            "ready": _NOTHING,
            "processor outage": Cell(_L._remote_outage_first, ("InService", "ProcessorOutage")),
            "processor recovered": Cell(_L._recovered_first),
        },
    ),
    "ProcessorOutage": State(
        "in service, but a processor is out",
        {
            **_SERVING,
            "local": Cell(_L._local_outage),
            "local-recovered": Cell(_L._local_recovered),
            "processor outage": Cell(_L._remote_outage),
            "processor recovered": Cell(_L._remote_recovered),
            "ready": Cell(_L._settle, ("InService", "ProcessorOutage")),
            "continue": Cell(_L._continue, ("InService", "ProcessorOutage")),
            "flush": Cell(_L._flush, ("InService", "ProcessorOutage")),
        },
    ),
}
"""RFC 4165 section 4.1, after figures 8 and 9/Q.703."""
