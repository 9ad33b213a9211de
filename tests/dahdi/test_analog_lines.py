"""A telephone's line and an exchange's line, our engines and planes at both ends of a pair of the kernel's channels.

What the wires do is told apart by times only where the order of things cannot show it, and then coarsely: the machine's clock is the
host's. Runs inside the machine of ``rig/``.
"""

import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx.engine import Noted
from pbx.media import Plane
from pbx.signalling.analog.fxo import FxoLine
from pbx.signalling.analog.fxo_variant import FxoFeatures, load_exchange_line_variant
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures, load_subscriber_variant
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Idle, Info, MessageWaiting, Primitive, Proceeding, Release, Seized, Setup
from pbx.vocabulary.media import (
    RECEIVE_CALLER_IDENTITY,
    Battery,
    Feed,
    Flash,
    HookOff,
    HookOn,
    Listen,
    Loop,
    MediaCommand,
    Octet,
    Reverse,
    RingOff,
    RingOn,
    SendPulses,
)
from pbx.vocabulary.numbers import Examination
from tests.dahdi.rig.face import Channel
from tests.dahdi.rig.face import lib as words
from tests.dahdi.rig.machine import PAIRS
from tests.plane.rig import SMALL

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = f"{PAIRS}fxoks=1-4\nfxsks=32-35\nfxogs=5\nfxsgs=36\ncas=6-31,37-124:1001\nalaw=1-124\n"
TELEPHONES, OFFICES, GROUND_TELEPHONE, GROUND_OFFICE = 1, 32, 5, 36
MESSAGE_WAITING = 0x82
"""Type of the message (GR-30-CORE, from memory)."""
TICK_S = 0.01
PATIENCE_TICKS = 1200
LOOK_S = 0.0002
VIRTUAL = "time-travel" in Path("/proc/cmdline").read_text(encoding="ascii")
"""Whether the machine's clock stands while anything runs: then lengths can be told, which are else those of a busy host."""


class FourDigits:
    def examine(self, digits):
        return Examination("complete" if len(digits) == 4 else "more")


class End:
    """One line: card, plane and, unless the test plays it, an engine. ``told`` are the events of the line, ``up`` the primitives."""

    def __init__(self, first_channel, kind, engine=None, dials=True):
        self.card = Dahdi(DahdiSettings(first_channel, channels=1, kind=kind, dials=dials))
        assert self.card.missing() == {}
        self.plane, self.engine = Plane.create(SMALL), engine
        self.plane.add_card(self.card.card)
        self.plane.configure_port(0, "fxs" if kind == "subscribers" else "fxo")
        self.told, self.up, self.notes, self.now = [], [], [], 0.0
        self.take(engine.start(0.0) if engine else ())

    def take(self, outputs):
        for output in outputs:
            if isinstance(output, Primitive):
                self.up.append(output)
            elif isinstance(output, MediaCommand):
                self.plane.send(0, output)
            elif isinstance(output, Noted):
                self.notes.append(output.text)

    def give(self, *values):
        for value in values:
            if self.engine is None:
                self.plane.send(0, value)
            else:
                self.take(self.engine.receive(value, self.now))

    def tick(self, tick):
        self.plane.tick(tick)
        self.now = (tick + 1) * TICK_S
        for seconds, port, event in self.plane.drain():
            if port != 0:
                continue
            self.told.append((seconds, event))
            if self.engine is not None:
                self.take(self.engine.receive(event, seconds))
        if self.engine is not None and (due := self.engine.deadline()) is not None and due <= self.now:
            self.take(self.engine.expire(self.now))

    def kinds(self):
        return [event for _, event in self.told]


class Line:
    """``near`` has the telephone's side, ``far`` the exchange's: stepped together by the clock, since DAHDI is."""

    def __init__(self, near_engine=None, far_engine=None, channels=(TELEPHONES, OFFICES)):
        self.near = End(channels[0], "subscribers", near_engine)
        self.far = End(channels[1], "offices", far_engine)
        self.ticks, self._began = 0, time.monotonic()

    def __enter__(self):
        self.run(60)
        return self

    def __exit__(self, *_):
        for end in (self.near, self.far):
            end.card.close()

    def run(self, ticks):
        for _ in range(ticks):
            time.sleep(max(0.0, self._began + self.ticks * TICK_S - time.monotonic()))
            self.near.tick(self.ticks)
            self.far.tick(self.ticks)
            self.ticks += 1

    def until(self, seen):
        """Steps until ``seen`` says so."""
        for _ in range(PATIENCE_TICKS):
            if seen():
                return self
            self.run(1)
        raise AssertionError(f"near: {self.near.up} {self.near.notes}\nfar: {self.far.up} {self.far.notes}\n{self.far.told}")


def telephone_line(**features):
    variant = load_subscriber_variant()
    return FxsLine(variant, "8001", FourDigits(), features=SubscriberFeatures(**features), date_time=lambda now: "11281200")


def exchange_line(**features):
    return FxoLine(load_exchange_line_variant(), "87650000", FxoFeatures(**features))


def test_a_call_comes_in_with_cadence_and_caller_and_is_answered_and_cleared():
    """Distinctive ringing is two bursts and a pause; the caller's number comes in the first pause, by our modem, into our receiver."""
    with Line(telephone_line(caller_identity="china"), exchange_line(caller_identity="fsk", rings_before_answer=2)) as line:
        line.near.give(Setup("8001", "13900000001", name="Li"))
        line.until(lambda: Setup in map(type, line.far.up))
        assert line.far.up[-2:] == [Seized(), Setup("87650000", "13900000001", name="Li")]
        bursts = [event for event in line.far.kinds() if isinstance(event, RingOn | RingOff)]
        assert bursts[:3] == [RingOn(), RingOff(), RingOn()]
        octets = [seconds for seconds, event in line.far.told if isinstance(event, Octet)]
        ringing = [seconds for seconds, event in line.far.told if isinstance(event, RingOn | RingOff)]
        assert ringing[1] < min(octets) and max(octets) < ringing[2], "between the first ringing and the second"
        line.far.give(Alerting(), Connect())
        line.until(lambda: Connect() in line.near.up)
        line.near.give(Disconnect(16))
        line.far.give(Release(16))
        line.until(lambda: line.near.up[-1:] == [Idle()] and line.far.up[-1:] == [Idle()])
        assert line.far.card.counters().refused_orders == line.near.card.counters().refused_orders == 0


def test_a_distinctive_cadence_reaches_the_exchange_line():
    with Line(telephone_line()) as line:
        line.near.give(Setup("8001", ringing="distinctive"))
        line.until(lambda: line.far.kinds().count(RingOff()) == 4)
        times = [seconds for seconds, event in line.far.told if isinstance(event, RingOn | RingOff)]
        lengths = [after - before for before, after in pairwise(times)]
        short, gap, long, pause = lengths[:4]
        assert short < long < pause and gap < pause, lengths
        line.near.give(Release(16))
        line.until(lambda: Idle() in line.near.up[1:])


@pytest.mark.parametrize("dialling", ["pulse", "dtmf"])
def test_a_call_goes_out_by_pulses_and_by_tones_and_a_flash_is_one(dialling):
    features = {"dialling": dialling, "wait_for_dial_tone": False, "answer_supervision": "none", "release_supervision": ()}
    with Line(telephone_line(), exchange_line(**features)) as line:
        line.far.give(Setup("8002"))
        line.until(lambda: Setup("8002", "8001") in line.near.up)
        line.near.give(Proceeding(), Alerting(), Connect())
        line.until(lambda: Connect() in line.far.up)
        line.run(100)
        line.far.give(Info("!"))
        line.until(lambda: Info("!") in line.near.up)
        line.far.give(Release(16))
        line.until(lambda: line.near.up[-1:] == [Idle()] and line.far.up[-1:] == [Idle()])
        assert HookOn() in line.near.kinds()
        assert Flash() in line.near.kinds()


def test_messages_that_wait_are_told_to_a_set_on_hook():
    with Line(telephone_line(caller_identity="china", message_waiting=True)) as line:
        line.far.give(Listen(RECEIVE_CALLER_IDENTITY))
        line.run(20)
        line.near.give(MessageWaiting(2))
        line.until(lambda: Octet(MESSAGE_WAITING) in line.far.kinds())
        assert RingOn() not in line.far.kinds()


def test_reversal_is_an_order_that_loop_back_spans_do_not_know():
    with Line() as line:
        line.near.give(Reverse(True))
        line.run(10)
        assert line.near.card.counters().refused_orders == 1


def test_a_break_of_the_feed_ends_a_call_for_the_exchange_line():
    """Kewl start, which says by half a second without feed that the call is over."""
    with Line(None, exchange_line(release_supervision=("loop-break",), answer_supervision="none", wait_for_dial_tone=False)) as line:
        line.far.give(Setup("8"))
        line.until(lambda: HookOff() in line.near.kinds())
        line.until(lambda: Connect() in line.far.up)
        line.near.give(Feed(False))
        line.until(lambda: Battery(False) in line.far.kinds())
        line.until(lambda: Disconnect in map(type, line.far.up))


def test_ground_start_asks_and_is_given_the_line():
    """The far exchange grounds a wire and gets the feed; to our telephone's side it is a lifted handset."""
    features = {"ground_start": True, "wait_for_dial_tone": False, "answer_supervision": "none"}
    with Line(telephone_line(), exchange_line(**features), (GROUND_TELEPHONE, GROUND_OFFICE)) as line:
        line.far.give(Setup("8002"))
        line.until(lambda: Seized() in line.near.up)
        line.until(lambda: Setup("8002", "8001") in line.near.up)
        line.far.give(Release(16))
        line.until(lambda: line.near.up[-1:] == [Idle()])


def edges(dials, late_s, orders, seed):
    """(seconds, whether closed) of a loop as its far end sees it from the first closing on; orders are done, ticks are late."""
    generator = Random(seed)
    end, seen, tick = End(OFFICES, "offices", dials=dials), [], 0
    with Channel(TELEPHONES) as far:
        end.give(Loop(True))
        began, lag = time.monotonic(), 0.0
        while tick < 400:
            while time.monotonic() < began + tick * TICK_S + lag:
                closed = bool(far.parameters().rxbits & words.DAHDI_ABIT)
                if not seen or closed != seen[-1][1]:
                    seen.append((time.monotonic(), closed))
                time.sleep(LOOK_S)
            end.tick(tick)
            tick += 1
            lag = late_s * generator.random() if generator.random() < 0.2 else 0.0
            if tick == 50:
                end.give(*orders)
    end.card.close()
    closing = [closed for _, closed in seen].index(True)
    return seen[closing + 1 :]


@pytest.mark.skipif(not VIRTUAL, reason="lengths are told apart in virtual time alone")
@pytest.mark.parametrize("dials", [True, False])
def test_the_kernels_pulses_are_exact_whatever_becomes_of_our_ticks(dials, seed):
    seen = edges(dials, 0.03, [SendPulses((10, 5, 3), 61, 39, 700)], seed)
    assert [closed for _, closed in seen] == [False, True] * 18
    lengths = [round((after - before) * 1000) for (before, _), (after, _) in pairwise(seen)]
    breaks, makes = lengths[::2], [length for length in lengths[1::2] if length < 300]
    exact = all(60 <= length <= 62 for length in breaks) and all(38 <= length <= 40 for length in makes)
    assert exact == dials, (breaks, makes)
