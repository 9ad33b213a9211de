"""libspandsp's senders and receivers through ctypes: another's ear and mouth to judge ours by."""

from __future__ import annotations

import ctypes
import ctypes.util

import numpy as np
import pytest

_NAME = ctypes.util.find_library("spandsp")
needs_spandsp = pytest.mark.skipif(_NAME is None, reason="libspandsp2 is not installed")
_Pointer = ctypes.c_void_p


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(_NAME)
    for name in ("dtmf_tx_init", "dtmf_rx_init", "r2_mf_tx_init", "r2_mf_rx_init", "adsi_tx_init", "adsi_rx_init"):
        getattr(library, name).restype = _Pointer
    library.dtmf_rx_get.restype = ctypes.c_size_t
    library.r2_mf_tx_put.argtypes = [_Pointer, ctypes.c_char]
    return library


def _samples(sound: np.ndarray) -> tuple[np.ndarray, _Pointer]:
    kept = np.ascontiguousarray(sound, np.int16)
    return kept, kept.ctypes.data_as(_Pointer)


def send_dtmf(digits: str, on_ms: int = 50, off_ms: int = 50, level_dbm0: int = -10, twist_db: int = 0) -> np.ndarray:
    library = _library()
    state = _Pointer(library.dtmf_tx_init(None))
    library.dtmf_tx_set_level(state, level_dbm0, twist_db)
    library.dtmf_tx_set_timing(state, on_ms, off_ms)
    parts = []
    for digit in digits:
        library.dtmf_tx_put(state, digit.encode(), 1)
        sound, pointer = _samples(np.zeros((on_ms + off_ms) * 8, np.int16))
        library.dtmf_tx(state, pointer, len(sound))
        parts.append(sound)
    library.dtmf_tx_free(state)
    return np.concatenate(parts)


def receive_dtmf(sound: np.ndarray) -> str:
    library = _library()
    state = _Pointer(library.dtmf_rx_init(None, None, None))
    buffer = ctypes.create_string_buffer(256)
    heard = ""
    for start in range(0, len(sound), 160):
        kept, pointer = _samples(sound[start : start + 160])
        library.dtmf_rx(state, pointer, len(kept))
        count = library.dtmf_rx_get(state, buffer, 128)
        heard += buffer.raw[:count].decode()
    library.dtmf_rx_free(state)
    return heard


MFC_NAMES = "1234567890BCDEF"


def send_mfc(forward: bool, signal: int, ms: int) -> np.ndarray:
    library = _library()
    state = _Pointer(library.r2_mf_tx_init(None, int(forward)))
    library.r2_mf_tx_put(state, MFC_NAMES[signal - 1].encode())
    sound, pointer = _samples(np.zeros(ms * 8, np.int16))
    library.r2_mf_tx(state, pointer, len(sound))
    library.r2_mf_tx_free(state)
    return sound


def receive_mfc(forward: bool, sound: np.ndarray) -> int:
    """The signal present at the end of the sound, 0 for none."""
    library = _library()
    state = _Pointer(library.r2_mf_rx_init(None, int(forward), None, None))
    kept, pointer = _samples(sound)
    library.r2_mf_rx(state, pointer, len(kept))
    code = library.r2_mf_rx_get(state)
    library.r2_mf_rx_free(state)
    return MFC_NAMES.index(chr(code)) + 1 if code and chr(code) in MFC_NAMES else 0


CLASS, CLIP, CLIP_DTMF = 1, 2, 5
_PutMessage = ctypes.CFUNCTYPE(None, _Pointer, ctypes.POINTER(ctypes.c_uint8), ctypes.c_int)


def send_caller_identity(
    standard: int, fields: list[tuple[int, bytes]], seconds: float = 3.0, preamble: tuple[int, int, int] | None = None
) -> np.ndarray:
    """A message as libspandsp sends it; the first field is the message's type and without contents.

    ``preamble``: bits of channel seizure, of mark before and of mark behind.
    """
    library = _library()
    state = _Pointer(library.adsi_tx_init(None, standard))
    if preamble is not None:
        library.adsi_tx_set_preamble(state, *preamble, 1)
    buffer, length = ctypes.create_string_buffer(256), -1
    for kind, octets in fields:
        length = library.adsi_add_field(state, buffer, length, ctypes.c_uint8(kind), octets or None, len(octets))
    library.adsi_tx_put_message(state, buffer, length)
    sound, pointer = _samples(np.zeros(round(seconds * 8000), np.int16))
    library.adsi_tx(state, pointer, len(sound))
    library.adsi_tx_free(state)
    return sound


def receive_caller_identity(standard: int, sound: np.ndarray) -> list[bytes]:
    """The messages that libspandsp hears, as it gives them."""
    library = _library()
    heard: list[bytes] = []
    told = _PutMessage(lambda user, octets, length: heard.append(bytes(octets[:length])))
    state = _Pointer(library.adsi_rx_init(None, standard, told, None))
    for start in range(0, len(sound), 160):
        kept, pointer = _samples(sound[start : start + 160])
        library.adsi_rx(state, pointer, len(kept))
    library.adsi_rx_free(state)
    return heard


def fields_of_caller_identity(standard: int, message: bytes) -> list[tuple[int, bytes]]:
    """The fields of a message as libspandsp reads them; the first is the message's type, without contents in MDMF."""
    library = _library()
    told = _PutMessage(lambda user, octets, length: None)
    state = _Pointer(library.adsi_rx_init(None, standard, told, None))
    kind, body, length = ctypes.c_uint8(), ctypes.POINTER(ctypes.c_uint8)(), ctypes.c_int()
    found: list[tuple[int, bytes]] = []
    position = -1
    while True:
        position = library.adsi_next_field(
            state, message, len(message), position, ctypes.byref(kind), ctypes.byref(body), ctypes.byref(length)
        )
        if position <= 0:
            break
        found.append((kind.value, bytes(body[: length.value]) if body and length.value > 0 else b""))
    library.adsi_rx_free(state)
    return found
