"""Collects the measurements of Q.752 (measurement_table.py): told what engines take and give, it has figures for periods.

Nothing here is asked of engines: whoever carries values between them tells them here too, with the time, and hands over the counters now
and then. A figure that grows is counted; a duration is the time that something stands, summed over all that stand at once. At each full 5
minutes of the exchange's clock figures are kept, so that the last whole 5 and 30 minutes can be asked for as well as all since the
beginning. It has no clock of its own, and keeps nothing beyond an hour. Leaves out who shows figures, and the clock times of periods.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from pbx.engine import Malformed, Noted, Unexpected
from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.distribution import FromCircuit
from pbx.signalling.ss7.measurement_table import RELEASES, TABLE, Kind, Unit, row_of
from pbx.signalling.ss7.mtp3.operation import LinkChanged, LinkCondition, LinkSetChanged
from pbx.vocabulary import call

PERIOD_S = 300.0
KEPT = 13
"""Readings of 5 minutes: an hour and the beginning of it."""
Minutes = Literal[0, 5, 30]
"""Which figures are wanted: all since the beginning, or those of the last whole period."""
UNIT_OCTETS = 6
"""What the plane counts of a message beside its own octets: flag, header, check sequence (pbx/dsp/mtp2_transmit.c)."""

_FAILURES = {
    "backward number": "failures: abnormal numbers",
    "forward bit": "failures: abnormal numbers",
    "T7": "failures: acknowledgement",
    "errors": "failures: errors",
    "T6": "failures: congestion",
}
"""Figures by the reasons of ``OutOfService``; any other reason is a status of the far end."""
_PLANE = {
    "units_in_error": "units in error",
    "negative_received": "negative acknowledgements",
    "negative_sent": "negative acknowledgements sent",
    "busy_received": "SIB received",
    "octets_sent_again": "octets sent again",
    "messages_sent_again": "messages sent again",
    "messages_received": "messages received",
    "refused": "messages refused",
    "silences": "silences of control",
}
"""Figures by the plane's names (struct mtp2_counters of pbx/dsp/mtp2_api.h); those of octets and of what was sent are made of two."""
_LINK_COUNTERS = {
    "changeover": "changeovers",
    "changeback": "changebacks",
    "link active": "restorations",
    "link test failed": "link tests failed",
    "messages retrieved": "messages retrieved",
    "discarded by congestion": "messages discarded",
}
_POINT_COUNTERS = {
    "isolated": "isolations",
    "restarted": "restarts",
    "transferred": "transferred",
    "unknown destination": "unknown destination",
    "destination inaccessible": "inaccessible destination",
    "sent UPU": "UPU sent",
    "received UPU": "UPU received",
    "sent TFC": "TFC sent",
    "received TFC": "TFC received",
    "malformed": "malformed",
    "held messages lost": "held messages lost",
}
_BEGINNINGS = {"remote outage": "remote outages", "inhibited here": "inhibited here", "inhibited there": "inhibited there"}
_NOTES = {
    "dual seizure": "dual seizures",
    ", unknown, discarded": "unrecognized messages",
    ", discarded by its own instructions": "unrecognized messages",
    " is not acknowledged": "requests not acknowledged",
    " is not answered": "requests not acknowledged",
}
"""Figures by what circuits note."""


class Measurement(msgspec.Struct, frozen=True):
    """A figure: of what, which, its number in Q.752 or "", what it means, and whence."""

    kind: Kind
    name: str
    key: str
    number: str
    title: str
    value: float
    unit: Unit
    source: str


class Figures:
    """The figures of one object since the beginning."""

    def __init__(self, kind: Kind, name: str) -> None:
        self.kind = kind
        self.name = name
        self._values: dict[str, float] = {}
        self._standing: dict[str, dict[str, float]] = {}
        self._last: dict[str, int] = {}
        self._level = 0

    def count(self, key: str, more: float = 1) -> None:
        """It has happened once more."""
        self._values[key] = self._values.get(key, 0) + more

    def total(self, key: str, value: int, known: bool = False) -> None:
        """A counter stands at this now; one that falls has begun anew. Unless ``known`` from its beginning its first value is our 0."""
        last = self._last.get(key, 0 if known else value)
        self._last[key] = value
        self.count(key, value - last if value >= last else value)

    def begin(self, key: str, now: float, which: str = "") -> bool:
        """Something stands from now on; False: it did already. ``which`` tells apart what may stand at once."""
        standing = self._standing.setdefault(key, {})
        if which in standing:
            return False
        standing[which] = now
        return True

    def end(self, key: str, now: float, which: str = "") -> bool:
        """It does not stand any more; False: it did not before."""
        since = self._standing.get(key, {}).pop(which, None)
        if since is None:
            return False
        self.count(key, now - since)
        return True

    def congestion(self, level: int, now: float) -> None:
        """The level of congestion of a link. One that rises is one more indication; the duration is that of any level."""
        if level > self._level:
            self.count("congestions")
        self._level = level
        if level:
            self.begin("congested", now)
        else:
            self.end("congested", now)

    def at(self, now: float) -> dict[str, float]:
        """All figures at a moment; of what has not happened it is 0."""
        found = dict.fromkeys(TABLE[self.kind], 0.0) | self._values
        for key, standing in self._standing.items():
            found[key] += sum(now - since for since in standing.values())
        return found


Reading = dict[tuple[Kind, str], dict[str, float]]


class Measurements:
    """All figures of one signalling point, or of an exchange whose points have link names of their own."""

    def __init__(self, now: float) -> None:
        self._figures: dict[tuple[Kind, str], Figures] = {}
        self._next = (now // PERIOD_S + 1) * PERIOD_S
        self._readings: deque[tuple[float, Reading]] = deque(maxlen=KEPT)
        if now % PERIOD_S == 0:
            self._readings.append((now, {}))

    # What there is.

    def link(self, name: str) -> Figures:
        """The figures of a link."""
        return self._of("link", name)

    def link_set(self, name: str) -> Figures:
        """Of a link set."""
        return self._of("link set", name)

    def destination(self, name: str) -> Figures:
        """Of a destination, by its code as people write it."""
        return self._of("destination", name)

    def point(self, name: str) -> Figures:
        """Of the signalling point itself."""
        return self._of("point", name)

    def isup(self, name: str) -> Figures:
        """Of the ISUP between two points."""
        return self._of("ISUP", name)

    def _of(self, kind: Kind, name: str) -> Figures:
        found = self._figures.get((kind, name))
        if found is None:
            found = self._figures[kind, name] = Figures(kind, name)
        return found

    def rows(self, now: float, minutes: Minutes = 0) -> list[Measurement]:
        """The figures since the beginning, or of the last whole period of so many minutes; none as long as no period is over."""
        self._roll(now)
        if not minutes:
            return self._rows({key: each.at(now) for key, each in self._figures.items()}, {})
        length_s = minutes * 60.0
        ends = [at for at, _ in self._readings if at % length_s == 0]
        readings = dict(self._readings)
        if not ends or ends[-1] - length_s not in readings:
            return []
        return self._rows(readings[ends[-1]], readings[ends[-1] - length_s])

    def _rows(self, after: Reading, before: Reading) -> list[Measurement]:
        found = []
        for (kind, name), figures in after.items():
            earlier = before.get((kind, name), {})
            for key, value in figures.items():
                row = row_of(kind, key)
                found.append(Measurement(kind, name, key, row.number, row.title, value - earlier.get(key, 0.0), row.unit, row.source))
        return found

    def _roll(self, now: float) -> None:
        """Keep the figures of each full 5 minutes that have passed."""
        while self._next <= now:
            self._readings.append((self._next, {key: each.at(self._next) for key, each in self._figures.items()}))
            self._next += PERIOD_S

    # Links.

    def to_level2(self, now: float, link: str, request: primitives.ToLevel2) -> None:
        """Level 3 has said something to level 2."""
        self._roll(now)
        if isinstance(request, primitives.Start):
            self.link(link).count("alignments")
        elif isinstance(request, primitives.Stop):
            figures = self.link(link)
            figures.end("in service", now)
            figures.congestion(0, now)

    def from_level2(self, now: float, link: str, indication: primitives.ToLevel3) -> None:
        """Level 2 has said something to level 3."""
        if isinstance(indication, primitives.ReceivedMessage):
            return
        self._roll(now)
        figures = self.link(link)
        if isinstance(indication, primitives.InService):
            figures.begin("in service", now)
        elif isinstance(indication, primitives.OutOfService):
            figures.congestion(0, now)
            if figures.end("in service", now):
                figures.count("failures")
                figures.count(_FAILURES.get(indication.reason, "failures: far end"))
            else:
                figures.count("alignments failed")
        elif isinstance(indication, primitives.LinkCongestion):
            figures.congestion(indication.level, now)

    def plane(self, now: float, link: str, counters: Mapping[str, int]) -> None:
        """How the plane's counters of a link stand, by their names there. The plane may be older than we: tell it once at the beginning."""
        self._roll(now)
        figures = self.link(link)
        for name, key in _PLANE.items():
            figures.total(key, counters[name])
        messages = counters["messages_sent"] - counters["messages_sent_again"]
        figures.total("messages sent", messages)
        figures.total("octets sent", counters["octets_sent"] - counters["octets_sent_again"] - UNIT_OCTETS * messages)
        figures.total("octets received", counters["octets_received"] - UNIT_OCTETS * counters["messages_received"])

    def link_state_control(self, now: float, link: str, counters: Mapping[str, int]) -> None:
        """How ``Mtp2.counters`` stand."""
        self._roll(now)
        self.link(link).total("receiver busy", counters.get("receiver busy", 0), known=True)

    # Level 3.

    def level3(self, now: float, outputs: Iterable[object], destination: Callable[[int], str]) -> None:
        """What ``Mtp3`` has returned; ``destination`` makes a name of a point code."""
        self._roll(now)
        for output in outputs:
            if isinstance(output, primitives.ToLink):
                self.to_level2(now, output.link, output.request)
            elif isinstance(output, LinkCondition):
                self._condition(now, output)
            elif isinstance(output, LinkChanged):
                figures = self.link(output.link)
                (figures.end if output.available else figures.begin)("unavailable", now)
            elif isinstance(output, LinkSetChanged):
                self._changed(self.link_set(output.link_set), now, output.available, "unavailable", "failures")
            elif isinstance(output, primitives.Pause | primitives.Resume):
                available = isinstance(output, primitives.Resume)
                self._changed(self.destination(destination(output.affected)), now, available, "inaccessible", "losses")
            elif isinstance(output, primitives.Status) and output.cause == "congestion":
                self.destination(destination(output.affected)).count("congestions")

    def down(self, now: float, links: Iterable[str] = (), link_sets: Iterable[str] = (), destinations: Iterable[str] = ()) -> None:
        """At the beginning, before level 3 has reported anything: these are not available, and that counts from now on."""
        for name in links:
            self.link(name).begin("unavailable", now)
            self.link(name).begin("unavailable: not active", now)
        for name in link_sets:
            self.link_set(name).begin("unavailable", now)
        for name in destinations:
            self.destination(name).begin("inaccessible", now)

    def _condition(self, now: float, output: LinkCondition) -> None:
        figures = self.link(output.link)
        if output.stands:
            if figures.begin(f"unavailable: {output.condition}", now) and output.condition in _BEGINNINGS:
                figures.count(_BEGINNINGS[output.condition])
        elif figures.end(f"unavailable: {output.condition}", now) and output.condition == "remote outage":
            figures.count("remote outages ended")

    @staticmethod
    def _changed(figures: Figures, now: float, available: bool, duration: str, losses: str) -> None:
        if available:
            figures.end(duration, now)
        elif figures.begin(duration, now):
            figures.count(losses)

    def level3_counters(self, now: float, point: str, counters: Mapping[str, int], by_link: Mapping[str, Mapping[str, int]]) -> None:
        """How ``Mtp3.counters`` and ``Mtp3.link_counters`` stand."""
        self._roll(now)
        figures = self.point(point)
        for name, key in _POINT_COUNTERS.items():
            figures.total(key, counters.get(name, 0), known=True)
        for link, of_link in by_link.items():
            for name, key in _LINK_COUNTERS.items():
                self.link(link).total(key, of_link.get(name, 0), known=True)

    # ISUP.

    def isup_given(self, now: float, pair: str, primitive: call.Primitive) -> None:
        """The switch has said something to a circuit."""
        if isinstance(primitive, call.Setup):
            self._roll(now)
            self.isup(pair).count("calls out")

    def isup_received(self, now: float, pair: str, value: primitives.ToUser, service: int = 5) -> None:
        """The MTP has said something that concerns this pair of points."""
        self._roll(now)
        figures = self.isup(pair)
        if isinstance(value, primitives.Transfer):
            figures.count("messages received")
            figures.end("user part unavailable", now)
        elif isinstance(value, primitives.Status) and value.cause == "congestion":
            figures.count("congestions")
        elif isinstance(value, primitives.Status) and value.service in (None, service):
            if figures.begin("user part unavailable", now):
                figures.count("user part losses")
        elif isinstance(value, primitives.Pause | primitives.RestartBegins):
            figures.end("user part unavailable", now)  # from now on it is the destination that cannot be reached

    def isup_outputs(self, now: float, pair: str, outputs: Sequence[primitives.Transfer | FromCircuit]) -> None:
        """What ``Isup`` has returned."""
        self._roll(now)
        figures = self.isup(pair)
        for output in outputs:
            if isinstance(output, primitives.Transfer):
                figures.count("messages sent")
            else:
                self._circuit(figures, now, output)

    def _circuit(self, figures: Figures, now: float, said: FromCircuit) -> None:
        output = said.output
        if isinstance(output, call.Release):
            figures.count(f"{RELEASES}{output.cause}")
        elif isinstance(output, call.Seized):
            figures.count("calls in")
        elif isinstance(output, call.Blocked):
            figures.count(f"blockings: {output.reason}")
            figures.begin("circuits blocked", now, str(said.cic))
        elif isinstance(output, call.Unblocked) and not output.reason:
            figures.end("circuits blocked", now, str(said.cic))
        elif isinstance(output, Unexpected):
            figures.count("unreasonable messages")
        elif isinstance(output, Malformed):
            figures.count("malformed messages")
        elif isinstance(output, Noted):
            for text, key in _NOTES.items():
                if text in output.text:
                    figures.count(key)
