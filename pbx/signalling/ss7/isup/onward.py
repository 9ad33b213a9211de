"""What an ISUP circuit sends of what another one has handed it: a message of ours with the contents of theirs (Q.764 2.1, 2.9.5; Q.763).

Ours says which message is due and what belongs to this circuit; theirs what the call is. Parameters of theirs go on octet for octet and in
their order, with these exceptions: a called number that the switch has changed and the hop counter are ours, the propagation delay has
grown by our way (3.42), a congestion level is told by its own exchange alone, a map of circuits is for one way only, and whether a segment
follows is for each way to say. Where the messages differ, because an ACM had to go out before theirs came, the rest of theirs goes into
ours. A message that is too long goes in two (SGM, 2.1.12); what finds no place then is left out, and its instructions are obeyed as far as
they release the call. Leaves out what is handed on at all (transit.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from pbx.engine import Malformed, Output
from pbx.signalling.ss7.isup import compatibility, parts, values
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.call_parameters import called_of
from pbx.signalling.ss7.isup.codec import Message, decode, encode
from pbx.signalling.ss7.isup.indicators import EventInformation
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Unrecognized
from pbx.signalling.ss7.isup.parts import INSTRUCTIONS, Optional, Parts
from pbx.signalling.ss7.isup.segmentation import SEGMENTED
from pbx.signalling.ss7.isup.table import BY_CODE
from pbx.signalling.ss7.isup.transit import FAMILY, NATIONAL, Passage, optional_of
from pbx.vocabulary.call import Alerting, Carried, Connect, NotCarried, PassOn, Primitive, Proceeding, Progress, Setup

if TYPE_CHECKING:
    from pbx.signalling.ss7.isup.call_control import CallControl

LONGEST = 272 - 7
"""Octets from the circuit's code on: a signalling information field without the longer of the two labels (Q.703 section 2.3.8)."""
_T = MessageType
CIRCUIT_MAP, CONGESTION_LEVEL, HOPS, DELAY, HISTORY = 0x25, 0x27, 0x3D, 0x31, 0x2D
BACKWARD, FORWARD_OPTIONS, BACKWARD_OPTIONS = 0x11, 0x08, 0x29
NOT_PASSED = {_T.IAM: (CIRCUIT_MAP,), _T.REL: (CONGESTION_LEVEL,)}
IN_SEGMENTS = frozenset((0x03, 0x20, 0x2C, 0xC0, 0xC1))
"""Parameters that may stand in a SGM: access transport, user-to-user information, generic notification, number and digits."""
AS_THEY_CAME = frozenset((_T.SAM, _T.SUS, _T.RES, _T.FOT, _T.OPR, _T.MPM))
OF_A_CALL = frozenset((_T.ACM, _T.CPG, _T.ANM, _T.CON))
MORE_FOLLOWS, CONNECTED_WANTED, ECHO_CONTROL = 0x04, 0x80, 0x20
LONGEST_DELAY_MS = 0xFFFF


ALREADY_COMPLETE = EventInformation(values.Event.PROGRESS)
"""What a CPG tells by which only comes what an ACM should have brought."""


def carried_here(c: "CallControl", value: Primitive, now: float) -> Sequence[Output]:
    """A primitive with something that another line carries; what is of another suite means nothing here."""
    carried = value.carried
    known = carried is not None and c.transit.plan.type and carried.family == FAMILY
    if carried is None or not known:
        return counted(c, value, c.post(type(value).__name__, value, now))
    if not carried.octets:
        return ()  # said with what came before
    if isinstance(value, PassOn):
        foreign = carried.octets[2] in NATIONAL and carried.suite != c.transit.suite
        return (parts.verbatim(c.cic, carried.octets),) if c.open and not foreign else ()
    if isinstance(value, NotCarried):
        message = decode(carried.octets)
        assert not isinstance(message, Malformed), "what goes up has been read"
        return c.transit.returned(c, message, now)
    if isinstance(value, Setup):
        c.transit.through = True
    return _put_on(c, value, carried, c.post(type(value).__name__, value, now), now)


def _put_on(c: "CallControl", value: Primitive, carried: Carried, outputs: Sequence[Output], now: float) -> Sequence[Output]:
    """The message among the outputs of a primitive, with what another circuit has carried here."""
    place, own = _message(outputs)
    if own is None:
        late = c.machine.state == "InAddressComplete" and isinstance(value, Proceeding | Alerting | Progress)
        if not (late and optional_of(carried.octets)):
            return outputs
        own = c.say(_T.CPG, ALREADY_COMPLETE)
        outputs = (own, *outputs)
    sent = compose(own, carried.octets, c.transit.plan, carried.suite == c.transit.suite)
    released = c.post("judged", sent.release, now) if sent.release else ()
    return (*outputs[:place], *sent.messages, *outputs[place + 1 :], *released)


def _message(outputs: Sequence[Output]) -> tuple[int, Message | None]:
    return next(((place, each) for place, each in enumerate(outputs) if isinstance(each, Message)), (0, None))


def counted(c: "CallControl", value: Primitive, outputs: Sequence[Output]) -> Sequence[Output]:
    """Outputs of a primitive, with what is counted from here on, or has been as far as here."""
    history_ms, plan = c.transit.history_ms, c.transit.plan
    begins = type(value) is Setup and bool(plan.delay_ms or plan.satellite)
    ends = type(value) is Connect and history_ms is not None
    place, own = _message(outputs) if begins or ends else (0, None)
    if own is None:
        return outputs
    own = of_our_own(own, plan) if begins else with_history(own, history_ms or 0)
    return (*outputs[:place], own, *outputs[place + 1 :])


class Sent(NamedTuple):
    """The messages that go out, and the cause by which the call is released behind them, for something had no place."""

    messages: tuple[Message, ...]
    release: int = 0


def compose(own: Message, octets: bytes, plan: Passage, same: bool) -> Sent:
    """What goes out where ``own`` would have without theirs; ``same``: both circuits are of one variant."""
    kind, theirs = own.kind, octets[2]
    if kind in AS_THEY_CAME:
        as_theirs = kind == theirs and (same or kind not in NATIONAL)
        return Sent((parts.verbatim(own.cic, octets) if as_theirs else own,))
    if not parts.divisible(theirs):
        return Sent((own,))
    ours, far = parts.parts(encode(own)), parts.parts(octets)
    if kind == theirs == _T.IAM:
        whole = _initial(ours, far, own, octets, plan, same)
    elif kind in OF_A_CALL and theirs in OF_A_CALL:
        whole = _backward(ours, far)
    elif kind == theirs == _T.REL:
        whole = far._replace(optional=_merged(far.optional, ours.optional, NOT_PASSED[_T.REL]))
    else:
        return Sent((own,))
    return _divided(own.cic, whole, octets)


def of_our_own(iam: Message, plan: Passage) -> Message:
    """An IAM of a call that begins here, with what is counted from here on."""
    whole = parts.parts(encode(iam))
    nature = whole.fixed[0] | plan.satellite
    delay: Optional = ((DELAY, plan.delay_ms.to_bytes(2, "big")),) if plan.delay_ms else ()
    return parts.message(iam.cic, whole._replace(fixed=bytes((nature, *whole.fixed[1:])), optional=(*whole.optional, *delay)))


def with_history(answer: Message, history_ms: int) -> Message:
    """ANM or CON of a call that ends here: the delay of its whole way goes back (3.7)."""
    whole = parts.parts(encode(answer))
    return parts.message(answer.cic, whole._replace(optional=(*whole.optional, (HISTORY, history_ms.to_bytes(2, "big")))))


def _initial(ours: Parts, far: Parts, own: Message, octets: bytes, plan: Passage, same: bool) -> Parts:
    nature, theirs = ours.fixed[0], far.fixed[0]
    satellites = min((theirs & 3) + plan.satellite, 2) if theirs & 3 < 3 else 3
    fixed = bytes(
        (
            theirs & 0xE0 | satellites | nature & 0x0C | (nature | theirs) & 0x10,
            *far.fixed[1:3],
            far.fixed[3] if same else ours.fixed[3],
            far.fixed[4],
        )
    )
    optional = []
    for code, contents in far.optional:
        if code == DELAY and len(contents) >= 2:
            grown = min(int.from_bytes(contents[:2], "big") + plan.delay_ms, LONGEST_DELAY_MS)
            contents = grown.to_bytes(2, "big") + contents[2:]
        elif code == HOPS and contents:
            left = ours.first(HOPS) or contents
            contents = bytes((contents[0] & 0xE0 | left[0] & 0x1F,)) + contents[1:]
        elif code == FORWARD_OPTIONS and contents:
            wanted = (ours.first(FORWARD_OPTIONS) or b"\0")[0] & CONNECTED_WANTED
            contents = bytes((contents[0] & ~MORE_FOLLOWS | wanted,)) + contents[1:]
        optional.append((code, contents))
    called = far.variable if _same_number(own, octets) else ours.variable
    return Parts(_T.IAM, fixed, called, _merged(tuple(optional), ours.optional, NOT_PASSED[_T.IAM]))


def _same_number(own: Message, octets: bytes) -> bool:
    theirs = decode(octets)
    return not isinstance(theirs, Malformed) and called_of(theirs) == called_of(own)


def _merged(theirs: Optional, ours: Optional, left_out: tuple[int, ...]) -> Optional:
    """Theirs, and of ours what they do not say."""
    kept = parts.left(theirs, left_out)
    said = {code for code, _ in theirs if code not in left_out}
    return (*kept, *(each for each in ours if each[0] not in said))


def _backward(ours: Parts, far: Parts) -> Parts:
    """A message of the called side, which may be another one than ours."""
    told = far.fixed if far.kind in (_T.ACM, _T.CON) else far.first(BACKWARD)
    optional = tuple(
        (code, bytes((contents[0] & ~MORE_FOLLOWS,)) + contents[1:] if code == BACKWARD_OPTIONS and contents else contents)
        for code, contents in far.optional
    )
    fixed = ours.fixed
    if ours.kind in (_T.ACM, _T.CON):
        if told is not None and len(told) >= 2:
            fixed = bytes((told[0], told[1] | fixed[1] & ECHO_CONTROL))
            optional = parts.left(optional, (BACKWARD,))
    elif far.kind in (_T.ACM, _T.CON):
        optional = ((BACKWARD, far.fixed), *optional)
    if ours.kind == far.kind:
        if ours.kind == _T.CPG:
            fixed = far.fixed
        return Parts(ours.kind, fixed, (), optional)
    return Parts(ours.kind, fixed, (), _merged(optional, ours.optional, ()))


def _divided(cic: int, whole: Parts, octets: bytes) -> Sent:
    """A message, in two if it must be; what has no place is left out from the end."""
    missing = []
    while True:
        messages = _segments(cic, whole)
        if all(len(each) <= LONGEST for each in messages):
            break
        gone = next((each for each in reversed(whole.optional) if each[0] not in BY_CODE), whole.optional[-1])
        missing.append(gone)
        places = [place for place, each in enumerate(whole.optional) if each is gone]
        whole = whole._replace(optional=(*whole.optional[: places[-1]], *whole.optional[places[-1] + 1 :]))
    sent = tuple(parts.verbatim(cic, each) for each in messages)
    return Sent(sent, _wanted_by(missing, octets) if missing else 0)


def _segments(cic: int, whole: Parts) -> tuple[bytes, ...]:
    octets = parts.octets_of(cic, whole)
    if len(octets) <= LONGEST or whole.kind not in SEGMENTED:
        return (octets,)
    rest = tuple(each for each in whole.optional if each[0] in IN_SEGMENTS)
    if not rest:
        return (octets,)
    code = FORWARD_OPTIONS if whole.kind == _T.IAM else BACKWARD_OPTIONS
    said = whole.first(code) or b"\0"
    announced = (code, bytes((said[0] | MORE_FOLLOWS,)) + said[1:])
    first = [announced if each[0] == code else each for each in whole.optional if each[0] not in IN_SEGMENTS]
    if announced not in first:
        first.append(announced)
    return (parts.octets_of(cic, whole._replace(optional=tuple(first))), parts.octets_of(cic, Parts(_T.SGM, optional=rest)))


def _wanted_by(missing: list[tuple[int, bytes]], octets: bytes) -> int:
    """The cause by which the instructions of parameters without a place release the call."""
    theirs = decode(octets)
    assert not isinstance(theirs, Malformed), "it has been read before"
    told = tuple(each for each in theirs.parameters if isinstance(each, p.ParameterCompatibilityInformation))
    unknown = tuple(Unrecognized(code, contents) for code, contents in missing if code not in BY_CODE)
    return compatibility.judge(Message(theirs.cic, theirs.kind, (*told, *unknown))).release


assert INSTRUCTIONS not in IN_SEGMENTS, "instructions stay with the message whose parameters they are about"
