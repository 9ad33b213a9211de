"""Caller identity: the data-link and presentation layers of what is sent to a telephone before it is answered, as a pure codec.

FSK messages of one or many parts (SDMF, MDMF: Bellcore GR-30-CORE, GR-31-CORE and TR-NWT-001188, ETSI EN 300 659-3, from memory): type,
length, contents, checksum. DTMF digits in a row (EN 300 659-1 annex B, from memory). ``encode`` makes octets, a ``Decoder`` makes messages
of octets as they come, or ``Malformed``; how they are framed on the line and by which modem is data (config/caller-identity.toml),
and ``commands`` puts both together. Leaves out: when in a call they are sent, the Japanese format, short messages.
"""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from pbx.engine import Malformed
from pbx.vocabulary.media import MODEMS, MediaCommand, SendDigits, SendOctets
from pbx.vocabulary.tones import DTMF_DIGITS

FILE = Path(__file__).resolve().parents[3] / "config" / "caller-identity.toml"

SINGLE_CALL = 0x04
SINGLE_WAITING = 0x06
CALL = 0x80
WAITING = 0x82
CHARGE = 0x86
TYPES = frozenset({SINGLE_CALL, SINGLE_WAITING, CALL, WAITING, CHARGE})
"""Message types that a decoder takes for a beginning. All other octets between messages are channel seizure or noise."""

DATE_TIME = 0x01
NUMBER = 0x02
CALLED_NUMBER = 0x03
NUMBER_ABSENCE = 0x04
NAME = 0x07
NAME_ABSENCE = 0x08
INDICATOR = 0x0B

LIMIT_OCTETS = 255
SINGLE_ON, SINGLE_OFF = b"BBB", b"ooo"
DATE_TIME_OCTETS = 8

Absence = Literal["", "private", "unavailable"]
_ABSENCES: dict[str, bytes] = {"private": b"P", "unavailable": b"O"}
_ABSENCE_NAMES: dict[bytes, Absence] = {b"P": "private", b"O": "unavailable"}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call is coming. ``date_time`` is MMDDhhmm; an absence says why number or name is not given; ``other`` holds parameters by type."""

    date_time: str = ""
    number: str = ""
    number_absence: Absence = ""
    name: str = ""
    name_absence: Absence = ""
    called_number: str = ""
    other: tuple[tuple[int, bytes], ...] = ()


class MessageWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """Messages wait in the network, or no longer do."""

    active: bool
    other: tuple[tuple[int, bytes], ...] = ()


class Other(msgspec.Struct, frozen=True):
    """A good message of many parts whose kind is left to somebody else, such as the charge for a call (EN 300 659-3)."""

    kind: int
    parameters: tuple[tuple[int, bytes], ...]


Message = Call | MessageWaiting | Other


def _malformed(why: str, octets: bytes) -> Malformed:
    return Malformed(f"{why}: {octets.hex()}")


class FskPresentation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="signalling", tag="fsk"):
    """How a network sends messages by modem; ``moment`` and the two times say where in the ringing."""

    source: str
    modem: str
    form: Literal["single", "multiple"]
    seizure_bits: int
    mark_bits: int
    mark_out_bits: int
    level_dbm0: float
    encoding: str
    moment: Literal["between-rings", "after-alert", "after-reversal"]
    before_ms: int
    after_ms: int


class DtmfPresentation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="signalling", tag="dtmf"):
    """How a network sends the number as digits: before and behind it, and what stands for its absence."""

    source: str
    start: str
    end: str
    private: str
    unavailable: str
    on_ms: int
    off_ms: int
    moment: Literal["between-rings", "after-alert", "after-reversal"]
    before_ms: int
    after_ms: int


Presentation = FskPresentation | DtmfPresentation


def load_presentations(path: Path = FILE) -> dict[str, Presentation]:
    """All ways of presentation by name. ValueError says what is wrong in the file."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Presentation])
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    for name, presentation in found.items():
        if isinstance(presentation, FskPresentation):
            if presentation.modem not in MODEMS:
                raise ValueError(f"{path}: [{name}] modem {presentation.modem!r}: give one of {', '.join(MODEMS)}")
            "".encode(presentation.encoding)
        elif not set(presentation.start + presentation.end + presentation.private + presentation.unavailable) <= set(DTMF_DIGITS):
            raise ValueError(f"{path}: [{name}] start, end, private, unavailable: give DTMF digits 0-9 * # A-D")
    return found


def checksum(octets: bytes) -> int:
    """What makes the sum of all octets of a message nought modulo 256."""
    return -sum(octets) & 0xFF


def encode(message: Message, form: str = "multiple", encoding: str = "ascii") -> bytes:
    """A message from its type to its checksum. ValueError for what the form cannot say: an operator's text, never the peer's."""
    kind, contents = _single(message) if form == "single" else _multiple(message, encoding)
    if len(contents) > LIMIT_OCTETS:
        raise ValueError(f"a message of {len(contents)} octets is longer than {LIMIT_OCTETS}")
    octets = bytes([kind, len(contents)]) + contents
    return octets + bytes([checksum(octets)])


def _single(message: Message) -> tuple[int, bytes]:
    if isinstance(message, MessageWaiting) and not message.other:
        return SINGLE_WAITING, SINGLE_ON if message.active else SINGLE_OFF
    if not isinstance(message, Call) or message.name or message.name_absence or message.called_number or message.other:
        raise ValueError("a message of one part holds date, time and number of a call, or whether messages wait")
    if len(message.date_time) != DATE_TIME_OCTETS:
        raise ValueError(f"date and time {message.date_time!r}: give MMDDhhmm")
    return SINGLE_CALL, message.date_time.encode("ascii") + (_ABSENCES.get(message.number_absence) or message.number.encode("ascii"))


def _multiple(message: Message, encoding: str) -> tuple[int, bytes]:
    if isinstance(message, Other):
        return message.kind, _parameters(message.parameters)
    if isinstance(message, MessageWaiting):
        return WAITING, _parameters(((INDICATOR, b"\xff" if message.active else b"\0"), *message.other))
    known = (
        (DATE_TIME, message.date_time.encode("ascii")),
        (NUMBER, message.number.encode("ascii")),
        (CALLED_NUMBER, message.called_number.encode("ascii")),
        (NUMBER_ABSENCE, _ABSENCES.get(message.number_absence, b"")),
        (NAME, message.name.encode(encoding)),
        (NAME_ABSENCE, _ABSENCES.get(message.name_absence, b"")),
    )
    return CALL, _parameters((*((kind, octets) for kind, octets in known if octets), *message.other))


def _parameters(parameters: tuple[tuple[int, bytes], ...]) -> bytes:
    if any(len(octets) > LIMIT_OCTETS for _, octets in parameters):
        raise ValueError(f"a parameter is longer than {LIMIT_OCTETS} octets")
    return b"".join(bytes([kind, len(octets)]) + octets for kind, octets in parameters)


class Decoder:
    """Makes messages of octets as they come from a modem, whatever pieces they come in."""

    __slots__ = ("_encoding", "_octets")

    def __init__(self, encoding: str = "ascii") -> None:
        """``encoding`` is that of names; what it cannot read becomes U+FFFD."""
        self._encoding = encoding
        self._octets = bytearray()

    @property
    def begun(self) -> bool:
        """Whether a message is under way."""
        return bool(self._octets)

    def feed(self, octets: bytes) -> list[Message | Malformed]:
        """The messages that these octets made whole."""
        found: list[Message | Malformed] = []
        for octet in octets:
            if self._octets or octet in TYPES:
                self._octets.append(octet)
            if len(self._octets) > 1 and len(self._octets) == self._octets[1] + 3:
                found.append(decode(bytes(self._octets), self._encoding))
                self._octets.clear()
        return found

    def lost(self) -> list[Message | Malformed]:
        """The carrier has gone, or an octet came without its stop bit: what had begun is no message."""
        octets = bytes(self._octets)
        self._octets.clear()
        return [_malformed("caller identity cut short", octets)] if octets else []


def decode(octets: bytes, encoding: str = "ascii") -> Message | Malformed:
    """One message from its type to its checksum."""
    if len(octets) < 3 or len(octets) != octets[1] + 3:
        return _malformed("caller identity of wrong length", octets)
    if sum(octets) & 0xFF:
        return _malformed("caller identity with wrong checksum", octets)
    kind, contents = octets[0], octets[2:-1]
    if kind == SINGLE_CALL:
        return _decode_single(octets, contents)
    if kind == SINGLE_WAITING:
        if contents not in (SINGLE_ON, SINGLE_OFF):
            return _malformed("message waiting that says neither on nor off", octets)
        return MessageWaiting(active=contents == SINGLE_ON)
    parameters = _split(contents)
    if parameters is None:
        return _malformed("caller identity whose parts do not fill it", octets)
    if kind == CALL:
        return _decode_call(parameters, encoding)
    if kind == WAITING:
        indicators = [value for part, value in parameters if part == INDICATOR]
        if len(indicators) != 1 or len(indicators[0]) != 1:
            return _malformed("message waiting without its indicator", octets)
        return MessageWaiting(active=indicators[0] != b"\0", other=tuple(p for p in parameters if p[0] != INDICATOR))
    return Other(kind, parameters)


def _decode_single(octets: bytes, contents: bytes) -> Message | Malformed:
    if len(contents) < DATE_TIME_OCTETS or not contents.isascii():
        return _malformed("caller identity without date and time", octets)
    date_time, number = contents[:DATE_TIME_OCTETS].decode("ascii"), contents[DATE_TIME_OCTETS:]
    absence = _ABSENCE_NAMES.get(number, "")
    return Call(date_time=date_time, number="" if absence else number.decode("ascii"), number_absence=absence)


def _split(contents: bytes) -> tuple[tuple[int, bytes], ...] | None:
    parameters, place = [], 0
    while place < len(contents):
        end = place + 2 + (contents[place + 1] if place + 1 < len(contents) else LIMIT_OCTETS)
        if end > len(contents):
            return None
        parameters.append((contents[place], contents[place + 2 : end]))
        place = end
    return tuple(parameters)


def _decode_call(parameters: tuple[tuple[int, bytes], ...], encoding: str) -> Call:
    """Of parameters that come twice, or that say nothing known, all but the first are kept as they are."""
    texts: dict[int, bytes] = {}
    other = []
    for kind, value in parameters:
        known = kind in (DATE_TIME, NUMBER, CALLED_NUMBER, NAME) and value
        if (known or (kind in (NUMBER_ABSENCE, NAME_ABSENCE) and value in _ABSENCE_NAMES)) and kind not in texts:
            texts[kind] = value
        else:
            other.append((kind, value))
    return Call(
        date_time=texts.get(DATE_TIME, b"").decode("ascii", "replace"),
        number=texts.get(NUMBER, b"").decode("ascii", "replace"),
        number_absence=_ABSENCE_NAMES.get(texts.get(NUMBER_ABSENCE, b""), ""),
        name=texts.get(NAME, b"").decode(encoding, "replace"),
        name_absence=_ABSENCE_NAMES.get(texts.get(NAME_ABSENCE, b""), ""),
        called_number=texts.get(CALLED_NUMBER, b"").decode("ascii", "replace"),
        other=tuple(other),
    )


def encode_digits(call: Call, presentation: DtmfPresentation) -> str:
    """The digits of a call, start and end included. ValueError for a number that is not all digits."""
    if call.number_absence == "private":
        return presentation.private
    if call.number_absence or not call.number:
        return presentation.unavailable
    if not set(call.number) <= set("0123456789*#") - {presentation.end}:
        raise ValueError(f"the number {call.number!r} cannot be sent in digits")
    return presentation.start + call.number + presentation.end


def decode_digits(digits: str, presentation: DtmfPresentation) -> Call | Malformed:
    """A call of the digits heard from the start to the end of a row."""
    if digits == presentation.private:
        return Call(number_absence="private")
    if digits == presentation.unavailable:
        return Call(number_absence="unavailable")
    start, end = presentation.start, presentation.end
    number = digits[len(start) : len(digits) - len(end)]
    whole = digits == start + number + end and number and set(number) <= set("0123456789*#") - {end}
    return Call(number=number) if whole else _malformed("digits that are no caller identity", digits.encode("ascii", "replace"))


def commands(message: Message, presentation: Presentation) -> tuple[MediaCommand, ...]:
    """What a port is told in order to send a message. ValueError for what the presentation cannot say."""
    if isinstance(presentation, DtmfPresentation):
        if not isinstance(message, Call):
            raise ValueError("digits tell of calls only")
        return (SendDigits(encode_digits(message, presentation), presentation.on_ms, presentation.off_ms),)
    octets = encode(message, presentation.form, presentation.encoding)
    return (
        SendOctets(
            MODEMS[presentation.modem],
            octets,
            presentation.seizure_bits,
            presentation.mark_bits,
            presentation.mark_out_bits,
            presentation.level_dbm0,
        ),
    )
