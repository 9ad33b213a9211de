"""Hundreds of calls between our switch and libss7's at once, in both directions, and what became of each of them at either end.

Either switch seizes any circuit that it believes free, so that they meet. A call is refused, rings in vain, or is answered and cleared by
either side after a time of its own; whoever loses its circuit in a dual seizure calls again on another. Each call has a number of its own
that it carries as its caller's, so both ends' accounts can be laid beside each other. Leaves out what is done to the links meanwhile.
"""

from random import Random

from pbx.vocabulary.call import Alerting, Blocked, Connect, Disconnect, Idle, Proceeding, Release, Seized, Setup, Unblocked
from tests.interop.libss7.far_point import CPG_ALERTING

CIRCUIT_NOT_AVAILABLE = 44
REFUSALS = (1, 17, 21, 27, 34, 42)
PASSAGE_S = 0.25
"""Within this time messages of both ends may pass each other on the links."""
RING_S, TALK_S, PATIENCE_S = (0.05, 1.5), (0.1, 9.0), (0.0, 3.0)


class Account:
    """A call: what happened to it at its caller's and at its callee's end: (seconds, what)."""

    def __init__(self, number, ours):
        self.number, self.ours, self.cic = number, ours, 0
        self.caller, self.callee = [], []
        self.again = False
        """Whether it lost its circuit, and another account goes on with it."""

    def when(self, side, what):
        return next((seconds for seconds, happened in getattr(self, side) if happened == what), None)

    @property
    def ended(self):
        return bool(self.caller) and self.caller[-1][1] == "over" and (not self.callee or self.callee[-1][1] == "over")

    def __repr__(self):
        return f"{'ours' if self.ours else 'theirs'} {self.number}: {self.caller} {self.callee}"


class Storm:
    """``calls`` in all, ``rate`` a second; each ``meeting``-th is made by both switches on one circuit at once."""

    def __init__(self, facing, calls, rate=8.0, meeting=12, seed=0):
        self.facing, self.random = facing, Random(seed)
        self.accounts = []
        self.free = set(facing.isup.circuits)
        self.blocked = set()
        self.ours, self.theirs = {}, {}
        """By circuit, the account of the call that each end has there."""
        facing.listen, facing.far.listen = self._we_hear, self._they_hear
        when = 0.0
        for number in range(calls):
            when += self.random.expovariate(rate)
            if number % meeting == 0:
                facing.at(when, self._meet)
            else:
                facing.at(when, self._call, self.random.random() < 0.5)
        self.lasts = when

    def run(self, longest=600):
        """Until every call has ended."""
        assert self.facing.run(longest, self.over), self.left()

    def over(self):
        return self.facing.now > self.lasts and not self.left() and not self.facing.busy()

    def left(self):
        return [account for account in self.accounts if not account.ended]

    # Who calls.

    def _ours_free(self):
        return self.free - self.blocked

    def _theirs_free(self):
        far = self.facing.far
        return set(far.circuits) - set(far.handles) - far.blocked_there - far.resetting if far.up and not far.stopped else set()

    def _put_off(self, table, call, *arguments):
        """Whether their switch stands still; it acts when it goes on."""
        if table is self.ours or not self.facing.far.stopped:
            return False
        self.facing.at(0.1, call, *arguments)
        return True

    def _meet(self):
        both = sorted(self._ours_free() & self._theirs_free())
        if not both:
            self.facing.at(0.5, self._meet)
            return
        cic = self.random.choice(both)
        self._place(Account(len(self.accounts), True), cic)
        self._place(Account(len(self.accounts), False), cic)

    def _call(self, ours):
        found = sorted(self._ours_free() if ours else self._theirs_free())
        if not found:
            self.facing.at(0.5, self._call, ours)
            return
        self._place(Account(len(self.accounts), ours), self.random.choice(found))

    def _place(self, account, cic):
        self.accounts.append(account)
        account.cic = cic
        now, number = self.facing.now, f"{account.number:06d}"
        account.caller.append((now, "called"))
        if account.ours:
            self.ours[cic] = account
            self.free.discard(cic)
            self.facing.give(cic, Setup("54321", f"8{number}"))
        else:
            self.theirs[cic] = account
            self.facing.far.place(cic, "12345", f"7{number}")
        if self.random.random() < 0.12:
            self.facing.at(self.random.uniform(*PATIENCE_S), self._clear, account, "caller", cic, 16)

    def _side(self, account, side):
        """The table of the end that has this side of the call."""
        return self.ours if account.ours == (side == "caller") else self.theirs

    def _clear(self, account, side, cic, cause):
        table = self._side(account, side)
        if table.get(cic) is not account or self._put_off(table, self._clear, account, side, cic, cause):
            return
        getattr(account, side).append((self.facing.now, f"clears {cause}"))
        if table is self.ours:
            self.facing.give(cic, Disconnect(cause))
        else:
            self.facing.far.release(cic, cause)

    # What the called side does.

    def _called(self, account, cic):
        now, chance = self.facing.now, self.random
        account.callee.append((now, "called"))
        delay = chance.uniform(0.0, 0.4)
        if chance.random() < 0.15:
            self.facing.at(delay, self._clear, account, "callee", cic, chance.choice(REFUSALS))
            return
        self.facing.at(delay, self._rings, account, cic)

    def _rings(self, account, cic):
        table = self._side(account, "callee")
        if table.get(cic) is not account or self._put_off(table, self._rings, account, cic):
            return
        chance, at_once = self.random, self.random.random() < 0.1
        if table is self.ours:
            if not at_once:
                self.facing.give(cic, chance.choice((Alerting(), Proceeding())))
        elif not at_once:
            self.facing.far.say("acm", cic)
            if chance.random() < 0.5:
                self.facing.at(0.05, self._they_ring, account, cic)
        if chance.random() < 0.08:
            self.facing.at(chance.uniform(*RING_S) + 0.1, self._clear, account, "callee", cic, 19)
        else:
            self.facing.at(0.0 if at_once else chance.uniform(*RING_S) + 0.1, self._answers, account, cic, at_once)

    def _they_ring(self, account, cic):
        if self.theirs.get(cic) is account and not self._put_off(self.theirs, self._they_ring, account, cic):
            self.facing.far.say("cpg", cic, CPG_ALERTING)

    def _answers(self, account, cic, at_once):
        table = self._side(account, "callee")
        if table.get(cic) is not account or self._put_off(table, self._answers, account, cic, at_once):
            return
        account.callee.append((self.facing.now, "answered"))
        if table is self.ours:
            self.facing.give(cic, Connect())
        else:
            self.facing.far.say("con" if at_once else "anm", cic)
        side = self.random.choice(("caller", "callee"))
        self.facing.at(self.random.uniform(*TALK_S), self._clear, account, side, cic, self.random.choice((16, 31)))

    # What the ends hear.

    def _ends(self, table, cic, what):
        account = table.pop(cic, None)
        if account is not None:
            side = account.caller if (table is self.ours) == account.ours else account.callee
            side += [(self.facing.now, what), (self.facing.now, "over")]
        return account

    def _again(self, account):
        account.again = True
        self._call(account.ours)

    def _we_hear(self, cic, output):
        kind = type(output)
        if kind is Seized:
            self.free.discard(cic)
        elif kind is Setup:
            account = self.ours[cic] = self.accounts[int(output.calling[1:])]
            self._called(account, cic)
        elif kind is Connect and cic in self.ours and self.ours[cic].ours:
            self.ours[cic].caller.append((self.facing.now, "answered"))
        elif kind is Release:
            account = self._ends(self.ours, cic, f"released {output.cause}")
            if account is not None and account.ours and output.cause == CIRCUIT_NOT_AVAILABLE:
                self._again(account)
        elif kind is Idle:
            self.free.add(cic)
        elif kind is Blocked:
            self.blocked.add(cic)
        elif kind is Unblocked:
            self.blocked.discard(cic)

    def _they_hear(self, kind, cic, told):
        if kind == "IAM":
            account = self.theirs[cic] = self.accounts[int(told["calling"][1:])]
            self._called(account, cic)
        elif kind in ("ANM", "CON"):
            self.theirs[cic].caller.append((self.facing.now, "answered"))
        elif kind == "gave way":
            account = self._ends(self.theirs, cic, kind)
            self.facing.at(0.01, self._again, account)
        elif kind == "REL":
            self._ends(self.theirs, cic, f"released {told['cause']}")
        elif kind in ("RLC", "forgotten", "RSC"):
            self._ends(self.theirs, cic, kind)
        elif kind in ("GRS", "GRA"):
            for each in range(cic, told["end"] + 1):
                self._ends(self.theirs, each, kind)

    # What the accounts say.

    def disagreements(self):
        """Calls that ended otherwise at one end than at the other, where messages have not passed each other."""
        return [each for each in self.accounts if not each.again and self._disagree(each) and not self._over_before_it_was_seen(each)]

    def _over_before_it_was_seen(self, account):
        """Whether it met a call of the other end, and one of the two was given up before the other end had heard of it.

        Then neither end can tell which call a REL is for (Q.764 2.9.1.4 does not say).
        """
        (begun, _), (over, _) = account.caller[0], account.caller[-1]
        return not account.callee and over - begun < PASSAGE_S and any(
            other.cic == account.cic and other.ours != account.ours and abs(other.caller[0][0] - begun) < PASSAGE_S
            for other in self.accounts
        )

    @staticmethod
    def _disagree(account):
        answered = account.when("caller", "answered"), account.when("callee", "answered")
        if answered[0] is not None and answered[1] is None:
            return True
        ends = account.when("caller", "over"), account.when("callee", "over")
        if None in ends[: 1 + bool(account.callee)]:
            return True
        if answered[1] is not None and answered[0] is None and min(ends) - answered[1] > PASSAGE_S:
            return True
        given = [(seconds, what) for seconds, what in account.caller + account.callee if what.startswith("clears")]
        got = [what.split()[1] for _, what in account.caller + account.callee if what.startswith("released")]
        if len(given) == 1:
            return given[0][1].split()[1] not in got
        return len(given) != 2 or abs(given[0][0] - given[1][0]) > PASSAGE_S
