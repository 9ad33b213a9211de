"""Mistakes in points, links, routes and circuits of No. 7: each is found, at its line, with a cure; and by its plan as a whole."""

from pathlib import Path

import pytest

from config.loader import check
from pbx.plant import faults_of
from pbx.signalling_plant import faults_of_signalling
from tests.offices import FAR_POINT, ccs_span, office, signalling_link_set, signalling_point

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
    "a code of two links": ("code = 1\n", "code = 0\n", 'code = 0\nchannel = "toll-2', "have the same code 0"),
    "a code that is none": ("code = 1\n", "code = 16\n", "code = 16", "a signalling link code from 0 to 15"),
    "a point code that is none": ('code = "21-100-1"', 'code = "21.100.1"', "21.100.1", "a signalling point code as three numbers"),
    "circuits on the wrong span": ('"city-1/1-15", "city-1/17-31"', '"sub-1/2-9"', "sub-1/2-9", "on which tup does not work"),
    "the signalling slot": ('"city-1/1-15", "city-1/17-31"', '"city-1/1-31"', "city-1/1-31", "city-1/16 is the signalling time slot"),
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
    "a variant that is none": ('variant = "mtp-china"', 'variant = "mtp-chine"', "mtp-chine", 'did you mean "mtp-china"?'),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_at_its_line(mistake):
    old, new, mark, words = MISTAKES[mistake]
    assert old in EXAMPLE, old
    text = EXAMPLE.replace(old, new, 1)
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


# What to change, and what the plan as a whole says.
PLANS = {
    "no route": ('destination = "21-100-77"', 'destination = "21-100-78"', "no link set of here leads to 21-100-77, and no route"),
    "too many bits": ('adjacent = "21-100-51"', 'adjacent = "21-300-51"', "300 in point code 21-300-51 is more than 255"),
    "itself": ('adjacent = "21-100-51"', 'adjacent = "21-100-1"', "leads to the point itself"),
    "labels of TUP": ('variant = "mtp-china"', 'variant = "mtp-itu"', "point code"),
}


@pytest.mark.parametrize("fault", PLANS)
def test_a_plan_that_contradicts_itself_is_found(fault):
    old, new, words = PLANS[fault]
    assert old in EXAMPLE
    configuration = check(EXAMPLE.replace(old, new, 1), "office.toml")
    assert not isinstance(configuration, list), configuration
    faults = faults_of_signalling(configuration)
    assert any(words in text for _, text in faults), faults
    assert all(place[0] in ("signalling_point", "trunk_group", "signalling_link") for place, _ in faults)


def test_two_points_of_one_network_have_two_codes():
    """Two networks may number alike; in one, messages could not tell the points apart."""
    link_sets = signalling_link_set("a", FAR_POINT, "ss7-1/16"), signalling_link_set("b", FAR_POINT, "ss7-2/16", point="town")
    for variant, wanted in (("mtp-china", ['signalling point "town": 2-100-1 is "city" too, in the same network']), ("mtp-itu", [])):
        points = signalling_point("2-100-1"), signalling_point("2-100-1", variant=variant).replace('"city"', '"town"')
        there = link_sets if variant == "mtp-china" else (link_sets[0], link_sets[1].replace(FAR_POINT, "2-100-2"))
        configuration = office(ccs_span("ss7-1", 16), ccs_span("ss7-2", 16), *points, *there)
        assert [text for _, text in faults_of_signalling(configuration)] == wanted


def test_the_example_is_right():
    configuration = check(EXAMPLE, "office.toml")
    assert not isinstance(configuration, list), configuration
    assert faults_of_signalling(configuration) == faults_of(configuration) == []
