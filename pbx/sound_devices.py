"""Composition: the sound devices of a plane's process, each a card of one port behind those of the spans, with its mover.

Beside pbx/plane_process.py, which calls it. A device that is not there keeps nobody from starting: its port has an alarm until it comes.
Leaves out the devices themselves: drivers/alsa.py.
"""

import sys
from collections.abc import Sequence

import msgspec

from drivers.alsa import SoundCard
from pbx.media import Plane


class SoundDescription(msgspec.Struct, forbid_unknown_fields=True):
    """One sound device, by ALSA's names; an empty one is left out."""

    name: str
    capture: str = ""
    playback: str = ""


def add_sound_devices(plane: Plane, sounds: Sequence[SoundDescription]) -> list[SoundCard]:
    """Their cards, at work; what keeps a device from its use is said. AlsaError where no thread can be had to move sound."""
    cards: list[SoundCard] = []
    for sound in sounds:
        card = SoundCard(sound.capture, sound.playback)
        cards.append(card)
        if card.trouble:
            sys.stderr.write(f"plane: sound device {sound.name}: {card.trouble}; it comes into use when that has changed\n")
        plane.add_card(card.card)
        card.start_mover()
        card.watch()
    return cards
