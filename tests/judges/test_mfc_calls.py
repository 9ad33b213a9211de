"""Whole calls in true sound with MFC signals at the edges of Q.454 and Q.455, and with what must not be taken for a signal.

Every circuit has a manner of its own (mfc_line.py): levels from -5 to -35 dBm0 with both frequencies up to 10 Hz off, one of them
weaker by 5 dB between neighbours and 7 dB otherwise, noise 20 dB below the signal, white or of 300 to 3400 Hz, breaks of 6 ms in each
signal and bursts of 6 ms in each silence: all numbers arrive, in both directions at once. Signals that are too faint, too unequal or
of one frequency are none: the calls come to nothing. The kernels' own limits are in tests/dsp/test_mfc.py, others' ears in
tests/interop/test_spandsp.py.
"""

import random
from itertools import cycle, product

import pytest

from pbx.signalling.r2.variant import category_of, load_variant
from tests.interop.openr2.circuits import SLOTS, Answer, Order
from tests.judges.mfc_line import Line, Manner

OFF = ((10, 10), (-10, -10), (10, -10), (-10, 10))
SNR_DB = 20


def snr(level_dbm0, band):
    """A manner with noise 20 dB below the power of both frequencies."""
    return Manner(level_dbm0, noise_dbm0=level_dbm0 + 3 - SNR_DB, band=band)


GOOD = {
    "levels": [Manner(level, off) for level, off in product((-5, -10, -15, -20, -25, -30, -35), OFF)],
    "twist": [
        Manner(level, off, weaker, 5)
        for level, off, weaker in product((-5, -12, -20, -27), OFF[2:], ((7, 0), (0, 7)))
    ],
    "noise": [snr(level, band) for band, level in product((False, True), (-5, -8, -11.5, -15, -20, -25, -30))],
    "breaks": [Manner(level, off, break_ms=6) for level, off in product((-5, -20, -33), OFF)],
    "bursts": [Manner(level, burst_ms=6) for level in (-5, -8, -11.5, -20, -30, -35)],
}  # fmt: skip
BAD = {
    "faint": [Manner(-42.5), Manner(-45, (5, 5)), Manner(-42.5, noise_dbm0=-65)],
    "unequal": [Manner(-5, weaker_db=(0, 20)), Manner(-5, weaker_db=(20, 0)), Manner(-11.5, weaker_db=(0, 22))],
    "lone": [Manner(-5, lone=True), Manner(-11.5, lone=True), Manner(-30, lone=True)],
}


def calls(manners, generator, each):
    """Circuits, their manners, and orders of each end: odd circuits are called by the near end, even ones by the far end."""
    slots = dict(zip(SLOTS, cycle(manners), strict=False))
    orders = ({}, {})
    for n, slot in enumerate(slots):
        orders[n % 2][slot] = [
            Order(
                "7" + "".join(generator.choices("0123456789", k=11)),
                "".join(generator.choices("0123456789", k=generator.randrange(1, 16))),
                category=category_of(generator.randrange(1, 16), generator.randrange(1, 16)),
                hold=0.3,
                gap=generator.uniform(0.2, 0.4),
            )
            for _ in range(each)
        ]
    return slots, orders


def run(manners, seed, seconds, each=1):
    slots, (near, far) = calls(manners, random.Random(seed), each)
    ends = [{"orders": orders, "answers": {}} for orders in (near, far)]
    line = Line(slots, *ends, load_variant("china"), seed)
    for end in (line.near, line.far):
        end.otherwise = Answer(ring=0.1)
    line.run(seconds)
    return line, slots


@pytest.mark.parametrize("name", GOOD)
def test_all_numbers_arrive(name, seed, long):
    line, slots = run(GOOD[name], seed, 60.0 if long else 9.0, 6 if long else 1)
    wrong = []
    for near, far in ((line.near, line.far), (line.far, line.near)):
        assert near.stuck() == [] and not near.floor.counters and not near.floor.faults, (near.stuck(), near.floor.counters)
        came = {slot: [one for one in far.calls if one.slot == slot and not one.ours] for slot in SLOTS}
        for made in near.calls:
            if not made.ours:
                continue
            got = came[made.slot].pop(0)
            same = (made.called, made.calling, made.order.category) == (got.called, got.calling, got.category)
            if not same or made.words() != ["alerting", "answered", "clears", "released: 16"]:
                wrong.append(f"{slots[made.slot]}: {made}, {got}")
    assert wrong == [], f"seed {seed}: " + "\n".join(wrong)
    assert sum(one.ours for end in (line.near, line.far) for one in end.calls) == len(SLOTS) * (6 if long else 1)


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_signal_begins_no_call(name, seed):
    line, slots = run(BAD[name], seed, 25.0)
    for end in (line.near, line.far):
        tones = [edge for edge in end.edges if edge.way == "in" and edge.what in ("on", "off")]
        assert tones == [], f"seed {seed}: {slots[tones[0].slot]}: {tones[:4]}"
        for one in end.calls:
            assert "offered" not in one.words() and "alerting" not in one.words()
            assert not one.ours or one.words() == ["disconnected: 102", "released: 102"], (slots[one.slot], one)
