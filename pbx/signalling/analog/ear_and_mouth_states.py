"""The chart of an E&M tie line: every state with its events, for incoming, outgoing and both-way circuits.

States that begin with ``Out`` belong to the end that seized, with ``In`` to the end that was seized; the others are rest, release guard
and dual seizure. Actions are methods of ``EarAndMouthCall`` (ear_and_mouth_call.py), times the variant's.
"""

from pbx.machine import Cell, State
from pbx.signalling.analog.ear_and_mouth_call import EarAndMouthCall

_C = EarAndMouthCall
_NOTHING = Cell(None)
_REFUSE = Cell(_C._refuse_setup)
_DROPPED = ("Releasing", "Guard")
_CLEAR = Cell(_C.clear, _DROPPED)
_HINTS = {"Proceeding": _NOTHING, "Alerting": _NOTHING, "Progress": _NOTHING}
_USED = {"Setup": _REFUSE, "Reset": Cell(_C._reset, _DROPPED), "lost": Cell(_C._lost, _DROPPED)}
_REST = {"Release": _NOTHING, "Disconnect": _NOTHING, "Reset": Cell(_C._idle_anew), "lost": _NOTHING}
_OUT = {**_USED, "Disconnect": _CLEAR, "Release": _CLEAR}
_EARLY_INFO = Cell(_C._digits_early)
_NO_START = Cell(_C._no_start, _DROPPED)
_DUAL = Cell(_C._dual_seizure, ("DualSeizure",))
_DIALLED = ("OutDialling", "OutWaiting")
_OUT_ANSWER = Cell(_C._answered, ("OutAnswered",))
_HELD_OUT = Cell(_C._held_out, _DROPPED)
_CLEARING = {
    "on-hook": Cell(_C._maybe_cleared),
    "off-hook": Cell(_C._not_cleared),
    "clear_recognition": Cell(_C._cleared, _DROPPED),
}
_IN = {**_USED, **_CLEARING, **_HINTS}
_IN_OVER = Cell(_C._abandon, ("InOver",))
_NEVER = Cell(_C._never_cleared, ("InOver",))
_TALK = {"digit": Cell(_C._digit_up), "Info": Cell(_C._digits_down)}
_JUDGED = ("InDigits", "InOffered", "InOver")

STATES: dict[str, State] = {
    "Idle": State(
        "free",
        {
            **_REST,
            "Setup": Cell(_C._setup, ("OutSeizing", "Idle")),
            "off-hook": Cell(_C.seized, ("InStart", "InDigits", "InOver", "RemoteBlocked")),
        },
    ),
    "RemoteBlocked": State(
        "off-hook at the far end of a circuit that only we seize",
        {**_REST, "Setup": _REFUSE, "on-hook": Cell(_C._remote_free, ("Idle",))},
    ),
    "OutSeizing": State(
        "has seized, may not yet send digits",
        {
            **_OUT,
            "Info": _EARLY_INFO,
            "off-hook": Cell(_C._start_signal, ("OutStart", "DualSeizure")),
            "immediate_pause": Cell(_C._dial, ("OutDialling",)),
            "start_wait": _NO_START,
        },
        keeps=("immediate_pause", "start_wait"),
    ),
    "OutStart": State(
        "sees the start signal",
        {
            **_OUT,
            "Info": _EARLY_INFO,
            "on-hook": Cell(_C._start_signal_ends, ("OutReady", "OutSeizing")),
            "wink_longest": _DUAL,
            "delay_dial_longest": _DUAL,
        },
        keeps=("wink_longest", "delay_dial_longest"),
    ),
    "OutReady": State(
        "may send digits in a moment",
        {
            **_OUT,
            "Info": _EARLY_INFO,
            "off-hook": _OUT_ANSWER,
            "start_pause": Cell(_C._dial, ("OutDialling",)),
        },
        ("start_pause",),
    ),
    "OutDialling": State(
        "sends digits",
        {
            **_OUT,
            "ring-back": _NOTHING,
            "busy-tone": _NOTHING,
            "Info": Cell(_C._digits_more),
            "off-hook": _OUT_ANSWER,
            "digits_sent": Cell(_C._dialled, _DIALLED),
        },
        keeps=("digits_sent",),
    ),
    "OutWaiting": State(
        "waits for the answer",
        {
            **_OUT,
            "Info": Cell(_C._digits_late, _DIALLED),
            "off-hook": _OUT_ANSWER,
            "ring-back": Cell(_C._rings_back),
            "busy-tone": Cell(_C._tone, ("OutFailed",)),
            "answer_wait": Cell(_C._no_answer, ("OutFailed",)),
        },
        ("answer_wait",),
    ),
    "OutAnswered": State(
        "answered",
        {
            **_OUT,
            **_TALK,
            "on-hook": Cell(_C._maybe_cleared),
            "off-hook": Cell(_C._not_cleared),
            "clear_recognition": Cell(_C._cleared_back, ("OutClearedBack",)),
        },
        keeps=("clear_recognition",),
    ),
    "OutClearedBack": State(
        "the called party has hung up and may answer again",
        {**_OUT, **_TALK, "off-hook": _OUT_ANSWER, "clear_back": _HELD_OUT},
        ("clear_back",),
    ),
    "OutFailed": State(
        "failed, waits to be cleared",
        {**_OUT, "Info": _NOTHING, "on-hook": _NOTHING, "off-hook": _NOTHING, "failure_hold": _HELD_OUT},
        ("failure_hold",),
    ),
    "DualSeizure": State(
        "both ends have seized, holds before it lets go",
        {
            **_USED,
            "Release": _NOTHING,
            "Disconnect": _NOTHING,
            "Info": _NOTHING,
            "on-hook": _NOTHING,
            "off-hook": _NOTHING,
            "dual_seizure": Cell(_C._back_off, _DROPPED),
        },
        ("dual_seizure",),
    ),
    "Releasing": State(
        "has cleared, waits for on-hook",
        {
            **_REST,
            "Setup": _REFUSE,
            "on-hook": Cell(_C._released, ("Guard",)),
            "release_guard": Cell(_C._not_released, ("Fault",)),
        },
        ("release_guard",),
    ),
    "Fault": State("was not released", {**_REST, "Setup": _REFUSE, "on-hook": Cell(_C._released, ("Guard",))}),
    "Guard": State(
        "both are on-hook, lets late signals pass",
        {
            **_REST,
            "Setup": _REFUSE,
            "on-hook": _NOTHING,
            "off-hook": _NOTHING,
            "guard": Cell(_C._guarded, ("Idle", "InStart", "InDigits", "InOver", "RemoteBlocked")),
        },
        ("guard",),
    ),
    "InStart": State(
        "seized, gives the start signal",
        {
            **_IN,
            "Disconnect": _IN_OVER,
            "Release": _IN_OVER,
            "start_signal": Cell(_C._started, ("InDigits",)),
        },
        keeps=("start_signal", "clear_recognition"),
    ),
    "InDigits": State(
        "seized, the number comes in",
        {
            **_IN,
            "Disconnect": Cell(_C._refuse, ("InRefused",)),
            "Release": _IN_OVER,
            "on-hook": Cell(_C._break),
            "off-hook": Cell(_C._make),
            "digit": Cell(_C._digit, _JUDGED),
            "pulse_gap": Cell(_C._pulsed, _JUDGED),
            "first_digit": Cell(_C._no_digit, ("InOver",)),
            "inter_digit": Cell(_C._no_more_digits, ("InOffered", "InOver")),
            "more_wait": Cell(_C._no_more_digits, ("InOffered", "InOver")),
        },
        keeps=("clear_recognition", "pulse_gap", "first_digit", "inter_digit", "more_wait"),
    ),
    "InOffered": State(
        "the number is whole, the switch knows",
        {
            **_IN,
            "digit": _NOTHING,
            "Info": _NOTHING,
            "Connect": Cell(_C._answer, ("InAnswered",)),
            "Disconnect": Cell(_C._refuse, ("InRefused",)),
            "Release": _IN_OVER,
        },
        keeps=("clear_recognition",),
    ),
    "InAnswered": State(
        "answered",
        {
            **_IN,
            **_TALK,
            "Connect": _NOTHING,
            "Disconnect": Cell(_C._clear_back, ("InClearedBack",)),
            "Release": _IN_OVER,
        },
        keeps=("clear_recognition",),
    ),
    "InClearedBack": State(
        "we have cleared back, the caller holds the circuit",
        {
            **_IN,
            **_TALK,
            "Connect": Cell(_C._answer, ("InAnswered",)),
            "Disconnect": _NOTHING,
            "Release": _IN_OVER,
            "clear_forward": _NEVER,
        },
        ("clear_forward",),
        ("clear_recognition",),
    ),
    "InRefused": State(
        "refused in band, waits for clear-forward",
        {**_IN, "Info": _NOTHING, "Disconnect": _NOTHING, "Release": _IN_OVER, "clear_forward": _NEVER},
        ("clear_forward",),
        ("clear_recognition",),
    ),
    "InOver": State(
        "the call is over, waits for clear-forward",
        {
            **_IN,
            "Info": _NOTHING,
            "Connect": _NOTHING,
            "Disconnect": _NOTHING,
            "Release": _NOTHING,
            "clear_forward": Cell(_C._not_released),
        },
        ("clear_forward",),
        ("clear_recognition",),
    ),
}
