"""Hold and retrieve: a party of a conversation hears music while the other attends to something else (CSTA: HoldCall, RetrieveCall).

The leg that hears the music is the one marked Held; the conversation stays the call's, so that whoever leaves it meanwhile clears it as
always. Leaves out consultation and transfer, and who asks for it (console, call waiting).
"""

from typing import TYPE_CHECKING

from pbx import bridge
from pbx.call import CONNECTED, HELD, Leg
from pbx.vocabulary import facts
from pbx.vocabulary.media import PLAYER

if TYPE_CHECKING:
    from pbx.switch import Switch


class Holding:
    """The held parties of one switch."""

    def __init__(self, switch: "Switch") -> None:
        self._switch = switch
        self._floor = switch.floor

    def hold(self, leg: Leg) -> str:
        """The leg's partner leaves it with music; "" or why not."""
        talking = leg.call.talking
        if talking is None or leg not in talking or leg.state == HELD:
            return "it is not in a conversation"
        for party in talking:
            self._floor.orders(bridge.silence(party))
        leg.state = HELD
        if self._switch.settings.hold_player >= 0:
            self._floor.orders(bridge.hear(leg, PLAYER + self._switch.settings.hold_player))
        self._switch.tell(leg, facts.Held)
        self._floor.touch(leg.line)
        return ""

    def retrieve(self, leg: Leg) -> str:
        """The held leg is back in its conversation; "" or why not."""
        talking = leg.call.talking
        if talking is None or leg.state != HELD:
            return "it is not held"
        leg.state = CONNECTED
        self._floor.orders(bridge.talk(*talking))
        self._switch.tell(leg, facts.Retrieved)
        self._floor.touch(leg.line)
        return ""
