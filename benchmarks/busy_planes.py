"""Four spans as busy as they can be: what ``realtime`` and ``plane.tick`` give the media plane to do.

Of 120 ports 90 talk in pairs (hearing edges both ways, a recorder for each pair), 30 hear announcements of one second that control starts
anew when they have ended; all have a DTMF receiver, the 30 an MFC receiver too. The far plane's ports all speak, dial DTMF digits
and send MFC signals. Leaves out call control: this is what the plane itself must bear.
"""

from collections.abc import Sequence

from benchmarks.office import voice
from pbx.exchange import load_sounds
from pbx.media import Layout, Plane
from pbx.tone_plan import china
from pbx.vocabulary.media import (
    RECEIVE_DTMF,
    RECEIVE_MFC_FORWARD,
    Hear,
    Listen,
    MediaEvent,
    Play,
    Played,
    Record,
    SendDigits,
    SendTone,
)
from pbx.vocabulary.tones import mfc_forward

SPANS = 4
PORTS = 30 * SPANS
TALKING = 90
LAYOUT = Layout(ports=PORTS, recorders=64)
SOUNDS = {"announcement": 1.0, "talk": 12.0}
TONE_MS = 100


def load(plane: Plane) -> dict[str, int]:
    """Tones and voices of either plane; the prompts' numbers by name."""
    return load_sounds(plane, china(), {name: voice(seconds, n) for n, (name, seconds) in enumerate(SOUNDS.items())})


class Near:
    """Control's part on the plane that is measured."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self._prompts = load(plane)
        for port in range(PORTS):
            plane.configure_port(port)
            plane.send(port, Listen(RECEIVE_DTMF))
            if port < TALKING:
                plane.send(port, Hear(port ^ 1))
                if port % 2 == 0:
                    plane.send(port, Record(port // 2))
            else:
                plane.send(port, Listen(RECEIVE_MFC_FORWARD))
                self.announce(port)

    def announce(self, port: int) -> None:
        """Start the announcement of a port."""
        self.plane.send(port, Play(self._prompts["announcement"], 1))

    def take(self, events: Sequence[tuple[float, int, MediaEvent]]) -> None:
        """What control does about events: an announcement that has ended begins again."""
        for _, port, event in events:
            if type(event) is Played:
                self.announce(port)

    def empty_recorders(self) -> int:
        """Take what was recorded; octets."""
        return sum(len(self.plane.read_recorder(n)) for n in range(TALKING // 2))


class Far:
    """The far end: everybody speaks, some dial."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self._turn = 0
        prompts = load(plane)
        for port in range(PORTS):
            plane.configure_port(port)
            if port < TALKING:
                plane.send(port, Play(prompts["talk"], 1, True))

    def dial(self) -> None:
        """A fifth of a second's dialling: MFC signals on every circuit that hears announcements, a digit on some that talk."""
        self._turn += 1
        for port in range(TALKING, PORTS):
            self.plane.send(port, SendTone(mfc_forward(1 + (self._turn + port) % 15), TONE_MS))
        for port in range(self._turn % 15, TALKING, 15):
            self.plane.send(port, SendDigits("0123456789"[self._turn % 10], TONE_MS, TONE_MS))
