"""osmo-stp as Debian ships it, a signalling transfer point of M3UA, as a process of its own over TCP (sctp_over_tcp.c).

The program is looked for on the path, or below the folder that ZONGJI_OSMO_STP names, where its packages are unpacked (osmo-stp,
libosmo-sigtran7, libosmonetif8, libosmocore19, libosmovty9, libosmogsm18, libtalloc2, libsctp1, libmnl0). Only its behaviour is judged.
"""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[2] / "build" / "interop"
NAME = "osmo-stp"
PATIENCE_S = 10.0


def unpacked():
    root = os.environ.get("ZONGJI_OSMO_STP")
    return Path(root) if root else None


def program():
    """Where the program is; None where it is not."""
    root = unpacked()
    if root is not None and (root / "usr/bin" / NAME).exists():
        return str(root / "usr/bin" / NAME)
    return shutil.which(NAME)


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
    """A running transfer point with the given lines of configuration for its instance; ``port``: where it listens."""

    def __init__(self, folder, lines, port):
        self.port = port
        text = ["log stderr", " logging filter all 1", " logging color 0", " logging level all notice", "line vty", " no login"]
        text += ["cs7 instance 0", " point-code format 8 8 8", *(f" {line}" for line in lines)]
        text += [f" listen m3ua {port}", "  local-ip 127.0.0.1", "  accept-asp-connections pre-configured", ""]
        (folder / "osmo-stp.cfg").write_text("\n".join(text), encoding="utf-8")
        environment = {**os.environ, "LD_PRELOAD": str(build())}
        if unpacked() is not None:
            environment["LD_LIBRARY_PATH"] = ":".join(str(place) for place in unpacked().glob("usr/lib/*-linux-gnu"))
        self.log = folder / "osmo-stp.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([program(), "-c", str(folder / "osmo-stp.cfg")], env=environment, stdout=log, stderr=log)
        self.wait()

    def wait(self):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            with socket.socket() as found:
                if found.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
