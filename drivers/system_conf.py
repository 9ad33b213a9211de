"""Reads ``system.conf``, by which ``dahdi_cfg`` sets up DAHDI's spans and channels: a text in, what it says and what is wrong with it out.

Written after the sample file of dahdi-tools 3.1 and held against ``dahdi_cfg -t``: whatever that refuses is a fault here. The words of
signalling are told as the kernel tells them in ``/proc/dahdi``, so that the two can be compared. Pure: the text is an argument. Leaves out
gains and the settings of radio boards, which are read over, and T1 beyond its lines.
"""

import re
from collections.abc import Callable, Iterable

import msgspec

HIGHEST_CHANNEL = 1023
"""DAHDI has no channel above (dahdi_cfg says so)."""
HIGHEST_TIMING = 255
FRAMINGS = ("d4", "esf", "cas", "ccs")
CODINGS = ("ami", "b8zs", "hdb3")
_OPTIONS = ("crc4", "yellow", "nt", "te", "term")

SIGNALLING = {
    "e&m": "E&M",
    "e&me1": "E&M-E1",
    "fxsls": "FXSLS",
    "fxsgs": "FXSGS",
    "fxsks": "FXSKS",
    "fxols": "FXOLS",
    "fxogs": "FXOGS",
    "fxoks": "FXOKS",
    "cas": "CAS",
    "user": "CAS",
    "unused": "",
    "clear": "Clear",
    "bchan": "Clear",
    "indclear": "Clear",
    "rawhdlc": "HDLCRAW",
    "nethdlc": "HDLCNET",
    "fcshdlc": "HDLCFCS",
    "dchan": "HDLCFCS",
    "hardhdlc": "Hardware-assisted HDLC",
    "mtp2": "MTP2",
    "dacs": "DACS",
    "dacsrbs": "DACS+RBS",
}
"""A keyword of channels and the kernel's word for it; empty = not configured."""
_LAWS = ("alaw", "mulaw", "deflaw")
_RADIO = ("ctcss", "dcsrx", "rxdcs", "tx", "debouncetime", "bursttime", "exttone", "invertcor", "corthresh", "deemp", "preemp", "channels")
_PASSED_OVER = ("loadzone", "defaultzone", "rxgain", "txgain", *_RADIO)


class SpanLine(msgspec.Struct, frozen=True):
    """``span=``: how the frames of an E1 (or T1) look and the priority with which its clock is taken; 0 = never."""

    line: int
    span: int
    timing: int
    build_out: int
    framing: str
    coding: str
    crc4: bool = False


class DynamicLine(msgspec.Struct, frozen=True):
    """``dynamic=``: a span without a board."""

    line: int
    driver: str
    address: str
    channels: int
    timing: int


class ChannelLine(msgspec.Struct, frozen=True):
    """What one channel is to be: the keyword, the kernel's word for it, and with ``cas`` the bits abcd at rest."""

    line: int
    keyword: str
    signalling: str
    idle_bits: int | None = None


class EchoLine(msgspec.Struct, frozen=True):
    """DAHDI's own echo canceller on one channel."""

    line: int
    name: str


class Fault(msgspec.Struct, frozen=True):
    """A line that cannot be as it is written."""

    line: int
    what: str
    cure: str


class SystemConf(msgspec.Struct, frozen=True):
    """The whole file, by the numbers of spans and channels."""

    spans: dict[int, SpanLine] = {}
    dynamic: tuple[DynamicLine, ...] = ()
    channels: dict[int, ChannelLine] = {}
    echo_cancellers: dict[int, EchoLine] = {}
    faults: tuple[Fault, ...] = ()


class _WrongError(ValueError):
    """What is wrong with a line, and its cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


def parse_system_conf(text: str) -> SystemConf:
    """Read a whole file; every line that is wrong is a fault, and the others count."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        try:
            reader.read(number, written)
        except _WrongError as wrong:
            reader.faults.append(Fault(number, str(wrong), wrong.cure))
    return SystemConf(reader.spans, tuple(reader.dynamic), reader.channels, reader.echo_cancellers, tuple(reader.faults))


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as system.conf and people write them: "1-15,17-31"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def channel_numbers(text: str) -> list[int]:
    """The numbers of a list such as "1-15,17"; _WrongError (a ValueError) when it is none."""
    numbers: list[int] = []
    for word in text.split(","):
        match = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", word.strip())
        if match is None:
            raise _WrongError(f'"{word.strip()[:40]}" is no channel', "write numbers and ranges, as in 1-15,17-31")
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        if not 1 <= first <= last <= HIGHEST_CHANNEL:
            cure = f"write channels from 1 to {HIGHEST_CHANNEL}, the lower one first"
            raise _WrongError(f'"{word.strip()}" is no range of channels', cure)
        numbers += range(first, last + 1)
    return numbers


def _number(text: str, what: str, highest: int, least: int = 0) -> int:
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= highest:
        raise _WrongError(f'{what} cannot be "{text[:40]}"', f"write a number from {least} to {highest}")
    return int(text)


def _one_of(text: str, what: str, known: tuple[str, ...]) -> str:
    if text.lower() not in known:
        raise _WrongError(f'{what} cannot be "{text[:40]}"', f"write one of {', '.join(known)}, without blanks")
    return text.lower()


class _Reader:
    """Collects what the lines say."""

    def __init__(self) -> None:
        self.spans: dict[int, SpanLine] = {}
        self.dynamic: list[DynamicLine] = []
        self.channels: dict[int, ChannelLine] = {}
        self.echo_cancellers: dict[int, EchoLine] = {}
        self.faults: list[Fault] = []

    def read(self, line: int, written: str) -> None:
        keyword, equals, value = (word.strip() for word in written.partition("="))
        if not (keyword and equals and value):
            raise _WrongError(f'"{written[:40]}" is no KEYWORD=VALUE', "write one, or put # in front")
        word = keyword.lower()
        readers: dict[str, Callable[[int, str], None]] = {
            "span": self._span,
            "dynamic": self._dynamic,
            "echocanceller": self._echo_canceller,
        }
        if word in SIGNALLING:
            self._channels(line, word, value)
        elif word in readers:
            readers[word](line, value)
        elif word in _LAWS:
            channel_numbers(value)
        elif word not in _PASSED_OVER:
            raise _WrongError(f'"{keyword[:40]}" is no keyword of system.conf', "correct it, or put # in front")

    def _span(self, line: int, value: str) -> None:
        words = value.split(",")  # dahdi_cfg takes blanks around numbers, not around words
        if not 5 <= len(words) <= 8:
            raise _WrongError("span= has 5 to 8 values", "write span=SPAN,TIMING,BUILD-OUT,FRAMING,CODING, as in span=1,1,0,cas,hdb3,crc4")
        options = [_one_of(word, "an option of a span", _OPTIONS) for word in words[5:]]
        span = SpanLine(
            line,
            _number(words[0], "the number of a span", HIGHEST_CHANNEL, 1),
            _number(words[1], "timing", HIGHEST_TIMING),
            _number(words[2], "line build-out", 7),
            _one_of(words[3], "framing", FRAMINGS),
            _one_of(words[4], "coding", CODINGS),
            "crc4" in options,
        )
        earlier = self.spans.setdefault(span.span, span)
        if earlier is not span:
            raise _WrongError(f"span {span.span} is in line {earlier.line} already", "keep one of the two")

    def _dynamic(self, line: int, value: str) -> None:
        words = [word.strip() for word in value.split(",")]
        if len(words) != 4 or not words[0] or not words[1]:
            raise _WrongError("dynamic= has 4 values", "write dynamic=DRIVER,ADDRESS,CHANNELS,TIMING, as in dynamic=loc,1:0,31,0")
        channels = _number(words[2], "the number of channels", HIGHEST_CHANNEL, 1)
        self.dynamic.append(DynamicLine(line, words[0], words[1], channels, _number(words[3], "timing", HIGHEST_TIMING)))

    def _channels(self, line: int, word: str, value: str) -> None:
        listed, _, behind = (part.strip() for part in value.partition(":"))
        signalling = SIGNALLING[word]
        idle_bits = None
        if signalling == "CAS":
            if not re.fullmatch("[01]{4}", behind):
                cure = f"write them behind the channels, as in {word}={listed[:40]}:1101"
                raise _WrongError(f"{word}= wants the bits abcd that stand at rest", cure)
            idle_bits = int(behind, 2)
        for number in channel_numbers(listed):
            earlier = self.channels.get(number)
            if earlier is not None and earlier.keyword != "unused":
                raise _WrongError(f"channel {number} is {earlier.keyword} in line {earlier.line} already", "keep it in one line")
            self.channels[number] = ChannelLine(line, word, signalling, idle_bits)

    def _echo_canceller(self, line: int, value: str) -> None:
        name, _, listed = (part.strip() for part in value.partition(","))
        if not name or not listed:
            raise _WrongError("echocanceller= has a name and channels", "write echocanceller=NAME,CHANNELS, or take the line out")
        for number in channel_numbers(listed):
            self.echo_cancellers[number] = EchoLine(line, name)
