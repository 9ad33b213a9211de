"""An agent who is ready makes a call himself: nothing is offered meanwhile, and the caller who waits gets him when he hangs up."""

from pbx.vocabulary import facts


def story(lab):
    agent, colleague = lab.agent("1001", at="8002"), lab.telephone("8006")
    agent.dials("8006")
    colleague.is_rung().answers()
    caller = lab.caller("13900000000").dials("10086").is_answered().presses("1").hears("waiting_music")
    lab.after(5.0)
    assert not lab.facts(facts.Busy)
    agent.hangs_up().is_rung(within=2.0).answers()
    colleague.hears_tone("busy").hangs_up()
    caller.speaks("welcome")
    agent.hears("welcome").hangs_up()
    caller.is_released()
