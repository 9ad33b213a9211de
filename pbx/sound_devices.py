"""Composition: the sound devices of a plane's process, each a card of one port behind those of the spans, with its mover.

Beside pbx/plane_process.py, which calls it. Leaves out the devices themselves: drivers/alsa.py.
"""

from collections.abc import Sequence

import msgspec

from drivers.alsa import AlsaError, SoundCard
from pbx.media import Plane


class SoundDeviceError(RuntimeError):
    """A device cannot be had; the text names it and says what to do."""


class SoundDescription(msgspec.Struct, forbid_unknown_fields=True):
    """One sound device, by ALSA's names; an empty one is left out."""

    name: str
    capture: str = ""
    playback: str = ""


def add_sound_devices(plane: Plane, sounds: Sequence[SoundDescription]) -> list[SoundCard]:
    """Their cards, at work."""
    cards: list[SoundCard] = []
    for sound in sounds:
        try:
            cards.append(SoundCard(sound.capture, sound.playback))
            plane.add_card(cards[-1].card)
            cards[-1].start_mover()
        except AlsaError as error:
            raise SoundDeviceError(f"sound device {sound.name}: {error}") from error
    return cards
