"""The chart of an exchange line (FXO), loop start and ground start: every state with its events.

Calls that come in go Forewarned, Ringing, Offered, Talking; calls that go out Grounding (ground start), Seizing, DialTone, Dialling,
Waiting, Alerted, RingBackOver, Talking; Caught is where both have met. Actions are methods of ``FxoCall`` (fxo_call.py), times the
variant's. States of supervision keep the timers that watch the line, which actions start and stop.
"""

from pbx.machine import Cell, State
from pbx.signalling.analog.fxo_call import FxoCall

_C = FxoCall
_NOTHING = Cell(None)
_REFUSE = Cell(_C._refuse_setup)
_CLEAR = Cell(_C.clear, ("Guard",))
_USED = {
    "Setup": _REFUSE,
    "Disconnect": _CLEAR,
    "Release": _CLEAR,
    "Reset": Cell(_C._reset, ("Guard",)),
    "lost": Cell(_C._lost, ("Guard",)),
}
_REST = {"Release": _NOTHING, "Disconnect": _NOTHING, "lost": _NOTHING}
_LEVELS = {"poles": _NOTHING, "battery": _NOTHING, "no-battery": _NOTHING}
_HINTS = {"Proceeding": _NOTHING, "Alerting": _NOTHING, "Progress": _NOTHING}
_ANSWERED = Cell(_C._answered, ("Talking",))
_CHARGED_ANSWER = Cell(_C._charged_answer, ("Talking",))
_EARLY_INFO = Cell(_C._digits_early)
_UNUSABLE = Cell(_C._not_usable, ("Guard",))
_MET = Cell(_C._met, ("Caught",))
_WATCH_TIMERS = ("tone_stands", "tone_again", "loop_break", "feed_lost")
_WATCHED_FEED = {
    "no-battery": Cell(_C.battery_gone),
    "battery": Cell(_C._battery_returns),
    "loop_break": Cell(_C._broken, ("FarCleared",)),
    "feed_lost": Cell(_C._dead, ("FarCleared",)),
}
_SEIZING_FEED = {**_WATCHED_FEED, "loop_break": _UNUSABLE, "feed_lost": _UNUSABLE}
_SEIZED_US = {**_USED, **_SEIZING_FEED, "Info": _EARLY_INFO, "ring-on": _MET, "poles": Cell(_C._poles_before_dialling)}


def _watched(state: str) -> dict[str, Cell]:
    """What every state watches in which the far exchange is heard."""
    return {
        **_USED,
        **_WATCHED_FEED,
        "ring-off": _NOTHING,
        "busy-tone": Cell(_C._tone_begins, (state, "FarCleared")),
        "busy-tone-off": Cell(_C._tone_ends),
        "tone_stands": Cell(_C._tone_stood, ("FarCleared",)),
        "tone_again": _NOTHING,
        "dial-tone": _NOTHING,
        "dial-tone-off": _NOTHING,
        "ring-back-off": _NOTHING,
        "voice": _NOTHING,
        "voice-off": _NOTHING,
    }


def _calling(state: str) -> dict[str, Cell]:
    """A call of ours, dialled and not yet answered."""
    return {
        **_watched(state),
        "Info": Cell(_C._digits_late, ("Dialling", "Waiting", "Alerted")),
        "poles": Cell(_C._poles_in_dialling, (state, "Talking")),
        "metering": _CHARGED_ANSWER,
        "answer_wait": Cell(_C._no_answer, ("FarCleared",)),
        "ring-back": Cell(_C._rings_back, ("Alerted",)),
    }


def _talking(state: str) -> dict[str, Cell]:
    """An answered call, whoever made it."""
    return {
        **_watched(state),
        "Info": Cell(_C._digits_down),
        "poles": Cell(_C._poles, (state, "FarCleared")),
        # Ringing is told a while after it has begun: it may be told of a loop that has been closed meanwhile.
        "ring-on": _NOTHING,
        "metering": Cell(_C._charged),
        "ring-back": Cell(_C._forget_tone),
        "digit": Cell(_C._digit_up),
        **_HINTS,
    }


_OFFER = ("Ringing", "Offered")
_RING = ("Ringing", "Offered", "RingingOut")
_IDLE = ("Idle",)
_REFUSE_CALL = Cell(_C._refuse, ("RingingOut",))
_FOR_NOTHING = Cell(_C._warned_for_nothing, ("Forewarned", "Idle"))
_AT_END = ("Idle", "Held")
_CALLED = {
    **_USED,
    **_LEVELS,
    **_HINTS,
    "Disconnect": _REFUSE_CALL,
    "Release": _REFUSE_CALL,
    "Info": _NOTHING,
    "ring-off": Cell(_C._ring_pauses),
    "ring_end": Cell(_C._caller_gone, _AT_END),
}
_NO_BATTERY = _C._no_battery_when_rung

STATES: dict[str, State] = {
    "Idle": State(
        "free",
        {
            **_REST,
            "Setup": Cell(_C._setup, ("Seizing", "Grounding", "Idle")),
            "Reset": Cell(_C._idle_anew),
            "ring-on": Cell(_C._rung, _RING),
            # A ground-start exchange that lets go takes away feed and ringing together: the one is told after the other.
            "ring-off": _NOTHING,
            "poles": Cell(_C._forewarned, ("Forewarned",)),
            "battery": Cell(_C._battery_back, ("Idle", "Forewarned")),
            "no-battery": Cell(_C._no_battery_at_rest),
            "battery_lost": Cell(_C._out_of_order),
        },
        keeps=("battery_lost",),
    ),
    "Forewarned": State(
        "the network has touched the line: ringing may follow",
        {
            **_REST,
            "Setup": Cell(_C._refuse_early),
            "Reset": _FOR_NOTHING,
            "lost": _FOR_NOTHING,
            "ring-on": Cell(_C._rung_as_told, _RING),
            "ring-off": _NOTHING,
            "identity": _NOTHING,
            "poles": _NOTHING,
            "battery": _NOTHING,
            "no-battery": Cell(_C._no_battery_when_warned, ("Forewarned", "Idle")),
            "forewarning": _FOR_NOTHING,
        },
        keeps=("forewarning",),
    ),
    "Ringing": State(
        "is rung, waits to hear who calls",
        {
            **_CALLED,
            "Connect": _NOTHING,
            "no-battery": Cell(_NO_BATTERY, ("Ringing", *_AT_END)),
            "ring-off": Cell(_C._ring_pauses_first),
            "ring-on": Cell(_C._rung_again, _OFFER),
            "identity": Cell(_C._identified, _OFFER),
            "identity_wait": Cell(_C._not_identified, _OFFER),
        },
        keeps=("ring_end", "identity_wait"),
    ),
    "Offered": State(
        "is rung, the switch knows",
        {
            **_CALLED,
            "no-battery": Cell(_NO_BATTERY, ("Offered", *_AT_END)),
            "ring-on": Cell(_C._ring_goes_on),
            "Connect": Cell(_C._answer, ("Talking",)),
        },
        keeps=("ring_end",),
    ),
    "RingingOut": State(
        "rings on, though nobody will answer",
        {
            **_REST,
            **_LEVELS,
            "Setup": _REFUSE,
            "Reset": Cell(_C._reset, ("Guard",)),
            "no-battery": Cell(_NO_BATTERY, ("RingingOut", *_AT_END)),
            "ring-on": Cell(_C._ring_goes_on),
            "ring-off": Cell(_C._ring_pauses),
            "ring_end": Cell(_C.guarded, ("Idle", "Held", *_RING)),
        },
        keeps=("ring_end",),
    ),
    "Grounding": State(
        "asks for the line by its ring wire (ground start)",
        {
            **_USED,
            "Info": _EARLY_INFO,
            "poles": Cell(_C._poles_before_dialling),
            "battery": Cell(_C._ground_accepted, ("Seizing",)),
            "ring-on": Cell(_C._met_early, _RING),
            "ring-off": _NOTHING,
            "tip_ground": _UNUSABLE,
        },
        ("tip_ground",),
    ),
    "Seizing": State(
        "has closed the loop, waits for dial tone",
        {
            **_SEIZED_US,
            "dial-tone": Cell(None, ("DialTone",)),
            "dial-tone-off": _NOTHING,
            "busy-tone": _UNUSABLE,
            "busy-tone-off": _NOTHING,
            "dial_tone": Cell(_C._no_dial_tone, ("Dialling", "Guard")),
            "seize_pause": Cell(_C._dial, ("Dialling",)),
        },
        keeps=("dial_tone", "seize_pause", "loop_break", "feed_lost"),
    ),
    "DialTone": State(
        "hears dial tone, is about to dial",
        {**_SEIZED_US, "dial-tone-off": _NOTHING, "dial_pause": Cell(_C._dial, ("Dialling",))},
        ("dial_pause",),
        ("loop_break", "feed_lost"),
    ),
    "Dialling": State(
        "sends digits",
        {
            **_watched("Dialling"),
            "Info": Cell(_C._digits_more),
            "digits_sent": Cell(_C._dialled, ("Dialling", "Waiting", "Alerted")),
            "poles": Cell(_C._poles_in_dialling, ("Dialling", "Talking")),
            "metering": _CHARGED_ANSWER,
            "ring-back": Cell(_C._rings_back),
        },
        keeps=("digits_sent", *_WATCH_TIMERS),
    ),
    "Waiting": State(
        "has dialled, hears the far exchange",
        {**_calling("Waiting"), "answer_assumed": _ANSWERED, "answer_unsupervised": _ANSWERED},
        keeps=(*_WATCH_TIMERS, "answer_wait", "answer_unsupervised", "answer_assumed"),
    ),
    "Alerted": State(
        "hears ring-back",
        {
            **_calling("Alerted"),
            "ring-back-off": Cell(_C._ring_back_ends, ("RingBackOver", "Alerted")),
            "voice": Cell(_C._speaks),
            "voice-off": Cell(_C._speaks_no_more),
            "voice_stands": _ANSWERED,
            "answer_unsupervised": _ANSWERED,
        },
        keeps=(*_WATCH_TIMERS, "answer_wait", "answer_unsupervised", "voice_stands"),
    ),
    "RingBackOver": State(
        "ring-back has ended: answered, or about to hear why not",
        {
            **_calling("RingBackOver"),
            "voice": Cell(_C._speaks),
            "voice-off": Cell(_C._speaks_no_more),
            "voice_stands": _ANSWERED,
            "ring_back_over": _ANSWERED,
        },
        keeps=(*_WATCH_TIMERS, "answer_wait", "voice_stands", "ring_back_over"),
    ),
    "Talking": State("answered", {**_talking("Talking"), "Connect": _NOTHING}, keeps=_WATCH_TIMERS),
    "Caught": State(
        "ringing met our seizure: answered for the network, not yet for us",
        {
            **_talking("Caught"),
            "Connect": Cell(_C._confirm, ("Talking",)),
            "dial-tone": Cell(_C._far_gone, ("FarCleared",)),
        },
        keeps=_WATCH_TIMERS,
    ),
    "FarCleared": State(
        "the far party has gone, waits to be cleared",
        {
            **_USED,
            **_LEVELS,
            **_HINTS,
            "ring-off": _NOTHING,
            "Info": _NOTHING,
            "Connect": _NOTHING,
            "metering": Cell(_C._charged),
            "digit": _NOTHING,
            "busy-tone": _NOTHING,
            "busy-tone-off": _NOTHING,
            "dial-tone": _NOTHING,
            "dial-tone-off": _NOTHING,
            "ring-back": _NOTHING,
            "ring-back-off": _NOTHING,
            "voice": _NOTHING,
            "voice-off": _NOTHING,
            "failure_hold": Cell(_C._held_long, ("Guard",)),
        },
        ("failure_hold",),
    ),
    "Guard": State(
        "has opened the loop, gives the exchange its time",
        {
            **_REST,
            **_LEVELS,
            "Setup": _REFUSE,
            "Reset": Cell(_C._idle_anew),
            "ring-on": _NOTHING,
            "ring-off": _NOTHING,
            "guard": Cell(_C.guarded, ("Idle", "Held", *_RING)),
        },
        ("guard",),
    ),
    "Held": State(
        "the exchange does not let go (ground start)",
        {
            **_REST,
            "Setup": _REFUSE,
            "Reset": Cell(_C._idle_anew),
            "poles": _NOTHING,
            "no-battery": Cell(_C._let_go, _IDLE),
            "ring-on": Cell(_C._held_and_rung, _RING),
        },
    ),
}
