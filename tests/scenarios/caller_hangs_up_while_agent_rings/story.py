"""The caller hangs up while an agent is rung: the bell stops in the same turn, the agent is ready for the next call."""

from pbx.vocabulary import facts


def story(lab):
    agent = lab.agent("1001", at="8002")
    caller = lab.caller("13900000000").dials("10086").is_answered().presses("1")
    agent.is_rung()
    lab.after(0.5)
    assert lab.exchange.lines["sub-1/2"].engine.state == "Ringing"
    caller.hangs_up().is_released()
    (gone,) = lab.facts(facts.ConnectionCleared, line="sub-1/2")[1:]
    assert gone.at == lab.facts(facts.Dequeued, reason="abandoned")[0].at
    assert not agent.ringing
    caller.dials("10086").is_answered().presses("1")
    agent.is_rung().answers()
    lab.after(2.0)
    caller.hangs_up()
    agent.hears_tone("busy").hangs_up()
