"""A run: one flow at work on one leg, fed with what happens (a prompt ended, a key, a time-out, a result, a fax tone).

The run holds the present request and the keys typed ahead; it asks its ``Host`` (the switch's service room) to do things and is told
when they are done. It never touches media or lines itself, so a flow can be run in a test with a host that merely writes down.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from ivr.flow import Answer, Ask, Collect, Dial, Enqueue, Flow, Hang, Request, Say, Script


class Host(Protocol):
    """What a run asks for. Everything is about the run's own leg."""

    def flow_answer(self, run: "Run") -> None:
        """Answer the caller."""

    def flow_play(self, run: "Run", prompt: str) -> bool:
        """Play a prompt; False = there is none of that name."""

    def flow_cut(self, run: "Run") -> None:
        """Stop the prompt."""

    def flow_timer(self, run: "Run", seconds: float) -> Any:
        """Call ``run.timed_out`` after so long; the answer can be cancelled."""

    def flow_enqueue(self, run: "Run", queue: str, priority: int) -> bool:
        """Put the call in a queue; False = there is none of that name."""

    def flow_dial(self, run: "Run", number: str) -> None:
        """Connect to a number."""

    def flow_ask(self, run: "Run", verb: str, arguments: tuple[str, ...]) -> str:
        """Do something; "" or why not."""

    def flow_hang(self, run: "Run", cause: int) -> None:
        """Clear the call."""

    def flow_stepped(self, run: "Run", step: str) -> None:
        """A step begins: a resumption point."""

    def flow_collected(self, run: "Run", digits: str, secret: bool) -> None:
        """Digits were collected."""


class Run:
    """One flow at work."""

    def __init__(self, host: Host, leg: Any, flow: Flow) -> None:
        self.host = host
        self.leg = leg
        self.flow = flow
        self.step = ""
        self.over = False
        self.typed = ""
        self._script: Script | None = None
        self._request: Request | None = None
        self._prompts: list[str] = []
        self._timer: Any = None
        self._going = False

    @property
    def variables(self) -> Mapping[str, str]:
        """The flow's variables."""
        return self.flow.variables

    def begin(self, step: str = "") -> None:
        """Start at a step (a restart) or at the first."""
        self._enter(step or self.flow.first)

    def digit(self, digit: str) -> None:
        """A key: it cuts a prompt that allows it, and is kept for the next Collect."""
        self.typed += digit
        if isinstance(self._request, Say) and self._request.barge:
            self.host.flow_cut(self)
            self._advance(None)
        elif isinstance(self._request, Collect):
            self._collect(self._request)

    def played(self) -> None:
        """The prompt has ended."""
        if isinstance(self._request, Say):
            self._play_next()

    def divert(self, step: str) -> None:
        """Break off what is being said or awaited and go on with a step. A destination that is being tried is left alone."""
        if not isinstance(self._request, Say | Collect):
            return
        if isinstance(self._request, Say):
            self.host.flow_cut(self)
        self._stop_timer()
        if self._script is not None:
            self._script.close()
        self._enter(step)

    def timed_out(self) -> None:
        """The time for keys is over: what was typed is the result."""
        self._timer = None
        if isinstance(self._request, Collect):
            typed, self.typed = self.typed, ""
            self.host.flow_collected(self, typed, self._request.secret)
            self._advance(typed)

    def result(self, value: Any) -> None:
        """Queue or dialling has come to an end without an answer."""
        if isinstance(self._request, Enqueue | Dial):
            self._advance(value)

    def stop(self) -> None:
        """The flow is over: the leg is gone or goes elsewhere."""
        self.over = True
        self._stop_timer()
        if self._script is not None and not self._going:
            self._script.close()
        self._script = None
        self._request = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _enter(self, step: str) -> None:
        self.step = step
        self.host.flow_stepped(self, step)
        self._script = self.flow.step(step)
        self._advance(None)

    def _advance(self, value: Any) -> None:
        """Send a result into the step and begin its next request; loops where requests are done at once."""
        self._stop_timer()
        while not self.over and self._script is not None:
            self._going = True
            try:
                request = self._script.send(value)
            except StopIteration as stop:
                self._request = None
                if stop.value is None:
                    self.stop()
                    return
                self._script = None
                step: str = stop.value
                self.step = step
                self.host.flow_stepped(self, step)
                self._script = self.flow.step(step)
                value = None
                continue
            finally:
                self._going = False
            self._request = request
            done, value = self._do(request)
            if not done:
                return

    def _do(self, request: Request) -> tuple[bool, Any]:
        """Begin a request; whether it is done already, and its result."""
        if isinstance(request, Answer):
            self.host.flow_answer(self)
            return True, None
        if isinstance(request, Ask):
            return True, self.host.flow_ask(self, request.verb, request.arguments)
        if isinstance(request, Say):
            if request.barge and self.typed:
                return True, None
            self._prompts = list(request.prompts)
            return self._play(), None
        if isinstance(request, Collect):
            return self._collected(request)
        if isinstance(request, Enqueue):
            return not self.host.flow_enqueue(self, request.queue, request.priority), "overflow"
        if isinstance(request, Dial):
            self.host.flow_dial(self, request.number)
            return False, None
        assert isinstance(request, Hang)
        self.host.flow_hang(self, request.cause)
        return False, None

    def _play(self) -> bool:
        """Play the next prompt there is; True when none is left."""
        while self._prompts:
            if self.host.flow_play(self, self._prompts.pop(0)):
                return False
        return True

    def _play_next(self) -> None:
        if self._play():
            self._advance(None)

    def _collected(self, request: Collect) -> tuple[bool, str]:
        typed = self._complete(request)
        if typed is not None:
            self.host.flow_collected(self, typed, request.secret)
            return True, typed
        seconds = request.between_seconds if self.typed else request.first_seconds
        self._timer = self.host.flow_timer(self, seconds)
        return False, ""

    def _complete(self, request: Collect) -> str | None:
        """The digits if they are complete; what lies behind them stays typed ahead."""
        typed = self.typed
        if request.end and request.end in typed[: request.most + 1]:
            digits, _, self.typed = typed.partition(request.end)
            return digits
        if len(typed) >= request.most:
            self.typed = typed[request.most :]
            if request.end and request.most > 1 and self.typed.startswith(request.end):
                self.typed = self.typed[1:]
            return typed[: request.most]
        return None

    def _collect(self, request: Collect) -> None:
        self._stop_timer()
        typed = self._complete(request)
        if typed is None:
            self._timer = self.host.flow_timer(self, request.between_seconds)
            return
        self.host.flow_collected(self, typed, request.secret)
        self._advance(typed)
