"""Alarms that stood when a control before this one ended: what has become well while nobody was there is stated now.

Each watch (of spans, links, points, associations, disks) raises again what is wrong when it first looks; of what is well it says nothing,
for it knows of no alarm. So an alarm of the journal that nobody has raised again when all have looked is cleared here. A circuit that was
taken out of use by itself stays so, by its leg record (pbx/circuit_watch.py). Leaves out where the journal of the control before is read:
``standing`` folds facts, the store keeps a table (pbx/store.py).
"""

from collections.abc import Callable, Iterable, Mapping

from pbx.floor import Floor
from pbx.line import Line
from pbx.vocabulary.facts import AlarmCleared, AlarmRaised, Fact

SETTLED_S = 10.0
"""Until every watch has looked; spans are judged at their second look, a second after the first; own choice."""
WELL = "well when control had begun anew"


def standing(facts: Iterable[Fact]) -> list[str]:
    """Sources of the alarms that these facts have raised and not cleared."""
    found: dict[str, None] = {}
    for fact in facts:
        if isinstance(fact, AlarmRaised):
            found[fact.source] = None
        elif isinstance(fact, AlarmCleared):
            found.pop(fact.source, None)
    return list(found)


class StandingAlarms:
    """What this control has said of alarms, and what one before it has left."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def heard_in(self, append: Callable[[Fact], object]) -> Callable[[Fact], object]:
        """The same sink of facts, listened to."""

        def heard(fact: Fact) -> object:
            if isinstance(fact, AlarmRaised | AlarmCleared):
                self._said.add(fact.source)
            return append(fact)

        return heard

    def left(self, sources: Iterable[str], floor: Floor, lines: Mapping[str, Line]) -> None:
        """These stood when this control began, or have been raised since: see later which of them nobody speaks of."""
        kept = list(sources)
        if kept:
            floor.turn(floor.after, SETTLED_S, self._settle, kept, floor, lines)

    def _settle(self, sources: list[str], floor: Floor, lines: Mapping[str, Line]) -> None:
        for source in sources:
            line = lines.get(source)
            if source not in self._said and (line is None or not line.alarm):
                floor.fact(AlarmCleared(floor.now, source, WELL))
