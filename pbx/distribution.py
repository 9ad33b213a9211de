"""The queue room of the switch: calls that wait, agents that are rung for them, and what both hear.

It turns the outcomes of the pure distributor (pbx/acd) into verbs of the switch and facts: ring the agent's line for an offer, music for
the caller, the timers of ringing, after-call work and longest wait. A caller who hangs up while an agent is rung stops the ringing in
the same turn. Leaves out which call goes to whom, which is pbx/acd/distributor.py.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pbx import bridge
from pbx.acd.agent import AFTER_CALL, BUSY, NOT_READY, READY
from pbx.acd.distributor import Distributor, Offer, Outcome, Refused
from pbx.acd.queue import Waiting
from pbx.call import QUEUED, Leg, LegRecord
from pbx.line import Line
from pbx.switch import Switch
from pbx.vocabulary import facts
from pbx.vocabulary.call import NO_ANSWER
from pbx.vocabulary.media import PLAYER

_AGENT_FACTS: dict[str, type[facts.AgentFact]] = {
    "LoggedOn": facts.LoggedOn,
    "NotReady": facts.NotReady,
    "Ready": facts.Ready,
    "Busy": facts.Busy,
    "WorkingAfterCall": facts.WorkingAfterCall,
    "LoggedOff": facts.LoggedOff,
}


class QueueManner(msgspec.Struct, frozen=True):
    """How the switch treats a queue's callers.

    ``player`` is the shared player they hear (-1 = silence); ``recorded`` whether conversations are recorded; ``overflow`` the destination
    of those who have waited too long ("" = their flow goes on, or the call ends).
    """

    player: int = -1
    recorded: bool = False
    overflow: str = ""


class Distribution:
    """Queues and agents of the switch."""

    def __init__(self, switch: Switch, distributor: Distributor, manners: Mapping[str, QueueManner]) -> None:
        self.switch = switch
        self.floor = switch.floor
        self.distributor = distributor
        self.manners = dict(manners)
        self._waits: dict[str, Any] = {}
        self._after_call: dict[str, tuple[float, Any]] = {}
        switch.distribution = self
        switch.distributor = distributor

    # Calls.

    def enqueue(self, leg: Leg, queue: str, priority: int) -> bool:
        """The call of this leg waits in a queue, or goes where that queue's overflow leads because it is full.

        False when it is full and leads nowhere, or when there is none of that name.
        """
        row = self.distributor.queues.get(queue)
        if row is None:
            return False
        if 0 < row.profile.max_waiting <= len(row):
            overflow = self.manners.get(queue, QueueManner()).overflow
            if overflow:
                self.floor.turn(self._overflow, leg, overflow)
            return bool(overflow)
        now = self.floor.now
        call = leg.call
        leg.state = QUEUED
        leg.queue = queue
        call.priority = priority
        manner = self.manners.get(queue, QueueManner())
        if manner.player >= 0:
            self.floor.orders(bridge.hear(leg, PLAYER + manner.player))
        position, outcomes = self.distributor.join(queue, call.name, priority, now)
        self.switch.tell(leg, facts.Queued, queue=queue, position=position)
        self._set_longest_wait(leg, queue, now)
        self.carry_out(outcomes)
        self.floor.touch(leg.line)
        return True

    def _set_longest_wait(self, leg: Leg, queue: str, joined_at: float) -> None:
        longest = self.distributor.queues[queue].profile.max_wait_seconds
        if longest > 0:
            remaining = joined_at + longest - self.floor.now
            self._waits[leg.call.name] = self.floor.after(remaining, self._waited_too_long, leg)

    def _waited_too_long(self, leg: Leg) -> None:
        self._waits.pop(leg.call.name, None)
        if leg.clearing or leg.call.name in self.distributor.offered:
            return
        overflow = self.manners.get(leg.queue, QueueManner()).overflow
        self._leave(leg, "overflowed")
        if overflow:
            self._overflow(leg, overflow)
        elif leg.run is not None:
            leg.run.result("overflow")
        else:
            self.switch.dial_failed(leg, NO_ANSWER)

    def _overflow(self, leg: Leg, destination: str) -> None:
        """The caller cannot wait here (any longer): he goes where the queue's overflow leads."""
        if not leg.clearing:
            self.switch.service.leave(leg)
            self.switch.deliver(leg, self.switch.router.destination(destination))

    def _leave(self, leg: Leg, reason: str, agent: str = "") -> None:
        """Take the call out of its queue, whatever the reason, and say so."""
        now = self.floor.now
        call = leg.call
        timer = self._waits.pop(call.name, None)
        if timer is not None:
            timer.cancel()
        if agent:
            waiting: Waiting | None = self.distributor.answered(call.name)
            outcomes: list[Outcome] = []
        else:
            waiting, outcomes = self.distributor.abandon(call.name, now)
        leg.queue = ""
        if waiting is None:
            return
        manner = self.manners.get(waiting.queue, QueueManner())
        if manner.player >= 0:
            self.floor.orders(bridge.unhear(leg, PLAYER + manner.player))
        self.switch.tell(leg, facts.Dequeued, queue=waiting.queue, reason=reason, waited=max(0.0, now - waiting.joined_at), agent=agent)
        self.carry_out(outcomes)

    def waiting(self, leg: Leg) -> Waiting | None:
        """The waiting call of this leg: in its queue or being offered."""
        if not leg.queue:
            return None
        pair = self.distributor.offered.get(leg.call.name)
        if pair is not None:
            return pair[0]
        return next((w for w in self.distributor.queues[leg.queue] if w.call == leg.call.name), None)

    def leg_gone(self, leg: Leg, cause: int) -> bool:
        """A leg leaves its call; True when the call waits on (the agent rung for it did not answer)."""
        call = leg.call
        if leg.incoming and leg.queue:
            self._leave(leg, "abandoned")
            return False
        if not leg.agent or leg.answered:
            return False
        caller = call.originator
        if call.name in self.distributor.offered and caller is not None:
            now = self.floor.now
            reason = "no-answer" if cause == NO_ANSWER else "unavailable"
            self.switch.tell(leg, facts.Diverted, reason=reason, agent=leg.agent)
            outcomes = self.distributor.unanswered(call.name, reason, now)
            self.switch.tell(caller, facts.Queued, queue=caller.queue, position=1, front=True)
            self.carry_out(outcomes)
            waiting = self.waiting(caller)
            if waiting is not None and call.name not in self._waits:
                # His time was over while the agent was rung: he has been given this chance, and no more.
                self._set_longest_wait(caller, waiting.queue, waiting.joined_at)
        return True

    def agent_answered(self, leg: Leg) -> None:
        """The agent rung for a queue has answered: caller and agent talk."""
        caller = leg.call.originator
        assert caller is not None
        queue = caller.queue
        leg.served = queue
        self._leave(caller, "answered", leg.agent)
        self.switch.service.leave(caller)
        self.switch.connect(caller, leg)
        if self.manners.get(queue, QueueManner()).recorded:
            self.switch.recorders.record(caller)

    def agent_finished(self, leg: Leg) -> None:
        """The agent's conversation is over: time for after-call work."""
        queue = leg.served
        agent = self.distributor.agents[leg.agent]
        seconds = agent.profile.wrap_up_seconds
        if seconds is None:
            seconds = self.distributor.queues[queue].profile.wrap_up_seconds if queue else 0.0
        self.carry_out(self.distributor.finished(leg.agent, self.floor.now, wrap_up=seconds > 0))
        if seconds > 0:
            self._set_after_call(leg.agent, seconds)

    def _set_after_call(self, agent: str, seconds: float) -> None:
        self._after_call[agent] = self.floor.now + seconds, self.floor.after(seconds, self._after_call_over, agent)

    def after_call_until(self, agent: str) -> float:
        """When the agent's after-call work ends; 0 = there is none."""
        return float(self._after_call.get(agent, (0.0, None))[0])

    def _after_call_over(self, agent: str) -> None:
        self._after_call.pop(agent, None)
        self.carry_out(self.distributor.after_call_over(agent, self.floor.now))

    # Agents.

    def line_changed(self, line: Line, *, free: bool) -> None:
        """A line was taken or is idle again."""
        self.carry_out(self.distributor.line_changed(line.name, free, self.floor.now))

    def log_on(self, agent: str, password: str, line: Line) -> str:
        """An agent sits down at a line; "" or why not."""
        return self._request(self.distributor.log_on(agent, password, line.name, self.floor.now, line.available))

    def log_off(self, agent: str) -> str:
        """The agent leaves; "" or why not."""
        self._stop_after_call(agent)
        return self._request(self.distributor.log_off(agent, self.floor.now))

    def ready(self, agent: str) -> str:
        """The agent takes calls; "" or why not."""
        self._stop_after_call(agent)
        return self._request(self.distributor.ready(agent, self.floor.now))

    def not_ready(self, agent: str, reason: str) -> str:
        """The agent takes no calls; "" or why not."""
        self._stop_after_call(agent)
        return self._request(self.distributor.not_ready(agent, reason, self.floor.now))

    def _stop_after_call(self, agent: str) -> None:
        _, timer = self._after_call.pop(agent, (0.0, None))
        if timer is not None:
            timer.cancel()

    def _request(self, answer: list[Outcome] | Refused) -> str:
        if isinstance(answer, Refused):
            return answer.why
        self.carry_out(answer)
        return ""

    def carry_out(self, outcomes: Iterable[Outcome]) -> None:
        """Make facts and ringing telephones of what the distributor decided."""
        now = self.floor.now
        for outcome in outcomes:
            if isinstance(outcome, Offer):
                self._offer(outcome)
                continue
            if outcome.line in self.switch.lines:
                self.floor.touch(self.switch.lines[outcome.line])
            kind = _AGENT_FACTS[outcome.state]
            at = max(now, self.distributor.agents[outcome.agent].since)
            self.floor.fact(kind(at, outcome.agent, line=outcome.line, reason=outcome.reason, call=outcome.call))

    def _offer(self, offer: Offer) -> None:
        call = self.switch.calls[offer.call]
        caller = call.originator
        assert caller is not None, f"call {offer.call} waits without a caller"
        number = self.switch.lines[offer.line].number
        ring_seconds = self.distributor.queues[offer.queue].profile.ring_seconds
        leg = self.switch.dial_extension(caller, number, offer.agent, ring_seconds)
        if leg is None:
            self.carry_out(self.distributor.unanswered(offer.call, "unavailable", self.floor.now))

    # Adoption after a restart.

    def adopt_waiting(self, leg: Leg, record: LegRecord) -> None:
        """A caller who waited goes on waiting, at his place and with the rest of his longest wait."""
        leg.state = QUEUED
        leg.queue = record.queue
        self._set_longest_wait(leg, record.queue, record.joined_at)
        self.distributor.restore(Waiting(leg.call.name, record.queue, record.priority, record.arrival, record.joined_at))

    def source_for(self, queue: str) -> set[int]:
        """What those hear who wait in the queue."""
        manner = self.manners.get(queue, QueueManner())
        return {PLAYER + manner.player} if manner.player >= 0 else set()

    def adopt_agent(self, record: LegRecord, talks: bool) -> None:
        """An agent who was logged on; one who was only being rung is ready again, after-call work goes on until its end."""
        number, state, reason, pending = record.seated, record.seated_state, record.seated_reason, record.seated_not_ready
        if state == BUSY and not talks:
            state, reason, pending = (NOT_READY, pending, "") if pending else (READY, "", "")
        call = record.call if talks else ""
        self.carry_out(self.distributor.restore_agent(number, record.line, state, reason, call, pending, self.floor.now))
        if state == AFTER_CALL and number in self.distributor.agents:
            self._set_after_call(number, max(0.0, record.seated_until - self.floor.now))

    def busy_agents(self) -> list[str]:
        """Agents who talk or are being rung."""
        return [number for number, agent in self.distributor.agents.items() if agent.state == BUSY]
