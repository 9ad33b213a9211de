"""``zongji tone``: writes a signal to a sound file. Leaves out: how it sounds (``pbx/speaking.py``)."""

import argparse
import sys
from pathlib import Path

from pbx.sound_file import HIGHEST_RATE_HZ, SAMPLE_RATE_HZ, SoundFileError, write_sound
from pbx.speaking import DEFAULT_TONE_MS, FORMS, SpecificationError, names, speak
from pbx.tone_plan import FOLDER, PlanError, china, load

LONGEST_S = 3600.0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zongji tone",
        description="Writes digits, MFC signals, tones, signals of modems, caller identity or a test pattern to a sound file.",
        epilog="Examples: zongji tone dtmf:12# digits.wav; zongji tone busy busy.wav --tones germany; zongji tone ansam answer.wav; "
        "zongji tone caller-identity:13800138000/ZHANG@bellcore who.wav; zongji tone bert:2^15-1 pattern.al",
    )
    parser.add_argument("spec", help=f"{', '.join(FORMS)}, or a signal's name: {names(china())}".replace("%", "%%"))
    parser.add_argument("file", type=Path, help="to write: raw A-law (.al, .alaw, .raw), FLAC (.flac), Ogg/Opus (.opus, .ogg), else WAV")
    parser.add_argument("--alaw", action="store_true", help="write the WAV file in A-law instead of linear 16 bit")
    parser.add_argument("--rate", type=int, default=SAMPLE_RATE_HZ, help="samples a second of the file (default: 8000)")
    parser.add_argument("--seconds", type=float, default=DEFAULT_TONE_MS / 1000, help="length of a tone (default: 10)")
    parser.add_argument("--tones", default="china", help="tone plan, a file of config/tones (default: china)")
    return parser


def tone_command(argv: list[str]) -> int:
    """Run the command. Returns 0, or 2 for an unknown signal or a file that cannot be written; stderr says what."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as left:
        return int(left.code or 0)
    if not 0 < arguments.seconds <= LONGEST_S:
        sys.stderr.write(f"--seconds {arguments.seconds}: give more than 0 and at most {LONGEST_S:.0f}\n")
        return 2
    if not SAMPLE_RATE_HZ <= arguments.rate <= HIGHEST_RATE_HZ:
        sys.stderr.write(f"--rate {arguments.rate}: give {SAMPLE_RATE_HZ} to {HIGHEST_RATE_HZ}\n")
        return 2
    try:
        sound = speak(arguments.spec, load(FOLDER / f"{arguments.tones}.toml"), round(arguments.seconds * 1000))
        write_sound(arguments.file, sound, arguments.alaw, arguments.rate)
    except (SpecificationError, PlanError, SoundFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{arguments.file}: {error.strerror}; give a file in a folder you may write to\n")
        return 2
    return 0
