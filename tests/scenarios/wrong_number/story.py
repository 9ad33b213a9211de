"""A caller dials a number that is not in the plan: the register says vacant (A5), no call comes about."""


def story(lab):
    caller = lab.caller("13900000000").dials("55500001").is_released(within=20.0)
    assert caller.cause == 1
