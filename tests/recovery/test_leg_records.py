"""Leg records fit the arena, whatever numbers, reasons and variables a call has: what does not fit is left out, the turn goes on."""

from collections import Counter
from types import SimpleNamespace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pbx.call import LegRecord
from pbx.leg_records import CUT_SHORT, TEXT_SHORTEST, LegRecords
from pbx.media import LEG_OCTETS
from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import extension, office

NAME = "n" * 32
"""Names of the configuration are no longer."""
DIGITS = "1234567890" * 2


def written(lab, line):
    octets = lab.exchange.switch.records.leg_record(lab.exchange.lines[line])
    assert len(octets) <= LEG_OCTETS
    return msgspec.msgpack.decode(octets, type=LegRecord)


def fullest(record, number, text):
    """The same with the longest texts everywhere."""
    texts = {
        "called": number, "calling": number, "group": NAME, "agent": DIGITS, "queue": NAME, "recording": "9999-99999999-99",
        "control": "calling", "seated": DIGITS, "seated_state": "WorkingAfterCall", "seated_reason": text, "seated_not_ready": text,
    }
    times = dict.fromkeys(("started_at", "established_at", "joined_at", "seated_since", "seated_until"), 1764345600.123456)
    return msgspec.structs.replace(record, **texts, **times, arrival=1 << 40, cause=102, charge_units=1 << 30, messages=1 << 16)


def records_of_nobody():
    return LegRecords(SimpleNamespace(floor=SimpleNamespace(counters=Counter())))


def test_two_legs_with_the_longest_numbers_fit():
    records = records_of_nobody()
    leg = fullest(LegRecord(NAME, "9999-99999999", 99, 99, True, "Connected", "in suspended, calling, operator"), "9" * 32, NAME)
    octets = records._encoded(msgspec.structs.replace(leg, second=leg))
    assert len(octets) <= LEG_OCTETS
    assert not records._switch.floor.counters[CUT_SHORT]
    assert msgspec.msgpack.decode(octets, type=LegRecord).second == leg


@given(st.text(max_size=400), st.text(max_size=400), st.dictionaries(st.text(max_size=9), st.text(max_size=900), max_size=3))
def test_whatever_it_holds_it_fits_and_says_whose_it_is(number, text, variables):
    leg = LegRecord(NAME, "9999-99999999", 99, 99, True, "Connected", "talking", flow=NAME, step=NAME, variables=variables)
    leg = fullest(leg, number, text)
    octets = records_of_nobody()._encoded(msgspec.structs.replace(leg, second=leg))
    assert len(octets) <= LEG_OCTETS
    found = msgspec.msgpack.decode(octets, type=LegRecord)
    assert (found.line, found.call, found.number, found.tag) == (leg.line, leg.call, leg.number, leg.tag)
    assert number.startswith(found.called)
    assert not found.flow or found.variables == variables


def test_a_flow_that_does_not_fit_is_left_out_and_its_caller_is_cleared_after_a_restart(seed):
    with Lab(seed=seed, tokens=True) as lab:
        caller = lab.caller("13900000001").dials("10086").is_answered().hears("welcome")
        (established,) = lab.facts(facts.Established)
        leg = lab.exchange.lines[established.line].leg
        leg.run.flow.variables["said"] = "x" * 5000
        lab.exchange.floor.turn(lab.exchange.floor.touch, leg.line)
        assert lab.exchange.floor.counters[CUT_SHORT] == 1
        assert written(lab, established.line).flow == ""
        assert lab.simulation.kill_control() == 1
        lab.exchange = lab.simulation.exchange
        caller.notices("far end cleared", "released")
        lab.after(2.0)


def test_a_reason_without_end_breaks_no_turn(seed):
    with Lab(seed=seed, tokens=True) as lab:
        lab.agent("1001", at="8002")
        lab.exchange.floor.turn(lab.exchange.distribution.not_ready, "1001", "lunch " * 1000)
        assert written(lab, "sub-1/2").seated_reason == ("lunch " * 10)[:TEXT_SHORTEST]


def test_overlap_digits_and_a_held_second_call(seed):
    """An extension with call waiting talks, holds and rings on with numbers as long as somebody may dial them."""
    with Lab(seed=seed, tokens=True, configuration=office(changes=(extension("8006", call_waiting=True),))) as lab:
        first, second, third = (lab.telephone(number) for number in ("8006", "8007", "8008"))
        second.dials("8006")
        first.is_rung().answers()
        lab.after(1.0)
        third.dials("8006")
        third.hears_tone("ring-back")
        line = lab.exchange.lines["sub-1/6"]
        line.leg.called = line.second.calling = "1" * 900
        lab.exchange.floor.turn(lab.exchange.floor.touch, line)
        record = written(lab, "sub-1/6")
        assert record.called == "1" * TEXT_SHORTEST and record.second is not None and record.second.calling == "1" * TEXT_SHORTEST
        third.hangs_up()
        first.hangs_up()
        second.hears_tone("busy").hangs_up()
