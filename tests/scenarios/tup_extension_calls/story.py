"""An extension calls out by the Chinese TUP: one subscriber answers, talks and hangs up; one is busy, one does not exist."""

from tests.offices import no_7, office

CONFIGURATION = office(no_7("tup"))


def story(lab):
    city = lab.caller("62345678")
    telephone = lab.telephone("8003").dials("662345678")
    city.is_rung()
    lab.after(2.0)
    telephone.hears_tone("ring-back")
    city.answers()
    city.speaks("welcome")
    telephone.hears("welcome")
    telephone.speaks("main_menu")
    city.hears("main_menu")
    city.hangs_up().is_released()
    telephone.hears_tone("busy").hangs_up()
    lab.after(2.0)
    lab.network.refusals["60000000"] = 17
    telephone.dials("660000000").hears_tone("busy").hangs_up()
    lab.after(2.0)
    telephone.dials("661111111").hears_tone("vacant").hangs_up()
    lab.after(15.0)
    assert [record.cause for record in lab.records()] == [16, 17, 1]
