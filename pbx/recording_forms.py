"""What a finished recording is made into: WAV linear or IMA, FLAC, Ogg/Opus, by libsndfile; a process of the lowest priority.

``python -m pbx.recording_forms FORMAT KBIT`` reads jobs from standard input (JSON, one a line: the file, and what it is) and answers
each with a line when it is done: the new file, or what went wrong. The new file is whole before it takes its name, and only then is the
old one taken away, so that a death at any moment leaves one of them. Leaves out when (pbx/recording_writer.py).
"""

import os
import sys
from pathlib import Path

import msgspec
import soundfile

from pbx.recording_files import HEADER, SAMPLE_RATE, TRACKS, header_of
from pbx.sound_file import decode_alaw

PIECE_S = 10
OPUS_KBIT_S = (12, 512)
"""What libsndfile's compression level from 1 to 0 means for two tracks."""
FORMS = {
    "wav-linear": ("WAV", "PCM_16", ".wav"),
    "wav-ima": ("WAV", "IMA_ADPCM", ".wav"),
    "flac": ("FLAC", "PCM_16", ".flac"),
    "opus": ("OGG", "OPUS", ".opus"),
}
"""Container, coding and ending."""


class Job(msgspec.Struct, frozen=True):
    """One file to do, and what is written into it."""

    file: str
    title: str = ""
    date: str = ""
    comment: str = ""


class Done(msgspec.Struct, frozen=True):
    """What became of it: ``file`` is the new one, or the old one when something went ``wrong``."""

    file: str
    wrong: str = ""


def convert(job: Job, form: str, opus_kbit_s: int) -> Path:
    """Make the file into the form; returns where it lies. OSError or soundfile's error leave it as it was.

    A file that was made already, by a process that could not say so any more, is left alone.
    """
    source = Path(job.file)
    container, coding, ending = FORMS[form]
    target = source.with_suffix(ending)
    if not source.exists() and target.exists():
        return target
    if not is_growing(source):
        return source
    part = target.with_suffix(f"{ending}.{os.getpid()}.part")
    least, most = OPUS_KBIT_S
    level = (most - min(max(opus_kbit_s, least), most)) / (most - least) if coding == "OPUS" else None
    try:
        with (
            source.open("rb") as octets,
            soundfile.SoundFile(
                part, "w", SAMPLE_RATE, TRACKS, coding, format=container, **({} if level is None else {"compression_level": level})
            ) as made,
        ):
            for name in ("title", "date", "comment"):
                if getattr(job, name):
                    setattr(made, name, getattr(job, name))
            octets.seek(HEADER.size)
            while piece := octets.read(PIECE_S * SAMPLE_RATE * TRACKS):
                whole = len(piece) // TRACKS * TRACKS
                made.write(decode_alaw(piece[:whole]).reshape(-1, TRACKS))
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if target != source:
        source.unlink()
    return target


def is_growing(path: Path) -> bool:
    """Whether the file is as recordings grow: it has their header, whatever the sizes in it."""
    with path.open("rb") as file:
        head = file.read(HEADER.size)
    return len(head) == HEADER.size and HEADER.unpack(head)[4:7] == HEADER.unpack(header_of(0))[4:7]


def samples_in(path: Path) -> int:
    """Samples of each track of a finished recording in any form."""
    return int(soundfile.info(str(path)).frames)


def main(arguments: list[str]) -> int:
    """Do the jobs of standard input."""
    form, opus_kbit_s = arguments[0], int(arguments[1])
    os.nice(19)
    decoder = msgspec.json.Decoder(Job)
    for line in sys.stdin.buffer:
        job = decoder.decode(line)
        try:
            done = Done(str(convert(job, form, opus_kbit_s)))
        except (OSError, soundfile.SoundFileError) as error:
            done = Done(job.file, " ".join(str(error).split()) or type(error).__name__)
        sys.stdout.buffer.write(msgspec.json.encode(done) + b"\n")
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
