"""The framer alone: frames against hand-computed values, alignment from any phase, loss, recovery, alarms, counters."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx._plane import lib

from drivers.wire import CardEvent, SpanTerminal, crc4

LOS, LOF, AIS, RAI, LOMF = (
    lib.CARD_ALARM_LOS,
    lib.CARD_ALARM_LOF,
    lib.CARD_ALARM_AIS,
    lib.CARD_ALARM_RAI,
    lib.CARD_ALARM_LOMF,
)


def divided(bits: str) -> int:
    """Remainder of bits * x^4 by x^4 + x + 1, one bit after another as on paper."""
    register = 0
    for bit in bits + "0000":
        register = register << 1 | int(bit)
        if register & 0b10000:
            register ^= 0b10011
    return register


def bits_of(octets: bytes) -> str:
    return "".join(f"{octet:08b}" for octet in octets)


def late(stream: bytes, bits: int) -> bytes:
    """The stream behind ``bits`` arbitrary bits, cut to whole octets."""
    text = "10" * (bits // 2) + "1" * (bits % 2) + bits_of(stream)
    return bytes(int(text[k : k + 8], 2) for k in range(0, len(stream) * 8, 8))


def take_all(terminal: SpanTerminal, stream: bytes) -> list[CardEvent]:
    events: list[CardEvent] = []
    for block in range(0, len(stream), 2560):
        events += terminal.take(stream[block : block + 2560])[1]
    return events


def aligned() -> tuple[SpanTerminal, SpanTerminal]:
    """Two ends that have seen each other for 100 ms."""
    near, far = SpanTerminal(), SpanTerminal()
    run(near, far, 10)
    assert near.alarms == far.alarms == 0
    return near, far


def run(near: SpanTerminal, far: SpanTerminal, blocks: int) -> None:
    for _ in range(blocks):
        there, back = near.give(), far.give()
        far.take(there)
        near.take(back)


def flip(block: bytes, *positions: int) -> bytes:
    """The block with the bits at these positions inverted."""
    changed = bytearray(block)
    for position in positions:
        changed[position // 8] ^= 0x80 >> position % 8
    return bytes(changed)


# x^4 = x + 1; a message of the single bit x^k leaves x^(k+4): these are on paper, by the powers of x modulo x^4+x+1.
@pytest.mark.parametrize(("bit_from_end", "remainder"), [(0, 0b0011), (1, 0b0110), (2, 0b1100), (3, 0b1011), (4, 0b0101), (11, 0b0001)])
def test_crc_of_one_bit(bit_from_end: int, remainder: int) -> None:
    frames = bytearray(8 * 32)
    frames[-1 - bit_from_end // 8] = 1 << bit_from_end % 8
    assert crc4(bytes(frames)) == remainder


@given(st.binary(min_size=256, max_size=256))
def test_crc_is_the_long_division(frames: bytes) -> None:
    without_check_bits = bytearray(frames)
    for n in range(0, 8, 2):
        without_check_bits[n * 32] &= 0x7F
    assert crc4(frames) == divided(bits_of(bytes(without_check_bits)))


def test_golden_multiframe() -> None:
    """An idle multiframe octet by octet: G.704 tables 5A, 5B and 9.

    Time slot 0 as read from the tables; the CRC of an idle block is divided out here, bit by bit.
    """
    terminal = SpanTerminal("on", idle_bits=0b1101)
    first, second = terminal.give(), terminal.give()
    frames = [second[n * 32 : n * 32 + 32] for n in range(16)]
    bit_1_of_odd = [frame[0] >> 7 for frame in frames[1::2]]
    assert bit_1_of_odd == [0, 0, 1, 0, 1, 1, 0, 0]  # 001011, and E bits 0: nothing is aligned here yet
    assert [frame[0] & 0x7F for frame in frames] == [0x1B, 0x5F] * 8
    assert [frame[16] for frame in frames] == [0x0B] + [0xDD] * 15
    assert all(set(frame[1:16] + frame[17:]) == {0xD5} for frame in frames)
    before = bytearray(first[-256:])
    for half in (0, 8):
        for n in range(0, 8, 2):
            before[n * 32] &= 0x7F
        check = divided(bits_of(bytes(before)))
        assert [frames[half + n][0] >> 7 for n in range(0, 8, 2)] == [check >> k & 1 for k in (3, 2, 1, 0)]
        before = bytearray(b"".join(frames[half : half + 8]))


def test_slots_of_ports() -> None:
    """Ports 0..14 are time slots 1..15, ports 15..29 time slots 17..31; time slot 16 frame n holds circuits n and n + 15."""
    terminal = SpanTerminal()
    for port in range(30):
        terminal.order(port, port % 14 + 1)
    terminal.give()
    block = terminal.give(b"".join(bytes([port + 100]) * 80 for port in range(30)))
    for n in range(16, 32):
        frame = block[n * 32 : n * 32 + 32]
        assert list(frame[1:16]) == list(range(100, 115))
        assert list(frame[17:32]) == list(range(115, 130))
        if n > 16:
            assert frame[16] == ((n - 17) % 14 + 1) << 4 | ((n - 2) % 14 + 1)


def test_0000_is_not_sent_on_the_first_fifteen_circuits() -> None:
    """abcd = 0000 there would imitate the multiframe alignment signal (G.704 5.1.3.2.2)."""
    near, far = aligned()
    for port in range(30):
        near.order(port, 0)
    run(near, far, 2)
    assert [far.bits(port) for port in range(30)] == [1] * 15 + [0] * 15
    assert near.counters().substituted_bits == 15
    run(near, far, 50)
    assert far.alarms == 0


@settings(max_examples=40)
@given(phase=st.integers(0, 2047), seed=st.integers(0, 2**32))
def test_alignment_from_any_phase_of_any_sound(phase: int, seed: int) -> None:
    sender, receiver = SpanTerminal("on"), SpanTerminal("on")
    generator = random.Random(seed)
    for port in range(30):
        sender.order(port, port % 15 + 1)
    stream = b"".join(sender.give(generator.randbytes(2400)) for _ in range(12))
    take_all(receiver, late(stream, phase))
    assert receiver.alarms == 0, f"phase {phase} seed {seed}"
    assert [receiver.bits(port) for port in range(30)] == [port % 15 + 1 for port in range(30)]
    assert receiver.counters().crc_errors == 0


@pytest.mark.parametrize("phase", range(256))
def test_every_bit_phase(phase: int) -> None:
    sender, receiver = SpanTerminal("on"), SpanTerminal("on")
    sound = [bytes([n + 1]) * 2400 for n in range(8)]
    stream = late(b"".join(sender.give(block) for block in sound), phase)
    take_all(receiver, stream[:-2560])
    heard, events = receiver.take(stream[-2560:])
    assert receiver.alarms == 0 and events == []
    # Behind the frame that spans the blocks stands the sound of the last one.
    assert all(heard[port * 80 + 1 : port * 80 + 80] == bytes([8]) * 79 for port in range(30))


def test_a_false_frame_alignment_is_found_out() -> None:
    """A speech slot that imitates FAS and NFAS has no CRC multiframe: the search goes on (G.706 4.2)."""
    sender, receiver, fooled = SpanTerminal("on"), SpanTerminal("on"), SpanTerminal("off")
    imitation = bytes([0x1B, 0x5F] * 40) + bytes([0xD5]) * 2320
    stream = b"".join(sender.give(imitation) for _ in range(31))
    begin = 32 * 32 + 1  # behind a true FAS, before an imitated one
    for block in range(begin, begin + 30 * 2560, 2560):
        right, wrong = receiver.take(stream[block : block + 2560])[0], fooled.take(stream[block : block + 2560])[0]
    slot_0 = {octet & 0x7F for octet in wrong[-80:-70]}
    assert slot_0 == {0x1B, 0x5F}, "without CRC the imitation is believed, and time slot 0 is heard as the last port"
    assert right[:6] == imitation[:6]
    assert receiver.alarms == 0
    assert receiver.counters().crc_errors == 0


def test_a_far_end_without_crc_is_accepted_after_400_ms() -> None:
    sender, patient, strict = SpanTerminal("off"), SpanTerminal("automatic"), SpanTerminal("on")
    for block in range(60):
        octets = sender.give()
        patient.take(octets)
        strict.take(octets)
        if block == 35:
            assert patient.alarms == LOF
    assert patient.alarms == 0
    assert strict.alarms == LOF


def test_alignment_is_lost_at_the_third_wrong_fas() -> None:
    """G.706 4.1.1: two are borne, three in a row are not."""
    near, far = aligned()
    far.take(flip(near.give(), 10 * 256 + 3, 12 * 256 + 3))
    assert (far.alarms, far.counters().fas_errors, far.counters().frame_losses) == (0, 2, 0)
    _, events = far.take(flip(near.give(), 10 * 256 + 3, 12 * 256 + 3, 14 * 256 + 3))
    assert far.counters().fas_errors == 5
    assert far.counters().frame_losses == 1
    assert next((e.kind, e.offset, e.value) for e in events) == (lib.CARD_EVENT_ALARM, 14, LOF)
    run(near, far, 5)
    assert far.alarms == 0


def test_alignment_is_lost_at_the_third_wrong_bit_2() -> None:
    near, far = aligned()
    far.take(flip(near.give(), *(n * 256 + 1 for n in (21, 23))))
    assert far.counters().frame_losses == 0
    far.take(flip(near.give(), *(n * 256 + 1 for n in (21, 23, 25))))
    assert far.counters().frame_losses == 1


def test_one_wrong_bit_is_one_crc_error_and_one_e_bit() -> None:
    near, far = aligned()
    told = near.counters().e_bits
    for position in (9 * 256 + 100, 20 * 256 + 40, 79 * 256 + 250):
        far.take(flip(near.give(), position))
        near.take(far.give())
    run(near, far, 3)
    assert far.counters().crc_errors == 3
    assert near.counters().e_bits - told == 3
    assert far.counters().frame_losses == 0


def test_915_bad_blocks_of_1000_are_a_false_alignment() -> None:
    """G.706 4.3.2. One bit wrong in each of the ten blocks of 10 ms = 1000 of 1000; in nine of ten = 900."""
    for broken, false in ((10, True), (9, False)):
        near, far = aligned()
        for _ in range(220):
            far.take(flip(near.give(), *((n * 8 + 1) * 256 + 100 for n in range(broken))))
        assert (far.counters().false_alignments > 0) == false
        assert (far.counters().frame_losses > 0) == false


def test_los_freezes_bits_and_silences() -> None:
    near, far = aligned()
    for port in range(30):
        near.order(port, 5)
    run(near, far, 2)
    sound, events = far.take(None)
    assert far.alarms == LOS
    assert [(e.kind, e.value) for e in events] == [(lib.CARD_EVENT_ALARM, LOS)]
    assert sound == bytes([0xD5]) * 2400
    assert [far.bits(port) for port in range(30)] == [5] * 30
    near.take(far.give())
    assert near.alarms == RAI
    run(near, far, 6)
    assert near.alarms == far.alarms == 0


def test_ais() -> None:
    near, far = aligned()
    for port in range(30):
        near.order(port, 5)
    run(near, far, 2)
    _, events = far.take(b"\xff" * 2560)
    assert far.alarms == AIS
    assert not [e for e in events if e.kind == lib.CARD_EVENT_BITS]
    assert [far.bits(port) for port in range(30)] == [5] * 30
    sound, _ = far.take(b"\xff" * 2560)
    assert sound == bytes([0xD5]) * 2400
    run(near, far, 6)
    assert far.alarms == 0


def test_ais_with_two_zeros_in_512_bits_still_is_ais_with_three_it_is_not() -> None:
    for zeros, alarm in ((2, AIS), (3, LOF)):
        _, far = aligned()
        for _ in range(2):
            far.take(flip(b"\xff" * 2560, *(n * 512 + k * 100 for n in range(40) for k in range(zeros))))
        assert far.alarms == alarm


def test_loss_of_multiframe() -> None:
    """G.732 5.2: two wrong signals in a row in time slot 16; sound goes on, bits stand, the far end sees bit y as RAI."""
    near, far = aligned()

    def without_multiframe(wrong: range | list[int]) -> bytes:
        block = bytearray(near.give(bytes([7]) * 2400))
        for n in wrong:
            block[n * 16 * 32 + 16] = 0x5B
        return bytes(block)

    far.take(without_multiframe([1]))
    assert far.alarms == 0
    sound, _ = far.take(without_multiframe(range(5)))
    assert far.alarms == LOMF
    assert far.counters().multiframe_losses == 1
    assert sound == bytes([7]) * 2400
    near.take(far.give())
    far.take(near.give())
    assert near.alarms == RAI
    run(near, far, 3)
    assert near.alarms == far.alarms == 0


def test_bits_are_not_believed_while_the_fas_is_wrong() -> None:
    near, far = aligned()
    block = bytearray(near.give())
    block[34 * 32] ^= 0x10
    for n in (34, 35):
        block[n * 32 + 16] = 0x33
    _, events = far.take(bytes(block))
    assert events == []
    block = bytearray(near.give())
    block[36 * 32 + 16] = 0x33
    _, events = far.take(bytes(block))
    assert [(e.port, e.offset, e.value) for e in events] == [(3, 36, 3), (18, 36, 3), (3, 52, 15), (18, 52, 15)]


BLOCKS = st.one_of(st.binary(min_size=2560, max_size=2560), st.integers(0, 255), st.none(), st.just("good"))


@settings(max_examples=60)
@given(st.lists(BLOCKS, max_size=12))
def test_any_octets_only_change_counters(blocks: list[bytes | int | str | None]) -> None:
    """Whatever comes in, nothing breaks, and a good line afterwards ends all alarms."""
    near, far = aligned()
    for block in blocks:
        good = near.give()
        if isinstance(block, int):
            block = bytes([block]) * 2560
        sound, events = far.take(good if block == "good" else block)  # type: ignore[arg-type]
        assert len(sound) == 2400
        assert all(0 <= e.offset < 80 and 0 <= e.port < 30 for e in events)
    run(near, far, 60)
    assert far.alarms == near.alarms == 0
