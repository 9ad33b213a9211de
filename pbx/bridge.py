"""Who hears whom: the one media idea of the house, hearing edges.

Functions here turn wishes (talk, music, silence) into media commands for ports and keep ``leg.hears``, the sources each leg hears,
so that an edge is never made twice and always taken away. Two parties talking are two edges. Leaves out mixes of three and more.
"""

from pbx.call import Leg
from pbx.vocabulary.media import Hear, MediaCommand, Silence, Unhear

Order = tuple[int, MediaCommand]
"""A command for a port."""

_NOTHING = Unhear(-1)
_SILENCE = Silence()


def hear(leg: Leg, source: int) -> list[Order]:
    """The leg hears the source."""
    if source in leg.hears:
        return []
    leg.hears.add(source)
    return [(leg.line.port, Hear(source))]


def unhear(leg: Leg, source: int) -> list[Order]:
    """The leg no longer hears the source."""
    if source not in leg.hears:
        return []
    leg.hears.discard(source)
    return [(leg.line.port, Unhear(source))]


def silence(leg: Leg) -> list[Order]:
    """The leg hears nobody, and no tone or prompt."""
    orders: list[Order] = []
    if leg.hears:
        leg.hears.clear()
        orders.append((leg.line.port, _NOTHING))
    if leg.sounding:
        leg.sounding = False
        orders.append((leg.line.port, _SILENCE))
    return orders


def talk(first: Leg, second: Leg) -> list[Order]:
    """Two legs hear each other and nobody else."""
    return [
        *silence(first),
        *silence(second),
        *hear(first, second.line.port),
        *hear(second, first.line.port),
    ]
