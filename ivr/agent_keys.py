"""What an agent does from a telephone: log on and off, ready and not ready (feature codes of the numbering plan).

Each feature is a flow of one step. Log-on asks for number and password, each ended by ``#``. Success is told by the prompt ``done``,
refusal by ``refused`` (settings of ``[flow.agent_keys]``; a confirmation or congestion tone when there is no prompt is the plan's).
"""

from ivr.flow import Answer, Ask, Collect, Flow, Hang, Say, Script


class AgentKeys(Flow):
    """Shared end of all features: say how it went, hang up."""

    def _finish(self, why: str) -> Script:
        yield Say((self.settings["refused" if why else "done"],), barge=False)
        yield Hang()
        return None


class LogOn(AgentKeys):
    """Number, password, done."""

    name = "log_on"

    def start(self) -> Script:
        """Ask who it is."""
        yield Answer()
        yield Say((self.settings["ask_number"],))
        number: str = yield Collect(most=8)
        yield Say((self.settings["ask_password"],))
        password: str = yield Collect(most=8, secret=True)
        why: str = yield Ask("log-on", (number, password))
        if not why:
            why = yield Ask("ready")
        return (yield from self._finish(why))


class LogOff(AgentKeys):
    """Leave."""

    name = "log_off"

    def start(self) -> Script:
        """Log off the agent of this line."""
        yield Answer()
        why: str = yield Ask("log-off")
        return (yield from self._finish(why))


class ReadyKey(AgentKeys):
    """Take calls."""

    name = "ready"

    def start(self) -> Script:
        """Ready."""
        yield Answer()
        why: str = yield Ask("ready")
        return (yield from self._finish(why))


class NotReadyKey(AgentKeys):
    """Take no calls."""

    name = "not_ready"

    def start(self) -> Script:
        """Not ready."""
        yield Answer()
        why: str = yield Ask("not-ready", ("requested",))
        return (yield from self._finish(why))
