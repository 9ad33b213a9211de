"""The running program with links over IP to its simulated network, by TCP: they come into service, and again after control was killed."""

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
EXAMPLE_WITH_M2UA = HOME / "config/no7-m2ua.toml"
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


M2PA = ("association ip-a", "association ip-b", "link toll-a", "link toll-b")
M2UA = ("association to-gateway", "association from-country", "gateway country", "link toll-b", "link country-a")


def over_m2pa():
    """The example with No. 7, its links on associations."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("signalling_channels = [16]", "")
    for channel, name in (("toll-1/16", "ip-a"), ("toll-2/16", "ip-b")):
        assert f'channel = "{channel}"' in text
        text = text.replace(f'channel = "{channel}"', f'association = "{name}"')
    return text + ASSOCIATIONS


def over_m2ua():
    """The example with M2UA: a link at a gateway elsewhere, and a gateway."""
    text = EXAMPLE_WITH_M2UA.read_text(encoding="utf-8")
    assert text.count('protocol = "m2ua"\n') == 2
    return text.replace('protocol = "m2ua"\n', 'protocol = "m2ua"\nport = PORT\n')


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


@pytest.mark.parametrize("text, wanted", [(over_m2pa, M2PA), (over_m2ua, M2UA)])
def test_links_come_into_service_and_again_when_control_was_killed(tmp_path, text, wanted):
    config = tmp_path / "office.toml"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    config.write_text(text().replace("PORT", port) + "\n[console]\nport = 0\n", encoding="utf-8")
    data, log = tmp_path / "data", tmp_path / "log.txt"
    configuration = load(config)
    places = Places(configuration, data)
    with log.open("wb") as output:
        command = [sys.executable, "-m", "pbx", "run", str(config), "--data", str(data)]
        process = subprocess.Popen(command, cwd=HOME, stdout=output, stderr=output, start_new_session=True)

    def until(reached, what):
        end = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < end and process.poll() is None, f"{what}: {log.read_text()}"
            time.sleep(0.1)

    def in_service(times):
        return all(cleared(places, source) >= times for source in wanted)

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
