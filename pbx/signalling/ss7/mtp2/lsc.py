"""LSC, link state control: out of service, aligning, ready, in service, processor outage (Q.703 figure 8).

It starts and stops all others and is the only one that speaks with level 3. Where the far end is in processor outage already when the
alignment ends, level 3 hears ``InService`` first and then of the outage. A status that shows that the far end has left service
ends reception where it is seen (pbx/dsp/mtp2.h) and comes as ``failed``. Leaves out how the others do their work.
"""

from collections.abc import Sequence
from typing import Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.mtp2.figures import HIGHEST
from pbx.signalling.ss7.mtp2.orders import Accept, Begin, Flush, Halt, Retrieve, Send, SendMessage, TellBsnt, Watch
from pbx.signalling.ss7.mtp2.terminal import Terminal

LIVES = 256


class LinkState:
    """The box of one link. ``life`` counts its beginnings, so that what was told in an earlier one is known as such."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.life = 0
        self.machine = Machine(terminal.figures.chart("LSC", STATES, "stop"), self)

    def _outage(self, event: str, now: float) -> None:
        """Processor outage control answers at once, because what we do depends on it."""
        unexpected = self.terminal.outage.machine.step(event, None, now)
        assert not unexpected, unexpected

    # From level 3.

    def _start(self, _: Any, now: float) -> Sequence[Output]:
        self.life = (self.life + 1) % LIVES
        self.terminal.order(Begin(self.life))
        self.terminal.post(self.terminal.alignment.machine, "start")
        return ()

    def _end(self) -> None:
        terminal = self.terminal
        terminal.order(Halt())
        for machine in (terminal.alignment.machine, terminal.outage.machine, terminal.congestion.machine):
            terminal.post(machine, "stop")

    def _stop(self, _: Any, now: float) -> Sequence[Output]:
        self._end()
        return ()

    def _fail(self, reason: Any, now: float) -> Sequence[Output]:
        self._end()
        self.terminal.count("link failure")
        self.terminal.note(f"link out of service: {reason}")
        self.terminal.tell(primitives.OutOfService(str(reason)))
        return ()

    def _fail_t1(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("T1: the far end is not ready", now)

    def _fail_sio(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("SIO: the far end aligns", now)

    def _fail_sios(self, _: Any, now: float) -> Sequence[Output]:
        return self._fail("SIOS: the far end is out of service", now)

    def _message(self, octets: Any, now: float) -> Sequence[Output]:
        self.terminal.order(SendMessage(octets))
        return ()

    def _tell_bsnt(self, _: Any, now: float) -> Sequence[Output]:
        self.terminal.order(TellBsnt())
        return ()

    def _retrieve(self, fsnc: int | None, now: float) -> Sequence[Output]:
        """The far end's number may be any of 24 bits (XCO); one that this format does not have says nothing."""
        highest = HIGHEST[self.terminal.figures.data.format]
        self.terminal.order(Retrieve(fsnc if fsnc is not None and fsnc <= highest else None))
        return ()

    # The alignment.

    def _aligned(self, _: Any, now: float) -> Sequence[Output]:
        self.machine.start_timer("T1", now)
        self.terminal.order(Watch("signal units"), Accept(not self.terminal.local_outage))
        if self.terminal.local_outage:
            self._outage("local", now)
            self.terminal.order(Send("SIPO"))
            self.machine.choose("AlignedNotReady")
        else:
            self.terminal.order(Send("fill-in"))
            self.machine.choose("AlignedReady")
        return ()

    def _in_service(self, _: Any, now: float) -> Sequence[Output]:
        self._serve()
        self.terminal.order(Send("messages"))
        return ()

    def _serve(self) -> None:
        self.terminal.count("in service")
        self.terminal.tell(primitives.InService())

    def _serve_not_ready(self, _: Any, now: float) -> Sequence[Output]:
        self._serve()
        return ()

    def _serve_remote_outage(self, argument: Any, now: float) -> Sequence[Output]:
        self._serve()
        return self._remote_outage(argument, now)

    # Processor outages.

    def _local_outage(self, _: Any, now: float) -> Sequence[Output]:
        self._outage("local", now)
        self.terminal.order(Accept(False), Send("SIPO"))
        return ()

    def _local_recovered(self, _: Any, now: float) -> Sequence[Output]:
        self._outage("local-recovered", now)
        self.terminal.order(Accept(True), Send("fill-in"))
        return ()

    def _remote_outage(self, _: Any, now: float) -> Sequence[Output]:
        if not self.terminal.outage.remote:
            self._outage("remote", now)
            self.terminal.count("remote processor outage")
            self.terminal.tell(primitives.RemoteProcessorOutage())
            if not self.terminal.outage.local:
                self.terminal.order(Send("fill-in"))
        return ()

    def _units(self, _: Any, now: float) -> Sequence[Output]:
        if self.terminal.outage.remote:
            self._outage("remote-recovered", now)
            self.terminal.tell(primitives.RemoteProcessorRecovered())
        return ()

    def _go_on(self, _: Any, now: float) -> Sequence[Output]:
        if self.terminal.outage.none:
            self.terminal.order(Send("messages"))
            self.machine.choose("InService")
        else:
            self.machine.choose("ProcessorOutage")
        return ()

    def _flush(self, argument: Any, now: float) -> Sequence[Output]:
        self.terminal.order(Flush())
        return self._go_on(argument, now)


_L = LinkState
_NOTHING = Cell(None)
_STOP = Cell(_L._stop, ("OutOfService",))
_FAIL = Cell(_L._fail, ("OutOfService",))
_OUT_OF_ORDER = {
    # Level 3 need not know in which state a processor recovers.
    "local": _NOTHING,
    "local-recovered": _NOTHING,
    "continue": _NOTHING,
    "flush": _NOTHING,
}
_ALIGNED = {
    "stop": _STOP,
    "failed": _FAIL,
    "SIO": Cell(_L._fail_sio, ("OutOfService",)),
    "SIN": _NOTHING,
    "SIE": _NOTHING,
    "SIOS": Cell(_L._fail_sios, ("OutOfService",)),
    "T1": Cell(_L._fail_t1, ("OutOfService",)),
    "continue": _NOTHING,
    "flush": _NOTHING,
}

STATES: dict[str, State] = {
    "OutOfService": State(
        "SIOS goes out",
        {
            **_OUT_OF_ORDER,
            "start": Cell(_L._start, ("InitialAlignment",)),
            "stop": _NOTHING,
            "failed": _NOTHING,
            "message": Cell(_L._message),  # it has crossed the failure, and can be retrieved
            "retrieve-bsnt": Cell(_L._tell_bsnt),
            "retrieve": Cell(_L._retrieve),
        },
    ),
    "InitialAlignment": State(
        "initial alignment control works",
        {
            **_OUT_OF_ORDER,
            "stop": _STOP,
            "alignment-complete": Cell(_L._aligned, ("AlignedReady", "AlignedNotReady")),
            "alignment-not-possible": _FAIL,
        },
    ),
    "AlignedReady": State(
        "proved, waits for the far end",
        {
            **_ALIGNED,
            "local": Cell(_L._local_outage, ("AlignedNotReady",)),
            "local-recovered": _NOTHING,
            "units": Cell(_L._in_service, ("InService",)),
            "SIPO": Cell(_L._serve_remote_outage, ("ProcessorOutage",)),
        },
        (),
        ("T1",),
    ),
    "AlignedNotReady": State(
        "proved, our processor is out",
        {
            **_ALIGNED,
            "local": _NOTHING,
            "local-recovered": Cell(_L._local_recovered, ("AlignedReady",)),
            "units": Cell(_L._serve_not_ready, ("ProcessorOutage",)),
            "SIPO": Cell(_L._serve_remote_outage, ("ProcessorOutage",)),
        },
        (),
        ("T1",),
    ),
    "InService": State(
        "messages go both ways",
        {
            "stop": _STOP,
            "failed": _FAIL,
            "message": Cell(_L._message),
            "local": Cell(_L._local_outage, ("ProcessorOutage",)),
            "local-recovered": _NOTHING,
            "continue": _NOTHING,
            "flush": _NOTHING,
            "units": _NOTHING,
            "SIPO": Cell(_L._remote_outage, ("ProcessorOutage",)),
        },
    ),
    "ProcessorOutage": State(
        "in service, but a processor is out",
        {
            "stop": _STOP,
            "failed": _FAIL,
            "message": Cell(_L._message),
            "local": Cell(_L._local_outage),
            "local-recovered": Cell(_L._local_recovered),
            "units": Cell(_L._units),
            "SIPO": Cell(_L._remote_outage),
            "SIO": Cell(_L._fail_sio, ("OutOfService",)),
            "SIN": Cell(_L._fail_sio, ("OutOfService",)),
            "SIE": Cell(_L._fail_sio, ("OutOfService",)),
            "SIOS": Cell(_L._fail_sios, ("OutOfService",)),
            "continue": Cell(_L._go_on, ("InService", "ProcessorOutage")),
            "flush": Cell(_L._flush, ("InService", "ProcessorOutage")),
        },
    ),
}
"""Figure 8/Q.703."""
