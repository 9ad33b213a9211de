"""A call passes from trunk to trunk: the outgoing circuit is seized after the prefix, each digit follows as it comes."""

from tests.offices import number, office, trunk_span

PLAN = number("5", "trunk:toll", length=[9, 9], strip=1, callers="all", overlap=True)
CONFIGURATION = office(trunk_span("toll"), PLAN)


def story(lab):
    toll = [line for line in lab.network.circuits if line.group == "toll"]
    for line in toll:
        line.blocked.add("story")
    city = lab.caller("87654321")
    caller = lab.caller("13900000001").dials("587654321")
    city.notices("rung by 13900000001").answers().speaks("welcome")
    caller.is_answered().hears("welcome").hangs_up().is_released()
    city.is_released()
    for line in toll:
        line.blocked.discard("story")
