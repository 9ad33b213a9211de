"""Recorders: which leg is recorded by which recorder of the plane, from when to when.

A recorder has two tracks, what the line says and what it is told; a thread of control makes files of them (pbx/recording_files.py). The
switch starts and stops them within its turns. Leaves out the files and which conversations are recorded, which is configuration.
"""

from typing import TYPE_CHECKING

from pbx.call import Leg
from pbx.vocabulary import facts
from pbx.vocabulary.media import Record, StopRecord

if TYPE_CHECKING:
    from pbx.switch import Switch


class Recorders:
    """The recorders of one switch."""

    def __init__(self, switch: "Switch", count: int) -> None:
        self._switch = switch
        self._free = list(range(count))

    @property
    def free(self) -> int:
        """How many recorders of the plane are not in use."""
        return len(self._free)

    def record(self, leg: Leg) -> bool:
        """Record what the leg says and is told; False when no recorder is free."""
        if leg.recorder >= 0 or not self._free:
            return leg.recorder >= 0
        leg.recorder = self._free.pop(0)
        leg.recording = f"{leg.call.name}-{leg.number}"
        self._switch.floor.orders([(leg.line.port, Record(leg.recorder))])
        self._switch.tell(leg, facts.RecordingStarted, recording=leg.recording, recorder=leg.recorder)
        self._switch.floor.touch(leg.line)
        return True

    def stop(self, leg: Leg) -> None:
        """Stop it; the recorder goes to the end of the row, so that its ring is read before it is used again."""
        if leg.recorder < 0:
            return
        self._switch.floor.orders([(leg.line.port, StopRecord(leg.recorder))])
        self._switch.tell(leg, facts.RecordingStopped, recording=leg.recording, recorder=leg.recorder)
        self._free.append(leg.recorder)
        leg.recorder = -1
        self._switch.floor.touch(leg.line)

    def adopt(self, leg: Leg, recorder: int) -> None:
        """A leg that is being recorded goes on with its recorder."""
        leg.recorder = recorder
        self._free.remove(recorder)
