"""Every set of instructions this machine has, for tests that hold the kernels' versions equal to plain C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pbx._plane import lib

NAMES = {lib.PROCESSOR_PLAIN: "plain", lib.PROCESSOR_AVX2: "avx2", lib.PROCESSOR_AVX512: "avx512"}
BEST = lib.processor_limit(lib.PROCESSOR_AVX512)
LEVELS = [level for level in NAMES if level <= BEST]


@contextmanager
def limited(level: int) -> Iterator[None]:
    """Kernels use no more than these instructions within."""
    assert lib.processor_limit(level) == level
    try:
        yield
    finally:
        lib.processor_limit(lib.PROCESSOR_AVX512)
