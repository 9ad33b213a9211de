"""Composition: the lines and trunk groups of a configuration, each port with the engine of its signalling system.

What stands at both ends of a simulated span is said here too, so that the exchange (pbx/exchange.py), the simulated network
(pbx/far_network.py) and those who make the cards (pbx/simulation.py, pbx/supervisor.py) agree. Ports are counted by span in the order of
the configuration, thirty to a span, or 31 where time slot 16 is a circuit too; behind them stand sound devices, then signalling channels.
Leaves out everything that happens on the lines.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import accumulate
from typing import Any, Literal

import msgspec

from config.schema import NO_7, Configuration, Extension, Span, TrunkGroup, circuits_of, line_of, variant_of
from drivers import alsa
from pbx.engine import Engine
from pbx.line import EXTENSION, TRUNK, Line
from pbx.signalling.analog.ear_and_mouth import EarAndMouthCircuit
from pbx.signalling.analog.ear_and_mouth_variant import EarAndMouthFeatures, load_ear_and_mouth_variant
from pbx.signalling.analog.fxo import FxoLine
from pbx.signalling.analog.fxo_variant import FxoFeatures, load_exchange_line_variant
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures, SubscriberVariant, load_subscriber_variant
from pbx.signalling.analog.sound_line import SoundLine, load_sound_line_variant
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant
from pbx.signalling.r2.variant_data import CircuitHabits
from pbx.trunks import TrunkGroup as Trunks
from pbx.variant_file import VariantError
from pbx.vocabulary.numbers import INVALID, UNALLOCATED_NUMBER, Examination, NumberExaminer

SPAN_PORTS = 30
"""Of a span whose time slot 16 is no circuit, used or not."""
PORT_KINDS = {"fxo": "fxo", "isup": "raw", "tup": "raw"}
"""What stands on the port of a trunk by signalling system, if not bits."""
Direction = Literal["incoming", "outgoing", "both-way"]
FACING: dict[str, Direction] = {"incoming": "outgoing", "outgoing": "incoming", "both-way": "both-way"}
"""The direction that the far end's circuits have, by the direction of ours."""
DateTime = Callable[[float], str]
"""Engine time to MMDDhhmm, for caller identity."""


class SpanEnds(msgspec.Struct, frozen=True):
    """The kinds of wire at our end and at the simulated far end of a span, and the bits that stand there at rest."""

    near: Literal["circuits", "subscribers", "telephones", "offices"]
    far: Literal["circuits", "subscribers", "telephones", "offices"]
    idle_bits: int
    busy_bits: int = 0b0101
    """E and M: off-hook, for cards whose channels have leads instead of bits."""


SUBSCRIBER_IDLE = 0b1111
COMMON_CHANNEL_IDLE = 0b1101
"""Of a span without bits, should anybody ask: the code of rest that G.704 recommends."""


def ends_of(configuration: Configuration, span: Span) -> SpanEnds:
    """What stands at the ends of a span."""
    if span.kind == "subscriber":
        return SpanEnds("subscribers", "telephones", SUBSCRIBER_IDLE)
    if span.kind == "office":
        return SpanEnds("offices", "subscribers", SUBSCRIBER_IDLE)
    if span.kind in ("ccs", "signalling"):
        return SpanEnds("circuits", "circuits", COMMON_CHANNEL_IDLE)
    for group in configuration.trunk_groups:
        if any(name == span.name for name, _ in circuits_of(group)):
            return SpanEnds("circuits", "circuits", *_bits(group))
    return SpanEnds("circuits", "circuits", load_variant("china").data.bits.backward.idle)


def _bits(group: TrunkGroup) -> tuple[int, ...]:
    """The bits at rest; of E and M also those of off-hook."""
    if group.signalling == "e&m":
        bits = load_ear_and_mouth_variant(variant_of(group)).data.bits
        return bits.on_hook, bits.off_hook
    return (load_variant(variant_of(group)).data.bits.backward.idle,)


def slot_port(slot: int) -> int:
    """The port of a time slot within a span of 30 circuits: 1-15 and 17-31 become 0-29 (time slot 16 carries the signalling)."""
    return slot - 1 if slot < 16 else slot - 2


def first_ports(configuration: Configuration) -> dict[str, int]:
    """The plane's first port of each span, by the span's name and in the order of the configuration."""
    ports = accumulate((SPAN_PORTS + span.speech_in_slot_16 for span in configuration.spans), initial=0)
    return {span.name: port for span, port in zip(configuration.spans, ports, strict=False)}


def _span_ports(configuration: Configuration) -> int:
    """The ports of all spans, behind which sound devices stand."""
    return sum(SPAN_PORTS + span.speech_in_slot_16 for span in configuration.spans)


def port_of(configuration: Configuration, span: str, slot: int) -> int:
    """The plane's port of a time slot, or of a place on a board."""
    row = next(row for row in configuration.spans if row.name == span)
    place = slot - 1 if row.board or row.speech_in_slot_16 else slot_port(slot)
    return first_ports(configuration)[span] + place


def sound_ports_of(configuration: Configuration) -> int:
    """How many ports carry sound: those of the spans, then those of sound devices."""
    return max(SPAN_PORTS, _span_ports(configuration)) + len(configuration.sound_devices)


def signalling_ports_of(configuration: Configuration) -> dict[tuple[str, int], int]:
    """The plane's port of each signalling channel by span and time slot; they stand behind all ports that carry sound."""
    named = [(span.name, slot) for span in configuration.spans for slot in span.frame_slots]
    first = _span_ports(configuration) + len(configuration.sound_devices)
    return {name: first + place for place, name in enumerate(named)}


def ports_of(configuration: Configuration) -> dict[str, int]:
    """The port of each line, by the line's name."""
    trunks = [circuit for group in configuration.trunk_groups for circuit in circuits_of(group)]
    places = [*trunks, *(line_of(row) for row in configuration.extensions)]
    first = _span_ports(configuration)
    sounds = {row.name: port for port, row in enumerate(configuration.sound_devices, first)}
    return {f"{span}/{slot}": port_of(configuration, span, slot) for span, slot in places} | sounds


def port_kinds_of(configuration: Configuration) -> dict[int, str]:
    """What stands on the ports of the lines."""
    stands = {"cas": "cas", "ccs": "raw", "signalling": "raw", "subscriber": "fxs", "office": "fxo"}
    kinds = {span.name: stands[span.kind] for span in configuration.spans}
    return {port: kinds.get(name.partition("/")[0], "raw") for name, port in ports_of(configuration).items()}


def lines_that_outlive_planes(configuration: Configuration, channels: Collection[int]) -> set[str]:
    """Names of the lines whose calls can go on when these channels of DAHDI were held; a sound device has no far end to lose."""
    held = {
        f"{span.name}/{channel - span.first_channel + 1}"
        for span in configuration.spans
        if span.card == "dahdi"
        for channel in channels
        if span.first_channel <= channel < span.first_channel + span.channels
    }
    return held | {row.name for row in configuration.sound_devices}


def circuit_engines(group: TrunkGroup, direction: Direction, examiner: NumberExaminer, far: bool = False) -> Callable[[], Engine]:
    """Makes the engine of one circuit of a group that is worked by signalling bits, at our end of it or at the far one."""
    if group.signalling == "e&m":
        tie_variant = load_ear_and_mouth_variant(variant_of(group))
        hears_digits = not group.ignores_digits
        features = EarAndMouthFeatures(group.start, group.dialling, caller_number=group.caller_number, hears_digits=hears_digits)
        return lambda: EarAndMouthCircuit(tie_variant, direction, examiner, features)
    variant = load_variant(variant_of(group))
    habits = CircuitHabits(
        traffic=group.traffic,
        control=group.release_control or "",
        ask_caller=group.ask_caller or "",
        semi_automatic=group.semi_automatic,
        dual_seizure=_glare(group, far),
    )
    return lambda: R2Circuit(variant, direction, examiner, habits=habits)


def _glare(group: TrunkGroup, far: bool) -> Literal["", "both-release", "goes-on", "gives-way"]:
    """What an end does when both have seized: the far end the opposite of ours."""
    if group.dual_seizure is None or group.dual_seizure == "both-release" or not far:
        return group.dual_seizure or ""
    return "goes-on" if group.dual_seizure == "gives-way" else "gives-way"


def trunks_of(
    configuration: Configuration, examiner: NumberExaminer, signalled: Callable[[str, int], Engine]
) -> tuple[list[Line], dict[str, Trunks]]:
    """The lines of all trunk groups, and the groups by name; ``signalled`` makes the engine of a circuit of No. 7 by span and time slot."""
    lines: list[Line] = []
    groups: dict[str, Trunks] = {}
    for group in configuration.trunk_groups:
        make = engines_of(group, group.direction, examiner, signalled)
        own = [
            Line(
                f"{span}/{slot}",
                port_of(configuration, span, slot),
                make(span, slot),
                TRUNK,
                group=group.name,
                echo_tail_ms=group.echo_tail_ms,
                port_kind=PORT_KINDS.get(group.signalling, "cas"),
            )
            for span, slot in circuits_of(group)
        ]
        for line in own:
            # The user parts of No. 7 turn the category that they carry into that of China No.1 (their variants' files).
            line.variant = "china" if group.signalling in NO_7 else variant_of(group)
        toll = group.traffic != "local"
        groups[group.name] = Trunks(group.name, own, group.hunt, group.direction != "incoming", group.attempts, toll)
        lines += own
    return lines, groups


def engines_of(
    group: TrunkGroup,
    direction: Direction,
    examiner: NumberExaminer,
    signalled: Callable[[str, int], Engine],
    far: bool = False,
) -> Callable[[str, int], Engine]:
    """Makes the engine of a circuit of a group by span and time slot."""
    if group.signalling in NO_7:
        return signalled
    make = _exchange_line(group) if group.signalling == "fxo" else circuit_engines(group, direction, examiner, far)
    return lambda span, slot: make()


def _exchange_line(group: TrunkGroup) -> Callable[[], Engine]:
    variant = load_exchange_line_variant(variant_of(group))
    poles: tuple[Literal["reversal"], ...] = ("reversal",) if group.answer_supervision == "reversal" else ()
    features = FxoFeatures(
        dialling=group.dialling,
        caller_identity=group.caller_identity,
        answer_supervision=group.answer_supervision,
        release_supervision=(*poles, "busy-tone", "loop-break"),
        ground_start=group.ground_start,
        takes_calls=group.direction != "outgoing",
    )
    return lambda: FxoLine(variant, group.number, features)


def subscriber_variant(configuration: Configuration) -> SubscriberVariant:
    """The variant of the subscriber lines with the configuration's own times."""
    timers = configuration.timers
    return load_subscriber_variant("china-subscriber").adjusted(
        {
            "first_digit": timers.first_digit_seconds * 1000,
            "inter_digit": timers.inter_digit_seconds * 1000,
            "whole_number": timers.whole_number_seconds * 1000,
            "tone": timers.busy_tone_seconds * 1000,
        }
    )


def extensions_of(configuration: Configuration, examiner: NumberExaminer, date_time: DateTime) -> Sequence[Line]:
    """The lines of all extensions."""
    variant = subscriber_variant(configuration)
    lamps = {span.name for span in configuration.spans if span.message_lamp != "none"}

    def made(row: Extension) -> Line:
        features = features_of(row, line_of(row)[0] in lamps)
        engine = FxsLine(variant, row.number, examiner, features=features, date_time=date_time)
        line = Line(
            row.line,
            port_of(configuration, *line_of(row)),
            engine,
            EXTENSION,
            number=row.number,
            echo_tail_ms=row.echo_tail_ms,
            port_kind="fxs",
        )
        line.call_waiting = row.call_waiting
        line.title = row.name
        return line

    return [made(row) for row in configuration.extensions]


def sound_lines_of(configuration: Configuration) -> list[Line]:
    """The lines of all sound devices; their ports stand behind those of the spans, in the order of the configuration."""
    if not configuration.sound_devices:
        return []
    variant = load_sound_line_variant()
    first = _span_ports(configuration)
    return [
        Line(row.name, port, SoundLine(variant, row.beep), EXTENSION, number=row.number, port_kind="raw")
        for port, row in enumerate(configuration.sound_devices, first)
    ]


def features_of(row: Extension, message_lamp: bool = False) -> SubscriberFeatures:
    """What the line of an extension has; whether the card feeds a lamp for it, its span says."""
    features: dict[str, Any] = {
        "caller_identity": row.caller_identity,
        "reversal": row.reversal,
        "metering": row.metering,
        "hot_line": row.hot_line,
        "hot_line_delay_ms": round(row.hot_line_seconds * 1000),
        "call_waiting": row.call_waiting,
        "message_waiting": True,
        "message_lamp": message_lamp,
        "ground_start": row.ground_start,
    }
    return SubscriberFeatures(**features)


class NoNumbers:
    """Judges nothing: for engines that are made only to see whether they can be."""

    def examine(self, digits: str) -> Examination:
        """Nothing is a number."""
        return Examination(INVALID, cause=UNALLOCATED_NUMBER)


def faults_of(configuration: Configuration) -> list[tuple[tuple[str | int, ...], str]]:
    """Lines that cannot be as the configuration wants them: (place in the file, what is wrong)."""
    faults: list[tuple[tuple[str | int, ...], str]] = []
    nobody = NoNumbers()
    for place, group in enumerate(configuration.trunk_groups):
        if group.signalling in NO_7:
            continue  # pbx/signalling_plant.py judges them
        try:
            make = _exchange_line(group) if group.signalling == "fxo" else circuit_engines(group, group.direction, nobody)
            make()
        except (ValueError, OSError) as error:
            told = error.faults if isinstance(error, VariantError) else (str(error),)
            faults += [(("trunk_group", place), f'trunk group "{group.name}": {fault}') for fault in told]
    missing = alsa.unavailable() if configuration.sound_devices else ""
    faults += [(("sound_device", place), missing) for place, _ in enumerate(configuration.sound_devices) if missing]
    variant = subscriber_variant(configuration)
    for place, row in enumerate(configuration.extensions):
        try:
            FxsLine(variant, row.number, nobody, features=features_of(row))
        except ValueError as error:
            faults.append((("extension", place), f"extension {row.number}: {error}"))
    return faults
