"""Writes docs/conformance/interworking.md out of docs/conformance/interworking.toml, the table of interworking.

``python docs/write_interworking.py`` writes it anew; tests/signalling/test_interworking_table.py fails while it is not current. What one
system makes of another's refusals is not written down anywhere: it follows from what each says for a cause and reads as one.
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "conformance"
TABLE = FOLDER / "interworking.toml"
PAGE = FOLDER / "interworking.md"

SYSTEMS = {"isup": "ISUP", "tup": "TUP", "china-no1": "China No.1", "line": "exchange line"}
HEAD = """# Interworking: what one signalling system says in the words of another

<!-- Written by docs/write_interworking.py out of interworking.toml; do not edit. -->

Calls pass through the exchange from any signalling system to any other. Nothing translates from one to another: each engine turns its
signals into call primitives (`pbx/vocabulary/call.py`: Q.931's, with causes of Q.850) and back, and the switch hands them from leg to leg
(`pbx/interworking.py`, `pbx/supervision.py`). So this table has a column for each system and not one for each pair. PRI-like signalling is
the primitives themselves: a column of its own would repeat the second one. Q.699 and its neighbours (Q.601 to Q.695) were not at hand:
the choices are from memory of them, and the figures are those of `config/variants/isup-china.toml`, `tup-china.toml` and `china.toml`.

A cell says what is put on the line, and behind the arrow what the other end of the line tells its switch. – : the system has no word for
it, or needs none. A row without a cell in a column does not arise there. Between two circuits of ISUP, and between two of TUP, more than this
passes: what was said is told as it was, with what the switch has no words for (docs/adr/0034). Cells are those of calls that do not.

| what | by whom |
|---|---|
| every cell, by the real engines of the system at both ends | `tests/signalling/test_interworking_table.py` |
| whole calls through an exchange in sound, every ordered pair of China No.1, ISUP, TUP and PRI-like primitives, and to exchange lines and extensions | `tests/exchange/test_interworking.py` |
| what else passes from ISUP to ISUP and from TUP to TUP | `tests/signalling/ss7/test_isup_transit.py`, `tests/exchange/test_isup_transit.py`, `tests/signalling/ss7/test_tup_transit.py`, `tests/exchange/test_tup_transit.py` |
| typical calls as an engineer reads them | `tests/scenarios/tup_to_isup`, `tests/scenarios/isup_to_china_no1`, `tests/scenarios/china_no1_to_isup_overlap` |
"""  # noqa: E501 - rows of a table
PARTS = {
    "forward": ("Forward", "Said by the end where the call comes from."),
    "backward": ("Backward", "Said by the end where the call goes to."),
    "cause": (
        "The call fails before the address is complete",
        "`Disconnect` down, with a cause. The circuit on which the call came tells it by a signal where it can.",
    ),
    "digits": (
        "The call fails while its digits come one by one",
        "China No.1 has A4 and A5 for it, and asks for KD where these do not tell the cause.",
    ),
    "late": (
        "The call fails after ringing has been told",
        "China No.1 and exchange lines have tones alone for that: the exchange that knows the cause gives them in band. ISUP and TUP end "
        "the call by a message, and the tone is given where the caller is: on the first circuit of China No.1, or at the extension.",
    ),
}
FOOT = """
## What the table leaves out

* **Numbers whose presentation is restricted** reach ISUP and TUP with that mark; China No.1 has no mark of its own and sends no number.
* **Category**: KA travels as the category of ISUP and TUP, the toll operator (KD 1) as their national operator. Other KD stay behind:
  what the next circuit's traffic is decides its own. A category passes between China No.1, ISUP and TUP, and between circuits of one R2
  variant; into another country's R2 it does not.
* **Redirection**: TUP has the first called number alone; China No.1 has nothing. Hop counters, connected numbers and answers without charge
  (China No.1) end where the system has no word for them, and begin anew behind it.
* **Address complete** is told to ISUP and TUP when the far side has told it, in the form of the best that is known: free, to be heard, or
  nothing; a timer of the engine's own says it when nothing comes. To China No.1 the same is KB, for which the number must be whole: while
  nothing is known it waits as long as its registers can, then KB1 lets the call through if it lives beyond, else KB4 ends it.
* **What keeps the called party busy**, a local or a toll call, passes between China No.1 (KB2, KB3) and TUP (SLB, STB) and is known of
  our own extensions by the `traffic` of the trunk group that they talk over. ISUP and Q.931 have cause 17 alone, exchange lines a tone:
  behind them it is not known, and leaves as KB2 or SLB. A flow that was told busy does not keep it either.
* **Digits one by one**: the first message of ISUP and TUP has a digit at least; China No.1 is seized as soon as the way is known.
* **Interworking** with systems that are not ISUP is marked in the IAM of ISUP (forward call indicators D and F). TUP's mark of a way by
  No. 7 alone is neither set nor read, and backward nothing is marked: the way back is through from address complete on in any case.
* **No circuit** is told as 34. That of a far exchange (34 in REL, CGC) is passed back; another circuit is tried only for 44 before the far
  side has said anything.
* **Who controls the release**: ISUP says SUS whoever does; TUP and China No.1 go by their data and by `Setup.control`. CBK of a TUP circuit
  that does not leave the control to the calling side, and clear-back likewise, end the call.
* **The called party alone controls the release** (CCL: emergency calls, operators) on one circuit: where such a call passes on, the
  circuit that brought it is let go by CBK or REL when its caller hangs up, and only the next one is held.
* **Operators**: China No.1 signals them in calls of operators alone (KD 1, or a semi-automatic circuit). MAL goes no farther than TUP.
* **Charge units**: China No.1 has no code for them; the exchange keeps count of what the network charges, and shows it to extensions.
* **Congestion** of an exchange (ACC, the automatic congestion level of REL) takes calls away on the circuits to it, with 42; it is not
  passed on to other exchanges.
* **Continuity, echo control, satellites, closed user groups, user-to-user data, bearers but speech** are not passed on.
"""


def _cell(found: list[str]) -> str:
    line, told = found
    if not line and not told:
        return "–"
    return f"{line or '–'} → {told}" if told else line


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(titles)
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows)]) + "\n"


def _rows(table: dict[str, Any], part: str) -> str:
    rows = [row for row in table["row"] if row["part"] == part]
    columns = [system for system in SYSTEMS if any(system in row for row in rows)]
    plain = part in ("cause", "digits", "late")
    cells = []
    for row in rows:
        given = row["says"].partition(": ")[2].replace("()", "")
        cells.append([row["what"], *([] if plain else [f"`{given}`"]), *(_cell(row[one]) if one in row else "" for one in columns)])
    return _table(["cause" if plain else "event", *([] if plain else ["primitive"]), *(SYSTEMS[one] for one in columns)], cells)


Failure = tuple[int, str]
"""A cause, and with what kind of call the called party is busy."""


def _failure(text: str) -> Failure:
    """A clearing primitive as the table writes it, given (Disconnect(17, 'toll')) or told (Release 17 busy_with=toll)."""
    found = re.search(r"(?:Disconnect|Release)[ (](\d+)(?: busy_with=|, ')?(\w*)", text)
    assert found is not None, text
    return int(found[1]), found[2]


def _refusals(table: dict[str, Any]) -> str:
    """Signals of a system that mean a cause, and what the other systems make of them."""
    says: dict[Failure, dict[str, str]] = {}
    read: dict[str, dict[str, Failure]] = {system: {} for system in SYSTEMS}
    for row in table["row"]:
        if row["part"] == "cause":
            says[_failure(row["says"])] = {system: row[system][0] for system in SYSTEMS}
            for system in SYSTEMS:
                line, told = row[system]
                read[system][line] = _failure(told)
    for row in table["read"]:
        if row["told"].startswith(("Release", "Disconnect")):
            read[row["system"]].setdefault(row["line"], _failure(row["told"]))
    rows = [
        [SYSTEMS[system], line, " ".join(map(str, cause)).strip(), *(says[cause][other] for other in SYSTEMS)]
        for system in SYSTEMS
        for line, cause in sorted(read[system].items(), key=lambda item: (item[1], item[0]))
    ]
    return _table(["from", "signal", "cause", *(f"to {title}" for title in SYSTEMS.values())], rows)


def page() -> str:
    """The whole page."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    parts = [HEAD]
    for part, (title, text) in PARTS.items():
        parts.append(f"\n## {title}\n\n{text}\n\n{_rows(table, part)}")
    parts.append(
        "\n## From system to system\n\nA call that fails beyond, before its address is complete: the signal of the circuit on which it went"
        " out, its cause, and what the circuit tells on which it came in.\n\n" + _refusals(table)
    )
    read = [[SYSTEMS[row["system"]], row["signal"], "; ".join(row.get("path", [])) or "–", row["told"]] for row in table["read"]]
    parts.append(
        "\n## Signals that our ends never send\n\n" + _table(["system", "signal", "behind", "is told as"], read)
    )
    parts.append(FOOT)
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
