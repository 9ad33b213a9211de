"""Opus (RFC 6716) by libopus, found at run time: Debian's package libopus0, BSD licence, called through cffi.

One channel. Rates 8, 12, 16, 24 and 48 kHz: the rate is that of the samples on this side, the peer may use another. Redundancy for lost
packets (FEC, RFC 6716 2.1.7) and silence that is not sent (DTX, 2.1.9) are settings. Leaves out files (libsndfile writes Ogg/Opus)
and RTP (RFC 7587).
"""

import functools
from typing import Any

import msgspec
import numpy as np
from cffi import FFI
from numpy.typing import NDArray

Samples = NDArray[np.int16]
LIBRARY = "libopus.so.0"
RATES_HZ = (8000, 12000, 16000, 24000, 48000)
LONGEST_PACKET_OCTETS = 1275
LONGEST_PACKET_MS = 120
APPLICATION_VOICE = 2048
SET_BIT_RATE, SET_COMPLEXITY, SET_FEC, SET_LOSS_PERCENT, SET_DTX = 4002, 4010, 4012, 4014, 4016

ffi = FFI()
ffi.cdef(
    """
    typedef struct OpusEncoder OpusEncoder;
    typedef struct OpusDecoder OpusDecoder;
    OpusEncoder *opus_encoder_create(int32_t rate, int channels, int application, int *error);
    int32_t opus_encode(OpusEncoder *encoder, const int16_t *samples, int count, unsigned char *octets, int32_t room);
    int opus_encoder_ctl(OpusEncoder *encoder, int request, ...);
    void opus_encoder_destroy(OpusEncoder *encoder);
    OpusDecoder *opus_decoder_create(int32_t rate, int channels, int *error);
    int opus_decode(OpusDecoder *decoder, const unsigned char *octets, int32_t length, int16_t *samples, int room, int fec);
    void opus_decoder_destroy(OpusDecoder *decoder);
    const char *opus_strerror(int error);
    """
)


class OpusUnavailableError(RuntimeError):
    """libopus is not on this machine; the text says how to get it."""


class OpusSettings(msgspec.Struct, frozen=True):
    """How an encoder works; the defaults suit speech between two exchanges."""

    sample_rate_hz: int = 8000
    bit_rate: int = 16000
    complexity: int = 5
    fec: bool = False
    """Each packet carries the frame before it again, coarsely; needs ``loss_percent`` above 0."""
    loss_percent: int = 0
    dtx: bool = False


@functools.cache
def library() -> Any:
    """libopus."""
    try:
        return ffi.dlopen(LIBRARY)
    except OSError as error:
        raise OpusUnavailableError(f"{LIBRARY} is not on this machine; install Debian's package libopus0") from error


def _made(make: Any, destroy: Any, *arguments: int) -> Any:
    error = ffi.new("int *")
    made = make(*arguments, error)
    if error[0]:
        raise ValueError(f"libopus: {ffi.string(library().opus_strerror(error[0])).decode()}: {arguments}")
    return ffi.gc(made, destroy)


class OpusEncoder:
    """Frames of one length into packets."""

    def __init__(self, settings: OpusSettings) -> None:
        """ValueError when libopus does not take the settings, OpusUnavailableError without it."""
        self._library = library()
        self._encoder = _made(
            self._library.opus_encoder_create, self._library.opus_encoder_destroy, settings.sample_rate_hz, 1, APPLICATION_VOICE
        )
        for request, value in (
            (SET_BIT_RATE, settings.bit_rate),
            (SET_COMPLEXITY, settings.complexity),
            (SET_FEC, int(settings.fec)),
            (SET_LOSS_PERCENT, settings.loss_percent),
            (SET_DTX, int(settings.dtx)),
        ):
            code = self._library.opus_encoder_ctl(self._encoder, request, ffi.cast("int32_t", value))
            if code:
                raise ValueError(f"libopus does not take {settings}")
        self._octets = ffi.new("unsigned char[]", LONGEST_PACKET_OCTETS)

    def encode(self, samples: Samples) -> bytes:
        """The packet of one frame; empty when it need not be sent (DTX)."""
        count = self._library.opus_encode(
            self._encoder, ffi.from_buffer("int16_t[]", samples), len(samples), self._octets, LONGEST_PACKET_OCTETS
        )
        if count < 0:
            raise ValueError(f"libopus: {ffi.string(self._library.opus_strerror(count)).decode()}: {len(samples)} samples")
        # A packet of one or two octets says only that nothing is said (opus_encode).
        return bytes(ffi.buffer(self._octets, count)) if count > 2 else b""


class OpusDecoder:
    """Packets into samples."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._library = library()
        self._decoder = _made(self._library.opus_decoder_create, self._library.opus_decoder_destroy, sample_rate_hz, 1)
        self._room = sample_rate_hz * LONGEST_PACKET_MS // 1000
        self._samples = ffi.new("int16_t[]", self._room)

    def decode(self, packet: bytes) -> Samples | None:
        """The samples of a packet; None when it is none."""
        if not packet:
            return None
        return self._taken(self._library.opus_decode(self._decoder, packet, len(packet), self._samples, self._room, 0))

    def lost(self, count: int, following: bytes = b"") -> Samples | None:
        """``count`` samples instead of a packet that did not come, out of what the packet behind it repeats if it is there."""
        if following:
            return self._taken(self._library.opus_decode(self._decoder, following, len(following), self._samples, count, 1))
        return self._taken(self._library.opus_decode(self._decoder, ffi.NULL, 0, self._samples, count, 0))

    def _taken(self, count: int) -> Samples | None:
        return np.frombuffer(ffi.buffer(self._samples, count * 2), np.int16).copy() if count >= 0 else None
