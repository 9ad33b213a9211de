"""Routing: where a number leads. The numbering plan says which destination its prefix has; here it becomes a route.

Destinations are written ``extension:8001``, ``trunk:city``, ``flow:main_menu``, ``queue:service``, ``announcement:closed`` or
``feature:log-in`` (config/schema.py). A route to a trunk carries the digits that go out. Who may dial what is the plan's: callers on
trunks and on extensions are judged by different plans. Leaves out routing by time and load.
"""

from collections.abc import Mapping

import msgspec

from pbx.line import TRUNK
from pbx.vocabulary.call import INVALID_NUMBER, UNALLOCATED
from pbx.vocabulary.numbers import NumberExaminer


class Route(msgspec.Struct, frozen=True):
    """Where a call goes; ``kind`` is extension, trunk, flow, queue, announcement or reject."""

    kind: str
    name: str = ""
    number: str = ""
    cause: int = 0


class Sending(msgspec.Struct, frozen=True):
    """How a number of a row is sent on to a trunk group: so many digits taken away in front, these put there."""

    strip: int = 0
    prepend: str = ""


class Router:
    """Numbers to routes."""

    def __init__(self, trunks: NumberExaminer, extensions: NumberExaminer, sending: Mapping[str, Sending]) -> None:
        """The plans for callers on trunks and on extensions; ``sending`` by prefix of the row."""
        self._plans = {TRUNK: trunks}
        self._extensions = extensions
        self._sending = dict(sending)

    def route(self, number: str, caller_kind: str) -> Route:
        """The route of a number; one that is not complete or not in the plan is rejected with its cause."""
        found = self._plans.get(caller_kind, self._extensions).examine(number)
        if found.verdict == "invalid":
            return Route("reject", cause=found.cause or UNALLOCATED)
        if found.verdict == "more":
            return Route("reject", cause=INVALID_NUMBER)
        sending = self._sending.get(found.prefix, Sending())
        return self.destination(found.destination, sending.prepend + number[sending.strip :])

    def destination(self, destination: str, number: str = "") -> Route:
        """The route of a destination as the configuration writes it."""
        kind, _, name = destination.partition(":")
        if kind == "feature":
            kind = "flow"
        return Route(kind, name, number)
