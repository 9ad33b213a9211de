"""Sound files: WAV of linear 16 bit, A-law and mu-law (G.711; RIFF format tags 1, 6, 7), and raw A-law.

8 kHz only, any number of tracks. Leaves out: other rates and codings, which a converter turns into these.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pbx._plane import ffi, lib

Samples = NDArray[np.int16]
SAMPLE_RATE_HZ = 8000
LINEAR, ALAW, ULAW = 1, 6, 7
EXTENSIBLE = 0xFFFE
RAW_ENDINGS = (".al", ".alaw", ".raw")


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
    """The tracks of a file: WAV by its first octets, anything else of a raw ending as A-law.

    Raises SoundFileError naming the file, what is wrong with it and the cure.
    """
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise SoundFileError(f"{path}: {error.strerror}; give the name of a WAV or raw A-law file") from error
    if octets[:4] == b"RIFF" and octets[8:12] == b"WAVE":
        return _read_wav(path, octets)
    if path.suffix.lower() in RAW_ENDINGS:
        return [decode_alaw(octets)]
    raise SoundFileError(f"{path}: not a WAV file; name a raw A-law file with one of {' '.join(RAW_ENDINGS)}")


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
    tag, tracks, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if tag == EXTENSIBLE and len(form) >= 26:
        tag = struct.unpack_from("<H", form, 24)[0]
    if rate_hz != SAMPLE_RATE_HZ:
        raise SoundFileError(f"{path}: {rate_hz} samples a second; convert it to {SAMPLE_RATE_HZ}")
    if (tag, bits) not in ((LINEAR, 16), (ALAW, 8), (ULAW, 8)) or tracks < 1:
        raise SoundFileError(f"{path}: format {tag} with {bits} bits; convert it to linear 16 bit, A-law or mu-law")
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


def write_sound(path: Path, samples: Samples, alaw: bool = False) -> None:
    """Write one track: raw A-law by its ending, else WAV, linear or A-law. Raises OSError."""
    if path.suffix.lower() in RAW_ENDINGS:
        path.write_bytes(encode_alaw(samples))
    else:
        path.write_bytes(wav([samples], ALAW if alaw else LINEAR))
