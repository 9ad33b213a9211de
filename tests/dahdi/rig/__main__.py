"""The rig by hand: ``python -m tests.dahdi.rig build``, and ``shell`` or ``run COMMAND ...`` inside the machine."""

import sys
from pathlib import Path

from tests.dahdi.rig.archive import NoRigError
from tests.dahdi.rig.build import ready
from tests.dahdi.rig.machine import TWO_PAIRS, Machine


def say(words: str) -> None:
    """One line a step."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """The exit code of the command; 0 also where no rig can be had, because tests are then skipped and say so."""
    configuration = TWO_PAIRS
    if arguments[1:2] == ["--configuration"]:
        configuration = Path(arguments[2]).read_text(encoding="ascii")
        del arguments[1:3]
    try:
        match arguments:
            case ["build"]:
                say(f"DAHDI rig: {ready(say).folder}")
            case ["shell"]:
                return Machine(ready(say), configuration).shell()
            case ["run", _, *_]:
                outcome = Machine(ready(say), configuration).run(arguments[1:])
                say(f"{outcome.output}\nended with {outcome.code} after {outcome.seconds:.2f} s")
                return outcome.code
            case _:
                say("usage: python -m tests.dahdi.rig build | shell | run COMMAND ...   (--configuration FILE comes second)")
                return 2
    except NoRigError as reason:
        say(f"NO DAHDI RIG: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
