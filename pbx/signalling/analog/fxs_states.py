"""The chart of a subscriber line: every state with its events. Actions are methods of ``LineActions`` (fxs_line.py).

Durations are the variant's.
``message_begin``, ``message_end`` and ``metering`` are started by actions, at times that are computed; theirs are slack.
"""

from pbx.machine import Cell, State
from pbx.signalling.analog.fxs_line import LineActions

_L = LineActions
_NOTHING = Cell(None)
_BUSY = Cell(_L._busy)
_DIGIT = Cell(_L._dialled, ("Dialling", "Whole", "Calling", "Tone"))
_HUNG_UP = Cell(_L._hung_up, ("Idle",))
_LOST = Cell(_L._lost, ("Lost", "LockedOut", "Idle"))
_TALK_CLEARED = Cell(_L._talk_cleared, ("Tone", "LockedOut"))
_METER = Cell(_L._meter)
_ANY = {"Reset": Cell(_L._reset, ("Idle", "Tone", "LockedOut")), "grounded": _NOTHING}
_OFF_HOOK = {**_ANY, "Setup": _BUSY, "HookOn": _HUNG_UP, "lost": _LOST}
_WAITS = {"Proceeding": _NOTHING, "Alerting": _NOTHING, "Progress": _NOTHING}
_IN_CALL = {
    **_OFF_HOOK,
    "Disconnect": Cell(_L._cleared, ("Tone",)),
    "Release": Cell(_L._released, ("Tone",)),
}
_DIALS = {**_IN_CALL, **_WAITS, "Digit": _DIGIT, "Flash": _NOTHING, "Connect": Cell(_L._connected_early, ("Talking",))}
_AFTER = {**_OFF_HOOK, "Flash": _NOTHING, "Digit": _NOTHING, "Connect": _NOTHING, "Disconnect": _NOTHING}
_ON_HOOK = {**_ANY, "Flash": _NOTHING, "Digit": _NOTHING}
_RING_ENDS = Cell(_L._ring_ends, ("Idle",))
_RINGS = {**_ON_HOOK, "Setup": _BUSY, "Disconnect": _RING_ENDS, "Release": _RING_ENDS, "lost": _LOST}
_ANSWERED = Cell(_L._answered, ("Talking",))
_DIGITS_BEGIN = Cell(_L._digits_begin)
_SUSPENDED = {**_RINGS, **_WAITS, "Connect": _NOTHING, "re_answer": Cell(_L._no_re_answer, ("Idle",))}
_RE_RING = Cell(_L._re_ring, ("ReRinging",))
_SETUP = Cell(_L._setup, ("Presenting", "Ringing", "Idle"))
_READY = ("DialTone", "WarmLine", "Calling")
_UNLOOPED = Cell(_L._unlooped, ("Idle",))

STATES: dict[str, State] = {
    "Idle": State(
        "on-hook",
        {
            **_ON_HOOK,
            "HookOff": Cell(_L._lifted, (*_READY, "Tone", "Idle")),
            # A ground start line may have closed its loop without asking for the line.
            "HookOn": _NOTHING,
            "grounded": Cell(_L._grounded, (*_READY, "GroundSeized", "Idle")),
            "Setup": _SETUP,
            "indicate": Cell(_L._indicate, ("Informing", "Idle")),
            "Disconnect": _NOTHING,
            "Release": _NOTHING,
            "lost": _NOTHING,
        },
    ),
    "Informing": State(
        "on-hook, is told whether messages wait",
        {
            **_ON_HOOK,
            "HookOff": Cell(_L._lifted_informed, (*_READY, "Tone", "Idle")),
            "Setup": _SETUP,
            "Disconnect": _NOTHING,
            "Release": _NOTHING,
            "message_end": Cell(_L._indicated, ("Idle",)),
            "alarm": Cell(_L._end_indication, ("Idle",)),
        },
        keeps=("message_end",),
    ),
    "GroundSeized": State(
        "has been seized by ground, waits for the loop",
        {
            **_ON_HOOK,
            **_WAITS,
            "Setup": _BUSY,
            "HookOff": Cell(_L._loop_closed, _READY),
            "Connect": _NOTHING,
            "Disconnect": _UNLOOPED,
            "Release": _UNLOOPED,
            "loop_closure": Cell(_L._no_loop, ("Idle",)),
            "lost": _LOST,
        },
        ("loop_closure",),
    ),
    "DialTone": State("hears dial tone", {**_DIALS, "first_digit": Cell(_L._no_digit, ("Tone",))}, ("first_digit",)),
    "WarmLine": State("hears dial tone, is put through soon", {**_DIALS, "hot_line": Cell(_L._warm_line, ("Calling",))}, ("hot_line",)),
    "Dialling": State("dials", {**_DIALS, "inter_digit": Cell(_L._no_more_digits, ("Calling", "Tone"))}, ("inter_digit",)),
    "Whole": State(
        "has dialled what may be the whole number",
        {**_DIALS, "whole_number": Cell(_L._no_more_digits, ("Calling", "Tone"))},
        ("whole_number",),
    ),
    "Calling": State(
        "has dialled, waits for the answer",
        {
            **_IN_CALL,
            **_WAITS,
            "Digit": Cell(_L._forward_digit),
            "Flash": Cell(_L._forward_flash),
            "Connect": Cell(_L._connected, ("Talking",)),
        },
    ),
    "Presenting": State(
        "is told who calls before it is rung",
        {
            **_RINGS,
            "HookOff": _ANSWERED,
            "message_begin": _DIGITS_BEGIN,
            "message_end": Cell(_L._presented, ("Ringing",)),
        },
        keeps=("message_begin", "message_end"),
    ),
    "Ringing": State(
        "is being rung",
        {
            **_RINGS,
            "HookOff": _ANSWERED,
            "ring": Cell(_L._rung_long, ("Idle",)),
            "message_begin": _DIGITS_BEGIN,
            "message_end": Cell(_L._sent),
        },
        ("ring",),
        keeps=("message_begin", "message_end"),
    ),
    "Talking": State(
        "talks",
        {
            **_IN_CALL,
            **_WAITS,
            "HookOn": Cell(_L._talker_hung_up, ("Idle", "Suspended")),
            "Disconnect": _TALK_CLEARED,
            "Release": _TALK_CLEARED,
            "Connect": _NOTHING,
            "Digit": Cell(_L._forward_digit),
            "Flash": Cell(_L._forward_flash),
            "Metering": _METER,
            "metering": _METER,
        },
    ),
    "Suspended": State(
        "has hung up and may lift again",
        {**_SUSPENDED, "HookOff": Cell(_L._lifted_again, ("Talking",)), "re-ring": _RE_RING},
        ("re_answer",),
    ),
    "ReRinging": State(
        "has hung up and is rung by the operator",
        {**_SUSPENDED, "HookOff": Cell(_L._lifted_re_rung, ("Talking",)), "re-ring": _NOTHING},
        ("re_answer",),
    ),
    "Tone": State(
        "hears why the call has ended",
        {**_AFTER, "Release": Cell(_L._let_go), "tone": Cell(_L._howl, ("Howler", "LockedOut")), "metering": _METER},
        ("tone",),
        keeps=("metering",),
    ),
    "Howler": State(
        "is asked to put the handset down",
        {**_AFTER, "Release": Cell(_L._let_go), "howler": Cell(_L._lock_out, ("LockedOut",))},
        ("howler",),
    ),
    "LockedOut": State(
        "left off-hook: nothing is sent until on-hook",
        {**_AFTER, "Release": _NOTHING, "lost": _NOTHING},
    ),
    "Lost": State(
        "off-hook; its call is lost with the span, which will be told when the span is back",
        {
            **_ANY,
            "Setup": _BUSY,
            "HookOn": _HUNG_UP,
            "Connect": _NOTHING,
            "Disconnect": _NOTHING,
            "Release": _NOTHING,
            "lost": _NOTHING,
            "alarm-over": Cell(_L._tell_lost, ("Tone",)),
        },
    ),
}
