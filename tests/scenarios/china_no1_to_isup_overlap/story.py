"""Digits that come by China No.1 go on by ISUP one by one, in IAM and SAM; address complete from beyond ends the register's work."""

from tests.exchange.crossroads import crossroads

CONFIGURATION = crossroads(overlap=True)


def story(lab):
    city = lab.caller("87654321")
    caller = lab.caller("13900000001", group="city").dials("687654321")
    city.notices("rung by 13900000001")
    lab.after(2.0)
    caller.hears_tone("ring-back")
    city.answers().speaks("welcome")
    caller.is_answered().hears("welcome")
    caller.hangs_up().is_released()
    city.is_released()
    lab.after(15.0)
    assert {record.cause for record in lab.records()} == {16}
