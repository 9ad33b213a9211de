"""Channels that were open before the plane (drivers/dahdi_kept.h) on a kernel that is played: what is asked, goes on, is refused."""

import errno

import pytest
from pbx._plane import lib

if not hasattr(lib, "dahdi_create"):
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

from drivers.dahdi import Dahdi, DahdiSettings
from drivers.line_keeping import KeeperError
from tests.drivers.dahdi_kernel import E1, IDLE, SILENCE, TICK, Bench, Kernel, of_port, told

DISTURBING = ("DAHDI_SPECIFY", "DAHDI_SETTXBITS", "DAHDI_SET_PARAMS", "DAHDI_SETCADENCE", "DAHDI_HOOK", "DAHDI_SETPOLARITY")
"""Orders that the line could see; the first of them is a release to the kernel."""
ANSWERED = 0b0101


def disturbed(kernel):
    return kernel.asked(*(getattr(lib, name) for name in DISTURBING))


class KeptBench(Bench):
    """A card that adopts all channels of the kernel."""

    def __init__(self, kernel, settings, numbers, **more):
        self.kernel, self.tick = kernel, 0
        self.card = Dahdi(settings, kernel.table, kept={number: kernel.hold(number) for number in numbers}, **more)


def one(signalling, kind, **channel):
    kernel = Kernel()
    kernel.add([1], signalling)
    for name, value in channel.items():
        setattr(kernel.channels[1], name, value)
    return KeptBench(kernel, DahdiSettings(first_channel=1, channels=1, kind=kind, idle_bits=IDLE, busy_bits=0b1010), [1])


def test_a_circuit_is_adopted_by_these_questions_alone():
    bench = one(lib.DAHDI_SIG_CAS, "circuits", tx_bits=ANSWERED, bits=0b0011)
    assert bench.kernel.calls == [
        (lib.DAHDI_GET_PARAMS, 1, 0),
        (lib.DAHDI_SETCONF, 1, 0),
        (lib.DAHDI_LOOPBACK, 1, 0),
        (lib.DAHDI_SET_BUFINFO, 1, lib.DAHDI_POLICY_HALF_FULL),
        (lib.DAHDI_ECHOCANCEL, 1, 0),
        (lib.DAHDI_TONEDETECT, 1, 0),
        (lib.DAHDI_DIAL, 1, lib.DAHDI_DIAL_OP_CANCEL),
        (lib.DAHDI_SETLAW, 1, lib.DAHDI_LAW_ALAW),
        (lib.DAHDI_GETRXBITS, 1, 0),
        (lib.DAHDI_FLUSH, 1, lib.DAHDI_FLUSH_ALL),
        (lib.DAHDI_SPANSTAT, 1, 0),
    ]
    assert bench.card.adopted == {1}
    bench.card.close()


def test_thirty_calls_go_on_with_their_bits_and_their_sound():
    kernel = Kernel()
    kernel.add(E1, lib.DAHDI_SIG_CAS)
    for number in E1:
        kernel.channels[number].tx_bits, kernel.channels[number].bits = number & 15, 0b0011
    bench = KeptBench(kernel, DahdiSettings(first_channel=1, idle_bits=IDLE), E1)
    _, events = bench.step(hear=SILENCE)
    assert told(events, lib.CARD_EVENT_BITS) == [(port, 0b0011) for port in range(30)]
    assert [bench.card.levels(port).bits_out for port in range(30)] == [number & 15 for number in E1]
    heard, _ = bench.step(hear=0x21, sound=bytes([0x22]) * TICK * 30)
    assert heard == bytes([0x21]) * TICK * 30 and kernel.channels[31].sent[-1] == bytes([0x22]) * TICK
    assert disturbed(kernel) == []
    for port, number in enumerate(E1):
        bench.card.order(port, lib.CARD_ORDER_BITS, number & 15)
    assert disturbed(kernel) == [], "what stands on the line is not ordered anew"
    bench.card.order(0, lib.CARD_ORDER_BITS, IDLE)
    assert kernel.asked(lib.DAHDI_SETTXBITS) == [(1, IDLE)]
    bench.card.close()


def test_bits_that_the_kernel_does_not_tell_are_those_at_rest():
    bench = one(lib.DAHDI_SIG_CAS, "circuits", tx_bits=-1)
    bench.step(hear=SILENCE)
    assert bench.card.levels(0).bits_out == IDLE
    bench.card.close()


@pytest.mark.parametrize(("seen", "closed"), [({"tx_bits": 0b1111}, 1), ({"tx_bits": 0b0101}, 0), ({"tx_hook": 1}, 1), ({"tx_hook": 0}, 0)])
def test_our_loop_towards_an_exchange_stays_as_it_is(seen, closed):
    """On a channel over bits by the bit A, on a board by what it was told."""
    bench = one(lib.DAHDI_SIG_FXSKS, "offices", off_hook=1, **seen)
    bench.step(5, hear=SILENCE)
    assert bench.card.levels(0).hook == closed
    assert disturbed(bench.kernel) == []
    bench.card.close()


def test_poles_that_were_reversed_are_so_still():
    kernel = Kernel()
    kernel.add([1, 2], lib.DAHDI_SIG_FXSKS)
    for number in (1, 2):
        kernel.channels[number].off_hook = 1
    bench = KeptBench(kernel, DahdiSettings(first_channel=1, channels=2, kind="offices"), [1, 2], reversed_poles=[2])
    bench.step(hear=SILENCE)
    assert [bench.card.levels(port).reversed for port in range(2)] == [0, 1]
    bench.card.close()


def test_a_telephone_that_talks_is_fed_and_one_on_hook_rings_no_more():
    bench = one(lib.DAHDI_SIG_FXOKS, "subscribers", off_hook=1)
    _, events = bench.step(hear=SILENCE)
    assert told(events, lib.CARD_EVENT_HOOK) == [(0, 1)]
    assert disturbed(bench.kernel) == [(1, lib.DAHDI_OFFHOOK)], "as it is: off-hook and fed for speech"
    bench.card.close()
    bench = one(lib.DAHDI_SIG_FXOKS, "subscribers", off_hook=0)
    bench.step(5, hear=SILENCE)
    assert disturbed(bench.kernel) == [(1, lib.DAHDI_RINGOFF)] and bench.card.levels(0).ringing == 0
    bench.card.close()


@pytest.mark.parametrize(("seen", "bits"), [({"tx_bits": 0b1111}, 0b1010), ({"tx_bits": 0}, IDLE), ({"tx_hook": 1}, 0b1010)])
def test_the_lead_of_a_tie_line_stays_as_it_is(seen, bits):
    bench = one(lib.DAHDI_SIG_EM, "circuits", off_hook=1, **seen)
    bench.step(hear=SILENCE)
    assert bench.card.levels(0).bits_out == bits
    assert disturbed(bench.kernel) == []
    bench.card.close()


def test_what_lay_in_the_buffers_and_events_that_nobody_took_are_no_news():
    kernel = Kernel()
    kernel.add([1], lib.DAHDI_SIG_CAS)
    kernel.channels[1].events = [lib.DAHDI_EVENT_BITSCHANGED, lib.DAHDI_EVENT_READ_OVERRUN]
    bench = KeptBench(kernel, DahdiSettings(first_channel=1, channels=1), [1])
    bench.step(hear=SILENCE)
    assert bench.card.counters().overruns == 0
    bench.card.close()


def test_the_channel_of_frames_is_adopted_beside_the_circuits():
    kernel = Kernel()
    kernel.add(E1, lib.DAHDI_SIG_CLEAR)
    kernel.add([16], lib.DAHDI_SIG_HDLCFCS)
    bench = KeptBench(kernel, DahdiSettings(first_channel=1, signalling_channels=(16,)), [*E1, 16])
    bench.step(hear=SILENCE)
    bench.card.send_frame(b"\x08\x00\x00")
    bench.step(2, hear=SILENCE)
    assert kernel.channels[16].sent == [b"\x08\x00\x00\x00\x00"] and bench.card.adopted == {*E1, 16}
    assert disturbed(kernel) == []
    bench.card.close()


@pytest.mark.parametrize("wrong", ["gone", "another channel", "another sort", "an order refused"])
def test_a_descriptor_that_is_not_good_is_closed_and_the_channel_opened_anew(wrong):
    kernel = Kernel()
    kernel.add([1, 2], lib.DAHDI_SIG_FXOKS if wrong == "another sort" else lib.DAHDI_SIG_CAS)
    kernel.channels[1].gone = wrong == "gone"
    if wrong == "an order refused":
        kernel.refuse[lib.DAHDI_FLUSH] = errno.EIO
    card = Dahdi(
        DahdiSettings(first_channel=1, channels=1), kernel.table, kept={1: kernel.hold(2 if wrong == "another channel" else 1)}
    )
    assert card.adopted == frozenset() and kernel.opened == {}
    kernel.refuse.clear()
    kernel.channels[1].gone, kernel.channels[1].signalling = False, lib.DAHDI_SIG_CAS
    assert card.mend() and card.missing() == {}
    assert kernel.asked(lib.DAHDI_SPECIFY) == [(None, 1)]
    card.close()


def test_descriptors_of_other_spans_are_left_alone():
    kernel = Kernel()
    kernel.add([1, 40], lib.DAHDI_SIG_CAS)
    held = kernel.hold(40)
    with Dahdi(DahdiSettings(first_channel=1, channels=1), kernel.table, kept={40: held}) as card:
        assert card.adopted == frozenset() and of_port(card.read(0)[0], 0) == bytes([SILENCE]) * TICK
    assert list(kernel.opened.values()) == [40]


class Keeping:
    """The connection to a keeper, written down; the keeper itself has tests of its own (tests/test_line_keeper.py)."""

    def __init__(self):
        self.generation, self.there, self.log, self.held = 1, True, [], {}

    def attend(self):
        if not self.there:
            raise KeeperError("nobody")
        return self.generation

    def keep(self, channel, descriptor):
        self.log.append(("keep", channel))
        self.held[channel] = descriptor

    def drop(self, channel):
        self.log.append(("drop", channel))
        del self.held[channel]


def handed(numbers, **more):
    kernel = Kernel()
    kernel.add(numbers, lib.DAHDI_SIG_CAS)
    keeping = Keeping()
    settings = DahdiSettings(first_channel=numbers[0], channels=len(numbers))
    return kernel, keeping, Bench.__new__(Bench), Dahdi(settings, kernel.table, keeper=keeping, **more)


def test_what_is_opened_is_given_to_the_keeper_once():
    kernel, keeping, _, card = handed([1, 2, 3])
    assert keeping.log == [("keep", 1), ("keep", 2), ("keep", 3)]
    assert {channel: kernel.opened[fd] for channel, fd in keeping.held.items()} == {1: 1, 2: 2, 3: 3}
    card.mend()
    assert len(keeping.log) == 3
    card.close()
    assert len(keeping.log) == 3, "an end of the plane is none of the lines"


def test_a_span_that_is_pulled_is_let_go_of_by_the_keeper_too():
    kernel, keeping, bench, card = handed([1, 2])
    bench.kernel, bench.card, bench.tick = kernel, card, 0
    bench.step(2, hear=SILENCE)
    kernel.pull([1, 2])
    bench.step(hear=SILENCE)
    keeping.log.clear()
    card.mend()
    assert keeping.log == [("drop", 1), ("drop", 2)] and keeping.held == {}
    kernel.add([1, 2], lib.DAHDI_SIG_CAS)
    card.mend()
    assert keeping.log[2:] == [("keep", 1), ("keep", 2)]
    card.close()


def test_a_span_that_came_back_before_anybody_looked_is_given_anew():
    kernel, keeping, bench, card = handed([1])
    bench.kernel, bench.card, bench.tick = kernel, card, 0
    bench.step(2, hear=SILENCE)
    kernel.channels[1].events = [lib.DAHDI_EVENT_REMOVED]
    bench.step(hear=SILENCE)
    keeping.log.clear()
    card.mend()
    assert keeping.log == [("keep", 1)], "another opening, though the channel has the same number"
    card.close()


def test_a_keeper_that_was_lost_is_given_all_again_and_a_missing_one_is_told_once(capsys):
    _, keeping, _, card = handed([1, 2])
    keeping.there = False
    card.mend()
    card.mend()
    assert capsys.readouterr().err.count("calls do not outlive the plane") == 1
    keeping.there, keeping.generation = True, 2
    keeping.log.clear()
    card.mend()
    assert keeping.log == [("keep", 1), ("keep", 2)]
    card.close()


def test_what_was_held_but_is_not_good_is_dropped_by_the_keeper():
    kernel = Kernel()
    kernel.add([1, 2], lib.DAHDI_SIG_CAS)
    kernel.channels[1].gone = True
    keeping = Keeping()
    keeping.held = dict.fromkeys((1, 2), 0)
    kept = {number: kernel.hold(number) for number in (1, 2)}
    with Dahdi(DahdiSettings(first_channel=1, channels=2), kernel.table, kept=kept, keeper=keeping) as card:
        assert card.adopted == {2}
        assert keeping.log == [("drop", 1), ("keep", 2)]
