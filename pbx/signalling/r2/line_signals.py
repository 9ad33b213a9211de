"""Line signals of an R2 circuit as tables: what received bits mean in each state, what is sent, what stable states leave standing.

The codes come from the variant (Q.411, Q.412; China: GB 3971.2-83); which signals have a meaning in which state of the
chart (pbx/signalling/r2/line_states.py) is said here. The same code may be another signal in another state. Made once for
each variant and direction. Left out: the c bit of semi-automatic circuits and metering pulses.
"""

from typing import Literal

from pbx.engine import Noted, Output, Unexpected
from pbx.signalling.r2.variant import Variant

Direction = Literal["incoming", "outgoing", "both-way"]

STANDING: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "OutAnswered": (("backward", "answer"), ("forward", "seizure")),
    "OutClearedBack": (("backward", "clear_back"), ("forward", "seizure")),
    "InAnswered": (("forward", "seizure"), ("backward", "answer")),
    "InClearedBack": (("forward", "seizure"), ("backward", "clear_back")),
}
"""The codes that the far end and this end leave standing in the stable states."""

BitReading = tuple[str | None, tuple[Output, ...]]
"""What received bits are in a state: event word (None: no meaning there) and the outputs that say so."""

OUT_STATES = ("OutSeizing", "OutRegister", "OutFree", "OutAnswered", "OutClearedBack", "OutFailed")
IN_STATES = ("InRegister", "InFree", "InAnswering", "InAnswered", "InClearedBack", "InRefused", "InOver")
REST_STATES = ("Idle", "RemoteBlocked", "LocalBlocked", "BlockPending", "Fault")
CLEARING_STATES = ("Releasing", "Settling", "DualSeizure")


def readings(variant: Variant, direction: Direction) -> dict[str, list[BitReading]]:
    """For each state the meaning of all 16 codes abcd, as a circuit of this direction sees them."""
    forward, backward = variant.data.bits.forward, variant.data.bits.backward
    incoming, outgoing = direction != "outgoing", direction != "incoming"
    meanings: dict[str, dict[str, tuple[str, int]]] = {}
    for state in OUT_STATES:
        seizing = state == "OutSeizing"
        words = {"answer": ("answer", backward.answer)}
        if seizing:
            words = {"acknowledged": ("seizure acknowledged", backward.acknowledged)}
            if incoming:
                words["dual-seizure"] = ("seizure, dual", forward.seizure)
        else:
            words["backward-idle"] = ("idle", backward.idle)
        if state in ("OutAnswered", "OutClearedBack", "OutFailed"):
            words["clear-back"] = ("clear-back", backward.clear_back)
        meanings[state] = words
    for state in IN_STATES:
        meanings[state] = {"clear-forward": ("clear-forward", forward.idle), "forward-fault": ("forward fault", forward.fault)}
    for state in (*REST_STATES, *CLEARING_STATES):
        clearing = state in CLEARING_STATES
        words = {"idle": ("release guard" if clearing else "idle", backward.idle)}
        if incoming and state != "DualSeizure":
            words["seizure"] = ("seizure", forward.seizure)
        if clearing:
            words["held"] = ("not yet released", backward.acknowledged)
            words["held-answer"] = ("not yet released", backward.answer)
        else:
            words["blocking"] = ("blocking" if outgoing else "forward fault", backward.blocked if outgoing else forward.fault)
        meanings[state] = words
    return {state: _row(variant, state, words) for state, words in meanings.items()}


def _row(variant: Variant, state: str, words: dict[str, tuple[str, int]]) -> list[BitReading]:
    mask = variant.data.bits.mask
    row: list[BitReading] = []
    for code in range(16):
        for word, (text, bits) in words.items():
            if code & mask == bits & mask:
                row.append((word.removesuffix("-answer") if word == "held-answer" else word, (Noted(f"<- {text} {code:04b}"),)))
                break
        else:
            row.append((None, (Noted(f"<- bits {code:04b}"), Unexpected(state, f"bits {code:04b}"))))
    return row


def sendings_of(variant: Variant) -> dict[str, tuple[Output, ...]]:
    """Line signals to send by name, made once for each variant."""
    forward, backward = variant.data.bits.forward, variant.data.bits.backward
    return variant.keep(
        "line sendings",
        lambda: {
            "idle": variant.line_sending("idle", backward.idle),
            "seizure": variant.line_sending("seizure", forward.seizure),
            "clear-forward": variant.line_sending("clear-forward", forward.idle),
            "acknowledged": variant.line_sending("seizure acknowledged", backward.acknowledged),
            "answer": variant.line_sending("answer", backward.answer),
            "clear-back": variant.line_sending("clear-back", backward.clear_back),
            "release-guard": variant.line_sending("release guard", backward.idle),
            "blocked": variant.line_sending("blocking", backward.blocked),
        },
    )


def readings_of(variant: Variant, direction: Direction) -> dict[str, list[BitReading]]:
    """The readings of a direction, made once for each variant."""
    return variant.keep(f"line readings {direction}", lambda: readings(variant, direction))
