"""Writes pages of docs/conformance out of the tests that carry numbers in their names: of Q.781 to Q.784, and those with a foreign
signalling point.

``python docs/write_conformance.py`` writes them anew; tests/signalling/ss7/test_conformance_tables.py fails while they are not current. A
test named ``test_3_9_...`` shows item 3.9; the first line of its docstring is the title. What is not shown stands with the reason.
"""

import ast
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
PAGES = HOME / "docs" / "conformance"
TESTS = HOME / "tests" / "signalling" / "ss7"
LEVEL3 = HOME / "pbx" / "signalling" / "ss7" / "mtp3"
FIGURES3 = HOME / "config" / "variants" / "mtp-china.toml"
FOREIGN_PAGE = PAGES / "no7-foreign.md"
FOREIGN_TESTS = HOME / "tests" / "interop"
BY_LIBSS7 = "foreign: libss7 2.0.0, [no7-foreign.md](no7-foreign.md)"


@dataclass(frozen=True)
class Table:
    """A page: its file, the tests that it lists, its texts. ``shown`` and ``not_shown``: (what, by whom), (section, what, why not).

    Where the list does not apply as a whole, ``not_applicable`` has title and reason by the item's number, and ``own_from`` is the first
    section whose numbers are our own. ``tail`` follows the sections.
    """

    file: str
    tests: Sequence[str]
    head: str
    shown: Sequence[tuple[str, str]]
    foot: str
    sections: Mapping[int, str]
    not_shown: Sequence[tuple[str, str, str]]
    not_applicable: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    own_from: int = 0
    tail: str = ""

    @property
    def path(self) -> Path:
        """Where it stands."""
        return PAGES / self.file


HEAD3 = """# MTP level 3: what is shown, by whom

<!-- Written by docs/write_conformance.py out of the tests; do not edit. -->

Level 3 (`pbx/signalling/ss7/mtp3`) after Q.704 and Q.707, with the figures of `config/variants/mtp-china.toml`. The texts of the
Recommendations were not at hand: procedures and figures are from memory. The sections below are those of Q.782; *numbers within a
section are from memory too* and may differ from the printed list.

| what | by whom |
|---|---|
"""
SHOWN3 = (
    (
        "every management and link test message, 24-bit and 14-bit, and all that whole runs in trouble wrote, field by field",
        "foreign: tshark 4.0, `tests/interop/test_tshark_mtp3.py`",
    ),
    ("every cell of every chart, reached by real inputs, and full service after it", "`tests/signalling/ss7/test_mtp3_cells.py`"),
    (
        "links that fail and come at any moment under load: lost 0, doubled 0, out of order 0",
        "`tests/signalling/ss7/test_changeover_properties.py`",
    ),
    (
        "two points, and two end points behind two transfer points, back to back: after all faults everything is available again",
        "`tests/signalling/ss7/test_mtp3_network.py`",
    ),
    (
        "all truncations, all flipped bits, any octets: a message or `Malformed`",
        "`tests/signalling/ss7/test_management.py`, `tests/signalling/ss7/test_label.py`",
    ),
    ("link test, restart, changeover, changeback, inhibiting, rerouting with a foreign level 3, 24-bit and 14-bit", BY_LIBSS7),
    (
        "several link sets to one point: load over all sets, changeover from set to set, a transfer point between, any fault: lost 0, "
        "doubled 0, out of order 0",
        "`tests/signalling/ss7/test_parallel_link_sets.py`",
    ),
    (
        "calls in sound over two link sets on two spans, one cut at any phase of calls: lost 0",
        "`tests/exchange/test_no7_parallel_sets.py`",
    ),
    ("one point with two link sets to two points, or three to two points, message by message", "the items below"),
)
FOOT3 = """
Level 2 in these tests is one of the test's own (`tests/signalling/ss7/level2.py`): it numbers, confirms, retrieves and is cut.
"""

SECTIONS3 = {
    1: "Signalling link management",
    2: "Signalling message handling",
    3: "Changeover",
    4: "Changeback",
    5: "Forced rerouting",
    6: "Controlled rerouting",
    7: "Management inhibiting",
    8: "Signalling traffic flow control",
    9: "Signalling route management",
    10: "Signalling point restart",
    12: "Traffic test",
    13: "Signalling link test",
}
NOT_SHOWN3 = (
    ("1", "automatic allocation of signalling terminals and data links (T7)", "not built: data links are fixed; DLC is answered by CNP"),
    ("9", "transfer restricted by long congestion", "national option, not built; by the loss of the normal route: 9.8"),
    ("12", "traffic test", "needs level 2 and load; not a matter of one point with a tester"),
)


OPTIONS3 = {"T11": "transfer_restricted", "T24": "outage_stabilised"}
"""Timers of national options, with the key that switches the option on."""
NOT_USED3 = {
    "T7": "data link connection order; belongs to automatic allocation of data links (sections 12.5 and 12.6), which is not offered",
    "T9": "not used by Q.704",
}
TIMERS3_HEAD = """
## Timers

Those of Q.704 section 16.8 and Q.707 section 5.5: default and range of `config/variants/mtp-china.toml`, which has the source of each, and
the box that starts it.

| timer | default | range | what for | box |
|---|---|---|---|---|
"""


def started_timers(path: Path) -> set[str]:
    """The timers that states of a module's charts start: the third argument of each ``State``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "State" and len(node.args) > 2:
            found |= set(ast.literal_eval(node.args[2]))
    return found


def timers3() -> dict[str, tuple[str, ...]]:
    """By timer of level 3 the cells of its row: T1 to T24, then those of Q.707."""
    data = tomllib.loads(FIGURES3.read_text(encoding="utf-8"))
    boxes = {path: started_timers(path) for path in sorted(LEVEL3.glob("*.py"))}
    rows = {}
    for name in [*(f"T{number}" for number in range(1, 25)), "Q707T1", "Q707T2"]:
        if name in NOT_USED3:
            rows[name] = ("", "", NOT_USED3[name], "none")
            continue
        timer = data["timers"][name]
        what = timer["source"].rpartition("; ")[2]
        if name in OPTIONS3:
            what += f" (national option, {'on' if data[OPTIONS3[name]] else 'off'} in this file)"
        low, high = (f"{timer[key] / 1000:g}" for key in ("low_ms", "high_ms"))
        box = ", ".join(f"`{path.relative_to(HOME).as_posix()}`" for path, started in boxes.items() if name in started)
        rows[name] = (f"{timer['default_ms'] / 1000:g} s", f"{low} to {high} s", what, box)
    return rows


def timer_table() -> str:
    """The timers of level 3 as a table."""
    named = {"Q707T1": "Q.707 T1", "Q707T2": "Q.707 T2"}
    return TIMERS3_HEAD + "".join(f"| {named.get(name, name)} | {' | '.join(cells)} |\n" for name, cells in timers3().items())


HEAD2 = """# MTP level 2: what is shown, by whom

<!-- Written by docs/write_conformance.py out of the tests; do not edit. -->

Level 2 after Q.703 (64 kbit/s), both parts together in virtual time: link state control in Python (`pbx/signalling/ss7/mtp2`), transmission
and reception control in C (`pbx/dsp/mtp2.h`), figures of `config/variants/mtp2-china.toml`. The text of the Recommendation was not at
hand: procedures and figures are from memory. Numbers and titles below are those of Q.781; what an item asks
for is from its title and Q.703.

| what | by whom |
|---|---|
"""
SHOWN2 = (
    ("bad lines, delays, cuts; basic and preventive: lost 0, doubled 0, out of order 0", "`tests/signalling/ss7/test_mtp2_pairs.py`"),
    ("control stalls for one and for five seconds at 0.4 erlang: no link down, nothing lost", "`tests/signalling/ss7/test_mtp2_pairs.py`"),
    (
        "level 2 and 3 whole, changeover with real retrieval: lost 0, doubled 0, out of order 0",
        "`tests/signalling/ss7/test_mtp2_network.py`",
    ),
    (
        "every cell of every chart, reached by real inputs; a storm breaks no promise to level 3",
        "`tests/signalling/ss7/test_mtp2_cells.py`",
    ),
    (
        "two planes over a simulated wire, orders and events over the arena: silent, restarted, slow control, bit errors, cuts; lost 0",
        "`tests/plane/test_links.py`",
    ),
    ("the same over channels of DAHDI's kernel, which repeats and hides units", "`tests/dahdi/test_links.py`"),
    (
        "of the items below those that need no more than a card, over plane and wire; some over DAHDI",
        "`tests/plane/test_q781.py`, `tests/dahdi/test_q781.py`",
    ),
    ("any octets, any orders; a card that repeats and hides units", "`tests/dsp/test_mtp2.py`"),
    ("flags, zero insertion, check sequence: bit by bit as a model written from the rules alone", "`tests/dsp/test_hdlc.py`"),
    (
        "links of 2 Mbit/s (annex A): numbers over 4096, 4095 units unconfirmed, errored interval monitor, alignment, retrieval, "
        "changeover told by XCO and XCA; most items of sections 1, 2 and 4 below, some of 8 and 10",
        "`tests/signalling/ss7/test_annex_a.py`, `tests/signalling/ss7/test_annex_a_items.py`",
    ),
    (
        "the same between two planes over a span that is one channel: 0.2 and 0.8 erlang, bit errors, cuts, stalls, a new control; lost 0",
        "`tests/plane/test_clear_channel.py`",
    ),
    ("units of the extended format, ours and those sent", "foreign: tshark 4.0, `tests/interop/test_tshark_annex_a.py`"),
    ("emergency alignment, basic error correction, links that fail and come back, with a foreign level 2", BY_LIBSS7),
    ("one end and a tester, unit by unit", "the items below"),
)
FOOT2 = """
The line of these tests is made in the program (`benchmarks/no7_terminals.py`): whole units and faults pass, in section 5 bits.
Over DAHDI's kernel both ends were ours, in a machine with its drivers and loop-back spans, on no board.
"""
SECTIONS2 = {
    1: "Link state control, expected signal units and orders",
    2: "Link state control, unexpected signal units and orders",
    3: "Transmission failure",
    4: "Processor outage control",
    5: "Signal unit delimitation, alignment, error detection and correction",
    6: "SUERM check",
    7: "AERM check",
    8: "Transmission and reception control (basic)",
    9: "Transmission and reception control (PCR)",
    10: "Congestion control",
}
NOT_SHOWN2: tuple[tuple[str, str, str], ...] = ()


HEAD_ISUP = """# ISUP, calls and circuits: what is shown, by whom

<!-- Written by docs/write_conformance.py out of the tests; do not edit. -->

The ISDN user part (`pbx/signalling/ss7/isup`) after Q.764 and YDN 038, with the figures of `config/variants/isup-china.toml`. The texts of
the Recommendations were not at hand: procedures and figures are from memory. Numbers below are those of Q.784.1; *what is behind a number
is from its title alone*, and the cases a, b, c of a number are our own reading. The far end is played by the test, message by message.

| what | by whom |
|---|---|
"""
SHOWN_ISUP = (
    ("every cell of every chart, reached by real inputs, and full service after it", "`tests/signalling/ss7/test_isup_cells.py`"),
    (
        "two ends back to back: whole calls, glare at every distance, either end clearing, blocking, resetting at any moment, "
        "also over a way that loses messages: both come to rest and agree",
        "`tests/signalling/ss7/test_isup_pair.py`",
    ),
    (
        "any message of the codec's corpus in any state, whole or damaged: books right, rest afterwards",
        "`tests/signalling/ss7/test_isup_call_fuzz.py`",
    ),
    (
        "continuity checks: two ends whose circuit is cut and mended amid calls, checks and resets; in sound, with losses, over a restart; "
        "the transceiver against Q.724",
        "`tests/signalling/ss7/test_isup_continuity.py`, `tests/exchange/test_continuity.py`, `tests/recovery/test_no7_circuits.py`, "
        "`tests/dsp/test_check_tone.py`",
    ),
    (
        "a transit exchange: any parameters with any instructions against an independent reading of Q.764 2.9.5, every optional parameter "
        "of every message octet for octet, too long messages, anything carried into any state; in sound between two groups",
        "`tests/signalling/ss7/test_isup_transit.py`, `tests/exchange/test_isup_transit.py`",
    ),
    ("circuit group queries of ours (Q.764 2.8.4)", "`tests/signalling/ss7/test_isup_queries.py`"),
    ("formats", "foreign: tshark 4.0, [formats](no7-formats.md)"),
    ("calls, supervision, dual seizure, five hundred calls at once, with a foreign ISUP", BY_LIBSS7),
    ("one point, message by message", "the items below"),
)
SECTIONS_ISUP = {
    1: "Circuit supervision and signalling supervision",
    2: "Normal call set-up",
    3: "Normal call release",
    4: "Unsuccessful call set-up",
    5: "Abnormal situation during a call",
    6: "Special call set-up",
}
NOT_SHOWN_ISUP = (
    ("2", "2.4.5 from an exchange without propagation delay determination", "our own reading: no counter is begun half way, see 2.4.3"),
    ("3", "3.6a, 3.7b suspend and resume by an ISDN user of ours", "not applicable: no line of this exchange can suspend in this way"),
    ("6", "6.4.4 FOT received following a call via codes 11 and 12", "not built: there is no operator position behind these codes"),
    ("6", "6.6 and later: fallback, bearers other than speech", "not built: the switch has words for speech only; their parameters pass"),
)

HEAD_TUP = """# Chinese TUP, calls and circuits: what is shown, by whom

<!-- Written by docs/write_conformance.py out of the tests; do not edit. -->

The telephone user part (`pbx/signalling/ss7/tup`) after GF 001-9001, and after Q.724 where that is silent, with the figures of
`config/variants/tup-china.toml`. No text of these standards was at hand, nor any Chinese list of conformance tests, nor Q.788: procedures
and figures are from memory. Numbers of sections 1 to 6 are those of Q.783 (1988): *of its list numbers and titles of sections 1 to 4 were
at hand, those of 5 and 6 are from memory*, the last figure of a number there is our own order, and they may differ from the printed ones.
What an item asks for is from its title and Q.724; cases a, b, c of a number are our own reading. 4.12 and 4.13 are China's SLB and STB in
the same pattern. *From section 7 on numbers are our own*: what Q.783 has no number for.

The far end is played by the test, message by message; octets in the tests are written by hand out of the tables of the standard that two
makers have published, and every message that is sent is read by a second decoder made from these tables alone. Every test named here is run
with the whole suite, which fails with it.

| what | by whom |
|---|---|
"""
SHOWN_TUP = (
    ("every cell of every chart, reached by real inputs, and full service after it", "`tests/signalling/ss7/test_tup_cells.py`"),
    (
        "two ends back to back: whole calls, glare at every distance, either end clearing, blocking, resetting at any moment, also over a "
        "way that loses messages: both come to rest and agree",
        "`tests/signalling/ss7/test_tup_pair.py`",
    ),
    (
        "all thirty circuits of a span under mixed traffic for an hour, with maintenance and with messages lost: every seizure released, "
        "both ends idle",
        "`tests/signalling/ss7/test_tup_traffic.py`",
    ),
    (
        "any message of the codec's corpus and any octets in any state, whole or damaged: books right, rest afterwards",
        "`tests/signalling/ss7/test_tup_call_fuzz.py`",
    ),
    ("the file of figures: all that is wrong with it at once", "`tests/signalling/ss7/test_tup_data.py`"),
    ("formats", "nobody's decoder is at hand but our second one, [formats](no7-formats.md)"),
    ("one point, message by message", "the items below"),
)
SECTIONS_TUP = {
    1: "Circuit supervision",
    2: "Normal call set-up",
    3: "Normal call release",
    4: "Unsuccessful set-up",
    5: "Abnormal situation during a call (from memory)",
    6: "Special call set-up (from memory)",
    7: "Own list: addresses, callers, what is heard",
    8: "Own list: who controls the release",
    9: "Own list: charging, operators, malicious calls",
    10: "Own list: calls that fail",
    11: "Own list: abnormal",
    12: "Own list: blocks and resets of one circuit",
    13: "Own list: groups",
    14: "Own list: congestion, and whether the far end can be reached",
}
NOT_APPLICABLE_TUP = {
    "1.3.2.4": ("Interruption for FDM circuits", "circuits are time slots of 2 Mbit/s, without a pilot whose loss could be told"),
    "2.3.2a": ("Call switched via satellite, outgoing", "not built: no route can be said to pass a satellite, the bits say none"),
    "4.3.2": ("NNC sent", "China does not use NNC; cause 38 is told by CGC"),
    "4.6.2": ("SSB sent", "China does not use SSB; cause 17 is told by SLB or STB (4.12, 4.13)"),
}
NOT_SHOWN_TUP = (
    ("6", "continuity checks of two ends under whatever happens", "no item of a list: `tests/signalling/ss7/test_tup_continuity.py`"),
    ("7", "digital paths, forwarded calls (bits of IAM and ACM)", "not built: read and written by the codec only"),
    ("7", "closed user groups and other contents of IAI whose layout no source tells", "not built: they are passed over"),
    ("8", "a foreign TUP", "nobody's is at hand"),
    ("9", "an operator offers a call after SLB or STB", "not built: our switch has let go by then; OPR before is understood"),
    ("13", "groups blocked by software (SGB, SGU), groups agreed upon beforehand (range 0)", "not built: China does not use the former"),
)

TABLES = (
    Table("mtp2.md", ("test_q781_*.py",), HEAD2, SHOWN2, FOOT2, SECTIONS2, NOT_SHOWN2),
    Table("mtp3.md", ("test_q782_*.py",), HEAD3, SHOWN3, FOOT3, SECTIONS3, NOT_SHOWN3, tail=timer_table()),
    Table("isup.md", ("test_q784_*.py",), HEAD_ISUP, SHOWN_ISUP, "", SECTIONS_ISUP, NOT_SHOWN_ISUP),
    Table(
        "tup.md", ("test_q783_*.py", "test_tup_flow_*.py"), HEAD_TUP, SHOWN_TUP, "", SECTIONS_TUP, NOT_SHOWN_TUP, NOT_APPLICABLE_TUP, 7
    ),
)


HEAD_FOREIGN = """# A foreign signalling point: what is shown with it

<!-- Written by docs/write_conformance.py out of the tests; do not edit. -->

libss7 2.0.0 of Debian, unmodified, is the far end of links of 64 kbit/s in virtual time (`tests/interop/libss7`). Our end is the whole
stack: level 2 with its part in C, level 3, ISUP (`tests/signalling/ss7/point.py`). Everything runs with labels of 14 bits, as libss7 has
them, and of 24 bits with network indicator 2: then the same message gets the wider label on the wire. libss7 is GPL and a judge in tests
alone.
"""
FOREIGN_NOT_SHOWN = (
    ("2", "normal alignment", "libss7 always asks for emergency alignment"),
    ("2", "processor outage (SIPO), flow control (SIB)", "it sends neither, and aligns anew when it hears one of them"),
    ("2", "preventive cyclic retransmission; error rate monitors of the far end", "it has none"),
    ("3", "transfer restricted, transfer controlled, user part unavailable, data link connection", "read over, or not known"),
    ("3", "route set test answered, transfer point", "it is an end point"),
    ("3", "changeover of a link other than the first, with COA", "it drops management messages that come over another link (below)"),
    ("ISUP", "SAM, COT, CCR, CQM, FOT, CFN, FAC, USR, SGM, segmentation, UPT from the far end", "it cannot send them"),
    ("ISUP", "COT and CCR of ours", "a check wants a loop in the speech path, and it works messages alone"),
    ("ISUP", "MPM, CRG, CCL, OPR; hop counter; automatic congestion level; compatibility", "it does not know them"),
    ("TUP", "everything", "it has no TUP"),
)
OTHERWISE = (
    "Management messages about another link than the one that they come over are dropped. So it hears no COO, COA, CBD, CBA "
    "and LUN of ours where Q.704 sends them over the link that works: it ends its changeover by T2 without its unconfirmed "
    "messages, we end our changeback by T4 and T5. Where both its links have one code for it, it takes those about the first.",
    "What it retrieves it sends again in reverse order, so that an ANM may come before its ACM; the circuit is then reset "
    "(Q.764 2.9.5.1).",
    "CBD is sent over the link that comes back. A link that fails sends SIO at once, without SIOS. T7 runs on when the "
    "link has failed for another reason.",
    "A second TRA without T19 running takes all calls down for a second. When its last link fails it forgets its calls; its "
    "user resets the circuits.",
    "An IAM that meets its REL is offered to its user as a new call before RLC is there.",
    "Every called number has ST. Optional backward call indicators are read over.",
)


def foreign_page() -> str:
    """The page of the foreign signalling point."""
    parts = [HEAD_FOREIGN]
    for path in sorted(FOREIGN_TESTS.glob("test_libss7_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts.append(f"\n## `{path.relative_to(HOME).as_posix()}`\n\n{_first_line(tree)}\n\n")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                text = (ast.get_docstring(node) or "").partition("\n")[0]
                parts.append(f"* {node.name.removeprefix('test_').replace('_', ' ')}{': ' + text if text else ''}\n")
    parts.append("\n## Not shown by it\n\n| level | what | why |\n|---|---|---|\n")
    parts += [f"| {level} | {what} | {why} |\n" for level, what, why in FOREIGN_NOT_SHOWN]
    parts.append("\n## What libss7 does otherwise than the Recommendations\n\n")
    parts += [f"* {text}\n" for text in OTHERWISE]
    return "".join(parts)


def _first_line(tree: ast.Module) -> str:
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def items(table: Table) -> list[tuple[tuple[str, ...], str, str, str]]:
    """Number, title, file and name of every test of an item, in the order of numbers."""
    found = []
    for path in sorted(path for pattern in table.tests for path in TESTS.glob(pattern)):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (match := re.match(r"test_(\d+(?:_\d+)+[a-h]?)_", node.name)):
                number = tuple(match.group(1).split("_"))
                title = (ast.get_docstring(node) or "").partition("\n")[0].rstrip(".")
                found.append((number, title, path.relative_to(HOME).as_posix(), node.name))
    return sorted(found, key=lambda row: (_order(row[0]), row[1:]))


def _order(number: Sequence[str]) -> list[tuple[int, str]]:
    return [(int(part.rstrip("abcdefgh")), part) for part in number]


def lines(table: Table) -> list[tuple[tuple[str, ...], str, str]]:
    """Number, title, and the test or why there is none, in the order of numbers."""
    found = [(number, title, f"`{name}`") for number, title, _, name in items(table)]
    found += [(tuple(number.split(".")), title, f"not applicable: {why}") for number, (title, why) in table.not_applicable.items()]
    return sorted(found, key=lambda row: (_order(row[0]), row[1:]))


def page(table: Table) -> str:
    """The whole page."""
    rows, every = items(table), lines(table)
    parts = [table.head, *(f"| {what} | {whom} |\n" for what, whom in table.shown), table.foot, *_summary(table, every)]
    for section, title in table.sections.items():
        mine = [row for row in every if row[0][0] == str(section)]
        missing = [row for row in table.not_shown if row[0] == str(section)]
        parts.append(f"\n## {section} {title}\n\n")
        if mine:
            files = ", ".join(f"`{name}`" for name in dict.fromkeys(row[2] for row in rows if row[0][0] == str(section)))
            parts.append(f"{files}\n\n| item | title | test |\n|---|---|---|\n")
            parts += [f"| {'.'.join(number)} | {text} | {test} |\n" for number, text, test in mine]
        parts += [f"\nNot shown: {text}: {reason}.\n" for _, text, reason in missing]
    parts.append(table.tail)
    parts.append(f"\n{len(rows)} tests.\n")
    return "".join(parts)


def _summary(table: Table, every: Sequence[tuple[tuple[str, ...], str, str]]) -> list[str]:
    """Of the sections that are the Recommendation's: how many items there are, are run and passed, do not apply."""
    if not table.own_from:
        return []
    parts = ["\n| section of the list | items and cases | run and passed | not applicable |\n|---|---|---|---|\n"]
    sums = [0, 0, 0]
    for section, title in table.sections.items():
        if section < table.own_from:
            numbers = {".".join(number) for number, *_ in every if number[0] == str(section)}
            out = len(numbers & set(table.not_applicable))
            counts = (len(numbers), len(numbers) - out, out)
            sums = [one + more for one, more in zip(sums, counts, strict=True)]
            parts.append(f"| {section} {title} | {' | '.join(map(str, counts))} |\n")
    return [*parts, f"| all | {' | '.join(map(str, sums))} |\n"]


if __name__ == "__main__":
    for one in TABLES:
        one.path.write_text(page(one), encoding="utf-8")
    FOREIGN_PAGE.write_text(foreign_page(), encoding="utf-8")
