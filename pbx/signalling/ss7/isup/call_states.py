"""The table of one ISUP circuit's calls: at rest, clearing, reset, checked (Q.764 clauses 2.3, 2.8.3, 2.9.3; T1, T3, T5, T16, T17, T27,
T36).

The states of calls that go out and come in are put in from outgoing.py and incoming.py, those of our checks from continuity.py. Events
are acronyms of messages, names of call primitives, timers, the check-tone (``tone``, ``tone over``), orders (``check``), and those
that circuit supervision posts: ``lost``, ``abandon``, ``alone``, ``acknowledged``, ``blocked``, ``unequipped``;
``judged`` comes from the procedures of compatibility, ``other`` is every message without a cell. RLC does not tell what it answers, so
REL and RSC are under way one at a time: RSC that is wanted while either is unanswered waits. Leaves out what an action does.
"""

from pbx.machine import Cell, State
from pbx.signalling.ss7.isup import continuity, incoming, outgoing
from pbx.signalling.ss7.isup.call_control import CallControl

_ACCEPTED = ("Idle", "InWaitContinuity", "InWaitDigits", "InWaitInformation", "InOffered", "WaitRelease")
_CONFIRM = Cell(CallControl.confirm)
_NOTHING = Cell(None)
_RESET = Cell(CallControl.reset, ("Resetting",))
_COMPLETE = Cell(CallControl.complete, ("Idle",))
_AT_WORK = {
    "Setup": Cell(CallControl.refuse),
    "Release": _NOTHING,
    "Disconnect": _NOTHING,
    "Reset": _RESET,
    "REL": _CONFIRM,
    "RSC": _CONFIRM,
    "lost": _NOTHING,
    "abandon": Cell(CallControl.abandon, ("GroupResetting",)),
    "unequipped": Cell(CallControl.unequipped, ("Idle",)),
    "other": Cell(CallControl.stray),
}
"""What a circuit answers that has no call any more and is not free yet."""
_RESET_MEANWHILE = Cell(CallControl.confirm, ("WaitReleaseReset",))
_CHECKED = {
    **_AT_WORK,
    "REL": Cell(CallControl.far_releases, ("Idle",)),
    "RSC": Cell(CallControl.far_resets, ("Idle",)),
    "lost": Cell(CallControl.lost, ("Idle",)),
    "CCR": Cell(CallControl.loop, ("Looped",)),
}

_FREE = {
    "Setup": Cell(outgoing.seize, ("Idle", "OutWaitAddressComplete", "OutWaitContinuity")),
    "check": Cell(continuity.begin, ("Rechecking",)),
    "IAM": Cell(incoming.accept, _ACCEPTED),
    "REL": _CONFIRM,
    "RLC": Cell(CallControl.stray),
    "RSC": Cell(CallControl.far_resets),
    "CCR": Cell(CallControl.loop, ("Looped",)),
    "Release": _NOTHING,
    "Disconnect": _NOTHING,
    "Reset": _RESET,
    "lost": Cell(CallControl.lost),
    "abandon": Cell(CallControl.abandon, ("GroupResetting",)),
    "unequipped": Cell(CallControl.unequipped),
    "other": Cell(CallControl.reset_by_stray, ("Resetting",)),
}
_RELEASING = {
    **_AT_WORK,
    "Reset": Cell(None, ("WaitReleaseThenReset",)),
    "T1": Cell(CallControl.repeat_release),
    "T5": Cell(CallControl.release_fails, ("ResetAlerted",)),
}

STATES = {
    "Idle": State("free", _FREE),
    **outgoing.STATES,
    **incoming.call_states(outgoing.IN_CALL),
    "WaitRelease": State(
        "REL sent", {**_RELEASING, "RLC": _COMPLETE, "RSC": _RESET_MEANWHILE, "lost": Cell(None, ("WaitReleaseReset",))}, ("T1", "T5")
    ),
    "WaitReleaseReset": State(
        "REL sent, and the far end has reset the circuit: a call of its own shows that REL was lost",
        {**_RELEASING, "RLC": _COMPLETE, "IAM": Cell(incoming.accept, _ACCEPTED)},
        keeps=("T1", "T5"),
    ),
    "WaitReleaseThenReset": State(
        "REL sent, RSC follows its answer or takes the place of its repetition",
        {**_AT_WORK, "Reset": _NOTHING, "RLC": _RESET, "T1": _RESET},
        keeps=("T1",),
    ),
    "OverloadRelease": State("REL sent after OLM", {**_RELEASING, "RLC": Cell(None, ("Overloaded",))}, ("T1", "T5")),
    "Overloaded": State(
        "free for calls in; the far end had no room for a call out",
        {
            **_FREE,
            "Setup": Cell(CallControl.refuse),
            "RSC": Cell(CallControl.far_resets, ("Idle",)),
            "lost": Cell(CallControl.lost, ("Idle",)),
            "unequipped": Cell(CallControl.unequipped, ("Idle",)),
            "T3": _COMPLETE,
        },
        ("T3",),
    ),
    "Resetting": State(
        "RSC sent",
        {
            **_AT_WORK,
            "Reset": _NOTHING,
            "RLC": _COMPLETE,
            "T16": Cell(CallControl.repeat_reset),
            "T17": Cell(CallControl.reset_fails, ("ResetAlerted",)),
        },
        ("T16", "T17"),
    ),
    "ResetAlerted": State(
        "RSC sent now and then; T16: the latest not long ago",
        {
            **_AT_WORK,
            "Reset": Cell(CallControl.reset_anew),
            "RLC": _COMPLETE,
            "T16": _NOTHING,
            "T17": Cell(CallControl.reset_fails, ("ResetAlerted",)),
        },
        ("T16", "T17"),
    ),
    "GroupResetting": State("GRS sent", {**_AT_WORK, "Reset": _NOTHING, "alone": _RESET, "acknowledged": _COMPLETE}),
    "Looped": State(
        "the far end checks the circuit",
        {**_CHECKED, "COT": Cell(CallControl.check_result, ("Looped", "CheckFailed")), "T36": _RESET},
        ("T36",),
    ),
    "CheckFailed": State("a check has failed, another is awaited", {**_CHECKED, "T27": _RESET}, ("T27",)),
    **continuity.states(_CHECKED, outgoing.IN_CALL),
}
