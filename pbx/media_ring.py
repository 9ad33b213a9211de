"""How the vocabulary between media plane and lines looks in the rings of the arena (pbx/dsp/api.h): kinds, values, samples.

Commands are encoded as (kind, value, detail, gain, sample), one or several of them; events are made of kind and value, the same object
each time it is the same event. Frames alone are made of their octets. Leaves out the rings themselves (pbx/media.py).
"""

import importlib
import struct
from collections.abc import Callable
from typing import Any

import msgspec

from pbx.line_echo import echo_detail
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import MediaCommand, MediaEvent

lib: Any = importlib.import_module("pbx._plane").lib
SAMPLE_RATE = 8000


def to_sample(seconds: float) -> int:
    """The sample of a time; 0 for all that is not after 0."""
    return round(seconds * SAMPLE_RATE) if seconds > 0.0 else 0


def to_gain(gain_db: float) -> tuple[int, int]:
    """A gain as 4096ths and as tenths of a dB, as the plane wants it."""
    return round(4096 * 10 ** (gain_db / 20)), round(gain_db * 10) & 0xFFFF


EVENT_CODES: dict[type[MediaEvent], tuple[int, Callable[[Any], int]]] = {
    media.Bits: (lib.PLANE_EVENT_BITS, lambda event: event.value),
    media.ToneOn: (lib.PLANE_EVENT_TONE_ON, lambda event: event.tone),
    media.ToneOff: (lib.PLANE_EVENT_TONE_OFF, lambda event: event.tone),
    media.Digit: (lib.PLANE_EVENT_DIGIT, lambda event: ord(event.digit)),
    media.HookOff: (lib.PLANE_EVENT_HOOK_OFF, lambda event: 0),
    media.HookOn: (lib.PLANE_EVENT_HOOK_ON, lambda event: 0),
    media.Flash: (lib.PLANE_EVENT_FLASH, lambda event: 0),
    media.Played: (lib.PLANE_EVENT_PLAYED, lambda event: event.token),
    media.Recorded: (lib.PLANE_EVENT_RECORDED, lambda event: event.recorder),
    media.Alarm: (lib.PLANE_EVENT_ALARM, lambda event: event.alarms),
    media.Slip: (lib.PLANE_EVENT_SLIP, lambda event: int(event.repeated)),
    media.VoiceOn: (lib.PLANE_EVENT_VOICE, lambda event: 1),
    media.VoiceOff: (lib.PLANE_EVENT_VOICE, lambda event: 0),
    media.Octet: (lib.PLANE_EVENT_OCTET, lambda event: event.value),
    media.Grounded: (lib.PLANE_EVENT_GROUND, lambda event: int(event.on)),
    media.RingOn: (lib.PLANE_EVENT_RINGING, lambda event: 1),
    media.RingOff: (lib.PLANE_EVENT_RINGING, lambda event: 0),
    media.Polarity: (lib.PLANE_EVENT_POLARITY, lambda event: int(event.reversed)),
    media.Battery: (lib.PLANE_EVENT_BATTERY, lambda event: int(event.present)),
    media.MeterPulse: (lib.PLANE_EVENT_METERING, lambda event: 0),
    media.BadFrame: (lib.PLANE_EVENT_BAD_FRAME, lambda event: event.fault),
    media.LineMeasured: (lib.PLANE_EVENT_MEASURED, lambda event: event.quantity << 24 | event.value),
    media.LineTested: (lib.PLANE_EVENT_TEST, lambda event: event.errors | event.bits // 8 << 16 | event.synchronised << 31),
}

_EVENT_MAKERS: dict[int, Callable[[int], MediaEvent]] = {
    lib.PLANE_EVENT_BITS: media.Bits,
    lib.PLANE_EVENT_TONE_ON: media.ToneOn,
    lib.PLANE_EVENT_TONE_OFF: media.ToneOff,
    lib.PLANE_EVENT_DIGIT: lambda value: media.Digit(chr(value)),
    lib.PLANE_EVENT_HOOK_OFF: lambda value: media.HookOff(),
    lib.PLANE_EVENT_HOOK_ON: lambda value: media.HookOn(),
    lib.PLANE_EVENT_FLASH: lambda value: media.Flash(),
    lib.PLANE_EVENT_PLAYED: media.Played,
    lib.PLANE_EVENT_RECORDED: media.Recorded,
    lib.PLANE_EVENT_ALARM: media.Alarm,
    lib.PLANE_EVENT_SLIP: lambda value: media.Slip(bool(value)),
    lib.PLANE_EVENT_OCTET: media.Octet,
    lib.PLANE_EVENT_TEST: lambda value: media.LineTested((value >> 16 & 0x7FFF) * 8, value & 0xFFFF, bool(value >> 31)),
    lib.PLANE_EVENT_BAD_FRAME: media.BadFrame,
    lib.PLANE_EVENT_VOICE: lambda value: media.VoiceOn() if value else media.VoiceOff(),
    lib.PLANE_EVENT_GROUND: lambda value: media.Grounded(bool(value)),
    lib.PLANE_EVENT_RINGING: lambda value: media.RingOn() if value else media.RingOff(),
    lib.PLANE_EVENT_POLARITY: lambda value: media.Polarity(bool(value)),
    lib.PLANE_EVENT_BATTERY: lambda value: media.Battery(bool(value)),
    lib.PLANE_EVENT_METERING: lambda value: media.MeterPulse(),
    lib.PLANE_EVENT_MEASURED: lambda value: media.LineMeasured(value >> 24, value & 0xFFFFFF),
}


class _EventCache(dict[tuple[int, int], MediaEvent]):
    """Event objects by kind and value; the few that carry ever new tokens are kept within bounds."""

    def __missing__(self, key: tuple[int, int]) -> MediaEvent:
        if len(self) > 65536:
            self.clear()
        event = self[key] = _EVENT_MAKERS[key[0]](key[1])
        return event


EVENTS = _EventCache()
EVENT_LAYOUT = struct.Struct("<QHHI")


class PulseDialling(msgspec.Struct, frozen=True):
    """Dial pulses of a subscriber's line (pbx/dsp/cas.h; YDN 065-1997, from memory): 8 to 14 a second, break to make 1.3 to 2.5.

    A single break of ``break_min_ms`` to ``break_max_ms`` begins a digit, within a train up to ``train_break_max_ms`` counts. A make
    shorter than ``make_min_ms`` is bounce. The digit is whole when the loop was closed for ``pause_ms``; a dial pauses 350 ms and more.
    """

    break_min_ms: int = 25
    break_max_ms: int = 89
    train_break_max_ms: int = 125
    make_min_ms: int = 12
    pause_ms: int = 300


PULSE_DIALLING = PulseDialling()
_NO_DIALLING = PulseDialling(0, 0, 0, 20, 0)


class ExchangeLine(msgspec.Struct, frozen=True):
    """How long what an exchange does must stand on a line that leads to it (pbx/dsp/loop.h), and how long metering pulses are.

    The values are from memory; meter pulses of 12 or 16 kHz have 50 to 200 ms as a rule.
    """

    ringing_ms: int = 100
    polarity_ms: int = 50
    battery_ms: int = 50
    meter_min_ms: int = 30
    meter_max_ms: int = 1000


EXCHANGE_LINE = ExchangeLine()

_PORT_KINDS = {
    "raw": lib.PLANE_PORT_RAW,
    "cas": lib.PLANE_PORT_CAS,
    "fxs": lib.PLANE_PORT_FXS,
    "fxo": lib.PLANE_PORT_FXO,
    "frames": lib.PLANE_PORT_FRAMES,
    "signal-units": lib.PLANE_PORT_SIGNAL_UNITS,
    "signalling-link": lib.PLANE_PORT_SIGNALLING_LINK,
}
# Kind, value, detail, gain, sample.
Encoded = tuple[int, int, int, int, int]


def encode_port(
    kind: str, recognition_ms: int, hook_ms: tuple[int, int, int], dialling: PulseDialling | None, exchange: ExchangeLine
) -> list[Encoded]:
    """What a port is; ``hook_ms`` = shortest and longest flash, and a clearing."""
    number = _PORT_KINDS[kind]
    if kind == "fxo":
        value, detail = number | exchange.ringing_ms << 16, exchange.polarity_ms << 16 | exchange.battery_ms
        return [(lib.PLANE_COMMAND_CONFIGURE, value, detail, exchange.meter_min_ms | exchange.meter_max_ms << 16, 0)]
    flash_min_ms, flash_max_ms, hook_on_ms = hook_ms
    port = (lib.PLANE_COMMAND_CONFIGURE, number | recognition_ms << 16, flash_min_ms << 16 | flash_max_ms, hook_on_ms, 0)
    if kind != "fxs":
        return [port]
    pulses = dialling or _NO_DIALLING
    value, detail = pulses.break_min_ms | pulses.break_max_ms << 16, pulses.train_break_max_ms | pulses.pause_ms << 16
    return [(lib.PLANE_COMMAND_DIALLING, value, detail, pulses.make_min_ms, 0), port]


def encode_digits(command: media.SendDigits) -> list[Encoded]:
    """One command a digit."""
    detail = command.on_ms << 16 | command.off_ms
    return [(lib.PLANE_COMMAND_DIGIT, tones.dtmf(digit), detail, 0, 0) for digit in command.digits]


def encode_pulses(command: media.SendPulses) -> list[Encoded]:
    """One command a digit."""
    detail = command.break_ms << 16 | command.make_ms
    return [(lib.PLANE_COMMAND_PULSES, breaks, detail, command.pause_ms, 0) for breaks in command.breaks]


def encode_octets(command: media.SendOctets) -> list[Encoded]:
    """The octets four by four, then the command that sends them, which alone has a time."""
    octets, level = command.octets, round(-10 * command.level_dbm0)
    good = len(octets) <= lib.FSK_MESSAGE_OCTETS and 0 <= level < 4096 and command.seizure_bits < 4096
    if not good or command.mark_bits > 65535 or command.mark_out_bits > 65534:
        raise ValueError("a message has up to 512 octets, 4095 bits of seizure and 65535 of mark, and no more than 0 dBm0")
    encoded = [
        (lib.PLANE_COMMAND_OCTETS, int.from_bytes(octets[place : place + 4], "little"), place, 0, 0) for place in range(0, len(octets), 4)
    ]
    value, detail = command.modem | command.seizure_bits << 8 | level << 20, len(octets) | command.mark_bits << 16
    at = to_sample(command.at) if command.at else 0
    return [*encoded, (lib.PLANE_COMMAND_OCTETS, value, detail, command.mark_out_bits + 1, at)]


def _encode_ring(command: media.Ring) -> Encoded:
    times = (command.on_ms, command.off_ms, command.second_on_ms, command.second_off_ms)
    if not all(0 <= time < 65536 for time in times) or (command.second_on_ms and not (command.off_ms and command.second_off_ms)):
        raise ValueError(f"a cadence has times up to 65535 ms, and a second burst needs both pauses, not {times}")
    return (
        lib.PLANE_COMMAND_RING,
        command.on_ms | command.second_on_ms << 16,
        command.off_ms | command.second_off_ms << 16,
        0,
        0,
    )


def _encode_pulse(command: media.SendMeterPulse) -> Encoded:
    if not 0 < command.duration_ms < 65536:
        raise ValueError(f"a metering pulse of {command.duration_ms} ms")
    return (lib.PLANE_COMMAND_METERING, command.duration_ms, 0, 0, to_sample(command.at))


def _encode_test(command: media.LineTest) -> Encoded:
    directions = command.sends * lib.PLANE_TEST_SEND | command.receives * lib.PLANE_TEST_RECEIVE
    return (lib.PLANE_COMMAND_TEST, command.pattern | directions, 0, 0, 0)


def _encode_hear(command: media.Hear) -> Encoded:
    gain, tenths = to_gain(command.gain_db)
    return (lib.PLANE_COMMAND_HEAR, command.source, tenths, gain, 0)


def _encode_join(command: media.Join) -> Encoded:
    gain, tenths = to_gain(command.gain_db)
    return (lib.PLANE_COMMAND_JOIN, command.mix, tenths, gain, 0)


def _encode_level(command: media.AutomaticLevel) -> Encoded:
    target, most = round(command.target_dbm0 * 10) & 0xFFFFFFFF, round(command.maximum_gain_db * 10)
    return (lib.PLANE_COMMAND_LEVEL, target, most, int(command.on), 0)


ENCODERS: dict[type[MediaCommand], Callable[[Any], Encoded]] = {
    media.SendBits: lambda c: (lib.PLANE_COMMAND_BITS, c.value, 0, 0, to_sample(c.at) if c.at else 0),
    media.SendTone: lambda c: (lib.PLANE_COMMAND_TONE, c.tone, c.duration_ms * 8, 0, to_sample(c.at) if c.at else 0),
    media.Silence: lambda c: (lib.PLANE_COMMAND_SILENCE, 0, 0, 0, to_sample(c.at) if c.at else 0),
    media.Listen: lambda c: (lib.PLANE_COMMAND_LISTEN, c.receivers, 0, 0, 0),
    media.Unlisten: lambda c: (lib.PLANE_COMMAND_UNLISTEN, c.receivers, 0, 0, 0),
    media.Ring: _encode_ring,
    media.Reverse: lambda c: (lib.PLANE_COMMAND_REVERSE, int(c.reversed), 0, 0, to_sample(c.at)),
    media.Feed: lambda c: (lib.PLANE_COMMAND_FEED, int(c.on), 0, 0, to_sample(c.at)),
    media.MessageLamp: lambda c: (lib.PLANE_COMMAND_LAMP, int(c.on), 0, 0, 0),
    media.SendMeterPulse: _encode_pulse,
    media.MeasureLine: lambda c: (lib.PLANE_COMMAND_MEASURE, 0, 0, 0, 0),
    media.Loop: lambda c: (lib.PLANE_COMMAND_LOOP, int(c.closed), 0, 0, to_sample(c.at)),
    media.Ground: lambda c: (lib.PLANE_COMMAND_GROUND, int(c.on), 0, 0, to_sample(c.at)),
    media.Play: lambda c: (lib.PLANE_COMMAND_PLAY, c.prompt, c.token, int(c.loop), 0),
    media.Hear: _encode_hear,
    media.Unhear: lambda c: (lib.PLANE_COMMAND_UNHEAR, c.source & 0xFFFFFFFF, 0, 0, 0),
    media.Join: _encode_join,
    media.Leave: lambda c: (lib.PLANE_COMMAND_LEAVE, c.mix, 0, 0, 0),
    media.Mute: lambda c: (lib.PLANE_COMMAND_MUTE, c.source, int(c.muted), 0, 0),
    media.MixSettings: lambda c: (lib.PLANE_COMMAND_MIX, c.mix, c.speakers, int(c.automatic_level), 0),
    media.AutomaticLevel: _encode_level,
    media.Record: lambda c: (lib.PLANE_COMMAND_RECORD, c.recorder, 0, 0, 0),
    media.StopRecord: lambda c: (lib.PLANE_COMMAND_STOP_RECORD, c.recorder & 0xFFFFFFFF, 0, 0, 0),
    media.CancelEcho: lambda c: (lib.PLANE_COMMAND_ECHO, c.tail_ms, echo_detail(c), 0, 0),
    media.Tag: lambda c: (lib.PLANE_COMMAND_TAG, c.tag, 0, 0, 0),
    media.LineTest: _encode_test,
    media.Disarm: lambda c: (lib.PLANE_COMMAND_DISARM, 0, 0, 0, 0),
}
