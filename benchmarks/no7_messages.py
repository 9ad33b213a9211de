"""``ss7.encode`` and ``ss7.decode``: messages of ISUP and of the Chinese TUP to octets and back per CPU second, kind by kind.

Messages are those of ordinary calls: an IAM with eleven digits and the caller's number, a REL with a cause. There are as many different
ones as circuits, so that what a codec remembers helps as much as it does in traffic. Beside what we read of ISUP stands tshark, which reads
the same messages in signal units in a capture file and tells numbers and causes (tshark.py). libss7's codec cannot be called alone, and of
the TUP there is no reader. Leaves out labels and procedures.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import tshark
from benchmarks.row import Effort, Row, load_text
from pbx.signalling.ss7.isup import codec as isup
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.call_parameters import initial_address
from pbx.signalling.ss7.isup.incoming import FREE
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameters import CauseIndicators
from pbx.signalling.ss7.isup.variant import load_variant
from pbx.signalling.ss7.tup import codec as tup
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.messages import Heading
from pbx.vocabulary.call import Setup

CIRCUITS = range(1, 481)


def isup_messages(kind: str) -> list[Any]:
    """One for each circuit."""
    if kind == "iam":
        variant = load_variant()
        return [initial_address(cic, Setup(f"021{cic:08}", f"1391{cic:07}"), variant) for cic in CIRCUITS]
    parameters = {"acm": (FREE,), "rel": (CauseIndicators(16, values.Location.PUBLIC_NETWORK_OF_LOCAL_USER),)}
    return [isup.Message(cic, MessageType[kind.upper()], parameters.get(kind, ())) for cic in CIRCUITS]


def tup_messages(kind: str) -> list[Any]:
    """One for each circuit."""
    contents: Callable[[int], c.Contents] = {
        "iam": lambda cic: c.InitialAddress(f"21{cic:08}"),
        "iai": lambda cic: c.InitialAddress(f"21{cic:08}", additional=c.Additional(c.LineIdentity(f"1391{cic:07}"))),
        "acm": lambda cic: c.AddressComplete(c.CompleteType.CHARGE, subscriber_free=True, ss7_path=True),
    }.get(kind, lambda cic: c.Nothing())
    return [tup.Message(cic, Heading[kind.upper()], contents(cic)) for cic in CIRCUITS]


def per_second(convert: Callable[[Any], Any], things: Sequence[Any], rounds: int) -> float:
    """Conversions per CPU second."""
    begun = time.process_time()
    for _ in range(rounds):
        for thing in things:
            convert(thing)
    return rounds * len(things) / (time.process_time() - begun)


def peer_of(octets: list[bytes], rounds: int, starts: int) -> Callable[[], float]:
    """What measures tshark on these messages, so many times: messages per CPU second."""

    def measured() -> float:
        with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
            full = Path(folder) / "messages.pcap"
            full.write_bytes(tshark.capture(octets * rounds))
            return tshark.per_second(tshark.COMMAND, tshark.AS_FIELDS, full, len(octets) * rounds, starts)

    return measured


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of ``names``; ours and tshark's by turns."""
    rounds, peer_rounds, runs = int(effort.choose(2, 100, 1000)), int(effort.choose(1, 100, 400)), 1 if effort.brief else 5
    judge = tshark.name() if tshark.installed() else None
    for name in names:
        _, way, part, kind = name.split(".")
        messages, codec = (isup_messages(kind), isup) if part == "isup" else (tup_messages(kind), tup)
        octets = [codec.encode(message) for message in messages]
        convert, things = (codec.encode, messages) if way == "encode" else (codec.decode, octets)
        compared = judge is not None and (way, part) == ("decode", "isup")
        measure_peer = peer_of(octets, peer_rounds, min(runs, 3))
        own, peer = [], []
        for run in range(runs):
            own.append(per_second(convert, things, rounds))
            if compared and run % 2 == 0:
                peer.append(measure_peer())
        if way == "encode" or part == "tup":
            beside = "no peer: none writes or reads these alone"
        else:
            beside = "tshark: levels 2 and 3 and the file in it, fields of it told" if compared else tshark.ABSENT
        conditions = f"{len(octets[0])} octets, {len(things)} different ones {rounds} times; {beside}; {load_text()}"
        theirs = round(statistics.median(peer)) if compared else None
        yield Row(name, round(statistics.median(own)), "messages/CPU second", "higher", judge if compared else None, theirs, conditions)
