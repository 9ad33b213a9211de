"""A caller reaches the service number by the Chinese TUP with his number, waits with music, talks to an agent, hangs up."""

from tests.offices import no_7, office

CONFIGURATION = office(no_7("tup"))


def story(lab):
    agent = lab.agent("1001", at="8002")
    caller = lab.caller("01062345678", group="toll").dials("10086")
    caller.is_answered().hears("welcome").hears("main_menu").presses("1").hears("waiting_music")
    agent.is_rung()
    lab.after(2.0)
    agent.answers()
    caller.speaks("opening_hours")
    agent.hears("opening_hours")
    agent.speaks("main_menu")
    caller.hears("main_menu").hears_nothing_of("waiting_music")
    caller.hangs_up().is_released()
    agent.hears_tone("busy").hangs_up()
    lab.after(15.0)
    record = lab.records()[-1]
    assert (record.calling, record.called, record.agent, record.queue) == ("01062345678", "10086", "1001", "service")
