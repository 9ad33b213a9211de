"""Routing: where a number leads. The numbering plan says which destination its prefix has; here it becomes a route.

Destinations are written ``extension:8001``, ``trunk:city``, ``flow:main_menu``, ``queue:service``, ``announcement:closed`` or
``feature:log-in`` (config/schema.py). A route to a trunk carries the digits that go out. Who may dial what is the plan's: callers on
trunks and on extensions are judged by different plans. Leaves out routing by time and load.
"""

from typing import Protocol

import msgspec

from pbx.line import EXTENSION, TRUNK
from pbx.vocabulary.call import INVALID_NUMBER, UNALLOCATED
from pbx.vocabulary.numbers import NumberExaminer


class Route(msgspec.Struct, frozen=True):
    """Where a call goes; ``kind`` is extension, trunk, flow, queue, announcement or reject."""

    kind: str
    name: str = ""
    number: str = ""
    cause: int = 0
    overlap: bool = False


class Plan(NumberExaminer, Protocol):
    """A numbering plan that also says what goes out to a trunk group."""

    def digits_to_send(self, digits: str) -> str:
        """The digits for the trunk group."""

    def overlap(self, digits: str) -> tuple[str, str] | None:
        """Destination and digits to send so far of a number that is not whole, but sent on as it comes."""


class Router:
    """Numbers to routes."""

    def __init__(self, trunks: Plan, extensions: Plan) -> None:
        """The plans for callers on trunks and on extensions."""
        self._plans = {TRUNK: trunks, EXTENSION: extensions}

    def route(self, number: str, caller_kind: str) -> Route:
        """The route of a number; one that is not complete or not in the plan is rejected with its cause."""
        plan = self._plans[caller_kind]
        found = plan.examine(number)
        if found.verdict == "invalid":
            return Route("reject", cause=found.cause or UNALLOCATED)
        if found.verdict == "more":
            return Route("reject", cause=INVALID_NUMBER)
        return self.destination(found.destination, plan.digits_to_send(number))

    def overlap(self, number: str, caller_kind: str) -> Route:
        """The route of a number of which more digits will come; as ``route`` when it is whole or not sent on as it comes."""
        found = self._plans[caller_kind].overlap(number)
        if found is None:
            return self.route(number, caller_kind)
        kind, _, name = found[0].partition(":")
        return Route(kind, name, found[1], overlap=True)

    def destination(self, destination: str, number: str = "") -> Route:
        """The route of a destination as the configuration writes it."""
        kind, _, name = destination.partition(":")
        if kind == "feature":
            kind = "flow"
        return Route(kind, name, number)
