"""The continuity check of speech circuits as every user part needs it (Q.724 section 7, Q.764 clause 2.1.8): what a circuit sounds like.

What is sent and heard on a circuit that is checked follows from the state of its calls alone, so that no way out of a state can leave a
loop or a tone behind: ``sounding`` compares the state with what stands on the line and returns the media commands between them. A
user part names its states as ``SOUNDS`` has them and gets the events ``tone`` and ``tone over`` (``tone_event``). The transceiver itself is
in the media plane (pbx/dsp/check_tone.h). The steps of a check of ours that have the same meaning in every user part are functions here.
Leaves out loop-around tests of analog circuits, and which messages go with the check.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from pbx.engine import Noted, Output, PeerMessage, Unexpected
from pbx.vocabulary import tones
from pbx.vocabulary.media import OWN, RECEIVE_CONTINUITY, Hear, Listen, MediaEvent, SendTone, Silence, ToneOff, ToneOn, Unhear, Unlisten

if TYPE_CHECKING:
    from pbx.signalling.ss7.circuit_books import CircuitBooks

CHECK_TONE = tones.special("continuity")
LOOP, TONE, ENDING = "loop", "tone", "ending"
"""The far end's tone goes back to it; ours is sent and awaited; ours has come back and must be gone before somebody speaks."""
WAITS_FOR_RESULT = "InWaitContinuity"
"""An incoming call waits for the result: it loops the circuit if this is the one that is checked (``Check.here``)."""
SOUNDS = {
    WAITS_FOR_RESULT: LOOP,
    "Looped": LOOP,
    "OutWaitContinuity": TONE,
    "OutToneEnds": ENDING,
    "Rechecking": TONE,
    "RecheckToneEnds": ENDING,
}
"""By state; all others are silent."""
_BEGINS: dict[str, tuple[Output, ...]] = {
    LOOP: (Hear(OWN),),
    TONE: (SendTone(CHECK_TONE), Listen(RECEIVE_CONTINUITY)),
    ENDING: (Listen(RECEIVE_CONTINUITY),),
}
_ENDS: dict[str, tuple[Output, ...]] = {
    LOOP: (Unhear(OWN),),
    TONE: (Silence(), Unlisten(RECEIVE_CONTINUITY)),
    ENDING: (Unlisten(RECEIVE_CONTINUITY),),
}


class MaintenanceTold(Noted, frozen=True, gc=False):
    """People are to know of a circuit: an alarm begins, or is over."""

    stands: bool = True


class Check(msgspec.Struct):
    """What a circuit keeps about its checks; ``every``: so many calls out have one check, 0 none."""

    every: int = 0
    calls: int = 0
    here: bool = False
    sounds: str = ""
    failures: int = 0
    """Since it was good last."""
    told: str = ""
    """Of what people know."""
    result: str = ""
    """Of the latest, for people."""

    def wanted(self) -> bool:
        """Whether the call that goes out now is checked; asked once for each. Counted, not left to chance."""
        if not self.every:
            return False
        self.calls += 1
        return (self.calls - 1) % self.every == 0

    def sounding(self, state: str) -> tuple[Output, ...]:
        """The media commands that bring the line to what this state sounds like."""
        wanted = SOUNDS.get(state, "")
        if state == WAITS_FOR_RESULT and not self.here:
            wanted = ""
        before = self.sounds
        if wanted == before:
            return ()
        self.sounds = wanted
        if (before, wanted) == (TONE, ENDING):
            return (Silence(),)
        return (*_ENDS.get(before, ()), *_BEGINS.get(wanted, ()))


def tone_event(event: MediaEvent) -> str:
    """Return the event of the table that a media event is: ``tone``, ``tone over``, or "" for what is none."""
    if isinstance(event, ToneOn | ToneOff) and event.tone == CHECK_TONE:
        return "tone" if isinstance(event, ToneOn) else "tone over"
    return ""


# Checks that we make.


def tone_back(c: "CircuitBooks", _: object, now: float) -> Sequence[Output]:
    """The tone has come back: it is sent no longer, and what is on its way must pass before somebody speaks."""
    return (Noted("<- check-tone"),)


def good(c: "CircuitBooks", told: PeerMessage) -> Sequence[Output]:
    """The tone has come back and is gone: the far end is told."""
    c.check.failures = 0
    c.check.result = "good"
    return (Noted("-- continuity check good"), told)


def failed(c: "CircuitBooks", told: PeerMessage) -> tuple[Output, ...]:
    """The far end is told, and another check comes by and by; the second failure in a row is told to people."""
    check = c.check
    check.failures += 1
    why = "the tone does not end" if c.machine.state.endswith("ToneEnds") else "no tone came back"
    check.result = f"failed: {why}"
    c.machine.choose("RecheckWaits" if check.failures == 1 else "RecheckAlerted")
    alarm = c.tell_maintenance("continuity check failed") if check.failures > 1 else ()
    return (Noted(f"-- continuity check {check.result}"), told, *c.add_reason("fault"), *alarm)


def both_check(c: "CircuitBooks", message: Any, now: float) -> Sequence[Output]:
    """CCR meets CCR: as with IAM, the end that controls the circuit goes on."""
    c.machine.choose("Rechecking" if c.controls else "Looped")
    if c.controls:
        return (Unexpected(c.machine.state, "CCR"),)
    return c.loop(message, now)
