"""``zongji bench``: runs benchmarks by name and prints a table, or one object a line.

A benchmark is a group of rows that are measured together; a NAME is a group's, a row's, or the beginning of rows' up to a dot. Each
group is one module with ``measure(names, effort)``, imported only when it is wanted. Progress goes to standard error. Leaves out
every judgement: figures are printed, never asserted.
"""

import argparse
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence

import msgspec

from benchmarks.row import Effort, Row, machine

Measure = Callable[[Sequence[str], Effort], Iterable[Row]]

BRIEF = "ZONGJI_BENCH_BRIEF"
"""Set in the environment it makes every benchmark run for a moment only: for tests, whose figures mean nothing."""


class Group(msgspec.Struct, frozen=True):
    """Rows that one module measures."""

    name: str
    module: str
    rows: tuple[str, ...]


NO7_MESSAGES = (
    *(f"ss7.{way}.isup.{kind}" for way in ("encode", "decode") for kind in ("iam", "acm", "anm", "rel", "rlc")),
    *(f"ss7.{way}.tup.{kind}" for way in ("encode", "decode") for kind in ("iam", "iai", "acm", "anc", "clf", "rlg")),
)

GROUPS = (
    Group("clock", "benchmarks.timers", ("clock.100", "clock.10k", "clock.100k")),
    Group("sim", "benchmarks.simulated_calls", ("sim.engines", "sim.tokens")),
    Group("sim", "benchmarks.busy_hour", ("sim.sound",)),
    Group("r2", "benchmarks.r2_calls", ("r2.engines", "r2.tokens", "r2.sound", "r2.end", "r2.call")),
    Group("ss7", "benchmarks.user_part_calls", ("ss7.isup", "ss7.tup")),
    Group("ss7", "benchmarks.no7_stack", ("ss7.stack", "ss7.stack.480", "ss7.memory")),
    Group("ss7", "benchmarks.no7_messages", NO7_MESSAGES),
    Group("ss7", "benchmarks.no7_dissection", ("ss7.dissect", "ss7.dissect.json", "ss7.dissect.read")),
    Group("ss7", "benchmarks.no7_links", tuple(f"ss7.link.{way}{load}" for way in ("", "plane.") for load in (0, 2, 4))),
    Group("ss7", "benchmarks.no7_sound", ("ss7.sound",)),
    Group("ss7", "benchmarks.no7_million", ("ss7.million",)),
    Group("ss7", "benchmarks.no7_changeover", ("ss7.changeover", "ss7.three-links")),
    Group("ss7", "benchmarks.no7_overload", ("ss7.overload",)),
    Group(
        "realtime",
        "benchmarks.realtime",
        (
            "realtime.ticks",
            "realtime.late",
            "realtime.late.explained",
            "realtime.late.unexplained",
            "realtime.late.worst",
            "realtime.tick",
            "realtime.event",
            "realtime.event.worst",
        ),
    ),
    Group(
        "dahdi",
        "benchmarks.dahdi_lines",
        (
            "dahdi.ticks",
            "dahdi.late",
            "dahdi.lost",
            "dahdi.bits",
            "dahdi.frames",
            "dahdi.calls",
            "dahdi.cpu",
            "dahdi.extrapolated",
            "dahdi.extrapolated.calls",
        ),
    ),
    Group("dsp", "benchmarks.codecs", ("codec.g722", "codec.opus", "codec.ima")),
    Group("dsp", "benchmarks.data_signals", ("fsk.v23", "fsk.bell202", "fsk.v21", "fsk.voices", "fsk.silence")),
    Group(
        "dsp",
        "benchmarks.echo",
        (
            *(f"echo.{taps}{other}" for taps in (256, 512, 1024) for other in ("", ".avx2", ".speexdsp")),
            *(f"echo.{quality}.{peer}" for quality in ("erle", "convergence", "doubletalk") for peer in ("spandsp", "speexdsp")),
        ),
    ),
    Group(
        "dsp",
        "benchmarks.receivers",
        tuple(
            f"receivers.{what}{instructions}"
            for what in ("dtmf", "mfc", "progress", "fax", "all")
            for instructions in ("", ".channels", ".avx2", ".avx2.channels", ".talk", ".talk.avx2")
            if ".talk" not in instructions or what in ("dtmf", "all")
        ),
    ),
    Group("dsp", "benchmarks.plane", ("wire.span", "plane.tick")),
    Group("accuracy", "benchmarks.concealment", ("conceal.1", "conceal.3", "conceal.10", "conceal.1.20", "conceal.3.20", "conceal.10.20")),
    Group(
        "dsp",
        "benchmarks.mixing",
        (
            "mix.3",
            "mix.30",
            "mix.300",
            "mix.30.speakers",
            "mix.300.speakers",
            "timeslot.switch",
            "timeslot.switch.gain",
            "codec.alaw",
            "codec.ulaw",
        ),
    ),
    Group(
        "accuracy",
        "benchmarks.accuracy",
        (
            "accuracy.dtmf.decoded",
            "accuracy.dtmf.bandwidth",
            "accuracy.dtmf.accepted",
            "accuracy.dtmf.refused",
            "accuracy.dtmf.centre",
            "accuracy.dtmf.corner",
            "accuracy.dtmf.twist.normal",
            "accuracy.dtmf.twist.reverse",
            "accuracy.dtmf.range",
            "accuracy.dtmf.guard.accepted",
            "accuracy.dtmf.guard.refused",
            "accuracy.dtmf.guard",
            "accuracy.dtmf.noise",
            "accuracy.dtmf.noise.half",
            "accuracy.dtmf.missed",
            "accuracy.dtmf.added",
            "accuracy.dtmf.dial-tone",
            "accuracy.dtmf.dial-tone.missed",
            "accuracy.dtmf.echo",
            "accuracy.dtmf.break.bridged",
            "accuracy.dtmf.break.parted",
        ),
    ),
    Group(
        "accuracy",
        "benchmarks.talk_off",
        (
            "accuracy.talk-off.spoken.digits",
            "accuracy.talk-off.spoken.mfc",
            "accuracy.talk-off.spoken.tones",
            "accuracy.talk-off.spoken.beeps",
            "accuracy.talk-off.people.digits",
            "accuracy.talk-off.people.mfc",
            "accuracy.talk-off.people.tones",
            "accuracy.talk-off.people.beeps",
            "accuracy.talk-off.music.digits",
            "accuracy.talk-off.music.mfc",
            "accuracy.talk-off.music.tones",
            "accuracy.talk-off.music.beeps",
            "accuracy.talk-off.deceiving.digits",
            "accuracy.talk-off.deceiving.mfc",
            "accuracy.talk-off.deceiving.tones",
            "accuracy.talk-off.deceiving.beeps",
        ),
    ),
    Group(
        "accuracy",
        "benchmarks.answering",
        ("accuracy.answer.person", "accuracy.answer.machine", "accuracy.answer.others", "accuracy.answer.beep"),
    ),
)

EXAMPLE = """example:
  ./zongji bench clock.10k
  ./zongji bench receivers --json
  ./zongji bench ss7.changeover --times 1000
"""


def known() -> list[str]:
    """Every name that may be given."""
    names: list[str] = []
    for group in GROUPS:
        names += [group.name, *group.rows]
        names += [row.partition(".")[0] for row in group.rows]
    return list(dict.fromkeys(names))


def chosen(name: str | None) -> list[tuple[Group, list[str]]]:
    """The groups to run and the rows wanted of each; all of them without a name."""
    found = []
    for group in GROUPS:
        rows = [row for row in group.rows if name is None or name == group.name or row == name or row.startswith(f"{name}.")]
        if rows:
            found.append((group, rows))
    return found


def run(name: str | None, effort: Effort) -> Iterable[Row]:
    """Measure what a name chooses, a group at a time."""
    for group, rows in chosen(name):
        sys.stderr.write(f"bench: {', '.join(rows)} ...\n")
        measure: Measure = importlib.import_module(group.module).measure
        for row in measure(rows, effort):
            if row.name in rows:
                yield row


def number(value: float | None) -> str:
    """A figure with as many digits as it deserves."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1000:
        return str(int(value))
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def table(rows: Sequence[Row]) -> str:
    """The rows as text; conditions stand below, each once."""
    head = ("name", "value", "unit", "better", "peer", "peer value", "ratio")
    lines = [head]
    for row in rows:
        ratio = "-" if row.ratio is None else f"{number(row.ratio)}x"
        lines.append((row.name, number(row.value), row.unit, row.better, row.peer or "-", number(row.peer_value), ratio))
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    right = (1, 5, 6)
    text = [
        "  ".join(cell.rjust(widths[n]) if n in right else cell.ljust(widths[n]) for n, cell in enumerate(line)).rstrip()
        for line in lines
    ]
    by_conditions: dict[str, list[str]] = {}
    for row in rows:
        by_conditions.setdefault(row.conditions, []).append(row.name)
    text += ["", *(f"{', '.join(names)}: {conditions}" for conditions, names in by_conditions.items())]
    return "\n".join([*text, f"machine: {machine()}"])


def bench_command(argv: Sequence[str]) -> int:
    """The command: 0 = measured, 2 = no such name."""
    parser = argparse.ArgumentParser(
        prog="zongji bench",
        description="Measure, each figure beside the best known.",
        epilog=EXAMPLE + "\nnames: " + ", ".join(known()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a name, or what names begin with up to a dot; all without it")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--long", action="store_true", help="more than 45 s a name")
    parser.add_argument("--times", type=int, default=0, metavar="N", help="so many cuts (ss7.changeover, ss7.three-links)")
    parser.add_argument("--calls", type=int, default=0, metavar="N", help="so many calls (ss7.million)")
    options = parser.parse_args(list(argv))
    if not chosen(options.name):
        sys.stderr.write(f"zongji bench: there is no {options.name!r}; known are {', '.join(known())}\n")
        return 2
    effort = Effort(long=options.long, brief=bool(os.environ.get(BRIEF)), times=options.times, calls=options.calls)
    rows: list[Row] = []
    for row in run(options.name, effort):
        rows.append(row)
        if options.json:
            print(json.dumps(row.fields(), ensure_ascii=False), flush=True)
    if not options.json:
        print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(bench_command(sys.argv[1:]))
