"""A flow: a script that runs on one leg, written as steps which yield requests and receive their results.

A step is a generator function of the flow: it yields requests (Answer, Say, Collect, Enqueue, Dial, Ask, Hang) and gets the result
of each as the value of the yield; it returns the name of the next step, or None at the end. Flows are stepped by the floor, never by an
event loop. What must survive a restart is plain data: the name of the step (each step is a resumption point) and ``variables``
(strings). So a caller resumes at the beginning of the step in which control died. Leaves out how requests are carried out: that is the
switch's (pbx/service.py).
"""

from collections.abc import Callable, Generator
from typing import Any, ClassVar

import msgspec


class Request(msgspec.Struct, frozen=True):
    """Something a flow wants done; the step goes on when it is."""


class Answer(Request, frozen=True):
    """Answer the caller; nothing happens when that is done already. Result None."""


class Say(Request, frozen=True):
    """Play prompts one after another; a key cuts them short when ``barge``. Result None."""

    prompts: tuple[str, ...]
    barge: bool = True


class Collect(Request, frozen=True):
    """Collect keys: up to ``most`` digits, ended by ``end`` (not part of the result) or by silence. Result: the digits."""

    most: int = 1
    first_seconds: float = 6.0
    between_seconds: float = 4.0
    end: str = "#"
    secret: bool = False


class Enqueue(Request, frozen=True):
    """Wait in a queue for an agent. It ends the flow, unless the wait is too long or the queue full: result "overflow"."""

    queue: str
    priority: int = 0


class Dial(Request, frozen=True):
    """Connect the caller to a destination or number. It ends the flow, unless that fails: result the cause (int)."""

    number: str


class Ask(Request, frozen=True):
    """Ask the exchange for something by name (``log-in``, ``ready`` …). Result: "" when done, else why not."""

    verb: str
    arguments: tuple[str, ...] = ()


class Hang(Request, frozen=True):
    """Clear the call; the flow ends."""

    cause: int = 16


Script = Generator[Request, Any, str | None]
Step = Callable[..., Script]


class Flow:
    """One run of a flow. ``first`` names its first step; steps are methods; ``settings`` are the configuration's,
    and ``called`` is the name under which the configuration knows it."""

    name: ClassVar[str] = ""
    first: ClassVar[str] = "start"

    def __init__(self, settings: dict[str, Any], variables: dict[str, str] | None = None) -> None:
        self.settings = settings
        self.called = self.name
        self.variables: dict[str, str] = dict(variables or {})

    def step(self, name: str) -> Script:
        """The generator of a step."""
        function: Step = getattr(self, name)
        return function()

    @property
    def fax_step(self) -> str:
        """The step to go on with when a fax machine is heard; "" = as if nothing had been heard."""
        return "fax" if self.settings.get("on_fax") else ""

    def fax(self) -> Script:
        """A fax machine goes where the configuration sends it, and is cleared when nobody is there."""
        yield Dial(self.settings["on_fax"])
        yield Hang()
        return None

    @classmethod
    def steps(cls) -> list[str]:
        """The names of the steps: the generator methods of the flow itself."""
        return [name for name, value in vars(cls).items() if callable(value) and not name.startswith("_")]
