"""Time slot 16 as the 31st circuit of a span, by ISUP and TUP: calls in sound and in tokens, all 31 at once, restarts, checks, groups."""

from itertools import accumulate

import numpy as np
import pytest
from msgspec.structs import replace

from drivers.dahdi import AVAILABLE
from pbx.console_view import DONE, ConsoleView
from pbx.exchange import layout_of
from pbx.journal import Journal, MemoryRing
from pbx.places import Places
from pbx.plane_process import Description, build
from pbx.plant import first_ports, lines_that_outlive_planes
from pbx.signalling.ss7.mtp2.orders import MessageHeard, SendMessage
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.sound_file import decode_alaw, encode_alaw
from pbx.supervisor import Supervisor
from pbx.vocabulary import facts
from tests.exchange.test_no7 import USER_PARTS, call, cut, end, mend, states, talk, unexpected
from tests.lab import Lab, configuration_of, sound_for
from tests.offices import (
    FAR_POINT,
    association,
    association_link_set,
    ccs_span,
    group,
    number,
    office,
    signalling_link_set,
    signalling_point,
    trunk_span,
)

RELATION = {"point": "city", "far_point": FAR_POINT}
SIXTEEN = "ss7-1/16"
PLAN = number("6", "trunk:toll", length=9, strip=1, callers="all")
BOTH_WAYS = pytest.mark.parametrize("link_slot", [1, 16])


def one_circuit(user_part="isup", link_slot=16, **settings):
    """Time slot 16 alone is a circuit; links elsewhere, and other spans before and behind."""
    return office(
        trunk_span("before")
        + ccs_span("links", *sorted({1, link_slot}))
        + ccs_span("ss7-1")
        + trunk_span("behind")
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, *(f"links/{slot}" for slot in sorted({1, link_slot})))
        + group("toll", SIXTEEN, user_part, {**RELATION, "first_pcm": 3, **settings})
        + PLAN
    )


def beside_its_link(user_part):
    """The span's own link is in time slot 1; all others are circuits."""
    return office(
        ccs_span("ss7-1", 1)
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "ss7-1/1")
        + group("toll", ["ss7-1/2-31"], user_part, {**RELATION, "hunt": "descending"})
        + PLAN
    )


class Labels:
    """The labels of the user parts' messages that pass between control and the plane: what selects a link (SLS), and the circuit's code."""

    def __init__(self, lab):
        self.seen = set()
        lab.exchange.signalling.observer = self.crossing

    def crossing(self, now, link, value):
        if isinstance(value, SendMessage | MessageHeard):
            unit = CHINA.read_unit(value.octets)
            if unit.service in (4, 5):
                tup = unit.service == 4
                cic = unit.label.sls | unit.label.above << 4 | (unit.data[0] & 15) << 8 if tup else unit.data[0] | (unit.data[1] & 15) << 8
                self.seen.add((unit.label.sls, cic))


@USER_PARTS
@BOTH_WAYS
def test_a_call_over_time_slot_16_is_heard_both_ways(seed, user_part, link_slot):
    with Lab(seed=seed, configuration=one_circuit(user_part, link_slot)) as lab:
        line = lab.exchange.lines[SIXTEEN]
        assert line.engine.cic == 3 * 32 + 16 == lab.network.lines[SIXTEEN].engine.cic
        assert line.port == lab.network.lines[SIXTEEN].port == first_ports(lab.configuration)["ss7-1"] + 15
        labels = Labels(lab)
        telephone, city = call(lab)
        assert (line.leg is not None, city.line.name) == (True, SIXTEEN)
        talk(telephone, city)
        end(telephone, city)
        lab.after(2.0)
        caller = lab.caller("01062345678", group="toll").dials("10086").is_answered()
        assert caller.line.name == SIXTEEN
        caller.hears("welcome").hears("main_menu").hangs_up().is_released()
        lab.after(2.0)
        assert labels.seen == {(0, 3 * 32 + 16)}, "the low bits of its code select link 0"
        assert unexpected(lab) == []
    assert [record.cause for record in lab.records()] == [16, 16]


def test_neither_end_misses_a_multiframe_where_there_is_none(seed):
    with Lab(seed=seed, configuration=one_circuit()) as lab:
        names = [span.name for span in lab.configuration.spans]
        for wires in (lab.simulation.near_wires, lab.simulation.far_wires):
            assert {wire.alarms(0) for wire in wires} == {0}
            assert [wires[names.index(name)].ports for name in ("before", "links", "ss7-1", "behind")] == [30, 30, 31, 30]


def test_ports_behind_a_span_of_31_are_those_of_their_lines(seed):
    """R2 in the span behind: bits and sound come where they belong."""
    with Lab(seed=seed, configuration=one_circuit()) as lab:
        first = first_ports(lab.configuration)
        assert first["behind"] == first["ss7-1"] + 31 and lab.exchange.lines["behind/15"].port == first["behind"] + 14
        caller = lab.caller("62345678", group="behind").dials("10086").is_answered()
        assert caller.line.name.startswith("behind/")
        caller.hears("welcome").hears("main_menu").hangs_up().is_released()


@USER_PARTS
def test_time_slot_16_beside_a_link_in_time_slot_1_of_the_same_span(seed, user_part):
    with Lab(seed=seed, configuration=beside_its_link(user_part)) as lab:
        pairs = [call(lab, f"80{place:02}", f"6234567{place:02}") for place in range(1, 5)]
        used = {city.line.name for _, city in pairs}
        assert used == {f"ss7-1/{slot}" for slot in (31, 30, 29, 28)}
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        assert {view.block(f"ss7-1/{slot}") for slot in range(17, 28)} == {DONE}
        lab.after(1.0)
        telephone, city = call(lab, "8005", "663456789")
        assert city.line.name == SIXTEEN
        talk(telephone, city)
        for pair in [*pairs, (telephone, city)]:
            end(*pair)
        assert view.unblock_circuits("toll") == DONE
        lab.after(2.0)
        assert unexpected(lab) == []


@USER_PARTS
def test_a_call_over_time_slot_16_goes_on_when_control_dies(seed, user_part):
    with Lab(seed=seed, configuration=one_circuit(user_part)) as lab:
        telephone, city = call(lab)
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(3.0)
        assert set(states(lab).values()) == {"InService"}
        line = lab.exchange.lines[SIXTEEN]
        assert line.leg is not None and city.line.name == SIXTEEN
        talk(telephone, city)
        end(telephone, city)
        end(*call(lab, "8004", "663456789"))
        assert unexpected(lab) == []


@USER_PARTS
def test_time_slot_16_goes_and_comes_with_its_span(seed, user_part):
    with Lab(seed=seed, configuration=one_circuit(user_part)) as lab:
        telephone, city = call(lab)
        cut(lab, "ss7-1")
        telephone.hears_tone("congestion").hangs_up()
        city.is_released()
        lab.after(2.0)
        assert not lab.exchange.lines[SIXTEEN].available and not lab.network.lines[SIXTEEN].available
        mend(lab, "ss7-1")
        lab.after(5.0)
        end(*call(lab))
        assert unexpected(lab) == []


@USER_PARTS
def test_the_continuity_of_time_slot_16_is_checked(seed, user_part):
    with Lab(seed=seed, configuration=one_circuit(user_part, continuity_check="each")) as lab:
        telephone, city = call(lab)
        talk(telephone, city)
        end(telephone, city)
        told = [text for _, text in lab.exchange.lines[SIXTEEN].history]
        assert "<- check-tone" in told and "-- continuity check good" in told
        assert unexpected(lab) == []


@USER_PARTS
def test_blocking_and_reset_of_a_whole_span_have_31_circuits(seed, user_part):
    configuration = office(
        ccs_span("ss7-1")
        + ccs_span("links", 16)
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "links/16")
        + group("toll", ["ss7-1/1-31"], user_part, RELATION)
        + PLAN
    )
    with Lab(seed=seed, configuration=configuration) as lab:
        view = ConsoleView(lab.exchange, Journal(MemoryRing()))
        assert len([row for row in view.circuit_rows() if row.circuit.startswith("ss7-1/")]) == 31
        for order, available in ((view.block_circuits, 0), (view.unblock_circuits, 31), (view.reset_circuits, 31)):
            assert order("toll") == DONE
            lab.after(3.0)
            assert sum(line.available for line in lab.network.circuits if line.group == "toll") == available
        assert unexpected(lab) == []


def test_time_slot_16_in_tokens(seed):
    configuration = office(
        ccs_span("ss7-1")
        + signalling_point()
        + association_link_set("toll", FAR_POINT, "ip-a")
        + association("ip-a", "m2pa")
        + group("toll", [SIXTEEN, "ss7-1/31"], "isup", {**RELATION, "hunt": "ascending"})
        + PLAN
    )
    with Lab(seed=seed, tokens=True, configuration=configuration) as lab:
        pairs = [call(lab), call(lab, "8004", "663456789")]
        assert [city.line.name for _, city in pairs] == [SIXTEEN, "ss7-1/31"]
        for telephone, city in pairs:
            talk(telephone, city)
        for telephone, city in pairs:
            end(telephone, city)
        assert unexpected(lab) == []


def test_the_processes_with_the_planes_count_ports_as_the_lines_do(tmp_path):
    """What a supervisor describes is what the lines are numbered by, also where a span of 31 has real lines at one end alone."""
    loaded = one_circuit()
    real = {"card": "dahdi", "first_channel": 900} if AVAILABLE else {}
    spans = [replace(span, **real) if span.name == "ss7-1" else span for span in loaded.spans]
    configuration = replace(loaded, spans=spans)
    places = Places(configuration, tmp_path)
    places.make()
    supervisor = Supervisor(configuration, tmp_path / "mine.toml", places)
    ends = []
    for describe, arena in ((supervisor._near, places.arena), (supervisor._far, places.network_arena)):
        plane, cards = build(Description([describe(span) for span in spans], layout=layout_of(configuration)), str(arena))
        ends.append((plane, cards))
        counts = [card.card.ports for card in cards]
        assert dict(zip(first_ports(configuration), accumulate([0, *counts]), strict=False)) == first_ports(configuration)
        assert plane.ports == sum(counts)
    if real:
        assert lines_that_outlive_planes(configuration, [915]) == {SIXTEEN}
    for plane, cards in ends:
        plane.close()
        for card in cards:
            card.close()


# All 31 at once.

FREQUENCIES_HZ = [hz for hz in range(500, 2200, 50) if hz not in (1100, 2100)][:31]
"""Of whole periods in 20 ms, neither dial tone nor a fax machine's."""
PEOPLE = range(31)


def both_spans(user_part):
    """Calls in tandem, in by one span of 31 circuits and out by another."""
    return office(
        ccs_span("one")
        + ccs_span("links", 16)
        + ccs_span("two")
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "links/16")
        + group("one", ["one/1-31"], user_part, {**RELATION, "direction": "incoming"})
        + group("two", ["two/1-31"], user_part, {**RELATION, "first_pcm": 1})
        + number("6", "trunk:two", length=9, strip=1, callers="all")
    )


def tone_of(place):
    return f"tone-{FREQUENCIES_HZ[place]}"


def sounds():
    seconds = np.arange(1600) / 8000
    tones = {f"tone-{hz}": encode_alaw((8000 * np.sin(2 * np.pi * hz * seconds)).astype(np.int16)) for hz in FREQUENCIES_HZ}
    return {row.name: sound_for(row.name, row.melody) for row in configuration_of().prompts} | tones


def frequencies_in(octets):
    """The frequencies that are heard in the last 100 ms, down to 30 dB below the loudest."""
    window = decode_alaw(bytes(octets)[-800:]).astype(float)
    spectrum = np.abs(np.fft.rfft(window * np.hanning(800)))
    peaks = [n for n in range(20, 300) if spectrum[n] > spectrum.max() / 30 and spectrum[n] == max(spectrum[n - 4 : n + 5])]
    return [10 * n for n in peaks]


@USER_PARTS
def test_31_calls_at_once_each_heard_where_it_belongs(seed, user_part):
    with Lab(seed=seed, configuration=both_spans(user_part), sounds=sounds()) as lab:
        callers = [lab.caller(f"0106234{place:04}", group="one") for place in PEOPLE]
        called = [lab.caller(f"6234{place:04}") for place in PEOPLE]
        for place, caller in enumerate(callers):
            caller.dials(f"66234{place:04}")
            lab.after(0.2)
        for party in called:
            party.is_rung().answers()
        lab.after(1.0)
        assert {caller.line.name for caller in callers} == {f"one/{slot}" for slot in range(1, 32)}
        assert {party.line.name for party in called} == {f"two/{slot}" for slot in range(1, 32)}
        said = dict(zip(callers, PEOPLE, strict=True)) | {party: (place + 11) % 31 for place, party in enumerate(called)}
        for party, place in said.items():
            party.party.speak(tone_of(place), loop=True)
        lab.after(1.0)
        heard = {party: frequencies_in(party.ear.octets) for party in said}
        for caller, party in zip(callers, called, strict=True):
            assert heard[caller] == [FREQUENCIES_HZ[said[party]]], caller.line.name
            assert heard[party] == [FREQUENCIES_HZ[said[caller]]], party.line.name
        for caller in callers:
            caller.hangs_up()
        lab.after(3.0)
        assert unexpected(lab) == []
        assert all(line.available for line in lab.network.circuits if line.group in ("one", "two"))
    assert [record.cause for record in lab.records()] == [16] * len(lab.records()) and len(lab.facts(facts.Established)) >= 31
