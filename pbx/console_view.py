"""The exchange as the console sees it: rows of tables, and the verbs an operator may use.

It fulfils ``Exchange`` of pbx/console_words.py over a running exchange and its journal. Every verb is done within a turn of the floor and
answers in words: ``done``, or why not. Leaves out who may use them, which the console decides by role.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pbx.call import Call, Leg
from pbx.console_signalling import ConsoleSignalling
from pbx.console_spans import ConsoleSpans
from pbx.console_words import (
    AgentRow,
    AlarmRow,
    AssociationRow,
    CallRow,
    CircuitRow,
    GatewayRow,
    LineRow,
    LinkRow,
    QueueRow,
    RecordingRow,
    SpanRow,
)
from pbx.exchange import Exchange
from pbx.journal import Journal, Subscription
from pbx.line import Line
from pbx.recording_files import RecordingFiles
from pbx.span_notices import alarm_words
from pbx.trace import cause_text
from pbx.vocabulary.call import NORMAL_CLEARING, Blocked, Reset, Unblocked
from pbx.vocabulary.facts import AlarmCleared, AlarmRaised, Commanded, Fact

DONE = "done"
ASKED = "asked; what becomes of it says the same verb without an action"


class ConsoleView:
    """Tables and verbs of one exchange."""

    def __init__(self, exchange: Exchange, journal: Journal, recordings: RecordingFiles | None = None) -> None:
        self._exchange = exchange
        self._switch = exchange.switch
        self._journal = journal
        self._recordings = recordings
        self._spans = ConsoleSpans(exchange)
        self._signalling = ConsoleSignalling(exchange)
        self._alarms: dict[str, AlarmRaised] = {}
        journal.subscribe((AlarmRaised, AlarmCleared), self._alarm)

    def _alarm(self, sequence: int, fact: Fact) -> None:
        if isinstance(fact, AlarmRaised):
            self._alarms[fact.source] = fact
        elif isinstance(fact, AlarmCleared):
            self._alarms.pop(fact.source, None)

    # Tables.

    def line_rows(self) -> Iterable[LineRow]:
        """All lines."""
        for line in self._exchange.lines.values():
            call = line.leg.call.name if line.leg is not None else ""
            yield LineRow(line.name, line.kind, line.number, line.engine.state, call, ", ".join(sorted(line.blocked)))

    def call_rows(self) -> Iterable[CallRow]:
        """All calls that go on."""
        now = self._exchange.clock.seconds()
        for call in self._switch.calls.values():
            first = call.originator or next(iter(call.legs.values()))
            lines = ", ".join(leg.line.name for leg in call.legs.values())
            yield CallRow(call.name, first.state, first.calling, first.called, lines, now - call.started_at)

    def queue_rows(self) -> Iterable[QueueRow]:
        """All queues."""
        now = self._exchange.clock.seconds()
        agents = self._exchange.distributor.agents.values()
        titles = {row.name: row.title for row in self._exchange.configuration.queues}
        for name, queue in self._exchange.distributor.queues.items():
            # A caller for whom an agent is being rung still waits.
            offered = [waiting for waiting, _ in self._exchange.distributor.offered.values() if waiting.queue == name]
            joined = [waiting.joined_at for waiting in (*queue, *offered)]
            ready = sum(agent.available and queue.profile.skill in agent.profile.skills for agent in agents)
            yield QueueRow(name, titles.get(name, ""), len(joined), now - min(joined) if joined else 0.0, ready)

    def agent_rows(self) -> Iterable[AgentRow]:
        """All agents."""
        now = self._exchange.clock.seconds()
        for number, agent in self._exchange.distributor.agents.items():
            yield AgentRow(number, agent.profile.name, agent.state, agent.line, agent.call, now - agent.since)

    def recording_rows(self) -> Iterable[RecordingRow]:
        """All recordings that go on, and those that wait for their last form."""
        if self._recordings is None:
            return
        for state, found in (("recording", self._recordings.notes()), ("waiting", list(self._recordings.finished))):
            for notes in found:
                yield RecordingRow(
                    notes.recording, notes.call, notes.leg, notes.line, state, notes.seconds, notes.missing_s, notes.file
                )

    def alarm_rows(self) -> Iterable[AlarmRow]:
        """All alarms that stand; those of circuits also from before a restart of control."""
        now = self._exchange.clock.seconds()
        for line in self._exchange.lines.values():
            if line.alarm and line.name not in self._alarms:
                yield AlarmRow(line.name, line.alarm)
        for raised in self._alarms.values():
            yield AlarmRow(raised.source, raised.text, now - raised.at)

    def span_rows(self) -> Iterable[SpanRow]:
        """All spans."""
        return self._spans.rows()

    def link_rows(self) -> Iterable[LinkRow]:
        """All signalling links."""
        return self._signalling.link_rows()

    def association_rows(self) -> Iterable[AssociationRow]:
        """All associations of SIGTRAN."""
        return self._signalling.association_rows()

    def gateway_rows(self) -> Iterable[GatewayRow]:
        """All gateways of ours by M2UA."""
        return self._signalling.gateway_rows()

    def circuit_rows(self) -> Iterable[CircuitRow]:
        """All circuits of No. 7."""
        return self._signalling.circuit_rows()

    def subscribe(self, kinds: Any, function: Callable[[int, Fact], object]) -> Subscription:
        """Facts to come."""
        return self._journal.subscribe(kinds, function)

    def commanded(self, who: str, verb: str, argument: str) -> None:
        """Somebody uses a verb."""
        self._exchange.floor.turn(
            self._exchange.floor.fact, Commanded(self._exchange.clock.seconds(), who, verb, argument)
        )

    # Verbs.

    def verbs(self) -> Mapping[str, Callable[..., object]]:
        """By name."""
        return {
            "place": self.place,
            "clear": self.clear,
            "hold": self.hold,
            "retrieve": self.retrieve,
            "enqueue": self.enqueue,
            "record": self.record,
            "stop_recording": self.stop_recording,
            "block": self.block,
            "unblock": self.unblock,
            "log_in": self.log_in,
            "log_out": self.log_out,
            "ready": self.ready,
            "not_ready": self.not_ready,
            "reset": self.reset,
            "test_call": self.test_call,
            "listen_line": self.listen_line,
            "circuit": self.circuit,
            "measure": self.measure,
            "message_waiting": self.message_waiting,
            "history": self.history,
            "line_test": self.line_test,
            "echo": self.echo,
            "levels": self.levels,
            "span": self.span,
            "maintain": self.maintain,
            "loop": self.loop,
            "link": self.link,
            "point": self.point,
            "association": self.association,
            "gateway": self.gateway,
            "activate_process": self.activate_process,
            "deactivate_process": self.deactivate_process,
            "figures": self.figures,
            "continuity": self.continuity,
            "query_circuits": self.query_circuits,
            "activate_link": self.activate_link,
            "deactivate_link": self.deactivate_link,
            "inhibit_link": self.inhibit_link,
            "uninhibit_link": self.uninhibit_link,
            "block_link": self.block_link,
            "unblock_link": self.unblock_link,
            "block_circuits": self.block_circuits,
            "unblock_circuits": self.unblock_circuits,
            "reset_circuits": self.reset_circuits,
        }

    def place(self, extension: str, number: str) -> str:
        """Ring an extension and call a number for it: place("8001", "8002")."""
        return self._do(self._switch.place, extension, number)

    def clear(self, call: str) -> str:
        """Clear a call: clear("2-7")."""
        return self._do(self._clear, self._call(call))

    def hold(self, call: str, leg: int = 1) -> str:
        """Leave a leg of a conversation with music: hold("2-7", 1)."""
        return self._do(self._switch.holding.hold, self._leg(call, leg))

    def retrieve(self, call: str, leg: int = 1) -> str:
        """Bring a held leg back: retrieve("2-7", 1)."""
        return self._do(self._switch.holding.retrieve, self._leg(call, leg))

    def enqueue(self, call: str, queue: str, priority: int = 0) -> str:
        """Put the caller of a call in a queue: enqueue("2-7", "service")."""
        return self._do(self._enqueue, self._call(call), queue, priority)

    def record(self, call: str, leg: int = 1) -> str:
        """Record a leg: record("2-7", 1)."""
        return self._do(lambda: "" if self._switch.recorders.record(self._leg(call, leg)) else "no recorder is free")

    def stop_recording(self, call: str, leg: int = 1) -> str:
        """Stop recording a leg: stop_recording("2-7", 1)."""
        return self._do(self._switch.recorders.stop, self._leg(call, leg))

    def block(self, line: str) -> str:
        """Take a line out of use when it is idle: block("e1-1/5")."""
        return self._do(self._switch.floor.to_line, self._line(line), Blocked("local"))

    def unblock(self, line: str) -> str:
        """Bring it back: unblock("e1-1/5")."""
        return self._do(self._switch.floor.to_line, self._line(line), Unblocked())

    def reset(self, line: str) -> str:
        """Bring a line to rest whatever its state; its call is lost: reset("e1-1/5")."""
        return self._do(self._switch.floor.to_line, self._line(line), Reset())

    def test_call(self, line: str, number: str = "", times: int = 1) -> str:
        """Call the far end's test line over one circuit: test_call("e1-1/5"), then test_call("e1-1/5", times=0) for what was found."""
        found = self._line(line)
        if not times:
            return self._switch.test_calls.report(found)
        return self._do(self._switch.test_calls.begin, found, number, times)

    def listen_line(self, line: str, seconds: float = 10, number: str = "") -> str:
        """Record what a free exchange line says, dialling a number or not: listen_line("co-1/1", 10, "8100"); 0 s: how it stands."""
        found = self._line(line)
        if not seconds:
            return self._switch.listening.report(found)
        answer = self._do(self._switch.listening.begin, found, seconds, number)
        return self._switch.listening.recording_of(found) if answer == DONE else answer

    def circuit(self, line: str) -> str:
        """What a line has carried, how its calls ended, and the last things its signalling did: circuit("e1-1/5")."""
        found = self._line(line)
        counters = self._switch.circuit_watch.counters(found)
        ended = ", ".join(f"{count} x {cause_text(cause)}" for cause, count in counters.ended.most_common()) or "none"
        blocked = ", ".join(sorted(found.blocked)) or "no"
        return (
            f"{found.name}: {found.engine.state}, blocked: {blocked}\n"
            f"calls in {counters.incoming}, out {counters.outgoing}, answered {counters.answered}, busy {counters.busy_seconds:.0f} s, "
            f"short in a row {counters.short_calls}, failed in a row {counters.failures}, unexpected signals {found.unexpected}\n"
            f"ended: {ended}\n"
        ) + self.history(line)

    def measure(self, line: str, report: bool = False) -> str:
        """Measure a subscriber's line: measure("sub-1/5"), then measure("sub-1/5", report=True) for what was found."""
        found = self._line(line)
        if report:
            return self._switch.line_measurements.report(found)
        return self._do(self._switch.line_measurements.begin, found)

    def message_waiting(self, extension: str, messages: int) -> str:
        """Tell an extension that messages wait, 0 = none any more: message_waiting("8002", 1)."""
        line = self._switch.extensions.get(extension)
        if line is None:
            return f"there is no extension {extension}"
        return self._do(self._switch.supervision.message_waiting, line, messages)

    def log_in(self, agent: str, extension: str) -> str:
        """Log an agent in at an extension: log_in("1001", "8002")."""
        profile = self._exchange.distributor.agents.get(agent)
        line = self._switch.extensions.get(extension)
        if profile is None or line is None:
            return "there is no such agent or extension"
        return self._do(self._switch.distribution.log_on, agent, profile.profile.password, line)

    def log_out(self, agent: str) -> str:
        """Log an agent out: log_out("1001")."""
        return self._do(self._switch.distribution.log_off, agent)

    def ready(self, agent: str) -> str:
        """An agent takes calls: ready("1001")."""
        return self._do(self._switch.distribution.ready, agent)

    def not_ready(self, agent: str, reason: str = "console") -> str:
        """An agent takes no calls: not_ready("1001", "lunch")."""
        return self._do(self._switch.distribution.not_ready, agent, reason)

    def history(self, line: str) -> str:
        """The last 50 things a line's signalling did: history("e1-1/5")."""
        return "\n".join(f"{at:10.3f} {text}" for at, text in self._line(line).history)

    def line_test(self, line: str, pattern: str = "", seconds: int = 10) -> str:
        """Measure bit errors on a blocked line: line_test("e1-1/5", "2^15-1", 60), then line_test("e1-1/5") for what was found."""
        if not pattern:
            return self._switch.line_tests.report(self._line(line))
        return self._do(self._switch.line_tests.begin, self._line(line), pattern, seconds)

    def echo(self, line: str) -> str:
        """What the echo canceller of a line has found: echo("sub-1/7")."""
        found = self._exchange.plane.echo(self._line(line).port)
        if found is None:
            return "no echo canceller works there now"
        states = ("converged", "double_talk", "disabled", "suppressing")
        now = ", ".join(state.replace("_", " ") for state in states if getattr(found, state)) or "not converged"
        return (
            f"{found.tail_ms} ms: {now}; echo return loss {found.erl_db:.1f} dB, enhanced by {found.erle_db:.1f} dB; "
            f"background {found.background_dbm0:.1f} dBm0"
        )

    def levels(self, line: str) -> str:
        """What stands on a line: signalling bits or hook, and alarms: levels("e1-1/5")."""
        found, kind = self._exchange.plane.levels(self._line(line).port), self._line(line).port_kind
        alarms = alarm_words(found.alarms) if found.alarms else "no alarm"
        if kind == "cas":
            return f"receives {found.bits_in:04b}, sends {found.bits_out:04b}; {alarms}"
        wires = [("ringing", found.ringing), ("poles reversed", found.polarity_reversed), ("no feed", not found.battery)]
        words = ["off-hook" if found.off_hook else "on-hook", *(word for word, stands in wires if stands)]
        return f"{', '.join(words)}; {alarms}"

    def span(self, span: str) -> str:
        """A span in full: alarms, framing, clock, counters, error performance, channels not in use: span("e1-1")."""
        return self._spans.span(span)

    def maintain(self, span: str, action: str = "", force: bool = False) -> str:
        """Loop-backs and tests of a span: maintain("e1-1", "loop-line"), then maintain("e1-1") for what became of it.

        ``normal`` ends them. A span with calls is left alone unless forced; its lines are blocked meanwhile.
        """
        if not action:
            return self._spans.answer(span)
        answer = self._do(self._spans.maintain, span, action, force)
        return ASKED if answer == DONE else answer

    def loop(self, line: str, on: bool = True, force: bool = False) -> str:
        """Send back on a line's channel what is received there: loop("e1-1/5"), loop("e1-1/5", False); then maintain("e1-1")."""
        answer = self._do(self._exchange.span_watch.loop_channel, self._line(line), on, force)
        return ASKED if answer == DONE else answer

    def link(self, link: str) -> str:
        """A signalling link in full: levels 2 and 3, counters, the last things that happened: link("toll-a")."""
        return self._signalling.link(link)

    def point(self, point: str) -> str:
        """A signalling point in full: destinations, counters, the last things that happened: point("here")."""
        return self._signalling.point(point)

    def association(self, association: str) -> str:
        """An association of SIGTRAN in full: its state and the last things that happened: association("ip-a")."""
        return self._signalling.association(association)

    def gateway(self, gateway: str) -> str:
        """A gateway of ours by M2UA in full: its processes, links, counters, the last things that happened: gateway("country")."""
        return self._signalling.gateway(gateway)

    def activate_process(self, association: str) -> str:
        """Ask the gateway at the far end of an association of M2UA or M3UA for traffic: activate_process("ip-a")."""
        return self._do(self._signalling.order_process, True, association)

    def deactivate_process(self, association: str) -> str:
        """Tell that gateway that there is to be no traffic, until told otherwise or until control restarts: deactivate_process("ip-a")."""
        return self._do(self._signalling.order_process, False, association)

    def figures(self, of: str = "", minutes: int = 0) -> str:
        """What was counted of No. 7 (Q.752), of the last whole 5 or 30 minutes or all time: figures("toll-a"), figures(minutes=30)."""
        return self._signalling.figures(of, minutes)

    def continuity(self, line: str, report: bool = False) -> str:
        """Check by a tone whether a circuit goes through: continuity("toll-1/5"), then continuity("toll-1/5", True) for what was found."""
        found = self._line(line)
        return self._signalling.continuity_found(found) if report else self._do(self._signalling.continuity, found)

    def query_circuits(self, group: str, report: bool = False) -> str:
        """Ask the far end how it sees a group's circuits: query_circuits("toll"), then query_circuits("toll", True) for what differs."""
        return self._signalling.query_found(group) if report else self._do(self._signalling.query, group)

    def activate_link(self, link: str) -> str:
        """Bring a signalling link into service: activate_link("toll-a")."""
        return self._do(self._signalling.order, "activate", link)

    def deactivate_link(self, link: str) -> str:
        """Take a signalling link out of service: deactivate_link("toll-a")."""
        return self._do(self._signalling.order, "deactivate", link)

    def inhibit_link(self, link: str) -> str:
        """Keep traffic off a signalling link that stays aligned; refused where a point would be lost: inhibit_link("toll-a")."""
        return self._do(self._signalling.order, "inhibit", link)

    def uninhibit_link(self, link: str) -> str:
        """Let traffic on the link again: uninhibit_link("toll-a")."""
        return self._do(self._signalling.order, "uninhibit", link)

    def block_link(self, link: str) -> str:
        """Tell the far end of a link that we cannot work (processor outage): block_link("toll-a")."""
        return self._do(self._signalling.order, "block", link)

    def unblock_link(self, link: str) -> str:
        """The outage is over: unblock_link("toll-a")."""
        return self._do(self._signalling.order, "unblock", link)

    def block_circuits(self, group: str) -> str:
        """Take all circuits of a trunk group of No. 7 out of use at both ends; calls go on: block_circuits("toll")."""
        return self._do(self._signalling.group, "block", group)

    def unblock_circuits(self, group: str) -> str:
        """Bring them back: unblock_circuits("toll")."""
        return self._do(self._signalling.group, "unblock", group)

    def reset_circuits(self, group: str) -> str:
        """Bring all circuits of a trunk group of No. 7 to rest at both ends; calls are lost: reset_circuits("toll")."""
        return self._do(self._signalling.group, "reset", group)

    def _clear(self, call: Call) -> str:
        self._switch.clear(call, NORMAL_CLEARING)
        return ""

    def _enqueue(self, call: Call, queue: str, priority: int) -> str:
        leg = call.originator
        if leg is None or leg.clearing or leg.queue:
            return "its caller is not there, or waits already"
        if queue not in self._exchange.distributor.queues:
            return f"there is no queue {queue}"
        return "" if self._switch.requeue(leg, queue, priority) else f"queue {queue} is full"

    def _do(self, function: Callable[..., Any], *arguments: Any) -> str:
        """Do a verb in a turn of its own; its answer in words."""
        answers: list[Any] = []
        self._switch.floor.turn(lambda: answers.append(function(*arguments)))
        if not answers:
            return "it failed by a fault of the exchange; see the faults file in the data directory"
        return answers[0] or DONE

    def _call(self, name: str) -> Call:
        call = self._switch.calls.get(name)
        if call is None:
            raise LookupError(f"there is no call {name}; look at calls")
        return call

    def _leg(self, call: str, number: int) -> Leg:
        leg = self._call(call).legs.get(number)
        if leg is None:
            raise LookupError(f"call {call} has no leg {number}; it has {sorted(self._call(call).legs)}")
        return leg

    def _line(self, name: str) -> Line:
        line = self._exchange.lines.get(name)
        if line is None:
            raise LookupError(f"there is no line {name}; look at lines")
        return line
