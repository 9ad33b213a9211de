"""An exchange that calls itself: ``zongji run`` in the machine of ``rig/``, every one of its spans wired to another of its own.

Trunks ``east`` and ``west`` are the ends of one pair of spans, so a call out on one comes in on the other; the lines of ``post`` (FXO)
end at the exchange's own extensions (FXS). Orders are given at the console, over SSH, as an engineer gives them; what happened is read
from what ``--trace`` prints and from the store. Leaves out telephones: the extensions' are the exchange's own lines.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.loader import load
from config.schema import Configuration
from pbx.places import Places
from pbx.store import connect

HOME = Path(__file__).resolve().parents[2]
TRUNKS, LINES = 31, 4
EAST, WEST, BOARD, POST = 1, 1 + TRUNKS, 1 + 2 * TRUNKS, 1 + 2 * TRUNKS + LINES
SYSTEM_CONF = (
    f"dynamic=loc,1:0,{TRUNKS},0\ndynamic=loc,1:1,{TRUNKS},0\ndynamic=loc,2:0,{LINES},0\ndynamic=loc,2:1,{LINES},0\n"
    f"cas={EAST}-{EAST + 14},{EAST + 16}-{EAST + 30},{WEST}-{WEST + 14},{WEST + 16}-{WEST + 30}:1001\n"
    f"fxoks={BOARD}-{POST - 1}\nfxsks={POST}-{POST + LINES - 1}\nalaw=1-{POST + LINES - 1}\n"
)
CONFIGURATION = f"""
[exchange]
name = "circle"

[[span]]
name = "east"
kind = "cas"
card = "dahdi"
first_channel = {EAST}

[[span]]
name = "west"
kind = "cas"
card = "dahdi"
first_channel = {WEST}

[[span]]
name = "board"
kind = "subscriber"
card = "dahdi"
first_channel = {BOARD}
channels = {LINES}

[[span]]
name = "co"
kind = "office"
card = "dahdi"
first_channel = {POST}
channels = {LINES}

[[trunk_group]]
name = "east"
circuits = ["east/1-15", "east/17-31"]
test_number = "10001"
test_line = "10001"

[[trunk_group]]
name = "west"
circuits = ["west/1-15", "west/17-31"]
test_number = "10001"
test_line = "10001"

[[trunk_group]]
name = "post"
circuits = ["co/1-{LINES}"]
signalling = "fxo"
number = "87650000"
hunt = "ascending"

[[number]]
prefix = "10001"
destination = "extension:8004"

[[number]]
prefix = "10086"
destination = "flow:main_menu"

[[number]]
prefix = "87650000"
destination = "flow:main_menu"

[[number]]
prefix = "5"
destination = "trunk:east"
length = 6
strip = 1

[[number]]
prefix = "6"
destination = "trunk:west"
length = 6
strip = 1

[[number]]
prefix = "7"
destination = "trunk:east"
length = 5
strip = 1

[flow.main_menu]
greeting = "music"
menu = "music"
otherwise = "queue:service"

[[queue]]
name = "service"
title = "service"
skill = "service"
music = "music"

[[agent]]
number = "1001"
name = "nobody"
password = "1001"
skills = ["service"]

[[prompt]]
name = "music"
melody = "E4:250 G4:250 A4:250 C5:250 D5:250 C5:250 A4:250"

[alarm]
restarts = 3
restart_window_seconds = 5
"""
EXTENSION = """
[[extension]]
number = "800{0}"
line = "board/{0}"
name = "line {0}"
caller_identity = "china"
"""
PATIENCE_S = 60.0


class Circle:
    """The running exchange. Nothing here looks at a clock without sleeping: the machine's time may be virtual."""

    def __init__(self, folder: Path) -> None:
        path = folder / "circle.toml"
        path.write_text(CONFIGURATION + "".join(map(EXTENSION.format, range(1, LINES + 1))), encoding="utf-8")
        configuration = load(path)
        assert isinstance(configuration, Configuration), configuration
        self.places = Places(configuration, folder / "data")
        self.log = folder / "log"
        self._out = self.log.open("wb")
        command = [sys.executable, "-m", "pbx", "run", str(path), "--data", str(self.places.data), "--trace"]
        self.process = subprocess.Popen(command, cwd=HOME, stdout=self._out, stderr=self._out, start_new_session=True)
        self._console: subprocess.Popen[bytes] | None = None
        self.until(lambda: "control: ready" in self.words(), "the exchange does not come up")

    # Time.

    def until(self, wanted: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait until it has come."""
        end = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < end, f"{what}:\n{self.words()[-6000:]}"
            time.sleep(0.1)

    # What is told.

    def words(self) -> str:
        """All that the processes have said: the steps of calls, complaints."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the store."""
        connection = connect(self.places.store)
        try:
            return [tuple(row) for row in connection.execute(query)]
        finally:
            connection.close()

    # Orders.

    def ask(self, statement: str) -> str:
        """The last line of what the console answers; before it stand the steps of calls that were done in the statement itself."""
        console = self._console
        if console is None or console.poll() is not None:
            command = [sys.executable, "-m", "pbx", "console", "--data", str(self.places.data), "--client", "own"]
            console = self._console = subprocess.Popen(command, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert console.stdin is not None and console.stdout is not None
        console.stdin.write(f"{statement}\nprint('that is all')\n".encode())
        console.stdin.flush()
        heard = b""
        while not heard.endswith(b"that is all\n"):
            ready = select.select([console.stdout], [], [], PATIENCE_S)[0]
            octets = os.read(console.stdout.fileno(), 65536) if ready else b""
            assert octets, f"the console says nothing more to {statement}: {heard!r}"
            heard += octets
        return heard.decode().rpartition("that is all")[0].strip().rpartition("\n")[2]

    def pid(self, name: str) -> int:
        """The process ``pbx.NAME_process``; 0 = there is none."""
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().split(b"\0")
            except OSError:
                continue
            if f"pbx.{name}_process".encode() in words:
                return int(entry.parent.name)
        return 0

    def kill(self, name: str, number: int) -> None:
        """Send a signal to a process."""
        os.kill(self.pid(name), number)

    def close(self) -> int:
        """Stop it; the exit code of the supervisor."""
        if self._console is not None:
            self._console.kill()
            self._console.wait()
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        self._out.close()
        return code
