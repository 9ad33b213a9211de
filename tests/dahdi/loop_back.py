"""A simulation's plant on the kernel's own drivers: each span of the configuration is a pair of loop-back spans, one end of it ours.

``SYSTEM_CONF`` makes the pairs. Trunks stand on CAS channels at both ends, tie lines on E and M channels. A subscriber span is FXS ports
(``fxoks``), whose far end is CAS channels with the very bits that a telephone makes there, because what is tested is the kernel's
signalling on our side; an office span is FXO ports (``fxsks``), and the other exchange's end of it FXS ports. A span of No. 7 is a whole
E1 of clear channels, with an ``mtp2`` channel in time slot 16 of it or none. Of the others only so many channels exist as stories use,
because every one costs four system calls a tick at its two ends; ``small`` makes of an office the one that has no more.

Time is the kernel's: a tick sleeps until it is due. Leaves out tokens, faults and all that is no sound and no signal.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from config.schema import Configuration, Span, circuits_of, line_of
from drivers.dahdi import Dahdi, DahdiSettings, Kind
from drivers.far_end.telephone_line import LOOP_START
from pbx.media import TICK_SECONDS
from pbx.plant import ends_of

MEND_TICKS = 100
TELEPHONE_IDLE = 0b0101
"""Loop open, in the code of LOOP_START."""


@dataclass(frozen=True)
class Pair:
    """Two loop-back spans wired together, ``channels`` of each: how ``system.conf`` calls those of our end and of the far one."""

    channels: int
    near: str
    far: str


BITS, TELEPHONES, OFFICE, TIE = "cas={{}}:{:04b}", "fxoks={}", "fxsks={}", "e&m={}"
NO_7 = "bchan={}"
NO_LINK = "indclear={}"
"""Of No. 7 too, all of it speech: another word of system.conf for the same."""
E1, LINK_SLOT = 31, 16
CHINA, MEXICO = BITS.format(0b1011), BITS.format(0b1001)
"""By the bits at rest, which stay on a line when its channel is closed: the next story must not find those of another country."""
PAIRS = (
    Pair(4, CHINA, CHINA),
    Pair(1, CHINA, CHINA),
    Pair(2, CHINA, CHINA),
    Pair(2, MEXICO, MEXICO),
    Pair(8, TELEPHONES, BITS.format(TELEPHONE_IDLE)),
    Pair(2, OFFICE, TELEPHONES),
    Pair(2, TIE, TIE),
    Pair(E1, NO_7, NO_7),
)


def firsts(pairs: Sequence[Pair] = PAIRS) -> list[tuple[int, int]]:
    """The first channel of each end of each pair."""
    found, channel = [], 1
    for pair in pairs:
        found.append((channel, channel + pair.channels))
        channel += 2 * pair.channels
    return found


def system_conf(pairs: Sequence[Pair] = PAIRS) -> str:
    """The ``system.conf`` of all pairs."""
    spans, kinds, last = [], [], 0
    for key, (pair, begun) in enumerate(zip(pairs, firsts(pairs), strict=True), 1):
        for end, (first, kind) in enumerate(zip(begun, (pair.near, pair.far), strict=True)):
            last = first + pair.channels - 1
            spans.append(f"dynamic=loc,{key}:{end},{pair.channels},0")
            if kind == NO_7:
                link = first + LINK_SLOT - 1
                kinds += [kind.format(f"{first}-{link - 1},{link + 1}-{last}"), f"mtp2={link}"]
            else:
                kinds.append(kind.format(f"{first}-{last}"))
    return "\n".join([*spans, *kinds, f"alaw=1-{last}", ""])


SYSTEM_CONF = system_conf()


def _sort_of(configuration: Configuration, span: Span) -> str:
    """What our end of a span has to be."""
    if span.kind != "cas":
        return {"subscriber": TELEPHONES, "office": OFFICE, "ccs": NO_LINK if span.speech_in_slot_16 else NO_7}[span.kind]
    tie = any(group.signalling == "e&m" and circuits_of(group)[0][0] == span.name for group in configuration.trunk_groups)
    return TIE if tie else BITS.format(ends_of(configuration, span).idle_bits)


Free = list[tuple[Pair, tuple[int, int]]]
"""Pairs that no span stands on yet, with the first channels of their ends."""


def _all(pairs: Sequence[Pair]) -> Free:
    return list(zip(pairs, firsts(pairs), strict=True))


def _take(free: Free, sort: str) -> tuple[Pair, tuple[int, int]]:
    """The first free pair whose near end is of a sort."""
    return free.pop(next(place for place, (pair, _) in enumerate(free) if pair.near == sort))


class LoopBackPlant:
    """Cards on the pairs; to be closed when its simulation has run."""

    line_code = LOOP_START

    def __init__(self, pairs: Sequence[Pair] = PAIRS) -> None:
        self.made: list[Dahdi] = []
        self._free = _all(pairs)
        self._began: float | None = None

    def __enter__(self) -> "LoopBackPlant":
        return self

    def __exit__(self, *_: object) -> None:
        self.counted = [card.counters() for card in self.made]
        for card in self.made:
            card.close()

    def cards(self, configuration: Configuration, span: Span, tokens: bool) -> tuple[Dahdi, Dahdi]:
        """The first free pair of the kind."""
        if tokens:
            raise ValueError("the kernel's drivers carry sound, no tokens")
        ends = ends_of(configuration, span)
        pair, firsts_of = _take(self._free, _sort_of(configuration, span))
        kinds: tuple[Kind, Kind] = {"subscriber": ("subscribers", "circuits"), "office": ("offices", "subscribers")}.get(
            span.kind, ("circuits", "circuits")
        )
        idle = (ends.idle_bits, TELEPHONE_IDLE if span.kind == "subscriber" else ends.idle_bits)
        made = [
            Dahdi(
                DahdiSettings(
                    first,
                    channels=pair.channels,
                    kind=kind,
                    idle_bits=bits,
                    busy_bits=ends.busy_bits,
                    signalling_channels=tuple(span.signalling_channels),
                    speech_in_slot_16=span.speech_in_slot_16,
                    at_once=pair.near in (NO_7, NO_LINK),
                )
            )
            for first, kind, bits in zip(firsts_of, kinds, idle, strict=True)
        ]
        self.made += made
        missing = [card.missing() for card in made]
        if missing != [{}, {}]:
            raise ValueError(f"span {span.name} cannot stand on channels {firsts_of}: {missing}")
        return made[0], made[1]

    def await_tick(self, tick: int) -> None:
        """Sleep until the tick is due; once a second look after the cards, as the media plane's thread does."""
        if tick % MEND_TICKS == 0:
            for card in self.made:
                card.mend()
        if self._began is None:
            self._began = time.monotonic() - tick * TICK_SECONDS
        time.sleep(max(0.0, self._began + tick * TICK_SECONDS - time.monotonic()))


def small(configuration: Configuration, pairs: Sequence[Pair] = PAIRS) -> Configuration:
    """The same office with only those trunks and extensions for which there are channels."""
    free = _all(pairs)
    room = {span.name: _take(free, _sort_of(configuration, span))[0].channels for span in configuration.spans}
    groups = []
    for group in configuration.trunk_groups:
        circuits = [f"{span}/{slot}" for span, slot in circuits_of(group) if slot <= room[span]]
        groups.append(msgspec.structs.replace(group, circuits=circuits))
    extensions = [row for row in configuration.extensions if line_of(row)[1] <= room[line_of(row)[0]]]
    return msgspec.structs.replace(configuration, trunk_groups=groups, extensions=extensions)
