"""What the data files of analog lines towards other exchanges have in common: how digits are sent, what tones mean.

Exchange lines (FXO) and tie lines (E&M) wait, dial and listen by figures of the network they lead to, so each figure stands in a file of
``config/variants`` with range and source. Here are the types of these tables and their checks. Leaves out timers (pbx/variant_file.py), and
what belongs to one kind of line: fxo_variant.py, ear_and_mouth_variant.py.
"""

from collections.abc import Mapping

import msgspec

from pbx.variant_file import Timers, VariantError, missing_timers, timer_faults
from pbx.vocabulary.tones import DTMF_DIGITS, PROGRESS_TONES, progress

PULSES_MOST = 20
"""A digit of more pulses would need more timed commands than the plane keeps for a port (64)."""


class DigitSending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How digits are sent: by tones (Q.23) or by interruptions.

    A pulse is a break and a make; ``between_ms`` is the rest between two digits, ``lead_ms`` the time from the decision to the first
    edge, so that every edge can be ordered to the sample. ``pulses`` says how many of them make a digit.
    """

    source: str
    tone_on_ms: int
    tone_off_ms: int
    break_ms: int
    make_ms: int
    between_ms: int
    lead_ms: int
    pulses: dict[str, int]


class ToneMeaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tone of the far exchange says: ``cause`` before the answer, and whether it ``releases`` an answered call.

    ``at_once``: it is believed as soon as it is recognised; others must stand or come again.
    """

    cause: int
    releases: bool = False
    at_once: bool = False


def check_timers(name: str, timers: Timers, wanted: frozenset[str]) -> None:
    """Raise VariantError for times that are missing or outside their own range."""
    faults = [f"{name}: {fault}" for fault in (*missing_timers(timers, wanted), *timer_faults(timers))]
    if faults:
        raise VariantError(*faults)


def check_sending(name: str, sending: DigitSending) -> None:
    """Raise VariantError for digits that cannot be sent."""
    for digit, pulses in sending.pulses.items():
        if digit not in DTMF_DIGITS or not 1 <= pulses <= PULSES_MOST:
            raise VariantError(f"{name}: digit {digit!r} cannot have {pulses} pulses; give a digit 1 to {PULSES_MOST}")
    if len(set(sending.pulses.values())) != len(sending.pulses):
        raise VariantError(f"{name}: two digits have the same number of pulses")
    lengths = (sending.tone_on_ms, sending.tone_off_ms, sending.break_ms, sending.make_ms, sending.between_ms, sending.lead_ms)
    if min(lengths) <= 0 or sending.lead_ms >= sending.between_ms:
        raise VariantError(f"{name}: lengths of digits must be above 0 ms, and lead_ms below between_ms")


def meanings(name: str, tones: Mapping[str, ToneMeaning]) -> dict[int, ToneMeaning]:
    """Tones by code. Raises VariantError for one that no plan has."""
    unknown = sorted(set(tones) - set(PROGRESS_TONES))
    if unknown:
        raise VariantError(f"{name}: there is no tone {', '.join(unknown)}; the names are {', '.join(PROGRESS_TONES)}")
    return {progress(tone): meaning for tone, meaning in tones.items()}
