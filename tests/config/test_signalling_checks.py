"""Mistakes in points, links, routes and circuits of No. 7: each is found, at its line, with a cure; and by its plan as a whole."""

from pathlib import Path

import pytest

from config.loader import check
from config.schema import codes_of
from pbx.plant import faults_of
from pbx.signalling_plant import faults_of_signalling

FILE = Path(__file__).parents[2] / "config/no7.toml"
EXAMPLE = FILE.read_text(encoding="utf-8")

# What to change in the example, the words that mark the line to be named (behind others), and the words to be said.
MISTAKES = {
    "a point twice": (
        "[[signalling_link_set]]",
        '[[signalling_point]]\nname = "here"\ncode = "21-100-2"\n\n[[signalling_link_set]]',
        'name = "here"\ncode = "21-100-2"',
        'signalling_point "here" is there twice',
    ),
    "no such point": (
        'point = "here"\nadjacent',
        'point = "hear"\nadjacent',
        'point = "hear"',
        'unknown signalling point "hear"; did you mean "here"?',
    ),
    "no such link set": ('link_set = "toll"\ncode = 0', 'link_set = "tol"\ncode = 0', 'link_set = "tol"', 'did you mean "toll"?'),
    "a link set without links": (
        "[[signalling_route]]",
        '[[signalling_link_set]]\nname = "other"\npoint = "here"\nadjacent = "21-100-60"\n\n[[signalling_route]]',
        '[[signalling_link_set]]\nname = "other"',
        'signalling link set "other" has no link',
    ),
    "no channel of signalling": ('channel = "toll-1/16"', 'channel = "toll-1/15"', "toll-1/15", "toll-1/15 is no signalling channel"),
    "a channel of two links": ('channel = "toll-2/16"', 'channel = "toll-1/16" # too', "# too", 'signalling link "toll-a" too'),
    "no such span": ('channel = "toll-2/16"', 'channel = "tool-2/16"', "tool-2/16", 'unknown span "tool-2"'),
    "a code of two links": ("code = 1\n", "code = 0\n", 'code = 0\nchannel = "toll-2', "to 21-100-51 have the same code 0"),
    "a code of two links in two sets to one point": (
        'link_set = "toll"\ncode = 1\n',
        'link_set = "more"\ncode = 0\n',
        'code = 0\nchannel = "toll-2',
        "whatever link set it is in",
    ),
    "a bit that the SLS does not have": (
        'name = "here"\n',
        'name = "here"\nload_share_bit = 4\n',
        "load_share_bit = 4",
        "a bit of the SLS from 0 to 3",
    ),
    "a code that is none": ("code = 1\n", "code = 16\n", "code = 16", "a signalling link code from 0 to 15"),
    "a point code that is none": ('code = "21-100-1"', 'code = "21.100.1"', "21.100.1", "a signalling point code as three numbers"),
    "circuits on the wrong span": ('"city-1/1-31"', '"sub-1/2-9"', "sub-1/2-9", "on which tup does not work"),
    "a signalling channel as circuit": (
        '"toll-1/1-15", "toll-1/17-31"',
        '"toll-1/1-31"',
        "toll-1/1-31",
        "toll-1/16 is a signalling channel; leave toll-1/16 out of the range, or out of signalling_channels: it is a circuit then",
    ),
    "a time slot with line signals as circuit": (
        'kind = "ccs"                   # its',
        'kind = "cas"                   # its',
        "city-1/1-31",
        "city-1/16 is the signalling time slot; leave city-1/16 out of the range",
    ),
    "another signalling channel as circuit": (
        "its signalling is in toll-1 and toll-2, so",
        "so\nsignalling_channels = [1] #",
        "signalling_channels = [1]",
        "city-1/1 is a line of trunk group city too",
    ),
    "no far point": (
        'far_point = "21-100-77"\n',
        "",
        '[[trunk_group]]\nname = "city"',
        "does not say between which signalling points it lies",
    ),
    "too many PCM systems": ("first_pcm = 0 ", "first_pcm = 127 ", "first_pcm = 127", "toll-2/1 would be in PCM system 128"),
    "a key of No. 7 with R2": (
        'signalling = "tup"\n',
        'signalling = "r2"\n',
        'point = "here"\nfar_point = "21-100-77"',
        "point has no meaning with r2",
    ),
    "a count that TUP has not": (
        'signalling = "tup"\n',
        'signalling = "tup"\npropagation_delay_ms = 7\n',
        "propagation_delay_ms = 7",
        'propagation_delay_ms has no meaning with tup; leave it out, or set signalling = "isup"',
    ),
    "a delay that is none": (
        'signalling = "isup"\n',
        'signalling = "isup"\npropagation_delay_ms = 10001\n',
        "propagation_delay_ms = 10001",
        "milliseconds from 0 to 10000",
    ),
    "channels of a span that is one": (
        'name = "toll-2"\nkind = "ccs"',
        'name = "toll-2"\nkind = "signalling"',
        'signalling_channels = [16]\n\n[[span]]\nname = "city-1"',
        "leave signalling_channels out",
    ),
    "another slot of a span that is one": (
        'name = "toll-2"\nkind = "ccs"\nsignalling_channels = [16]',
        'name = "toll-2"\nkind = "signalling"',
        'channel = "toll-2/16"',
        'write channel = "toll-2/1"',
    ),
    "circuits on a span that is one channel": (
        'name = "city-1"\nkind = "ccs"',
        'name = "city-1"\nkind = "signalling"',
        '"city-1/1-31"',
        "on which tup does not work",
    ),
    "channels of DAHDI as one": (
        'name = "city-1"\nkind = "ccs"',
        'name = "city-1"\nkind = "signalling" # all\ncard = "dahdi"\nfirst_channel = 1',
        "# all",
        "cannot be one signalling channel",
    ),
    "no route": (
        'destination = "21-100-77"',
        'destination = "21-100-78"',
        'far_point = "21-100-77"',
        'leads to 21-100-77, and no route; write a [[signalling_route]] with destination = "21-100-77"',
    ),
    "too many bits": (
        'adjacent = "21-100-51"',
        'adjacent = "21-300-51"',
        'adjacent = "21-300-51"',
        "21-300-51 is no point code of 24 bits, which mtp-china has; give three numbers up to 255-255-255",
    ),
    "codes of another network": (
        'variant = "mtp-china"',
        'variant = "mtp-itu"',
        'far_point = "21-100-77"',
        "21-100-77 is no point code of 14 bits, which mtp-itu has; give three numbers up to 7-255-7",
    ),
    "one plain number of too many bits": ('"21-100-77"', '"16777216"', 'destination = "16777216"', "no point code of 24 bits"),
    "a link set to itself": ('adjacent = "21-100-51"', 'adjacent = "21-100-1"', 'adjacent = "21-100-1"', 'signalling point "here" itself'),
    "circuits to itself": ('far_point = "21-100-51"', 'far_point = "21-100-1"', 'far_point = "21-100-1"', 'signalling point "here" itself'),
    "a route twice": (
        "[[signalling_route]]",
        '[[signalling_route]]\ndestination = "21-100-77"\nlink_set = "toll"\n\n[[signalling_route]]',
        '[[signalling_route]]\ndestination = "21-100-77"      # the',
        'a route to 21-100-77 by "toll" is there already; keep one of the two',
    ),
    "a point without a way": (
        "[[signalling_link_set]]",
        '[[signalling_point]]\nname = "lone"\ncode = "21-100-2"\n\n[[signalling_link_set]]',
        '[[signalling_point]]\nname = "lone"',
        'signalling point "lone" has neither link set nor application server; write a [[signalling_link_set]]',
    ),
    "a channel without a time slot": ('"toll-2/16"', '"toll-2"', 'channel = "toll-2"', "give a span and a time slot from 1 to 31"),
    "a variant that is none": ('variant = "mtp-china"', 'variant = "mtp-chine"', "mtp-chine", 'did you mean "mtp-china"?'),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_at_its_line(mistake):
    old, new, mark, words = MISTAKES[mistake]
    assert old in EXAMPLE, old
    text = EXAMPLE.replace(old, new, 1)
    if 'link_set = "more"' in text:
        text += '\n[[signalling_link_set]]\nname = "more"\npoint = "here"\nadjacent = "21-100-51"\n'
    found = check(text, "office.toml")
    assert isinstance(found, list), "this configuration ought to be refused"
    line = text[: text.index(mark)].count("\n") + 1
    assert any(words in problem.what + "; " + problem.cure for problem in found), found
    assert any(problem.line == line for problem in found), (line, found)


def test_two_groups_between_two_points_cannot_have_one_circuit_code():
    text = EXAMPLE + (
        '\n[[span]]\nname = "more"\nkind = "ccs"\n\n[[trunk_group]]\nname = "more"\ncircuits = ["more/1-15"]\nsignalling = "isup"\n'
        'point = "here"\nfar_point = "21-100-51"\nfirst_pcm = 1\n'
    )
    found = check(text, "office.toml")
    assert isinstance(found, list)
    assert "circuit code 33 of more/1 is that of toll: toll-2/1 too" in found[0].what


def test_time_slot_16_is_told_once_where_it_is_a_link():
    found = check(EXAMPLE.replace('"toll-1/1-15", "toll-1/17-31"', '"toll-1/1-31"', 1), "office.toml")
    assert [problem.what for problem in found] == ["toll-1/16 is a signalling channel"]


def test_time_slot_16_is_a_circuit_with_the_code_of_its_place():
    configuration = check(EXAMPLE, "office.toml")
    city = next(group for group in configuration.trunk_groups if group.name == "city")
    codes = codes_of(city)
    assert len(codes) == 31 and codes["city-1", 16] == 4 * 32 + 16
    for circuits in ('"city-1/1-15", "city-1/17-31"', '"city-1/16"', '"city-1/2-30"'):
        assert not isinstance(check(EXAMPLE.replace('"city-1/1-31"', circuits), "office.toml"), list), circuits


# What to change, and what the plan as a whole says.
PLANS = {
    "annex A in a time slot": (
        'channel = "toll-1/16"',
        'channel = "toll-1/16"\nvariant = "mtp2-annex-a"',
        "mtp2-annex-a does not suit a time slot",
    ),
    "64 kbit/s on a whole span": (
        'name = "toll-2"\nkind = "ccs"\nsignalling_channels = [16]',
        'name = "toll-2"\nkind = "ccs"\n\n[[span]]\nname = "toll-3"\nkind = "signalling"',
        "mtp2-china does not suit a whole span",
    ),
    "more active links than there are": (
        'adjacent = "21-100-51"',
        'adjacent = "21-100-51"\nactive = 3',
        "link set toll: 3 active links of 2",
    ),
    "labels of TUP": ('variant = "mtp-china"', 'variant = "mtp-itu"', "the labels of tup-china are not those of here, which have 14 bits"),
}


@pytest.mark.parametrize("fault", PLANS)
def test_a_plan_that_contradicts_itself_is_found(fault):
    old, new, words = PLANS[fault]
    assert old in EXAMPLE
    text = EXAMPLE.replace(old, new, 1)
    if "toll-3" in text:
        text = text.replace('"toll-2/16"', '"toll-3/1"', 1)
    if "mtp-itu" in text:
        text = text.replace("21-100-51", "2-100-5").replace("21-100-77", "2-100-7").replace("21-100-1", "2-100-1")
    configuration = check(text, "office.toml")
    assert not isinstance(configuration, list), configuration
    faults = faults_of_signalling(configuration)
    assert any(words in text for _, text in faults), faults
    assert all(place[0] in ("signalling_point", "trunk_group", "signalling_link") for place, _ in faults)


def test_mistakes_of_every_kind_are_told_at_once():
    """A point code with too many bits hides no other mistake, and calls for no second one: who cannot be reached by it is not told."""
    text = EXAMPLE
    for old, new in (
        ('adjacent = "21-100-51"', 'adjacent = "21-300-51"'),
        ("code = 1\n", "code = 0\n"),
        ("first_pcm = 4 ", "first_pcm = 400 "),
    ):
        text = text.replace(old, new, 1)
    found = check(text, "office.toml")
    assert len(found) == 3 and [problem.line for problem in found] == sorted({problem.line for problem in found}), found


def test_a_channel_that_is_none_is_told_once():
    found = check(EXAMPLE.replace('"toll-2/16"', '"toll-2"'), "office.toml")
    assert [problem.what for problem in found] == ['channel = "toll-2" is not valid']


def test_two_points_of_one_network_have_two_codes():
    """Two networks may number alike; in one, messages could not tell the points apart."""
    text = EXAMPLE.replace("21-100-", "1-100-") + (
        '\n[[signalling_point]]\nname = "town"\ncode = "1-100-1"\nvariant = "mtp-itu"\n'
        '\n[[signalling_link_set]]\nname = "town"\npoint = "town"\nadjacent = "1-100-2"\n'
        '\n[[signalling_link]]\nname = "town-a"\nlink_set = "town"\ncode = 0\nchannel = "town-1/16"\n'
        '\n[[span]]\nname = "town-1"\nkind = "ccs"\nsignalling_channels = [16]\n'
    )
    assert not isinstance(check(text, "office.toml"), list)
    found = check(text.replace('variant = "mtp-itu"', 'variant = "mtp-china"'), "office.toml")
    assert [problem.what for problem in found] == ['1-100-1 is signalling point "here" too, in the same network']


def parallel(adjacent, code):
    """The example with another link set to the toll exchange, written so, whose link has this code."""
    return check(
        EXAMPLE
        + f'\n[[signalling_link_set]]\nname = "more"\npoint = "here"\nadjacent = "{adjacent}"\n'
        + f'\n[[signalling_link]]\nname = "toll-c"\nlink_set = "more"\ncode = {code}\nchannel = "more-1/16"\n'
        + '\n[[span]]\nname = "more-1"\nkind = "ccs"\nsignalling_channels = [16]\n',
        "office.toml",
    )


def test_two_link_sets_may_lead_to_one_point():
    assert faults_of_signalling(parallel("21-100-51", 2)) == []


def test_codes_are_compared_however_the_point_is_written():
    number = str((21 << 8 | 100) << 8 | 51)
    assert faults_of_signalling(parallel(number, 2)) == []
    (problem,) = parallel(number, 0)
    assert problem.what == f'signalling links "toll-a" and "toll-c" to {number} have the same code 0'
    circuits = 'far_point = "21-100-77"\nfirst_pcm = 4 '
    assert circuits in EXAMPLE
    found = check(EXAMPLE.replace(circuits, f'far_point = "{number}"\nfirst_pcm = 1 '), "office.toml")
    assert [problem.what for problem in found] == [
        f'{number} is the point that trunk group "toll" calls 21-100-51',
        "circuit code 33 of city-1/1 is that of toll: toll-2/1 too",
    ]


def test_the_example_is_right():
    configuration = check(EXAMPLE, "office.toml")
    assert not isinstance(configuration, list), configuration
    assert faults_of_signalling(configuration) == faults_of(configuration) == []


def test_what_the_example_has_as_comments_is_right_without_the_signs():
    """What stands behind each [[...]] of a comment, up to the next empty line."""
    lines, on = [], False
    for line in EXAMPLE.splitlines():
        on = line.startswith("# ") and (on or line.startswith("# [["))
        lines.append(line.removeprefix("# ") if on else line)
    configuration = check("\n".join(lines), "office.toml")
    assert not isinstance(configuration, list), configuration
    assert faults_of_signalling(configuration) == faults_of(configuration) == []
    assert {row.protocol for row in configuration.associations} == {"m2pa", "m3ua"}


# The example with its links on two associations, and a second point that is reached by M3UA; then mistakes in it as above.
OVER_IP = (
    EXAMPLE.replace('channel = "toll-1/16"', 'association = "ip-a"').replace('channel = "toll-2/16"', 'association = "ip-b"')
    + """
[[association]]
name = "ip-a"
protocol = "m2pa"
far_end = "outside"
peer = "198.51.100.7"

[[association]]
name = "ip-b"
protocol = "m2pa"
far_end = "outside"
listen = true

[[association]]
name = "as-a"
protocol = "m3ua"

[[association]]
name = "as-b"
protocol = "m3ua"

[[signalling_point]]
name = "there"
code = "21-100-2"

[[application_server]]
name = "far"
point = "there"
destinations = ["21-100-90", "21-100-91"]
associations = ["as-a", "as-b"]

[[span]]
name = "ip-1"
kind = "ccs"

[[trunk_group]]
name = "far"
circuits = ["ip-1/1-15"]
signalling = "isup"
point = "there"
far_point = "21-100-91"
"""
)

MISTAKES_OVER_IP = {
    "neither": ('association = "ip-a"', "", '[[signalling_link]]\nname = "toll-a"', "has neither channel nor association"),
    "both": ('association = "ip-a"', 'association = "ip-a"\nchannel = "toll-1/16"', '[[signalling_link]]\nname = "toll-a"', "has both"),
    "a figure of level 2": (
        'association = "ip-a"',
        'association = "ip-a"\nvariant = "mtp2-itu"',
        'variant = "mtp2-itu"',
        "variant has no meaning for a link on an association",
    ),
    "no such association": ('association = "ip-a"', 'association = "ip-c"', '"ip-c"', 'unknown association "ip-c"'),
    "the wrong protocol": ('association = "ip-b"', 'association = "as-a"', '"as-a"', 'association "as-a" is of m3ua'),
    "two links on one": ('association = "ip-b"', 'association = "ip-a" # too', "# too", 'carries signalling link "toll-a" already'),
    "used by nothing": ('["as-a", "as-b"]', '["as-a"]', '[[association]]\nname = "as-b"', 'association "as-b" is used by nothing'),
    "connects to nobody": ('peer = "198.51.100.7"\n', "", '[[association]]\nname = "ip-a"', 'association "ip-a" connects, but to nobody'),
    "an address that is none": ('"198.51.100.7"', '"198.51.100.700"', "198.51.100.700", "an address of IPv4"),
    "a peer of simulation": (
        'name = "as-a"\nprotocol = "m3ua"',
        'name = "as-a"\nprotocol = "m3ua"\npeer = "192.0.2.9"',
        "192.0.2.9",
        "peer has no meaning where the far end is simulated",
    ),
    "one door for two": (
        'peer = "198.51.100.7"',
        "listen = true",
        '[[association]]\nname = "ip-b"',
        'associations "ip-a" and "ip-b" wait at one port for the same peer',
    ),
    "no such point": ('point = "there"\ndest', 'point = "ther"\ndest', '"ther"', 'unknown signalling point "ther"'),
    "a point with links": (
        'point = "there"\ndest',
        'point = "here"\ndest',
        'point = "here"\ndest',
        'signalling point "here" has link sets and application server "far"',
    ),
    "two servers in one": ('point = "there"\ndest', 'point = "there"\nrole = "ipsp"\ndest', "destinations", "answers 2 servers"),
    "an identifier of a gateway": (
        'destinations = ["21-100-90", "21-100-91"]',
        'destinations = ["21-100-91"]\nrole = "gateway"\nidentifier = 4',
        "identifier = 4",
        "identifier has no meaning with the role gateway",
    ),
    "a destination twice": ('"21-100-90", ', '"21-100-91", ', "destinations", '21-100-91 is reached by application server "far" already'),
    "far ends that differ": (
        'name = "as-b"\nprotocol = "m3ua"',
        'name = "as-b"\nprotocol = "m3ua"\nfar_end = "outside"\npeer = "192.0.2.9"',
        "associations = [",
        'the associations of application server "far" differ in far_end',
    ),
    "nobody there": (
        'far_point = "21-100-91"',
        'far_point = "21-100-92"',
        'far_point = "21-100-92"',
        'leads to 21-100-92; write "21-100-92" among the destinations',
    ),
    "too many bits": ('"21-100-90", ', '"21-300-90", ', "destinations", "21-300-90 is no point code of 24 bits"),
    "itself": ('"21-100-90", ', '"21-100-2", ', "destinations", '21-100-2 is signalling point "there" itself'),
    "a context that is none": (
        'associations = ["as-a", "as-b"]',
        'associations = ["as-a", "as-b"]\ncontext = 4294967296',
        "context = 4294967296",
        "a whole number from 0 to 4294967295",
    ),
    "figures that are none": (
        'name = "as-a"\nprotocol = "m3ua"',
        'name = "as-a"\nprotocol = "m3ua"\nvariant = "sigtram"',
        '"sigtram"',
        'did you mean "sigtran"?',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES_OVER_IP)
def test_a_mistake_over_ip_is_found_at_its_line(mistake):
    old, new, mark, words = MISTAKES_OVER_IP[mistake]
    assert OVER_IP.count(old) == 1, old
    text = OVER_IP.replace(old, new)
    found = check(text, "office.toml")
    assert isinstance(found, list), "this configuration ought to be refused"
    lines = [number for number, _ in enumerate(text) if text.startswith(mark, number)]
    assert any(words in problem.what + "; " + problem.cure for problem in found), found
    named = {problem.line for problem in found if words in problem.what + "; " + problem.cure}
    assert named & {text[:at].count("\n") + 1 for at in lines}, (named, found)


PLANS_OVER_IP = {
    "figures of another kind": (
        'name = "as-a"\nprotocol = "m3ua"',
        'name = "as-a"\nprotocol = "m3ua"\nvariant = "mtp2-china"',
        'association "as-a"',
    ),
}


@pytest.mark.parametrize("fault", PLANS_OVER_IP)
def test_a_plan_over_ip_that_contradicts_itself_is_found(fault):
    old, new, words = PLANS_OVER_IP[fault]
    assert OVER_IP.count(old) == 1
    text = OVER_IP.replace(old, new)
    if "variant" in new:
        text = text.replace('name = "as-b"\nprotocol = "m3ua"', 'name = "as-b"\nprotocol = "m3ua"\nvariant = "mtp2-china"')
    configuration = check(text, "office.toml")
    assert not isinstance(configuration, list), configuration
    faults = faults_of_signalling(configuration)
    assert any(words in text for _, text in faults), faults
    assert all(place[0] in ("signalling_point", "trunk_group", "association") for place, _ in faults)


def test_the_example_over_ip_is_right():
    configuration = check(OVER_IP, "office.toml")
    assert not isinstance(configuration, list), configuration
    assert faults_of_signalling(configuration) == faults_of(configuration) == []
