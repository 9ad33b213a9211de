"""A far end by hand for a link that the plane works: a second plane whose port carries signal units, with the face of FarEnd of the tests
of Q.781, so that these run over a card and the arena as they do over the two parts of level 2 alone."""

from pbx.media import TICK_SECONDS
from pbx.signalling.ss7 import primitives as p
from pbx.vocabulary import media
from tests.signalling.ss7.terminal import FarEnd


class PlaneFarEnd(FarEnd):
    """``link``: our end. ``late``: ticks that a unit takes there and its answer back, with all that waits between; no wait is shorter.

    Cards repeat the last short unit given and cannot be silent, so ``silence`` is left out."""

    def __init__(self, link, plane, port, late, await_tick=lambda tick: None):
        self.end, self.plane, self.port, self.late, self.await_tick = link, plane, port, late, await_tick
        self._request, link.request = link.request, self._ask
        self.ticks = 0
        self._ahead = 0  # ticks that were run for a unit and count for the next wait
        self.heard, self._last = [], None
        self._given = None
        self.standing = None
        self.backward, self.backward_bit, self.forward, self.forward_bit = 127, 1, 127, 1
        plane.configure_port(port, "signal-units")
        self.run(0.2)
        self.forget()

    def send(self, *units):
        """One behind the other, each once or as often as the card repeats it; then what stands."""
        for unit in units:
            self._give(unit)
        if self.standing and self._given != self.standing():
            self._give(self.standing())
        self._tick(self.late)
        self._ahead = self.late

    def message(self, octets=b"\x85message"):
        """The next message, and fill-in units behind it."""
        self.forward = (self.forward + 1) % 128
        self.fill_in()
        self.send(self.msu(octets))

    def _ask(self, value):
        """What is asked has its answer when this returns."""
        self._request(value)
        if isinstance(value, p.RetrieveBsnt | p.RetrievalRequest):
            self._tick(self.late)

    def _give(self, unit):
        self.plane.send(self.port, media.SendFrame(unit))
        self._given = unit

    def silence(self):
        """Cannot be."""
        raise NotImplementedError

    def _tick(self, ticks):
        for _ in range(ticks):
            self.await_tick(self.ticks)
            self.end.plane.tick(self.ticks)
            self.plane.tick(self.ticks)
            self.ticks += 1
            for _, port, event in self.plane.drain():
                if port == self.port and isinstance(event, media.Frame):
                    self._last = event.octets
                    if not self.heard or self.heard[-1][1] != event.octets:
                        self.heard.append((self.ticks, event.octets))
            self.end.look(self.ticks * TICK_SECONDS)

    def run(self, seconds=0.05, until=None):
        """At least as long as a unit takes there and back."""
        if self.standing and self._given != self.standing():
            self._give(self.standing())
        ticks = max(round(seconds / TICK_SECONDS) - self._ahead, self.late)
        self._ahead = 0
        for _ in range(ticks):
            if until and until():
                return True
            self._tick(1)
        if not self.heard and self._last:  # what stands is heard again when it was forgotten
            self.heard.append((self.ticks, self._last))
        return bool(until and until())


OVER_A_WIRE = {
    "test_q781_link_states": """
        1_1_a 1_1_b 1_2 1_3 1_4 1_5 1_6 1_7 1_8 1_9 1_10 1_11 1_12 1_13 1_14 1_15 1_16 1_17 1_18 1_19 1_20 1_21 1_22 1_23 1_24 1_25 1_26
        1_27 1_28 1_29 1_30 1_31 1_32 1_33 1_34 1_35 2_1 2_2 2_3 2_4 2_5 2_6 2_7 2_8""",
    "test_q781_failures": "4_1 4_2 4_3",
    "test_q781_transmission": "8_2 8_4 8_5 8_6 8_7 8_8 8_9 8_10 8_11 8_12 8_13 10_1 10_2 10_3",
}
"""The items that need no more of the far end than a card does: no silence, no damaged units, none that is given once and not repeated."""


def chosen(module, items=OVER_A_WIRE):
    """The tests of a module that are in the list, by name."""
    found = {}
    for number in items[module.__name__.rpartition(".")[2]].split():
        names = [name for name in vars(module) if name.startswith(f"test_{number}_")]
        found.update({name: getattr(module, name) for name in names})
        assert names, number
    return found
