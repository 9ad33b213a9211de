"""A transit exchange of ISUP in sound: two groups to two far points, and what the switch has no words for passes between them.

The far exchanges are the simulated ones. A tester stands between each of their user parts and its MTP: it adds parameters to what they
send and sends messages of its own, it keeps the octets that come, and lets those messages not through for which its exchange has no use.
"""

import msgspec
import pytest

from pbx.signalling.ss7.isup import parts
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.primitives import Transfer
from pbx.vocabulary import facts
from tests.exchange.crossroads import CALLER, CITY
from tests.lab import Lab
from tests.offices import FAR_POINT, ccs_span, group, number, office, signalling_link_set, signalling_point
from tests.signalling.ss7.isup_passage import octets_of

EAST_POINT = "21-100-52"
NEW, UUI, INSTRUCTIONS = 0xA5, 0x20, 0x39
PASS_OR_DISCARD, PASS_OR_RELEASE, DISCARD = 0xC0, 0x80, 0x90
"""First octet of instructions: pass on, else discard the parameter; pass on, else release; discard it wherever the call ends."""

STRANGE = 0xB7
FOR_THE_TESTER = (STRANGE, MessageType.USR, MessageType.FAC, MessageType.CFN, MessageType.BLA, MessageType.UBA)


def two_groups(west=None, east=None):
    """ISUP to the west and to the east; 6 before a number leads east, 4 into the city by TUP, 5 by China No.1; 3001 is a telephone."""
    rows = {"point": "city", "far_point": FAR_POINT}
    plan = {"length": 9, "strip": 1, "callers": "all"}
    return office(
        ccs_span("ss7-1", 16)
        + ccs_span("ss7-2", 16)
        + ccs_span("ss7-3")
        + signalling_point()
        + signalling_link_set("west", FAR_POINT, "ss7-1/16")
        + signalling_link_set("east", EAST_POINT, "ss7-2/16")
        + group("west", ["ss7-1/1-15", "ss7-1/17-31"], "isup", {**rows, **(west or {})})
        + group("east", ["ss7-2/1-15", "ss7-2/17-31"], "isup", {**rows, "far_point": EAST_POINT, "first_pcm": 2, **(east or {})})
        + group("tup", ["ss7-3/1-15", "ss7-3/17-31"], "tup", {**rows, "first_pcm": 4})
        + "".join(number(prefix, f"trunk:{name}", **plan) for prefix, name in (("6", "east"), ("4", "tup"), ("5", "city")))
        + number("3001", "extension:8001")
    )


class End:
    """The tester before one far user part."""

    def __init__(self, floor, relation):
        self.floor, self.relation, self.part = floor, relation, relation.user_part
        self.added = {}
        """Optional parameters for the next message of a type."""
        self.behind = {}
        """What follows the next message of a type."""
        self.cause = b""
        """With what the next call that it releases ends."""
        self.refuses = False
        """Whether the circuit of the next IAM is blocked."""
        self.received = []
        self.write, self.read = self.part.write, self.part.read
        self.hear = self.part.hear
        self.part.write, self.part.read, self.part.hear = self._write, self._read, self._hear

    def _write(self, message):
        transfer = self.write(message)
        behind = self.behind.pop(MessageType(message.kind).name, None)
        if behind is not None:
            self._answer(behind, message.cic)
        more = self.added.pop(MessageType(message.kind).name, ())
        ends = message.kind == MessageType.REL and bool(self.cause)
        if not (more or ends):
            return transfer
        whole = parts.parts(transfer.data)
        whole = whole._replace(optional=(*whole.optional, *more), variable=(self.cause,) if ends else whole.variable)
        return msgspec.structs.replace(transfer, data=parts.octets_of(message.cic, whole))

    def _read(self, value):
        self.received.append(value.data)
        return self.read(value)

    def _answer(self, octets, cic):
        self.floor.then(self.relation.seat.take, [self._transfer(octets, cic)])

    def _transfer(self, octets, cic):
        return Transfer(5, self.part.far, self.part.own, cic & 15, bytes((cic & 0xFF, cic >> 8)) + octets[2:])

    def _hear(self, message, value, now):
        if self.refuses and message.kind == MessageType.IAM:
            self.refuses = False
            self._answer(octets_of("BLO"), message.cic)
        elif message.kind not in FOR_THE_TESTER:
            self.hear(message, value, now)

    def sends(self, octets, cic):
        """A message of the tester's own on a circuit."""
        self.floor.turn(lambda: self.relation.seat.take([self._transfer(octets, cic)]))

    def got(self, kind):
        """What came of a type, without circuits."""
        return [octets[2:] for octets in self.received if octets[2] == kind]

    def optional(self, name):
        """The optional part of the only message of that type."""
        (octets,) = self.got(MessageType[name])
        return parts.parts(b"\0\0" + octets).optional

    def circuit(self):
        """The circuit of the call."""
        return next(octets[0] | octets[1] << 8 for octets in self.received)


class TransitOffice(Lab):
    """The exchange with both ends."""

    def __init__(self, seed, west=None, east=None):
        super().__init__(seed=seed, configuration=two_groups(west, east))

    def prepare(self):
        relations = self.network.signalling.relations
        self.west, self.east = (End(self.network.floor, relations[index]) for index in (0, 1))

    def call(self, prefix="6"):
        caller = self.caller(CALLER, group="west")
        assert caller.party.dial(f"{prefix}{CITY}")
        return caller

    @property
    def faults(self):
        return self.exchange.floor.faults


def unknown(number, instructions=None):
    """A parameter without a table, and its instructions."""
    parameter = (NEW, bytes((number, 0x12, 0x34)))
    return (parameter,) if instructions is None else (parameter, (INSTRUCTIONS, bytes((NEW, instructions))))


def test_parameters_pass_through_octet_for_octet(seed):
    """Unknown ones with and without instructions, and user-to-user information, in each message of a call, both ways."""
    with TransitOffice(seed) as lab:
        city = lab.caller(CITY)
        lab.west.added["IAM"] = (*unknown(1, DISCARD), (UUI, b"forward"), (0xC0, b"\x06\x83\x11\x21\x43"))
        lab.east.added["ACM"] = (*unknown(2), (UUI, b"backward"))
        lab.east.added["ANM"] = unknown(3, PASS_OR_DISCARD)
        lab.west.added["REL"] = (*unknown(4), (UUI, b"good-bye"))
        caller = lab.call()
        city.notices(f"rung by {CALLER}")
        city.answers().speaks("welcome")
        caller.is_answered().hears("welcome")
        caller.hangs_up().is_released()
        city.is_released()
        iam = lab.east.optional("IAM")
        assert iam[-4:] == (*unknown(1, DISCARD), (UUI, b"forward"), (0xC0, b"\x06\x83\x11\x21\x43"))
        assert lab.west.optional("ACM") == (*unknown(2), (UUI, b"backward"))
        assert lab.west.optional("ANM") == unknown(3, PASS_OR_DISCARD)
        assert lab.east.optional("REL") == (*unknown(4), (UUI, b"good-bye"))
        # The far ends do not know the parameters either, and say so of those without instructions: that passes through as well.
        assert lab.east.got(MessageType.CFN) == [bytes((MessageType.CFN, 2, 0, 3, 0x82, 0x80 | 99, NEW))]
        assert not lab.west.got(MessageType.CFN) and not lab.faults


def test_messages_pass_through_octet_for_octet(seed):
    """Those that a transit exchange has no part in, and unknown ones whose instructions let them; in the order in which they came."""
    with TransitOffice(seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call()
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        west, east = lab.west.circuit(), lab.east.circuit()
        strange = bytes((0, 0, STRANGE, 1, 0x38, 1, 0x80, NEW, 2, 7, 7, 0))
        usr = bytes((0, 0, MessageType.USR, 2, 0, 5)) + b"hello"
        fac = bytes((0, 0, MessageType.FAC, 1, 0x33, 3, 1, 2, 3, 0))
        lab.west.received.clear(), lab.east.received.clear()
        for octets in (usr, strange, fac):
            lab.west.sends(octets, west)
            lab.east.sends(octets, east)
        lab.after(1.0)
        for end in (lab.west, lab.east):
            assert [octets[2:] for octets in end.received[:3]] == [usr[2:], strange[2:], fac[2:]]
        caller.hangs_up().is_released()
        city.is_released()
        assert not lab.faults


def test_a_call_that_leaves_isup_obeys_the_instructions(seed):
    """Into TUP and China No.1 nothing can be passed on: discarded with a word, or the call ends before anybody is called."""
    with TransitOffice(seed) as lab:
        city = lab.caller(CITY)
        for prefix in "45":
            lab.west.added["IAM"] = unknown(1)
            caller = lab.call(prefix)
            city.is_rung()
            (confusion,) = lab.west.got(MessageType.CFN)
            assert confusion[-2:] == bytes((0x80 | 99, NEW))
            caller.hangs_up().is_released()
            city.is_released()
            lab.west.received.clear()
            reached = len(lab.facts(facts.NetworkReached))
            lab.west.added["IAM"] = unknown(1, PASS_OR_RELEASE)
            caller = lab.call(prefix)
            caller.notices("released, cause 99")
            lab.after(1.0)
            (release,) = lab.west.got(MessageType.REL)
            assert release[-1] == 0x80 | 99
            assert len(lab.facts(facts.NetworkReached)) == reached, "nobody was called"
            lab.west.received.clear()
            lab.after(3.0)
        assert not lab.faults


def test_a_call_that_ends_here_obeys_the_instructions(seed):
    """At an extension: with a word to the sender, or not at all; nobody is rung then."""
    with TransitOffice(seed) as lab:
        telephone = lab.telephone("8001")
        lab.west.added["IAM"] = unknown(1)
        caller = lab.caller(CALLER, group="west")
        assert caller.party.dial("3001")
        telephone.is_rung()
        lab.after(1.0)
        assert len(lab.west.got(MessageType.CFN)) == 1
        caller.hangs_up().is_released()
        lab.after(3.0)
        delivered = len(lab.facts(facts.Delivered))
        for instructions, cause in ((PASS_OR_RELEASE, 99), (0xA0, 110)):
            lab.west.received.clear()
            lab.west.added["IAM"] = unknown(1, instructions)
            caller = lab.caller(CALLER, group="west")
            assert caller.party.dial("3001")
            caller.notices(f"released, cause {cause}")
            assert lab.west.got(MessageType.REL)[0][-1] == 0x80 | cause
            lab.after(2.0)
        assert len(lab.facts(facts.Delivered)) == delivered
        assert not lab.faults


def test_another_circuit_is_tried_with_all_that_came(seed):
    """The first one turns out to be blocked just then: the second IAM carries the same."""
    with TransitOffice(seed) as lab:
        city = lab.caller(CITY)
        lab.west.added["IAM"] = (*unknown(1, PASS_OR_DISCARD), (UUI, b"forward"))
        lab.east.refuses = True
        caller = lab.call()
        city.is_rung()
        first, second = lab.east.got(MessageType.IAM)
        assert first == second
        assert parts.parts(b"\0\0" + second).optional[-1] == (UUI, b"forward")
        lab.after(1.0)
        caller.hangs_up().is_released()
        city.is_released()
        lab.after(1.0)
        lab.east.sends(octets_of("UBL"), lab.east.circuit())
        lab.after(1.0)
        assert not lab.faults


def test_a_call_whose_first_message_comes_in_two(seed):
    """More than one message holds: it is put together here, and goes on in two."""
    with TransitOffice(seed) as lab:
        city = lab.caller(CITY)
        uui, transport = (UUI, bytes(128)), (0x03, bytes(range(110)))
        lab.west.added["IAM"] = ((0x08, b"\x04"), *unknown(1, PASS_OR_DISCARD))
        lab.west.behind["IAM"] = parts.octets_of(0, parts.Parts(MessageType.SGM, optional=(uui, transport)))
        caller = lab.call()
        city.is_rung().answers()
        caller.is_answered()
        assert lab.east.optional("SGM") == (uui, transport)
        assert ((0x08, b"\x04") in lab.east.optional("IAM")) and lab.east.optional("IAM")[-2:] == unknown(1, PASS_OR_DISCARD)
        caller.hangs_up().is_released()
        city.is_released()
        assert not lab.faults


def test_a_called_party_who_hangs_up_and_what_is_told_with_it(seed):
    """SUS and RES with more in them than they say; the cause of the end with its place."""
    with TransitOffice(seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call()
        city.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        lab.east.added["SUS"] = lab.east.added["RES"] = unknown(5, PASS_OR_DISCARD)
        city.party.suspend()
        lab.after(1.0)
        city.party.resume()
        lab.after(1.0)
        assert lab.west.optional("SUS") == lab.west.optional("RES") == unknown(5, PASS_OR_DISCARD)
        lab.east.cause = b"\x85\x90\x01\x02"
        city.hangs_up()
        caller.is_released()
        city.is_released()
        (release,) = lab.west.got(MessageType.REL)
        assert parts.parts(b"\0\0" + release).variable == (b"\x85\x90\x01\x02",)
        assert not lab.faults


@pytest.mark.parametrize("end", ["west", "east"])
def test_a_group_from_which_nothing_passes(seed, end):
    """As an exchange that ends every call: calls go on in the switch's words."""
    with TransitOffice(seed, **{end: {"transit": "none"}}) as lab:
        city = lab.caller(CITY)
        lab.west.added["IAM"] = (*unknown(1, PASS_OR_DISCARD), (UUI, b"forward"))
        caller = lab.call()
        city.is_rung().answers()
        caller.is_answered()
        caller.hangs_up().is_released()
        city.is_released()
        assert not {NEW, UUI, INSTRUCTIONS} & {code for code, _ in lab.east.optional("IAM")}
        assert not lab.faults


def test_delay_and_satellites_are_counted(seed):
    """The counter of the caller's network grows by our way; of a call that begins here it begins with it."""
    with TransitOffice(seed, east={"propagation_delay_ms": 35, "satellite": True}) as lab:
        city = lab.caller(CITY)
        lab.west.added["IAM"] = ((0x31, b"\x00\x64"),)
        caller = lab.call()
        city.is_rung().answers()
        caller.is_answered()
        assert (0x31, b"\x00\x87") in lab.east.optional("IAM")
        assert lab.east.got(MessageType.IAM)[0][1] & 3 == 1
        # The exchange in the east ends the call, and tells what it has come to.
        assert lab.west.optional("ANM") == ((0x2D, b"\x00\x87"),)
        caller.hangs_up().is_released()
        city.is_released()
        lab.east.received.clear()
        telephone = lab.telephone("8001")
        telephone.lifts().dials(f"6{CITY}")
        city.is_rung()
        assert lab.east.optional("IAM")[-1] == (0x31, b"\x00\x23")
        telephone.hangs_up()
        city.is_released()


def test_nothing_of_it_is_kept_once_it_has_been_handed_on(seed):
    with TransitOffice(seed) as lab:
        city = lab.caller(CITY)
        lab.west.added["IAM"] = ((UUI, bytes(120)),)
        lab.east.added["ANM"] = ((UUI, bytes(120)),)
        caller = lab.call()
        city.is_rung()
        lab.after(1.0)
        (call,) = lab.exchange.switch.calls.values()
        assert call.originator.brought.carried is None
        city.answers()
        caller.is_answered()
        for leg in call.legs.values():
            assert leg.answer is None or leg.answer.carried is None
            circuit = leg.line.engine._circuit()
            assert not circuit.transit.initial and not circuit.transit.held
        caller.hangs_up().is_released()
        city.is_released()


def test_an_adopted_call_passes_on_what_comes_after(seed):
    """A new control knows of a call what its records say; whether the other leg understands shows when something passes."""
    with TransitOffice(seed) as lab:
        city = lab.caller(CITY)
        caller = lab.call()
        city.is_rung().answers()
        caller.is_answered()
        west = lab.west.circuit()
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        lab.after(2.0)
        lab.east.received.clear()
        usr = bytes((0, 0, MessageType.USR, 2, 0, 5)) + b"hello"
        lab.west.sends(usr, west)
        lab.after(1.0)
        assert lab.east.got(MessageType.USR) == [usr[2:]]
        caller.hangs_up().is_released()
        city.is_released()
