"""Every cell of every chart of level 3, one by one: the state is reached by real inputs, the event comes, the cell must run, and then, the
far ends being healthy again, everything must be available and every box at rest.

Events that only our own boxes post are posted by hand where no input of that moment would; they must be harmless too.
"""

import pytest

from pbx.signalling.ss7.mtp3 import (
    local_outage,
    lsac,
    operation,
    route_management,
    sltc,
    tcbc,
    tcoc,
    tcrc,
    tlac,
    tprc,
    transfer_restricted,
    tsfc,
)
from pbx.signalling.ss7.primitives import (
    Bsnt,
    InService,
    RemoteProcessorOutage,
    RemoteProcessorRecovered,
    RetrievalComplete,
    RetrievedMessage,
)
from tests.signalling.ss7.tester import ISUP, LINKS, VARIANT, B, C, D, E, Tester, ready

LATE = VARIANT.adjusted({"T18": 20000, "T20": 4000})
LEVELS = VARIANT.adjusted(congestion_levels=3)
OPTIONS = VARIANT.adjusted(transfer_restricted=True, outage_stabilised=True)


def box(tester, name):
    """A machine by its chart: those of link B0, of point B, of destination D."""
    room = tester.point._room
    link = room.links["B0"]
    return {
        "LSAC": lambda: link.activity.machine,
        "SLTC": lambda: link.test.machine,
        "TCOC": lambda: link.changeover.machine,
        "TCBC": lambda: next(one for (name, _), one in room.changebacks.items() if name == "B0").machine,
        "local": lambda: link.inhibiting.local,
        "remote": lambda: link.inhibiting.remote,
        "TPRC": lambda: room.restart.machine,
        "adjacent": lambda: link.link_set.point.restart.machine,
        "RSRT": lambda: room.routes._tests[D, B].machine,
        "RTPC": lambda: room.routes._responses[E, C].machine,
        "RTRC": lambda: room.routes._restrictions[D].machine,
        "outage": lambda: link.outage.machine,
        "RCAT": lambda: room.flow_control._tests[D].machine,
    }[name]()


# How states are reached, each from a point in full service unless it says otherwise.


def fresh(*silent, **features):
    tester = Tester(**features)
    tester.answers -= set(silent)
    return tester


def quiet(*silent, **features):
    tester = ready(**features)
    tester.answers -= set(silent)
    return tester


def inactive():
    tester = quiet()
    tester.give(operation.DeactivateLink("B0"))
    tester.wait(3)
    return tester


def aligning():
    tester = quiet("align")
    tester.fail("B0")
    tester.wait(2)
    return tester


def under_test():
    tester = quiet("SLTA")
    tester.fail("B0")
    tester.wait(2)
    return tester


def holding():
    tester = quiet("BSNT")
    tester.fail("B0")
    tester.wait(3)
    return tester


def second_test():
    tester = under_test()
    tester.wait(8)
    return tester


def failed(*silent):
    tester = quiet("align", *silent)
    tester.all_users(E, 1)
    tester.fail("B0")
    return tester


def retrieving():
    """Level 2 has been asked and has not answered: it is played by hand."""
    tester = quiet("align", "COA")
    tester.at_link = lambda link, request, real=tester.at_link: [] if type(request).__name__ == "RetrievalRequest" else real(link, request)
    tester.all_users(E, 1)
    tester.fail("B0")
    tester.far("COA", "B1", 0, fsn=3)
    return tester


def timed_outage():
    tester = quiet()
    tester.all_users(E, 1)
    tester.indicate("B0", RemoteProcessorOutage())
    return tester


def changing_back(seconds=0.0):
    tester = quiet("align", "CBA")
    tester.all_users(E, 1)
    tester.fail("B0")
    tester.wait(3)
    tester.all_users(E, 2)
    tester.indicate("B0", InService())
    tester.all_users(E, 3)
    tester.wait(seconds)
    return tester


def changing_back_timed():
    tester = quiet("align", "CBA")
    tester.all_users(D, 1)
    tester.far("TFP", "C0", 0, destination=B)
    tester.fail("B0")
    tester.fail("B1")
    tester.wait(3)
    tester.all_users(D, 2)
    tester.indicate("B0", InService())
    tester.all_users(D, 3)
    return tester


def asked(seconds=0.0):
    tester = quiet("LIA", "LUA")
    tester.give(operation.InhibitLink("B0"))
    tester.wait(seconds)
    return tester


def inhibited():
    tester = asked()
    tester.far("LIA", "B0")
    return tester


def uninhibiting(seconds=0.0):
    tester = inhibited()
    tester.give(operation.UninhibitLink("B0"))
    tester.wait(seconds)
    return tester


def remote_inhibited():
    tester = quiet("LIA", "LUA")
    tester.far("LIN", "B0")
    return tester


def forcing(seconds=0.0):
    tester = remote_inhibited()
    tester.answers.discard("align")
    tester.wait(2)
    tester.fail("B1")
    tester.wait(seconds)
    return tester


def isolated():
    tester = quiet("align")
    for link in LINKS:
        tester.fail(link)
    return tester


def restarts(**features):
    tester = fresh("TRA", **features)
    for name in ("B", "C"):
        tester.give(operation.ActivateLinkSet(name))
    return tester


def unavailable():
    tester = quiet("align")
    tester.fail("B0")
    tester.fail("B1")
    return tester


def adjacent_restarts():
    tester = unavailable()
    tester.far("TFP", "C0", 0, destination=B)
    tester.answers.discard("TRA")
    tester.wait(3)
    tester.indicate("B0", InService())
    return tester


def adjacent_quiet():
    tester = quiet()
    tester.far("TRA", "B0", 0)
    return tester


def prohibited():
    tester = quiet()
    tester.far("TFP", "B0", 0, destination=D)
    return tester


def allowed():
    tester = prohibited()
    tester.far("TFA", "B0", 0, destination=D)
    return tester


def responded(seconds=0.0):
    tester = quiet(transfer=True)
    tester.far("TFP", "B0", 0, destination=E)
    tester.put("C0", ISUP, C, E, 0, b"\x01")
    tester.wait(seconds)
    return tester


def controlled(seconds=0.0):
    tester = quiet(variant=LEVELS)
    tester.far("TFC", "B0", 0, destination=D, status=1)
    tester.wait(seconds)
    return tester


def restricting(seconds=None):
    """A transfer point whose normal way to D is B; with seconds: it was lost so long ago."""
    tester = quiet(variant=OPTIONS, transfer=True, d_priority=(0, 1))
    if seconds is not None:
        tester.far("TFP", "B0", 0, destination=D)
        tester.wait(seconds)
    return tester


def blocked(variant=OPTIONS, over=False):
    tester = quiet(variant=variant)
    tester.all_users(E, 1)
    tester.give(operation.BlockLink("B0"))
    if over:
        tester.give(operation.UnblockLink("B0"))
    return tester


STATES = {
    ("LSAC", "Inactive"): inactive,
    ("LSAC", "Aligning"): aligning,
    ("LSAC", "Testing"): under_test,
    ("LSAC", "Active"): quiet,
    ("LSAC", "Waiting"): lambda: failed(),
    ("LSAC", "Holding"): holding,
    ("SLTC", "Idle"): inactive,
    ("SLTC", "FirstTest"): under_test,
    ("SLTC", "SecondTest"): second_test,
    ("SLTC", "Passed"): quiet,
    ("TCOC", "Idle"): quiet,
    ("TCOC", "Timed"): timed_outage,
    ("TCOC", "BsntWait"): lambda: failed("BSNT", "COA"),
    ("TCOC", "AckWait"): lambda: failed("COA"),
    ("TCOC", "Retrieving"): retrieving,
    ("TCOC", "Done"): failed,
    ("TCBC", "FirstDeclared"): changing_back,
    ("TCBC", "SecondDeclared"): lambda: changing_back(0.9),
    ("TCBC", "Timed"): changing_back_timed,
    ("local", "Uninhibited"): lambda: quiet("LIA", "LUA"),
    ("local", "Asked"): asked,
    ("local", "AskedAgain"): lambda: asked(2.6),
    ("local", "Inhibited"): inhibited,
    ("local", "Uninhibiting"): uninhibiting,
    ("local", "UninhibitingAgain"): lambda: uninhibiting(1.3),
    ("remote", "Free"): quiet,
    ("remote", "RemoteInhibited"): remote_inhibited,
    ("remote", "Forcing"): forcing,
    ("remote", "ForcingAgain"): lambda: forcing(1.4),
    ("TPRC", "Isolated"): isolated,
    ("TPRC", "Restarting"): restarts,
    ("TPRC", "Restarted"): quiet,
    ("adjacent", "Unavailable"): unavailable,
    ("adjacent", "Both"): restarts,
    ("adjacent", "Restarting"): adjacent_restarts,
    ("adjacent", "Quiet"): adjacent_quiet,
    ("adjacent", "Accessible"): quiet,
    ("RSRT", "Idle"): allowed,
    ("RSRT", "Testing"): prohibited,
    ("RTPC", "Idle"): lambda: responded(2),
    ("RTPC", "Quiet"): responded,
    ("RTRC", "Normal"): restricting,
    ("RTRC", "Waiting"): lambda: restricting(0),
    ("RTRC", "Restricted"): lambda: restricting(61),
    ("outage", "Working"): quiet,
    ("outage", "Out"): blocked,
    ("outage", "Stabilising"): lambda: blocked(over=True),
    ("RCAT", "Idle"): lambda: controlled(10),
    ("RCAT", "Congested"): controlled,
    ("RCAT", "Testing"): lambda: controlled(2.6),
}
CHARTS = {
    "LSAC": lsac.STATES,
    "SLTC": sltc.STATES,
    "TCOC": tcoc.STATES,
    "TCBC": tcbc.STATES,
    "local": tlac.LOCAL_STATES,
    "remote": tlac.REMOTE_STATES,
    "TPRC": tprc.POINT_STATES,
    "adjacent": tprc.ADJACENT_STATES,
    "RSRT": route_management.TEST_STATES,
    "RTPC": route_management.RESPONSE_STATES,
    "RTRC": transfer_restricted.STATES,
    "outage": local_outage.STATES,
    "RCAT": tsfc.STATES,
}
PASSING = {("TCBC", "New"), ("TCBC", "Ended")}
"""States that no input can find the box in: it has left them, or is gone, when an input is over."""

MESSAGES = ("LIN", "LUN", "LIA", "LUA", "LID", "LFU", "LLT", "LRT")


def stimulus(tester, chart, event):
    """What brings this event to the box, or None where only a signal by hand does."""
    if event in MESSAGES:
        return lambda: tester.far(event, "B1" if not tester.point._room.links["B0"].carries else "B0", 0)
    return {
        ("LSAC", "activate"): lambda: tester.give(operation.ActivateLink("B0")),
        ("LSAC", "deactivate"): lambda: tester.give(operation.DeactivateLink("B0")),
        ("LSAC", "in-service"): lambda: tester.indicate("B0", InService()),
        ("LSAC", "out-of-service"): lambda: tester.fail("B0"),
        ("LSAC", "changeover-done"): lambda: tester.indicate("B0", Bsnt(9)) if tester.state("B0")[0].endswith("(Holding)") else None,
        ("SLTC", "start"): lambda: tester.give(operation.ActivateLink("B0")),
        ("SLTC", "stop"): lambda: fail_all(tester, "B0"),
        ("TPRC", "isolated"): lambda: fail_all(tester, *LINKS),
        ("adjacent", "down"): lambda: fail_all(tester, "B0", "B1"),
        ("SLTC", "right-answer"): lambda: tester.test_message("SLTA", "B0"),
        ("SLTC", "wrong-answer"): lambda: tester.test_message("SLTA", "B0", b"other"),
        ("TCOC", "BSNT"): lambda: tester.indicate("B0", Bsnt(9)),
        ("TCOC", "order"): lambda: tester.far("COO", "B1", 0, fsn=4),
        ("TCOC", "acknowledgement"): lambda: tester.far("COA", "B1", 0, fsn=4),
        ("TCOC", "complete"): lambda: tester.indicate("B0", RetrievalComplete()),
        ("TCOC", "retrieved"): lambda: tester.indicate("B0", RetrievedMessage(bytes((0x85, 5, 100, 21, 1, 100, 21, 0, 1)))),
        ("TCBC", "CBA"): lambda: tester.far("CBA", "B1", 0, code=tester.messages[-1][3].code),
        ("local", "inhibit"): lambda: tester.give(operation.InhibitLink("B0")),
        ("local", "uninhibit"): lambda: tester.give(operation.UninhibitLink("B0")),
        ("TPRC", "TRA"): lambda: tester.far("TRA", "B0", 0),
        ("adjacent", "TRA"): lambda: tester.far("TRA", "B0", 0),
        ("RSRT", "allowed"): lambda: tester.far("TFA", "B0", 0, destination=D),
        ("RSRT", "not-allowed"): lambda: tester.far("TFP", "B0", 0, destination=D),
        ("RTRC", "normal"): lambda: tester.far("TFA", "B0", 0, destination=D),
        ("RTRC", "diverted"): lambda: tester.far("TFP", "B0", 0, destination=D),
        ("outage", "block"): lambda: tester.give(operation.BlockLink("B0")),
        ("outage", "unblock"): lambda: tester.give(operation.UnblockLink("B0")),
        ("RTPC", "needed"): lambda: tester.put("C0", ISUP, C, E, 0, b"\x02"),
        ("RCAT", "TFC"): lambda: tester.far("TFC", "B0", 0, destination=D, status=2),
    }.get((chart, event))


def fail_all(tester, *links):
    tester.answers.discard("align")
    for link in links:
        tester.fail(link)


ARGUMENTS = {("TCOC", "order"): 4, ("TCOC", "acknowledgement"): 4}
CELLS = [
    (chart, state, event)
    for chart, states in CHARTS.items()
    for state, row in states.items()
    if (chart, state) not in PASSING
    for event in row.cells
]


def heal(tester):
    """The far ends are healthy, people want everything in service: it must come."""
    tester.answers |= {"align", "SLTA", "TRA", "COA", "CBA", "LIA", "LUA", "BSNT"}
    tester.__dict__.pop("at_link", None)
    for link in tester.links:  # what stands unanswered from before is answered now
        machine = tester.point._room.links[link].changeover.machine
        if machine.state == "BsntWait":
            tester.indicate(link, Bsnt(7))
        if machine.state == "Retrieving":
            tester.indicate(link, RetrievalComplete())
        if tester.point._room.links[link].activity.machine.state == "Aligning":
            tester.indicate(link, InService())
    for name in dict.fromkeys(link[0] for link in tester.links):
        tester.give(operation.ActivateLinkSet(name))
    for link in tester.links:
        tester.give(operation.UninhibitLink(link))
        tester.give(operation.UnblockLink(link))
        tester.far("LUN", link)
        if tester.point._room.links[link].remote_outage:
            tester.indicate(link, RemoteProcessorRecovered())
    for destination in (B, D, E):
        tester.far("TFA", "B0", 0, destination=destination)
        tester.far("TFA", "C0", 0, destination=destination)
    tester.far("TRA", "B0", 0)
    tester.far("TRA", "C0", 0)
    tester.wait(5)
    tester.give(operation.UninhibitLink("B0"))  # once more: the order before may have come while an older one was given up
    tester.wait(150)


@pytest.mark.parametrize(("chart", "state", "event"), CELLS)
def test_cell(chart, state, event):
    tester = restarts(variant=LATE) if event == "T20" else STATES[chart, state]()
    machine = box(tester, chart)
    assert machine.state == state
    seen = []
    machine.observer = lambda *cell: seen.append(cell)
    if event in machine.chart.timers:
        tester.wait(machine.deadline() - tester.now + 1e-6 if machine.runs(event) else 0)
        if (state, event) not in seen:
            pytest.fail(f"timer {event} does not run in {state}")
    elif act := stimulus(tester, chart, event):
        act()
    if (state, event) not in seen:
        tester.point._room.post(machine, event, ARGUMENTS.get((chart, event)))
        tester.take(tester.point._taken(tester.now))
    assert (state, event) in seen
    heal(tester)
    assert tester.state() == ["available"] * 4
    assert all(tester.point.accessible(code) for code in (B, C, D, E))
    tester.clear()
    tester.all_users(D, 200)
    assert tester.spread(200) == ({"B0": 8, "B1": 8} if chart == "RTRC" else {"B0": 4, "B1": 4, "C0": 4, "C1": 4})
    assert [flow.hold for flow in tester.point._room.routing.flows.values() if flow.hold] == []
    assert tester.point._room.changebacks == {}


def test_controlled_rerouting_takes_its_three_cells():
    """TCRC lives inside one rerouting: its cells are walked through in order."""
    tester = ready(d_priority=(0, 1))
    tester.far("TFP", "B0", 0, destination=D)
    tester.all_users(D, 1)
    tester.far("TFA", "B0", 0, destination=D)
    tester.wait(1)
    assert tester.point.counters["controlled rerouting"] == 1
    assert list(tcrc.STATES) == ["New", "Resting", "Ended"]


def test_every_state_has_a_way_to_it():
    missing = {(chart, state) for chart, states in CHARTS.items() for state in states} - set(STATES) - PASSING
    assert missing == set()
