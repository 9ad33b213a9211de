"""A call from China No.1 passes into Mexican signalling: another group asks for the caller, the called class comes before him."""

from tests.offices import number, office, trunk_span

PLAN = number("5", "trunk:mexico", length=9, strip=1, callers="all")
CONFIGURATION = office(trunk_span("mexico", "mexico"), PLAN)


def story(lab):
    mexico = [line for line in lab.network.circuits if line.group == "mexico"]
    for line in mexico:
        line.blocked.add("story")
    city = lab.caller("87654321")
    caller = lab.caller("13900000001").dials("587654321")
    city.is_rung().answers().speaks("welcome")
    caller.is_answered().hears("welcome")
    city.hangs_up()
    caller.notices("far end cleared", "released", within=90.0)
    for line in mexico:
        line.blocked.discard("story")
