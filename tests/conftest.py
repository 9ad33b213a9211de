"""What holds for every test: no test has a deadline of its own, and ZONGJI_NATIVE chooses the native module.

ZONGJI_NATIVE names a folder with another build of ``_plane.abi3.so``, such as the one with sanitizers.
"""

import importlib.util
import os
import sys
from pathlib import Path

from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def _load_native(folder: str) -> None:
    path = Path(folder) / "_plane.abi3.so"
    spec = importlib.util.spec_from_file_location("pbx._plane", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules["pbx._plane"] = module
    import pbx

    pbx._plane = module  # type: ignore[attr-defined]


if "ZONGJI_NATIVE" in os.environ:
    _load_native(os.environ["ZONGJI_NATIVE"])
