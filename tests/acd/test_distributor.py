"""The distributor by itself: who is offered what, when, and the ledger of the agents' time."""

from hypothesis import given
from hypothesis import strategies as st

from pbx.acd.agent import AFTER_CALL, BUSY, NOT_READY, READY, AgentChange, AgentProfile
from pbx.acd.distributor import Distributor, Offer, Refused
from pbx.acd.queue import QueueProfile


def distributor(agents=2, queues=1):
    rows = [QueueProfile(f"q{n}", f"s{n}") for n in range(queues)]
    people = [AgentProfile(f"{n}", password="1", skills=tuple(f"s{n}" for n in range(queues))) for n in range(agents)]
    return Distributor(rows, people)


def sits_down(office, number, now=0.0, ready=True):
    outcomes = office.log_on(number, "1", f"line-{number}", now, True)
    assert not isinstance(outcomes, Refused)
    return [*outcomes, *(office.ready(number, now) if ready else [])]


def offers(outcomes):
    return [(outcome.call, outcome.agent) for outcome in outcomes if isinstance(outcome, Offer)]


def test_longest_waiting_call_goes_to_the_agent_who_is_ready():
    office = distributor()
    for n in range(3):
        assert office.join("q0", f"c{n}", 0, float(n)) == (n + 1, [])
    assert offers(sits_down(office, "0", 10.0)) == [("c0", "0")]
    assert offers(sits_down(office, "1", 11.0)) == [("c1", "1")]
    office.answered("c0")
    assert offers(office.finished("0", 20.0, wrap_up=False)) == [("c2", "0")]


def test_agent_who_has_been_ready_longest_is_first():
    office = distributor(agents=3)
    for n, number in enumerate("201"):
        sits_down(office, number, float(n))
    assert [offers(office.join("q0", f"c{n}", 0, 10.0)[1]) for n in range(3)] == [[("c0", "2")], [("c1", "0")], [("c2", "1")]]


def test_higher_priority_first_and_an_offer_not_answered_returns_in_front():
    office = distributor(agents=1)
    for n, priority in enumerate((0, 5, 0, 5)):
        office.join("q0", f"c{n}", priority, float(n))
    assert offers(sits_down(office, "0", 9.0)) == [("c1", "0")]
    assert [w.call for w in office.queues["q0"]] == ["c3", "c0", "c2"]
    outcomes = office.unanswered("c1", "no-answer", 30.0)
    assert [w.call for w in office.queues["q0"]] == ["c1", "c3", "c0", "c2"]
    assert outcomes == [AgentChange("0", NOT_READY, "line-0", "no-answer", "")]


def test_no_offer_while_the_line_is_off_hook_and_at_once_when_it_is_free():
    office = distributor(agents=1)
    sits_down(office, "0")
    assert office.line_changed("line-0", False, 1.0) == []
    assert offers(office.join("q0", "c0", 0, 2.0)[1]) == []
    assert offers(office.line_changed("line-0", True, 3.0)) == [("c0", "0")]


def test_what_is_refused():
    office = distributor()
    assert isinstance(office.log_on("0", "wrong", "line-0", 0.0, True), Refused)
    assert isinstance(office.log_on("77", "1", "line-0", 0.0, True), Refused)
    sits_down(office, "0")
    assert isinstance(office.log_on("0", "1", "line-9", 0.0, True), Refused)
    assert isinstance(office.log_on("1", "1", "line-0", 0.0, True), Refused)
    assert isinstance(office.ready("1", 0.0), Refused)
    office.join("q0", "c0", 0, 1.0)
    assert isinstance(office.log_off("0", 2.0), Refused)


def test_not_ready_wanted_during_a_call_holds_from_its_end():
    office = distributor(agents=1)
    sits_down(office, "0")
    office.join("q0", "c0", 0, 1.0)
    office.answered("c0")
    assert office.not_ready("0", "lunch", 2.0) == []
    assert office.finished("0", 3.0, wrap_up=True) == [AgentChange("0", AFTER_CALL, "line-0", "", "")]
    assert office.after_call_over("0", 4.0) == [AgentChange("0", NOT_READY, "line-0", "lunch", "")]


def test_no_state_of_an_agent_begins_before_the_one_it_follows():
    """Clear-forward is stamped with its first sample, 20 ms before it is recognised; a timer may have been served meanwhile."""
    office = distributor(agents=1)
    sits_down(office, "0", 10.0)
    (change, offer) = office.join("q0", "c0", 0, 9.98)[1]
    assert isinstance(offer, Offer)
    assert change == AgentChange("0", BUSY, "line-0", "offered", "c0")
    assert office.agents["0"].since == 10.0


ACTIONS = st.lists(st.tuples(st.sampled_from(("join", "answer", "refuse", "finish", "over", "gone", "ready", "rest", "hook", "leave")),
                             st.integers(0, 7), st.integers(0, 2)), max_size=60)  # fmt: skip


@given(ACTIONS)
def test_whatever_happens_no_call_waits_while_an_agent_could_take_it(actions):
    """I6, I7: nobody is offered two calls, equal priorities keep their order, and there is no idle agent beside a waiting call."""
    office = distributor(agents=3, queues=2)
    for number in "012":
        sits_down(office, number)
    states = dict.fromkeys("012", READY)
    calls, talking = 0, {}
    for step, (action, which, priority) in enumerate(actions):
        now = float(step)
        number = str(which % 3)
        offered = sorted(office.offered)
        outcomes = []
        if action == "join":
            outcomes = office.join(f"q{which % 2}", f"c{calls:03d}", priority, now)[1]
            calls += 1
        elif action == "answer" and offered:
            call = offered[which % len(offered)]
            talking[office.offered[call][1].number] = call
            office.answered(call)
        elif action == "refuse" and offered:
            outcomes = office.unanswered(offered[which % len(offered)], "no-answer", now)
        elif action == "gone" and offered:
            outcomes = office.abandon(offered[which % len(offered)], now)[1]
        elif action == "finish" and number in talking:
            del talking[number]
            outcomes = office.finished(number, now, wrap_up=priority > 0)
        elif action == "over":
            outcomes = office.after_call_over(number, now)
        elif action in ("ready", "rest"):
            answer = office.ready(number, now) if action == "ready" else office.not_ready(number, "rest", now)
            outcomes = [] if isinstance(answer, Refused) else answer
        elif action == "hook":
            outcomes = office.line_changed(f"line-{number}", priority > 0, now)
        elif action == "leave":
            answer = office.log_off(number, now)
            outcomes = [] if isinstance(answer, Refused) else [*answer, *sits_down(office, number, now, ready=priority > 0)]
        for change in outcomes:
            if isinstance(change, AgentChange) and change.state != "LoggedOn":
                states[change.agent] = change.state
        busy = [agent.number for _, agent in office.offered.values()] + list(talking)
        assert len(set(busy)) == len(busy)
        assert sorted(busy) == sorted(n for n, agent in office.agents.items() if agent.state == BUSY)
        assert states == {n: agent.state for n, agent in office.agents.items()}
        waiting = [row for queue in office.queues.values() for row in queue]
        assert not (waiting and any(agent.available for agent in office.agents.values()))
        for queue in office.queues.values():
            places = [row.place() for row in queue]
            assert places == sorted(places)
