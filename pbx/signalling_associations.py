"""Associations of SIGTRAN as an exchange sees them: whether each stands, what went over it, who takes what it tells.

Between the engines and the sockets: what comes opens a turn of the floor, what an engine sends leaves when the turn's facts are written
down. An association that is not there is an alarm. Leaves out the sockets (pbx/associations.py, or in virtual time
drivers/far_end/association_wires.py), and what goes over associations (pbx/signalling_over_ip.py).
"""

from collections import deque
from collections.abc import Callable

from pbx.floor import Floor
from pbx.line import HISTORY
from pbx.signalling.ss7.sigtran.association import AssociationLost, AssociationUp, EndAssociation, FromBelow, Octets, SendOctets

Ordered = SendOctets | EndAssociation
Judge = Callable[[str, bool, str], object]
"""``judge(source, well, reason)``: an alarm begins or ends."""


class AssociationEnd:
    """Our end of one association."""

    def __init__(self, name: str, taker: Callable[[FromBelow], object]) -> None:
        """``taker`` gets what the association tells, within a turn."""
        self.name = name
        self.taker = taker
        self.up = False
        self.reason = "not yet there"
        """Why it is not there, for people."""
        self.losses = 0
        self.messages = [0, 0]
        """Received and sent, by this control."""
        self.history: deque[tuple[float, str]] = deque(maxlen=HISTORY)


class AssociationEnds:
    """All of them. ``carry`` is where what is sent goes; the composition sets it."""

    def __init__(self, floor: Floor, judge: Judge) -> None:
        self.ends: dict[str, AssociationEnd] = {}
        self.carry: Callable[[str, Ordered], object] = lambda name, order: None
        self._floor = floor
        self._judge = judge

    def add(self, name: str, taker: Callable[[FromBelow], object]) -> AssociationEnd:
        """One more; before ``begin``."""
        assert name not in self.ends, name
        end = self.ends[name] = AssociationEnd(name, taker)
        return end

    def begin(self) -> None:
        """None is there yet; within a turn."""
        for name, end in self.ends.items():
            self._judge(f"association {name}", False, end.reason)

    def told(self, name: str, value: FromBelow) -> None:
        """Something has come of an association; opens a turn."""
        self._floor.turn(self._told, self.ends[name], value)

    def noted(self, name: str, text: str) -> None:
        """A line for people; without a name it is about somebody who is no far end of ours."""
        for end in [self.ends[name]] if name else self.ends.values():
            end.history.append((self._floor.clock.seconds(), text))

    def send(self, name: str, order: Ordered) -> None:
        """What an engine wants sent, after this turn."""
        if isinstance(order, SendOctets):
            self.ends[name].messages[1] += 1
        self._floor.afterwards(self._leave, name, order)

    def _leave(self, name: str, order: Ordered) -> None:
        self.carry(name, order)

    def _told(self, end: AssociationEnd, value: FromBelow) -> None:
        now = self._floor.now
        if isinstance(value, Octets):
            end.messages[0] += 1
        elif isinstance(value, AssociationUp):
            end.up, end.reason = True, ""
            end.history.append((now, "up"))
            self._judge(f"association {end.name}", True, "")
        else:
            assert isinstance(value, AssociationLost)
            end.up, end.reason = False, value.reason
            end.losses += 1
            end.history.append((now, f"lost: {value.reason}"))
            self._judge(f"association {end.name}", False, f"lost: {value.reason}")
        end.taker(value)
