"""A caller presses nothing, then a key that means nothing: the menu is offered three times, then the queue is where he goes."""


def story(lab):
    caller = lab.caller("13900000000").dials("10086").is_answered().hears("welcome")
    caller.hears("main_menu")
    lab.after(3.0)
    caller.hears("main_menu", within=10.0).presses("7")
    lab.after(0.5)
    caller.hears("main_menu", within=10.0)
    caller.hears("waiting_music", within=15.0)
    caller.hangs_up().is_released()
