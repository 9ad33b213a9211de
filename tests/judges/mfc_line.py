"""A line on which MFC signals are not as our sender makes them: thirty circuits end to end, every tone made here, off, twisted, noisy.

Two exchanges of ours (tests/interop/openr2/circuits.py) do the logic, each with its own media plane, which hears what this line says. What
their planes say is thrown away: the line looks at which signal each engine wants and makes it of numpy's sines after Q.441, as Q.454 and
Q.455 allow or forbid it, through A-law. Bits pass as they are. Each circuit has its own ``Manner``. Nothing of our generator is used.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pbx._plane import lib

from drivers.wire import SpanSettings, Wire, join
from pbx.clock import VirtualClock
from pbx.plant import slot_port
from pbx.sound_file import encode_alaw
from pbx.vocabulary import tones
from tests.dsp.sounds import MFC_HZ, MFC_PAIRS, PEAK_AT_0_DBM0, noise
from tests.interop.openr2.circuits import SLOTS, TICK_S, Circuits

TICK = 80
PORTS = 30
NOISE_SAMPLES = 1 << 16


class Manner(NamedTuple):
    """How a circuit's signals are: level of the stronger frequency, deviations of the lower and the upper, how much weaker which one is."""

    level_dbm0: float = -11.5
    off_hz: tuple[float, float] = (0.0, 0.0)
    weaker_db: tuple[float, float] = (0.0, 0.0)
    """Of the lower and of the upper frequency."""
    neighbours_at_most_db: float = 99.0
    """The same limit for frequencies that lie side by side."""
    noise_dbm0: float | None = None
    band: bool = False
    """Whether the noise has only 300 to 3400 Hz, else it is white."""
    break_ms: float = 0.0
    """A break in each signal, 35 ms after its beginning."""
    burst_ms: float = 0.0
    """Another signal, so short, in each silence, 25 ms after the end of the last."""
    lone: bool = False
    """The lower frequency alone."""


def band_noise(level_dbm0: float, random: np.random.Generator) -> np.ndarray:
    """Noise of 300 to 3400 Hz of a level."""
    spectrum = np.fft.rfft(random.normal(0, 1, NOISE_SAMPLES))
    hz = np.fft.rfftfreq(NOISE_SAMPLES, 1 / 8000)
    sound = np.fft.irfft(np.where((hz >= 300) & (hz <= 3400), spectrum, 0))
    return sound / np.std(sound) * PEAK_AT_0_DBM0 / 2**0.5 * 10 ** (level_dbm0 / 20)


class Mouths:
    """What thirty circuits say in one direction."""

    def __init__(self, end: Circuits, manners: dict[int, Manner], random: np.random.Generator) -> None:
        self._end = end
        self._manners = manners
        self._signal = dict.fromkeys(SLOTS, 0)
        self._since = dict.fromkeys(SLOTS, 0)
        self._noise: dict[int, np.ndarray] = {}
        for slot, manner in manners.items():
            if manner.noise_dbm0 is not None:
                make = band_noise if manner.band else lambda level, chance: noise(NOISE_SAMPLES, level, chance)
                self._noise[slot] = make(manner.noise_dbm0, random)

    def say(self, tick: int) -> bytes:
        """10 ms, port after port."""
        sound = np.zeros((PORTS, TICK))
        for slot, manner in self._manners.items():
            signal = self._end.tones[slot]
            if signal & 0xF00 not in (tones.MFC_FORWARD, tones.MFC_BACKWARD):
                signal = 0
            if signal != self._signal[slot]:
                self._signal[slot], self._since[slot] = signal, tick * TICK
            sound[slot_port(slot)] = self._circuit(slot, manner, signal, tick * TICK)
        return encode_alaw(np.clip(np.rint(sound), -32768, 32767).astype(np.int16).ravel())

    def _circuit(self, slot: int, manner: Manner, signal: int, begin: int) -> np.ndarray:
        age_ms = (begin - self._since[slot] + np.arange(TICK)) / 8
        made = np.zeros(TICK)
        if signal:
            made = self._sines(manner, signal, begin)
            made[(age_ms >= 35) & (age_ms < 35 + manner.break_ms)] = 0
        elif manner.burst_ms and self._since[slot]:
            kind = tones.MFC_FORWARD if (begin // 160) % 2 else tones.MFC_BACKWARD
            inside = (age_ms >= 25) & (age_ms < 25 + manner.burst_ms)
            made = self._sines(manner, kind | 1 + begin // TICK % 15, begin) * inside
        if slot in self._noise:
            at = (begin + slot * 7919) % NOISE_SAMPLES
            made = made + np.take(self._noise[slot], range(at, at + TICK), mode="wrap")
        return made

    def _sines(self, manner: Manner, signal: int, begin: int) -> np.ndarray:
        frequencies = MFC_HZ["mfc-forward" if signal & 0xF00 == tones.MFC_FORWARD else "mfc-backward"]
        low, high = MFC_PAIRS[(signal & 15) - 1]
        most = manner.neighbours_at_most_db if high - low == 1 else 99.0
        time = (begin + np.arange(TICK)) / 8000
        total = np.zeros(TICK)
        for place, off_hz, weaker in zip((low, high), manner.off_hz, manner.weaker_db, strict=True):
            if manner.lone and place == high:
                continue
            amplitude = PEAK_AT_0_DBM0 * 10 ** ((manner.level_dbm0 - min(weaker, most)) / 20)
            total += amplitude * np.sin(2 * np.pi * (frequencies[place] + off_hz) * time + place)
        return total


class Line:
    """Both ends and what lies between; ``near`` and ``far`` are ``Circuits`` on one clock."""

    def __init__(self, manners: dict[int, Manner], near: dict[str, Any], far: dict[str, Any], variant: Any, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.clock = VirtualClock()
        self.near, self.far = (Circuits(variant, clock=self.clock, **script) for script in (near, far))
        self._wires = []
        for end in (self.near, self.far):
            wire = Wire([SpanSettings(idle_bits=variant.data.bits.forward.idle)])
            join((end.wire, 0), (wire, 0))
            self._wires.append(wire)
        self._mouths = [Mouths(end, manners, random) for end in (self.near, self.far)]
        self._tick = 0
        self.clock.sources.append(self)
        self.near.start()
        self.far.start()

    def next_moment(self) -> float:
        """When the next tick is over."""
        return (self._tick + 1) * TICK_S

    def advance(self, now: float) -> None:
        """10 ms of the line: bits cross over, sound is made anew."""
        events = [wire.read(self._tick)[1] for wire in self._wires]
        for heard, wire, mouths in zip(events, self._wires[::-1], self._mouths, strict=True):
            for event in heard:
                if event.kind == lib.CARD_EVENT_BITS:
                    wire.order(event.port, lib.CARD_ORDER_BITS, event.value, event.offset)
            wire.write(self._tick, mouths.say(self._tick))
        self._tick += 1

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.run_until(self.clock.now + seconds)
