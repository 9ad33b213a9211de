"""FSK: bits sent as the Recommendations say, and received over levels, noise, twist and wrong speeds; every version the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx._plane import ffi, lib

from tests.dsp.data_sounds import MODEMS, SPACE_MARK_RATE, FskBank, bits_of, hear_fsk, keyed, message, octets_heard, send
from tests.dsp.processors import LEVELS, NAMES, limited
from tests.dsp.sounds import BEGIN, BLOCK, END, clipped, noise, silence, sines, through_alaw
from tests.dsp.test_senders import powers

OCTETS = bytes(range(5, 250, 7))
EARS = [("v23", lib.FSK_V23), ("v23", lib.FSK_CALLER_IDENTITY), ("bell202", lib.FSK_BELL202), ("bell202", lib.FSK_CALLER_IDENTITY)]


def edges(reports):
    return [(r.edge, r.at) for r in reports if r.edge in (BEGIN, END, lib.FSK_FRAMING_ERROR)]


@pytest.mark.parametrize("modem", MODEMS)
def test_what_is_sent_is_the_bits_of_the_recommendation(modem):
    sound = send(message(modem, OCTETS, 30, 20))
    other = keyed(modem, bits_of(OCTETS, 30, 20), start=0.0)
    assert abs(len(sound) - len(other)) <= 1
    # The sound made at 16 times the rate begins a fine step later and changes frequency to the fine step only.
    count = min(len(sound), len(other))
    assert np.corrcoef(sound[:count], other[:count])[0, 1] > 0.99


@pytest.mark.parametrize("modem", MODEMS)
def test_frequencies_and_level_are_exact(modem):
    space, mark, rate = SPACE_MARK_RATE[modem]
    sound = send(message(modem, b"", 0, rate * 6, 1, level_dbm0=-13.5)).astype(float)[:40_000]
    mixed = sound * np.exp(-2j * np.pi * mark * np.arange(40_000) / 8000)
    assert abs(np.angle(mixed[-8000:].sum() / mixed[:8000].sum())) < 2 * np.pi * 0.001 * 4
    found = powers(sound[:8000])
    assert 10 * np.log10(found[mark - 6 : mark + 7].sum()) == pytest.approx(-13.5, abs=0.05)
    found[mark - 6 : mark + 7] = 0
    assert 10 * np.log10(found.sum()) < -13.5 - 60
    spaces = send(message(modem, bytes(40), 0, 0, 1))[: 8 * 8000 // rate].astype(float)
    crossings = np.count_nonzero(np.diff(np.signbit(spaces)))
    assert crossings == pytest.approx(2 * space * len(spaces) / 8000, abs=1.5)


@given(octets=st.binary(max_size=40), pieces=st.integers(1, 200), modem=st.sampled_from(list(MODEMS)))
@settings(max_examples=25)
def test_sent_whole_equals_sent_piecemeal(octets, pieces, modem):
    cell = message(modem, octets, 20, 10)
    assert (send(cell) == send(cell, pieces=pieces)).all()


@given(octets=st.binary(max_size=20), level_dbm0=st.floats(-60, 3), modem=st.sampled_from(list(MODEMS)))
@settings(max_examples=15)
def test_every_version_sends_the_same(octets, level_dbm0, modem):
    sounds = []
    for level in LEVELS:
        with limited(level):
            sounds.append(send(message(modem, octets, 20, 10, level_dbm0=level_dbm0)).tobytes())
    assert sounds == [sounds[0]] * len(LEVELS)


@pytest.mark.parametrize("modem", MODEMS)
def test_bits_last_as_long_as_they_should(modem):
    rate = SPACE_MARK_RATE[modem][2]
    octets = bytes(500)
    assert lib.fsk_message_samples(message(modem, octets)) == pytest.approx((490 + 5000) * 8000 / rate, abs=1)
    sent, sender = np.zeros(200_000, np.int16), ffi.new("struct fsk_sender *")
    assert lib.fsk_send_start(sender, message(modem, octets)) == 0
    assert lib.fsk_send(sender, ffi.from_buffer("int16_t[]", sent), len(sent)) == lib.fsk_message_samples(message(modem, octets))


def test_what_cannot_be_sent_is_refused():
    sender = ffi.new("struct fsk_sender *")
    assert lib.fsk_send_start(sender, message("v23", b"", 0, 0, 0)) == -1
    wrong = message("v23", b"1")
    wrong.modem = lib.FSK_CALLER_IDENTITY
    assert lib.fsk_send_start(sender, wrong) == -1


@pytest.mark.parametrize(("modem", "ear"), [*EARS, ("v21-1", lib.FSK_V21_CHANNEL1), ("v21-2", lib.FSK_V21_CHANNEL2)])
@pytest.mark.parametrize("level", [-43, -30, -13.5, 0])
def test_a_message_is_heard_with_its_times_and_level(modem, ear, level):
    before = 505
    sound = keyed(modem, bits_of(OCTETS), level)
    reports = hear_fsk(ear, through_alaw(np.concatenate([silence(before / 8), sound])))
    octets = [r for r in reports if r.edge == lib.FSK_OCTET][-len(OCTETS) :]
    assert bytes(r.value for r in octets) == OCTETS
    bit = 8000 / SPACE_MARK_RATE[modem][2]
    for place, r in enumerate(octets):
        assert abs(r.at - before - (480 + 10 * place) * bit) < 0.15 * bit + 1
        assert (r.tick + 1) * BLOCK - r.at <= 9.5 * bit + 2 * BLOCK
    (begin, end), (_, began), (_, ended) = (e for e, _ in edges(reports)), edges(reports)[0], edges(reports)[1]
    assert (begin, end) == (BEGIN, END) and abs(began - before) < 160 and abs(ended - before - len(sound)) < 160
    begun = next(r for r in reports if r.edge == BEGIN)
    assert abs(begun.level_tenth_dbm0 / 10 - level) < 1 and (begun.tick + 1) * BLOCK - begun.at <= 4 * BLOCK


def found(modem, ear, trials, snr_db=None, **faults):
    """How many of so many messages of 40 octets were heard whole."""
    random, count = np.random.default_rng(7), 0
    for _ in range(trials):
        octets = random.bytes(40)
        sound = keyed(modem, bits_of(octets), start=random.uniform(0, 6), **faults).astype(float)
        if snr_db is not None:
            sound += random.normal(0, np.sqrt(np.mean(sound**2) / 10 ** (snr_db / 10)), len(sound))
        count += octets in octets_heard(ear, through_alaw(np.concatenate([silence(random.uniform(0, 10)), sound])))
    return count


@pytest.mark.parametrize(("modem", "ear"), EARS)
def test_noise(modem, ear, long):
    trials = 1000 if long else 20
    assert found(modem, ear, trials, snr_db=14) == trials
    assert found(modem, ear, trials, snr_db=10) >= 0.98 * trials


@pytest.mark.parametrize(("modem", "ear"), EARS)
def test_twist(modem, ear):
    for space_db in (-6, 6, -10, 10) if modem == "bell202" else (-6, 6):
        assert found(modem, ear, 5, snr_db=25, space_db=space_db) == 5


@pytest.mark.parametrize(("modem", "ear"), EARS)
def test_wrong_speed_and_shift(modem, ear):
    for faults in ({"rate_off": -0.01}, {"rate_off": 0.01}, {"hz_off": -16.0}, {"hz_off": 16.0}):
        assert found(modem, ear, 5, snr_db=25, **faults) == 5


@pytest.mark.parametrize(("modem", "ear"), EARS)
def test_too_faint_is_not_heard_and_a_fall_ends_the_carrier(modem, ear):
    assert hear_fsk(ear, keyed(modem, bits_of(OCTETS), -49)) == []
    sound = np.concatenate([keyed(modem, [1] * 600, -20), keyed(modem, [1] * 600, -52)])
    assert [e for e, _ in edges(hear_fsk(ear, sound))] == [BEGIN, END]


def test_an_octet_without_stop_bit_is_told():
    bits = [*bits_of(b"", 0, 100, 0), *([0] * 10), *([1] * 40), *bits_of(b"A", 0, 0)]
    reports = hear_fsk(lib.FSK_V23, keyed("v23", bits))
    assert [(r.edge, r.value) for r in reports if r.edge in (lib.FSK_OCTET, lib.FSK_FRAMING_ERROR)] == [
        (lib.FSK_FRAMING_ERROR, 0),
        (lib.FSK_OCTET, ord("A")),
    ]


def test_flags_before_a_fax():
    sound = send(message("v21-2", b"", 0, 0, 0, flags=37))
    reports = hear_fsk(lib.FSK_V21_FLAGS, through_alaw(np.concatenate([silence(300), sound])))
    begin, end = (next(r for r in reports if r.edge == edge) for edge in (lib.FSK_FLAGS_BEGIN, lib.FSK_FLAGS_END))
    assert abs(begin.at - 2400) < 3 * 8 * 26.7 and (begin.tick + 1) * BLOCK < 2400 + 8 * 8 * 26.7
    assert abs(end.at - 2400 - len(sound)) < 2 * 8 * 26.7
    assert not [r for r in hear_fsk(lib.FSK_V21_FLAGS, send(message("v21-2", OCTETS * 4))) if r.edge == lib.FSK_FLAGS_BEGIN]
    assert not hear_fsk(lib.FSK_V21_FLAGS, sines(2000, (2100, -13)))


def test_noise_and_tones_give_no_octets():
    random = np.random.default_rng(3)
    for ear in (lib.FSK_V23, lib.FSK_BELL202, lib.FSK_CALLER_IDENTITY):
        assert octets_heard(ear, through_alaw(noise(8000 * 30, -20, random))) == b""
        assert octets_heard(ear, sines(3000, (450, -10))) == b""


@st.composite
def any_sound(draw):
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        kind, count = draw(st.sampled_from(["fsk", "noise", "any", "square", "silence"])), draw(st.integers(1, 2000))
        if kind == "fsk":
            modem = draw(st.sampled_from(list(MODEMS)))
            parts.append(keyed(modem, [int(b) for b in random.integers(0, 2, 60)], draw(st.integers(-50, 3))))
        elif kind == "noise":
            parts.append(clipped(noise(count, draw(st.integers(-60, 6)), random)))
        elif kind == "any":
            parts.append(random.integers(-32768, 32768, count))
        elif kind == "square":
            parts.append(np.where(np.arange(count) // draw(st.integers(1, 8)) % 2, 32767, -32768))
        else:
            parts.append(np.zeros(count))
    return np.concatenate(parts).astype(np.int16)


def reported(ear, sounds, lanes):
    bank, out = FskBank(ear, lanes), []
    ticks = max(len(sound) for sound in sounds.values()) // BLOCK + 1
    padded = {lane: np.concatenate([sound, np.zeros(ticks * BLOCK - len(sound), np.int16)]) for lane, sound in sounds.items()}
    for tick in range(ticks):
        out += bank.run([padded[lane][tick * BLOCK :][:BLOCK] if lane in padded else None for lane in range(lanes)])
    return out


@settings(max_examples=30)
@given(sound=any_sound(), ear=st.integers(0, lib.FSK_MODEMS - 1))
def test_every_version_says_the_same(sound, ear):
    answers = []
    for level in LEVELS:
        with limited(level):
            answers.append(reported(ear, {0: sound}, 1))
    assert all(answer == answers[0] for answer in answers), [NAMES[level] for level in LEVELS]


@settings(max_examples=15)
@given(data=st.data(), ear=st.integers(0, lib.FSK_MODEMS - 1))
def test_a_lane_hears_itself_alone_and_edges_alternate(data, ear):
    lanes = data.draw(st.integers(2, 20))
    sounds = {lane: data.draw(any_sound()) for lane in data.draw(st.sets(st.integers(0, lanes - 1), min_size=1, max_size=3))}
    together = reported(ear, sounds, lanes)
    ticks = max(len(sound) for sound in sounds.values()) // BLOCK + 1
    for lane, sound in sounds.items():
        whole = np.concatenate([sound, np.zeros(ticks * BLOCK - len(sound), np.int16)])[: ticks * BLOCK]
        alone = [(r.at, r.edge, r.value, r.level_tenth_dbm0) for r in reported(ear, {0: whole}, 1) if r.tick < ticks]
        assert [(r.at, r.edge, r.value, r.level_tenth_dbm0) for r in together if r.lane == lane] == alone
        carrier = [edge for _, edge, _, _ in alone if edge in (BEGIN, END)]
        assert carrier == [BEGIN, END] * (len(carrier) // 2) + [BEGIN] * (len(carrier) % 2)


def test_a_lane_that_does_not_listen_keeps_its_state_and_reset_forgets():
    sound = send(message("v23", OCTETS))
    bank, heard = FskBank(lib.FSK_V23), b""
    for place in range(0, len(sound) - BLOCK, BLOCK):
        heard += bytes(r.value for r in bank.run([sound[place : place + BLOCK]]) if r.edge == lib.FSK_OCTET)
        assert bank.run([None]) == []
    assert OCTETS in heard
    lib.fsk_lane_reset(bank.bank, 0, lib.FSK_V23)
    assert bank.run([np.zeros(BLOCK, np.int16)]) == []
