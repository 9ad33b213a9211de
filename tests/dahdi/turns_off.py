"""A module that test_machine.py has pytest run, and that pytest does not find by itself: in its test the machine is turned off."""

import ctypes

from tests.dahdi.rig.inside import POWER_OFF

SYSTEM_CONF = ""


def test_that_never_ends():
    ctypes.CDLL(None).reboot(POWER_OFF)
