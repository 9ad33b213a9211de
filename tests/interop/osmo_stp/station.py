"""osmo-stp as Debian ships it, a signalling transfer point of M3UA, as a process of its own: over SCTP, or over TCP by sctp_over_tcp.c.

The program is the installed one, or it is unpacked below ``build/interop``, with those of its libraries that are not installed: packages of
Debian that apt fetches, of which nothing is installed and no daemon started. Only its behaviour is judged.
"""

import contextlib
import fcntl
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from pbx.sctp_socket import IPPROTO_SCTP
from tests.dahdi.rig.archive import NoRigError, candidates, fetch, last_line
from tests.dahdi.rig.collected import is_inside

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[2] / "build" / "interop"
NAME = "osmo-stp"
NO_STATION = "no osmo-stp: "
"""How the reason of a test that was skipped for want of it begins."""
OVER_TCP = "1.6."
"""The versions that sctp_over_tcp.c is made for begin so."""
PATIENCE_S = 10.0
REFUSALS: list[str] = []
"""Why this process could not have it: what failed is not tried again."""


def ready():
    """The folder in which it is unpacked, None where it is installed; fetched first if it is neither. NoRigError says why it cannot be."""
    if shutil.which(NAME):
        return None
    if not made():
        if is_inside():
            raise NoRigError("it could not be fetched outside of the machine")
        if REFUSALS:
            raise NoRigError(REFUSALS[0])
        BUILD.mkdir(parents=True, exist_ok=True)
        with (BUILD / f"{NAME}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                if not made():
                    unpack()
            except NoRigError as reason:
                REFUSALS.append(str(reason))
                raise
    return made()[-1]


def made():
    """The folders in which it is unpacked."""
    return sorted(mark.parent for mark in BUILD.glob(f"{NAME}-*/made"))


def unpack():
    """Fetch what apt would install here, and unpack it."""
    version = candidates([NAME]).get(NAME)
    if version is None:
        raise NoRigError(f"apt knows no package {NAME}")
    folder = BUILD / f"{NAME}-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    command = ["env", "LC_ALL=C", "apt-get", "--simulate", "install", "--no-install-recommends", NAME]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    wanted = [f"{name}={at}" for name, at in re.findall(r"^Inst (\S+) \((\S+) ", told.stdout, re.MULTILINE)]
    if not wanted:
        raise NoRigError(f"apt would not install {NAME}: {last_line(told.stderr)}")
    fetch(wanted, folder)
    (folder / "made").touch()


def fetch_if_it_can_be():
    """Before a machine boots, which cannot fetch: who needs it there is told that it is not there."""
    with contextlib.suppress(NoRigError):
        ready()


def started(*arguments, **further):
    """The program with these arguments, its libraries where they are unpacked."""
    folder = ready()
    environment = {**os.environ, **further.pop("environment", {})}
    if folder is not None:
        environment["LD_LIBRARY_PATH"] = ":".join(str(place) for place in folder.glob("usr/lib/*-linux-gnu"))
    program = NAME if folder is None else str(folder / "usr/bin" / NAME)
    return subprocess.Popen([program, *arguments], env=environment, **further)


def why_not(transport):
    """Why no transfer point can be had over a transport, or nothing."""
    try:
        with started("--version", stdout=subprocess.PIPE, text=True) as program:
            version = re.search(r"version (\S+)", program.stdout.read())
    except NoRigError as reason:
        return str(reason)
    if transport == "tcp" and not (version and version[1].startswith(OVER_TCP)):
        return f"over TCP only {OVER_TCP}x is known, not {version and version[1]}"
    return ""


def build():
    """The carrier, compiled at need."""
    BUILD.mkdir(parents=True, exist_ok=True)
    source, made = HERE / "sctp_over_tcp.c", BUILD / "sctp_over_tcp.so"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        begun = made.with_suffix(f".{os.getpid()}")
        flags = ["-std=gnu11", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]
        subprocess.run(["gcc", *flags, "-o", str(begun), str(source), "-ldl"], check=True)
        begun.replace(made)
    return made


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Station:
    """A running transfer point with the given lines of configuration for its instance; ``port``: where it listens, by which transport."""

    def __init__(self, folder, lines, port, transport):
        self.port, self.transport = port, transport
        text = ["log stderr", " logging filter all 1", " logging color 0", " logging level all notice", "line vty", " no login"]
        text += [f" bind 127.0.0.1 {free_port()}"] if transport == "sctp" else []
        text += ["cs7 instance 0", " point-code format 8 8 8", *(f" {line}" for line in lines)]
        text += [f" listen m3ua {port}", "  local-ip 127.0.0.1", "  accept-asp-connections pre-configured", ""]
        (folder / "osmo-stp.cfg").write_text("\n".join(text), encoding="utf-8")
        environment = {"LD_PRELOAD": str(build())} if transport == "tcp" else {}
        self.log = folder / "osmo-stp.log"
        with self.log.open("wb") as log:
            self.process = started("-c", str(folder / "osmo-stp.cfg"), environment=environment, stdout=log, stderr=log)
        self.wait()

    def wait(self):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            kind = 0 if self.transport == "tcp" else IPPROTO_SCTP
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM, kind) as found:
                if found.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
