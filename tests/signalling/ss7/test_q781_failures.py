"""Q.781 sections 3, 4, 6 and 7: transmission failure, processor outage, error rate monitors, on both parts of level 2 together."""

import pytest
from pbx._plane import lib

from benchmarks.no7_terminals import FIGURES, TICK
from pbx.signalling.ss7 import primitives as p
from tests.signalling.ss7.terminal import FarEnd

SIN, SIE, SIPO = 1, 2, 4
BAD = 2


@pytest.fixture
def far():
    return FarEnd()


def into(far, state):
    if state == "AlignedNotReady":
        far.end.request(p.LocalProcessorOutage())
    if state.startswith("Aligned"):
        far.aligned()
        return
    far.serve()
    if state == "ProcessorOutage":
        far.end.request(p.LocalProcessorOutage())
        far.run(0.02)


def broken(far):
    """Nothing comes in but octets without units, 500 lots of 16 in a second."""
    far.silence()
    begun = far.ticks
    while far.end.state != "OutOfService":
        far.send(*[lib.MTP2_FAULT_OCTETS] * 5)
        far.run(TICK)
        assert far.ticks - begun < 100
    return (far.ticks - begun) * TICK


def breaks(far, state):
    into(far, state)
    assert broken(far) == pytest.approx(0.13, abs=0.02)
    assert far.told(p.OutOfService) == [p.OutOfService("errors")]


def corrupts(far, state):
    into(far, state)
    far.send(far.fisu(fib=0))
    assert far.end.state != "OutOfService"
    far.send(far.fisu(fib=0))
    assert far.end.state == "OutOfService"
    assert far.told(p.OutOfService) == [p.OutOfService("forward bit")]


def test_3_1_link_aligned_ready_break_tx_path(far):
    """Link aligned ready (break of the path towards us)."""
    breaks(far, "AlignedReady")


def test_3_2_link_aligned_ready_corrupt_fibs(far):
    """Link aligned ready (corrupt forward indicator bits, basic)."""
    corrupts(far, "AlignedReady")


def test_3_3_link_aligned_not_ready_break_tx_path(far):
    """Link aligned not ready (break of the path towards us)."""
    breaks(far, "AlignedNotReady")


def test_3_4_link_aligned_not_ready_corrupt_fibs(far):
    """Link aligned not ready (corrupt forward indicator bits, basic)."""
    corrupts(far, "AlignedNotReady")


def test_3_5_link_in_service_break_tx_path(far):
    """Link in service (break of the path towards us)."""
    breaks(far, "InService")


def test_3_6_link_in_service_corrupt_fibs(far):
    """Link in service (corrupt forward indicator bits, basic)."""
    corrupts(far, "InService")


def test_3_7_link_in_processor_outage_break_tx_path(far):
    """Link in processor outage (break of the path towards us)."""
    breaks(far, "ProcessorOutage")


def test_3_8_link_in_processor_outage_corrupt_fibs(far):
    """Link in processor outage (corrupt forward indicator bits, basic)."""
    corrupts(far, "ProcessorOutage")


def test_4_1_set_and_clear_lpo_while_link_in_service(far):
    """Set and clear local processor outage while link in service; what came meanwhile is asked for again."""
    far.serve()
    far.give(b"one")
    far.run()
    far.backward = 0
    far.run()
    far.end.request(p.LocalProcessorOutage())
    far.run()
    far.message(b"\x85not now")
    far.run()
    assert far.words()[-1] == "SIPO"
    assert far.told(p.ReceivedMessage) == []
    assert far.last()[:2] == (127, 1)
    far.give(b"two")
    far.end.request(p.LocalProcessorRecovered())
    far.run()
    assert far.words()[-1] == "FISU"
    far.end.request(p.Continue())
    far.run()
    assert far.messages()[-1] == (1, b"\x85two")
    assert far.last()[:2] == (127, 0)
    far.forward_bit = 0
    far.send(far.msu(b"\x85not now"))
    assert far.told(p.ReceivedMessage) == [p.ReceivedMessage(b"\x85not now")]


def test_4_2_rpo_during_lpo(far):
    """Remote processor outage during local processor outage."""
    far.serve()
    far.end.request(p.LocalProcessorOutage())
    far.status(SIPO)
    far.run()
    assert far.told(p.RemoteProcessorOutage) == [p.RemoteProcessorOutage()]
    far.fill_in()
    far.run()
    assert far.told(p.RemoteProcessorRecovered) == [p.RemoteProcessorRecovered()]
    far.end.request(p.Continue())
    far.run()
    assert far.end.state == "ProcessorOutage"
    assert far.words()[-1] == "SIPO"
    far.end.request(p.LocalProcessorRecovered())
    far.end.request(p.Continue())
    assert far.end.state == "InService"


def test_4_3_clear_lpo_when_both_processor_outage(far):
    """Clear local processor outage when "both processor outage": messages wait for the far end."""
    far.serve()
    far.end.request(p.LocalProcessorOutage())
    far.status(SIPO)
    far.run()
    far.end.request(p.LocalProcessorRecovered())
    far.end.request(p.Continue())
    far.give(b"waits")
    far.forget()
    far.run()
    assert far.words() == ["FISU"]
    assert far.end.state == "ProcessorOutage"
    far.fill_in()
    far.run()
    far.end.request(p.Continue())
    far.run()
    assert far.messages() == [(0, b"\x85waits")]


def every(far, units, count):
    """``count`` errors, each among so many units, and no time."""
    for number in range(count):
        far.send(BAD, *[far.fisu()] * (units - 1))
        if far.end.state != "InService":
            return number + 1
    return count


def test_6_1_error_rate_of_1_in_256(far):
    """Error rate of 1 in 256: link remains in service."""
    far.serve()
    every(far, 256, 1000)
    assert far.end.state == "InService"


def test_6_2_error_rate_of_1_in_254(far):
    """Error rate of 1 in 254: link out of service."""
    far.serve()
    errors = every(far, 254, 20000)
    assert far.told(p.OutOfService) == [p.OutOfService("errors")]
    assert errors == pytest.approx(64 * 128, rel=0.05)


def test_6_3_consecutive_corrupt_sus(far):
    """Consecutive corrupt signal units: 63 are borne, 64 are not."""
    far.serve()
    far.send(*[BAD] * 63)
    assert far.end.state == "InService"
    far.send(BAD)
    assert far.end.state == "OutOfService"


def test_6_4_time_controlled_break_of_the_link(far):
    """Time controlled break of the link: shorter than 128 ms is borne, longer is not."""
    far.serve()
    far.send(*[lib.MTP2_FAULT_OCTETS] * (1000 // 16))
    far.run(0.02)
    assert far.end.state == "InService"
    far.send(*[lib.MTP2_FAULT_OCTETS] * 4)
    assert far.end.state == "OutOfService"


def proving(far, errors, emergency=False):
    """A proving period with so many errors at once; True if it is aborted."""
    aborted = far.end.engine.counters.get("proving aborted", 0)
    far.send(*[BAD] * errors)
    far.run(0.05)
    return far.end.engine.counters.get("proving aborted", 0) > aborted


def test_7_1_error_rate_below_the_normal_threshold(far):
    """Error rate below the normal threshold: three errors."""
    far.prove(emergency=False)
    assert not proving(far, 3)
    begun = far.ticks
    assert far.run(12, lambda: far.end.state == "AlignedReady")
    assert (far.ticks - begun) * TICK < FIGURES.milliseconds["T4n"] / 1000


def test_7_2_error_rate_at_the_normal_threshold(far):
    """Error rate at the normal threshold: the proving begins anew, four times, and succeeds."""
    far.prove(emergency=False)
    for _ in range(4):
        far.run(1)
        assert proving(far, 4)
    begun = far.ticks
    assert far.run(12, lambda: far.end.state == "AlignedReady")
    assert (far.ticks - begun) * TICK == pytest.approx(FIGURES.milliseconds["T4n"] / 1000, abs=0.1)


def test_7_3_error_rate_above_the_normal_threshold(far):
    """Error rate above the normal threshold: after five attempts out of service."""
    far.prove(emergency=False)
    for _ in range(5):
        assert far.end.state == "Proving"
        assert proving(far, 5)
    assert far.end.state == "OutOfService"
    assert far.told(p.OutOfService) == [p.OutOfService("5 proving periods with errors")]


def test_7_4_error_rate_at_the_emergency_threshold(far):
    """Error rate at the emergency threshold: one error."""
    far.prove()
    for _ in range(4):
        assert proving(far, 1)
        assert far.end.state == "Proving"
    assert proving(far, 1)
    assert far.end.state == "OutOfService"
