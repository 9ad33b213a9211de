"""Impairments of sound on a span, measured: loss, tilt, harmonics, crosstalk, echo, noise, water, cuts; bounds; virtual time."""

from collections.abc import Mapping

import msgspec
import numpy as np
import pytest
from pbx._plane import ffi, lib

from drivers.impairments import NO_IMPAIRMENTS, Impairments
from drivers.wire import Kind, SpanSettings, Wire, join
from pbx.vocabulary import media
from tests.plane.rig import Pair, kinds_on_port

PORT = 11
RATE = 8000
PEAK = 32768 * 10 ** (-3.14 / 20)
Sound = np.ndarray


def tone(hz: float, dbm0: float, samples: int = 8000) -> Sound:
    return PEAK * 10 ** (dbm0 / 20) * np.sin(2 * np.pi * hz * np.arange(samples) / RATE)


def level(sound: Sound) -> float:
    """dBm0 of all of it."""
    return float(10 * np.log10(np.mean(np.square(sound, dtype=float)) / (PEAK**2 / 2) + 1e-12))


def at(sound: Sound, hz: float) -> float:
    """dBm0 of one frequency, through a Hann window."""
    window = np.hanning(len(sound))
    amplitude = 2 * abs(np.sum(window * sound * np.exp(-2j * np.pi * hz * np.arange(len(sound)) / RATE))) / window.sum()
    return float(20 * np.log10(amplitude / PEAK + 1e-9))


def encoded(sound: Sound) -> bytes:
    linear = np.clip(np.round(sound), -32768, 32767).astype(np.int16)
    out = bytearray(len(linear))
    lib.g711_alaw_encode(ffi.from_buffer("int16_t[]", linear), ffi.from_buffer("uint8_t[]", out), len(linear))
    return bytes(out)


def decoded(octets: bytes) -> Sound:
    linear = np.zeros(len(octets), np.int16)
    lib.g711_alaw_decode(ffi.from_buffer("uint8_t[]", octets), ffi.from_buffer("int16_t[]", linear), len(octets))
    return linear.astype(float)


class Span:
    """``near`` is impaired; what either end says on a port is heard at the other, from the first tick on."""

    def __init__(self, kinds: tuple[Kind, Kind] = ("circuits", "circuits")) -> None:
        self.near, self.far = (Wire([SpanSettings(kind=kind)]) for kind in kinds)
        join((self.near, 0), (self.far, 0))
        self.tick = 0
        self.events: list[tuple[int, int]] = []

    def through(self, near: Mapping[int, Sound], far: Mapping[int, Sound], ticks: int = 100) -> tuple[dict[int, Sound], dict[int, Sound]]:
        """What the near and the far end hear of their ports while both say this."""
        said = [{port: encoded(np.resize(sound, ticks * 80)) for port, sound in sounds.items()} for sounds in (near, far)]
        heard: list[list[bytes]] = [[], []]
        for n in range(ticks):
            for end, wire in enumerate((self.near, self.far)):
                sound, events = wire.read(self.tick)
                heard[end].append(sound)
                self.events += [(end, e.value) for e in events if e.kind == lib.CARD_EVENT_HOOK and e.port == PORT]
            for end, wire in enumerate((self.near, self.far)):
                block = bytearray(b"\xd5" * 2400)
                for port, octets in said[end].items():
                    block[port * 80 : port * 80 + 80] = octets[n * 80 : n * 80 + 80]
                wire.write(self.tick, bytes(block))
            self.tick += 1
        ports = {PORT, *near, *far}
        return tuple(  # type: ignore[return-value]
            {port: decoded(b"".join(block[port * 80 : port * 80 + 80] for block in blocks)) for port in ports} for blocks in heard
        )

    def received(self, sound: Sound, ticks: int = 100) -> Sound:
        """What the near end hears of the far end's sound, when all has settled."""
        return self.through({}, {PORT: sound}, ticks)[0][PORT][1600:]


@pytest.mark.parametrize("loss_db", [0.5, 3.0, 7.0, 12.0, 20.0, 30.0])
@pytest.mark.parametrize("direction", ["received", "sent"])
def test_loss(loss_db, direction):
    span = Span()
    span.near.impair(PORT, direction, Impairments(loss_db=loss_db))
    near, far = span.through({PORT: tone(1020, -10)}, {PORT: tone(1020, -10)})
    treated, whole = (near, far) if direction == "received" else (far, near)
    assert level(treated[PORT][1600:]) == pytest.approx(-10 - loss_db, abs=0.5)
    assert level(whole[PORT][1600:]) == pytest.approx(-10, abs=0.05)


@pytest.mark.parametrize("tilt_db", [3.0, 10.0, 20.0])
def test_tilt(tilt_db):
    """The reference of the response is 1020 Hz, its law the root of the frequency."""
    for hz in (300, 400, 600, 800, 1020, 1400, 1800, 2400, 3000, 3400):
        span = Span()
        span.near.impair(PORT, "received", Impairments(tilt_db=tilt_db, loss_db=6))
        wanted = -6 - tilt_db * (hz**0.5 - 1020**0.5) / (3400**0.5 - 300**0.5)
        assert at(span.received(tone(hz, -12)), hz) + 12 == pytest.approx(wanted, abs=0.5), f"{hz} Hz"


@pytest.mark.parametrize("second", [None, 26.0, 30.0, 40.0])
@pytest.mark.parametrize("third", [None, 26.0, 30.0, 40.0])
def test_harmonics(second, third):
    """A little noise under the tone keeps the steps of A-law itself from making harmonics."""
    noise = np.random.default_rng(5).normal(0, PEAK / 2**0.5 * 10 ** (-30 / 20), 16000)
    span = Span()
    span.near.impair(PORT, "received", Impairments(second_harmonic_db=second, third_harmonic_db=third))
    sound = span.received(tone(517, 0, 16000) + noise, 200)
    fundamental = at(sound, 517)
    for wanted, hz in ((second, 1034), (third, 1551)):
        if wanted is None:
            assert at(sound, hz) - fundamental < -50
        else:
            assert at(sound, hz) - fundamental == pytest.approx(-wanted, abs=1.0)
    weaker = span.received(tone(517, -10, 16000) + noise, 200)
    assert at(weaker, 517) == pytest.approx(-10, abs=0.5)
    if second == 26.0:
        assert at(weaker, 1034) + 10 == pytest.approx(-36, abs=1.5)
    assert abs(sound.mean()) < 100, "no direct voltage"


@pytest.mark.parametrize("noise_dbm0", [-20.0, -40.0, -55.0])
@pytest.mark.parametrize("kind", ["white", "hum"])
def test_noise_level(noise_dbm0, kind):
    span = Span()
    span.near.impair(PORT, "received", Impairments(noise_dbm0=noise_dbm0, noise=kind), seed=7)
    heard = span.through({}, {}, 300)[0][PORT][1600:]
    assert level(heard) == pytest.approx(noise_dbm0, abs=0.5)
    if kind == "hum":
        assert at(heard, 50) == pytest.approx(noise_dbm0, abs=0.5)
    else:
        spectrum = np.abs(np.fft.rfft(heard))[1:]
        bands = [10 * np.log10(np.mean(np.square(band))) for band in np.array_split(spectrum, 8)]
        assert max(bands) - min(bands) < 2.0, "white"


def test_the_weakest_noise():
    """A-law's smallest value is -66 dBm0: what is weaker than -55 dBm0 comes out a little stronger."""
    span = Span()
    span.near.impair(PORT, "received", Impairments(noise_dbm0=-60), seed=7)
    assert -60 < level(span.through({}, {}, 300)[0][PORT][1600:]) < -58.5


def test_noise_repeats_by_its_seed():
    heard = []
    for seed in (1, 1, 2):
        span = Span()
        span.near.impair(PORT, "received", Impairments(noise_dbm0=-30), seed=seed)
        heard.append(span.received(tone(700, -10)))
    assert np.array_equal(heard[0], heard[1])
    assert not np.array_equal(heard[0], heard[2])


def test_noise_of_two_ports_and_directions_is_not_the_same():
    span = Span()
    span.near.impair(PORT, "received", Impairments(noise_dbm0=-30), seed=1)
    span.near.impair(PORT, "sent", Impairments(noise_dbm0=-30), seed=2)
    near, far = span.through({}, {}, 200)
    assert abs(np.corrcoef(near[PORT][1600:-80], far[PORT][1600:-80])[0, 1]) < 0.05


@pytest.mark.parametrize("return_loss_db", [6.0, 14.0, 25.0])
@pytest.mark.parametrize("delay_ms", [10.0, 12.5, 48.0, 500.0])
def test_echo_of_what_is_sent(return_loss_db, delay_ms):
    span = Span()
    span.near.impair(PORT, "received", Impairments(echo_return_loss_db=return_loss_db, echo_delay_ms=delay_ms))
    near, far = span.through({PORT: tone(1020, -10)}, {}, 200)
    assert level(near[PORT][8000:]) == pytest.approx(-10 - return_loss_db, abs=1.0)
    assert level(far[PORT][1600:]) == pytest.approx(-10, abs=0.05)
    # The first sample of a click comes back to the sample, and the pole only smears it afterwards.
    span = Span()
    span.near.impair(PORT, "received", Impairments(echo_return_loss_db=return_loss_db, echo_delay_ms=delay_ms))
    click = np.zeros(16000)
    click[1234] = 30000
    near, _ = span.through({PORT: click}, {}, 200)
    assert int(np.argmax(np.abs(near[PORT]))) == 1234 + round(delay_ms * 8)


def test_the_echo_falls_above_its_pole():
    def heard(hz: float) -> float:
        span = Span()
        span.near.impair(PORT, "received", Impairments(echo_return_loss_db=6))
        return level(span.through({PORT: tone(hz, -10)}, {}, 100)[0][PORT][1600:])

    assert heard(300) > heard(1020) > heard(2000) > heard(3400)
    assert heard(1020) - heard(3400) > 2


@pytest.mark.parametrize("delay_ms", [0.0, 7.0])
def test_echo_of_what_is_received_goes_back(delay_ms):
    span = Span()
    span.near.impair(PORT, "sent", Impairments(echo_return_loss_db=10, echo_delay_ms=delay_ms))
    click = np.zeros(16000)
    click[1000] = 30000
    near, far = span.through({}, {PORT: click}, 100)
    assert int(np.argmax(np.abs(near[PORT]))) == 1080, "a tick each way"
    assert int(np.argmax(np.abs(far[PORT]))) == 1160 + delay_ms * 8


@pytest.mark.parametrize("crosstalk_loss_db", [20.0, 45.0])
@pytest.mark.parametrize("direction", ["received", "sent"])
def test_crosstalk(crosstalk_loss_db, direction):
    span = Span()
    settings = Impairments(crosstalk_from=4, crosstalk_loss_db=crosstalk_loss_db)
    span.near.impair(PORT, direction, settings)
    span.near.impair(4, direction, Impairments(loss_db=20))
    talk = {4: tone(1020, 0), PORT: tone(400, -30)}
    near, far = span.through(talk, talk)
    heard = (near if direction == "received" else far)[PORT][1600:]
    assert at(heard, 1020) == pytest.approx(-crosstalk_loss_db, abs=1.0), "of what the neighbour says before its own loss"
    assert at(heard, 400) == pytest.approx(-30, abs=0.5)
    assert at((far if direction == "received" else near)[PORT][1600:], 1020) < -60


def test_all_of_it_together_and_cleared():
    span = Span()
    everything = Impairments(
        loss_db=6,
        tilt_db=6,
        second_harmonic_db=35,
        third_harmonic_db=40,
        crosstalk_loss_db=40,
        echo_return_loss_db=20,
        echo_delay_ms=30,
        noise_dbm0=-50,
    )
    for direction in ("received", "sent"):
        for port in range(30):
            settings = msgspec.structs.replace(everything, crosstalk_from=(port + 1) % 30)
            span.near.impair(port, direction, settings, seed=port)  # type: ignore[arg-type]
    loud = dict.fromkeys(range(30), tone(1020, 3))
    near, _ = span.through(loud, loud, 50)
    assert all(level(sound[1600:]) > -10 for sound in near.values())
    for direction in ("received", "sent"):
        for port in range(30):
            span.near.impair(port, direction)  # type: ignore[arg-type]
    assert level(span.received(tone(1020, -10))) == pytest.approx(-10, abs=0.05)
    assert not span.near.level(PORT)[2]


def test_what_the_loudest_sound_becomes_stays_within_a_law():
    span = Span()
    span.near.impair(PORT, "received", Impairments(echo_return_loss_db=0, noise_dbm0=0, second_harmonic_db=26))
    square = np.tile([32767.0] * 40 + [-32768.0] * 40, 100)
    near, _ = span.through({PORT: square}, {PORT: square})
    assert np.abs(near[PORT]).max() <= 32768


def test_a_wet_line():
    """Loss, bursts of noise, leaks that look like a closed loop: the same ones by the same seed."""
    histories = []
    for seed in (3, 3, 4):
        span = Span(("subscribers", "telephones"))
        span.near.wet_line(PORT, 1.0, seed)
        assert not span.near.quiet()
        near, far = span.through({PORT: tone(1020, -10)}, {PORT: tone(1020, -10)}, 3000)
        histories.append((span.events, near[PORT]))
        for heard in (near[PORT], far[PORT]):
            blocks = heard[1600:].reshape(-1, 80)
            levels = [level(block) for block in blocks]
            assert np.median(levels) == pytest.approx(-16, abs=1.0)
        residue = near[PORT][1600:] - 10 ** (-6 / 20) * tone(1020, -10, 3000 * 80)[1520:-80]
        bursts = np.array([level(block) for block in residue.reshape(-1, 80)]) > -40
        assert 0.1 < bursts.mean() < 0.5
        hooks = [value for end, value in span.events if end == 0]
        assert 2 <= hooks.count(1) <= 15
        assert hooks[:4] == [1, 0, 1, 0]
    assert histories[0][0] == histories[1][0]
    assert np.array_equal(histories[0][1], histories[1][1])
    assert histories[0][0] != histories[2][0]


def test_a_wet_line_is_measured_and_dries():
    pair = Pair(kinds=("subscribers", "telephones"))
    pair.near.configure_port(PORT, "fxs")
    for wetness, insulation in ((1.0, 5), (0.5, 224), (0.0, 10000)):
        pair.near_wire.wet_line(PORT, wetness)
        pair.near.send(PORT, media.MeasureLine())
        pair.run(2)
        assert media.LineMeasured(1, insulation) in kinds_on_port(pair.near_events, PORT)
    pair.run(20)
    assert pair.near.next_activity() is None
    assert not pair.near_wire.level(PORT)[2]


def test_virtual_time_jumps_unless_noise_stands():
    pair = Pair(kinds=("circuits", "circuits"))
    pair.near_wire.impair(
        PORT, "received", Impairments(loss_db=7, tilt_db=6, second_harmonic_db=30, echo_return_loss_db=12, echo_delay_ms=400)
    )
    pair.near_wire.impair(PORT + 1, "sent", Impairments(crosstalk_from=PORT, crosstalk_loss_db=30))
    assert pair.run_jumping(1000) < 60
    pair.near.send(PORT, media.SendDigits("123"))
    pair.far.send(PORT, media.SendDigits("456"))
    pair.far.send(PORT, media.Listen(media.RECEIVE_DTMF))
    pair.near.send(PORT, media.Listen(media.RECEIVE_DTMF))
    run = pair.run_jumping(2000)
    assert 100 < run < 300, "until the last echo has come back"
    assert kinds_on_port(pair.far_events, PORT) == [media.Digit(d) for d in "123"]
    pair.near_wire.impair(PORT, "received", Impairments(noise_dbm0=-60))
    assert pair.run_jumping(100) == 100
    pair.near_wire.impair(PORT, "received")
    assert pair.run_jumping(1000) < 800, "the ear's patience with a progress tone is over"


def test_dtmf_through_a_long_loop():
    """Receivers hear digits through 7 dB, a tilt, noise and an echo: what the plant can do, they can stand."""
    pair = Pair(kinds=("circuits", "circuits"))
    pair.near_wire.impair(PORT, "received", Impairments(loss_db=7, tilt_db=3, noise_dbm0=-45, third_harmonic_db=40), seed=5)
    pair.near.send(PORT, media.Listen(media.RECEIVE_DTMF))
    pair.far.send(PORT, media.SendDigits("159D*0#", 60, 60))
    pair.run(120)
    assert kinds_on_port(pair.near_events, PORT) == [media.Digit(d) for d in "159D*0#"]


@pytest.mark.parametrize(
    ("direction", "wrong"),
    [
        ("received", Impairments(loss_db=-1)),
        ("received", Impairments(loss_db=float("nan"))),
        ("received", Impairments(loss_db=61)),
        ("received", Impairments(tilt_db=21)),
        ("sent", Impairments(noise_dbm0=1)),
        ("sent", Impairments(noise_dbm0=-71)),
        ("sent", Impairments(noise_dbm0=-50, noise="pink")),  # type: ignore[arg-type]
        ("received", Impairments(echo_return_loss_db=-1)),
        ("received", Impairments(echo_return_loss_db=10, echo_delay_ms=9)),
        ("sent", Impairments(echo_return_loss_db=10, echo_delay_ms=501)),
        ("sent", Impairments(second_harmonic_db=20)),
        ("sent", Impairments(third_harmonic_db=81)),
        ("sent", Impairments(crosstalk_from=31)),
        ("sent", Impairments(crosstalk_from=3, crosstalk_loss_db=91)),
    ],
)
def test_bounds(direction, wrong):
    wire = Wire([SpanSettings()])
    with pytest.raises(ValueError, match=r"is .* not"):
        wire.impair(0, direction, wrong)


def test_tokens_and_missing_ports_are_refused():
    wire = Wire([SpanSettings(kind="subscribers")], tokens=True)
    with pytest.raises(ValueError, match="tokens"):
        wire.impair(0, "sent", Impairments(loss_db=1))
    with pytest.raises(ValueError, match="tokens"):
        wire.wet_line(0, 0.5)
    sound = Wire([SpanSettings(), SpanSettings(kind="subscribers")])
    for port in (-1, 60):
        with pytest.raises(ValueError, match="no such port"):
            sound.impair(port, "sent", Impairments(loss_db=1))
    for port, wetness in ((3, 0.5), (33, 1.1), (33, -0.1), (33, float("nan"))):
        with pytest.raises(ValueError, match="wetness"):
            sound.wet_line(port, wetness)
    with pytest.raises(ValueError, match="neighbour"):
        sound.impair(33, "sent", Impairments(crosstalk_from=3))
    sound.wet_line(33, 0.5)
    assert not NO_IMPAIRMENTS
