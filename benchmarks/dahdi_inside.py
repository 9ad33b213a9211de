"""What ``dahdi`` runs on the kernel's drivers: 124 channels busy on four E1 that are joined in pairs, and everything counted.

Each of the 120 circuits sends a bit pattern (O.150, 2^23-1), compares the one that comes in, and has a DTMF receiver; the four D channels
carry numbered frames. A lost sample therefore shows twice: in the counters of the card, and as bits that do not fit. The plane ticks
in a thread of its own under SCHED_FIFO, as in service. ``python -m benchmarks.dahdi_inside SECONDS`` prints one object a line: the machine
at rest, channels moved one by one, then together. Leaves out calls, which ``realtime`` and ``r2`` measure, and processor time: the kernel
inside counts that by looking a hundred times a second, always between two ticks.
"""

import json
import sys
import threading
import time
from collections.abc import Sequence

import msgspec

from drivers.dahdi import Dahdi, DahdiCounters, DahdiSettings
from pbx.error_performance import BITS_A_SECOND
from pbx.media import Layout, Plane
from pbx.plane_process import ask_for_real_time
from pbx.vocabulary.media import RECEIVE_DTMF, TEST_PATTERNS, Frame, LineTest, LineTested, Listen, SendFrame

FIRST_CHANNELS = (1, 32, 63, 94)
SIGNALLING_CHANNEL = 16
CHANNELS = 31 * len(FIRST_CHANNELS)
CONFIGURATION = (
    "dynamic=loc,1:0,31,0\ndynamic=loc,1:1,31,0\ndynamic=loc,2:0,31,0\ndynamic=loc,2:1,31,0\n"
    "cas=1-15,17-31,32-46,48-62,63-77,79-93,94-108,110-124:1001\ndchan=16,47,78,109\nalaw=1-124\n"
)
PORTS = 30 * len(FIRST_CHANNELS)
FRAME_OCTETS = 40
FRAME_S = 0.02
SETTLE_S = 3.0
REST_S = 5.0
LAST_FRAMES_S = 0.3


class Measured(msgspec.Struct):
    """One run. ``began`` and ``ended`` are Unix time."""

    together: bool
    began: float = 0.0
    ended: float = 0.0
    seconds: float = 0.0
    ticks: int = 0
    system_calls: int = 0
    late: int = 0
    explained_by_steal: int = 0
    worst_late_ms: float = 0.0
    starved: int = 0
    dropped: int = 0
    overruns: int = 0
    refused: int = 0
    underruns: int = 0
    failures: int = 0
    compared_bits: int = 0
    wrong_bits: int = 0
    seconds_out_of_step: int = 0
    frames_sent: int = 0
    frames_missing: int = 0
    not_allowed: str = ""

    @property
    def lost_samples(self) -> int:
        """Samples that did not come or did not go, as the cards count."""
        return 80 * (self.starved + self.dropped + self.refused + self.overruns + self.underruns)


class Ticking(threading.Thread):
    """The pacer in a thread of real time."""

    def __init__(self, plane: Plane) -> None:
        super().__init__(daemon=True)
        self._plane = plane
        self.refused: list[str] = []
        self.began = threading.Event()

    def run(self) -> None:
        """Tick until the plane is stopped."""
        self.refused = ask_for_real_time()
        self.began.set()
        while not self._plane.run():
            pass


def total(cards: Sequence[Dahdi]) -> DahdiCounters:
    """The counters of all cards together; ticks are those of one."""
    counted = [card.counters() for card in cards]
    sums = {name: sum(getattr(one, name) for one in counted) for name in DahdiCounters.__struct_fields__}
    return DahdiCounters(**{**sums, "ticks": counted[0].ticks})


class Frames:
    """Numbered frames from each D channel to the one it is joined to."""

    def __init__(self, plane: Plane, cards: Sequence[Dahdi]) -> None:
        self._plane = plane
        self.ports = [plane.add_card(card.links[0])[0] for card in cards]
        self.sent = [0] * len(cards)
        self.came: list[set[int]] = [set() for _ in cards]

    def send(self) -> None:
        """One on each."""
        for n, port in enumerate(self.ports):
            self._plane.send(port, SendFrame(self.sent[n].to_bytes(4, "big") * (FRAME_OCTETS // 4)))
            self.sent[n] += 1

    def take(self, port: int, frame: Frame) -> None:
        """One that has come to a port, from the other of its pair."""
        self.came[self.ports.index(port) ^ 1].add(int.from_bytes(frame.octets[:4], "big"))

    def missing(self, since: Sequence[int]) -> int:
        """Of those sent since then."""
        return sum(len(set(range(since[n], self.sent[n])) - self.came[n]) for n in range(len(self.sent)))


def measure(seconds: float, together: bool, settle_s: float) -> Measured:
    """One run."""
    cards = [
        Dahdi(DahdiSettings(first, idle_bits=0b1001, signalling_channels=(SIGNALLING_CHANNEL,), at_once=together))
        for first in FIRST_CHANNELS
    ]
    missing = {number: why for card in cards for number, why in card.missing().items()}
    if missing:
        raise SystemExit(f"channels are missing: {missing}")
    plane = Plane.create(Layout(ports=PORTS + len(cards), recorders=1, players=1))
    for card in cards:
        plane.add_card(card.card)
    for port in range(PORTS):
        plane.configure_port(port)
        plane.send(port, Listen(RECEIVE_DTMF))
        plane.send(port, LineTest(TEST_PATTERNS["2^23-1"]))
    frames, ticking, found = Frames(plane, cards), Ticking(plane), Measured(together and all(card.at_once for card in cards))
    ticking.start()
    ticking.began.wait()

    def work(until: float, sending: bool = True) -> None:
        while (now := time.monotonic()) < until:
            if sending:
                frames.send()
            for _, port, event in plane.drain():
                if type(event) is Frame:
                    frames.take(port, event)
                elif type(event) is LineTested:
                    found.compared_bits += event.bits
                    found.wrong_bits += event.errors
                    found.seconds_out_of_step += event.bits != BITS_A_SECOND or not event.synchronised
            time.sleep(max(0.0, now + FRAME_S - time.monotonic()))

    work(time.monotonic() + settle_s)
    found.compared_bits = found.wrong_bits = found.seconds_out_of_step = 0
    before, sent, first, late = total(cards), list(frames.sent), plane.ticks, plane.counters()["late_ticks"]
    found.began, began = time.time(), time.monotonic()
    work(began + seconds)
    after, found.seconds, found.ended = total(cards), time.monotonic() - began, time.time()
    found.ticks = plane.ticks - first
    found.late = plane.counters()["late_ticks"] - late
    told = [tick for tick in plane.late_ticks() if tick.tick >= first]
    found.explained_by_steal = sum(tick.late_ms - tick.steal_ms - tick.run_delay_ms <= 10 for tick in told)
    found.worst_late_ms = max((tick.late_ms for tick in told), default=0.0)
    found.frames_sent = sum(frames.sent) - sum(sent)
    for name in ("system_calls", "starved", "dropped", "overruns", "refused", "underruns", "failures"):
        setattr(found, name, getattr(after, name) - getattr(before, name))
    found.not_allowed = ", ".join(ticking.refused)
    compared, wrong, out = found.compared_bits, found.wrong_bits, found.seconds_out_of_step
    work(time.monotonic() + LAST_FRAMES_S, sending=False)
    found.compared_bits, found.wrong_bits, found.seconds_out_of_step = compared, wrong, out
    found.frames_missing = frames.missing(sent)
    plane.stop()
    ticking.join()
    plane.close()
    for card in cards:
        card.close()
    return found


def main(arguments: Sequence[str]) -> int:
    """At rest, then both ways, one after the other."""
    seconds = float(arguments[0])
    began = time.time()
    time.sleep(min(REST_S, seconds))
    print(json.dumps({"rest": [began, time.time()]}), flush=True)
    for together in (False, True):
        found = measure(seconds, together, min(SETTLE_S, seconds))
        print(json.dumps({**msgspec.structs.asdict(found), "lost_samples": found.lost_samples}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
