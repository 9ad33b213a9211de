"""The last form of recordings: the same sound, both tracks, and one whole file at whatever moment somebody dies."""

import json
import subprocess
import sys
import time

import msgspec
import numpy as np
import pytest
import soundfile

from pbx import recording_forms
from pbx.recording_files import ENDINGS, GrowingWav, Policy, RecordingFiles
from pbx.recording_forms import FORMS, Done, Job, convert, is_growing, samples_in
from pbx.recording_writer import Coder, RecordingWriter
from pbx.sound_file import encode_alaw, read_sound
from pbx.vocabulary import facts

SECONDS = 12


def track(frequency_hz, seed):
    """Bursts of a tone with its overtones, as a voice has."""
    time_s = np.arange(8000 * SECONDS) / 8000
    talks = np.repeat(np.random.default_rng(seed).random(SECONDS * 4) > 0.5, 2000)
    return (sum(np.sin(2 * np.pi * frequency_hz * n * time_s) / n for n in range(1, 8)) * 4000 * talks).astype(np.int16), talks


SAID, SAYS = track(150, 1)
TOLD, TELLS = track(230, 2)


def grown(path):
    wav = GrowingWav(path)
    pairs = np.stack([np.frombuffer(encode_alaw(SAID), np.uint8), np.frombuffer(encode_alaw(TOLD), np.uint8)], axis=1)
    wav.append(pairs.tobytes())
    wav.close()
    return path


def rms_db(samples):
    return 10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_both_tracks_come_back(tmp_path, form):
    source = grown(tmp_path / "c1-1-120000.wav")
    octets_before = source.stat().st_size
    before = read_sound(source)
    made = convert(Job(str(source), "c1-1", "2026-11-22", "call c1"), form, 32)
    assert [path.name for path in tmp_path.iterdir()] == [made.name]
    assert made.suffix == FORMS[form][2]
    after = read_sound(made)
    assert len(after) == 2
    if form in ("wav-linear", "flac"):
        assert all(np.array_equal(was, now) for was, now in zip(before, after, strict=True))
    else:
        assert made.stat().st_size < octets_before * (0.55 if form == "wav-ima" else 0.3)
        for was, now, talks, other in zip(before, after, (SAYS, TELLS), (TELLS, SAYS), strict=True):
            count = min(len(was), len(now))
            assert abs(len(now) - len(was)) < 1100
            assert abs(rms_db(now[:count]) - rms_db(was[:count])) < 1.5
            alone = (other & ~talks)[:count]
            assert rms_db(now[:count][alone]) < rms_db(was[:count][talks[:count]]) - 25, "one party is not heard in the other's track"
    with soundfile.SoundFile(made) as file:
        assert (file.title, file.comment) == ("c1-1", "call c1")
    assert abs(samples_in(made) - 8000 * SECONDS) < 1100


def test_what_was_made_already_is_left_alone(tmp_path):
    source = grown(tmp_path / "c1-1-120000.wav")
    job = Job(str(source))
    assert is_growing(source)
    convert(job, "wav-ima", 32)
    octets = source.read_bytes()
    assert not is_growing(source)
    assert convert(job, "wav-ima", 32) == source
    assert source.read_bytes() == octets
    other = grown(tmp_path / "c2-1-120000.wav")
    made = convert(Job(str(other)), "opus", 32)
    assert convert(Job(str(other)), "opus", 32) == made


@pytest.mark.parametrize("form", ["flac", "wav-linear"])
def test_a_failure_leaves_the_recording_as_it_was(tmp_path, form, monkeypatch):
    source = grown(tmp_path / "c1-1-120000.wav")
    octets = source.read_bytes()

    def full(samples):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording_forms, "decode_alaw", full)
    with pytest.raises(OSError, match="No space"):
        convert(Job(str(source)), form, 32)
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
    assert source.read_bytes() == octets


def test_the_process_answers_each_job(tmp_path):
    good, bad = grown(tmp_path / "c1-1-120000.wav"), tmp_path / "c2-1-120000.wav"
    jobs = b"".join(msgspec.json.encode(Job(str(path))) + b"\n" for path in (bad, good))
    command = [sys.executable, "-m", "pbx.recording_forms", "opus", "32"]
    done = subprocess.run(command, input=jobs, capture_output=True, check=True)
    answers = [msgspec.json.decode(line, type=Done) for line in done.stdout.splitlines()]
    assert "No such file" in answers[0].wrong
    assert answers[1] == Done(str(good.with_suffix(".opus")))


# The writer: thread, coder, files.


class Rings:
    def __init__(self):
        self.pieces = []

    def read(self, recorder):
        pieces, self.pieces = self.pieces, []
        return pieces


def files_of(directory, told, form="flac"):
    rings = Rings()
    files = RecordingFiles(directory, rings.read, told.append, Policy(form, 0), clock_zero=1_700_000_000.0, day_of=time.gmtime)
    return files, rings


def record(files, rings, name):
    files.take(1, facts.RecordingStarted(0.0, "c1", 1, "e1-1/1", recording=name, recorder=0))
    rings.pieces.append((0, b"\x01\x02" * 800))
    files.drain()
    files.take(2, facts.RecordingStopped(9.0, "c1", 1, "e1-1/1", recording=name, recorder=0))
    for _ in range(3):
        files.drain()


def step_until(coder, done):
    limit = time.monotonic() + 30
    while not done() and time.monotonic() < limit:
        coder.step()
        time.sleep(0.01)
    assert done()


def test_finished_recordings_get_their_form_and_their_fact(tmp_path):
    told = []
    files, rings = files_of(tmp_path, told)
    for name in ("a-1", "b-1"):
        record(files, rings, name)
    assert told == []
    coder = Coder(files, 32)
    step_until(coder, lambda: len(told) == 2)
    assert [(fact.recording, fact.file, fact.format, fact.seconds) for fact in told] == [
        (name, f"2023-11-14/{name}-221320.flac", "flac", 0.1) for name in ("a-1", "b-1")
    ]
    for fact in told:
        assert len(read_sound(tmp_path / fact.file)[0]) == 800
        assert json.loads((tmp_path / fact.file).with_suffix(".json").read_text())["format"] == "flac"
    assert not list((tmp_path / "unfinished").iterdir())
    step_until(coder, lambda: not coder.busy)
    coder.stop()


def test_a_coder_that_dies_costs_no_recording(tmp_path):
    told = []
    files, rings = files_of(tmp_path, told)
    for name in ("a-1", "b-1"):
        record(files, rings, name)
    dies = Coder(files, 32, (sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(1)"))
    step_until(dies, lambda: len(told) == 2)
    assert {(fact.recording, fact.format) for fact in told} == {("a-1", "wav-alaw"), ("b-1", "wav-alaw")}
    assert all(len(read_sound(tmp_path / fact.file)[0]) == 800 for fact in told)


@pytest.mark.parametrize("died", ["before", "between", "after"])
def test_what_a_killed_control_left_waiting_is_made_by_the_next(tmp_path, died):
    files, rings = files_of(tmp_path, [])
    record(files, rings, "a-1")
    (path,) = tmp_path.glob("*/*.wav")
    if died != "before":
        octets = path.read_bytes()
        convert(Job(str(path)), "flac", 32)
        if died == "between":
            path.write_bytes(octets)
    told = []
    files, rings = files_of(tmp_path, told)
    assert files.settle() == 1
    coder = Coder(files, 32)
    step_until(coder, lambda: len(told) == 1)
    coder.stop()
    assert (told[0].recording, told[0].format) == ("a-1", "flac")
    assert [path.name for path in tmp_path.glob("*/*") if path.suffix in ENDINGS] == ["a-1-221320.flac"]


def test_nothing_is_coded_while_the_disk_is_full(tmp_path):
    files, rings = files_of(tmp_path, [])
    record(files, rings, "a-1")
    files.full = True
    coder = Coder(files, 32)
    coder.step()
    assert not coder.busy


def test_the_thread_writes_what_is_there_when_it_is_told_to_stop(tmp_path):
    told = []
    files, rings = files_of(tmp_path, told, "wav-alaw")
    writer = RecordingWriter(files, 32, lambda: None)
    writer.start()
    files.take(1, facts.RecordingStarted(0.0, "c1", 1, "e1-1/1", recording="a-1", recorder=0))
    rings.pieces.append((0, b"\x01\x02" * 800))
    writer.stop()
    (path,) = tmp_path.glob("*/*.wav")
    assert len(read_sound(path)[0]) == 800
