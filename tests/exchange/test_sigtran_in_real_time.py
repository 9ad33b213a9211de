"""The running program with links over IP, to its simulated network and to another of ours: up, and again after control was killed."""

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
from tests.sctp import needs_sctp

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


class Office:
    """A running program with a configuration, in a folder of its own."""

    def __init__(self, folder, text):
        folder.mkdir(exist_ok=True)
        config, data, self.log = folder / "office.toml", folder / "data", folder / "log.txt"
        config.write_text(text + "\n[console]\nport = 0\n", encoding="utf-8")
        configuration = load(config)
        assert not isinstance(configuration, list), configuration
        self.places = Places(configuration, data)
        with self.log.open("wb") as output:
            command = [sys.executable, "-m", "pbx", "run", str(config), "--data", str(data)]
            self.process = subprocess.Popen(command, cwd=HOME, stdout=output, stderr=output, start_new_session=True)

    def until_cleared(self, sources, times, what):
        """Wait until each of these alarms has ended so often."""
        end = time.monotonic() + PATIENCE_S
        while not all(cleared(self.places, source) >= times for source in sources):
            assert time.monotonic() < end and self.process.poll() is None, f"{what}: {self.log.read_text()}"
            time.sleep(0.1)

    def kill_control(self):
        control = int(self.places.left_marks()["processes"]["control"][0])
        assert started(control)
        os.kill(control, signal.SIGKILL)

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@pytest.mark.parametrize("text, wanted", [(over_m2pa, M2PA), (over_m2ua, M2UA)])
def test_links_come_into_service_and_again_when_control_was_killed(tmp_path, text, wanted):
    office = Office(tmp_path / "office", text().replace("PORT", free_port()))
    try:
        office.until_cleared(wanted, 1, "the links do not come into service")
        office.kill_control()
        office.until_cleared(wanted, 2, "the links do not come back")
    finally:
        code = office.stop()
    assert code == 0, office.log.read_text()


HERE = """
[exchange]
name = "here"

[[signalling_point]]
name = "here"
code = "21-100-1"

[[signalling_link_set]]
name = "toll"
point = "here"
adjacent = "21-100-51"

[[signalling_link]]
name = "toll-a"
link_set = "toll"
code = 0
association = "ip"
interface = 7

[[association]]
name = "ip"
protocol = "m2ua"
far_end = "outside"
peer = "127.0.0.1"
transport = "TRANSPORT"
port = PORT
"""
GATEWAY = """
[exchange]
name = "gateway"

[[span]]
name = "toll-1"
kind = "ccs"
signalling_channels = [16]

[[association]]
name = "ip"
protocol = "m2ua"
far_end = "outside"
listen = true
peer = "127.0.0.1"
transport = "TRANSPORT"
port = PORT

[[m2ua_gateway]]
name = "for-here"
associations = ["ip"]
code = "21-100-1"
adjacent = "21-100-51"

[[m2ua_gateway.link]]
name = "toll-a"
channel = "toll-1/16"
interface = 7
"""


@pytest.mark.parametrize("transport", ["tcp", pytest.param("sctp", marks=needs_sctp)])
def test_one_exchange_is_the_gateway_of_another_and_either_may_lose_its_control(tmp_path, transport):
    """The toll exchange is at the far end of the gateway's span: level 3 here reaches it over IP and a time slot."""
    port = free_port()
    gateway, here = (
        Office(tmp_path / name, text.replace("TRANSPORT", transport).replace("port = PORT", f"port = {port}"))
        for name, text in (("gateway", GATEWAY), ("here", HERE))
    )
    ours, theirs = ("link toll-a", "point 21-100-51"), ("link toll-a", "gateway for-here")
    try:
        here.until_cleared(ours, 1, "the link does not come into service")
        gateway.until_cleared(theirs, 1, "the gateway has no process")
        # Who is back before T(r) is over was not missed, so the gateway need not have raised anything when the other one began anew.
        for times, office, raised in ((2, gateway, theirs), (3, here, ())):
            office.kill_control()
            here.until_cleared(ours, times, "the link does not come back")
            gateway.until_cleared(raised, times, "the process does not come back")
    finally:
        codes = [office.stop() for office in (here, gateway)]
    assert codes == [0, 0], here.log.read_text() + gateway.log.read_text()
