"""A circuit answers and drops each call at once: after two in a row it is blocked, an alarm says so, and the next call gets through."""

from pbx.vocabulary import facts
from pbx.vocabulary.call import Unblocked

CHANGES = (('hunt = "longest-idle"', 'hunt = "ascending"'), ("restarts = 3", "restarts = 3\nkiller_calls = 2"))


def story(lab):
    met = []

    def stranger(called, line, setup):
        met.append(line.name)
        party = lab.network.subscriber(f"{called} {len(met)}")
        lab.simulation.clock.callLater(0.5, party.answer)
        if line.name == "e1-1/1":
            lab.simulation.clock.callLater(1.5, party.hang_up)
        return party

    lab.network.stranger = stranger
    phone = lab.telephone("8006")
    while len(met) < 3:
        phone.dials("987650000#")
        lab.after(6.0)
        phone.hangs_up()
        lab.after(2.0)
    assert met == ["e1-1/1"] * 2 + ["e1-1/2"]
    (alarm,) = lab.facts(facts.AlarmRaised)
    assert (alarm.source, alarm.text) == ("e1-1/1", "killer trunk: 2 calls in a row answered and dropped within 3 s; blocked")
    line = lab.exchange.lines["e1-1/1"]
    lab.exchange.floor.turn(lab.exchange.floor.to_line, line, Unblocked())
    lab.after(1.0)
