"""Level 2 that begins anew after a fault of ours: out of service, nothing lost that was said, one answer to what level 3 waits for."""

import pytest

from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.variant import load_variant as load_isup
from pbx.signalling.ss7.mtp2 import orders
from pbx.signalling.ss7.mtp2.figures import load_figures
from pbx.signalling.ss7.mtp2.mtp2 import IN_SERVICE, Mtp2
from pbx.signalling.ss7.sigtran.association import AssociationUp
from pbx.signalling.ss7.sigtran.figures import load_figures as load_association
from pbx.signalling.ss7.sigtran.m2pa import M2pa

MESSAGE = b"\x85 a message"
GIVEN = [
    (None, []),
    (p.Start(), []),
    (p.RetrieveBsnt(), [p.Bsnt(None)]),
    (orders.BsntTold(5), [p.Bsnt(None)]),
    (p.RetrievalRequest(3), [p.RetrievalComplete()]),
    (orders.RetrievalEnded(), [p.RetrievalComplete()]),
    (p.MessageForTransmission(MESSAGE), []),
    (orders.MessageHeard(MESSAGE), [p.ReceivedMessage(MESSAGE)]),
]


def level2():
    engine = Mtp2(load_figures("mtp2-china"))
    engine.resume(IN_SERVICE, None, 0.0)
    return engine


def told(outputs):
    return [output for output in outputs if isinstance(output, p.ToLevel3)]


@pytest.mark.parametrize("given, answer", GIVEN, ids=lambda value: type(value).__name__)
def test_level_2_tells_level_3_once_and_sends_sios(given, answer):
    engine = level2()
    outputs = engine.begin_anew(given, 1.0)
    assert [value for value in told(outputs) if type(value) is not p.OutOfService] == answer
    assert [type(value) for value in told(outputs)].count(p.OutOfService) == 1
    assert orders.Halt() in outputs and (orders.SendMessage(MESSAGE) in outputs) == (type(given) is p.MessageForTransmission)
    assert engine.state == "OutOfService" and engine.deadline() is None
    assert engine.receive(orders.MessageHeard(MESSAGE), 1.0) == [], "level 3 has heard the last of it"
    (begin,) = [value for value in engine.receive(p.Start(), 2.0) if type(value) is orders.Begin]
    assert begin.life == 1


def test_what_was_said_before_the_fault_is_not_said_twice():
    engine = level2()
    engine._terminal.order(orders.TellBsnt())
    assert told(engine.begin_anew(p.RetrieveBsnt(), 1.0)) == [p.OutOfService("a fault of ours")]
    engine._terminal.order(orders.SendMessage(MESSAGE))
    outputs = engine.begin_anew(p.MessageForTransmission(MESSAGE), 1.0)
    assert outputs.count(orders.SendMessage(MESSAGE)) == 1


def test_lives_go_on_counting_and_orders_for_alignments_stand():
    engine = level2()
    for _ in range(3):
        engine.receive(p.Stop(), 1.0)
        engine.receive(p.Start(), 1.0)
    engine.receive(p.Emergency(), 1.0)
    engine.receive(p.LocalProcessorOutage(), 1.0)
    engine.begin_anew(None, 1.0)
    (begin,) = [value for value in engine.receive(p.Start(), 2.0) if type(value) is orders.Begin]
    assert begin.life == 4 and engine._terminal.emergency and engine._terminal.local_outage


def test_messages_of_m2pa_can_be_retrieved_with_the_one_that_met_the_fault():
    engine = M2pa(load_association("sigtran"))
    engine.receive(AssociationUp(), 0.0)
    engine.transmission.give(b"one", 0.0)
    outputs = engine.begin_anew(p.MessageForTransmission(b"two"), 1.0)
    assert told(outputs) == [p.OutOfService("a fault of ours")] and engine.state == "OutOfService"
    given_back = [value for value in engine.receive(p.RetrievalRequest(None), 1.0) if isinstance(value, p.ToLevel3)]
    assert given_back == [p.RetrievedMessage(b"one"), p.RetrievedMessage(b"two"), p.RetrievalComplete()]
    kept = b"three"
    engine.transmission.give(kept, 1.0)
    engine.begin_anew(p.MessageForTransmission(kept), 1.0)
    assert sum(type(value) is p.RetrievedMessage for value in engine.receive(p.RetrievalRequest(None), 1.0)) == 1


def test_a_request_whose_timer_a_fault_has_taken_is_repeated_again():
    part = Isup(1, 2, load_isup(), range(1, 31), None)
    part.start(0.0)
    part.reset_all(range(1, 31), 1.0)
    (request,) = part.groups.requests()
    assert part.mend(1.5) == []
    for name in list(request.machine.chart.timers):
        request.machine.stop_timer(name)
    assert part.deadline() is None
    outputs = part.mend(2.0)
    assert [type(output).__name__ for output in outputs] == ["Transfer"]
    assert part.deadline() is not None
