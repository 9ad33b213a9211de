"""Emits the cffi binding (API mode, limited API) for the bare declaration headers given on the command line.

The headers are at once included by the C sources and read here, so that C and Python cannot disagree. They hold
declarations only: no preprocessor lines apart from ``#pragma once``, ``#include`` and plain integer ``#define``.
"""

import re
import sys
from pathlib import Path

from cffi import FFI

_LEFT_OUT = re.compile(r"^\s*#\s*(pragma|include)\b.*$", re.MULTILINE)


def emit(target: Path, headers: list[Path]) -> None:
    """Write the C source of the extension module ``pbx._plane`` to ``target``."""
    ffi = FFI()
    ffi.cdef("\n".join(_LEFT_OUT.sub("", header.read_text(encoding="utf-8")) for header in headers))
    # By path, because two of the headers have the same name.
    includes = "\n".join(f'#include "{header.as_posix()}"' for header in headers)
    ffi.set_source("pbx._plane", includes, py_limited_api=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    ffi.emit_c_code(str(target))


if __name__ == "__main__":
    emit(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
