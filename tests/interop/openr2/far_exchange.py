"""libopenr2 as the exchange at the far end of a span: ``python -m tests.interop.openr2.far_exchange PROGRAM.json RESULT.json``.

Connects to the outside socket (docs/integrator/outside-socket.md) in lockstep, frames with our ``SpanTerminal``, and plays the line card
under thirty channels of the library, block by block. The program says which channels call whom, and what becomes of calls that come in;
the result says what the library reported, call by call. It ends when the exchange closes the socket. Leaves out signalling of any kind:
that is libopenr2's.

Of the program: ``variant`` and ``idle_bits`` (facing.py); ``contexts`` by name, and ``circuits``: which context a slot has; ``calls`` by
slot; ``answers`` by called number; ``acts``: when something ``when`` happens in the ``call``-th call on a ``slot``, "clear" or a word of
line_faults.py is done ``delay`` later, a fault ``for`` so long; ``faults``: [seconds, slot, word, for seconds]; ``blocks``: [seconds, slot,
whether]; ``delay_blocks``: how much longer the
line is, each way; ``edges``: whether what passes on the line is kept; ``rest_after``: seconds after which a channel that does not come to
its end is set idle by hand, as an operator would; ``logs``: whether the library writes its call files.
"""

import ctypes
import heapq
import json
import socket
import struct
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pbx._plane import lib

from drivers.span import slot_of
from drivers.wire import SpanTerminal
from tests.interop.openr2 import library as openr2
from tests.interop.openr2.line_faults import SILENCE, TICK, CircuitFaults

HELLO = struct.Struct("!4sHBB32s")
TICK_S = 0.01
EPOCH_S = 946_684_800
"""The library's clock begins on 1 January 2000."""
BLOCK = 160
TRIES = 200
MOST = 40
"""Digits of a number unless a context says otherwise: more than anybody has, so that libopenr2 hears the sign of the end. A callee that
counts the caller's digits and then asks on for the called number cannot be understood, for A1 asks for both."""
CONTEXT_SETTINGS = ("set_ani_first", "set_skip_category_request")


class Circuit:
    """One channel of the library and the call on it."""

    def __init__(self, port: int, channel: int, calls: list[dict[str, Any]]) -> None:
        self.port = port
        self.slot = slot_of(port)
        self.channel = channel
        self.waiting = deque(calls)
        self.call: dict[str, Any] = {}
        self.order: dict[str, Any] = {}
        self.number = 0
        self.digits = ""
        self.bits = -1
        self.received = -1
        self.heard: bytearray | None = None
        self.saying = b""
        self.faults = CircuitFaults()
        self.signals = self.signal = self.understood = 0
        self.sounding = {"in": False, "out": False}


class FarExchange:
    """Thirty circuits, their program and their results."""

    def __init__(self, program: dict[str, Any]) -> None:
        self.program = program
        self.library = openr2.load()
        self.answers: dict[str, dict[str, Any]] = program.get("answers", {})
        self.sound = Path(program["sound"]).read_bytes() if program.get("sound") else b""
        self.calls: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.circuits: dict[int, Circuit] = {}
        self.tick = 0
        self.idle: int = program.get("idle_bits", 0b1011)
        self.edges: list[list[Any]] = []
        self.rests: list[list[Any]] = []
        self.lines: list[list[Any]] = []
        self.cpu_s = 0.0
        self._acts: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
        for act in program.get("acts", ()):
            self._acts[act["slot"], act["call"]].append(act)
        self._watched = bool(program.get("edges") or self._acts or program.get("faults"))
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._dues = 0
        self._kept: list[Any] = []  # what the library points to

    # Time and the line.

    def run(self) -> None:
        """Exchange blocks until the other end is gone."""
        line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line.connect(self.program["socket"])
        line.send(HELLO.pack(b"ZJE1", 1, 0, 0, b""))
        if HELLO.unpack(line.recv(4096))[:3] != (b"ZJE1", 1, 0):
            raise SystemExit("this is no lockstep span")
        terminal = SpanTerminal(idle_bits=self.idle)
        out = ctypes.create_string_buffer(openr2.CHANNELS * 80)
        self.library.card_reset(self.idle)
        delay: int = self.program.get("delay_blocks", 0)
        leaving, coming = deque(terminal.give() for _ in range(delay)), deque([None] * delay)
        said = None
        while True:
            leaving.append(terminal.give(said))
            try:
                line.send(struct.pack("!Q", self.tick) + leaving.popleft())
                message = line.recv(4096)
            except (BrokenPipeError, ConnectionResetError):
                return
            if not message:
                return
            coming.append(message[8:])
            sound, events = terminal.take(coming.popleft())
            self.tick += 1
            if self.circuits:
                self.library.card_set_clock(EPOCH_S * 1_000_000 + self.tick * 10_000)
                self._feed(events)
                self.library.card_tick(self._splice("in", sound), out)
                begun = time.process_time()
                self._work()
                self.cpu_s += time.process_time() - begun
                self._send_bits(terminal)
                said = self._splice("out", out.raw[: openr2.CHANNELS * 80])
            elif terminal.alarms == 0 and all(terminal.bits(port) == self.idle for port in range(openr2.CHANNELS)):
                self._open()

    def _feed(self, events: list[Any]) -> None:
        by_port = {circuit.port: circuit for circuit in self.circuits.values()}
        for event in events:
            if event.kind == lib.CARD_EVENT_BITS:
                circuit = by_port[event.port]
                circuit.received = event.value
                if not circuit.faults.keeps("in"):
                    self._edge(circuit, "in", "bits", event.value, event.offset)
                    self.library.card_bits_in(event.port, event.value)
                else:
                    circuit.faults.kept["in"] = event.value
            elif event.kind == lib.CARD_EVENT_ALARM and event.port == 0:
                self.library.card_alarm(event.value != 0)

    def _edge(self, circuit: Circuit, way: str, what: str, value: int, offset: int = 0) -> None:
        """Keep what passed: the sample of the line, "in" to the library or "out" of it."""
        if self.program.get("edges"):
            began = (self.tick - (way == "in")) * TICK
            self.edges.append([began + offset, circuit.slot, way, what, value])

    def _splice(self, way: str, sound: bytes) -> bytes:
        """The sound of a tick, port after port, through the faults of its circuits; edges of what sounds are kept."""
        if not self._watched:
            return sound
        spliced = bytearray(sound)
        for circuit in self.circuits.values():
            begin = circuit.port * TICK
            block = circuit.faults.sound(way, sound[begin : begin + TICK])
            spliced[begin : begin + TICK] = block
            sounds = block[-1] != SILENCE[0] or block[-2] != SILENCE[0] or block[-3] != SILENCE[0]
            if sounds != circuit.sounding[way]:
                circuit.sounding[way] = sounds
                if sounds:
                    self._edge(circuit, way, "on", circuit.signal if way == "out" else 0, TICK - len(block.lstrip(SILENCE[:1])))
                else:
                    self._edge(circuit, way, "off", 0, len(block.rstrip(SILENCE[:1])))
        return bytes(spliced)

    def _work(self) -> None:
        while self._due and self._due[0][0] <= self.tick:
            heapq.heappop(self._due)[2]()
        for circuit in self.circuits.values():
            if circuit.saying and self.library.card_waiting(circuit.port) <= BLOCK:
                self.library.openr2_chan_write(circuit.channel, circuit.saying[:BLOCK], BLOCK)
                circuit.saying = circuit.saying[BLOCK:]
            if not circuit.faults.stopped:
                self.library.openr2_chan_process_event(circuit.channel)
        if self._watched:
            for circuit in self.circuits.values():
                self._watch(circuit)

    def _watch(self, circuit: Circuit) -> None:
        """Which signal the library sends and hears, by its own account."""
        sent = self.library.openr2_chan_get_tx_mf_signal(circuit.channel)
        understood = self.library.openr2_chan_get_rx_mf_signal(circuit.channel)
        if sent != circuit.signal:
            circuit.signal = sent
            if sent:
                circuit.signals += 1
                self._happened(circuit, f"signal {circuit.signals}")
        if understood != circuit.understood:
            circuit.understood = understood
            self._edge(circuit, "in", "heard", understood, TICK)

    def _happened(self, circuit: Circuit, what: str) -> None:
        """Do what the program wants done then."""
        for act in self._acts.get((circuit.slot, circuit.number), ()):
            if act["when"] == what:
                delay = act.get("delay", TICK_S)
                if act["do"] == "clear":
                    self._later(circuit, delay, self._hang_up)
                else:
                    self._fault(circuit, delay, act["do"], act.get("for", 1e6))

    def _mend(self, circuit: Circuit, what: str) -> None:
        """A fault is over; bits that it kept arrive now."""
        circuit.faults.end(what)
        for way, bits in list(circuit.faults.kept.items()):
            if not circuit.faults.keeps(way):
                del circuit.faults.kept[way]
                if way == "in":
                    self._edge(circuit, "in", "bits", bits, TICK)
                    self.library.card_bits_in(circuit.port, bits)
                else:
                    circuit.bits = -1

    def _send_bits(self, terminal: SpanTerminal) -> None:
        for circuit in self.circuits.values():
            bits = self.library.card_bits_out(circuit.port)
            if bits != circuit.bits and circuit.faults.keeps("out"):
                circuit.faults.kept["out"] = bits
            elif bits != circuit.bits:
                circuit.bits = bits
                self._edge(circuit, "out", "bits", bits)
                terminal.order(circuit.port, bits)

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something so much later on the line's clock."""
        self._dues += 1
        heapq.heappush(self._due, (self.tick + max(1, round(seconds / TICK_S)), self._dues, do))

    # Opening the channels.

    def _open(self) -> None:
        events = self._events()
        contexts = {name: self._context(events, settings) for name, settings in self.program["contexts"].items()}
        library, calls = self.library, self.program.get("calls", {})
        for port in range(openr2.CHANNELS):
            slot = slot_of(port)
            context = contexts[self.program["circuits"].get(str(slot), next(iter(contexts)))]
            channel = library.openr2_chan_new_from_fd(context, library.card_fd(port), None, None)
            if not channel:
                raise SystemExit(f"libopenr2 does not open time slot {slot}")
            library.openr2_chan_set_log_level(channel, 0)
            if self.program.get("logs", True):
                library.openr2_chan_enable_call_files(channel)
            library.openr2_chan_set_idle(channel)
            circuit = self.circuits[channel] = Circuit(port, channel, calls.get(str(slot), []))
            library.openr2_chan_handle_cas(channel)
            self._next_call(circuit)
        self._plan({circuit.slot: circuit for circuit in self.circuits.values()})

    def _plan(self, by_slot: dict[int, Circuit]) -> None:
        """What the program does at times of its own."""
        now = self.tick * TICK_S
        for seconds, slot, blocked in self.program.get("blocks", ()):
            set_state = self.library.openr2_chan_set_blocked if blocked else self.library.openr2_chan_set_idle
            self.after(seconds - now, partial(set_state, by_slot[slot].channel))
        for seconds, slot, what, length in self.program.get("faults", ()):
            self._fault(by_slot[slot], seconds - now, what, length)

    def _fault(self, circuit: Circuit, delay: float, what: str, length: float) -> None:
        self.after(delay, partial(circuit.faults.begin, what))
        self.after(delay + length, partial(self._mend, circuit, what))

    def _events(self) -> openr2.Events:
        made = {name: kind(getattr(self, f"on_{name}")) for name, kind in openr2.CALLBACKS.items() if hasattr(self, f"on_{name}")}
        events = openr2.Events(**made)
        self._kept += [made, events]
        return events

    def _context(self, events: openr2.Events, settings: dict[str, Any]) -> int:
        library = self.library
        most_caller, most_called = settings.get("most_caller", MOST), settings.get("most_called", MOST)
        variant = self.program.get("variant", openr2.CHINA)
        context: int = library.openr2_context_new(None, ctypes.byref(events), None, variant, most_caller, most_called)
        library.openr2_context_set_log_level(context, 0)
        library.openr2_context_set_log_directory(context, self.program["log"].encode())
        for name in CONTEXT_SETTINGS:
            getattr(library, f"openr2_context_{name}")(context, settings.get(name, 0))
        if "file" in settings and library.openr2_context_configure_from_advanced_file(context, settings["file"].encode()):
            raise SystemExit(f"libopenr2 does not read {settings['file']}")
        return context

    # Calls that the program makes.

    def _next_call(self, circuit: Circuit) -> None:
        if circuit.waiting:
            order = circuit.waiting.popleft()
            self.after(order.get("gap", 0.3), lambda: self._call(circuit, order, TRIES))

    def _call(self, circuit: Circuit, order: dict[str, Any], tries: int) -> None:
        if circuit.call:
            self.after(0.05, lambda: self._call(circuit, order, tries))
            return
        calling = order.get("calling")
        made = self.library.openr2_chan_make_call(
            circuit.channel, None if calling is None else calling.encode(), order["called"].encode(), order.get("category", 0)
        )
        if made == 0:
            self._begin(circuit, "out", order)
            circuit.call |= {"called": order["called"], "calling": calling}
            if "give_up" in order:
                self._later(circuit, order["give_up"], self._hang_up)
        elif tries:
            self.after(0.05, lambda: self._call(circuit, order, tries - 1))
        else:
            self.errors.append(f"slot {circuit.slot}: no call to {order['called']} can be made")

    def _begin(self, circuit: Circuit, direction: str, order: dict[str, Any]) -> None:
        circuit.number += 1
        circuit.order, circuit.digits, circuit.heard, circuit.saying = order, "", None, b""
        circuit.signals = circuit.signal = 0
        circuit.call = {"slot": circuit.slot, "direction": direction, "began": self.tick * TICK_S, "log": []}
        self.calls.append(circuit.call)
        self._log(circuit, "seized")

    def _log(self, circuit: Circuit, what: str) -> None:
        if circuit.call:
            circuit.call["log"].append([round(self.tick * TICK_S, 2), what])
            self._happened(circuit, what)
        else:
            self.errors.append(f"slot {circuit.slot}: {what} without a call")

    def _later(self, circuit: Circuit, seconds: float, do: Callable[[Circuit], None]) -> None:
        """Do something with this call, if it is still there then."""
        number = circuit.number

        def now() -> None:
            if circuit.number == number and circuit.call:
                do(circuit)

        self.after(seconds, now)

    def _hang_up(self, circuit: Circuit) -> None:
        state = self.library.openr2_chan_get_mf_state_string(circuit.channel).decode()
        circuit.call["cleared_in"] = self.library.openr2_chan_get_r2_state_string(circuit.channel).decode() + ", " + state
        self._log(circuit, "clears")
        circuit.saying = b""
        if self.library.openr2_chan_disconnect_call(circuit.channel, openr2.CAUSES.index("normal")):
            self._log(circuit, "cannot clear")
        self._await_rest(circuit)

    def _await_rest(self, circuit: Circuit) -> None:
        """A channel that does not come to its end is set idle by hand after a while."""
        if "rest_after" in self.program:
            self._later(circuit, self.program["rest_after"], self._rest)

    def _look(self, circuit: Circuit) -> None:
        """A call that came in and whose circuit shows idle now, and for a while already, was cleared without the library's notice."""
        (at, _) = circuit.call["log"][-1]
        if circuit.received == self.idle and self.tick * TICK_S - at > self.program["rest_after"]:
            self._rest(circuit)
        else:
            self._later(circuit, self.program["rest_after"], self._look)

    def _rest(self, circuit: Circuit) -> None:
        state = self.library.openr2_chan_get_r2_state_string(circuit.channel).decode()
        self.rests.append([circuit.slot, self.tick * TICK_S, state])
        self._log(circuit, "set idle by hand")
        self.library.openr2_chan_set_idle(circuit.channel)
        self._log(circuit, "end")
        self._leave(circuit)

    def _talk(self, circuit: Circuit) -> None:
        order = circuit.order
        if order.get("speak"):
            circuit.saying = self.sound
        if order.get("hear"):
            circuit.heard = bytearray()
        if order.get("hold") is not None:
            self._later(circuit, order["hold"], self._hang_up)

    def _answer(self, circuit: Circuit) -> None:
        self._log(circuit, "answers")
        self.library.openr2_chan_answer_call(circuit.channel)
        self._talk(circuit)

    # What the library reports.

    def on_call_init(self, channel: int) -> None:
        circuit = self.circuits[channel]
        self._begin(circuit, "in", {})
        if "rest_after" in self.program:
            self._later(circuit, self.program["rest_after"], self._look)

    def on_dnis_digit_received(self, channel: int, digit: bytes) -> int:
        circuit = self.circuits[channel]
        circuit.digits += digit.decode()
        answer = self.answers.get(circuit.digits)
        return int(answer is None or answer.get("open", False))

    def on_call_offered(self, channel: int, calling: bytes | None, called: bytes, category: int) -> None:
        circuit = self.circuits[channel]
        circuit.call |= {
            "called": called.decode(), "calling": None if calling is None else calling.decode(), "category": category,
        }  # fmt: skip
        self._log(circuit, "offered")
        circuit.order = self.answers.get(called.decode(), {"refuse": "unallocated"})
        refusal = circuit.order.get("refuse")
        if refusal:
            self._log(circuit, f"refuses: {refusal}")
            self.library.openr2_chan_disconnect_call(channel, openr2.CAUSES.index(refusal))
            self._await_rest(circuit)
        else:
            self.library.openr2_chan_accept_call(channel, openr2.MODES.index(circuit.order.get("accept", "with charge")))

    def on_call_accepted(self, channel: int, mode: int) -> None:
        circuit = self.circuits[channel]
        self._log(circuit, "accepted")
        circuit.call["mode"] = openr2.MODES[mode]
        if circuit.call["direction"] == "in" and circuit.order.get("ring") is not None:
            self._later(circuit, max(TICK_S, circuit.order["ring"]), self._answer)

    def on_call_answered(self, channel: int) -> None:
        circuit = self.circuits[channel]
        self._log(circuit, "answered")
        self._talk(circuit)

    def on_call_read(self, channel: int, octets: Any, count: int) -> None:
        heard = self.circuits[channel].heard
        if heard is not None:
            heard += ctypes.string_at(octets, count)

    def on_call_disconnect(self, channel: int, cause: int) -> None:
        circuit = self.circuits[channel]
        self._log(circuit, f"cleared: {openr2.CAUSES[cause]}")
        circuit.saying = b""
        self.library.openr2_chan_disconnect_call(channel, openr2.CAUSES.index("normal"))
        self._await_rest(circuit)

    def on_call_end(self, channel: int) -> None:
        circuit = self.circuits[channel]
        self._log(circuit, "end")
        self._leave(circuit)

    def _leave(self, circuit: Circuit) -> None:
        if circuit.heard is not None:
            path = Path(self.program["log"]) / f"heard-{circuit.slot}-{circuit.number}.alaw"
            path.write_bytes(circuit.heard)
            circuit.call["heard"] = str(path)
        circuit.call, circuit.heard, circuit.saying = {}, None, b""
        self._next_call(circuit)

    def on_protocol_error(self, channel: int, error: int) -> None:
        circuit = self.circuits[channel]
        text = f"protocol error: {self.library.openr2_proto_get_error(error).decode()}"
        self.errors.append(f"slot {circuit.slot}: {text}")
        if circuit.call:
            self._log(circuit, text)
            self._leave(circuit)

    def on_os_error(self, channel: int, error: int) -> None:
        self.errors.append(f"slot {self.circuits[channel].slot}: system error {error}")

    def on_hardware_alarm(self, channel: int, alarm: int) -> None:
        """A span's alarm came or went; the library keeps its calls, and what the bits became meanwhile it reads when it is told to."""
        if not alarm:
            self.after(TICK_S, lambda: self.library.openr2_chan_handle_cas(channel))

    def on_line_blocked(self, channel: int) -> None:
        circuit = self.circuits[channel]
        self.lines.append([self.tick * TICK_S, circuit.slot, "blocked"])
        if not self.program.get("expects_blocking"):
            self.errors.append(f"slot {circuit.slot}: blocked")

    def on_line_idle(self, channel: int) -> None:
        """The far end sends the idle code again; the library itself needs nothing from us."""
        self.lines.append([self.tick * TICK_S, self.circuits[channel].slot, "idle"])

    def result(self) -> dict[str, Any]:
        """What became of it all."""
        library = self.library
        states = {}
        for circuit in self.circuits.values():
            names = ("call_state", "r2_state", "rx_cas", "tx_cas")
            states[circuit.slot] = [getattr(library, f"openr2_chan_get_{name}_string")(circuit.channel).decode() for name in names]
        return {
            "version": library.openr2_get_version().decode(), "calls": self.calls, "errors": self.errors,
            "strange": library.card_strange(), "states": states, "seconds": self.tick * TICK_S,
            "edges": self.edges, "rests": self.rests, "lines": self.lines, "cpu_seconds": self.cpu_s,
        }  # fmt: skip


def main(program: str, result: str) -> int:
    """Run the program of a file, write the result to another one."""
    far = FarExchange(json.loads(Path(program).read_text(encoding="utf-8")))
    far.run()
    Path(result).write_text(json.dumps(far.result()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
