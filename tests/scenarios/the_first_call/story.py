"""A caller dials the service number by China No.1, hears the menu, presses a key, waits with music, talks to an agent, hangs up."""

from pbx.vocabulary import facts


def story(lab):
    agent = lab.agent("1001", at="8002")
    caller = lab.caller("13900000000").dials("10086")
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
    assert (record.calling, record.called, record.agent, record.queue) == ("13900000000", "10086", "1001", "service")
    assert len(record.recordings) == 1
    assert lab.facts(facts.RecordingStarted)
