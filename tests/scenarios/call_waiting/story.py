"""A second call waits at an extension that talks: a flash takes it and holds the first, another flash changes back."""

from tests.offices import extension, office

CONFIGURATION = office(changes=(extension("8006", call_waiting=True, caller_identity="china"),))


def story(lab):
    first, second, third = (lab.telephone(number) for number in ("8006", "8007", "8008"))
    second.dials("8006")
    first.is_rung().answers()
    lab.after(1.0)
    third.dials("8006").hears_tone("ring-back")
    lab.after(3.0)
    first.flash()
    third.speaks("welcome")
    first.hears("welcome")
    second.hears("waiting_music")
    third.be_silent()
    first.flash()
    second.speaks("opening_hours")
    first.hears("opening_hours")
    second.hangs_up()
    first.hears_tone("busy").hangs_up()
    first.is_rung().answers()
    lab.after(1.0)
    third.hangs_up()
    first.hears_tone("busy").hangs_up()
