"""Calls as the switch writes them: the facts of whole calls, for the tests of everybody who reads facts."""

from pbx.vocabulary import facts
from pbx.vocabulary.facts import Fact


def is_trunk(line: str) -> bool:
    return line.startswith("e1-")


def queued_call(name: str = "c1", at: float = 10.0, line: str = "e1-1/1", agent: str = "ada", seat: str = "a-1") -> list[Fact]:
    """In from a trunk, through a menu and a queue with one offer not answered, to an agent, on hold once; recorded."""
    lines = [(at, line, "<- seizure 0011"), (at + 0.01, line, "-> seizure acknowledged 1011")]
    return [
        facts.ServiceInitiated(at, name, 1, line),
        facts.Originated(at + 1.5, name, 1, line, called="10086", calling="13900000000", category=1),
        facts.Traced(at + 1.5, name, 1, line, lines=lines),
        facts.Established(at + 1.75, name, 1, line, called="10086", calling="13900000000"),
        facts.FlowStepped(at + 1.75, name, 1, line, flow="main_menu", step="welcome"),
        facts.RecordingStarted(at + 1.75, name, 1, line, recording=f"{name}-1", recorder=0),
        facts.FlowStepped(at + 4.0, name, 1, line, flow="main_menu", step="choice"),
        facts.DigitsCollected(at + 6.0, name, 1, line, digits="1"),
        facts.Queued(at + 6.25, name, 1, line, queue="sales", position=1),
        facts.Delivered(at + 6.5, name, 2, "a-9", called="8009", calling="13900000000", agent="bo"),
        facts.Diverted(at + 16.5, name, 2, "a-9", reason="no answer", agent="bo"),
        facts.Queued(at + 16.5, name, 1, line, queue="sales", position=1, front=True),
        facts.ConnectionCleared(at + 16.5, name, 2, "a-9", cause=19),
        facts.Delivered(at + 17.0, name, 3, seat, called="8001", calling="13900000000", agent=agent),
        facts.Established(at + 20.0, name, 3, seat, called="8001", calling="13900000000", agent=agent),
        facts.Dequeued(at + 20.0, name, 1, line, queue="sales", reason="answered", waited=13.75, agent=agent),
        facts.Connected(at + 20.0, name, 1, line, with_leg=3),
        facts.Held(at + 30.0, name, 1, line),
        facts.Retrieved(at + 40.0, name, 1, line),
        facts.RecordingStopped(at + 80.0, name, 1, line, recording=f"{name}-1", recorder=0),
        facts.ConnectionCleared(at + 80.0, name, 1, line, cause=16),
        facts.ConnectionCleared(at + 81.0, name, 3, seat, cause=16),
        facts.CallCleared(at + 81.0, name, cause=16),
    ]


def outgoing_call(name: str = "c2", at: float = 100.0) -> list[Fact]:
    """From an extension over a trunk."""
    return [
        facts.ServiceInitiated(at, name, 1, "a-2"),
        facts.Originated(at + 3, name, 1, "a-2", called="013800000000", calling="8002"),
        facts.NetworkReached(at + 3, name, 2, "e1-1/7", called="13800000000", group="city"),
        facts.Delivered(at + 5, name, 2, "e1-1/7", called="13800000000", calling="8002"),
        facts.Established(at + 9, name, 2, "e1-1/7", called="13800000000", calling="8002"),
        facts.Established(at + 9, name, 1, "a-2", called="013800000000", calling="8002"),
        facts.Connected(at + 9, name, 1, "a-2", with_leg=2),
        facts.ConnectionCleared(at + 69, name, 1, "a-2", cause=16),
        facts.ConnectionCleared(at + 69.5, name, 2, "e1-1/7", cause=16),
        facts.CallCleared(at + 69.5, name, cause=16),
    ]


def internal_call(name: str = "c3", at: float = 200.0) -> list[Fact]:
    """From extension to extension."""
    return [
        facts.ServiceInitiated(at, name, 1, "a-2"),
        facts.Originated(at + 3, name, 1, "a-2", called="8003", calling="8002"),
        facts.Delivered(at + 3, name, 2, "a-3", called="8003", calling="8002"),
        facts.Established(at + 8, name, 2, "a-3", called="8003", calling="8002"),
        facts.Established(at + 8, name, 1, "a-2", called="8003", calling="8002"),
        facts.Connected(at + 8, name, 1, "a-2", with_leg=2),
        facts.ConnectionCleared(at + 20, name, 2, "a-3", cause=16),
        facts.ConnectionCleared(at + 21, name, 1, "a-2", cause=16),
        facts.CallCleared(at + 21, name, cause=16),
    ]


def busy_call(name: str = "c4", at: float = 300.0) -> list[Fact]:
    """From extension to a busy one: never rung, so its leg has no facts but its end."""
    return [
        facts.ServiceInitiated(at, name, 1, "a-2"),
        facts.Originated(at + 3, name, 1, "a-2", called="8003", calling="8002"),
        facts.ConnectionCleared(at + 3, name, 2, "a-3", cause=17),
        facts.Failed(at + 3, name, 1, "a-2", cause=17),
        facts.ConnectionCleared(at + 9, name, 1, "a-2", cause=17),
        facts.CallCleared(at + 9, name, cause=17),
    ]


def shift_of(agent: str = "ada", at: float = 0.0, line: str = "a-1") -> list[Fact]:
    """An agent's login with a call."""
    return [
        facts.LoggedOn(at, agent, line),
        facts.NotReady(at, agent, line, "log on"),
        facts.Ready(at + 5, agent, line),
        facts.Busy(at + 27, agent, line, "offered", "c1"),
        facts.WorkingAfterCall(at + 90, agent, line, "", "c1"),
        facts.Ready(at + 100, agent, line),
        facts.LoggedOff(at + 400, agent, line, "end of shift"),
    ]


def merged(*stories: list[Fact]) -> list[Fact]:
    """Several stories in the order of time."""
    return sorted((fact for story in stories for fact in story), key=lambda fact: fact.at)


def everything() -> list[Fact]:
    """A small day."""
    return merged(queued_call(), outgoing_call(), internal_call(), busy_call(), shift_of())
