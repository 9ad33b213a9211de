"""One ISUP with a far end played by hand: messages go in by their acronyms, what it sends and says comes out as lists."""

from pbx.signalling.ss7.continuity import CHECK_TONE
from pbx.signalling.ss7.isup import codec, values
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.call_control import name_of
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.distribution import Isup
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.variant import load_variant
from pbx.signalling.ss7.primitives import Transfer
from pbx.vocabulary.call import Primitive, Setup
from pbx.vocabulary.media import Hear, Listen, MediaCommand, SendTone, Silence, ToneOff, ToneOn, Unhear, Unlisten
from tests.signalling.cases import PLAN

VARIANT = load_variant()
OWN, FAR = 0x010203, 0x010204
CIRCUITS = (*range(1, 16), *range(17, 32))
FREE = i.BackwardCallIndicators(called_status=values.CalledStatus.SUBSCRIBER_FREE)
SILENT = i.BackwardCallIndicators()
SETUP = Setup("12345", "77")
TONE, TONE_OVER = ToneOn(CHECK_TONE), ToneOff(CHECK_TONE)
CAUSE = p.CauseIndicators(16)
PARAMETERS = {
    MessageType.ACM: (FREE,),
    MessageType.CON: (FREE,),
    MessageType.CPG: (i.EventInformation(values.Event.ALERTING),),
    MessageType.REL: (CAUSE,),
    MessageType.CFN: (CAUSE,),
    MessageType.SAM: (p.SubsequentNumber("5"),),
    MessageType.COT: (i.ContinuityIndicators(True),),
    MessageType.SUS: (i.SuspendResumeIndicators(True),),
    MessageType.RES: (i.SuspendResumeIndicators(True),),
    MessageType.INR: (i.InformationRequestIndicators(calling_address=True),),
    MessageType.INF: (i.InformationIndicators(values.AddressResponse.INCLUDED), p.CallingPartyNumber("77", 1)),
    MessageType.MPM: (p.ChargeInformation(2),),
}


def iam(called="12345", *optional, check=0, category=10):
    return (
        i.NatureOfConnectionIndicators(continuity_check=check),
        i.ForwardCallIndicators(isup_all_the_way=True),
        i.CallingPartysCategory(category),
        i.TransmissionMediumRequirement(),
        p.CalledPartyNumber(called, 1),
        *optional,
    )


class Port:
    """What stands on the port of a circuit by the media commands given so far."""

    def __init__(self):
        self.stands = set()

    def take(self, command):
        if isinstance(command, Hear):
            self.stands.add("loop")
        elif isinstance(command, SendTone):
            assert command.tone == CHECK_TONE
            self.stands.add("tone")
        elif isinstance(command, Listen):
            self.stands.add("receiver")
        else:
            self.stands.discard({Unhear: "loop", Silence: "tone", Unlisten: "receiver"}[type(command)])


class Tester:
    """``far`` gives a message, ``give`` a primitive, ``wait`` time; each returns the acronyms sent and the primitives said by it."""

    __test__ = False

    def __init__(self, variant=VARIANT, own=OWN, far=FAR, circuits=CIRCUITS):
        self.isup = Isup(own, far, variant, circuits, PLAN)
        self.now = 0.0
        self.ports = {cic: Port() for cic in circuits}
        self.messages, self.said, self.others, self.sent = [], [], [], []
        self.take(self.isup.start(0.0))

    def take(self, outputs):
        self.messages, self.said, self.others, self.sent = [], [], [], []
        for each in outputs:
            if isinstance(each, Transfer):
                self.sent.append(each.data)
                assert (each.dpc, each.opc, each.service) == (self.isup.far, self.isup.own, 5)
                self.messages.append(codec.decode(each.data))
                assert each.sls == self.messages[-1].cic & 15
            elif isinstance(each.output, Primitive):
                self.said.append(each.output)
            elif isinstance(each.output, MediaCommand):
                self.ports[each.cic].take(each.output)
            else:
                self.others.append(each.output)
        return [name_of(message) for message in self.messages], self.said

    def far(self, name, *parameters, cic=1):
        kind = MessageType[name]
        if not parameters:
            parameters = iam() if name == "IAM" else PARAMETERS.get(kind, ())
        return self.octets(codec.encode(Message(cic, kind, tuple(parameters))))

    def octets(self, octets):
        return self.mtp(Transfer(5, self.isup.own, self.isup.far, octets[0] & 15, octets))

    def mtp(self, value):
        return self.take(self.isup.receive(value, self.now))

    def give(self, primitive, cic=1):
        return self.take(self.isup.give(cic, primitive, self.now))

    def do(self, outputs):
        return self.take(outputs)

    def wait(self, seconds):
        """Let time pass; what all timers of it have made."""
        end = self.now + seconds
        messages, said, others = [], [], []
        while (due := self.isup.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.take(self.isup.expire(self.now))
            messages += self.messages
            said += self.said
            others += self.others
        self.now = end
        self.messages, self.said, self.others = messages, said, others
        return [name_of(message) for message in messages], said

    def first(self, kind):
        """The parameter of that type in the first message sent last."""
        return self.messages[0].first(kind)

    def stands(self, cic=1):
        """What is sent, looped and listened for on a circuit."""
        return self.ports[cic].stands

    def state(self, cic=1):
        return self.isup.circuits[cic].state
