"""Reads DAHDI's own header for cffi: ``python tests/dahdi/rig/declarations.py TARGET.c user.h`` emits the binding ``_dahdi``.

Constants and structures of the DAHDI driver are those of Debian's ``dahdi/user.h`` (package dahdi-source) and of no other place:
C includes the header; Python has it through cffi, whose declarations are taken from what the preprocessor makes of the header, and whose
numbers the C compiler finds. A constant that is no whole number is left out; functions with arguments likewise, for there are none that we
need. Beside the header's own words the binding has ``ioctl``.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from cffi import FFI

MODULE = "_dahdi"
_MARK = re.compile(r'^# \d+ "([^"]*)"')
_CONSTANT = re.compile(r"^#define\s+(_*DAHDI_\w+|ELAST)\s+(\S.*)$")
_FUNCTION = re.compile(r"^static inline .*?^}$", re.MULTILINE | re.DOTALL)
_PACKED = re.compile(r"^(struct \w+\s*\{(?:(?!^\}).)*)^\}(?=[^;\n]*packed)", re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)")
_TYPES = {f"__{sign}{bits}": f"{'u' if sign == 'u' else ''}int{bits}_t" for sign in "us" for bits in (8, 16, 32, 64)}
"""The kernel's names of whole numbers."""
IOCTL = "int ioctl(int descriptor, unsigned long request, ...);\n"


def declarations(header: Path, compiler: str = "cc") -> str:
    """What cffi is to know of the header: each constant by name alone, each structure and enumeration whole."""
    command = [*shlex.split(compiler), "-E", "-dD", f"-I{header.parent.parent}", str(header)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    constants: list[str] = []
    types: list[str] = []
    inside = False
    for line in lines:
        mark = _MARK.match(line)
        if mark:
            inside = Path(mark[1]) == header
        elif inside and line.startswith("#"):
            constant = _CONSTANT.match(line)
            if constant and '"' not in constant[2]:
                constants.append(f"#define {constant[1]} ...")
        elif inside and line.strip():
            types.append(line)
    # Of a packed structure cffi asks the compiler where its fields are.
    words = _ATTRIBUTE.sub("", _PACKED.sub(r"\1...;\n}", _FUNCTION.sub("", "\n".join(types))))
    for theirs, plain in _TYPES.items():
        words = re.sub(rf"\b{theirs}\b", plain, words)
    # An enumeration may be told by names alone; the compiler finds their numbers.
    return "\n".join([*dict.fromkeys(constants), words, ""])


def emit(target: Path, header: Path) -> None:
    """Write the C source of the binding."""
    ffi = FFI()
    ffi.cdef(declarations(header) + IOCTL)
    ffi.set_source(MODULE, "#include <sys/ioctl.h>\n#include <dahdi/user.h>\n", py_limited_api=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    ffi.emit_c_code(str(target))


if __name__ == "__main__":
    emit(Path(sys.argv[1]), Path(sys.argv[2]))
