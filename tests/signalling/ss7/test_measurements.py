"""The measurements of Q.752: whole points with links that fail, are inhibited and blocked; ISUP with a far end by hand; periods."""

import random
from collections import Counter

import pytest

from pbx.signalling.ss7 import primitives
from pbx.signalling.ss7.isup import codec, table
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.measurement_table import RELEASES, TABLE, row_of
from pbx.signalling.ss7.measurements import Measurements
from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.primitives import FromLink, Pause, RestartBegins, Resume, Status, ToLink, Transfer
from pbx.vocabulary.call import Blocked, Release, Unblocked
from tests.signalling.ss7 import isup_tester
from tests.signalling.ss7.network import pair, square
from tests.signalling.ss7.terminal import TerminalWire

COUNTERS = (
    *("messages_sent", "octets_sent", "messages_sent_again", "octets_sent_again", "messages_received", "octets_received"),
    *("negative_sent", "negative_received", "units_in_error", "busy_received", "refused", "silences"),
)
NOTHING = dict.fromkeys(COUNTERS, 0)


def test_the_table():
    """Each key once, each number of Q.752 once, every row in words."""
    numbers = Counter(row.number for rows in TABLE.values() for row in rows.values() if row.number)
    assert set(numbers.values()) == {1}
    assert {"1.1", "1.2", "2.1", "3.1", "3.5", "3.7"} <= set(numbers)
    assert all(row.key == key and row.title and row.source for rows in TABLE.values() for key, row in rows.items())
    assert row_of("ISUP", f"{RELEASES}16").title == "calls released with cause 16"


class Observed:
    """A site whose inputs and outputs are told to measurements."""

    def __init__(self, network, name):
        self.network, self.site, self.name = network, network.sites[name], name
        self.measurements = Measurements(network.world.now)
        give, take = self.site.give, self.site.take

        def told_and_given(value):
            if type(value) is FromLink:
                self.measurements.from_level2(network.world.now, value.link, value.indication)
            give(value)

        def told_and_taken(outputs):
            self.measurements.level3(network.world.now, outputs, CHINA.text)
            take(outputs)

        self.site.give, self.site.take = told_and_given, told_and_taken
        link_sets = self.site.mtp3.plan.link_sets
        links = [link.name for link_set in link_sets for link in link_set.links]
        destinations = [CHINA.text(link_set.adjacent) for link_set in link_sets]
        self.measurements.down(network.world.now, links, [link_set.name for link_set in link_sets], destinations)
        self.read()

    def read(self, minutes=0):
        """By kind and name: key and value."""
        now, mtp3 = self.network.world.now, self.site.mtp3
        self.measurements.level3_counters(now, self.name, mtp3.counters, mtp3.link_counters)
        for link, end in self.site.ends.items():
            if hasattr(end, "counters"):
                found = end.counters()
                self.measurements.plane(now, link, {name: getattr(found, name) for name in COUNTERS})
                self.measurements.link_state_control(now, link, end.engine.counters)
        found = {}
        for row in self.measurements.rows(now, minutes):
            found.setdefault((row.kind, row.name), {})[row.key] = row.value
        return found


@pytest.fixture(scope="module")
def failed():
    """Two points over real level 2; one link is cut for ten seconds and comes back. What A has measured, and what of it is known."""
    network = pair(3, wire=TerminalWire)
    one = Observed(network, "A")
    network.start()
    network.run(30)
    began = network.world.now
    for _ in range(100):
        network.send_all("A", "B")
        network.run(0.05)
    wire = network.wires["A-B/0"]
    for way in wire.line.ways:
        way.whole = False
    network.run(10)
    for way in wire.line.ways:
        way.whole = True
    network.run(60)
    assert network.unavailable() == {}
    return network, one, began


def test_a_link_that_fails_and_comes_back(failed):
    network, one, _ = failed
    found = one.read()
    hurt, well = found["link", "A-B/0"], found["link", "A-B/1"]
    assert hurt["failures"] == 1
    assert hurt["failures: errors"] + hurt["failures: acknowledgement"] + hurt["failures: far end"] == 1
    assert hurt["changeovers"] == 1
    assert well["changeovers"] == well["failures"] == well["alignments failed"] == 0
    assert hurt["changebacks"] == 1
    assert hurt["alignments"] == 2 + hurt["alignments failed"]
    assert hurt["restorations"] == 2
    # 64 kbit/s lines that were cut for 10 s are out for the alignment too.
    assert 10 < hurt["unavailable"] - well["unavailable"] < 40
    assert hurt["unavailable"] == hurt["unavailable: failed"] + hurt["unavailable: not active"]
    assert hurt["unavailable: not active"] == 0
    assert 0 < well["unavailable"] < 20
    for figures in (hurt, well):
        # Between service of level 2 and availability lies the link test.
        assert 0 <= figures["in service"] + figures["unavailable"] - network.world.now < 1
    assert found["link set", "B"]["failures"] == 0
    assert found["destination", "21-100-52"]["losses"] == 0
    assert found["point", "A"]["restarts"] == 1


def test_octets_and_messages(failed):
    """What the plane has counted agrees with what level 3 gave to the links and what came over them."""
    network, one, _ = failed
    figures = one.read()
    sent = Counter(link for link, _ in one.site.written)
    octets = Counter()
    for link, unit in one.site.written:
        octets[link] += len(unit)
    well = figures["link", "A-B/1"]
    assert well["messages sent"] == sent["A-B/1"] > 800
    assert well["octets sent"] == octets["A-B/1"]
    far = network.sites["B"].ends["A-B/1"]
    received = [value for value in far.told if isinstance(value, primitives.ReceivedMessage)]
    assert (far.counters().messages_received, sum(len(value.octets) for value in received)) == (len(received), octets["A-B/1"])
    back = one.site.ends["A-B/1"]
    came = [value.octets for value in back.told if isinstance(value, primitives.ReceivedMessage)]
    assert well["messages received"] == len(came)
    assert well["octets received"] == sum(map(len, came))


def test_a_network_that_loses_a_point():
    network = pair(4, links=1)
    one = Observed(network, "A")
    network.start()
    network.run(20)
    before = one.read()
    network.wires["A-B/0"].cut()
    network.run(12)
    found = one.read()
    assert found["link set", "B"]["failures"] == 1
    assert found["destination", "21-100-52"]["losses"] == 1
    assert found["point", "A"]["isolations"] == 1
    for kind, name, key in (("link set", "B", "unavailable"), ("destination", "21-100-52", "inaccessible")):
        assert found[kind, name][key] - before[kind, name][key] == pytest.approx(12, abs=2)


def test_inhibition_and_outages_at_both_ends():
    network = pair(5)
    near, far = Observed(network, "A"), Observed(network, "B")
    network.start()
    network.run(20)
    a = network.sites["A"]
    for begin, end in (
        (operation.InhibitLink("A-B/0"), operation.UninhibitLink("A-B/0")),
        (operation.BlockLink("A-B/1"), operation.UnblockLink("A-B/1")),
    ):
        a.give(begin)
        network.run(7)
        a.give(end)
        network.run(5)
    here, there = near.read(), far.read()
    inhibited, blocked = ("link", "A-B/0"), ("link", "A-B/1")
    assert (here[inhibited]["inhibited here"], there[inhibited]["inhibited there"]) == (1, 1)
    assert here[inhibited]["inhibited there"] == there[inhibited]["inhibited here"] == 0
    assert here[inhibited]["unavailable: inhibited here"] == pytest.approx(7, abs=1)
    assert there[inhibited]["unavailable: inhibited there"] == pytest.approx(7, abs=1)
    assert here[blocked]["unavailable: local outage"] == pytest.approx(7, abs=1)
    assert there[blocked]["unavailable: remote outage"] == pytest.approx(7, abs=1)
    assert (there[blocked]["remote outages"], there[blocked]["remote outages ended"]) == (1, 1)
    assert here[blocked]["failures"] == there[blocked]["failures"] == 0
    for found in (here[inhibited], there[inhibited]):
        assert found["unavailable"] == pytest.approx(found["unavailable: failed"] + 7, abs=1)


def test_a_link_that_is_not_wanted_has_not_failed():
    network = pair(5)
    one = Observed(network, "A")
    network.run(4)
    network.start()
    network.run(20)
    before = one.read()["link", "A-B/0"]
    network.sites["A"].give(operation.DeactivateLink("A-B/0"))
    network.run(6)
    after = one.read()["link", "A-B/0"]
    assert before["unavailable: not active"] == 4
    assert after["unavailable: not active"] - before["unavailable: not active"] == pytest.approx(6)
    assert after["unavailable: failed"] == before["unavailable: failed"]
    assert after["failures"] == 0


def test_transfer_points_are_counted():
    network = square(6)
    one = Observed(network, "Y")
    network.start()
    network.run(20)
    network.send_all("A", "B", 3)
    network.run(2)
    assert one.read()["point", "Y"]["transferred"] == 24


# Level 2 by hand.

REASONS = [
    ("errors", "failures: errors"),
    ("backward number", "failures: abnormal numbers"),
    ("forward bit", "failures: abnormal numbers"),
    ("T6", "failures: congestion"),
    ("T7", "failures: acknowledgement"),
    ("SIOS", "failures: far end"),
    ("SIO: the far end aligns", "failures: far end"),
]


def values(measurements, now, kind="link", name="x", minutes=0):
    return {row.key: row.value for row in measurements.rows(now, minutes) if (row.kind, row.name) == (kind, name)}


@pytest.mark.parametrize(("reason", "key"), REASONS)
def test_failures_by_reason(reason, key):
    found = Measurements(0.0)
    found.from_level2(1.0, "x", primitives.OutOfService("T2"))
    found.from_level2(2.0, "x", primitives.InService())
    found.from_level2(5.0, "x", primitives.OutOfService(reason))
    after = values(found, 9.0)
    assert (after["in service"], after["failures"], after[key], after["alignments failed"]) == (3.0, 1, 1, 1)
    assert sum(value for name, value in after.items() if name.startswith("failures")) == 2


def test_congestion_levels():
    found = Measurements(0.0)
    found.from_level2(0.0, "x", primitives.InService())
    for at_s, level in ((1, 1), (2, 2), (4, 1), (6, 2), (7, 0), (9, 1)):
        found.from_level2(float(at_s), "x", primitives.LinkCongestion(level))
    found.from_level2(11.0, "x", primitives.OutOfService("T7"))
    after = values(found, 20.0)
    assert (after["congestions"], after["congested"]) == (4, 8.0)


def test_an_order_to_stop_is_no_failure():
    found = Measurements(0.0)
    found.level3(0.0, [ToLink("x", primitives.Start())], str)
    found.from_level2(1.0, "x", primitives.InService())
    found.level3(4.0, [ToLink("x", primitives.Stop())], str)
    after = values(found, 9.0)
    assert (after["in service"], after["failures"], after["alignments"], after["alignments failed"]) == (3.0, 0, 1, 0)


def test_counters_of_an_older_plane_and_of_one_that_begins_anew():
    found = Measurements(0.0)
    counted = {**NOTHING, "messages_sent": 100, "octets_sent": 2000, "messages_sent_again": 10, "octets_sent_again": 200}
    found.plane(0.0, "x", counted)
    assert values(found, 1.0)["messages sent"] == 0
    found.plane(1.0, "x", {**counted, "messages_sent": 105, "octets_sent": 2100})
    after = values(found, 1.0)
    assert (after["messages sent"], after["octets sent"]) == (5, 70)
    found.plane(2.0, "x", {**NOTHING, "messages_sent": 2, "octets_sent": 40, "negative_received": 3})
    after = values(found, 2.0)
    assert (after["messages sent"], after["octets sent"], after["negative acknowledgements"]) == (7, 98, 3)


# ISUP.


class Isup:
    """A tester whose inputs and outputs are told to measurements."""

    def __init__(self):
        self.tester = isup_tester.Tester()
        self.measurements = Measurements(0.0)
        take = self.tester.take

        def told(outputs):
            self.measurements.isup_outputs(self.tester.now, "far", outputs)
            return take(outputs)

        self.tester.take = told

    def give(self, primitive, cic=1):
        self.measurements.isup_given(self.tester.now, "far", primitive)
        self.tester.give(primitive, cic)

    def mtp(self, value):
        self.measurements.isup_received(self.tester.now, "far", value)
        self.tester.mtp(value)

    def far(self, name, cic=1, *parameters):
        kind = MessageType[name]
        parameters = parameters or (isup_tester.iam() if name == "IAM" else isup_tester.PARAMETERS.get(kind, ()))
        self.octets(codec.encode(codec.Message(cic, kind, tuple(parameters))))

    def octets(self, octets):
        self.mtp(Transfer(5, isup_tester.OWN, isup_tester.FAR, octets[0] & 15, octets))

    @property
    def figures(self):
        return values(self.measurements, self.tester.now, "ISUP", "far")


def test_calls_and_their_causes():
    isup = Isup()
    isup.give(isup_tester.SETUP)
    isup.far("ACM")
    isup.far("REL")
    isup.far("IAM", 2)
    isup.give(Release(17), 2)
    isup.far("RLC", 2)
    found = isup.figures
    assert (found["calls out"], found["calls in"], found[f"{RELEASES}16"], found[f"{RELEASES}17"]) == (1, 1, 1, 1)
    assert (found["messages received"], found["messages sent"]) == (4, 3)
    assert found["unreasonable messages"] == found["malformed messages"] == found["unrecognized messages"] == 0


def test_what_is_wrong_with_messages():
    isup = Isup()
    isup.far("RLC", 99)
    isup.octets(b"\x01")
    isup.octets(b"\x01\x00\xee\x00")
    found = isup.figures
    assert (found["unreasonable messages"], found["malformed messages"], found["unrecognized messages"]) == (1, 1, 1)


def test_dual_seizures():
    isup = Isup()
    for cic in (1, 2):
        isup.give(isup_tester.SETUP, cic)
        isup.far("IAM", cic)
    assert isup.figures["dual seizures"] == 2


def test_blocked_circuits_are_summed_over_time():
    isup = Isup()
    isup.give(Blocked("local"), 1)
    isup.far("BLA", 1)
    isup.tester.now = 10.0
    isup.far("BLO", 1)
    isup.far("BLO", 2)
    isup.tester.now = 15.0
    isup.far("UBL", 2)
    isup.give(Unblocked(), 1)
    isup.far("UBA", 1)
    isup.tester.now = 20.0
    found = isup.figures
    assert found["circuits blocked"] == 20 + 5
    assert (found["blockings: local"], found["blockings: remote"]) == (1, 2)


def test_requests_that_are_not_acknowledged():
    isup = Isup()
    isup.give(Blocked("local"), 1)
    isup.tester.wait(1000)
    assert isup.figures["requests not acknowledged"] == 3, "each T13"
    isup = Isup()
    isup.give(isup_tester.SETUP)
    isup.give(Release(16))
    isup.tester.wait(isup_tester.VARIANT.timers["T5"].default_ms / 1000 + 1)
    assert isup.figures["requests not acknowledged"] == 1, "REL until T5"


def test_a_message_that_is_to_be_discarded():
    isup = Isup()
    isup.far("IAM")
    compatibility = table.BY_TYPE[i.MessageCompatibilityInformation]
    contents = compatibility.form.write(i.MessageCompatibilityInformation(discard_message=True))
    isup.octets(bytes((1, 0, 0xEE, 1, compatibility.code, len(contents))) + contents + b"\x00")
    assert isup.figures["unrecognized messages"] == 1


def test_the_far_user_part():
    isup = Isup()
    away = Status(isup_tester.FAR, "user part unavailable", 0, 5, "inaccessible")
    isup.mtp(away)
    isup.tester.now = 3.0
    isup.mtp(away)
    isup.tester.now = 7.0
    isup.far("UPA")
    isup.tester.now = 9.0
    isup.mtp(away)
    isup.tester.now = 10.0
    isup.mtp(Pause(isup_tester.FAR))
    isup.mtp(Resume(isup_tester.FAR))
    isup.mtp(Status(isup_tester.FAR, "congestion", 1))
    isup.mtp(RestartBegins())
    found = isup.figures
    assert (found["user part unavailable"], found["user part losses"], found["congestions"]) == (8.0, 2, 1)


# Periods.


def test_no_period_is_over_yet():
    found = Measurements(7.0)
    found.from_level2(8.0, "x", primitives.InService())
    assert found.rows(299.0, 5) == found.rows(599.0, 5) == found.rows(3599.0, 30) == []
    assert values(found, 600.0, minutes=5)["in service"] == 300.0
    assert values(found, 3600.0, minutes=30)["in service"] == 1800.0


def test_the_last_whole_period_and_no_other():
    found = Measurements(0.0)
    found.from_level2(100.0, "x", primitives.InService())
    assert values(found, 350.0, minutes=5)["in service"] == 200.0
    found.from_level2(400.0, "x", primitives.OutOfService("T7"))
    assert [values(found, at, minutes=5)["failures"] for at in (450.0, 599.9, 600.0, 899.0, 900.0)] == [0, 0, 1, 1, 0]
    assert values(found, 2000.0, minutes=30)["in service"] == 300.0
    assert values(found, 2000.0, minutes=5)["in service"] == 0.0
    assert values(found, 4000.0, minutes=30)["in service"] == 0.0
    assert values(found, 4000.0)["in service"] == 300.0


@pytest.mark.parametrize("seed", range(10))
def test_periods_add_up(seed):
    """Whatever happens when, the figures of all periods together are those since the beginning."""
    chance = random.Random(seed)
    found = Measurements(0.0)
    found.down(0.0, ["x"])
    found.plane(0.0, "x", NOTHING)
    counted = dict(NOTHING)
    sums = Counter()
    for period in range(1, 20):
        for now in sorted(chance.uniform(300 * (period - 1), 300 * period) for _ in range(chance.randrange(6))):
            event = chance.choice((primitives.InService(), primitives.OutOfService("T7"), primitives.LinkCongestion(chance.randrange(3))))
            found.from_level2(now, "x", event)
            counted["messages_sent"] += 1
            counted["octets_sent"] += chance.randrange(11, 60)
            found.plane(now, "x", counted)
            found.level3(now, [operation.LinkChanged("x", chance.random() < 0.5)], str)
        sums.update(values(found, 300.0 * period, minutes=5))
        assert sums == pytest.approx(values(found, 300.0 * period)), f"seed {seed}"
    assert sums["messages sent"] > 20
    assert sums["in service"] > 0
