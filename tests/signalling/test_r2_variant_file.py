"""Files of variants: what is wrong with one is told at once, each fault in a sentence that names its place."""

import pytest

from config.schema import Configuration, Exchange, TrunkGroup
from pbx import commands
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant, read_variant
from pbx.variant_file import VARIANTS, VariantError
from tests.signalling.cases import CHINA

CHINA_TEXT = (VARIANTS / "china.toml").read_text(encoding="utf-8")
MEXICO_TEXT = (VARIANTS / "mexico.toml").read_text(encoding="utf-8")
FAULTS = [
    ("mask = 0b1100", "mask = 0b10000", "bits.mask: 16 is not a mask"),
    ("seizure = 0b0011", "seizure = 0b0001", "bits.forward.seizure: 0001 changes bits that bits.mask 1100 leaves fixed at 0011"),
    ("seizure = 0b0011", "seizure = 99", "bits.forward.seizure: 99 is not a code"),
    ("seizure = 0b0011", "seizure = 0b1011", "bits.forward: seizure and idle have the same code 1011"),
    ("answer = 0b0111", "answer = 0b1111", "bits.backward: answer and acknowledged have the same code"),
    ("clear_back = 0b1111 ", "clear_back = 0b1111\nmetering = 0b0111 ", "bits.backward.metering: a pulse with the code of the answer"),
    ("bit = 0b0010", "bit = 0b1000", "bits.operator.bit: 1000 is not one bit outside"),
    ("offer               = { default_ms = 12000", "offer = { default_ms = 99", "timers.offer: 99 ms is outside 1000..14000 ms"),
    ('source = "own choice: as re-ring"', 'source = ""', "timers.forced_release_pulse has no source"),
    ('1 = { means = "next-digit", ', '16 = { means = "next-digit", ', "group_a has a signal 16"),
    ('means = "next-digit",', 'means = "free",', 'group_a.1: "free" has no meaning there'),
    ("cause = 42, name", "cause = 0, name", "a signal that refuses the call needs a cause"),
    ('3 = { means = "to-group-b",', '3 = { means = "spare",', "group_a has no signal for to-group-b"),
    ('missing_digit = "vacant"', 'missing_digit = "congestion"\nfree_calling = 1', "duplicate|overwrite|Cannot|defined"),
    ('means = "send-category"', 'means = "spare"', "no signal for send-category, yet register.ask_caller wants it"),
    ('caller_by = "next-digit"', 'caller_by = "send-caller-digit"', "no signal for send-caller-digit, yet register.caller_by"),
    ("end_of_called = 0", "skip_group_b = true\nend_of_called = 0", "no signal for address-complete, yet register.skip_group_b"),
    ("free = 1 ", "free = 9 ", "register.free: group_b has no signal 9"),
    ("free = 1 ", "free = 0 ", "register.free: a signal is needed"),
    ("free_calling = 6", "free_calling = 2", 'register.free_calling: signal 2 of group_b means "refused", not "free"'),
    ("17 = 2\n\n# What", "17 = 1\n\n# What", 'refusals.17: signal 1 of group_b means "free", not "refused"'),
    ("17 = 2\n\n# What", "17 = 9\n\n# What", "refusals.17: group_b has no signal 9"),
    ("17 = 2\n\n# What", "200 = 2\n\n# What", "refusals.200: causes of Q.850"),
    ("end_of_caller = 15", "end_of_caller = 5", "register.end_of_caller: 5 is not a group I signal"),
    ("end_of_caller = 15", "end_of_caller = 0", "register.end_of_caller: a signal is needed"),
    ("called_limit = 32", "called_limit = 0", "register.called_limit: 0 is not in 1 to 64"),
    ('switch = "local_busy_is_kb4"', 'switch = "other"', "class 2: there is no switch other"),
    ("called_class = [3, 4]", "called_class = [3, 40]", "class 2: there is no KD 40"),
    ("free_calling = 1", "free_calling = 6", 'class 1.free_calling: signal 6 of group_b means "spare", not "free"'),
    ("[traffic.local]", "[traffic.rural]", "traffic.local is missing"),
    ("tandem = 11", "tandem = 1 ", "marks.local.tandem: 1 is not a group I signal"),
    ('called_class = 3\nmarks = "local"', 'called_class = 3\nmarks = "moon"', "traffic.local: there are no marks.moon"),
    ("category = 1\ncalled_class = 3", "category = 0\ncalled_class = 3", "traffic.local.category: 0 is not a group II signal"),
    ("timers_ms = { clear_back = 90000 }", "timers_ms = { coffee = 9 }", "traffic.toll: there is no timer coffee"),
    ("timers_ms = { clear_back = 90000 }", "timers_ms = { clear_back = 9 }", "traffic.toll.clear_back: 9 ms is outside"),
    ('16 = "busy"', '16 = "moo"', "tones.16: there is no tone moo"),
    ('busy_with = "toll"', 'busy_with = "local"', "group_b.3: local busy is signal 2 already"),
    ('cause = 17, busy_with = "toll"', 'cause = 21, busy_with = "toll"', "group_b.3: busy_with belongs to a signal"),
    ("forward_wait        =", "forward_weight =", "timers.forward_wait is missing"),
    ("re_ring_pulse       =", "re_ring_puls =", "timers.re_ring_pulse is missing"),
    ("[bits]", "[bits]\ncolour = 3", "colour"),
    ('means = "from-first"', 'means = "from-last"', r"group_a"),
    ("[line]", "[line", "line"),
]


@pytest.mark.parametrize(("old", "new", "says"), FAULTS)
def test_a_file_that_is_wrong_says_where(old, new, says):
    assert old in CHINA_TEXT
    with pytest.raises(VariantError, match=says):
        R2Circuit.check(read_variant(CHINA_TEXT.replace(old, new)))


@pytest.mark.parametrize("word", ["send-caller-digit", "next-digit", "to-group-b"])
def test_a_group_c_needs_its_words(word):
    head, group_c = MEXICO_TEXT.split("[group_c]")
    without = group_c.replace(f'means = "{word}"', 'means = "spare"', 1)
    with pytest.raises(VariantError, match=f"group_c has no signal for {word}"):
        read_variant(f"{head}[group_c]{without}")


def test_all_faults_are_told_at_once():
    text = CHINA_TEXT.replace("free = 1 ", "free = 9 ").replace("end_of_caller = 15", "end_of_caller = 5")
    with pytest.raises(VariantError) as raised:
        read_variant(text)
    assert len(raised.value.faults) == 2


def test_not_even_text():
    with pytest.raises(VariantError):
        read_variant(b"\xff\xfe\x00")


def test_a_site_adjusts_only_what_there_is():
    with pytest.raises(VariantError, match="switch"):
        CHINA.adjusted(switches={"unknown": True})
    assert CHINA.adjusted(switches={"local_busy_is_kb4": True}).told[3].refusals[17] == 4
    assert CHINA.told[3].refusals[17] == 2


def test_check_tells_wrong_variants_of_trunk_groups(tmp_path, monkeypatch):
    (tmp_path / "china.toml").write_text(CHINA_TEXT.replace("free = 1 ", "free = 9 "), encoding="utf-8")
    monkeypatch.setattr(commands, "load_variant", lambda name: load_variant(name, tmp_path))
    group = TrunkGroup(name="city", circuits=["e1-1/1"])
    (problem,) = commands._variant_problems(Configuration(Exchange(name="exchange"), trunk_groups=[group]))
    assert problem.what == "register.free: group_b has no signal 9"
    assert problem.file.endswith("china.toml")
