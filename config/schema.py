"""Every word the configuration file may hold, with its type, range and default: the single source of truth.

The TOML reader (``config/loader.py``), the published JSON Schema (``config/schema.json``) and the exchange itself all
read these structs. Terms are those of the ITU-T: span, circuit, trunk group, hunting, service level (E.423). A field's
description is written for the person who got it wrong: it completes the sentence "give ...". National facts (signals,
tones, timers of a variant) are not here but in data files that this file names.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from config.signalling import (
    ApplicationServer,
    Association,
    GatewayLink,
    LinkGateway,
    SignallingCapture,
    SignallingLink,
    SignallingLinkSet,
    SignallingPoint,
    SignallingRoute,
)
from config.values import (
    CircuitRange,
    Destination,
    DialledDigits,
    Digits,
    EchoTail,
    FileName,
    LineName,
    Name,
    PointCode,
    Seconds,
    Section,
    Title,
)

FEATURES = ("log-in", "log-out", "ready", "not-ready")
"""What a feature code may do: agent log in, log out, ready and not ready (the agent states of ECMA-269)."""


class Exchange(Section, frozen=True):
    """Who this exchange is and where it keeps its data."""

    name: Title
    tones: Name = "china"
    """Plan of call progress tones: a file of ``config/tones``."""
    data_directory: FileName = ""
    """Folder of all that the exchange writes; relative to the folder of ``zongji``. Empty: ``var/`` and the name of the
    configuration file. Absolute once loaded."""
    store: FileName = "zongji.sqlite"
    """Database of facts and call detail records; relative to the data directory, absolute once loaded."""


SIGNALLING_SLOT = 16
"""The time slot of an E1 that carries the line signals of its circuits (G.704), or most often a signalling channel."""


class Span(Section, frozen=True):
    """One E1 of 30 circuits (G.704): trunks with channel associated signalling, or a channel bank of analog lines; or of 31, with common
    channel signalling that is in none of its time slots, or not in 16.

    The lines of kind "subscriber" lead to telephones (FXS), those of kind "office" to another exchange, to which we are a telephone (FXO).
    """

    name: Name
    kind: Literal["cas", "ccs", "signalling", "subscriber", "office"]
    """Trunks with channel associated signalling (R2, E&M) or with common channel signalling (No. 7), analog lines, or no trunks: time slots
    1 to 31 are one signalling channel of 1984 kbit/s (No. 7, Q.703 annex A), of the simulated wire only."""
    card: Literal["wire", "dahdi"] = "wire"
    """What the span stands on: the simulated wire, or channels of the kernel's DAHDI drivers (docs/operator/dahdi.md)."""
    far_end: Literal["simulated", "outside"] = "simulated"
    """Who answers at the other end: the simulated network, or whatever program connects to the socket."""
    socket: FileName = ""
    """The outside socket; relative to the data directory. Empty: the span's name and ``.socket``. Absolute once
    loaded."""
    mode: Literal["free-running", "lockstep"] = "free-running"
    crc4: bool = True
    first_channel: Annotated[int, Meta(ge=0, le=1024, description="a channel number of DAHDI from 1 to 1024")] = 0
    """DAHDI: its number of the span's first channel, as ``cat /proc/dahdi/*`` shows it. Time slots count from there."""
    channels: Annotated[int, Meta(ge=1, le=31, description="31 for an E1, or 1 to 30 for a board of lines")] = 31
    """DAHDI: 31 = an E1; fewer = a board, whose lines are called by their place from 1 on (16 is one of them)."""
    signalling_channels: list[Annotated[int, Meta(ge=1, le=31, description="a time slot from 1 to 31")]] = []
    """Time slots that carry frames instead of sound: D channels (ISDN) and signalling links (No. 7)."""
    receive_gain_db: Annotated[float, Meta(ge=-24, le=12, description="a gain from -24 to 12 dB")] = 0.0
    send_gain_db: Annotated[float, Meta(ge=-24, le=12, description="a gain from -24 to 12 dB")] = 0.0
    """DAHDI: gains of all its channels."""
    alarm_raise_ms: Annotated[int, Meta(ge=0, le=10000, description="milliseconds from 0 to 10000")] = 100
    """DAHDI: an alarm of the line stands so long before it counts."""
    alarm_clear_ms: Annotated[int, Meta(ge=0, le=60000, description="milliseconds from 0 to 60000")] = 1000
    """DAHDI: it is gone so long before circuits are used again."""
    io_uring: bool = True
    """DAHDI: reads and writes of all channels together, by Linux' io_uring; without it, or where the kernel refuses it, one by one."""
    cut_through: bool = False
    """DAHDI: two channels that hear each other and nothing else are joined in the kernel; both spans must say so."""
    paces: bool = True
    """DAHDI: the exchange may be ticked by the blocks of this span; of several the first whose signal is good does it."""
    message_lamp: Literal["none", "reversal", "high-voltage", "neon"] = "none"
    """DAHDI: how the board feeds the lamps of telephones that tell of waiting messages; which of these it can, its driver knows."""
    card_dials: bool = True
    """DAHDI: dial pulses and flashes of exchange lines are timed by the kernel, to the millisecond; else by ticks of 10 ms."""

    @property
    def simulated(self) -> bool:
        """Whether the simulated network stands at the far end."""
        return self.card == "wire" and self.far_end == "simulated"

    @property
    def frame_slots(self) -> list[int]:
        """The time slots by which its signalling channels are called, in their order; a span that is one channel is called by the first."""
        return [1] if self.kind == "signalling" else sorted(self.signalling_channels)

    @property
    def board(self) -> bool:
        """Whether it is a board of lines: no time slot carries signalling."""
        return self.channels < 31

    @property
    def speech_in_slot_16(self) -> bool:
        """Whether time slot 16 of the E1 is a circuit like the others: it carries neither line signals nor frames."""
        return self.kind == "ccs" and not self.board and SIGNALLING_SLOT not in self.signalling_channels


class TrunkGroup(Section, frozen=True):
    """Circuits to one neighbour, hunted in one order."""

    name: Name
    circuits: Annotated[list[CircuitRange], Meta(min_length=1, description="a list of at least one range of circuits")]
    signalling: Literal["r2", "e&m", "fxo", "isup", "tup"] = "r2"
    """R2 with its registers (China No.1 is its variant "china"), E and M tie lines, analog lines to another exchange, or No. 7 with its
    ISDN user part or its telephone user part."""
    variant: Name | None = None
    """National variant of the signalling system: a file of ``config/variants``. Absent: the Chinese one."""
    direction: Literal["incoming", "outgoing", "both-way"] = "both-way"
    hunt: Literal["longest-idle", "ascending", "descending", "cyclic"] = "longest-idle"
    attempts: Annotated[int, Meta(ge=1, le=30, description="a whole number from 1 to 30")] = 3
    """On how many circuits one call is tried, when they are taken from the other end or do not answer a seizure."""
    test_number: Annotated[str, Meta(pattern=r"^[0-9]{0,20}$", description="at most 20 digits, in quotes")] = ""
    """What is dialled to reach the far exchange's test line."""
    test_line: Annotated[str, Meta(pattern=r"^[0-9]{0,20}$", description="at most 20 digits, in quotes")] = ""
    """What the far exchange dials to reach ours, which answers with the milliwatt tone. Calls that are marked as tests reach it too."""
    meter_seconds: Annotated[float, Meta(ge=0, le=3600, description="seconds from 0 to 3600")] = 0.0
    """A charge unit of answered outgoing calls lasts so long, where the network tells none; 0 = no units."""
    traffic: Literal["local", "toll", "operator"] = "local"
    """The kind of calls: an extension in a call of "toll" or "operator" is told to others as busy with a toll call, where the system has a
    signal for that. R2: also what KA and KD they carry and what KB means."""
    release_control: Literal["calling", "mutual"] | None = None
    """R2: who controls the release; "calling": a called party who hangs up may lift again. Absent: as the variant says."""
    dual_seizure: Literal["both-release", "goes-on", "gives-way"] | None = None
    """R2: of two ends that seize a circuit at once, what this one does. Absent: as the variant says."""
    ask_caller: Literal["first", "last", "never"] | None = None
    """R2: after which digit the caller's number is asked for. Absent: as the variant says."""
    semi_automatic: bool = False
    """R2: a trunk of toll operators, with re-ring and forced release."""
    start: Literal["immediate", "wink", "delay-dial"] = "wink"
    """E&M: how a seizure is acknowledged. (Ground start of analog lines is ``ground_start``.)"""
    ignores_digits: bool = False
    """E&M: keys pressed in an answered call are listened for only while a flow asks for them, so that cut-through is possible."""
    caller_number: bool = False
    """E&M: the caller's number is sent before the called one, as ``*CALLING*CALLED*``."""
    point: Name | None = None
    """No. 7: the signalling point of ours to which the circuits belong."""
    far_point: PointCode | None = None
    """No. 7: the code of the exchange at the other end of the circuits."""
    first_pcm: Annotated[int, Meta(ge=0, le=127, description="a PCM system number from 0 to 127")] = 0
    """No. 7: the number of the group's first span by which both ends call it; the others follow. A circuit's code is 32 times that number
    and its time slot."""
    continuity_check: Annotated[
        str, Meta(pattern=r"^(never|each|1 in [1-9][0-9]{0,4})$", description='"never", "each", or a share such as "1 in 10"')
    ] = "never"
    """No. 7: which of the calls that go out first show by a tone that their circuit goes through in both directions."""
    transit: Literal["type-b", "type-a", "none"] = "type-b"
    """ISUP: what becomes of messages and parameters that this exchange does not know, or only carries, in calls between two groups of ISUP.
    They are passed on (a transit exchange, type B of Q.764); or their instructions are obeyed first, as between networks (type A); or
    nothing passes, and calls go on in the switch's words. TUP, between two of its groups: "none", or what its messages say is kept."""
    propagation_delay_ms: Annotated[int, Meta(ge=0, le=10000, description="milliseconds from 0 to 10000")] = 0
    """ISUP: the delay of the way to the far exchange, by which the propagation delay counter of calls out grows; 0 = we begin no count."""
    satellite: bool = False
    """ISUP: the circuits go by satellite, which calls out are marked with."""
    number: Annotated[str, Meta(pattern=r"^[0-9]{0,20}$", description="at most 20 digits, in quotes")] = ""
    """Analog lines: the number by which the other exchange rings them; calls from them go where the numbering plan sends it."""
    dialling: Literal["dtmf", "pulse"] = "dtmf"
    """Analog lines and E&M: how we dial."""
    answer_supervision: Literal["reversal", "tone", "none"] = "tone"
    """Analog lines: how an answer is noticed: by reversal of the poles, by the end of ring-back tone, or not at all (at once)."""
    caller_identity: Literal["auto", "fsk", "dtmf", "none"] = "auto"
    """Analog lines: in what form the other exchange tells who calls."""
    ground_start: bool = False
    """Analog lines: seized by grounding the ring wire."""
    echo_tail_ms: EchoTail = 0
    """Echo of what we send, as late as that, is taken out of what comes back of answered calls (G.168)."""


class Extension(Section, frozen=True):
    """A subscriber's line and its number, which needs no row of its own in the numbering plan."""

    number: Digits
    line: LineName
    name: Title
    echo_tail_ms: EchoTail = 0
    """As that of trunk groups, for the echo of the line's own hybrid."""
    caller_identity: Annotated[str, Meta(pattern=r"^([a-z][a-z0-9-]{0,31})?$", description="a name of config/caller-identity.toml")] = ""
    """How the telephone is told who calls: a presentation of ``config/caller-identity.toml``. Empty: not at all."""
    call_waiting: bool = False
    """Whether a second call is told by a tone while the line talks; a flash takes it."""
    hot_line: Annotated[str, Meta(pattern=r"^[0-9A-D*#]{0,20}$", description="at most 20 of the signs 0-9, A-D, * and #, in quotes")] = ""
    """What is called when the handset is lifted and, within ``hot_line_seconds``, nothing is dialled."""
    hot_line_seconds: Annotated[float, Meta(ge=0, le=30, description="seconds from 0 to 30")] = 0.0
    reversal: bool = False
    """Whether the poles are reversed while an outgoing call is answered (payphones, call loggers)."""
    metering: bool = False
    """Whether charge units of outgoing calls are sent as metering pulses."""
    ground_start: bool = False
    """A private exchange's line, seized by grounding the ring wire."""


class SoundDevice(Section, frozen=True):
    """A sound device of this machine as a line that answers by itself: an attendant's headset, an amplifier for paging (ALSA)."""

    name: Name
    number: Digits
    """What extensions dial. Others reach it by a row of the numbering plan with the destination ``extension:NUMBER``."""
    capture: FileName = ""
    """ALSA's name of the microphone, as in "plughw:1"; empty: none."""
    playback: FileName = ""
    """ALSA's name of the loudspeaker; empty: none."""
    beep: bool = True
    """Whether the device hears a beep before a call is put through."""


class Number(Section, frozen=True):
    """A row of the numbering plan: what begins with ``prefix`` and has ``length`` digits goes to ``destination``."""

    prefix: DialledDigits
    destination: Destination
    length: Annotated[
        Annotated[int, Meta(ge=1, le=20)] | Annotated[list[Annotated[int, Meta(ge=1, le=20)]], Meta(min_length=2, max_length=2)] | None,
        Meta(description="a number of digits from 1 to 20, or [least, most]"),
    ] = None
    """Digits of the whole number, prefix included: exactly so many, or [least, most]. Absent: just the prefix."""
    callers: Literal["all", "extensions", "trunks"] | None = None
    """Who may dial it. Absent: trunks and features for extensions only, so that no outsider calls out through us."""
    strip: Annotated[int, Meta(ge=0, le=20, description="a number of digits from 0 to 20")] = 0
    """How many leading digits are taken away before the number is sent on to a trunk group."""
    prepend: Annotated[str, Meta(pattern=r"^[0-9]{0,20}$", description="at most 20 digits, in quotes")] = ""
    """Digits put in front of what is sent on to a trunk group."""
    overlap: bool = False
    """To a trunk group: seize as soon as the prefix is known, and send the digits on as they come."""

    @property
    def least(self) -> int:
        """Fewest digits of a whole number."""
        return self.length[0] if isinstance(self.length, list) else self.length or len(self.prefix)

    @property
    def most(self) -> int:
        """Most digits of a whole number."""
        return self.length[1] if isinstance(self.length, list) else self.length or len(self.prefix)

    @property
    def open_to(self) -> tuple[str, ...]:
        """Which callers may dial it: "extensions", "trunks" or both."""
        if self.callers is None:
            inside_only = self.destination.startswith(("trunk:", "feature:"))
            return ("extensions",) if inside_only else ("extensions", "trunks")
        return ("extensions", "trunks") if self.callers == "all" else (self.callers,)


class Queue(Section, frozen=True):
    """Calls that wait for an agent with one skill, first in first out."""

    name: Name
    title: Title
    skill: Name
    music: Name
    """Prompt heard while waiting, over and over."""
    ring_seconds: Annotated[float, Meta(ge=3, le=300, description="a number of seconds from 3 to 300")] = 20.0
    """How long an agent is rung before the call is offered to the next one."""
    wrap_up_seconds: Seconds = 10.0
    """Working after call before the agent is ready again."""
    service_level_seconds: Annotated[float, Meta(gt=0, le=3600, description="seconds above 0, at most 3600")] = 20.0
    service_level_percent: Annotated[float, Meta(ge=0, le=100, description="a percentage from 0 to 100")] = 80.0
    """Target: so many per cent of the calls answered within ``service_level_seconds``."""
    max_wait_seconds: Annotated[float, Meta(gt=0, le=86400, description="seconds above 0, at most 86400")] = 600.0
    max_waiting: Annotated[int, Meta(ge=1, le=10000, description="a whole number from 1 to 10000")] = 100
    overflow: Destination | None = None
    """Where a call goes that waited ``max_wait_seconds`` or found the queue full. Absent: it is released."""


class Agent(Section, frozen=True):
    """A person who answers queued calls from whatever extension he logs in at."""

    number: Digits
    name: Title
    password: Annotated[str, Meta(pattern=r"^[0-9]{4,12}$", description="4 to 12 digits, in quotes")]
    skills: Annotated[list[Name], Meta(min_length=1, description="a list of at least one skill")]


class Prompt(Section, frozen=True):
    """Something to be heard: exactly one of spoken text, a sound file or a melody."""

    name: Name
    text_zh: Annotated[str, Meta(max_length=2000, description="at most 2000 characters")] = ""
    text_en: Annotated[str, Meta(max_length=2000, description="at most 2000 characters")] = ""
    file: FileName = ""
    """WAV or raw A-law file; relative to the folder of ``zongji``, absolute once loaded."""
    melody: Annotated[
        str,
        Meta(
            pattern=r"^(([A-G][#b]?[2-6]|R):[1-9][0-9]{1,3} *)*$",
            description='notes and rests with their milliseconds, as in "E4:400 C#5:200 R:100"',
        ),
    ] = ""


class Flow(Section, frozen=True):
    """Parameters of one flow, ``[flow.NAME]``. The named fields are those of the program ``menu``."""

    program: Name = "menu"
    """The Python flow that runs."""
    greeting: Name | None = None
    """Prompt said once, first."""
    menu: Name | None = None
    """Prompt that offers the choices; a key pressed ends it."""
    choices: dict[Annotated[str, Meta(pattern=r"^[0-9*#]$", description="one key of 0-9, * and #")], Destination] = {}
    wait_seconds: Annotated[float, Meta(gt=0, le=60, description="seconds above 0, at most 60")] = 5.0
    """How long a key is waited for after the menu prompt has ended."""
    tries: Annotated[int, Meta(ge=1, le=9, description="a whole number from 1 to 9")] = 3
    otherwise: Destination | None = None
    """Where a caller goes who has not chosen after so many tries. Absent: he is released."""
    fax_detection: bool = False
    """Whether the flow listens for the tones of fax machines (T.30: CNG, CED): the first one is stated as a fact."""
    on_fax: Destination | None = None
    """Where the call goes when such a tone is heard. Absent: the flow goes on."""
    parameters: dict[str, str | int | float | bool] = {}
    """Free parameters of other programs."""


class Recording(Section, frozen=True):
    """Which conversations are recorded, and where."""

    what: Literal["queues", "all", "none"] = "queues"
    directory: FileName = "recordings"
    """Relative to the data directory, absolute once loaded."""
    disk_watermark_percent: Annotated[int, Meta(ge=10, le=99, description="a percentage from 10 to 99")] = 90
    """Nothing is recorded while the disk is fuller than this."""
    minimum_free_mib: Annotated[int, Meta(ge=0, le=1 << 30, description="a number of MiB from 0 on")] = 0
    """Nothing is recorded while less than this is free, whatever the percentage."""
    when_full: Literal["stop", "delete-oldest"] = "stop"
    """Stop recording, or make room by deleting the oldest recordings that are over. Calls go on either way."""
    format: Literal["wav-alaw", "wav-linear", "wav-ima", "flac", "opus"] = "wav-alaw"
    """What a recording is made into once it is over; while it grows it is WAV in A-law."""
    opus_kbit_s: Annotated[int, Meta(ge=12, le=256, description="kbit/s from 12 to 256, for both tracks together")] = 32
    """For the format opus."""


class ConsoleKey(Section, frozen=True):
    """One person's way into the console: who he is, what he may do, his public key."""

    name: Name
    role: Literal["observer", "operator", "engineer"]
    public_key: Annotated[
        str,
        Meta(
            pattern=r"^ssh-ed25519 [A-Za-z0-9+/]+=*( .*)?$",
            description='the line of an ed25519 public key file of OpenSSH, as in "ssh-ed25519 AAAA..."',
        ),
    ]


class Console(Section, frozen=True):
    """The engineers' shell over SSH on the loopback address."""

    port: Annotated[int, Meta(ge=0, le=65535, description="a port from 1 to 65535, or 0 for no console")] = 2222
    local_key: bool = True
    """Make a key pair in the data directory at the first start, for whoever may read it, with the role engineer."""
    keys: list[ConsoleKey] = field(default_factory=list, name="key")


class Timers(Section, frozen=True):
    """Supervision of the caller by the exchange (Q.118 and national practice); signalling timers belong to variants."""

    first_digit_seconds: Annotated[float, Meta(ge=1, le=60, description="seconds from 1 to 60")] = 15.0
    """Dial tone until the first digit."""
    inter_digit_seconds: Annotated[float, Meta(ge=1, le=60, description="seconds from 1 to 60")] = 10.0
    """From a digit to the next, while the number is incomplete."""
    whole_number_seconds: Annotated[float, Meta(ge=0.5, le=60, description="seconds from 0.5 to 60")] = 4.0
    """From a digit to the next, while the number could be whole already."""
    no_answer_seconds: Annotated[float, Meta(ge=5, le=600, description="seconds from 5 to 600")] = 60.0
    """Ringing before the call is released with cause 19."""
    busy_tone_seconds: Annotated[float, Meta(ge=1, le=120, description="seconds from 1 to 120")] = 40.0
    """Busy tone before a line that stays off-hook is parked in silence."""


class Alarm(Section, frozen=True):
    """When the supervisor gives up and says so."""

    restarts: Annotated[int, Meta(ge=1, le=20, description="a whole number from 1 to 20")] = 3
    restart_window_seconds: Annotated[float, Meta(gt=0, le=600, description="seconds above 0, at most 600")] = 5.0
    """So many restarts of control within this time raise the alarm."""
    killer_calls: Annotated[int, Meta(ge=0, le=1000, description="a whole number from 0 (never) to 1000")] = 6
    """So many calls in a row that a circuit answered and dropped within ``killer_seconds`` take it out of use and raise an alarm."""
    killer_seconds: Annotated[float, Meta(gt=0, le=60, description="seconds above 0, at most 60")] = 3.0
    killer_failures: Annotated[int, Meta(ge=0, le=1000, description="a whole number from 0 (never) to 1000")] = 8
    """So many attempts in a row that failed by the circuit itself do so too."""
    silent_peer_seconds: Annotated[float, Meta(ge=1, le=60, description="seconds from 1 to 60")] = 5.0
    """An outside socket silent for so long is loss of signal."""


class LineKeeper(Section, frozen=True):
    """What holds the channels of real lines open while the program is renewed."""

    patience_seconds: Annotated[float, Meta(ge=0, le=600, description="seconds from 5 to 600, or 0 for no line keeper")] = 30.0
    """For so long after the media plane has gone calls wait for the next one; then the lines are released."""


class Configuration(Section, frozen=True):
    """The whole file."""

    exchange: Exchange
    spans: list[Span] = field(default_factory=list, name="span")
    trunk_groups: list[TrunkGroup] = field(default_factory=list, name="trunk_group")
    signalling_points: list[SignallingPoint] = field(default_factory=list, name="signalling_point")
    associations: list[Association] = field(default_factory=list, name="association")
    application_servers: list[ApplicationServer] = field(default_factory=list, name="application_server")
    signalling_link_sets: list[SignallingLinkSet] = field(default_factory=list, name="signalling_link_set")
    signalling_links: list[SignallingLink] = field(default_factory=list, name="signalling_link")
    signalling_routes: list[SignallingRoute] = field(default_factory=list, name="signalling_route")
    link_gateways: list[LinkGateway] = field(default_factory=list, name="m2ua_gateway")
    extensions: list[Extension] = field(default_factory=list, name="extension")
    sound_devices: list[SoundDevice] = field(default_factory=list, name="sound_device")
    numbers: list[Number] = field(default_factory=list, name="number")
    queues: list[Queue] = field(default_factory=list, name="queue")
    agents: list[Agent] = field(default_factory=list, name="agent")
    prompts: list[Prompt] = field(default_factory=list, name="prompt")
    flows: dict[Name, Flow] = field(default_factory=dict, name="flow")
    signalling_capture: SignallingCapture = SignallingCapture()
    recording: Recording = Recording()
    console: Console = Console()
    timers: Timers = Timers()
    alarm: Alarm = Alarm()
    line_keeper: LineKeeper = LineKeeper()


VARIANTS = {"r2": "china", "e&m": "ear-and-mouth", "fxo": "china-exchange-line", "isup": "isup-china", "tup": "tup-china"}
"""The variant of a signalling system unless the group names one."""
SPAN_OF = {"r2": "cas", "e&m": "cas", "fxo": "office", "isup": "ccs", "tup": "ccs"}
"""The kind of span on which a signalling system works."""
NO_7 = ("isup", "tup")
"""The user parts of No. 7."""
PCM_SLOTS = 32
"""Circuit identification codes of one PCM system (GF 001-9001: the lower five bits are the time slot)."""


def variant_of(group: TrunkGroup) -> str:
    """Return the name of the group's variant."""
    return group.variant or VARIANTS[group.signalling]


def circuits_of(group: TrunkGroup) -> list[tuple[str, int]]:
    """Return every (span name, time slot) of a trunk group, in the order written."""
    circuits = []
    for text in group.circuits:
        span, _, slots = text.rpartition("/")
        first, _, last = slots.partition("-")
        circuits += [(span, slot) for slot in range(int(first), int(last or first) + 1)]
    return circuits


def codes_of(group: TrunkGroup) -> dict[tuple[str, int], int]:
    """Return the circuit identification code of every circuit of a group of No. 7; its spans count in the order written."""
    circuits = circuits_of(group)
    systems = {span: group.first_pcm + place for place, span in enumerate(dict.fromkeys(span for span, _ in circuits))}
    return {(span, slot): systems[span] * PCM_SLOTS + slot for span, slot in circuits}


def links_of(configuration: Configuration) -> list[SignallingLink | GatewayLink]:
    """Return all signalling links of which a level is here: ours, then those of gateways."""
    return [*configuration.signalling_links, *(link for gateway in configuration.link_gateways for link in gateway.links)]


def echo_cancellers_of(configuration: Configuration) -> int:
    """Return how many lines want an echo canceller: each of them may have a call at the same time."""
    trunks = sum(len(circuits_of(group)) for group in configuration.trunk_groups if group.echo_tail_ms)
    return trunks + sum(extension.echo_tail_ms > 0 for extension in configuration.extensions)


def line_of(extension: Extension) -> tuple[str, int]:
    """Return an extension's (span name, time slot)."""
    span, _, slot = extension.line.rpartition("/")
    return span, int(slot)


def json_schema() -> bytes:
    """Return the JSON Schema (draft 2020-12) of the configuration file, indented, ending with a line feed."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Configuration), order="deterministic")) + b"\n"
