"""Routing: where a number leads. The numbering plan says which destination its prefix has; here it becomes a route.

Destinations are written ``extension:8001``, ``trunk:city``, ``flow:main_menu``, ``queue:service``, ``feature:log-on`` or ``reject:21``. A
route to a trunk carries the digits that go out: the prefix is taken off when the plan says so. Leaves out routing by time and load.
"""

from collections.abc import Mapping

import msgspec

from pbx.vocabulary.call import INVALID_NUMBER, UNALLOCATED
from pbx.vocabulary.numbers import NumberExaminer

FEATURES = {"log-on": "log_on", "log-off": "log_off", "ready": "ready", "not-ready": "not_ready"}


class Route(msgspec.Struct, frozen=True):
    """Where a call goes; ``kind`` is extension, trunk, flow, queue or reject."""

    kind: str
    name: str = ""
    number: str = ""
    cause: int = 0


class Router:
    """Numbers to routes."""

    def __init__(self, plan: NumberExaminer, strip: Mapping[str, int]) -> None:
        """``strip`` says, by prefix, how many leading digits are not sent on."""
        self.plan = plan
        self.strip = dict(strip)

    def route(self, number: str) -> Route:
        """The route of a number; a number that is not complete or not in the plan is rejected with its cause."""
        found = self.plan.examine(number)
        if found.verdict == "invalid":
            return Route("reject", cause=found.cause or UNALLOCATED)
        if found.verdict == "more":
            return Route("reject", cause=INVALID_NUMBER)
        return self.destination(found.destination, number, self.strip.get(found.prefix, 0))

    def destination(self, destination: str, number: str = "", strip: int = 0) -> Route:
        """The route of a destination as the configuration writes it."""
        kind, _, name = destination.partition(":")
        if kind == "feature":
            return Route("flow", FEATURES[name])
        if kind == "reject":
            return Route("reject", cause=int(name))
        return Route(kind, name, number[strip:])
