"""Speech for judges: spoken by espeak-ng, recorded by people, music, and made to deceive; as it arrives over a telephone network.

Recordings are those of Debian packages (``PACKAGES``), where they are installed or under ZONGJI_SPEECH, a folder into which they were
unpacked with ``dpkg-deb -x``. Each piece is brought to one active speech level, cut to 300 to 3400 Hz and sent through A-law; pieces
stand one behind another in rows of equal length. Leaves out telephones, whose microphones differ.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.digit_bursts import PEAK_AT_0_DBM0, through_alaw
from pbx.sound_file import Samples, SoundFileError, read_sound

RATE = 8000
ROW_S = 30
GAP = 800
LEVELS_DBM0 = (-10.0, -15.0, -20.0, -25.0)
"""Active speech levels, by turns; people speak at -10 to -25 dBm0 in networks (P.56, G.121)."""
MARGIN_DB = 15.9

PACKAGES = (
    "asterisk-core-sounds-en-wav",
    "asterisk-core-sounds-es-wav",
    "asterisk-core-sounds-fr-wav",
    "asterisk-core-sounds-it-wav",
    "asterisk-core-sounds-ru-wav",
    "asterisk-prompt-it-menardi-wav",
    "klettres-data",
    "ktuberling-data",
    "gcin-voice",
    "tuxpaint-stamps-default",
    "pocketsphinx-testdata",
    "asterisk-moh-opsound-wav",
    "planetblupi-music-ogg",
    "drascula-music",
    "hyperrogue-music",
    "fb-music-high",
)
PEOPLE = (
    "asterisk/sounds/*/**/*.wav",
    "klettres/**/*.ogg",
    "ktuberling/sounds/**/*",
    "gcin-voice/**/*.ogg",
    "tuxpaint/stamps/**/*_desc*.ogg",
    "pocketsphinx/**/*.wav",
)
MUSIC = (
    "asterisk/moh/**/*.wav",
    "planetblupi/music/*.ogg",
    "scummvm/drascula/**/*.ogg",
    "hyperrogue/music/**/*.ogg",
    "games/frozen-bubble/snd/**/*.ogg",
)
NOT_SPEECH = ("beep", "tone", "silence", "moh")
"""Names of sounds among the voices that are none."""

VOICES = ["en-us", "en-gb", "cmn", "yue", "de", "fr", "es", "it", "pt-br", "ru", "ja", "ko", "hi", "ar", "tr", "pl", "nl", "sv", "el", "vi"]
VARIANTS = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "croak", "whisper", "whisperf"]
TEXTS = {
    "en": (
        "The quick brown fox telephones the lazy dog. Please hold the line, an operator will be with you shortly. "
        "My number is 697 1209, extension 852 1477; I repeat, 0 1 2 3 4 5 6 7 8 9. Sixty six thousand and ninety nine people. "
        "Who would have thought that you would call me on a Tuesday? No, no, wait a moment, I shall look for the paper. "
        "Five hundred and seventy euros, due on the twenty eighth of November. Oh, how are you? Fine, thank you, and yourself?"
    ),
    "cmn": (
        "喂，你好，请问您找哪一位？我姓王，电话号码是一三九零一二三四五六七八。请稍等，我帮您转接。今天是星期天，十一月二十二号，下午三点半。"
        "您的话费余额是五百六十七元八角九分。对不起，您拨打的用户正忙，请稍后再拨。没关系，我过一会儿再打过来，谢谢，再见。"
        "一二三四五六七八九零。二百五十六加一千零二十四等于一千二百八十。这个问题我们明天再讨论吧，好不好？"
    ),
}


def active_level(sound: Any) -> float:
    """Mean square while somebody speaks: of the ticks within a margin of the level itself, after the manner of P.56."""
    ticks = sound[: len(sound) // 80 * 80].reshape(-1, 80)
    power = np.mean(ticks.astype(np.float64) ** 2, axis=1) if len(ticks) else np.zeros(1)
    level = float(power.mean())
    for _ in range(20):
        heard = power[power >= level * 10 ** (-MARGIN_DB / 10)]
        now = float(heard.mean()) if len(heard) else 0.0
        if abs(now - level) <= 1e-4 * level:
            break
        level = now
    return level


def at_level(sound: Any, level_dbm0: float) -> Any:
    """The sound at an active level."""
    found = active_level(sound)
    wanted = (PEAK_AT_0_DBM0 * 10 ** (level_dbm0 / 20)) ** 2 / 2
    return sound * np.sqrt(wanted / found) if found > 0 else np.asarray(sound, float)


def telephone_band(sound: Any) -> Any:
    """Nothing below 300 Hz and above 3400 Hz."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    return np.fft.irfft(spectrum, len(sound))


def rows(pieces: Iterator[Any], hours: float, levels: tuple[float, ...] = LEVELS_DBM0) -> Any:
    """Pieces, one level after another, as rows of ROW_S seconds; fewer when the pieces run out."""
    length = ROW_S * RATE
    wanted = max(1, round(hours * 3600 / ROW_S))
    kept: list[Any] = []
    row: list[Any] = []
    filled = 0
    for number, piece in enumerate(pieces):
        row += [at_level(np.asarray(piece, np.float32), levels[number % len(levels)]), np.zeros(GAP)]
        filled += len(piece) + GAP
        while filled >= length and len(kept) < wanted:
            whole = np.concatenate(row)
            kept.append(through_alaw(telephone_band(whole[:length])))
            row, filled = [whole[length:]], len(whole) - length
        if len(kept) == wanted:
            break
    return np.array(kept, np.int16).reshape(len(kept), length)


def spoken_text(text: str, voice: str, speed: int = 160, pitch: int = 50) -> Samples | None:
    """A text by espeak-ng at 8 kHz; None when it is not installed or has no such voice."""
    if shutil.which("espeak-ng") is None:
        return None
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", "/dev/stdout", "--stdin"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if done.returncode or len(done.stdout) < 1000:
        return None
    rate = int.from_bytes(done.stdout[24:28], "little")
    sound = np.frombuffer(done.stdout[44 : len(done.stdout) // 2 * 2], "<i2").astype(float)
    length = len(sound) * RATE // rate
    spectrum = np.fft.rfft(sound)[: length // 2 + 1]
    spectrum[round(len(spectrum) * 0.95) :] = 0
    narrow = np.fft.irfft(spectrum, length) * (length / len(sound))
    return np.clip(np.rint(narrow), -32768, 32767).astype(np.int16)


def spoken(seed: int = 1) -> Iterator[Any]:
    """Without end: texts in every voice, variant, speed and pitch, drawn at random."""
    random = np.random.default_rng(seed)
    while True:
        voice = str(random.choice(VOICES))
        text = TEXTS["cmn" if voice in ("cmn", "yue") else "en"]
        variant = str(random.choice(VARIANTS))
        piece = spoken_text(text, f"{voice}+{variant}", int(random.integers(100, 260)), int(random.integers(0, 100)))
        if piece is None:
            piece = spoken_text(text, "en")
        if piece is None:
            return
        yield piece


def places() -> Path:
    """Where the packages' files are."""
    return Path(os.environ["ZONGJI_SPEECH"]) / "usr/share" if "ZONGJI_SPEECH" in os.environ else Path("/usr/share")


@functools.cache
def recorded_files(patterns: tuple[str, ...]) -> list[Path]:
    """The files of what is installed, mixed in an order that is always the same."""
    found = sorted({path for pattern in patterns for path in places().glob(pattern) if path.suffix in (".wav", ".ogg", ".opus")})
    found = [path for path in found if not any(word in path.stem for word in NOT_SPEECH)]
    order = np.random.default_rng(1).permutation(len(found))
    return [found[n] for n in order]


def _recorded(patterns: tuple[str, ...]) -> Iterator[Any]:
    for path in recorded_files(patterns):
        try:
            sound = np.mean(read_sound(path), axis=0)
        except SoundFileError:
            continue
        if len(sound) > 800 and active_level(sound) > 0:
            yield sound


def people() -> Iterator[Any]:
    """Every recording of people, once."""
    return _recorded(PEOPLE)


def music() -> Iterator[Any]:
    """Every piece of music, once."""
    return _recorded(MUSIC)


def deceiving(seed: int = 1) -> Iterator[Any]:
    """Without end: whistling, humming, singing and pairs of whistles, gliding and steady, on the notes of a scale and off them."""
    random = np.random.default_rng(seed)
    makers = (_whistle, _song, _two_whistles)
    while True:
        yield np.concatenate([makers[int(random.integers(0, 3))](random) for _ in range(20)])


def _note(random: np.random.Generator, lowest: float, highest: float) -> float:
    """A note of the tempered scale, or any frequency."""
    hz = float(np.exp(random.uniform(np.log(lowest), np.log(highest))))
    return float(440 * 2 ** (round(12 * np.log2(hz / 440)) / 12)) if random.random() < 0.5 else hz


def _time(random: np.random.Generator) -> Any:
    return np.arange(int(random.uniform(0.05, 0.7) * RATE)) / RATE


def _gliding(random: np.random.Generator, hz: float, time: Any) -> Any:
    """Phase of a frequency that mostly stands, sometimes glides, sometimes trembles."""
    glide = random.normal(0, 0.03) * (random.random() < 0.5)
    tremble = random.uniform(0, 0.02) * (random.random() < 0.4)
    path = hz * (1 + glide * time / time[-1] + tremble * np.sin(2 * np.pi * random.uniform(4, 7) * time))
    return 2 * np.pi * np.cumsum(path) / RATE


def _shaped(random: np.random.Generator, sound: Any) -> Any:
    edge = int(random.uniform(0.003, 0.03) * RATE)
    envelope = np.minimum(1, np.minimum(np.arange(len(sound)), np.arange(len(sound))[::-1]) / edge)
    return sound * envelope * 8000


def _whistle(random: np.random.Generator) -> Any:
    time = _time(random)
    return _shaped(random, np.sin(_gliding(random, _note(random, 500, 2500), time)) + random.normal(0, 0.02, len(time)))


def _two_whistles(random: np.random.Generator) -> Any:
    time = _time(random)
    low, high = _note(random, 600, 1050), _note(random, 1100, 1800)
    other = 10 ** (random.uniform(-10, 10) / 20)
    sound = np.sin(_gliding(random, low, time)) + other * np.sin(_gliding(random, high, time))
    return _shaped(random, sound + random.normal(0, random.choice([0.0, 0.05, 0.2]), len(time)))


def _song(random: np.random.Generator) -> Any:
    """A sung vowel: harmonics of a note under two or three formants."""
    time = _time(random)
    pitch = _note(random, 100, 800)
    phase = _gliding(random, pitch, time)
    formants = (random.uniform(300, 1000), random.uniform(800, 2200), random.uniform(2200, 3200))
    sound = np.zeros(len(time))
    for harmonic in range(1, int(3400 / pitch) + 1):
        hz = harmonic * pitch
        size = sum(weight * np.exp(-(((hz - f) / 120) ** 2)) for f, weight in zip(formants, (1, 0.7, 0.2), strict=True))
        sound += (size + 0.01) * np.sin(harmonic * phase + random.uniform(0, 6))
    return _shaped(random, sound / max(1e-6, np.abs(sound).max()))


SOURCES: dict[str, Callable[[], Iterator[Any]]] = {"spoken": spoken, "people": people, "music": music, "deceiving": deceiving}
