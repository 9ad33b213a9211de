"""Makes the rig: Debian's User-Mode Linux kernel, the DAHDI drivers built for it, and the programs that go with them.

Everything lies in one folder below ``build/dahdi``, named by the versions and by a digest of this file; what is there is used
again. From nothing it takes one to two minutes and 186 MB of packages, most of it the source of the kernel, of which only headers and
build files are unpacked, and which is taken away when the modules are built. ``python -m tests.dahdi.rig build`` prints each step.

The one line that is changed in the drivers: the loop-back span announces MTP2 and E&M for E1 among the signalling it can carry.
Stock ``dahdi_dynamic`` does not, although both live in the core. Where the archive lacks the very kernel source, the nearest of the
same series is built as if it were that.
"""

import contextlib
import fcntl
import gzip
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.dahdi.rig import archive
from tests.dahdi.rig.archive import NoRigError

HOME = Path(__file__).resolve().parents[3]
DECLARATIONS = Path(__file__).with_name("declarations.py")
CACHE = "ZONGJI_DAHDI_RIG"
"""Environment variable: another folder than ``build/dahdi``, so that several checkouts share one rig."""
PACKAGES = ["user-mode-linux", "dahdi-source", "dahdi", "libtonezone2.0", "libopenr2-bin", "libopenr2-3"]
PROGRAMS = ("make", "gcc", "flex", "bison", "bc", "bzip2", "xz", "tar")
"""What building takes; Debian packages build-essential, flex, bison, bc."""
MODULES = ("dahdi", "dahdi_dynamic", "dahdi_dynamic_loc", "dahdi_echocan_jpah", "dahdi_echocan_mg2")
CLOCK = "dahdi_dummy"
"""DAHDI's own span without channels, on a high-resolution timer; the build files of 2.11 have it no more, the source has."""
OPTIONS = ("DAHDI", "DAHDI_DYNAMIC", "DAHDI_DYNAMIC_LOC", "DAHDI_ECHOCAN_JPAH", "DAHDI_ECHOCAN_MG2")
NEEDED = ("crc-ccitt", "slhc", "ppp_generic")
"""Modules of the kernel that the core uses, in the order to load them; 2.11 is built without PPP, later ones with it."""
PARAMETERS = {"dahdi": "auto_assign_spans=1"}
SIGNALLING = ("DAHDI_SIG_CAS;", "DAHDI_SIG_CAS | DAHDI_SIG_MTP2 | DAHDI_SIG_EM_E1;")
"""The end of the list of what a loop-back span can carry, and what it becomes."""
FOLDERS = ("arch/um", "arch/x86", "include", "scripts", "tools/include", "kernel", "lib", "security", "certs", "usr", "mm")
"""Of the kernel's source: what preparing it for modules reads, beside the build files of every folder."""
SMALLEST_SHARED_MEMORY_MIB = 600
"""The memory of the machine is a file in /dev/shm."""
REFUSALS: list[str] = []
"""Why this process could not have a rig."""


@dataclass(frozen=True)
class Rig:
    """What has been made, and where."""

    folder: Path

    @property
    def kernel(self) -> Path:
        """The User-Mode Linux kernel, a program."""
        return self.folder / "unpacked/usr/bin/linux.uml"

    @property
    def header(self) -> Path:
        """Debian's ``dahdi/user.h``; the folder to include from is the grandfather."""
        return self.folder / "unpacked/usr/include/dahdi/user.h"

    @property
    def face(self) -> Path:
        """The header as a Python module, ``_dahdi``: ``ffi`` and ``lib``."""
        return self.folder / "face/_dahdi.abi3.so"

    @property
    def libraries(self) -> Path:
        """The folder with the libraries of the unpacked programs."""
        return next((self.folder / "unpacked/usr/lib").glob("*-linux-gnu"))

    def program(self, name: str) -> Path:
        """A program of the unpacked packages, such as ``dahdi_cfg`` or ``r2test``."""
        return next(path for path in (self.folder / "unpacked/usr").glob(f"*bin/{name}"))

    @property
    def modules(self) -> list[tuple[str, str]]:
        """The kernel modules in the order to load them, each with its parameters."""
        return [(str(self.folder / f"modules/{name}.ko"), PARAMETERS.get(name, "")) for name in (*NEEDED, *MODULES)]

    @property
    def clock(self) -> tuple[str, str]:
        """The module that beats each millisecond, to be loaded last."""
        return str(self.folder / f"modules/{CLOCK}.ko"), ""


def why_not() -> str:
    """Why no machine can be booted here, or nothing."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return f"User-Mode Linux is for Linux on x86-64, and this is {sys.platform} on {platform.machine()}"
    if os.geteuid():
        return "not root: the root of the machine is that of the host, and its first process must be able to read it"
    shared = Path("/dev/shm")
    if not shared.is_dir():
        return "no /dev/shm"
    room = os.statvfs(shared)
    if room.f_bavail * room.f_frsize < SMALLEST_SHARED_MEMORY_MIB << 20:
        return f"less than {SMALLEST_SHARED_MEMORY_MIB} MiB free in /dev/shm"
    return ""


def cache() -> Path:
    """The folder of all rigs."""
    return Path(os.environ.get(CACHE) or HOME / "build/dahdi").resolve()


def digest() -> str:
    """What the content of a rig depends on beside the versions of the packages: how it is made."""
    return hashlib.sha256(Path(__file__).read_bytes() + DECLARATIONS.read_bytes()).hexdigest()[:10]


def ready(say: Callable[[str], None] = lambda words: None) -> Rig:
    """The rig, made first if it is not there. One process at a time; others wait, then find it made. What failed is not tried again."""
    if REFUSALS:
        raise NoRigError(REFUSALS[0])
    try:
        return _ready(say)
    except NoRigError as reason:
        REFUSALS.append(str(reason))
        raise


def _ready(say: Callable[[str], None]) -> Rig:
    reason = why_not()
    if reason:
        raise NoRigError(reason)
    available = archive.candidates(PACKAGES)
    missing = [package for package in PACKAGES if package not in available]
    made = sorted(cache().glob(f"*-{digest()}/made"))
    if missing and made:  # an apt that knows nothing does not spoil what is there
        return Rig(made[-1].parent)
    if missing:
        raise NoRigError(f"apt knows no package {' '.join(missing)}")
    name = f"uml-{available['user-mode-linux']}-dahdi-{available['dahdi-source']}-{digest()}".replace(":", ".").replace("~", "-")
    rig = Rig(cache() / name)
    with one_at_a_time():
        if not (rig.folder / "made").exists():
            shutil.rmtree(rig.folder, ignore_errors=True)
            Work(rig, available, say).do_all()
    return rig


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the lock on making rigs."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Work:
    """The steps, in order."""

    def __init__(self, rig: Rig, available: dict[str, str], say: Callable[[str], None]) -> None:
        self.rig = rig
        self.available = available
        self.say = say
        self.unpacked = rig.folder / "unpacked"
        self.source = rig.folder / "source"
        self.log = rig.folder / "build.log"

    def do_all(self) -> None:
        """Everything; the mark that it is made comes last."""
        lacking = [program for program in PROGRAMS if shutil.which(program) is None]
        if lacking:
            raise NoRigError(f"no {', '.join(lacking)} to build the drivers with")
        self.rig.folder.mkdir(parents=True)
        for title, step in (
            ("packages " + " ".join(PACKAGES), self.fetch_packages),
            ("source of the kernel", self.fetch_source),
            ("kernel prepared for modules", self.prepare),
            ("DAHDI drivers", self.build_modules),
            ("DAHDI header for Python", self.build_face),
            ("first boot", self.boot),
        ):
            started = time.monotonic()
            step()
            self.say(f"{title}: {time.monotonic() - started:.1f} s")
        shutil.rmtree(self.source)
        (self.rig.folder / "made").touch()

    def fetch_packages(self) -> None:
        """All but the source of the kernel, whose version the kernel itself tells."""
        archive.fetch([f"{package}={self.available[package]}" for package in PACKAGES], self.unpacked)

    def fetch_source(self) -> None:
        """The source of the very kernel, or the nearest; of it only what modules are built with."""
        series = ".".join(self.kernel_version().split(".")[:2])
        package = f"linux-source-{series}"
        known = archive.versions(package)
        if not known:
            raise NoRigError(f"apt knows no package {package} for the kernel {self.kernel_version()}")
        version = nearest(self.kernel_version(), known)
        if not version.startswith(f"{self.kernel_version()}-"):
            self.say(f"the archive has no source of {self.kernel_version()}; taking {version}")
        archive.fetch([f"{package}={version}"], self.source)
        tree = self.source / "usr/src" / package
        top = [f"{package}/{name}" for name in ("Makefile", "Kbuild", "Kconfig", *FOLDERS)]
        build_files = [f"{package}/**/{name}" for name in ("Kconfig*", "Makefile", "Kbuild")]
        matching = ["--wildcards", "--no-wildcards-match-slash", *top, "--wildcards-match-slash", *build_files]
        self.run(["tar", "-xf", f"{tree}.tar.xz", *matching], tree.parent)
        tree.rename(self.source / "linux")
        shutil.rmtree(self.source / "usr")

    def kernel_version(self) -> str:
        """What the kernel says it is, such as 6.1.176."""
        done = subprocess.run([str(self.rig.kernel), "--version"], capture_output=True, text=True, check=False)
        if not re.fullmatch(r"\d+\.\d+\.\d+", done.stdout.strip()):
            raise NoRigError(f"linux.uml does not start: {archive.last_line(done.stdout + done.stderr)}")
        return done.stdout.strip()

    def prepare(self) -> None:
        """The kernel's own configuration, without the debugging information of the modules, and the headers that are generated."""
        tree = self.source / "linux"
        configuration = gzip.decompress((self.unpacked / "usr/share/doc/user-mode-linux/config.gz").read_bytes()).decode()
        (tree / ".config").write_text(re.sub(r"^CONFIG_DEBUG_INFO.*\n", "", configuration, flags=re.MULTILINE))
        for target in ("olddefconfig", "modules_prepare"):
            self.run([*self.make(), target], tree)

    def make(self) -> list[str]:
        """How the kernel's make is called; the level is told, because a near source must pass for the very one."""
        return ["make", "ARCH=um", f"-j{os.cpu_count() or 1}", f"SUBLEVEL={self.kernel_version().split('.')[2]}"]

    def build_modules(self) -> None:
        """The core, the loop-back spans and two echo cancellers, with the one line changed."""
        self.run(["tar", "-xf", str(self.unpacked / "usr/src/dahdi.tar.bz2"), "-C", str(self.source)], self.source)
        top = self.source / "modules/dahdi"
        drivers = top / "drivers/dahdi"
        announcing = (drivers / "dahdi_dynamic.c").read_text()
        if announcing.count(SIGNALLING[0]) != 1:
            raise NoRigError("the loop-back span of this dahdi-source announces its signalling in another way than 2.11.1")
        (drivers / "dahdi_dynamic.c").write_text(announcing.replace(*SIGNALLING))
        (top / "include/dahdi/version.h").write_text(f'#define DAHDI_VERSION "{(top / ".version").read_text().strip()}"\n')
        options = [f"CONFIG_{option}=m" for option in OPTIONS]
        # Symbols of the kernel are not known without building it; the kernel resolves them when the module is loaded.
        options += [f"DAHDI_MODULES_EXTRA={CLOCK}.o", "KBUILD_MODPOST_WARN=1", f"DAHDI_INCLUDE={top / 'include'}"]
        self.run([*self.make(), f"M={drivers}", *options, "modules"], self.source / "linux")
        made = self.rig.folder / "modules"
        made.mkdir()
        for name in (*MODULES, CLOCK):
            shutil.copy(drivers / f"{name}.ko", made)
        for name in NEEDED:
            shutil.copy(next(self.unpacked.rglob(f"{name}.ko")), made)
        shutil.rmtree(self.unpacked / "usr/lib/uml")

    def build_face(self) -> None:
        """The binding of the header, for tests inside the machine."""
        face = self.rig.face
        face.parent.mkdir()
        source = face.with_name("_dahdi.c")
        self.run([sys.executable, str(DECLARATIONS), str(source), str(self.rig.header)], HOME)
        paths = [f"-I{self.rig.header.parents[1]}", f"-I{sysconfig.get_paths()['include']}"]
        # What cffi writes for the limited API uses memset, which Python.h of 3.13 no longer declares.
        options = ["-shared", "-fPIC", "-O1", "-DPy_LIMITED_API=0x030b0000", "-include", "string.h", *paths]
        self.run(["gcc", *options, "-o", str(face), str(source)], HOME)

    def boot(self) -> None:
        """Show that the drivers load and the spans come up; a kernel or drivers of another Debian may not like each other."""
        from tests.dahdi.rig.machine import Machine, MachineError  # which needs a rig to be

        try:
            Machine(self.rig).run(["true"])
        except MachineError as failure:
            raise NoRigError(f"the machine does not come up: {' / '.join(str(failure).splitlines()[-8:])}") from failure

    def run(self, command: list[str], folder: Path) -> None:
        """Run a program, its output in the log."""
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n")
            log.flush()
            environment = {"PATH": archive.PATH, "LC_ALL": "C", "HOME": str(self.rig.folder)}
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, env=environment)
        if done.returncode:
            raise NoRigError(f"{command[0]} failed: {archive.last_line(self.log.read_text(errors='replace'))} (all of it: {self.log})")


def nearest(kernel: str, known: list[str]) -> str:
    """Of the source packages' versions the one of the kernel, else the one whose level is nearest to it."""
    level = int(kernel.split(".")[2])

    def distance(version: str) -> int:
        return abs(int(re.split(r"[.-]", version)[2]) - level)

    return min(known, key=distance)
