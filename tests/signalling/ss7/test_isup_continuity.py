"""Two ISUP ends with one circuit whose way is good or not, in either direction: whatever calls, checks, resets and faults come, in the end
the circuit is idle at both, nothing is sent, looped or listened for, and every call has ended once."""

import heapq
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.signalling.ss7.continuity import CHECK_TONE, Check, MaintenanceTold, tone_event
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.summary import summary
from pbx.signalling.ss7.primitives import Transfer
from pbx.vocabulary.call import Alerting, Connect, Release, Reset, Seized, Setup
from pbx.vocabulary.media import Digit, MediaCommand, ToneOff, ToneOn
from tests.signalling.cases import PLAN
from tests.signalling.ss7.isup_tester import FAR, OWN, SETUP, VARIANT, Port

CIC = 2
MESSAGE_S, HEARD_S, GONE_S = 0.03, 0.06, 0.04


class End:
    def __init__(self, own, far, every):
        self.isup = Isup(own, far, VARIANT, [CIC], PLAN)
        self.isup.circuits[CIC].check.every = every
        self.port = Port()
        self.hears = False
        self.way = True
        """Whether sound from the other end comes here."""
        self.opened = self.released = 0
        self.told = []
        self.sent = []

    @property
    def state(self):
        return self.isup.circuits[CIC].state


class Circuit:
    """Both ends; messages and tones take their time."""

    def __init__(self, every=(1, 1)):
        self.ends = (End(OWN, FAR, every[0]), End(FAR, OWN, every[1]))
        self.now = 0.0
        self.events = []
        self.order = itertools.count()
        for end in self.ends:
            self.take(end, end.isup.start(0.0))

    def other(self, end):
        return self.ends[1] if end is self.ends[0] else self.ends[0]

    def take(self, end, outputs):
        for each in outputs:
            if isinstance(each, Transfer):
                end.sent.append(summary(each.data)[1].partition(" ")[0])
                self.later(MESSAGE_S, lambda each=each: self.take(self.other(end), self.other(end).isup.receive(each, self.now)))
            elif isinstance(each.output, MediaCommand):
                end.port.take(each.output)
            elif isinstance(each.output, Seized):
                end.opened += 1
            elif isinstance(each.output, Release):
                end.released += 1
            elif isinstance(each.output, MaintenanceTold):
                end.told.append(each.output.stands)
        self.listen()

    def later(self, seconds, function):
        heapq.heappush(self.events, (self.now + seconds, next(self.order), function))

    def listen(self):
        """Who hears his own tone come back, or no longer; told a little later if it is still so."""
        for end in self.ends:
            comes = self.comes(end)
            if comes != end.hears:
                self.later(HEARD_S if comes else GONE_S, lambda end=end, comes=comes: self.heard(end, comes))

    def comes(self, end):
        other = self.other(end)
        return "tone" in end.port.stands and "loop" in other.port.stands and end.way and other.way

    def heard(self, end, comes):
        if comes != self.comes(end) or comes == end.hears:
            return
        end.hears = comes
        if "receiver" in end.port.stands:
            self.take(end, end.isup.give(CIC, (ToneOn if comes else ToneOff)(CHECK_TONE), self.now))

    def run(self, seconds):
        stop = self.now + seconds
        while True:
            due = min((end.isup.deadline() or 1e9 for end in self.ends), default=1e9)
            next_event = self.events[0][0] if self.events else 1e9
            if min(due, next_event) > stop:
                break
            if next_event <= due:
                self.now, _, function = heapq.heappop(self.events)
                function()
            else:
                self.now = max(self.now, due)
                for end in self.ends:
                    if (end.isup.deadline() or 1e9) <= self.now:
                        self.take(end, end.isup.expire(self.now))
        self.now = stop

    def give(self, end, primitive):
        if isinstance(primitive, Setup):
            end.opened += 1
        self.take(end, end.isup.give(CIC, primitive, self.now))


ACTIONS = ("call", "answer", "release", "reset", "check", "break", "mend", "wait", "long wait")


@given(
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(ACTIONS), st.sampled_from([0.0, 0.01, 0.05, 0.1, 1.0, 2.0, 6.0])), max_size=30),
)
@settings(max_examples=300, deadline=None)
def test_both_ends_come_to_rest_whatever_happens(every, actions):
    circuit = Circuit(every)
    for which, action, seconds in actions:
        end = circuit.ends[which]
        if action == "call":
            circuit.give(end, SETUP)
        elif action == "answer":
            circuit.give(end, Alerting())
            circuit.give(end, Connect())
        elif action == "release":
            circuit.give(end, Release(16))
        elif action == "reset":
            circuit.give(end, Reset())
        elif action == "check":
            circuit.take(end, end.isup.check([CIC], circuit.now))
        elif action in ("break", "mend"):
            end.way = action == "mend"
            circuit.listen()
        circuit.run(seconds if action != "long wait" else 60 * seconds)
    for end in circuit.ends:
        end.way = True
        circuit.give(end, Release(16))
    circuit.run(1000.0)
    for end in circuit.ends:
        assert end.state == "Idle"
        assert end.port.stands == set()
        assert end.opened == end.released
        assert end.told.count(True) == end.told.count(False)


def test_a_call_is_checked_back_to_back():
    circuit = Circuit((1, 0))
    ours, theirs = circuit.ends
    circuit.give(ours, SETUP)
    circuit.run(0.5)
    assert ours.sent == ["IAM", "COT"] and (ours.state, theirs.state) == ("OutWaitAddressComplete", "InOffered")
    assert theirs.opened == 1 and ours.port.stands == theirs.port.stands == set()


def test_a_circuit_without_a_way_is_checked_again_until_it_has_one():
    circuit = Circuit((1, 0))
    ours, theirs = circuit.ends
    theirs.way = False
    circuit.give(ours, SETUP)
    circuit.run(300.0)
    assert ours.sent[:5] == ["IAM", "COT", "CCR", "COT", "CCR"] and ours.told == [True]
    assert (ours.state, theirs.state) == ("RecheckAlerted/fault", "CheckFailed")
    theirs.way = True
    circuit.run(130.0)
    assert ours.sent[-2:] == ["CCR", "REL"] and ours.told == [True, False]
    assert (ours.state, theirs.state) == ("Idle", "Idle")


def test_only_the_check_tone_is_one():
    assert [tone_event(event) for event in (ToneOn(CHECK_TONE), ToneOff(CHECK_TONE), ToneOn(CHECK_TONE - 1), Digit("5"))] == [
        "tone", "tone over", "", ""
    ]  # fmt: skip


def test_what_is_heard_and_sent_follows_from_the_state():
    """From any state to any other, and what stands is what the state wants."""
    wanted = {
        "Idle": set(),
        "Looped": {"loop"},
        "InWaitContinuity": {"loop"},
        "OutWaitContinuity": {"tone", "receiver"},
        "OutToneEnds": {"receiver"},
        "Rechecking": {"tone", "receiver"},
        "RecheckToneEnds": {"receiver"},
    }
    for before, after in itertools.product(wanted, wanted):
        check, port = Check(here=True), Port()
        for state in (before, after):
            for command in check.sounding(state):
                port.take(command)
            assert port.stands == wanted[state], (before, after)
    assert Check().sounding("InWaitContinuity") == (), "another circuit is checked"
