"""The subscriber line's engine and the plant's telephone back to back: what one does, the other notices."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.far_end.telephone import TelephoneSet
from pbx.vocabulary.call import (
    CallWaiting,
    Connect,
    Disconnect,
    Idle,
    Info,
    MessageWaiting,
    Metering,
    OperatorSignal,
    Release,
    Resume,
    Seized,
    Setup,
    Suspend,
)
from pbx.vocabulary.media import Octet
from tests.signalling.subscriber_pair import SubscriberPair

CALLER = Setup("8001", "13900000001", name="张三")


def test_dialled_by_keys_and_by_pulses():
    pair = SubscriberPair()
    pair.telephone.lift()
    pair.run(1.0)
    pair.telephone.press("123")
    pair.run(1.5)
    pair.telephone.dial_pulses("45")
    pair.run(3.0)
    assert pair.exchange.taken() == [Idle(), Seized(), Setup("12345", "8001")]
    assert pair.noticed == ["lifts", "hears dial", "no longer hears dial", "has dialled"]


@pytest.mark.parametrize(("pulses_per_second", "break_percent"), [(10, 61.5), (8, 60), (14, 56), (20, 66)])
def test_pulses_are_exact(pulses_per_second, break_percent):
    pair = SubscriberPair()
    pair.telephone.lift()
    orders = []
    do = pair.far._do
    pair.far._do = lambda command, at: (orders.append((at, command.value)), do(command, at))[1]
    pair.run(1.0)
    orders.clear()
    pair.telephone.dial_pulses("03", pulses_per_second, break_percent, 500)
    pair.run(4.0)
    period = 1 / pulses_per_second
    begins = orders[0][0]
    first = [begins + n * period for n in range(10)]
    second = [begins + 10 * period + 0.5 + n * period for n in range(3)]
    assert [at for at, bits in orders if bits == 0b1111] == pytest.approx([*first, *second])
    assert [at for at, bits in orders if bits == 0b0111] == pytest.approx([at + period * break_percent / 100 for at in [*first, *second]])


def test_all_digits_of_a_dial():
    pair = SubscriberPair()
    for digit in "1234567890":
        pair.telephone.lift()
        pair.run(0.5)
        pair.telephone.dial_pulses(digit)
        pair.run(2.0)
        assert f"<- digit {digit}" in pair.exchange.noted()
        pair.telephone.hang_up()
        pair.run(1.0)
    with pytest.raises(ValueError, match="a dial has the digits 0 to 9"):
        pair.telephone.dial_pulses("1*")


def test_hanging_up_in_the_middle_of_dialling():
    pair = SubscriberPair()
    pair.telephone.lift()
    pair.run(1.0)
    pair.telephone.dial_pulses("33333")
    pair.run(1.22)
    assert pair.far.pending, "in the middle of a digit"
    pair.telephone.hang_up()
    pair.run(5.0)
    assert pair.exchange.taken()[-2:] == [Release(16), Idle()]
    assert pair.far.bits == 0b1111
    assert "has dialled" not in pair.noticed


def test_rung_with_its_cadence_and_shown_the_caller():
    pair = SubscriberPair(TelephoneSet(display="china"), caller_identity="china")
    pair.give(CALLER).run(11.0)
    assert pair.noticed == ["bell", "shows 13900000001 name 张三", "bell", "bell"]
    assert pair.telephone.cadence == (1.0, 4.0, 1.0, 4.0, 1.0)
    assert pair.telephone.rings
    pair.telephone.lift()
    pair.run(0.1)
    pair.telephone.flash()
    pair.run(0.5)
    pair.telephone.hang_up()
    pair.run(1.0)
    assert pair.exchange.taken()[2:] == [Connect(), Info("!"), Release(16), Idle()]
    assert not pair.telephone.ringing


@pytest.mark.parametrize(
    ("setup", "shown"),
    [(CALLER, "13900000001"), (Setup("8001"), "unavailable"), (Setup("8001", "77", restricted=True), "private")],
)
@pytest.mark.parametrize(
    "name", ["china-single", "bellcore", "etsi-prior-alert", "dtmf-china", "dtmf-hash", "dtmf-c", "dtmf-between-rings"]
)
def test_every_presentation_is_read_by_a_set_made_for_it(name, setup, shown):
    pair = SubscriberPair(TelephoneSet(display=name), caller_identity=name)
    pair.give(setup).run(8.0)
    assert [what for what in pair.noticed if what.startswith("shows")] == [f"shows {shown}"]
    assert ("reversal" in pair.noticed) == (name in ("dtmf-china", "dtmf-hash", "dtmf-c"))
    assert "bell" in pair.noticed


def test_set_for_another_presentation_shows_nothing():
    pair = SubscriberPair(TelephoneSet(display="dtmf-china"), caller_identity="china")
    pair.give(CALLER).run(8.0)
    assert pair.noticed == ["bell", "bell"]


def test_lifted_in_the_middle_of_the_message():
    pair = SubscriberPair(TelephoneSet(display="china"), caller_identity="china")
    pair.give(CALLER).run(1.8)
    pair.telephone.lift()
    pair.run(5.0)
    assert not pair.telephone.shown
    assert pair.exchange.taken()[1:] == [pair.exchange.engine.variant.ring("")[2], Connect()]


def test_waiting_call_is_shown_in_a_call():
    pair = SubscriberPair(TelephoneSet(display="china", waiting_calls=True), caller_identity="china", call_waiting=True)
    pair.give(Setup("8001", "77")).run(3.0)
    pair.telephone.lift()
    pair.run(1.0).give(CallWaiting("13900000001", name="张三")).run(3.0)
    alert = ["hears dual-tone-alert", "no longer hears dual-tone-alert", "answers the alert"]
    assert pair.noticed[-4:] == [*alert, "shows 13900000001 name 张三"]
    pair.give(CallWaiting(over=True), CallWaiting("78")).run(3.0)
    assert "shows 78" in pair.noticed
    assert Info("D") not in pair.exchange.taken()


@pytest.mark.parametrize("again", [False, True])
def test_half_a_message_is_forgotten_when_the_handset_moves(again):
    """A receiver that is switched off tells no end of the carrier."""
    pair = SubscriberPair(TelephoneSet(display="china", waiting_calls=True), caller_identity="china", call_waiting=True)
    pair.give(Setup("8001", "77")).run(1.1)
    pair.telephone.heard(Octet(0x80))
    pair.telephone.lift()
    if again:
        pair.run(1.0)
        pair.telephone.heard(Octet(0x80))
        pair.telephone.hang_up()
        pair.run(1.0).give(Setup("8001", "78")).run(3.0)
    else:
        pair.run(1.0).give(CallWaiting("78")).run(3.0)
    assert [what for what in pair.noticed if what.startswith(("shows", "cannot"))] == ["shows 78"]


def test_plain_set_only_hears_that_a_call_waits():
    pair = SubscriberPair(caller_identity="china", call_waiting=True)
    pair.telephone.lift()
    pair.run(1.0).telephone.press("12345")
    pair.run(2.0).give(Connect(), CallWaiting("77")).run(6.0)
    assert pair.noticed.count("hears call-waiting") == 2
    assert "the set does not answer the alert" in pair.exchange.noted()


def test_lamp_of_messages():
    pair = SubscriberPair(TelephoneSet(display="china"), caller_identity="china", message_waiting=True)
    pair.give(MessageWaiting(3)).run(3.0)
    assert pair.telephone.lamp
    pair.telephone.lift()
    pair.run(1.0)
    assert pair.noticed == ["message lamp on", "lifts", "hears special-dial"]
    pair.give(MessageWaiting(0))
    pair.telephone.hang_up()
    pair.run(4.0)
    assert pair.noticed[-1] == "message lamp off"


def test_poles_and_metering_pulses_are_noticed():
    pair = SubscriberPair(reversal=True, metering=True)
    pair.telephone.lift()
    pair.run(1.0).telephone.press("12345")
    pair.run(2.0).give(Connect()).run(0.5).give(Metering(3)).run(3.0).give(Disconnect(16)).run(0.5)
    assert pair.noticed[3:] == ["reversal", *["metering pulse"] * 3, "normal poles", "hears busy"]
    assert pair.telephone.pulses == 3


def test_terminal_that_starts_by_ground():
    pair = SubscriberPair(TelephoneSet(ground_start=True), ground_start=True)
    pair.run(1.0).telephone.lift()
    pair.run(1.0)
    assert pair.noticed == ["feed lost", "grounds the line", "lifts", "feed back", "hears dial"]
    assert pair.far.bits == 0b0111
    pair.telephone.press("12345")
    pair.run(2.0).give(Connect()).run(1.0).give(Disconnect(16)).run(1.0)
    assert pair.noticed[-1] == "feed lost"
    pair.telephone.hang_up()
    pair.run(1.0)
    assert pair.exchange.taken()[1:] == [Seized(), Setup("12345", "8001"), Connect(), Release(16), Idle()]
    pair.give(Setup("8001", "77")).run(2.0)
    pair.telephone.lift()
    pair.run(1.0)
    assert pair.noticed[-3:] == ["feed back", "bell", "lifts"]  # in this order: a line is fed before it is rung
    assert pair.exchange.engine.state == "Talking"


def test_called_party_hangs_up_and_is_rung_again_by_the_operator():
    pair = SubscriberPair()
    pair.give(Setup("8001", "77", control="calling")).run(2.0)
    pair.telephone.lift()
    pair.run(2.0)
    pair.telephone.hang_up()
    pair.run(8.0).give(OperatorSignal("re-ring")).run(3.0)
    assert pair.noticed[-2:] == ["bell", "bell"]
    pair.telephone.lift()
    pair.run(1.0)
    assert pair.exchange.taken()[-2:] == [Suspend(), Resume()]


ACTIONS = st.sampled_from(("lift", "hang_up", "flash", "press", "dial", "ground", "unground"))
CALLS = (CALLER, Connect(), Disconnect(16), Release(16))
WORDS = st.sampled_from((*CALLS, Metering(2), CallWaiting("77"), MessageWaiting(1), MessageWaiting(0)))
SETS = st.builds(TelephoneSet, display=st.sampled_from(("", "china", "dtmf-china")), waiting_calls=st.booleans())


@settings(max_examples=100, deadline=None)
@given(SETS, st.sampled_from(("", "china", "dtmf-china")), st.lists(st.tuples(st.floats(0.0, 3.0), st.one_of(ACTIONS, WORDS)), max_size=12))
def test_either_end_may_do_anything_at_any_moment_and_both_come_to_rest(telephone_set, identity, story):
    pair = SubscriberPair(telephone_set, caller_identity=identity, call_waiting=True, message_waiting=True, reversal=True, metering=True)
    phone = pair.telephone
    for seconds, what in story:
        pair.run(seconds)
        if not isinstance(what, str):
            pair.give(what)
        elif what == "lift" and not phone.off_hook:
            phone.lift()
        elif what == "hang_up" and phone.off_hook:
            phone.hang_up()
        elif what in ("ground", "unground"):
            phone.ground(what == "ground")
        elif what == "flash" and phone.off_hook:
            phone.flash()
        elif what in ("press", "dial") and phone.off_hook:
            (phone.press if what == "press" else phone.dial_pulses)("123")
    phone.ground(False)
    if phone.off_hook:
        phone.hang_up()
    pair.give(Release(16)).run(8.0)
    assert pair.exchange.engine.state == "Idle"
    assert pair.exchange.engine.deadline() is None
    assert pair.exchange.port.quiet
    assert pair._shown == 0b1111
    assert pair.far.bits == 0b1111
    assert not pair.far.pending
    assert not phone.ringing
