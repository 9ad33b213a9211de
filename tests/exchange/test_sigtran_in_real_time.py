"""The running program with links of M2PA to its simulated network, over TCP: they come into service, and again after control was killed."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.loader import load
from pbx.places import Places
from pbx.predecessor import started
from pbx.store import StoreError, connect

HOME = Path(__file__).parents[2]
EXAMPLE = HOME / "config/no7.toml"
PATIENCE_S = 60.0
ASSOCIATIONS = """
[[association]]
name = "ip-a"
protocol = "m2pa"
port = PORT

[[association]]
name = "ip-b"
protocol = "m2pa"
port = PORT
listen = true
"""


@pytest.fixture
def config(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8").replace("signalling_channels = [16]", "")
    for channel, name in (("toll-1/16", "ip-a"), ("toll-2/16", "ip-b")):
        assert f'channel = "{channel}"' in text
        text = text.replace(f'channel = "{channel}"', f'association = "{name}"')
    path = tmp_path / "office.toml"
    with socket.create_server(("127.0.0.1", 0)) as free:
        associations = ASSOCIATIONS.replace("PORT", str(free.getsockname()[1]))
    path.write_text(text + associations + "\n[console]\nport = 0\n", encoding="utf-8")
    return path


def cleared(places, source):
    """How often the alarm has ended."""
    try:
        connection = connect(places.store)
    except (sqlite3.OperationalError, StoreError):
        return 0
    try:
        rows = connection.execute("SELECT octets FROM facts WHERE kind = 'AlarmCleared'").fetchall()
        return sum(source.encode() in row[0] for row in rows)
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_links_of_m2pa_come_into_service_and_again_when_control_was_killed(config, tmp_path):
    data, log = tmp_path / "data", tmp_path / "log.txt"
    configuration = load(config)
    places = Places(configuration, data)
    with log.open("wb") as output:
        command = [sys.executable, "-m", "pbx", "run", str(config), "--data", str(data)]
        process = subprocess.Popen(command, cwd=HOME, stdout=output, stderr=output, start_new_session=True)

    def until(wanted, what):
        end = time.monotonic() + PATIENCE_S
        while not wanted():
            assert time.monotonic() < end and process.poll() is None, f"{what}: {log.read_text()}"
            time.sleep(0.1)

    def in_service(times):
        return all(cleared(places, source) >= times for source in ("association ip-a", "association ip-b", "link toll-a", "link toll-b"))

    try:
        until(lambda: in_service(1), "the links do not come into service")
        control = int(places.left_marks()["processes"]["control"][0])
        assert started(control)
        os.kill(control, signal.SIGKILL)
        until(lambda: in_service(2), "the links do not come back")
    finally:
        process.terminate()
        try:
            code = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    assert code == 0, log.read_text()
