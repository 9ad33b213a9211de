"""No. 7 under load: links cut under calls, a link that is offered too much, many calls; the same runs as ``./zongji bench ss7``, shorter.

Level 2 is whole (C and Python) and so are level 3 and the ISUP at both ends; ``--long`` cuts a thousand times, ``--seed`` chooses.
The judges are judged too: what they compare, crippled retrieval, a leak.
"""

import pytest
from msgspec import structs

from benchmarks import no7_million
from benchmarks.no7_calls import Traffic
from benchmarks.no7_changeover import Cuts
from benchmarks.no7_million import slope
from benchmarks.no7_overload import AFTERWARDS_S, RECOVERY_S, Overload
from benchmarks.no7_points import Comparison
from pbx.signalling.ss7.primitives import RetrievedMessage, Transfer

CUTS, LONG_CUTS = 10, 1000
CALLS, SAMPLED_EACH = 8000, 1000


def assert_whole(found, seed):
    assert found.damage == (0, 0, 0, 0), f"seed {seed}: {found.text()}; {found.wrong}"
    assert found.at_rest, f"seed {seed}: {found.text()}"
    assert found.retrieved, "else no cut has met traffic"


def test_links_are_cut_under_calls_and_nothing_is_lost_doubled_or_overtaken(seed, long):
    found = Cuts(seed).run(LONG_CUTS if long else CUTS)
    assert_whole(found, seed)
    assert all(0.3 < erlang < 0.5 for erlang in found.erlangs.values()), found.erlangs


def test_of_three_links_two_are_in_trouble_at_once(seed, long):
    assert_whole(Cuts(seed, links=3).run((LONG_CUTS if long else CUTS) // 2), seed)


def test_a_retrieval_that_forgets_loses_messages_and_calls():
    cuts = Cuts(1)
    for point in cuts.place.points:
        for end in point.ends.values():
            end.up = lambda value, up=end.up: None if type(value) is RetrievedMessage else up(value)
    for name in cuts.names:
        cuts.place.run(0.3)
        cuts.cut_line(name)
        cuts.place.run(1.0)
        cuts.mend(name)
        cuts.settle()
    cuts.traffic.finish(60.0)
    assert sum(point.received.lost for point in cuts.place.points)
    assert cuts.traffic.unaccounted


def test_when_both_links_have_failed_calls_are_lost_but_no_circuit_is(seed):
    """Q.704 cannot keep what two points that cannot reach each other say; timers of Q.764 bring both ends of each circuit to agree."""
    cuts = Cuts(seed)
    for name in cuts.names:
        cuts.cut_line(name)
    cuts.place.run(3.0)
    assert all(point.said["Pause"] for point in cuts.place.points)
    for name in cuts.names:
        cuts.mend(name)
    cuts.settle()
    cuts.place.run(2.0)
    assert cuts.traffic.finish(), f"seed {seed}: {cuts.traffic.counts}"
    assert cuts.traffic.counts["lost"], "else there was no harm to come to rest from"


def transfers(*numbers, sls=1):
    return [Transfer(5, 1, 2, sls, bytes([number])) for number in numbers]


@pytest.mark.parametrize(
    ("came", "messages", "lost", "doubled", "overtaken"),
    [
        ((1, 2, 3, 4), 4, 0, 0, 0),
        ((1, 2, 4), 2, 1, 0, 0),
        ((1, 2, 2, 3, 4), 4, 0, 1, 0),
        ((1, 3, 2, 4), 2, 0, 0, 1),
        ((1,), 1, 3, 0, 0),
        ((2, 1, 1, 3, 4), 2, 0, 1, 1),
    ],
)
def test_the_comparison_sees_each_kind_of_damage(came, messages, lost, doubled, overtaken):
    found = Comparison()
    for value in (*transfers(1, 2, 3, 4), *transfers(9, sls=2)):
        found.sent(value)
    for value in (*transfers(*came), *transfers(9, sls=2)):
        found.received(value)
    assert (found.messages - 1, found.lost, found.doubled, found.overtaken) == (messages, lost, doubled, overtaken)


def test_a_link_that_is_offered_too_much_holds_new_calls_back_and_loses_none(seed):
    found = Overload(seed).run(15.0)
    told = f"seed {seed}: {found.text()}; {found.wrong}"
    assert found.offered_erlang > 1.3
    assert found.held_back > found.attempts / 10
    assert found.most_level, "else the link was never congested"
    assert found.established > 100
    assert (found.established_lost, found.lost, found.messages_lost, found.refused, found.survivor_failures) == (0, 0, 0, 0, 0), told
    assert found.recovered_s < RECOVERY_S, told
    assert found.held_back_afterwards == 0, f"in {AFTERWARDS_S} s; {told}"
    assert found.at_rest, told


def test_thousands_of_calls_by_messages_alone_end_as_they_should_and_leave_nothing_behind(seed):
    found = no7_million.run(CALLS, seed, SAMPLED_EACH)
    assert (found.lost, found.messages_lost, found.wrong) == (0, 0, []), f"seed {seed}: {found.text()}"
    assert found.at_rest
    assert sum(found.ends.values()) + found.no_circuit == found.calls == CALLS
    assert all(count for end, count in found.ends.items() if end != "no answer")
    assert slope(found.blocks) / SAMPLED_EACH < 0.02, found.blocks


def test_who_is_rung_longer_than_t9_gets_no_answer_and_is_not_lost(monkeypatch, seed):
    """With ringing of 40 s on the average one in twenty is."""
    monkeypatch.setattr(no7_million, "HABITS", structs.replace(no7_million.HABITS, ringing_s=40.0))
    found = no7_million.run(2000, seed, 1000)
    assert (found.lost, found.messages_lost, found.wrong) == (0, 0, []), f"seed {seed}: {found.text()}"
    assert found.ends["no answer"] > 10
    assert found.at_rest


def test_a_leak_would_be_seen(monkeypatch):
    class Leaking(Traffic):
        kept = []

        def _released(self, point, cic, cause):
            self.kept.append((cic, object()))
            super()._released(point, cic, cause)

    monkeypatch.setattr(no7_million, "Traffic", Leaking)
    found = no7_million.run(3000, 1, 500)
    assert slope(found.blocks) / 500 > 1
