"""Edge by edge: every line signal and every MFC tone that libopenr2 sends is what we notice, and the other way round, at the same times.

What the line card under libopenr2 saw (bits it set, sound it wrote, with the sample of the line; the signals it names itself) is laid
beside what passed between our engines and our media plane. The order and the signals must be the same. The times may differ by what
framing costs, a constant, and 20 ms either way, the block in which libopenr2 works. No time between two signals is asserted.
"""

from collections import defaultdict

import pytest

from tests.interop.openr2 import library as openr2
from tests.interop.openr2.circuits import SLOTS, Answer, Meeting, Order
from tests.interop.openr2.facing import FACINGS
from tests.interop.spandsp import MFC_NAMES

pytestmark = pytest.mark.skipif(not openr2.installed(), reason=f"{openr2.LIBRARY} is not installed (Debian package libopenr2-dev)")

BLOCK_MS = 20.0
TO_US_MS, TO_IT_MS = 10.0, 0.0
"""What it writes in one block of the socket is on the line in the next one; what our plane is told at the end of a tick sounds at once.
The place of a circuit's bits in the multiframe adds up to 2 ms."""
CALLERS = ("13900000000", "", "7", "12345678901234567890")
CALLED = ("51234", "712345678901", "61234")


def passed(edges, idle_bits):
    """What passed each circuit in one direction without repetitions: by slot a list of (seconds, what, value)."""
    found, bits, sounding = defaultdict(list), dict.fromkeys(SLOTS, idle_bits), set()
    for at, slot, what, value in sorted(edges):
        if what == "bits":
            if bits[slot] == value:
                continue
            bits[slot] = value
        elif what == "on":
            sounding.add(slot)
        elif slot in sounding:
            sounding.discard(slot)
        else:
            continue
        found[slot].append((at, what, value))
    return found


def its_edges(edges, way):
    """libopenr2's: ``way`` as it sees it; the names of tones that it receives are those that it understood."""
    heard = defaultdict(list)
    for _, slot, _, what, value in edges:
        if what == "heard" and value:
            heard[slot].append(value)
    told = []
    for sample, slot, direction, what, value in sorted(edges, key=lambda edge: edge[0]):
        if direction == way and what != "heard":
            name = value
            if what == "on":
                name = MFC_NAMES.index(chr(value if way == "out" else heard[slot].pop(0))) + 1
            told.append((sample / 8000, slot, what, name))
    return told


def compare(sent, received):
    """Differences of times in ms with what they belong to; raises AssertionError with the first signal that is another."""
    differences = []
    for slot in sorted({*sent, *received}):
        ours, theirs = sent[slot], received[slot]
        names = [[(what, 0 if what == "off" else value) for _, what, value in edges] for edges in (ours, theirs)]
        assert names[0] == names[1], f"slot {slot}: sent {ours}, received {theirs}"
        for (at, what, value), (seen, _, _) in zip(ours, theirs, strict=True):
            differences.append(((seen - at) * 1000, f"slot {slot} {what} {value} at {at:.3f} s"))
    return sorted(differences)


@pytest.mark.parametrize("facing", FACINGS, ids=lambda facing: facing.ours)
def test_both_ends_see_the_same_edges(facing, tmp_path):
    numbers = [(called, calling) for called in CALLED for calling in CALLERS]
    calls, orders = {}, {}
    for n, (called, calling) in enumerate(numbers):
        calls[f"{SLOTS[n]}"] = [{"called": called, "calling": calling, "hold": 0.7, "gap": 0.3 + 0.013 * n}]
        orders[SLOTS[n + len(numbers)]] = [Order(called, calling, hold=0.7, gap=0.3 + 0.013 * n)]
    program = {"calls": calls, "answers": {called: {"ring": 0.3} for called in CALLED}, "edges": True}
    with Meeting(tmp_path, facing, program, orders=orders, answers={called: Answer() for called in CALLED}) as meeting:
        meeting.circuits.run(16.0)
        result = meeting.finish()
    assert result["errors"] == [] and meeting.circuits.stuck() == []
    ours = {way: [(e.at, e.slot, e.what, e.value) for e in meeting.circuits.edges if e.way == way] for way in ("in", "out")}
    idle = facing.idle_bits
    to_us = compare(passed(its_edges(result["edges"], "out"), idle), passed(ours["in"], idle))
    to_it = compare(passed(ours["out"], idle), passed(its_edges(result["edges"], "in"), idle))
    for name, framing_ms, differences in (("from libopenr2 to us", TO_US_MS, to_us), ("from us to libopenr2", TO_IT_MS, to_it)):
        assert len(differences) >= 400, f"{name}: only {len(differences)} edges were compared"
        least, most = differences[0], differences[-1]
        text = f"{name}: {len(differences)} edges, {least[0]:.2f} ms ({least[1]}) to {most[0]:.2f} ms ({most[1]})"
        assert least[0] >= framing_ms - BLOCK_MS and most[0] <= framing_ms + BLOCK_MS, text
