"""``zongji learn-tone``: measures a tone of the network in a recording and writes it into a tone plan, so that receivers know it.

The recording is a sound file, or one that the exchange itself has made of a call (``--recording``), of which the track of what the line
says counts. The tone is learned by pbx/tone_learning.py and must be one that a receiver can tell from the others of the plan (E.180).
Leaves out recording a line on purpose: no verb of the switch seizes a line only to listen.
"""

import argparse
import ast
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from config.loader import load as load_configuration
from config.schema import Configuration
from pbx.console import ask
from pbx.manhole import DOOR_FILE
from pbx.places import Places
from pbx.recording_files import find
from pbx.sound_file import SAMPLE_RATE_HZ, Samples, SoundFileError, read_sound
from pbx.tone_learning import LearningError, alike_ms, learn
from pbx.tone_plan import ALIKE_HZ, FOLDER, PlanError, Tone, TonePlan
from pbx.tone_plan_file import begin_plan, read_plan, write_tone
from pbx.vocabulary.tones import PROGRESS_TONES

WRONG = 2
LOWEST_HZ, HIGHEST_HZ = 200.0, 3400.0
LISTEN_SECONDS = 10.0
LOOK_SECONDS, ASK_SECONDS = 0.3, 5.0
"""So often it is looked whether the recording is there, and the exchange asked what has become of it."""
FILED_SECONDS = 60.0
"""Longer than a recording of a few seconds needs to get its last form when it is over."""
RECORDING = re.compile(r"\d+-\d+-\d+")
FAINTEST_DBM0 = -35.0
"""Fainter than this the receiver would hardly hear it again (call_progress.h: -30 dBm0)."""


class RefusedError(ValueError):
    """What is wrong and what to do."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zongji learn-tone",
        description="Measure a call progress tone in a recording and write it into a tone plan: made if it is not there, else changed in "
        "this tone alone. The recording must hold at least two rounds of the tone and nothing else; cut it with --from and --seconds.",
        epilog="examples: ./zongji learn-tone busy recording.wav; "
        "./zongji learn-tone busy --recording 2-8-1 --config config/zongji.toml --from 31.5 --seconds 6; "
        "./zongji learn-tone busy --line co-1/1 --number 8100 --config config/zongji.toml",
    )
    parser.add_argument("name", help=f"which tone it is: {', '.join(PROGRESS_TONES)}")
    parser.add_argument("file", type=Path, nargs="?", help="WAV, FLAC, Ogg/Opus ... of any rate, or raw A-law (.al, .alaw, .raw)")
    parser.add_argument("--recording", metavar="NAME", help="instead of a file: a recording of the exchange, call and leg as in 2-8-1")
    parser.add_argument("--line", metavar="LINE", help="instead of a file: a free exchange line or trunk of the running exchange")
    parser.add_argument("--number", default="", metavar="DIGITS", help="with --line: what is dialled before it is recorded")
    parser.add_argument("--config", type=Path, help="the configuration of the exchange that has made the recording or has the line")
    parser.add_argument("--data", type=Path, help="data directory instead of the configuration's")
    parser.add_argument("--track", type=int, default=0, help="which track of the file: 0, what the line says (default), or 1")
    parser.add_argument("--from", dest="start_s", type=float, default=0.0, metavar="SECONDS", help="where in the recording the tone begins")
    parser.add_argument("--seconds", type=float, metavar="SECONDS", help="how much of it to take (default: to the end, of a line 10 s)")
    parser.add_argument("--plan", type=Path, default=FOLDER / "mine.toml", help="the plan to write (default: config/tones/mine.toml)")
    parser.add_argument("--based-on", default="china", help="plan whose other tones a new plan begins with (default: china)")
    parser.add_argument("--sent-only", action="store_true", help="the exchange may send it, receivers do not name it")
    return parser


def _file_of(options: argparse.Namespace) -> Path:
    if sum(given is not None for given in (options.file, options.recording, options.line)) != 1:
        raise RefusedError("give either a file, or --recording NAME or --line LINE with --config CONFIG")
    if options.file is not None:
        return Path(options.file)
    if options.config is None:
        wanted = f"--recording {options.recording}" if options.line is None else f"--line {options.line}"
        raise RefusedError(f"{wanted}: say by --config whose it is")
    configuration = load_configuration(options.config)
    if isinstance(configuration, list):
        raise RefusedError("\n".join(str(problem) for problem in configuration))
    places = Places(configuration, options.data)
    if options.line is not None:
        return _listened(options, configuration, places)
    found = find(places.recordings, options.recording)
    if found is None:
        raise RefusedError(
            f"{places.recordings}: there is no recording {options.recording}; `zongji calls` names the calls, a leg stands behind: 2-8-1"
        )
    return found


def _listened(options: argparse.Namespace, configuration: Configuration, places: Places) -> Path:
    """Let the running exchange record the line; the file, once the recording lies there whole."""
    if not (places.data / DOOR_FILE).exists():
        raise RefusedError(f"{places.data}: no exchange with a console runs here; start it, or say where by --data")
    seconds = LISTEN_SECONDS if options.seconds is None else options.seconds
    recording = _answer(places, f"switch.listen_line({options.line!r}, {seconds!r}, {options.number!r})")
    if not RECORDING.fullmatch(recording):
        raise RefusedError(f"--line {options.line}: {recording}")
    sys.stderr.write(f"listening to {options.line}, recording {recording}\n")
    # Silence of the line until it is given up, the recording itself, its last form.
    end = time.monotonic() + configuration.timers.no_answer_seconds + seconds + FILED_SECONDS
    asked = time.monotonic()
    while time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
        found = find(places.recordings, recording)
        if found is not None and found.with_suffix(".json").exists():
            options.seconds = None
            return found
        if found is None and time.monotonic() > asked + ASK_SECONDS:
            asked = time.monotonic()
            report = _answer(places, f"switch.listen_line({options.line!r}, 0)")
            if "nothing was recorded" in report:
                raise RefusedError(f"--line {report}; look at `zongji console \"switch.history({options.line!r})\"`")
    raise RefusedError(f"--line {options.line}: recording {recording} does not come to its end")


def _answer(places: Places, statement: str) -> str:
    code, text = ask(places.data, statement)
    if code:
        # An engineer is shown where it went wrong; what went wrong stands in the first line.
        told = text.partition("\n")[0].partition("Error'>: ")[2] or text
        raise RefusedError(told or f"{places.data}: the console does not answer")
    return str(ast.literal_eval(text))


def _sound_of(path: Path, options: argparse.Namespace) -> Samples:
    tracks = read_sound(path)
    if not 0 <= options.track < len(tracks):
        raise RefusedError(f"{path}: there is no track {options.track}; it has {len(tracks)}, counted from 0")
    sound = tracks[options.track]
    length_s = len(sound) / SAMPLE_RATE_HZ
    if not 0 <= options.start_s < length_s or (options.seconds is not None and not options.seconds > 0):
        raise RefusedError(f"{path}: it lasts {length_s:.1f} s; give --from below that and --seconds above 0")
    begin = round(options.start_s * SAMPLE_RATE_HZ)
    end = len(sound) if options.seconds is None else begin + round(options.seconds * SAMPLE_RATE_HZ)
    cut: Samples = sound[begin:end]
    return cut


def _words(tone: Tone) -> str:
    hertz = " + ".join(f"{hz:g}" for hz in tone.frequency_hz)
    cadence = " ".join(map(str, tone.cadence_ms)) + " ms" if tone.cadence_ms else "continuous"
    return f"{hertz} Hz, {tone.level_dbm0:g} dBm0 each, {cadence}"


def _doubtful(path: Path, tone: Tone) -> None:
    """Refuse what no network would send as a tone."""
    if not all(LOWEST_HZ <= hz <= HIGHEST_HZ for hz in tone.frequency_hz):
        raise RefusedError(f"{path}: {_words(tone)}: no tone of a telephone network lies there; record the tone alone, without hum")
    if tone.level_dbm0 < FAINTEST_DBM0:
        raise RefusedError(f"{path}: {_words(tone)}: too faint to be heard again; record it louder than {FAINTEST_DBM0:g} dBm0")


def _mistakable(name: str, tone: Tone, plan: TonePlan) -> str:
    """The tone of the plan that a receiver could not tell from this one, or ""."""
    for other in plan.heard():
        known = plan.tone[other]
        if other == name or known.part or len(known.cadence_ms) != len(tone.cadence_ms):
            continue
        same_hz = len(known.frequency_hz) == len(tone.frequency_hz) and all(
            abs(first - second) <= ALIKE_HZ for first, second in zip(sorted(known.frequency_hz), sorted(tone.frequency_hz), strict=True)
        )
        if same_hz and all(alike_ms(first, second) for first, second in zip(known.cadence_ms, tone.cadence_ms, strict=True)):
            return other
    return ""


def _learn(options: argparse.Namespace) -> str:
    name, path = options.name, options.plan
    if name not in PROGRESS_TONES:
        raise RefusedError(f"{name!r} is no tone; the names are {', '.join(PROGRESS_TONES)}")
    file = _file_of(options)
    sound = _sound_of(file, options)
    source = "learned from " + re.sub(r'["\\\x00-\x1f\x7f]', "_", file.name)
    try:
        tone = learn(sound, source)
    except LearningError as error:
        raise RefusedError(f"{file}: {error}") from error
    _doubtful(file, tone)
    if options.sent_only:
        tone = msgspec.structs.replace(tone, heard_after=0)
    if path.exists():
        text, plan = read_plan(path)
    else:
        text = begin_plan(options.based_on, path.stem)
        plan = read_plan(FOLDER / f"{options.based_on}.toml")[1]
    like = "" if options.sent_only else _mistakable(name, tone, plan)
    if like:
        raise RefusedError(
            f"{file}: {_words(tone)}: that is what {path} has as {like}; record {name} itself, or give --sent-only if both sound alike"
        )
    written = write_tone(path, text, name, tone)
    heard = f"heard after {tone.heard_after} parts" if tone.heard_after else "sent only"
    return f"{name}: {_words(tone)}, {heard}; written to {path}, {len(written.tone) - 1} other tones kept"


def learn_tone_command(argv: Sequence[str]) -> int:
    """Run the command. Returns 0, or 2 when nothing was written; what is wrong goes to stderr."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as left:
        return int(left.code or 0)
    try:
        sys.stdout.write(_learn(options) + "\n")
    except (RefusedError, PlanError, SoundFileError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG
    except OSError as error:
        sys.stderr.write(f"{options.plan}: {error.strerror}; give --plan in a folder you may write to\n")
        return WRONG
    return 0
