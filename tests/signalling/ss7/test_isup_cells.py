"""Every cell of every chart of the ISUP, one by one: the state is reached by real inputs, the event comes as a real input, the cell must
have run, and then the circuit must be able to come to rest, with one Release for each call."""

import pytest

from pbx.engine import Levels
from pbx.signalling.ss7 import congestion, repetition
from pbx.signalling.ss7.isup import availability, call_states, segmentation, values
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Unrecognized
from pbx.signalling.ss7.isup.variant import CONGESTION, REPEATED
from pbx.signalling.ss7.primitives import Pause, RestartBegins, Status
from pbx.signalling.ss7.primitives import Resume as Reachable
from pbx.vocabulary.call import (
    Alerting,
    Blocked,
    Connect,
    Disconnect,
    Idle,
    Info,
    Metering,
    OperatorSignal,
    Proceeding,
    Progress,
    Release,
    Reset,
    Resume,
    Seized,
    Setup,
    Suspend,
    Unblocked,
)
from tests.signalling.ss7.isup_tester import FREE, SETUP, TONE, TONE_OVER, VARIANT, Tester, iam

OTHER_END = 2
"""A circuit whose dual seizure the far end wins."""
FAILED = i.ContinuityIndicators(False)
BY_USER = i.SuspendResumeIndicators(False)
RELEASING = (Unrecognized(0xA5, b"\x00"), p.ParameterCompatibilityInformation((p.ParameterInstructions(0xA5, release_call=True),)))
PRIMITIVES = {
    type(each).__name__: each
    for each in (SETUP, Info("5"), Proceeding(), Alerting(), Progress(), Connect(), Disconnect(17), Release(16), Suspend(), Resume(),
                 OperatorSignal("re-ring"), Metering(2), Reset())
}  # fmt: skip


class One(Tester):
    """A tester that looks at one circuit; a step is a primitive, an acronym, a tuple of it with parameters, or seconds."""

    __test__ = False

    def step(self, step):
        if isinstance(step, str):
            return self.far(step, cic=OTHER_END)
        if isinstance(step, tuple):
            return self.far(step[0], *step[1:], cic=OTHER_END)
        return self.wait(step) if isinstance(step, float) else self.give(step, OTHER_END)


CALL = [SETUP]
ADDRESSED = [SETUP, "ACM"]
ANSWERED = [*ADDRESSED, "ANM"]
OFFERED = ["IAM"]
RECIPES = {
    "Idle": [],
    "OutWaitAddressComplete": CALL,
    "OutWaitAnswer": ADDRESSED,
    "OutAnswered": ANSWERED,
    "OutSuspended": [*ANSWERED, "SUS"],
    "OutSuspendedByUser": [*ANSWERED, ("SUS", BY_USER)],
    "InWaitContinuity": [("IAM", *iam(check=1))],
    "InWaitDigits": [("IAM", *iam("1234"))],
    "InWaitInformation": OFFERED,
    "InOffered": OFFERED,
    "InAddressComplete": [*OFFERED, Alerting()],
    "InAnswered": [*OFFERED, Connect()],
    "InSuspended": [*OFFERED, Connect(), Suspend()],
    "WaitRelease": [*CALL, Release(16)],
    "WaitReleaseReset": [*CALL, Release(16), "RSC"],
    "WaitReleaseThenReset": [*CALL, Release(16), Reset()],
    "Resetting": [Reset()],
    "ResetAlerted": [Reset(), 301.0],
    "GroupResetting": ["group reset"],
    "Looped": ["CCR"],
    "CheckFailed": ["CCR", ("COT", FAILED)],
    "OverloadRelease": [*CALL, "OLM"],
    "Overloaded": [*CALL, "OLM", "RLC"],
    "OutWaitContinuity": ["each is checked", SETUP],
    "OutToneEnds": ["each is checked", SETUP, TONE],
    "RecheckWaits": ["each is checked", SETUP, 2.0],
    "RecheckAlerted": ["each is checked", SETUP, 2.0, 5.0, 2.0],
    "Rechecking": ["check"],
    "RecheckToneEnds": ["check", TONE],
}


def reach(state):
    tester = One(VARIANT.adjusted(ask_caller=True) if state == "InWaitInformation" else VARIANT)
    for step in RECIPES[state]:
        if step == "group reset":
            tester.do(tester.isup.reset(OTHER_END, 1, tester.now))
        elif step == "each is checked":
            tester.isup.circuits[OTHER_END].check.every = 1
        elif step == "check":
            tester.do(tester.isup.check([OTHER_END], tester.now))
        else:
            tester.step(step)
    assert tester.isup.circuits[OTHER_END].machine.state == state
    return tester


def cause(tester, state, event):
    """Make the event happen by what makes it in life."""
    machine = tester.isup.circuits[OTHER_END].machine
    if event in PRIMITIVES:
        tester.step(PRIMITIVES[event])
    elif event in machine.chart.timers:
        tester.wait(machine._timers[event] - tester.now)
    elif event == "lost":
        tester.far("CGB", i.CircuitGroupSupervisionMessageType(1), p.RangeAndStatus(1, 1), cic=OTHER_END)
        tester.far("CGU", i.CircuitGroupSupervisionMessageType(1), p.RangeAndStatus(1, 1), cic=OTHER_END)
    elif event == "abandon":
        tester.do(tester.isup.reset(OTHER_END, 1, tester.now))
    elif event == "alone":
        tester.wait(301.0)
        tester.give(Reset(), OTHER_END + 1)
    elif event == "acknowledged":
        tester.far("GRA", p.RangeAndStatus(1, 0), cic=OTHER_END)
    elif event == "blocked":
        tester.step("BLO")
    elif event == "unequipped":
        tester.step("UCIC")
    elif event == "judged":
        tester.far("CPG", i.EventInformation(2), *RELEASING, cic=OTHER_END)
    elif event in ("tone", "tone over"):
        tester.step(TONE if event == "tone" else TONE_OVER)
    elif event == "check":
        tester.do(tester.isup.check([OTHER_END], tester.now))
    elif event == "other":
        tester.step("SDN")
    elif event == "CRG":
        tester.octets(bytes((OTHER_END, 0, MessageType.CRG)))
    elif event == "PAM":
        tester.octets(bytes((OTHER_END, 0, MessageType.PAM, 1)))
    elif event == "FRJ":
        tester.far("FRJ", i.FacilityIndicator(), p.CauseIndicators(29), cic=OTHER_END)
    elif event == "USR":
        tester.far("USR", p.UserToUserInformation(b"\x04"), cic=OTHER_END)
    else:
        tester.step(event)


def come_to_rest(tester):
    """The switch lets go, the far end answers whatever is asked."""
    answers = {"REL": "RLC", "RSC": "RLC", "BLO": "BLA", "UBL": "UBA"}
    names = [*tester.give(Release(16), OTHER_END)[0], *tester.step("RLC")[0]]
    for _ in range(8):
        for name in names:
            if name in answers:
                tester.step(answers[name])
        tester.far("GRA", p.RangeAndStatus(1, 0), cic=OTHER_END)
        if tester.isup.circuits[OTHER_END].machine.state.startswith(("Looped", "CheckFailed", "Recheck")):
            tester.step("REL")
        names, _ = tester.wait(320.0)
    tester.step("UBL")
    # A circuit that UCIC has taken out comes back by a reset.
    tester.give(Reset(), OTHER_END)
    tester.step("RLC")
    assert tester.state(OTHER_END) == "Idle"
    assert tester.stands(OTHER_END) == set(), "nothing is sent, looped or listened for any more"
    assert tester.give(SETUP, OTHER_END)[0] == ["IAM"]


CELLS = [(state, event) for state, row in call_states.STATES.items() for event in row.cells]


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_every_cell_of_the_circuit(state, event):
    tester = reach(state)
    tester.said_ever = []
    take = tester.take

    def count(outputs):
        answer = take(outputs)
        tester.said_ever += tester.said
        return answer

    tester.take = count
    ran = []
    tester.isup.circuits[OTHER_END].machine.observer = lambda *cell: ran.append(cell)
    cause(tester, state, event)
    assert (state, event) in ran
    come_to_rest(tester)
    begun = sum(isinstance(each, Seized) for each in tester.said_ever) + (event == "Setup") + open_calls(state)
    assert sum(isinstance(each, Release) for each in tester.said_ever) == begun


def open_calls(state):
    """Calls that were open when the state was reached."""
    return int(state.startswith(("In", "Out")))


def test_what_is_not_stable_is_reset_after_a_restart_and_what_is_goes_on():
    for state in RECIPES:
        tester = reach(state)
        tag = tester.isup.circuits[OTHER_END].tag
        fresh = One()
        circuit = fresh.isup.circuits[OTHER_END]
        outputs = circuit.resume(tag, Levels(), 0.0)
        if tag:
            assert circuit.machine.state == state
            assert fresh.step(Release(16)) == (["REL"], [Release(16)])
        else:
            assert [type(each).__name__ for each in outputs] == ["Message"]
            assert circuit.machine.state == "Resetting"
        assert fresh.step("RLC") == ([], [Idle()])


@pytest.mark.parametrize("kind", list(REPEATED))
def test_every_cell_of_what_is_repeated(kind):
    short, long = REPEATED[kind]
    message = Tester().isup.circuits[1].say(kind)
    for state, row in repetition.states(short, long).items():
        for event in row.cells:
            request = repetition.Request(VARIANT, kind.name, (short, long))
            ran = []
            request.machine.observer = lambda *cell, ran=ran: ran.append(cell)
            if state != "Quiet":
                request.begin(message, 0.0)
            now = 0.0
            if state == "Alerted":
                while request.machine.state != "Alerted":
                    now = request.machine.deadline()
                    request.machine.expire(now)
            if event == "begin":
                assert request.begin(message, now) == (message,)
            elif event == "stop":
                assert request.stop(now) == (state != "Quiet")
            else:
                now = request.machine._timers[event]
                if event == long and state == "Waiting":
                    request.machine.stop_timer(short)
                said = request.machine.expire(now)
                assert (message in said) == ((state, event) != ("Alerted", short))
            assert (state, event) in ran
            request.stop(now)
            assert request.machine.deadline() is None


def test_every_cell_of_congestion():
    reaching = {"Full": 0, "Told": 1, "Listening": 1, "Reduced": 2}
    for state, row in congestion.states(*CONGESTION).items():
        for event in row.cells:
            room = congestion.Congestion(VARIANT, CONGESTION)
            ran = []
            now = 0.0
            for _ in range(reaching[state]):
                room.told(now)
                now += 1.0
                room.machine.expire(now)
            if state == "Told":
                room.told(now)
            if state == "Reduced":
                now += 7.0
                room.machine.expire(now)
            assert room.machine.state == state
            room.machine.observer = lambda *cell, ran=ran: ran.append(cell)
            if event in ("congestion", "clear"):
                room.machine.step(event, None, now)
            else:
                if (state, event) == ("Told", "T30"):
                    room.machine.stop_timer("T29")  # the longer of the two, should a site make them alike
                room.machine.expire(room.machine._timers[event])
            assert (state, event) in ran
            room.machine.step("clear", None, now)
            assert (room.steps, room.machine.state) == (0, "Full")


def test_every_cell_of_the_user_part():
    for state, row in availability.AVAILABILITY_STATES.items():
        for event in row.cells:
            part = availability.Availability(VARIANT, 1)
            ran = []
            if state != "Available":
                part.machine.step("inaccessible" if state == "Testing" else "unequipped", None, 0.0)
            part.machine.observer = lambda *cell, ran=ran: ran.append(cell)
            if event == "T4":
                assert part.machine.expire(300.0)[0].kind == MessageType.UPT
            else:
                part.machine.step(event, None, 0.0)
            assert (state, event) in ran
            part.machine.step("heard", None, 0.0)
            assert part.available


def test_every_cell_of_segmentation():
    more = i.OptionalBackwardCallIndicators(more_in_segment=True)
    circuit = Tester().isup.circuits[1]
    first, rest = circuit.say(MessageType.ACM, FREE, more), circuit.say(MessageType.SGM, p.GenericNumber("1"))
    plain = circuit.say(MessageType.ANM)
    inputs = {"segment": first, "message": plain, "SGM": rest}
    whole = {
        ("Whole", "segment"): [],
        ("Whole", "message"): [plain],
        ("Whole", "SGM"): [rest],
        ("Waiting", "segment"): [first],
        ("Waiting", "message"): [first, plain],
        ("Waiting", "SGM"): [circuit.say(MessageType.ACM, FREE, more, p.GenericNumber("1"))],
        ("Waiting", "T34"): [first],
        ("Waiting", "stop"): [],
        ("Whole", "stop"): [],
    }
    for state, row in segmentation.STATES.items():
        for event in row.cells:
            held = segmentation.Segmentation(VARIANT)
            if state == "Waiting":
                held.receive(first, 0.0)
            if event == "stop":
                held.stop(0.0)
                found = []
            else:
                found = held.late(3.0) if event == "T34" else held.receive(inputs[event], 0.0)
            assert found == whole[state, event], (state, event)
            if event in ("SGM", "T34", "stop", "message"):
                assert held.receive(plain, 3.0) == [plain], "what was held is given once"


def test_congestion_holds_back_part_of_the_calls_and_gives_it_back():
    tester = Tester(circuits=range(1, 200))

    def refused():
        told = []
        for cic in range(1, 21):
            told.append(tester.give(SETUP, cic)[1])
            tester.give(Release(16), cic)
            tester.far("RLC", cic=cic)
        return sum(Release(42) in each for each in told)

    assert refused() == 0
    for step in (1, 2, 3):
        tester.mtp(Status(tester.isup.far, "congestion"))
        tester.mtp(Status(tester.isup.far, "congestion"))
        assert tester.isup.congestion.steps == step
        tester.wait(1.0)
    assert refused() == 6
    tester.wait(7.0)
    assert refused() == 4
    tester.wait(20.0)
    assert refused() == 0
    for _ in range(12):
        tester.mtp(Status(tester.isup.far, "congestion"))
        tester.wait(1.0)
    assert tester.isup.congestion.steps == VARIANT.data.traffic_steps
    assert refused() == 20
    tester.wait(100.0)
    tester.give(SETUP)
    assert tester.far("REL", p.CauseIndicators(42), i.AutomaticCongestionLevel(1))[0] == ["RLC"]
    assert tester.isup.congestion.steps == 1


def test_our_own_congestion_is_told_in_rel():
    tester = Tester()
    tester.isup.congestion.overload = 2
    tester.give(SETUP)
    assert tester.give(Release(16))[0] == ["REL"]
    assert tester.first(i.AutomaticCongestionLevel) == i.AutomaticCongestionLevel(2)


def test_a_far_point_that_cannot_be_reached_gets_no_new_calls_and_keeps_the_old():
    for gone in (lambda tester: Pause(tester.isup.far), lambda tester: RestartBegins()):
        tester = Tester(circuits=(1, 2))
        tester.give(SETUP)
        tester.far("ACM")
        assert tester.mtp(gone(tester)) == ([], [Blocked("fault")] * 2)
        assert tester.give(SETUP, 2) == ([], [Release(44), Idle()])
        assert tester.state(1) == "OutWaitAnswer/fault"
        assert tester.mtp(Reachable(tester.isup.far)) == ([], [Unblocked()] * 2)
        assert tester.far("ANM") == ([], [Connect()])
    assert tester.mtp(Pause(tester.isup.far + 1)) == ([], [])


def test_a_user_part_that_is_not_available_is_asked_each_t4():
    tester = Tester(circuits=(1, 2))
    assert tester.mtp(Status(tester.isup.far, "user part unavailable", service=3)) == ([], [])
    assert tester.mtp(Status(tester.isup.far, "user part unavailable", service=5)) == (["UPT"], [Blocked("fault")] * 2)
    assert tester.wait(301.0)[0] == ["UPT"]
    assert tester.far("UPA") == ([], [Unblocked()] * 2)
    assert tester.wait(1000.0) == ([], [])
    assert tester.far("UPT") == (["UPA"], [])
    assert tester.mtp(Status(tester.isup.far, "user part unavailable", reason="unequipped")) == ([], [Blocked("fault")] * 2)
    assert tester.wait(1000.0) == ([], [])
    assert tester.far("IAM", cic=2)[1][:2] == [Unblocked(), Unblocked()], "whoever calls is there"


def test_hardware_that_has_failed_is_told_again_to_an_end_that_has_forgotten():
    tester = Tester()
    tester.do(tester.isup.block([3], values.SupervisionType.HARDWARE_FAILURE, 0.0))
    tester.far("CGBA", i.CircuitGroupSupervisionMessageType(1), p.RangeAndStatus(1, 1), cic=3)
    assert tester.far("GRS", p.RangeAndStatus(4), cic=1)[0] == ["CGB", "GRA"]
    assert tester.far("RSC", cic=3)[0] == ["RLC", "CGB"]


def test_service_begins_by_a_reset_of_all_circuits():
    tester = Tester(circuits=(*range(1, 40), 50))
    names, _ = tester.do(tester.isup.start(0.0, reset=True))
    assert names == ["GRS", "GRS", "RSC"]
    assert [message.cic for message in tester.messages] == [1, 33, 50]
    assert tester.far("GRA", p.RangeAndStatus(31, 0), cic=1)[1] == [Idle()] * 32
    assert not any(isinstance(each, Setup) for each in tester.said)
