"""``zongji tone``: writes a signal to a WAV or raw A-law file. Leaves out: how it sounds (``pbx/speaking.py``)."""

import argparse
import sys
from pathlib import Path

from pbx.sound_file import write_sound
from pbx.speaking import DEFAULT_TONE_MS, SpecificationError, speak
from pbx.tone_plan import FOLDER, PlanError, load

LONGEST_S = 3600.0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zongji tone",
        description="Writes DTMF digits, MFC signals or a call progress tone to a sound file.",
        epilog="Examples: zongji tone dtmf:12# digits.wav; zongji tone mfc-forward:3 three.al; zongji tone busy busy.wav",
    )
    parser.add_argument("spec", help="dtmf:DIGITS, mfc-forward:SIGNALS, mfc-backward:SIGNALS, or a tone such as busy")
    parser.add_argument("file", type=Path, help="to write: raw A-law when it ends in .al, .alaw or .raw, else WAV")
    parser.add_argument("--alaw", action="store_true", help="write the WAV file in A-law instead of linear 16 bit")
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
    try:
        sound = speak(arguments.spec, load(FOLDER / f"{arguments.tones}.toml"), round(arguments.seconds * 1000))
        write_sound(arguments.file, sound, arguments.alaw)
    except (SpecificationError, PlanError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{arguments.file}: {error.strerror}; give a file in a folder you may write to\n")
        return 2
    return 0
