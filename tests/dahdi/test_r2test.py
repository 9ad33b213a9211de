"""A whole exchange, as ``zongji run`` starts it, on the kernel's drivers, and libopenr2's ``r2test`` at the far end: R2 of China both ways.

Channels 1-31 are ours, 32-62 its own; what r2test says of a call is compared with our records of it. Calls of ours go out through a trunk
group by the numbering plan, as transit calls of other channels, so that r2test is at both ends. Runs in virtual time. Left out: refusals
while the caller's number is asked for, which r2test has no signal for in this variant, and takes for a protocol error.
"""

import json
import signal
import subprocess
import sys
import time
import wave

import numpy as np
import pytest

from config.loader import load
from drivers.dahdi import AVAILABLE
from pbx.media import Plane
from pbx.places import Places
from pbx.plant import port_of
from pbx.signalling.r2.variant import category_of
from pbx.sound_file import encode_alaw
from pbx.store import StoreError, connect
from pbx.vocabulary.facts import decode
from tests.dahdi.r2test import WITHIN_S, R2Test
from tests.dahdi.rig.machine import TWO_PAIRS

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = TWO_PAIRS
PATIENCE_S = 300.0
CONFIGURATION = """
[exchange]
name = "rig"
tones = "china"

[[span]]
name = "e1"
kind = "cas"
card = "dahdi"
first_channel = 1

[[span]]
name = "gone"
kind = "cas"
card = "dahdi"
first_channel = 200

[[trunk_group]]
name = "nowhere"
circuits = ["gone/1-15"]
signalling = "r2"
variant = "china"

[[trunk_group]]
name = "in"
circuits = ["e1/1-15"]
signalling = "r2"
variant = "china"

[[trunk_group]]
name = "out"
circuits = ["e1/17-31"]
signalling = "r2"
variant = "china"

[[number]]
prefix = "1"
length = 4
destination = "announcement:tune"

[[number]]
prefix = "2"
length = 4
destination = "flow:stays"

[[number]]
prefix = "9"
length = 5
strip = 1
destination = "trunk:out"
callers = "all"

[[number]]
prefix = "6"
length = 4
destination = "trunk:nowhere"
callers = "all"

[flow.stays]
menu = "tune"
wait_seconds = 60
tries = 3

[flow.stays.choices]
1 = "announcement:tune"

[[prompt]]
name = "tune"
melody = "A4:400 C5:400 E5:400"

[recording]
what = "all"
format = "wav-linear"

[console]
port = 0
"""
IDLE = 0b1011
TONE_HZ = 700
NEAR = range(32, 47)
"""Channels whose other ends are our circuits 1 to 15, those of the group that calls come in on."""
FAR = range(48, 63)
"""Channels whose other ends are our circuits 17 to 31, those of the group that calls go out on."""


class Office:
    """``zongji run`` and what it has written."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "rig.toml"
        self.config.write_text(CONFIGURATION)
        self.configuration = load(self.config)
        assert not isinstance(self.configuration, list), self.configuration
        self.places = Places(self.configuration, folder / "data")
        self.log = folder / "log.txt"
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "pbx", "run", str(self.config), "--data", str(self.places.data)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.wait(lambda: self.rows("SELECT at FROM facts WHERE kind = 'ControlStarted'"), "the exchange does not come up")
        self.plane = Plane.attach(str(self.places.arena))

    def rows(self, query):
        try:
            connection = connect(self.places.store)
        except StoreError:
            return []
        try:
            return [tuple(row) for row in connection.execute(query)]
        finally:
            connection.close()

    def wait(self, wanted, what):
        until = time.monotonic() + WITHIN_S
        while not wanted():
            assert time.monotonic() < until and self.process.poll() is None, f"{what}:\n{self.log.read_text()}"
            time.sleep(0.05)

    def bits(self, way):
        """What stands on our circuits by slot, "in" or "out", as the plane knows it."""
        slots = [slot for slot in range(1, 32) if slot != 16]
        return {slot: getattr(self.plane.levels(port_of(self.configuration, "e1", slot)), f"bits_{way}") for slot in slots}

    def at_rest(self):
        """Every circuit idle in both directions, no call open, no fault, nothing that surprised a line."""
        mask = 0b1100
        self.wait(
            lambda: (
                all(bits & mask == IDLE & mask for way in ("in", "out") for bits in self.bits(way).values())
                and not self.rows("SELECT call FROM calls WHERE ended_at IS NULL")
            ),
            f"not at rest: {self.bits('in')} {self.bits('out')} {self.rows('SELECT * FROM calls WHERE ended_at IS NULL')}",
        )
        assert not (self.places.data / "faults.txt").exists(), (self.places.data / "faults.txt").read_text()

    def records(self, known=0):
        """Call detail records after the first ``known``: line, direction, caller, called, cause, answered."""
        query = "SELECT line, direction, calling, called, cause, answered_at IS NOT NULL FROM cdr ORDER BY sequence"
        return self.rows(query)[known:]

    def filed(self, line):
        """The tracks of the recording of a line's call: what it said, what it was told. None while there is none."""
        for description in self.places.recordings.glob("*/*.json"):
            sound = description.with_suffix(".wav")
            if json.loads(description.read_text())["line"] == line and sound.exists():
                with wave.open(str(sound)) as file:
                    return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WITHIN_S)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    office = Office(tmp_path_factory.mktemp("office"))
    yield office
    office.plane.close()
    assert office.stop() == 0, office.log.read_text()


@pytest.fixture
def known(office):
    """How many records there were before the test; after it every circuit is idle."""
    yield len(office.records())
    office.at_rest()


ASKED = ["far end unblocked", "making call. DNID = {}, CID = {}, CPC = National Subscriber"]
ANSWERED = ["call has been accepted with type: Call With Charge", "call has been answered", "call read data of length 160"]
CLEARED = ["got disconnect: Normal Clearing", "call ended"]


def incoming(channels, called, calling, cause, answered=1):
    """The records of calls that came in from these channels."""
    return [(f"e1/{channel - 31}", "incoming", calling, called, cause, answered) for channel in channels]


def told(words, called, calling):
    return [line.format(called, calling) for line in words]


def without_repeats(said):
    """It says every eight seconds that it hears something."""
    return list(dict.fromkeys(said))


def test_it_calls_us_on_fifteen_channels_at_once_and_we_answer_and_clear(office, known, tmp_path):
    with R2Test(tmp_path, NEAR[0], NEAR[-1], "caller", dnid=1234, cid=87651234) as caller:
        caller.await_words("call ended")
        for channel in NEAR:
            assert without_repeats(caller.said(channel)) == told([*ASKED, *ANSWERED, *CLEARED], 1234, 87651234)
        office.at_rest()
    assert sorted(office.records(known)) == sorted(incoming(NEAR, "1234", "87651234", 16))


def test_it_calls_us_and_clears_three_times_in_a_row_on_the_same_channels(office, known, tmp_path):
    channels = NEAR[:3]
    for turn in range(3):
        with R2Test(tmp_path, channels[0], channels[-1], "caller", dnid=2000 + turn, cid=8001) as caller:
            caller.await_words("call read data")
            assert not any("disconnect" in line for channel in channels for line in caller.said(channel))
        office.at_rest()
    wanted = [row for turn in range(3) for row in incoming(channels, f"{2000 + turn}", "8001", 16)]
    assert sorted(office.records(known)) == sorted(wanted)


def test_a_number_that_leads_nowhere_now_is_congestion_at_both_ends(office, known, tmp_path):
    with R2Test(tmp_path, NEAR[0], NEAR[0], "caller", dnid=6234, cid=8001) as caller:
        caller.await_words("call ended")
        assert caller.said(NEAR[0]) == told([*ASKED, "got disconnect: Network Congestion", "call ended"], 6234, 8001)
        office.at_rest()
    assert office.records(known) == incoming(NEAR[:1], "6234", "8001", 34, 0)


def called(callee):
    """Channels on which it was called."""
    return [channel for channel in callee.channels if any("new call detected" in line for line in callee.said(channel))]


@pytest.mark.parametrize(
    ("first", "category", "its_number", "ours"),
    [("caller", "NATIONAL_SUBSCRIBER", 0, 1), ("callee", "NATIONAL_PRIORITY_SUBSCRIBER", 1, 2)],
)
def test_it_calls_itself_through_us_and_either_end_clears_first(first, category, its_number, ours, office, known, tmp_path):
    """``its_number`` is how it prints a category, ``ours`` the signal KA, which this variant of libopenr2 repeats as KD."""
    (tmp_path / "caller").mkdir()
    (tmp_path / "callee").mkdir()
    channels = NEAR[:5]
    with (
        R2Test(tmp_path / "callee", FAR[0], FAR[-1], "callee") as callee,
        R2Test(tmp_path / "caller", channels[0], channels[-1], "caller", dnid=91234, cid=87651234, category=category) as caller,
    ):
        caller.await_words("call read data")
        reached = called(callee)
        assert len(reached) == len(channels)
        for channel in reached:
            assert f"call ready. ANI = 87651234, DNIS = 1234, Category = {its_number}" in callee.said(channel)
        ends = {"caller": (caller, callee, reached), "callee": (callee, caller, channels)}
        ending, other, its_channels = ends[first]
        ending.end()
        other.await_words("call ended", its_channels)
        for channel in its_channels:
            assert other.said(channel)[-2:] == CLEARED
        office.at_rest()
    # Who was called and is gone has not cleared, which would be clear-back: his circuit has failed (Q.850: temporary failure).
    cause = 16 if first == "caller" else 41
    outgoing = [(f"e1/{channel - 31}", "outgoing", "87651234", "1234", cause, 1) for channel in reached]
    assert sorted(office.records(known)) == sorted([*incoming(channels, "91234", "87651234", cause), *outgoing])
    query = "SELECT octets FROM facts WHERE kind = 'Originated' ORDER BY sequence DESC LIMIT 5"
    assert {decode(octets).category for (octets,) in office.rows(query)} == {category_of(ours, ours)}


def test_sound_of_the_called_end_comes_out_at_the_calling_one_and_back(office, known, tmp_path):
    """A tone that the called end plays; the calling end says back what it hears, so the recording of its circuit has it in both tracks."""
    (tmp_path / "caller").mkdir()
    (tmp_path / "callee").mkdir()
    wave_of_tone = 8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(80000) / 8000)
    (tmp_path / "tone.alaw").write_bytes(encode_alaw(wave_of_tone.astype(np.int16)))
    playing = {"playaudio": "yes", "audiofile": tmp_path / "tone.alaw"}
    with (
        R2Test(tmp_path / "callee", FAR[0], FAR[-1], "callee", **playing),
        R2Test(tmp_path / "caller", NEAR[7], NEAR[7], "caller", dnid=91234, cid=8001) as caller,
    ):
        caller.await_words("call read data")
    office.at_rest()
    office.wait(lambda: office.filed("e1/8") is not None, "no recording")
    for track in office.filed("e1/8").T:
        heard = np.abs(np.fft.rfft(track.astype(float) * np.hanning(len(track))))
        assert round(np.argmax(heard) * 8000 / len(track), -1) == TONE_HZ
