"""What the property, coverage and resume tests of R2 share: a number plan, a patient switch, the rules that always hold."""

from random import Random

import msgspec

from pbx.signalling.r2.circuit import OWN_HABITS, R2Circuit
from pbx.signalling.r2.variant import Variant, load_variant
from pbx.signalling.r2.variant_data import BackwardSignal
from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Release, Seized, Setup, Unblocked
from pbx.vocabulary.numbers import Examination
from tests.signalling.pair import Pair

CHINA = load_variant("china")


def every_signal(variant=CHINA):
    """China with what some other variant has: signals of group A, the end of the number, metering, priority in a dual seizure."""
    data, replace = variant.data, msgspec.structs.replace
    group_a = dict(data.group_a)
    words = ("repeat-last", "repeat-2-back", "repeat-3-back", "send-caller-digit", "address-complete")
    group_a.update({signal: BackwardSignal(word, word) for signal, word in enumerate(words, 7)})
    backward = replace(data.bits.backward, forced_release=0b0011, metering=0b1111)
    return Variant(
        replace(
            data,
            name="every",
            bits=replace(data.bits, backward=backward),
            line=replace(data.line, dual_seizure="priority"),
            timers={**data.timers, "metering_sent": data.timers["pulse"], "metering_pause": data.timers["pulse_guard"]},
            register=replace(data.register, caller_by="send-caller-digit", end_of_called=14),
            group_a=group_a,
        )
    )


class FiveDigits:
    """Five digits; 9...: nobody; 6...: two to six digits; 8...: six digits, 87... three to six, in tandem from the second on."""

    def examine(self, digits):
        if digits.startswith("8"):
            return self.tandem(digits)
        if digits.startswith("9"):
            return Examination("invalid", cause=1)
        if digits.startswith("6"):
            return Examination("complete", max_more=6 - len(digits)) if len(digits) >= 2 else Examination("more")
        if len(digits) > 5:
            return Examination("invalid", cause=28)
        return Examination("complete" if len(digits) == 5 else "more")

    def tandem(self, digits):
        known, more = len(digits) >= 2, 6 - len(digits)
        if more < 0:
            return Examination("invalid", cause=28)
        if digits.startswith("87") and len(digits) >= 3:
            return Examination("complete", max_more=more, route_known=known)
        return Examination("more" if more else "complete", max_more=more, route_known=known)


PLAN = FiveDigits()


def both_way(variant=CHINA):
    return R2Circuit(variant, "both-way", PLAN)


class Story:
    """Two circuits with switches that ring, answer and release after random delays."""

    def __init__(self, seed, loss=0.0, left="both-way", right="both-way", variant=CHINA, lazy=False, habits=(OWN_HABITS, OWN_HABITS)):
        self.random = Random(seed)
        self.lazy = lazy
        self.setups = {"left": 0, "right": 0}
        self.idle = variant.data.bits.backward.idle
        ends = [R2Circuit(variant, direction, PLAN, habits=own) for direction, own in zip((left, right), habits, strict=True)]
        self.pair = Pair(*ends, self.switch, self.switch, self.random, loss, idle=self.idle)

    def switch(self, end, primitive, now):
        kind = type(primitive)
        if kind is Setup:
            wait = self.random.choice((0.0, 0.05, 0.5, 3.0))
            self.pair.at(now + wait, self.say, end, Alerting())
            self.pair.at(now + wait + self.random.choice((0.0, 0.1, 1.0)), self.say, end, Connect())
        elif kind is Disconnect and not self.lazy:
            self.pair.at(now + self.random.choice((0.0, 0.2, 2.0)), self.say, end, Release(16))
        return ()

    def say(self, end, primitive):
        if type(primitive) is Setup:
            self.setups[end.name] += 1
        self.pair.give(end, primitive)

    def settle(self):
        """Both switches let go, nothing is lost any more, time passes."""
        pair = self.pair
        pair.loss = 0.0
        for end in (pair.left, pair.right):
            self.say(end, Release(16))
            self.say(end, Unblocked())
        pair.run(pair.now + 400.0)

    def check(self):
        """Both ends at rest, nothing runs or sounds, one Release for each Seized and Setup, blocked and unblocked in pairs."""
        pair = self.pair
        for end in (pair.left, pair.right):
            say = f"{end.name}\n{pair.text()}"
            assert end.engine.state == "Idle", say
            assert end.deadline is None, say
            assert end.tone == 0, say
            assert end.listens == 0, say
            assert end.bits == self.idle, say
            begun = self.setups[end.name] + sum(type(primitive) is Seized for primitive in end.up)
            assert begun == sum(type(primitive) is Release for primitive in end.up), say
            assert not end.up or end.up[-1] in (Idle(), Unblocked()), say
            blocked = {primitive.reason for primitive in end.up if type(primitive) is Blocked}
            assert not blocked or any(type(primitive) is Unblocked for primitive in end.up), say
