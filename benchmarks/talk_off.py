"""``accuracy.talk-off``: what speech is taken for, in false signals an hour; libspandsp's receivers hear the same speech.

Four kinds of sound (benchmarks/speech.py): spoken by espeak-ng, recorded by people, music, and made to deceive. ``digits`` are DTMF,
``mfc`` the signals of both directions together, ``tones`` China's call progress tones, ``beeps`` those of answering machines; the last
two have no peer here. Whistles in pairs may well be true digits: in ``deceiving`` only the ratio says something. Without ``--long`` a
part of it all is heard. Leaves out how well true signals are heard beside speech.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.ears import LANES, Ear, Ours, spandsp
from benchmarks.row import Effort, Row
from benchmarks.speech import LEVELS_DBM0, ROW_S, SOURCES, rows
from pbx.voice_hearing import VoiceReceiver

PREFIX = "accuracy.talk-off."
RECEIVERS = {"digits": ("dtmf",), "mfc": ("mfc-forward", "mfc-backward"), "tones": ("tone",), "beeps": ("beep",)}
HOURS = {"spoken": 10.0, "people": 6.0, "music": 6.0, "deceiving": 5.0}
"""Hours heard with ``--long``; of what is recorded, as much as there is."""


class Beeps:
    """Our beep receiver as an ear."""

    name = "ours"

    def hear(self, sounds: Any) -> list[list[str]]:
        """See ``benchmarks.ears.Ear``."""
        return [["beep" for edge in VoiceReceiver().edges(sound) if edge.name == "beep" and edge.begins] for sound in sounds]


def ears_of(receiver: str, peer: bool) -> list[Ear]:
    """The receivers whose signals are counted together, ours or libspandsp's."""
    if receiver == "beeps":
        return [] if peer else [Beeps()]
    if not peer:
        return [Ours(kind) for kind in RECEIVERS[receiver]]
    return [ear for kind in RECEIVERS[receiver] if kind != "tone" and (ear := spandsp(kind)) is not None]


def counted(ears: Sequence[Ear], sound: Any) -> int:
    """Signals heard where there are none."""
    return sum(len(heard) for ear in ears for heard in ear.hear(sound))


def pieces(source: str, hours: float) -> Iterator[Any]:
    """The sound of a source in parts that are heard together."""
    made = SOURCES[source]()
    left = round(hours * 3600 / ROW_S)
    while left > 0:
        part = rows(made, min(LANES, left) * ROW_S / 3600)
        if not len(part):
            return
        left -= len(part)
        yield part
        if len(part) < LANES:
            return


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of talk-off; those of recordings only where some are installed."""
    for source in SOURCES:
        wanted = [receiver for receiver in RECEIVERS if f"{PREFIX}{source}.{receiver}" in names]
        if not wanted:
            continue
        hours = effort.choose(ROW_S / 3600, HOURS[source] / 10, HOURS[source])
        own, peer = dict.fromkeys(wanted, 0), dict.fromkeys(wanted, 0)
        heard = 0.0
        for part in pieces(source, hours):
            heard += len(part) * ROW_S / 3600
            for receiver in wanted:
                own[receiver] += counted(ears_of(receiver, False), part)
                peer[receiver] += counted(ears_of(receiver, True), part)
        if not heard:
            continue
        levels = ", ".join(f"{level:g}" for level in LEVELS_DBM0)
        for receiver in wanted:
            beside = bool(ears_of(receiver, True))
            told = f"; in all {own[receiver]}" + (f" and {peer[receiver]}" if beside else "")
            yield Row(
                f"{PREFIX}{source}.{receiver}",
                float(np.round(own[receiver] / heard, 2)),
                "false/h",
                "lower",
                "libspandsp" if beside else None,
                float(np.round(peer[receiver] / heard, 2)) if beside else None,
                f"{heard:.2f} h of {source} at {levels} dBm0, 300 to 3400 Hz, A-law{told}",
            )
