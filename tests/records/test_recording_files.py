"""Recordings: WAV files that play at whatever moment they are looked at, go on after a restart, and never cost a call."""

import time

import pytest

from pbx.recording_files import HEADER, GrowingWav, RecordingFiles, find
from pbx.sound_file import decode_alaw, read_sound
from pbx.vocabulary import facts


class Rings:
    """The plane's recorder rings: each reading takes what is there."""

    def __init__(self):
        self.octets = {}

    def say(self, recorder, octets):
        self.octets[recorder] = self.octets.get(recorder, b"") + octets

    def read(self, recorder):
        return self.octets.pop(recorder, b"")


def started(name, recorder=0, at=0.0):
    return facts.RecordingStarted(at, "c1", 1, "e1-1/1", recording=name, recorder=recorder)


def stopped(name, recorder=0, at=9.0):
    return facts.RecordingStopped(at, "c1", 1, "e1-1/1", recording=name, recorder=recorder)


@pytest.fixture
def rings():
    return Rings()


@pytest.fixture
def files(tmp_path, rings):
    return RecordingFiles(tmp_path, rings.read, clock_zero=1_700_000_000.0, low_water_octets=0, day_of=time.gmtime)


def data_of(path):
    octets = path.read_bytes()
    assert int.from_bytes(octets[4:8], "little") == len(octets) - 8
    assert int.from_bytes(octets[54:58], "little") == len(octets) - HEADER.size
    return octets[HEADER.size :]


def test_a_recording_becomes_a_file_of_two_tracks(files, rings, tmp_path):
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
    said, told = read_sound(path)
    assert (len(said), len(told)) == (880, 880)
    assert list(said[[0, 800]]) == list(decode_alaw(b"\x01\x03"))


def test_the_file_plays_after_every_append_and_goes_on_in_a_new_control(files, rings, tmp_path):
    files.take(1, started("c1-1"))
    for n in range(5):
        rings.say(0, bytes([n, n]) * 10)
        files.drain()
        assert len(data_of(find(tmp_path, "c1-1"))) == 20 * (n + 1)
    # Killed: nobody closed anything, and the next sample was half written.
    with find(tmp_path, "c1-1").open("ab") as file:
        file.write(b"\x09")
    rings.say(0, b"\xaa\xaa" * 3)
    new = RecordingFiles(tmp_path, rings.read, clock_zero=1_700_000_000.0, low_water_octets=0, day_of=time.gmtime)
    assert new.adopt("c1-1", 0, 50.0) == find(tmp_path, "c1-1")
    new.drain()
    assert len(list(tmp_path.glob("*/*.wav"))) == 1
    assert data_of(find(tmp_path, "c1-1"))[-6:] == b"\xaa" * 6
    assert len(data_of(find(tmp_path, "c1-1"))) == 106


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


def test_below_the_watermark_recordings_end_and_go_on_when_there_is_room(tmp_path, rings):
    free, alarms, cleared = [10_000], [], []
    files = RecordingFiles(
        tmp_path,
        rings.read,
        low_water_octets=1000,
        on_alarm=alarms.append,
        on_clear=lambda: cleared.append(True),
        free_octets=lambda: free[0],
    )
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x01")
    files.drain()
    free[0] = 999
    for _ in range(2):
        rings.say(0, b"\x02\x02")
        files.drain()
    assert len(alarms) == 1 and "calls go on" in alarms[0] and files.refused == 4
    assert data_of(find(tmp_path, "c1-1")) == b"\x01\x01"
    free[0] = 1500
    files.drain()
    assert files.full, "it does not come and go at the mark"
    free[0] = 2000
    rings.say(0, b"\x03\x03")
    files.drain()
    assert cleared == [True] and data_of(find(tmp_path, "c1-1")) == b"\x01\x01\x03\x03"


def test_a_disk_that_refuses_is_an_alarm_and_no_exception(tmp_path, rings):
    alarms = []
    (tmp_path / "recordings").write_text("a file where the folder should be")
    files = RecordingFiles(tmp_path / "recordings", rings.read, low_water_octets=0, on_alarm=alarms.append, free_octets=lambda: 1)
    files.take(1, started("c1-1"))
    rings.say(0, b"\x01\x01")
    assert files.drain() == 0
    assert len(alarms) == 1 and files.refused == 2


def test_odd_octets_wait_for_their_other_half(tmp_path):
    wav = GrowingWav(tmp_path / "x.wav")
    wav.append(b"\x01\x02\x03")
    assert data_of(wav.path) == b"\x01\x02"
    wav.append(b"\x04")
    assert data_of(wav.path) == b"\x01\x02\x03\x04"
