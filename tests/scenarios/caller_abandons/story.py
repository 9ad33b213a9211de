"""Nobody is there: the caller listens to the music for a while and hangs up."""

from pbx.vocabulary import facts


def story(lab):
    caller = lab.caller("13900000000").dials("10086").is_answered()
    caller.hears("main_menu").presses("1").hears("waiting_music")
    lab.after(30.0)
    caller.hears("waiting_music").hangs_up().is_released()
    assert [fact.reason for fact in lab.facts(facts.Dequeued)] == ["abandoned"]
