"""A sound device as a line card (drivers/sound_card.h) by libasound, found at run time: Debian's package libasound2, LGPL, called by cffi.

``SoundCard`` opens the microphone and the loudspeaker of the names that ALSA knows them by, one channel at 8 kHz; names with ``plug`` in
front, and ``default``, take any device to that. The functions of libasound are handed to the card's mover in C, which calls them outside
of the tick. A device that is not there, or is pulled, is tried again once a second. A test hands in a device of its own. Leaves out mixers
(``alsamixer`` sets them).
"""

import functools
import os
import threading
from types import TracebackType
from typing import Any, Self

import msgspec
from cffi import FFI
from pbx._plane import ffi as plane_ffi
from pbx._plane import lib

LIBRARY = "libasound.so.2"
PACKAGE = "libasound2"
LATENCY_US = 60_000
"""What is asked of a device's buffer: long enough for a mover of ordinary priority to be late on a loaded machine."""

_alsa = FFI()
_alsa.cdef(
    """
    typedef struct _snd_pcm snd_pcm_t;
    int snd_pcm_open(snd_pcm_t **pcm, const char *name, int stream, int mode);
    int snd_pcm_set_params(snd_pcm_t *pcm, int format, int access, unsigned int channels, unsigned int rate, int soft_resample,
                           unsigned int latency_us);
    int snd_pcm_get_params(snd_pcm_t *pcm, unsigned long *buffer_frames, unsigned long *period_frames);
    long snd_pcm_readi(snd_pcm_t *pcm, void *samples, unsigned long frames);
    long snd_pcm_writei(snd_pcm_t *pcm, const void *samples, unsigned long frames);
    long snd_pcm_avail_update(snd_pcm_t *pcm);
    int snd_pcm_recover(snd_pcm_t *pcm, int error, int silent);
    int snd_pcm_close(snd_pcm_t *pcm);
    const char *snd_strerror(int error);
    """
)
MEND_S = 1.0
# These numbers are libasound's binary interface (alsa/pcm.h, the same since 1.0).
_PLAYBACK, _CAPTURE = 0, 1
_NONBLOCK = 1
_S16_LE = 2
_INTERLEAVED = 3
_RATE_HZ = 8000


class AlsaError(RuntimeError):
    """No libasound, or a device that cannot be had; the text says what to do."""


class Counters(msgspec.Struct, frozen=True, gc=False):
    """Counts of one card since it was made; the words are those of ``struct sound_counters`` (drivers/sound_card_api.h)."""

    captured: int
    played: int
    slips_lost: int
    slips_repeated: int
    starved: int
    refused: int
    overruns: int
    underruns: int
    failures: int
    openings: int


@functools.cache
def library() -> Any:
    """libasound. AlsaError without it."""
    try:
        return _alsa.dlopen(LIBRARY)
    except OSError as error:
        raise AlsaError(f"{LIBRARY} is not on this machine; install Debian's package {PACKAGE}") from error


def unavailable() -> str:
    """Why there can be no sound device here; empty when there can."""
    try:
        library()
    except AlsaError as error:
        return str(error)
    return ""


class _Stream:
    """One direction of a device, open."""

    def __init__(self, name: str, direction: int) -> None:
        self._alsa = library()
        made = _alsa.new("snd_pcm_t **")
        what = f'the {"microphone" if direction == _CAPTURE else "loudspeaker"} "{name}"'
        self._check(self._alsa.snd_pcm_open(made, os.fsencode(name), direction, _NONBLOCK), f"{what} cannot be opened")
        self.pcm: Any = made[0]
        parameters = (_S16_LE, _INTERLEAVED, 1, _RATE_HZ, 1, LATENCY_US)
        try:
            self._check(self._alsa.snd_pcm_set_params(self.pcm, *parameters), f"{what} has no single channel at 8 kHz")
            sizes = _alsa.new("unsigned long[2]")
            self._check(self._alsa.snd_pcm_get_params(self.pcm, sizes, sizes + 1), f"{what} does not tell its buffer")
        except AlsaError:
            self.close()
            raise
        self.frames = min(int(sizes[0]), lib.SOUND_CARD_BUFFER_FRAMES)

    def _check(self, code: int, what: str) -> None:
        if code < 0:
            why = _alsa.string(self._alsa.snd_strerror(code)).decode("utf-8", "replace")
            raise AlsaError(f"{what}: {why}; aplay -L lists names, and plughw:... takes a device of any rate")

    def close(self) -> None:
        """Let go of the device."""
        self._alsa.snd_pcm_close(self.pcm)


def _function(name: str, kind: str) -> Any:
    """A function of libasound as the card in C takes it."""
    return plane_ffi.cast(kind, int(_alsa.cast("uintptr_t", _alsa.addressof(library(), name))))


def _pointer(stream: "_Stream | None") -> Any:
    return plane_ffi.NULL if stream is None else plane_ffi.cast("void *", int(_alsa.cast("uintptr_t", stream.pcm)))


class SoundCard:
    """The card of one device: ``card`` for ``Plane.add_card``. ``trouble`` says why the device is not in use; empty when it is."""

    def __init__(self, capture: str = "", playback: str = "") -> None:
        """ALSA's names; an empty one leaves that direction out. The device is tried once; ``watch`` goes on trying."""
        self._capture, self._playback = capture, playback
        self._streams: list[_Stream] = []
        self._closed = threading.Event()
        self._mender: threading.Thread | None = None
        self._card: Any = plane_ffi.gc(lib.sound_card_create(bool(capture), bool(playback)), lib.card_close)
        self.trouble = ""
        self.mend()

    @classmethod
    def of(cls, device: Any) -> Self:
        """The card of a ``struct sound_device *`` that is not libasound's."""
        card = cls()
        plane_ffi.release(card._card)
        wanted = (device.capture != plane_ffi.NULL, device.playback != plane_ffi.NULL)
        card._card = plane_ffi.gc(lib.sound_card_create(*wanted), lib.card_close)
        card.give(device)
        return card

    def give(self, device: Any) -> None:
        """Let the card use a ``struct sound_device *`` from now on; AlsaError when it has one, or cannot use this one."""
        if lib.sound_card_give(self.card, device):
            raise AlsaError("the device's buffer is shorter than two ticks or longer than a quarter of a second; name another device")

    def mend(self) -> bool:
        """Where the device is not there or has failed: close it and try to open it. Whether it is in use. Not within a tick."""
        if not lib.sound_card_wants(self.card):
            return True
        self._close_streams()
        try:
            heard = self._opened(self._capture, _CAPTURE)
            spoken = self._opened(self._playback, _PLAYBACK)
            device = plane_ffi.new("struct sound_device *")
            device.capture, device.playback = _pointer(heard), _pointer(spoken)
            device.capture_frames = heard.frames if heard else 0
            device.playback_frames = spoken.frames if spoken else 0
            device.read = _function("snd_pcm_readi", "long (*)(void *, int16_t *, unsigned long)")
            device.write = _function("snd_pcm_writei", "long (*)(void *, const int16_t *, unsigned long)")
            device.available = _function("snd_pcm_avail_update", "long (*)(void *)")
            device.recover = _function("snd_pcm_recover", "int (*)(void *, int, int)")
            self.give(device)
        except AlsaError as error:
            self._close_streams()
            self.trouble = str(error)
            return False
        self.trouble = ""
        return True

    def watch(self) -> None:
        """Mend once a second, in a thread, until the card is closed."""
        self._mender = threading.Thread(target=self._mend_on, daemon=True)
        self._mender.start()

    def _mend_on(self) -> None:
        while not self._closed.wait(MEND_S):
            self.mend()

    def _opened(self, name: str, direction: int) -> "_Stream | None":
        if not name:
            return None
        stream = _Stream(name, direction)
        self._streams.append(stream)
        return stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the mover and let go of the device; a plane must have let go of the card."""
        self._closed.set()
        if self._mender is not None:
            self._mender.join()
            self._mender = None
        if self._card is not None:
            plane_ffi.release(self._card)
            self._card = None
        self._close_streams()

    def _close_streams(self) -> None:
        while self._streams:
            self._streams.pop().close()

    @property
    def card(self) -> Any:
        """The ``struct card *``."""
        if self._card is None:
            raise AlsaError("this sound card is closed")
        return self._card

    def start_mover(self) -> None:
        """Let a thread move sound from now on, in real time."""
        code = lib.sound_card_start_mover(self.card)
        if code:
            raise AlsaError(f"no thread for the sound device: {os.strerror(-code)}")

    def move(self) -> None:
        """One turn of the mover, where there is no thread: tests."""
        lib.sound_card_move(self.card)

    def counters(self) -> Counters:
        """What was moved and what went wrong."""
        counted = plane_ffi.new("struct sound_counters *")
        lib.sound_card_counters(self.card, counted)
        return Counters(**{name: int(getattr(counted, name)) for name in Counters.__struct_fields__})
