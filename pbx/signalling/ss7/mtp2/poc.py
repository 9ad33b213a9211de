"""POC, processor outage control: whose processor is out (Q.703 section 8, figure 10). Leaves out what follows from it, which is link
state control's."""

from pbx.machine import Cell, Machine, State
from pbx.signalling.ss7.mtp2.terminal import Terminal

LOCAL = frozenset({"Local", "Both"})
REMOTE = frozenset({"Remote", "Both"})


class ProcessorOutage:
    """The box of one link."""

    def __init__(self, terminal: Terminal) -> None:
        self.machine = Machine(terminal.figures.chart("POC", STATES, "stop"), self)

    @property
    def none(self) -> bool:
        """Whether both processors work."""
        return self.machine.state == "Idle"

    @property
    def local(self) -> bool:
        """Whether ours is out."""
        return self.machine.state in LOCAL

    @property
    def remote(self) -> bool:
        """Whether the far end's is out."""
        return self.machine.state in REMOTE


def _state(meaning: str, **targets: str) -> State:
    cells = {event.replace("_", "-"): Cell(None, (target,)) for event, target in targets.items()}
    for event in ("local", "local-recovered"):  # level 3 may say it twice; of the far end link state control tells changes only
        cells.setdefault(event, Cell(None))
    return State(meaning, {**cells, "stop": Cell(None, ("Idle",))})


STATES: dict[str, State] = {
    "Idle": _state("both processors work", local="Local", remote="Remote"),
    "Local": _state("ours is out", remote="Both", local_recovered="Idle"),
    "Remote": _state("the far end's is out", local="Both", remote_recovered="Idle"),
    "Both": _state("both are out", local_recovered="Remote", remote_recovered="Local"),
}
"""Figure 10/Q.703."""
