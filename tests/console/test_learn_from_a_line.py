"""``zongji learn-tone --line`` on an exchange that really runs: its console is asked, a line seized and dialled, the far tone learned."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.loader import load as load_configuration
from pbx.learn_tone import learn_tone_command
from pbx.manhole import DOOR_FILE
from pbx.places import Places
from pbx.tone_plan import china, load
from tests.lab import EXAMPLE
from tests.offices import exchange_lines

HOME = Path(__file__).parents[2]
UP_S = 60.0


@pytest.fixture
def running(tmp_path):
    """An exchange with exchange lines, its configuration and its data directory."""
    path, data = tmp_path / "office.toml", tmp_path / "data"
    text = EXAMPLE.read_text(encoding="utf-8").replace("port = 2222", "port = 22022")
    start = text.index("[[prompt]]")
    # Nobody listens to the prompts here, and speaking them takes its time: melodies in their place.
    prompts = "".join(
        f'\n[[prompt]]\nname = "{part.split(chr(34))[1]}"\nmelody = "E4:250"\n' for part in text[start:].split("[[prompt]]")[1:]
    )
    text = text[:start] + prompts + text[text.index("# ---- Records") :]
    path.write_text(text + exchange_lines(), encoding="utf-8")
    with (tmp_path / "log.txt").open("wb") as log:
        command = [sys.executable, "-m", "pbx", "run", str(path), "--data", str(data)]
        process = subprocess.Popen(command, cwd=HOME, stdout=log, stderr=log)
        try:
            end = time.monotonic() + UP_S
            while not (data / DOOR_FILE).exists():
                assert process.poll() is None and time.monotonic() < end, (tmp_path / "log.txt").read_text()
                time.sleep(0.1)
            time.sleep(1.0)
            yield path, data
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def test_a_tone_is_learned_from_a_line_of_the_running_exchange(running, tmp_path, capsys):
    config, data = running
    plan = tmp_path / "mine.toml"
    where = ["--config", str(config), "--data", str(data), "--plan", str(plan)]
    assert learn_tone_command(["busy", "--line", "co-1/9", *where]) == 2
    assert "there is no line co-1/9" in capsys.readouterr().err
    assert learn_tone_command(["busy", "--line", "sub-1/1", *where]) == 2
    assert "no exchange line and no trunk" in capsys.readouterr().err
    assert learn_tone_command(["vacant", "--line", "co-1/1", "--number", "87650099", "--seconds", "6", *where]) == 0
    told = capsys.readouterr()
    assert "listening to co-1/1, recording 2-1-1" in told.err
    assert load(plan).tone["vacant"].cadence_ms == pytest.approx(china().tone["vacant"].cadence_ms, abs=20)
    assert list(Places(load_configuration(config), data).recordings.rglob("2-1-1-*.wav"))
