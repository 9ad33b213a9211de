"""Whatever goes wrong with lines while people call, in the end all comes to rest: no call, no line, no timer is left, each leg has a cause.

Cables get wet, loops are cut and mended, sound is impaired within limits and far beyond, spans lose bits, control dies; people lift, dial,
answer and hang up as they like. When the lines are whole again every kind of call must pass.
"""

import pytest

from drivers.impairments import NO_IMPAIRMENTS, Impairments
from pbx.vocabulary import facts
from tests.exchange.test_bad_lines import ended, wires
from tests.lab import Lab
from tests.offices import CO_NUMBER, exchange_lines, extension, office, tie_lines

SPANS = ("e1-1", "sub-1", "co-1", "tie-1")
PHONES = ("8006", "8007", "8008", "8009")
CITY = ("87654321", "87654322", "87654323")
QUIET = "87654329"
"""Somebody who takes no part in the storm."""
STEPS = 60


def configuration():
    changes = (
        extension("8006", call_waiting=True, caller_identity="china", reversal=True),
        extension("8007", caller_identity="dtmf-china", metering=True),
        extension("8008", hot_line="8006", hot_line_seconds=2.0),
        ('hunt = "longest-idle"', 'hunt = "longest-idle"\nmeter_seconds = 7'),
        ("max_wait_seconds = 300", "max_wait_seconds = 40"),
        ("no_answer_seconds = 60", "no_answer_seconds = 30"),
    )
    return office(exchange_lines(answer_supervision="reversal"), tie_lines(), changes=changes)


class Storm:
    """People and faults at random, by the seed of the lab."""

    def __init__(self, lab):
        self.lab, self.random = lab, lab.random
        self.phones = [lab.telephone(number).party for number in PHONES]
        self.people = [lab.caller(number).party for number in (*CITY, "13900000001", "13900000002")]

    def impairments(self):
        """From nothing to all at once."""
        pick = self.random.choice
        return Impairments(
            loss_db=pick([0, 0, 5, 15, 40]),
            tilt_db=pick([0, 0, 8, 20]),
            noise_dbm0=pick([None, None, -50, -30, -10]),
            noise=pick(["white", "hum"]),
            echo_return_loss_db=pick([None, None, 20, 11, 3]),
            second_harmonic_db=pick([None, 30]),
        )

    def fault(self):
        """One thing goes wrong, or is mended."""
        lab, random = self.lab, self.random
        span = random.choice(SPANS)
        near, far = wires(lab, span)
        wire = random.choice((near, far))
        port = random.randrange(5, 9) if span == "sub-1" else random.randrange(4)
        subscribers = {"sub-1": near, "co-1": far}.get(span)
        kind = random.random()
        if kind < 0.5 or (subscribers is None and kind < 0.8):
            wire.impair(port, "received", self.impairments(), seed=random.randrange(1000))
        elif subscribers is None:
            wire.faults(0).bit_errors(random.choice([0, 1e-4, 1e-3, 3e-3]), random.randrange(1000))
        elif kind < 0.75:
            subscribers.cut_line(port, random.random() < 0.5)
        else:
            subscribers.wet_line(port, random.choice([0.0, 0.5, 1.0]), random.randrange(1000))

    def act(self):
        """Somebody does something."""
        random = self.random
        if random.random() < 0.6:
            self.act_at_telephone(random.choice(self.phones))
            return
        person = random.choice(self.people)
        if person.line is None:
            person.dial(random.choice(["10086", "8006", "8007", CO_NUMBER]))
        elif person.state == "ringing":
            person.answer()
        elif random.random() < 0.5:
            person.hang_up()

    def act_at_telephone(self, phone):
        random = self.random
        if not phone.off_hook:
            if phone.rings or random.random() < 0.7:
                phone.lift()
        elif random.random() < 0.5:
            prefix = random.choice(["9", "0", "7", ""])
            digits = prefix + random.choice(CITY) if prefix else random.choice([*PHONES, "10086", "1234"])
            if random.random() < 0.3:
                phone.dial_pulses(digits)
            else:
                phone.press(digits)
        elif random.random() < 0.3:
            phone.flash()
        else:
            phone.hang_up()

    def mend(self):
        """All lines are whole again."""
        for span in SPANS:
            near, far = wires(self.lab, span)
            for wire in (near, far):
                for port in range(30):
                    wire.impair(port, "received", NO_IMPAIRMENTS)
                wire.faults(0).clear()
            subscribers = {"sub-1": near, "co-1": far}.get(span)
            for port in range(30) if subscribers is not None else ():
                subscribers.cut_line(port, False)
                subscribers.wet_line(port, 0.0)


@pytest.mark.parametrize("number", range(3))
def test_all_comes_to_rest_after_a_storm(seed, number):
    with Lab(seed=seed + 1000 * number, configuration=configuration()) as lab:
        lab.faulty = True
        storm = Storm(lab)
        for _ in range(STEPS):
            lab.after(lab.random.uniform(0.1, 4.0))
            storm.act()
            if lab.random.random() < 0.4:
                storm.fault()
            if lab.random.random() < 0.02:
                lab.simulation.kill_control()
                lab.exchange = lab.simulation.exchange
        storm.mend()
        for person in (*storm.phones, *storm.people):
            if person.off_hook if person in storm.phones else person.line is not None:
                person.hang_up()
        lab.after(200.0)
        assert ended(lab)
        assert all(line.available for line in lab.exchange.lines.values()), lab.exchange.lines
        before = len(lab.facts(facts.Established))
        phone, city = lab.telephone("8010"), lab.caller(QUIET)
        for prefix in ("9", "0", "7"):
            phone.dials(prefix + QUIET)
            city.is_rung(within=60.0)
            lab.after(3.0)
            city.answers()
            lab.after(10.0)
            phone.hangs_up()
            lab.after(10.0)
            if not city.off_line:
                city.hangs_up()
            lab.after(20.0)
        assert len(lab.facts(facts.Established)) == before + 6
