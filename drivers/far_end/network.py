"""The far exchanges together: which circuits they have, which subscribers, which telephones, and what becomes of calls to them.

The network is the control of its own floor: calls from the exchange are delivered to the subscriber whose number they carry (or refused
with the cause that its number is given), calls from subscribers go out over an idle circuit. Numbers that belong to nobody are
*vacant* (cause 1), unless ``strangers`` says that anybody may be reached. Leaves out stories.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from drivers.far_end.party import Party, Subscriber, tone_name
from drivers.far_end.telephone import Telephone
from pbx.floor import Floor
from pbx.line import TRUNK, Line
from pbx.signalling_points import SignallingPoints
from pbx.vocabulary import tones
from pbx.vocabulary.call import (
    UNALLOCATED,
    USER_BUSY,
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    OperatorSignal,
    Primitive,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from pbx.vocabulary.media import Bits, Digit, MediaEvent, Octet, Played, SendTone, ToneOff, ToneOn

TOLD = (Alerting, Connect, Disconnect, OperatorSignal, Release, Resume, Suspend)
"""What a subscriber learns of his circuit."""
_TONES = (ToneOn, ToneOff)
CHECK_TONE = tones.special("continuity")
"""Circuits listen for it, not people."""


class Network:
    """Circuits, subscribers and telephones of the far end."""

    ring_back = SendTone(tones.progress("ring-back"))

    def __init__(self, floor: Floor, lines: Iterable[Line], prompts: Mapping[str, int]) -> None:
        self.floor = floor
        self.lines = {line.name: line for line in lines}
        self.circuits = [line for line in self.lines.values() if line.kind == TRUNK]
        self.prompts = dict(prompts)
        self._prompt_names = sorted(self.prompts, key=lambda name: self.prompts[name])
        self.subscribers: dict[str, Subscriber] = {}
        self.telephones: dict[str, Telephone] = {}
        self.refusals: dict[str, int] = {}
        self.not_ours: set[str] = set()
        """Names of the circuits over which the exchange alone calls."""
        self.signalling: SignallingPoints
        self.stranger: Callable[[str, Line, Setup], Subscriber | None] | None = None
        self._by_port: dict[int, Line] = {line.port: line for line in self.lines.values()}
        self._waiting: dict[str, Setup] = {}
        floor.attach(self)

    def subscriber(self, number: str) -> Subscriber:
        """The subscriber with this number; a new one when there is none."""
        party = self.subscribers.get(number)
        if party is None:
            party = self.subscribers[number] = Subscriber(self, number, number)
        return party

    def telephone(self, number: str, line: Line) -> Telephone:
        """The telephone set on a subscriber line."""
        party = self.telephones[number] = Telephone(self, f"telephone {number}", number, line)
        return party

    def choose(self, called: str = "", group: str = "") -> Line | None:
        """An idle circuit toward the exchange, of a group or of any: the one that has been idle longest. A number that rings analog lines
        has them alone."""
        both_ways = [line for line in self.circuits if line.name not in self.not_ours]
        ringing = [line for line in both_ways if line.number and line.number == called]
        free = [line for line in ringing or both_ways if line.available and (ringing or not line.number) and group in ("", line.group)]
        return min(free, key=lambda line: line.idle_since) if free else None

    def sound_name(self, code: int) -> str:
        """The name of a tone or prompt."""
        return tone_name(code, self._prompt_names)

    # What parties do.

    def order(self, line: Line, *commands: Any) -> None:
        """Media commands for a line, in a turn."""
        self.floor.turn(self.floor.orders, [(line.port, command) for command in commands])

    def primitive(self, line: Line, primitive: Primitive) -> None:
        """A primitive for a circuit's engine, in a turn."""
        self.floor.turn(self.floor.to_line, line, primitive)

    # What the floor delivers.

    def media_events(self, events: Iterable[tuple[float, int, MediaEvent]]) -> None:
        """Events of the network's plane: tones and bells go to people, the rest and the check-tone to engines."""
        rest = []
        for now, port, event in events:
            line = self._by_port.get(port)
            party = line.leg if line is not None else None
            if line is not None and line.kind != TRUNK and isinstance(event, Bits):
                self.floor.turn(self._notice, line.leg, event)
            elif isinstance(event, _TONES) and event.tone >= tones.PROGRESS and event.tone != CHECK_TONE:
                if isinstance(party, Party):
                    self.floor.turn(party.tone, event)
            elif isinstance(event, Digit | Octet) and isinstance(party, Party):
                self.floor.turn(party.heard, event)
            else:
                rest.append((now, port, event))
        self.floor.media(rest)

    def _notice(self, party: Any, event: Bits) -> None:
        if isinstance(party, Telephone):
            party.bits(event)

    def media(self, line: Line, event: MediaEvent, now: float) -> None:
        """Something said is finished."""
        if isinstance(event, Played) and isinstance(line.leg, Party):
            line.leg.tone(event)

    def receive(self, line: Line, primitive: Primitive, now: float) -> None:
        """A primitive from a circuit's engine."""
        party = line.leg
        if isinstance(primitive, Seized):
            line.idle = False
            line.seizures += 1
        elif isinstance(primitive, Setup):
            self._incoming(line, primitive)
        elif isinstance(primitive, Idle):
            line.idle = True
            line.idle_since = now
            line.take_notes()
        elif isinstance(primitive, Blocked):
            line.blocked.add(primitive.reason)
        elif isinstance(primitive, Unblocked):
            line.blocked = line.blocked - {primitive.reason} if primitive.reason else set()
        elif isinstance(primitive, Disconnect) and party is None:
            self.floor.to_line(line, Disconnect(primitive.cause))
        elif isinstance(party, Subscriber) and isinstance(primitive, TOLD):
            party.primitive(primitive)

    def _incoming(self, line: Line, setup: Setup) -> None:
        cause = self.refusals.get(setup.called)
        party = self.subscribers.get(setup.called)
        if party is None and cause is None and self.stranger is not None:
            party = self.stranger(setup.called, line, setup)
        if cause is None and party is None:
            cause = UNALLOCATED
        elif cause is None and party is not None and party.state != "idle":
            cause = USER_BUSY
        if cause is not None:
            self.floor.to_line(line, Disconnect(cause))
            return
        assert party is not None
        party.called_by(line, setup)

    def fault(self, line: Line, now: float) -> None:
        """A fault of our own at the far end: the circuit is let go."""
        line.leg = None if line.kind == TRUNK else line.leg
        line.idle = True

    def all_idle(self) -> bool:
        """Whether every circuit of the far end is idle."""
        return all(line.idle for line in self.circuits)


