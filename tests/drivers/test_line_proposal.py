"""The proposals: both texts are valid for every machine, and say of it what it is."""

import msgspec
import pytest

from config.loader import check
from config.schema import Configuration, circuits_of
from drivers.dahdi_survey import Channel, SpanState, Survey, survey
from drivers.line_proposal import groups_of, propose
from drivers.system_conf import SIGNALLING, parse_system_conf
from tests.drivers.machines import MACHINES, unpack

IDLE = 0b1011


def proposed(machine, folder):
    found = survey(unpack(machine, folder))
    return found, propose(found, IDLE)


def configuration_of(text):
    configuration = check(text, "mine.toml")
    assert isinstance(configuration, Configuration), [str(problem) for problem in configuration]
    return configuration


@pytest.mark.parametrize("machine", MACHINES)
def test_both_texts_are_valid(machine, tmp_path):
    _, proposal = proposed(machine, tmp_path)
    configuration_of(proposal.configuration)
    assert parse_system_conf(proposal.system_conf).faults == ()


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_set_up_stays_as_it_is(machine, tmp_path):
    found, proposal = proposed(machine, tmp_path)
    written = parse_system_conf(proposal.system_conf)
    for span in found.spans:
        for channel in span.channels:
            if channel.signalling:
                assert written.channels[channel.number].signalling == channel.signalling
        if span.line_configuration:
            assert written.spans[span.number].crc4 == span.crc4
            assert (written.spans[span.number].framing == "ccs") == ("CCS" in span.line_configuration)
    assert written.echo_cancellers == {}


def test_circuits(tmp_path):
    _, proposal = proposed("e1-cas", tmp_path)
    configuration = configuration_of(proposal.configuration)
    assert [(span.name, span.kind, span.card, span.first_channel, span.channels, span.crc4) for span in configuration.spans] == [
        ("e1-1", "cas", "dahdi", 1, 31, True),
        ("e1-2", "cas", "dahdi", 32, 31, False),
    ]
    assert [group.signalling for group in configuration.trunk_groups] == ["r2", "r2"]
    slots = [*range(1, 16), *range(17, 32)]
    assert [circuits_of(group) for group in configuration.trunk_groups] == [[(name, slot) for slot in slots] for name in ("e1-1", "e1-2")]
    written = parse_system_conf(proposal.system_conf)
    assert [span.timing for span in written.spans.values()] == [1, 2]
    assert {line.idle_bits for line in written.channels.values()} == {IDLE}
    assert 16 not in written.channels


def test_what_this_exchange_cannot_work_is_named_and_left_out(tmp_path):
    _, proposal = proposed("e1-pri-and-no7", tmp_path)
    assert [span.name for span in configuration_of(proposal.configuration).spans] == ["e1-2"]
    for words in ("no ISDN yet", "no line signals come over them, and no signalling link"):
        assert words in proposal.configuration
    written = parse_system_conf(proposal.system_conf)
    assert {written.channels[number].keyword for number in (16, 32, 33)} == {"dchan", "mtp2", "bchan"}


def test_an_e1_with_a_link_beside_clear_channels_becomes_circuits_of_no_7(tmp_path):
    _, proposal = proposed("e1-pri-and-no7", tmp_path)
    configuration = configuration_of(proposal.configuration)
    (span,) = configuration.spans
    assert (span.kind, span.first_channel, span.channels, span.crc4, span.signalling_channels) == ("ccs", 32, 31, False, [1])
    (point,), (link_set,), (link,) = configuration.signalling_points, configuration.signalling_link_sets, configuration.signalling_links
    assert (link_set.point, link.link_set, link.code, link.channel) == (point.name, link_set.name, 0, "e1-2/1")
    (group,) = configuration.trunk_groups
    assert (group.signalling, group.point, group.far_point) == ("isup", point.name, link_set.adjacent)
    assert [slot for _, slot in circuits_of(group)] == [*range(2, 32)], "time slot 16 too, for no line signals are there"


def spans_of_no_7(count, *links):
    """So many E1 of clear channels, with links in these channels."""
    def channel(span, slot):
        number = 31 * (span - 1) + slot
        return Channel(number, slot, f"X/{span}/{slot}", "MTP2" if number in links else "Clear")

    made = [SpanState(n, f"X/{n}", "", tuple(channel(n, slot) for slot in range(1, 32)), "E1") for n in range(1, count + 1)]
    return Survey(True, spans=tuple(made))


def test_clear_spans_beside_one_with_links_are_circuits_of_the_same_group():
    configuration = configuration_of(propose(spans_of_no_7(3, 16, 47), IDLE).configuration)
    assert [(span.kind, span.signalling_channels) for span in configuration.spans] == [("ccs", [16]), ("ccs", [16]), ("ccs", [])]
    (group,) = configuration.trunk_groups
    assert len(circuits_of(group)) == 91, "time slot 16 of the third is a circuit"
    assert [(link.code, link.channel) for link in configuration.signalling_links] == [(0, "e1-1/16"), (1, "e1-2/16")]


def test_a_time_slot_16_that_is_not_set_up_becomes_a_circuit_where_the_framing_is_ccs():
    def left_open(framing):
        first, other = spans_of_no_7(2, 16).spans
        without = (*other.channels[:15], msgspec.structs.replace(other.channels[15], signalling=""), *other.channels[16:])
        survey = Survey(True, spans=(first, msgspec.structs.replace(other, channels=without, line_configuration=framing)))
        return propose(survey, IDLE)

    proposal = left_open("CCS/HDB3")
    assert parse_system_conf(proposal.system_conf).channels[47].keyword == "bchan"
    (group,) = configuration_of(proposal.configuration).trunk_groups
    assert ("e1-2", 16) in circuits_of(group)
    assert 47 not in parse_system_conf(left_open("CAS/HDB3").system_conf).channels


def test_clear_spans_without_any_link_are_left_out():
    proposal = propose(spans_of_no_7(2), IDLE)
    assert configuration_of(proposal.configuration).spans == []
    assert "no signalling link is beside them" in proposal.configuration


def test_a_link_set_has_no_more_links_than_there_are_codes():
    proposal = propose(spans_of_no_7(1, *range(1, 19)), IDLE)
    configuration = configuration_of(proposal.configuration)
    assert [link.code for link in configuration.signalling_links] == list(range(16))
    assert "# e1-1/17, e1-1/18: a set has 16 links at most" in proposal.configuration


def test_analog(tmp_path):
    _, proposal = proposed("analog", tmp_path)
    configuration = configuration_of(proposal.configuration)
    assert [(span.kind, span.first_channel, span.channels) for span in configuration.spans] == [
        ("office", 1, 4),
        ("subscriber", 5, 3),
        ("subscriber", 9, 8),
    ]
    (group,) = configuration.trunk_groups
    assert (group.signalling, group.direction, circuits_of(group)) == ("fxo", "outgoing", [("co-1", slot) for slot in (1, 2, 3, 4)])
    assert [extension.line for extension in configuration.extensions][:4] == ["sub-1/1", "sub-1/2", "sub-1/3", "sub-2/1"]
    assert [extension.ground_start for extension in configuration.extensions][:3] == [False, True, False]
    written = parse_system_conf(proposal.system_conf)
    assert [written.channels[number].keyword for number in (1, 5, 6, 7, 9)] == ["fxsks", "fxoks", "fxogs", "fxoks", "fxoks"]
    assert 8 not in written.channels


def test_loop_back_spans_are_made_again(tmp_path):
    _, proposal = proposed("loop-back", tmp_path)
    made = parse_system_conf(proposal.system_conf).dynamic
    assert [(line.driver, line.address, line.channels) for line in made] == [("loc", "1:0", 31), ("loc", "1:1", 31)]


def test_foreign_spans_are_named(tmp_path):
    found, proposal = proposed("not-set-up", tmp_path)
    assert [span.first_channel for span in configuration_of(proposal.configuration).spans] == [1]
    written = parse_system_conf(proposal.system_conf)
    assert set(written.spans) == {1}
    assert set(written.channels) == {number for number in range(1, 32) if number != 16}
    assert "T1: this exchange does not work it" in proposal.system_conf
    assert "ISDN basic access" in proposal.system_conf
    assert found.spans[1].kind == "T1"


@pytest.mark.parametrize("keyword", [word for word in SIGNALLING if word not in ("user", "unused", "clear", "indclear", "fcshdlc")])
def test_every_signalling_is_told_by_its_keyword(keyword):
    """Or, where nothing of ours or of our neighbours uses it, as not set up."""
    span = SpanState(1, "X/0", "", (Channel(5, 1, "X/0/1", SIGNALLING[keyword]),), "E1")
    written = parse_system_conf(propose(Survey(True, spans=(span,)), IDLE).system_conf)
    if keyword in ("rawhdlc", "nethdlc", "dacs", "dacsrbs"):
        assert written.channels == {}
    else:
        assert written.channels[5].keyword == keyword


def test_a_board_of_many_lines_takes_several_spans():
    channels = tuple(Channel(number, number, f"X/0/{number}", "FXOKS") for number in range(1, 35))
    configuration = configuration_of(propose(Survey(True, spans=(SpanState(1, "X/0", "", channels, "FXS"),)), IDLE).configuration)
    assert [(span.name, span.first_channel, span.channels) for span in configuration.spans] == [("sub-1", 1, 30), ("sub-1-2", 31, 4)]
    assert [extension.line for extension in configuration.extensions][15] == "sub-1/16", "a board has no time slot of line signals"
    assert len(configuration.extensions) == 34


def test_a_mixed_span_is_taken_by_runs(tmp_path):
    _, proposal = proposed("loop-back", tmp_path)
    configuration = configuration_of(proposal.configuration)
    assert [(span.name, span.first_channel, span.channels) for span in configuration.spans] == [
        ("e1-1", 1, 31),
        ("sub-2", 32, 3),
        ("co-2", 35, 4),
        ("e1-2", 39, 8),
        ("e1-2-2", 48, 15),
    ]


def test_time_slot_16_is_no_circuit_whatever_the_kernel_has_there():
    channels = tuple(Channel(number, number, f"X/0/{number}", "CAS") for number in range(1, 32))
    configuration = configuration_of(propose(Survey(True, spans=(SpanState(1, "X/0", "", channels, "DYNAMIC"),)), IDLE).configuration)
    assert ("e1-1", 16) not in circuits_of(configuration.trunk_groups[0])
    assert len(circuits_of(configuration.trunk_groups[0])) == 30


@pytest.mark.parametrize("kind", ["T1", "J1", "BRI_NT", "BRI_TE", "BRI_SOFT"])
def test_foreign_spans_stay_out_even_when_they_are_set_up(kind):
    channels = tuple(Channel(number, number, f"X/0/{number}", "E&M") for number in range(1, 25))
    proposal = propose(Survey(True, spans=(SpanState(1, "X/0", "", channels, kind),)), IDLE)
    assert configuration_of(proposal.configuration).spans == []
    assert parse_system_conf(proposal.system_conf).channels == {}


def test_without_sysfs_an_e1_is_known_by_its_channels():
    channels = tuple(Channel(number, number, f"X/0/{number}") for number in range(1, 32))
    assert [group.use for group in groups_of(SpanState(1, "X/0", "", channels))] == ["circuit", "line-signals"]
    few = tuple(Channel(number, number, f"X/0/{number}") for number in range(1, 5))
    assert [group.use for group in groups_of(SpanState(1, "X/0", "", few))] == ["none"]
