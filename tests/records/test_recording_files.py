"""Recordings: WAV files that play at whatever moment they are looked at, go on after a restart, keep time, and never cost a call."""

import contextlib
import errno
import json
import os
import subprocess
import time

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pbx.recording_files import ALAW, HEADER, GrowingWav, Policy, RecordingFiles, find, oldest
from pbx.sound_file import decode_alaw, read_sound
from pbx.vocabulary import facts

ZERO = 1_700_000_000.0
SILENCE = b"\xd5\xd5"


class Rings:
    """The plane's recorder rings: each reading takes what is there."""

    def __init__(self):
        self.pieces = {}

    def say(self, recorder, octets, lost=0):
        self.pieces.setdefault(recorder, []).append((lost, octets))

    def read(self, recorder):
        return self.pieces.pop(recorder, [])


def started(name, recorder=0, at=0.0):
    return facts.RecordingStarted(at, "c1", 1, "e1-1/1", recording=name, recorder=recorder)


def stopped(name, recorder=0, at=9.0):
    return facts.RecordingStopped(at, "c1", 1, "e1-1/1", recording=name, recorder=recorder)


@pytest.fixture
def rings():
    return Rings()


@pytest.fixture
def told():
    return []


@pytest.fixture
def files(tmp_path, rings, told):
    return made(tmp_path, rings, told)


def made(directory, rings, told, form=ALAW, low_water=0, delete=False, **given):
    policy = Policy(form, low_water, delete)
    return RecordingFiles(directory, rings.read, told.append, policy, clock_zero=ZERO, day_of=time.gmtime, **given)


def kinds(told):
    return [type(fact).__name__ for fact in told]


def data_of(path):
    octets = path.read_bytes()
    assert int.from_bytes(octets[4:8], "little") == len(octets) - 8
    assert int.from_bytes(octets[54:58], "little") == len(octets) - HEADER.size
    return octets[HEADER.size :]


def end(files, name, recorder=0):
    files.take(9, stopped(name, recorder))
    for _ in range(3):
        files.drain()


def test_a_recording_becomes_a_file_of_two_tracks(files, rings, told, tmp_path):
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x02" * 800)
    assert files.drain() == 1600
    files.take(2, stopped("c1-1"))
    rings.say(0, b"\x03\x04" * 80)
    for _ in range(3):
        files.drain()
    assert files.running == ()
    path = tmp_path / "2023-11-14" / "c1-1-221320.wav"
    assert find(tmp_path, "c1-1") == path
    assert data_of(path) == b"\x01\x02" * 800 + b"\x03\x04" * 80
    said, told_him = read_sound(path)
    assert (len(said), len(told_him)) == (880, 880)
    assert list(said[[0, 800]]) == list(decode_alaw(b"\x01\x03"))
    assert told == [facts.RecordingFiled(0.0, "c1-1", "2023-11-14/c1-1-221320.wav", ALAW, 0.11, 0.0)]
    notes = json.loads(path.with_suffix(".json").read_text())
    assert (notes["call"], notes["leg"], notes["line"], notes["started_at"]) == ("c1", 1, "e1-1/1", ZERO)
    assert list((tmp_path / "unfinished").iterdir()) == []


def test_the_file_plays_after_every_append_and_goes_on_in_a_new_control(files, rings, told, tmp_path):
    files.take(1, started("c1-1"))
    for n in range(5):
        rings.say(0, bytes([n, n]) * 10)
        files.drain()
        path = find(tmp_path, "c1-1")
        assert len(data_of(path)) == 20 * (n + 1)
        assert soundfile.info(str(path)).frames == 10 * (n + 1)
    # Killed: nobody closed anything, and the next sample was half written.
    with path.open("ab") as file:
        file.write(b"\x09")
    rings.say(0, b"\xaa\xaa" * 3)
    new = made(tmp_path, rings, told)
    assert new.adopt("c1-1", 0, 50.0) == path
    assert new.settle() == 0
    new.drain()
    assert len(list(tmp_path.glob("*/*.wav"))) == 1
    assert data_of(path)[-6:] == b"\xaa" * 6
    assert len(data_of(path)) == 106
    end(new, "c1-1")
    assert told[-1].file == "2023-11-14/c1-1-221320.wav"


def test_what_nobody_goes_on_with_is_over_at_the_next_start(files, rings, told, tmp_path):
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x01" * 800)
    files.drain()
    new = made(tmp_path, rings, told)
    assert new.settle() == 1
    assert kinds(told) == ["RecordingFiled"] and told[0].seconds == 0.1
    assert new.settle() == 0
    # The same name again, as after a start from nothing, is another recording.
    new.take(1, started("c1-1", at=3600.0))
    rings.say(0, b"\x02\x02")
    end(new, "c1-1")
    assert len(list(tmp_path.glob("2023-11-14/*.wav"))) == 2


def test_a_recorder_used_again_mixes_no_two_recordings(files, rings, tmp_path):
    files.take(1, started("a-1"))
    rings.say(0, b"\x01\x01")
    files.take(2, stopped("a-1"))
    files.take(3, started("b-1", at=10.0))
    rings.say(0, b"\x02\x02")
    files.drain()
    assert data_of(find(tmp_path, "a-1")) == b"\x01\x01"
    assert data_of(find(tmp_path, "b-1")) == b"\x02\x02"
    assert files.running == ("b-1",)


def test_a_name_never_leaves_the_directory(files, tmp_path):
    assert files.path_of("../../etc/passwd", 0.0).parent.parent == tmp_path


def test_what_the_ring_lost_is_silence_and_told(files, rings, told, tmp_path):
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x01" * 8000)
    rings.say(0, b"\x02\x02" * 80, lost=12000)
    files.drain()
    (row,) = files.notes()
    assert row.missing_s == 1.5
    assert data_of(find(tmp_path, "c1-1")) == b"\x01\x01" * 8000 + SILENCE * 12000 + b"\x02\x02" * 80
    assert told == [facts.RecordingGap(0.0, "c1-1", 1.0, 1.5, "not read")]
    # A new control knows of it.
    new = made(tmp_path, rings, told)
    new.adopt("c1-1", 0, 0.0)
    end(new, "c1-1")
    assert told[-1].missing_s == 1.5
    notes = json.loads(find(tmp_path, "c1-1").with_suffix(".json").read_text())
    assert notes["missing"] == [{"at_s": 1.0, "missing_s": 1.5, "reason": "not read"}]


def test_what_was_lost_before_the_first_sample_is_not_of_this_recording(files, rings, told, tmp_path):
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x01", lost=500)
    files.drain()
    assert data_of(find(tmp_path, "c1-1")) == b"\x01\x01"
    assert told == []


def test_below_the_watermark_nothing_is_written_and_time_stays_true(tmp_path, rings, told):
    free = [10_000]
    files = made(tmp_path, rings, told, low_water=1000, free_octets=lambda: free[0])
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x01" * 80)
    files.drain()
    free[0] = 999
    files.take(2, started("c2-1", recorder=1))
    for _ in range(2):
        rings.say(0, b"\x02\x02" * 80)
        rings.say(1, b"\x07\x07" * 80)
        files.drain()
    assert kinds(told) == ["AlarmRaised"] and "calls go on" in told[0].text
    assert data_of(find(tmp_path, "c1-1")) == b"\x01\x01" * 80
    assert find(tmp_path, "c2-1") is None, "no new recording begins"
    free[0] = 1500
    files.drain()
    assert files.full, "it does not come and go at the mark"
    free[0] = 2000
    rings.say(0, b"\x03\x03" * 80)
    files.drain()
    assert kinds(told) == ["AlarmRaised", "AlarmCleared", "RecordingGap"]
    assert told[2] == facts.RecordingGap(0.0, "c1-1", 0.01, 0.02, "disk")
    assert data_of(find(tmp_path, "c1-1")) == b"\x01\x01" * 80 + SILENCE * 160 + b"\x03\x03" * 80
    end(files, "c1-1")
    end(files, "c2-1", recorder=1)
    filed = [fact for fact in told if isinstance(fact, facts.RecordingFiled)]
    assert [(fact.recording, fact.missing_s) for fact in filed] == [("c1-1", 0.02)]
    assert not list((tmp_path / "unfinished").iterdir())


def test_the_oldest_make_room_when_told_so(tmp_path, rings, told):
    kept = []
    for day, name in (("2023-11-01", "old-1"), ("2023-11-02", "old-2"), ("2023-11-13", "old-3")):
        (tmp_path / day).mkdir()
        for ending in (".wav", ".json"):
            path = tmp_path / day / f"{name}-120000{ending}"
            path.write_bytes(bytes(1000))
        kept.append(path)

    def free():
        return 4000 - sum(1000 for path in tmp_path.glob("*/old*.wav"))

    files = made(tmp_path, rings, told, low_water=1500, delete=True, free_octets=free)
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x01")
    files.drain()
    files.drain()
    assert [(fact.recording, fact.file) for fact in told] == [("old-1", "2023-11-01/old-1-120000.wav")]
    assert not (tmp_path / "2023-11-01").exists()
    files = made(tmp_path, rings, told, low_water=10_000, delete=True, free_octets=free)
    files.adopt("c1-1", 0, 0.0)
    files.drain()
    assert kinds(told) == ["RecordingDeleted"] * 3 + ["AlarmRaised"]
    assert [path.name for path in oldest(tmp_path)] == ["c1-1-221320.wav"], "what still grows is never deleted"


def test_a_disk_that_refuses_is_an_alarm_and_no_exception(tmp_path, rings, told):
    (tmp_path / "recordings").write_text("a file where the folder should be")
    files = made(tmp_path / "recordings", rings, told, free_octets=lambda: 1)
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x01")
    assert files.drain() == 0
    assert kinds(told) == ["AlarmRaised"]


@given(
    room=st.integers(0, 6000),
    said=st.lists(st.tuples(st.sampled_from([0, 0, 0, 40]), st.integers(1, 300)), min_size=1, max_size=20),
)
def test_whenever_the_disk_fills_every_sample_is_in_the_file_or_missing(tmp_path_factory, room, said):
    """The disk takes ``room`` octets more, part of a piece even, then nothing, then everything again."""
    directory, rings, told = tmp_path_factory.mktemp("recordings"), Rings(), []
    files = made(directory, rings, told, free_octets=lambda: 1)
    files.take(1, started("c1-1"))
    left = [room]

    class Disk:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, octets):
            if left[0] <= 0 and len(octets) != HEADER.size:
                raise OSError(errno.ENOSPC, "No space left on device")
            part = octets if len(octets) == HEADER.size else octets[: left[0]]
            left[0] -= len(part)
            return self.file.write(part)

    expected = 0
    for number, (lost, count) in enumerate(said):
        rings.say(0, b"\x01\x01" * count, lost if number else 0)
        expected += count + (lost if number else 0)
        for recording in files._recordings.values():
            if recording.file is not None and not isinstance(recording.file._file, Disk):
                recording.file._file = Disk(recording.file._file)
        files.full = False
        files.drain()
        if number == len(said) // 2:
            left[0] = 1 << 30
    end(files, "c1-1")
    (filed,) = [fact for fact in told if isinstance(fact, facts.RecordingFiled)]
    octets = data_of(directory / filed.file)
    notes = json.loads((directory / filed.file).with_suffix(".json").read_text())
    missing = sum(round(gap["missing_s"] * 8000) for gap in notes["missing"])
    heard = octets.count(b"\x01") // 2
    assert heard + missing == expected
    assert filed.missing_s == pytest.approx(missing / 8000)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 512 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], check=False).returncode:
        pytest.skip("only root may mount a small tmpfs")
    yield place
    with contextlib.suppress(OSError):
        subprocess.run(["umount", "-l", place], check=False)


def test_a_real_disk_that_runs_full_costs_sound_and_nothing_else(small_disk, rings, told):
    filler = small_disk / "filler"
    filler.write_bytes(bytes(300 << 10))
    files = made(small_disk, rings, told)
    names = [f"c{recorder}-1" for recorder in range(4)]
    for recorder, name in enumerate(names):
        files.take(1, started(name, recorder))
    for _ in range(5):
        for recorder in range(4):
            rings.say(recorder, b"\x01\x01" * 8000)
        files.drain()
    assert kinds(told) == ["AlarmRaised"]
    paths = sorted(small_disk.glob("*/*.wav"))
    assert len(paths) == 4
    for path in paths:
        octets = data_of(path)
        assert soundfile.info(str(path)).frames == len(octets) // 2
        assert set(octets) == {0x01}
    assert sum(path.stat().st_size for path in paths) > 150 << 10, "the disk was used to its end"
    filler.unlink()
    for recorder in range(4):
        rings.say(recorder, b"\x02\x02" * 8)
    for _ in range(3):
        files.drain()
    for recorder, name in enumerate(names):
        end(files, name, recorder)
    filed = {fact.recording: fact for fact in told if isinstance(fact, facts.RecordingFiled)}
    assert set(filed) == set(names)
    for fact in filed.values():
        octets = data_of(small_disk / fact.file)
        assert fact.seconds == len(octets) / 16000 == 5.001
        assert octets.count(0xD5) == round(fact.missing_s * 16000) > 0
        assert octets.endswith(b"\x02\x02" * 8)


def test_odd_octets_wait_for_their_other_half(tmp_path):
    wav = GrowingWav(tmp_path / "x.wav")
    wav.append(b"\x01\x02\x03")
    assert data_of(wav.path) == b"\x01\x02"
    wav.append(b"\x04")
    assert data_of(wav.path) == b"\x01\x02\x03\x04"
