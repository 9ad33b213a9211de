"""Q.781 sections 8, 9 and 10: transmission and reception control, basic and preventive, and congestion, on both parts of level 2."""

import msgspec
import pytest

from benchmarks.no7_terminals import FIGURES, TICK
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2.figures import Figures
from pbx.signalling.ss7.mtp2.orders import ReceiverBusy, ReceiverFree
from tests.signalling.ss7.terminal import FarEnd

SIPO, SIB = 4, 5
LONG = FIGURES.adjusted(timers_ms={"T7": 2000})


def served(figures=FIGURES):
    far = FarEnd(figures)
    far.serve()
    return far


@pytest.fixture
def far():
    return served()


def preventive(**changes):
    return served(FIGURES.adjusted(correction="preventive", **changes))


def received(far):
    return [value.octets for value in far.told(p.ReceivedMessage)]


def numbers(far):
    return [number for number, _ in far.messages()]


def outcome(far, reason):
    assert far.end.state == "OutOfService"
    assert far.told(p.OutOfService) == [p.OutOfService(reason)]


def test_8_1_msu_transmission_and_reception(far):
    """MSU transmission and reception; numbers go round."""
    for number in range(300):
        text = b"\x85" + number.to_bytes(2, "big") + bytes(number % 270)
        far.message(text)
        far.give(text[1:])
        far.run(0.05)
        assert far.last()[0] == number % 128
        far.backward = number % 128
        assert received(far)[-1] == text
        assert far.messages()[-1] == (number % 128, text)
    far.run(3)
    assert len(received(far)) == len(set(received(far))) == len(numbers(far)) == 300
    assert far.end.state == "InService"


def test_8_2_negative_acknowledgement_of_an_msu(far):
    """Negative acknowledgement of an MSU: it is sent again with the forward indicator bit inverted."""
    far.give(b"one", b"two")
    far.run()
    far.backward, far.backward_bit = 0, 0
    far.run()
    assert [(number, unit[1] >> 7) for number, unit in zip(numbers(far), [u for _, u in far.heard if u[2] > 2], strict=True)] == [
        (0, 1),
        (1, 1),
        (1, 0),
    ]
    far.backward = 1
    far.run(3)
    assert far.end.state == "InService"


def test_8_3_check_rtb_full():
    """Check of the retransmission buffer full: 127 units are sent, the next waits for an acknowledgement."""
    far = served(LONG)
    far.give(*[number.to_bytes(2, "big") for number in range(140)])
    far.run(0.5)
    assert numbers(far) == list(range(127))
    far.backward = 3
    far.run(0.1)
    assert numbers(far) == [*range(128), 0, 1, 2]
    far.backward = 126
    far.run(0.2)
    assert len(numbers(far)) == 140


def test_8_4_single_msu_with_erroneous_fib(far):
    """Single MSU with erroneous forward indicator bit: it is not taken, and asked for by the next unit."""
    far.send(far.msu(b"\x85one", fsn=0, fib=0))
    assert received(far) == []
    far.forward = 0
    far.fill_in()
    far.run()
    assert far.last()[:2] == (127, 0)
    far.forward_bit = 0
    far.send(far.msu(b"\x85one"))
    far.run()
    assert received(far) == [b"\x85one"]
    assert far.last()[:2] == (0, 0)
    assert far.end.state == "InService"


def test_8_5_duplicated_fsn(far):
    """Duplicated forward sequence number: the second message is not taken and nothing is asked for."""
    far.message(b"\x85one")
    far.send(far.msu(b"\x85again"))
    far.run()
    assert received(far) == [b"\x85one"]
    assert far.last()[:2] == (0, 1)
    far.message(b"\x85two")
    assert received(far) == [b"\x85one", b"\x85two"]


def test_8_6_erroneous_retransmission_single_msu(far):
    """Erroneous retransmission, single MSU: one inverted bit without request is borne."""
    far.message(b"\x85one")
    far.send(far.msu(b"\x85one", fib=0))
    far.run(1)
    assert received(far) == [b"\x85one"]
    assert far.end.state == "InService"


def test_8_7_erroneous_retransmission_multiple_fisus(far):
    """Erroneous retransmission, multiple FISUs: two inverted bits of three without request end the link."""
    far.send(far.fisu(fib=0), far.fisu(), far.fisu(fib=0))
    outcome(far, "forward bit")


def test_8_8_single_fisu_with_corrupt_fib(far):
    """Single FISU with corrupt forward indicator bit is borne."""
    far.send(far.fisu(fib=0))
    far.run()
    far.send(far.fisu(fib=0))
    far.run()
    assert far.end.state == "InService"
    assert far.last()[:2] == (127, 1)


def test_8_9_single_fisu_prior_to_rpo_being_set(far):
    """Single FISU prior to remote processor outage being set: its number is wrong, so something is missing and asked for."""
    far.send(far.fisu(fsn=0))
    far.status(SIPO)
    far.run()
    assert far.told(p.RemoteProcessorOutage) == [p.RemoteProcessorOutage()]
    assert far.last()[:2] == (127, 0)


def test_8_10_abnormal_bsn_single_msu(far):
    """Abnormal backward sequence number, single MSU: it is not taken, and comes again."""
    far.send(far.msu(b"\x85one", fsn=0, bsn=50))
    assert received(far) == []
    far.send(far.fisu(), far.fisu())
    far.message(b"\x85one")
    assert received(far) == [b"\x85one"]
    assert far.end.state == "InService"


def test_8_11_abnormal_bsn_two_consecutive_fisus(far):
    """Abnormal backward sequence number, two consecutive FISUs."""
    far.send(far.fisu(bsn=50), far.fisu(bsn=50))
    outcome(far, "backward number")


def unconfirmed(far, milliseconds):
    far.give(b"one")
    begun = far.ticks
    assert far.run(5, lambda: far.end.state == "OutOfService")
    assert (far.ticks - begun) * TICK == pytest.approx(milliseconds / 1000, abs=0.03)
    outcome(far, "T7")


def test_8_12_excessive_delay_of_acknowledgement(far):
    """Excessive delay of acknowledgement."""
    unconfirmed(far, FIGURES.milliseconds["T7"])


def halted(far):
    far.give(b"one", b"two", b"three")
    far.message(b"\x85four")
    far.run()
    far.backward = 0
    far.run()
    far.end.request(p.Stop())
    far.message(b"\x85five")
    far.run()
    assert far.words()[-1] == "SIOS"
    assert received(far) == [b"\x85four"]
    far.end.request(p.RetrieveBsnt())
    assert far.end.told[-1] == p.Bsnt(0)
    far.end.request(p.RetrievalRequest(1))
    assert far.end.told[-2:] == [p.RetrievedMessage(b"\x85three"), p.RetrievalComplete()]


def test_8_13_level_3_stop_command(far):
    """Level 3 stop command."""
    halted(far)


def test_9_1_msu_transmission_and_reception():
    """MSU transmission and reception (PCR): sent over and over until it is confirmed, taken once."""
    far = preventive()
    far.give(b"one", b"two")
    far.run(0.1)
    assert numbers(far)[:6] == [0, 1, 0, 1, 0, 1]
    assert all(unit[1] >> 7 == 1 for _, unit in far.heard)
    far.backward = 1
    far.run(0.02)
    far.forget()
    far.run()
    assert far.words() == ["FISU"]
    for _ in range(3):
        far.send(far.msu(b"\x85here", fsn=0))
    assert received(far) == [b"\x85here"]


def test_9_2_priority_control():
    """Priority control (PCR): status units, then new messages, then the cycle, then FISUs."""
    far = preventive()
    far.give(b"one", b"two", b"three")
    far.run(0.05)
    far.forget()
    far.give(b"four")
    far.run(0.02)
    order = numbers(far)
    assert order.index(3) <= 1
    far.end.request(ReceiverBusy())
    far.forget()
    far.run(0.02)
    assert "SIB" in far.words()[:2]
    far.end.request(ReceiverFree())
    far.backward = 3
    far.run(0.02)
    far.forget()
    far.run(0.02)
    assert far.words() == ["FISU"]


def forced(far, limit, octets=3):
    far.give(*[number.to_bytes(octets, "big") for number in range(limit + 5)])
    far.run(0.5 + limit * octets / 4000)
    order = numbers(far)
    assert order[:limit] == list(range(limit))
    assert order[limit : 2 * limit] == list(range(limit)), "nothing new before the cycle is whole"
    assert limit not in order
    return order


def limited(units=127, octets=8000):
    data = FIGURES.adjusted(correction="preventive").data
    limits = msgspec.structs.replace(data.preventive, units=units, octets=octets)
    return served(Figures(msgspec.structs.replace(data, preventive=limits)))


def test_9_3_forced_retransmission_with_the_value_n1():
    """Forced retransmission with the value N1."""
    forced(limited(units=10), 10)


def test_9_4_forced_retransmission_with_the_value_n2():
    """Forced retransmission with the value N2."""
    forced(limited(octets=1000), 10, octets=93)


def test_9_5_forced_retransmission_cancel():
    """Forced retransmission cancel: when enough is confirmed new messages go."""
    far = limited(units=10)
    forced(far, 10)
    far.backward = 9
    far.run(0.05)
    far.forget()
    far.run(0.05)
    assert set(numbers(far)) == {10, 11, 12, 13, 14}


def test_9_6_reception_of_forced_retransmission():
    """Reception of forced retransmission: everything is taken once, in order."""
    far = preventive()
    units = [far.msu(b"\x85" + bytes([number, 0]), fsn=number) for number in range(20)]
    far.send(*units[:12], *units[:12], *units[:20])
    assert received(far) == [unit[3:] for unit in units]


def test_9_7_msu_transmission_while_rpo_set():
    """MSU transmission while remote processor outage is set: none is sent, not again either."""
    far = preventive()
    far.give(b"one")
    far.run(0.05)
    far.status(SIPO)
    far.run(0.05)
    far.forget()
    far.give(b"two")
    far.run(2)
    assert far.words() == ["FISU"]
    far.fill_in()
    far.run(0.02)
    far.end.request(p.Continue())
    far.run(0.05)
    assert set(numbers(far)) == {0, 1}
    assert far.end.state == "InService"


def test_9_8_abnormal_bsn_single_msu():
    """Abnormal backward sequence number, single MSU (PCR)."""
    far = preventive()
    far.send(far.msu(b"\x85one", fsn=0, bsn=50), far.fisu(), far.fisu())
    assert received(far) == []
    assert far.end.state == "InService"


def test_9_9_abnormal_bsn_two_msus():
    """Abnormal backward sequence number, two MSUs (PCR)."""
    far = preventive()
    far.send(far.msu(b"\x85one", fsn=0, bsn=50), far.msu(b"\x85two", fsn=1, bsn=50))
    outcome(far, "backward number")


def test_9_10_unexpected_fsn():
    """Unexpected forward sequence number (PCR): not taken, nothing is asked for."""
    far = preventive()
    far.send(far.msu(b"\x85two", fsn=1))
    far.run()
    assert received(far) == []
    assert far.last()[:2] == (127, 1)
    far.send(far.msu(b"\x85one", fsn=0), far.msu(b"\x85two", fsn=1))
    assert received(far) == [b"\x85one", b"\x85two"]


def test_9_11_excessive_delay_of_acknowledgement():
    """Excessive delay of acknowledgement (PCR)."""
    unconfirmed(preventive(), FIGURES.milliseconds["T7"])


def test_9_12_fisu_with_fsn_expected_for_msu():
    """FISU with the number expected for an MSU (PCR): the message that follows is taken."""
    far = preventive()
    far.send(far.fisu(fsn=0))
    far.run()
    assert far.last()[:2] == (127, 1)
    far.send(far.msu(b"\x85one", fsn=0))
    assert received(far) == [b"\x85one"]


def test_9_13_level_3_stop_command():
    """Level 3 stop command (PCR)."""
    halted(preventive())


@pytest.mark.parametrize("discard", [False, True], ids=["accepting", "discarding"])
def test_10_1_congestion_abatement(far, discard):
    """Congestion abatement: SIB goes out each T5 without acknowledgement until it is over."""
    far.end.request(ReceiverBusy(discard))
    far.message(b"\x85one")
    far.run(1)
    assert 9 <= sum(unit[3:] == bytes([SIB]) for _, unit in far.heard) <= 11
    assert far.last()[:2] == (127, 1)
    assert received(far) == ([] if discard else [b"\x85one"])
    far.end.request(ReceiverFree())
    far.run()
    if discard:
        assert far.last()[:2] == (127, 0)
        far.forward_bit = 0
        far.send(far.msu(b"\x85one"))
    far.forget()
    far.run(0.5)
    assert received(far) == [b"\x85one"]
    assert far.last()[0] == 0
    assert "SIB" not in far.words()


def busy(far, seconds):
    """SIB each 100 ms."""
    for _ in range(round(seconds * 10)):
        far.send(far.lssu(SIB))
        far.run(0.1)


def test_10_2_timer_t7(far):
    """Timer T7: it begins anew with each SIB; behind the last one it ends the link."""
    far.give(b"one")
    busy(far, 2.5)
    assert far.end.state == "InService"
    begun = far.ticks
    assert far.run(3, lambda: far.end.state == "OutOfService")
    assert (far.ticks - begun) * TICK == pytest.approx(FIGURES.milliseconds["T7"] / 1000 - 0.1, abs=0.03)
    outcome(far, "T7")


def test_10_3_timer_t6(far):
    """Timer T6: congestion of the far end lasts too long; an acknowledgement stops it."""
    far.give(b"one")
    busy(far, 3)
    far.backward = 0
    far.run()
    far.give(b"two")
    busy(far, 3.5)
    assert far.end.state == "InService"
    begun = far.ticks
    busy(far, 1)
    outcome(far, "T6")
    assert far.ticks > begun
