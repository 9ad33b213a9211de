"""Prompts as sound: texts spoken once by espeak-ng into cached A-law, melodies computed, sound files read.

The cache is a folder of raw A-law files named by the digest of what they were made from (a file's octets, a text, a melody), so what has
changed is made anew and the rest costs nothing at the next start. Files may be of any rate and width (pbx/sound_file.py); several tracks
become one. What cannot be made is told of all prompts at once. espeak-ng runs as a process of its own (it is under another licence and
may be slow). Mandarin is spoken first and English after it when a prompt has both. Composition layer: it reads and writes files. Leaves
out better voices.
"""

import hashlib
import io
import os
import subprocess
import wave
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from config.schema import Prompt
from pbx.resampling import resample
from pbx.sound_file import Samples, SoundFileError, encode_alaw, mixed, read_sound

RATE = 8000
SPEECH_PEAK = 10000
"""Speech is scaled to this peak (full scale 32 767), about -17 dBm0 on average."""
MELODY_PEAK = 4000
BETWEEN_LANGUAGES_S = 0.4
_VERSION = b"2"
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class PromptError(Exception):
    """Prompts cannot be made; the text has a line for each, with its name and the cure."""


def render(prompts: Iterable[Prompt], cache: Path, progress: Callable[[str], None] | None = None) -> dict[str, bytes]:
    """The A-law sound of each prompt by its name; ``progress`` is told of each that must be made.

    PromptError when some cannot be made, after all others are.
    """
    cache.mkdir(parents=True, exist_ok=True)
    sounds: dict[str, bytes] = {}
    wrong: list[str] = []
    for prompt in prompts:
        try:
            sounds[prompt.name] = _cached(prompt, cache, progress)
        except PromptError as error:
            wrong.append(f"prompt {prompt.name}: {error}")
    if wrong:
        raise PromptError("\n".join(wrong))
    return sounds


def unreadable(prompts: Iterable[Prompt]) -> dict[str, str]:
    """By name, what is wrong with the sound files of prompts, and the cure; nothing is spoken or written."""
    wrong = {}
    for prompt in prompts:
        if prompt.file:
            try:
                _of_file(prompt)
            except PromptError as error:
                wrong[prompt.name] = str(error)
    return wrong


def _cached(prompt: Prompt, cache: Path, progress: Callable[[str], None] | None) -> bytes:
    path = cache / f"{prompt.name}-{_digest(prompt)}.alaw"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    if progress is not None:
        progress(prompt.name)
    sound = encode_alaw(_sound(prompt))
    # Two processes of one exchange may make the same prompt at the same time.
    made = path.with_suffix(f".{os.getpid()}.part")
    made.write_bytes(sound)
    made.replace(path)
    return sound


def _digest(prompt: Prompt) -> str:
    digest = hashlib.sha256(_VERSION)
    for part in (prompt.text_zh, prompt.text_en, prompt.melody):
        digest.update(part.encode() + b"\0")
    if prompt.file:
        try:
            digest.update(Path(prompt.file).read_bytes())
        except OSError as error:
            raise PromptError(f"{prompt.file} cannot be read: {error.strerror}; give the name of a sound file") from error
    return digest.hexdigest()[:16]


def _sound(prompt: Prompt) -> Samples:
    if prompt.file:
        return _of_file(prompt)
    if prompt.melody:
        return melody(prompt.melody)
    spoken = [_speak(text, voice) for text, voice in ((prompt.text_zh, "cmn"), (prompt.text_en, "en")) if text]
    pause = np.zeros(int(BETWEEN_LANGUAGES_S * RATE), np.int16)
    parts = [part for speech in spoken for part in (speech, pause)][:-1]
    return np.concatenate(parts)


def _of_file(prompt: Prompt) -> Samples:
    try:
        sound = mixed(read_sound(Path(prompt.file)))
    except SoundFileError as error:
        raise PromptError(str(error)) from error
    if not len(sound):
        raise PromptError(f"{prompt.file}: no sound in it; record it again")
    return sound


def _speak(text: str, voice: str) -> Samples:
    """One text by espeak-ng, brought to 8 kHz and to the common level."""
    try:
        done = subprocess.run(
            ["espeak-ng", "-v", voice, "-s", "160", "--stdout", text], capture_output=True, timeout=60, check=True
        )
    except FileNotFoundError as error:
        raise PromptError("espeak-ng is not installed; install Debian's package espeak-ng") from error
    except subprocess.SubprocessError as error:
        raise PromptError(f"espeak-ng cannot speak {text!r}: {error}") from error
    with wave.open(io.BytesIO(done.stdout)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return _scale(resample(samples, rate, RATE).astype(np.float64), SPEECH_PEAK)


def _scale(samples: "np.ndarray[tuple[int], np.dtype[np.float64]]", peak: int) -> Samples:
    largest = float(np.abs(samples).max()) if len(samples) else 0.0
    return (samples * (peak / largest)).astype(np.int16) if largest > 0 else samples.astype(np.int16)


def melody(text: str) -> Samples:
    """Notes such as ``E4:400 C#5:200 R:100``: pitch, octave, milliseconds; a struck string of three partials."""
    parts = []
    for word in text.split():
        pitch, _, length_ms = word.partition(":")
        count = int(length_ms) * RATE // 1000
        time = np.arange(count) / RATE
        if pitch == "R":
            parts.append(np.zeros(count))
            continue
        key = _SEMITONES[pitch[0]] + {"#": 1, "b": -1}.get(pitch[1], 0) + 12 * (int(pitch[-1]) + 1)
        frequency = 440 * 2 ** ((key - 69) / 12)
        tone = sum(np.sin(2 * np.pi * frequency * n * time) / n**2 for n in (1, 2, 3))
        decay = np.exp(-3 * time) * np.minimum(1, time * 200) * np.minimum(1, (count / RATE - time) * 100)
        parts.append(tone * decay)
    return _scale(np.concatenate(parts), MELODY_PEAK)
