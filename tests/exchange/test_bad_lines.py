"""Bad lines under a whole exchange, in sound: what signalling and caller identity must live with, and how a call ends that cannot live.

Levels are those of the plan: MFC leaves with -11.5 dBm0 a frequency, DTMF with -9 and -7, a modem with -13.5, tones with -10. Within its
limits (Q.455, Q.24, V.23, E.180) a line must not be noticed; beyond them the call is refused or cleared with a cause, the line
comes to rest, and the next call over the mended line passes. At the end of each test both ends must be idle (tests/lab.py).
"""

import pytest

from drivers.impairments import NO_IMPAIRMENTS, Impairments
from pbx.vocabulary import facts
from tests.lab import Lab
from tests.offices import CO_NUMBER, exchange_lines, extension, office

CITY = "87654321"
MFC_DBM0, MODEM_DBM0, DTMF_DBM0, TONE_DBM0 = -11.5, -13.5, -9.0, -10.0


def wires(lab, span):
    """The two ends of a span: ours hears the far end, the far end hears us."""
    index = [row.name for row in lab.configuration.spans].index(span)
    return lab.simulation.near_wires[index], lab.simulation.far_wires[index]


def impair(lab, span, impairments, ports=range(30)):
    """Impair what either end of the ports of a span hears; ``impairments`` may be made for each port."""
    for end, wire in enumerate(wires(lab, span)):
        for port in ports:
            wanted = impairments(port) if callable(impairments) else impairments
            wire.impair(port, "received", wanted, seed=100 * lab.seed + 2 * port + end)


def noisy(level_dbm0, ratio_db, **settings):
    """A loss and a noise so far below what is left of a signal of this level."""
    loss_db = settings.get("loss_db", 0.0)
    return Impairments(noise_dbm0=level_dbm0 - loss_db - ratio_db, **settings)


def ended(lab):
    """Every leg that began is over, with a cause."""
    begun = {(fact.call, fact.leg) for fact in lab.story if isinstance(fact, facts.ServiceInitiated | facts.NetworkReached)}
    over = {(fact.call, fact.leg) for fact in lab.facts(facts.ConnectionCleared) if fact.cause}
    return begun <= over


# Registers on trunks.


def with_neighbour(below_db, **settings):
    """Of each two circuits, one hears the other."""
    return lambda port: Impairments(crosstalk_from=port ^ 1, crosstalk_loss_db=below_db, **settings)


TRUNKS_WITHIN = {
    "-25-dbm0-a-tone": Impairments(loss_db=13.5),
    "-35-dbm0-a-tone": Impairments(loss_db=23.5),
    "noise-20-db-below": noisy(MFC_DBM0, 20),
    "noise-20-db-below-at--35-dbm0": noisy(MFC_DBM0, 20, loss_db=23.5),
    "hum-of--20-dbm0": Impairments(noise="hum", noise_dbm0=-20),
    "tilt-of-5-db": Impairments(tilt_db=5),
    "harmonics-30-db-down": Impairments(second_harmonic_db=30, third_harmonic_db=30),
    "neighbour-40-db-down": with_neighbour(40),
    "neighbour-40-db-down-at--25-dbm0": with_neighbour(40, loss_db=13.5),
    "echo-14-db-down": Impairments(echo_return_loss_db=14),
    "echo-14-db-down-30-ms-late": Impairments(echo_return_loss_db=14, echo_delay_ms=30),
    # An echo from behind the loss has come through it twice.
    "all-of-them": lambda port: noisy(
        MFC_DBM0,
        20,
        loss_db=10,
        tilt_db=5,
        second_harmonic_db=30,
        third_harmonic_db=30,
        crosstalk_from=port ^ 1,
        echo_return_loss_db=34,
        echo_delay_ms=30,
    ),
}
TRUNKS_BEYOND = {
    "-45-dbm0-a-tone": Impairments(loss_db=33.5),
    "noise-as-loud-as-the-tones": noisy(MFC_DBM0, 0),
    "noise-above-the-tones": noisy(MFC_DBM0, -6),
    "hum-of--5-dbm0": Impairments(noise="hum", noise_dbm0=-5),
    "neighbour-as-loud": with_neighbour(0),
    "echo-without-loss": Impairments(echo_return_loss_db=0, echo_delay_ms=30),
}
PARTLY_BEYOND = ("noise-as-loud-as-the-tones", "neighbour-as-loud")
"""A call may pass: compelled signals wait for one another, also for a neighbour to fall silent."""


def two_each_way(lab):
    """Two calls come in at once, then two go out: neighbours of each other, half a cycle of their registers apart."""
    callers = [lab.caller(f"1390000000{n}") for n in (1, 2)]
    for caller in callers:
        caller.dials("10086")
        lab.after(0.07)
    lab.after(15.0)
    cities = [lab.caller(f"8765432{n}") for n in (1, 2)]
    phones = [lab.telephone(number).lifts() for number in ("8006", "8007")]
    lab.after(0.5)
    for phone, city in zip(phones, cities, strict=True):
        phone.presses("9" + city.number)
        lab.after(0.07)
    lab.after(25.0)
    return callers, phones, cities


def trunk_calls_pass(lab):
    """Two calls each way, with the right numbers, answered and cleared."""
    before = len(lab.facts(facts.Originated))
    callers, phones, cities = two_each_way(lab)
    told = {(fact.called, fact.calling) for fact in lab.facts(facts.Originated)[before:]}
    assert {("10086", caller.number) for caller in callers} < told
    for caller, phone, city in zip(callers, phones, cities, strict=True):
        assert caller.state == "talking"
        city.notices(f"rung by {phone.number}").answers()
        lab.after(1.0)
        caller.hangs_up().is_released()
        phone.hangs_up()
        city.is_released()
    lab.after(3.0)


@pytest.mark.parametrize("name", TRUNKS_WITHIN)
def test_registers_on_a_bad_trunk(seed, name):
    with Lab(seed=seed) as lab:
        impair(lab, "e1-1", TRUNKS_WITHIN[name])
        trunk_calls_pass(lab)
        assert {fact.cause for fact in lab.facts(facts.ConnectionCleared)} == {16}


@pytest.mark.parametrize("level_dbm0", [-8.0, -5.0])
def test_registers_on_a_trunk_whose_tones_are_loud(seed, level_dbm0):
    """As loud as Q.455 allows, and so is what comes back of it."""
    with Lab(seed=seed) as lab:
        for plane in (lab.simulation.near, lab.simulation.far):
            plane.set_tone_levels(DTMF_DBM0, DTMF_DBM0 + 2, level_dbm0, level_dbm0)
        impair(lab, "e1-1", noisy(level_dbm0, 20, second_harmonic_db=30, third_harmonic_db=30, echo_return_loss_db=14))
        trunk_calls_pass(lab)


@pytest.mark.parametrize("name", TRUNKS_BEYOND)
def test_registers_on_a_trunk_that_is_too_bad(seed, name):
    with Lab(seed=seed) as lab:
        lab.faulty = True
        impair(lab, "e1-1", TRUNKS_BEYOND[name])
        callers, phones, cities = two_each_way(lab)
        lab.after(40.0)
        reached = [person for person in (*callers, *cities) if person.state in ("talking", "ringing")]
        if name in PARTLY_BEYOND:
            assert len(reached) < 4
        else:
            assert not reached
            assert all(phone.hears_tone("congestion") for phone in phones)
        for person in (*reached, *phones):
            person.hangs_up()
        lab.after(70.0)
        assert all(person.state == "idle" for person in (*callers, *cities)), "nobody still tries"
        assert ended(lab)
        assert all(line.available for line in lab.exchange.lines.values())
        impair(lab, "e1-1", NO_IMPAIRMENTS)
        trunk_calls_pass(lab)


# Bit errors on a span.


@pytest.mark.parametrize("rate", [1e-6, 1e-5, 1e-4, 1e-3], ids="{:g}".format)
def test_registers_work_while_bits_are_wrong(seed, rate):
    """Up to one bit in a thousand, where G.821 calls a second severely errored, calls pass."""
    with Lab(seed=seed) as lab:
        lab.faulty = True
        for end, wire in enumerate(wires(lab, "e1-1")):
            wire.faults(0).bit_errors(rate, 10 * seed + end)
        trunk_calls_pass(lab)
        for wire in wires(lab, "e1-1"):
            wire.faults(0).clear()
        lab.after(20.0)


@pytest.mark.parametrize("rate", [1e-2, 5e-2], ids="{:g}".format)
def test_registers_end_orderly_where_the_span_is_lost_to_bit_errors(seed, rate):
    with Lab(seed=seed) as lab:
        lab.faulty = True
        caller = lab.caller("13900000001").dials("10086")
        phone = lab.telephone("8006").dials("9" + CITY)
        city = lab.caller(CITY)
        lab.after(6.0)
        for end, wire in enumerate(wires(lab, "e1-1")):
            wire.faults(0).bit_errors(rate, 10 * seed + end)
        lab.after(60.0)
        for wire in wires(lab, "e1-1"):
            wire.faults(0).clear()
        phone.hangs_up()
        lab.after(60.0)
        for person in (caller, city):
            if not person.off_line:
                person.hangs_up()
        lab.after(10.0)
        assert ended(lab)
        trunk_calls_pass(lab)


# Subscriber lines: digits to us, identity to the telephone.

PHONE, LINE, PORT = "8006", "sub-1/6", 5
IDENTITY = {name: extension(PHONE, caller_identity=name) for name in ("china", "dtmf-china")}
CANCELLER = extension(PHONE, echo_tail_ms=64)

LOOPS_WITHIN = {
    "loss-of-10-db": Impairments(loss_db=10),
    "loss-of-8-db-noise-25-db-below": noisy(MODEM_DBM0, 25, loss_db=8),
    "tilt-of-8-db": Impairments(tilt_db=8),
    "hybrid-11-db": Impairments(echo_return_loss_db=11),
    "loss-of-8-db-tilt-of-8-db-hybrid-11-db": Impairments(loss_db=8, tilt_db=8, echo_return_loss_db=27),
    "hum-of--30-dbm0": Impairments(noise="hum", noise_dbm0=-30),
    "harmonics-30-db-down": Impairments(second_harmonic_db=30, third_harmonic_db=30),
    "neighbour-40-db-down": Impairments(crosstalk_from=PORT + 1, crosstalk_loss_db=40),
}


@pytest.mark.parametrize("canceller", [(), (CANCELLER,)], ids=["", "echo-cancelled"])
@pytest.mark.parametrize("name", LOOPS_WITHIN)
def test_digits_on_a_bad_loop(seed, name, canceller):
    """A key of a menu under its prompt; then all ten digits, the first one under dial tone."""
    with Lab(seed=seed, changes=canceller) as lab:
        impair(lab, "sub-1", LOOPS_WITHIN[name], [PORT])
        phone = lab.telephone(PHONE).dials("10086")
        lab.after(8.0)
        phone.presses("2")
        lab.after(1.0)
        assert [fact.digits for fact in lab.facts(facts.DigitsCollected)] == ["2"]
        phone.hangs_up()
        lab.after(2.0)
        city = lab.caller("13624578900")
        phone.dials("913624578900")
        city.notices("rung by 8006").answers()
        phone.hangs_up()
        city.is_released()
        assert [fact.called for fact in lab.facts(facts.Originated)] == ["10086", "913624578900"]


@pytest.mark.parametrize("display", IDENTITY)
@pytest.mark.parametrize("name", LOOPS_WITHIN)
def test_identity_on_a_bad_loop(seed, name, display):
    with Lab(seed=seed, changes=(IDENTITY[display],)) as lab:
        impair(lab, "sub-1", LOOPS_WITHIN[name], [PORT])
        caller = lab.caller("13900000001").dials(PHONE)
        phone = lab.telephone(PHONE)
        phone.notices("shows 13900000001")
        phone.is_rung().answers()
        caller.is_answered()
        lab.after(1.0)
        phone.hangs_up()
        caller.notices("released", "far end cleared")


LOOPS_BEYOND = {
    "loss-of-45-db": Impairments(loss_db=45),
    "noise-above-the-tones": Impairments(noise_dbm0=-3),
    "cable-of-another-country": Impairments(loss_db=30, tilt_db=20, noise_dbm0=-35),
}


@pytest.mark.parametrize("name", LOOPS_BEYOND)
def test_a_loop_that_is_too_bad(seed, name):
    """Nothing that is dialled arrives as it was: the caller is told by a tone at last. A call to the telephone rings, showing nothing."""
    with Lab(seed=seed, changes=(IDENTITY["china"],)) as lab:
        impair(lab, "sub-1", LOOPS_BEYOND[name], [PORT])
        phone = lab.telephone(PHONE).dials("10086")
        lab.after(30.0)
        assert not lab.facts(facts.Established)
        phone.hangs_up()
        lab.after(2.0)
        assert ended(lab)
        caller = lab.caller("13900000001").dials(PHONE)
        phone.is_rung()
        lab.after(6.0)
        phone.answers()
        caller.is_answered().hangs_up().is_released()
        assert not phone.shown
        phone.hangs_up()
        lab.after(2.0)
        impair(lab, "sub-1", NO_IMPAIRMENTS, [PORT])
        lab.caller("13900000002").dials(PHONE)
        phone.notices("shows 13900000002")


# Lines to another exchange: identity, dial tone, tones of release.

EXCHANGE_LINES_WITHIN = {
    "loss-of-10-db": Impairments(loss_db=10),
    "loss-of-8-db-noise-25-db-below": noisy(MODEM_DBM0, 25, loss_db=8),
    "noise-20-db-below-the-tones": noisy(TONE_DBM0, 20),
    "tilt-of-8-db": Impairments(tilt_db=8),
    "hum-of--30-dbm0": Impairments(noise="hum", noise_dbm0=-30),
    "hybrid-11-db": Impairments(echo_return_loss_db=11),
    "harmonics-30-db-down": Impairments(second_harmonic_db=30, third_harmonic_db=30),
    "neighbour-40-db-down": with_neighbour(40),
}


@pytest.mark.parametrize("name", EXCHANGE_LINES_WITHIN)
@pytest.mark.parametrize("identity", ["fsk", "dtmf"])
def test_a_call_in_on_a_bad_exchange_line(seed, name, identity):
    """Who calls is heard, a key is heard under the prompt, and busy tone releases the line."""
    with Lab(seed=seed, configuration=office(exchange_lines(caller_identity=identity))) as lab:
        impair(lab, "co-1", EXCHANGE_LINES_WITHIN[name])
        caller = lab.caller("13900000001").dials(CO_NUMBER).is_answered()
        lab.after(3.0)
        caller.presses("2")
        lab.after(1.0)
        caller.hangs_up()
        lab.after(20.0)
        (originated,) = lab.facts(facts.Originated)
        assert (originated.called, originated.calling) == (CO_NUMBER, "13900000001")
        assert [fact.digits for fact in lab.facts(facts.DigitsCollected)] == ["2"]
        assert [fact.cause for fact in lab.facts(facts.CallCleared)] == [16]


@pytest.mark.parametrize("name", EXCHANGE_LINES_WITHIN)
def test_a_call_out_on_a_bad_exchange_line(seed, name):
    with Lab(seed=seed, configuration=office(exchange_lines())) as lab:
        impair(lab, "co-1", EXCHANGE_LINES_WITHIN[name])
        city = lab.caller(CITY)
        phone = lab.telephone(PHONE).dials("0" + CITY)
        city.is_rung(within=40.0)
        lab.after(6.0)
        city.answers().speaks("welcome")
        lab.after(10.0)
        assert [fact.line for fact in lab.facts(facts.Established)] == ["co-1/1", LINE]
        city.hangs_up()
        phone.hears_tone("busy", within=30.0)
        lab.after(8.0)
        assert lab.facts(facts.ConnectionCleared, line="co-1/1", cause=16), "busy tone has released the line"
        phone.hangs_up()


def test_no_dial_tone_is_heard_through_too_much_loss(seed):
    """Every line is tried as often as the group says; then the caller hears congestion tone."""
    with Lab(seed=seed, configuration=office(exchange_lines())) as lab:
        impair(lab, "co-1", Impairments(loss_db=35))
        phone = lab.telephone(PHONE).dials("0" + CITY)
        phone.hears_tone("congestion", within=60.0).hangs_up()
        lab.after(20.0)
        assert ended(lab) and not lab.facts(facts.Established)
        assert len(lab.facts(facts.NetworkReached)) == 3
        impair(lab, "co-1", NO_IMPAIRMENTS)
        phone.dials("0" + CITY)
        lab.caller(CITY).is_rung(within=60.0)


@pytest.mark.parametrize("name", ["loss-of-40-db", "noise-above-the-tones"])
def test_a_call_in_whose_release_is_not_heard_ends_all_the_same(seed, name):
    """Neither identity nor key nor busy tone is heard. The menu gives up, the queue overflows, nobody answers; the line is free again."""
    beyond = {"loss-of-40-db": Impairments(loss_db=40), "noise-above-the-tones": Impairments(noise_dbm0=-5)}
    changes = (("max_wait_seconds = 300", "max_wait_seconds = 30"), ("no_answer_seconds = 60", "no_answer_seconds = 20"))
    with Lab(seed=seed, configuration=office(exchange_lines(), changes=changes)) as lab:
        impair(lab, "co-1", beyond[name])
        caller = lab.caller("13900000001").dials(CO_NUMBER).is_answered()
        lab.after(2.0)
        caller.hangs_up()
        lab.after(150.0)
        assert ended(lab)
        assert [fact.calling for fact in lab.facts(facts.Originated)] == [""]
        assert all(line.available for line in lab.exchange.lines.values())
        impair(lab, "co-1", NO_IMPAIRMENTS)
        lab.after(30.0)
        lab.caller("13900000002").dials(CO_NUMBER).is_answered()
        lab.after(1.0)
        assert lab.facts(facts.Originated, calling="13900000002")
