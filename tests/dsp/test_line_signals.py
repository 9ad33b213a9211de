"""Recognition of line signals, exact to the sample: bits, hook, flash, dial pulses; ringing, polarity, feed, ground, metering."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx._plane import ffi, lib

NAMES = {
    lib.PLANE_EVENT_BITS: "bits",
    lib.PLANE_EVENT_HOOK_OFF: "off",
    lib.PLANE_EVENT_HOOK_ON: "on",
    lib.PLANE_EVENT_FLASH: "flash",
    lib.PLANE_EVENT_DIGIT: "digit",
    lib.PLANE_EVENT_RINGING: "ringing",
    lib.PLANE_EVENT_POLARITY: "polarity",
    lib.PLANE_EVENT_BATTERY: "battery",
    lib.PLANE_EVENT_GROUND: "ground",
    lib.PLANE_EVENT_METERING: "metering",
}
MS = 8
RECOGNITION, FLASH_MIN, FLASH_MAX, HOOK_ON = 20 * MS, 90 * MS, 600 * MS, 800 * MS
PULSE_MIN, PULSE_MAX, TRAIN_MAX, MAKE_MIN, PAUSE = 25 * MS, 90 * MS - 1, 126 * MS - 1, 12 * MS, 300 * MS


class Kernel:
    """A kernel as the plane runs it: what is due is expired before each change."""

    def __init__(self, context, change, expire) -> None:
        self.context, self._change, self._expire = context, change, expire
        self.report = ffi.new("struct line_report *")
        self.told = []
        self.asked_at = []

    def until(self, sample: int) -> None:
        while self.context.due <= sample:
            due = self.context.due
            if self._expire(self.context, self.report):
                self._tell(due)

    def change(self, kind: int, value: int, sample: int) -> None:
        self.until(sample)
        if self._change(self.context, kind, value, sample, self.report):
            self._tell(sample)

    def _tell(self, at: int) -> None:
        name, value = NAMES[self.report.kind], self.report.value
        self.told.append((name, chr(value) if name == "digit" else value, self.report.sample))
        self.asked_at.append(at)


def subscriber(level: int = 0, **times: int) -> Kernel:
    wanted = ffi.new(
        "struct cas *",
        {
            "kind": lib.PLANE_PORT_FXS,
            "recognition": RECOGNITION,
            "flash_min": FLASH_MIN,
            "flash_max": FLASH_MAX,
            "hook_on": HOOK_ON,
            "pulse_min": PULSE_MIN,
            "pulse_max": PULSE_MAX,
            "train_max": TRAIN_MAX,
            "make_min": MAKE_MIN,
            "digit_pause": PAUSE,
            **times,
        },
    )
    context = ffi.new("struct cas *")
    lib.cas_configure(context, wanted, level, 0)
    return Kernel(context, lib.cas_change, lib.cas_expire)


def played(lengths: Iterable[int], kernel: Kernel | None = None) -> Kernel:
    """A telephone that is lifted at sample 1000 and whose loop is closed, open, closed ... for so many samples each."""
    kernel = kernel or subscriber()
    time, closed = 1000, 1
    for length in lengths:
        kernel.change(1, closed, time)
        time, closed = time + length, 1 - closed
    kernel.until(time)
    return kernel


def words(kernel: Kernel) -> list:
    return [value if name == "digit" else name for name, value, _ in kernel.told]


def train(pulses: int, rate: float, ratio: float, pause: int = 4000) -> list[int]:
    """Breaks and makes of a digit to the sample; the last make lasts ``pause``."""
    edges = [round(8000 / rate * (n + part)) for n in range(pulses) for part in (0, ratio / (1 + ratio))]
    return [later - earlier for earlier, later in itertools.pairwise(edges)] + [pause]


LIMITS = [(8.0, 1.3), (8.0, 2.5), (14.0, 1.3), (14.0, 2.5), (10.0, 1.6)]


@pytest.mark.parametrize("rate_and_ratio", LIMITS)
@pytest.mark.parametrize("pulses", range(1, 11))
def test_digits_at_the_limits_of_a_dial(rate_and_ratio, pulses):
    lengths = train(pulses, *rate_and_ratio)
    kernel = played([4000, *lengths])
    assert words(kernel) == ["off", str(pulses % 10)]
    behind_the_last_break = 1000 + 4000 + sum(lengths[:-1])
    assert kernel.told[-1][2] == behind_the_last_break
    assert kernel.asked_at[-1] == behind_the_last_break + PAUSE


@pytest.mark.parametrize("rate_and_ratio", LIMITS)
def test_digits_with_the_shortest_pause(rate_and_ratio):
    dialled = [train(pulses, *rate_and_ratio, pause=350 * MS) for pulses in (10, 1, 3, 2, 9)]
    assert words(played([4000, *itertools.chain(*dialled)])) == ["off", *"01329"]


@pytest.mark.parametrize("rate_and_ratio", LIMITS)
@pytest.mark.parametrize("bounce_ms", [1, 3, 5])
def test_bounce_does_not_divide_a_pulse(rate_and_ratio, bounce_ms):
    """Contacts chatter at the beginning and at the end of every break, and of the closure when the telephone is lifted."""
    bounced = [4000]
    bounce = bounce_ms * MS
    for n, length in enumerate(train(7, *rate_and_ratio)):
        if n % 2:
            bounced.append(length)
        else:
            bounced += [length // 3, bounce, length - length // 3 - 2 * bounce, bounce // 2, bounce - bounce // 2]
    assert words(played(bounced)) == ["off", "7"]


@given(st.lists(st.integers(1, 10), min_size=1, max_size=6), st.floats(8, 14), st.floats(1.3, 2.5), st.integers(350, 900))
def test_any_dial_within_the_limits_is_read(digits, rate, ratio, pause_ms):
    lengths = itertools.chain(*(train(pulses, rate, ratio, pause_ms * MS) for pulses in digits))
    assert words(played([4000, *lengths])) == ["off", *(str(pulses % 10) for pulses in digits)]


@pytest.mark.parametrize(
    ("open_samples", "told"),
    [
        (PULSE_MIN - 1, []),
        (PULSE_MIN, ["1"]),
        (PULSE_MAX, ["1"]),
        (FLASH_MIN, ["flash"]),
        (FLASH_MAX, ["flash"]),
        (FLASH_MAX + 1, []),
        (HOOK_ON - 1, []),
        (HOOK_ON, ["on", "off"]),
    ],
)
def test_one_break_by_its_length(open_samples, told):
    kernel = played([4000, open_samples, 8000])
    # Open for as long as a clearing: told when it is, and the closed loop behind it is a new lifting.
    assert words(kernel) == ["off", *told]
    if told == ["flash"]:
        assert kernel.told[1][2] == 1000 + 4000 + open_samples
    if told == ["on", "off"]:
        assert kernel.told[1][2] == 1000 + 4000
        assert kernel.asked_at[1] == 1000 + 4000 + HOOK_ON


def test_a_slow_break_within_a_train_is_a_pulse():
    assert words(played([4000, 60 * MS, 40 * MS, TRAIN_MAX, 40 * MS, 60 * MS, 8000])) == ["off", "3"]
    assert words(played([4000, TRAIN_MAX, 8000])) == ["off", "flash"]


def test_an_on_hook_in_the_middle_of_a_digit_takes_it_along():
    lengths = train(5, 10, 1.6)
    kernel = played([4000, *lengths[:-2], 8000])
    assert words(kernel) == ["off", "on"]
    assert kernel.told[-1][2] == 1000 + 4000 + sum(lengths[:-2])


def test_a_digit_that_was_given_up_is_not_in_the_next_one():
    kernel = played([4000, *train(2, 10, 1.6, 40 * MS), 8000, 4000, *train(3, 10, 1.6)])
    assert words(kernel) == ["off", "on", "off", "3"]


@pytest.mark.parametrize("pause_ms", [40, 200, 299, 301, 400, 1000])
@pytest.mark.parametrize("flash_ms", [130, 300, 600])
def test_a_flash_right_after_a_digit(pause_ms, flash_ms):
    kernel = played([4000, *train(4, 10, 1.6, pause_ms * MS), flash_ms * MS, 8000])
    assert words(kernel) == ["off", "4", "flash"]
    assert kernel.told[1][2] < kernel.told[2][2]


def test_a_digit_ends_with_a_break_that_is_neither_pulse_nor_flash():
    assert words(played([4000, *train(2, 10, 1.6, 40 * MS), 700 * MS, *train(3, 10, 1.6, 8000)[1:]])) == ["off", "2", "2"]


def test_more_than_ten_pulses_are_no_digit():
    assert words(played([4000, *train(11, 10, 1.6)])) == ["off"]
    assert words(played([4000, *train(400, 10, 1.6), *train(4, 10, 1.6)])) == ["off", "4"]


def test_a_port_without_pulse_dialling_knows_no_digits():
    kernel = subscriber(pulse_min=0, pulse_max=0, train_max=0, digit_pause=0, make_min=RECOGNITION)
    assert words(played([4000, *train(4, 10, 1.6), 200 * MS, 4000], kernel)) == ["off", "flash"]


def test_lifting_is_told_when_the_loop_has_stood():
    kernel = played([RECOGNITION - 1, 100, 8000])
    assert kernel.told == [("off", 0, 1000 + RECOGNITION - 1 + 100)]
    assert kernel.asked_at == [1000 + 2 * RECOGNITION - 1 + 100]


def test_configuring_again_the_same_changes_nothing():
    kernel = played([4000, *train(3, 10, 1.6, 100)])
    same = ffi.new("struct cas *", kernel.context[0])
    lib.cas_configure(kernel.context, same, 0, 1 << 40)
    assert kernel.context.told == 1
    same.flash_min += 1
    lib.cas_configure(kernel.context, same, 0, 1 << 40)
    assert kernel.context.told == 0


RINGING, POLARITY, METER_MIN, METER_MAX = 100 * MS, 50 * MS, 30 * MS, 1001 * MS - 1


def exchange_line(kind: int = lib.PLANE_PORT_FXO, ringing: int = 0, reversed_: int = 0, battery: int = 1, ground: int = 0) -> Kernel:
    levels = [(ringing, RINGING), (reversed_, POLARITY), (battery, POLARITY), (ground, RECOGNITION)]
    signals = [{"raw": raw, "recognition": recognition} for raw, recognition in levels]
    wanted = ffi.new("struct loop *", {"kind": kind, "signal": signals, "meter_min": METER_MIN, "meter_max": METER_MAX})
    context = ffi.new("struct loop *")
    lib.loop_configure(context, wanted, 0)
    return Kernel(context, lib.loop_change, lib.loop_expire)


SIGNALS = [
    (lib.CARD_EVENT_RINGING, "ringing", 1, RINGING, lib.PLANE_PORT_FXO),
    (lib.CARD_EVENT_POLARITY, "polarity", 1, POLARITY, lib.PLANE_PORT_FXO),
    (lib.CARD_EVENT_BATTERY, "battery", 0, POLARITY, lib.PLANE_PORT_FXO),
    (lib.CARD_EVENT_GROUND, "ground", 1, RECOGNITION, lib.PLANE_PORT_FXS),
]


@pytest.mark.parametrize(("event", "name", "away", "recognition", "kind"), SIGNALS)
def test_what_stands_long_enough_is_told_with_its_first_sample(event, name, away, recognition, kind):
    kernel = exchange_line(kind)
    kernel.change(event, away, 1000)
    kernel.change(event, 1 - away, 1000 + recognition - 1)
    kernel.change(event, away, 3000)
    kernel.until(3000 + recognition - 1)
    assert kernel.told == []
    kernel.change(event, 1 - away, 3000 + recognition)
    kernel.change(event, away, 3000 + 2 * recognition - 1)
    kernel.change(event, 1 - away, 9000)
    kernel.until(20000)
    assert kernel.told == [(name, away, 3000), (name, 1 - away, 9000)]
    assert kernel.asked_at == [3000 + recognition, 9000 + recognition]


def test_signals_of_one_sample_are_all_told():
    kernel = exchange_line()
    kernel.change(lib.CARD_EVENT_POLARITY, 1, 1000)
    kernel.change(lib.CARD_EVENT_BATTERY, 0, 1000)
    kernel.change(lib.CARD_EVENT_GROUND, 1, 1000)
    kernel.until(5000)
    assert kernel.told == [("polarity", 1, 1000), ("battery", 0, 1000)]


def test_what_stands_when_a_port_is_configured_is_told():
    kernel = exchange_line(ringing=1, reversed_=1, battery=0)
    kernel.until(5000)
    assert sorted(kernel.told) == [("battery", 0, 0), ("polarity", 1, 0), ("ringing", 1, 0)]
    kernel = exchange_line(lib.PLANE_PORT_FXS, ground=1)
    kernel.until(5000)
    assert kernel.told == [("ground", 1, 0)]


@pytest.mark.parametrize(("length", "told"), [(METER_MIN - 1, 0), (METER_MIN, 1), (METER_MAX, 1), (METER_MAX + 1, 0)])
def test_a_metering_pulse_is_told_at_its_end(length, told):
    kernel = exchange_line()
    kernel.change(lib.CARD_EVENT_METERING, 0, 500)
    kernel.change(lib.CARD_EVENT_METERING, 1, 1000)
    kernel.change(lib.CARD_EVENT_METERING, 1, 1001)
    kernel.change(lib.CARD_EVENT_METERING, 0, 1000 + length)
    assert kernel.told == [("metering", 0, 1000 + length)] * told


def test_a_raw_port_is_told_every_change_and_a_port_of_circuits_none():
    raw, circuits = exchange_line(lib.PLANE_PORT_RAW), exchange_line(lib.PLANE_PORT_CAS)
    for kernel in (raw, circuits):
        for time, (event, *_) in enumerate([*SIGNALS, (lib.CARD_EVENT_METERING,)]):
            kernel.change(event, 1, time)
            kernel.change(event, 0, time)
    expected = [(name, value, time) for time, (_, name, *_) in enumerate(SIGNALS) for value in (1, 0)]
    assert raw.told == [*expected, ("metering", 0, 4)]
    assert circuits.told == []


@given(st.lists(st.integers(1, 9000), max_size=60))
def test_whatever_a_hand_does_the_story_is_whole(lengths):
    """Off and on alternate, digits and flashes happen between them, nothing is told before what was told earlier, and all ends on-hook."""
    kernel = played([*lengths, *([] if len(lengths) % 2 else [1]), 40000])
    told = words(kernel)
    hooks = [word for word in told if word in ("off", "on")]
    assert hooks == ["off", "on"] * (len(hooks) // 2)
    up = False
    for word in told:
        assert word in ("off", "on") or up
        up = word == "off" or (up and word != "on")
    assert kernel.asked_at == sorted(kernel.asked_at)
