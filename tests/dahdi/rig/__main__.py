"""The rig by hand: ``python -m tests.dahdi.rig build``, and ``shell`` or ``run COMMAND ...`` inside the machine."""

import sys
from pathlib import Path
from typing import cast, get_args

from tests.dahdi.rig.archive import NO_VIRTUAL_TIME, NoRigError
from tests.dahdi.rig.build import ready
from tests.dahdi.rig.kernels import Clock
from tests.dahdi.rig.machine import TWO_PAIRS, Machine


def say(words: str) -> None:
    """One line a step."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def chosen(arguments: list[str]) -> tuple[str, Clock]:
    """The configuration and the clock, taken out of what was said after the verb; two pairs and the host's clock unless given."""
    configuration, clock = TWO_PAIRS, "real"
    while arguments[1:2] in (["--configuration"], ["--clock"]) and len(arguments) > 2:
        option, value = arguments[1:3]
        del arguments[1:3]
        if option == "--configuration":
            configuration = Path(value).read_text(encoding="ascii")
        else:
            clock = value
    if clock not in get_args(Clock):
        raise SystemExit(f"--clock is one of {', '.join(get_args(Clock))}")
    return configuration, cast("Clock", clock)


def machine(configuration: str, clock: Clock) -> Machine:
    """A machine of the rig. That it runs by another clock than was wanted is told."""
    rig = ready(say)
    if clock == "virtual" and rig.without_virtual_time:
        say(f"{NO_VIRTUAL_TIME.upper()}, but this machine's: {rig.without_virtual_time}")
    return Machine(rig, configuration, clock=clock)


def main(arguments: list[str]) -> int:
    """The exit code of the command; 0 also where no rig can be had, because tests are then skipped and say so."""
    configuration, clock = chosen(arguments)
    try:
        match arguments:
            case ["build"]:
                say(f"DAHDI rig: {ready(say, again=True).folder}")
            case ["shell"]:
                return machine(configuration, clock).shell()
            case ["run", _, *_]:
                outcome = machine(configuration, clock).run(arguments[1:])
                say(f"{outcome.output}\nended with {outcome.code} after {outcome.seconds:.2f} s")
                return outcome.code
            case _:
                say("usage: python -m tests.dahdi.rig build | shell | run COMMAND ...")
                say("       --configuration FILE and --clock virtual come before COMMAND")
                return 2
    except NoRigError as reason:
        say(f"NO DAHDI RIG: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
