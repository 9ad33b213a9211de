"""``ss7.overload``: two exchanges on one link that is offered more than it can carry: what congestion control lets go, and what it keeps.

One of two links of 64 kbit/s is cut under load, so that the other carries all; then calls are attempted for 1.5 erlang of messages. Level
2's buffer fills, level 3 tells the ISUP (MTP-STATUS), and the ISUP holds new calls back in steps: they are refused with cause 42 before
anything is sent. Calls that are established must all go on until their parties clear, the link must not fail by it, and when the load
goes back every call must be let in again. Leaves out priorities of messages (congestion levels of national networks).
"""

import sys
from collections.abc import Callable, Iterable, Sequence

import msgspec

from benchmarks.no7_calls import ElevenDigits, Habits, Traffic
from benchmarks.no7_points import TwoPoints, circuits_of
from benchmarks.row import Effort, Row, load_text

SPANS = 32
NORMAL = Habits(attempts_per_second=96.0, ringing_s=0.5, talking_s=3.0)
"""0.4 erlang on each of two links."""
OVERLOAD_ERLANG = 1.5
LONG_S = 60.0
LONG_CALLS = 200
STEP_S = 1.0
RECOVERY_S = 120.0
AFTERWARDS_S = 60.0
SETTLES_S = 60.0


class Outcome(msgspec.Struct):
    """What has become of everything."""

    normal_erlang: float
    offered_erlang: float
    carried_erlang: float
    overload_s: float
    attempts: int
    held_back: int
    established: int
    established_lost: int
    lost: int
    messages_lost: int
    refused: int
    survivor_failures: int
    most_level: int
    most_steps: int
    recovered_s: float
    held_back_afterwards: int
    at_rest: bool
    wrong: list[str]

    def text(self) -> str:
        """In words."""
        return (
            f"{self.normal_erlang:.2f} erlang before, {self.offered_erlang:.2f} offered for {self.overload_s:.0f} s, "
            f"{self.carried_erlang:.2f} carried; {self.attempts} attempts, {self.held_back} held back with cause 42, at most "
            f"{self.most_steps} steps of 10; {self.established} calls established when it began, {self.established_lost} of all "
            f"established ones lost, {self.lost} other calls lost, {self.messages_lost} messages lost, {self.refused} for which level 2 "
            f"had no room, congestion level at most {self.most_level} of 3; the link has failed {self.survivor_failures} times; "
            f"{self.recovered_s:.0f} s after the load went back no call was held back any more ({self.held_back_afterwards} in the "
            f"minute behind that); circuits {'all idle' if self.at_rest else 'NOT IDLE'}"
        )


class Overload:
    """One run."""

    def __init__(self, seed: int) -> None:
        self.place = TwoPoints(seed, circuits_of(SPANS), ElevenDigits())
        self.traffic = Traffic(self.place, NORMAL)
        self.survivor, self.other = "link 0", "link 1"
        self.most_steps = 0

    def run(self, overload_s: float, progress: Callable[[str], object] = lambda text: None) -> Outcome:
        """All of it."""
        place, traffic, counts = self.place, self.traffic, self.traffic.counts
        normal = self._one_link()
        failures = self._failures()
        per_attempt = normal / traffic.attempts_per_second
        traffic.attempts_per_second = OVERLOAD_ERLANG / per_attempt
        progress(f"{normal:.2f} erlang on the link that is left; now {traffic.attempts_per_second:.0f} attempts a second")
        established, before = traffic.established, counts.copy()
        carried = self._carried(overload_s)
        attempts, held_back = (counts[name] - before[name] for name in ("attempts", "shed"))
        traffic.attempts_per_second = NORMAL.attempts_per_second
        progress(f"{held_back} of {attempts} attempts held back; now {traffic.attempts_per_second:.0f} a second again")
        back_s = place.now
        place.run(RECOVERY_S, self._let_in)
        recovered_s = place.now - back_s
        shed = counts["shed"]
        self._carried(AFTERWARDS_S)
        afterwards, failures = counts["shed"] - shed, self._failures() - failures
        self._other(whole=True)
        place.run(SETTLES_S, lambda: place.settled)
        at_rest = traffic.finish()
        place.run(1.0)
        return Outcome(
            normal_erlang=normal,
            offered_erlang=attempts * per_attempt / overload_s,
            carried_erlang=carried,
            overload_s=overload_s,
            attempts=attempts,
            held_back=held_back,
            established=established,
            established_lost=counts["established lost"],
            lost=traffic.unaccounted - counts["established lost"],
            messages_lost=sum(point.received.lost for point in place.points),
            refused=place.counter("refused"),
            survivor_failures=failures,
            most_level=max(point.most_congested for point in place.points),
            most_steps=self.most_steps,
            recovered_s=recovered_s,
            held_back_afterwards=afterwards,
            at_rest=at_rest,
            wrong=traffic.lost,
        )

    def _one_link(self) -> float:
        """Traffic, some long calls in it, then one link less; erlang on the one that is left."""
        place, traffic = self.place, self.traffic
        place.start()
        traffic.talking_s = LONG_S
        traffic.offer()
        place.run(30.0, lambda: traffic.counts["attempts"] >= LONG_CALLS)
        traffic.talking_s = NORMAL.talking_s
        place.run(5.0)
        self._other(whole=False)
        place.run(10.0)
        return self._carried(20.0)

    def _other(self, whole: bool) -> None:
        for way in self.place.lines[self.other].ways:
            way.whole = whole

    def _let_in(self) -> bool:
        return not any(point.isup.congestion.steps for point in self.place.points)

    def _failures(self) -> int:
        return sum(point.said[f"OutOfService {self.survivor}"] for point in self.place.points)

    def _carried(self, seconds: float) -> float:
        """Time passes; erlang that the survivor carries in the busier direction."""
        before = self.place.octets()
        for _ in range(round(seconds / STEP_S)):
            self.place.run(STEP_S)
            self.most_steps = max(self.most_steps, *(point.isup.congestion.steps for point in self.place.points))
        found = self.place.erlangs(before, seconds)
        return max(value for (name, _), value in found.items() if name == self.survivor)


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The row ``ss7.overload``: how many calls and messages were lost."""
    seconds = effort.choose(5, 60, 600)
    found = Overload(1).run(seconds, lambda text: sys.stderr.write(f"bench: ss7.overload: {text}\n"))
    damage = found.established_lost + found.lost + found.messages_lost + found.survivor_failures
    yield Row("ss7.overload", damage, "calls and messages lost", "lower", conditions=f"seed 1, {found.text()}; {load_text()}")
