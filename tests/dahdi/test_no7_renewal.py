"""A call by No. 7 on the kernel's own channels goes on while the plane dies and while the whole program is renewed; links align anew.

Runs inside the machine of ``rig/``: ``zongji run`` on channels 1 to 31, here the simulated far end on 32 to 62, stepped by the clock.
"""

import itertools
import subprocess
import sys
import time

import msgspec
import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from config.loader import load
from config.schema import Configuration
from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx import far_network
from pbx.clock import VirtualClock
from pbx.exchange import layout_of, load_sounds
from pbx.media import Plane
from pbx.plant import COMMON_CHANNEL_IDLE
from pbx.prompts import melody
from pbx.sound_file import encode_alaw
from pbx.tone_plan import china
from pbx.vocabulary import media
from tests.dahdi.keeper_office import HOME, Office
from tests.dahdi.keeper_office import PATIENCE_S as LONG_S
from tests.dahdi.loop_back import E1, LINK_SLOT, NO_7, Pair, system_conf

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

SYSTEM_CONF = system_conf((Pair(E1, NO_7, NO_7),))
pytestmark = pytest.mark.usefixtures("virtual_time")
PATIENCE_S = 900.0
TICK_S = 0.01
SILENCE = 0xD5
CONFIGURATION = """
[exchange]
name = "rig"
data_directory = "{data}"
[[span]]
name = "e1"
kind = "ccs"
card = "dahdi"
first_channel = 1
signalling_channels = [16]
[[signalling_point]]
name = "city"
code = "21-100-1"
[[signalling_link_set]]
name = "toll"
point = "city"
adjacent = "21-100-51"
[[signalling_link]]
name = "toll-0"
link_set = "toll"
code = 0
channel = "e1/16"
[[trunk_group]]
name = "toll"
circuits = ["e1/1-15", "e1/17-31"]
signalling = "USER_PART"
point = "city"
far_point = "21-100-51"
[[number]]
prefix = "10086"
destination = "flow:main_menu"
[flow.main_menu]
greeting = "music"
menu = "music"
otherwise = "queue:service"
[[queue]]
name = "service"
title = "service"
skill = "service"
music = "music"
[[agent]]
number = "1001"
name = "nobody"
password = "1001"
skills = ["service"]
[[prompt]]
name = "music"
melody = "E4:250 G4:250 A4:250 C5:250 D5:250 C5:250 A4:250"
[console]
port = 0
[line_keeper]
patience_seconds = {patience}
"""


class FarEnd:
    """The exchange at the other end of the span; time passes in ``until``."""

    def __init__(self, configuration):
        bits = COMMON_CHANNEL_IDLE
        self.card = Dahdi(DahdiSettings(1 + E1, idle_bits=bits, signalling_channels=(LINK_SLOT,), at_once=True, clear_ms=200))
        self.clock = VirtualClock()
        self.plane = Plane.create(layout_of(configuration))
        for card in (self.card.card, *self.card.links):
            self.plane.add_card(card)
        prompts = load_sounds(self.plane, china(), {row.name: encode_alaw(melody(row.melody)) for row in configuration.prompts})
        # The far end stands on this very span, whatever ours is called.
        spans = [msgspec.structs.replace(span, card="wire") for span in configuration.spans]
        self.network = far_network.build(msgspec.structs.replace(configuration, spans=spans), self.plane, self.clock, prompts)
        far_network.start(self.network, self.plane)
        (self.link,) = self.network.signalling.links.values()
        self.heard = bytearray()
        self._tick = 0
        self._began = time.monotonic()

    def close(self):
        self.card.close()

    def step(self):
        """One tick of everything here."""
        time.sleep(max(0.0, self._began + self._tick * TICK_S - time.monotonic()))
        if self._tick % 100 == 0:
            self.card.mend()
        self.clock.run_until(self._tick * TICK_S)
        self.plane.tick(self._tick)
        self.network.media_events(self.plane.drain())
        self.heard += self.plane.read_recorder(0)[::2]
        self._tick += 1

    def until(self, wanted, what, seconds=LONG_S):
        end = time.monotonic() + seconds
        for count in itertools.count():
            if count % 10 == 0 and wanted():
                return
            assert time.monotonic() < end, what
            self.step()

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()

    def hears(self):
        """Whether the last second was not silent."""
        self.heard.clear()
        self.run(1.0)
        return sum(octet not in (SILENCE, 0x55) for octet in self.heard) > 2000

    def idle(self):
        return sum(line.available for line in self.network.circuits)


@pytest.fixture(params=["isup", "tup"])
def ends(request, tmp_path):
    """Our office and the far end, in service."""
    text = CONFIGURATION.replace("USER_PART", request.param)
    office = Office(tmp_path, configuration=text)
    found = load(office.config)
    assert isinstance(found, Configuration), found
    far = FarEnd(found)
    try:
        far.until(lambda: far.link.state == "InService" and far.idle() == 30, "the office does not come up")
        far.run(3.0)
        yield office, far
    finally:
        far.close()
        office.close()
        sys.stdout.write(office.said[-6000:])


def call(far):
    """A caller who hears the greeting, then the music of a queue."""
    caller = far.network.subscriber("01062345678")
    assert caller.dial("10086")
    far.until(lambda: caller.state == "talking", "no answer")
    far.plane.send(caller.line.port, media.Record(0))
    far.until(far.hears, "no music")
    return caller


def gone_on(office, far, caller, starts):
    """The link aligns anew, the call is up and heard, all other circuits are reset; the call ends as calls end, with one record."""
    far.until(lambda: office.starts() > starts, "no new control")
    far.until(lambda: far.link.state != "InService", "the link has not noticed")
    far.until(lambda: far.link.state == "InService", "the link does not align")
    aligned_at = far.clock.now
    far.until(lambda: any(at > aligned_at and text.startswith("<- GRS") for at, text in far.network.circuits[1].history), "no reset")
    sys.stderr.write(f"circuits are reset {far.clock.now - aligned_at:.1f} s after the link came back\n")
    assert caller.state == "talking"
    far.until(far.hears, "not heard any more")
    assert far.idle() == 29
    line = caller.line.name
    caller.hang_up()
    query = "SELECT line, direction, cause FROM cdr WHERE answered_at IS NOT NULL ORDER BY ended_at"
    far.until(lambda: office.rows(query), "no record")
    assert office.rows(query) == [(line, "incoming", 16)]
    far.until(lambda: far.idle() == 30, "the circuit is not free again")
    again = call(far)
    again.hang_up()
    far.until(lambda: len(office.rows(query)) == 2, "no second record")
    assert not far.network.floor.counters, far.network.floor.counters


def test_the_plane_is_killed(ends):
    office, far = ends
    caller = call(far)
    starts = office.starts()
    office.kill("plane")
    gone_on(office, far, caller, starts)


def test_the_whole_program_is_renewed(ends):
    office, far = ends
    caller = call(far)
    starts = office.starts()
    command = [sys.executable, "-m", "pbx", "restart", "--data", str(office.data)]
    asked = subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True)
    far.until(lambda: asked.poll() is not None, "restart does not end")
    said = asked.communicate()[0]
    assert asked.returncode == 0 and "1 calls went over, 0 did not" in said, said
    gone_on(office, far, caller, starts)
