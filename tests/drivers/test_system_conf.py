"""system.conf: every keyword, every mistake with its line, and dahdi_cfg as judge of both."""

import os
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as some

from drivers.system_conf import SIGNALLING, ChannelLine, DynamicLine, SpanLine, channel_numbers, parse_system_conf, ranges
from tests.dahdi.rig.archive import NO_RIG, NoRigError
from tests.dahdi.rig.build import ready

WHOLE = """\
# two E1, one towards the network
span=1,1,0,cas,hdb3,crc4
 SPAN = 2 , 0 , 0 ,ccs,hdb3,crc4,yellow   # ISDN
cas=1-15,17-31:1101
bchan = 32-46,48-62
dchan=47
dynamic=loc,1:0,31,0
fxoks=94,95
mtp2=96
echocanceller=mg2,94-95
alaw=94-95
loadzone=cn
defaultzone=cn
"""

WRONG = """\
span=1,1,0,cas
span=0,1,0,cas,hdb3
span=1,x,0,cas,hdb3
span=1,256,0,cas,hdb3
span=1,1,9,cas,hdb3
span=1,1,0,foo,hdb3
span=1,1,0,cas,foo
span=1,1,0,cas,hdb3,foo
fxoks=1,,2
fxoks=
=5
fxoks=5-6-7
fxoks=8-7
bchan=2000
fxoks="5"
cas=10
cas=11:11
cas=12:xxxx
dynamic=loc,1:0,31
dynamic=loc,1:0,x,0
echocanceller=mg2
context=foo
[section]
fxsks=20
fxoks=20
span=3,1,0,cas ,hdb3
"""
REFUSED = [*range(1, 24), 25, 26]
"""Lines of it that are wrong; line 24 is there for line 25 to repeat."""


def test_a_whole_file():
    read = parse_system_conf(WHOLE)
    assert read.faults == ()
    assert read.spans == {1: SpanLine(2, 1, 1, 0, "cas", "hdb3", True), 2: SpanLine(3, 2, 0, 0, "ccs", "hdb3", True)}
    assert read.dynamic == (DynamicLine(7, "loc", "1:0", 31, 0),)
    assert read.channels[1] == ChannelLine(4, "cas", "CAS", 0b1101)
    assert 16 not in read.channels
    assert read.channels[47] == ChannelLine(6, "dchan", "HDLCFCS")
    assert {number for number, line in read.channels.items() if line.keyword == "bchan"} == {*range(32, 47), *range(48, 63)}
    assert read.channels[96].signalling == "MTP2"
    assert {number: echo.name for number, echo in read.echo_cancellers.items()} == {94: "mg2", 95: "mg2"}


def test_every_mistake_has_its_line_and_a_cure():
    read = parse_system_conf(WRONG)
    assert [fault.line for fault in read.faults] == REFUSED
    assert all(fault.what and fault.cure for fault in read.faults)


def test_a_span_twice():
    (fault,) = parse_system_conf("span=1,1,0,cas,hdb3\nspan=1,2,0,cas,hdb3\n").faults
    assert (fault.line, fault.what) == (2, "span 1 is in line 1 already")


@pytest.mark.parametrize("keyword", SIGNALLING)
def test_every_keyword_of_channels(keyword):
    read = parse_system_conf(f"{keyword.upper()}=3,5{':1101' if SIGNALLING[keyword] == 'CAS' else ''}\n")
    assert read.faults == ()
    assert {number: line.signalling for number, line in read.channels.items()} == {3: SIGNALLING[keyword], 5: SIGNALLING[keyword]}


@given(some.sets(some.integers(1, 1023), min_size=1))
def test_ranges_there_and_back(numbers):
    assert set(channel_numbers(ranges(numbers))) == numbers


@given(some.text() | some.lists(some.sampled_from([*WHOLE.splitlines(), *WRONG.splitlines()])).map("\n".join))
def test_any_text_is_read_without_a_fault_of_ours(text):
    read = parse_system_conf(text)
    assert all(1 <= fault.line <= len(text.splitlines()) for fault in read.faults)
    assert all(1 <= number <= 1023 for number in read.channels)


def judged(path):
    """The lines that dahdi_cfg finds wrong; it opens its master device first, so it gets a /dev of its own with an empty file there."""
    try:
        rig = ready()
    except NoRigError as reason:
        pytest.skip(f"{NO_RIG}{reason}")
    script = (
        "mount -t tmpfs none /dev && mkdir /dev/dahdi && : > /dev/dahdi/ctl && mknod /dev/null c 1 3 || exit 99; "
        f"LD_LIBRARY_PATH={rig.libraries} exec {rig.program('dahdi_cfg')} -t -c {path}"
    )
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode == 99:
        pytest.skip("no mount namespace of our own may be made here")
    wrong = [int(number) for number in re.findall(r"^line (\d+):", done.stdout + done.stderr, re.MULTILINE)]
    assert bool(wrong) == bool(done.returncode), done.stdout + done.stderr
    return wrong


@pytest.mark.skipif(os.geteuid() != 0, reason="dahdi_cfg opens its devices as root alone")
class TestJudge:
    """dahdi_cfg itself."""

    def test_takes_what_we_take(self, tmp_path):
        (tmp_path / "system.conf").write_text(WHOLE)
        assert judged(tmp_path / "system.conf") == []

    def test_what_it_refuses_is_refused_here(self, tmp_path):
        (tmp_path / "system.conf").write_text(WRONG)
        refused = judged(tmp_path / "system.conf")
        assert refused
        assert set(refused) <= set(REFUSED)
