"""The cross-checks of No. 7: points, link sets, links, routes, and the circuits that a user part works.

They see that everything named is there, once, and that a link stands on a channel that carries signalling. Left out: point codes themselves
(config/point_code_checks.py), and what needs a plan as a whole to judge (``faults_of_signalling`` in pbx/signalling_plant.py).
"""

from collections.abc import Callable, Iterator

from config.lines import Place
from config.point_code_checks import codes_by_point
from config.reader import Draft, Finding, unknown
from config.schema import NO_7, PCM_SLOTS, Span, TrunkGroup, codes_of
from config.signalling import (
    ApplicationServer,
    Association,
    GatewayLink,
    LinkGateway,
    SignallingLink,
    SignallingLinkSet,
    SignallingPoint,
    SignallingRoute,
    channel_of,
)

Findings = Iterator[Finding]
ISUP_KEYS: dict[str, object] = {"propagation_delay_ms": 0, "satellite": False}
"""Keys of trunk groups of ISUP alone, and what each is where nothing was written."""
OWN_KEYS: dict[str, object] = {
    "point": None,
    "far_point": None,
    "first_pcm": 0,
    "continuity_check": "never",
    "transit": "type-b",
    **ISUP_KEYS,
}
"""Keys of trunk groups of No. 7, and what each is where nothing was written."""
PORTS = {"m2pa": 3565, "m3ua": 2905, "m2ua": 2904}
"""Where an association is waited for unless its row says otherwise (RFC 4165, RFC 4666, RFC 3331)."""
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
    """Every link has a signalling channel or an association of its own, and a code that no other link between the same points has."""
    between = {one.name: (one.point, one.adjacent) for _, one in draft.of(SignallingLinkSet)}
    number = codes_by_point(draft.of(SignallingPoint))
    codes: dict[tuple[str, str | int, int], str] = {}
    m2pa = {row.name for _, row in draft.of(Association) if row.protocol == "m2pa"}
    for place, link in draft.of(SignallingLink):
        # What is written and wrong is there all the same; that it is wrong has been told.
        named = [key for key in ("channel", "association") if key in draft.raw(place)]
        if len(named) != 1:
            what = f'signalling link "{link.name}" has {"both" if named else "neither channel nor association"}'
            yield Finding(place, what, 'give it channel = "SPAN/SLOT", or association = "NAME" of M2PA or M2UA')
        elif link.association in m2pa and link.variant != "mtp2-china":
            what = "variant has no meaning for a link on an association of M2PA"
            yield Finding((*place, "variant"), what, "leave it out; the figures of M2PA are the variant of the [[association]]")
        point, adjacent = between.get(link.link_set, (link.link_set, ""))
        same = codes.setdefault((point, number(point, adjacent) or adjacent, link.code), link.name)
        if same != link.name:
            what = f'signalling links "{same}" and "{link.name}" to {adjacent or "one point"} have the same code {link.code}'
            cure = "give each link between two points its own code, whatever link set it is in: the one that the far end has for it"
            yield Finding((*place, "code"), what, cure)
    yield from _channels_are_there(draft)


def _channels_are_there(draft: Draft) -> Findings:
    spans = {span.name: span for _, span in draft.of(Span)}
    owners: dict[tuple[str, int], str] = {}
    rows: list[tuple[Place, SignallingLink | GatewayLink]] = [*draft.of(SignallingLink), *draft.of(GatewayLink)]
    for place, link in rows:
        if link.channel is None:
            continue
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


def associations_are_whole(draft: Draft) -> Findings:
    """What is said of an association suits its far end, and of two that come in at one place it can be told which is which."""
    doors: dict[tuple[str, str, int, str], str] = {}
    for place, row in draft.of(Association):
        if row.simulated:
            for key in ("peer", "local"):
                if getattr(row, key):
                    cure = 'set far_end = "outside", or leave it out'
                    yield Finding((*place, key), f"{key} has no meaning where the far end is simulated", cure)
            continue
        if not row.listen and not row.peer:
            what = f'association "{row.name}" connects, but to nobody'
            yield Finding(place, what, 'give peer = "ADDRESS", or listen = true where the far end connects')
        if row.listen:
            other = doors.setdefault((row.transport, row.local, row.port or PORTS[row.protocol], row.peer), row.name)
            if other != row.name:
                what = f'associations "{other}" and "{row.name}" wait at one port for the same peer, and could not be told apart'
                yield Finding(place, what, "give each a port of its own, or a peer of its own")


def associations_have_a_use(draft: Draft) -> Findings:
    """Each association carries one link of M2PA, one application server of M3UA, or, of M2UA, links of ours or a gateway of ours."""
    protocols = {row.name: row.protocol for _, row in draft.of(Association)}
    known = draft.names("association")
    owners: dict[str, str] = {}
    for place, name, wanted, user in _uses(draft):
        if name not in known:
            yield unknown(place, "association", name, known)
        elif protocols.get(name, wanted[0]) not in wanted:
            what = f'association "{name}" is of {protocols[name]}, and a {user.partition(chr(34))[0]}needs one of {" or ".join(wanted)}'
            yield Finding(place, what, f'name one with protocol = "{wanted[0]}"')
        elif name in owners and not (protocols.get(name) == "m2ua" and _is_link(user) and _is_link(owners[name])):
            yield Finding(place, f'association "{name}" carries {owners[name]} already', "give each its own association")
        owners.setdefault(name, user)
    for place, row in draft.of(Association):
        if row.name not in owners:
            cure = "name it in a [[signalling_link]] (m2pa, m2ua), an [[application_server]] (m3ua) or an [[m2ua_gateway]], or take it out"
            yield Finding(place, f'association "{row.name}" is used by nothing', cure)


def _uses(draft: Draft) -> Iterator[tuple[Place, str, tuple[str, ...], str]]:
    """Where an association is named: its name, the protocols that would do, and by whom."""
    for place, link in draft.of(SignallingLink):
        if link.association is not None:
            yield (*place, "association"), link.association, ("m2pa", "m2ua"), f'signalling link "{link.name}"'
    for place, server in draft.of(ApplicationServer):
        for number, name in enumerate(server.associations):
            yield (*place, "associations", number), name, ("m3ua",), f'application server "{server.name}"'
    for place, gateway in draft.of(LinkGateway):
        for number, name in enumerate(gateway.associations):
            yield (*place, "associations", number), name, ("m2ua",), f'gateway "{gateway.name}"'


def _is_link(user: str) -> bool:
    return user.startswith("signalling link")


def application_servers_have_points(draft: Draft) -> Findings:
    """A point is reached by links or by application servers, and each of its destinations by one of these."""
    points = draft.names("signalling_point")
    linked = {row.point for _, row in draft.of(SignallingLinkSet)}
    associations = {row.name: row for _, row in draft.of(Association)}
    owners: dict[tuple[str, str], str] = {}
    for place, row in draft.of(ApplicationServer):
        if row.point not in points:
            yield unknown((*place, "point"), "signalling point", row.point, points)
        elif row.point in linked:
            what = f'signalling point "{row.point}" has link sets and application server "{row.name}"'
            yield Finding((*place, "point"), what, "give the application server a point of its own")
        if row.role != "server" and len(row.destinations) > 1:
            what = f'application server "{row.name}" answers {len(row.destinations)} servers'
            yield Finding((*place, "destinations"), what, "write an [[application_server]] for each of them, with its own associations")
        if row.role != "server" and row.identifier is not None:
            yield Finding((*place, "identifier"), f"identifier has no meaning with the role {row.role}", "leave it out")
        used = [associations[name] for name in row.associations if name in associations]
        for key in ("variant", "far_end"):
            if len({getattr(one, key) for one in used}) > 1:
                what = f'the associations of application server "{row.name}" differ in {key}'
                yield Finding((*place, "associations"), what, f"give them the same {key}")
        for number, code in enumerate(row.destinations):
            owner = owners.setdefault((row.point, code), row.name)
            if owner != row.name or code in row.destinations[:number]:
                at = (*place, "destinations", number)
                yield Finding(at, f'{code} is reached by application server "{owner}" already', "name each destination of a point once")


def circuits_have_points(draft: Draft) -> Findings:
    """A group of No. 7 says between which points its circuits lie, and no circuit code is there twice between two points."""
    points = draft.names("signalling_point")
    number = codes_by_point(draft.of(SignallingPoint))
    owners: dict[tuple[str, str | int, int], str] = {}
    for place, group in draft.of(TrunkGroup):
        if group.signalling not in NO_7:
            for key, absent in OWN_KEYS.items():
                if getattr(group, key) != absent:
                    cure = 'leave it out, or set signalling = "isup" or "tup"'
                    yield Finding((*place, key), f"{key} has no meaning with {group.signalling}", cure)
            continue
        for key, absent in ISUP_KEYS.items():
            if group.signalling != "isup" and getattr(group, key) != absent:
                yield Finding((*place, key), f"{key} has no meaning with {group.signalling}", 'leave it out, or set signalling = "isup"')
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
            owner = owners.setdefault((group.point, number(group.point, group.far_point) or group.far_point, code), f"{group.name}: {name}")
            if owner != f"{group.name}: {name}":
                what = f"circuit code {code} of {name} is that of {owner} too"
                yield Finding((*place, "first_pcm"), what, "give each PCM system between two points its own number")
                break


SIGNALLING_CHECKS: tuple[Callable[[Draft], Findings], ...] = (
    references_exist,
    links_have_channels,
    associations_are_whole,
    associations_have_a_use,
    application_servers_have_points,
    circuits_have_points,
)
"""In the order of the file's sections."""
