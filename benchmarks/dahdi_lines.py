"""``dahdi``: 124 channels busy in real time on DAHDI's own drivers, moved one by one and by io_uring, each the other's peer.

The drivers run in User-Mode Linux on loop-back spans (tests/dahdi/rig), because a machine with four free E1 cards is rare; so a system
call is many times dearer than on a real kernel (one in User-Mode Linux is two stops of a traced process), which makes processor
time an upper bound. What is extrapolated to 16 E1 is called so. The machine inside cannot know what its host took from it: ticks are
late when the host is busy, so run it alone. benchmarks/dahdi_inside.py is what runs inside, and says what is counted.
"""

import json
import sys
from collections.abc import Iterable, Sequence

from benchmarks.dahdi_inside import CHANNELS, CONFIGURATION, Measured
from benchmarks.row import Better, Effort, Row, load_text
from pbx.media import TICK_SECONDS

EXTRAPOLATED = 16 * 31
PATIENCE_S = 60.0


class NoLinesError(Exception):
    """The machine with the drivers cannot be had here."""


def run(seconds: float) -> list[Measured]:
    """Both ways, in one boot; NoLinesError where there is no such machine."""
    from tests.dahdi.rig.archive import NoRigError
    from tests.dahdi.rig.build import ready
    from tests.dahdi.rig.machine import Machine, MachineError

    try:
        rig = ready(lambda step: sys.stderr.write(f"bench: {step}\n") and None)
        machine = Machine(rig, CONFIGURATION, patience_s=2 * seconds + PATIENCE_S)
        outcome = machine.run(["python", "-m", "benchmarks.dahdi_inside", str(seconds)])
    except (NoRigError, MachineError) as reason:
        raise NoLinesError(str(reason)) from None
    lines = [line for line in outcome.output.splitlines() if line.startswith("{")]
    if outcome.code or len(lines) != 2:
        raise NoLinesError(f"what ran inside ended with {outcome.code}:\n{outcome.output}")
    return [Measured(**{name: value for name, value in json.loads(line).items() if name != "lost_samples"}) for line in lines]


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """All rows of one boot; none, and a word of why, where the drivers cannot be had."""
    try:
        alone, together = run(effort.choose(1.0, 60.0, 300.0))
    except NoLinesError as reason:
        sys.stderr.write(f"bench: NO DAHDI: {reason}\n")
        return
    yield from rows(alone, together)


def rows(alone: Measured, together: Measured) -> Iterable[Row]:
    """The figures of a run."""
    peer = "one by one"
    both = (together, alone)
    allowed = f"not allowed: {together.not_allowed}" if together.not_allowed else "SCHED_FIFO and locked memory were given"
    conditions = (
        f"{CHANNELS} channels on 4 E1 joined in pairs, in User-Mode Linux: 120 circuits with bit patterns both ways and DTMF receivers, "
        f"4 D channels with a frame of 40 octets each 20 ms; {together.seconds:.0f} s each way; moved together by io_uring"
        f"{'' if together.together else ' (which the kernel refused)'}, peer moved one by one; {allowed}; {load_text()}"
    )
    words = {
        "dahdi.late": "ticks begun more than 10 ms after they were due; worst {0.worst_late_ms:.0f} ms, peer {1.worst_late_ms:.0f} ms; "
        "of which the kernel inside explains {0.explained_by_steal} and {1.explained_by_steal} (it knows nothing of its host)",
        "dahdi.lost": "80 for each block that did not come, was dropped, refused, overrun or missing when it was to be sent",
        "dahdi.bits": "wrong of {0.compared_bits} compared, peer of {1.compared_bits}; "
        "seconds of circuits out of step: {0.seconds_out_of_step}, peer {1.seconds_out_of_step}",
        "dahdi.frames": "of {0.frames_sent} sent, peer of {1.frames_sent}",
        "dahdi.calls": "system calls of all four spans",
        "dahdi.cpu": "of one processor, a channel; most of it the dear system calls of User-Mode Linux",
        "dahdi.extrapolated": f"EXTRAPOLATED from {CHANNELS} to {EXTRAPOLATED} channels (16 E1), not measured: of one processor",
        "dahdi.extrapolated.calls": f"EXTRAPOLATED to {EXTRAPOLATED} channels, not measured",
    }

    def cpu(found: Measured) -> float:
        return 100 * found.processor_s / found.seconds / CHANNELS

    def calls(found: Measured) -> float:
        return found.system_calls / max(1, found.ticks)

    figures: list[tuple[str, list[float], str, Better]] = [
        ("dahdi.ticks", [found.ticks for found in both], "ticks", "higher"),
        ("dahdi.late", [found.late for found in both], "ticks", "lower"),
        ("dahdi.lost", [found.lost_samples for found in both], "samples", "lower"),
        ("dahdi.bits", [found.wrong_bits for found in both], "wrong bits", "lower"),
        ("dahdi.frames", [found.frames_missing for found in both], "frames missing", "lower"),
        ("dahdi.calls", [calls(found) for found in both], "system calls/tick", "lower"),
        ("dahdi.cpu", [cpu(found) for found in both], "% CPU/channel", "lower"),
        ("dahdi.extrapolated", [cpu(found) * EXTRAPOLATED for found in both], "% CPU", "lower"),
        ("dahdi.extrapolated.calls", [calls(found) * EXTRAPOLATED / CHANNELS / TICK_SECONDS for found in both], "system calls/s", "lower"),
    ]
    for name, (value, peer_value), unit, better in figures:
        yield Row(name, round(value, 4), unit, better, peer, round(peer_value, 4), words.get(name, conditions).format(*both))
