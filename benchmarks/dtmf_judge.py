"""The judge of DTMF receivers: the kinds of test on Mitel's CM7291 tape, in our own words, and some of our own.

After the description of that tape (decode check, recognition bandwidth and centre offset, twist, dynamic range, guard time,
signal-to-noise), but with many bursts at each step where the tape has few, all sixteen digits where it has four, and figures told as
limits: from nominal outwards to the first burst that is not heard as it was sent. Ours: what is refused, digits missed at 20 dB,
dial tone beside digits, echoes (EIA-464, Q.24), breaks. Every ear is given the same sounds, through A-law. Leaves out speech
(benchmarks/talk_off.py).
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from benchmarks.digit_bursts import DIGITS, add_noise, amplitude, bursts, digit_power, through_alaw
from benchmarks.ears import Ear

SEED = 7291
EVERY = np.arange(16)
DIAL_HZ = (425.0, 450.0, 475.0)
ECHO_DELAYS_MS = (20, 25, 30)
GROUP = 1024
"""Rows of sound that are made at a time."""


class Verdict(msgspec.Struct, frozen=True):
    """One figure of one ear. ``worst`` tells where it was found."""

    value: float
    worst: str = ""


Test = Callable[[Ear, float], dict[str, Verdict]]


def matched(sent: Sequence[str], heard: Sequence[str]) -> int:
    """How many digits of ``sent`` were heard in their order: the longest common subsequence."""
    if sent == heard:
        return len(sent)
    row = [0] * (len(heard) + 1)
    for digit in sent:
        before = row
        row = [0]
        for n, other in enumerate(heard):
            row.append(before[n] + 1 if digit == other else max(before[n + 1], row[n]))
    return row[-1]


def right(ear: Ear, digits: Any, sound: Any) -> tuple[Any, Any]:
    """By row: the share of its digits that were heard, and whether exactly these were."""
    heard = ear.hear(through_alaw(sound))
    sent = [[DIGITS[place] for place in row] for row in digits]
    share = np.array([matched(s, h) / len(s) for s, h in zip(sent, heard, strict=True)])
    return share, np.array([s == h for s, h in zip(sent, heard, strict=True)])


def swept(ear: Ear, count: int, steps: Any, subjects: Any, **figures: Any) -> tuple[Any, Any]:
    """``right`` over subjects x steps. Each subject is a row of digits to be sent at every step; a figure is a function of step and
    subject number, or one for all."""
    share, exact = [], []
    pairs = [(s, k) for s in range(len(subjects)) for k in range(len(steps))]
    random = np.random.default_rng(SEED)
    for first in range(0, len(pairs), GROUP):
        part = pairs[first : first + GROUP]
        digits = np.array([np.resize(subjects[s], count) for s, _ in part])
        given = {
            name: np.array([[figure(steps[k], s)] for s, k in part]) if callable(figure) else figure
            for name, figure in figures.items()
        }
        heard = right(ear, digits, bursts(digits, random, **given))
        share.append(heard[0])
        exact.append(heard[1])
    shape = (len(subjects), len(steps))
    return np.concatenate(share).reshape(shape), np.concatenate(exact).reshape(shape)


def reach(good: Any, steps: Any, nominal: int) -> float:
    """The last step, from the nominal one onwards, before the first that is not good; nan when that is not good itself."""
    found = float("nan")
    for n in range(nominal, len(steps)):
        if not good[n]:
            break
        found = float(steps[n])
    return found


def _worst(values: Sequence[float], names: Sequence[str], choose: Callable[[Any], Any]) -> Verdict:
    place = int(choose(np.where(np.isnan(values), -1e9 if choose is np.argmin else 1e9, values)))
    return Verdict(round(float(values[place]), 3), names[place])


def decode(ear: Ear, effort: float) -> dict[str, Verdict]:
    """Every digit ten times, 50 ms on and off, at -10 dBm0 a frequency."""
    digits = np.array([np.resize(EVERY + n, 160) for n in range(max(1, round(4 * effort)))]) % 16
    share, _ = right(ear, digits, bursts(digits, np.random.default_rng(SEED)))
    return {"decoded": Verdict(round(100 * float(share.mean()), 3))}


def bandwidth(ear: Ear, effort: float) -> dict[str, Verdict]:
    """Each frequency alone is moved by steps of 0.1 %, with every partner of the other group."""
    step = np.round(np.arange(-8, 8.001, 0.1 if effort >= 0.5 else 0.5), 3)
    nominal = int(np.argmin(np.abs(step)))
    low_group = [np.arange(4 * n, 4 * n + 4) for n in range(4)]
    high_group = [np.arange(n, 16, 4) for n in range(4)]
    names = ["697", "770", "852", "941", "1209", "1336", "1477", "1633"]
    share, exact = swept(
        ear,
        max(4, round(16 * effort)),
        step,
        low_group + high_group,
        low_off=lambda off, subject: off / 100 if subject < 4 else 0,
        high_off=lambda off, subject: off / 100 if subject >= 4 else 0,
    )
    above = [reach(row, step, nominal) for row in exact]
    below = [-reach(row[::-1], step[::-1], len(step) - 1 - nominal) for row in exact]
    refused = share == 0
    outer = [
        max(
            float(step[np.flatnonzero(~row & (step > 0)).max(initial=nominal)]),
            -float(step[np.flatnonzero(~row & (step < 0)).min(initial=nominal)]),
        )
        for row in refused
    ]
    offset = [(up - down) / 2 for up, down in zip(above, below, strict=True)]
    return {
        "bandwidth": _worst([up + down for up, down in zip(above, below, strict=True)], names, np.argmin),
        "accepted": _worst(np.minimum(above, below).tolist(), names, np.argmin),
        "refused": _worst([round(x + (step[1] - step[0]), 3) for x in outer], names, np.argmax),
        "centre": _worst(np.abs(offset).tolist(), names, np.argmax),
    }


def together(ear: Ear, effort: float) -> dict[str, Verdict]:
    """Both frequencies moved by 1.5 % + 2 Hz in every direction must be heard: digits missed, per cent (Q.23, Q.24)."""
    random = np.random.default_rng(SEED + 1)
    missed: list[float] = []
    for low in (-1, 0, 1):
        for high in (-1, 0, 1):
            digits = np.array([np.resize(EVERY, max(16, round(64 * effort))) for _ in range(4)])
            off = {"low_off": 0.015 * low, "high_off": 0.015 * high, "low_add_hz": 2.0 * low, "high_add_hz": 2.0 * high}
            share, _ = right(ear, digits, bursts(digits, random, on_ms=40.0, off_ms=40.0, **off))
            missed.append(100 * (1 - float(share.mean())))
    return {"corner": Verdict(round(max(missed), 3))}


def twist(ear: Ear, effort: float) -> dict[str, Verdict]:
    """One group is lowered by steps of 0.1 dB under the other's -6 dBm0; normal twist is a weaker high group."""
    step = np.round(np.arange(0, 20.001, 0.1 if effort >= 0.5 else 1.0), 3)
    count = max(3, round(10 * effort))
    subjects = [np.array([place]) for place in EVERY]
    found = {}
    for name, lowered in (("normal", "high_dbm0"), ("reverse", "low_dbm0")):
        other = "low_dbm0" if name == "normal" else "high_dbm0"
        _, exact = swept(ear, count, step, subjects, **{lowered: lambda db, _: -6.0 - db, other: -6.0})
        found[f"twist.{name}"] = _worst([reach(row, step, 0) for row in exact], list(DIGITS), np.argmin)
    return found


def dynamic_range(ear: Ear, effort: float) -> dict[str, Verdict]:
    """Both frequencies from +3 dBm0 (which the line card clips) down to -55 dBm0, by 0.5 dB."""
    step = np.round(np.arange(3, -55.001, -0.5 if effort >= 0.5 else -2.0), 3)
    subjects = [np.array([place]) for place in EVERY]
    level = {"low_dbm0": lambda db, _: db, "high_dbm0": lambda db, _: db}
    _, exact = swept(ear, max(3, round(10 * effort)), step, subjects, **level)
    nominal = int(np.argmin(np.abs(step + 20)))
    down = [reach(row, step, nominal) for row in exact]
    up = [reach(row[::-1], step[::-1], len(step) - 1 - nominal) for row in exact]
    found = _worst([u - d for u, d in zip(up, down, strict=True)], list(DIGITS), np.argmin)
    return {"range": found, "weakest": _worst(down, list(DIGITS), np.argmax)}


def guard_time(ear: Ear, effort: float) -> dict[str, Verdict]:
    """Bursts of 49 ms down to 10 ms, by 0.5 ms, with the same pause behind each as a burst of 49 ms has."""
    step = np.round(np.arange(60, 9.99, -0.5 if effort >= 0.5 else -2.0), 3)
    subjects = [np.array([place]) for place in EVERY]
    share, exact = swept(
        ear, max(4, round(24 * effort)), step, subjects, on_ms=lambda ms, _: ms, off_ms=lambda ms, _: 110.0 - ms
    )
    all_from = [reach(row, step, 0) for row in exact]
    none_to = [float(step[np.flatnonzero(row > 0).max(initial=0)]) for row in share]
    # Of 500 bursts shrinking evenly from 49 to 10 ms, the share that is heard tells where the border lies.
    inside = (step <= 49) & (step >= 10)
    border = 49 - 39 * float(share[:, inside].mean())
    return {
        "guard.accepted": _worst(all_from, list(DIGITS), np.argmax),
        "guard.refused": _worst([ms - 0.5 for ms in none_to], list(DIGITS), np.argmin),
        "guard": Verdict(round(border, 2)),
    }


def signal_to_noise(ear: Ear, effort: float) -> dict[str, Verdict]:
    """A thousand digits at each step, 50 ms on and off, white noise of 4 kHz: the worst S/N at which none is missed or added."""
    step = np.round(np.arange(24, 1.999, -0.5 if effort >= 0.5 else -2.0), 3)
    rows, count = 20, max(5, round(50 * effort))
    random = np.random.default_rng(SEED + 2)
    good, half = [], float("nan")
    for db in step:
        digits = random.integers(0, 16, (rows, count))
        noise = digit_power(-10, -10) * 10 ** (-db / 10)
        share, exact = right(ear, digits, add_noise(bursts(digits, random), noise, random))
        good.append(bool(exact.all()))
        if share.mean() >= 0.5:
            half = float(db)
    return {"noise": Verdict(reach(good, step, 0)), "noise.half": Verdict(half)}


def missed(ear: Ear, effort: float, wanted: int = 1_000_000) -> dict[str, Verdict]:
    """Digits of 40 ms with pauses of 40 ms at 20 dB S/N: how many of a million are missed, and how many too many are heard."""
    rows, count = 500, 100
    rounds = max(1, round(wanted * effort / (rows * count)))
    if effort < 0.1:
        rows, count, rounds = 64, 8, 1
    random = np.random.default_rng(SEED + 3)
    lost = extra = sent = 0
    noise = digit_power(-10, -10) / 100
    for _ in range(rounds):
        digits = random.integers(0, 16, (rows, count))
        sound = through_alaw(add_noise(bursts(digits, random, on_ms=40.0, off_ms=40.0), noise, random))
        for row, heard in zip(digits, ear.hear(sound), strict=True):
            found = matched([DIGITS[place] for place in row], heard)
            lost += count - found
            extra += len(heard) - found
        sent += rows * count
    return {
        "missed": Verdict(lost * 1e6 / sent, f"{lost} of {sent}"),
        "added": Verdict(extra * 1e6 / sent, f"{extra} in {sent}"),
    }


def dial_tone(ear: Ear, effort: float) -> dict[str, Verdict]:
    """Dial tone of 425, 450 and 475 Hz at -10 dBm0 beside digits of -2 to -34 dBm0 a frequency: the weakest digits heard, as dB of dial
    tone over a frequency, from equal levels on; and the digits missed, per cent, among those within 8 dB of the dial tone."""
    step = np.round(np.arange(-8, 24.001, 0.5 if effort >= 0.5 else 4.0), 3)
    random = np.random.default_rng(SEED + 4)
    count = max(16, round(48 * effort))
    worst, lost = [], []
    for hz in DIAL_HZ:
        digits = np.array([np.resize(EVERY, count) for _ in step])
        level = -10 - step[:, None]
        # Dial tone is heard before the first digit.
        sound = np.pad(bursts(digits, random, low_dbm0=level, high_dbm0=level), ((0, 0), (1600, 0)))
        time = np.arange(sound.shape[1]) / 8000
        share, exact = right(ear, digits, sound + amplitude(-10) * np.sin(2 * np.pi * hz * time))
        worst.append(reach(exact, step, int(np.argmin(np.abs(step)))))
        lost.append(round(100 * (1 - float(share[np.abs(step) <= 8].mean())), 3))
    names = [f"{hz:g} Hz" for hz in DIAL_HZ]
    return {"dial-tone": _worst(worst, names, np.argmin), "dial-tone.missed": _worst(lost, names, np.argmax)}


def echo(ear: Ear, effort: float) -> dict[str, Verdict]:
    """Digits of 40 ms, 40 ms apart, with an echo 20 to 30 ms late: the loudest, as dB below the digit, with none lost or doubled."""
    step = np.round(np.arange(24, -0.001, -0.5 if effort >= 0.5 else -4.0), 3)
    random = np.random.default_rng(SEED + 5)
    count = max(16, round(48 * effort))
    worst = []
    for delay_ms in ECHO_DELAYS_MS:
        digits = np.array([np.resize(EVERY, count) for _ in step])
        sound = bursts(digits, random, on_ms=40.0, off_ms=40.0)
        late = np.zeros_like(sound)
        late[:, delay_ms * 8 :] = sound[:, : -delay_ms * 8]
        _, exact = right(ear, digits, sound + late * 10 ** (-step[:, None] / 20))
        worst.append(reach(exact, step, 0))
    return {"echo": _worst(worst, [f"{ms} ms" for ms in ECHO_DELAYS_MS], np.argmax)}


def breaks(ear: Ear, effort: float) -> dict[str, Verdict]:
    """Two parts of a digit, 60 ms each, with a break between them: the longest break that is always bridged, the shortest that always
    parts."""
    step = np.round(np.arange(0, 60.001, 1.0 if effort >= 0.5 else 5.0), 3)
    subjects = [np.array([place]) for place in EVERY]
    count = max(4, round(12 * effort))
    random = np.random.default_rng(SEED + 6)
    once = np.zeros((16, len(step)), bool)
    twice = np.zeros((16, len(step)), bool)
    for place, subject in enumerate(subjects):
        digits = np.array([np.resize(subject, count) for _ in step])
        sound = bursts(digits, random, on_ms=120.0 + step[:, None], off_ms=140.0 - step[:, None])
        for row, ms in enumerate(step):
            begin = np.flatnonzero(sound[row])[0] + 480
            for n in range(count):
                sound[row, begin + n * 2080 : begin + n * 2080 + round(ms * 8)] = 0
        for row, heard in enumerate(ear.hear(through_alaw(sound))):
            once[place, row] = heard == [DIGITS[place]] * count
            twice[place, row] = heard == [DIGITS[place]] * 2 * count
    bridged = [reach(row, step, 0) for row in once]
    parted = [reach(row[::-1], step[::-1], 0) for row in twice]
    return {
        "break.bridged": _worst(bridged, list(DIGITS), np.argmin),
        "break.parted": _worst(parted, list(DIGITS), np.argmax),
    }


TESTS: dict[str, Test] = {
    "decode": decode,
    "bandwidth": bandwidth,
    "together": together,
    "twist": twist,
    "range": dynamic_range,
    "guard": guard_time,
    "noise": signal_to_noise,
    "missed": missed,
    "dial-tone": dial_tone,
    "echo": echo,
    "breaks": breaks,
}


def judge(ear: Ear, effort: float = 1.0, tests: Sequence[str] = tuple(TESTS)) -> dict[str, Verdict]:
    """Every figure of one ear."""
    found: dict[str, Verdict] = {}
    for name in tests:
        found |= TESTS[name](ear, effort)
    return found
