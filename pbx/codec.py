"""Codecs of packet links, all with one face: samples in, packets out, and back.

A-law and mu-law (G.711), G.722 at 64 kbit/s, Opus (RFC 6716) and IMA ADPCM (DVI4 of RFC 3551). An encoder takes samples as they come and
returns whole packets of one frame each, so that how its input was cut makes no difference. A decoder takes a packet, or is told that one
did not come. What the peer sends wrong is a value: a packet that is none counts as lost. G.722 is the package G722, Opus is libopus, both
chosen in docs/adr/0012; G.711 and IMA are kernels of our own. Leaves out RTP, jitter, comfort noise (RFC 3389) and G.729.
"""

from collections.abc import Callable
from typing import Protocol

import G722
import msgspec
import numpy as np
from numpy.typing import NDArray

from pbx._plane import ffi, lib
from pbx.opus import RATES_HZ as OPUS_RATES_HZ
from pbx.opus import OpusDecoder, OpusEncoder, OpusSettings

Samples = NDArray[np.int16]
FRAME_MS = 20
FADES = (1.0, 0.7, 0.3)
"""What is heard of the last frame while packets are missing; then silence."""


class Codec(msgspec.Struct, frozen=True):
    """What a codec is, in the names of RFC 3551 and RFC 7587."""

    name: str
    rates_hz: tuple[int, ...]
    rtp_clock_hz: int
    """G.722 counts 8 000 a second though it has 16 000 samples (RFC 3551, 4.5.2); Opus always 48 000."""
    payload_type: int | None = None
    """The static one, where there is one."""


CODECS = {
    codec.name: codec
    for codec in (
        Codec("PCMA", (8000,), 8000, 8),
        Codec("PCMU", (8000,), 8000, 0),
        Codec("G722", (16000,), 8000, 9),
        Codec("DVI4", (8000, 16000), 8000, 5),
        Codec("opus", OPUS_RATES_HZ, 48000),
    )
}


class Settings(msgspec.Struct, frozen=True):
    """A codec as a link uses it. ``opus`` counts for Opus only; its rate is then ``sample_rate_hz``."""

    name: str
    sample_rate_hz: int = 0
    """0 = the first of the codec's."""
    frame_ms: int = FRAME_MS
    opus: OpusSettings = OpusSettings()

    @property
    def rate_hz(self) -> int:
        """Samples a second on this side."""
        return self.sample_rate_hz or CODECS[self.name].rates_hz[0]

    @property
    def frame_samples(self) -> int:
        """Samples of a packet."""
        return self.rate_hz * self.frame_ms // 1000


class Encoder(Protocol):
    """Samples into packets."""

    def encode(self, samples: Samples) -> list[bytes]:
        """The packets that have become whole, a frame each; an empty one need not be sent. The rest waits for more samples."""


class Decoder(Protocol):
    """Packets into samples."""

    malformed: int

    def decode(self, packet: bytes) -> Samples:
        """The samples of a packet; those of a lost one when it is none."""

    def lost(self, following: bytes = b"") -> Samples:
        """A frame for a packet that did not come; ``following`` is the packet behind it, should it be here already."""


class _Framed:
    """Cuts what comes into frames."""

    def __init__(self, frame_samples: int, code: Callable[[Samples], bytes]) -> None:
        self._frame_samples = frame_samples
        self._code = code
        self._rest: Samples = np.zeros(0, np.int16)

    def encode(self, samples: Samples) -> list[bytes]:
        sound = np.ascontiguousarray(samples, np.int16)
        if len(sound) == self._frame_samples and not len(self._rest):
            return [self._code(sound)]
        waiting = np.concatenate((self._rest, sound))
        whole = len(waiting) // self._frame_samples * self._frame_samples
        self._rest = waiting[whole:]
        return [self._code(waiting[at : at + self._frame_samples]) for at in range(0, whole, self._frame_samples)]


class _Repeating:
    """A decoder without concealment of its own: a missing frame is the last one again, fainter each time."""

    def __init__(self, frame_samples: int, decode: Callable[[bytes], Samples | None]) -> None:
        self.malformed = 0
        self._decode = decode
        self._last: Samples = np.zeros(frame_samples, np.int16)
        self._missed = 0

    def decode(self, packet: bytes) -> Samples:
        samples = self._decode(packet) if packet else None
        if samples is None:
            self.malformed += bool(packet)
            return self.lost()
        self._last, self._missed = samples, 0
        return samples

    def lost(self, following: bytes = b"") -> Samples:
        share = FADES[self._missed] if self._missed < len(FADES) else 0.0
        after = FADES[self._missed + 1] if self._missed + 1 < len(FADES) else 0.0
        self._missed += 1
        slope = np.linspace(share, after, len(self._last), endpoint=False)
        return (self._last * slope).astype(np.int16)


class _Opus:
    """libopus conceals by itself."""

    def __init__(self, settings: Settings) -> None:
        self.malformed = 0
        self._frame_samples = settings.frame_samples
        self._opus = OpusDecoder(settings.rate_hz)

    def decode(self, packet: bytes) -> Samples:
        samples = self._opus.decode(packet)
        if samples is None:
            self.malformed += bool(packet)
            return self.lost()
        return samples

    def lost(self, following: bytes = b"") -> Samples:
        samples = self._opus.lost(self._frame_samples, following)
        if samples is None and following:
            self.malformed += 1
            samples = self._opus.lost(self._frame_samples)
        return samples if samples is not None else np.zeros(self._frame_samples, np.int16)


def _ima_encoder() -> Callable[[Samples], bytes]:
    """DVI4 (RFC 3551, 4.5.1): each packet opens with the state before its first sample, so that a lost one costs only itself."""
    state = ffi.new("struct ima_state *")

    def encode(samples: Samples) -> bytes:
        packet = bytearray(lib.IMA_HEADER_OCTETS + len(samples) // 2)
        lib.ima_encode(state, ffi.from_buffer("int16_t[]", samples), ffi.from_buffer("uint8_t[]", packet), len(samples))
        return bytes(packet)

    return encode


def _ima_decode(packet: bytes) -> Samples | None:
    if len(packet) <= lib.IMA_HEADER_OCTETS:
        return None
    samples = np.empty((len(packet) - lib.IMA_HEADER_OCTETS) * 2, np.int16)
    lib.ima_decode(packet, len(packet), ffi.from_buffer("int16_t[]", samples))
    return samples


def _g711(kernel: str) -> tuple[Callable[[Samples], bytes], Callable[[bytes], Samples]]:
    coding, decoding = getattr(lib, f"g711_{kernel}_encode"), getattr(lib, f"g711_{kernel}_decode")

    def encode(samples: Samples) -> bytes:
        octets = bytearray(len(samples))
        coding(ffi.from_buffer("int16_t[]", samples), ffi.from_buffer("uint8_t[]", octets), len(samples))
        return bytes(octets)

    def decode(packet: bytes) -> Samples:
        samples = np.zeros(len(packet), np.int16)
        decoding(packet, ffi.from_buffer("int16_t[]", samples), len(packet))
        return samples

    return encode, decode


def _g722_decoder() -> Callable[[bytes], Samples]:
    decode = G722.G722(16000, 64000, use_numpy=False).decode
    return lambda packet: np.array(decode(packet), np.int16)


def _checked(settings: Settings) -> Settings:
    codec = CODECS.get(settings.name)
    if codec is None:
        raise ValueError(f"there is no codec {settings.name}; known are {', '.join(CODECS)}")
    if settings.rate_hz not in codec.rates_hz:
        raise ValueError(f"{settings.name} has no {settings.rate_hz} samples a second; it has {codec.rates_hz}")
    if settings.frame_ms < 1 or settings.frame_samples % 2:
        raise ValueError(f"a packet of {settings.name} cannot hold {settings.frame_ms} ms")
    return settings


def encoder(settings: Settings) -> Encoder:
    """A new encoder. ValueError for settings it does not have; OpusUnavailableError when libopus is missing."""
    wanted = _checked(settings)
    match wanted.name:
        case "PCMA" | "PCMU":
            code = _g711("alaw" if wanted.name == "PCMA" else "ulaw")[0]
        case "G722":
            code = G722.G722(16000, 64000, use_numpy=False).encode
        case "DVI4":
            code = _ima_encoder()
        case _:
            code = OpusEncoder(msgspec.structs.replace(wanted.opus, sample_rate_hz=wanted.rate_hz)).encode
    return _Framed(wanted.frame_samples, code)


def decoder(settings: Settings) -> Decoder:
    """A new decoder; exceptions as for ``encoder``."""
    wanted = _checked(settings)
    match wanted.name:
        case "PCMA" | "PCMU":
            return _Repeating(wanted.frame_samples, _g711("alaw" if wanted.name == "PCMA" else "ulaw")[1])
        case "G722":
            return _Repeating(wanted.frame_samples, _g722_decoder())
        case "DVI4":
            return _Repeating(wanted.frame_samples, _ima_decode)
        case _:
            return _Opus(wanted)
