"""One extension calls another, which answers; the caller hears ring-back tone, both talk, the called party hangs up first."""


def story(lab):
    caller, called = lab.telephone("8006"), lab.telephone("8007")
    caller.dials("8007").hears_tone("ring-back")
    called.is_rung()
    lab.after(1.0)
    called.answers().speaks("welcome")
    caller.hears("welcome").speaks("main_menu")
    called.hears("main_menu").hangs_up()
    caller.hears_tone("busy").hangs_up()
