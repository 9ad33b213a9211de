"""A person at the far end: what he does (dial, press, speak, hang up) and what he notices (answered, hears a tone, is rung).

Two kinds: a ``Subscriber`` of the city network, who reaches the exchange over whichever trunk circuit the network picks, and a
``Telephone`` (telephone.py) on one of the exchange's own subscriber lines. Both keep a log of what they noticed and tell whoever waits
for it (a story or a test). Actions are taken within a turn of the network's floor. Leaves out when things are done (story, traffic, lab).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pbx.line import Line
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    NORMAL_CLEARING,
    Alerting,
    Connect,
    Disconnect,
    OperatorSignal,
    Primitive,
    Release,
    Resume,
    Setup,
    Suspend,
)
from pbx.vocabulary.media import (
    RECEIVE_PROGRESS,
    Digit,
    Hear,
    Listen,
    MediaEvent,
    Play,
    Played,
    SendDigits,
    SendTone,
    Silence,
    ToneOff,
    ToneOn,
    Unhear,
    Unlisten,
)

if TYPE_CHECKING:
    from drivers.far_end.network import Network


class Party:
    """What all people at the far end have in common."""

    def __init__(self, network: "Network", name: str, number: str) -> None:
        self.network = network
        self.name = name
        self.number = number
        self.line: Line | None = None
        self.state = "idle"
        self.cause = 0
        self.hearing: set[str] = set()
        self.log: list[tuple[float, str]] = []
        self.watcher: Callable[[str], None] | None = None

    def noticed(self, what: str) -> None:
        """Something was noticed: it is logged and told to whoever waits."""
        self.log.append((self.network.floor.now, what))
        if self.watcher is not None:
            self.watcher(what)

    def tone(self, event: MediaEvent) -> None:
        """A tone (on a token span: also a prompt) began or ended in the ear."""
        if isinstance(event, ToneOn):
            name = self.network.sound_name(event.tone)
            self.hearing.add(name)
            self.noticed(f"hears {name}")
        elif isinstance(event, ToneOff):
            name = self.network.sound_name(event.tone)
            self.hearing.discard(name)
            self.noticed(f"no longer hears {name}")
        elif isinstance(event, Played):
            self.noticed("has spoken")

    def heard(self, event: MediaEvent) -> None:
        """A digit in the ear."""
        if isinstance(event, Digit):
            self.noticed(f"hears digit {event.digit}")

    def _order(self, *commands: object) -> None:
        line = self.line
        if line is not None:
            self.network.order(line, *commands)

    def listen(self, on: bool = True) -> None:
        """Attend to tones."""
        self._order(Listen(RECEIVE_PROGRESS) if on else Unlisten(RECEIVE_PROGRESS))

    def press(self, digits: str, on_ms: int = 100, off_ms: int = 100) -> None:
        """Press keys."""
        self._order(SendDigits(digits, on_ms, off_ms))

    def speak(self, prompt: str, loop: bool = False) -> None:
        """Say something from the prompt cache."""
        self._order(Play(self.network.prompts[prompt], 1, loop))

    def send(self, tone: str) -> None:
        """Be a fax machine or modem: send a tone of SPECIAL_TONES until ``be_silent``."""
        self._order(SendTone(tones.special(tone)))

    def be_silent(self) -> None:
        """Stop speaking."""
        self._order(Silence())

    def hang_up(self) -> None:
        """End the call."""
        raise NotImplementedError


class Subscriber(Party):
    """A subscriber of the city network. One call at a time. ``group``: his calls go out over circuits of that trunk group; "" = of any."""

    group = ""

    def dial(self, called: str, category: int = 1, restricted: bool = False, **told: Any) -> bool:
        """Call the exchange; False when the network has no idle circuit to it. ``told``: what else the Setup says."""
        line = self.network.choose(called, self.group)
        if line is None:
            self.state = "failed"
            self.cause = 34
            self.noticed("no circuit")
            return False
        self.dial_over(line, called, category, restricted, **told)
        return True

    def dial_over(self, line: Line, called: str, category: int = 1, restricted: bool = False, **told: Any) -> None:
        """Call the exchange over a certain circuit, which is idle."""
        self._take(line, "dialling")
        self.network.primitive(line, Setup(called, calling=self.number, category=category, restricted=restricted, **told))

    def _take(self, line: Line, state: str) -> None:
        self.line = line
        line.leg = self
        line.idle = False
        line.seizures += 1
        self.state = state
        self.cause = 0

    def called_by(self, line: Line, setup: Setup) -> None:
        """The exchange calls this subscriber: he is rung."""
        self._take(line, "ringing")
        self.network.primitive(line, Alerting())
        self._order(self.network.ring_back)
        self.noticed(f"rung by {setup.calling or 'unknown'}")

    def answer(self) -> None:
        """Lift the handset of a ringing telephone."""
        if self.state == "ringing" and self.line is not None:
            self._order(Silence())
            self.network.primitive(self.line, Connect())
            self.state = "talking"
            self.listen()
            self.noticed("answers")

    def refuse(self, cause: int) -> None:
        """The network cannot deliver the call: busy, vacant, congestion."""
        if self.line is not None:
            self.network.primitive(self.line, Disconnect(cause))

    def hang_up(self) -> None:
        """End the call."""
        if self.line is not None:
            if self.state != "clearing":
                # Whoever has hung up already would silence the tone by which his line tells it.
                self._order(Silence(), Unhear(-1), Unlisten(RECEIVE_PROGRESS))
            self.state = "clearing"
            self.network.primitive(self.line, Disconnect(NORMAL_CLEARING))

    def suspend(self) -> None:
        """Put the handset down where the calling side controls the release: he may lift again."""
        if self.line is not None:
            self.state = "suspended"
            self._order(Silence())
            self.network.primitive(self.line, Suspend())

    def resume(self) -> None:
        """Lift it again."""
        if self.state == "suspended" and self.line is not None:
            self.state = "talking"
            self.network.primitive(self.line, Resume())

    def signal(self, kind: str) -> None:
        """Be a toll operator: "re-ring", "forced-release" or "ring-back"."""
        if self.line is not None:
            self.network.primitive(self.line, OperatorSignal(kind))

    def primitive(self, primitive: Primitive) -> None:
        """What the trunk circuit reports."""
        if isinstance(primitive, Suspend | Resume):
            self.noticed("far end suspended" if isinstance(primitive, Suspend) else "far end resumed")
            return
        if isinstance(primitive, OperatorSignal):
            self.noticed(f"operator signals {primitive.kind}")
            return
        if isinstance(primitive, Alerting):
            self.state = "alerting"
            self.listen()
            self.noticed("alerting")
        elif isinstance(primitive, Connect):
            self.state = "talking"
            self.listen()
            self.noticed("answered")
        elif isinstance(primitive, Disconnect):
            self.cause = primitive.cause
            self.noticed(f"far end cleared, cause {primitive.cause}")
            self.hang_up()
        elif isinstance(primitive, Release):
            self.cause = self.cause or primitive.cause
            self._order(Silence(), Unhear(-1), Unlisten(RECEIVE_PROGRESS))
            if self.line is not None:
                self.line.leg = None
            self.line = None
            self.state = "idle"
            self.hearing.clear()
            self.noticed(f"released, cause {self.cause}")


def talk_to(party: Party, source: int) -> None:
    """Let the party hear a source of the network's plane (another of its ports)."""
    if party.line is not None:
        party.network.order(party.line, Hear(source))


def tone_name(code: int, prompts: list[str]) -> str:
    """The name of what is heard: a tone's, or on a token span a prompt's."""
    if code >= tones.PROMPT:
        index = code - tones.PROMPT
        return prompts[index] if index < len(prompts) else f"prompt:{index}"
    return tones.name(code)
