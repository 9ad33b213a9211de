"""``zongji lines``: what DAHDI has (``discover``), with a proposal of configuration; what disagrees with ours (``check``).

Composition: reads the files, prints, writes. What is there is told by drivers/dahdi_survey.py, what could be made of it by
drivers/line_proposal.py, what disagrees by drivers/line_agreement.py. Leaves out the setting up itself, which is ``dahdi_cfg``'s.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from config.lines import locate
from config.loader import load
from config.schema import TrunkGroup, variant_of
from drivers.dahdi_survey import SpanState, Survey, survey
from drivers.line_agreement import Sources, disagreements
from drivers.line_proposal import groups_of, propose
from drivers.system_conf import SystemConf, parse_system_conf, ranges
from pbx.signalling.analog.ear_and_mouth_variant import load_ear_and_mouth_variant
from pbx.signalling.r2.variant import load_variant

WRONG = 2
NOTHING = 1
SYSTEM_CONF = "/etc/dahdi/system.conf"

INSTALL = """\
{first}. To have DAHDI and its boards:

  apt install dahdi dahdi-dkms linux-headers-$(uname -r)    the drivers are built for this kernel
  modprobe dahdi                                            then the driver of the board: dahdi_hardware names it
  ./zongji lines discover                                   look again

Without a board, two spans that are wired together, to try things with:

  modprobe dahdi auto_assign_spans=1; modprobe dahdi_dynamic; modprobe dahdi_dynamic_loc
  printf 'dynamic=loc,1:0,31,0\\ndynamic=loc,1:1,31,0\\n' > /etc/dahdi/system.conf; dahdi_cfg
"""


def lines_command(arguments: Sequence[str]) -> int:
    """Run ``discover`` or ``check``."""
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zongji lines",
        description="Real lines: what DAHDI has, a proposal of configuration, and what disagrees.",
        epilog="examples: ./zongji lines discover; ./zongji lines discover --write config/mine.toml --write-system-conf system.conf; "
        "./zongji lines check config/mine.toml",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    discover = commands.add_parser("discover", help="spans, channels, signalling and alarms, and what could be made of them")
    discover.add_argument("--json", action="store_true", help="one object a span, nothing proposed")
    discover.add_argument("--write", type=Path, metavar="FILE", help="write the proposed configuration there instead of printing it")
    discover.add_argument("--write-system-conf", type=Path, metavar="FILE", help="write the proposed system.conf there")
    discover.add_argument("--force", action="store_true", help="write over files that are there")
    discover.set_defaults(run=_discover)
    check = commands.add_parser("check", help="what disagrees between a configuration, system.conf and the kernel; exit code 2 if anything")
    check.add_argument("config", type=Path, help="the configuration file")
    check.add_argument("--system-conf", type=Path, metavar="FILE", help=f"instead of {SYSTEM_CONF}")
    check.add_argument("--json", action="store_true", help="one object a line: file, line, what, cure")
    check.set_defaults(run=_check)
    for command in (discover, check):
        command.add_argument("--root", type=Path, default=Path("/"), metavar="FOLDER", help="look at proc and sys below FOLDER, a copy")
    return parser


# ---- discover --------------------------------------------------------------------------------------------------------


def _discover(options: argparse.Namespace) -> int:
    found = survey(options.root)
    for board in found.boards:
        sys.stderr.write(f"{board} has no driver: modprobe the one that dahdi_hardware names\n")
    for strange in found.unread:
        sys.stderr.write(f"{strange}\n")
    if not found.spans:
        first = "DAHDI is in the kernel and has no span" if found.module else "There is no DAHDI in this kernel"
        sys.stderr.write(INSTALL.format(first=first))
        return NOTHING
    if options.json:
        for span in found.spans:
            sys.stdout.write(json.dumps(msgspec.to_builtins(span), ensure_ascii=False) + "\n")
        return 0
    sys.stdout.writelines(f"{line}\n" for line in _table(found))
    proposal = propose(found, load_variant("china").data.bits.backward.idle)
    texts = ((options.write, "configuration", proposal.configuration), (options.write_system_conf, "system.conf", proposal.system_conf))
    there = [str(path) for path, _, _ in texts if path is not None and path.exists() and not options.force]
    if there:
        sys.stderr.write(f"{' and '.join(there)}: there already, and nothing is written; give another name, or --force\n")
        return WRONG
    for path, title, text in texts:
        if path is None:
            sys.stdout.write(f"\n---- proposed {title} ----\n{text}")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{title} written to {path}\n")
    return 0


def _table(found: Survey) -> Iterator[str]:
    """A line for each span, and below it one for each kind of channel."""
    yield f"DAHDI {found.version}".strip()
    rows: list[tuple[str, ...]] = [("SPAN", "NAME", "KIND", "FRAMES", "CLOCK", "ALARMS", "COUNTERS")]
    below: list[list[str]] = [[]]
    for span in found.spans:
        clock = " ".join(word for word, is_so in (("master", span.master), ("source", span.clock_source)) if is_so)
        counters = ", ".join(f"{count} {name}" for name, count in span.counters.items())
        words = (str(span.number), span.name, span.kind, "/".join(span.line_configuration), clock, " ".join(span.alarms), counters)
        rows.append(tuple(word or "-" for word in words))
        below.append(list(_channel_rows(found, span)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row, more in zip(rows, below, strict=True):
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        yield from (f"      {line}" for line in more)


_UNSET: dict[str, str] = {"none": "not set up", "line-signals": "line signals of the others"}


def _channel_rows(found: Survey, span: SpanState) -> Iterator[str]:
    for group in groups_of(span):
        for signalling in dict.fromkeys(channel.signalling for channel in group.channels):
            channels = [channel for channel in group.channels if channel.signalling == signalling]
            numbers = [channel.number for channel in channels]
            unset = _UNSET.get(group.use, f"not set up (could be: {group.use})")
            said = [f"channel{'s' if len(numbers) > 1 else ''} {ranges(numbers)}", signalling or unset]
            in_use = [channel.number for channel in channels if channel.in_use]
            if in_use:
                said.append(f"in use: {ranges(in_use)} by {_by(found, in_use)}")
            alarmed = [channel.number for channel in channels if channel.alarms]
            if alarmed:
                said.append(f"in alarm: {ranges(alarmed)}")
            cancelled = [channel.number for channel in channels if channel.echo_canceller]
            if cancelled:
                said.append(f"DAHDI's echo canceller: {ranges(cancelled)}")
            yield ", ".join(said)


def _by(found: Survey, numbers: list[int]) -> str:
    """The programs that have them, with a question mark behind those of which it is not known which channels they have."""
    certain = [f"{user.program} ({user.process})" for user in found.users if set(user.channels) & set(numbers)]
    perhaps = [f"{user.program} ({user.process})?" for user in found.users if user.unnamed]
    return " and ".join([*certain, *perhaps]) or "a program that cannot be seen from here"


# ---- check -----------------------------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    configuration = load(options.config)
    if isinstance(configuration, list):
        problems = configuration
    else:
        path, system, missing = _system_conf(options)
        if missing:
            sys.stderr.write(f"{path}: {missing}; compared with the kernel alone\n")
        lines = locate(options.config.read_text(encoding="utf-8").replace("\r\n", "\n"))
        sources = Sources(str(options.config), configuration, lines, survey(options.root), str(path), system)
        problems = disagreements(sources, _idle_bits)
        if not sources.spans:
            sys.stderr.write(f"{options.config}: no span has card = \"dahdi\"\n")
    for problem in problems:
        sys.stdout.write(f"{json.dumps(msgspec.to_builtins(problem), ensure_ascii=False) if options.json else problem}\n")
    if not problems and not options.json:
        sys.stdout.write(f"{options.config}: nothing disagrees\n")
    return WRONG if problems else 0


def _system_conf(options: argparse.Namespace) -> tuple[Path, SystemConf | None, str]:
    """Where it is, what it says, or why it cannot be read."""
    path: Path = options.system_conf or options.root / SYSTEM_CONF.lstrip("/")
    try:
        return path, parse_system_conf(path.read_text(encoding="utf-8", errors="replace")), ""
    except OSError as error:
        return path, None, error.strerror or str(error)


def _idle_bits(group: TrunkGroup) -> int:
    """What stands on a group's circuits at rest."""
    if group.signalling == "e&m":
        return load_ear_and_mouth_variant(variant_of(group)).data.bits.on_hook
    return load_variant(variant_of(group)).data.bits.backward.idle
