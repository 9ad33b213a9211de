"""A queue with room for one and a longest wait of 20 s: the second caller goes to the operator at once, the first after 20 s."""

from pbx.vocabulary import facts

CHANGES = (("max_wait_seconds = 300", "max_wait_seconds = 20\nmax_waiting = 1"),)


def story(lab):
    operator = lab.telephone("8001")
    first = lab.caller("13900000001").dials("10086").is_answered().presses("1").hears("waiting_music")
    second = lab.caller("13900000002").dials("10086").is_answered().presses("1").hears_tone("ring-back")
    operator.is_rung().answers()
    second.speaks("welcome")
    operator.hears("welcome")
    second.hangs_up()
    operator.hears_tone("busy").hangs_up()
    operator.is_rung().answers()
    first.speaks("main_menu")
    operator.hears("main_menu").hangs_up()
    first.is_released()
    assert [fact.reason for fact in lab.facts(facts.Dequeued)] == ["overflowed"]
