"""The first process of the machine: ``init`` of the User-Mode Linux kernel, given the folder with the plan.

It mounts what a program expects, loads the DAHDI modules, has ``dahdi_cfg`` configure the loop-back spans, makes the device
nodes that udev would make, runs the one command of ``plan.json``, writes ``outcome.json`` and turns the machine off. Whatever
goes wrong is written there too, under ``failure``. Only the standard library, because the host's interpreter runs it whatever
the environment of the command is.
"""

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import time
import traceback
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
FINIT_MODULE = 313
"""Number of the system call on x86-64, the only processor that User-Mode Linux of Debian knows."""
READ_ONLY = 1  # MS_RDONLY of <sys/mount.h>
SET_FLAGS, INTERFACE_UP = 0x8914, 1  # SIOCSIFFLAGS of <linux/sockios.h>, IFF_UP of <linux/if.h>
POWER_OFF = 0x4321FEDC  # RB_POWER_OFF of <sys/reboot.h>
CLEARED = ("/tmp", "/run", "/dev/shm")
"""Where a program may write; what the host has there cannot be seen inside."""


def mount(kind: str, where: str, data: str = "", read_only: bool = False) -> None:
    """Mount something; the folder is made if it can be. By the system call, because ``mount`` tells later kernels of hostfs otherwise."""
    Path(where).mkdir(parents=True, exist_ok=True)
    if LIBC.mount(b"none", where.encode(), kind.encode(), ctypes.c_ulong(READ_ONLY if read_only else 0), data.encode()):
        raise OSError(ctypes.get_errno(), f"{kind} on {where}: {os.strerror(ctypes.get_errno())}")


def mount_all(folder: str, shown: list[str]) -> None:
    """The usual file systems, the folder for results, and of the host's folders those that CLEARED would hide."""
    mount("proc", "/proc")
    mount("sysfs", "/sys")
    for where in CLEARED:
        mount("tmpfs", where)
    mount("devpts", "/dev/pts")
    for path in shown:
        if path.startswith(CLEARED):
            mount("hostfs", path, path, read_only=True)
    mount("hostfs", folder, folder)


def raise_loopback() -> None:
    """Bring ``lo`` up, with its address: programs of one machine talk by it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", INTERFACE_UP))


def load(module: Path, parameters: str = "") -> None:
    """Load a kernel module from its file."""
    descriptor = os.open(module, os.O_RDONLY)
    try:
        if LIBC.syscall(FINIT_MODULE, descriptor, parameters.encode(), 0):
            raise OSError(ctypes.get_errno(), f"{module.name}: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(descriptor)


def make_nodes() -> int:
    """``/dev/dahdi/N`` for each channel, as udev's rules make them; returns how many there are."""
    channels = [path for path in Path("/dev/dahdi/chan").rglob("*") if path.is_char_device()]
    for path in channels:
        short = Path(f"/dev/dahdi/{os.minor(path.stat().st_rdev)}")
        if not short.exists():
            short.symlink_to(path)
    return len(channels)


def configure(plan: dict) -> int:
    """The loop-back spans of the plan's ``system.conf``; the same once more if the command changes it."""
    Path("/run/dahdi").mkdir()
    configuration = Path("/run/dahdi/system.conf")
    configuration.write_text(plan["configuration"], encoding="ascii")
    done = subprocess.run([*plan["configurator"], "-c", str(configuration)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"dahdi_cfg says {done.returncode}: {done.stdout}{done.stderr}")
    return make_nodes()


def work(folder: Path, outcome: dict) -> None:
    """Everything between the start and the end of the machine."""
    plan = json.loads((folder / "plan.json").read_text())
    mount_all(str(folder), plan["shown"])
    raise_loopback()
    for name, parameters in plan["modules"]:
        load(Path(name), parameters)
    outcome["channels"] = configure(plan) if plan["configuration"] else 0
    for name, parameters in plan["clock"]:  # after the spans, which then keep the first numbers
        load(Path(name), parameters)
    outcome["boot_s"] = float(Path("/proc/uptime").read_text().split()[0])
    (folder / "booted").touch()
    # In virtual time the boot takes none, and a process that began in tick 0 looks like one that is not there (pbx/predecessor.py).
    time.sleep(0.1)
    started = time.monotonic()
    with open("/dev/tty0", "r+b", buffering=0) if plan["interactive"] else (folder / "output").open("wb") as screen:
        keys = screen if plan["interactive"] else subprocess.DEVNULL
        # Only the leader of a session has a terminal of its own, and with it the keys that interrupt and stop.
        command = ["setsid", "--ctty", "--wait", *plan["command"]] if plan["interactive"] else plan["command"]
        done = subprocess.run(
            command, stdin=keys, stdout=screen, stderr=screen, env=plan["environment"], cwd=plan["folder"], check=False
        )
    outcome["code"] = done.returncode
    outcome["seconds"] = time.monotonic() - started


def main(folder: Path) -> None:
    """Never returns: the kernel would panic."""
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    outcome: dict = {}
    try:
        work(folder, outcome)
    except BaseException:  # the first process must not end, and the reason must leave the machine
        outcome["failure"] = traceback.format_exc()
    (folder / "outcome.json").write_text(json.dumps(outcome))
    os.sync()
    LIBC.reboot(POWER_OFF)
    time.sleep(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
