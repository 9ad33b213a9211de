"""Voice treatment on numpy arrays: conferences, lost packets, automatic level, comfort noise, G.711 from law to law.

The same kernels as in the media plane (pbx/dsp/conference.h, speaker_selection.h, automatic_level.h, conceal.h, comfort_noise.h), given
whole sounds of int16 at 8 kHz; what is no whole number of 10 ms blocks is treated as if silence followed. For integrators and tests.
Leaves out the plane's edges and commands (pbx/media.py).
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from pbx._plane import ffi, lib
from pbx.sound_file import Samples

BLOCK_SAMPLES = 80
TARGET_DBM0 = -20.0
MAXIMUM_GAIN_DB = 12.0


def _blocks(sound: Samples, blocks: int = 0) -> Samples:
    """A copy in whole blocks, at least so many."""
    count = max(blocks, -(-len(sound) // BLOCK_SAMPLES))
    whole = np.zeros((count, BLOCK_SAMPLES), np.int16)
    whole.reshape(-1)[: len(sound)] = sound
    return whole


def _place(block: Any) -> Any:
    return ffi.from_buffer("int16_t[]", block)


def _gain(gain_db: float) -> int:
    return min(round(float(lib.CONFERENCE_UNITY) * 10 ** (gain_db / 20)), int(lib.CONFERENCE_GAIN_MAX))


def mix(
    parties: Sequence[Samples],
    gains_db: Sequence[float] = (),
    muted: Collection[int] = (),
    speakers: int = 0,
    automatic_level: bool = False,
) -> list[Samples]:
    """What each party of a conference hears: the exact sum of all others, held to 16 bits, as long as the longest sound.

    ``speakers`` is how many of the loudest are summed (0 = all); with ``automatic_level`` each party is brought to one level first.
    """
    longest = max((len(sound) for sound in parties), default=0)
    said = [_blocks(sound, -(-longest // BLOCK_SAMPLES)) for sound in parties]
    if automatic_level:
        said = [_blocks(level(sound.reshape(-1))) for sound in said]
    heard = [np.zeros_like(sound) for sound in said]
    gains = [_gain(gain) for gain in gains_db] or [lib.CONFERENCE_UNITY] * len(said)
    if len(gains) != len(said) or len(said) > lib.CONFERENCE_PARTIES_MAX:
        raise ValueError(f"{len(said)} parties, {len(gains)} gains: one each, and at most {lib.CONFERENCE_PARTIES_MAX}")
    state = ffi.new("struct speaker[]", max(len(said), 1))
    states = ffi.new("struct speaker *[]", [state + n for n in range(len(said))])
    loudness = ffi.new("uint32_t[]", max(len(said), 1))
    total = ffi.new("struct conference_sum *")
    for block in range(-(-longest // BLOCK_SAMPLES)):
        places = [ffi.NULL if n in muted else _place(sound[block]) for n, sound in enumerate(said)]
        if speakers:
            lib.speakers_hear(ffi.new("int16_t *[]", places), loudness, len(said))
            lib.speakers_select(states, loudness, len(said), speakers)
        summed = [n for n in range(len(said)) if n not in muted and (not speakers or state[n].selected)]
        lib.conference_sum(
            total, ffi.new("int16_t *[]", [places[n] for n in summed]), ffi.new("int32_t[]", [gains[n] for n in summed]), len(summed)
        )
        for n, sound in enumerate(heard):
            own = places[n] if n in summed else _place(said[n][block])
            lib.conference_minus(total, own, gains[n] if n in summed else 0, _place(sound[block]))
    return [sound.reshape(-1)[:longest] for sound in heard]


def conceal(sound: Samples, lost: Sequence[bool]) -> Samples:
    """The sound with its lost blocks of 80 samples filled in; blocks that ``lost`` does not reach have come."""
    blocks = _blocks(sound)
    lane = ffi.new("struct conceal *")
    for n, block in enumerate(blocks):
        lib.conceal_run(lane, _place(block), int(n < len(lost) and bool(lost[n])))
    return blocks.reshape(-1)[: len(sound)]


def level(sound: Samples, target_dbm0: float = TARGET_DBM0, maximum_gain_db: float = MAXIMUM_GAIN_DB) -> Samples:
    """The sound with its speech brought slowly towards a level, by at most the given gain up or down."""
    blocks = _blocks(sound)
    state = ffi.new("struct automatic_level *")
    lib.automatic_level_start(state, round(target_dbm0 * 10), round(maximum_gain_db * 10))
    for block in blocks:
        lib.automatic_level_run(state, _place(block), _place(block))
    return blocks.reshape(-1)[: len(sound)]


def comfort_noise(background: Samples, samples: int, seed: int = 1) -> Samples:
    """So many samples of noise that sounds like the background, whole blocks of which are heard first."""
    state = ffi.new("struct comfort_noise *")
    lib.comfort_noise_start(state, seed & 0xFFFFFFFF)
    for start in range(0, len(background) - BLOCK_SAMPLES + 1, BLOCK_SAMPLES):
        block = np.ascontiguousarray(background[start : start + BLOCK_SAMPLES], np.int16)
        lib.comfort_noise_hear(state, _place(block))
    made = _blocks(np.zeros(samples, np.int16))
    for block in made:
        lib.comfort_noise_make(state, _place(block))
    return made.reshape(-1)[:samples]


def alaw_to_ulaw(octets: bytes) -> bytes:
    """A-law octets as mu-law ones (G.711 table 4)."""
    made = bytearray(len(octets))
    lib.g711_alaw_to_ulaw(ffi.from_buffer("uint8_t[]", octets), ffi.from_buffer("uint8_t[]", made), len(octets))
    return bytes(made)


def ulaw_to_alaw(octets: bytes) -> bytes:
    """Mu-law octets as A-law ones (G.711 table 3)."""
    made = bytearray(len(octets))
    lib.g711_ulaw_to_alaw(ffi.from_buffer("uint8_t[]", octets), ffi.from_buffer("uint8_t[]", made), len(octets))
    return bytes(made)
