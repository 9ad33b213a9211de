"""Configurations of offices with other lines than the example has, for tests of whole exchanges: pieces of text put behind the example."""

from functools import lru_cache

from config.loader import check
from tests.lab import EXAMPLE

CO_NUMBER = "87650000"
OFFICE_SPAN = '\n[[span]]\nname = "co-1"\nkind = "office"\n'
TIE_SPAN = '\n[[span]]\nname = "tie-1"\nkind = "cas"\n'


def exchange_lines(**settings):
    """Four analog lines to another exchange: group "post", dialled with 0, calls in go to the menu."""
    rows = {"number": CO_NUMBER, **settings}
    plan = number("0", "trunk:post", length=[2, 13], strip=1) + number(CO_NUMBER, "flow:main_menu")
    return OFFICE_SPAN + group("post", "co-1/1-4", "fxo", rows) + plan


def tie_lines(**settings):
    """Fifteen E and M tie lines: group "branch", dialled with 7."""
    return TIE_SPAN + group("branch", "tie-1/1-15", "e&m", settings) + number("7", "trunk:branch", length=[2, 12], strip=1)


POINT = "21-100-1"
FAR_POINT = "21-100-51"


def signalling_point(code=POINT, **settings):
    """A signalling point of ours with the name "city"."""
    return "\n[[signalling_point]]\n" + _rows({"name": "city", "code": code, **settings})


def signalling_link_set(name, adjacent, *channels, point="city", variant="mtp2-china", first=0, **settings):
    """A link set with a link on each of the channels; they are called after it: toll-0, toll-1. ``first``: the first one's code."""
    links = "".join(
        "\n[[signalling_link]]\n"
        + _rows({"name": f"{name}-{code}", "link_set": name, "code": code, "channel": channel, "variant": variant})
        for code, channel in enumerate(channels, first)
    )
    rows = _rows({"name": name, "point": point, "adjacent": adjacent, **settings})
    return f"\n[[signalling_link_set]]\n{rows}{links}"


def association_link_set(name, adjacent, *associations, point="city", **settings):
    """A link set with a link of M2PA on each of the associations; they are called after it: toll-0, toll-1."""
    links = "".join(
        "\n[[signalling_link]]\n" + _rows({"name": f"{name}-{code}", "link_set": name, "code": code, "association": association})
        for code, association in enumerate(associations)
    )
    return f"\n[[signalling_link_set]]\n{_rows({'name': name, 'point': point, 'adjacent': adjacent, **settings})}{links}"


def backhauled_link_set(name, adjacent, *places, point="city", **settings):
    """A link set with a link at each (association, interface) of M2UA; they are called after it: toll-0, toll-1."""
    links = "".join(
        "\n[[signalling_link]]\n"
        + _rows({"name": f"{name}-{code}", "link_set": name, "code": code, "association": association, "interface": interface})
        for code, (association, interface) in enumerate(places)
    )
    return f"\n[[signalling_link_set]]\n{_rows({'name': name, 'point': point, 'adjacent': adjacent, **settings})}{links}"


def link_gateway(name, associations, *channels, **settings):
    """A gateway of ours by M2UA with a link on each of the channels; they are called after it, with the interfaces 10, 11: ours-0."""
    links = "".join(
        "\n[[m2ua_gateway.link]]\n" + _rows({"name": f"{name}-{place}", "channel": channel, "interface": 10 + place})
        for place, channel in enumerate(channels)
    )
    return f"\n[[m2ua_gateway]]\n{_rows({'name': name, 'associations': associations, **settings})}{links}"


def association(name, protocol, **settings):
    """An association of SIGTRAN to the simulated network, unless the settings say otherwise."""
    return "\n[[association]]\n" + _rows({"name": name, "protocol": protocol, **settings})


def application_server(name, destinations, associations, point="city", **settings):
    """An application server of a point."""
    rows = {"name": name, "point": point, "associations": associations, "destinations": destinations, **settings}
    return "\n[[application_server]]\n" + _rows(rows)


def ccs_span(name, *slots):
    """A span of circuits whose signalling is elsewhere, or in these time slots of it."""
    return "\n[[span]]\n" + _rows({"name": name, "kind": "ccs", "signalling_channels": list(slots)})


def no_7(user_part="isup", **settings):
    """One span with 30 circuits of No. 7 and a signalling link in time slot 16: group "toll", dialled with 6."""
    rows = {"point": "city", "far_point": FAR_POINT, **settings}
    return (
        ccs_span("ss7-1", 16)
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "ss7-1/16")
        + group("toll", ["ss7-1/1-15", "ss7-1/17-31"], user_part, rows)
        + number("6", "trunk:toll", length=9, strip=1, callers="all")
    )


def trunk_span(name, variant="china", **settings):
    """One more span of R2 trunks as a group of its own."""
    return f'\n[[span]]\nname = "{name}"\nkind = "cas"\n' + group(name, f"{name}/1-15", "r2", {"variant": variant, **settings})


def group(name, circuits, signalling, settings):
    """A trunk group."""
    wanted = [circuits] if isinstance(circuits, str) else circuits
    return "\n[[trunk_group]]\n" + _rows({"name": name, "circuits": wanted, "signalling": signalling, **settings})


def number(prefix, destination, **settings):
    """A row of the numbering plan."""
    return "\n[[number]]\n" + _rows({"prefix": prefix, "destination": destination, **settings})


def extension(digits, **settings):
    """A change of the example: an extension of it with settings of its own."""
    old = f'number = "{digits}"\nline = "sub-1/{int(digits) - 8000}"\n'
    return old, old + _rows(settings)


def _rows(settings):
    return "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())


def _toml(value):
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


@lru_cache
def office(*parts, changes=()):
    """The checked configuration of the example with these texts behind it."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is found {text.count(old)} times in {EXAMPLE.name}"
        text = text.replace(old, new)
    found = check(text + "".join(parts), str(EXAMPLE))
    assert not isinstance(found, list), "\n".join(map(str, found))
    return found
