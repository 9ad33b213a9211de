"""What disagrees: each kind of disagreement is made on purpose and found in its file and line, with a cure; and nothing else is."""

import re

import pytest

from config.lines import locate
from config.loader import check
from config.schema import Configuration
from drivers.dahdi_survey import survey
from drivers.line_agreement import Sources, disagreements
from drivers.line_proposal import propose
from drivers.system_conf import parse_system_conf
from tests.drivers.machines import MACHINES, unpack

IDLE = 0b1011
QUIET = ("is in alarm", "should be", "not set up", "open in", "echo canceller", "the kernel has")
"""What even a good configuration may be told of a machine: its state, not a contradiction."""


class Machine:
    """A machine, the two texts proposed for it, and changes to either."""

    def __init__(self, name, folder):
        self.root = unpack(name, folder)
        found = propose(survey(self.root), IDLE)
        self.configuration, self.system = found.configuration, found.system_conf

    def change(self, old, new, *, of="configuration"):
        text = getattr(self, of)
        assert old in text
        setattr(self, of, text.replace(old, new, 1))

    def change_kernel(self, span, old, new):
        path = self.root / "proc/dahdi" / str(span)
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def problems(self, with_system=True):
        configuration = check(self.configuration, "mine.toml")
        assert isinstance(configuration, Configuration), [str(problem) for problem in configuration]
        system = parse_system_conf(self.system) if with_system else None
        sources = Sources("mine.toml", configuration, locate(self.configuration), survey(self.root), "system.conf", system)
        return disagreements(sources, lambda group: IDLE)

    def found(self, file, word, **options):
        """The one problem of a file that says ``word``, and the text of its line."""
        (problem,) = [problem for problem in self.problems(**options) if problem.file == file and word in problem.what]
        text = self.configuration if file == "mine.toml" else self.system
        return problem, text.splitlines()[problem.line - 1]


@pytest.fixture
def e1(tmp_path):
    machine = Machine("e1-cas", tmp_path)
    machine.change_kernel(2, "(In use) ", "")
    return machine


@pytest.mark.parametrize("name", MACHINES)
def test_a_proposal_agrees_with_its_machine(name, tmp_path):
    told = Machine(name, tmp_path).problems()
    assert [str(problem) for problem in told if not any(word in problem.what for word in QUIET)] == []


def test_nothing_disagrees(e1):
    assert e1.problems() == []
    assert e1.problems(with_system=False) == []


def test_no_dahdi(e1, tmp_path_factory):
    e1.root = tmp_path_factory.mktemp("bare")
    assert {problem.what for problem in e1.problems()} == {"DAHDI is not in the kernel"}


def test_a_span_is_missing(e1):
    e1.change("first_channel = 32", "first_channel = 632")
    problem, line = e1.found("mine.toml", "no channel 632")
    assert line == "first_channel = 632"
    assert problem.cure.startswith("there are 1-62")


def test_a_span_lies_askew(e1):
    e1.change("first_channel = 32", "first_channel = 33")
    problem, line = e1.found("mine.toml", "e1-2 is an E1 from channel 33 on; span 2 of DAHDI has 32-62")
    assert (line, problem.cure) == ("first_channel = 33", "give first_channel = 32")
    assert e1.found("mine.toml", "DAHDI has no channel 63, which e1-2 uses")[1].startswith("circuits = ")


def test_a_board_goes_beyond(tmp_path):
    machine = Machine("analog", tmp_path)
    machine.change("channels = 8", "channels = 9")
    problem, line = machine.found("mine.toml", "sub-2 goes beyond span 2 of DAHDI, which ends with channel 16")
    assert (line, problem.cure) == ("channels = 9", "give channels = 8")


def test_crc4_differs_in_the_kernel_and_in_the_file(e1):
    e1.change("first_channel = 1", "first_channel = 1\ncrc4 = false")
    problem, line = e1.found("mine.toml", "CRC-4")
    assert (line, problem.what) == ("crc4 = false", "CRC-4 is off in e1-1 and on in span 1 of the kernel")
    assert "set crc4 = true here" in problem.cure
    problem, line = e1.found("system.conf", "CRC-4")
    assert line == "span=1,1,0,cas,hdb3,crc4"
    assert "take away crc4" in problem.cure


@pytest.fixture
def no_7(tmp_path):
    machine = Machine("e1-pri-and-no7", tmp_path)
    machine.change_kernel(2, "(In use) ", "")
    return machine


def test_nothing_disagrees_about_no_7(no_7):
    assert no_7.problems() == []
    assert no_7.problems(with_system=False) == []


@pytest.mark.parametrize(("keyword", "kernel"), [("dchan", "HDLCFCS"), ("hardhdlc", "Hardware-assisted HDLC"), ("bchan", "Clear")])
def test_a_signalling_link_wants_an_mtp2_channel(no_7, keyword, kernel):
    no_7.change_kernel(2, "MTP2", kernel)
    no_7.change("mtp2=32", f"{keyword}=32", of="system")
    problem, line = no_7.found("mine.toml", f"channel 32 should be MTP2, and the kernel has {kernel}")
    assert line.startswith('channel = "e1-2/1"')
    assert problem.cure == "write mtp2=32 into system.conf and run dahdi_cfg"
    problem, line = no_7.found("system.conf", f"channel 32 is {keyword} here, and e1-2 uses it")
    assert (line, problem.cure) == (f"{keyword}=32", "write mtp2=32 instead and run dahdi_cfg")


def test_circuits_of_no_7_want_clear_channels(no_7):
    no_7.change_kernel(2, "TE2/0/1/3 Clear", "TE2/0/1/3 CAS")
    problem, line = no_7.found("mine.toml", "channel 34 should be Clear, and the kernel has CAS")
    assert line.startswith("circuits = ")
    assert problem.cure == "system.conf has it right: run dahdi_cfg"
    no_7.change("bchan=33-62", "bchan=33,35-62\ncas=34:1101", of="system")
    problem, line = no_7.found("system.conf", "channel 34 is cas here, and e1-2 uses it")
    assert (line, problem.cure) == ("cas=34:1101", "write bchan=34 instead and run dahdi_cfg")


def test_one_wide_channel_is_no_circuits(no_7):
    no_7.change("bchan=33-62", "clear=33-62", of="system")
    problem, line = no_7.found("system.conf", "channels 33-62 are clear here, and e1-2 uses them")
    assert (line, problem.cure) == ("clear=33-62", "write bchan=33-62 instead and run dahdi_cfg")


def test_a_span_of_no_7_is_framed_without_line_signals(no_7):
    no_7.change("span=2,2,0,ccs", "span=2,2,0,cas", of="system")
    problem, line = no_7.found("system.conf", "span 2 has framing cas, and e1-2 has no line signals in time slot 16")
    assert (line, problem.cure) == ("span=2,2,0,cas,hdb3", "write ccs as its framing and run dahdi_cfg")
    no_7.change_kernel(2, " CCS/HDB3", " CAS/HDB3")
    problem, line = no_7.found("mine.toml", "span 2 of DAHDI has line signals in time slot 16 (framing cas)")
    assert line == 'kind = "ccs"'
    assert problem.cure == "write ccs as framing in span=2,... of system.conf, and run dahdi_cfg"


def test_crc4_of_a_span_of_no_7_differs(no_7):
    no_7.change("crc4 = false", "crc4 = true")
    assert no_7.found("mine.toml", "CRC-4")[1] == "crc4 = true"
    assert no_7.found("system.conf", "CRC-4")[1] == "span=2,2,0,ccs,hdb3"


def test_framing_differs(e1):
    e1.change("span=1,1,0,cas", "span=1,1,0,ccs", of="system")
    assert e1.found("system.conf", "has framing ccs")[1].startswith("span=1")
    e1.change_kernel(1, "HDB3/CRC4", "CCS/HDB3/CRC4")
    assert e1.found("mine.toml", "no line signals")[1] == 'kind = "cas"'


def test_the_span_is_another_kind(e1):
    (e1.root / "sys/bus/dahdi_spans/devices/span-1/spantype").write_text("T1\n")
    assert e1.found("mine.toml", "is T1, not E1")[1] == 'kind = "cas"'


def test_a_span_is_not_set_up(e1):
    e1.change_kernel(1, " HDB3/CRC4", "")
    problem, _ = e1.found("mine.toml", "not set up")
    assert "span= line" in problem.cure


@pytest.mark.parametrize("alarm", ["RED", "YELLOW", "BLUE", "LOOP", "RECOVERING", "NOTOPEN"])
def test_alarms_have_each_a_cure(e1, alarm):
    e1.change_kernel(2, '" HDB3 ', f'" HDB3 {alarm} ')
    problem, line = e1.found("mine.toml", f"in alarm {alarm}")
    assert line == "first_channel = 32"
    assert problem.cure


def test_fewer_channels(e1):
    for position in range(25, 32):
        e1.change_kernel(2, f"\t  {31 + position} TE2/0/2/{position} CAS \n", "")
    assert e1.found("mine.toml", "DAHDI has no channels 56-62, which e1-2 uses")[1].startswith("circuits = ")
    assert e1.found("mine.toml", "span 2 of DAHDI has 32-55")[0].cure == "give first_channel = 32 and channels = 24"
    assert e1.found("system.conf", "DAHDI has no channels 56-62")[1].startswith("cas=32")


def test_other_signalling_in_the_kernel_only(e1):
    e1.change_kernel(2, "TE2/0/2/3 CAS", "TE2/0/2/3 Clear")
    problem, _ = e1.found("mine.toml", "channel 34 should be CAS, and the kernel has Clear")
    assert problem.cure == "system.conf has it right: run dahdi_cfg"
    assert e1.found("system.conf", "the kernel has Clear on channel 34")[0].cure.startswith("run dahdi_cfg")
    problem, _ = e1.found("mine.toml", "channel 34 should be CAS", with_system=False)
    assert problem.cure == "write cas=34:1011 into system.conf and run dahdi_cfg"


def test_other_signalling_in_both(e1):
    e1.change("cas=32-46,48-62:1011", "cas=32-40,48-62:1011\nbchan=41-46", of="system")
    for position in range(10, 16):
        e1.change_kernel(2, f"TE2/0/2/{position} CAS", f"TE2/0/2/{position} Clear")
    problem, line = e1.found("system.conf", "channels 41-46 are bchan here, and e1-2 uses them")
    assert line == "bchan=41-46"
    assert problem.cure == "write cas=41-46:1011 instead and run dahdi_cfg"
    assert e1.found("mine.toml", "channels 41-46 should be CAS")[0].cure.startswith("write cas=41-46:1011")


def test_bits_at_rest_differ(e1):
    e1.change("cas=1-15,17-31:1011", "cas=1-15,17-31:1101", of="system")
    assert e1.found("system.conf", "rest with 1101 here, and with 1011 in our variant")[1].startswith("cas=1-15")


def test_timing_twice(e1):
    e1.change("span=2,2", "span=2,1", of="system")
    assert e1.found("system.conf", "spans 1 and 2 both have timing 1")[1].startswith("span=2")
    e1.change("span=1,1", "span=1,0", of="system")
    e1.change("span=2,1", "span=2,0", of="system")
    assert e1.problems() == []


def test_a_span_too_many_and_a_line_that_is_wrong(e1):
    e1.system += "span=3,3,0,ccs,hdb3\nnonsense\n"
    assert e1.found("system.conf", "DAHDI has no span 3")
    assert e1.found("system.conf", "no KEYWORD=VALUE")[1] == "nonsense"


def test_channels_of_another_program(tmp_path):
    machine = Machine("e1-cas", tmp_path)
    assert machine.found("mine.toml", "channels 32-33 are open in asterisk (process 812)")
    assert machine.found("mine.toml", "channel 34 is open in a program that cannot be seen")
    (machine.root / "proc/812/cmdline").write_text("python\0-m\0pbx.plane_process\0arena\0")
    machine.change_kernel(2, "TE2/0/2/3 CAS (In use)", "TE2/0/2/3 CAS")
    assert machine.problems() == []


@pytest.mark.parametrize("program", ["asterisk", "pbx.plane_process"])
def test_channels_of_a_program_that_does_not_tell_which(program, e1):
    e1.change_kernel(2, "TE2/0/2/3 CAS", "TE2/0/2/3 CAS (In use)")
    for name in ("21", "22"):
        (e1.root / "proc/812/fd" / name).unlink()
    (e1.root / "proc/812/fd/21").symlink_to("/dev/dahdi/channel")
    (e1.root / "proc/812/cmdline").write_text(f"python\0-m\0{program}\0")
    if program == "asterisk":
        assert e1.found("mine.toml", "channel 34 is open, probably in asterisk (process 812)")
    else:
        assert e1.problems() == []


def test_analog_lines_the_wrong_way_round(tmp_path):
    machine = Machine("analog", tmp_path)
    machine.change("fxsks=1-4", "fxsks=1-3\nfxoks=4", of="system")
    machine.change_kernel(1, "WCTDM/0/3 FXSKS", "WCTDM/0/3 FXOKS")
    assert machine.found("system.conf", "channel 4 is fxoks here, and co-1 uses it")[0].cure == "write fxsks=4 instead and run dahdi_cfg"
    assert machine.found("mine.toml", "channel 4 should be FXSKS or FXSLS, and the kernel has FXOKS")
    assert machine.found("mine.toml", "channels 9-16 should be FXOKS or FXOLS, and they are not set up")[1] == 'line = "sub-2/1"'
    assert machine.found("mine.toml", "channel 3 has DAHDI's echo canceller")


def test_spans_of_other_cards_are_not_looked_at(e1):
    e1.configuration = re.sub('card = "dahdi"\nfirst_channel = .*', 'card = "wire"', e1.configuration)
    e1.root = e1.root / "nowhere"
    assert e1.problems() == []


def test_a_signalling_channel_that_is_something_else(e1):
    (circuits,) = re.findall(r"^circuits = .*-1/1-15.*$", e1.configuration, re.MULTILINE)
    e1.change(circuits, 'circuits = ["e1-1/1-15"]')
    e1.change("first_channel = 1\n", "first_channel = 1\nsignalling_channels = [17]\n")
    problem, line = e1.found("mine.toml", "channel 17 should be HDLCFCS")
    assert line == "signalling_channels = [17]" and "write dchan=17 into system.conf" in problem.cure
    problem, line = e1.found("system.conf", "channel 17 is cas here")
    assert "write dchan=17 instead" in problem.cure
