"""Line signals of an R2 circuit as tables: what received bits mean in each state, what is sent, what stable states leave standing.

The codes come from the variant (Q.411, Q.412; China: GB 3971.2-83); which signals have a meaning in which state of the
chart (pbx/signalling/r2/line_states.py) is said here. The same code may be another signal in another state. Made once for
each variant, direction and kind of circuit: semi-automatic ones read the operator's bit too. Left out: how long a pulse is.
"""

from typing import Literal

from pbx.engine import Noted, Output, Unexpected
from pbx.signalling.r2.variant import Variant

Direction = Literal["incoming", "outgoing", "both-way"]

STANDING: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "OutAnswered": (("backward", "answer"), ("forward", "seizure")),
    "OutSuspended": (("backward", "clear_back"), ("forward", "seizure")),
    "OutClearedBack": (("backward", "clear_back"), ("forward", "seizure")),
    "InAnswered": (("forward", "seizure"), ("backward", "answer")),
    "InSuspended": (("forward", "seizure"), ("backward", "clear_back")),
    "InClearedBack": (("forward", "seizure"), ("backward", "clear_back")),
}
"""The codes that the far end and this end leave standing in the stable states."""

BitReading = tuple[str | None, tuple[Output, ...]]
"""What received bits are in a state: event word (None: no meaning there) and the outputs that say so."""
Readings = dict[str, list[BitReading]]
Words = dict[str, tuple[str, int]]

PULSES = frozenset({"re-ring", "forced-release", "ring-back"})
"""Events that a pulse of the operator's bit is; the code after it is the one before it."""
SAME = {"held-answer": "held", "forward-fault-seized": "forward-fault", "blocking-seized": "blocking"}
"""Two codes that are the same event."""
BACKWARD_OPERATOR = {
    "OutFree": "acknowledged",
    "OutAnswered": "answer",
    "OutSuspended": "clear_back",
    "OutClearedBack": "clear_back",
    "OutBusy": "acknowledged",
}
"""In these states of the end that seized a pulse may come, on the code that stands there."""
FORWARD_OPERATOR = {
    "InFree": "re-ring",
    "InAnswering": "re-ring",
    "InAnswered": "re-ring",
    "InSuspended": "re-ring",
    "InClearedBack": "re-ring",
    "InBusy": "forced-release",
    "InRefused": "re-ring",
    "InOver": "re-ring",
}
"""What a pulse is in the states of the end that was seized; an operator who re-rings cannot know yet what has become of the call."""

OUT_STATES = (
    "OutSeizing", "OutRegister", "OutFree", "OutAnswered", "OutMetering", "OutSuspended", "OutClearedBack", "OutBusy", "OutFailed",
)  # fmt: skip
IN_STATES = (
    "InRegister", "InFree", "InAnswering", "InAnswered", "InSuspended", "InClearedBack", "InBusy", "InRefused", "InOver",
)  # fmt: skip
REST_STATES = ("Idle", "RemoteBlocked", "LocalBlocked", "BlockPending", "Fault")
CLEARING_STATES = ("Releasing", "Settling", "DualSeizure")


def readings(variant: Variant, direction: Direction, operator: bool) -> Readings:
    """For each state the meaning of all 16 codes abcd, as a circuit of this direction sees them."""
    meanings: dict[str, Words] = {}
    for state in OUT_STATES:
        meanings[state] = _out_words(variant, state, direction)
    forward, backward = variant.data.bits.forward, variant.data.bits.backward
    for state in IN_STATES:
        meanings[state] = {"clear-forward": ("clear-forward", forward.idle)}
        meanings[state].update(_faults(variant, "forward-fault"))
    incoming, outgoing = direction != "outgoing", direction != "incoming"
    for state in (*REST_STATES, *CLEARING_STATES):
        clearing = state in CLEARING_STATES
        words = {"idle": ("release guard" if clearing else "idle", backward.idle)}
        if incoming and state != "DualSeizure":
            words["seizure"] = ("seizure", forward.seizure)
        if clearing:
            words["held"] = ("not yet released", backward.acknowledged)
            words["held-answer"] = ("not yet released", backward.answer)
        elif outgoing:
            words["blocking"] = ("blocking", backward.blocked)
        else:
            words.update(_faults(variant, "blocking"))
        meanings[state] = words
    if operator:
        for state, words in meanings.items():
            words.update(_operator_words(variant, state))
    return {state: _row(variant, state, words) for state, words in meanings.items()}


def _faults(variant: Variant, event: str) -> Words:
    """The codes that tell that the outgoing end is out of order, where the variant has them."""
    forward = variant.data.bits.forward
    codes = ((event, forward.fault), (f"{event}-seized", forward.fault_seized))
    return {word: ("forward fault", code) for word, code in codes if code is not None}


def _out_words(variant: Variant, state: str, direction: Direction) -> Words:
    """What the end that seized may hear in a state; the first of two words with the same code holds."""
    forward, backward = variant.data.bits.forward, variant.data.bits.backward
    if state == "OutSeizing":
        words = {"acknowledged": ("seizure acknowledged", backward.acknowledged)}
        if direction != "outgoing":
            words["dual-seizure"] = ("seizure, dual", forward.seizure)
        return words
    words = {"answer": ("answer", backward.answer), "backward-idle": ("idle", backward.idle)}
    if backward.metering is not None and state == "OutAnswered":
        words["metering"] = ("metering", backward.metering)
    if state in ("OutAnswered", "OutMetering", "OutSuspended", "OutClearedBack", "OutFailed"):
        words["clear-back"] = ("clear-back", backward.clear_back)
    if backward.forced_release is not None and state != "OutRegister":
        words["backward-release"] = ("forced release", backward.forced_release)
    return words


def _operator_words(variant: Variant, state: str) -> Words:
    bits = variant.data.bits
    if bits.operator is None:
        return {}
    if state in BACKWARD_OPERATOR and bits.operator.backward:
        code: int = getattr(bits.backward, BACKWARD_OPERATOR[state])
        return {"ring-back": ("ring-back", code ^ bits.operator.bit)}
    word = FORWARD_OPERATOR.get(state, "")
    if word in bits.operator.forward:
        return {word: (word.replace("-r", " r") if word == "forced-release" else word, bits.forward.seizure ^ bits.operator.bit)}
    return {}


def _row(variant: Variant, state: str, words: Words) -> list[BitReading]:
    """The operator's bit is read for his pulses alone, and these first: a far end that has it otherwise at rest clears all the same."""
    bits = variant.data.bits
    wide = bits.mask | (bits.operator.bit if bits.operator is not None else 0)
    masked = [(word, text, value, wide if word in PULSES else bits.mask) for word, (text, value) in words.items()]
    masked.sort(key=lambda row: row[0] not in PULSES)
    row: list[BitReading] = []
    for code in range(16):
        for word, text, value, mask in masked:
            if code & mask == value & mask:
                row.append((SAME.get(word, word), (Noted(f"<- {text} {code:04b}"),)))
                break
        else:
            row.append((None, (Noted(f"<- bits {code:04b}"), Unexpected(state, f"bits {code:04b}"))))
    return row


def sendings_of(variant: Variant) -> dict[str, tuple[Output, ...]]:
    """Line signals to send by name, made once for each variant."""
    forward, backward = variant.data.bits.forward, variant.data.bits.backward

    def make() -> dict[str, tuple[Output, ...]]:
        sendings: dict[str, tuple[Output, ...]] = {
            "idle": variant.line_sending("idle", backward.idle),
            "seizure": variant.line_sending("seizure", forward.seizure),
            "clear-forward": variant.line_sending("clear-forward", forward.idle),
            "acknowledged": variant.line_sending("seizure acknowledged", backward.acknowledged),
            "answer": variant.line_sending("answer", backward.answer),
            "clear-back": variant.line_sending("clear-back", backward.clear_back),
            "release-guard": variant.line_sending("release guard", backward.idle),
            "blocked": variant.line_sending("blocking", backward.blocked),
            "fault": (),
        }
        if forward.fault is not None:
            sendings["fault"] = variant.line_sending("forward fault", forward.fault)
        return sendings

    return variant.keep("line sendings", make)


def readings_of(variant: Variant, direction: Direction, operator: bool) -> Readings:
    """The readings of a direction, made once for each variant."""
    operator = operator and variant.data.bits.operator is not None
    return variant.keep(f"line readings {direction} {operator}", lambda: readings(variant, direction, operator))
