"""``zongji listen``: what is heard in a sound file. Leaves out: how it is heard (``pbx/hearing.py``)."""

import argparse
import sys
from pathlib import Path

import msgspec

from pbx.answer_hearing import hear_answer
from pbx.data_hearing import KINDS as DATA_KINDS
from pbx.data_hearing import hear_data
from pbx.hearing import KINDS, Heard, hear
from pbx.sound_file import Samples, SoundFileError, read_sound
from pbx.tone_learning import LearningError, learn, toml
from pbx.tone_plan import FOLDER, PlanError, TonePlan, load
from pbx.vocabulary.tones import PROGRESS_TONES
from pbx.voice_hearing import hear_voice

ON_REQUEST = ("voice", "answer", *DATA_KINDS)
"""Kinds that are listened for only when they are asked for; good caller identity is told in any case."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zongji listen",
        description="Names the DTMF digits, MFC signals, call progress tones and caller identity in a sound file; measures it on request.",
        epilog="Example: zongji listen --json recording.wav",
    )
    parser.add_argument("file", type=Path, help="WAV, FLAC, Ogg/Opus ... of any rate, or raw A-law (.al, .alaw, .raw)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--kind", action="append", choices=(*KINDS, *ON_REQUEST), help="listen for this only; may be given again")
    parser.add_argument("--level", dest="kind", action="append_const", const="level", help="the level of each second, as --kind level")
    parser.add_argument("--learn", metavar="NAME", help="print the tone of this name as a tone plan writes it, learned from the file")
    parser.add_argument("--tones", default="china", help="tone plan, a file of config/tones (default: china)")
    return parser


def _heard(track: Samples, kinds: list[str] | None, plan: TonePlan) -> list[Heard]:
    heard = hear(track, [kind for kind in kinds or KINDS if kind in KINDS], plan)
    if kinds and "voice" in kinds:
        heard += hear_voice(track)
    if kinds and "answer" in kinds:
        heard += hear_answer(track, plan)
    heard += hear_data(track, kinds)
    return sorted(heard, key=lambda h: (h.at_ms, h.kind))


def _learn(path: Path, name: str, track: Samples) -> int:
    if name not in PROGRESS_TONES:
        sys.stderr.write(f"{name!r} is no tone; the names are {', '.join(PROGRESS_TONES)}\n")
        return 2
    try:
        sys.stdout.write(toml(name, learn(track, f"learned from {path.name}")))
    except LearningError as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 2
    return 0


def listen_command(argv: list[str]) -> int:
    """Run the command. Returns 0, or 2 when the file or the plan cannot be used; what is wrong goes to stderr."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as left:
        return int(left.code or 0)
    try:
        plan = load(FOLDER / f"{arguments.tones}.toml")
        tracks = read_sound(arguments.file)
    except (SoundFileError, PlanError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if arguments.learn:
        return _learn(arguments.file, arguments.learn, tracks[0])
    for number, track in enumerate(tracks, 1):
        for heard in _heard(track, arguments.kind, plan):
            fields = heard.fields() if len(tracks) == 1 else {"track": number, **heard.fields()}
            if arguments.json:
                sys.stdout.write(msgspec.json.encode(fields).decode() + "\n")
            else:
                place = f"track {number}  " if len(tracks) > 1 else ""
                sys.stdout.write(
                    f"{place}{heard.at_ms / 1000:9.3f} s  {heard.kind:<12} {heard.name:<12} "
                    f"{heard.length_ms:8.1f} ms {heard.level_dbm0:6.1f} dBm0\n"
                )
    return 0
