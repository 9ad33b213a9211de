"""Reads a configuration file: either a whole configuration comes back, or the list of everything that is wrong with it.

TOML 1.0.0 by ``tomllib``; shapes by ``config/reader.py``; cross-checks by ``config/checks.py``; lines by
``config/lines.py``. A loaded configuration has every file name absolute. Left out: reloading, which is the exchange's.
"""

import re
import tomllib
from pathlib import Path

import msgspec
from msgspec.structs import replace

from config.checks import CHECKS, HOME
from config.lines import line_of, locate
from config.reader import Draft
from config.schema import Configuration


class Problem(msgspec.Struct, frozen=True, order=True):
    """One mistake in a configuration file, as a person needs to hear it. Lines count from 1."""

    file: str
    line: int
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.cure}"


def load(path: Path | str) -> Configuration | list[Problem]:
    """Read and check the file at ``path``; an unreadable file is a problem too, on line 1."""
    name = str(path)
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        return [Problem(name, 1, f"cannot be read: {error.strerror}", "name a file that is there and may be read")]
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return [Problem(name, line, "not UTF-8 text", "save the file as UTF-8")]
    return check(text, name)


def check(text: str, name: str) -> Configuration | list[Problem]:
    """Check a configuration's text; ``name`` is its file name, for the report and for the default data directory."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [_syntax_problem(error, text, name)]
    draft = Draft(document)
    configuration = draft.read(Configuration)
    for cross_check in CHECKS:
        draft.findings.extend(cross_check(draft))
    if draft.findings:
        lines = locate(text.replace("\r\n", "\n"))
        found = {Problem(name, line_of(lines, found.place), found.what, found.cure) for found in draft.findings}
        return sorted(found)
    assert configuration is not None  # without a finding everything could be read
    return _settled(configuration, Path(name))


def _syntax_problem(error: tomllib.TOMLDecodeError, text: str, name: str) -> Problem:
    message = str(error)
    where = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    line = text.rstrip("\n").count("\n") + 1
    column = ""
    if where:
        message = message[: where.start()]
        if where.group(1):
            line, column = int(where.group(1)), f" at column {where.group(2)}"
    what = f"not TOML{column}: {message[:1].lower()}{message[1:]}"
    return Problem(name, line, what, "correct the line, or the one before it")


def _settled(configuration: Configuration, path: Path) -> Configuration:
    """Make every file name absolute and fill in the names that follow from others."""
    exchange = configuration.exchange
    data = HOME / (exchange.data_directory or f"var/{path.stem}")
    return replace(
        configuration,
        exchange=replace(exchange, data_directory=str(data), store=str(data / exchange.store)),
        spans=[replace(span, socket=str(data / (span.socket or f"{span.name}.socket"))) for span in configuration.spans],
        prompts=[replace(prompt, file=str(HOME / prompt.file)) if prompt.file else prompt for prompt in configuration.prompts],
        signalling_capture=replace(
            configuration.signalling_capture, directory=str(data / configuration.signalling_capture.directory)
        ),
        recording=replace(configuration.recording, directory=str(data / configuration.recording.directory)),
    )
