"""The flow room of the switch: runs of flows on legs, and what they ask for.

It is the ``Host`` of pbx-side runs (ivr/run.py): each request of a flow becomes verbs of the switch, media commands and facts. A prompt is
known by its name; its number in the plane's cache is given by the composition. Leaves out what the flows say (ivr/).
"""

from collections.abc import Callable, Mapping
from typing import Any

from ivr.flow import Flow
from ivr.run import Run
from pbx import bridge
from pbx.call import CONNECTED, Leg
from pbx.switch import Switch
from pbx.vocabulary import facts, tones
from pbx.vocabulary.media import RECEIVE_DTMF, RECEIVE_FAX, Listen, Play, Silence, Unlisten

FlowMaker = Callable[[dict[str, str]], Flow]
"""Makes a run's flow from variables (empty for a new one)."""

FAX = "fax"
"""The variable of a flow that says which tone of a fax machine was heard; after that it is not listened for any more."""


class Service:
    """Flows at work."""

    def __init__(self, switch: Switch, flows: Mapping[str, FlowMaker], prompts: Mapping[str, int]) -> None:
        self.switch = switch
        self.floor = switch.floor
        self.flows = dict(flows)
        self.prompts = dict(prompts)
        self._tokens = 0
        self._playing: dict[int, Run] = {}
        switch.service = self

    @property
    def playing(self) -> int:
        """How many prompts are being played of which the end is waited for."""
        return len(self._playing)

    def begin(self, leg: Leg, flow: str, step: str = "", variables: Mapping[str, str] | None = None) -> None:
        """Run a flow on a leg, from its beginning or (after a restart) from a step."""
        run = Run(self, leg, self.flows[flow](dict(variables or {})))
        leg.run = run
        if leg.answered:
            self._listen(run)
        run.begin(step)
        self.floor.touch(leg.line)

    def leave(self, leg: Leg) -> None:
        """The leg's flow is over."""
        run: Run | None = leg.run
        if run is None:
            return
        leg.run = None
        run.stop()
        self._forget(run)
        self.floor.orders([(leg.line.port, Unlisten(RECEIVE_DTMF | RECEIVE_FAX))])
        self.floor.touch(leg.line)

    def played(self, leg: Leg, token: int) -> None:
        """A prompt has ended."""
        run = self._playing.pop(token, None)
        if run is not None and run.leg is leg and not run.over:
            run.played()
            self._tidy(run)

    def answered(self, leg: Leg) -> None:
        """The caller has been answered."""
        if leg.run is not None:
            self._listen(leg.run)

    def fax_heard(self, leg: Leg, tone: int) -> None:
        """A tone of a fax machine or modem: a fact, once for each run, and a step of the flow if it has one for that."""
        run: Run | None = leg.run
        if run is None or leg.clearing or FAX in run.variables:
            return
        run.flow.variables[FAX] = tones.name(tone)
        self.floor.orders([(leg.line.port, Unlisten(RECEIVE_FAX))])
        self.switch.tell(leg, facts.FaxToneHeard, tone=tones.name(tone), flow=run.flow.called)
        self.floor.touch(leg.line)
        if run.flow.fax_step:
            run.divert(run.flow.fax_step)
            self._tidy(run)

    def _listen(self, run: Run) -> None:
        leg: Leg = run.leg
        if not leg.clearing:
            fax = run.flow.settings.get("fax_detection") and FAX not in run.variables
            self.floor.orders([(leg.line.port, Listen(RECEIVE_DTMF | RECEIVE_FAX if fax else RECEIVE_DTMF))])

    def _forget(self, run: Run) -> None:
        for token in [token for token, playing in self._playing.items() if playing is run]:
            del self._playing[token]

    def _tidy(self, run: Run) -> None:
        if run.over and run.leg.run is run:
            self.leave(run.leg)

    # What runs ask for.

    def flow_answer(self, run: Run) -> None:
        """Answer the caller; keys are listened for once that has been signalled, and what the flow says waits as long."""
        self.switch.answer(run.leg)

    def flow_play(self, run: Run, prompt: str) -> bool:
        """Play a prompt to the caller."""
        index = self.prompts.get(prompt)
        if index is None:
            self.floor.counters[f"no prompt {prompt}"] += 1
            return False
        self._tokens = self._tokens % 0xFFFF + 1
        self._playing[self._tokens] = run
        run.leg.sounding = True
        self.floor.orders([(run.leg.line.port, Play(index, self._tokens))])
        return True

    def flow_cut(self, run: Run) -> None:
        """Stop the prompt."""
        self._forget(run)
        run.leg.sounding = False
        self.floor.orders([(run.leg.line.port, Silence())])

    def flow_timer(self, run: Run, seconds: float) -> Any:
        """Time for keys."""
        return self.floor.after(seconds, self._timed_out, run)

    def _timed_out(self, run: Run) -> None:
        run.timed_out()
        self._tidy(run)

    def flow_enqueue(self, run: Run, queue: str, priority: int) -> bool:
        """Wait for an agent."""
        leg: Leg = run.leg
        self.switch.answer(leg)
        self.floor.orders(bridge.silence(leg))
        return self.switch.distribution.enqueue(leg, queue, priority)

    def flow_dial(self, run: Run, number: str) -> None:
        """Connect the caller; a failure comes back as the run's result in a later step of the turn."""
        self.floor.turn(self._dial, run, number)

    def _dial(self, run: Run, number: str) -> None:
        if run.over:
            return
        router = self.switch.router
        leg: Leg = run.leg
        route = router.destination(number) if ":" in number else router.route(number, leg.line.kind)
        if route.kind in ("flow", "announcement"):
            self.leave(leg)
        self.switch.deliver(leg, route)

    def flow_ask(self, run: Run, verb: str, arguments: tuple[str, ...]) -> str:
        """What agents do from their telephones."""
        distribution = self.switch.distribution
        line = run.leg.line
        if verb == "log-in":
            return distribution.log_on(arguments[0], arguments[1], line)
        agent = distribution.distributor.agent_at(line.name)
        if agent is None:
            return "no agent is logged on at this line"
        if verb == "log-out":
            return distribution.log_off(agent.number)
        if verb == "ready":
            return distribution.ready(agent.number)
        if verb == "not-ready":
            return distribution.not_ready(agent.number, arguments[0])
        return f"unknown request {verb}"

    def flow_hang(self, run: Run, cause: int) -> None:
        """Clear the call, after the present step has come to rest."""
        self.floor.turn(self._hang, run.leg, cause)

    def _hang(self, leg: Leg, cause: int) -> None:
        self.switch.clear_leg(leg, cause)

    def flow_stepped(self, run: Run, step: str) -> None:
        """A resumption point: the leg record is written anew."""
        leg: Leg = run.leg
        if leg.answered:
            leg.state = CONNECTED
        self.switch.tell(leg, facts.FlowStepped, flow=run.flow.called, step=step)
        self.floor.touch(leg.line)

    def flow_collected(self, run: Run, digits: str, secret: bool) -> None:
        """Digits of the caller, as a fact."""
        leg: Leg = run.leg
        shown = "*" * len(digits) if secret else digits
        self.switch.tell(leg, facts.DigitsCollected, digits=shown)

