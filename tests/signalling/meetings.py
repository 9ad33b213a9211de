"""Both ends of a call in each signalling system, by their real engines, and what each signal between them is in a few words.

A ``Meeting`` begins with a Setup at the calling end. ``says`` gives a primitive to one end and tells what that end has put on the line and
what the other end has told its switch. So a row of the table of interworking can be held against the engines of any system.
"""

from pbx.engine import Noted
from pbx.signalling.analog.fxo import FxoLine
from pbx.signalling.analog.fxo_variant import FxoFeatures, load_exchange_line_variant
from pbx.signalling.analog.fxs import FxsLine, SubscriberFeatures, load_subscriber_variant
from pbx.signalling.r2.circuit import R2Circuit
from pbx.signalling.ss7.isup import codec as isup_codec
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.variant import load_variant as load_isup
from pbx.signalling.ss7.tup import codec as tup_codec
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.distribution import Tup
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.tup.variant import load_variant as load_tup
from pbx.vocabulary import call, tones
from pbx.vocabulary.call import NORMAL_UNSPECIFIED, Alerting, Idle, Seized
from pbx.vocabulary.media import SendTone
from tests.signalling.cases import CHINA, PLAN
from tests.signalling.exchange_line import ExchangeLine
from tests.signalling.pair import Pair
from tests.signalling.ss7.points import Pair as Points
from tests.signalling.ss7.tup_tester import whole

ISUP, TUP = load_isup(), load_tup()
EXCHANGE_LINE, SUBSCRIBER = load_exchange_line_variant(), load_subscriber_variant("china-subscriber")
UNTOLD = (Seized, Idle, Noted)
NO_WORDS = ("A1 next digit", "speech path", "number complete", "idle ", "-- no signal")


def short(primitive):
    """A primitive in a few words: its name, and the fields that say something."""
    words = [type(primitive).__name__]
    for name in primitive.__struct_fields__:
        value = getattr(primitive, name)
        if name in ("cause", "kind", "pulses", "digits"):
            words.append(str(value))
        elif name == "redirection" and value is not None:
            words.append(f"redirection={value.original or '-'}/{value.last or '-'}/{value.count}/{value.reason}")
        elif name == "category" and value:
            words.append(f"category=KA{value & 15}" + (f"KD{value >> 4}" if value >> 4 else ""))
        elif name == "called":
            words.append(value)
        elif value is True:
            words.append(name)
        elif value not in (None, "", 0, False):
            words.append(f"{name}={value}")
    return " ".join(words)


class UserParts:
    """ISUP or TUP: two points, one circuit."""

    def __init__(self, setup, variant, part, text):
        self.sent = []
        self.text = text
        more = {} if part is None else {"part": part}
        self.pair = Points(variant=variant, judge=lambda transfer: self.sent.append((transfer.opc, text(transfer))), **more)
        self.ends = {"calling": self.pair.left, "called": self.pair.right}
        self.begun = self.says("calling", setup)

    def says(self, end, primitive, seconds=1.0):
        speaker, hearer = self.ends[end], self.pair.other(self.ends[end])
        self.sent.clear()
        before = len(hearer.said)
        self.pair.give(speaker, 1, primitive)
        self.pair.run(self.pair.now + seconds)
        return self._seen(speaker, hearer, before)

    def injected(self, end, message):
        """A message that our own end would never send."""
        speaker, hearer = self.ends[end], self.pair.other(self.ends[end])
        self.sent.clear()
        before = len(hearer.said)
        transfer = speaker.part.write(message)
        self.pair.judge(transfer)
        self.pair.deliver(hearer, transfer)
        self.pair.run(self.pair.now + 1.0)
        return self._seen(speaker, hearer, before)

    def _seen(self, speaker, hearer, before):
        line = "; ".join(text for origin, text in self.sent if origin == speaker.part.own and text)
        return line, [short(primitive) for _, primitive in hearer.said[before:] if not isinstance(primitive, UNTOLD)]


def isup(setup):
    return UserParts(setup, ISUP, None, _isup_text)


def tup(setup):
    return UserParts(setup, TUP, Tup, _tup_text)


def _isup_text(transfer):
    message = isup_codec.decode(transfer.data)
    name = MessageType(message.kind).name
    if name == "RLC":
        return ""
    return " ".join([name, *filter(None, (_isup_words(name, parameter) for parameter in message.parameters))])


def _isup_words(name, parameter):
    if isinstance(parameter, i.ForwardCallIndicators):
        return "" if parameter.isup_all_the_way else "interworking" if parameter.interworking else "not ISUP all the way"
    if isinstance(parameter, i.OptionalForwardCallIndicators):
        return "connected number requested" if parameter.connected_line_requested else ""
    if isinstance(parameter, i.CallingPartysCategory):
        return f"category {parameter.category:02X}"
    if isinstance(parameter, p.CallingPartyNumber):
        return "caller, restricted" if parameter.presentation == values.Presentation.RESTRICTED else "caller"
    if isinstance(parameter, i.BackwardCallIndicators):
        free = "subscriber free" if parameter.called_status == values.CalledStatus.SUBSCRIBER_FREE else ""
        charge = "no charge" if parameter.charge == values.Charge.NO_CHARGE else ""
        return ", ".join(filter(None, (free if name in ("ACM", "CON") else "", charge)))
    if isinstance(parameter, i.OptionalBackwardCallIndicators):
        return "in-band information" if parameter.in_band_information else ""
    if isinstance(parameter, i.EventInformation):
        return values.Event(parameter.event).name.lower().replace("_", "-")
    words = {
        p.OriginalCalledNumber: "original called number",
        p.RedirectingNumber: "redirecting number",
        i.RedirectionInformation: "redirection information",
        p.ConnectedNumber: "connected number",
    }
    if type(parameter) in words:
        return words[type(parameter)]
    if isinstance(parameter, i.HopCounter):
        return f"hop counter {parameter.count}"
    if isinstance(parameter, i.SuspendResumeIndicators):
        return "network" if parameter.by_network else "user"
    if isinstance(parameter, p.CauseIndicators):
        return f"cause {parameter.cause}"
    if isinstance(parameter, p.SubsequentNumber):
        return str(parameter.signals)
    if isinstance(parameter, p.ChargeInformation):
        return f"{parameter.value} pulses"
    return ""


def _tup_text(transfer):
    message = tup_codec.decode(whole(transfer))
    name, told = Heading(message.heading).name, message.contents
    if name == "RLG":
        return ""
    words = [name]
    if isinstance(told, c.InitialAddress):
        words.append(f"category {told.category}")
        if told.redirected:
            words.append("redirected")
        more = told.additional
        if more is not None and more.calling is not None:
            words.append("calling line, restricted" if more.calling.restricted else "calling line")
        if more is not None and more.original_called is not None:
            words.append("original called address")
    if isinstance(told, c.AddressComplete):
        if told.subscriber_free:
            words.append("subscriber free,")
        words.append(c.CompleteType(told.type).name.lower().replace("_", " "))
    if isinstance(told, c.MeteringPulses):
        words.append(f"{told.pulses} pulses")
    if isinstance(told, c.ExtendedUnsuccessful):
        words.append(f"reason {told.reason}")
    if isinstance(told, c.SubsequentAddress):
        words.append(told.signals)
    return " ".join(words)


class China:
    """China No.1: a circuit with its registers."""

    def __init__(self, setup, variant=CHINA):
        self.pair = Pair(*(R2Circuit(variant, way, PLAN) for way in ("outgoing", "incoming")), nothing, nothing)
        self.ends = {"calling": self.pair.left, "called": self.pair.right}
        self.begun = self.says("calling", setup, 8.0)

    def says(self, end, primitive, seconds=3.0):
        speaker = self.ends[end]
        before, traced = len(speaker.other.up), len(self.pair.trace)
        self.pair.give(speaker, primitive)
        self.pair.run(self.pair.now + seconds)
        line = [text[3:] for _, name, text in self.pair.trace[traced:] if name == speaker.name and text.startswith("-> ")]
        digits = "".join(text[-1] for text in line if text.startswith("I-") and text[:-2].endswith(" digit"))
        line = [text for text in line if not text.startswith(NO_WORDS) and "digit" not in text]
        line += [f"I {digits}"] if digits else []
        if speaker.tone & 0xF00 == tones.PROGRESS:
            line.append(f"{tones.name(speaker.tone)} tone")
        told = [short(value) for value in speaker.other.up[before:] if not isinstance(value, UNTOLD)]
        return "; ".join(line), told


def nothing(end, primitive, now):
    return ()


class AnalogLine:
    """An exchange line of ours that calls out, and the subscriber line of the exchange where the call comes in."""

    def __init__(self, setup):
        far = FxsLine(SUBSCRIBER, "8001", PLAN, features=SubscriberFeatures(reversal=True, metering=True))
        near = FxoLine(EXCHANGE_LINE, "8001", FxoFeatures(answer_supervision="reversal", caller_identity="none"))
        self.line = ExchangeLine(far, near, lambda side, primitive, now: (), lambda side, primitive, now: ())
        self.ends = {"calling": self.line.ours, "called": self.line.exchange}
        self.begun = self.says("calling", setup, 12.0)

    def says(self, end, primitive, seconds=6.0):
        line, speaker = self.line, self.ends[end]
        hearer = line.exchange if speaker is line.ours else line.ours
        before, traced = len(hearer.up), len(line.trace)
        line.give(speaker, primitive)
        if isinstance(primitive, Alerting):
            # Ring-back tone is the switch's.
            line._do(speaker, SendTone(tones.progress("ring-back")))
        line.run(line.now + seconds)
        said = [text[3:] for _, name, text in line.trace[traced:] if name == speaker.name and text.startswith("-> ")]
        said = [text for text in said if not text.startswith(NO_WORDS)]
        if isinstance(primitive, Alerting):
            said.append("ring-back tone")
        told = [short(value) for value in hearer.up[before:] if not isinstance(value, UNTOLD)]
        return "; ".join(dict.fromkeys(said)), told


MEETINGS = {"isup": isup, "tup": tup, "china-no1": China, "line": AnalogLine}


def performed_read(row):
    """What a signal is taken for that our own ends would not send; ``row`` names the system."""
    meeting = MEETINGS[row["system"]](primitive_of(row.get("call", USUAL)))
    for who, _, what in (step.partition(": ") for step in row.get("path", [])):
        meeting.says(who, primitive_of(what))
    if row["system"] == "china-no1":
        refused = China(primitive_of(row.get("call", USUAL)), CHINA.adjusted(refusals={NORMAL_UNSPECIFIED: int(row["signal"][2])}))
        return refused.says("called", call.Disconnect(NORMAL_UNSPECIFIED))
    return meeting.injected(row.get("end", "called"), (_tup_message if row["system"] == "tup" else _isup_message)(row["signal"]))


def _tup_message(signal):
    name, _, reason = signal.partition(" reason ")
    told = c.ExtendedUnsuccessful(int(reason), b"\x01\x02\x03") if reason else c.Nothing()
    return tup_codec.Message(1, Heading[name], told)


def _isup_message(signal):
    name = signal.partition(" ")[0]
    parameters = {
        "CPG progress": (i.EventInformation(values.Event.PROGRESS),),
        "CPG alerting in-band information": (i.EventInformation(values.Event.ALERTING), i.OptionalBackwardCallIndicators(True)),
        "ACM subscriber free in-band information": (
            i.BackwardCallIndicators(called_status=values.CalledStatus.SUBSCRIBER_FREE),
            i.OptionalBackwardCallIndicators(True),
        ),
        "SUS user": (i.SuspendResumeIndicators(False),),
        "CCL": (),
        "OPR": (),
    }
    return isup_codec.Message(1, MessageType[name], parameters[signal])


def performed(system, row):
    """What the engines of a system make of a row of the table: the words on the line, and what is told at its other end."""
    steps = [step.partition(": ") for step in row.get("path", [])]
    end, _, primitive = row["says"].partition(": ")
    meeting = MEETINGS[system](primitive_of(primitive if primitive.startswith("Setup") else row.get("call", USUAL)))
    if primitive.startswith("Setup"):
        return meeting.begun
    for who, _, what in steps:
        meeting.says(who, primitive_of(what))
    return meeting.says(end, primitive_of(primitive))


USUAL = "Setup('12345', '077')"


def primitive_of(text):
    """A primitive as the table writes it."""
    value = eval(text, {"__builtins__": {}}, vars(call))
    assert isinstance(value, call.Primitive)
    return value
