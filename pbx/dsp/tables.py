"""Generates ``generated_tables.h``: constant tables of the kernels, so that no table is typed by hand."""

import sys
from pathlib import Path


def main(target: Path) -> None:
    """Write the header."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("#pragma once\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
