"""The vocabulary between media plane and lines: events go up, commands go down.

None of these values names its port or its time: the line adds the port, and the time is the argument ``now`` (events) or
the field ``at`` (commands that must happen exactly then). So most events are constants that can be compared by identity
and cached. Times are seconds on the plane's sample clock (8 000 samples are one second). Leaves out: how a value looks in
the rings (pbx/media.py and pbx/dsp/api.h).
"""

import msgspec


class MediaEvent(msgspec.Struct, frozen=True, gc=False):
    """Something the media plane noticed on a port."""


class Bits(MediaEvent, frozen=True, gc=False):
    """New signalling bits abcd (a = 8) have stood for the recognition time; ``now`` is their first sample (Q.422)."""

    value: int


class ToneOn(MediaEvent, frozen=True, gc=False):
    """A tone of the code space in pbx/vocabulary/tones.py began."""

    tone: int


class ToneOff(MediaEvent, frozen=True, gc=False):
    """The tone that was on has ended."""

    tone: int


class Digit(MediaEvent, frozen=True, gc=False):
    """A complete DTMF digit (Q.24) or dialled pulse digit was received."""

    digit: str


class HookOff(MediaEvent, frozen=True, gc=False):
    """FXS: the loop was closed (debounced)."""


class HookOn(MediaEvent, frozen=True, gc=False):
    """FXS: the loop was open longer than a flash."""


class Flash(MediaEvent, frozen=True, gc=False):
    """FXS: the loop was open for a flash (register recall)."""


class Grounded(MediaEvent, frozen=True, gc=False):
    """FXS, ground start: the far end grounds the ring wire (True: it wants service) or no longer does."""

    on: bool


class RingOn(MediaEvent, frozen=True, gc=False):
    """FXO: ringing voltage has come; ``now`` is its first sample, told after the recognition time."""


class RingOff(MediaEvent, frozen=True, gc=False):
    """FXO: ringing voltage has gone."""


class Polarity(MediaEvent, frozen=True, gc=False):
    """FXO: the poles of the network's feed are reversed (True) or normal again."""

    reversed: bool


class Battery(MediaEvent, frozen=True, gc=False):
    """FXO: the network's feed has gone (False: loop break, or ground start at rest) or has come."""

    present: bool


class MeterPulse(MediaEvent, frozen=True, gc=False):
    """FXO: a metering pulse (12 or 16 kHz) has ended."""


class LineMeasured(MediaEvent, frozen=True, gc=False):
    """FXS: one result of MeasureLine; ``quantity`` is an index of LINE_QUANTITIES, ``value`` in its unit."""

    quantity: int
    value: int


LINE_QUANTITIES = ("loop-resistance-ohm", "insulation-kohm", "foreign-ac-volt", "foreign-dc-volt", "capacitance-nf")
"""What a line test measures (outward measurements of Q.542): the order is that of card.h. A loop that is open has 65535 ohm."""


class Frame(MediaEvent, frozen=True, gc=False):
    """A good HDLC frame without its check sequence, on a signalling channel."""

    octets: bytes


class BadFrame(MediaEvent, frozen=True, gc=False):
    """A frame came that is none: ``fault`` is FRAME_ABORTED, FRAME_BAD_CHECK, or FRAME_OVERRUN (too long, or some were lost here).

    FRAME_OCTETS_LOST, on ports of signal units only: 16 octets without a frame since one was aborted or too long.
    """

    fault: int


class LinkTold(MediaEvent, frozen=True, gc=False):
    """Of a signalling link that the plane works: ``told`` is a LINK_TOLD_ number, with its value; messages and retrieved ones have octets,
    from the service information octet on. In order with all else of the port (pbx/signalling/ss7/mtp2/carriage.py)."""

    told: int
    value: int = 0
    octets: bytes = b""


FRAME_ABORTED = 1
FRAME_BAD_CHECK = 2
FRAME_OVERRUN = 3
FRAME_OCTETS_LOST = 4


class Played(MediaEvent, frozen=True, gc=False):
    """The prompt started with this token has ended of itself."""

    token: int


class Recorded(MediaEvent, frozen=True, gc=False):
    """The recorder has stopped; all its samples are in its ring."""

    recorder: int


class Alarm(MediaEvent, frozen=True, gc=False):
    """The alarms now standing on the port's span, a sum of the values below; 0 = all clear (G.704, G.732, G.775)."""

    alarms: int


class Slip(MediaEvent, frozen=True, gc=False):
    """A frame was lost (False) or repeated (True)."""

    repeated: bool


class VoiceOn(MediaEvent, frozen=True, gc=False):
    """Somebody began to speak; ``now`` is the first tick of it (pbx/dsp/voice_activity.h)."""


class VoiceOff(MediaEvent, frozen=True, gc=False):
    """The voice has ended; ``now`` is when it sounded last, told 200 ms later."""


class Octet(MediaEvent, frozen=True, gc=False):
    """RECEIVE_CALLER_IDENTITY: an octet of a modem, or what OCTET_ flag stands above it; ``now`` is its start bit (V.23, Bell 202)."""

    value: int


OCTET_CARRIER_ON = 0x100
OCTET_CARRIER_OFF = 0x200
OCTET_FRAMING_ERROR = 0x400
"""The octet has no stop bit."""
OCTETS_SENT = 0x800
"""What SendOctets sent has ended."""


class LineTested(MediaEvent, frozen=True, gc=False):
    """A second of LineTest: bits compared, wrong ones, and whether the receiver is synchronised now; 64 000 bits = all the second."""

    bits: int
    errors: int
    synchronised: bool


LINK_ORDER_SEND, LINK_ORDER_BEGIN, LINK_ORDER_HALT, LINK_ORDER_ACCEPT, LINK_ORDER_MONITOR, LINK_ORDER_BUSY = 1, 2, 3, 4, 5, 6
LINK_ORDER_BSNT, LINK_ORDER_RETRIEVE, LINK_ORDER_FLUSH, LINK_ORDER_TELL, LINK_ORDER_MESSAGE = 7, 8, 9, 10, 64
LINK_TOLD_STATUS, LINK_TOLD_MESSAGE, LINK_TOLD_FAILED, LINK_TOLD_ERRORS, LINK_TOLD_CORRECT, LINK_TOLD_CONGESTION = 1, 2, 3, 4, 5, 6
LINK_TOLD_BSNT, LINK_TOLD_BEGUN, LINK_TOLD_RETRIEVED, LINK_TOLD_RETRIEVAL_ENDED = 7, 8, 64, 65
"""Orders to signalling links and what they tell, as pbx/dsp/mtp2_api.h and pbx/dsp/link_api.h number them."""

LOSS_OF_SIGNAL = 1
LOSS_OF_FRAME = 2
ALARM_INDICATION_SIGNAL = 4
REMOTE_ALARM_INDICATION = 8
LOSS_OF_MULTIFRAME = 16

RECEIVE_DTMF = 1
RECEIVE_MFC_FORWARD = 2
RECEIVE_MFC_BACKWARD = 4
RECEIVE_PROGRESS = 8
RECEIVE_FAX = 16
RECEIVE_VOICE = 64
"""VoiceOn and VoiceOff, and ToneOn and ToneOff of a beep: any steady single tone (``special("beep")``)."""
RECEIVE_CALLER_IDENTITY = 32
RECEIVE_CONTINUITY = 128
"""ToneOn and ToneOff of the check-tone of speech circuits (``special("continuity")``; pbx/dsp/check_tone.h)."""

TEST_PATTERNS = {"2^9-1": 0, "2^11-1": 1, "2^15-1": 2, "2^23-1": 3}
"""Patterns of bit error measurement, as pbx/dsp/data_api.h numbers them."""

MODEMS = {"v23": 0, "bell202": 1, "v21-channel-1": 2, "v21-channel-2": 3}
"""Modems that send octets, as pbx/dsp/data_api.h numbers them."""

PLAYER = 0x10000
"""Sources below this number are ports; PLAYER + n is shared player n."""
MIX = 0x20000
"""MIX + n is mix n."""
OWN = 0x40000
"""The line itself: what it says goes back to it, without loss (the check-loop of Q.724 section 7)."""


class MediaCommand(msgspec.Struct, frozen=True, gc=False):
    """Something the media plane is asked to do on the line's port."""


class SendBits(MediaCommand, frozen=True, gc=False):
    """Send abcd from ``at`` on (0 = at once)."""

    value: int
    at: float = 0.0


class SendTone(MediaCommand, frozen=True, gc=False):
    """Send a tone or cadence; ``duration_ms`` 0 = until Silence. It replaces tone, digits and prompt of the port."""

    tone: int
    duration_ms: int = 0
    at: float = 0.0


class SendDigits(MediaCommand, frozen=True, gc=False):
    """Send DTMF digits one after another behind those still waiting."""

    digits: str
    on_ms: int = 100
    off_ms: int = 100


class Silence(MediaCommand, frozen=True, gc=False):
    """Stop tone, digits and prompt of the port."""

    at: float = 0.0


class Listen(MediaCommand, frozen=True, gc=False):
    """Switch on receivers (a sum of RECEIVE_ values) on what the line says."""

    receivers: int


class Unlisten(MediaCommand, frozen=True, gc=False):
    """Switch off receivers."""

    receivers: int


class SendOctets(MediaCommand, frozen=True, gc=False):
    """Send octets by a modem of MODEMS: ``seizure_bits`` alternately 0 and 1, ``mark_bits`` of mark, octets, ``mark_out_bits`` of mark.

    It takes the place of tone, digits and prompt. Octet(OCTETS_SENT) follows. At most 512 octets; levels up to 0 dBm0.
    """

    modem: int
    octets: bytes
    seizure_bits: int = 0
    mark_bits: int = 80
    mark_out_bits: int = 10
    level_dbm0: float = -13.5
    at: float = 0.0


class LineTest(MediaCommand, frozen=True, gc=False):
    """Bit error measurement with a pattern of TEST_PATTERNS, in place of all the port says (O.150); neither direction = end it."""

    pattern: int = 0
    sends: bool = True
    receives: bool = True


class SendFrame(MediaCommand, frozen=True, gc=False):
    """Send an HDLC frame of 1 to 508 octets on a signalling channel; the card adds flags and check sequence."""

    octets: bytes


class LinkOrder(MediaCommand, frozen=True, gc=False):
    """To a signalling link that the plane works: ``order`` is a LINK_ORDER_ number, with its value; a message to be sent has octets, from
    the service information octet on. Orders and messages keep their order; neither has a time of its own or can be armed."""

    order: int
    value: int = 0
    octets: bytes = b""


class Ring(MediaCommand, frozen=True, gc=False):
    """FXS: ring with cadence ``on_ms``/``off_ms`` for ever; ``on_ms`` 0 stops. The plane keeps the cadence exact.

    With ``second_on_ms`` the cadence has two bursts: on, off, second on, second off.
    """

    on_ms: int
    off_ms: int = 0
    second_on_ms: int = 0
    second_off_ms: int = 0


class Reverse(MediaCommand, frozen=True, gc=False):
    """FXS: feed the line with reversed poles, or with normal ones again."""

    reversed: bool
    at: float = 0.0


class Feed(MediaCommand, frozen=True, gc=False):
    """FXS: feed the line (True), or take the feed away (loop break; ground start at rest)."""

    on: bool
    at: float = 0.0


class MessageLamp(MediaCommand, frozen=True, gc=False):
    """FXS: light the lamp of a telephone that tells of waiting messages, or put it out. A card without such a feed refuses it."""

    on: bool


class SendMeterPulse(MediaCommand, frozen=True, gc=False):
    """FXS: one metering pulse (12 or 16 kHz)."""

    duration_ms: int
    at: float = 0.0


class MeasureLine(MediaCommand, frozen=True, gc=False):
    """FXS: measure the line as it stands; one LineMeasured for each quantity follows. A card that cannot measure refuses it."""


class Loop(MediaCommand, frozen=True, gc=False):
    """FXO: close the loop (seize, answer, make of a dial pulse) or open it."""

    closed: bool
    at: float = 0.0


class SendPulses(MediaCommand, frozen=True, gc=False):
    """FXO: dial digits by breaks of the loop, behind those still waiting; ``breaks`` of each digit, ``pause_ms`` from the end of a digit
    to the next. A Loop order ends them all."""

    breaks: tuple[int, ...]
    break_ms: int = 61
    make_ms: int = 39
    pause_ms: int = 700


class Ground(MediaCommand, frozen=True, gc=False):
    """FXO, ground start: ground the ring wire, or no longer."""

    on: bool
    at: float = 0.0


class Play(MediaCommand, frozen=True, gc=False):
    """Play a prompt of the cache into the line; Played(token) follows unless it loops or is cut."""

    prompt: int
    token: int = 0
    loop: bool = False


class Hear(MediaCommand, frozen=True, gc=False):
    """The line's party hears ``source`` (port, PLAYER + n, MIX + n or OWN)."""

    source: int
    gain_db: float = 0.0


class Unhear(MediaCommand, frozen=True, gc=False):
    """The line's party no longer hears ``source``; -1 = no source at all."""

    source: int


class Join(MediaCommand, frozen=True, gc=False):
    """The line speaks into mix ``mix`` and hears its sum minus itself."""

    mix: int
    gain_db: float = 0.0


class Leave(MediaCommand, frozen=True, gc=False):
    """The line leaves the mix."""

    mix: int


class Mute(MediaCommand, frozen=True, gc=False):
    """Of a mix that the line joined: the line is not heard in it. Of any other source: the party does not hear it. The edge stays and
    keeps its gain; ``muted`` False ends it, and so does the end of the edge."""

    source: int
    muted: bool = True


class MixSettings(MediaCommand, frozen=True, gc=False):
    """Of a mix only the ``speakers`` loudest are summed (0 = all); with ``automatic_level`` its members are brought to one level.

    It may be given to any line.
    """

    mix: int
    speakers: int = 0
    automatic_level: bool = False


class AutomaticLevel(MediaCommand, frozen=True, gc=False):
    """Bring what the line says slowly towards a level before others hear it, by at most ``maximum_gain_db`` up or down."""

    on: bool = True
    target_dbm0: float = -20.0
    maximum_gain_db: float = 12.0


class Record(MediaCommand, frozen=True, gc=False):
    """Record the line on two tracks (0: what the line says, 1: what it is told) until StopRecord."""

    recorder: int


class StopRecord(MediaCommand, frozen=True, gc=False):
    """Stop the recorder (-1: whichever records this port); Recorded follows."""

    recorder: int


class CancelEcho(MediaCommand, frozen=True, gc=False):
    """Take the echo of what the line is told out of what it says (G.168), beginning anew; ``tail_ms`` 0 stops.

    The echo may come back up to ``tail_ms`` (at most 128) after ``delay_ms`` (at most 80). The nonlinear processor
    suppresses what is left, comfort noise fills the gap, and the tone disabler makes way for modems (2 100 Hz).
    """

    tail_ms: int = 32
    delay_ms: int = 0
    nonlinear: bool = True
    comfort_noise: bool = True
    tone_disabler: bool = True


class Tag(MediaCommand, frozen=True, gc=False):
    """Mark the port with the number of the leg that uses it; 0 = idle."""

    tag: int


class Armed(MediaCommand, frozen=True, gc=False):
    """When ``event`` happens on this port before ``until``, do ``command`` ``after_samples`` later, in C."""

    event: MediaEvent
    command: MediaCommand
    after_samples: int
    until: float


class Disarm(MediaCommand, frozen=True, gc=False):
    """Cancel every armed and timed command of the port."""


class LinkFigures(msgspec.Struct, frozen=True):
    """The figures of a signalling link (Q.703), in ticks of 10 ms and units and octets, as ``struct mtp2_figures`` has them. No command: a
    port is given them once, before it works."""

    t5_ticks: int
    t6_ticks: int
    t7_ticks: int
    silence_ticks: int
    suerm_limit: int
    suerm_units: int
    suerm_octets: int
    aerm_normal: int
    aerm_emergency: int
    preventive_units: int
    preventive_octets: int
    onset: tuple[int, int, int]
    abatement: tuple[int, int, int]
    t8_ticks: int = 0
    interval_limit: int = 0
    interval_rise: int = 0
    interval_fall: int = 0
    preventive: bool = False
    extended: bool = False
    errored_intervals: bool = False
