"""The file of faults: each is added, it does not grow for ever, and a disk that is full hurts nobody."""

from pbx import control_process
from pbx.clock import VirtualClock
from pbx.control_process import keep_fault
from pbx.floor import Floor
from pbx.media import Layout, Plane


def test_faults_are_added_and_the_file_that_has_grown_becomes_the_older_one(tmp_path, monkeypatch):
    monkeypatch.setattr(control_process, "FAULT_FILE_MOST_OCTETS", 25)
    file = tmp_path / "faults.txt"
    for number in range(8):
        keep_fault(file, f"fault {number}\n")
    kept = {path.name: path.read_text().split("\n")[:-1] for path in tmp_path.iterdir()}
    assert kept["faults.older.txt"] == [f"fault {number}" for number in range(4)]
    assert kept["faults.txt"] == [f"fault {number}" for number in range(4, 8)] and len(kept) == 2


def test_a_fault_that_cannot_be_written_down_is_kept_in_memory_and_the_turn_goes_on():
    floor = Floor(VirtualClock(), Plane.create(Layout(ports=1)), None)
    done = []

    def full(text):
        raise OSError("no space left on device")

    def fails():
        raise ValueError("ours")

    floor.on_fault = full
    floor.turn(fails)
    floor.turn(done.append, "next")
    assert done == ["next"] and floor.counters == {"fault": 1}
    assert "ValueError: ours" in floor.faults[0]
