"""Golden traces: each folder here is a story told in sound, and the trace of its calls as an engineer reads it.

``story.py`` has a docstring that says what the story is, ``story(lab)`` and, where it needs another exchange than the example,
``CHANGES``: pairs of text to be replaced in config/zongji.toml, or ``CONFIGURATION``: one made by tests/offices.py.
``pytest tests/scenarios --golden`` writes expected.trace anew: read the difference before you commit it.
"""

import importlib.util
from pathlib import Path

import pytest

from tests.lab import Lab

HERE = Path(__file__).parent
STORIES = sorted(path.parent.name for path in HERE.glob("*/story.py"))


def load(name):
    spec = importlib.util.spec_from_file_location(f"tests.scenarios.{name}.story", HERE / name / "story.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told_in(told, **settings):
    """The lab in which a story happens."""
    return Lab(changes=getattr(told, "CHANGES", ()), configuration=getattr(told, "CONFIGURATION", None), **settings)


def carries_tokens(name):
    """Whether its spans can: those with signalling channels carry frames."""
    configuration = getattr(load(name), "CONFIGURATION", None)
    return configuration is None or not any(span.signalling_channels for span in configuration.spans)


WITH_TOKENS = [name for name in STORIES if carries_tokens(name)]


@pytest.mark.parametrize("name", STORIES)
def test_trace_is_the_golden_one(name, seed, request):
    told = load(name)
    with told_in(told, seed=seed) as lab:
        told.story(lab)
    expected = HERE / name / "expected.trace"
    text = f"{told.__doc__.strip()}\n\n{lab.trace()}"
    if request.config.getoption("--golden"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WITH_TOKENS)
def test_story_comes_out_the_same_with_tokens(name, seed):
    told = load(name)
    with told_in(told, seed=seed, tokens=True) as lab:
        told.story(lab)
