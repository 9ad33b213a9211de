"""Who answered: the engine on stories of voices and tones, at any moment of anything, and on sound through the plane's receivers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.answer import BEEP, Answer, AnswerSettings, BeepHeard, GreetingEnded, Verdict
from pbx.answer_hearing import answers
from pbx.listen import listen_command
from pbx.sound_file import wav
from pbx.speaking import speak
from pbx.vocabulary import tones
from pbx.vocabulary.media import Digit, ToneOff, ToneOn, VoiceOff, VoiceOn
from tests.dsp.sounds import clipped, silence, sines, through_alaw
from tests.dsp.vowels import vowel

SETTINGS = AnswerSettings()


def told(story, until=30.0):
    """What the engine says of (time, event) pairs, its deadlines kept."""
    engine, said = Answer(), []
    engine.start(0.0)

    def expire(now):
        while (due := engine.deadline()) is not None and due <= now:
            outputs = list(engine.expire(due))
            said.extend(outputs)
            assert outputs or engine.deadline() != due, "a deadline that does nothing would come again for ever"

    for time, event in story:
        expire(time)
        said += engine.receive(event, time)
    expire(until)
    return said


def spoken(*spans):
    return [edge for begin, end in spans for edge in ((begin, VoiceOn()), (end, VoiceOff()))]


def kind_of(said):
    verdicts = [output for output in said if isinstance(output, Verdict)]
    assert len(verdicts) == 1 and verdicts[0].reason
    return verdicts[0].kind


@pytest.mark.parametrize(
    ("story", "kind"),
    [
        (spoken((0.5, 1.1)), "person"),
        (spoken((0.5, 0.9), (1.2, 2.0)), "person"),
        (spoken((0.5, 1.1), (3.0, 3.6)), "person"),
        (spoken((0.5, 5.0)), "machine"),
        (spoken((0.5, 1.5), (1.9, 3.5), (3.8, 6.0)), "machine"),
        ([], "silence"),
        (spoken((0.5, 0.55)), "silence"),
        ([(0.7, ToneOn(tones.progress("busy")))], "tone"),
        ([(0.7, ToneOn(tones.progress("special-information")))], "tone"),
        ([(1.0, ToneOn(tones.special("ced")))], "fax"),
        ([(1.0, ToneOn(tones.special("v21-flags")))], "fax"),
        ([(1.0, ToneOn(BEEP)), (5.0, ToneOff(BEEP))], "tone"),
        ([(1.0, ToneOn(BEEP)), (1.5, ToneOff(BEEP))], "machine"),
        ([(1.0, Digit("5"))], "silence"),
    ],
)
def test_who_it_was(story, kind):
    assert kind_of(told(story)) == kind


def test_a_person_is_known_when_he_has_waited_for_a_second():
    (verdict,) = told(spoken((0.5, 1.1)))
    assert verdict.after_ms == 1100 + SETTINGS.after_greeting_ms


def test_a_machine_is_known_while_it_still_speaks():
    verdict = told(spoken((0.5, 9.0)))[0]
    assert verdict.after_ms == 500 + SETTINGS.greeting_ms


def test_a_machine_may_be_spoken_to_after_its_beep():
    said = told([*spoken((0.5, 9.0)), (9.4, ToneOn(BEEP)), (9.9, ToneOff(BEEP))])
    assert said[0].kind == "machine" and said[1:] == [BeepHeard(500)]


def test_a_beep_behind_a_short_greeting_makes_it_a_machine():
    said = told([*spoken((0.5, 1.5)), (2.0, ToneOn(BEEP)), (2.3, ToneOff(BEEP))])
    assert [type(output) for output in said] == [Verdict, BeepHeard] and said[0].kind == "machine"


def test_a_beep_too_short_to_be_believed_changes_nothing():
    assert kind_of(told([*spoken((0.5, 1.5)), (1.6, ToneOn(BEEP)), (1.72, ToneOff(BEEP))])) == "person"


def test_a_machine_without_a_beep_has_ended_when_it_is_silent():
    said = told(spoken((0.5, 9.0)))
    assert said[1] == GreetingEnded(SETTINGS.greeting_end_ms) and len(said) == 2


def test_ringing_puts_the_answer_off():
    story = [(0.9, ToneOn(tones.progress("ring-back"))), *spoken((4.0, 4.6))]
    (verdict,) = told(story)
    assert verdict.kind == "person" and verdict.after_ms == 3700 + SETTINGS.after_greeting_ms


EVENTS = [VoiceOn(), VoiceOff(), ToneOn(BEEP), ToneOff(BEEP), Digit("1")]
EVENTS += [ToneOn(tones.progress(name)) for name in ("busy", "ring-back", "dial")] + [ToneOn(tones.special("cng"))]


@given(st.lists(st.tuples(st.floats(0, 2), st.sampled_from(EVENTS)), max_size=30))
def test_whatever_is_heard_there_is_one_verdict_and_an_end(steps):
    story, now = [], 0.0
    for pause, event in steps:
        now += pause
        story.append((now, event))
    said = told(story, now + 120)
    kinds = [output.kind for output in said if isinstance(output, Verdict)]
    assert len(kinds) == 1
    assert isinstance(said[0], Verdict)
    assert len(said) <= 2 and (len(said) == 1 or kinds == ["machine"])


def person():
    return np.concatenate([sines(600, (450, -12)), silence(700), vowel(600, -18), silence(4000)])


def machine():
    return np.concatenate([silence(700), vowel(5000, -18), silence(500), sines(400, (1000, -12)), silence(3000)])


def test_on_sound():
    sounds = ((person(), "person"), (machine(), "machine"), (silence(9000), "silence"), (ced(), "fax"), (speak("busy"), "tone"))
    for sound, kind in sounds:
        said = answers(through_alaw(clipped(np.asarray(sound, float))))
        assert kind_of([output for _, output in said]) == kind
    (_, _), (time, beep) = answers(through_alaw(machine()))
    assert isinstance(beep, BeepHeard) and abs(beep.length_ms - 400) <= 30 and abs(time - 6.6) <= 0.1


def ced():
    return np.concatenate([silence(900), sines(3000, (2100, -12)), silence(1000)])


def test_a_file_is_judged_when_asked_for(tmp_path, capsys):
    path = tmp_path / "machine.wav"
    path.write_bytes(wav([machine()]))
    assert listen_command([str(path), "--kind", "answer"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "machine: speech for 3000 ms" in first and "beep ended" in second
