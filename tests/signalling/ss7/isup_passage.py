"""Two user parts of a transit exchange, and between them the least of a switch: what a primitive is at the other end of the call.

``near`` is the side that calls, ``far`` the called one, on circuit 1 each. ``forward`` and ``backward`` give octets to one side and return
the octets that the other sends for it. ``refused`` is what neither could hand on.
"""

import msgspec

from pbx.signalling.ss7.isup.codec import Message, encode
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Unparsed
from pbx.signalling.ss7.isup.transit import Passage
from pbx.vocabulary.call import Connect, Disconnect, NotCarried, Release, Seized, Setup
from tests.signalling.ss7.isup_tester import FAR, OWN, PARAMETERS, VARIANT, Tester, iam

TYPE_A, TYPE_B = Passage("A"), Passage("B")


def octets_of(name, *parameters):
    """The octets of a message by its acronym."""
    kind = MessageType[name]
    if not parameters:
        parameters = iam() if name == "IAM" else PARAMETERS.get(kind, ())
    return encode(Message(1, kind, tuple(parameters)))


def unknown(kind, body=b"\0"):
    """A message of a type without a table."""
    return encode(Message(1, kind, (Unparsed(body),)))


def transit_tester(passage, variant=VARIANT):
    tester = Tester(variant, own=OWN, far=FAR)
    for circuit in tester.isup.circuits.values():
        circuit.transit.plan = passage
    return tester


class TransitExchange:
    """Both sides, and the call between them."""

    def __init__(self, near=TYPE_B, far=TYPE_B, variants=(VARIANT, VARIANT)):
        self.near, self.far = transit_tester(near, variants[0]), transit_tester(far, variants[1])
        self.said = []

    def forward(self, octets):
        return self._across(self.near, self.far, octets)

    def backward(self, octets):
        return self._across(self.far, self.near, octets)

    def _across(self, from_side, to_side, octets):
        """What goes out at the other side; ``answered`` is what went back at once, ``said`` all primitives."""
        from_side.octets(octets)
        return self._hand(from_side, to_side)

    def _hand(self, from_side, to_side):
        self.answered, self.said = list(from_side.sent), list(from_side.said)
        sent = []
        for primitive in self.said:
            wanted = self._at_the_other_end(primitive, from_side is self.near)
            if wanted is not None:
                to_side.give(wanted)
                sent += to_side.sent
        return sent

    def _at_the_other_end(self, primitive, forward):
        if isinstance(primitive, Release):
            return Disconnect(primitive.cause, carried=primitive.carried)
        if isinstance(primitive, Setup):
            return msgspec.structs.replace(primitive, calling=primitive.calling)
        if isinstance(primitive, Seized) or type(primitive).__name__ == "Idle":
            return None
        if isinstance(primitive, Connect) and forward:
            return None  # the confirmation of our own answer
        # Address complete behind ringing is nothing new.
        later = any(type(each).__name__ in ("Alerting", "Progress", "Connect") for each in self.said)
        return None if type(primitive).__name__ == "Proceeding" and later else primitive

    def ends_here(self):
        """The call of the near side goes nowhere that understands what it carries."""
        setup = next(each for each in self.near.said if isinstance(each, Setup))
        return self.near.give(NotCarried(carried=setup.carried))

    def up_to(self, state):
        """A call in that state at the far side: "begun", "complete" or "answered"."""
        assert self.forward(octets_of("IAM"))
        if state in ("complete", "answered"):
            assert self.backward(octets_of("ACM"))
        if state == "answered":
            assert self.backward(octets_of("ANM"))
        return self
