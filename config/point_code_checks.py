"""The cross-checks of signalling point codes: each has the form of its network, is somebody else's, and a way leads there.

The form, 24 or 14 bits, stands in the file of the point's variant. A point whose file is not there is passed over, for that is told already
(config/checks.py). Leaves out all else that a plan may have wrong, which level 3 itself judges (pbx/signalling/ss7/mtp3/plan.py).
"""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from config.lines import Place
from config.reader import Draft, Finding
from config.schema import NO_7, TrunkGroup
from config.signalling import ApplicationServer, LinkGateway, SignallingLinkSet, SignallingPoint, SignallingRoute

Findings = Iterator[Finding]
VARIANTS = Path(__file__).parent / "variants"
PARTS = {"24": (8, 8, 8), "14": (3, 8, 3)}
"""Bits of the parts of a point code, by the ``form`` of a variant."""


class Written(msgspec.Struct, frozen=True):
    """A point code where it stands: of whose network it is, the variant of that, and what it is for."""

    place: Place
    text: str
    point: str
    variant: str
    own: bool = False
    """Whether it is the code of the point itself."""


def parts_of(variant: str) -> tuple[int, ...] | None:
    """Bits of the parts of point codes in the network of a variant; None where its file does not tell."""
    try:
        form = tomllib.loads((VARIANTS / f"{variant}.toml").read_text(encoding="utf-8")).get("form")
    except (OSError, ValueError):
        return None
    return PARTS.get(form) if isinstance(form, str) else None


def number_of(text: str, parts: tuple[int, ...]) -> int | None:
    """A point code as a number; None where it does not fit."""
    words = [int(word) for word in text.split("-")]
    if len(words) == 1:
        return words[0] if words[0] < 1 << sum(parts) else None
    if any(word >> bits for word, bits in zip(words, parts, strict=True)):
        return None
    number = 0
    for word, bits in zip(words, parts, strict=True):
        number = number << bits | word
    return number


def codes_by_point(points: Iterable[tuple[Place, SignallingPoint]]) -> Callable[[str, str], int | None]:
    """Returns what tells the number of a code that a point of ours knows by that name; None where it is none."""
    parts = {row.name: parts_of(row.variant) for _, row in points}

    def number(point: str, text: str) -> int | None:
        widths = parts.get(point)
        return None if widths is None else number_of(text, widths)

    return number


def _written(draft: Draft) -> Iterator[Written]:
    """Every point code of the document."""
    variants = {row.name: row.variant for _, row in draft.of(SignallingPoint)}
    of_set = {row.name: row.point for _, row in draft.of(SignallingLinkSet)}

    def seen(place: Place, text: str | None, point: str | None) -> Iterator[Written]:
        if text is not None and point in variants:
            yield Written(place, text, point, variants[point])

    for place, row in draft.of(SignallingPoint):
        yield Written((*place, "code"), row.code, row.name, row.variant, own=True)
    for place, link_set in draft.of(SignallingLinkSet):
        yield from seen((*place, "adjacent"), link_set.adjacent, link_set.point)
    for place, route in draft.of(SignallingRoute):
        yield from seen((*place, "destination"), route.destination, of_set.get(route.link_set))
    for place, server in draft.of(ApplicationServer):
        for number, code in enumerate(server.destinations):
            yield from seen((*place, "destinations", number), code, server.point)
    for place, group in draft.of(TrunkGroup):
        if group.signalling in NO_7:
            yield from seen((*place, "far_point"), group.far_point, group.point)
    for place, gateway in draft.of(LinkGateway):
        for key, text in (("code", gateway.code), ("adjacent", gateway.adjacent)):
            if text is not None:
                yield Written((*place, key), text, "", gateway.network)


def point_codes_have_the_form(draft: Draft) -> Findings:
    """A point code has as many bits as its network gives it, and no far point is the point itself."""
    own = {row.name: row.code for _, row in draft.of(SignallingPoint)}
    for written in _written(draft):
        parts = parts_of(written.variant)
        if parts is None:
            continue
        highest, bits = "-".join(str((1 << width) - 1) for width in parts), sum(parts)
        number = number_of(written.text, parts)
        if number is None:
            what = f"{written.text} is no point code of {bits} bits, which {written.variant} has"
            yield Finding(written.place, what, f"give three numbers up to {highest}, or another variant to the point")
        elif not written.own and written.point and number == number_of(own[written.point], parts):
            yield Finding(written.place, f'{written.text} is signalling point "{written.point}" itself', "give the code of the far point")


def points_are_distinct(draft: Draft) -> Findings:
    """Points of one network have different codes, and each has a way to others; no route stands there twice."""
    number, owners = codes_by_point(draft.of(SignallingPoint)), dict[tuple[str, int], str]()
    used = {row.get("point") for key in ("signalling_link_set", "application_server") for row in _tables(draft, key)}
    for place, row in draft.of(SignallingPoint):
        code = number(row.name, row.code)
        owner = row.name if code is None else owners.setdefault((row.variant, code), row.name)
        if owner != row.name:
            what = f'{row.code} is signalling point "{owner}" too, in the same network'
            yield Finding((*place, "code"), what, "give each point its own code")
        if row.name not in used:
            cure = f'write a [[signalling_link_set]] or an [[application_server]] with point = "{row.name}", or take it out'
            yield Finding(place, f'signalling point "{row.name}" has neither link set nor application server', cure)
    of_set = {row.name: row.point for _, row in draft.of(SignallingLinkSet)}
    seen: set[tuple[str, int]] = set()
    for place, route in draft.of(SignallingRoute):
        to = number(of_set.get(route.link_set, ""), route.destination)
        if to is None:
            continue
        if (route.link_set, to) in seen:
            what = f'a route to {route.destination} by "{route.link_set}" is there already'
            yield Finding(place, what, "keep one of the two")
        seen.add((route.link_set, to))


def far_points_are_reached(draft: Draft) -> Findings:
    """To the far point of a group of No. 7 leads a link set, a route or an application server of its point."""
    number, reached = codes_by_point(draft.of(SignallingPoint)), defaultdict[str, set[int | None]](set)
    of_set = {row.name: row.point for _, row in draft.of(SignallingLinkSet)}
    for _, link_set in draft.of(SignallingLinkSet):
        reached[link_set.point].add(number(link_set.point, link_set.adjacent))
    for _, route in draft.of(SignallingRoute):
        point = of_set.get(route.link_set, "")
        reached[point].add(number(point, route.destination))
    for _, server in draft.of(ApplicationServer):
        reached[server.point] |= {number(server.point, code) for code in server.destinations}
    served = {row.point for _, row in draft.of(ApplicationServer)}
    own = {row.name: row.code for _, row in draft.of(SignallingPoint)}
    broken = any(len(draft.of(kind)) < len(_tables(draft, key)) for kind, key in _WAYS)
    for place, group in draft.of(TrunkGroup):
        if group.signalling not in NO_7 or group.point is None or group.far_point is None:
            continue
        to = number(group.point, group.far_point)
        # A way that could not be read may be the one that is missed here.
        known = reached[group.point] | {number(group.point, own.get(group.point, ""))}
        if to in known or None in known or broken:
            continue
        if group.point in served:
            what = f"no application server of {group.point} leads to {group.far_point}"
            cure = f'write "{group.far_point}" among the destinations of the one that reaches it, or correct far_point'
        else:
            what = f"no link set of {group.point} leads to {group.far_point}, and no route"
            way = f'write a [[signalling_route]] with destination = "{group.far_point}" and the link set that leads there'
            cure = f"{way}, or correct far_point"
        yield Finding((*place, "far_point"), what, cure)


def far_points_are_written_alike(draft: Draft) -> Findings:
    """Groups between the same two points share a user part, which is known by what they have written."""
    number, written = codes_by_point(draft.of(SignallingPoint)), dict[tuple[str, int], tuple[str, str]]()
    for place, group in draft.of(TrunkGroup):
        if group.signalling not in NO_7 or group.point is None or group.far_point is None:
            continue
        to = number(group.point, group.far_point)
        if to is None:
            continue
        text, first = written.setdefault((group.point, to), (group.far_point, group.name))
        if text != group.far_point:
            what = f'{group.far_point} is the point that trunk group "{first}" calls {text}'
            yield Finding((*place, "far_point"), what, f'write far_point = "{text}" here too')


_WAYS = ((SignallingLinkSet, "signalling_link_set"), (SignallingRoute, "signalling_route"), (ApplicationServer, "application_server"))


def _tables(draft: Draft, key: str) -> list[dict[str, object]]:
    """The tables of an array as they were written, whatever is wrong in them."""
    rows = draft.document.get(key, [])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


POINT_CODE_CHECKS: tuple[Callable[[Draft], Findings], ...] = (
    point_codes_have_the_form,
    points_are_distinct,
    far_points_are_reached,
    far_points_are_written_alike,
)
"""In the order in which they are told."""
