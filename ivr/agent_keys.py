"""What an agent does from a telephone: log on and off, ready and not ready (feature codes of the numbering plan).

Each feature is a flow of one step. Log-in asks for number and password, each ended by ``#``. The prompts are known by name:
``agent_number``, ``agent_password``, ``accepted``, ``refused``; one that the configuration does not have is left out.
"""

from ivr.flow import Answer, Ask, Collect, Flow, Hang, Say, Script


class AgentKeys(Flow):
    """Shared end of all features: say how it went, hang up."""

    def _finish(self, why: str) -> Script:
        yield Say(("refused" if why else "accepted",), barge=False)
        yield Hang()
        return None


class LogIn(AgentKeys):
    """Number, password, done."""

    name = "log-in"

    def start(self) -> Script:
        """Ask who it is."""
        yield Answer()
        yield Say(("agent_number",))
        number: str = yield Collect(most=8)
        yield Say(("agent_password",))
        password: str = yield Collect(most=8, secret=True)
        why: str = yield Ask("log-in", (number, password))
        if not why:
            why = yield Ask("ready")
        return (yield from self._finish(why))


class LogOut(AgentKeys):
    """Leave."""

    name = "log-out"

    def start(self) -> Script:
        """Log off the agent of this line."""
        yield Answer()
        why: str = yield Ask("log-out")
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

    name = "not-ready"

    def start(self) -> Script:
        """Not ready."""
        yield Answer()
        why: str = yield Ask("not-ready", ("requested",))
        return (yield from self._finish(why))
