"""``ss7.changeover``: links between two exchanges cut at random moments, again and again, under the load of calls; what is lost by it.

Two links of 64 kbit/s carry ISUP calls of about 0.4 erlang on each in each direction; one is cut, repaired, and has its traffic again, in
ways that a seed draws: both directions or one; for so short that it may live; in the midst of retransmission; in a processor outage; in
the changeback of the cut before, the same link or the one that stood in; while the one that is left is busy (SIB) and fills up.
``ss7.changeover.third`` has three links, and two of them in trouble at once. Nothing may be lost, doubled or overtaken, and every call must
be answered and cleared as its parties wanted. Leaves out both links in trouble at once where there are two: then Q.704 loses messages too.
"""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import msgspec

from benchmarks.no7_calls import ElevenDigits, Habits, Traffic
from benchmarks.no7_points import TwoPoints, circuits_of
from benchmarks.row import Effort, Row, load_text
from pbx.signalling.ss7.mtp2.orders import ReceiverBusy, ReceiverFree
from pbx.signalling.ss7.mtp3.operation import BlockLink, UnblockLink

SPANS = 16
HABITS = Habits(attempts_per_second=96.0, ringing_s=0.5, talking_s=2.0)
"""Short calls, so that 480 circuits are enough: messages count here, not how long people talk."""
SETTLES_S = 60.0
MEASURED_S = 20.0
UNTIL_NOTICED_S = 0.15
DAMAGE = 0.01
PROGRESS_EACH = 50


class Outcome(msgspec.Struct):
    """What has become of everything."""

    cuts: int
    kinds: dict[str, int]
    erlangs: dict[str, float]
    attempts_per_second: float
    messages: int
    lost: int
    doubled: int
    overtaken: int
    calls: int
    calls_lost: int
    calls_shed: int
    other_circuit: int
    failures: int
    retrieved: int
    sent_again: int
    at_rest: bool
    wrong: list[str]
    cpu_s: float
    virtual_s: float

    @property
    def damage(self) -> tuple[int, int, int, int]:
        """Messages lost, doubled, overtaken; calls lost."""
        return self.lost, self.doubled, self.overtaken, self.calls_lost

    def text(self) -> str:
        """In words."""
        load = ", ".join(f"{name} {value:.2f}" for name, value in self.erlangs.items())
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(self.kinds.items()))
        return (
            f"{self.cuts} cuts ({kinds}) in {self.virtual_s:.0f} s, load in erlang {load} by {self.attempts_per_second:.0f} "
            f"attempts a second; {self.messages} messages: {self.lost} lost, "
            f"{self.doubled} doubled, {self.overtaken} overtaken; {self.calls} calls: {self.calls_lost} lost, {self.calls_shed} held back "
            f"by congestion with cause 42, {self.other_circuit} took another circuit; {self.failures} failures seen by an end, "
            f"{self.retrieved} messages retrieved, {self.sent_again} sent again by level 2; circuits "
            f"{'all idle' if self.at_rest else 'NOT IDLE'}; {self.cpu_s:.1f} CPU s"
        )


class Cuts:
    """Cuts links of two points under load."""

    def __init__(self, seed: int, links: int = 2, habits: Habits = HABITS) -> None:
        self.seed = seed
        self.place = TwoPoints(seed, circuits_of(SPANS), ElevenDigits(), links)
        self.traffic = Traffic(self.place, habits)
        self.chance = self.place.random
        self.kinds: dict[str, int] = {}
        self.place.start()
        self.names = list(self.place.lines)
        self.traffic.offer()
        self.place.run(5.0)
        before, attempts = self.place.octets(), self.traffic.counts["attempts"]
        self.place.run(MEASURED_S)
        self.attempts_per_second = (self.traffic.counts["attempts"] - attempts) / MEASURED_S
        found = self.place.erlangs(before, MEASURED_S)
        self.erlangs = {f"{name} {('to', 'fro')[end]}": value for (name, end), value in sorted(found.items())}

    def run(self, cuts: int, progress: Callable[[str], object] = lambda text: None) -> Outcome:
        """So many cuts, then the end of all calls."""
        begun, began_s = time.process_time(), self.place.now
        stories = self.TWO if len(self.names) == 2 else self.THREE
        for number in range(1, cuts + 1):
            self.place.run(0.5 * self.chance.random())
            kind = self.chance.choices(list(stories), [WEIGHTS.get(name, 1) for name in stories])[0]
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            stories[kind](self)
            self.settle()
            if number % PROGRESS_EACH == 0:
                progress(f"{number} of {cuts} cuts, {time.process_time() - begun:.0f} CPU s")
        at_rest = self.traffic.finish()
        self.place.run(1.0)
        return self._outcome(cuts, at_rest, time.process_time() - begun, self.place.now - began_s)

    def _outcome(self, cuts: int, at_rest: bool, cpu_s: float, virtual_s: float) -> Outcome:
        points, counts = self.place.points, self.traffic.counts
        compared = [point.received for point in points]
        return Outcome(
            cuts=cuts,
            kinds=self.kinds,
            erlangs=self.erlangs,
            attempts_per_second=self.attempts_per_second,
            messages=sum(one.messages for one in compared),
            lost=sum(one.lost for one in compared),
            doubled=sum(one.doubled for one in compared),
            overtaken=sum(one.overtaken for one in compared),
            calls=counts["attempts"],
            calls_lost=self.traffic.unaccounted,
            calls_shed=counts["shed"],
            other_circuit=counts["other circuit"],
            failures=sum(point.said["OutOfService"] for point in points),
            retrieved=sum(point.said["RetrievedMessage"] for point in points),
            sent_again=self.place.counter("messages_sent_again"),
            at_rest=at_rest,
            wrong=[*self.traffic.lost, *(str(value) for point in points for value in point.wrong)],
            cpu_s=cpu_s,
            virtual_s=virtual_s,
        )

    def settle(self) -> None:
        """Until all links carry their traffic again."""
        settled = self.place.run(SETTLES_S, lambda: self.place.settled)
        assert settled, f"seed {self.seed}: links do not come back after {self.kinds}"

    # What can be done to a link.

    def cut_line(self, name: str) -> None:
        """Both ways or one."""
        ways = self.place.lines[name].ways
        for way in self.chance.choice((ways, ways, ways[:1], ways[1:])):
            way.whole = False

    def mend(self, name: str) -> None:
        """Both ways."""
        for way in self.place.lines[name].ways:
            way.whole = True

    def _two(self) -> list[str]:
        """Two links, in any order."""
        return self.chance.sample(self.names, 2)

    def _wait(self, most_s: float) -> None:
        self.place.run(most_s * self.chance.random())

    # Two links.

    def cut(self) -> None:
        """One is cut and repaired."""
        name = self.chance.choice(self.names)
        self.cut_line(name)
        self.place.run(UNTIL_NOTICED_S)
        self._wait(2.0)
        self.mend(name)

    def short_break(self) -> None:
        """For so short that it may go on."""
        name = self.chance.choice(self.names)
        self.cut_line(name)
        self._wait(UNTIL_NOTICED_S)
        self.mend(name)
        self.place.run(0.5)

    def retransmission(self) -> None:
        """Units are damaged, and messages sent again, when it is cut."""
        name = self.chance.choice(self.names)
        ways = self.place.lines[name].ways
        for way in ways:
            way.damage = DAMAGE
        self._wait(0.5)
        self.cut_line(name)
        self.place.run(UNTIL_NOTICED_S)
        for way in ways:
            way.damage = 0.0  # no proving would bear it
        self._wait(1.0)
        self.mend(name)

    def changeback(self) -> None:
        """Cut again in its changeback, or the link that stood in."""
        one, other = self._two()
        self.cut_line(one)
        self.place.run(UNTIL_NOTICED_S)
        self._wait(0.5)
        self.mend(one)
        points = self.place.points
        self.place.run(SETTLES_S, lambda: any(point.mtp3.link_state(one) == "available" for point in points))
        self._wait(0.06)
        second = self.chance.choice((one, other))
        if second == other:  # traffic must have a way: both ends use the first
            self.place.run(SETTLES_S, lambda: self.place.available(one))
        self.cut_line(second)
        self.place.run(UNTIL_NOTICED_S)
        self._wait(1.0)
        self.mend(second)

    def busy(self) -> None:
        """The one that is left has a receiver that can take nothing for a while, so it fills up."""
        one, other = self._two()
        receiver = self.chance.choice(self.place.points).ends[other]
        receiver.request(ReceiverBusy(discard=self.chance.random() < 0.5))
        self._wait(0.3)
        self.cut_line(one)
        self._wait(0.6)
        receiver.request(ReceiverFree())
        self.place.run(UNTIL_NOTICED_S)
        self._wait(0.5)
        self.mend(one)

    def outage(self) -> None:
        """It is in processor outage, and its traffic rests (T1), when it is cut."""
        name = self.chance.choice(self.names)
        point = self.chance.choice(self.place.points)
        point.order(BlockLink(name))
        self._wait(WITHIN_T1_S)
        self.cut_line(name)
        self.place.run(UNTIL_NOTICED_S)
        point.order(UnblockLink(name))
        self._wait(1.0)
        self.mend(name)

    # Three links: two of them in trouble.

    def both(self) -> None:
        """Two are cut, one in the changeover of the other."""
        one, other = self._two()
        self.cut_line(one)
        self._wait(0.4)
        self.cut_line(other)
        self.place.run(UNTIL_NOTICED_S)
        self._wait(1.0)
        self.mend(one)
        self._wait(1.0)
        self.mend(other)

    def beside_outage(self) -> None:
        """One is cut while another is in a short processor outage."""
        one, other = self._two()
        point = self.chance.choice(self.place.points)
        point.order(BlockLink(other))
        self._wait(WITHIN_T1_S / 2)
        self.cut_line(one)
        self._wait(WITHIN_T1_S / 2)
        point.order(UnblockLink(other))
        self.place.run(UNTIL_NOTICED_S)
        self._wait(1.0)
        self.mend(one)

    TWO: ClassVar[dict[str, Callable[["Cuts"], None]]] = {
        "cut": cut,
        "short": short_break,
        "in retransmission": retransmission,
        "in changeback": changeback,
        "beside a busy link": busy,
        "in processor outage": outage,
    }
    THREE: ClassVar[dict[str, Callable[["Cuts"], None]]] = {
        "cut in the changeover of another": both,
        "beside a busy link": busy,
        "beside a processor outage": beside_outage,
        "in changeback": changeback,
    }


WITHIN_T1_S = 0.6
WEIGHTS = {"cut": 4}
"""How often a story is told; the others once."""
ROWS = {"ss7.changeover": 2, "ss7.changeover.third": 3}


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of ``names``: how many messages and calls were lost, doubled or overtaken."""
    for name, links in ROWS.items():
        if name in names:
            times = effort.times or int(effort.choose(2, 100, 1000))
            found = Cuts(1, links).run(times, lambda text, name=name: sys.stderr.write(f"bench: {name}: {text}\n"))
            conditions = f"seed 1, {found.text()}; {load_text()}"
            yield Row(name, sum(found.damage), "messages and calls damaged", "lower", conditions=conditions)
