"""What listens to a conversation between two trunks: nothing, so that their cards may join them (docs/operator/dahdi.md, cut-through)."""

import pytest

from pbx.vocabulary.media import Hear, Listen, Unhear, Unlisten
from tests.lab import Lab
from tests.offices import number, office, tie_lines, trunk_span

R2 = office(trunk_span("toll"), number("5", "trunk:toll", length=[9, 9], strip=1, callers="all"))
TIE = (number("5", "trunk:branch", length=[9, 9], strip=1, callers="all"),)


class Ears:
    """Which receivers each port of the exchange has, and whom it hears, by the commands that went down."""

    def __init__(self, plane):
        self.receivers, self.hears = {}, {}
        self._send, plane.send = plane.send, self.send

    def send(self, port, command):
        if isinstance(command, Listen):
            self.receivers[port] = self.receivers.get(port, 0) | command.receivers
        elif isinstance(command, Unlisten):
            self.receivers[port] = self.receivers.get(port, 0) & ~command.receivers
        elif isinstance(command, Hear):
            self.hears.setdefault(port, set()).add(command.source)
        elif isinstance(command, Unhear):
            self.hears.get(port, set()).clear()
        self._send(port, command)


@pytest.mark.parametrize(
    ("configuration", "listens"),
    [(R2, False), (office(tie_lines(ignores_digits=True), *TIE), False), (office(tie_lines(), *TIE), True)],
    ids=["R2 to R2", "R2 to E&M that ignores digits", "R2 to E&M"],
)
def test_nothing_listens_between_two_trunks(configuration, listens, seed):
    with Lab(configuration=configuration, seed=seed) as lab:
        ears = Ears(lab.exchange.plane)
        city = lab.caller("87654321")
        caller = lab.caller("13900000001").dials("587654321")
        city.notices("rung").answers()
        caller.is_answered()
        lab.after(1.0)
        talking = {leg.line.port for call in lab.exchange.switch.calls.values() for leg in call.legs.values() if leg.answered}
        assert len(talking) == 2
        assert all(ears.hears[port] == talking - {port} for port in talking)
        assert any(ears.receivers.get(port) for port in talking) == listens
        caller.hangs_up().is_released()
        city.is_released()
