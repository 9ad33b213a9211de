"""The command line: ``zongji COMMAND``; each command is a function that takes its arguments and returns an exit code.

Commands are imported when they are called, so that a small one starts quickly.
"""

import importlib
import sys
from collections.abc import Callable, Sequence

COMMANDS = {
    "demo": "pbx.demo:demo_command",
    "run": "pbx.commands:run_command",
    "restart": "pbx.running:restart_command",
    "stop": "pbx.running:stop_command",
    "check": "pbx.commands:check_command",
    "simulate": "pbx.simulate:simulate_command",
    "calls": "pbx.trace:calls_command",
    "trace": "pbx.trace:trace_command",
    "lines": "pbx.lines_command:lines_command",
    "console": "pbx.console:console_command",
    "bench": "benchmarks.bench:bench_command",
    "listen": "pbx.listen:listen_command",
    "tone": "pbx.tone_file:tone_command",
    "learn-tone": "pbx.learn_tone:learn_tone_command",
    "span": "drivers.span:span_command",
    "decode": "pbx.decode:decode_command",
}


def main(arguments: Sequence[str]) -> int:
    """Run the command named first; 2 when there is none of that name."""
    if not arguments or arguments[0] not in COMMANDS:
        known = ", ".join(COMMANDS)
        given = f"there is no command {arguments[0]!r}" if arguments else "a command is wanted"
        sys.stderr.write(f"zongji: {given}; known are {known}\n")
        return 2
    module, _, name = COMMANDS[arguments[0]].partition(":")
    command: Callable[[Sequence[str]], int] = getattr(importlib.import_module(module), name)
    try:
        return command(list(arguments[1:]))
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
