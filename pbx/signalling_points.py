"""Signalling points of No. 7 on the floor: levels 2 and 3 of their links, user parts, and the circuits these work for the switch.

Between the plane and a circuit stand three kinds of engines: ``Mtp2`` for each link, ``Mtp3`` for each point of ours, a user part for each
pair of points. None of them calls another: what one returns is given on later in the same turn (pbx/signalling_seat.py). A relation
between two points is reset by GRS when the far point can first be reached, because it may remember calls that we have never known. What
changes about links and destinations is stated as alarms. Leaves out how they are made of a configuration (pbx/signalling_plant.py), and
what people do with them (pbx/console_signalling.py).
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from pbx.engine import Input, Levels, Malformed, Output, Unexpected
from pbx.floor import Floor
from pbx.line import HISTORY, Line
from pbx.signalling.ss7.continuity import MaintenanceTold
from pbx.signalling.ss7.distribution import FromCircuit, UserPart
from pbx.signalling.ss7.measurements import PERIOD_S, Measurements
from pbx.signalling.ss7.mtp2.carriage import command_of, told_of
from pbx.signalling.ss7.mtp2.figures import Figures
from pbx.signalling.ss7.mtp2.mtp2 import IN_SERVICE, Mtp2
from pbx.signalling.ss7.mtp2.orders import MessageHeard, Order, Told
from pbx.signalling.ss7.mtp3.mtp3 import Mtp3
from pbx.signalling.ss7.mtp3.operation import (
    ActivateLinkSet,
    Inhibited,
    LinkChanged,
    LinkSetChanged,
    Report,
    RouteChanged,
    Warned,
)
from pbx.signalling.ss7.mtp3.plan import PointPlan
from pbx.signalling.ss7.mtp3.variant import Variant as PointVariant
from pbx.signalling.ss7.primitives import (
    FromLink,
    MessageForTransmission,
    Pause,
    ReceivedMessage,
    RestartBegins,
    Resume,
    ToLevel2,
    ToLevel3,
    ToLink,
    ToUser,
    Transfer,
)
from pbx.signalling_associations import AssociationEnds
from pbx.signalling_circuit import in_groups, quiet_behind
from pbx.signalling_mending import link_mending, relieve
from pbx.signalling_seat import Backhaul, Seat, words_of
from pbx.transfer_part import TransferPart
from pbx.vocabulary.call import Primitive, Reset
from pbx.vocabulary.facts import AlarmCleared, AlarmRaised
from pbx.vocabulary.media import LinkTold, MediaEvent

ALARM_PERSISTENCE_S = 0.5
"""A span that is out for less takes no call away; own choice."""
GREETING_S = 1.0
"""From the first moment at which the far point is reached to the reset of its circuits: by then the points between have restarted too; own
choice."""
Observer = Callable[[float, str, Order | Told], None]
"""``observer(now, link, value)``: what passes between link state control and the plane, messages among it."""


class PointSeat(msgspec.Struct, frozen=True):
    """A signalling point to be made."""

    name: str
    plan: PointPlan
    variant: PointVariant


class LinkSeat(msgspec.Struct, frozen=True):
    """A signalling link to be made: its point, the port it stands on, and the figures of its level 2."""

    name: str
    point: str
    port: int
    figures: Figures


class RelationSeat(msgspec.Struct, frozen=True):
    """The circuits between a point of ours and a far one, to be made."""

    point: str
    user_part: UserPart[Any]


class Link:
    """A link as people see it, and where its level 2 is."""

    def __init__(self, name: str, point: str) -> None:
        self.name = name
        self.point = point
        self.history: deque[tuple[float, str]] = deque(maxlen=HISTORY)
        self.unexpected = 0
        self.messages = [0, 0]
        """Received and sent, by this control."""

    def note(self, now: float, text: str) -> None:
        """Something happened on it."""
        self.history.append((now, text))

    def request(self, value: ToLevel2) -> None:
        """Level 3 wants something; within a turn."""
        raise NotImplementedError

    def start(self, in_service: bool) -> None:
        """Into service; ``in_service``: it has stayed so while control restarted."""
        raise NotImplementedError

    @property
    def waits(self) -> bool:
        """Whether a timer of level 2 runs."""
        return False

    @property
    def state(self) -> str:
        """Of level 2, for people."""
        raise NotImplementedError

    @property
    def counters(self) -> Mapping[str, int]:
        """Of level 2, by name."""
        raise NotImplementedError


class PlaneLink(Link):
    """A link whose transmission and reception are in the media plane."""

    def __init__(self, floor: Floor, seat: LinkSeat, points: "SignallingPoints") -> None:
        super().__init__(seat.name, seat.point)
        self.port = seat.port
        self.figures = seat.figures
        self.engine = Mtp2(seat.figures)
        self._floor = floor
        self._points = points
        self._seat = Seat(floor, self.engine, self._deliver, link_mending(self, floor))
        floor.attach_port(seat.port, self._event)

    @property
    def waits(self) -> bool:
        """Whether a timer of level 2 runs."""
        return self._seat.waits

    @property
    def state(self) -> str:
        """Of link state control, or of alignment."""
        return self.engine.state

    @property
    def counters(self) -> Mapping[str, int]:
        """Of the engine."""
        return self.engine.counters

    def request(self, value: ToLevel2) -> None:
        """To level 2."""
        if type(value) is MessageForTransmission:
            self.messages[1] += 1
        self._seat.give(self.engine.receive, value)

    def start(self, in_service: bool) -> None:
        """SIOS, or on as it was."""
        now = self._floor.now
        outputs = self.engine.resume(IN_SERVICE, Levels(), now) if in_service else self.engine.start(now)
        self._seat.take(outputs)

    def _event(self, event: MediaEvent) -> None:
        if isinstance(event, LinkTold):
            told = told_of(event)
            if told is not None:
                if type(told) is MessageHeard:
                    self.messages[0] += 1
                self._points.crossing(self.name, told)
                self._seat.give(self.engine.receive, told)

    def _deliver(self, output: Any) -> None:
        if isinstance(output, Order):
            self._points.crossing(self.name, output)
            self._floor.directly(self.port, (command_of(output),))
        elif isinstance(output, ToLevel3):
            self._points.from_link(self.name, output)
        else:
            self.unexpected += isinstance(output, Unexpected)
            self.note(self._floor.now, words_of(self._floor, output))


class Point(TransferPart):
    """Level 3 of a point, and who uses it."""

    def __init__(self, floor: Floor, seat: PointSeat, points: "SignallingPoints") -> None:
        super().__init__(floor, seat.name, seat.plan.code, seat.variant.form, points.judge)
        self._points = points
        self.mtp3 = Mtp3(seat.plan, seat.variant)
        self.seat = Seat(floor, self.mtp3, self._deliver, partial(relieve, self, points, floor))

    def receive(self, value: Any) -> None:
        """Something for level 3; within a turn."""
        self.seat.give(self.mtp3.receive, value)

    def begin(self) -> None:
        """Without a link yet; within a turn."""
        for relation in self.relations:
            relation.receive(RestartBegins())
        self.seat.take(self.mtp3.start(self._floor.now))

    def reachable(self, code: int) -> bool:
        """Whether a destination can be reached."""
        return self.mtp3.accessible(code)

    @property
    def waits(self) -> int:
        """Whether a timer of level 3 runs."""
        return int(self.seat.waits)

    def _deliver(self, output: Any) -> None:
        then = self._floor.then
        if type(output) is not Transfer and not (type(output) is ToLink and type(output.request) is MessageForTransmission):
            self._floor.try_to(self._points.measurements.level3, self._floor.now, (output,), self.form.text)
        if type(output) is ToLink:
            then(self._points.to_link, output)
        elif isinstance(output, ToUser):
            then(self.to_users, output)
        elif isinstance(output, Report):
            self._points.report(self, output)
        else:
            self.complain(output)


class CircuitRelation:
    """The circuits of one user part between two points."""

    def __init__(self, floor: Floor, point: TransferPart, user_part: UserPart[Any], measurements: Measurements) -> None:
        self.point = point
        self.name = f"{type(user_part).__name__} {point.form.text(user_part.own)} {point.form.text(user_part.far)}"
        """For measurements: ``Isup 21-100-1 21-100-51``."""
        self._measurements = measurements
        self.user_part = user_part
        self.lines: dict[int, Line] = {}
        self.alarmed: set[int] = set()
        """Circuits whose span is out, as their lines have been told."""
        self.failed: set[int] = set()
        """Those of which the far end has been told."""
        self.unread = 0
        """Messages that could not be read."""
        self._floor = floor
        self.in_order = False
        """Whether the far point has been reached once, and its memory been set right."""
        self._unknown: list[int] = []
        self._adopted: list[int] = []
        self._greeted = False
        self._judging = False
        self.seat = Seat(floor, self, self._deliver, self._mend)
        self._at: Line | None = None
        """The line whose circuit a message is about."""
        point.relations.append(self)

    def _greet(self) -> None:
        self.in_order = True
        self.seat.give(self.user_part.reset_idle)

    def begin(self, adopt: bool) -> None:
        """``adopt``: control has restarted, so that circuits are adopted one by one, and none is reset because of its far end."""
        self._greeted = self.in_order = adopt

    @property
    def reached(self) -> bool:
        """Whether the far point can be reached."""
        return self.point.reachable(self.user_part.far)

    def receive(self, value: ToUser) -> None:
        """What the MTP says; within a turn. A fault of our own takes the call of its circuit, and no other."""
        self._floor.try_to(self._see, "<-", value)
        self.seat.give(self.user_part.receive, value)
        self._at = None
        if type(value) is not Resume or value.affected != self.user_part.far:
            return
        if not self._greeted:
            self._greeted = True
            self._floor.after(GREETING_S, self._greet)
        if self._unknown:
            self._floor.then(self._reset_unknown)
        if self._adopted:
            self._floor.after(GREETING_S, self._ask_about_adopted)

    def expire(self, now: float) -> Iterable[Any]:
        """Fire the timers of the user part that are due, for the seat."""
        return self.user_part.expire(now)

    def deadline(self) -> float | None:
        """When ``expire`` is wanted."""
        return self.user_part.deadline()

    def check(self, cic: int) -> None:
        """Check the continuity of a circuit that is at rest; within a turn."""
        self.seat.give(self.user_part.check, [cic])

    def query(self, cics: Sequence[int]) -> None:
        """Ask the far end how it sees circuits; within a turn."""
        self.seat.give(self.user_part.query, cics)

    def order(self, verb: str, cics: Sequence[int]) -> None:
        """"block", "unblock" or "reset" circuits at once; within a turn."""
        for group in in_groups(cics):
            if verb == "reset":
                self.seat.give(self.user_part.reset_all, group)
            else:
                self.seat.give(self.user_part.maintain, group, verb == "block")

    def give(self, cic: int, value: Input, now: float) -> Sequence[Output]:
        """What the switch says to a circuit, or what is heard on it; its own answers come back, the rest goes its way."""
        if isinstance(value, Primitive):
            self._floor.try_to(self._measurements.isup_given, now, self.name, value)
        if isinstance(value, Reset):
            return self._sorted(cic, self.user_part.give(cic, value, now))  # the cure itself; who has ordered it knows another
        return self._sorted(cic, self._or_reset(cic, self.user_part.give, value, now))

    def _or_reset(self, cic: int, function: Callable[..., Iterable[Any]], *arguments: Any) -> Iterable[Any]:
        """``function(cic, *arguments)``; where that fails the circuit is reset, its call cleared."""
        try:
            return function(cic, *arguments)
        except Exception:
            self._floor.failed(self.lines[cic], arguments, Reset())
            return self.user_part.mend(self._floor.now)

    def adopt(self, cic: int, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """After a restart of control: an answered call goes on, all other circuits are reset together."""
        if tag:
            # It has a call, and is not reset: whether the far end blocks it must be asked.
            if not self._adopted:
                self._floor.after(GREETING_S, self._ask_about_adopted)
            self._adopted.append(cic)
            return self._sorted(cic, self._or_reset(cic, self.user_part.resume, tag, levels, now))
        if not self._unknown:
            self._floor.then(self._reset_unknown)
        self._unknown.append(cic)
        return ()

    def _ask_about_adopted(self) -> None:
        if self.reached:
            adopted, self._adopted = self._adopted, []
            self.query(adopted)

    def _reset_unknown(self) -> None:
        if self.reached:
            unknown, self._unknown = self._unknown, []
            self.order("reset", unknown)

    def alarm(self, cic: int, stands: bool) -> None:
        """A span is out, or well again: all its circuits say so, and are judged together a moment later."""
        (self.alarmed.add if stands else self.alarmed.discard)(cic)
        if not self._judging:
            self._judging = True
            self._floor.after(ALARM_PERSISTENCE_S, self._judge)

    def _mend(self, given: Any, fault: str) -> Iterable[Any]:
        """The circuit at which the user part has failed is reset, its call cleared; the others go on."""
        line = self.lines.get(self.user_part.expiring) if given is None else self._at
        if line is not None:
            self._floor.let_go(line, fault, Reset())
        return self.user_part.mend(self._floor.now)

    def _see(self, way: str, value: ToUser) -> None:
        if type(value) is Transfer:
            self._at = self._trace(way, value)
        self._measurements.isup_received(self._floor.now, self.name, value, self.user_part.service)

    def _trace(self, way: str, value: Transfer) -> Line | None:
        """The line whose circuit a message is about."""
        cic, text = self.user_part.summary(value)
        line = self.lines.get(cic)
        if line is not None:
            line.note(self._floor.now, f"{way} {text}")
        return line

    def _judge(self) -> None:
        self._judging = False
        for cics, stands in ((self.alarmed - self.failed, True), (self.failed - self.alarmed, False)):
            for group in in_groups(cics):
                self.seat.give(self.user_part.fail, group, stands)
        self.failed = set(self.alarmed)

    def _sorted(self, cic: int, outputs: Iterable[Any]) -> list[Output]:
        own: list[Output] = []
        others = []
        for output in outputs:
            if type(output) is FromCircuit and output.cic == cic and not isinstance(output.output, MaintenanceTold):
                self._floor.try_to(self._measurements.isup_outputs, self._floor.now, self.name, (output,))
                own.append(output.output)
            else:
                others.append(output)
        self.seat.take(others)
        return own

    def _deliver(self, output: Any) -> None:
        self._floor.try_to(self._measurements.isup_outputs, self._floor.now, self.name, (output,))
        if type(output) is Transfer:
            self._floor.then(self.point.receive, output)
            self._floor.try_to(self._trace, "->", output)
            return
        assert type(output) is FromCircuit
        line = self.lines.get(output.cic)
        if line is not None and isinstance(output.output, MaintenanceTold):
            self.point.judge(f"circuit {line.name}", not output.output.stands, output.output.text)
        elif line is not None:
            self._floor.then(self._floor.guard, line, self._floor.outputs, line, quiet_behind((output.output,)))
        elif isinstance(output.output, Malformed):
            self.unread += 1
            self._floor.counters["malformed"] += 1
            self.point.history.append((self._floor.now, f"?? malformed {output.output.what}"))
        elif isinstance(output.output, Unexpected):
            self._floor.counters[f"unexpected {output.output.state} {output.output.event}"] += 1
            self.point.history.append((self._floor.now, f"?? circuit {output.cic}: {output.output.event}, {output.output.state}"))


def _destinations(point: Point) -> Iterable[int]:
    """Each point to which a link set or a route leads, once."""
    plan = point.mtp3.plan
    return dict.fromkeys([*(one.adjacent for one in plan.link_sets), *(route.destination for route in plan.routes)])


class SignallingPoints:
    """All points, links and relations of one exchange."""

    def __init__(
        self,
        floor: Floor,
        points: Iterable[PointSeat],
        links: Iterable[LinkSeat],
        in_service: Callable[[int], bool] = lambda port: False,
    ) -> None:
        """``in_service``: whether the plane says that the link on a port works, of which a new control asks.

        Links and points of other kinds, and the relations, are added behind this.
        """
        self.floor = floor
        self.observer: Observer | None = None
        self.measurements = Measurements(floor.clock.seconds())
        self.points = {seat.name: Point(floor, seat, self) for seat in points}
        self.links: dict[str, Link] = {seat.name: PlaneLink(floor, seat, self) for seat in links}
        self.associations = AssociationEnds(floor, self.judge)
        self.elsewhere: dict[str, TransferPart] = {}
        """Points whose level 3 is at a gateway."""
        self.backhauls: list[Backhaul] = []
        self.above: dict[str, Callable[[FromLink], object]] = {name: point.receive for name, point in self.points.items()}
        """Who takes what level 2 of a link says, by the name that the link has for its point."""
        self.relations: list[CircuitRelation] = []
        self.plane_counters: Callable[[int], Mapping[str, int]] = lambda port: {}
        """The plane's counters of the link on a port."""
        self._measuring = False
        self._in_service = in_service
        self._alarms: set[str] = set()

    def add_link(self, link: Link) -> None:
        """A link of another kind than those of the plane; before ``start``."""
        self.links[link.name] = link

    def add_relation(self, point: TransferPart, user_part: UserPart[Any]) -> None:
        """The circuits between a point of ours and a far one; before ``start``."""
        self.relations.append(CircuitRelation(self.floor, point, user_part, self.measurements))

    def plane_links(self) -> list[PlaneLink]:
        """Those that stand on ports of the plane."""
        return [link for link in self.links.values() if isinstance(link, PlaneLink)]

    def standing_timers(self) -> int:
        """Timers of links and points, which watch over them also at rest, and those of circuits whose reason has gone meanwhile."""
        parts = [*self.points.values(), *self.elsewhere.values(), *self.backhauls]
        watching = [*(link.waits for link in self.links.values()), *(part.waits for part in parts)]
        return self._measuring + sum(watching) + sum(relation.seat.waits and relation.user_part.rests for relation in self.relations)

    def start(self, adopt: bool = False) -> None:
        """Bring every point into service; ``adopt``: control has restarted, and links that work go on. Within a turn."""
        now = self.floor.now
        self._measure(adopt)
        self.associations.begin()
        for backhaul in self.backhauls:
            backhaul.begin()
        for part in self.elsewhere.values():
            for relation in part.relations:
                relation.begin(adopt)
            part.begin()
        for point in self.points.values():
            own = [link for link in self.links.values() if link.point == point.name]
            alive = [link.name for link in own if adopt and isinstance(link, PlaneLink) and self._in_service(link.port)]
            for link in own:
                link.start(link.name in alive)
            for relation in point.relations:
                relation.begin(adopt)
            if alive:
                point.seat.take(point.mtp3.adopt(alive, now))
                for relation in point.relations:
                    if not relation.reached:
                        relation.receive(Pause(relation.user_part.far))
            else:
                point.begin()
            for link_set in point.mtp3.plan.link_sets:
                self.floor.then(point.receive, ActivateLinkSet(link_set.name))
            self._begin_without(point, [link.name for link in own if link.name not in alive], bool(alive))

    def _begin_without(self, point: Point, links: Sequence[str], alive: bool) -> None:
        """Links that are not in service, and what hangs on them: alarms of a control before may stand, and that one is not there to end
        them."""
        plan = point.mtp3.plan
        link_sets = [one.name for one in plan.link_sets if not any(link.name not in links for link in one.links)]
        destinations = [point.form.text(code) for code in _destinations(point) if not (alive and point.reachable(code))]
        self.measurements.down(self.floor.now, links, link_sets, destinations)
        for kind, names in (("link", links), ("link set", link_sets), ("point", destinations)):
            for name in names:
                self.judge(f"{kind} {name}", False, "not yet in service")

    # What is measured.

    def _measure(self, went_on: bool = True) -> None:
        """Look at the counters now, and at each full five minutes (Q.752); those of a plane that has just begun stand at 0."""
        self._measuring = bool(self.links)
        if self.links:
            now = self.floor.now
            if not went_on:
                for link in self.plane_links():
                    self.measurements.plane(now, link.name, defaultdict(int))
            self.read_counters()
            self.floor.after((now // PERIOD_S + 1) * PERIOD_S - now, self._measure)

    def read_counters(self) -> None:
        """Hand the counters of engines and plane to the measurements."""
        now = self.floor.clock.seconds()
        for link in self.plane_links():
            self.measurements.link_state_control(now, link.name, link.counters)
            counters = self.plane_counters(link.port)
            if counters:
                self.measurements.plane(now, link.name, counters)
        for point in self.points.values():
            self.measurements.level3_counters(now, point.name, point.mtp3.counters, point.mtp3.link_counters)

    # Between levels 2 and 3.

    def to_link(self, value: ToLink) -> None:
        """Level 3 to level 2."""
        self.links[value.link].request(value.request)

    def crossing(self, link: str, value: Order | Told) -> None:
        """Something passes between control and the plane."""
        if self.observer is not None:
            self.floor.try_to(self.observer, self.floor.now, link, value)

    def from_link(self, link: str, indication: ToLevel3) -> None:
        """Level 2 to level 3, later in the turn."""
        if type(indication) is not ReceivedMessage:
            self.floor.try_to(self.measurements.from_level2, self.floor.now, link, indication)
        self.floor.then(self.above[self.links[link].point], FromLink(link, indication))

    # What level 3 reports.

    def report(self, point: Point, report: Report) -> None:
        """State it, and show it."""
        now = self.floor.now
        if isinstance(report, LinkChanged):
            self.links[report.link].note(now, "available" if report.available else f"not available: {report.reason}")
            self.judge(f"link {report.link}", report.available, report.reason)
        elif isinstance(report, LinkSetChanged):
            self.judge(f"link set {report.link_set}", report.available, "no link is available")
        elif isinstance(report, RouteChanged):
            text = f"route to {point.form.text(report.destination)} by {report.link_set}: {report.status}"
            point.history.append((now, text))
        elif isinstance(report, Inhibited):
            self.links[report.link].note(now, f"{report.state}{': ' + report.why if report.why else ''}")
        elif isinstance(report, Warned):
            self.links[report.link].note(now, f"!! {report.text}")

    def judge(self, source: str, well: bool, reason: str) -> None:
        """An alarm that begins or ends."""
        if well and source in self._alarms:
            self._alarms.discard(source)
            self.floor.fact(AlarmCleared(self.floor.now, source, "in service"))
        elif not well and source not in self._alarms:
            self._alarms.add(source)
            self.floor.fact(AlarmRaised(self.floor.now, source, reason or "not available"))
