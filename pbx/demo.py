"""``zongji demo``: the example office at work for half a minute, in real time, on simulated lines.

It starts the processes of a real exchange (pbx/supervisor.py), lets the people of drivers/far_end/showing.py call, prints each step of each
call as it happens, then what was written down: call detail records, recordings, and one line of totals.
"""

import argparse
import shutil
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from config.loader import load
from pbx.places import Places
from pbx.prompts import PromptError, render
from pbx.recording_files import ENDINGS, SAMPLE_RATE
from pbx.recording_forms import samples_in
from pbx.store import StoreError, connect
from pbx.supervisor import HOME, StartError, Supervisor

EXAMPLE = HOME / "config" / "zongji.toml"
LONGEST_S = 60.0
LOST_CAUSES = (41, 42, 102, 111)
"""Causes that are our own doing: temporary failure, congestion of the switch, timers, protocol (Q.850)."""


def demo_command(arguments: Sequence[str]) -> int:
    """Run it; 0 when no call was lost."""
    parser = argparse.ArgumentParser(
        prog="zongji demo",
        description="A small office at work in real time on simulated lines: calls, queue, agents, recordings, records.",
        epilog="example: ./zongji demo --keep      (then, in another terminal: ./zongji console)",
    )
    parser.add_argument("--keep", action="store_true", help="go on with steady traffic until Ctrl-C")
    parser.add_argument("--config", type=Path, default=EXAMPLE, help="another configuration (default: the example office)")
    options = parser.parse_args(arguments)
    configuration = load(options.config)
    if isinstance(configuration, list):
        sys.stderr.writelines(f"{problem}\n" for problem in configuration)
        return 2
    places = Places(configuration, HOME / "var" / "demo")
    if places.read_marks():
        sys.stderr.write(f"a demonstration is running already (process {places.read_marks()['pid']}); stop it first\n")
        return 1
    shutil.rmtree(places.data, ignore_errors=True)
    places.make()
    begun = time.monotonic()
    try:
        render(configuration.prompts, places.prompts, lambda name: print(f"speaking the prompt {name}", flush=True))
    except PromptError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    supervisor = Supervisor(configuration, options.config, places, trace=True, show=True, keep=options.keep)
    print(f"{configuration.exchange.name}: {len(configuration.spans)} spans, {len(configuration.extensions)} extensions", flush=True)
    try:
        supervisor.start()
        print(f"the exchange is up after {time.monotonic() - begun:.1f} s; what happens now happens in real time", flush=True)
        limit = time.monotonic() + LONGEST_S
        supervisor.run(lambda: _ended(supervisor, options.keep, limit))
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        supervisor.stop()
    return _report(places)


def _ended(supervisor: Supervisor, keep: bool, limit: float) -> bool:
    if keep:
        if "steady" in supervisor.heard:
            supervisor.heard.clear()
            print(
                "\nsteady traffic now, until Ctrl-C. In another terminal:\n"
                "  ./zongji console        lines, calls, queues, agents of the running exchange\n"
                "  ./zongji calls          the calls so far\n"
                "  ./zongji trace CALL     the story of one of them\n",
                flush=True,
            )
        return False
    return "over" in supervisor.heard or time.monotonic() > limit


def _report(places: Places) -> int:
    """What was written down, and the totals; nothing when it was stopped before anything was."""
    try:
        connection = connect(places.store)
    except StoreError:
        sys.stderr.write("stopped before the first record was written\n")
        return 1
    try:
        print("\ncall detail records")
        rows = connection.execute(
            "SELECT call, line, direction, calling, called, duration_s, waited_s, agent, cause FROM cdr ORDER BY seized_at"
        ).fetchall()
        for call, line, direction, calling, called, duration, waited, agent, cause in rows:
            print(
                f"  {call:<6} {line:<9} {direction:<9} {calling or '-':<12} -> {called or '-':<12} "
                f"{duration or 0.0:6.1f} s  waited {waited or 0.0:5.1f} s  agent {agent or '-':<5} cause {cause}"
            )
        recordings = sorted(path for path in places.recordings.rglob("*") if path.suffix in ENDINGS)
        print("\nrecordings (left: the caller, right: what the caller heard)")
        for path in recordings:
            print(f"  {_shown(path)}  {samples_in(path) / SAMPLE_RATE:.1f} s")
        print(f"\nrecords: {_shown(places.store)}   look again: ./zongji calls, ./zongji trace CALL")
        return _totals(connection)
    finally:
        connection.close()


def _totals(connection: sqlite3.Connection) -> int:
    def count(question: str) -> int:
        return int(connection.execute(question).fetchone()[0])

    calls = count("SELECT count(*) FROM calls")
    answered = count("SELECT count(DISTINCT call) FROM facts WHERE kind = 'Established'")
    waited = count("SELECT count(DISTINCT call) FROM facts WHERE kind = 'Queued'")
    causes = ", ".join(str(cause) for cause in LOST_CAUSES)
    lost = count(f"SELECT count(*) FROM cdr WHERE cause IN ({causes})")
    lost += count("SELECT count(*) FROM calls WHERE call NOT IN (SELECT call FROM cdr)")
    print(f"calls {calls} answered {answered} waited {waited} lost {lost}")
    return 0 if calls and not lost else 1


def _shown(path: Path) -> str:
    return str(path.relative_to(HOME)) if path.is_relative_to(HOME) else str(path)
