"""A caller chooses the announcement, hears it to its end, is offered the menu again and goes."""


def story(lab):
    caller = lab.caller("13900000000").dials("10086").is_answered().hears("welcome").presses("2")
    caller.hears("opening_hours").hears("main_menu").hangs_up().is_released()
