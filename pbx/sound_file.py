"""Sound files in and out, as tracks of int16 at 8 kHz.

WAV of linear 16 bit, A-law and mu-law at 8 kHz (G.711; RIFF format tags 1, 6, 7) and raw A-law are read here, to the bit and as far as
a file cut short goes. Everything else that libsndfile knows (WAV of any width and rate, FLAC, Ogg with Opus or Vorbis, AIFF, MP3) is read
through it in pieces of a second and brought to 8 kHz by pbx/resampling.py. Writes WAV, and by the ending FLAC and Ogg/Opus.
Leaves out recordings, which grow (pbx/recording_files.py).
"""

import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pbx._plane import ffi, lib
from pbx.resampling import Resampler, resample, to_samples

Samples = NDArray[np.int16]
SAMPLE_RATE_HZ = 8000
LINEAR, ALAW, ULAW = 1, 6, 7
SIMPLE = ((LINEAR, 16), (ALAW, 8), (ULAW, 8))
EXTENSIBLE = 0xFFFE
RAW_ENDINGS = (".al", ".alaw", ".raw")
PACKED = {".flac": ("FLAC", "PCM_16"), ".opus": ("OGG", "OPUS"), ".ogg": ("OGG", "OPUS")}
"""Format and coding of libsndfile by ending."""
OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1000, 384000
MOST_TRACKS = 16
LONGEST_S = 4 * 3600


class SoundFileError(ValueError):
    """A file that cannot be read as sound; the text names the file and the cure."""


def decode_alaw(octets: bytes) -> Samples:
    """A-law octets as linear samples; full scale is +3.14 dBm0."""
    samples = np.zeros(len(octets), np.int16)
    lib.g711_alaw_decode(ffi.from_buffer("uint8_t[]", octets), ffi.from_buffer("int16_t[]", samples), len(octets))
    return samples


def encode_alaw(samples: Samples) -> bytes:
    """Linear samples as A-law octets."""
    sound = np.ascontiguousarray(samples, np.int16)
    octets = bytearray(len(sound))
    lib.g711_alaw_encode(ffi.from_buffer("int16_t[]", sound), ffi.from_buffer("uint8_t[]", octets), len(sound))
    return bytes(octets)


def decode_ulaw(octets: bytes) -> Samples:
    """Mu-law octets as linear samples."""
    samples = np.zeros(len(octets), np.int16)
    lib.g711_ulaw_decode(ffi.from_buffer("uint8_t[]", octets), ffi.from_buffer("int16_t[]", samples), len(octets))
    return samples


def read_sound(path: Path) -> list[Samples]:
    """The tracks of a file at 8 kHz: what it is its first octets say, and a raw ending means A-law.

    Raises SoundFileError naming the file, what is wrong with it and the cure.
    """
    try:
        if path.suffix.lower() in RAW_ENDINGS:
            octets = path.read_bytes()
            if not _is_wav(octets):
                return [decode_alaw(octets)]
        with path.open("rb") as file:
            simple = _is_wav(file.read(12)) and _is_simple(file.read(1 << 16))
        if simple:
            return _read_wav(path, path.read_bytes())
    except OSError as error:
        raise SoundFileError(f"{path}: {error.strerror}; give the name of a sound file") from error
    return _read_any(path)


def mixed(tracks: list[Samples]) -> Samples:
    """All tracks as one: their mean, so that nothing is clipped."""
    if len(tracks) == 1:
        return tracks[0]
    mean: Samples = np.rint(np.mean(np.stack(tracks), axis=0)).astype(np.int16)
    return mean


def _is_wav(octets: bytes) -> bool:
    return octets[:4] == b"RIFF" and octets[8:12] == b"WAVE"


def _is_simple(octets: bytes) -> bool:
    """Whether a WAV file's chunks begin with a format that is read here; one that has none is judged here too."""
    form = _chunks(b"RIFF    WAVE" + octets).get(b"fmt ", b"")
    if len(form) < 16:
        return True
    tag, tracks, rate_hz, _, _, bits = _format_of(form)
    return rate_hz == SAMPLE_RATE_HZ and tracks >= 1 and (tag, bits) in SIMPLE


def _read_any(path: Path) -> list[Samples]:
    """Whatever libsndfile reads."""
    try:
        # Opened here: of a file that is called .raw the library would want to be told its rate.
        with path.open("rb") as octets, soundfile.SoundFile(octets.fileno(), closefd=False) as file:
            rate_hz, tracks = int(file.samplerate), int(file.channels)
            if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ or tracks > MOST_TRACKS:
                raise SoundFileError(
                    f"{path}: {tracks} tracks at {rate_hz} samples a second; convert it to at most {MOST_TRACKS} at {LOWEST_RATE_HZ} to "
                    f"{HIGHEST_RATE_HZ}"
                )
            resamplers = [Resampler(rate_hz, SAMPLE_RATE_HZ) for _ in range(tracks)]
            parts: list[list[Samples]] = [[] for _ in resamplers]
            read_s = 0
            while True:
                waves = file.read(rate_hz, dtype="float32", always_2d=True)
                last = len(waves) < rate_hz
                for track, resampler in enumerate(resamplers):
                    parts[track].append(to_samples(resampler.run(waves[:, track], last)))
                if last:
                    return [np.concatenate(part) for part in parts]
                read_s += 1
                if read_s > LONGEST_S:
                    raise SoundFileError(f"{path}: longer than {LONGEST_S // 3600} hours; cut it")
    except soundfile.SoundFileError as error:
        told = " ".join(str(error).split())
        raise SoundFileError(
            f"{path}: no sound that can be read ({told.rpartition(': ')[2]}); convert it to WAV, FLAC or Ogg/Opus, "
            f"or name a raw A-law file with one of {' '.join(RAW_ENDINGS)}"
        ) from error


def _format_of(form: bytes) -> tuple[int, int, int, int, int, int]:
    """Tag, tracks, rate, octets a second, octets a frame, bits of a format chunk; the tag behind ``extensible``."""
    tag, tracks, rate_hz, a_second, frame, bits = struct.unpack_from("<HHIIHH", form)
    if tag == EXTENSIBLE and len(form) >= 26:
        tag = struct.unpack_from("<H", form, 24)[0]
    return tag, tracks, rate_hz, a_second, frame, bits


def _chunks(octets: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name; a length that runs over the end (a recording cut short) is cut."""
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(octets):
        name, length = struct.unpack_from("<4sI", octets, place)
        found.setdefault(name, octets[place + 8 : place + 8 + length])
        place += 8 + length + (length & 1)
    return found


def _read_wav(path: Path, octets: bytes) -> list[Samples]:
    chunks = _chunks(octets)
    form, data = chunks.get(b"fmt ", b""), chunks.get(b"data")
    if len(form) < 16 or data is None:
        raise SoundFileError(f"{path}: a WAV file without format or data; record or convert it again")
    tag, tracks, _, _, _, _ = _format_of(form)
    if tag == LINEAR:
        samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)
    else:
        samples = decode_alaw(data) if tag == ALAW else decode_ulaw(data)
    whole = len(samples) // tracks * tracks
    return [np.ascontiguousarray(samples[track:whole:tracks]) for track in range(tracks)]


def wav(tracks: list[Samples], tag: int = LINEAR) -> bytes:
    """A WAV file of tracks of equal length, linear (1) or A-law (6)."""
    samples = np.ascontiguousarray(np.stack(tracks, axis=1)).reshape(-1)
    width = 2 if tag == LINEAR else 1
    data = samples.astype("<i2").tobytes() if tag == LINEAR else encode_alaw(samples)
    frame = width * len(tracks)
    form = struct.pack("<HHIIHH", tag, len(tracks), SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * frame, frame, 8 * width)
    if tag != LINEAR:
        # Codings other than linear carry the length of their extension (none) and a fact chunk: samples a track.
        form += struct.pack("<H", 0)
    parts = [b"fmt " + struct.pack("<I", len(form)) + form]
    if tag != LINEAR:
        parts.append(b"fact" + struct.pack("<II", 4, len(samples) // len(tracks)))
    parts.append(b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1))
    body = b"WAVE" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def write_sound(path: Path, samples: Samples, alaw: bool = False, rate_hz: int = SAMPLE_RATE_HZ) -> None:
    """Write one track: raw A-law, FLAC or Ogg/Opus by its ending, else WAV, linear or A-law.

    Raises OSError, and SoundFileError for a rate that the format does not have.
    """
    ending = path.suffix.lower()
    if ending in RAW_ENDINGS or (alaw and ending not in PACKED):
        if rate_hz != SAMPLE_RATE_HZ:
            raise SoundFileError(f"{path}: A-law has {SAMPLE_RATE_HZ} samples a second; leave the rate out")
        path.write_bytes(encode_alaw(samples) if ending in RAW_ENDINGS else wav([samples], ALAW))
        return
    form, coding = PACKED.get(ending, ("WAV", "PCM_16"))
    if coding == "OPUS" and rate_hz not in OPUS_RATES_HZ:
        raise SoundFileError(f"{path}: Opus has no {rate_hz} samples a second; give one of {OPUS_RATES_HZ}")
    sound = resample(samples, SAMPLE_RATE_HZ, rate_hz)
    if form == "WAV" and rate_hz == SAMPLE_RATE_HZ:
        path.write_bytes(wav([sound], LINEAR))
        return
    with path.open("wb") as file:
        soundfile.write(file, sound, rate_hz, format=form, subtype=coding)
