"""The message transfer part of a signalling point, as the user parts of its circuits see it, whatever carries their messages.

Beneath it are level 3 on links (pbx/signalling_points.py), or application servers of M3UA (pbx/signalling_over_ip.py). Above it each user
part gets the messages of its own far point and all of PAUSE, RESUME and STATUS (Q.701 section 8). Leaves out what either does.
"""

from collections import deque
from typing import Any, Protocol

from pbx.floor import Floor
from pbx.line import HISTORY
from pbx.signalling.ss7.distribution import UserPart
from pbx.signalling.ss7.mtp3.label import Form
from pbx.signalling.ss7.primitives import Pause, Resume, ToUser, Transfer
from pbx.signalling_associations import Judge
from pbx.signalling_seat import words_of


class Relation(Protocol):
    """The circuits of one user part between two points."""

    user_part: UserPart[Any]

    @property
    def reached(self) -> bool:
        """Whether the far point can be reached."""

    def begin(self, adopt: bool) -> None:
        """``adopt``: control has restarted."""

    def receive(self, value: ToUser) -> None:
        """What the MTP says."""


class TransferPart:
    """The message transfer part of a point as its users see it: level 3 on links, or application servers (pbx/signalling_over_ip.py)."""

    def __init__(self, floor: Floor, name: str, code: int, form: Form, judge: Judge) -> None:
        self.name = name
        self.code = code
        self.form = form
        self.relations: list[Relation] = []
        self.history: deque[tuple[float, str]] = deque(maxlen=HISTORY)
        self.unknown_users = 0
        """Messages for user parts or points with which nothing is shared."""
        self._floor = floor
        self.judge = judge

    def receive(self, value: Any) -> None:
        """Something of a user; within a turn."""
        raise NotImplementedError

    def reachable(self, code: int) -> bool:
        """Whether a destination can be reached."""
        raise NotImplementedError

    @property
    def waits(self) -> int:
        """How many timers run."""
        raise NotImplementedError

    def begin(self) -> None:
        """Into service, its relations having begun; within a turn."""
        raise NotImplementedError

    def complain(self, output: Any) -> None:
        """A line of the trace, or something that the far end did wrong."""
        words = words_of(self._floor, output)
        if words:
            self.history.append((self._floor.now, words))

    def meant(self, relation: Relation, value: Transfer) -> bool:
        """Whether a message is for this relation."""
        return relation.user_part.far == value.opc and relation.user_part.service == value.service

    def to_users(self, value: ToUser) -> None:
        """What the MTP says to its users; within a turn."""
        if type(value) is Transfer:
            for relation in self.relations:
                if self.meant(relation, value):
                    relation.receive(value)
                    return
            self.unknown_users += 1
            return
        if isinstance(value, Pause | Resume):
            self.judge(f"point {self.form.text(value.affected)}", isinstance(value, Resume), "cannot be reached")
        for relation in self.relations:
            relation.receive(value)
