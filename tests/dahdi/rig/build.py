"""Makes the rig: Debian's User-Mode Linux kernel, one of our own, the DAHDI drivers built for both, and the programs that go with them.

Everything lies in one folder below ``build/dahdi``, named by the versions and by a digest of how it is made; what is there is used
again. From nothing it takes 186 MB of packages, most of it the source of the kernel, of which a part is unpacked, and which is taken
away in the end; and some minutes of a processor, most of them for our own kernel (kernels.py). ``python -m tests.dahdi.rig build``
prints each step and what it took.

Where our own kernel cannot be built the rig is good for the real clock alone: the reason is kept in it, machines that are to run in
virtual time run by the host's clock and say so (machine.py, collected.py), and ``build`` by hand tries again. Where the archive lacks the
very kernel source, the nearest of the same series is built as if it were that.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.dahdi.rig import archive, kernels
from tests.dahdi.rig.archive import NoRigError
from tests.dahdi.rig.kernels import Clock

HOME = Path(__file__).resolve().parents[3]
DECLARATIONS = Path(__file__).with_name("declarations.py")
MAKERS = (Path(__file__), Path(kernels.__file__), DECLARATIONS)
"""The files that say how a rig is made."""
CACHE = "ZONGJI_DAHDI_RIG"
"""Environment variable: another folder than ``build/dahdi``, so that several checkouts share one rig."""
PACKAGES = ["user-mode-linux", "dahdi-source", "dahdi", "libtonezone2.0", "libopenr2-bin", "libopenr2-3"]
PROGRAMS = ("make", "gcc", "flex", "bison", "bc", "bzip2", "xz", "tar")
"""What building takes; Debian packages build-essential, flex, bison, bc."""
SMALLEST_SHARED_MEMORY_MIB = 600
"""The memory of the machine is a file in /dev/shm."""
REFUSALS: list[str] = []
"""Why this process could not have a rig."""


@dataclass(frozen=True)
class Rig:
    """What has been made, and where."""

    folder: Path

    def kernel(self, clock: Clock = "real") -> Path:
        """A User-Mode Linux kernel, a program."""
        return self.folder / ("unpacked/usr/bin/linux.uml" if clock == "real" else "own/linux")

    @property
    def without_virtual_time(self) -> str:
        """Why there is no kernel with virtual time, or nothing."""
        refusal = self.folder / "own/refusal"
        if refusal.exists():
            return refusal.read_text()
        return "" if self.kernel("virtual").exists() else "the kernel for it has not been built"

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

    def modules(self, clock: Clock) -> list[tuple[str, str]]:
        """The modules in the order to load them, each with its parameters. Our own kernel needs none of its own."""
        names = (*kernels.NEEDED, *kernels.MODULES) if clock == "real" else kernels.MODULES
        return [(str(self._module(clock, name)), kernels.PARAMETERS.get(name, "")) for name in names]

    def sctp_modules(self, clock: Clock) -> list[tuple[str, str]]:
        """Those that associations of SCTP need, in the order to load them, as far as the packaged kernel has them."""
        names = (kernels.NEEDED[0], *kernels.SCTP) if clock == "real" else ()
        return [(str(path), "") for path in (self._module(clock, name) for name in names) if path.exists()]

    def millisecond_module(self, clock: Clock) -> tuple[str, str]:
        """The module that beats each millisecond, to be loaded last."""
        return str(self._module(clock, kernels.MILLISECOND_MODULE)), ""

    def _module(self, clock: Clock, name: str) -> Path:
        return self.folder / ("modules" if clock == "real" else "own/modules") / f"{name}.ko"


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
    return hashlib.sha256(b"".join(path.read_bytes() for path in MAKERS)).hexdigest()[:10]


def ready(say: Callable[[str], None] = lambda words: None, again: bool = False) -> Rig:
    """The rig, made first if it is not there. One process at a time; others wait, then find it made. What failed is not tried again,
    except our own kernel when that is asked for."""
    if REFUSALS:
        raise NoRigError(REFUSALS[0])
    try:
        return _ready(say, again)
    except NoRigError as reason:
        REFUSALS.append(str(reason))
        raise


def _ready(say: Callable[[str], None], again: bool) -> Rig:
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
        work = Work(rig, available, say)
        if not (rig.folder / "made").exists():
            shutil.rmtree(rig.folder, ignore_errors=True)
            work.make_packaged()
        if not (rig.folder / "own/made").exists() and (again or not (rig.folder / "own/refusal").exists()):
            work.make_own()
        shutil.rmtree(work.source, ignore_errors=True)
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

    def make_packaged(self) -> None:
        """All that the real clock needs; the mark that it is made comes last."""
        lacking = [program for program in PROGRAMS if shutil.which(program) is None]
        if lacking:
            raise NoRigError(f"no {', '.join(lacking)} to build the drivers with")
        self.rig.folder.mkdir(parents=True)
        self.take(
            ("packages " + " ".join(PACKAGES), self.fetch_packages),
            ("source of the kernel", self.fetch_source),
            ("packaged kernel prepared for modules", self.prepare),
            ("DAHDI drivers for the packaged kernel", self.build_modules),
            ("DAHDI header for Python", self.build_face),
            ("first boot", lambda: self.boot("real")),
        )
        (self.rig.folder / "made").touch()

    def make_own(self) -> None:
        """The kernel with virtual time and its drivers; when that fails, the reason for those who wanted it."""
        own = self.rig.folder / "own"
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir()
        try:
            if not (self.source / "linux").exists():
                self.take(("source of the kernel", self.fetch_source))
            self.take(
                ("kernel with virtual time", lambda: kernels.build_own(self.trees(), self.rig.kernel("virtual"))),
                ("DAHDI drivers for it", lambda: kernels.build_modules(self.trees(), "virtual", own / "modules")),
                ("first boot in virtual time", lambda: self.boot("virtual")),
            )
        except NoRigError as reason:
            (own / "refusal").write_text(str(reason))
            self.say(f"NO VIRTUAL TIME: {reason}")
        else:
            (own / "made").touch()

    def take(self, *steps: tuple[str, Callable[[], None]]) -> None:
        """Steps in their order, each told when it is done."""
        for title, step in steps:
            effort = kernels.Effort()
            step()
            self.say(f"{title}: {effort}")

    def trees(self) -> kernels.Trees:
        """The sources, as the kernels' make wants them."""
        return kernels.Trees(self.source, self.unpacked / "usr/src/dahdi.tar.bz2", self.kernel_version(), self.run)

    def fetch_packages(self) -> None:
        """All but the source of the kernel, whose version the kernel itself tells."""
        archive.fetch([f"{package}={self.available[package]}" for package in PACKAGES], self.unpacked)

    def fetch_source(self) -> None:
        """The source of the very kernel, or the nearest; of it only what is compiled or read."""
        shutil.rmtree(self.source, ignore_errors=True)
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
        top = [f"{package}/{name}" for name in ("Makefile", "Kbuild", "Kconfig", *kernels.FOLDERS)]
        build_files = [f"{package}/**/{name}" for name in ("Kconfig*", "Makefile", "Kbuild")]
        matching = ["--wildcards", "--no-wildcards-match-slash", *top, "--wildcards-match-slash", *build_files]
        self.run(["tar", "-xf", f"{tree}.tar.xz", *matching], tree.parent)
        tree.rename(self.source / "linux")
        shutil.rmtree(self.source / "usr")

    def kernel_version(self) -> str:
        """What the kernel says it is, such as 6.1.176."""
        done = subprocess.run([str(self.rig.kernel()), "--version"], capture_output=True, text=True, check=False)
        if not re.fullmatch(r"\d+\.\d+\.\d+", done.stdout.strip()):
            raise NoRigError(f"linux.uml does not start: {archive.last_line(done.stdout + done.stderr)}")
        return done.stdout.strip()

    def prepare(self) -> None:
        """Headers of the packaged kernel, in the configuration that comes with it."""
        kernels.prepare_packaged(self.trees(), self.unpacked / "usr/share/doc/user-mode-linux/config.gz")

    def build_modules(self) -> None:
        """The drivers, and beside them the modules of the kernel that they use."""
        made = self.rig.folder / "modules"
        kernels.build_modules(self.trees(), "real", made)
        for name in kernels.NEEDED:
            shutil.copy(next(self.unpacked.rglob(f"{name}.ko")), made)
        for path in [path for name in kernels.SCTP for path in self.unpacked.rglob(f"{name}.ko")]:
            shutil.copy(path, made)
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

    def boot(self, clock: Clock) -> None:
        """Show that the drivers load and the spans come up; a kernel or drivers of another Debian may not like each other."""
        from tests.dahdi.rig.machine import Machine, MachineError  # which needs a rig to be

        try:
            Machine(self.rig, clock=clock).run(["sleep", "1"])
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
