"""Who may import whom: the layer table of ARCHITECTURE.md, held against every import statement in the project.

Imports go down, never up; sideways only inside one folder; engines know only the words and their own folder. The pure
layers (words, engines, call control) name no clock, chance, socket, thread or operating system, and only the
composition names the reactor.
"""

import ast
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent

LAYERS = {
    0: "config pbx.vocabulary pbx.machine pbx.clock pbx.engine pbx.variant_file",
    1: "pbx.signalling pbx.acd fax pbx.answer",
    2: "pbx.media pbx.line pbx.trunks drivers pbx._plane pbx.dsp pbx.hearing pbx.cancelling pbx.speaking pbx.tone_plan pbx.sound_file "
    "pbx.tone_file pbx.tone_learning pbx.tone_plan_file pbx.listen pbx.codec pbx.opus pbx.resampling pbx.voice_hearing pbx.answer_hearing "
    "pbx.error_performance pbx.data_hearing pbx.data_speaking pbx.media_ring pbx.media_tones pbx.span_notices pbx.voice pbx.line_echo "
    "pbx.media_links pbx.media_findings pbx.packet_file",
    3: "pbx.call pbx.numbers pbx.routing pbx.bridge pbx.switch pbx.recording pbx.floor pbx.distribution pbx.service pbx.leg_records "
    "pbx.line_tests pbx.supervision pbx.holding pbx.call_waiting pbx.circuit_watch pbx.span_watch pbx.standing_alarms pbx.test_calls "
    "pbx.line_listening pbx.line_measurements pbx.interworking pbx.signalling_seat pbx.signalling_mending pbx.signalling_circuit "
    "pbx.signalling_points pbx.signalling_associations pbx.signalling_over_ip pbx.signalling_backhaul pbx.transfer_part ivr fax.mailbox",
    4: "pbx.journal pbx.cdr pbx.store pbx.recovery pbx.sites pbx.csta pbx.manhole pbx.console pbx.trace pbx.checkers "
    "pbx.recording_files pbx.recording_forms pbx.console_words pbx.handover pbx.capture desk "
    "drivers.far_end",  # the simulated network is no card but an exchange of its own, out of the same engines
    5: "pbx.exchange pbx.plant pbx.console_view pbx.console_spans pbx.console_signalling pbx.signalling_plant "
    "pbx.span_tending pbx.far_network pbx.prompts pbx.recording_writer "
    "pbx.control_process pbx.network_process pbx.plane_process pbx.sound_devices pbx.__main__ "
    "pbx.line_keeper pbx.predecessor pbx.running pbx.places pbx.simulation pbx.at_rest pbx.simulate pbx.supervisor pbx.demo pbx.commands "
    "pbx.lines_command pbx.learn_tone pbx.decode pbx.associations pbx.association_plans pbx.server_plan pbx.backhaul_plan "
    "pbx.sctp_socket benchmarks",
}
ROOTS = ("pbx", "drivers", "ivr", "fax", "desk", "config", "benchmarks")
PURE = (0, 1, 3)
NOT_IN_PURE = {"time", "random", "socket", "threading", "os", "asyncio", "select", "subprocess", "signal", "secrets"}
ENGINES = ("pbx.signalling.", "pbx.acd", "fax")
A_MACHINE = "tests.dahdi.rig"  # no test but a machine that tests and benchmarks are run on: python -m tests.dahdi.rig
SUITES = ("pbx.signalling.ss7",)  # several Recommendations that build upon one another, with a folder for each: one engine's folder

LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names.split()}


def module_name(path):
    name = ".".join(path.relative_to(HOME).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {module_name(path): path for root in ROOTS for path in sorted((HOME / root).rglob("*.py")) if path.is_file()}


def layer_of(module):
    """Return the layer of the longest entry that names the module or a folder around it."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        layer = LAYER_OF.get(".".join(parts[:end]))
        if layer is not None:
            return layer
    return None


def imports_of(module):
    """Yield (line, imported module) for every import statement, also those inside functions."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            origin = ".".join([*start, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{origin}.{alias.name}"
                yield node.lineno, whole if whole in MODULES or whole in LAYER_OF or is_reactor(whole) else origin


def is_reactor(name):
    return name == "twisted.internet.reactor"


def folder_of(module):
    """Return the folder a module lies in; an engine's folder is that of its Recommendation or suite of them."""
    for suite in SUITES:
        if module == suite or module.startswith(f"{suite}."):
            return suite
    return module if MODULES.get(module, Path()).name == "__init__.py" else module.rpartition(".")[0]


def is_border(folder, other):
    """Whether a folder is the stack around another one, as ss7 is around mtp3: the borders of its parts stand there."""
    return folder.count(".") > 1 and other.startswith(f"{folder}.")


def complaints(module):
    layer = layer_of(module)
    where = MODULES[module].relative_to(HOME)
    if layer is None:
        if module not in ROOTS:
            yield f"{where}: stands in no layer; give it one in tests/test_layers.py and ARCHITECTURE.md"
        return
    for line, name in imports_of(module):
        root = name.partition(".")[0]
        if root in ROOTS and name not in ROOTS:
            other = layer_of(name)
            if other is None:
                yield f"{where}:{line}: {name} stands in no layer"
            elif other > layer:
                yield f"{where}:{line}: layer {layer} imports {name} of layer {other}"
            elif other == layer == 1 and not (folder_of(name) == folder_of(module) or is_border(folder_of(name), folder_of(module))):
                yield f"{where}:{line}: engines know only their own folder, not {name}"
            elif root == "desk" or (module.startswith("desk") and name != "pbx.vocabulary.facts"):
                yield f"{where}:{line}: the desk knows the facts and the link only, and nobody knows the desk"
        elif root == "tests" and not (layer == 5 and f"{name}.".startswith(f"{A_MACHINE}.")):
            yield f"{where}:{line}: {name} is of the tests, which nobody imports"
        elif layer in PURE and (root in NOT_IN_PURE or (root == "twisted" and layer != 0)):
            yield f"{where}:{line}: layer {layer} is pure and may not import {name}"
        elif layer < 5 and is_reactor(name):
            yield f"{where}:{line}: only the composition (layer 5) names the reactor"


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    assert list(complaints(module)) == []


def test_every_line_of_the_table_is_one_word():
    names = [name for line in LAYERS.values() for name in line.split()]
    assert len(names) == len(set(names))


def test_the_rules_can_fail(monkeypatch, tmp_path):
    """A file that breaks every rule is told so: this test of the house cannot pass by looking at nothing."""
    bad = tmp_path / "pbx/signalling/r9.py"
    bad.parent.mkdir(parents=True)
    imports = ("random", "pbx.switch", "twisted.internet.reactor", "pbx.acd.queue", "tests.lab")
    bad.write_text("".join(f"import {name}\n" for name in imports))
    monkeypatch.setitem(MODULES, "pbx.signalling.r9", bad)
    monkeypatch.setattr(f"{__name__}.HOME", tmp_path)
    assert [text.partition(": ")[0].rpartition(":")[2] for text in complaints("pbx.signalling.r9")] == list("12345")
