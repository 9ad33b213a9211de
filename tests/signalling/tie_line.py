"""E&M tie lines back to back: tests/signalling/pair.py with what their engines need besides, edges at a time and DTMF digits.

An engine is wrapped: commands for later, digits and Disarm are done here, all else is the pair's. Leaves out how a receiver hears a
digit: it is told with its end.
"""

from pbx.vocabulary.media import RECEIVE_DTMF, Digit, Disarm, SendBits, SendDigits, Silence
from tests.signalling.pair import Pair


class Timed:
    """An engine whose timed commands the line does."""

    def __init__(self, engine):
        self.engine = engine
        self.pair = None
        self.end = None
        self.free_at = 0.0

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def _do(self, outputs):
        return [output for output in outputs if not self._later(output)]

    def _later(self, output):
        kind = type(output)
        if self.pair is None:
            assert kind is not SendBits or not output.at
            return kind in (Disarm, SendDigits)
        now = self.pair.now
        if kind is SendBits and output.at > now:
            self.pair.at(output.at, self._edge, self.end.edges, output.value)
        elif kind is Disarm or kind is Silence:
            # Silence ends digits; edges of the lead end by Disarm alone.
            self.end.edges += kind is Disarm
            self.free_at = now
            return kind is Disarm
        elif kind is SendDigits:
            start = max(now, self.free_at)
            for digit in output.digits:
                self.pair.at(start + output.on_ms / 1000, self._digit, self.end.edges, digit)
                start += (output.on_ms + output.off_ms) / 1000
            self.free_at = start
        else:
            return False
        return True

    def _edge(self, version, value):
        if version == self.end.edges:
            self.pair._send_bits(self.end, value)

    def _digit(self, version, digit):
        other = self.end.other
        if version == self.end.edges and other.listens & RECEIVE_DTMF:
            self.pair.give(other, Digit(digit))

    def start(self, now):
        return self._do(self.engine.start(now))

    def receive(self, value, now):
        return self._do(self.engine.receive(value, now))

    def expire(self, now):
        return self._do(self.engine.expire(now))

    def resume(self, tag, levels, now):
        return self._do(self.engine.resume(tag, levels, now))


class TieLine(Pair):
    """Two circuits with a line between them."""

    def __init__(self, left, right, left_switch, right_switch, random=None, loss=0.0):
        left, right = Timed(left), Timed(right)
        super().__init__(left, right, left_switch, right_switch, random, loss)
        for end in (self.left, self.right):
            end.edges = 0
            end.engine.pair, end.engine.end = self, end

    def resume(self, end, engine, tag):
        engine = Timed(engine)
        engine.pair, engine.end = self, end
        super().resume(end, engine, tag)
