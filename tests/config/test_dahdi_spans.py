"""Spans on DAHDI in a configuration: what they need, what they must not share, and where their lines stand."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

import drivers.dahdi
from config.loader import Configuration, check, load
from pbx import commands
from pbx.exchange import layout_of
from pbx.plane_process import DahdiChannels
from pbx.plant import (
    ends_of,
    extensions_of,
    lines_that_outlive_planes,
    port_kinds_of,
    port_of,
    ports_of,
    signalling_ports_of,
    sound_ports_of,
)
from pbx.simulation import Simulation
from pbx.vocabulary.numbers import Examination

EXAMPLE = (Path(__file__).resolve().parent.parent.parent / "config" / "zongji.toml").read_text(encoding="utf-8")
MORE = """
[[span]]
name = "card-1"
kind = "cas"
card = "dahdi"
first_channel = 1

[[span]]
name = "board-1"
kind = "subscriber"
card = "dahdi"
first_channel = 63
channels = 24

[[trunk_group]]
name = "real"
circuits = ["card-1/1-15", "card-1/17-31"]
signalling = "e&m"

[[extension]]
number = "8716"
line = "board-1/16"
name = "sixteen"
"""


LAMP = """channels = 24
message_lamp = "neon"
card_dials = false
"""


@dataclass
class Told:
    what: str
    cure: str


def told(text):
    found = check(EXAMPLE + text, "office.toml")
    return [] if isinstance(found, Configuration) else [Told(problem.what, problem.cure) for problem in found]


def test_a_card_and_a_board_are_right():
    assert told(MORE) == []
    configuration = check(EXAMPLE + MORE, "office.toml")
    spans = {span.name: span for span in configuration.spans}
    first = list(spans).index("board-1") * 30
    assert [port_of(configuration, "board-1", slot) - first for slot in (1, 15, 16, 17, 24)] == [0, 14, 15, 16, 23]
    assert port_of(configuration, "card-1", 17) - port_of(configuration, "card-1", 15) == 1
    ends = ends_of(configuration, spans["card-1"])
    assert (ends.near, ends.idle_bits, ends.busy_bits) == ("circuits", 0b1101, 0b0101)
    assert ends_of(configuration, spans["board-1"]).near == "subscribers"
    assert not spans["card-1"].simulated and spans["e1-1"].simulated
    channels = DahdiChannels.of(spans["board-1"], 0b0101)
    assert (channels.first_channel, channels.channels, channels.raise_ms, channels.clear_ms) == (63, 24, 100, 1000)
    assert (channels.cut_through, channels.paces) == (False, True)


def test_cut_through_and_pacing_reach_the_card():
    text = MORE.replace("channels = 24", "channels = 24\ncut_through = true\npaces = false")
    spans = {span.name: span for span in check(EXAMPLE + text, "office.toml").spans}
    channels = DahdiChannels.of(spans["board-1"], 0b0101)
    assert (channels.cut_through, channels.paces) == (True, False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("first_channel = 1\n", "", 'span "card-1" does not say which channels it is'),
        ("first_channel = 63", "first_channel = 20", 'spans "card-1" and "board-1" share channel 20 of DAHDI'),
        ("channels = 24", 'channels = 24\nfar_end = "outside"', 'far_end has no meaning with card = "dahdi"'),
        ("channels = 24", 'channels = 24\nsocket = "x.socket"', 'socket has no meaning with card = "dahdi"'),
        ('card = "dahdi"\nfirst_channel = 63', "cut_through = true", 'cut_through has no meaning with card = "wire"'),
        ("channels = 24", "channels = 8", "board-1/16: the board has 8 channels"),
        ("channels = 24", "channels = 31", "board-1/16 is the signalling time slot"),
        ('card = "dahdi"\nfirst_channel = 63', "first_channel = 63", 'first_channel has no meaning with card = "wire"'),
        ('"card-1/17-31"', '"card-1/16-31"', "card-1/16 is the signalling time slot"),
    ],
)
def test_mistakes_are_named(old, new, said):
    assert old in MORE
    found = told(MORE.replace(old, new, 1))
    assert said in [one.what for one in found], found
    assert all(one.cure for one in found)


SIGNALLING = """
[[span]]
name = "isdn-1"
kind = "cas"
card = "dahdi"
first_channel = 200
signalling_channels = [17, 16]

[[span]]
name = "basic-1"
kind = "cas"
card = "dahdi"
first_channel = 240
channels = 3
signalling_channels = [3]

[[sound_device]]
name = "headset"
number = "8799"
playback = "null"
"""


GROUP = '[[trunk_group]]\nname = "x"\n'


def test_signalling_channels_stand_behind_all_that_sounds():
    configuration = check(EXAMPLE + MORE + SIGNALLING, "office.toml")
    sounding = len(configuration.spans) * 30 + 1
    assert sound_ports_of(configuration) == sounding
    ports = {("isdn-1", 16): sounding, ("isdn-1", 17): sounding + 1, ("basic-1", 3): sounding + 2}
    assert signalling_ports_of(configuration) == ports
    layout = layout_of(configuration)
    assert (layout.ports, layout.recorders, layout.frame_octets) == (sounding + 3, sounding, 4 * 65536)
    assert layout.signalling_links == 3
    assert layout.spans == len(configuration.spans)
    assert DahdiChannels.of(configuration.spans[-2], 0b0101).signalling_channels == (17, 16)
    without = check(EXAMPLE + MORE, "office.toml")
    assert layout_of(without).frame_octets == 65536 and signalling_ports_of(without) == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[17, 16]", "[17, 16, 17]", "isdn-1/17 is there twice"),
        ("[3]", "[4]", "basic-1/4: the board has 3 channels"),
        (
            'kind = "cas"\ncard = "dahdi"\nfirst_channel = 200\n',
            'kind = "office"\n',
            "isdn-1/16 carries the line signals of the span's lines",
        ),
        ("[[sound", GROUP + 'circuits = ["isdn-1/17"]\n[[sound', "isdn-1/17 is a line of trunk group x too"),
        ("[[sound", GROUP + 'circuits = ["isdn-1/1"]\n[[sound', "isdn-1/16 carries the line signals of the span's circuits"),
    ],
)
def test_mistakes_of_signalling_channels_are_named(old, new, said):
    assert old in SIGNALLING
    found = told(MORE + SIGNALLING.replace(old, new, 1))
    assert said in [one.what for one in found], found
    assert all(one.cure for one in found)


def test_a_simulated_span_may_have_signalling_channels():
    text = SIGNALLING.replace('card = "dahdi"\nfirst_channel = 200\n', "", 1)
    assert told(MORE + text) == []
    assert ("isdn-1", 16) in signalling_ports_of(check(EXAMPLE + MORE + text, "office.toml"))


def test_a_build_without_the_header_refuses_them_with_a_cure(tmp_path, monkeypatch, capsys):
    path = tmp_path / "office.toml"
    path.write_text(EXAMPLE + MORE, encoding="utf-8")
    monkeypatch.setattr(drivers.dahdi, "AVAILABLE", False)
    assert commands.check_command([str(path)]) == commands.WRONG_CONFIGURATION
    said = [line for line in capsys.readouterr().out.splitlines() if "this build knows no DAHDI" in line]
    assert len(said) == 2 and all("dahdi-source" in line for line in said)
    with pytest.raises(drivers.dahdi.DahdiError, match="dahdi-source"):
        drivers.dahdi.Dahdi(drivers.dahdi.DahdiSettings(first_channel=1))


def test_real_lines_have_no_virtual_time(tmp_path):
    path = tmp_path / "office.toml"
    path.write_text(EXAMPLE + MORE, encoding="utf-8")
    configuration = load(path)
    assert isinstance(configuration, Configuration)
    with pytest.raises(ValueError, match="real lines"):
        Simulation(msgspec.structs.replace(configuration, spans=configuration.spans[-2:]), None, {})


def test_lamps_of_waiting_messages_and_who_dials_are_the_boards():
    lit = check(EXAMPLE + MORE.replace("channels = 24\n", LAMP), "office.toml")
    assert isinstance(lit, Configuration)
    span = next(span for span in lit.spans if span.name == "board-1")
    channels = DahdiChannels.of(span, 0b0101)
    assert (channels.message_lamp, channels.dials) == ("neon", False)
    with_lamp = {line.number: line.engine.features.message_lamp for line in extensions_of(lit, NobodysNumbers(), lambda now: "")}
    assert [number for number, lamp in with_lamp.items() if lamp] == ["8716"]
    (problem,) = told(MORE.replace('kind = "subscriber"', 'kind = "office"').replace("channels = 24\n", LAMP).split("[[extension]]")[0])
    assert (problem.what, problem.cure) == ("a span of kind office has no telephones", "leave message_lamp out")
    assert "message_lamp has no meaning with" in told('\n[[span]]\nname = "x"\nkind = "subscriber"\nmessage_lamp = "neon"\n')[0].what


class NobodysNumbers:
    def examine(self, digits):
        return Examination("more")


def test_ports_are_found_by_the_names_of_lines_and_lines_by_their_channels():
    configuration = check(EXAMPLE + MORE, "office.toml")
    ports = ports_of(configuration)
    assert ports["board-1/16"] == port_of(configuration, "board-1", 16) and ports["card-1/17"] == port_of(configuration, "card-1", 17)
    assert port_kinds_of(configuration)[ports["board-1/16"]] == "fxs" and port_kinds_of(configuration)[ports["card-1/17"]] == "cas"
    assert lines_that_outlive_planes(configuration, [1, 17, 31, 32, 63, 86, 87]) == {
        *("card-1/1", "card-1/17", "card-1/31"),
        *("board-1/1", "board-1/24"),
    }


@pytest.mark.parametrize(("patience", "wrong"), [("0", False), ("5", False), ("600", False), ("0.5", True), ("4.9", True), ("601", True)])
def test_a_line_keeper_waits_long_enough_or_there_is_none(patience, wrong):
    found = told(f"[line_keeper]\npatience_seconds = {patience}\n")
    assert bool(found) == wrong
    assert all("600" in one.cure + one.what or "at least 5, or 0" in one.cure for one in found)
