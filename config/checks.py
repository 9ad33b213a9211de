"""The cross-checks: mistakes that only show when several entries of the configuration are seen together.

Each check is a function that reads a draft and yields findings; ``CHECKS`` names them all. References are looked up
among all names in the document, so that an entry with another mistake is not also reported as unknown. Left out: the
shape of single values (``config/reader.py``).
"""

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from config.backhaul_checks import BACKHAUL_CHECKS
from config.lines import Place
from config.point_code_checks import POINT_CODE_CHECKS
from config.reader import Draft, Finding, unknown
from config.schema import (
    FEATURES,
    SIGNALLING_SLOT,
    SPAN_OF,
    Agent,
    ConsoleKey,
    Exchange,
    Extension,
    Flow,
    LineKeeper,
    Number,
    Prompt,
    Queue,
    SoundDevice,
    Span,
    TrunkGroup,
    circuits_of,
    line_of,
)
from config.signalling import ApplicationServer, Association, GatewayLink, LinkGateway, SignallingLink, SignallingLinkSet, SignallingPoint
from config.signalling_checks import SIGNALLING_CHECKS
from config.values import Section

HOME = Path(__file__).resolve().parent.parent
"""The folder of ``zongji``: relative names of prompts and of the data directory begin here."""

"""The time slot that carries the line signals of all circuits of a span (G.704 clause 5.1.3)."""

DAHDI_KEYS = (
    *("first_channel", "channels", "receive_gain_db", "send_gain_db", "alarm_raise_ms", "alarm_clear_ms"),
    *("io_uring", "cut_through", "paces", "card_dials", "message_lamp"),
)
"""What only a span on DAHDI has."""

SHORTEST_PATIENCE_S = 5.0
"""A line keeper that gives up sooner is of no use."""

Findings = Iterator[Finding]


def names_are_distinct(draft: Draft) -> Findings:
    """Nothing is named twice: spans, trunk groups, points and links of No. 7, extensions, sound devices, queues, agents, prompts, keys."""
    of_no_7 = (SignallingPoint, SignallingLinkSet, SignallingLink, Association, ApplicationServer, LinkGateway)
    named: tuple[type[Section], ...] = (Span, TrunkGroup, *of_no_7, SoundDevice, Queue, Prompt, ConsoleKey)
    numbered: tuple[type[Section], ...] = (Extension, Agent)
    for kind in named + numbered:
        key = "number" if kind in numbered else "name"
        seen: dict[str, Place] = {}
        for place, section in draft.of(kind):
            name = getattr(section, key)
            if name in seen:
                title = ".".join(str(step) for step in place[:-1])
                yield Finding((*place, key), f'{title} "{name}" is there twice', f"give each {title} its own {key}")
            seen[name] = place


def sockets_are_distinct(draft: Draft) -> Findings:
    """No two spans share an outside socket."""
    seen: dict[str, str] = {}
    for place, span in draft.of(Span):
        socket = span.socket or f"{span.name}.socket"
        owner = seen.setdefault(socket, span.name)
        if owner != span.name:
            yield Finding((*place, "socket"), f'spans "{owner}" and "{span.name}" share the socket {socket}', "give each its own")


def cards_are_whole(draft: Draft) -> Findings:
    """A span on DAHDI names its first channel, shares none with another, and has nothing that belongs to wires; and the reverse."""
    standing = Span("s", "cas")
    owners: dict[int, str] = {}
    for place, span in draft.of(Span):
        others = ("far_end", "socket", "mode") if span.card == "dahdi" else DAHDI_KEYS
        for key in others:
            if getattr(span, key) != getattr(standing, key):
                yield Finding((*place, key), f'{key} has no meaning with card = "{span.card}"', "leave it out, or name the other card")
        if span.card != "dahdi":
            continue
        if span.kind == "signalling":
            what = f'span "{span.name}": channels of DAHDI cannot be one signalling channel'
            yield Finding((*place, "kind"), what, 'set card = "wire", or kind = "ccs" with signalling_channels')
        if span.message_lamp != "none" and span.kind != "subscriber":
            yield Finding((*place, "message_lamp"), f"a span of kind {span.kind} has no telephones", "leave message_lamp out")
        if not span.first_channel:
            what = f'span "{span.name}" does not say which channels it is'
            yield Finding(place, what, "give first_channel, as in first_channel = 1; cat /proc/dahdi/* shows the numbers")
            continue
        for channel in range(span.first_channel, span.first_channel + span.channels):
            owner = owners.setdefault(channel, span.name)
            if owner != span.name:
                what = f'spans "{owner}" and "{span.name}" share channel {channel} of DAHDI'
                yield Finding((*place, "first_channel"), what, "give each its own channels")
                break


def slots_are_on_the_board(draft: Draft) -> Findings:
    """What stands on a board of DAHDI has a place on it."""
    boards = {span.name: span.channels for _, span in draft.of(Span) if span.board}
    named = [((*place, "line"), line_of(row)) for place, row in draft.of(Extension)]
    named += [((*place, "circuits"), at) for place, group in draft.of(TrunkGroup) for at in circuits_of(group)]
    for at, (span, slot) in named:
        if span in boards and slot > boards[span]:
            yield Finding(at, f"{span}/{slot}: the board has {boards[span]} channels", "name one of them, or correct channels of the span")


def signalling_channels_are_free(draft: Draft) -> Findings:
    """A signalling channel is one of its span's channels, there once, and carries no circuit or line, nor the line signals of circuits."""
    lines = {(span, slot): f"trunk group {group.name}" for _, group in draft.of(TrunkGroup) for span, slot in circuits_of(group)}
    lines |= {line_of(row): f"extension {row.number}" for _, row in draft.of(Extension)}
    by_bits = {span for _, group in draft.of(TrunkGroup) if group.signalling in ("r2", "e&m") for span, _ in circuits_of(group)}
    for place, span in draft.of(Span):
        if span.kind == "signalling" and span.signalling_channels:
            what = f'span "{span.name}" is one signalling channel, of all its time slots'
            yield Finding((*place, "signalling_channels"), what, 'leave signalling_channels out, or set kind = "ccs"')
            continue
        for index, slot in enumerate(span.signalling_channels):
            at, name = (*place, "signalling_channels", index), f"{span.name}/{slot}"
            if slot > span.channels:
                yield Finding(at, f"{name}: the board has {span.channels} channels", "name one of them, or correct channels of the span")
            if slot in span.signalling_channels[:index]:
                yield Finding(at, f"{name} is there twice", "name each signalling channel once")
            elif span.kind == "ccs" and slot == SIGNALLING_SLOT and not span.board:
                continue  # circuits_exist_once tells it where the circuit is
            elif owner := lines.get((span.name, slot)):
                yield Finding(at, f"{name} is a line of {owner} too", "take it out of one of both")
            elif slot == SIGNALLING_SLOT and not span.board and (span.name in by_bits or span.kind not in ("cas", "ccs")):
                owners = "circuits" if span.kind == "cas" else "lines"
                what = f"{name} carries the line signals of the span's {owners}"
                yield Finding(at, what, "choose another time slot, or take the circuits to another span")


def circuits_exist_once(draft: Draft) -> Findings:
    """Every circuit lies on a trunk span, is no signalling slot, and belongs to one trunk group, once."""
    spans = {span.name: span for _, span in draft.of(Span)}
    owners: dict[tuple[str, int], str] = {}
    for place, group in draft.of(TrunkGroup):
        at = (*place, "circuits")
        for name in sorted({span for span, _ in circuits_of(group)}):
            if name not in draft.names("span"):
                yield unknown(at, "span", name, draft.names("span"))
            elif name in spans and spans[name].kind != SPAN_OF[group.signalling]:
                what = f'span "{name}" is of kind "{spans[name].kind}", on which {group.signalling} does not work'
                yield Finding(at, what, f'name a span of kind "{SPAN_OF[group.signalling]}"')
        for span, slot in circuits_of(group):
            row = spans.get(span)
            if slot == SIGNALLING_SLOT and not (row is not None and (row.board or row.speech_in_slot_16)):
                what, cure = f"{span}/{slot} is the signalling time slot", f"leave {span}/{slot} out of the range"
                if row is not None and row.kind == "ccs":
                    what, cure = f"{span}/{slot} is a signalling channel", f"{cure}, or out of signalling_channels: it is a circuit then"
                yield Finding(at, what, cure)
                continue
            owner = owners.get((span, slot))
            if owner is not None:
                whose = f'trunk groups "{owner}" and "{group.name}"' if owner != group.name else f'"{owner}" twice'
                yield Finding(at, f"circuit {span}/{slot} is in {whose}", "keep it in one place")
            owners[span, slot] = group.name


def lines_exist_once(draft: Draft) -> Findings:
    """Every extension has a line of its own, on a subscriber span."""
    spans = {span.name: span for _, span in draft.of(Span)}
    owners: dict[tuple[str, int], str] = {}
    for place, extension in draft.of(Extension):
        at = (*place, "line")
        span, slot = line_of(extension)
        if span not in draft.names("span"):
            yield unknown(at, "span", span, draft.names("span"))
        elif span in spans and spans[span].kind != "subscriber":
            yield Finding(at, f'span "{span}" has no lines of subscribers', 'name a span of kind "subscriber"')
        if slot == SIGNALLING_SLOT and not (span in spans and spans[span].board):
            yield Finding(at, f"{span}/{slot} is the signalling time slot", "choose one of 1 to 15 and 17 to 31")
        owner = owners.setdefault((span, slot), extension.number)
        if owner != extension.number:
            yield Finding(at, f"line {extension.line} is extension {owner} too", "give each extension its own line")


def sound_devices_are_whole(draft: Draft) -> Findings:
    """Every sound device has a microphone or a loudspeaker, and a number that is no extension's or other device's."""
    owners = {extension.number: f"extension {extension.number}" for _, extension in draft.of(Extension)}
    for place, device in draft.of(SoundDevice):
        if not device.capture and not device.playback:
            what = f'sound device "{device.name}" has neither microphone nor loudspeaker'
            yield Finding(place, what, 'give capture, playback or both, as in playback = "plughw:0"; aplay -L lists names')
        owner = owners.setdefault(device.number, f'sound device "{device.name}"')
        if owner != f'sound device "{device.name}"':
            yield Finding((*place, "number"), f"the number {device.number} is {owner} too", "give each its own number")


def destinations_exist(draft: Draft) -> Findings:
    """Every destination leads to something there is, and calls do not leave by an incoming trunk group."""
    known = {
        "flow": draft.names("flow"),
        "queue": draft.names("queue"),
        "trunk": draft.names("trunk_group"),
        "extension": [*draft.names("extension", "number"), *draft.names("sound_device", "number")],
        "announcement": draft.names("prompt"),
        "feature": list(FEATURES),
    }
    words = {"trunk": "trunk group", "announcement": "prompt"}
    incoming = {group.name for _, group in draft.of(TrunkGroup) if group.direction == "incoming"}
    for place, destination in _destinations(draft):
        kind, _, name = destination.partition(":")
        if name not in known[kind]:
            yield unknown(place, words.get(kind, kind), name, known[kind])
        elif kind == "trunk" and name in incoming:
            yield Finding(place, f'trunk group "{name}" takes incoming calls only', 'make it "outgoing" or "both-way"')


def queues_can_be_served(draft: Draft) -> Findings:
    """Somebody has the skill a queue asks for, and its overflow leads elsewhere."""
    skills = draft.elements("agent", "skills")
    for place, queue in draft.of(Queue):
        if queue.skill not in skills:
            yield Finding((*place, "skill"), f'no agent has the skill "{queue.skill}"', "add it to an agent's skills")
        if queue.overflow == f"queue:{queue.name}":
            yield Finding((*place, "overflow"), f'queue "{queue.name}" overflows into itself', "name another destination")


def prompts_are_whole(draft: Draft) -> Findings:
    """Every prompt that is named exists, and each has one source of sound."""
    names = draft.names("prompt")
    for place, name in _prompts(draft):
        if name not in names:
            yield unknown(place, "prompt", name, names)
    for place, prompt in draft.of(Prompt):
        spoken = bool(prompt.text_zh or prompt.text_en)
        if spoken + bool(prompt.file) + bool(prompt.melody) != 1:
            yield Finding(place, f'prompt "{prompt.name}" needs one source of sound', "give text_zh or text_en, file, or melody")
        if prompt.file and not (HOME / prompt.file).is_file():
            yield Finding((*place, "file"), f"there is no file {prompt.file}", f"put one there, seen from {HOME.name}/")


def faxes_go_elsewhere(draft: Draft) -> Findings:
    """A flow that sends faxes elsewhere listens for them, and elsewhere is not itself."""
    for place, flow in draft.of(Flow):
        if flow.on_fax and not flow.fax_detection:
            yield Finding((*place, "on_fax"), "no fax is listened for", "set fax_detection = true beside it")
        if flow.on_fax == f"flow:{place[-1]}":
            yield Finding((*place, "on_fax"), f'flow "{place[-1]}" sends faxes to itself', "name another destination")


def data_files_exist(draft: Draft) -> Findings:
    """Signalling variants, tone plans and presentations of caller identity are data below ``config``."""
    variants = _data_files("variants")
    for place, group in draft.of(TrunkGroup):
        if group.variant and group.variant not in variants:
            yield unknown((*place, "variant"), "variant", group.variant, variants)
    signalling = [
        *((place, row.variant) for place, row in draft.of(SignallingPoint)),
        *((place, row.variant) for place, row in draft.of(SignallingLink)),
        *((place, row.variant) for place, row in draft.of(Association)),
        *((place, row.variant) for place, row in draft.of(GatewayLink)),
    ]
    networks = [(place, row.network) for place, row in draft.of(LinkGateway)]
    for key, named in (("variant", signalling), ("network", networks)):
        for place, variant in named:
            if variant not in variants:
                yield unknown((*place, key), "variant", variant, variants)
    presentations = sorted(tomllib.loads((HOME / "config" / "caller-identity.toml").read_text(encoding="utf-8")))
    for place, extension in draft.of(Extension):
        if extension.caller_identity and extension.caller_identity not in presentations:
            yield unknown((*place, "caller_identity"), "presentation", extension.caller_identity, presentations)
    tones = _data_files("tones")
    for place, exchange in draft.of(Exchange):
        if exchange.tones not in tones:
            yield unknown((*place, "tones"), "tone plan", exchange.tones, tones)


def settings_suit_signalling(draft: Draft) -> Findings:
    """Analog lines have a number that rings them; what belongs to one signalling system is not set with another; overlap goes to trunks."""
    own = dict.fromkeys(("release_control", "ask_caller", "semi_automatic", "dual_seizure"), "r2")
    own |= {"ground_start": "fxo", "number": "fxo", "caller_number": "e&m", "ignores_digits": "e&m"}
    for place, group in draft.of(TrunkGroup):
        if group.signalling == "fxo" and group.direction != "outgoing" and not group.number:
            what = f'trunk group "{group.name}" has no number'
            yield Finding(place, what, 'give the number that rings its lines, as in number = "87650000"')
        for key, signalling in own.items():
            if getattr(group, key) and group.signalling != signalling:
                cure = f'leave it out, or set signalling = "{signalling}"'
                yield Finding((*place, key), f"{key} has no meaning with {group.signalling}", cure)
    for place, row in draft.of(Number):
        if row.overlap and not row.destination.startswith("trunk:"):
            yield Finding((*place, "overlap"), f"digits cannot be sent on to {row.destination}", "name a trunk group, or leave overlap out")
    for place, extension in draft.of(Extension):
        if extension.hot_line_seconds and not extension.hot_line:
            yield Finding((*place, "hot_line_seconds"), "nothing is called after that time", "give hot_line, or leave it out")


def numbers_are_unambiguous(draft: Draft) -> Findings:
    """No number, dialled by one kind of caller, is claimed by two rows of the plan; lengths and digits agree."""
    for place, row in draft.of(Number):
        if row.least > row.most:
            yield Finding((*place, "length"), f"{row.least} digits are more than {row.most}", "write [least, most]")
        elif row.least < len(row.prefix):
            what = f"a number of {row.least} digits is shorter than its prefix {row.prefix}"
            yield Finding((*place, "length"), what, f"give at least {len(row.prefix)}")
        if row.strip > row.least:
            what = f"{row.strip} digits cannot be taken from a number of {row.least}"
            yield Finding((*place, "strip"), what, f"give at most {row.least}")
    rows: dict[str, list[Number]] = {}
    for _, extension in draft.of(Extension):  # two extensions of one number are named by names_are_distinct
        rows[extension.number] = [Number(extension.number, f"extension:{extension.number}")]
    for place, row in draft.of(Number):
        for other in rows.setdefault(row.prefix, []):
            if row.least <= other.most and other.least <= row.most and set(row.open_to) & set(other.open_to):
                what = f"prefix {row.prefix} is there twice with the same length"
                yield Finding((*place, "prefix"), what, "make prefix, length or callers differ")
        rows[row.prefix].append(row)


def patience_suffices(draft: Draft) -> Findings:
    """A line keeper waits long enough for a new plane to come."""
    for place, keeper in draft.of(LineKeeper):
        if 0 < keeper.patience_seconds < SHORTEST_PATIENCE_S:
            what = f"in {keeper.patience_seconds:g} s no new plane comes, so that calls would be lost all the same"
            yield Finding((*place, "patience_seconds"), what, f"give at least {SHORTEST_PATIENCE_S:g}, or 0 for no line keeper")


CHECKS: tuple[Callable[[Draft], Findings], ...] = (
    names_are_distinct,
    sockets_are_distinct,
    cards_are_whole,
    slots_are_on_the_board,
    signalling_channels_are_free,
    circuits_exist_once,
    lines_exist_once,
    sound_devices_are_whole,
    destinations_exist,
    queues_can_be_served,
    prompts_are_whole,
    faxes_go_elsewhere,
    data_files_exist,
    settings_suit_signalling,
    numbers_are_unambiguous,
    patience_suffices,
    *SIGNALLING_CHECKS,
    *BACKHAUL_CHECKS,
    *POINT_CODE_CHECKS,
)
"""Every cross-check, in the order of the file's sections."""


def _destinations(draft: Draft) -> Iterator[tuple[Place, str]]:
    for place, row in draft.of(Number):
        yield (*place, "destination"), row.destination
    for place, queue in draft.of(Queue):
        if queue.overflow:
            yield (*place, "overflow"), queue.overflow
    for place, flow in draft.of(Flow):
        for key, destination in flow.choices.items():
            yield (*place, "choices", key), destination
        if flow.otherwise:
            yield (*place, "otherwise"), flow.otherwise
        if flow.on_fax:
            yield (*place, "on_fax"), flow.on_fax


def _prompts(draft: Draft) -> Iterator[tuple[Place, str]]:
    for place, queue in draft.of(Queue):
        yield (*place, "music"), queue.music
    for place, flow in draft.of(Flow):
        for key, prompt in (("greeting", flow.greeting), ("menu", flow.menu)):
            if prompt:
                yield (*place, key), prompt


def _data_files(folder: str) -> list[str]:
    return sorted(file.stem for file in (HOME / "config" / folder).glob("*.toml"))
