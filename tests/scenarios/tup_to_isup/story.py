"""A call comes by TUP and goes on by ISUP, category and first called number with it; the called party hangs up and lifts again."""

from pbx.vocabulary.call import Redirection
from tests.exchange.crossroads import crossroads

CONFIGURATION = crossroads()


def story(lab):
    city = lab.caller("87654321")
    caller = lab.caller("01062345678", group="tup")
    caller.party.dial("687654321", category=8, redirection=Redirection("0511"))
    city.notices("rung by 01062345678")
    lab.after(2.0)
    caller.hears_tone("ring-back")
    city.answers().speaks("welcome")
    caller.is_answered().hears("welcome")
    city.party.suspend()
    caller.notices("far end suspended")
    city.party.resume()
    caller.notices("far end resumed")
    caller.hangs_up().is_released()
    city.is_released()
    lab.after(15.0)
    assert [(record.calling, record.cause) for record in lab.records()] == [("01062345678", 16)] * 2
