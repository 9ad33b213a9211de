"""A tone written into the file of a tone plan: one section made or replaced, every other line left as it is, comments too.

Nothing is written before the whole file has been read back as a plan (pbx/tone_plan.py) that differs in this tone alone. What is wrong is
told with file, line and cure. Leaves out where the tone comes from: pbx/tone_learning.py.
"""

import re
import tomllib
from pathlib import Path

import msgspec

from config.lines import Place, line_of, locate
from pbx.tone_learning import toml
from pbx.tone_plan import FOLDER, PlanError, Tone, TonePlan, load

_AT_LINE = re.compile(r"\(at line (\d+)")
_AT_KEYS = re.compile(r"`\$\.([^`]*)`")
_IN_TONE = re.compile(r"\[tone\.([\w-]+)\]")
_HEADER = re.compile(r"^\s*\[")
_TITLE = re.compile(r"^title\s*=.*$", re.MULTILINE)


def _placed(path: Path, text: str, error: PlanError) -> PlanError:
    """The error with the line that it speaks of."""
    told = str(error).removeprefix(f"{path}: ")
    syntax, keys, tone = _AT_LINE.search(told), _AT_KEYS.search(told), _IN_TONE.search(told)
    if syntax is not None:
        return PlanError(f"{path}:{syntax.group(1)}: {told}")
    try:
        lines = locate(text)
    except (ValueError, IndexError):
        return error
    place: Place = ()
    if tone is not None:
        place = ("tone", tone.group(1))
    elif keys is not None:
        first, *rest = re.findall(r"[\w-]+", keys.group(1))
        place = (first, *_wrong_tones(text)[:1], *rest) if first == "tone" else (first, *rest)
    return PlanError(f"{path}:{line_of(lines, place)}: {told}")


def _wrong_tones(text: str) -> list[str]:
    """The names of tones that cannot be read: the reader tells which key of a tone is wrong, not of which tone."""
    wrong = []
    for name, tone in tomllib.loads(text).get("tone", {}).items():
        try:
            msgspec.convert(tone, Tone)
        except msgspec.ValidationError:
            wrong.append(name)
    return wrong


def read_plan(path: Path) -> tuple[str, TonePlan]:
    """The text of a plan's file and the plan. Raises PlanError with file, line and cure."""
    try:
        plan = load(path)
        return path.read_text(encoding="utf-8"), plan
    except PlanError as error:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise error from None
        raise _placed(path, text, error) from None


def begin_plan(based_on: str, title: str) -> str:
    """The text of a new plan: all of another one, under its own title."""
    text, _ = read_plan(FOLDER / f"{based_on}.toml")
    quoted = title.replace("\\", "_").replace('"', "_")
    return _TITLE.sub(f'title = "{quoted}"  # begun as {based_on}', text, count=1)


def with_tone(text: str, name: str, tone: Tone) -> str:
    """The text with this tone: in the place of its section, whose comments stay, or at the end."""
    header = re.compile(rf"^\s*\[\s*tone\s*\.\s*(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')\s*\]\s*(?:#.*)?$")
    lines = text.split("\n")
    written = toml(name, tone).rstrip("\n").split("\n")
    start = next((place for place, line in enumerate(lines) if header.match(line)), None)
    if start is None:
        return text.rstrip("\n") + "\n\n" + "\n".join(written) + "\n"
    end = next(
        (place for place in range(start + 1, len(lines)) if _HEADER.match(lines[place]) and not _within(lines, start, place)), len(lines)
    )
    # Blank and comment lines right before the next section belong to that one.
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    comments = [line for line in lines[start + 1 : end] if line.lstrip().startswith("#")]
    return "\n".join([*lines[:start], lines[start], *comments, *written[1:], *lines[end:]])


def _within(lines: list[str], start: int, place: int) -> bool:
    """Whether a line that looks like a header stands inside a value that began in an earlier line of the section."""
    try:
        tomllib.loads("\n".join(lines[start:place]))
    except tomllib.TOMLDecodeError:
        return True
    return False


def write_tone(path: Path, text: str, name: str, tone: Tone) -> TonePlan:
    """Write the plan ``text`` with this tone to ``path``, whole or not at all. Raises PlanError, and OSError for the file."""
    changed = with_tone(text, name, tone)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(changed, encoding="utf-8")
        try:
            plan = load(part)
        except PlanError as error:
            told = PlanError(str(error).replace(str(part), str(path)))
            raise _placed(path, changed, told) from None
        before = tomllib.loads(text).get("tone", {})
        after = tomllib.loads(changed).get("tone", {})
        if {**before, name: None} != {**after, name: None}:
            line = line_of(locate(text), ("tone", name))
            raise PlanError(f"{path}:{line}: other tones would change with {name}; write it as a section of its own, [tone.{name}]")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return plan
