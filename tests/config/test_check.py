"""Checking a configuration: one case for each kind of mistake, all mistakes at once, and no mistake in the example."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.checks import CHECKS
from config.loader import Configuration, Problem, check, load
from config.schema import Number, circuits_of, json_schema, line_of

FOLDER = Path(__file__).resolve().parent.parent.parent / "config"
EXAMPLE = (FOLDER / "zongji.toml").read_text(encoding="utf-8")


def problems(text):
    found = check(text, "office.toml")
    assert isinstance(found, list), "this configuration ought to be refused"
    return [str(problem) for problem in found]


def changed(old, new, count=1):
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new, count)


def line_with(text, part, after=""):
    start = text.index(part, text.index(after) if after else 0)
    return text.count("\n", 0, start) + 1


def test_the_example_is_right():
    configuration = load(FOLDER / "zongji.toml")
    assert isinstance(configuration, Configuration), configuration
    home = FOLDER.parent
    assert configuration.exchange.store == str(home / "var/zongji/zongji.sqlite")
    assert configuration.recording.directory == str(home / "var/zongji/recordings")
    assert [span.socket for span in configuration.spans][:1] == [str(home / "var/zongji/e1-1.socket")]
    assert len(circuits_of(configuration.trunk_groups[0])) == 60
    assert line_of(configuration.extensions[9]) == ("sub-1", 10)


def test_the_schema_for_editors_is_that_of_the_structs():
    """Write it anew with: python -c "import config.schema as s; open('config/schema.json', 'wb').write(s.json_schema())"."""
    assert (FOLDER / "schema.json").read_bytes() == json_schema()


# What to change in the example, the words that mark the line to be named, and the words to be said.
MISTAKES = {
    "syntax": ('tones = "china"', "tones = china", "tones =", "not TOML at column"),
    "unknown key": ('hunt = "', 'hnut = "', "hnut", 'unknown key "hnut"; did you mean "hunt"?'),
    "unknown table": ("[alarm]", "[alarms]", "[alarms]", 'unknown key "alarms"; did you mean "alarm"?'),
    "a table for an array": ("[[queue]]", "[queue]", "[queue]", "write each as [[queue]]"),
    "a value for a table": ("[recording]", "[other]\n[[recording]]", "[[recording]]", "write [recording] above its keys"),
    "missing": ('title = "客户服务"\n', "", "[[queue]]", '"title" is missing; give a text of 1 to 64 characters'),
    "out of range": ("ring_seconds = 20", "ring_seconds = 1", "ring_seconds", "give a number of seconds from 3 to 300"),
    "wrong type": ("port = 2222", 'port = "2222"', "port", 'port = "2222" is not valid; give a port'),
    "not true or false": ('card = "wire"', "crc4 = 1", "crc4", "give true or false"),
    "choice": ('"both-way"', '"both"', "direction", 'did you mean "both-way"?'),
    "choice far off": ('"both-way"', '"x"', "direction", 'choose "incoming", "outgoing" or "both-way"'),
    "bad key": ('1 = "queue:service"', '11 = "queue:service"', "11 =", "give one key of 0-9, * and #"),
    "element": ('"e1-1/17-31"', '"e1-1/17-32"', "circuits", "give a span and a time slot or a range"),
    "span twice": ('name = "e1-2"', 'name = "e1-1"', 'name = "e1-1"\nkind = "cas"\n\n[[span]]\nname = "sub', "twice"),
    "socket twice": (
        'kind = "subscriber"',
        'kind = "subscriber"\nsocket = "e1-2.socket"',
        "socket =",
        'spans "e1-2" and "sub-1" share the socket',
    ),
    "signalling slot": ('"e1-1/1-15"', '"e1-1/1-16"', "circuits", "e1-1/16 is the signalling time slot"),
    "circuit twice": ('"e1-1/1-15"', '"e1-1/1-17"', "circuits", 'circuit e1-1/17 is in "city" twice'),
    "unknown span": ('"e1-2/1-15"', '"e1-3/1-15"', "circuits", 'unknown span "e1-3"; did you mean'),
    "circuits of a channel bank": ('"e1-2/1-15"', '"sub-1/1-15"', "circuits", 'name a span of kind "cas"'),
    "line on a trunk": ('"sub-1/2"', '"e1-2/2"', '"e1-2/2"', 'name a span of kind "subscriber"'),
    "line twice": ('"sub-1/2"', '"sub-1/1"', 'line = "sub-1/1"\nname = "座席一"', "is extension 8001 too"),
    "extension twice": ('"8002"', '"8001"', 'number = "8001"\nline = "sub-1/2"', 'extension "8001" is there twice'),
    "unknown queue": ('1 = "queue:service"', '1 = "queue:servce"', "1 =", 'did you mean "service"?'),
    "unknown flow": ('"flow:main_menu"', '"flow:night"', '"flow:night"', 'unknown flow "night"; there is "main_menu"'),
    "unknown extension": ('0 = "extension:8001"', '0 = "extension:99"', "0 =", 'unknown extension "99"'),
    "unknown trunk group": ('"trunk:city"', '"trunk:citty"', "trunk:citty", 'unknown trunk group "citty"'),
    "unknown feature": ('"feature:ready"', '"feature:steady"', "feature:steady", 'did you mean "ready"?'),
    "unknown announcement": ("announcement:opening", "announcement:closing", "announcement:closing", "unknown prompt"),
    "unknown prompt": ('"waiting_music"', '"waiting"', 'music = "waiting"', 'did you mean "waiting_music"?'),
    "outgoing by an incoming group": ('"both-way"', '"incoming"', "trunk:city", "takes incoming calls only"),
    "no agent": ('skill = "service"', 'skill = "sales"', 'skill = "sales"', 'no agent has the skill "sales"'),
    "overflow into itself": ('overflow = "extension:8001"', 'overflow = "queue:service"', "overflow", "into itself"),
    "prompt of two sources": (
        'text_zh = "您好',
        'file = "a.wav"\ntext_zh = "您好',
        "[[prompt]]",
        "give text_zh or text_en, file, or melody",
    ),
    "unknown variant": ('variant = "china"', 'variant = "chine"', "variant", 'did you mean "china"?'),
    "unknown tones": ('tones = "china"', 'tones = "mars"', "tones", 'unknown tone plan "mars"'),
    "echo tail": ('hunt = "', 'echo_tail_ms = 48\nhunt = "', "echo_tail_ms = 48", "give 0 for no echo canceller, or 32, 64 or 128"),
    "echo tail in words": ('line = "sub-1/2"', 'line = "sub-1/2"\necho_tail_ms = "64"', 'echo_tail_ms = "64"', "give 0 for no echo"),
    "fax not listened for": ("tries = 3", 'tries = 3\non_fax = "extension:8001"', "on_fax =", "set fax_detection = true beside it"),
    "fax to itself": (
        "tries = 3",
        'tries = 3\nfax_detection = true\non_fax = "flow:main_menu"',
        "on_fax =",
        'flow "main_menu" sends faxes to itself',
    ),
    "fax to nowhere": (
        "tries = 3",
        'tries = 3\nfax_detection = true\non_fax = "extension:99"',
        "on_fax =",
        'unknown extension "99"',
    ),
    "another system's setting": (
        'signalling = "r2"',
        'signalling = "r2"\nground_start = true',
        "ground_start",
        'ground_start has no meaning with r2; leave it out, or set signalling = "fxo"',
    ),
    "a check that r2 has not": (
        'signalling = "r2"',
        'signalling = "r2"\ncontinuity_check = "each"',
        "continuity_check",
        'continuity_check has no meaning with r2; leave it out, or set signalling = "isup" or "tup"',
    ),
    "a passage that r2 has not": (
        'signalling = "r2"',
        'signalling = "r2"\ntransit = "none"',
        "transit",
        'transit has no meaning with r2; leave it out, or set signalling = "isup" or "tup"',
    ),
    "a share that is none": (
        'signalling = "r2"',
        'signalling = "r2"\ncontinuity_check = "1 in 0"',
        "continuity_check",
        '"never", "each", or a share such as "1 in 10"',
    ),
    "another system's span": ('signalling = "r2"', 'signalling = "fxo"', "circuits =", 'name a span of kind "office"'),
    "analog lines without a number": ('signalling = "r2"', 'signalling = "fxo"', "[[trunk_group]]", "give the number that rings its lines"),
    "overlap to a flow": ('prefix = "10086"', 'prefix = "10086"\noverlap = true', "overlap", "name a trunk group, or leave overlap out"),
    "hot line to nobody": ('line = "sub-1/2"', 'line = "sub-1/2"\nhot_line_seconds = 3', "hot_line_seconds", "give hot_line"),
    "unknown presentation": (
        'line = "sub-1/2"',
        'line = "sub-1/2"\ncaller_identity = "chinese"',
        'caller_identity = "chinese"',
        'unknown presentation "chinese"',
    ),
    "same prefix": ('prefix = "*12"', 'prefix = "*11"', 'prefix = "*11"\ndestination = "feature:log-out"', "twice"),
    "number of an extension": ('prefix = "10086"', 'prefix = "8003"', 'prefix = "8003"', "prefix 8003 is there twice"),
    "length below prefix": ('prefix = "10086"', 'prefix = "10086"\nlength = 4', "length = 4", "give at least 5"),
    "lengths crossed": ("[4, 12]", "[12, 4]", "length", "write [least, most]"),
    "too much to strip": ("strip = 1", "strip = 5", "strip", "give at most 4"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_line_and_cure(name):
    old, new, mark, words = MISTAKES[name]
    text = changed(old, new)
    wanted = [line for line in problems(text) if words in line]
    assert wanted, problems(text)
    lines = {text.count("\n", 0, at) + 1 for at in occurrences(text, mark)}
    assert int(wanted[0].split(":")[1]) in lines
    assert wanted[0].startswith("office.toml:")
    assert "; " in wanted[0]


def occurrences(text, part):
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def test_every_mistake_is_told_at_once():
    """All the one-word changes that do not undo each other, in one file."""
    names = ["unknown key", "out of range", "wrong type", "line twice", "unknown queue", "no agent", "lengths crossed"]
    text = EXAMPLE
    for name in names:
        text = text.replace(*MISTAKES[name][:2], 1)
    told = "\n".join(problems(text))
    assert [name for name in names if MISTAKES[name][3] not in told] == []
    assert told.count("\n") + 1 == len(names)


def test_a_section_with_a_mistake_is_not_also_unknown():
    told = problems(changed("ring_seconds = 20", 'ring_seconds = "long"').replace('title = "客户服务"', "", 1))
    assert len(told) == 2, told


def test_a_password_is_not_repeated_and_its_agent_still_has_his_skill():
    text = EXAMPLE.replace('password = "1001"', 'password = "secret"').replace('skill = "service"', 'skill = "night"')
    text = text.replace('skills = ["service"]', 'skills = ["night"]', 1)
    told = problems(text)
    line = line_with(text, '"secret"')
    assert told == [f"office.toml:{line}: password = ... is not valid; give 4 to 12 digits, in quotes"]


def test_a_prompt_without_sound():
    told = problems(EXAMPLE + '\n[[prompt]]\nname = "empty"\n')
    assert told == [
        f'office.toml:{line_with(EXAMPLE, "silent_peer") + 2}: prompt "empty" needs one source of sound; '
        "give text_zh or text_en, file, or melody"
    ]


def test_an_empty_file_lacks_an_exchange():
    assert problems("") == ['office.toml:1: "exchange" is missing; give a table']


def test_files_that_cannot_be_read(tmp_path):
    (found,) = load(tmp_path / "none.toml")
    assert str(found).startswith(f"{tmp_path}/none.toml:1: cannot be read")
    (tmp_path / "latin.toml").write_bytes(b"# one\n# caf\xe9\n")
    (found,) = load(tmp_path / "latin.toml")
    assert found == Problem(f"{tmp_path}/latin.toml", 2, "not UTF-8 text", "save the file as UTF-8")


def test_callers_may_dial():
    assert Number("9", "trunk:city").open_to == ("extensions",)
    assert Number("9", "trunk:city", callers="all").open_to == ("extensions", "trunks")
    assert Number("1", "queue:service").open_to == ("extensions", "trunks")
    assert Number("1", "queue:service", callers="trunks").open_to == ("trunks",)


def test_each_cross_check_is_listed():
    from config import backhaul_checks, checks, point_code_checks, signalling_checks

    named = [
        value
        for module in (checks, signalling_checks, backhaul_checks, point_code_checks)
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__annotations__", {}).get("draft")
    ]
    assert named == list(CHECKS)


LEAVES = st.none() | st.booleans() | st.integers(-2, 99999) | st.floats(0, 9) | st.text(max_size=5) | st.just("cas")
JUNK = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2))


@given(st.data())
def test_any_wrong_shape_is_a_finding_and_never_an_exception(data):
    """Replace one random place of the example by junk: the checks agree with msgspec on whether the shape is right."""
    import tomllib

    from config.reader import Draft

    document = tomllib.loads(EXAMPLE)
    around, key = document, data.draw(st.sampled_from(sorted(document)))
    while isinstance(around[key], dict | list) and around[key] and data.draw(st.booleans()):
        around = around[key]
        key = data.draw(st.sampled_from(sorted(around) if isinstance(around, dict) else range(len(around))))
    around[key] = data.draw(JUNK)
    draft = Draft(document)
    read = draft.read(Configuration)
    for cross_check in CHECKS:
        list(cross_check(draft))
    try:
        converted = msgspec.convert(document, Configuration)
    except msgspec.ValidationError:
        assert draft.findings
    else:
        assert draft.findings == []
        assert read == converted
