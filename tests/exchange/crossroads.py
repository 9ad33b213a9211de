"""An exchange where all signalling systems meet, and calls that pass through it from any of them to any other.

Each system has a trunk group of its own: China No.1 ("city"), ISUP ("isup"), the Chinese TUP ("tup"), an exchange line ("post") and
"pri", whose engine has the primitives of Q.931 for signals and hands them to the engine at the other end of its circuit: what other
systems make of them is seen there plainly. ``told`` keeps everything that the engines of the far exchanges say.
"""

from collections import defaultdict

import msgspec

from pbx.engine import Noted
from pbx.signalling_circuit import QUIET
from pbx.vocabulary.call import (
    CIRCUIT_NOT_AVAILABLE,
    TEMPORARY_FAILURE,
    Connect,
    Disconnect,
    Idle,
    Info,
    OperatorSignal,
    Primitive,
    Release,
    Reset,
    Seized,
    Setup,
)
from pbx.vocabulary.numbers import COMPLETE
from tests.lab import Lab
from tests.offices import (
    FAR_POINT,
    TIE_SPAN,
    ccs_span,
    exchange_lines,
    group,
    number,
    office,
    signalling_link_set,
    signalling_point,
)

SYSTEMS = ("china-no1", "isup", "tup", "pri")
GROUPS = {"china-no1": "city", "isup": "isup", "tup": "tup", "pri": "pri"}
PREFIXES = {"china-no1": "5", "isup": "6", "tup": "4", "pri": "7"}
CITY = "87654321"
CALLER = "01062345678"
ON_THE_WAY_S = 0.02


def crossroads(overlap=False, control="calling", traffic="local", no_answer_seconds=60, meter_seconds=0):
    """The configuration; ``overlap``: numbers go on as they come."""
    rows = {"point": "city", "far_point": FAR_POINT, "meter_seconds": meter_seconds}
    plan = {"length": 9, "strip": 1, "callers": "all", "overlap": overlap}
    parts = (
        ccs_span("ss7-1", 16)
        + ccs_span("ss7-2")
        + signalling_point()
        + signalling_link_set("toll", FAR_POINT, "ss7-1/16")
        + group("isup", ["ss7-1/1-15", "ss7-1/17-31"], "isup", rows)
        + group("tup", ["ss7-2/1-15", "ss7-2/17-31"], "tup", {**rows, "first_pcm": 1})
        + TIE_SPAN
        + group("pri", "tie-1/1-15", "e&m", {})
        + "".join(number(PREFIXES[system], f"trunk:{GROUPS[system]}", **plan) for system in SYSTEMS)
        + number("3", "trunk:post", length=9, strip=1, callers="all")
    )
    city = f'hunt = "longest-idle"\nrelease_control = "{control}"\ntraffic = "{traffic}"'
    changes = (('hunt = "longest-idle"', city), ("no_answer_seconds = 60", f"no_answer_seconds = {no_answer_seconds}"))
    return office(parts, exchange_lines(), changes=changes)


class PrimitiveLine:
    """One end of a circuit whose signals are the primitives of Q.931. ``carry`` brings one to the other end; ``examiner`` tells when a
    number that comes digit by digit is enough."""

    def __init__(self, carry, examiner):
        self.carry, self.examiner = carry, examiner
        self.waiting = None
        self.state = "Idle"
        self.incoming = False

    @property
    def tag(self):
        return "answered" if self.state == "Active" else ""

    @property
    def speech(self):
        return self.state != "Idle"

    def start(self, now):
        return (*QUIET, Idle())

    def receive(self, value, now):
        """What the switch says."""
        if not isinstance(value, Primitive):
            return ()
        if isinstance(value, Setup):
            if self.state != "Idle":
                return (Release(CIRCUIT_NOT_AVAILABLE),)
            self.state, self.incoming = "Present", False
        elif self.state == "Idle" or isinstance(value, OperatorSignal):
            return ()
        self.carry(value)
        note = Noted(f"-> {_text(value)}")
        if isinstance(value, Release | Reset):
            return (note, *self._over(value.cause if isinstance(value, Release) else TEMPORARY_FAILURE))
        if isinstance(value, Connect) and self.incoming:
            self.state = "Active"
            return (note, Connect())
        return (note,)

    def arrives(self, value):
        """What the other end says."""
        note = Noted(f"<- {_text(value)}")
        if isinstance(value, Setup):
            self.state, self.incoming = "Present", True
            return (note, Seized(), *self._examined(value))
        if self.state == "Idle":
            return ()
        if isinstance(value, Info) and self.waiting is not None:
            return (note, *self._examined(msgspec.structs.replace(self.waiting, called=self.waiting.called + value.digits)))
        if isinstance(value, Release | Reset):
            return (note, *self._over(value.cause if isinstance(value, Release) else TEMPORARY_FAILURE))
        if isinstance(value, Connect):
            self.state = "Active"
        if isinstance(value, Disconnect):
            # RELEASE follows DISCONNECT at once, and the call is over here when it has gone.
            self.carry(Release(value.cause))
            return (note, *self._over(value.cause))
        return (note, value)

    def _examined(self, setup):
        """A call whose number is whole, or of which the way is known."""
        found = self.examiner.examine(setup.called)
        whole = not setup.overlap or (found.verdict == COMPLETE and not found.max_more)
        self.waiting = None if whole or found.route_known else setup
        return () if self.waiting is not None else (msgspec.structs.replace(setup, overlap=not whole),)

    def _over(self, cause):
        self.state, self.waiting = "Idle", None
        return (*QUIET, Release(cause), Idle())

    def expire(self, now):
        return ()

    def deadline(self):
        return None

    def resume(self, tag, levels, now):
        return self.start(now)


def _text(value):
    words = [type(value).__name__.upper()]
    if isinstance(value, Setup):
        words += [value.called, f"from {value.calling}"]
    if isinstance(value, Disconnect | Release):
        words.append(f"cause {value.cause}")
    return " ".join(words)


class Crossroads(Lab):
    """The lab of such an exchange."""

    def __init__(self, seed=1, **settings):
        self.told = defaultdict(list)
        super().__init__(seed=seed, configuration=crossroads(**settings))

    def prepare(self):
        floors = {"near": self.exchange.floor, "far": self.network.floor}
        lines = {"near": self.exchange.lines, "far": self.network.lines}
        relations = {"near": self.exchange.signalling.relations[0], "far": self.network.signalling.relations[0]}
        examiners = {end: relation.user_part.circuits[1].examiner for end, relation in relations.items()}
        for name in lines["near"]:
            if name.startswith("tie-1/"):
                for end, other in (("near", "far"), ("far", "near")):
                    line, peer = lines[end][name], lines[other][name]
                    line.port_kind = "raw"
                    line.engine = PrimitiveLine(self._carrier(floors[other], peer), examiners[end])
        receive = self.network.receive

        def heard(line, primitive, now):
            self.told[line.name].append(primitive)
            receive(line, primitive, now)

        self.network.receive = heard

    def _carrier(self, floor, line):
        def arrive(value):
            floor.outputs(line, line.engine.arrives(value))

        return lambda value: self.simulation.clock.callLater(ON_THE_WAY_S, floor.turn, arrive, value)

    def call(self, source, target, called=CITY, **told):
        """A subscriber of one system's network calls another one's: the caller, who has dialled."""
        caller = self.caller(CALLER, group=GROUPS.get(source, source))
        assert caller.party.dial(f"{PREFIXES.get(target, target)}{called}", **told), "no circuit is free"
        self.entry = caller.party.line.name
        return caller

    def heard(self, line, *kinds):
        """What the far engine of a circuit has said, of these kinds."""
        return [primitive for primitive in self.told[line] if isinstance(primitive, kinds)]

    def sent(self, group, start="-> "):
        """What our circuits of a group have signalled, as the trace has it."""
        prefixes = {"city": ("e1-",), "isup": ("ss7-1/",), "tup": ("ss7-2/",), "pri": ("tie-1/",), "post": ("co-1/",)}[group]
        lines = self.exchange.lines.values()
        return [text for line in lines if line.name.startswith(prefixes) for _, text in line.history if text.startswith(start)]

    def give(self, party, primitive):
        """What the far exchange says on the circuit of a party."""
        self.network.primitive(party.line, primitive)

    def rest(self):
        """Everybody is idle again, and what was said is forgotten."""
        assert self.wait(lambda: not self.exchange.switch.calls and self.network.all_idle(), 60.0), self.exchange.switch.calls
        self.after(1.0)
        self.told.clear()
        for line in self.exchange.lines.values():
            line.history.clear()
