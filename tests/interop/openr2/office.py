"""The office that libopenr2 faces: our exchange in virtual time, its span ``peer`` on the outside socket, libopenr2 in its own process.

A second span leads to the simulated city network (calls in transit), a third to simulated telephones. ``Office`` starts all of it, lets
time pass until both sides are at rest, and gathers what both sides say: facts, call detail records and complaints of ours, calls and call
log files of libopenr2's. Leaves out who calls whom, which is the tests'.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from config.loader import check
from config.schema import Configuration
from pbx.checkers import Checkers
from pbx.numbers import plan_for
from pbx.prompts import render
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant
from pbx.simulation import Simulation
from pbx.sound_file import SAMPLE_RATE_HZ, decode_alaw, encode_alaw
from pbx.tone_plan import china
from pbx.vocabulary import facts

HOME = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
EXTENSIONS = 24
CONTEXTS: dict[str, dict[str, Any]] = {
    "last": {"file": str(HERE / "china_callee.conf")},
    "first": {"file": str(HERE / "china_callee.conf"), "set_ani_first": 1},
    "counted": {"file": str(HERE / "china_callee.conf"), "most_caller": 4},
    "category": {"file": str(HERE / "china_callee.conf"), "most_caller": 0},
    "anonymous": {"file": str(HERE / "china_callee.conf"), "set_skip_category_request": 1, "most_caller": 0},
    "stock": {},
    "caller": {"file": str(HERE / "china_caller.conf")},
    "caller told vacant": {"file": str(HERE / "china_caller_told_vacant.conf")},
}
"""libopenr2's settings: as callee asking for the caller after the last digit, after the first, for four digits only, for the category
only, not at all; as it comes; as caller."""

SETTINGS = """
[exchange]
name = "对端测试局"

[[span]]
name = "peer"
kind = "cas"
far_end = "outside"
mode = "lockstep"
socket = "{socket}"

[[span]]
name = "city"
kind = "cas"

[[span]]
name = "sub"
kind = "subscriber"

[[trunk_group]]
name = "peer"
circuits = ["peer/1-10", "peer/17-31"]
hunt = "{hunt}"

[[trunk_group]]
name = "peer-early"
circuits = ["peer/11-15"]
direction = "incoming"

[[trunk_group]]
name = "city"
circuits = ["city/1-15", "city/17-31"]

[[number]]
prefix = "10086"
destination = "flow:main_menu"

[[number]]                 # in transit to libopenr2
prefix = "9"
length = [4, 16]
strip = 1
destination = "trunk:peer"
callers = "all"

[[number]]                 # in transit to the city
prefix = "6"
length = 8
destination = "trunk:city"
callers = "all"

[[number]]
prefix = "77"
length = 20
destination = "announcement:welcome"

[[number]]
prefix = "112"
destination = "announcement:welcome"

[flow.main_menu]
greeting = "welcome"
menu = "welcome"
wait_seconds = 30

[[prompt]]
name = "welcome"
text_en = "Welcome to the exchange."

[recording]
what = "all"
"""
EXTENSION = """
[[extension]]
number = "{number}"
line = "sub/{slot}"
name = "分机"
"""
INVALID_BITS = "protocol error: Invalid CAS"
CROSSED_LOG = re.compile(r"Invalid CAS, R2 State = Clear Forward Transmitted, .* CAS = 0x04")
BAD_WORDS = re.compile(r"rotocol error|BUG|[Ff]ailed|Broken|back cycle timed out|invalid|Invalid|Unhandled|Yikes|Unknown|ignoring")


def configuration(socket: Path, hunt: str) -> Configuration:
    """The office's configuration; some of its circuits ask for the caller early."""
    slots = [slot for slot in range(1, EXTENSIONS + 2) if slot != 16]
    text = SETTINGS.format(socket=socket, hunt=hunt) + "".join(
        EXTENSION.format(number=8000 + n, slot=slot) for n, slot in enumerate(slots, 1)
    )
    loaded = check(text, str(socket.with_suffix(".toml")))
    assert isinstance(loaded, Configuration), "\n".join(map(str, loaded))
    return loaded


def noise(seconds: float, seed: int) -> bytes:
    """A sound that nothing else sounds like: A-law of noise at about -20 dBm0, the same for the same seed."""
    random = np.random.default_rng(seed)
    return encode_alaw(random.normal(0.0, 1800.0, int(seconds * SAMPLE_RATE_HZ)).clip(-8000, 8000).astype(np.int16))


def likeness(heard: bytes, wanted: bytes) -> float:
    """The best normalised correlation of ``wanted`` with any part of ``heard``; 1.0 = it is in there, sample for sample."""
    long, short = (np.asarray(decode_alaw(octets), float) for octets in (heard, wanted))
    if len(long) < len(short):
        return 0.0
    size = 1 << (len(long) + len(short)).bit_length()
    product = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)[: len(long) - len(short) + 1]
    power = np.concatenate([[0.0], np.cumsum(long * long)])
    energy = (power[len(short) :] - power[: -len(short)]) * float(short @ short)
    return float(np.max(product / np.sqrt(np.maximum(energy, 1.0))))


class Office:
    """Both sides, from the start to the reckoning."""

    def __init__(self, folder: Path, program: dict[str, Any], hunt: str = "descending", early: bool = True) -> None:
        """``program``: circuits, calls and answers of far_exchange.py; ``early``: slots 11 to 15 ask for the caller early."""
        self.folder = folder
        self.log = folder / "log"
        self.log.mkdir()
        socket = folder / "peer.socket"
        self.sound = noise(2.0, seed=1)
        (folder / "noise.alaw").write_bytes(self.sound)
        self.program = {
            "socket": str(socket), "log": str(self.log), "sound": str(folder / "noise.alaw"), "contexts": CONTEXTS, "circuits": {},
        } | program  # fmt: skip
        loaded = configuration(socket, hunt)
        self.prompts = render(loaded.prompts, HOME / "build" / "prompts")
        self.recorded: dict[tuple[str, int], bytearray] = {}
        self._recorders: dict[int, bytearray] = {}
        self.record = False
        self.checkers = Checkers(lambda line: not line.startswith("sub/"))
        self.facts: list[facts.Fact] = []
        self.sim = Simulation(loaded, china(), self.prompts, append=self._take)
        if early:
            self._ask_early()
        self.process = self._start()

    def _ask_early(self) -> None:
        variant = load_variant("china").adjusted(register={"ask_caller": "first"})
        examiner = plan_for("trunks", self.sim.configuration)
        for slot in range(11, 16):
            line = self.sim.exchange.lines[f"peer/{slot}"]
            line.engine = R2Circuit(variant, "incoming", examiner)

    def _take(self, fact: facts.Fact) -> None:
        self.facts.append(fact)
        self.checkers.take(len(self.facts), fact)
        if isinstance(fact, facts.RecordingStarted):
            self._recorders[fact.recorder] = self.recorded.setdefault((fact.call, fact.leg), bytearray())
        elif isinstance(fact, facts.Established) and self.record and fact.line.startswith("peer/"):
            self.sim.clock.callLater(0.0, self._record, fact.call, fact.leg)

    def _record(self, call: str, leg: int) -> None:
        found = self.sim.exchange.switch.calls.get(call)
        if found is not None and leg in found.legs:
            self.sim.exchange.floor.turn(self.sim.exchange.switch.recorders.record, found.legs[leg])

    def _start(self) -> subprocess.Popen[bytes]:
        program = self.folder / "program.json"
        program.write_text(json.dumps(self.program), encoding="utf-8")
        # A sanitizer does not allow RTLD_DEEPBIND; the far exchange is not what it is to watch.
        environment = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "ZONGJI_NATIVE")}
        environment["PYTHONPATH"] = str(HOME)
        command = [sys.executable, "-m", "tests.interop.openr2.far_exchange", str(program), str(self.folder / "result.json")]
        process = subprocess.Popen(command, cwd=HOME, env=environment)
        assert self.sim.await_peers(30.0), "libopenr2's process did not connect"
        self.sim.start()
        return process

    # Letting time pass.

    def run(self, seconds: float) -> None:
        """Let time pass and read the recorders."""
        while seconds > 0:
            self.sim.run(min(seconds, 1.0))
            seconds -= 1.0
            for recorder, kept in self._recorders.items():
                kept += self.sim.near.read_recorder(recorder)

    def run_until(self, wanted: Callable[[], bool], limit_seconds: float) -> bool:
        """Let time pass, a second at a time, until it is so; False when it did not come in time."""
        end = self.sim.clock.now + limit_seconds
        while not wanted() and self.sim.clock.now < end:
            self.run(1.0)
        return wanted()

    def cleared(self, *, incoming: bool) -> int:
        """How many legs of ours on the span to libopenr2 are over, of those that it seized or of those that we did."""
        begun = {(f.call, f.leg) for f in self.facts if isinstance(f, facts.ServiceInitiated) and f.line.startswith("peer/")}
        over = [f for f in self.facts if isinstance(f, facts.ConnectionCleared) and f.line.startswith("peer/")]
        return sum(((fact.call, fact.leg) in begun) == incoming for fact in over)

    def finish(self) -> "Reckoning":
        """Let both sides come to rest, close the socket, and reckon."""
        self.run(3.0)
        self.sim.near_wires[0].unjoin(0)
        assert self.process.wait(30.0) == 0
        result = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        logs = {path.name: path.read_text(encoding="utf-8") for path in sorted(self.log.glob("*.call"))}
        return Reckoning(self, result, logs)

    def close(self) -> None:
        """End the far exchange, whatever has happened."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _crossed(call: dict[str, Any]) -> bool:
    """Whether our answer met libopenr2's clear-forward on the way, which it takes for a protocol error, though nobody can prevent it."""
    (cleared_at, what), (at, error) = call["log"][-2:] if len(call["log"]) > 1 else [(0.0, ""), (0.0, "")]
    return bool(what == "clears" and error == INVALID_BITS and at - cleared_at <= 0.1)


class Reckoning:
    """What both sides say when all is over."""

    def __init__(self, office: Office, result: dict[str, Any], logs: dict[str, str]) -> None:
        self.office = office
        self.result = result
        self.logs = logs
        self.calls: list[dict[str, Any]] = result["calls"]
        self.by_caller = [call for call in self.calls if call["direction"] == "out"]
        self.by_us = [call for call in self.calls if call["direction"] == "in"]
        self.crossed = [call for call in self.by_caller if _crossed(call)]

    def complaints(self) -> list[str]:
        """Everything that is not clean, on either side; empty = all is well."""
        return [*self._theirs(), *self._ours()]

    def _theirs(self) -> list[str]:
        crossed = Counter(f"slot {call['slot']}: {INVALID_BITS}" for call in self.crossed)
        found = [f"libopenr2: {error}" for error in (Counter(self.result["errors"]) - crossed).elements()]
        if self.result["strange"]:
            found.append(f"libopenr2 asked {self.result['strange']} things of its line card that it does not know")
        for slot, state in self.result["states"].items():
            if state != ["Idle", "Idle", "IDLE", "IDLE"]:
                found.append(f"libopenr2: slot {slot} is left {state}")
        for call in self.calls:
            if call["log"][-1][1] != "end" and call not in self.crossed:
                found.append(f"libopenr2: a call does not end: {call}")
        if len(self.logs) != len(self.calls):
            found.append(f"libopenr2 wrote {len(self.logs)} logs of {len(self.calls)} calls")
        for name, text in self.logs.items():
            if CROSSED_LOG.search(text):
                continue
            bad = [line for line in text.splitlines() if BAD_WORDS.search(line)]
            found += [f"{name}: {line}" for line in bad]
            if "Call ended" not in text:
                found.append(f"{name} has no end")
        return found

    def _ours(self) -> list[str]:
        office, floor = self.office, self.office.sim.exchange.floor
        found = [f"we: {complaint}" for complaint in office.checkers.finish()]
        found += [f"we count {count} times: {name}" for name, count in floor.counters.items()]
        found += [f"our fault: {fault}" for fault in floor.faults]
        for line in office.sim.exchange.lines.values():
            if line.leg is not None or not line.idle or line.blocked:
                found.append(f"our line {line.name} is left with leg {line.leg}, idle {line.idle}, blocked {line.blocked}")
        if office.sim.exchange.switch.calls:
            found.append(f"our calls {list(office.sim.exchange.switch.calls)} do not end")
        return found
