"""Ports joined by their cards (pbx/dsp/cut_through.h): exactly while two hear each other and nothing else, whatever is done to them.

The cards are those of drivers/dahdi.h on a kernel that is played; what that kernel was told is the join.
"""

import random

import pytest
from pbx._plane import lib

if not hasattr(lib, "dahdi_create"):
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

from drivers.dahdi import Dahdi, DahdiSettings
from pbx.media import Layout, Plane
from pbx.vocabulary import media, tones
from pbx.vocabulary.media import MIX, PLAYER
from tests.drivers.dahdi_kernel import SILENCE
from tests.drivers.dahdi_kernel import Kernel as PlayedKernel
from tests.plane.rig import DIAL

CUT_THROUGH_TICKS = 5
LAYOUT = Layout(ports=90, mixes=2, players=2, recorders=4, prompts=4, prompt_octets=1 << 16, journal_octets=1 << 17, echo_cancellers=2)
LINES = 4
"""Channels of each card; a card has 30 ports all the same."""


class Exchange:
    """A plane with cards of four channels each; port p is channel ``channel(p)``."""

    def __init__(self, cut_through=(True, True)):
        self.kernel, self.plane, self.tick = PlayedKernel(), Plane.create(LAYOUT), 0
        self.cards = []
        for n, cut in enumerate(cut_through):
            self.kernel.add(range(10 * n + 1, 10 * n + 1 + LINES), lib.DAHDI_SIG_CAS, n + 1)
            self.cards.append(Dahdi(DahdiSettings(10 * n + 1, channels=LINES, cut_through=cut, clear_ms=0, raise_ms=0), self.kernel.table))
            self.plane.add_card(self.cards[-1].card)
        self.plane.load_tones({"dial": DIAL})
        self.plane.load_prompt("hello", b"\x33" * 4000)
        self.run(2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.plane.close()
        for card in self.cards:
            card.close()
        assert self.joined() == set()

    def ports(self):
        return [30 * n + line for n in range(len(self.cards)) for line in range(LINES)]

    def channel(self, port):
        return self.kernel.channels[10 * (port // 30) + port % 30 + 1]

    def run(self, ticks=1, say=None):
        for _ in range(ticks):
            for port in self.ports():
                channel = self.channel(port)
                channel.hear((say or {}).get(port, SILENCE))
                del channel.received[4:]
            self.plane.tick(self.tick)
            self.tick += 1

    def send(self, port, *commands):
        for command in commands:
            self.plane.send(port, command)

    def talk(self, first, second):
        self.send(first, media.Hear(second))
        self.send(second, media.Hear(first))

    def joined(self):
        """Pairs of ports of which the kernel sends the sound of each on the other."""
        port_of = {self.channel(port).number: port for port in self.ports()}
        ends = {port: port_of[self.channel(port).joined] for port in self.ports() if self.channel(port).joined}
        assert all(ends.get(other) == port for port, other in ends.items()), f"one end alone is joined: {ends}"
        return {frozenset(pair) for pair in ends.items()}


@pytest.fixture
def exchange():
    with Exchange() as made:
        yield made


@pytest.fixture
def pair(exchange):
    """Ports 0 and 31 are joined."""
    exchange.talk(0, 31)
    exchange.run(CUT_THROUGH_TICKS + 1)
    assert exchange.joined() == {frozenset({0, 31})}
    return exchange


def test_a_pair_is_joined_once_it_has_stood_for_some_ticks(exchange):
    exchange.talk(0, 31)
    for _ in range(CUT_THROUGH_TICKS):
        exchange.run()
        assert exchange.joined() == set()
    exchange.run()
    assert exchange.joined() == {frozenset({0, 31})}
    counters = exchange.plane.counters()
    assert (counters["joined"], counters["joins"], counters["parts"]) == (1, 1, 0)


REASONS = {
    "one hears no longer": [(0, media.Unhear(31))],
    "one hears nobody": [(31, media.Unhear(-1))],
    "one hears a third": [(0, media.Hear(1))],
    "a third hears one": [(2, media.Hear(0))],
    "one hears music": [(31, media.Hear(PLAYER))],
    "one hears a mix": [(31, media.Hear(MIX))],
    "one speaks in a mix": [(0, media.Join(0))],
    "one is muted": [(0, media.Mute(31, True))],
    "one hears louder": [(0, media.Hear(31, 3.0))],
    "one is recorded": [(31, media.Record(0))],
    "one listens for digits": [(0, media.Listen(media.RECEIVE_DTMF))],
    "one listens for voices": [(31, media.Listen(media.RECEIVE_VOICE))],
    "one listens for fax": [(31, media.Listen(media.RECEIVE_FAX))],
    "one hears a tone": [(0, media.SendTone(tones.progress("dial")))],
    "one hears a short tone": [(0, media.SendTone(tones.progress("dial"), 5))],
    "one hears a prompt": [(31, media.Play(0, 1))],
    "one is sent digits": [(31, media.SendDigits("5", 60, 60))],
    "one has an echo canceller": [(0, media.CancelEcho(32))],
    "one is levelled": [(0, media.AutomaticLevel(True, -20.0, 12.0))],
    "one is tested": [(0, media.LineTest(0, sends=True, receives=False))],
}


@pytest.mark.parametrize("reason", REASONS)
def test_it_is_undone_in_the_tick_of_its_reason(pair, reason):
    for port, command in REASONS[reason]:
        pair.send(port, command)
    sent = [len(pair.channel(port).sent) for port in (0, 31)]
    pair.run()
    assert pair.joined() == set()
    assert [len(pair.channel(port).sent) - before for port, before in zip((0, 31), sent, strict=True)] == [1, 1], "sent again at once"
    assert pair.plane.counters()["parts"] == 1


def test_a_reason_at_a_later_sample_undoes_it_in_that_tick(pair):
    at = (pair.tick + 3) / 100 + 0.005
    pair.send(0, media.SendTone(tones.progress("dial"), 100, at))
    pair.run(3)
    assert pair.joined() == {frozenset({0, 31})}
    pair.run()
    assert pair.joined() == set()
    first = pair.channel(0).sent[-1]
    assert set(first[:40]) == {SILENCE} and set(first[41:]) != {SILENCE}, "from its very sample on"
    pair.run(11 + CUT_THROUGH_TICKS)
    assert pair.joined() == {frozenset({0, 31})}, "and joined again behind it"


def test_a_listener_hears_from_the_next_tick_on(pair):
    pair.run(10, say={0: 0x11})
    pair.send(2, media.Hear(0))
    pair.run(1, say={0: 0x22})
    sent = len(pair.channel(2).sent)
    pair.run(3, say={0: 0x44})
    assert pair.channel(2).sent[sent:] == [bytes([0x44]) * 80] * 3
    assert pair.channel(31).sent[-1] == bytes([0x44]) * 80


def test_an_alarm_of_either_span_undoes_it_until_it_is_over(pair):
    pair.kernel.alarms = lib.DAHDI_ALARM_YELLOW
    pair.channel(30).events = [lib.DAHDI_EVENT_ALARM]
    pair.run(2)
    assert pair.joined() == set(), "even one that lets speech through: the call may soon be lost"
    pair.kernel.alarms = 0
    pair.channel(30).events = [lib.DAHDI_EVENT_NOALARM]
    pair.run(2 + CUT_THROUGH_TICKS)
    assert pair.joined() == {frozenset({0, 31})}


def test_bits_are_told_and_sent_while_joined(pair):
    pair.plane.configure_port(0, "raw")
    pair.run()
    pair.plane.drain()
    pair.channel(0).bits, pair.channel(0).events = 0b0101, [lib.DAHDI_EVENT_BITSCHANGED]
    pair.send(31, media.SendBits(0b0001))
    pair.run()
    assert [(port, event) for _, port, event in pair.plane.drain()] == [(0, media.Bits(0b0101))]
    assert pair.channel(31).sent_bits == 0b0001
    assert pair.joined() == {frozenset({0, 31})}


def test_control_dies_and_its_pair_stays_joined(pair):
    successor = pair.plane.successor()
    successor.raise_epoch()
    pair.run(20)
    assert pair.joined() == {frozenset({0, 31})}
    successor.send(31, media.Unhear(-1))
    pair.run()
    assert pair.joined() == set()


@pytest.mark.parametrize("cut_through", [(True, False), (False, True), (False, False)])
def test_it_is_off_where_a_card_does_not_join(cut_through):
    with Exchange(cut_through) as exchange:
        exchange.talk(0, 31)
        exchange.run(3 * CUT_THROUGH_TICKS)
        assert exchange.joined() == set()
        assert exchange.plane.counters()["joins"] == 0


def test_a_refusal_of_the_kernel_leaves_the_talk_path_as_it_was(exchange):
    exchange.kernel.refuse[lib.DAHDI_SETCONF] = 22
    exchange.talk(0, 31)
    exchange.run(3 * CUT_THROUGH_TICKS, say={0: 0x12})
    assert exchange.joined() == set() and exchange.channel(31).sent[-1] == bytes([0x12]) * 80
    assert exchange.cards[0].counters().failures == 1, "it is not asked again and again"


class Wishes:
    """What stands on each port as far as it was ordered, by the words of the vocabulary; the condition is read from it."""

    def __init__(self, ports):
        self.hears = {port: {} for port in ports}
        self.busy = {port: set() for port in ports}
        self.recorder = {}

    def stands(self, first, second):
        def only(port, other):
            heard = self.hears[port]
            return set(heard) == {other} and heard[other] == [0.0, False]

        others = [port for port in self.hears if port not in (first, second)]
        alone = not any(source in self.hears[port] for port in others for source in (first, second))
        return only(first, second) and only(second, first) and alone and not self.busy[first] and not self.busy[second]

    def counted(self, what):
        return sum(what in busy for busy in self.busy.values())

    def pairs(self):
        return {frozenset({a, b}) for a in self.hears for b in self.hears if a < b and self.stands(a, b)}


ORDERS = {
    "listen": (media.Listen(media.RECEIVE_DTMF), media.Unlisten(media.RECEIVE_DTMF)),
    "tone": (media.SendTone(tones.progress("dial")), media.Silence()),
    "level": (media.AutomaticLevel(True, -20.0, 12.0), media.AutomaticLevel(False, -20.0, 12.0)),
    "echo": (media.CancelEcho(32), media.CancelEcho(0)),
}
"""What makes a port busy, and what ends it."""


def step(generator, exchange, wishes):
    """One random order to a random port, and what it changes."""
    port = generator.choice(exchange.ports()[: 2 * LINES])
    source = generator.choice([other for other in exchange.ports() if other != port] * 3 + [PLAYER, PLAYER + 1])
    heard, busy = wishes.hears[port], wishes.busy[port]
    what = generator.choice(["hear", "call", "call", "call", "unhear", "nothing", "mute", "listen", "record", "tone", "echo", "level"])
    if what == "hear":
        gain = generator.choice([0.0, 0.0, -6.0])
        exchange.send(port, media.Hear(source, gain))
        heard[source] = [gain, heard.get(source, [0.0, False])[1]]
    elif what == "call" and source < PLAYER:
        _call(exchange, wishes, port, source)
    elif what == "unhear":
        exchange.send(port, media.Unhear(source))
        heard.pop(source, None)
    elif what == "nothing":
        exchange.send(port, media.Unhear(-1))
        heard.clear()
    elif what == "mute" and source in heard:
        heard[source][1] = not heard[source][1]
        exchange.send(port, media.Mute(source, heard[source][1]))
    elif what in ORDERS and (what != "echo" or "echo" in busy or wishes.counted("echo") < LAYOUT.echo_cancellers):
        exchange.send(port, ORDERS[what][what in busy])
        busy.symmetric_difference_update({what})
    elif what == "record":
        _record(exchange, wishes, port)


def _call(exchange, wishes, first, second):
    """As a switch does it: both are freed of all that stood, then hear each other."""
    for port in (first, second):
        for what in sorted(wishes.busy[port] - {"record"}):
            exchange.send(port, ORDERS[what][1])
            wishes.busy[port].discard(what)
        if port in wishes.recorder:
            _record(exchange, wishes, port)
        for listener, heard in wishes.hears.items():
            if heard.pop(port, None):
                exchange.send(listener, media.Unhear(port))
        exchange.send(port, media.Unhear(-1))
        wishes.hears[port].clear()
    for port, other in ((first, second), (second, first)):
        exchange.send(port, media.Hear(other))
        wishes.hears[port][other] = [0.0, False]


def _record(exchange, wishes, port):
    if port in wishes.recorder:
        exchange.send(port, media.StopRecord(wishes.recorder.pop(port)))
        wishes.busy[port].discard("record")
        return
    free = [recorder for recorder in range(LAYOUT.recorders) if recorder not in wishes.recorder.values()]
    if free:
        wishes.recorder[port] = free[0]
        exchange.send(port, media.Record(free[0]))
        wishes.busy[port].add("record")


@pytest.mark.parametrize("case", range(4))
def test_no_join_outlives_its_reason_and_none_is_missing(case, seed):
    """Random orders: after each tick what the kernel joins is among the pairs that may be, and those that stood long enough are joined."""
    generator = random.Random(f"{seed} {case}")
    with Exchange() as exchange:
        wishes, since, joins = Wishes(exchange.ports()), {}, 0
        for _ in range(700):
            for _ in range(generator.choice([0, 0, 0, 0, 0, 1, 3])):
                step(generator, exchange, wishes)
            exchange.run(1)
            exchange.plane.drain()
            for recorder in range(LAYOUT.recorders):
                exchange.plane.read_recorder(recorder)
            pairs = wishes.pairs()
            since = {pair: since.get(pair, exchange.tick) for pair in pairs}
            due = {pair for pair in pairs if exchange.tick - since[pair] >= CUT_THROUGH_TICKS + 1}
            joined = exchange.joined()
            assert joined <= pairs, f"seed {seed}: joined without reason: {joined - pairs} at tick {exchange.tick}"
            assert due <= joined, f"seed {seed}: not joined: {due - joined} at tick {exchange.tick}"
            joins += len(joined)
            assert exchange.plane.counters()["joined"] == len(joined)
        assert joins > 100, "the orders make pairs often enough to say anything"
        assert exchange.plane.counters()["joins"] > 10
