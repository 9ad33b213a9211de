"""Three exchanges in a row, link by link: what comes in on one pair of circuits goes out on another, primitive by primitive."""

from random import Random

from pbx.signalling.r2.circuit import OWN_HABITS, R2Circuit
from pbx.vocabulary.call import Alerting, Connect, Disconnect, Info, Proceeding, Release, Resume, Setup, Suspend
from tests.signalling.cases import CHINA, PLAN
from tests.signalling.pair import Pair

STEP_S = 0.001
FORWARD = (Setup, Info)
BACKWARD = (Proceeding, Alerting, Connect, Disconnect, Suspend, Resume)


def nothing(end, primitive, now):
    return ()


class Tandem:
    """``first`` is the link to the exchange in the middle, ``second`` the one from there to the last, whose switch is given. Time
    goes in steps of a millisecond, so that both links have the same."""

    def __init__(self, last, incoming=OWN_HABITS, variant=CHINA, random: Random | None = None, loss=0.0, plan=PLAN):
        def circuit(direction, habits=OWN_HABITS):
            return R2Circuit(variant, direction, plan, habits=habits)

        idle = variant.data.bits.backward.idle
        self.first = Pair(circuit("outgoing"), circuit("incoming", incoming), nothing, self.forward, random, loss, idle)
        self.second = Pair(circuit("outgoing"), circuit("incoming"), self.backward, last, random, loss, idle)
        self.ends = (self.first.left, self.first.right, self.second.left, self.second.right)
        self.waiting = []

    def forward(self, end, primitive, now):
        if type(primitive) in FORWARD:
            self.waiting.append((self.second, self.second.left, primitive))
        elif type(primitive) is Release:
            self.waiting.append((self.second, self.second.left, Release(primitive.cause)))
        return ()

    def backward(self, end, primitive, now):
        if type(primitive) in BACKWARD:
            self.waiting.append((self.first, self.first.right, primitive))
        elif type(primitive) is Release:
            self.waiting.append((self.first, self.first.right, Release(primitive.cause)))
        return ()

    def run(self, seconds):
        end = self.first.now + seconds
        while self.first.now < end:
            for pair in (self.first, self.second):
                pair.run(pair.now + STEP_S)
            waiting, self.waiting = self.waiting, []
            for pair, side, primitive in waiting:
                pair.down(side, primitive)

    def text(self):
        return f"{self.first.text()}\n{self.second.text()}"
