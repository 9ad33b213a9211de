"""Numbers, confirmations and buffers of one M2PA link (RFC 4165 sections 4.1.4 to 4.2.1): the part that TXC and RXC have in Q.703.

The association loses and reorders nothing, so a number out of sequence is a fault of the far end and ends the link. What is sent stays
until the far end has confirmed it, by any message, and can be retrieved. T7 runs while a confirmation is owed to us, T6 while the
far end is busy, Tc while we owe one. After a processor outage the messages that the far end has not accepted wait to be sent anew, and
numbers go on behind the last one that it has. Leaves out the states of the link (m2pa_link.py).
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from pbx.engine import Output
from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.primitives import LinkCongestion, ReceivedMessage, RetrievalComplete, RetrievedMessage
from pbx.signalling.ss7.sigtran.association import SendOctets
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m2pa_messages import LAST, MODULUS, LinkStatus, UserData, write

STATUS_STREAM, DATA_STREAM = 0, 1
HALF = MODULUS // 2


class Transmission:
    """``sending``: messages may go out; ``accepting``: they may come in. ``fsn``: last sent, ``bsn``: last accepted."""

    def __init__(self, figures: Figures, tell: Callable[[Any], None], fail: Callable[[str], None]) -> None:
        self.data = figures.data
        self.tell = tell
        self.fail = fail
        self.fsn = self.bsn = LAST
        self.sending = self.accepting = False
        self.here_busy = False
        self.level = 0
        self.lost = 0
        self._confirmed = LAST
        self._unconfirmed: deque[tuple[int, bytes]] = deque()
        self._waiting: deque[bytes] = deque()
        self._owed = 0
        self.far_end = Machine(figures.chart("confirmations", FAR_END_STATES, "stop"), self)
        self.here = Machine(figures.chart("acknowledgement", HERE_STATES, "stop"), self)

    def _step(self, machine: Machine, event: str, now: float) -> None:
        unexpected = machine.step(event, None, now)
        assert not unexpected, unexpected

    # Beginning and end.

    def begin(self, now: float) -> None:
        """Numbers begin anew, nothing old is sent."""
        self._unconfirmed.clear()
        self._waiting.clear()
        self.fsn = self.bsn = self._confirmed = LAST
        self.halt(now)

    def halt(self, now: float) -> None:
        """Nothing goes or comes any more; what was not confirmed can be retrieved."""
        self.sending = self.accepting = self.here_busy = False
        self._owed = 0
        self.level = 0
        self._step(self.far_end, "stop", now)
        self._step(self.here, "stop", now)

    # Out.

    def status(self, state: str, stream: int = STATUS_STREAM) -> None:
        """Send a link status message; those that speak of the order of user data go with it."""
        self.tell(SendOctets(stream, write(LinkStatus(self.bsn, self.fsn, state))))

    def give(self, octets: bytes, now: float) -> None:
        """A message of level 3."""
        if len(self._waiting) + len(self._unconfirmed) >= self.data.messages:
            self.lost += 1
            return
        self._waiting.append(octets)
        self.send(now)

    def holds(self, octets: bytes) -> bool:
        """Whether a message is among those that wait or are not confirmed; the very same one, not its like."""
        return any(kept is octets for kept in (*self._waiting, *(kept for _, kept in self._unconfirmed)))

    def send(self, now: float) -> None:
        """Send what may be sent."""
        open_way = self.sending and self.far_end.state != "Busy"
        while open_way and self._waiting and len(self._unconfirmed) < self.data.unconfirmed:
            octets = self._waiting.popleft()
            self.fsn = (self.fsn + 1) % MODULUS
            self._unconfirmed.append((self.fsn, octets))
            self.tell(SendOctets(DATA_STREAM, write(UserData(self.bsn, self.fsn, octets))))
            self._confirmed_by_us(now)
            self._step(self.far_end, "sent", now)
        self._weigh()

    def _confirmed_by_us(self, now: float) -> None:
        self._owed = 0
        self._step(self.here, "confirmed", now)

    def _weigh(self) -> None:
        """Tell level 3 when the buffer's level of congestion changes."""
        count = len(self._unconfirmed) + len(self._waiting)
        level = self.level
        while level < 3 and count >= self.data.onset[level]:
            level += 1
        while level > 0 and count <= self.data.abatement[level - 1]:
            level -= 1
        if level != self.level and self.sending:
            self.level = level
            self.tell(LinkCongestion(level))

    # In.

    def hear_confirmation(self, bsn: int, now: float) -> bool:
        """Take the far end's confirmation; False: it confirms what was never sent, and the link has failed."""
        outstanding = (self.fsn - self._confirmed) % MODULUS
        ahead = (bsn - self._confirmed) % MODULUS
        if ahead > outstanding:
            self.fail(f"backward sequence number {bsn} confirms what was not sent")
            return False
        if ahead:
            self._confirmed = bsn
            for _ in range(ahead):
                self._unconfirmed.popleft()
            self._step(self.far_end, "more" if self._unconfirmed else "all", now)
            self.send(now)
        return True

    def hear(self, value: UserData, now: float) -> None:
        """User data of the far end. While ours does not accept they are not confirmed, so they come again."""
        if not self.hear_confirmation(value.bsn, now) or not self.accepting:
            return
        if not value.octets:
            if value.fsn != self.bsn:
                self.fail(f"forward sequence number {value.fsn} in a confirmation after {self.bsn}")
        elif value.fsn != (self.bsn + 1) % MODULUS:
            self.fail(f"forward sequence number {value.fsn} after {self.bsn}")
        else:
            self.bsn = value.fsn
            self._owed += 1
            self.tell(ReceivedMessage(value.octets))
            if self._owed >= self.data.confirm_each and not self.here_busy:
                self.confirm(now)
            else:
                self._step(self.here, "accepted", now)

    def confirm(self, now: float) -> None:
        """Confirm what was accepted, by a message without contents."""
        self.tell(SendOctets(DATA_STREAM, write(UserData(self.bsn, self.fsn))))
        self._confirmed_by_us(now)

    def busy(self, busy: bool, now: float) -> None:
        """Whoever carries messages up is busy, or not any more: what comes is accepted, and confirmed when it is over."""
        if busy != self.here_busy:
            self.here_busy = busy
            self.status("busy" if busy else "busy ended")
            if not busy and self._owed:
                self.confirm(now)

    def hear_busy(self, busy: bool, now: float) -> None:
        """The far end is busy, or not any more."""
        self._step(self.far_end, "busy" if busy else "busy-ended", now)
        self.send(now)

    # Processor outages.

    def pause(self, now: float) -> None:
        """The far end's processor is out, so it confirms nothing."""
        self.sending = False
        self._step(self.far_end, "all", now)

    def agree(self, value: LinkStatus, adopt: bool, now: float) -> bool:
        """Both ends agree on the numbers after an outage: what the far end has not accepted waits again, in its order.

        ``value`` is Recovered or Ready, ``adopt``: its number is that of the last message before those to come. False: it
        confirms what was never sent, and the link has failed.
        """
        if not self.hear_confirmation(value.bsn, now):
            return False
        self._waiting.extendleft(octets for _, octets in reversed(self._unconfirmed))
        self._unconfirmed.clear()
        self._step(self.far_end, "all", now)
        self.fsn = self._confirmed = value.bsn
        if adopt:
            self.bsn = value.fsn
        return True

    def flush(self) -> None:
        """Forget what waits: its traffic went another way."""
        self._waiting.clear()

    # Retrieval.

    def retrieve(self, fsnc: int | None) -> None:
        """Give back what the far end has not accepted; None: only what was never sent."""
        kept: Sequence[tuple[int, bytes]] = self._unconfirmed
        if fsnc is None:
            kept = ()
        for number, octets in kept:
            if fsnc is not None and 0 < (number - fsnc) % MODULUS < HALF:
                self.tell(RetrievedMessage(octets))
        for octets in self._waiting:
            self.tell(RetrievedMessage(octets))
        self.tell(RetrievalComplete())
        self._unconfirmed.clear()
        self._waiting.clear()

    # Actions of the two charts.

    def _late(self, _: Any, now: float) -> Sequence[Output]:
        self.fail("T7: no confirmation")
        return ()

    def _long_busy(self, _: Any, now: float) -> Sequence[Output]:
        self.fail("T6: the far end is busy too long")
        return ()

    def _time_to_confirm(self, _: Any, now: float) -> Sequence[Output]:
        if not self.here_busy:
            self.tell(SendOctets(DATA_STREAM, write(UserData(self.bsn, self.fsn))))
            self._owed = 0
        return ()

    def _still_waits(self, _: Any, now: float) -> Sequence[Output]:
        """The far end is not busy any more."""
        self.far_end.choose("Waiting" if self._unconfirmed else "Idle")
        return ()


_T = Transmission
_NOTHING = Cell(None)

FAR_END_STATES: dict[str, State] = {
    "Idle": State(
        "all is confirmed",
        {
            "sent": Cell(None, ("Waiting",)),
            "more": _NOTHING,  # during an outage of its processor it owes nothing
            "all": _NOTHING,
            "busy": Cell(None, ("Busy",)),
            "busy-ended": _NOTHING,
            "stop": _NOTHING,
        },
    ),
    "Waiting": State(
        "the far end owes us a confirmation",
        {
            "sent": _NOTHING,
            "more": Cell(None, ("Waiting",)),
            "all": Cell(None, ("Idle",)),
            "busy": Cell(None, ("Busy",)),
            "busy-ended": _NOTHING,
            "stop": Cell(None, ("Idle",)),
            "T7": Cell(_T._late, ("Idle",)),
        },
        ("T7",),
    ),
    "Busy": State(
        "the far end is busy",
        {
            "more": _NOTHING,
            "all": _NOTHING,
            "busy": _NOTHING,
            "busy-ended": Cell(_T._still_waits, ("Idle", "Waiting")),
            "stop": Cell(None, ("Idle",)),
            "T6": Cell(_T._long_busy, ("Idle",)),
        },
        ("T6",),
    ),
}
"""After TXC, figures 13/Q.703: T6 and T7."""

HERE_STATES: dict[str, State] = {
    "Idle": State("nothing is owed", {"accepted": Cell(None, ("Owing",)), "confirmed": _NOTHING, "stop": _NOTHING}),
    "Owing": State(
        "we owe a confirmation",
        {
            "accepted": _NOTHING,
            "confirmed": Cell(None, ("Idle",)),
            "stop": Cell(None, ("Idle",)),
            "Tc": Cell(_T._time_to_confirm, ("Idle",)),
        },
        ("Tc",),
    ),
}
"""Our own: when a confirmation goes out by itself."""
