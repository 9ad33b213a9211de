"""Emits the cffi binding (API mode, limited API) for the bare declaration headers given on the command line.

The headers are at once included by the C sources and read here, so that C and Python cannot disagree. They hold
declarations only: no preprocessor lines apart from ``#pragma once``, ``#include`` and plain integer ``#define``.
A file that ends in ``.cdef`` is no header but names what the header of the same subject in the system has: the compiler fills it in.
"""

import re
import sys
from pathlib import Path

from cffi import FFI

_LEFT_OUT = re.compile(r"^\s*#\s*(pragma|include)\b.*$", re.MULTILINE)


_SYSTEM = {"dahdi_words.cdef": "<dahdi/user.h>"}
"""The header that has what a file of words names."""


def _included(header: Path) -> str:
    return f"#include {_SYSTEM[header.name]}" if header.suffix == ".cdef" else f'#include "{header.as_posix()}"'


def emit(target: Path, headers: list[Path]) -> None:
    """Write the C source of the extension module ``pbx._plane`` to ``target``."""
    ffi = FFI()
    ffi.cdef("\n".join(_LEFT_OUT.sub("", header.read_text(encoding="utf-8")) for header in headers))
    # By path, because two of the headers have the same name.
    includes = "\n".join(_included(header) for header in headers)
    ffi.set_source("pbx._plane", includes, py_limited_api=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    ffi.emit_c_code(str(target))


if __name__ == "__main__":
    emit(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
