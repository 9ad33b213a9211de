"""``codec.*``: codecs of packet links in microseconds a packet of 20 ms, coded and decoded, beside libspandsp's in the same run.

Ours are measured through pbx/codec.py, as a link uses them; libspandsp's through ctypes with room made beforehand, which costs it
about a microsecond a call. ``codec.opus`` has no peer there. Leaves out G.711, which is a kernel over lanes.
"""

import ctypes
import ctypes.util
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.office import voice
from benchmarks.row import Effort, Row, load_text
from pbx.codec import Settings, decoder, encoder
from pbx.opus import OpusSettings
from pbx.resampling import resample
from pbx.sound_file import decode_alaw

LINKS = {
    "codec.g722": Settings("G722"),
    "codec.opus": Settings("opus", opus=OpusSettings(bit_rate=16000)),
    "codec.ima": Settings("DVI4"),
}
FRAME_US = 20000
DVI4 = 1


def spandsp() -> ctypes.CDLL | None:
    """libspandsp, where it is installed."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    for maker in (library.g722_encode_init, library.g722_decode_init, library.ima_adpcm_init):
        maker.restype = ctypes.c_void_p
    return library


def peer_of(library: ctypes.CDLL | None, name: str, sound: Any, frame: int) -> Callable[[], object] | None:
    """A run of the peer's codec over the sound."""
    if library is None or name == "codec.opus":
        return None
    room, back = ctypes.create_string_buffer(frame + 16), ctypes.create_string_buffer(4 * frame + 64)
    if name == "codec.g722":
        code, uncode = library.g722_encode, library.g722_decode
        states = library.g722_encode_init(None, 64000, 0), library.g722_decode_init(None, 64000, 0)
    else:
        code, uncode = library.ima_adpcm_encode, library.ima_adpcm_decode
        states = library.ima_adpcm_init(None, DVI4, 0), library.ima_adpcm_init(None, DVI4, 0)
    coder, uncoder = map(ctypes.c_void_p, states)
    places = [ctypes.c_void_p(sound.ctypes.data + 2 * at) for at in range(0, len(sound) - frame + 1, frame)]

    def run() -> None:
        for place in places:
            uncode(uncoder, back, room, code(coder, room, place, frame))

    return run


def own_of(link: Settings, sound: Any) -> Callable[[], object]:
    """A run of our codec over the sound."""
    near, far = encoder(link), decoder(link)
    frames = [sound[at : at + link.frame_samples] for at in range(0, len(sound) - link.frame_samples + 1, link.frame_samples)]

    def run() -> None:
        for frame in frames:
            for packet in near.encode(frame):
                far.decode(packet)

    return run


def cpu_us(run: Callable[[], object], frames: int) -> float:
    """CPU time of a frame."""
    begun = time.process_time_ns()
    run()
    return (time.process_time_ns() - begun) / 1000 / frames


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of codecs; ours and the peer's by turns."""
    speech = np.resize(decode_alaw(voice(4.0, 1)), int(effort.choose(1600, 80000, 400000)))
    library, runs = spandsp(), int(effort.choose(1, 7, 21))
    for name in names:
        link = LINKS[name]
        sound = np.ascontiguousarray(resample(speech, 8000, link.rate_hz))
        frames = len(sound) // link.frame_samples
        own, peer = own_of(link, sound), peer_of(library, name, sound, link.frame_samples)
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(runs):
            ours.append(cpu_us(own, frames))
            if peer is not None:
                theirs.append(cpu_us(peer, frames))
        value = statistics.median(ours)
        beside = statistics.median(theirs) if theirs else None
        yield Row(
            name,
            round(value, 2),
            "us/20 ms, coded and decoded",
            "lower",
            "libspandsp" if beside is not None else None,
            round(beside, 2) if beside is not None else None,
            f"{link.rate_hz} Hz, {FRAME_US / value:,.0f} channels a core, {frames} packets of speech, median of {runs}, by turns, "
            f"{load_text()}",
        )
