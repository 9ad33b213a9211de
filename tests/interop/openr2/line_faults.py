"""What may befall one circuit between libopenr2 and us: one direction's sound or bits, for a time, where the far exchange carries them.

The far exchange (far_exchange.py) asks once a block and circuit. ``tone held`` repeats the last 50 ms for ever: all frequencies of Q.441
are multiples of 20 Hz, so a signal goes on without a seam. Faults of the whole span (bit errors, cut, slips) are the wire's own
(drivers/wire.py). Leaves out when a fault begins, which the program says.
"""

TICK = 80
SEAM = 400
SILENCE = bytes([0xD5]) * TICK
WORDS = ("deaf", "mute", "tone held in", "tone held out", "bits kept in", "bits kept out", "stopped")
"""The library hears nothing; is not heard; hears its last sound on; is heard so; receives no new bits; its bits do not arrive; is dead."""


class CircuitFaults:
    """The faults that now stand on one circuit."""

    def __init__(self) -> None:
        self.standing: set[str] = set()
        self.kept: dict[str, int] = {}
        self._last = {"in": SILENCE * (SEAM // TICK), "out": SILENCE * (SEAM // TICK)}

    def begin(self, what: str) -> None:
        """A fault of WORDS begins."""
        if what not in WORDS:
            raise ValueError(what)
        self.standing.add(what)

    def end(self, what: str) -> None:
        """It ends."""
        self.standing.discard(what)

    def sound(self, way: str, block: bytes) -> bytes:
        """What becomes of 10 ms of sound; ``way`` as the library sees it: "in" or "out"."""
        kept = self._last[way]
        if f"tone held {way}" in self.standing:
            block = kept[:TICK]
        elif ("deaf" if way == "in" else "mute") in self.standing:
            block = SILENCE
        self._last[way] = kept[TICK:] + block
        return block

    def keeps(self, way: str) -> bool:
        """Whether bits do not pass."""
        return f"bits kept {way}" in self.standing

    @property
    def stopped(self) -> bool:
        """Whether the library is not run for this circuit."""
        return "stopped" in self.standing
