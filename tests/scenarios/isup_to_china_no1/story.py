"""Calls come by ISUP and go on by China No.1: one is answered and its called party clears, one meets a busy line, one no number."""

from tests.exchange.crossroads import crossroads

CONFIGURATION = crossroads(control="mutual")


def story(lab):
    city = lab.caller("87654321")
    caller = lab.caller("01062345678", group="isup")
    caller.party.dial("587654321", category=5)
    city.notices("rung by 01062345678")
    lab.after(2.0)
    caller.hears_tone("ring-back")
    city.answers()
    caller.is_answered()
    lab.after(1.0)
    city.hangs_up()
    caller.is_released()
    city.is_released()
    lab.after(2.0)
    lab.network.refusals["80000000"] = 17
    caller.dials("580000000").is_released()
    lab.after(2.0)
    caller.dials("581111111").is_released()
    lab.after(15.0)
    assert [record.cause for record in lab.records() if record.direction == "incoming"] == [16, 17, 1]
