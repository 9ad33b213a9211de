"""The commands ``zongji check`` and ``zongji run``."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from config.lines import Place, line_of, locate
from config.loader import Problem, load
from config.schema import Configuration, variant_of
from drivers import dahdi
from pbx.places import Places
from pbx.plant import faults_of
from pbx.prompts import PromptError, render, unreadable
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.r2.variant import load_variant
from pbx.signalling_plant import faults_of_signalling
from pbx.supervisor import StartError, Supervisor
from pbx.variant_file import VARIANTS, VariantError

WRONG_CONFIGURATION = 2


def check_command(arguments: Sequence[str]) -> int:
    """Check a configuration as a whole: every mistake at once, one line each; 2 when there is one."""
    parser = argparse.ArgumentParser(
        prog="zongji check",
        description="Find every mistake in a configuration file at once. Exit code 0: none; 2: some.",
        epilog="example: ./zongji check config/zongji.toml",
    )
    parser.add_argument("config", type=Path, help="the configuration file")
    parser.add_argument("--json", action="store_true", help="one object a line: file, line, what, cure")
    options = parser.parse_args(arguments)
    configuration = load(options.config)
    problems = configuration if isinstance(configuration, list) else _whole_problems(options.config, configuration)
    for problem in problems:
        print(json.dumps(msgspec.to_builtins(problem), ensure_ascii=False) if options.json else problem)
    if not problems and not options.json:
        print(f"{options.config}: no mistakes")
    return WRONG_CONFIGURATION if problems else 0


def _whole_problems(path: Path, configuration: Configuration) -> list[Problem]:
    """What only a configuration without mistakes of its own is asked: sound files, variants, and whether the lines can be so."""
    lines = locate(path.read_text(encoding="utf-8").replace("\r\n", "\n"))
    variants = _variant_problems(configuration)
    faults = [] if variants else [*faults_of(configuration), *faults_of_signalling(configuration)]
    found = [Problem(str(path), line_of(lines, place), what, "change it, or leave it out") for place, what in faults]
    return [*_prompt_problems(path, lines, configuration), *variants, *found, *_card_problems(path, lines, configuration)]


def _card_problems(path: Path, lines: dict[Place, int], configuration: Configuration) -> list[Problem]:
    """Spans on DAHDI, where the native module was built without it."""
    if dahdi.AVAILABLE:
        return []
    what = 'card = "dahdi": this build knows no DAHDI, because its header dahdi/user.h was not there'
    places = [("span", number, "card") for number, span in enumerate(configuration.spans) if span.card == "dahdi"]
    return [Problem(str(path), line_of(lines, place), what, dahdi.CURE) for place in places]


def _prompt_problems(path: Path, lines: dict[Place, int], configuration: Configuration) -> list[Problem]:
    """Sound files of prompts that cannot be read."""
    wrong = unreadable(configuration.prompts)
    problems = []
    for number, prompt in enumerate(configuration.prompts):
        if prompt.name in wrong:
            what, _, cure = wrong[prompt.name].rpartition("; ")
            problems.append(Problem(str(path), line_of(lines, ("prompt", number, "file")), what, cure))
    return problems


def _variant_problems(configuration: Configuration) -> list[Problem]:
    """What is wrong with the files of the variants in use."""
    problems = []
    for name in sorted({variant_of(group) for group in configuration.trunk_groups if group.signalling == "r2"}):
        try:
            R2Circuit.check(load_variant(name))
        except VariantError as error:
            path = str(VARIANTS / f"{name}.toml")
            problems += [Problem(path, 1, fault, "correct the file of the variant") for fault in error.faults]
    return problems


def run_command(arguments: Sequence[str]) -> int:
    """Run an exchange until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="zongji run",
        description="Run an exchange: plane, control and (for simulated spans) the network, supervised, until Ctrl-C.",
        epilog="example: ./zongji run config/zongji.toml --trace",
    )
    parser.add_argument("config", type=Path, help="the configuration file")
    parser.add_argument("--data", type=Path, help="data directory instead of the configuration's")
    parser.add_argument("--trace", action="store_true", help="print each step of each call")
    options = parser.parse_args(arguments)
    configuration = load(options.config)
    problems = configuration if isinstance(configuration, list) else _whole_problems(options.config, configuration)
    if isinstance(configuration, list) or problems:
        sys.stderr.writelines(f"{problem}\n" for problem in problems)
        return WRONG_CONFIGURATION
    places = Places(configuration, options.data)
    marks = places.read_marks()
    # A supervisor that was renewed has the number that it had.
    if marks and marks["pid"] != os.getpid():
        sys.stderr.write(f"{places.data}: an exchange runs here already (process {marks['pid']}); stop it or give --data\n")
        return 1
    places.make()
    try:
        render(configuration.prompts, places.prompts, lambda name: print(f"speaking the prompt {name}", flush=True))
        supervisor = Supervisor(configuration, options.config, places, trace=options.trace)
        supervisor.start()
    except (PromptError, StartError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(f"{configuration.exchange.name} is up; its data: {places.data}; Ctrl-C stops it", flush=True)
    try:
        supervisor.run()
    finally:
        supervisor.stop()
    return 0
