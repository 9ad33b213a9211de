"""Caller identity there and back with libspandsp's, which nobody here wrote: CLASS (Bell 202), CLIP (V.23), CLIP by DTMF."""

import sys

import numpy as np
import pytest

from pbx.signalling.analog.caller_identity import Call, Decoder, MessageWaiting, decode_digits, encode, encode_digits, load_presentations
from pbx.speaking import speak
from tests.dsp.data_sounds import MODEMS, bits_of, keyed, message, octets_heard, send
from tests.dsp.sounds import digits_heard, silence, through_alaw
from tests.interop.spandsp import CLASS, CLIP, CLIP_DTMF, needs_spandsp, receive_caller_identity, send_caller_identity

pytestmark = needs_spandsp

STANDARDS = [(CLASS, "bell202"), (CLIP, "v23")]
CALL = Call(date_time="11221830", number="13800138000", name="ZHANG SAN")
PARAMETERS = [(1, b"11221830"), (2, b"13800138000"), (7, b"ZHANG SAN")]
FOUR = 4  # either modem of caller identity


@pytest.mark.parametrize(("standard", "modem"), STANDARDS)
def test_we_hear_its_messages(standard, modem):
    sound = through_alaw(send_caller_identity(standard, [(0x80, b""), *PARAMETERS]))
    for ear in (MODEMS[modem], FOUR):
        assert Decoder().feed(octets_heard(ear, sound)) == [CALL]


def test_we_hear_its_messages_of_one_part_and_of_waiting():
    sound = through_alaw(send_caller_identity(CLASS, [(0x04, b""), (0, b"1122183013800138000")]))
    assert Decoder().feed(octets_heard(FOUR, sound)) == [Call(date_time="11221830", number="13800138000")]
    sound = through_alaw(send_caller_identity(CLIP, [(0x82, b""), (0x0B, b"\xff")]))
    assert Decoder().feed(octets_heard(FOUR, sound)) == [MessageWaiting(active=True)]


@pytest.mark.parametrize(("standard", "modem"), STANDARDS)
@pytest.mark.parametrize("level", [-7, -13.5, -25])
def test_it_hears_our_messages(standard, modem, level):
    octets = encode(CALL)
    sound = np.concatenate([silence(100), send(message(modem, octets, 300, 180, 10, level)), silence(200)])
    assert receive_caller_identity(standard, through_alaw(sound)) == [octets[:-1]]


@pytest.mark.parametrize("end", ["#", "C"])
def test_digits_both_ways(end):
    way = load_presentations()["dtmf-hash" if end == "#" else "dtmf-c"]
    sound = send_caller_identity(CLIP_DTMF, [(ord(end), b""), (ord("A"), b"13800138000")])
    assert decode_digits(digits_heard(through_alaw(sound)), way) == Call(number="13800138000")
    digits = encode_digits(Call(number="13800138000"), way)
    sound = np.concatenate([through_alaw(speak(f"dtmf:{digits}")), silence(500)])
    assert [b"13800138000" in heard for heard in receive_caller_identity(CLIP_DTMF, sound)] == [True]


def test_in_noise_we_lose_no_more_than_it(capsys):
    random, lines = np.random.default_rng(11), []
    for standard, modem in STANDARDS:
        for snr_db in (12, 8):
            ours = theirs = 0
            for _ in range(25):
                octets = encode(Call(date_time="11221830", number="".join(map(str, random.integers(0, 10, 11)))))
                sound = keyed(modem, bits_of(octets), start=random.uniform(0, 6)).astype(float)
                sound += random.normal(0, np.sqrt(np.mean(sound**2) / 10 ** (snr_db / 10)), len(sound))
                noisy = through_alaw(np.concatenate([silence(100), sound, silence(200)]))
                ours += octets in octets_heard(FOUR, noisy)
                theirs += octets[:-1] in receive_caller_identity(standard, noisy)
            lines.append(f"{modem} at {snr_db} dB: ours {ours}, spandsp {theirs} of 25 messages")
            assert ours >= theirs
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
