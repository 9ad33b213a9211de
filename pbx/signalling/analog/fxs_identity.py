"""Caller identity and message waiting on a subscriber line: which message fits, and when it is sent (GR-30-CORE, EN 300 659-1 and -2,
YDN 069-1997, all from memory).

On-hook a message stands between the first and the second ringing, or before all ringing after a reversal of the poles or a dual tone
alert; off-hook it follows the alert and the set's answer (fxs_waiting.py). All times are computed from the presentation's data; modems'
messages are timed commands, digits are sent by the engine when their time has come. A message that cannot be said loses first its name,
then its number ("unavailable"); the trace says so. Leaves out octets and framing (caller_identity.py).
"""

from functools import lru_cache

import msgspec

from pbx.engine import Noted, Output
from pbx.signalling.analog.caller_identity import (
    Absence,
    Call,
    DtmfPresentation,
    FskPresentation,
    Message,
    MessageWaiting,
    Presentation,
    commands,
    load_presentations,
)
from pbx.signalling.analog.fxs_variant import Cadence, IdentityData
from pbx.vocabulary import tones
from pbx.vocabulary.media import SendDigits, SendOctets, SendTone

BITS_A_SECOND = {"v23": 1200, "bell202": 1200, "v21-channel-1": 300, "v21-channel-2": 300}
BITS_AN_OCTET = 10
"""Start bit, eight bits, stop bit."""
ALERT = tones.special("dual-tone-alert")


@lru_cache
def presentation_named(name: str) -> Presentation | None:
    """The presentation of this name, None for ""; ValueError for one that the file does not have."""
    if not name:
        return None
    known = load_presentations()
    if name not in known:
        raise ValueError(f"caller identity {name!r} is not known; the names are {', '.join(known)}")
    return known[name]


def off_hook(presentation: Presentation | None, mark_bits: int) -> FskPresentation | None:
    """The same presentation for a set that is off-hook: no seizure, a short mark; None where it has no modem."""
    if not isinstance(presentation, FskPresentation):
        return None
    return msgspec.structs.replace(presentation, seizure_bits=0, mark_bits=mark_bits)


class Said(msgspec.Struct, frozen=True):
    """A message that can be sent: its command, how long it lasts, its lines in the trace."""

    command: SendOctets | SendDigits
    seconds: float
    notes: tuple[Output, ...]


class Sending(msgspec.Struct, frozen=True):
    """A message with its times: what goes out at once, digits that go out at ``begins``, and when ringing may follow."""

    outputs: tuple[Output, ...]
    digits: SendDigits | None
    begins: float
    ends: float


def call_of(calling: str, restricted: bool, name: str, date_time: str) -> Call:
    """The message of a call; neither number nor name of a caller who must not be shown."""
    absence: Absence = "private" if restricted else "" if calling else "unavailable"
    return Call(date_time=date_time, number="" if absence else calling, number_absence=absence, name="" if restricted else name)


def _seconds(command: SendOctets | SendDigits, presentation: Presentation) -> float:
    if isinstance(command, SendDigits):
        return len(command.digits) * (command.on_ms + command.off_ms) / 1000
    assert isinstance(presentation, FskPresentation)
    bits = command.seizure_bits + command.mark_bits + BITS_AN_OCTET * len(command.octets) + command.mark_out_bits
    return bits / BITS_A_SECOND[presentation.modem]


def _candidates(message: Message, presentation: Presentation) -> list[tuple[Message, str]]:
    if isinstance(message, Call) and isinstance(presentation, FskPresentation) and presentation.form == "single":
        message = msgspec.structs.replace(message, name="")  # a message of one part has no place for it
    found: list[tuple[Message, str]] = [(message, "")]
    if isinstance(message, Call):
        if message.name:
            found.append((msgspec.structs.replace(message, name=""), "name left out"))
        if message.number:
            absent: Absence = "unavailable"
            found.append((Call(date_time=message.date_time, number_absence=absent), "name and number left out"))
    return found


def say(message: Message, presentation: Presentation, room_s: float = float("inf")) -> Said | Noted:
    """The longest form of the message that can be said within ``room_s``, or why there is none."""
    why = ""
    for candidate, left_out in _candidates(message, presentation):
        try:
            (command,) = commands(candidate, presentation)
        except ValueError as error:
            why = why or str(error)
            continue
        assert isinstance(command, SendOctets | SendDigits)
        seconds = _seconds(command, presentation)
        if seconds > room_s:
            why = why or f"{seconds:.2f} s are longer than the pause leaves, {room_s:.2f} s"
            continue
        note = Noted(f"-> {_title(candidate)} ({_size(command)})")
        return Said(command, seconds, (note, *((Noted(f"{left_out}: {why}"),) if left_out else ())))
    return Noted(f"{_title(message)} not sent: {why}")


def _title(message: Message) -> str:
    if isinstance(message, MessageWaiting):
        return "messages wait" if message.active else "no messages wait"
    assert isinstance(message, Call)
    return f"caller identity {message.number or message.number_absence}"


def _size(command: SendOctets | SendDigits) -> str:
    if isinstance(command, SendOctets):
        return f"FSK, {len(command.octets)} octets"
    return f"DTMF, {len(command.digits)} digits"


def between_rings(message: Message, presentation: Presentation, data: IdentityData, cadence: Cadence, now: float) -> Sending | Noted:
    """In the first long pause of the ringing that begins now; the slack is what the bell may begin later."""
    begins_ms, pause_ms = cadence.pause()
    room_s = (pause_ms - presentation.before_ms - presentation.after_ms - 2 * data.slack_ms) / 1000
    said = say(message, presentation, room_s)
    if isinstance(said, Noted):
        return said
    begins = now + (begins_ms + presentation.before_ms + data.slack_ms) / 1000
    return _sending((), said, begins, begins + said.seconds)


def before_ringing(message: Message, presentation: Presentation, data: IdentityData, now: float, wait_s: float = 0.0) -> Sending | Noted:
    """Before all ringing, or without any: ``wait_s`` from now the alert sounds; where poles are reversed first, the caller has done it."""
    said = say(message, presentation)
    if isinstance(said, Noted):
        return said
    first: tuple[Output, ...] = ()
    begins = now + wait_s + presentation.before_ms / 1000
    if presentation.moment == "after-alert":
        first = (Noted("-> dual tone alert"), SendTone(ALERT, data.alert_ms, now + wait_s))
        begins += data.alert_ms / 1000
    return _sending(first, said, begins, begins + said.seconds + presentation.after_ms / 1000)


def _sending(first: tuple[Output, ...], said: Said, begins: float, ends: float) -> Sending:
    if isinstance(said.command, SendDigits):
        return Sending((*first, *said.notes), said.command, begins, ends)
    return Sending((*first, *said.notes, msgspec.structs.replace(said.command, at=begins)), None, begins, ends)


def is_before_ringing(presentation: Presentation) -> bool:
    """Whether a call's identity comes before all ringing."""
    return presentation.moment != "between-rings"


def reverses(presentation: Presentation | None) -> bool:
    """Whether the line's poles are reversed first."""
    return presentation is not None and presentation.moment == "after-reversal"


def has_indication(presentation: Presentation | None) -> bool:
    """Whether the presentation can tell a set that messages wait."""
    return presentation is not None and not isinstance(presentation, DtmfPresentation)
