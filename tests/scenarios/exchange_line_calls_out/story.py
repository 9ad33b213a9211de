"""An extension calls the city over an analog exchange line by dial pulses; the poles tell the answer and the end."""

from tests.offices import exchange_lines, extension, office

LINES = exchange_lines(dialling="pulse", answer_supervision="reversal")
CONFIGURATION = office(LINES, changes=(extension("8006", reversal=True),))


def story(lab):
    city = lab.caller("87654321")
    phone = lab.telephone("8006").dials("087654321")
    city.is_rung(within=60.0)
    lab.after(6.0)
    city.answers().speaks("welcome")
    phone.notices("reversal").hears("welcome")
    lab.after(2.0)
    city.hangs_up()
    phone.notices("normal poles").hears_tone("busy").hangs_up()
