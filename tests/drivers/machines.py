"""Machines with DAHDI as texts, ``machines/*.txt``: the files of /proc and /sys that matter, each under the heading that ``head`` gives it.

``loop-back-recorded.txt`` was recorded in a running kernel, with DAHDI's dynamic loop-back spans and the timer that DAHDI has without a
board. The others stand for boards; their lines have the form in which dahdi-base.c and dahdi-sysfs.c of DAHDI 2.11.1 print them. A line
``-> PATH`` is a symbolic link, ``\\0`` the octet 0.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "machines"
MACHINES = sorted(path.stem for path in FOLDER.glob("*.txt"))


def files_of(machine):
    """The files of a machine: path to text."""
    text = (FOLDER / f"{machine}.txt").read_text(encoding="utf-8")
    _, *parts = re.split(r"^==> (\S+) <==\n", text, flags=re.MULTILINE)
    return {path: content.replace("\\0", "\0") for path, content in zip(parts[::2], parts[1::2], strict=True)}


def unpack(machine, folder):
    """Lay the files of a machine below ``folder``, which then is the root of that machine."""
    for name, content in files_of(machine).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content.startswith("-> "):
            path.symlink_to(content[3:].strip())
        else:
            path.write_text(content, encoding="utf-8")
    return folder
