"""An extension calls one that is talking, and hears busy tone; one that does not exist, and hears vacant tone."""


def story(lab):
    first, second, third = (lab.telephone(number) for number in ("8006", "8007", "8008"))
    first.dials("8007")
    second.is_rung().answers()
    third.dials("8007").hears_tone("busy").hangs_up()
    lab.after(1.0)
    third.dials("8099").hears_tone("vacant").hangs_up()
    first.hangs_up()
    second.hears_tone("busy").hangs_up()
