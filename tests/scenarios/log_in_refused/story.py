"""Log-in with a wrong password, with a number that nobody has, and by the outsider who finds the feature code."""

from pbx.vocabulary import facts


def story(lab):
    phone = lab.telephone("8002").dials("*11").hears("agent_number")
    phone.presses("1001#").hears("agent_password").presses("9999#").hears("refused").hears_tone("busy").hangs_up()
    lab.after(1.0)
    phone.dials("*11").hears("agent_number")
    phone.presses("7777#").hears("agent_password").presses("7777#").hears("refused").hears_tone("busy").hangs_up()
    lab.caller("13900000000").dials("*11").is_released(within=20.0)
    assert not lab.facts(facts.LoggedOn)
