"""Caller identity in every presentation of config/caller-identity.toml, through the plane, judged by libspandsp and sent by it.

What a port is told (``commands``) is sent by our plane, taken off the line as A-law, brought to levels from -9 dBm0 to as little as
libspandsp hears, with white noise 20 dB below, and taken apart by its own decoder: number, name, date, why one is missing. libspandsp's
messages go the other way, down to -36 dBm0, into our plane's receivers and our decoder. The presentations are data: a new one is tested
when it stands in the file.
"""

from itertools import product

import msgspec
import numpy as np
import pytest

from drivers.wire import SpanSettings, Wire, join
from pbx.media import Plane
from pbx.signalling.analog.caller_identity import (
    Call,
    Decoder,
    DtmfPresentation,
    FskPresentation,
    commands,
    decode_digits,
    load_presentations,
)
from pbx.sound_file import decode_alaw, encode_alaw
from pbx.vocabulary import media
from tests.dsp.sounds import PEAK_AT_0_DBM0, clipped, noise
from tests.interop import spandsp
from tests.interop.spandsp import CLASS, CLIP, CLIP_DTMF, needs_spandsp
from tests.plane.rig import SMALL

pytestmark = needs_spandsp

WAYS = load_presentations()
STANDARDS = {"bell202": CLASS, "v23": CLIP}
LEVELS_DBM0 = (-9, -13.5, -20, -28, -36)
ITS_LEAST_DBM0 = -29
"""libspandsp's modem receivers begin to hear at -30 dBm0, its DTMF receiver below that."""
SNR_DB = 20
TICK, PORT = 80, 4
DATE, NUMBER, NUMBER_ABSENCE, NAME, NAME_ABSENCE = 1, 2, 4, 7, 8
"""Parameters of a message of many parts (EN 300 659-3, GR-30-CORE)."""
REASONS = {"private": b"P", "unavailable": b"O"}
NAMES = {"gb2312": "张三", "latin-1": "Müller", "ascii": "ZHANG SAN"}


def calls_of(way):
    """What a presentation can say of a call."""
    if isinstance(way, DtmfPresentation):
        return [Call(number="13800138000"), Call(number="7"), Call(number_absence="private"), Call(number_absence="unavailable")]
    found = [Call(date_time="11221830", number="13800138000"), Call(date_time="01010000", number_absence="private")]
    if way.form == "multiple":
        found += [
            Call(date_time="12312359", number="02081234567", name=NAMES[way.encoding]),
            Call(date_time="11221830", number_absence="unavailable", name_absence="private"),
        ]
    return found


class Line:
    """A port of our plane with nothing but sound at the other end."""

    def __init__(self):
        self.plane, near, self._far = Plane.create(SMALL), Wire([SpanSettings()]), Wire([SpanSettings()])
        join((near, 0), (self._far, 0))
        self.plane.add_card(near.card)
        self._tick = 0

    def pass_sound(self, sound, tell=()):
        """Give the port's line so much sound, and the port orders; what it said meanwhile, and its events."""
        heard, events = bytearray(), []
        octets = encode_alaw(np.concatenate([sound, np.zeros(-len(sound) % TICK, np.int16)]))
        for order in tell:
            self.plane.send(PORT, order)
        for start in range(0, len(octets), TICK):
            self.plane.tick(self._tick)
            events += [event for _, port, event in self.plane.drain() if port == PORT]
            heard += self._far.read(self._tick)[0][PORT * TICK : (PORT + 1) * TICK]
            block = bytearray([0xD5]) * (TICK * 30)
            block[PORT * TICK : (PORT + 1) * TICK] = octets[start : start + TICK]
            self._far.write(self._tick, bytes(block))
            self._tick += 1
        return decode_alaw(bytes(heard)), events


def at_level(sound, level_dbm0, seed):
    """The sound brought to a level, with noise 20 dB below it all along: through A-law as a line has it."""
    loud = sound.astype(float)
    sounding = loud[np.abs(loud) > 64]
    rms = PEAK_AT_0_DBM0 / 2**0.5 * 10 ** (level_dbm0 / 20)
    made = loud * rms / np.sqrt(np.mean(sounding**2)) + noise(len(loud), level_dbm0 - SNR_DB, np.random.default_rng(seed))
    return decode_alaw(encode_alaw(clipped(made)))


def silence(seconds):
    return np.zeros(round(seconds * 8000), np.int16)


def wanted_fields(call, way):
    """What libspandsp's decoder must find."""
    if isinstance(way, DtmfPresentation):
        digits = way.start + call.number + way.end if call.number else getattr(way, call.number_absence)
        return [(ord(digits[-1]), b""), (ord(digits[0]), digits[1:-1].encode())]
    number = call.number.encode() or REASONS[call.number_absence]
    if way.form == "single":
        return [(0x04, b""), (0, call.date_time.encode() + number)]
    fields = [(0x80, b""), (DATE, call.date_time.encode()), (NUMBER if call.number else NUMBER_ABSENCE, number)]
    if call.name or call.name_absence:
        fields.append((NAME, call.name.encode(way.encoding)) if call.name else (NAME_ABSENCE, REASONS[call.name_absence]))
    return fields


def sent(call, way):
    """What our plane says."""
    line = Line()
    line.pass_sound(silence(0.1))
    sound, _ = line.pass_sound(silence(4.0), commands(call, way))
    return sound


@pytest.mark.parametrize("name", WAYS)
def test_libspandsp_reads_what_we_send(name):
    way = WAYS[name]
    standard = CLIP_DTMF if isinstance(way, DtmfPresentation) else STANDARDS[way.modem]
    levels = [level for level in LEVELS_DBM0 if standard == CLIP_DTMF or level >= ITS_LEAST_DBM0]
    wrong = []
    for call in calls_of(way):
        sound = sent(call, way)
        for level in levels:
            heard = spandsp.receive_caller_identity(standard, at_level(sound, level, round(-10 * level)))
            read = [spandsp.fields_of_caller_identity(standard, message) for message in heard]
            if read != [wanted_fields(call, way)]:
                wrong.append(f"{call} at {level} dBm0: {read}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if isinstance(way, FskPresentation)])
def test_our_own_levels_reach_libspandsp(name):
    way = WAYS[name]
    call = calls_of(way)[0]
    for level in LEVELS_DBM0[:-1]:
        sound = sent(call, msgspec.structs.replace(way, level_dbm0=level))
        heard = spandsp.receive_caller_identity(STANDARDS[way.modem], sound)
        assert [spandsp.fields_of_caller_identity(STANDARDS[way.modem], message) for message in heard] == [wanted_fields(call, way)], level


@pytest.mark.parametrize("name", WAYS)
def test_we_read_what_libspandsp_sends(name):
    way = WAYS[name]
    dtmf = isinstance(way, DtmfPresentation)
    wrong = []
    line = Line()
    line.pass_sound(silence(0.1), [media.Listen(media.RECEIVE_DTMF if dtmf else media.RECEIVE_CALLER_IDENTITY)])
    for call, level in product(calls_of(way), LEVELS_DBM0):
        if dtmf:
            sound = spandsp.send_caller_identity(CLIP_DTMF, wanted_fields(call, way))
        else:
            preamble = (way.seizure_bits, way.mark_bits, way.mark_out_bits)
            sound = spandsp.send_caller_identity(STANDARDS[way.modem], wanted_fields(call, way), preamble=preamble)
        _, events = line.pass_sound(np.concatenate([at_level(sound, level, round(-10 * level)), silence(0.3)]))
        if dtmf:
            read = [decode_digits("".join(event.digit for event in events if isinstance(event, media.Digit)), way)]
        else:
            octets = bytes(event.value for event in events if isinstance(event, media.Octet) and event.value < 0x100)
            read = Decoder(way.encoding).feed(octets)
        if read != [call]:
            wrong.append(f"{call} at {level} dBm0: {read}")
    assert wrong == [], "\n".join(wrong)
