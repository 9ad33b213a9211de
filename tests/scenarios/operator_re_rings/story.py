"""A toll operator's semi-automatic call: the called party hangs up (clear-back), is rung again by the operator and lifts again."""

from tests.offices import number, office, trunk_span

HUNT = 'hunt = "longest-idle"'
OPERATORS = f'{HUNT}\ntraffic = "operator"\nsemi_automatic = true\nrelease_control = "calling"'
TOLL = trunk_span("toll", traffic="operator", semi_automatic=True, release_control="calling")
PLAN = number("5", "trunk:toll", length=9, strip=1, callers="all")
CONFIGURATION = office(TOLL, PLAN, changes=((HUNT, OPERATORS),))


def story(lab):
    toll = [line for line in lab.network.circuits if line.group == "toll"]
    for line in toll:
        line.blocked.add("story")
    city = lab.caller("87654321")
    operator = lab.caller("2001").dials("587654321")
    city.is_rung()
    lab.after(1.0)
    city.answers()
    operator.is_answered()
    lab.after(2.0)
    city.party.suspend()
    operator.notices("far end suspended")
    lab.after(1.0)
    operator.party.signal("re-ring")
    city.notices("operator signals re-ring")
    lab.after(1.0)
    city.party.resume()
    operator.notices("far end resumed")
    lab.after(1.0)
    operator.hangs_up().is_released()
    city.is_released()
    for line in toll:
        line.blocked.discard("story")
