"""The vocabulary between the switch and the world: facts, in the words of CSTA (ECMA-269).

A fact is something that has happened. It is written once, numbered, to the journal, and everything else that wants to know
(call detail records, desk, CTI link, bus, store, checkers) reads facts and nothing else. ``at`` is seconds on the exchange's
clock; wall time is added where a record is shown. Facts of one kind never change their meaning; new fields have defaults, so
that old journals stay readable. Leaves out signalling detail, which travels in ``Traced`` as the lines of the call's trace.
"""

from typing import Any

import msgspec


class Fact(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="fact", omit_defaults=True):
    """What all facts have: the time in seconds."""

    at: float


class CallFact(Fact, frozen=True, gc=False):
    """A fact about one leg of a call. ``call`` is the call's name, ``leg`` the leg's number in it, ``line`` its line."""

    call: str
    leg: int = 0
    line: str = ""


class ServiceInitiated(CallFact, frozen=True, gc=False):
    """A line was seized by its far end, or a handset lifted: a leg exists."""


class Originated(CallFact, frozen=True, gc=False):
    """The called number is complete and the call is attempted."""

    called: str = ""
    calling: str = ""
    category: int = 0


class NumberExtended(CallFact, frozen=True, gc=False):
    """Overlap: more digits of the called number have come; ``called`` as far as it is known now."""

    called: str = ""


class NetworkReached(CallFact, frozen=True, gc=False):
    """A trunk circuit was seized for the call; beyond it only the network knows more."""

    called: str = ""
    group: str = ""


class Delivered(CallFact, frozen=True, gc=False):
    """The called line is being rung. ``agent`` is set when a queue chose it."""

    called: str = ""
    calling: str = ""
    agent: str = ""


class Established(CallFact, frozen=True, gc=False):
    """The leg was answered: by its far party (outgoing leg) or toward it (incoming leg)."""

    called: str = ""
    calling: str = ""
    agent: str = ""


class Connected(CallFact, frozen=True, gc=False):
    """Two legs hear each other."""

    with_leg: int = 0


class Queued(CallFact, frozen=True, gc=False):
    """The call waits in a queue. ``front`` after an offer that was not answered."""

    queue: str = ""
    position: int = 0
    front: bool = False


class Dequeued(CallFact, frozen=True, gc=False):
    """The call left the queue: ``answered``, ``abandoned``, ``overflowed``."""

    queue: str = ""
    reason: str = ""
    waited: float = 0.0
    agent: str = ""


class Diverted(CallFact, frozen=True, gc=False):
    """An offer to a line was withdrawn: no answer, refused, caller gone."""

    reason: str = ""
    agent: str = ""


class Held(CallFact, frozen=True, gc=False):
    """The leg hears music."""


class Retrieved(CallFact, frozen=True, gc=False):
    """The leg is back in the conversation."""


class FlowStepped(CallFact, frozen=True, gc=False):
    """The flow on the leg entered a step."""

    flow: str = ""
    step: str = ""


class DigitsCollected(CallFact, frozen=True, gc=False):
    """The flow collected digits; passwords are shown as asterisks."""

    digits: str = ""


class FaxToneHeard(CallFact, frozen=True, gc=False):
    """A flow heard a fax machine or modem: ``cng`` calls (T.30), ``ced`` and the others answer (V.25, V.8: ``SPECIAL_TONES``)."""

    tone: str = ""
    flow: str = ""


class RecordingStarted(CallFact, frozen=True, gc=False):
    """The leg is recorded."""

    recording: str = ""
    recorder: int = 0


class RecordingStopped(CallFact, frozen=True, gc=False):
    """The recording is complete."""

    recording: str = ""
    recorder: int = 0


class RecordingGap(Fact, frozen=True, gc=False):
    """Sound is missing ``at_s`` seconds into the recording, ``missing_s`` long, with silence in its place: ``not read``, or ``disk``."""

    recording: str = ""
    at_s: float = 0.0
    missing_s: float = 0.0
    reason: str = ""


class RecordingFiled(Fact, frozen=True, gc=False):
    """The recording lies on disk as it will stay; ``file`` is seen from the recordings' directory."""

    recording: str = ""
    file: str = ""
    format: str = ""
    seconds: float = 0.0
    missing_s: float = 0.0


class RecordingDeleted(Fact, frozen=True, gc=False):
    """The oldest recordings made room for new ones (``when_full = "delete-oldest"``)."""

    recording: str = ""
    file: str = ""


class Failed(CallFact, frozen=True, gc=False):
    """The leg cannot go on (CSTA: failed); its party hears a tone."""

    cause: int = 0


class ConnectionCleared(CallFact, frozen=True, gc=False):
    """The leg is gone; its line is idle or in release guard."""

    cause: int = 0


class CallCleared(CallFact, frozen=True, gc=False):
    """The last leg is gone."""

    cause: int = 0


class Adopted(CallFact, frozen=True, gc=False):
    """A new control took the leg over from one that died."""


class Suspended(CallFact, frozen=True, gc=False):
    """The called party has hung up and may lift again (clear-back; SUS of No. 7)."""


class Resumed(CallFact, frozen=True, gc=False):
    """He has lifted again."""


class Charged(CallFact, frozen=True, gc=False):
    """So many charge units were counted on the leg, told when it is over."""

    units: int = 0


class CallWaited(CallFact, frozen=True, gc=False):
    """The line talks; this call waits there, and its party has been told."""

    called: str = ""
    calling: str = ""


class Traced(CallFact, frozen=True, gc=False):
    """Lines of the call's trace: (seconds, line, text)."""

    lines: list[tuple[float, str, str]] = []


class AgentFact(Fact, frozen=True, gc=False):
    """An agent's state changed."""

    agent: str
    line: str = ""
    reason: str = ""
    call: str = ""


class LoggedOn(AgentFact, frozen=True, gc=False):
    """The agent sits at ``line``."""


class NotReady(AgentFact, frozen=True, gc=False):
    """The agent takes no calls."""


class Ready(AgentFact, frozen=True, gc=False):
    """The agent takes calls."""


class Busy(AgentFact, frozen=True, gc=False):
    """The agent talks, or is being rung for ``call``."""


class WorkingAfterCall(AgentFact, frozen=True, gc=False):
    """The agent finishes the last call's work."""


class LoggedOff(AgentFact, frozen=True, gc=False):
    """The agent has left."""


class LineBlocked(Fact, frozen=True, gc=False):
    """A line is out of use: ``remote``, ``local``, ``alarm`` or ``fault``."""

    line: str
    reason: str = ""


class LineUnblocked(Fact, frozen=True, gc=False):
    """A line is in use again."""

    line: str


class LineTestEnded(Fact, frozen=True, gc=False):
    """A bit error measurement is over (O.150, G.821). ``reason`` is empty when it ran its time; ``bits`` were compared."""

    line: str
    pattern: str = ""
    seconds: int = 0
    bits: int = 0
    errors: int = 0
    errored_seconds: int = 0
    severely_errored_seconds: int = 0
    reason: str = ""


class CircuitTested(Fact, frozen=True, gc=False):
    """Test calls over one circuit are over: how many were good, and why the others failed."""

    line: str
    number: str = ""
    good: int = 0
    failed: tuple[str, ...] = ()


class LineMeasured(Fact, frozen=True, gc=False):
    """A subscriber line was measured (outward test of Q.542); ``found`` by the names of LINE_QUANTITIES, ``verdict`` in words."""

    line: str
    found: dict[str, int] = {}
    verdict: str = ""


class AlarmRaised(Fact, frozen=True, gc=False):
    """Something needs a person: a span's alarm, a full disk, a control that died too often."""

    source: str
    text: str


class AlarmCleared(Fact, frozen=True, gc=False):
    """It is over."""

    source: str
    text: str = ""


class TimingSourceChanged(Fact, frozen=True, gc=False):
    """A span's board takes its clock from another of its spans, by the driver's number; 0 = from its own crystal (G.811, G.823)."""

    span: str
    before: int = 0
    now: int = 0


class SpanMaintained(Fact, frozen=True, gc=False):
    """A maintenance order to a span, or to the channel of a line, was done, or ``refused``: why."""

    span: str
    action: str = ""
    line: str = ""
    refused: str = ""


class Commanded(Fact, frozen=True, gc=False):
    """An operator did something by name."""

    who: str
    verb: str
    argument: str = ""


class ControlStarted(Fact, frozen=True, gc=False):
    """Call control began with this epoch; ``adopted`` legs were taken over."""

    epoch: int
    adopted: int = 0


KINDS: dict[str, type[Fact]] = {}


def _collect(kind: type[Fact]) -> None:
    for child in kind.__subclasses__():
        KINDS[child.__name__] = child
        _collect(child)


_collect(Fact)
ABSTRACT = ("CallFact", "AgentFact")
_union: Any = None
for _name, _kind in KINDS.items():
    if _name not in ABSTRACT:
        _union = _kind if _union is None else _union | _kind

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_union)


def encode(fact: Fact) -> bytes:
    """The fact as the octets of the journal (MessagePack); the same fact gives the same octets."""
    return _encoder.encode(fact)


def decode(octets: bytes) -> Fact:
    """The fact of these octets; ``msgspec.DecodeError`` when they are not one."""
    fact: Fact = _decoder.decode(octets)
    return fact
