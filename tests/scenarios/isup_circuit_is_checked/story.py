"""Calls by ISUP over checked circuits: one goes through, one loses the tone; the call takes another, and it is checked until it is good."""

from drivers.impairments import NO_IMPAIRMENTS, Impairments
from tests.offices import no_7, office

CONFIGURATION = office(no_7(continuity_check="each"))


def call(lab):
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


def story(lab):
    call(lab)
    span = [row.name for row in lab.configuration.spans].index("ss7-1")
    wire = lab.simulation.near_wires[span]
    wire.impair(1, "received", Impairments(loss_db=20), seed=lab.seed)
    call(lab)
    wire.impair(1, "received", NO_IMPAIRMENTS, seed=lab.seed)
    assert lab.wait(lambda: lab.exchange.lines["ss7-1/2"].available, 130.0)
    assert [record.cause for record in lab.records()] == [16, 44, 16]
