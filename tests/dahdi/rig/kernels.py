"""The two kernels of the rig, and DAHDI's drivers for each: what is taken of the kernel's source, how it is configured and built.

*Real* is the clock of Debian's User-Mode Linux: the packaged kernel, of which only the drivers are built here. *Virtual* is that of a
kernel of our own, built from the same source with ``UML_TIME_TRAVEL_SUPPORT`` and as little else as Python, sockets and DAHDI need,
because each file left out is one not compiled. Booted with ``time-travel=inf-cpu`` its time stands while anything runs, and jumps to the
next timer when nothing does: what a test takes there does not depend on what else the host has to do. Each kernel has an output folder
of its own beside the source.

Two lines of others are changed. The loop-back span of the drivers announces MTP2 and E&M for E1 among the signalling it can carry: stock
``dahdi_dynamic`` does not, although both live in the core. And our own kernel counts 1000 jiffies a second, which arch/um leaves no
choice about: DAHDI rings, flashes and debounces by jiffies, and with the hundred of the packaged kernel an event is told up to 10 ms late.
"""

import gzip
import os
import re
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.dahdi.rig.archive import NoRigError

Clock = Literal["real", "virtual"]
"""By which clock a machine runs: the host's, or one of its own which jumps over the time in which nothing happens."""

MODULES = ("dahdi", "dahdi_dynamic", "dahdi_dynamic_loc", "dahdi_echocan_jpah", "dahdi_echocan_mg2")
MILLISECOND_MODULE = "dahdi_dummy"
"""DAHDI's own span without channels, on a high-resolution timer; the build files of 2.11 have it no more, the source has."""
OPTIONS = ("DAHDI", "DAHDI_DYNAMIC", "DAHDI_DYNAMIC_LOC", "DAHDI_ECHOCAN_JPAH", "DAHDI_ECHOCAN_MG2")
NEEDED = ("crc-ccitt", "slhc", "ppp_generic")
"""Modules of the packaged kernel that the core uses, in the order to load them; 2.11 is built without PPP, later ones with it."""
SCTP = ("ipv6", "udp_tunnel", "ip6_udp_tunnel", "hmac", "sctp")
"""Modules of the packaged kernel that make associations of SCTP, likewise; our own kernel has it built in."""
PARAMETERS = {"dahdi": "auto_assign_spans=1"}
SIGNALLING = ("DAHDI_SIG_CAS;", "DAHDI_SIG_CAS | DAHDI_SIG_MTP2 | DAHDI_SIG_EM_E1;")
"""The end of the list of what a loop-back span can carry, and what it becomes."""
JIFFIES = ("config HZ\n\tint\n\tdefault 100\n", "config HZ\n\tint\n\tdefault 1000\n")
"""Of ``arch/um/Kconfig``: how often our own kernel counts."""
FOLDERS = (
    *("arch/um", "arch/x86", "include", "scripts", "tools/include", "kernel", "lib", "security", "certs", "usr", "mm"),
    *("init", "fs", "io_uring", "ipc", "net", "crypto", "drivers/base", "drivers/char", "drivers/tty", "drivers/net/loopback.c"),
)
"""Of the kernel's source: what our configuration compiles or reads, beside the build files of every folder."""
CONFIGURATION = """\
64BIT UML_TIME_TRAVEL_SUPPORT HIGH_RES_TIMERS NO_HZ_IDLE EXPERT MULTIUSER PRINTK BUG KALLSYMS NO_IOMEM LD_SCRIPT_DYN_RPATH
MODULES MODULE_UNLOAD BINFMT_ELF BINFMT_SCRIPT CRC_CCITT RANDOM_TRUST_BOOTLOADER
HOSTFS PROC_FS SYSFS TMPFS SHMEM DEVTMPFS DEVTMPFS_MOUNT TTY UNIX98_PTYS STDERR_CONSOLE NULL_CHAN
NET UNIX INET FUTEX EPOLL SIGNALFD TIMERFD EVENTFD AIO IO_URING POSIX_TIMERS INOTIFY_USER FILE_LOCKING FHANDLE
ADVISE_SYSCALLS MEMBARRIER
PACKET IP_SCTP SCTP_DEFAULT_COOKIE_HMAC_NONE CRYPTO_MANAGER_DISABLE_TESTS
"""
"""What our own kernel has; all else that can be left out is."""


@dataclass(frozen=True)
class Trees:
    """The source of a kernel and of DAHDI, and how a program is run."""

    source: Path
    """Below it: ``linux``, and what comes of it."""
    drivers: Path
    """The archive of Debian's dahdi-source."""
    version: str
    """Of the packaged kernel, such as 6.1.176."""
    run: Callable[[list[str], Path], None]

    def make(self, clock: Clock) -> list[str]:
        """How the kernel's make is called; the level is told, because a near source must pass for the very one."""
        output = self.source / clock
        output.mkdir(exist_ok=True)
        return ["make", "ARCH=um", f"-j{os.cpu_count() or 1}", f"SUBLEVEL={self.version.split('.')[2]}", f"O={output}"]


def prepare_packaged(trees: Trees, configuration: Path) -> None:
    """The packaged kernel's own configuration, without the debugging information of the modules, and the headers that are generated."""
    make = trees.make("real")
    words = gzip.decompress(configuration.read_bytes()).decode()
    (trees.source / "real/.config").write_text(re.sub(r"^CONFIG_DEBUG_INFO.*\n", "", words, flags=re.MULTILINE))
    for target in ("olddefconfig", "modules_prepare"):
        trees.run([*make, target], trees.source / "linux")


def build_own(trees: Trees, target: Path) -> None:
    """Our own kernel, into a file, and the headers that modules are built with."""
    choice = trees.source / "linux/arch/um/Kconfig"
    replace_once(choice, *JIFFIES, "arch/um of this kernel counts jiffies in another way than 6.1")
    wanted = [f"CONFIG_{name}=y" for name in CONFIGURATION.split()]
    fragment = trees.source / "own.config"
    fragment.write_text("\n".join([*wanted, 'CONFIG_LOCALVERSION=""', ""]))
    make, tree = trees.make("virtual"), trees.source / "linux"
    trees.run([*make, f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig"], tree)
    refused = set(wanted) - set((trees.source / "virtual/.config").read_text().splitlines())
    if refused:
        raise NoRigError(f"this kernel cannot be configured with {' '.join(sorted(refused))}")
    # A third of the processor's time goes to what the second level of optimising adds; in virtual time nobody sees the difference.
    trees.run([*make, "KCFLAGS=-O1", "linux", "modules_prepare"], tree)
    trees.run(["strip", "-o", str(target), str(trees.source / "virtual/linux")], tree)


def build_modules(trees: Trees, clock: Clock, target: Path) -> None:
    """The core, the loop-back spans and two echo cancellers, with the one line changed, for one of the kernels."""
    unpacked = trees.source / f"drivers-{clock}"
    unpacked.mkdir()
    trees.run(["tar", "-xf", str(trees.drivers), "-C", str(unpacked)], trees.source)
    top = unpacked / "modules/dahdi"
    drivers = top / "drivers/dahdi"
    other = "the loop-back span of this dahdi-source announces its signalling in another way than 2.11.1"
    replace_once(drivers / "dahdi_dynamic.c", *SIGNALLING, other)
    (top / "include/dahdi/version.h").write_text(f'#define DAHDI_VERSION "{(top / ".version").read_text().strip()}"\n')
    options = [f"CONFIG_{option}=m" for option in OPTIONS]
    # The packaged kernel's symbols are not known without building it; a kernel resolves them when the module is loaded.
    options += [f"DAHDI_MODULES_EXTRA={MILLISECOND_MODULE}.o", "KBUILD_MODPOST_WARN=1", f"DAHDI_INCLUDE={top / 'include'}"]
    trees.run([*trees.make(clock), f"M={drivers}", *options, "modules"], trees.source / "linux")
    target.mkdir()
    for name in (*MODULES, MILLISECOND_MODULE):
        shutil.copy(drivers / f"{name}.ko", target)


def replace_once(path: Path, old: str, new: str, otherwise: str) -> None:
    """Change the one place of a file that reads so."""
    words = path.read_text()
    if words.count(old) != 1:
        raise NoRigError(otherwise)
    path.write_text(words.replace(old, new))


class Effort:
    """What a step takes, in seconds and in seconds of processors: the words for whoever waits."""

    def __init__(self) -> None:
        self._began = self._now()

    def _now(self) -> tuple[float, float]:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.monotonic(), used.ru_utime + used.ru_stime

    def __str__(self) -> str:
        seconds, processor_s = (now - then for now, then in zip(self._now(), self._began, strict=True))
        return f"{seconds:.1f} s, {processor_s:.1f} CPU-s"
