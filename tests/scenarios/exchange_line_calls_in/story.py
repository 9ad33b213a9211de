"""A call comes in on an analog exchange line: who calls is heard between two ringings, busy tone ends the call."""

from tests.offices import CO_NUMBER, exchange_lines, office

CONFIGURATION = office(exchange_lines(caller_identity="fsk"))


def story(lab):
    caller = lab.caller("13900000001").dials(CO_NUMBER).is_answered().hears("welcome").presses("2")
    caller.hears("opening_hours").hangs_up()
    lab.after(12.0)
