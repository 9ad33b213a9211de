"""Mistakes in links by M2UA, at a gateway elsewhere or at one of ours: each is found, at its line, with a cure; and whole plans."""

from pathlib import Path

import pytest

from config.loader import check
from pbx.plant import faults_of
from pbx.signalling_plant import faults_of_signalling

EXAMPLE = (Path(__file__).parents[2] / "config/no7.toml").read_text(encoding="utf-8")

# The example with its links at a gateway of M2UA, and a gateway of its own; then mistakes in it as above.
BACKHAULED = (
    EXAMPLE.replace('channel = "toll-1/16"', 'association = "ip-a"\ninterface = 1').replace(
        'channel = "toll-2/16"', 'association = "ip-a"\ninterface = 2'
    )
    + """
[[association]]
name = "ip-a"
protocol = "m2ua"
far_end = "outside"
peer = "198.51.100.7"
identifier = 3

[[association]]
name = "as-a"
protocol = "m2ua"

[[association]]
name = "as-b"
protocol = "m2ua"

[[association]]
name = "ip-p"
protocol = "m2pa"

[[signalling_link]]
name = "toll-p"
link_set = "toll"
code = 3
association = "ip-p"

[[m2ua_gateway]]
name = "country"
associations = ["as-a", "as-b"]
code = "21-100-90"
adjacent = "21-100-91"

[[m2ua_gateway.link]]
name = "country-a"
channel = "toll-1/16"
interface = 10

[[m2ua_gateway.link]]
name = "country-b"
channel = "toll-2/16"
interface = 11
"""
)
GATEWAY = '[[m2ua_gateway]]\nname = "country"'

MISTAKES_OF_M2UA = {
    "too many bits": ('adjacent = "21-100-91"', 'adjacent = "21-300-91"', '"21-300-91"', "21-300-91 is no point code of 24 bits"),
    "no interface": ("\ninterface = 2", "", '[[signalling_link]]\nname = "toll-b"', 'signalling link "toll-b" has no interface identifier'),
    "an interface twice": ("interface = 2", "interface = 1 # too", "# too", 'and "toll-b" of "ip-a" have the same interface 1'),
    "an interface that is none": ("interface = 2", "interface = 4294967296", "4294967296", "a whole number from 0 to 4294967295"),
    "an interface of M2PA": (
        'association = "ip-p"',
        'association = "ip-p"\ninterface = 5',
        "interface = 5",
        "interface has no meaning for a link on an association of m2pa",
    ),
    "an interface of a time slot": (
        'association = "ip-a"\ninterface = 1\n',
        'channel = "toll-1/16"\ninterface = 5\n',
        "interface = 5",
        "interface has no meaning for a link in a time slot",
    ),
    "figures of M2PA": (
        'association = "ip-p"',
        'association = "ip-p"\nvariant = "mtp2-annex-a"',
        'variant = "mtp2-annex-a"',
        "variant has no meaning for a link on an association of M2PA",
    ),
    "used by nothing": ('["as-a", "as-b"]', '["as-a"]', '[[association]]\nname = "as-b"', 'association "as-b" is used by nothing'),
    "links and a gateway on one": ('["as-a", "as-b"]', '["as-a", "ip-a"]', "associations", '"ip-a" carries signalling link "toll-a"'),
    "a process twice": ('["as-a", "as-b"]', '["as-a", "as-a"]', "associations", 'association "as-a" carries gateway "country" already'),
    "a gateway of M2PA": ('["as-a", "as-b"]', '["as-a", "ip-p"]', "associations", 'association "ip-p" is of m2pa'),
    "a mode of M2PA": (
        'name = "ip-p"\nprotocol = "m2pa"',
        'name = "ip-p"\nprotocol = "m2pa"\nmode = "loadshare"',
        'mode = "loadshare"',
        "mode has no meaning for an association of m2pa",
    ),
    "an identifier at a gateway": (
        'name = "as-b"\nprotocol = "m2ua"',
        'name = "as-b"\nprotocol = "m2ua"\nidentifier = 5',
        "identifier = 5",
        "identifier has no meaning for an association of a gateway of ours",
    ),
    "shared links": (
        'code = "21-100-90"',
        'code = "21-100-90"\nmode = "loadshare"',
        'mode = "loadshare"',
        'gateway "country" would share its links between 2 processes',
    ),
    "far ends that differ": (
        'name = "as-b"\nprotocol = "m2ua"',
        'name = "as-b"\nprotocol = "m2ua"\nfar_end = "outside"\npeer = "192.0.2.9"',
        "associations = [",
        'the associations of gateway "country" differ in far_end',
    ),
    "whose links": ('code = "21-100-90"\n', "", GATEWAY, "does not say which point is whose links these are"),
    "where to": ('adjacent = "21-100-91"\n', "", GATEWAY, "does not say which point is at the far end of the channels"),
    "no link": (BACKHAULED[BACKHAULED.index("[[m2ua_gateway.link]]") :], "link = []\n", GATEWAY, 'gateway "country" has no link'),
    "links left out": (BACKHAULED[BACKHAULED.index("[[m2ua_gateway.link]]") :], "", GATEWAY, '"link" is missing'),
    "a link twice": ('name = "country-b"', 'name = "country-a"', 'name = "country-a"\nchannel = "toll-2', "is a link of a gateway too"),
    "the name of a link of ours": ('name = "country-b"', 'name = "toll-a"', 'name = "toll-a"\nchannel', "is a signalling link too"),
    "an interface of the gateway twice": ("interface = 11", "interface = 10 # too", "# too", '"country-b" of a gateway have'),
    "a channel twice": ('channel = "toll-2/16"', 'channel = "toll-1/16" # too', "# too", 'toll-1/16 is signalling link "country-a" too'),
    "no channel": ('channel = "toll-2/16"', 'channel = "city-1/16"', "city-1/16", "city-1/16 is no signalling channel"),
    "figures that are none": (
        'channel = "toll-2/16"\n',
        'channel = "toll-2/16"\nvariant = "mtp2-chine"\n',
        "mtp2-chine",
        'did you mean "mtp2-china"?',
    ),
    "a network that is none": ('code = "21-100-90"', 'code = "21-100-90"\nnetwork = "mtp-chine"', "mtp-chine", 'did you mean "mtp-china"?'),
}


@pytest.mark.parametrize("mistake", MISTAKES_OF_M2UA)
def test_a_mistake_of_m2ua_is_found_at_its_line(mistake):
    old, new, mark, words = MISTAKES_OF_M2UA[mistake]
    assert BACKHAULED.count(old) == 1, old
    text = BACKHAULED.replace(old, new)
    found = check(text, "office.toml")
    assert isinstance(found, list), "this configuration ought to be refused"
    named = {problem.line for problem in found if words in problem.what + "; " + problem.cure}
    assert named, found
    assert all(problem.cure for problem in found)
    assert named & {text[:at].count("\n") + 1 for at, _ in enumerate(text) if text.startswith(mark, at)}, (named, found)


def test_all_mistakes_of_m2ua_are_told_at_once():
    text = BACKHAULED.replace("\ninterface = 2", "").replace("interface = 11", "interface = 10").replace('code = "21-100-90"\n', "")
    found = check(text, "office.toml")
    assert isinstance(found, list)
    assert len({problem.line for problem in found}) == len(found) == 3


PLANS_OF_M2UA = {
    "itself": ('adjacent = "21-100-91"', 'adjacent = "21-100-90"', "21-100-90 would be adjacent to itself"),
    "our own point": ('code = "21-100-90"', 'code = "21-100-1"', '21-100-1 is "here" of ours'),
    "level 2 of two formats here": (
        'channel = "toll-2/16"\n',
        'channel = "toll-2/16"\nvariant = "mtp2-annex-a"\n',
        'gateway "country": its links have level 2 of different formats',
    ),
    "level 2 that the channel has not": (
        'channel = "toll-2/16"\n',
        'channel = "toll-2/16"\nvariant = "mtp2-annex-a"\n',
        "mtp2-annex-a does not suit a time slot",
    ),
    "level 2 of two formats there": (
        "interface = 2",
        'interface = 2\nvariant = "mtp2-annex-a"',
        'association "ip-a": its links have level 2 of different formats',
    ),
    "figures of another kind": ('code = "21-100-90"', 'code = "21-100-90"\nnetwork = "mtp2-china"', 'gateway "country": '),
}


@pytest.mark.parametrize("fault", PLANS_OF_M2UA)
def test_a_plan_of_m2ua_that_contradicts_itself_is_found(fault):
    old, new, words = PLANS_OF_M2UA[fault]
    assert BACKHAULED.count(old) == 1
    configuration = check(BACKHAULED.replace(old, new), "office.toml")
    assert not isinstance(configuration, list), configuration
    faults = faults_of_signalling(configuration)
    assert any(words in text for _, text in faults), faults
    assert all(place[0] in ("m2ua_gateway", "association") for place, _ in faults)


def test_two_points_of_the_simulated_network_have_sixteen_links_at_most():
    link = '\n[[m2ua_gateway.link]]\nname = "more-{0}"\nchannel = "city-1/{0}"\ninterface = {0}\n'
    more = "".join(link.format(slot) for slot in (*range(1, 10), *range(12, 18)))
    slots = 'name = "city-1"\nkind = "ccs"'
    assert BACKHAULED.count(slots) == 1
    text = BACKHAULED.replace(slots, f"{slots}\nsignalling_channels = {list(range(1, 18))}")
    text = text.replace('circuits = ["city-1/1-31"]', 'circuits = ["city-1/18-31"]')
    configuration = check(text + more, "office.toml")
    assert not isinstance(configuration, list), configuration
    wanted = 'gateway "country": 21-100-90 and 21-100-91 would have more than 16 links in the simulated network'
    assert [text for _, text in faults_of_signalling(configuration)] == [wanted]


def test_the_example_with_m2ua_is_right():
    configuration = check(BACKHAULED, "office.toml")
    assert not isinstance(configuration, list), configuration
    assert faults_of_signalling(configuration) == faults_of(configuration) == []
