"""Q.781 sections 1 and 2: link state control, with what is expected and with what is not, on both parts of level 2 together."""

import pytest

from benchmarks.no7_terminals import FIGURES, TICK
from pbx.signalling.ss7 import primitives as p
from tests.signalling.ss7.terminal import FarEnd

SIO, SIN, SIE, SIOS, SIPO, SIB = range(6)


@pytest.fixture
def far():
    return FarEnd()


def reasons(far):
    return [value.reason for value in far.told(p.OutOfService)]


def out(far, *words):
    """Out of service by itself, once, for this reason; SIOS goes out."""
    far.forget()
    far.run(0.03)
    assert far.end.state == "OutOfService"
    assert far.words() == ["SIOS"]
    assert len(reasons(far)) == 1
    assert all(word in reasons(far)[0] for word in words)


def test_1_1_a_initialization_power_up(far):
    """Initialization (power-up): SIOS goes out, the far end is silent."""
    far.run()
    assert far.words() == ["SIOS"]
    assert far.last() == (127, 1, 127, 1)
    assert far.end.state == "OutOfService"


def test_1_1_b_initialization_power_up(far):
    """Initialization (power-up): SIOS goes out and comes in."""
    far.status(SIOS)
    far.run()
    assert far.words() == ["SIOS"]
    assert far.end.told == []


def timed(far, longest, until):
    begun = far.ticks
    assert far.run(longest, until)
    return (far.ticks - begun) * TICK


def test_1_2_timer_t2(far):
    """Timer T2."""
    far.status(SIOS)
    far.start()
    seconds = timed(far, 60, lambda: far.end.state == "OutOfService")
    assert seconds == pytest.approx(FIGURES.milliseconds["T2"] / 1000, abs=0.05)
    assert far.words() == ["SIO"] or far.words() == ["SIO", "SIOS"]
    out(far, "T2")


def test_1_3_timer_t3(far):
    """Timer T3."""
    far.start()
    far.status(SIO)
    far.run(0.02)
    assert far.end.state == "Aligned"
    seconds = timed(far, 5, lambda: far.end.state == "OutOfService")
    assert seconds == pytest.approx(FIGURES.milliseconds["T3"] / 1000, abs=0.05)
    assert far.words()[:2] == ["SIO", "SIN"]
    out(far, "T3")


def test_1_4_timer_t1_and_timer_t4_normal(far):
    """Timer T1 and timer T4 (normal)."""
    far.prove(emergency=False)
    seconds = timed(far, 12, lambda: far.end.state == "AlignedReady")
    assert seconds == pytest.approx(FIGURES.milliseconds["T4n"] / 1000, abs=0.1)
    seconds = timed(far, 60, lambda: far.end.state == "OutOfService")
    assert seconds == pytest.approx(FIGURES.milliseconds["T1"] / 1000, abs=0.05)
    out(far, "T1")


@pytest.mark.parametrize("octets", [1, 2])
def test_1_5_normal_alignment_procedure(far, octets):
    """Normal alignment procedure, status fields of one (a) and of two octets (b)."""
    far.start()
    for status in (SIO, SIN):
        far.standing = lambda status=status: far.lssu(status, octets)
        far.run(0.1)
    assert far.run(12, lambda: far.end.state == "AlignedReady")
    far.fill_in()
    far.run()
    assert far.words() == ["SIO", "SIN", "FISU"]
    assert far.end.told == [p.InService()]
    assert far.end.state == "InService"


def test_1_6_normal_alignment_procedure_correct_procedure_msu(far):
    """Normal alignment procedure, ended by a message."""
    far.prove(emergency=False)
    assert far.run(12, lambda: far.end.state == "AlignedReady")
    far.message(b"\x85first")
    far.run()
    assert far.end.told == [p.InService(), p.ReceivedMessage(b"\x85first")]
    assert far.last()[:2] == (0, 1)


def test_1_7_sio_received_during_normal_proving_period(far):
    """SIO received during normal proving period: it begins anew."""
    far.prove(emergency=False)
    far.run(5)
    far.status(SIO)
    far.run()
    assert far.end.state == "Aligned"
    far.status(SIN)
    far.run()
    assert far.end.state == "Proving"
    seconds = timed(far, 12, lambda: far.end.state == "AlignedReady")
    assert seconds == pytest.approx(FIGURES.milliseconds["T4n"] / 1000, abs=0.1)


@pytest.mark.parametrize("before", [True, False], ids=["a", "b"])
def test_1_8_normal_alignment_with_po_set_fisu(far, before):
    """Normal alignment with processor outage set, FISU; it is set before the start (a) or while proving (b)."""
    not_ready(far, before)
    far.fill_in()
    serves_not_ready(far)


@pytest.mark.parametrize("before", [True, False], ids=["a", "b"])
def test_1_9_normal_alignment_with_po_set_msu(far, before):
    """Normal alignment with processor outage set, MSU, which is not accepted; set before the start (a) or while proving (b)."""
    not_ready(far, before)
    far.message()
    serves_not_ready(far)


def not_ready(far, before):
    if before:
        far.end.request(p.LocalProcessorOutage())
    far.prove(emergency=False)
    far.end.request(p.LocalProcessorOutage())
    assert far.run(12, lambda: far.end.state == "AlignedNotReady")


def serves_not_ready(far):
    far.forget()
    far.run()
    assert far.words() == ["SIPO"]
    assert far.end.state == "ProcessorOutage"
    assert far.end.told == [p.InService()]
    assert far.last()[:2] == (127, 1)


def test_1_10_normal_alignment_with_po_set_and_cleared(far):
    """Normal alignment with processor outage set and cleared: as without."""
    far.end.request(p.LocalProcessorOutage())
    far.start()
    far.end.request(p.LocalProcessorRecovered())
    far.status(SIN)
    assert far.run(12, lambda: far.end.state == "AlignedReady")
    assert "SIPO" not in far.words()


def test_1_11_set_rpo_when_aligned_not_ready(far):
    """Set remote processor outage when "aligned not ready"."""
    far.end.request(p.LocalProcessorOutage())
    far.aligned()
    far.status(SIPO)
    far.run()
    assert far.end.told == [p.InService(), p.RemoteProcessorOutage()]
    assert far.end.state == "ProcessorOutage"
    far.fill_in()
    far.run()
    assert far.end.told[-1] == p.RemoteProcessorRecovered()


@pytest.mark.parametrize("octets", [1, 2])
def test_1_12_sios_received_when_aligned_not_ready(far, octets):
    """SIOS received when "aligned not ready", of one (a) and of two octets (b)."""
    far.end.request(p.LocalProcessorOutage())
    far.aligned()
    far.send(far.lssu(SIOS, octets))
    out(far, "SIOS")


def test_1_13_sio_received_when_aligned_not_ready(far):
    """SIO received when "aligned not ready"."""
    far.end.request(p.LocalProcessorOutage())
    far.aligned()
    far.send(far.lssu(SIO))
    out(far, "SIO")


def test_1_14_set_and_clear_lpo_when_initial_alignment(far):
    """Set and clear local processor outage when "initial alignment"."""
    far.prove()
    far.end.request(p.LocalProcessorOutage())
    far.run(0.1)
    far.end.request(p.LocalProcessorRecovered())
    assert far.run(1, lambda: far.end.state == "AlignedReady")
    far.run(0.02)
    assert far.words()[-1] == "FISU"


def test_1_15_set_and_clear_lpo_when_aligned_ready(far):
    """Set and clear local processor outage when "aligned ready"."""
    far.aligned()
    far.run(0.02)
    far.forget()
    far.end.request(p.LocalProcessorOutage())
    far.run()
    assert far.end.state == "AlignedNotReady"
    far.end.request(p.LocalProcessorRecovered())
    far.run()
    assert far.words() == ["SIPO", "FISU"]
    far.fill_in()
    far.run()
    assert far.end.state == "InService"


def test_1_16_timer_t1_in_aligned_not_ready_state(far):
    """Timer T1 in "aligned not ready" state; it goes on from "aligned ready"."""
    far.aligned()
    begun = far.ticks
    far.run(20)
    far.end.request(p.LocalProcessorOutage())
    assert far.run(60, lambda: far.end.state == "OutOfService")
    assert (far.ticks - begun) * TICK == pytest.approx(FIGURES.milliseconds["T1"] / 1000, abs=0.05)
    out(far, "T1")


def test_1_17_no_sio_sent_during_normal_proving_period(far):
    """No SIO sent during normal proving period: SIN at once is enough."""
    far.start()
    far.status(SIN)
    assert far.run(12, lambda: far.end.state == "AlignedReady")
    far.run(0.02)
    assert far.words() == ["SIO", "SIN", "FISU"]


def test_1_18_set_and_cease_emergency_prior_to_start_alignment(far):
    """Set and cease emergency prior to "start alignment"."""
    far.end.request(p.Emergency())
    far.end.request(p.EmergencyCeases())
    far.prove(emergency=False)
    assert timed(far, 12, lambda: far.end.state == "AlignedReady") > 7
    assert "SIE" not in far.words()


def test_1_19_set_emergency_while_in_not_aligned_state(far):
    """Set emergency while in "not aligned" state."""
    far.start()
    far.end.request(p.Emergency())
    far.status(SIN)
    assert timed(far, 12, lambda: far.end.state == "AlignedReady") == pytest.approx(0.5, abs=0.1)
    assert far.words()[:2] == ["SIO", "SIE"]


def test_1_20_set_emergency_when_aligned(far):
    """Set emergency when "aligned"."""
    far.start()
    far.status(SIO)
    far.run()
    far.end.request(p.Emergency())
    far.run()
    assert far.words() == ["SIO", "SIN", "SIE"]
    far.status(SIN)
    assert timed(far, 12, lambda: far.end.state == "AlignedReady") == pytest.approx(0.5, abs=0.1)


def test_1_21_both_ends_set_emergency(far):
    """Both ends set emergency."""
    far.start(emergency=True)
    far.status(SIO)
    far.run()
    far.status(SIE)
    assert timed(far, 12, lambda: far.end.state == "AlignedReady") == pytest.approx(0.5, abs=0.1)
    assert far.words()[:2] == ["SIO", "SIE"]


def test_1_22_individual_end_sets_emergency(far):
    """Individual end sets emergency: the far one."""
    far.start()
    far.status(SIO)
    far.run()
    far.status(SIE)
    assert timed(far, 12, lambda: far.end.state == "AlignedReady") == pytest.approx(0.5, abs=0.1)
    assert far.words()[:2] == ["SIO", "SIN"]


def test_1_23_set_emergency_during_normal_proving(far):
    """Set emergency during normal proving: the short period begins."""
    far.prove(emergency=False)
    far.run(3)
    far.end.request(p.Emergency())
    assert timed(far, 12, lambda: far.end.state == "AlignedReady") == pytest.approx(0.5, abs=0.1)
    assert far.words()[:3] == ["SIO", "SIN", "SIE"]


def test_1_24_no_sio_sent_during_emergency_alignment(far):
    """No SIO sent during emergency alignment: SIE at once is enough."""
    far.start(emergency=True)
    far.status(SIE)
    assert timed(far, 12, lambda: far.end.state == "AlignedReady") == pytest.approx(0.5, abs=0.1)


def stopped(far):
    far.end.request(p.Stop())
    far.forget()
    far.run(0.03)
    assert far.words() == ["SIOS"]
    assert far.end.state == "OutOfService"
    assert reasons(far) == []


def test_1_25_deactivation_during_initial_alignment(far):
    """Deactivation during initial alignment."""
    far.start()
    far.status(SIO)
    far.run()
    stopped(far)


def test_1_26_deactivation_during_aligned_state(far):
    """Deactivation during "aligned ready" state."""
    far.aligned()
    stopped(far)


def test_1_27_deactivation_during_aligned_not_ready(far):
    """Deactivation during "aligned not ready"."""
    far.end.request(p.LocalProcessorOutage())
    far.aligned()
    stopped(far)


def test_1_28_sio_received_during_link_in_service(far):
    """SIO received during link in service."""
    far.serve()
    far.send(far.lssu(SIO))
    out(far, "SIO")


@pytest.mark.parametrize("octets", [1, 2])
def test_1_29_sios_received_during_link_in_service(far, octets):
    """SIOS received during link in service, of one (a) and of two octets (b)."""
    far.serve()
    far.send(far.lssu(SIOS, octets))
    out(far, "SIOS")


@pytest.mark.parametrize("status", [None, SIPO])
def test_1_30_deactivation_during_lpo(far, status):
    """Deactivation during local processor outage; the far end sends FISUs (a), SIPO (b)."""
    far.serve()
    far.end.request(p.LocalProcessorOutage())
    if status:
        far.status(status)
    far.run()
    stopped(far)


@pytest.mark.parametrize("with_message", [False, True])
def test_1_31_deactivation_during_rpo(far, with_message):
    """Deactivation during remote processor outage, without (a) and with a message that waits (b)."""
    far.serve()
    far.status(SIPO)
    far.run()
    if with_message:
        far.give(b"waits")
    stopped(far)
    far.end.request(p.RetrievalRequest(127))
    assert far.told(p.RetrievedMessage) == [p.RetrievedMessage(b"\x85waits")] * with_message


@pytest.mark.parametrize("emergency", [False, True])
def test_1_32_deactivation_during_the_proving_period(far, emergency):
    """Deactivation during the proving period, normal (a) and emergency (b)."""
    far.prove(emergency)
    stopped(far)


def test_1_33_sio_received_instead_of_fisus(far):
    """SIO received instead of FISUs, when aligned ready."""
    far.aligned()
    far.status(SIO)
    far.run(0.02)
    out(far, "SIO")


def test_1_34_sios_received_instead_of_fisus(far):
    """SIOS received instead of FISUs, when aligned ready."""
    far.aligned()
    far.status(SIOS)
    far.run(0.02)
    out(far, "SIOS")


def test_1_35_sipo_received_instead_of_fisus(far):
    """SIPO received instead of FISUs, when aligned ready."""
    far.aligned()
    far.status(SIPO)
    far.run()
    assert far.end.told == [p.InService(), p.RemoteProcessorOutage()]
    far.fill_in()
    far.run()
    far.end.request(p.Continue())
    far.give(b"goes")
    far.run()
    assert far.messages() == [(0, b"\x85goes")]


def every_unit(far, leave=()):
    units = [far.lssu(status) for status in (SIO, SIN, SIE, SIOS, SIPO, SIB, 6, 7) if status not in leave]
    return [*units, far.lssu(SIB, 2), far.fisu(), far.msu(fsn=0)]


def unmoved(far, units, state, requests=()):
    assert far.end.state == state
    far.send(*units)
    far.run(0.02)
    for request in requests:
        far.end.request(request)
    far.run(0.02)
    assert far.end.state == state
    assert far.told(p.OutOfService) == []


RECOVERIES = (p.LocalProcessorRecovered(), p.Continue(), p.FlushBuffers())


def test_2_1_unexpected_in_out_of_service(far):
    """Unexpected signal units and orders in "out of service" state."""
    unmoved(far, every_unit(far), "OutOfService", (p.Stop(), p.Emergency(), p.EmergencyCeases(), *RECOVERIES))
    assert far.end.told == []
    far.serve()


def test_2_2_unexpected_in_not_aligned(far):
    """Unexpected signal units and orders in "not aligned" state."""
    far.start()
    unmoved(far, every_unit(far, {SIO, SIN, SIE}), "NotAligned", RECOVERIES)


def test_2_3_unexpected_in_aligned(far):
    """Unexpected signal units and orders in "aligned" state."""
    far.start()
    far.status(SIO)
    far.run(0.02)
    unmoved(far, every_unit(far, {SIN, SIE, SIOS}), "Aligned", (p.EmergencyCeases(), *RECOVERIES))


def test_2_4_unexpected_in_proving(far):
    """Unexpected signal units and orders in "proving" state."""
    far.prove()
    unmoved(far, every_unit(far, {SIO, SIOS}), "Proving", (p.EmergencyCeases(), *RECOVERIES))
    far.end.told.clear()
    assert far.run(1, lambda: far.end.state == "AlignedReady")


def test_2_5_unexpected_in_aligned_ready(far):
    """Unexpected signal units and orders in "aligned ready" state."""
    far.aligned()
    unmoved(far, [far.lssu(status) for status in (SIN, SIE, SIB, 6, 7)], "AlignedReady", (p.Emergency(), *RECOVERIES))


def test_2_6_unexpected_in_aligned_not_ready(far):
    """Unexpected signal units and orders in "aligned not ready" state."""
    far.end.request(p.LocalProcessorOutage())
    far.aligned()
    units = [far.lssu(status) for status in (SIN, SIE, SIB, 6, 7)]
    unmoved(far, units, "AlignedNotReady", (p.LocalProcessorOutage(), p.Emergency(), p.Continue()))


def test_2_7_unexpected_in_in_service(far):
    """Unexpected signal units and orders in "in service" state."""
    far.serve()
    unmoved(far, [far.lssu(6), far.lssu(7), far.lssu(SIB)], "InService", (p.Emergency(), p.EmergencyCeases(), *RECOVERIES))


@pytest.mark.parametrize("status", [SIO, SIN, SIE, SIOS])
def test_2_8_unexpected_in_processor_outage(far, status):
    """Unexpected signal units and orders in "processor outage" state; statuses of alignment end it."""
    far.serve()
    far.end.request(p.LocalProcessorOutage())
    far.run(0.02)
    unmoved(far, [far.lssu(6), far.lssu(7), far.lssu(SIB)], "ProcessorOutage", (p.LocalProcessorOutage(), p.Continue()))
    far.send(far.lssu(status))
    out(far)
