"""``conceal``: how far a voice with lost packets is from the voice that was sent, ours beside libspandsp's, the same blocks lost.

``conceal.P`` loses P per cent of the blocks of 10 ms at random, ``conceal.P.20`` P per cent in pairs, as packets of 20 ms are. The figure
is the log-spectral distance in dB, over frames of 20 ms that touch a loss and in which something was said: what the ear goes by more than
by the waveform. The segmental signal-to-noise ratio of the same frames is told in the conditions. Speech is espeak-ng's if it is
installed, in four languages, else our own voice-like sounds. Leaves out the time it takes.
"""

import ctypes
import ctypes.util
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.office import voice as voice_like
from benchmarks.row import Effort, Row
from pbx.resampling import resample
from pbx.sound_file import Samples, decode_alaw
from pbx.voice import conceal

BLOCK = 80
SPOKEN_RMS = 100.0
SPEECH_RMS = 3000.0
ESPEAK_HEADER_OCTETS, ESPEAK_RATE_HZ = 44, 22050
TEXTS = {
    "en": "Please hold the line while we connect your call to the next free agent. The quick brown fox jumps over the lazy dog.",
    "en+f3": "Numbers are one, two, three, four, five, six. Your call is important; you are third in the queue.",
    "cmn": "您好，欢迎致电客户服务中心，请稍候，正在为您转接。",
    "de": "Bitte bleiben Sie am Apparat, der nächste freie Mitarbeiter ist gleich für Sie da.",
}


def speeches() -> tuple[list[Samples], str]:
    """The sounds to lose packets of, and what they are."""
    found = []
    for name, text in TEXTS.items():
        try:
            said = subprocess.run(["espeak-ng", "-v", name, "--stdout", text], capture_output=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return [decode_alaw(voice_like(8.0, seed)) for seed in range(4)], "voice-like sounds"
        sound = resample(np.frombuffer(said[ESPEAK_HEADER_OCTETS:], np.int16), ESPEAK_RATE_HZ, 8000).astype(float)
        sound *= SPEECH_RMS / np.sqrt(np.mean(sound**2))
        found.append(np.clip(sound[: len(sound) // BLOCK * BLOCK], -32000, 32000).astype(np.int16))
    return found, "espeak-ng in English (two voices), Chinese, German"


def losses(count: int, share: float, together: int, seed: int) -> NDArray[np.bool_]:
    """Which of so many blocks are lost; never the first ones."""
    lost = np.repeat(np.random.default_rng(seed).random(count // together + 1) < share, together)[:count]
    lost[:5] = False
    return lost


class Spandsp:
    """libspandsp's concealment."""

    def __init__(self) -> None:
        self.name = ctypes.util.find_library("spandsp")

    def conceal(self, sound: Samples, lost: Sequence[bool]) -> Samples:
        """As ours."""
        library = ctypes.CDLL(self.name)
        library.plc_init.restype = ctypes.c_void_p
        state, out = ctypes.c_void_p(library.plc_init(None)), sound.copy()
        for n, gone in enumerate(lost):
            block = ctypes.c_void_p(out.ctypes.data + 2 * BLOCK * n)
            (library.plc_fillin if gone else library.plc_rx)(state, block, BLOCK)
        library.plc_free(state)
        return out


def spectrum(frame: Any) -> Any:
    """Its power in dB; a floor far under speech keeps silence from counting."""
    return 10 * np.log10(np.abs(np.fft.rfft(frame * np.hanning(len(frame)))) ** 2 + 1e4)


def distances(sound: Samples, out: Samples, lost: Any) -> list[tuple[float, float]]:
    """Log-spectral distance and segmental signal-to-noise ratio in dB of each frame of two blocks that touches a loss."""
    found = []
    for n in np.flatnonzero(lost[:-1] | lost[1:]):
        frame, made = (s[BLOCK * n : BLOCK * (n + 2)].astype(float) for s in (sound, out))
        if np.mean(frame**2) < SPOKEN_RMS**2:
            continue
        apart = float(np.sqrt(np.mean((spectrum(frame) - spectrum(made)) ** 2)))
        ratio = 10 * np.log10(np.mean(frame**2) / (np.mean((frame - made) ** 2) + 1e-9))
        found.append((apart, float(np.clip(ratio, -10, 35))))
    return found


def compare(share: float, together: int, seeds: int, concealments: Sequence[Any]) -> list[tuple[float, float]]:
    """Both measures for each concealment, on the same losses: means over all frames."""
    found: list[list[tuple[float, float]]] = [[] for _ in concealments]
    for sound in speeches()[0]:
        for seed in range(seeds):
            lost = losses(len(sound) // BLOCK, share, together, seed)
            for results, concealment in zip(found, concealments, strict=True):
                results += distances(sound, concealment(sound, lost), lost)
    return [(statistics.fmean(a for a, _ in results), statistics.fmean(b for _, b in results)) for results in found]


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows wanted."""
    peer = Spandsp()
    what = speeches()[1]
    for name in names:
        _, percent, *pairs = name.split(".")
        seeds = int(effort.choose(1, 12, 60))
        found = compare(int(percent) / 100, 2 if pairs else 1, seeds, [conceal, peer.conceal] if peer.name else [conceal])
        ratios = " against ".join(f"{ratio:.1f}" for _, ratio in found)
        yield Row(
            name,
            round(found[0][0], 2),
            "dB apart",
            "lower",
            "libspandsp" if peer.name else None,
            round(found[1][0], 2) if peer.name else None,
            f"{what}, {seeds} patterns of loss each; segmental signal-to-noise ratio {ratios} dB",
        )
