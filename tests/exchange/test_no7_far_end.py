"""The far end of No. 7 as made of a configuration: links left to who connects outside, points that back each other, peers that flood."""

import pytest
from msgspec.structs import replace

from drivers.wire import SpanSettings, Wire
from pbx import far_network
from pbx.clock import VirtualClock
from pbx.exchange import layout_of
from pbx.line import LEFT_OUT, MOST_NOTES
from pbx.media import Plane
from pbx.plant import ends_of
from tests.exchange.test_no7 import PLAN, call, cut, end, mend, talk, two_links
from tests.lab import Lab
from tests.offices import ccs_span, group, number, office, signalling_link_set, signalling_point

A, B = "21-100-51", "21-100-52"
ROUTES = "".join(
    f'\n[[signalling_route]]\ndestination = "{point}"\nlink_set = "{name}"\npriority = 2\n' for point, name in ((A, "town"), (B, "toll"))
)
PLACES = ((1, "toll", A), (2, "town", B))
BACKED = office(
    *(ccs_span("ss7-1"), ccs_span("ss7-2"), ccs_span("link-1", 1), ccs_span("link-2", 16), signalling_point()),
    *(signalling_link_set("toll", A, "link-1/1"), signalling_link_set("town", B, "link-2/16"), ROUTES),
    *(group(name, f"ss7-{place}/1-15", "isup", {"point": "city", "far_point": far}) for place, name, far in PLACES),
    *(PLAN, number("7", "trunk:town", length=9, strip=1, callers="all")),
)


@pytest.mark.parametrize("outside", [("link-2",), ("link-1", "link-2"), ("ss7-1",)])
def test_links_of_spans_that_are_outside_are_left_alone(outside):
    loaded = two_links()
    spans = [replace(span, far_end="outside", socket="unused") if span.name in outside else span for span in loaded.spans]
    configuration = replace(loaded, spans=spans)
    clock, plane = VirtualClock(), Plane.create(layout_of(configuration))
    wires = []
    for span in spans:
        ends = ends_of(configuration, span)
        channels, speech = tuple(span.signalling_channels), span.speech_in_slot_16
        settings = SpanSettings(kind=ends.far, idle_bits=ends.idle_bits, signalling_channels=channels, speech_in_slot_16=speech)
        wires.append(Wire([settings], tokens=False))
    for wire in wires:
        plane.add_card(wire.card)
    for wire in wires:
        for link in wire.links:
            plane.add_card(link)
    network = far_network.build(configuration, plane, clock, {})
    far_network.start(network, plane)
    clock.run_until(10.0)
    assert network.floor.faults == []
    states = {name: link.state for name, link in network.signalling.links.items()}
    left = {"link-1": "toll-0", "link-2": "toll-1"}
    assert [name for name, state in states.items() if state == "outside"] == [left[name] for name in outside if name in left]


@pytest.mark.parametrize("span", ["link-1", "link-2"])
def test_a_point_whose_own_link_is_out_is_reached_by_its_neighbour(seed, span):
    with Lab(seed=seed, configuration=BACKED) as lab:
        pairs = [call(lab, "8003", "662345678"), call(lab, "8004", "763456789")]
        cut(lab, span)
        lab.after(5.0)
        for pair in pairs:
            talk(*pair)
            end(*pair)
        for pair in [call(lab, "8005", "664567890"), call(lab, "8006", "765678901")]:
            end(*pair)
        mend(lab, span)
        lab.after(30.0)
        end(*call(lab, "8005", "664567890"))


def test_notes_of_a_circuit_at_rest_fill_no_memory(seed):
    """A far end that blocks and unblocks a circuit again and again is noted each time, and no call ever takes these notes along."""
    with Lab(seed=seed, configuration=two_links()) as lab:
        (relation,) = lab.network.signalling.relations
        line = lab.exchange.lines["ss7-1/5"]
        for _ in range(MOST_NOTES // 4):
            for verb in ("block", "unblock"):
                lab.network.floor.turn(relation.order, verb, [5])
                lab.after(0.1)
        assert line.history[-1][1].startswith("-> CGUA")
        assert MOST_NOTES // 2 < len(line.notes) <= MOST_NOTES
        for _ in range(MOST_NOTES):
            line.note(lab.now, "<- again")
        assert len(line.notes) <= MOST_NOTES
        assert [text for _, _, text in line.notes].count(LEFT_OUT) == 1
        assert line.notes[0][2] != LEFT_OUT
