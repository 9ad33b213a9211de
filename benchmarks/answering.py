"""``accuracy.answer``: persons, machines, music, faxes, tones and silence answer, and pbx/answer.py says who it was.

A case is a sound from the answer on, made by a seed: spoken by espeak-ng in English and Mandarin or recorded by people (short recordings
stand for persons, long ones for machines: nobody publishes real greetings), at -10 to -28 dBm0 with line noise of -65 to -38 dBm0,
mostly with the end of ring-back tone before it, through 300 to 3400 Hz and A-law. Cases of even numbers were used to choose the engine's
times, those of odd numbers are published; the texts and recordings of the two halves are different. The peer is the same engine with the
default times of Asterisk's AMD. ``python -m benchmarks.answering`` prints the whole matrix, with ``--tune`` the choice of times.
"""

import argparse
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from benchmarks.digit_bursts import PEAK_AT_0_DBM0, amplitude, through_alaw
from benchmarks.row import Effort, Row
from benchmarks.speech import MUSIC, RATE, active_level, at_level, recorded_files, spoken_text, telephone_band
from pbx.answer import AnswerSettings, BeepHeard, Verdict
from pbx.answer_hearing import Told, answers, events
from pbx.sound_file import SoundFileError, read_sound

PREFIX = "accuracy.answer."
CASE_S = 14
ASTERISK = AnswerSettings(initial_silence_ms=2500, greeting_ms=1500, after_greeting_ms=800, total_ms=5000)
KINDS = ("person", "machine", "fax", "tone", "silence", "unsure")

# Texts of even places belong to the half that is tuned on, those of odd places to the published one.
PERSONS = {
    "en": (
        "Hello?", "Hello.", "Yes?", "Hi.", "Hello, this is Tom.", "Mary Baker speaking.", "Good morning, Smith and Sons.",
        "Good afternoon.",
        "Hello? Who is this?", "Yes, hello?", "Johnson residence.", "Doctor Miller's office.", "Hello, hello?", "Hi, Anna here.",
        "Good evening, Peter Brown.", "Hello, this is Jane Clark speaking.", "What is it?", "Speaking.", "Hello, how can I help you?",
        "Front desk, good morning.",
    ),
    "cmn": (
        "喂？", "喂，你好。", "你好。", "您好。", "喂，哪位？", "喂，请问哪位？", "您好，我是小王。", "你好，我姓李。",
        "喂喂喂？", "喂，谁呀？", "你好，请问找谁？", "您好，请问您找谁？", "请讲。", "说吧。", "喂，请说。",
        "喂，你找谁？", "您好，前台。", "您好，销售部。", "您好，请问有什么可以帮您？", "你好，这里是办公室。",
    ),
}  # fmt: skip
MACHINES = {
    "en": (
        "Hi, you have reached the Bakers. We cannot come to the phone right now. Please leave a message after the beep.",
        "Hello, this is Tom. I am not here at the moment, so please leave your name and number and I will call you back.",
        "The person you are calling is not available. Please leave your message after the tone.",
        "You have reached the voice mail of extension four two one. At the tone, please record your message.",
        "Thank you for calling Smith and Sons. Our office is closed. Our business hours are nine to five, Monday to Friday.",
        "Welcome to the city bank. For service in English, press one. For all other languages, press two.",
        "Your call has been forwarded to an automatic voice message system. Nobody is available to take your call.",
        "Hey, it's Anna. You know what to do after the beep. Have a nice day and talk to you soon.",
        "Sorry, we are all out at the moment. Leave a message and we will get back to you as soon as we can.",
        "The number you have dialled is switched off. Please try again later, or leave a message after the signal.",
    ),
    "cmn": (
        "您好，我现在无法接听您的电话，请在提示音后留言。",
        "您好，您拨打的用户暂时无法接通，请稍后再拨。",
        "欢迎致电城市银行，中文服务请按一，英文服务请按二。",
        "您好，这里是王先生的语音信箱，请在嘀声之后留下您的姓名和电话号码。",
        "对不起，您呼叫的用户已关机，请在信号音后留言，留言结束请挂机。",
        "感谢您的来电，我们的工作时间是周一到周五上午九点到下午五点。",
        "你好，我是小李，我现在不在家，有事请留言，我会尽快给您回电话。",
        "您好，欢迎使用自动语音服务系统，业务查询请按一，人工服务请按零。",
        "您所拨打的电话正在通话中，请不要挂机，或者在提示音后留言。",
        "这里是电话答录机，主人不在，听到嘀的一声后请开始讲话，谢谢。",
    ),
}
VARIANTS = ("", "+m1", "+m2", "+m3", "+m4", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5")
SHORT_S, LONG_S = (0.25, 1.6), 3.0
SHORT_FILES = ("klettres/**/syllab/*.ogg", "gcin-voice/**/*.ogg", "ktuberling/sounds/*/*", "asterisk/sounds/*/*.wav")
LONG_FILES = ("asterisk/sounds/*/*.wav", "tuxpaint/stamps/**/*_desc*.ogg")
BLOCKS = ("person en", "person cmn", "person recorded", "machine en", "machine cmn", "machine recorded", "music", "fax", "tone", "silence")


class Case(msgspec.Struct):
    """One answer. ``beep_ends_s`` when a machine's beep ends, 0 without one."""

    block: str
    number: int
    told: list[Told]
    sound_s: float
    beep_ends_s: float = 0.0

    @property
    def truth(self) -> str:
        """Who it is; music is a machine's."""
        return "machine" if self.block == "music" else self.block.partition(" ")[0]


class Recordings:
    """Recordings of people, short ones or long ones, each half of a split its own."""

    def __init__(self, patterns: tuple[str, ...], shortest_s: float, longest_s: float, half: int) -> None:
        self._files = recorded_files(patterns)[half::2]
        self._range = (shortest_s, longest_s)

    def draw(self, random: np.random.Generator) -> Any:
        """One that is as long as wanted, without the silence about it; None when there is none."""
        for _ in range(400 if self._files else 0):
            path = self._files[int(random.integers(0, len(self._files)))]
            try:
                sound = trimmed(np.mean(read_sound(path), axis=0))
            except SoundFileError:
                continue
            if self._range[0] <= len(sound) / RATE <= self._range[1]:
                return sound
        return None


def trimmed(sound: Any) -> Any:
    """Without what lies 30 dB and more below the active level at either end."""
    ticks = np.asarray(sound, float)[: len(sound) // 80 * 80].reshape(-1, 80)
    power = np.mean(ticks**2, axis=1)
    loud = np.flatnonzero(power > active_level(np.asarray(sound, float)) / 1000) if len(power) else power
    return np.asarray(sound, float)[loud[0] * 80 : (loud[-1] + 1) * 80] if len(loud) else np.zeros(0)


def quiet(seconds: float) -> Any:
    """Nothing."""
    return np.zeros(round(seconds * RATE))


def tone(hz: float, seconds: float, level_dbm0: float) -> Any:
    """A sine with soft edges."""
    time = np.arange(round(seconds * RATE)) / RATE
    return amplitude(level_dbm0) * np.sin(2 * np.pi * hz * time) * np.minimum(1, np.minimum(time, time[::-1]) * 400)


def speech_of(block: str, random: np.random.Generator, half: int, recordings: dict[str, Recordings]) -> Any:
    """What a person or machine says in this case; None when nobody can say it."""
    who, _, how = block.partition(" ")
    if how == "recorded":
        first = recordings[who].draw(random)
        second = recordings[who].draw(random) if who == "person" and random.random() < 0.3 else None
        return first if first is None or second is None else np.concatenate([first, quiet(random.uniform(0.1, 0.3)), second])
    texts = (PERSONS if who == "person" else MACHINES)[how][half::2]
    voice = (str(random.choice(["en-us", "en-gb"])) if how == "en" else "cmn") + str(random.choice(VARIANTS))
    text = str(texts[int(random.integers(0, len(texts)))])
    sound = spoken_text(text, voice, int(random.integers(130, 200)), int(random.integers(20, 80)))
    return None if sound is None else trimmed(sound)


def make(block: str, number: int, recordings: dict[str, Recordings]) -> Case | None:
    """The case of a number; None when its sounds are not installed."""
    random = np.random.default_rng((BLOCKS.index(block), number))
    level = random.uniform(-28, -10)
    ring = tone(450, random.uniform(0.1, 1.0), -12) if random.random() < 0.7 else quiet(0)
    lead = quiet(random.uniform(0.15, 1.5))
    who, beep_ends = block.partition(" ")[0], 0.0
    if who in ("person", "machine"):
        said = speech_of(block, random, number % 2, recordings)
        if said is None:
            return None
        parts = [ring, lead, at_level(said, level)]
        if who == "person" and random.random() < 0.5:
            parts += [quiet(random.uniform(1.5, 3.5)), parts[2]]
        if who == "machine" and random.random() < 0.85:
            beep = tone(float(random.uniform(500, 2000)), random.uniform(0.2, 1.0), random.uniform(-20, -8))
            parts += [quiet(random.uniform(0.2, 1.2)), beep]
            beep_ends = sum(map(len, parts)) / RATE
    elif block == "music":
        files = recorded_files(MUSIC)
        if not files:
            return None
        piece = np.mean(read_sound(files[number % len(files)]), axis=0)
        begin = int(random.integers(0, max(1, len(piece) - 10 * RATE)))
        parts = [ring, lead, at_level(piece[begin : begin + 10 * RATE], level)]
    elif block == "fax":
        parts = [ring, lead, tone(2100, random.uniform(2.6, 4.0), random.uniform(-25, -8))]
    elif block == "tone":
        on, off = [(0.35, 0.35), (0.7, 0.7)][int(random.integers(0, 2))]
        parts = [ring, lead] + [tone(450, on, -12), quiet(off)] * 10
    else:
        parts = [ring, quiet(10)]
    return finished(block, number, np.concatenate(parts), beep_ends, random)


def finished(block: str, number: int, sound: Any, beep_ends: float, random: np.random.Generator) -> Case:
    """The case as the line brings it, and what the receivers tell of it."""
    whole = np.zeros(max(CASE_S * RATE, len(sound) + 4 * RATE))
    whole[: len(sound)] = sound
    hum = PEAK_AT_0_DBM0 / 2**0.5 * 10 ** (random.uniform(-65, -38) / 20)
    heard = through_alaw(telephone_band(whole + random.normal(0, hum, len(whole))))
    return Case(block, number, list(events(heard)), len(heard) / RATE, beep_ends)


def cases(count: int, half: int | None, blocks: Sequence[str] = BLOCKS) -> Iterator[Case]:
    """So many cases of each block and half; both halves without one."""
    for side in (0, 1) if half is None else (half,):
        recordings = {
            "person": Recordings(SHORT_FILES, *SHORT_S, side),
            "machine": Recordings(LONG_FILES, LONG_S, 20.0, side),
        }
        for block in blocks:
            for number in range(side, 2 * count, 2):
                case = make(block, number, recordings)
                if case is not None:
                    yield case


def judged(case: Case, settings: AnswerSettings) -> tuple[str, float, float]:
    """The verdict on a case, the time of it, and that of the beep heard (0 = none)."""
    kind, at, beep = "unsure", case.sound_s, 0.0
    for time, output in answers(np.zeros(round(case.sound_s * RATE), np.int16), settings, told=case.told):
        if isinstance(output, Verdict):
            kind, at = output.kind, time
        elif isinstance(output, BeepHeard):
            beep = time
    return kind, at, beep


def tune(count: int) -> None:
    """Print the times that judge the first half best: persons and machines count alike, a person lost twice."""
    known = list(cases(count, 0, BLOCKS[:6]))
    found = []
    for greeting, after, initial in itertools.product(range(1500, 3300, 100), range(500, 1300, 100), (5000,)):
        settings = AnswerSettings(greeting_ms=greeting, after_greeting_ms=after, initial_silence_ms=initial)
        right: dict[str, list[bool]] = {}
        for case in known:
            right.setdefault(case.truth, []).append(judged(case, settings)[0] == case.truth)
        person, machine = float(np.mean(right["person"])), float(np.mean(right["machine"]))
        found.append((2 * person + machine, person, machine, greeting, after))
    for score, person, machine, greeting, after in sorted(found, reverse=True)[:12]:
        print(f"{score:.4f}  person {person:.4f}  machine {machine:.4f}  greeting_ms {greeting}  after_greeting_ms {after}")


def matrix(known: Iterable[Case], settings: AnswerSettings) -> dict[str, dict[str, int]]:
    """Verdicts by block."""
    table: dict[str, dict[str, int]] = {}
    for case in known:
        row = table.setdefault(case.block, dict.fromkeys(KINDS, 0))
        row[judged(case, settings)[0]] += 1
    return table


def printed(table: dict[str, dict[str, int]]) -> str:
    """The matrix as a table for people."""
    lines = ["| who answered | cases | " + " | ".join(KINDS) + " |", "|---" * (len(KINDS) + 2) + "|"]
    for block, row in table.items():
        lines.append(f"| {block} | {sum(row.values())} | " + " | ".join(str(row[kind]) for kind in KINDS) + " |")
    return "\n".join(lines)


def measure(names: Sequence[str], effort: Effort) -> Iterable[Row]:
    """The shares judged rightly, in the published half."""
    count = int(effort.choose(2, 40, 200))
    known = list(cases(count, 1))
    groups = {
        "person": [case for case in known if case.truth == "person"],
        "machine": [case for case in known if case.truth == "machine"],
        "others": [case for case in known if case.truth not in ("person", "machine")],
    }
    for name, members in groups.items():
        if PREFIX + name not in names or not members:
            continue
        share = [100 * float(np.mean([judged(case, s)[0] == case.truth for case in members])) for s in (AnswerSettings(), ASTERISK)]
        blocks = ", ".join(dict.fromkeys(case.block for case in members))
        peer = "Asterisk's default times"
        yield Row(PREFIX + name, round(share[0], 2), "% right", "higher", peer, round(share[1], 2), f"{len(members)} cases: {blocks}")
    beeps = [case for case in known if case.beep_ends_s]
    if PREFIX + "beep" in names and beeps:
        found = [-0.1 <= judged(case, AnswerSettings())[2] - case.beep_ends_s <= 0.3 for case in beeps]
        yield Row(
            PREFIX + "beep", round(100 * float(np.mean(found)), 2), "% heard", "higher", None, None, f"{len(beeps)} beeps, within 0.3 s"
        )


def main() -> None:
    """``python -m benchmarks.answering``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answering", description="Who answered: the whole confusion matrix.")
    parser.add_argument("--cases", type=int, default=100, help="of each kind (default: 100)")
    parser.add_argument("--tune", action="store_true", help="choose the times on the other half")
    options = parser.parse_args()
    if options.tune:
        tune(options.cases)
        return
    known = list(cases(options.cases, 1))
    print(printed(matrix(known, AnswerSettings())))
    print("\nwith the default times of Asterisk's AMD:\n")
    print(printed(matrix(known, ASTERISK)))


if __name__ == "__main__":
    main()
