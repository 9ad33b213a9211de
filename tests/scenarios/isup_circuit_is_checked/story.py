"""Calls by ISUP in both directions whose circuits show first by a tone that they go through (Q.764 2.1.8)."""

from tests.offices import no_7, office

CONFIGURATION = office(no_7(continuity_check="each"))


def story(lab):
    city = lab.caller("62345678")
    telephone = lab.telephone("8003").dials("662345678")
    city.is_rung()
    lab.after(1.0)
    city.answers()
    city.speaks("welcome")
    telephone.hears("welcome")
    city.hangs_up().is_released()
    telephone.hears_tone("busy").hangs_up()
    lab.after(2.0)
    caller = lab.caller("01062345678", group="toll").dials("10086")
    caller.is_answered().hears("welcome").hears("main_menu").hangs_up()
    lab.after(2.0)
    assert [record.cause for record in lab.records()] == [16, 16]
