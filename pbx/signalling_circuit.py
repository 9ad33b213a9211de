"""A circuit of No. 7 with the face of a line's engine: what the switch says to it goes to the user part between its two points.

The user part (``Isup``, ``Tup``) works all circuits of a pair of points and has one timer for them, so a circuit has no deadline of its
own. What is added here are the media of the circuit: keys pressed in an answered call, alarms of the span, silence when a call has ended.
The check-tone goes to the user part, which says itself what is to be sent and looped (pbx/signalling/ss7/continuity.py).
Leaves out messages and links (pbx/signalling_points.py).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from pbx.engine import Input, Levels, Noted, Output
from pbx.vocabulary.call import Carried, Idle, Info, Primitive, Release
from pbx.vocabulary.media import (
    RECEIVE_CONTINUITY,
    RECEIVE_DTMF,
    RECEIVE_FAX,
    RECEIVE_PROGRESS,
    Alarm,
    Digit,
    Silence,
    ToneOff,
    ToneOn,
    Unhear,
    Unlisten,
)

QUIET: tuple[Output, ...] = (Silence(), Unhear(-1), Unlisten(RECEIVE_DTMF | RECEIVE_FAX | RECEIVE_PROGRESS | RECEIVE_CONTINUITY))
"""Nothing is said on the circuit or listened for any more."""
MOST_IN_GROUP = 32
INFOS = {digit: (Info(digit),) for digit in "0123456789*#ABCD"}


class Circuit(Protocol):
    """What is seen of a circuit in its user part."""

    @property
    def state(self) -> str:
        """For people."""

    @property
    def tag(self) -> str:
        """Not empty while an answered call stands."""

    @property
    def speech(self) -> bool:
        """Whether there is a way for sound."""

    @property
    def suite(self) -> str:
        """Of what passes through from other circuits, as ``Carried.suite``; empty where nothing does."""


class Relation(Protocol):
    """The circuits of a user part between two points, as one of them sees it (pbx/signalling_points.py)."""

    def give(self, cic: int, value: Input, now: float) -> Sequence[Output]:
        """What the switch says to a circuit, or what is heard on it; what the circuit itself answers comes back."""

    def adopt(self, cic: int, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """The circuit after a restart of control."""

    def alarm(self, cic: int, stands: bool) -> None:
        """The span of the circuit has failed, or is well again."""


class SignalledCircuit:
    """One circuit; ``circuit`` finds it in its user part."""

    def __init__(self, cic: int, relation: Relation, circuit: Callable[[], Circuit], service: int) -> None:
        """``service`` is the service indicator of its user part."""
        self.cic = cic
        self.service = service
        self._relation = relation
        self._circuit = circuit

    @property
    def state(self) -> str:
        """The state of its call, and why it may not be seized."""
        return self._circuit().state

    @property
    def tag(self) -> str:
        """What ``resume`` needs to adopt the call."""
        return self._circuit().tag

    @property
    def speech(self) -> bool:
        """Whether what the switch wants heard may begin."""
        return self._circuit().speech

    def takes(self, carried: Carried) -> bool:
        """Whether what another line carries means something here."""
        return self._circuit().suite.partition("/")[0] == carried.family

    def start(self, now: float) -> Sequence[Output]:
        """Into service; a circuit that is not idle, for a fault of ours has hit even its release, is reset."""
        if not self._circuit().state.startswith("Idle"):
            return (*QUIET, *self._relation.adopt(self.cic, "", Levels(), now))
        return (*QUIET, Idle())

    def receive(self, value: Input, now: float) -> Sequence[Output]:
        """A call primitive, the check-tone, a key, an alarm; what else sounds means nothing where signalling has its own channel."""
        if isinstance(value, Primitive | ToneOn | ToneOff):
            return quiet_behind(self._relation.give(self.cic, value, now))
        if isinstance(value, Digit):
            return INFOS.get(value.digit, ()) if self.tag else ()
        if isinstance(value, Alarm):
            self._relation.alarm(self.cic, bool(value.alarms))
            return (Noted(f"<- alarm {value.alarms:#x}"),)
        return ()

    def expire(self, now: float) -> Sequence[Output]:
        """Never wanted."""
        return ()

    def deadline(self) -> float | None:
        """Timers run in the user part."""
        return None

    def resume(self, tag: str, levels: Levels, now: float) -> Sequence[Output]:
        """Adopt an answered call; anything else is reset."""
        outputs = quiet_behind(self._relation.adopt(self.cic, tag, levels, now))
        if levels.alarms:
            self._relation.alarm(self.cic, True)
        return outputs


def quiet_behind(outputs: Sequence[Any]) -> Sequence[Output]:
    """Outputs of a circuit, with silence before the end of a call is told."""
    if not any(isinstance(output, Release) for output in outputs):
        return outputs
    return (*QUIET, *outputs)


def in_groups(cics: Iterable[int]) -> Iterable[list[int]]:
    """Circuits in groups that one message can name."""
    group: list[int] = []
    for cic in sorted(cics):
        if group and cic - group[0] >= MOST_IN_GROUP:
            yield group
            group = []
        group.append(cic)
    if group:
        yield group
