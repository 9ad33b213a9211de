"""What leaves by another way than the plane leaves when its turn is written down, and what it brings back is a turn of its own."""

from pbx.clock import VirtualClock
from pbx.floor import Floor
from pbx.media import Layout, Plane
from pbx.vocabulary.facts import AlarmRaised


def test_what_leaves_does_so_behind_the_facts_of_its_turn_and_may_bring_something_back():
    seen = []
    floor = Floor(VirtualClock(), Plane.create(Layout(ports=1)), lambda fact: seen.append(fact.source))

    def answer():
        floor.fact(AlarmRaised(floor.now, "answer", ""))
        seen.append("answered")

    def leave(text):
        seen.append(text)
        if text == "first":
            floor.turn(answer)

    def begin():
        floor.afterwards(leave, "first")
        floor.afterwards(leave, "second")
        floor.then(floor.fact, AlarmRaised(floor.now, "begun", ""))
        seen.append("turn")

    floor.turn(begin)
    assert seen == ["turn", "begun", "first", "second", "answered", "answer"]
