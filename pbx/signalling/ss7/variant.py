"""What the data files of No. 7 have in common: timers with range and source, a check of the whole, charts that are made once.

Each level and user part has a file under ``config/variants`` and a ``Variant`` of its own that says what else stands in it:
mtp2/figures.py, mtp3/variant.py, isup/variant.py. Leaves out every figure.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from pbx.machine import Chart, State
from pbx.variant_file import TimerData, VariantError, changed_timers, chart_timers, missing_timers, timer_faults, unknown_timers


class VariantData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every file begins with."""

    name: str
    title: str
    timers: dict[str, TimerData]


Data = TypeVar("Data", bound=VariantData)


class Variant(Generic[Data]):
    """One network's figures, ready for use by any number of engines."""

    TIMERS: ClassVar[frozenset[str]]
    """Those that the file must have, and no others."""

    def __init__(self, data: Data) -> None:
        """Check everything; raises ``VariantError`` with all that is wrong."""
        timers, wanted = data.timers, self.TIMERS
        faults = [*missing_timers(timers, wanted), *unknown_timers(timers, wanted), *timer_faults(timers), *self.faults_of(data)]
        if faults:
            raise VariantError(*faults)
        self.data = data
        self.timers = chart_timers(timers)
        self._charts: dict[str, Chart] = {}

    @classmethod
    def faults_of(cls, data: Data) -> Sequence[str]:
        """What is wrong beside the timers."""
        raise NotImplementedError

    def chart(self, name: str, states: Mapping[str, State], always: str) -> Chart:
        """The table of a box with this variant's timers; made once. The first state is the initial one."""
        if name not in self._charts:
            wanted = sorted({timer for state in states.values() for timer in (*state.starts, *state.keeps)})
            self._charts[name] = Chart(name, next(iter(states)), states, [self.timers[timer] for timer in wanted], always)
        return self._charts[name]

    def adjusted(self, timers_ms: Mapping[str, int] | None = None, **figures: Any) -> Self:
        """A variant with other timers and ``figures`` (fields of its data); raises ``VariantError`` for what is out of range."""
        timers = changed_timers(self.data.timers, timers_ms or {})
        return type(self)(msgspec.structs.replace(self.data, timers=timers, **figures))
