"""``ss7.dissect``: signal units of whole calls out of a capture file and into words, ``zongji decode`` beside ``tshark -V``.

Both are processes that read the same file and print each unit with level 2, label, message and all parameters; the CPU time that each
takes to start is taken off by an empty file. ``ss7.dissect.json`` is the same as JSON (``tshark -T json``), ``ss7.dissect.read`` reading
alone: into values of ours, without words, beside fields of tshark's (``-T fields``). Leaves out filters.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import tshark
from benchmarks.no7_messages import isup_messages
from benchmarks.row import Effort, Row, load_text
from pbx.decode import seen_in
from pbx.signalling.ss7.isup import codec
from pbx.signalling.ss7.mtp3.label import CHINA

KINDS = ("iam", "acm", "anm", "rel", "rlc")
OURS = (sys.executable, "-m", "pbx", "decode")
READ = "ss7.dissect.read"
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ss7.dissect": ((), tshark.AS_TEXT),
    "ss7.dissect.json": (("--json",), ("-T", "json")),
    READ: ((), tshark.AS_FIELDS),
}
"""What stands behind the file in our command and in tshark's."""


def calls() -> list[bytes]:
    """The messages of a call on each circuit."""
    return [codec.encode(message) for messages in zip(*map(isup_messages, KINDS), strict=True) for message in messages]


def read_per_second(full: Path, packets: int) -> float:
    """Packets per CPU second, read into values and forgotten."""
    begun = time.process_time()
    read = sum(seen.message is not None for seen in seen_in(full, CHINA))
    spent = time.process_time() - begun
    if read != packets:
        raise RuntimeError(f"of {packets} messages {read} were read")
    return packets / spent


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The rows of ``names``; ours and tshark's by turns."""
    runs = 1 if effort.brief else 3
    messages = calls() * int(effort.choose(1, 10, 100))
    judge = tshark.name() if tshark.installed() else None
    with tempfile.TemporaryDirectory(prefix="zongji-bench-") as folder:
        full = Path(folder) / "calls.pcap"
        full.write_bytes(tshark.capture(messages))
        for name in names:
            ours, theirs = WAYS[name]
            own, peer = [], []
            for _ in range(runs):
                if name == READ:
                    own.append(read_per_second(full, len(messages)))
                else:
                    own.append(tshark.per_second(OURS, ours, full, len(messages), runs))
                if judge:
                    peer.append(tshark.per_second(tshark.COMMAND, theirs, full, len(messages), runs))
            asked = f"tshark {' '.join(theirs[:2])}" if judge else tshark.ABSENT
            how = "into values" if name == READ else " ".join(("zongji decode", *ours))
            conditions = (
                f"{len(messages)} signal units, IAM ACM ANM REL RLC by turns; ours: {how}; "
                f"{asked}; start-up taken off; median of {len(own)}; {load_text()}"
            )
            of_peer = round(statistics.median(peer)) if judge else None
            yield Row(name, round(statistics.median(own)), "messages/CPU second", "higher", judge, of_peer, conditions)
