"""``zongji tone`` and ``zongji listen`` with caller identity, signals of modems, levels and bit errors."""

import json

import numpy as np
import pytest

from pbx.data_hearing import hear_caller_identity, measure_errors, named
from pbx.data_speaking import pattern_octets
from pbx.listen import listen_command
from pbx.signalling.analog.caller_identity import Call, FskPresentation, MessageWaiting, Other, load_presentations
from pbx.sound_file import decode_alaw, encode_alaw
from pbx.speaking import SpecificationError, speak
from pbx.tone_file import tone_command
from pbx.vocabulary.tones import SPECIAL_TONES


def listened(path, capsys, *options):
    assert listen_command([str(path), "--json", *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("way", [n for n, p in load_presentations().items() if isinstance(p, FskPresentation)])
def test_a_caller_is_heard_again(tmp_path, capsys, way):
    path, single = tmp_path / "who.wav", "single" in way
    assert tone_command([f"caller-identity:13800138000{'' if single else '/ZHANG'}@{way}", str(path), "--alaw"]) == 0
    (heard,) = listened(path, capsys)
    assert (heard["kind"], heard["name"]) == ("caller-identity", f"13800138000 {'01010000' if single else 'ZHANG'}")
    assert abs(heard["level_dbm0"] + 13.5) < 0.5
    presentation = load_presentations()[way]
    assert isinstance(presentation, FskPresentation)
    assert heard["at_ms"] == pytest.approx((presentation.seizure_bits + presentation.mark_bits) / 1.2, abs=1)


def test_a_caller_by_digits_is_heard_as_digits(tmp_path, capsys):
    path = tmp_path / "who.wav"
    assert tone_command(["caller-identity:123@dtmf-hash", str(path)]) == 0
    assert "".join(h["digit"] for h in listened(path, capsys)) == "A123#"


def test_names_in_chinese_and_callers_without_number():
    sound = speak("caller-identity:/张三")
    assert [h.name for h in hear_caller_identity(sound)] == ["unavailable 张三"]


def test_what_cannot_be_read_is_shown_when_asked_for(tmp_path, capsys):
    path = tmp_path / "broken.al"
    sound = speak("caller-identity:13800138000@bellcore")
    path.write_bytes(encode_alaw(np.concatenate([sound[:4000], sound[4000:4400] * 0, sound[4400:]])))
    assert [h for h in listened(path, capsys) if h["kind"] == "caller-identity"] == []
    (heard,) = listened(path, capsys, "--kind", "caller-identity")
    assert heard["name"].startswith("?? caller identity")


def test_messages_in_words():
    assert named(Call()) == "nobody"
    assert named(Call(number_absence="private", called_number="55")) == "private to 55"
    assert (named(MessageWaiting(active=True)), named(MessageWaiting(active=False))) == ("messages wait", "no messages wait")
    assert named(Other(0x86, ((1, b"x"),))) == "message 0x86 of 1 parts"


@pytest.mark.parametrize("name", [*SPECIAL_TONES, "sit", "ans"])
def test_signals_of_modems_can_be_said(tmp_path, capsys, name):
    path = tmp_path / "signal.wav"
    assert tone_command([name, str(path), "--seconds", "1"]) == 0
    (heard,) = listened(path, capsys, "--level")
    assert heard["kind"] == "level" and -25 < heard["level_dbm0"] < -9


def test_levels_of_any_tone(tmp_path, capsys):
    path = tmp_path / "tone.wav"
    assert tone_command(["tone:1004@-20", str(path), "--seconds", "2"]) == 0
    assert [(h["at_ms"], h["level_dbm0"], h["name"]) for h in listened(path, capsys, "--level")] == [
        (0, -20.0, "peak -20 dBm0"),
        (1000, -20.0, "peak -20 dBm0"),
    ]


@pytest.mark.parametrize("ending", ["al", "wav"])
@pytest.mark.parametrize("pattern", ["2^9-1", "2^11-1", "2^15-1", "2^23-1"])
def test_bit_errors_of_a_file(tmp_path, capsys, ending, pattern):
    path = tmp_path / f"pattern.{ending}"
    assert tone_command([f"bert:{pattern}", str(path), "--seconds", "3", "--alaw"]) == 0
    heard = listened(path, capsys, "--kind", "bert")
    assert [h["name"].partition(" of")[0] for h in heard] == [f"{pattern}: 0"] * 3
    octets = bytearray(pattern_octets(pattern, 16_000))
    octets[9000] ^= 0x41
    octets[12_000:16_000] = bytes(4000)
    first, second = measure_errors(decode_alaw(bytes(octets)))
    assert ": 0 of" in first.name and second.name.endswith("synchronisation lost")


def test_mistakes_are_named_with_their_cure(tmp_path, capsys):
    wrong = {
        "bert:2^10-1": "2^11-1",
        "bert:": "2^15-1",
        "fsk:v32:x": "bell202",
        "fsk:v23:总机": "8859-1",
        "fsk:v23:" + "x" * 513: "512",
        "caller-identity:1@atlantis": "bellcore",
        "caller-identity:1/NAME@china-single": "one part",
        "caller-identity:+1@dtmf-c": "cannot be sent",
        "tone:x": "1004",
        "tone:5000": "4000 Hz",
        "tone:1000@4": "3 dBm0",
        "tone:1000+1100+1200": "two frequencies",
        "nothing": "special-information",
    }
    for specification, cure in wrong.items():
        with pytest.raises((SpecificationError, ValueError), match=cure.replace("^", r"\^")):
            speak(specification)
        assert tone_command([specification, str(tmp_path / "x.wav")]) == 2
        assert cure in capsys.readouterr().err
