"""The cross-checks of No. 7: points, link sets, links, routes, and the circuits that a user part works.

They see that everything named is there, once, and that a link stands on a channel that carries signalling. Left out: what needs a point
code's form or a plan as a whole to judge, such as the bits of a code (``faults_of`` in pbx/plant.py).
"""

from collections.abc import Callable, Iterator

from config.reader import Draft, Finding, unknown
from config.schema import (
    NO_7,
    PCM_SLOTS,
    SignallingLink,
    SignallingLinkSet,
    SignallingRoute,
    Span,
    TrunkGroup,
    channel_of,
    codes_of,
)

Findings = Iterator[Finding]
OWN_KEYS = {"point": None, "far_point": None, "first_pcm": 0, "continuity_check": "never"}
"""Keys of trunk groups of No. 7, and what each is where nothing was written."""
CODES = 4096
"""Circuit identification codes have 12 bits."""


def references_exist(draft: Draft) -> Findings:
    """Link sets belong to points, links and routes to link sets."""
    points, link_sets = draft.names("signalling_point"), draft.names("signalling_link_set")
    for place, link_set in draft.of(SignallingLinkSet):
        if link_set.point not in points:
            yield unknown((*place, "point"), "signalling point", link_set.point, points)
    named = [(place, link.link_set) for place, link in draft.of(SignallingLink)]
    named += [(place, route.link_set) for place, route in draft.of(SignallingRoute)]
    for place, name in named:
        if name not in link_sets:
            yield unknown((*place, "link_set"), "signalling link set", name, link_sets)
    filled = {link.link_set for _, link in draft.of(SignallingLink)}
    for place, link_set in draft.of(SignallingLinkSet):
        if link_set.name not in filled:
            yield Finding(place, f'signalling link set "{link_set.name}" has no link', "give it a [[signalling_link]], or take it out")


def links_have_channels(draft: Draft) -> Findings:
    """Every link has a signalling channel of its own, and a code that no other link of its set has."""
    spans = {span.name: span for _, span in draft.of(Span)}
    owners: dict[tuple[str, int], str] = {}
    codes: dict[tuple[str, int], str] = {}
    for place, link in draft.of(SignallingLink):
        name, slot = channel_of(link)
        span = spans.get(name)
        if name not in draft.names("span"):
            yield unknown((*place, "channel"), "span", name, draft.names("span"))
        elif span is not None and slot not in span.frame_slots:
            one = f'write channel = "{name}/1": the span is one channel, called by its first time slot'
            other = f'write signalling_channels = [{slot}] in the span "{name}", or name another channel'
            cure = one if span.kind == "signalling" else other
            yield Finding((*place, "channel"), f"{link.channel} is no signalling channel", cure)
        owner = owners.setdefault((name, slot), link.name)
        if owner != link.name:
            yield Finding((*place, "channel"), f'{link.channel} is signalling link "{owner}" too', "give each link its own channel")
        same = codes.setdefault((link.link_set, link.code), link.name)
        if same != link.name:
            what = f'signalling links "{same}" and "{link.name}" of "{link.link_set}" have the same code {link.code}'
            yield Finding((*place, "code"), what, "give each link of a set its own code, the one that the far end has for it")


def circuits_have_points(draft: Draft) -> Findings:
    """A group of No. 7 says between which points its circuits lie, and no circuit code is there twice between two points."""
    points = draft.names("signalling_point")
    owners: dict[tuple[str, str, int], str] = {}
    for place, group in draft.of(TrunkGroup):
        if group.signalling not in NO_7:
            for key, absent in OWN_KEYS.items():
                if getattr(group, key) != absent:
                    cure = 'leave it out, or set signalling = "isup" or "tup"'
                    yield Finding((*place, key), f"{key} has no meaning with {group.signalling}", cure)
            continue
        if group.point is None or group.far_point is None:
            what = f'trunk group "{group.name}" does not say between which signalling points it lies'
            yield Finding(place, what, 'give point and far_point, as in point = "city", far_point = "21-100-51"')
            continue
        if group.point not in points:
            yield unknown((*place, "point"), "signalling point", group.point, points)
        for circuit, code in codes_of(group).items():
            name = f"{circuit[0]}/{circuit[1]}"
            if code >= CODES:
                what = f"{name} would be in PCM system {code // PCM_SLOTS}; there are 128"
                yield Finding((*place, "first_pcm"), what, "give a smaller first_pcm, or take spans to another group")
                break
            owner = owners.setdefault((group.point, group.far_point, code), f"{group.name}: {name}")
            if owner != f"{group.name}: {name}":
                what = f"circuit code {code} of {name} is that of {owner} too"
                yield Finding((*place, "first_pcm"), what, "give each PCM system between two points its own number")
                break


SIGNALLING_CHECKS: tuple[Callable[[Draft], Findings], ...] = (references_exist, links_have_channels, circuits_have_points)
"""In the order of the file's sections."""
