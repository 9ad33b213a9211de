"""libss7 as the signalling point at the other end of links: its levels 2 and 3 and its ISUP, and the switch that it asks for.

The library does the signalling; what it leaves to its user is done here as its header asks for it: a REL is answered by RLC, a request of
circuit supervision by its acknowledgement, of two calls that met the one that has to go is given up, and circuits are reset when the far
point can be reached. Whom it calls and what becomes of calls that come in is told by the test: ``listen(kind, cic, told)`` hears every
event. Everything that the library says is kept: what is not among ``USUAL`` is a complaint. Leaves out several adjacent points.
"""

import ctypes
import re
from collections import deque

from benchmarks.no7_terminals import TICK_OCTETS
from tests.interop.libss7 import library as l
from tests.interop.libss7.labels import SLTA, SLTM, Same, with_test_code

TICK = 0.01
EPOCH_S = 946_684_800
ISUP_TIMERS_MS = {
    "t1": 15000, "t2": 180000, "t5": 300000, "t6": 90000, "t7": 25000, "t8": 12000, "t10": 5000, "t12": 15000, "t13": 300000,
    "t14": 15000, "t15": 300000, "t16": 15000, "t17": 300000, "t18": 15000, "t19": 300000, "t20": 15000, "t21": 300000, "t22": 15000,
    "t23": 300000, "t27": 240000, "t33": 13000, "t35": 15000,
}  # fmt: skip
"""As in Q.764; every timer of the library is 0, which is never, until it is set."""
MTP3_TIMERS_MS = {
    "t1": 800, "t2": 1400, "t3": 800, "t4": 800, "t5": 800, "t6": 800, "t7": 1500, "t10": 45000, "t12": 1200, "t13": 1300, "t14": 2500,
    "t19": 67000, "t21": 63000, "t22": 240000, "t23": 240000, "q707_t1": 8000, "q707_t2": 60000,
}  # fmt: skip
USUAL = re.compile(
    r"timer \w+ = \d+ms|Adjacent SP PC: \d+ UP|LINKSET UP DELAYING|Changeback (started|completed)|Changeover completed|"
    r"Changeover cancelled|Changeback cancelled|Time controlled changeover initiated|Dual seizure"
)
SUBSCRIBER, NATIONAL, INTERNATIONAL = 1, 3, 4  # SS7_NAI_...
RESTRICTED = 1  # SS7_PRESENTATION_RESTRICTED
NETWORK_PROVIDED = 3  # SS7_SCREENING_NETWORK_PROVIDED
CPG_ALERTING, CPG_IN_BAND = 1, 3  # CPG_EVENT_...
LONGEST_RESET = 31
DISREGARDED = "disregarded"


class FarLink:
    """One link of the library with the face that a line wants of its ends (benchmarks/no7_terminals.py)."""

    tick_octets = TICK_OCTETS

    def __init__(self, point, number, code):
        """``number``: which link of the library it is, and its signalling link code; ``code``: what the library takes for that."""
        self.point, self.number, self.code = point, number, code
        self._room = ctypes.create_string_buffer(l.UNIT_OCTETS)
        self._last = bytes((0xFF, 0xFF, 0))
        self.alarmed = False

    def unit(self):
        """The next unit; a card repeats the last numbers while its program stands still, and hears nothing of the library in an alarm."""
        point = self.point
        if point.stopped:
            return self._last
        count = point.library.far_say(point.ss7, self.number, self._room)
        unit = ctypes.string_at(self._room, count)
        self._last = unit if unit[2] < 3 else unit[:2] + b"\0"
        if unit[2] < 3:
            return unit
        if self.code != self.number:
            unit = with_test_code(unit, self.number, SLTA)
        point.sent.append((point.now, self.number, unit))
        unit = point.labels.widen(unit)
        point.passed.append(unit)
        return unit

    def hear(self, unit):
        """A unit; faults are the card's own, the library never learns of them."""
        point = self.point
        if point.stopped or self.alarmed or isinstance(unit, int):
            return
        if unit[2] > 2:
            point.passed.append(unit)
            unit = point.labels.narrowed(unit)
            if self.code != self.number:
                unit = with_test_code(unit, self.code, SLTM, SLTA)
        point.library.far_hear(point.ss7, self.number, unit, len(unit))
        point.drain()

    def tick(self):
        """The point ticks once for all its links."""

    def alarm(self, standing):
        """What the card tells of its span."""
        self.alarmed = standing
        tell = self.point.library.ss7_link_alarm if standing else self.point.library.ss7_link_noalarm
        tell(self.point.ss7, self.point.library.far_fd(self.number))
        self.point.drain()


class FarPoint:
    """``circuits``: codes that it shares with us. ``calls`` that are open: by circuit "out", "in" or "releasing"."""

    def __init__(self, own, far, circuits, links, network, labels=Same, ask_caller=False, one_code=False):
        """``one_code``: all links have code 0 for the library, so that it takes what is said over one link about link 0.

        It drops management messages about another link than the one they come over, which Q.704 lets them do (15.4 and 15.5: over any
        link). Its link test messages then get their own code on the wire.
        """
        self.library = library = l.load()
        self.own, self.far, self.circuits, self.labels = own, far, tuple(circuits), labels
        self.now, self.ticks, self.stopped = 0.0, 0, False
        self.listen = lambda kind, cic, told: None
        self.events, self.errors, self.messages = [], [], []
        self.sent = []
        """Signal units of its messages as they left it: (seconds, link, unit)."""
        self.passed = []
        """Signal units of messages as they were on the wire, both ways."""
        self.calls, self.handles = {}, {}
        self.blocked_here, self.blocked_there, self.resetting = set(), set(), set()
        self.up = False
        self.reset_when_up = True
        self.hangups = []
        self._event = l.Event()
        self._deferred = deque()
        self._disregarded = set()
        self._clock()
        self.ss7 = library.ss7_new(l.ITU)
        library.ss7_set_pc(self.ss7, own)
        library.ss7_set_network_ind(self.ss7, network)
        library.ss7_clear_flags(self.ss7, 0xFF)
        if ask_caller:
            library.ss7_set_flags(self.ss7, l.ASK_CALLER)
        self._callbacks = (
            l.Say(lambda _, text: self.messages.append((self.now, text.decode("latin-1").strip()))),
            l.Say(lambda _, text: self.errors.append((self.now, text.decode("latin-1").strip()))),
            l.Hangup(self._hangup),
            l.NotInService(lambda _, cic, dpc: self._tell("not in service", cic)),
            l.CallNull(self._call_null),
        )
        for name, callback in zip(("message", "error", "hangup", "notinservice", "call_null"), self._callbacks, strict=True):
            getattr(library, f"ss7_set_{name}")(callback)
        for name, ms in ISUP_TIMERS_MS.items():
            library.ss7_set_isup_timer(self.ss7, name.encode(), ms)
        for name, ms in MTP3_TIMERS_MS.items():
            library.ss7_set_mtp3_timer(self.ss7, name.encode(), ms)
        self.links = [FarLink(self, number, 0 if one_code else number) for number in range(links)]
        for link in self.links:
            library.ss7_add_link(self.ss7, l.DAHDI_CHANNEL, library.far_fd(link.number), link.code, far)

    def start(self):
        """Align the links."""
        self.library.ss7_start(self.ss7)

    def close(self):
        """Give the library's memory back."""
        self.library.ss7_destroy(self.ss7)

    # Time and events.

    def _clock(self):
        self.library.far_set_clock(EPOCH_S * 1_000_000 + self.ticks * 10_000)

    def tick(self):
        """10 ms are over; a program that stands still sees later that they are."""
        self.ticks += 1
        self.now = self.ticks * TICK
        if not self.stopped:
            self._clock()
            self.library.ss7_schedule_run(self.ss7)
            self.drain()

    def drain(self):
        """Hear what the library tells, and do what it has asked for."""
        library, event = self.library, self._event
        while True:
            if library.far_next_event(self.ss7, event):
                self._hear(l.KINDS[event.kind], event)
            elif self._deferred:
                self._deferred.popleft()()
            else:
                return

    def _tell(self, kind, cic):
        """What is no event of the library, but its user's."""
        self.events.append((self.now, kind, cic, {}))
        self.listen(kind, cic, {})

    def _hear(self, kind, event):
        cic = event.cic
        if event.call:
            self.handles[cic] = event.call
        told = {
            "called": event.called.decode(), "calling": event.calling.decode(), "cause": event.cause, "value": event.value,
            "network": event.network, "end": event.end, "type": event.type, "nature": event.nature, "category": event.category,
            "presentation": event.presentation, "redirecting": event.redirecting.decode(), "original": event.original.decode(),
            "status": bytes(event.status[: event.end - cic + 1]) if event.end >= cic else b"",
        }  # fmt: skip
        self.events.append((self.now, kind, cic, told))
        answer = getattr(self, f"_on_{kind.lower()}", None)
        if answer is None or answer(cic, told) is not DISREGARDED:
            self.listen(kind, cic, told)

    # What the library leaves to its user.

    def _on_up(self, _, told):
        self.up = True
        if self.reset_when_up:
            for first, last in runs(self.circuits):
                self.reset_group(first, last)

    def _on_down(self, _, told):
        self.up = False

    def _on_iam(self, cic, told):
        """An IAM that has met our REL is for the time after RLC: the library offers it all the same (Q.764 2.3.1, 2.9.5.1)."""
        if self.calls.get(cic) == "releasing":
            self._disregarded.add(cic)
            return DISREGARDED
        self.calls[cic] = "in"
        return None

    def _on_rel(self, cic, told):
        self.library.isup_rlc(self.ss7, self.handles[cic])
        if self.calls.get(cic) != "releasing":
            self.calls.pop(cic, None)
        self._clear(cic)

    def _on_rlc(self, cic, told):
        self.calls.pop(cic, None)
        if cic in self._disregarded:
            self._disregarded.remove(cic)
            self.library.isup_free_call(self.ss7, self.handles.pop(cic))
        self._clear(cic)

    def _on_rsc(self, cic, told):
        self.calls.pop(cic, None)
        self.blocked_there.discard(cic)
        self.library.isup_rlc(self.ss7, self.handles[cic])
        self._clear(cic)

    def _on_grs(self, cic, told):
        self._forget(cic, told["end"])
        self.blocked_there -= set(range(cic, told["end"] + 1))
        status = bytes(each in self.blocked_here for each in range(cic, told["end"] + 1))
        self.library.isup_gra(self.ss7, self.handles[cic], told["end"], status)
        self._clear(cic)

    def _on_gra(self, cic, told):
        self._forget(cic, told["end"])
        self.resetting -= set(range(cic, told["end"] + 1))
        self.blocked_there |= {cic + place for place, blocked in enumerate(told["status"]) if blocked}
        self._clear(cic)

    def _forget(self, first, last):
        """Calls of circuits that are reset, but for the one whose messages the group's are."""
        for cic in range(first, last + 1):
            if self.calls.pop(cic, None):
                self._tell("forgotten", cic)
            if cic != first and cic in self.handles:
                self.library.isup_free_call(self.ss7, self.handles.pop(cic))

    def _on_blo(self, cic, told):
        self.blocked_there.add(cic)
        self.library.isup_bla(self.ss7, self.handles[cic])
        self._clear(cic)

    def _on_ubl(self, cic, told):
        self.blocked_there.discard(cic)
        self.library.isup_uba(self.ss7, self.handles[cic])
        self._clear(cic)

    def _on_bla(self, cic, told):
        self._clear(cic)

    _on_uba = _on_cgba = _on_cgua = _on_bla

    def _on_cgb(self, cic, told):
        self.blocked_there |= {cic + place for place, marked in enumerate(told["status"]) if marked}
        self.library.isup_cgba(self.ss7, self.handles[cic], told["end"], told["status"])
        self._clear(cic)

    def _on_cgu(self, cic, told):
        self.blocked_there -= {cic + place for place, marked in enumerate(told["status"]) if marked}
        self.library.isup_cgua(self.ss7, self.handles[cic], told["end"], told["status"])
        self._clear(cic)

    def _on_ucic(self, cic, told):
        self.calls.pop(cic, None)
        self.library.isup_free_call(self.ss7, self.handles.pop(cic))

    def _clear(self, cic):
        """Nothing stands on the circuit, as far as the library knows: its record goes."""
        handle = self.handles.get(cic)
        if handle is not None and not self.library.isup_free_call_if_clear(self.ss7, handle):
            self.handles.pop(cic, None)

    def _hangup(self, _, cic, dpc, cause, what):
        """The library wants a call ended, while it still works on a message: it is done when that is over; if there is none, by itself."""
        self.hangups.append((self.now, cic, cause, what))
        if cic not in self.handles:
            return l.CIRCUIT_IDLE
        self._deferred.append(lambda: self._end(cic, cause, what))
        return l.CIRCUIT_USED

    def _end(self, cic, cause, what):
        handle = self.handles[cic]
        if what == l.TAKE_THEIRS:
            self.calls.pop(cic, None)
            self._tell("gave way", cic)
            self.library.isup_clear_callflags(self.ss7, handle, l.SENT_IAM | l.PENDING_IAM)
            self.library.isup_event_iam(self.ss7, handle, self.far)
        elif what == l.SEND_REL:
            self.release(cic, cause)
        else:
            self.reset(cic)

    def _call_null(self, _, call, lock):
        for cic, handle in list(self.handles.items()):
            if handle == call:
                del self.handles[cic]
                self.calls.pop(cic, None)
                self._tell("forgotten", cic)

    # What its switch orders.

    def place(self, cic, called, calling="", nature=SUBSCRIBER, category=0x0A, presentation=0, redirected=None, asks_connected=False):
        """A call goes out."""
        assert cic not in self.calls, f"circuit {cic} is busy"
        handle = self.handles[cic] = self.library.isup_new_call(self.ss7, cic, self.far, 1)
        self.library.isup_set_called(handle, called.encode(), nature, self.ss7)
        if calling:
            self.library.isup_set_calling(handle, calling.encode(), nature, presentation, NETWORK_PROVIDED)
        self.library.isup_set_calling_party_category(handle, category)
        if asks_connected:
            self.library.isup_set_col_req(handle)
        if redirected:
            original, last, reason = redirected
            self.library.isup_set_orig_called_num(handle, original.encode(), nature, 0, 0)
            self.library.isup_set_redirecting_number(handle, last.encode(), nature, 0, 0)
            self.library.isup_set_redirection_info(handle, 3, reason, 1, reason)
        self.calls[cic] = "out"
        self.library.isup_iam(self.ss7, handle)

    def say(self, message, cic, *arguments):
        """A message of a call that is there: "acm", "cpg", "anm", "con", "sus", "res", "inr"."""
        getattr(self.library, f"isup_{message}")(self.ss7, self.handles[cic], *arguments)

    def connected(self, cic, number, nature=SUBSCRIBER):
        """The number of who will answer."""
        self.library.isup_set_connected(self.handles[cic], number.encode(), nature, 0, NETWORK_PROVIDED)

    def release(self, cic, cause):
        """REL."""
        if self.calls.get(cic) in ("in", "out"):
            self.calls[cic] = "releasing"
            self.library.isup_rel(self.ss7, self.handles[cic], cause)

    def _handle(self, cic):
        if cic not in self.handles:
            self.handles[cic] = self.library.isup_new_call(self.ss7, cic, self.far, 0)
        return self.handles[cic]

    def reset(self, cic):
        """RSC."""
        self.calls[cic] = "releasing"
        self.library.isup_rsc(self.ss7, self._handle(cic))

    def reset_group(self, first, last):
        """GRS."""
        self._forget(first, last)
        self.resetting |= set(range(first, last + 1))
        self.library.isup_grs(self.ss7, self._handle(first), last)

    def block(self, cic):
        """BLO."""
        self.blocked_here.add(cic)
        self.library.isup_blo(self.ss7, self._handle(cic))

    def unblock(self, cic):
        """UBL."""
        self.blocked_here.discard(cic)
        self.library.isup_ubl(self.ss7, self._handle(cic))

    def group(self, message, cics, kind=0):
        """ "cgb" or "cgu" for some circuits; ``kind`` 0: maintenance, 1: hardware has failed."""
        first, last = min(cics), max(cics)
        status = bytes(cic in cics for cic in range(first, last + 1))
        self.blocked_here = self.blocked_here | set(cics) if message == "cgb" else self.blocked_here - set(cics)
        getattr(self.library, f"isup_{message}")(self.ss7, self._handle(first), last, status, kind)

    def manage(self, message, link, code=0):
        """A management message about a link: "lin", "lun", "lfu"; or about the way to a point: "tfp", "tfa". Returns its answer."""
        return self.library.mtp3_net_mng(self.ss7, link, message.encode(), code).decode().strip()

    def restart(self):
        """Level 3 begins anew."""
        self.library.mtp3_init_restart(self.ss7, 0)

    # What is seen.

    def heard(self, *kinds):
        """Events of these kinds, in order: (kind, circuit)."""
        return [(kind, cic) for _, kind, cic, _ in self.events if kind in kinds]

    def told(self, kind):
        """What the last event of a kind told."""
        return [told for _, each, _, told in self.events if each == kind][-1]

    def complaints(self):
        """What the library has said that is not usual."""
        return self.errors + [each for each in self.messages if each[1] and not USUAL.search(each[1])]

    def shown(self, calls=False):
        """Its own view of its calls, or of its links."""
        return self.library.far_shown(self.ss7, calls).decode("latin-1")

    def records(self):
        """The circuits that the library keeps a record of: none at rest."""
        return [int(line.split()[0]) for line in self.shown(True).splitlines()[1:] if line.split()]


def runs(cics):
    """Neighbouring circuits, as far as a GRS reaches: (first, last)."""
    found = []
    for cic in sorted(cics):
        if found and cic == found[-1][1] + 1 and cic - found[-1][0] <= LONGEST_RESET:
            found[-1][1] = cic
        else:
            found.append([cic, cic])
    return found
