"""What a party of the lab really receives: an honest tap on the far plane, beside everything that the exchange believes.

On sound spans a recorder of the far plane takes down what arrives at the party's port, and prompts are recognised by normalised
cross-correlation. On token spans the tokens that arrive are read from the far end's card. Leaves out tones, which the far
plane's own receivers tell the party.
"""

import numpy as np

from pbx.plant import first_ports
from pbx.sound_file import decode_alaw
from pbx.vocabulary.media import Record, StopRecord

RATE = 8000
WINDOW = 4000
"""Half a second must fit the prompt."""
STEP = 800
ALIKE = 0.9
QUIET = 30.0
"""Root mean square of samples under which a stretch counts as silence; a prompt is some 2 500."""


def likeness(window, prompt):
    """The greatest normalised correlation of the window with any place of the prompt, 0 when the window is silent."""
    energy = float(np.dot(window, window))
    if energy < QUIET**2 * len(window) or len(prompt) < len(window):
        return 0.0
    size = len(prompt) + len(window)
    product = np.fft.irfft(np.fft.rfft(prompt, size) * np.conj(np.fft.rfft(window, size)), size)
    squares = np.concatenate(([0.0], np.cumsum(prompt**2)))
    places = len(prompt) - len(window) + 1
    energies = np.maximum(squares[len(window) :] - squares[:places], 1.0)
    return float(np.max(product[:places] / np.sqrt(energies * energy)))


class SoundEar:
    """Sound received by one party, a call at a time."""

    def __init__(self, lab, party):
        self.lab, self.party = lab, party
        self.line = None
        self.octets = bytearray()
        self.place = 0

    def collect(self):
        """Begin or end recording as the party's line comes and goes, and take in what was recorded."""
        line = self.party.line if self.party.off_line is False else None
        if self.line is not None:
            self.octets += self.lab.simulation.far.read_recorder(self.line.port)[::2]
        if line is self.line:
            return
        if self.line is not None:
            self.party.network.order(self.line, StopRecord(self.line.port))
        if line is not None:
            self.octets.clear()
            self.place = 0
            self.lab.simulation.far.read_recorder(line.port)
            self.party.network.order(line, Record(line.port))
        self.line = line

    def hears(self, name):
        """Whether the prompt was heard since the last thing that was recognised."""
        prompt = self.lab.samples(name)
        while self.place + WINDOW <= len(self.octets):
            window = decode_alaw(bytes(self.octets[self.place : self.place + WINDOW])).astype(float)
            self.place += STEP
            if likeness(window, prompt) > ALIKE:
                self.place += WINDOW - STEP
                return True
        return False

    def description(self):
        """What was heard in the last two seconds, for the message of a failure."""
        parts = []
        for start in range(max(0, len(self.octets) - 4 * WINDOW), len(self.octets) - WINDOW + 1, WINDOW):
            window = decode_alaw(bytes(self.octets[start : start + WINDOW])).astype(float)
            level = float(np.sqrt(np.mean(window**2)))
            alike = {name: likeness(window, self.lab.samples(name)) for name in self.lab.sounds}
            best = max(alike, key=lambda name: alike[name])
            if level < QUIET:
                parts.append("silence")
            elif alike[best] > ALIKE:
                parts.append(best)
            else:
                parts.append(f"something at {20 * np.log10(level / 22782) + 3.14:.0f} dBm0, {alike[best]:.2f} like {best}")
        return " | ".join(parts) or "nothing (no call)"


class TokenEar:
    """Tokens received by one party."""

    def __init__(self, lab, party):
        self.lab, self.party = lab, party
        self.heard = []
        self.now = ""
        self.place = 0

    def collect(self):
        """Tokens are taken in at each tick."""

    def tick(self):
        """Read what came in this tick."""
        line = self.party.line
        if line is None:
            self.now = ""
            return
        span = line.name.rpartition("/")[0]
        first = first_ports(self.lab.configuration)
        for change in self.lab.simulation.far_wires[list(first).index(span)].heard(line.port - first[span]):
            self.now = self.party.network.sound_name(change.code) if change.code else ""
            if self.now:
                self.heard.append(self.now)

    def hears(self, name):
        """Whether the prompt began since the last thing that was recognised, or is still heard."""
        if name == self.now:
            self.place = len(self.heard)
            return True
        if name in self.heard[self.place :]:
            self.place += self.heard[self.place :].index(name) + 1
            return True
        return False

    def description(self):
        """The last tokens."""
        return " | ".join(self.heard[-4:]) or "nothing"
