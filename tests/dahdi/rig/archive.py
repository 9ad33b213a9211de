"""Debian packages fetched and unpacked below a folder, not installed: the rig needs neither root nor room on the machine.

The versions are those that apt would install; where an exact one is wanted it is asked for by name. Leaves out dependencies: what
an unpacked program needs is in the list of those who call this, or on every Debian.
"""

import re
import shutil
import subprocess
from pathlib import Path

NO_RIG = "no DAHDI rig: "
"""How the reason of a test that was skipped for want of it begins."""

NO_VIRTUAL_TIME = "no virtual time"
"""The property of a test that wanted it and ran by the host's clock; its value says why."""


class NoRigError(Exception):
    """The rig cannot be had on this machine; the message says why, in words for the summary of a test run."""


def candidates(packages: list[str]) -> dict[str, str]:
    """The versions that apt would install; a package that it does not know is not among them."""
    if shutil.which("apt-cache") is None or shutil.which("dpkg-deb") is None:
        raise NoRigError("this is no Debian")
    command = ["env", "LC_ALL=C", "apt-cache", "policy", *packages]
    words = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.findall(r"^(\S+):\n(?:  Installed: .*\n)  Candidate: (\S+)$", words.stdout, re.MULTILINE)
    return {package: version for package, version in found if version != "(none)"}


def versions(package: str) -> list[str]:
    """Every version of a package that the archives have, as apt lists them: the newest first."""
    words = subprocess.run(["apt-cache", "madison", package], capture_output=True, text=True, check=False).stdout
    return list(dict.fromkeys(line.split("|")[1].strip() for line in words.splitlines() if line.count("|") == 2))


def fetch(wanted: list[str], folder: Path) -> None:
    """Fetch packages, each ``name`` or ``name=version``, and unpack them below a folder. The files fetched do not stay."""
    fetched = folder / "fetched"
    shutil.rmtree(fetched, ignore_errors=True)
    fetched.mkdir(parents=True)
    # As root apt would fetch as the user _apt, who may not write here; it says so at length and then does it all the same.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *wanted]
    done = subprocess.run(command, cwd=fetched, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoRigError(f"apt cannot fetch {' '.join(wanted)}: {last_line(done.stderr)}")
    for package in sorted(fetched.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    shutil.rmtree(fetched)


def last_line(words: str) -> str:
    """The last line of what a program said, or a word that it said none."""
    lines = [line for line in words.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
