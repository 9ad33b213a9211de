"""The caller's identity on an exchange line: FSK and digits, in every order that is met between reversal and ringing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.engine import Malformed
from pbx.signalling.analog.caller_identity import Call, MessageWaiting, encode, encode_digits, load_presentations
from pbx.signalling.analog.fxo_identity import IdentityReceiver
from pbx.vocabulary.call import Seized, Setup
from pbx.vocabulary.media import (
    OCTET_CARRIER_OFF,
    OCTET_CARRIER_ON,
    OCTET_FRAMING_ERROR,
    OCTETS_SENT,
    Digit,
    Octet,
    Polarity,
    RingOff,
    RingOn,
)
from tests.signalling.test_fxo import LINE, expire, give, line, up

NUMBER = "13800138000"
CALLER = Call(date_time="11281530", number=NUMBER, name="张三")
PRESENTATIONS = load_presentations()
SEIZURE = [0x55] * 30


def fsk(message, form="multiple", damage=0):
    octets = bytearray(encode(message, form, "gb2312"))
    octets[-1] ^= damage
    return [Octet(OCTET_CARRIER_ON), *(Octet(value) for value in (*SEIZURE, *octets)), Octet(OCTET_CARRIER_OFF)]


def row(digits):
    return [Digit(digit) for digit in digits]


CHINA = row(f"D{NUMBER}C")
RING = [RingOn(), RingOff()]
WHOLE = Setup("8001", NUMBER, name="张三")
BARE = Setup("8001", NUMBER)
ORDERS = {
    "FSK after the first ring": ([*RING, *fsk(CALLER)], WHOLE),
    "FSK of one part after the first ring": ([*RING, *fsk(Call(date_time="11281530", number=NUMBER), "single")], BARE),
    "digits between rings": ([*RING, *CHINA], BARE),
    "digits after a reversal, then ringing": ([Polarity(True), *CHINA, *RING], BARE),
    "digits after a reversal that goes back before ringing": ([Polarity(True), *CHINA, Polarity(False), *RING], BARE),
    "digits after a reversal that goes back at once": ([Polarity(True), Polarity(False), *CHINA, *RING], BARE),
    "FSK after a reversal, then ringing": ([Polarity(True), *fsk(CALLER), *RING], WHOLE),
    "reversal, then ringing, then FSK": ([Polarity(True), *RING, *fsk(CALLER)], WHOLE),
    "reversal, then ringing, then digits": ([Polarity(True), *RING, *CHINA], BARE),
    "digits without an end before ringing": ([Polarity(True), *row("D" + NUMBER), *RING, RingOn()], BARE),
    "bare digits between rings": ([*RING, *row(NUMBER), RingOn()], BARE),
    "digits ended by a hash": ([*RING, *row(f"A{NUMBER}#")], BARE),
    "noise, then a row that begins anew": ([*RING, *row("5A"), *row(f"D{NUMBER}C")], BARE),
    "digits that are withheld": ([*RING, *row("D1C")], Setup("8001", restricted=True)),
    "FSK that is withheld": ([*RING, *fsk(Call(number_absence="private"))], Setup("8001", restricted=True)),
    "FSK that is unavailable": ([*RING, *fsk(Call(number_absence="unavailable"))], Setup("8001")),
    "a broken message, then the same whole": ([*RING, *fsk(CALLER, damage=1), *fsk(CALLER)], WHOLE),
    "FSK, then digits of the same caller": ([Polarity(True), *fsk(CALLER), *CHINA, *RING], WHOLE),
    "withheld by digits, then known by FSK": ([Polarity(True), *row("D1C"), *fsk(CALLER), *RING], WHOLE),
    "nothing until the second ring": ([*RING, RingOn()], Setup("8001")),
    "messages waiting is no caller": ([*RING, *fsk(MessageWaiting(active=True)), RingOn()], Setup("8001")),
}


@pytest.mark.parametrize("order", ORDERS)
def test_every_order(order):
    inputs, setup = ORDERS[order]
    engine = line()
    told = [output for output in give(engine, 0.0, *inputs) if type(output) in (Seized, Setup)]
    assert told == [Seized(), setup]
    assert engine.state == "Offered"


def test_reversal_and_identity_without_ringing_are_forgotten():
    """The next caller is not shown as the one who never rang."""
    engine = line()
    assert up(give(engine, 0.0, Polarity(True), *CHINA)) == []
    assert up(expire(engine)) == []
    assert engine.state == "Idle"
    give(engine, 20.0, *RING)
    assert up(expire(engine)) == [Setup("8001")]


@pytest.mark.parametrize("form", ["auto", "fsk", "dtmf", "none"])
def test_only_the_form_that_is_agreed_is_listened_for(form):
    engine = line(caller_identity=form)
    receivers = IdentityReceiver(LINE, form).receivers
    listens = [output.receivers for output in give(engine, 0.0, RingOn()) if hasattr(output, "receivers")]
    assert listens[:1] == ([receivers] if receivers else [])
    assert engine.state == ("Offered" if form == "none" else "Ringing")


def test_what_cannot_be_read_goes_up_as_malformed_and_the_wait_goes_on():
    engine = line()
    outputs = give(engine, 0.0, *RING, *fsk(CALLER, damage=1))
    assert [type(output) for output in outputs if type(output) is Malformed] == [Malformed]
    cut = [Octet(OCTET_CARRIER_ON), Octet(0x80), Octet(20), Octet(OCTET_FRAMING_ERROR | 7), Octet(OCTETS_SENT)]
    assert any(type(output) is Malformed for output in give(engine, 1.0, *cut))
    assert up(expire(engine)) == [Setup("8001")]


def test_a_caller_who_gives_up_cuts_his_identity_short_and_nothing_is_wrong():
    engine = line()
    outputs = give(engine, 0.0, *RING, *fsk(CALLER)[:-9], Octet(OCTET_CARRIER_OFF))
    assert not [output for output in outputs if type(output) is Malformed]
    assert up(expire(engine)) == [Setup("8001")]


def test_a_message_under_way_prolongs_the_wait():
    engine = line()
    give(engine, 0.0, *RING)
    give(engine, 3.4, *fsk(CALLER)[:40])
    assert up(expire(engine)) == []
    assert up(give(engine, 3.9, *fsk(CALLER)[40:])) == [WHOLE]


@pytest.mark.parametrize("name", ["dtmf-china", "dtmf-c", "dtmf-hash"])
@pytest.mark.parametrize("call", [Call(number=NUMBER), Call(number_absence="private"), Call(number_absence="unavailable")], ids=str)
def test_every_presentation_in_digits(name, call):
    receiver = IdentityReceiver(LINE, "auto")
    for digit in encode_digits(call, PRESENTATIONS[name]):
        receiver.digit(digit)
    assert receiver.found == call
    receiver.clear()
    assert receiver.found is None
    assert not receiver.begun


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(0, 255), st.sampled_from((0x100, 0x200, 0x407, 0x800)), st.sampled_from("0123456789*#ABCD")), max_size=80
    )
)
def test_whatever_is_heard_nothing_raises(heard):
    receiver = IdentityReceiver(LINE, "auto")
    for value in heard:
        if isinstance(value, str):
            receiver.digit(value)
        else:
            receiver.octet(value)
    receiver.finish()
    assert receiver.found is None or isinstance(receiver.found, Call)
