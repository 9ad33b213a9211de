"""A call by No. 7 on the kernel's own channels goes on while the plane dies and while the whole program is renewed; links align anew.

Runs inside the machine of ``rig/``: ``zongji run`` on channels 1 to 31, here the simulated far end on 32 to 62, stepped by the clock.
"""

import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest

pytest.importorskip("tests.dahdi.rig.machine", reason="the rig with the kernel's drivers is not here")

from config.loader import load
from drivers.dahdi import AVAILABLE, Dahdi, DahdiSettings
from pbx import far_network
from pbx.clock import VirtualClock
from pbx.exchange import layout_of, load_sounds
from pbx.media import Plane
from pbx.tone_plan_file import china
from tests.dahdi.keeper_office import HOME, PATIENCE_S as LONG_S, Office
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
signalling = "{user_part}"
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
"""
