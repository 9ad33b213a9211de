"""SLTC, signalling link test control: SLTM is sent and must come back as SLTA (Q.707 section 2.2).

A link that comes into service is tested before it carries traffic, and again each T2 while it does. Two tests in a row without a right
answer within T1 fail. An answer is right when it came over the link under test, from the adjacent point, with the link's code and our
pattern. Every SLTM of the far end is answered over the link it came by. Leaves out the traffic test of Q.707 section 3.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.engine import Malformed, Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import LINK_TEST, Label, Unit
from pbx.signalling.ss7.mtp3.management import LinkTest
from pbx.signalling.ss7.mtp3.operation import Warned
from pbx.signalling.ss7.primitives import MessageForTransmission

if TYPE_CHECKING:
    from pbx.signalling.ss7.mtp3.link import Link


class LinkTestControl:
    """The box of one link."""

    def __init__(self, link: "Link") -> None:
        self.link = link
        variant = link.room.variant
        seconds = {name: variant.seconds[name] for name in ("Q707T1", "Q707T2")}
        self.machine = Machine(variant.chart("SLTC", STATES, "stop"), self, seconds)

    def receive(self, unit: Unit) -> None:
        """A link test message came over this link."""
        link, room = self.link, self.link.room
        message = management.read_test(unit.data)
        if isinstance(message, Malformed):
            room.count("malformed")
            room.tell(message)
            return
        room.note(f"<- {message.name} SLC {unit.label.sls} over {link.name}")
        known = unit.label.opc == link.link_set.adjacent and unit.label.sls == link.code
        if message.name == "SLTA":
            right = known and message.pattern == room.variant.pattern
            room.hear(self.machine, "right-answer" if right else "wrong-answer")
        elif known:
            self._send(LinkTest("SLTA", message.pattern))
        else:
            room.count("SLTM for another link")  # no answer: the far end must see that its links are crossed

    def _send(self, message: LinkTest) -> None:
        link, room = self.link, self.link.room
        room.note(f"-> {message.name} SLC {link.code} over {link.name}")
        label = Label(link.link_set.adjacent, room.plan.code, link.code)
        unit = Unit(LINK_TEST, room.variant.data.network, label, management.write_test(message))
        room.to_link(link, MessageForTransmission(room.form.write_unit(unit)))

    # Actions.

    def _test(self, _: Any, now: float) -> Sequence[Output]:
        self._send(LinkTest("SLTM", self.link.room.variant.pattern))
        return ()

    def _passed(self, _: Any, now: float) -> Sequence[Output]:
        self.link.room.post(self.link.activity.machine, "test-passed")
        return ()

    def _failed(self, argument: Any, now: float) -> Sequence[Output]:
        """Twice no right answer. While a processor is out nobody could answer: that says nothing about the link, and it is tested again."""
        room = self.link.room
        if self.link.local_outage or self.link.remote_outage:
            self.machine.choose("FirstTest")
            return self._test(argument, now)
        self.machine.choose("Idle")
        room.count("link test failed", link=self.link)
        room.tell(Warned(self.link.name, "signalling link test failed twice"))
        room.post(self.link.activity.machine, "test-failed")
        return ()

    def _again(self, argument: Any, now: float) -> Sequence[Output]:
        """Test again while the link is active, if the network does that; else rest."""
        if self.link.room.variant.data.tests_while_active:
            self.machine.choose("FirstTest")
            return self._test(argument, now)
        self.machine.choose("Passed")
        return ()


_T = LinkTestControl
_NOTHING = Cell(None)
_STOP = Cell(None, ("Idle",))
_FIRST, _SECOND, _PASSED = ("FirstTest",), ("SecondTest",), ("Passed",)

STATES: dict[str, State] = {
    "Idle": State("no test runs", {"start": Cell(_T._test, _FIRST), "stop": _NOTHING}),
    "FirstTest": State(
        "SLTM is sent",
        {
            "stop": _STOP,
            "right-answer": Cell(_T._passed, _PASSED),
            "wrong-answer": Cell(_T._test, _SECOND),
            "Q707T1": Cell(_T._test, _SECOND),
        },
        ("Q707T1",),
    ),
    "SecondTest": State(
        "SLTM is sent a second time",
        {
            "stop": _STOP,
            "right-answer": Cell(_T._passed, _PASSED),
            "wrong-answer": Cell(_T._failed, ("Idle", "FirstTest")),
            "Q707T1": Cell(_T._failed, ("Idle", "FirstTest")),
        },
        ("Q707T1",),
    ),
    "Passed": State(
        "the link is good",
        {"stop": _STOP, "right-answer": _NOTHING, "wrong-answer": _NOTHING, "Q707T2": Cell(_T._again, ("FirstTest", "Passed"))},
        ("Q707T2",),
    ),
}
"""Figure 2/Q.707."""
