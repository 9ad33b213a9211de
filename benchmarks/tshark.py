"""tshark as the peer of our decoders: the CPU time it takes for a capture file more than for an empty one.

It is a process, and so it is measured: what it takes to start is taken off by a file without packets, of ours likewise. Captures are of
ISUP messages in signal units under labels of 24 bits, as pbx/capture.py writes them. Leaves out what either says.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pbx.packet_file import header, record
from pbx.signalling.ss7.mtp2.unit import SignalUnit, write_signal_unit
from pbx.signalling.ss7.mtp3.label import CHINA, ISUP, Label, Unit

ABSENT = "no peer: tshark is not installed"
COMMAND = ("tshark", "-n", "-o", "mtp3.standard:Chinese ITU", "-r")
FIELDS = ("isup.cic", "isup.message_type", "isup.called", "isup.calling", "isup.called_partys_status_indicator", "isup.cause_indicator")
"""What a switch wants to know of the messages of a call."""
AS_FIELDS = ("-T", "fields", *(word for name in FIELDS for word in ("-e", name)))
AS_TEXT = ("-V",)
_HERE, _THERE = CHINA.read("21-100-51"), CHINA.read("21-100-52")
_NATIONAL = 2


def installed() -> bool:
    """Whether it is there."""
    return shutil.which(COMMAND[0]) is not None


def name() -> str:
    """With the version."""
    said = subprocess.run([COMMAND[0], "--version"], capture_output=True, check=True, text=True).stdout.split()
    return f"tshark {said[said.index('(Wireshark)') + 1]}" if "(Wireshark)" in said else "tshark"


def capture(messages: Sequence[bytes]) -> bytes:
    """A file of ISUP messages that begin with the circuit identification code, a millisecond apart."""
    units = (
        write_signal_unit(
            SignalUnit(127, 1, number % 128, 1, CHINA.write_unit(Unit(ISUP, _NATIONAL, Label(_THERE, _HERE, octets[0] & 15), octets)))
        )
        for number, octets in enumerate(messages)
    )
    return header() + b"".join(record(number / 1000, True, 0, unit) for number, unit in enumerate(units))


def cpu_seconds(command: Sequence[str | Path]) -> float:
    """CPU time of a process, its output thrown away."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def per_second(command: Sequence[str], behind: Sequence[str], full: Path, packets: int, starts: int = 3) -> float:
    """Packets per CPU second of a command with the file and what stands behind it, less the quickest of so many starts."""
    empty = full.with_suffix(".empty")
    empty.write_bytes(header())
    started = min(cpu_seconds([*command, empty, *behind]) for _ in range(starts))
    return packets / max(cpu_seconds([*command, full, *behind]) - started, 1e-6)
