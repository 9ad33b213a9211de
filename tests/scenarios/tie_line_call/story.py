"""A call to a branch over an E and M tie line: seizure, wink, tones, answer; the branch hangs up first."""

from tests.offices import office, tie_lines

CONFIGURATION = office(tie_lines(start="wink", caller_number=True))


def story(lab):
    branch = lab.caller("87654321")
    phone = lab.telephone("8006").dials("787654321")
    branch.notices("rung by 8006", within=30.0)
    lab.after(1.0)
    branch.answers().speaks("welcome")
    phone.hears("welcome")
    branch.hangs_up()
    phone.hears_tone("busy").hangs_up()
    lab.after(2.0)
