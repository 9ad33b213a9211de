"""An extension calls the city: a subscriber who answers, one who is busy, a number that nobody has, one that does not answer."""

CHANGES = (("no_answer_seconds = 60", "no_answer_seconds = 20"),)


def story(lab):
    city = lab.caller("87654321")
    lab.network.refusals["87650017"] = 17
    phone = lab.telephone("8006").dials("987654321").hears_tone("ring-back")
    city.is_rung().answers().speaks("welcome")
    phone.hears("welcome").speaks("main_menu")
    city.hears("main_menu")
    phone.hangs_up()
    city.is_released()
    lab.after(3.0)
    phone.dials("987650017").hears_tone("busy").hangs_up()
    lab.after(3.0)
    phone.dials("987650099").hears_tone("vacant").hangs_up()
    lab.after(3.0)
    phone.dials("987654321")
    city.is_rung()
    phone.hears_tone("busy", within=40.0).hangs_up()
    city.is_released()
