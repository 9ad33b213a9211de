"""M2PA among a level 3, an association and a far end that do whatever they like: every cell of every chart is reached by real inputs, no
promise of the border is broken, and afterwards the link comes into service as if nothing had been.
"""

from collections import Counter
from random import Random

import pytest

from pbx.engine import Levels, Malformed
from pbx.signalling.ss7 import primitives as p
from pbx.signalling.ss7.mtp2 import poc
from pbx.signalling.ss7.mtp2.orders import ReceiverBusy, ReceiverFree
from pbx.signalling.ss7.sigtran import m2pa_link, m2pa_transmission
from pbx.signalling.ss7.sigtran.association import AssociationLost, AssociationUp, Octets, SendOctets
from pbx.signalling.ss7.sigtran.m2pa import M2pa
from pbx.signalling.ss7.sigtran.m2pa_messages import LAST, MODULUS, STATES, LinkStatus, UserData, read, write
from tests.signalling.ss7.damage import flipped_bits, truncations
from tests.signalling.ss7.m2pa_wire import FIGURES
from tests.signalling.ss7.sigtran_corpus import OF_M2PA

SHORT = FIGURES.adjusted(timers_ms={"T1": 40000, "T2": 5000, "T3": 1000, "T4n": 800, "T4e": 400})
CHARTS = {
    "M2PA": m2pa_link.STATES,
    "POC": poc.STATES,
    "confirmations": m2pa_transmission.FAR_END_STATES,
    "acknowledgement": m2pa_transmission.HERE_STATES,
}


class Link:
    """One engine by hand: what it tells level 3 and what it sends."""

    def __init__(self, figures=SHORT):
        self.engine = M2pa(figures)
        self.now = 0.0
        self.told, self.sent, self.wrong = [], [], []
        self.cells = Counter()
        for machine in self.engine.machines():
            machine.observer = lambda state, event, name=machine.chart.name: self.cells.update([(name, state, event)])
        self.take(self.engine.start(0.0))

    def take(self, outputs):
        for value in outputs:
            if isinstance(value, SendOctets):
                self.sent.append(read(value.octets))
            elif isinstance(value, p.ToLevel3):
                self.told.append(value)
            elif isinstance(value, Malformed):
                self.wrong.append(value)

    def give(self, *values):
        for value in values:
            self.take(self.engine.receive(value, self.now))

    def hear(self, *messages):
        for message in messages:
            self.give(Octets(1 if isinstance(message, UserData) else 0, write(message)))

    def say(self, *states):
        """Link status of the far end with the numbers that a correct one would have."""
        for state in states:
            self.hear(LinkStatus(self.engine.transmission.fsn, self.engine.transmission.bsn, state))

    def data(self, octets=b"\x85abc", skip=0):
        transmission = self.engine.transmission
        self.hear(UserData(transmission.fsn, (transmission.bsn + 1 + skip) % MODULUS, octets))

    def wait(self, seconds):
        end = self.now + seconds
        while (due := self.engine.deadline()) is not None and due <= end:
            self.now = due
            self.take(self.engine.expire(due))
        self.now = end

    def statuses(self):
        return [one.state for one in self.sent if isinstance(one, LinkStatus)]

    def take_sent(self):
        found, self.sent = self.sent, []
        return found

    def serve(self):
        self.give(AssociationUp(), p.Start())
        self.say("alignment", "proving normal")
        self.wait(0.8)
        self.say("ready")
        assert self.engine.state == "InService"
        self.sent.clear()
        self.told.clear()
        return self


class Storm(Link):
    """Level 3 keeps its side of the contract, the far end and the association nothing."""

    def __init__(self, seed):
        super().__init__()
        self.random = Random(seed)

    def level_3(self):
        chance, state = self.random, self.engine.state
        anything = [p.Emergency(), p.EmergencyCeases(), p.LocalProcessorOutage(), p.LocalProcessorRecovered()]
        anything += [p.FlushBuffers(), p.Continue(), ReceiverBusy(), ReceiverBusy(discard=True), ReceiverFree()]
        if state == "OutOfService":
            anything += [p.Start()] * 12 + [p.Stop(), p.RetrieveBsnt(), p.RetrievalRequest(None), p.MessageForTransmission(b"\x85ab")]
            anything += [p.RetrievalRequest(chance.randrange(MODULUS))]
        elif chance.random() < 0.15:
            anything.append(p.Stop())
        if state in ("InService", "ProcessorOutage"):
            anything += [p.MessageForTransmission(b"\x85ab")] * 6
        self.give(chance.choice(anything))

    def association(self):
        if not self.engine.associated or self.random.random() < 0.02:
            self.give(AssociationUp())
        elif self.random.random() < 0.05:
            self.give(AssociationLost("cut"))

    def far_end(self):
        fitting = {"NotAligned": ("alignment",), "Aligned": ("proving normal", "proving emergency"), "Proving": ("proving normal", "ready")}
        fitting |= {"AlignedReady": ("ready",), "AlignedNotReady": ("ready", "processor outage")}
        fitting |= {"ProcessorOutage": ("processor recovered", "ready", "processor outage")}
        states = fitting.get(self.engine.state, ("busy", "busy ended", "processor outage", "ready", "processor recovered"))
        if self.random.random() < 0.3:
            states = tuple(STATES)
        if self.random.random() < 0.3:
            self.data(b"" if self.random.random() < 0.2 else b"\x85ab", skip=self.random.choice((0,) * 12 + (-1, 1)))
        elif self.random.random() < 0.03:
            self.hear(LinkStatus(self.random.randrange(MODULUS), self.random.randrange(MODULUS), self.random.choice(states)))
        elif self.random.random() < 0.2:  # some of it is confirmed
            transmission = self.engine.transmission
            self.hear(LinkStatus((transmission._confirmed + 1) % MODULUS, transmission.bsn, self.random.choice(states)))
        else:
            self.say(self.random.choice(states))

    def run(self, steps):
        for _ in range(steps):
            self.random.choice((self.level_3, self.level_3, self.far_end, self.far_end, self.far_end, self.association))()
            self.wait(self.random.choice((0.0, 0.0, 0.01, 0.05, 0.3, 1.0, 6.0 if self.random.random() < 0.3 else 0.0)))

    def promises(self):
        """In service and out of service take turns; nothing comes in that is not in service."""
        serving = False
        for value in self.told:
            if isinstance(value, p.InService):
                serving = True
            elif isinstance(value, p.OutOfService):
                serving = False
            elif isinstance(value, p.RemoteProcessorOutage | p.RemoteProcessorRecovered | p.ReceivedMessage | p.LinkCongestion):
                assert serving, value

    def recovers(self):
        self.give(p.Stop(), p.LocalProcessorRecovered(), p.EmergencyCeases(), ReceiverFree())
        self.give(AssociationLost("over"))
        self.serve()
        self.give(p.MessageForTransmission(b"\x85goes"))
        self.hear(UserData(0, 0, b"\x85comes"))
        assert self.told == [p.ReceivedMessage(b"\x85comes")]
        assert self.sent == [UserData(LAST, 0, b"\x85goes")]
        self.wait(0.2)
        assert self.sent[-1] == UserData(0, 0)


def storm(seed, steps=400):
    found = Storm(seed)
    found.run(steps)
    found.promises()
    found.recovers()
    return found.cells


@pytest.mark.parametrize("seed", range(40))
def test_a_storm_breaks_no_promise(seed):
    storm(seed)


def waits_long():
    """The longest timer, from either state in which it runs."""
    found = []
    for outage in (False, True):
        link = Link()
        if outage:
            link.give(p.LocalProcessorOutage())
        link.give(AssociationUp(), p.Start())
        link.say("alignment", "proving normal")
        link.wait(45)
        assert isinstance(link.told[-1], p.OutOfService)
        found.append(link.cells)
    return sum(found, Counter())


def confirmed_one_by_one():
    """Confirmations that leave something over while the far end is busy, and while its processor is out."""
    found = []
    for state in ("busy", "processor outage"):
        link = Link().serve()
        link.give(*[p.MessageForTransmission(b"\x85x")] * 3)
        link.hear(LinkStatus(LAST, LAST, state), UserData(0, LAST), UserData(1, LAST), UserData(2, LAST))
        found.append(link.cells)
    return sum(found, Counter())


@pytest.fixture(scope="module")
def visited():
    return sum((storm(seed, 800) for seed in range(100, 150)), waits_long() + confirmed_one_by_one())


REPEATED = {("POC", *cell) for cell in (("Idle", "local-recovered"), ("Local", "local"), ("Remote", "local-recovered"), ("Both", "local"))}
"""What level 3 says twice does not come to POC here; it does in Q.703's link state control."""


@pytest.mark.parametrize("name", CHARTS)
def test_every_cell_is_reached(visited, name):
    missing = [(state, event) for state, row in CHARTS[name].items() for event in row.cells if not visited[name, state, event]]
    assert set(missing) <= {(state, event) for chart, state, event in REPEATED if chart == name}


# What a storm cannot judge.


def test_alignment_step_by_step():
    link = Link()
    link.give(AssociationUp())
    assert link.statuses() == ["out of service"]
    link.give(p.Start())
    assert link.take_sent()[-1] == LinkStatus(LAST, LAST, "alignment")
    link.say("alignment")
    link.wait(0.35)
    assert link.statuses() == ["proving normal"] * 4, "at once and each Tp"
    link.say("proving normal")
    link.wait(0.8)
    assert link.statuses()[-1] == "ready"
    assert link.told == []
    link.say("ready")
    assert link.told == [p.InService()]


def test_the_shorter_proving_period_is_that_of_whoever_is_in_an_emergency():
    for here in (True, False):
        link = Link()
        if here:
            link.give(p.Emergency())
        link.give(AssociationUp(), p.Start())
        link.say("alignment", "proving normal" if here else "proving emergency")
        assert link.statuses()[-1] == ("proving emergency" if here else "proving normal")
        link.wait(0.41)
        assert link.statuses()[-1] == "ready"


def test_a_start_waits_for_its_association():
    link = Link()
    link.give(p.Start())
    assert link.sent == []
    link.wait(1)
    link.give(AssociationUp())
    assert link.statuses() == ["out of service", "alignment"]
    late = Link()
    late.give(p.Start())
    late.wait(6)
    assert late.told == [p.OutOfService("T2: there is no association")]


def test_confirmations_go_with_messages_or_after_a_while_or_after_so_many():
    link = Link().serve()
    link.data()
    link.give(p.MessageForTransmission(b"\x85x"))
    assert link.take_sent() == [UserData(0, 0, b"\x85x")]
    link.data()
    assert link.take_sent() == []
    link.wait(0.1)
    assert link.take_sent() == [UserData(1, 0)]
    for _ in range(16):
        link.data()
    assert link.take_sent() == [UserData(17, 0)]
    link.wait(5)
    assert link.take_sent() == []


def test_a_busy_end_is_not_hurried_and_says_so():
    link = Link().serve()
    link.say("busy")
    link.give(p.MessageForTransmission(b"\x85x"))
    link.wait(3)
    assert link.sent == [], "messages wait, T7 does not run"
    link.say("busy ended")
    assert link.take_sent() == [UserData(LAST, 0, b"\x85x")]
    link.give(ReceiverBusy())
    link.hear(UserData(LAST, 0, b"\x85abc"))
    link.wait(1)
    assert link.statuses() == ["busy"]
    assert link.told == [p.ReceivedMessage(b"\x85abc")]
    link.give(ReceiverFree())
    assert link.take_sent()[1:] == [LinkStatus(0, 0, "busy ended"), UserData(0, 0)]
    link.wait(2)
    assert link.told[-1] == p.OutOfService("T7: no confirmation")


def test_too_long_busy():
    link = Link().serve()
    link.say("busy")
    link.wait(5)
    assert link.told == [p.OutOfService("T6: the far end is busy too long")]


@pytest.mark.parametrize("fsnc", [LAST, 0, 4, 9, None])
def test_retrieval_gives_back_what_the_far_end_has_not(fsnc):
    link = Link(SHORT.adjusted(unconfirmed=10, confirm_each=5)).serve()
    for number in range(12):
        link.give(p.MessageForTransmission(bytes((0x85, number))))
    link.give(AssociationLost("cut"), p.RetrieveBsnt(), p.RetrievalRequest(fsnc))
    first = 10 if fsnc is None else 0 if fsnc == LAST else fsnc + 1
    assert link.told[1:] == [p.Bsnt(LAST), *(p.RetrievedMessage(bytes((0x85, n))) for n in range(first, 12)), p.RetrievalComplete()]
    link.give(p.RetrievalRequest(None))
    assert link.told[-1] == p.RetrievalComplete()


def test_numbers_begin_anew_behind_the_last():
    link = Link().serve()
    transmission = link.engine.transmission
    transmission.fsn = transmission._confirmed = transmission.bsn = LAST - 1
    for number in (LAST, 0, 1):
        link.give(p.MessageForTransmission(b"\x85x"))
        link.hear(UserData(LAST - 1, number, b"\x85y"))
    assert [one.fsn for one in link.sent] == [LAST, 0, 1]
    assert transmission.bsn == 1
    link.give(AssociationLost("cut"), p.RetrievalRequest(0))
    assert [value for value in link.told if isinstance(value, p.RetrievedMessage)] == [p.RetrievedMessage(b"\x85x")]


@pytest.mark.parametrize("bad", [UserData(0, 0, b"\x85x"), UserData(LAST, 1, b"\x85x"), UserData(LAST, 0), LinkStatus(5, LAST, "busy")])
def test_numbers_that_cannot_be_end_the_link(bad):
    link = Link().serve()
    link.hear(bad)
    assert [type(value) for value in link.told] == [p.OutOfService]
    assert "sequence number" in link.told[0].reason
    assert link.statuses()[-1] == "out of service"


def test_congestion_is_told_as_it_rises_and_falls():
    figures = SHORT.adjusted(unconfirmed=10, confirm_each=5, messages=20, onset=(4, 8, 12), abatement=(2, 6, 10))
    link = Link(figures).serve()
    for _ in range(25):
        link.give(p.MessageForTransmission(b"\x85x"))
    assert link.told == [p.LinkCongestion(1), p.LinkCongestion(2), p.LinkCongestion(3)]
    assert link.engine.transmission.lost == 5
    link.told.clear()
    for _ in range(2):
        link.hear(LinkStatus(link.engine.transmission.fsn, LAST, "busy ended"))
    assert link.told == [p.LinkCongestion(2), p.LinkCongestion(0)]


@pytest.mark.parametrize("flush", [False, True])
def test_after_the_far_ends_outage_messages_it_has_not_taken_go_again_or_are_forgotten(flush):
    link = Link().serve()
    for number in range(3):
        link.give(p.MessageForTransmission(bytes((0x85, number))))
    link.take_sent()
    link.hear(LinkStatus(0, LAST, "processor outage"))
    link.give(p.MessageForTransmission(b"\x85w"))
    link.hear(LinkStatus(0, LAST, "processor recovered"))
    assert link.told == [p.RemoteProcessorOutage(), p.RemoteProcessorRecovered()]
    assert link.sent == []
    link.give(p.FlushBuffers() if flush else p.Continue())
    again = [] if flush else [UserData(LAST, 1, b"\x85\x01"), UserData(LAST, 2, b"\x85\x02"), UserData(LAST, 3, b"\x85w")]
    assert link.sent == [LinkStatus(LAST, 0, "ready"), *again]
    assert link.engine.state == "InService"


def test_our_outage_ends_when_the_far_end_is_ready():
    link = Link().serve()
    link.give(p.LocalProcessorOutage())
    link.data(b"\x85lost")
    link.give(p.MessageForTransmission(b"\x85x"), p.LocalProcessorRecovered(), p.Continue())
    assert link.statuses() == ["processor outage", "processor recovered"]
    link.data(b"\x85old")
    assert link.told == [], "old numbers"
    link.say("ready")
    link.data(b"\x85new")
    assert link.told == [p.ReceivedMessage(b"\x85new")]
    assert link.sent[-1] == UserData(LAST, 0, b"\x85x")


def test_recovered_may_overtake_its_outage():
    link = Link().serve()
    link.give(p.MessageForTransmission(b"\x85x"))
    link.hear(LinkStatus(LAST, LAST, "processor recovered"))
    assert link.sent[1:] == [LinkStatus(LAST, LAST, "ready"), UserData(LAST, 0, b"\x85x")]
    link.say("processor outage")
    assert link.told == []
    assert link.engine.state == "InService"


def test_an_association_that_begins_anew_is_a_failure():
    link = Link().serve()
    link.give(AssociationUp())
    assert [type(value) for value in link.told] == [p.OutOfService]
    assert link.statuses() == ["out of service"]


def test_octets_that_make_no_sense_are_told_and_change_nothing():
    link = Link().serve()
    link.give(Octets(0, b"\x01\x00\x0b\x02"))
    assert len(link.wrong) == 1
    assert link.engine.counters["malformed"] == 1
    assert link.engine.state == "InService"


def test_nothing_is_adopted_after_a_restart():
    link = Link().serve()
    assert link.engine.tag == ""
    again = M2pa(SHORT)
    assert again.resume("", Levels(), 5.0) == []
    assert again.state == "OutOfService"


@pytest.mark.parametrize("served", [False, True])
def test_damaged_messages_in_any_state_raise_nothing(served):
    link = Storm(0)
    for value in OF_M2PA:
        octets = write(value)
        for bad in (octets, *truncations(octets), *flipped_bits(octets)):
            if served and link.engine.state != "InService":
                link.give(p.Stop(), AssociationLost("again"))
                link.serve()
            elif not link.engine.associated:
                link.give(AssociationUp())
            link.give(Octets(0, bad))
            if link.engine.state == "OutOfService":
                link.give(p.Start())
    assert len(link.wrong) > 500
    link.recovers()
