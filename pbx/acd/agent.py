"""One agent: a person at a line, and the ledger of the time spent in each state (CSTA agent states, ECMA-269 6.4).

The states are LoggedOff, NotReady, Ready, Busy and WorkingAfterCall; Busy covers being rung and talking. Changes are made
through ``change`` alone, so the states partition the time between log-on and log-off exactly. Leaves out who may do what.
"""

import msgspec

LOGGED_OFF = "LoggedOff"
NOT_READY = "NotReady"
READY = "Ready"
BUSY = "Busy"
AFTER_CALL = "WorkingAfterCall"


class AgentProfile(msgspec.Struct, frozen=True):
    """What the configuration says of an agent; ``skills`` are names that queues ask for."""

    number: str
    name: str = ""
    password: str = ""
    skills: tuple[str, ...] = ()
    wrap_up_seconds: float | None = None


class Agent:
    """An agent's present state; ``since`` is when it began, ``call`` what keeps the agent busy."""

    __slots__ = ("call", "line", "line_free", "pending_not_ready", "profile", "reason", "since", "state")

    def __init__(self, profile: AgentProfile) -> None:
        self.profile = profile
        self.state = LOGGED_OFF
        self.reason = ""
        self.line = ""
        self.call = ""
        self.since = 0.0
        self.line_free = True
        self.pending_not_ready = ""

    @property
    def number(self) -> str:
        """The number the agent logs on with."""
        return self.profile.number

    @property
    def available(self) -> bool:
        """Whether a call may be offered now: ready, and the line is on hook."""
        return self.state == READY and self.line_free

    def change(self, state: str, now: float, reason: str = "", call: str = "") -> "AgentChange":
        """Enter a state; the value returned becomes a fact.

        Never before the last change: an event may be older than the timer or the restart that came before it.
        """
        self.state, self.reason, self.call, self.since = state, reason, call, max(now, self.since)
        change = AgentChange(self.number, state, self.line, reason, call)
        if state == LOGGED_OFF:
            self.line = ""
            self.pending_not_ready = ""
        return change


class AgentChange(msgspec.Struct, frozen=True):
    """An agent has entered ``state``."""

    agent: str
    state: str
    line: str
    reason: str
    call: str
