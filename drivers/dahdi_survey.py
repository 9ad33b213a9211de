"""What DAHDI says is there: spans, channels, signalling, alarms, counters, out of ``/proc/dahdi`` and sysfs.

The formats are those of DAHDI 2.11 (dahdi-base.c prints ``/proc/dahdi/N``, dahdi-sysfs.c the attributes of spans and channels).
``parse_span`` is pure; ``survey`` reads the files below a root folder, so that a copy of another machine's files can be looked at too.
Nothing is opened below ``/dev/dahdi``: all that is wanted is told without an ioctl, and a channel that is open cannot be opened by others.
What cannot be read is a value, never an exception.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

ALARMS = ("BLUE", "YELLOW", "RED", "LOOP", "RECOVERING", "NOTOPEN")
"""DAHDI's words: BLUE = AIS, YELLOW = RAI, RED = LOS or LOF; NOTOPEN = sent as RAI because no channel is open."""
_ANALOG = ("FXSLS", "FXSKS", "FXSGS", "FXOLS", "FXOKS", "FXOGS")
_DATA = ("Clear", "HDLCRAW", "HDLCFCS", "HDLCNET", "Hardware-assisted HDLC", "MTP2", "Slave")
_UNSET = ("Unconfigured", "Reserved")
SIGNALLINGS = (*_ANALOG, *_DATA, *_UNSET, "E&M-E1", "E&M", "CAS", "DACS+RBS", "DACS", "SF (ToneOnly)")
"""Every word that the kernel has for what a channel is."""
COUNTERS = {
    "BPV count": "bipolar violations",
    "CRC4 error count": "CRC-4 errors",
    "E-bit error count": "E bits",
    "FAS error count": "FAS errors",
    "IRQ misses": "interrupts missed",
    "Timing slips": "slips",
}
"""What a counter is called in ``/proc/dahdi``, and what we call it."""

_TITLE = re.compile(r'Span (\d{1,6}): (\S*) "(.*)"( \(MASTER\))?((?: [A-Z0-9/]+)*) *(ClockSource)? *')
_COUNTER = re.compile(r"\s+([A-Za-z0-9 -]+): (\d{1,10})\s*")
_CHANNEL = re.compile(r"\s+(\d{1,6}) (\S+) ?(.*)")
_SIGNALLING = re.compile("|".join(re.escape(word) for word in sorted(SIGNALLINGS, key=len, reverse=True)))
_ECHO = re.compile(r"\(EC: (.*?) - (?:IN)?ACTIVE\)")


class Channel(msgspec.Struct, frozen=True):
    """One channel: its number in all of DAHDI, its place in the span (1 is the first), and what it is."""

    number: int
    position: int
    name: str
    signalling: str = ""
    """The kernel's word; empty = not configured."""
    in_use: bool = False
    alarms: tuple[str, ...] = ()
    echo_canceller: str = ""
    capabilities: tuple[str, ...] = ()
    """The signallings that the driver allows; empty where sysfs does not tell."""


class SpanState(msgspec.Struct, frozen=True):
    """One span as it stands now."""

    number: int
    name: str
    description: str
    channels: tuple[Channel, ...] = ()
    kind: str = ""
    """E1, T1, J1, BRI_NT, BRI_TE, DYNAMIC, FXS, FXO, ANALOG_MIXED; empty where sysfs does not tell."""
    line_configuration: tuple[str, ...] = ()
    """Of HDB3, AMI, CCS, CRC4 ...; empty until dahdi_cfg has set it up, and on analog spans."""
    alarms: tuple[str, ...] = ()
    master: bool = False
    clock_source: bool = False
    counters: dict[str, int] = {}
    board: str = ""

    @property
    def crc4(self) -> bool:
        """Whether frames have CRC-4."""
        return "CRC4" in self.line_configuration


class Users(msgspec.Struct, frozen=True):
    """A process that has channels open."""

    process: int
    program: str
    channels: tuple[int, ...]
    unnamed: bool
    """Whether it has opened channels by the node of all channels, which does not tell their numbers."""
    ours: bool
    """Whether it is the media plane of an exchange of this house."""


class Survey(msgspec.Struct, frozen=True):
    """All that was found. ``unread`` has lines that were not understood and files that could not be read."""

    module: bool
    """Whether the kernel has DAHDI."""
    version: str = ""
    spans: tuple[SpanState, ...] = ()
    users: tuple[Users, ...] = ()
    boards: tuple[str, ...] = ()
    """Telephone boards on the bus that no driver has."""
    unread: tuple[str, ...] = ()

    def span(self, number: int) -> SpanState | None:
        """The span of a number."""
        return next((span for span in self.spans if span.number == number), None)


def parse_span(text: str) -> tuple[SpanState | None, list[str]]:
    """Read the text of ``/proc/dahdi/N``; beside it the lines that were not understood. None without the first line."""
    lines = text.splitlines()
    title = _TITLE.fullmatch(lines[0]) if lines else None
    if title is None:
        return None, lines[:1]
    words = title.group(5).split()
    counters: dict[str, int] = {}
    channels: list[Channel] = []
    unread = []
    for line in lines[1:]:
        counter = _COUNTER.fullmatch(line)
        channel = _parse_channel(line, len(channels) + 1)
        if counter and counter.group(1) in COUNTERS:
            counters[COUNTERS[counter.group(1)]] = int(counter.group(2))
        elif channel:
            channels.append(channel)
        elif line.strip():
            unread.append(line)
    configuration = [part for word in words if word not in ALARMS for part in word.split("/")]
    state = SpanState(
        number=int(title.group(1)),
        name=title.group(2),
        description=title.group(3),
        channels=tuple(channels),
        line_configuration=tuple(configuration),
        alarms=tuple(word for word in words if word in ALARMS),
        master=title.group(4) is not None,
        clock_source=title.group(6) is not None,
        counters=counters,
    )
    return state, unread


def _parse_channel(line: str, position: int) -> Channel | None:
    match = _CHANNEL.fullmatch(line)
    if match is None:
        return None
    number, name, rest = int(match.group(1)), match.group(2), match.group(3)
    signalling = _SIGNALLING.match(rest)
    rest = rest[signalling.end() :] if signalling else rest
    echo = _ECHO.search(rest)
    rest = _ECHO.sub(" ", rest)
    in_use = "(In use)" in rest
    words = rest.replace("(In use)", " ").replace("(no pcm)", " ").split()
    alarms = tuple(word for word in words if word in ALARMS)
    if any(word not in ALARMS and word != "Master" for word in words):
        return None
    word = signalling.group() if signalling and signalling.group() not in _UNSET else ""
    return Channel(number, position, name, word, in_use, alarms, echo.group(1) if echo else "")


def survey(root: Path = Path("/")) -> Survey:
    """Look around below ``root``."""
    unread: list[str] = []
    spans = []
    folder = root / "proc" / "dahdi"
    for path in sorted(folder.glob("*"), key=lambda path: (len(path.name), path.name)):
        if not path.name.isdigit():
            continue  # drivers put files of their own beside the spans
        text = _read(path)
        if text is None:
            unread.append(f"/proc/dahdi/{path.name} cannot be read")
            continue
        span, strange = parse_span(text)
        unread += [f"/proc/dahdi/{path.name}: not understood: {line.strip()[:100]}" for line in strange]
        if span is not None:
            spans.append(_completed(span, root))
    version = _read(root / "sys" / "module" / "dahdi" / "version")
    return Survey(
        module=folder.is_dir() or version is not None,
        version=(version or "").strip(),
        spans=tuple(sorted(spans, key=lambda span: span.number)),
        users=tuple(_users(root, spans)),
        boards=tuple(_boards(root)),
        unread=tuple(unread),
    )


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _completed(span: SpanState, root: Path) -> SpanState:
    """The span with what only sysfs tells: its kind, its board, and what its channels could be."""
    folder = root / "sys" / "bus" / "dahdi_spans" / "devices" / f"span-{span.number}"
    said = [_read(folder / "ddev" / name) or "" for name in ("manufacturer", "type", "location")]
    board = " ".join(word.strip() for word in said if word.strip() not in ("", "(null)"))
    beside = root / "sys" / "bus" / "dahdi_channels" / "devices"
    channels = [
        msgspec.structs.replace(channel, capabilities=_capabilities(_read(beside / name / "sigcap") or ""))
        for channel in span.channels
        for name in [f"dahdi!chan!{span.number:03}!{channel.position:03}"]
    ]
    kind = (_read(folder / "spantype") or "").strip()
    return msgspec.structs.replace(span, kind=kind, board=board, channels=tuple(channels))


def _capabilities(text: str) -> tuple[str, ...]:
    return tuple(_SIGNALLING.findall(text))


NODE_OF_ALL = "/dev/dahdi/channel"
"""Opens any channel; which, is told by an order."""
_NODE = re.compile(r"/dev/dahdi/(?:(\d{1,6})|chan/(\d{1,6})/(\d{1,6}))")
"""By its number, or by span and place: one is a link to the other where udev made them."""


def _users(root: Path, spans: Iterable[SpanState]) -> Iterator[Users]:
    """Who has channels open, as far as we may see: the descriptors of other people's processes are hidden from us unless we are root."""
    places = {(span.number, channel.position): (channel,) for span in spans for channel in span.channels}
    for process in sorted((root / "proc").glob("[0-9]*"), key=lambda path: (len(path.name), path.name)):
        channels, unnamed = set(), False
        try:
            descriptors = list((process / "fd").iterdir())
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                target = os.readlink(descriptor)
            except OSError:
                continue
            node = _NODE.fullmatch(target)
            if node and node.group(1):
                channels.add(int(node.group(1)))
            elif node:
                channels |= {channel.number for channel in places.get((int(node.group(2)), int(node.group(3))), ())}
            unnamed = unnamed or target == NODE_OF_ALL
        if channels or unnamed:
            program = (_read(process / "comm") or "").strip() or "?"
            ours = "pbx.plane_process" in (_read(process / "cmdline") or "").split("\0")
            yield Users(int(process.name), program, tuple(sorted(channels)), unnamed, ours)


_VENDORS = {"0xd161": "Digium", "0xe159": "Tiger Jet (Digium, OpenVox)", "0x1397": "Cologne Chip (ISDN)"}
"""Of the boards that DAHDI 2.11 drives, after the tables of its drivers; other boards of these vendors exist."""


def _boards(root: Path) -> Iterator[str]:
    """Boards of these vendors without a driver."""
    for device in sorted((root / "sys" / "bus" / "pci" / "devices").glob("*")):
        vendor = (_read(device / "vendor") or "").strip()
        if vendor in _VENDORS and not (device / "driver").exists():
            yield f"{_VENDORS[vendor]} board {vendor[2:]}:{(_read(device / 'device') or '').strip()[2:]} at {device.name}"
