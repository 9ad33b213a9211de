"""The agent rung first does not answer: he becomes not ready, the call goes in front of its queue and to the next agent."""

from pbx.vocabulary import facts


def story(lab):
    first, second = lab.agent("1001", at="8002"), lab.agent("1002", at="8003")
    caller = lab.caller("13900000000").dials("10086").is_answered().presses("1")
    first.is_rung()
    second.is_rung(within=25.0).answers()
    caller.speaks("welcome")
    second.hears("welcome")
    caller.hangs_up()
    second.hears_tone("busy").hangs_up()
    assert [fact.agent for fact in lab.facts(facts.NotReady, reason="no-answer")] == ["1001"]
    assert [fact.front for fact in lab.facts(facts.Queued)] == [False, True]
