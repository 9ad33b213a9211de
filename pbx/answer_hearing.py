"""Who answers in a stretch of sound: the plane's receivers and the engine of pbx/answer.py, told what the plane would tell it.

The sound begins at the answer, or before it with ring-back tone. Leaves out everything of a call, and the flags of V.21 before a fax.
"""

from collections.abc import Iterator

import numpy as np

from pbx._plane import ffi, lib
from pbx.answer import BEEP, Answer, AnswerSettings, BeepHeard, GreetingEnded, Output, Verdict
from pbx.hearing import BLOCK_SAMPLES, SAMPLES_A_MS, Heard, Receiver
from pbx.sound_file import Samples
from pbx.tone_plan import TonePlan, china
from pbx.vocabulary import tones
from pbx.vocabulary.media import MediaEvent, ToneOff, ToneOn, VoiceOff, VoiceOn
from pbx.voice_hearing import VoiceReceiver, whole

Told = tuple[float, float, MediaEvent]
"""When it was told and when it was, in seconds, and what."""


def events(sound: Samples, plan: TonePlan | None = None) -> Iterator[Told]:
    """What the plane would tell of a sound, in the order of telling."""
    plan = plan or china()
    voice, kept = VoiceReceiver(), whole(sound)
    receivers = ((Receiver("tone", plan), tones.progress), (Receiver("fax", plan), tones.special))
    standing: list[str | None] = [None, None]
    for place in range(0, len(kept), BLOCK_SAMPLES):
        block, told = kept[place : place + BLOCK_SAMPLES], (place + BLOCK_SAMPLES) / SAMPLES_A_MS / 1000
        for edge in voice.edges(block):
            at = edge.at_ms / 1000
            if edge.name == "voice":
                yield told, at, VoiceOn() if edge.begins else VoiceOff()
            else:
                yield told, at, ToneOn(BEEP) if edge.begins else ToneOff(BEEP)
        for index, (receiver, code_of) in enumerate(receivers):
            receiver.hear(block)
            before, now = standing[index], receiver.standing
            if now != before and before is not None:
                yield told, told, ToneOff(code_of(before))
            if now != before and now is not None:
                yield told, told, ToneOn(code_of(now))
            standing[index] = now


def answers(
    sound: Samples, settings: AnswerSettings | None = None, plan: TonePlan | None = None, told: list[Told] | None = None
) -> list[tuple[float, Output]]:
    """What the engine says of a sound, with the time in seconds; ``told`` spares hearing it again."""
    engine, said = Answer(settings), []
    engine.start(0.0)
    for time, at, event in told if told is not None else events(sound, plan):
        said += _expired(engine, time)
        said += [(time, output) for output in engine.receive(event, at)]
    return said + _expired(engine, len(sound) / SAMPLES_A_MS / 1000)


def _expired(engine: Answer, until: float) -> list[tuple[float, Output]]:
    said: list[tuple[float, Output]] = []
    while (due := engine.deadline()) is not None and due <= until:
        outputs = engine.expire(due + 1e-6)
        said += [(due, output) for output in outputs]
        if not outputs and engine.deadline() == due:
            break
    return said


def hear_answer(sound: Samples, plan: TonePlan | None = None) -> list[Heard]:
    """The engine's words as signals, for ``zongji listen``: the level is that of the whole sound."""
    kept = np.ascontiguousarray(sound, np.int16)
    level = lib.g711_level_tenth_dbm0(ffi.from_buffer("int16_t[]", kept), len(kept)) / 10
    heard = []
    for time, output in answers(sound, None, plan):
        if isinstance(output, Verdict):
            heard.append(Heard(time * 1000, "answer", f"{output.kind}: {output.reason}", float(output.after_ms), level))
        elif isinstance(output, BeepHeard):
            heard.append(Heard(time * 1000, "answer", "beep ended", float(output.length_ms), level))
        elif isinstance(output, GreetingEnded):
            heard.append(Heard(time * 1000, "answer", "greeting ended", float(output.silent_ms), level))
    return heard
