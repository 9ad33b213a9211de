"""Error performance of a 64 kbit/s connection, out of the seconds of a bit error measurement (G.821 with annex A, from memory).

A second is errored with one wrong bit or more, and severely errored with an error ratio of one in a thousand or worse, or
without synchronisation. Ten severely errored seconds in a row begin unavailable time and belong to it; ten others in a row end it and
belong to the available time again. Errored seconds count in available time only. Leaves out: degraded minutes, which later editions have
no more.
"""

import msgspec

BITS_A_SECOND = 64_000
SEVERE_RATIO = 1e-3
RUN_SECONDS = 10


class Performance(msgspec.Struct, frozen=True):
    """What has been counted. The last seconds are judged as if the present state of availability went on."""

    seconds: int = 0
    available_seconds: int = 0
    errored_seconds: int = 0
    severely_errored_seconds: int = 0
    bits: int = 0
    errors: int = 0

    @property
    def error_ratio(self) -> float:
        """Wrong bits of all compared in available and unavailable time; 0 before anything was compared."""
        return self.errors / self.bits if self.bits else 0.0


class ErrorPerformance:
    """Takes seconds one by one."""

    def __init__(self) -> None:
        """Available until proved otherwise."""
        self._available = True
        self._waiting: list[tuple[bool, bool]] = []
        self._counts = Performance()

    def add(self, bits: int, errors: int, synchronised: bool) -> None:
        """One second: bits compared, wrong ones, and whether it was synchronised from end to end."""
        counts = self._counts
        self._counts = msgspec.structs.replace(counts, bits=counts.bits + bits, errors=counts.errors + errors)
        self.add_second(errors > 0 or not synchronised, not synchronised or not bits or errors / bits >= SEVERE_RATIO)

    def add_second(self, errored: bool, severe: bool) -> None:
        """One second of whatever else tells good ones from bad: blocks of a 2048 kbit/s path, as of G.826."""
        self._waiting.append((errored, severe))
        counts = self._counts
        self._counts = msgspec.structs.replace(counts, seconds=counts.seconds + 1)
        if severe != self._available:
            self._settle()
        elif len(self._waiting) == RUN_SECONDS:
            self._available = not self._available
            self._settle()

    def _settle(self) -> None:
        self._counts = self._with(self._waiting)
        self._waiting = []

    def _with(self, seconds: list[tuple[bool, bool]]) -> Performance:
        counts = self._counts
        if not self._available:
            return counts
        return msgspec.structs.replace(
            counts,
            available_seconds=counts.available_seconds + len(seconds),
            errored_seconds=counts.errored_seconds + sum(errored for errored, _ in seconds),
            severely_errored_seconds=counts.severely_errored_seconds + sum(severe for _, severe in seconds),
        )

    @property
    def available(self) -> bool:
        """Whether the connection is available now."""
        return self._available

    @property
    def performance(self) -> Performance:
        """The counts so far."""
        return self._with(self._waiting)
