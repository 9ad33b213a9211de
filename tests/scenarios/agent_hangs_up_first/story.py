"""The agent ends the conversation: the caller gets clear-back and hangs up; the agent works after the call, then is ready."""

import pytest

from pbx.vocabulary import facts


def story(lab):
    agent = lab.agent("1001", at="8002")
    caller = lab.caller("13900000000").dials("10086").is_answered().presses("1")
    agent.is_rung().answers()
    lab.after(5.0)
    agent.hangs_up()
    caller.notices("far end cleared").is_released()
    lab.after(12.0)
    assert lab.facts(facts.Ready)[-1].at - lab.facts(facts.WorkingAfterCall)[-1].at == pytest.approx(10.0)
