"""Queues of a whole exchange: what callers who wait meet with."""

import pytest

from pbx.vocabulary import facts
from tests.lab import Lab

SHORT = (("max_wait_seconds = 300", "max_wait_seconds = 10"),)


@pytest.mark.parametrize("tokens", [False, True])
def test_longest_wait_that_passes_while_an_agent_is_rung_holds_afterwards(tokens, seed):
    with Lab(seed=seed, tokens=tokens, changes=SHORT) as lab:
        agent, operator = lab.agent("1001", at="8002"), lab.telephone("8001")
        lab.caller("13900000000").dials("10086").is_answered().presses("1")
        agent.is_rung()
        operator.is_rung(within=25.0).answers()
        (left,) = lab.facts(facts.Dequeued)
        assert left.reason == "overflowed"
        assert left.waited == pytest.approx(20.0, abs=0.1)
        assert lab.facts(facts.NotReady, reason="no-answer")


def test_circuit_that_cannot_send_a_number_is_free_again(seed):
    """A city number with a star in it: the register knows no signal for it (Q.441); the circuit must not be lost."""
    with Lab(seed=seed, tokens=True) as lab:
        phone = lab.telephone("8006").dials("9123*5678")
        phone.notices("hears vacant", "hears congestion", "hears busy", within=20.0).hangs_up()
        lab.after(1.0)
        assert lab.exchange.switch.groups["city"].idle_count() == 60


def test_answer_is_dated_as_on_the_line(seed):
    """I4: the record's duration and the line's differ by less than 20 ms."""
    with Lab(seed=seed) as lab:
        caller = lab.caller("13900000000").dials("10086").is_answered()
        lab.after(3.0)
        caller.hangs_up().is_released()
        answered = next(at for at, what in caller.log if what == "answered")
        (record,) = lab.records()
        assert record.answered_at == pytest.approx(answered, abs=0.02)
