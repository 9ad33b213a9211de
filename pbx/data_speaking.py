"""Data signals and test patterns as sound: caller identity, octets of a modem, the flags before a fax, bit error patterns.

The senders of the media plane, on numpy arrays: pbx/dsp/fsk.h and pbx/dsp/bert.h. Caller identity is sent as
config/caller-identity.toml says. Leaves out: signals made of tones and cadences (pbx/speaking.py).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pbx._plane import ffi, lib
from pbx.signalling.analog.caller_identity import Call, DtmfPresentation, commands, encode_digits, load_presentations
from pbx.sound_file import Samples, decode_alaw
from pbx.tone_plan import SPECIAL_DBM0, tenths
from pbx.vocabulary.media import MODEMS, TEST_PATTERNS, SendOctets

PRESENTATION = "china"
DATE_TIME = "01010000"
"""Sent where the form of a message demands one: who asks for a sound gives none."""
FORMS = ("caller-identity:NUMBER[/NAME][@PRESENTATION]", "fsk:MODEM:TEXT", "bert:PATTERN", "v21-flags")


def speak_octets(command: SendOctets) -> Samples:
    """What a port sends for this command."""
    message = ffi.new("struct fsk_message *")
    message.modem, message.level_tenth_dbm0 = command.modem, tenths(command.level_dbm0)
    message.seizure_bits, message.mark_bits, message.mark_out_bits = command.seizure_bits, command.mark_bits, command.mark_out_bits
    if len(command.octets) > lib.FSK_MESSAGE_OCTETS:
        raise ValueError(f"{len(command.octets)} octets are more than a message holds, {lib.FSK_MESSAGE_OCTETS}")
    message.length = len(command.octets)
    message.octet[0 : len(command.octets)] = list(command.octets)
    return _message(message, int(lib.fsk_message_samples(message)))


def _message(message: Any, samples: int) -> Samples:
    sender, sound = ffi.new("struct fsk_sender *"), np.zeros(samples, np.int16)
    if lib.fsk_send_start(sender, message):
        raise ValueError("there is nothing to send")
    lib.fsk_send(sender, ffi.from_buffer("int16_t[]", sound), samples)
    return sound


def speak_flags(samples: int) -> Samples:
    """HDLC flags in channel 2 of V.21, as they stand before a fax (T.30)."""
    message = ffi.new("struct fsk_message *")
    message.modem, message.level_tenth_dbm0, message.flags = lib.FSK_V21_CHANNEL2, tenths(SPECIAL_DBM0), lib.FSK_FLAGS_FOR_EVER
    return _message(message, samples)


def pattern_octets(name: str, octets: int) -> bytes:
    """A test pattern as it stands in a time slot. ValueError for a name that is none."""
    if name not in TEST_PATTERNS:
        raise ValueError(f"{name!r} is no test pattern; the patterns are {', '.join(TEST_PATTERNS)}")
    sender, sent = ffi.new("struct bert_sender *"), ffi.new("uint8_t[]", octets)
    lib.bert_send_start(sender, TEST_PATTERNS[name])
    lib.bert_send(sender, sent, octets)
    return bytes(ffi.buffer(sent))


def caller_identity(text: str, digits: Callable[[str, int, int], Samples]) -> Samples:
    """``NUMBER[/NAME][@PRESENTATION]``; ``digits`` makes the sound of DTMF digits with their lengths in ms."""
    who, _, name = text.partition("@")
    number, _, called = who.partition("/")
    presentations = load_presentations()
    way = presentations.get(name or PRESENTATION)
    if way is None:
        raise ValueError(f"nothing is presented as {name!r}; the presentations are {', '.join(presentations)}")
    if isinstance(way, DtmfPresentation):
        return digits(encode_digits(Call(number=number), way), way.on_ms, way.off_ms)
    date_time = DATE_TIME if way.form == "single" else ""
    call = Call(date_time=date_time, number=number, number_absence="" if number else "unavailable", name=called)
    (command,) = commands(call, way)
    if not isinstance(command, SendOctets):
        raise TypeError(f"{command!r} is no message")
    return speak_octets(command)


def speak_data(kind: str, value: str, samples: int, digits: Callable[[str, int, int], Samples]) -> Samples | None:
    """The sound of a specification of FORMS, None for another. ValueError says what is wrong with it."""
    if kind == "caller-identity":
        return caller_identity(value, digits)
    if kind == "fsk":
        modem, _, text = value.partition(":")
        if modem not in MODEMS:
            raise ValueError(f"{modem!r} is no modem; the modems are {', '.join(MODEMS)}")
        try:
            octets = text.encode("latin-1")
        except UnicodeEncodeError as error:
            raise ValueError(f"{text!r} has letters that do not fit into an octet each; give those of ISO 8859-1 only") from error
        return speak_octets(SendOctets(MODEMS[modem], octets))
    if kind == "bert":
        return decode_alaw(pattern_octets(value, samples))
    if kind == "v21-flags" and not value:
        return speak_flags(samples)
    return None
