"""The table of one circuit's calls in the Chinese TUP: at rest, clearing, reset, checked (GF 001-9001; Q.724; T1, T6, T7, T11, T18, T19).

The states of calls that go out and come in are put in from outgoing.py and incoming.py, those of our checks from continuity.py. Events
are acronyms of messages, names of call primitives, timers, the check-tone (``tone``, ``tone over``), orders (``check``), and those
that circuit supervision posts: ``lost``, ``abandon``, ``alone``, ``acknowledged``, ``blocked``; ``other`` is every message without a
cell. RLG does not tell what it answers, so CLF and RSC are under way one at a time: RSC that is wanted while either is unanswered waits,
and a circuit whose RSC was met by CLF or BLO is not seized before its RLG can come no more. Leaves out what an action does.
"""

from pbx.machine import Cell, State
from pbx.signalling.ss7.tup import continuity, incoming, outgoing
from pbx.signalling.ss7.tup.call_control import CallControl

_IDLE = ("Idle",)
_CONFIRM, _CONFIRM_RESET = Cell(CallControl.confirm), Cell(CallControl.confirm_reset)
_NOTHING = Cell(None)
_RESET = Cell(CallControl.reset, ("Resetting",))
_COMPLETE = Cell(CallControl.complete, _IDLE)
_AT_WORK = {
    "Setup": Cell(CallControl.refuse),
    "Release": _NOTHING,
    "Disconnect": _NOTHING,
    "Reset": _RESET,
    "CLF": _CONFIRM,
    "RSC": _CONFIRM_RESET,
    "lost": _NOTHING,
    "abandon": Cell(CallControl.abandon, ("GroupResetting",)),
    "other": Cell(CallControl.stray),
}
"""What a circuit answers that has no call any more and is not free yet."""
_MET = ("ResetMet",)
_RESETTING = {
    **_AT_WORK,
    "RLG": _COMPLETE,
    "CLF": Cell(CallControl.confirm, _MET),
    "BLO": Cell(None, _MET),
    "T19": Cell(CallControl.reset_fails, ("ResetAlerted",)),
}
_CHECKED = {
    **_AT_WORK,
    "CLF": Cell(CallControl.far_clears, _IDLE),
    "RSC": Cell(CallControl.far_resets, _IDLE),
    "lost": Cell(CallControl.lost, _IDLE),
    "CCR": Cell(CallControl.loop, ("Looped",)),
}

STATES = {
    "Idle": State(
        "free",
        {
            "Setup": Cell(outgoing.seize, ("Idle", "OutWaitAddressComplete", "OutWaitContinuity")),
            "IAM": Cell(incoming.accept, incoming.ACCEPTED),
            "IAI": Cell(incoming.accept, incoming.ACCEPTED),
            "check": Cell(continuity.begin, ("Rechecking",)),
            "CLF": _CONFIRM,
            "RLG": Cell(CallControl.stray),
            "RSC": Cell(CallControl.far_resets),
            "CCR": Cell(CallControl.loop, ("Looped",)),
            "Release": _NOTHING,
            "Disconnect": _NOTHING,
            "Reset": _RESET,
            "lost": Cell(CallControl.lost),
            "abandon": Cell(CallControl.abandon, ("GroupResetting",)),
            "other": Cell(CallControl.reset_by_stray, ("Resetting",)),
        },
    ),
    **outgoing.STATES,
    **incoming.STATES,
    "WaitRelease": State(
        "CLF sent",
        {
            **_AT_WORK,
            "Reset": Cell(None, ("WaitReleaseThenReset",)),
            "RLG": _COMPLETE,
            "T6": Cell(CallControl.repeat_release),
            "T7": Cell(CallControl.release_fails, ("ResetAlerted",)),
        },
        ("T6", "T7"),
    ),
    "WaitReleaseThenReset": State(
        "CLF sent, RSC follows its answer or takes the place of its repetition",
        {**_AT_WORK, "Reset": _NOTHING, "RLG": _RESET, "T6": _RESET},
        keeps=("T6",),
    ),
    "Resetting": State("RSC sent", {**_RESETTING, "Reset": _NOTHING, "T18": Cell(CallControl.repeat_reset)}, ("T18", "T19")),
    "ResetMet": State(
        "RSC was answered by CLF or BLO, or these have crossed it and RLG is still to come",
        {
            **_AT_WORK,
            "Reset": _NOTHING,
            "RLG": _COMPLETE,
            # The far end is at rest, and whatever it sent before has come: so there is no RLG.
            "IAM": Cell(incoming.accept, incoming.ACCEPTED),
            "IAI": Cell(incoming.accept, incoming.ACCEPTED),
            "T18": Cell(CallControl.reset_met, _IDLE),
        },
        ("T18",),
    ),
    "ResetAlerted": State(
        "RSC sent now and then; T18: the latest not long ago",
        {**_RESETTING, "Reset": Cell(CallControl.reset_anew), "T18": _NOTHING},
        ("T18", "T19"),
    ),
    "GroupResetting": State("GRS sent", {**_AT_WORK, "Reset": _NOTHING, "alone": _RESET, "acknowledged": _COMPLETE}),
    "Looped": State(
        "the far end checks the circuit",
        {**_CHECKED, "COT": _NOTHING, "CCF": Cell(CallControl.check_fails, ("CheckFailed",)), "T1": _RESET},
        ("T1",),
    ),
    "CheckFailed": State("a check has failed, another is awaited", {**_CHECKED, "T11": _RESET}, ("T11",)),
    **continuity.states(_CHECKED),
}
