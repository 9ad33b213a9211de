"""Every cell of every chart of the Chinese TUP, one by one: the state is reached by real inputs, the event comes as a real input, the cell
must have run, and then the circuit must be able to come to rest, with one Release for each call."""

import pytest

from pbx.engine import Levels
from pbx.machine import Chart
from pbx.signalling.ss7 import congestion, repetition
from pbx.signalling.ss7.continuity import CHECK_TONE
from pbx.signalling.ss7.tup import call_states, distribution
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.variant import CONGESTION, REPEATED, TIMERS
from pbx.vocabulary.call import (
    Alerting,
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
)
from pbx.vocabulary.media import ToneOff, ToneOn
from tests.signalling.ss7.tup_tester import VARIANT, Tester, iam

OTHER_END = 2
"""A circuit whose dual seizure the far end wins."""
SETUP = Setup("119", "77")
"""A call whose called party controls the release."""
PRIMITIVES = {
    type(each).__name__: each
    for each in (SETUP, Info("5"), Proceeding(), Alerting(), Progress(), Connect(), Disconnect(17), Release(16), Suspend(), Resume(),
                 OperatorSignal("re-ring"), Metering(2), Reset())
}  # fmt: skip
TONE, TONE_OVER = ToneOn(CHECK_TONE), ToneOff(CHECK_TONE)
CALL = [SETUP]
ANSWERED = [*CALL, "ACM", "ANC"]
OFFERED = ["IAI"]
FAILED = [*OFFERED, Release(17)]
RECIPES = {
    "Idle": [],
    "OutWaitAddressComplete": CALL,
    "OutWaitAnswer": [*CALL, "ACM"],
    "OutAnswered": ANSWERED,
    "OutSuspended": [Setup("12345"), "ACM", "ANC", "CBK"],
    "OutCallerCleared": [*ANSWERED, Disconnect(16)],
    "InWaitContinuity": [("IAM", iam(check=1))],
    "InWaitDigits": [("IAM", iam("1234"))],
    "InWaitInformation": ["IAM"],
    "InOffered": OFFERED,
    "InAddressComplete": [*OFFERED, Alerting()],
    "InAnswered": [*OFFERED, Connect()],
    "InSuspended": [*OFFERED, Connect(), Suspend()],
    "InFailed": FAILED,
    "InFailureRepeated": [*FAILED, 11.5],
    "InFailureAlerted": [*FAILED, 72.0],
    "InClearedBack": [*OFFERED, Connect(), Release(16)],
    "WaitRelease": [*CALL, Release(16)],
    "WaitReleaseThenReset": [*CALL, Release(16), Reset()],
    "Resetting": [Reset()],
    "ResetMet": [Reset(), "CLF"],
    "ResetAlerted": [Reset(), 61.0],
    "GroupResetting": ["group reset"],
    "Looped": ["CCR"],
    "CheckFailed": ["CCR", "CCF"],
    "OutWaitContinuity": ["each is checked", SETUP],
    "OutToneEnds": ["each is checked", SETUP, TONE],
    "RecheckWaits": ["each is checked", SETUP, 2.0],
    "RecheckAlerted": ["each is checked", SETUP, 2.0, 5.0, 2.0],
    "Rechecking": ["check"],
    "RecheckToneEnds": ["check", TONE],
}
CLOSED = ("InFailed", "InFailureRepeated", "InFailureAlerted", "InClearedBack")
"""States of a call that the switch has already been told the end of."""


class One(Tester):
    """A tester that looks at one circuit; a step is a primitive, an acronym, a tuple of it with contents, or seconds."""

    __test__ = False

    def step(self, step):
        if isinstance(step, str):
            return self.far(step, cic=OTHER_END)
        if isinstance(step, tuple):
            return self.far(*step, cic=OTHER_END)
        return self.wait(step) if isinstance(step, float) else self.give(step, OTHER_END)


def reach(state):
    tester = One(VARIANT.adjusted(ask_caller=True) if state == "InWaitInformation" else VARIANT)
    for step in RECIPES[state]:
        if step == "group reset":
            tester.do(tester.tup.reset(OTHER_END, 1, tester.now))
        elif step == "each is checked":
            tester.tup.circuits[OTHER_END].check.every = 1
        elif step == "check":
            tester.do(tester.tup.check([OTHER_END], tester.now))
        else:
            tester.step(step)
    assert tester.tup.circuits[OTHER_END].machine.state == state
    return tester


def hardware(tester, *names):
    for name in names:
        tester.far(name, c.CircuitRange(1, 1), cic=OTHER_END)


def cause(tester, event):
    """Make the event happen by what makes it in life."""
    machine = tester.tup.circuits[OTHER_END].machine
    if event in PRIMITIVES:
        tester.step(PRIMITIVES[event])
    elif event in machine.chart.timers:
        tester.wait(machine._timers[event] - tester.now)
    elif event == "lost":
        hardware(tester, "HGB", "HGU")
    elif event == "abandon":
        tester.do(tester.tup.reset(OTHER_END, 1, tester.now))
    elif event == "alone":
        tester.wait(61.0)
        tester.give(Reset(), OTHER_END + 1)
    elif event == "acknowledged":
        tester.far("GRA", c.CircuitRange(1, 0), cic=OTHER_END)
    elif event == "blocked":
        tester.step("BLO")
    elif event in ("tone", "tone over"):
        tester.step(TONE if event == "tone" else TONE_OVER)
    elif event == "check":
        tester.do(tester.tup.check([OTHER_END], tester.now))
    elif event == "other":
        tester.step("GSM" if machine.state in ("Idle", "OutWaitAddressComplete") else "ACM")
    else:
        tester.step(event)


def come_to_rest(tester):
    """The switch lets go, the far end answers whatever is asked."""
    answers = {"CLF": "RLG", "RSC": "RLG", "BLO": "BLA", "UBL": "UBA"}
    names = [*tester.give(Release(16), OTHER_END)[0], *tester.step("CLF")[0]]
    for _ in range(8):
        for name in names:
            if name in answers:
                tester.step(answers[name])
        tester.far("GRA", c.CircuitRange(1, 0), cic=OTHER_END)
        if tester.tup.circuits[OTHER_END].machine.state.startswith("Recheck"):
            tester.step("CLF")
        names, _ = tester.wait(70.0)
    tester.step("UBL")
    assert tester.state(OTHER_END) == "Idle"
    assert not tester.tup.circuits[OTHER_END].check.sounds, "nothing is sent, looped or listened for any more"
    assert tester.give(SETUP, OTHER_END)[0] == ["IAI"]


def open_calls(state):
    """Calls that were open when the state was reached."""
    return int(state.startswith(("In", "Out")) and state not in CLOSED)


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
    tester.tup.circuits[OTHER_END].machine.observer = lambda *cell: ran.append(cell)
    cause(tester, event)
    assert (state, event) in ran
    come_to_rest(tester)
    begun = sum(isinstance(each, Seized) for each in tester.said_ever) + (event == "Setup") + open_calls(state)
    assert sum(isinstance(each, Release) for each in tester.said_ever) == begun


def test_the_table_can_be_drawn_and_every_state_is_reached():
    chart = VARIANT.chart("circuit", call_states.STATES, "Release")
    assert isinstance(chart, Chart)
    assert set(chart.cells()) == set(CELLS)
    drawing = chart.drawing()
    assert all(f'"{state}"' in drawing for state in RECIPES)
    assert set(RECIPES) == set(call_states.STATES)


def test_every_timer_of_the_file_is_used_by_a_chart():
    used = {timer for state in call_states.STATES.values() for timer in state.starts}
    used |= {timer for pair in REPEATED.values() for timer in pair} | set(CONGESTION)
    used |= {timer for state in distribution.AVAILABILITY_STATES.values() for timer in state.starts}
    assert used == TIMERS


def test_what_is_not_stable_is_reset_after_a_restart_and_what_is_goes_on():
    for state in RECIPES:
        tester = reach(state)
        tag = tester.tup.circuits[OTHER_END].tag
        fresh = One()
        circuit = fresh.tup.circuits[OTHER_END]
        outputs = circuit.resume(tag, Levels(), 0.0)
        if not tag:
            assert [type(each).__name__ for each in outputs] == ["Message"]
            assert circuit.machine.state == "Resetting"
            assert fresh.step("RLG") == ([], [Idle()])
            continue
        assert circuit.machine.state == state
        assert circuit.tag == tag
        if state.startswith("Out"):
            assert circuit.control == tester.tup.circuits[OTHER_END].control
            assert fresh.step(Release(16)) == (["CLF"], [Release(16)])
            assert fresh.step("RLG") == ([], [Idle()])
        else:
            assert fresh.step(Release(16)) == ([] if state == "InSuspended" else ["CBK"], [Release(16)])
            assert fresh.step("CLF") == (["RLG"], [Idle()])


@pytest.mark.parametrize("heading", list(REPEATED), ids=lambda heading: heading.name)
def test_every_cell_of_what_is_repeated(heading):
    short, long = REPEATED[heading]
    message = Message(1, heading)
    for state, row in repetition.states(short, long).items():
        for event in row.cells:
            request = repetition.Request(VARIANT, heading.name, (short, long))
            ran = []
            request.machine.observer = lambda *cell, ran=ran: ran.append(cell)
            if state != "Quiet":
                request.begin(message, 0.0)
            now = 0.0
            while state == "Alerted" and request.machine.state != "Alerted":
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
    told, step = CONGESTION
    reaching = {"Full": 0, "Told": 1, "Listening": 1, "Reduced": 2}
    for state, row in congestion.states(told, step).items():
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
                if (state, event) == ("Told", step):
                    room.machine.stop_timer(told)  # the longer of the two, should a site make them alike
                room.machine.expire(room.machine._timers[event])
            assert (state, event) in ran
            room.machine.step("clear", None, now)
            assert (room.steps, room.machine.state) == (0, "Full")


def test_every_cell_of_the_user_part():
    for state, row in distribution.AVAILABILITY_STATES.items():
        for event in row.cells:
            part = distribution.Availability(VARIANT, 1)
            ran = []
            if state != "Available":
                part.machine.step("inaccessible" if state == "Waiting" else "unequipped", None, 0.0)
            part.machine.observer = lambda *cell, ran=ran: ran.append(cell)
            if event == "user_part":
                part.machine.expire(60.0)
            else:
                part.machine.step(event, None, 0.0)
            assert (state, event) in ran
            part.machine.step("heard", None, 0.0)
            assert part.available
