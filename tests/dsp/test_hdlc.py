"""Frames in a clear time slot: the kernels bit by bit like a model that is written from the rules alone; whole like piecemeal; any bits."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx._plane import ffi, lib

FLAG = [0, 1, 1, 1, 1, 1, 1, 0]
GOOD, ABORTED, BAD_CHECK, OVERRUN, OCTETS = range(5)
LONGEST = 276


# The model: lists of bits, and no state but the list.


def check_of(octets):
    remainder = 0xFFFF
    for octet in octets:
        for n in range(8):
            low = (remainder ^ octet >> n) & 1
            remainder = remainder >> 1 ^ (0x8408 if low else 0)
    return (remainder ^ 0xFFFF).to_bytes(2, "little")


def stuffed(octets):
    bits, ones = [], 0
    for octet in octets:
        for n in range(8):
            bit = octet >> n & 1
            bits.append(bit)
            ones = ones + 1 if bit else 0
            if ones == 5:
                bits.append(0)
                ones = 0
    return bits


def line(frames, flags=1):
    bits = FLAG * flags
    for frame in frames:
        bits += stuffed(frame + check_of(frame)) + FLAG * flags
    return bits


def slot(bits):
    bits = bits + FLAG * 2
    return bytes(int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits) - len(bits) % 8, 8))


def bits_of(octets):
    return [octet >> n & 1 for octet in octets for n in range(7, -1, -1)]


def unstuffed(bits):
    """Octets between two flags, or None: not whole octets."""
    kept, ones = [], 0
    for bit in bits:
        if ones == 5:
            assert bit == 0
            ones = 0
            continue
        kept.append(bit)
        ones = ones + 1 if bit else 0
    if len(kept) % 8:
        return None
    return bytes(sum(kept[at + n] << n for n in range(8)) for at in range(0, len(kept), 8))


def heard_by_the_model(bits):
    """Good frames and faults without octet counting: the text between flags, given up where seven ones stand."""
    text = "".join(map(str, bits))
    found, begin, position = [], None, 0
    while position < len(text):
        if text.startswith("01111110", position):
            if begin is not None and position > begin:
                found += judged(text[begin:position])
            begin = position + 8
            position += 7  # its last zero may open the next flag
        elif text.startswith("1111111", position) and begin is not None:
            found.append(ABORTED)
            begin = None
        else:
            position += 1
    return found


def judged(between):
    octets = unstuffed([int(bit) for bit in between])
    if octets is None or len(octets) < 5 or check_of(octets[:-2]) != octets[-2:]:
        return [BAD_CHECK]
    return [octets[:-2]] if len(octets) <= LONGEST + 2 else [OVERRUN]


# The kernels.


class Receiver:
    def __init__(self, counting=0, longest=LONGEST):
        self.state = ffi.new("struct hdlc_receiver *")
        lib.hdlc_receiver_init(self.state, longest, counting)

    def hear(self, octets):
        units = ffi.new("struct hdlc_unit[]", 2 * len(octets) + 1)
        room = bytearray(lib.HDLC_FRAME_OCTETS + len(octets) + 1)
        count = lib.hdlc_receive(self.state, octets, len(octets), units, ffi.from_buffer(room))
        assert count <= 2 * len(octets)
        return [bytes(room[one.start : one.start + one.count]) if one.fault == GOOD else one.fault for one in units[0:count]]


class Sender:
    def __init__(self, repeating=False):
        self.state = ffi.new("struct hdlc_sender *")
        lib.hdlc_sender_init(self.state, 5 if repeating else 0)

    def give(self, frame):
        return lib.hdlc_give(self.state, frame, len(frame))

    def send(self, count):
        octets = bytearray(count)
        lib.hdlc_send(self.state, ffi.from_buffer(octets), count)
        return bytes(octets)


frames = st.lists(st.binary(min_size=3, max_size=60) | st.integers(0, 40).map(lambda n: b"\xff" * (n + 3)), max_size=8)


@given(frames, st.integers(1, 4))
def test_what_the_model_sends_is_heard(sent, flags):
    """Single and multiple flags between frames."""
    assert Receiver(counting=16).hear(slot(line(sent, flags))) == sent


@given(frames)
def test_what_the_sender_sends_is_what_the_model_sends(sent):
    sender = Sender()
    for frame in sent:
        assert sender.give(frame) == 0
    expected = line(sent)
    assert bits_of(sender.send(len(expected) // 8 + 4))[: len(expected)] == expected


@given(frames, st.lists(st.integers(1, 100), min_size=1, max_size=5))
def test_whole_and_piecemeal_are_the_same(sent, cuts):
    octets = slot(line(sent))
    receiver, heard, at, turn = Receiver(16), [], 0, 0
    while at < len(octets):
        heard += receiver.hear(octets[at : at + cuts[turn % len(cuts)]])
        at += cuts[turn % len(cuts)]
        turn += 1
    assert heard == sent
    whole, pieces = Sender(), Sender()
    for frame in sent:
        whole.give(frame)
        pieces.give(frame)
    assert b"".join(pieces.send(cut) for cut in cuts) == whole.send(sum(cuts))


@given(st.binary(max_size=400), st.integers(0, 20))
def test_any_bits_are_heard(octets, counting):
    Receiver(counting).hear(octets)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_frames_are_heard_as_the_model_hears_them(seed):
    chance = Random(seed)
    for _ in range(50):
        sent = [chance.randbytes(chance.randint(3, 40)) for _ in range(4)]
        bits = line(sent, chance.randint(1, 3))
        for _ in range(chance.randint(0, 4)):
            at = chance.randrange(len(bits))
            if chance.random() < 0.5:
                bits[at] ^= 1
            else:
                del bits[at]
        octets = slot(bits)
        assert Receiver().hear(octets) == heard_by_the_model(bits_of(octets)), f"seed {seed}"


def test_flags_that_share_a_zero():
    frame = b"\x01\x02\x03"
    shared = [0] + [1, 1, 1, 1, 1, 1, 0] * 5
    assert Receiver().hear(slot(shared + stuffed(frame + check_of(frame)) + shared)) == [frame]


def test_the_longest_frame_and_one_more():
    frame = bytes(LONGEST)
    assert Receiver(16).hear(slot(line([frame]))) == [frame]
    assert Receiver().hear(slot(line([frame + b"\0"]))) == [OVERRUN]


def test_the_shortest_frame_and_one_less():
    assert Receiver().hear(slot(line([b"abc"]))) == [b"abc"]
    assert Receiver().hear(slot(line([b"ab"]))) == [BAD_CHECK]


def test_an_aborted_frame_and_octets_counted_behind_it():
    receiver = Receiver(counting=16)
    assert receiver.hear(slot(FLAG + [1, 0] * 20)[:-2] + b"\xff" * 8) == [ABORTED]
    assert receiver.hear(b"\xff" * 80) in ([OCTETS] * 5, [OCTETS] * 6)
    assert receiver.hear(b"\x7e" * 160) == [OCTETS] * 10, "flags alone do not end it"
    assert receiver.hear(slot(line([b"abc"]))) == [b"abc"]
    assert receiver.hear(b"\x7e" * 160) == []


def test_idle_ones_are_one_abort():
    assert Receiver().hear(slot(FLAG) + b"\xff" * 400) == [ABORTED]


def test_room_and_refusals():
    sender = Sender()
    assert [sender.give(b"abc") for _ in range(lib.HDLC_QUEUE + 1)] == [0] * lib.HDLC_QUEUE + [-1]
    sender.send(80)
    assert lib.hdlc_room(sender.state) > 5
    assert sender.give(b"") == sender.give(bytes(509)) == -1


def test_the_last_short_frame_is_repeated_until_the_next():
    sender = Sender(repeating=True)
    receiver = Receiver(16)
    assert receiver.hear(sender.send(80)) == []
    sender.give(b"abc")
    heard = receiver.hear(sender.send(80))
    assert len(heard) >= 12
    assert set(heard) == {b"abc"}
    sender.give(b"message")
    sender.give(b"abd")
    heard = receiver.hear(sender.send(80))
    behind = heard.index(b"message")
    assert set(heard[:behind]) <= {b"abc"}
    assert set(heard[behind + 1 :]) == {b"abd"}
    assert heard.count(b"message") == 1
