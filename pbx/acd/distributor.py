"""Distribution: which waiting call goes to which agent, decided the moment either becomes free.

Longest waiting call of the highest priority first, to the agent who has been ready longest among those with the queue's
skill. Every public function changes the state of queues and agents and returns what came of it: ``Offer``, ``AgentChange``. There
is no sweep: a match is tried when a call joins, an agent becomes ready, a line goes on hook. An agent who does not
answer in the ring time becomes not ready and the call returns to the front (AC3). Leaves out ringing, which the switch does.
"""

import msgspec

from pbx.acd.agent import AFTER_CALL, BUSY, LOGGED_OFF, NOT_READY, READY, Agent, AgentChange, AgentProfile
from pbx.acd.queue import Queue, QueueProfile, Waiting


class Offer(msgspec.Struct, frozen=True):
    """Ring ``agent`` at ``line`` for ``call``."""

    call: str
    queue: str
    agent: str
    line: str
    joined_at: float


class Refused(msgspec.Struct, frozen=True):
    """A request that the rules do not allow; ``why`` is for people."""

    why: str


Outcome = Offer | AgentChange


class Distributor:
    """All queues and all agents of the exchange; one owner, no locks."""

    def __init__(self, queues: list[QueueProfile], agents: list[AgentProfile]) -> None:
        self.queues = {profile.name: Queue(profile) for profile in queues}
        self.agents = {profile.number: Agent(profile) for profile in agents}
        self.offered: dict[str, tuple[Waiting, Agent]] = {}
        self._by_line: dict[str, Agent] = {}
        self._ready: dict[str, Agent] = {}
        self._by_skill: dict[str, list[Queue]] = {}
        for queue in self.queues.values():
            self._by_skill.setdefault(queue.profile.skill, []).append(queue)
        self._arrivals = 0

    def agent_at(self, line: str) -> Agent | None:
        """The agent who sits at the line."""
        return self._by_line.get(line)

    def log_on(self, number: str, password: str, line: str, now: float, free: bool) -> list[Outcome] | Refused:
        """An agent sits down; not ready until he says so."""
        agent = self.agents.get(number)
        if agent is None or agent.profile.password != password:
            return Refused("unknown agent or wrong password")
        if agent.state != LOGGED_OFF:
            return Refused(f"agent {number} is logged on at {agent.line}")
        if line in self._by_line:
            return Refused(f"agent {self._by_line[line].number} sits at {line}")
        agent.line = line
        agent.line_free = free
        self._by_line[line] = agent
        logged_on = AgentChange(number, "LoggedOn", line, "", "")
        return [logged_on, agent.change(NOT_READY, now, "logged-on")]

    def log_off(self, number: str, now: float) -> list[Outcome] | Refused:
        """An agent leaves; refused while busy with a call."""
        agent = self.agents.get(number)
        if agent is None or agent.state == LOGGED_OFF:
            return Refused("not logged on")
        if agent.state == BUSY:
            return Refused("busy with a call")
        self._ready.pop(number, None)
        self._by_line.pop(agent.line, None)
        return [agent.change(LOGGED_OFF, now)]

    def ready(self, number: str, now: float) -> list[Outcome] | Refused:
        """The agent takes calls; from after-call work too."""
        agent = self.agents.get(number)
        if agent is None or agent.state == LOGGED_OFF:
            return Refused("not logged on")
        if agent.state == BUSY:
            agent.pending_not_ready = ""
            return []
        if agent.state == READY:
            return []
        return self._become_ready(agent, now)

    def not_ready(self, number: str, reason: str, now: float) -> list[Outcome] | Refused:
        """The agent takes no calls; while busy it holds from the end of the call."""
        agent = self.agents.get(number)
        if agent is None or agent.state == LOGGED_OFF:
            return Refused("not logged on")
        if agent.state == BUSY:
            agent.pending_not_ready = reason or "requested"
            return []
        self._ready.pop(number, None)
        return [agent.change(NOT_READY, now, reason)]

    def line_changed(self, line: str, free: bool, now: float) -> list[Outcome]:
        """The line of an agent went off hook or is idle again."""
        agent = self._by_line.get(line)
        if agent is None or agent.line_free == free:
            return []
        agent.line_free = free
        return self._match_agent(agent, now) if free and agent.available else []

    def join(self, queue: str, call: str, priority: int, now: float) -> tuple[int, list[Outcome]]:
        """A call waits; its position and what came of it."""
        self._arrivals += 1
        waiting = Waiting(call, queue, priority, self._arrivals, now)
        position = self.queues[queue].add(waiting)
        return position, self._match_queue(self.queues[queue], now)

    def restore(self, waiting: Waiting) -> None:
        """A waiting call is adopted after a restart, at its place; agents come after all calls."""
        self._arrivals = max(self._arrivals, waiting.arrival)
        self.queues[waiting.queue].add(waiting)

    def restore_agent(
        self, number: str, line: str, state: str, reason: str, call: str, pending_not_ready: str, now: float
    ) -> list[Outcome]:
        """An agent who was logged on before a restart; the line is free as soon as it says so (``line_changed``)."""
        agent = self.agents.get(number)
        if agent is None or agent.state != LOGGED_OFF or line in self._by_line:
            return []
        agent.line, agent.line_free = line, False
        self._by_line[line] = agent
        if state == READY:
            return self._become_ready(agent, now)
        agent.pending_not_ready = pending_not_ready
        return [agent.change(state, now, reason, call)]

    def abandon(self, call: str, now: float) -> tuple[Waiting | None, list[Outcome]]:
        """The call is gone from its queue or from the agent being rung; what it was, and what came of it."""
        if call in self.offered:
            waiting, agent = self.offered.pop(call)
            return waiting, self._release(agent, now)
        for queue in self.queues.values():
            found = queue.remove(call)
            if found is not None:
                return found, []
        return None, []

    def answered(self, call: str) -> Waiting | None:
        """The agent who was rung has answered."""
        pair = self.offered.pop(call, None)
        return pair[0] if pair else None

    def unanswered(self, call: str, reason: str, now: float) -> list[Outcome]:
        """The agent did not answer: not ready; the call goes back in front and is offered elsewhere."""
        pair = self.offered.pop(call, None)
        if pair is None:
            return []
        waiting, agent = pair
        queue = self.queues[waiting.queue]
        queue.add(waiting)
        return [agent.change(NOT_READY, now, reason), *self._match_queue(queue, now)]

    def finished(self, number: str, now: float, wrap_up: bool) -> list[Outcome]:
        """The agent's call is over."""
        agent = self.agents[number]
        if agent.state != BUSY:
            return []
        if wrap_up:
            return [agent.change(AFTER_CALL, now)]
        return self._release(agent, now)

    def after_call_over(self, number: str, now: float) -> list[Outcome]:
        """The time for after-call work has passed."""
        agent = self.agents[number]
        return self._release(agent, now) if agent.state == AFTER_CALL else []

    def _release(self, agent: Agent, now: float) -> list[Outcome]:
        if agent.pending_not_ready:
            reason, agent.pending_not_ready = agent.pending_not_ready, ""
            return [agent.change(NOT_READY, now, reason)]
        return self._become_ready(agent, now)

    def _become_ready(self, agent: Agent, now: float) -> list[Outcome]:
        changes: list[Outcome] = [agent.change(READY, now)]
        self._ready.pop(agent.number, None)
        self._ready[agent.number] = agent
        return changes + (self._match_agent(agent, now) if agent.line_free else [])

    def _match_agent(self, agent: Agent, now: float) -> list[Outcome]:
        heads = [
            (head.place(), queue)
            for skill in agent.profile.skills
            for queue in self._by_skill.get(skill, ())
            if (head := queue.head()) is not None
        ]
        if not heads:
            return []
        return self._offer(min(heads, key=lambda pair: pair[0])[1], agent, now)

    def _match_queue(self, queue: Queue, now: float) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while len(queue):
            agent = next(
                (a for a in self._ready.values() if a.available and queue.profile.skill in a.profile.skills), None
            )
            if agent is None:
                break
            outcomes.extend(self._offer(queue, agent, now))
        return outcomes

    def _offer(self, queue: Queue, agent: Agent, now: float) -> list[Outcome]:
        waiting = queue.head()
        assert waiting is not None
        queue.remove(waiting.call)
        self._ready.pop(agent.number, None)
        self.offered[waiting.call] = (waiting, agent)
        busy = agent.change(BUSY, now, "offered", waiting.call)
        return [busy, Offer(waiting.call, queue.profile.name, agent.number, agent.line, waiting.joined_at)]
