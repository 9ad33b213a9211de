"""A fax machine calls the menu: its tone is a fact, the greeting is broken off, and the call goes to the extension for faxes."""

CHANGES = (('otherwise = "queue:service"', 'otherwise = "queue:service"\nfax_detection = true\non_fax = "extension:8006"'),)


def story(lab):
    caller = lab.caller("13900000000").dials("10086").is_answered().sends("cng")
    fax = lab.telephone("8006").is_rung().answers()
    fax.hears_nothing_of("main_menu")
    caller.hangs_up().is_released()
    fax.hears_tone("busy").hangs_up()
