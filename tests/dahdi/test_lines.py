"""``zongji lines`` on the kernel's own drivers: what it proposes is taken by our loader and by ``dahdi_cfg``; what is broken it names."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.loader import load
from pbx.lines_command import lines_command
from tests.dahdi.rig.face import Channel, Control, lib
from tests.dahdi.rig.inside import make_nodes
from tests.dahdi.rig.machine import TWO_PAIRS

SYSTEM_CONF = TWO_PAIRS
HOLDS = "import os, sys; os.open('/dev/dahdi/63', os.O_RDWR); print('open', flush=True); sys.stdin.read()"


def dahdi_cfg(path, *options):
    done = subprocess.run(["dahdi_cfg", *options, "-c", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    make_nodes()
    return done.stdout + done.stderr


@pytest.fixture
def proposed(tmp_path):
    """The proposed configuration and system.conf. Afterwards the machine is as it was."""
    mine, system = tmp_path / "mine.toml", tmp_path / "system.conf"
    assert lines_command(["discover", "--write", str(mine), "--write-system-conf", str(system)]) == 0
    yield mine, system
    dahdi_cfg("/run/dahdi/system.conf")


def check(proposed, capsys):
    """The exit code, and what ``lines check`` says: for each line the words of the file that it names, and what it says of them."""
    mine, system = proposed
    capsys.readouterr()
    code = lines_command(["check", str(mine), "--system-conf", str(system)])
    said = []
    for line in capsys.readouterr().out.splitlines():
        path, number, words = line.split(":", 2)
        said.append((Path(path).read_text().splitlines()[int(number) - 1] if number.isdigit() else "", words.strip()))
    return code, said


def test_what_is_proposed_is_a_configuration_and_a_system_conf(proposed):
    mine, system = proposed
    configuration = load(mine)
    assert not isinstance(configuration, list), configuration
    first = {span.name: (span.first_channel, span.kind) for span in configuration.spans}
    assert (first["e1-1"], first["e1-2"], first["sub-3"], first["co-4"]) == ((1, "cas"), (32, "cas"), (63, "subscriber"), (94, "office"))
    assert "124 channels to configure" in dahdi_cfg(system, "-t", "-vv")


def test_set_up_as_proposed_nothing_disagrees(proposed, capsys):
    dahdi_cfg(proposed[1])
    capsys.readouterr()
    assert lines_command(["check", str(proposed[0]), "--system-conf", str(proposed[1])]) == 0
    assert capsys.readouterr().out == f"{proposed[0]}: nothing disagrees\n"
    for number, signalling in (
        (5, "CAS"),
        (16, "HDLCFCS"),
        (63, "FXOKS"),
        (71, "EM"),
        (73, "EM_E1"),
        (75, "CLEAR"),
        (78, "MTP2"),
        (94, "FXSKS"),
    ):
        with Channel(number) as channel:
            assert channel.parameters().sigtype == getattr(lib, f"DAHDI_SIG_{signalling}")


def test_a_channel_set_up_as_something_else_is_named(proposed, capsys):
    with Control() as control:
        control.configure(5, lib.DAHDI_SIG_CLEAR)
    assert check(proposed, capsys) == (
        2,
        [
            (
                'circuits = ["e1-1/1-15", "e1-1/17-31"]',
                "channel 5 should be CAS, and the kernel has Clear; system.conf has it right: run dahdi_cfg",
            ),
            ("cas=1-15,17-31:1011", "the kernel has Clear on channel 5; run dahdi_cfg, and look at what it says"),
        ],
    )


def test_a_span_that_is_gone_is_named(proposed, capsys):
    with Control() as control:
        control.destroy("2:1")
    code, said = check(proposed, capsys)
    assert code == 2
    for first in (94, 102, 110):
        assert (f"first_channel = {first}", f"DAHDI has no channel {first}; there are 1-93; ./zongji lines discover lists them") in said
    cure = "take them out of the line, or load the driver of the board"
    assert ("fxsks=94-101", f"DAHDI has no channels 94-101; {cure}") in said


def test_a_channel_open_in_another_program_is_named_with_it(proposed, capsys):
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "open\n"
        code, said = check(proposed, capsys)
        other.communicate("")
    cure = "end that program, or leave the channels to it"
    assert (code, said) == (2, [('line = "sub-3/1"', f"channel 63 is open in python (process {other.pid}); {cure}")])
    assert lines_command(["check", str(proposed[0]), "--system-conf", str(proposed[1])]) == 0


@pytest.fixture
def no_7(tmp_path):
    """The first two spans set up for No. 7 by hand, and what is proposed then. Afterwards the machine is as it was."""
    mine, system = tmp_path / "mine.toml", tmp_path / "system.conf"
    wanted = tmp_path / "wanted.conf"
    wanted.write_text(SYSTEM_CONF.replace("cas=1-15,17-31,32-46,48-62:1001\ndchan=16,47\n", "bchan=1-15,17-31,32-46,48-62\nmtp2=16,47\n"))
    dahdi_cfg(wanted)
    assert lines_command(["discover", "--write", str(mine), "--write-system-conf", str(system)]) == 0
    yield mine, system
    dahdi_cfg("/run/dahdi/system.conf")


def test_spans_of_no_7_are_proposed_as_they_are_and_nothing_disagrees(no_7, capsys):
    configuration = load(no_7[0])
    assert not isinstance(configuration, list), configuration
    spans = {span.name: (span.kind, span.first_channel, span.signalling_channels) for span in configuration.spans}
    assert (spans["e1-1"], spans["e1-2"]) == (("ccs", 1, [16]), ("ccs", 32, [16]))
    assert [link.channel for link in configuration.signalling_links] == ["e1-1/16", "e1-2/16"]
    dahdi_cfg(no_7[1])
    capsys.readouterr()
    assert lines_command(["check", str(no_7[0]), "--system-conf", str(no_7[1])]) == 0
    assert capsys.readouterr().out == f"{no_7[0]}: nothing disagrees\n"


def test_a_link_on_a_d_channel_is_named(no_7, capsys):
    dahdi_cfg(no_7[1])
    with Control() as control:
        control.configure(47, lib.DAHDI_SIG_HDLCFCS)
    assert check(no_7, capsys) == (
        2,
        [
            ('channel = "e1-2/16"', "channel 47 should be MTP2, and the kernel has HDLCFCS; system.conf has it right: run dahdi_cfg"),
            ("mtp2=47", "the kernel has HDLCFCS on channel 47; run dahdi_cfg, and look at what it says"),
        ],
    )
