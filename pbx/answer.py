"""Who answered: a person, an answering machine, a fax machine, a tone of the network, nobody at all; and when a machine may be spoken to.

A pure engine. It is told what the plane hears of the called party from the answer on (VoiceOn, VoiceOff, tones, beeps; Listen with
RECEIVE_VOICE, RECEIVE_PROGRESS and the receiver of fax tones), each with its time, and returns one ``Verdict``, and behind it ``BeepHeard``
or ``GreetingEnded`` of a machine. A person says a word or two and waits for an answer; a machine goes on. There is no Recommendation; the
method is that of all such detectors (greeting length, silence after it; the defaults of Asterisk's AMD are 1500 ms and 800 ms), the figures
are tuned on one half of the cases of benchmarks/answering.py and published on the other. Leaves out the words that are said.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from pbx.vocabulary import tones
from pbx.vocabulary.media import MediaEvent, ToneOff, ToneOn, VoiceOff, VoiceOn

Kind = Literal["person", "machine", "fax", "tone", "silence", "unsure"]

BEEP = tones.special("beep")
RINGING = (tones.progress("ring-back"),)
NOT_ANSWERED = tuple(tones.progress(name) for name in ("dial", "busy", "congestion", "vacant", "special-information"))


class AnswerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to believe what. Milliseconds of the line's own time."""

    initial_silence_ms: int = 5000
    """Nothing said for so long after the answer: silence (Asterisk: 2500)."""
    greeting_ms: int = 3000
    """Speech of this length with only short pauses: a machine (Asterisk: 1500)."""
    after_greeting_ms: int = 1000
    """Silence behind a shorter greeting: a person who waits (Asterisk: 800)."""
    word_ms: int = 100
    """Shorter sounds are no words (Asterisk: 100)."""
    total_ms: int = 10000
    """After so long without a verdict: unsure (Asterisk: 5000)."""
    beep_ms: int = 150
    """Shorter beeps are not believed: a sung vowel may be one."""
    long_beep_ms: int = 1500
    """A longer one is no beep of a machine but a steady tone."""
    greeting_end_ms: int = 2000
    """A machine silent for so long has no beep, or it was missed."""
    machine_ms: int = 60000
    """After so long behind the verdict nothing is awaited of a machine any more."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Who answered, and why that is thought. ``after_ms`` from the answer."""

    kind: Kind
    reason: str
    after_ms: int


class BeepHeard(msgspec.Struct, frozen=True, gc=False):
    """The machine's beep has ended: it records now."""

    length_ms: int


class GreetingEnded(msgspec.Struct, frozen=True, gc=False):
    """The machine has said nothing for a while and gave no beep: speak now or never."""

    silent_ms: int


Output = Verdict | BeepHeard | GreetingEnded


class Answer:
    """One answered call, from the answer on."""

    def __init__(self, settings: AnswerSettings | None = None) -> None:
        self.settings = settings or AnswerSettings()
        self.verdict: Verdict | None = None
        self._answered = 0.0
        self._voice_since: float | None = None
        self._silent_since = 0.0
        self._voiced = 0.0
        self._words = 0
        self._beep_since: float | None = None
        self._over = False

    @property
    def state(self) -> str:
        """What is awaited: ``listening``, ``machine`` (its beep) or ``over``."""
        return "over" if self._over else "machine" if self.verdict else "listening"

    def start(self, now: float) -> Sequence[Output]:
        """The call was answered."""
        self._answered = self._silent_since = now
        return ()

    def receive(self, event: MediaEvent, now: float) -> Sequence[Output]:
        """Something was heard of the called party; ``now`` is when it began or ended on the line."""
        if self._over:
            return ()
        if isinstance(event, VoiceOn):
            self._voice_since = now
            return ()
        if isinstance(event, VoiceOff):
            return self._voice_ended(now)
        if isinstance(event, ToneOn):
            return self._tone(event.tone, now)
        if isinstance(event, ToneOff) and event.tone == BEEP:
            return self._beep_ended(now)
        return ()

    def deadline(self) -> float | None:
        """When ``expire`` is wanted."""
        if self._over:
            return None
        s = self.settings
        if self.verdict is not None:
            ends = [self._answered + (self.verdict.after_ms + s.machine_ms) / 1000]
            if self._voice_since is None and self._beep_since is None:
                ends.append(self._silent_since + s.greeting_end_ms / 1000)
            return min(ends)
        ends = [self._answered + s.total_ms / 1000]
        if self._beep_since is not None:
            ends.append(self._beep_since + s.long_beep_ms / 1000)
        elif self._voice_since is not None:
            ends.append(self._voice_since + s.greeting_ms / 1000 - self._voiced)
        elif self._words:
            ends.append(self._silent_since + s.after_greeting_ms / 1000)
        else:
            ends.append(self._answered + s.initial_silence_ms / 1000)
        return min(ends)

    def expire(self, now: float) -> Sequence[Output]:
        """The deadline has come."""
        due = self.deadline()
        if due is None or now < due:
            return ()
        if self.verdict is not None:
            self._over = True
            silent = now - self._silent_since
            if self._voice_since is None and silent * 1000 >= self.settings.greeting_end_ms:
                return (GreetingEnded(round(silent * 1000)),)
            return ()
        if self._beep_since is not None and now >= self._beep_since + self.settings.long_beep_ms / 1000:
            return self._judge("tone", f"a steady tone for {self._ms(now - self._beep_since)} ms", now)
        if self._voice_since is not None and self._spoken(now) * 1000 >= self.settings.greeting_ms - 1:
            return self._judge("machine", f"speech for {self._ms(self._spoken(now))} ms without a long pause", now)
        if self._voice_since is None and self._words and self._ms(now - self._silent_since) >= self.settings.after_greeting_ms:
            said = f"{self._ms(self._voiced)} ms said, then silence for {self._ms(now - self._silent_since)} ms"
            return self._judge("person", said, now)
        if not self._words and self._voice_since is None:
            return self._judge("silence", f"nothing said for {self._ms(now - self._answered)} ms", now)
        return self._judge("unsure", f"no rule was met in {self._ms(now - self._answered)} ms", now)

    def _voice_ended(self, now: float) -> Sequence[Output]:
        if self._voice_since is None:
            return ()
        length, self._voice_since = now - self._voice_since, None
        if self._ms(length) < self.settings.word_ms:
            return ()
        self._silent_since = now
        self._voiced += length
        self._words += 1
        if self.verdict is None and self._ms(self._voiced) >= self.settings.greeting_ms:
            return self._judge("machine", f"speech for {self._ms(self._voiced)} ms without a long pause", now)
        return ()

    def _tone(self, tone: int, now: float) -> Sequence[Output]:
        if tone == BEEP:
            self._beep_since = now
            return ()
        if self.verdict is not None:
            return ()
        if tone in RINGING:
            # Not answered yet, whatever the line said: begin anew behind the ringing.
            self._answered = self._silent_since = now
            self._voiced, self._words = 0.0, 0
            return ()
        if tone in NOT_ANSWERED:
            return self._judge("tone", tones.name(tone), now)
        if tones.SPECIAL <= tone < BEEP:
            return self._judge("fax", tones.name(tone), now)
        return ()

    def _beep_ended(self, now: float) -> Sequence[Output]:
        if self._beep_since is None:
            return ()
        length, self._beep_since = now - self._beep_since, None
        if self._ms(length) < self.settings.beep_ms:
            return ()
        self._silent_since = now
        outputs: list[Output] = []
        if self.verdict is None:
            before = "a beep after speech" if self._words or self._voice_since is not None else "a beep at once"
            outputs += self._judge("machine", f"{before}, {self._ms(length)} ms", now)
        self._over = True
        return [*outputs, BeepHeard(self._ms(length))]

    def _judge(self, kind: Kind, reason: str, now: float) -> Sequence[Output]:
        self.verdict = Verdict(kind, reason, self._ms(now - self._answered))
        self._over = kind != "machine"
        return (self.verdict,)

    def _spoken(self, now: float) -> float:
        return self._voiced + (now - self._voice_since if self._voice_since is not None else 0.0)

    @staticmethod
    def _ms(seconds: float) -> int:
        return round(seconds * 1000)
