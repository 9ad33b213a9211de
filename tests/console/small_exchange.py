"""A small real exchange with a console, in a process of its own: ``small_exchange.py DATA`` opens the door in DATA and runs.

Each verb that is done, and every Commanded fact, is written to DATA/journal as one line.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec
from twisted.internet import reactor

from pbx.console_words import AgentRow, AlarmRow, CallRow, CircuitRow, LineRow, LinkRow, QueueRow, RecordingRow, SpanRow
from pbx.journal import Journal, MemoryRing
from pbx.manhole import open_console
from pbx.vocabulary import facts


class SmallExchange:
    def __init__(self, data: Path) -> None:
        self.log = (data / "journal").open("a", buffering=1)
        self.journal = Journal(MemoryRing())
        self.journal.subscribe(facts.Fact, self.write)
        self.going = {"1-1": CallRow("1-1", "Connected", "13900000000", "10086", "e1-1/1 a-1", 12.5)}

    def write(self, sequence, fact):
        self.log.write(json.dumps([type(fact).__name__, msgspec.structs.asdict(fact)]) + "\n")

    def line_rows(self):
        return [LineRow(f"e1-1/{slot}", "trunk", "", "idle" if slot > 1 else "answered") for slot in range(1, 31)] * 3

    def call_rows(self):
        return list(self.going.values())

    def queue_rows(self):
        return [QueueRow("sales", "Sales", 2, 17.25, 0)]

    def agent_rows(self):
        return [AgentRow("8001", "Ada", "Busy", "a-1", "1-1", 12.0)]

    def recording_rows(self):
        return [RecordingRow("1-1-1", "1-1", 1, "e1-1/1", "recording", 12.0, 0.25, "2026-11-22/1-1-1-120000.wav")]

    def alarm_rows(self):
        return [AlarmRow("e1-1/1", "killer trunk", 3.0)]

    def span_rows(self):
        return [SpanRow("e1-1", "dahdi", "loss of signal", "CAS, HDB3, CRC-4", "clock from span 2", "normal", 30, 12, 10)]

    def link_rows(self):
        return [LinkRow("toll-a", "toll", 0, "21-100-51", "e1-1/16", "InService", "available", 12, 13)]

    def circuit_rows(self):
        return [CircuitRow("e1-1/1", 1, "isup", "21-100-51", "toll", "Idle")]

    def association_rows(self):
        return []

    def gateway_rows(self):
        return []

    def clear(self, call):
        """Clear a call."""
        del self.going[call]
        self.journal.append(facts.CallCleared(reactor.seconds(), call, cause=16))
        return "cleared"

    def say(self, text):
        """Raise an alarm with a text, so that there is a fact to see."""
        self.journal.append(facts.AlarmRaised(reactor.seconds(), "test", text))

    def verbs(self):
        return {"clear": self.clear, "say": self.say}

    def subscribe(self, kinds, function):
        return self.journal.subscribe(kinds, function)

    def commanded(self, who, verb, argument):
        self.journal.append(facts.Commanded(reactor.seconds(), who, verb, argument))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    reactor.callWhenRunning(open_console, SmallExchange(folder), folder, reactor)
    reactor.run()
