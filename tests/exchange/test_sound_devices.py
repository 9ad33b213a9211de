"""Sound devices on a whole exchange: paging and an attendant's headset, with what is said in a file of libasound's, under our clock."""

import json
import subprocess
import sys
from functools import lru_cache

import numpy as np
import pytest

from config.loader import check
from drivers import alsa
from drivers.alsa import SoundCard
from pbx.plane_process import Description, build
from pbx.plant import faults_of
from pbx.sound_devices import SoundDescription, add_sound_devices
from pbx.sound_file import decode_alaw
from pbx.vocabulary import facts
from tests.drivers.test_sound_card import TICK_S, Device
from tests.lab import EXAMPLE, Lab

DEVICES = """
[[sound_device]]
name = "hall"
number = "8990"
playback = "null"

[[sound_device]]
name = "attendant"
number = "8991"
capture = "null"
playback = "null"
beep = false

[[number]]
prefix = "8991"
destination = "extension:8991"
callers = "trunks"
"""
needs_alsa = pytest.mark.skipif(bool(alsa.unavailable()), reason="needs libasound2")


@lru_cache
def configured(text=DEVICES):
    found = check(EXAMPLE.read_text(encoding="utf-8") + text, str(EXAMPLE))
    assert not isinstance(found, list), "\n".join(map(str, found))
    return found


def line_of(lab, name):
    return lab.exchange.lines[name]


@pytest.mark.parametrize("tokens", [False, True], ids=["sound", "tokens"])
def test_paging_answers_by_itself_and_is_let_go(seed, tokens):
    with Lab(seed=seed, tokens=tokens, configuration=configured()) as lab:
        phone = lab.telephone("8006").dials("8990")
        assert lab.wait(lambda: line_of(lab, "hall").engine.state == "Talking", 5.0)
        other = lab.telephone("8007").dials("8990")
        other.hears_tone("busy").hangs_up()
        assert line_of(lab, "hall").engine.state == "Talking"
        phone.hangs_up()
        assert lab.wait(lambda: line_of(lab, "hall").available, 5.0)
        call = lab.calls()[0]
        assert "answers by itself" in lab.trace(call)
        assert "-> beep" in lab.trace(call)


def test_no_outsider_speaks_in_the_hall_unless_a_row_says_so(seed):
    with Lab(seed=seed, tokens=True, configuration=configured()) as lab:
        lab.caller("13900000001").dials("8990").is_released()
        assert line_of(lab, "hall").engine.state == "Idle"
        caller = lab.caller("13900000002").dials("8991")
        caller.is_answered()
        assert line_of(lab, "attendant").engine.state == "Talking"
        caller.hangs_up()
        assert lab.wait(lambda: line_of(lab, "attendant").available, 5.0)


def test_a_call_is_placed_for_the_attendant(seed):
    with Lab(seed=seed, tokens=True, configuration=configured()) as lab:
        phone = lab.telephone("8006")
        lab.exchange.floor.turn(lab.exchange.switch.place, "8991", "8006")
        phone.is_rung().answers()
        assert lab.wait(lambda: lab.facts(facts.Connected), 2.0)
        phone.hangs_up()
        assert lab.wait(lambda: line_of(lab, "attendant").available, 5.0)


def test_a_call_outlives_control(seed):
    with Lab(seed=seed, tokens=True, configuration=configured()) as lab:
        phone = lab.telephone("8006").dials("8990")
        assert lab.wait(lambda: line_of(lab, "hall").engine.state == "Talking", 5.0)
        assert lab.simulation.kill_control() == 2
        lab.exchange = lab.simulation.exchange
        assert line_of(lab, "hall").engine.state == "Talking"
        phone.hangs_up()
        assert lab.wait(lambda: line_of(lab, "hall").available, 5.0)


@needs_alsa
def test_what_is_said_comes_out_of_the_loudspeaker_after_the_beep(seed, tmp_path, monkeypatch):
    path = tmp_path / "hall.raw"
    made = []

    def made_card():
        made.append(SoundCard(playback=f"file:'{path}',raw" if not made else "null"))
        return made[-1]

    monkeypatch.setattr("pbx.simulation.SoundCard", made_card)
    with Lab(seed=seed, configuration=configured()) as lab:
        advance = lab.simulation.ticker.advance

        def advanced(now):
            advance(now)
            made[0].move()

        monkeypatch.setattr(lab.simulation.ticker, "advance", advanced)
        phone = lab.telephone("8006").dials("8990")
        assert lab.wait(lambda: line_of(lab, "hall").engine.state == "Talking", 5.0)
        beep = np.fromfile(path, np.int16)
        phone.speaks("welcome")
        lab.after(3.0)
        heard = np.fromfile(path, np.int16)[len(beep) :].astype(float)
        phone.hangs_up()
    loud = np.abs(beep.astype(float)) > 1000
    assert 0.2 < loud.sum() / 8000 * 1.3 < 0.5, "a beep of 300 ms, whose sine is above the mark most of the time"
    wanted = decode_alaw(lab.sounds["welcome"]).astype(float)[:8000]
    match = np.correlate(heard, wanted, "valid").max() / (wanted @ wanted)
    assert match > 0.5, "the announcement, at the level that the subscriber's line leaves of it"
    assert made[0].counters().refused == 0


def test_a_device_that_is_pulled_loses_its_call_and_comes_back(seed, monkeypatch):
    devices = [Device(), Device()]
    made = []

    def made_card():
        made.append(SoundCard.of(devices[0].struct) if not made else SoundCard())
        return made[-1]

    monkeypatch.setattr("pbx.simulation.SoundCard", made_card)
    with Lab(seed=seed, configuration=configured()) as lab:
        advance = lab.simulation.ticker.advance

        def advanced(now):
            advance(now)
            made[0].move()
            for device in devices:
                device.pass_time(TICK_S)

        monkeypatch.setattr(lab.simulation.ticker, "advance", advanced)
        phone = lab.telephone("8006").dials("8990")
        assert lab.wait(lambda: line_of(lab, "hall").engine.state == "Talking", 5.0)
        devices[0].gone = True
        assert lab.wait(lambda: line_of(lab, "hall").blocked, 2.0)
        assert 27 in [fact.cause for fact in lab.facts(facts.ConnectionCleared) if fact.line == "hall"]
        phone.hangs_up()
        lab.after(5.0)
        assert line_of(lab, "hall").blocked
        devices[1].heard_at = devices[1].time
        made[0].give(devices[1].struct)
        assert lab.wait(lambda: line_of(lab, "hall").available, 2.0)
        phone.dials("8990")
        assert lab.wait(lambda: line_of(lab, "hall").engine.state == "Talking", 5.0)
        phone.hangs_up()
        assert lab.wait(lambda: line_of(lab, "hall").available, 5.0)


@needs_alsa
def test_the_plane_of_its_own_process_opens_devices_and_names_the_one_that_fails(tmp_path, capfd):
    plane, _ = build(Description(spans=[]), str(tmp_path / "arena"))
    there = [SoundDescription("hall", playback="null"), SoundDescription("desk", "null", "null")]
    cards = add_sound_devices(plane, [*there, SoundDescription("cellar", playback="nonsense")])
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("plane:")]
    assert len(said) == 1 and said[0].startswith('plane: sound device cellar: the loudspeaker "nonsense" cannot be opened')
    assert [bool(plane.levels(port).alarms) for port in range(3)] == [False, False, True]
    plane.close()
    for card in cards:
        card.close()


@needs_alsa
def test_a_device_that_is_not_there_keeps_nobody_from_starting(tmp_path):
    description = {"spans": [], "sounds": [{"name": "cellar", "capture": "nonsense"}], "realtime": False}
    words = [sys.executable, "-m", "pbx.plane_process", str(tmp_path / "arena")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdin.write(json.dumps(description))
        process.stdin.close()
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        said = process.stderr.read()
    assert process.returncode == 0
    assert 'plane: sound device cellar: the microphone "nonsense" cannot be opened' in said


def test_without_libasound_the_configuration_is_refused_with_a_cure(monkeypatch):
    assert faults_of(configured()) == [] or alsa.unavailable()
    monkeypatch.setattr(alsa, "unavailable", lambda: "libasound.so.2 is not on this machine; install Debian's package libasound2")
    assert faults_of(configured()) == [(("sound_device", place), alsa.unavailable()) for place in (0, 1)]
    assert faults_of(configured("")) == []


WRONG = """
[[sound_device]]
name = "hall"
number = "8001"

[[sound_device]]
name = "hall"
number = "8990"
playback = "null"

[[sound_device]]
name = "yard"
number = "8990"
playback = "null"
"""


def test_mistakes_are_named():
    found = check(EXAMPLE.read_text(encoding="utf-8") + WRONG, str(EXAMPLE))
    assert {problem.what for problem in found} == {
        'sound device "hall" has neither microphone nor loudspeaker',
        "the number 8001 is extension 8001 too",
        'sound_device "hall" is there twice',
        'the number 8990 is sound device "hall" too',
    }
