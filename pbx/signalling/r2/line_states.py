"""The chart of R2 line signalling: every state with its events, for incoming, outgoing and both-way circuits (Q.422).

States that begin with ``Out`` belong to the end that seized, with ``In`` to the end that was seized; the others are rest
and release guard. Actions are methods of ``LineSignalling`` (pbx/signalling/r2/line.py). Durations are the variant's.
"""

from pbx.machine import Cell, State
from pbx.signalling.r2.line import LineSignalling

_L = LineSignalling
_REFUSE_SETUP = Cell(_L._refuse_setup)
_RESET = Cell(_L._reset, ("Settling", "Releasing"))
_CALL_COMMON = {
    "Setup": _REFUSE_SETUP,
    "Blocked": Cell(_L._block_later),
    "Unblocked": Cell(_L._unblock_later),
    "Reset": _RESET,
}
_LOST = Cell(_L._lost, ("Settling", "Releasing"))
_CLEAR = Cell(_L._clear_forward, ("Settling", "Releasing"))
_DROPPED = Cell(_L._far_dropped, ("OutFailed",))
_OUT_COMMON = {**_CALL_COMMON, "Disconnect": _CLEAR, "Release": _CLEAR, "lost": _LOST}
_OUT_ANSWER = Cell(_L._answered, ("OutAnswered",))
_OUT_HELD = Cell(_L._held_out, ("Settling", "Releasing"))
_OUT_RELEASED = Cell(_L._released_backward, ("OutFailed",))
_OUT_CLEARED = Cell(_L._cleared_back, ("OutClearedBack", "OutSuspended"))
_OUT_RUNG = Cell(_L._rung_back)
_RE_RUNG = Cell(_L._re_rung)
_OPERATOR = Cell(_L._operator_calls)
_IN_COMMON = {
    **_CALL_COMMON,
    "clear-forward": Cell(_L._cleared, ("Idle", "BlockPending")),
    "forward-fault": Cell(_L._forward_fault, ("RemoteBlocked",)),
    "lost": _LOST,
}
_SEIZED = Cell(_L._seized, ("InRegister",))
_REST = {"Release": Cell(None), "Disconnect": Cell(None), "Reset": _RESET, "seizure": _SEIZED, "lost": Cell(None)}
_GUARDED = Cell(_L._guarded, ("Idle", "BlockPending"))
_NOTHING = Cell(None)
_IN_TONE = Cell(_L._refuse_in_band, ("InRefused",))
_IN_OVER = Cell(_L._let_go, ("InOver",))
_NEVER = Cell(_L._never_cleared, ("InOver",))

STATES: dict[str, State] = {
    "Idle": State(
        "free",
        {
            **_REST,
            "Setup": Cell(_L._setup, ("OutSeizing", "Idle")),
            "idle": _NOTHING,
            "blocking": Cell(_L._remote_blocks, ("RemoteBlocked",)),
            "Blocked": Cell(_L._block, ("LocalBlocked",)),
            "Unblocked": _NOTHING,
        },
    ),
    "RemoteBlocked": State(
        "blocked by the far end",
        {
            **_REST,
            **_CALL_COMMON,
            "Reset": Cell(_L._reset_blocked),
            "idle": Cell(_L._remote_unblocks, ("Idle", "LocalBlocked")),
            "blocking": _NOTHING,
        },
    ),
    "LocalBlocked": State(
        "blocked by us",
        {
            **_REST,
            "Setup": _REFUSE_SETUP,
            "idle": Cell(_L._remote_leaves),
            "blocking": Cell(_L._remote_joins),
            "Blocked": Cell(_L._block),
            "Unblocked": Cell(_L._unblock, ("Idle", "RemoteBlocked")),
        },
    ),
    "BlockPending": State(
        "shows release guard before it blocks",
        {
            **_REST,
            "Setup": _REFUSE_SETUP,
            "idle": _NOTHING,
            "blocking": Cell(_L._remote_joins),
            "Blocked": _NOTHING,
            "Unblocked": Cell(_L._unblock, ("Idle", "RemoteBlocked")),
            "block_delay": Cell(_L._block_now, ("LocalBlocked",)),
        },
        ("block_delay",),
    ),
    "Fault": State("was not released", {**_REST, **_CALL_COMMON, "idle": _GUARDED, "blocking": _NOTHING}),
    "OutSeizing": State(
        "waits for the seizure to be acknowledged",
        {
            **_OUT_COMMON,
            "Info": Cell(_L._digits_early),
            "acknowledged": Cell(_L._acknowledged, ("OutRegister",)),
            "dual-seizure": Cell(_L._dual_seizure, ("DualSeizure", "OutSeizing", "InRegister")),
            "acknowledgement": Cell(_L._no_acknowledgement, ("Settling", "Releasing")),
        },
        ("acknowledgement",),
    ),
    "OutRegister": State(
        "sends the number",
        {
            **_OUT_COMMON,
            "Info": Cell(_L._digits_early),
            "register-free": Cell(_L._free, ("OutFree",)),
            "register-failed": Cell(_L._refused, ("OutFailed", "OutBusy")),
            "answer": Cell(_L._answered_early, ("OutAnswered",)),
            "backward-idle": _DROPPED,
        },
    ),
    "OutFree": State(
        "waits for the answer",
        {
            **_OUT_COMMON,
            "answer": _OUT_ANSWER,
            "backward-idle": _DROPPED,
            "backward-release": _OUT_RELEASED,
            "ring-back": _OUT_RUNG,
            "OperatorSignal": _OPERATOR,
            "answer_wait": Cell(_L._no_answer, ("OutFailed",)),
        },
        ("answer_wait",),
    ),
    "OutAnswered": State(
        "answered",
        {
            **_OUT_COMMON,
            "clear-back": _OUT_CLEARED,
            "metering": Cell(None, ("OutMetering",)),
            "backward-idle": _DROPPED,
            "backward-release": _OUT_RELEASED,
            "ring-back": _OUT_RUNG,
            "OperatorSignal": _OPERATOR,
            "answer": _NOTHING,
        },
    ),
    "OutMetering": State(
        "answered; a metering pulse stands, or what has its code",
        {
            **_OUT_COMMON,
            "answer": Cell(_L._metered, ("OutAnswered",)),
            "clear-back": _OUT_CLEARED,
            "backward-idle": _DROPPED,
            "backward-release": _OUT_RELEASED,
            "metering_pulse": Cell(_L._not_metered, ("OutAnswered", "OutClearedBack", "OutSuspended")),
        },
        ("metering_pulse",),
    ),
    "OutSuspended": State(
        "the called party has hung up, the calling party controls the release",
        {
            **_OUT_COMMON,
            "answer": Cell(_L._answered_again, ("OutAnswered",)),
            "clear-back": _NOTHING,
            "backward-idle": _DROPPED,
            "backward-release": _OUT_RELEASED,
            "ring-back": _OUT_RUNG,
            "OperatorSignal": _OPERATOR,
            "clear_back": Cell(_L._suspended_too_long, ("OutFailed",)),
        },
        ("clear_back",),
    ),
    "OutClearedBack": State(
        "the called party has hung up and may answer again",
        {
            **_OUT_COMMON,
            "answer": _OUT_ANSWER,
            "clear-back": _NOTHING,
            "backward-idle": _DROPPED,
            "backward-release": _OUT_RELEASED,
            "ring-back": _OUT_RUNG,
            "OperatorSignal": _OPERATOR,
            "clear_back": _OUT_HELD,
        },
        ("clear_back",),
    ),
    "OutBusy": State(
        "an operator is told that the called party is busy, and may force his release",
        {
            **_OUT_COMMON,
            "answer": _OUT_ANSWER,
            "backward-idle": _DROPPED,
            "backward-release": _OUT_RELEASED,
            "ring-back": _OUT_RUNG,
            "OperatorSignal": Cell(_L._operator_calls, ("OutBusy", "OutFree")),
            "failure_hold": _OUT_HELD,
        },
        ("failure_hold",),
    ),
    "OutFailed": State(
        "failed, waits to be cleared",
        {
            **_OUT_COMMON,
            "answer": _NOTHING,
            "clear-back": _NOTHING,
            "backward-idle": _NOTHING,
            "backward-release": _NOTHING,
            "failure_hold": _OUT_HELD,
        },
        ("failure_hold",),
    ),
    "Releasing": State(
        "has cleared, waits for release guard",
        {
            **_REST,
            **_CALL_COMMON,
            "idle": _GUARDED,
            "held": _NOTHING,
            "release_guard": Cell(_L._not_released, ("Fault",)),
        },
        ("release_guard",),
    ),
    "Settling": State(
        "has cleared, lets late signals pass",
        {
            **_REST,
            **_CALL_COMMON,
            "idle": _NOTHING,
            "held": Cell(None, ("Releasing",)),
            "settle": Cell(_L._settled, ("Idle", "BlockPending", "Releasing")),
        },
        ("settle",),
    ),
    "DualSeizure": State(
        "both ends have seized, holds before it lets go",
        {
            **_CALL_COMMON,
            "Release": _NOTHING,
            "Disconnect": _NOTHING,
            "idle": _NOTHING,
            "held": _NOTHING,
            "lost": _NOTHING,
            "dual_seizure": Cell(_L._back_off, ("Settling", "Releasing")),
        },
        ("dual_seizure",),
    ),
    "InRegister": State(
        "seized, the number comes in",
        {
            **_IN_COMMON,
            "Proceeding": Cell(_L._proceed),
            "Alerting": Cell(_L._accept),
            "Progress": Cell(_L._accept),
            "Connect": Cell(_L._connect_wanted),
            "Disconnect": Cell(_L._refuse),
            "Release": Cell(_L._refuse_and_release),
            "register-free": Cell(_L._register_free, ("InFree", "InAnswering", "InRefused")),
            "register-failed": Cell(_L._register_failed, ("InOver", "InBusy")),
        },
    ),
    "InFree": State(
        "the called party is being rung",
        {
            **_IN_COMMON,
            "Alerting": _NOTHING,
            "Progress": _NOTHING,
            "Connect": Cell(_L._connect_in_free, ("InAnswering", "InAnswered")),
            "Disconnect": _IN_TONE,
            "Release": _IN_OVER,
            "re-ring": _RE_RUNG,
            "OperatorSignal": _OPERATOR,
            "answer_delay": _NOTHING,
        },
        keeps=("answer_delay",),
    ),
    "InAnswering": State(
        "answered; the signal keeps its distance from the last MFC signal",
        {
            **_IN_COMMON,
            "Disconnect": _IN_TONE,
            "Release": _IN_OVER,
            "Connect": _NOTHING,
            "re-ring": _NOTHING,
            "answer_delay": Cell(_L._answer, ("InAnswered",)),
        },
        keeps=("answer_delay",),
    ),
    "InAnswered": State(
        "answered",
        {
            **_IN_COMMON,
            "Connect": _NOTHING,
            "Suspend": Cell(_L._suspend, ("InSuspended",)),
            "Metering": Cell(_L._meter),
            "OperatorSignal": _OPERATOR,
            "re-ring": _RE_RUNG,
            "Disconnect": Cell(_L._clear_back, ("InClearedBack",)),
            "Release": Cell(_L._clear_back_and_release, ("InOver",)),
        },
    ),
    "InSuspended": State(
        "our party has hung up, the calling party controls the release",
        {
            **_IN_COMMON,
            "Resume": Cell(_L._answer_again, ("InAnswered",)),
            "Connect": Cell(_L._answer, ("InAnswered",)),
            "OperatorSignal": _OPERATOR,
            "re-ring": _RE_RUNG,
            "Disconnect": Cell(_L._keep_cause, ("InClearedBack",)),
            "Release": _IN_OVER,
            "clear_forward": _NEVER,
        },
        ("clear_forward",),
    ),
    "InClearedBack": State(
        "we have cleared back, the caller holds the circuit",
        {
            **_IN_COMMON,
            "Connect": Cell(_L._answer, ("InAnswered",)),
            "OperatorSignal": _OPERATOR,
            "re-ring": _RE_RUNG,
            "Disconnect": _NOTHING,
            "Release": _IN_OVER,
            "clear_forward": _NEVER,
        },
        ("clear_forward",),
    ),
    "InBusy": State(
        "an operator has been told that our party is busy",
        {
            **_IN_COMMON,
            "forced-release": Cell(_L._forced),
            "Alerting": Cell(None, ("InFree",)),
            "Connect": Cell(_L._answer, ("InAnswered",)),
            "OperatorSignal": _OPERATOR,
            "Disconnect": _NOTHING,
            "Release": _IN_OVER,
            "clear_forward": _NEVER,
        },
        ("clear_forward",),
    ),
    "InRefused": State(
        "refused in band, waits for clear-forward",
        {**_IN_COMMON, "Disconnect": _NOTHING, "Release": _IN_OVER, "re-ring": _NOTHING, "clear_forward": _NEVER},
        ("clear_forward",),
    ),
    "InOver": State(
        "the call is over, waits for clear-forward",
        {**_IN_COMMON, "Disconnect": _NOTHING, "Release": _NOTHING, "re-ring": _NOTHING, "clear_forward": Cell(_L._not_released)},
        ("clear_forward",),
    ),
}
