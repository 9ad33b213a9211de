"""The parameters of ISUP that are more than bits (Q.763 clause 3): numbers, causes, circuits, instructions, others' octets.

Clause numbers are those of Q.763 (12/99). ``signals`` are address signals as ``pbx/signalling/ss7/numbers.py`` writes them. Point codes
stay octets: two of them in networks with 14-bit codes, three in China. What Q.931, Q.773, Q.1281 or a network lays out stays octets too.
"""

from typing import Annotated

from pbx.signalling.ss7.bits import Bits
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.indicators import CircuitState
from pbx.signalling.ss7.isup.parameter import Extensible, Parameter
from pbx.signalling.ss7.numbers import NatureOfAddress


class CalledPartyNumber(Parameter, frozen=True, gc=False):
    """3.9: whom the call is for; ``routing_not_allowed`` is the internal network number indicator."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    routing_not_allowed: Annotated[bool, Bits("P")] = False
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN


class CallingPartyNumber(Parameter, frozen=True, gc=False):
    """3.10: who calls. One that is not available has no signals, nature 0, plan 0, presentation 2 and screening 3."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    incomplete: Annotated[bool, Bits("P")] = False
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN
    presentation: Annotated[int, Bits("LK", values.Presentation)] = values.Presentation.ALLOWED
    screening: Annotated[int, Bits("JI", values.Screening)] = values.Screening.NETWORK_PROVIDED


class ConnectedNumber(Parameter, frozen=True, gc=False):
    """3.16: who has answered."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN
    presentation: Annotated[int, Bits("LK", values.Presentation)] = values.Presentation.ALLOWED
    screening: Annotated[int, Bits("JI", values.Screening)] = values.Screening.NETWORK_PROVIDED


class CallTransferNumber(Parameter, frozen=True, gc=False):
    """3.64: the other party of a transferred call."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN
    presentation: Annotated[int, Bits("LK", values.Presentation)] = values.Presentation.ALLOWED
    screening: Annotated[int, Bits("JI", values.Screening)] = values.Screening.NETWORK_PROVIDED


class OriginalCalledNumber(Parameter, frozen=True, gc=False):
    """3.39: whom the call was for before it was redirected for the first time."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN
    presentation: Annotated[int, Bits("LK", values.Presentation)] = values.Presentation.ALLOWED


class RedirectingNumber(Parameter, frozen=True, gc=False):
    """3.44: who has redirected the call last."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN
    presentation: Annotated[int, Bits("LK", values.Presentation)] = values.Presentation.ALLOWED


class CalledInNumber(Parameter, frozen=True, gc=False):
    """3.73: the number that was called before an intelligent network changed it."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN
    presentation: Annotated[int, Bits("LK", values.Presentation)] = values.Presentation.ALLOWED


class RedirectionNumber(Parameter, frozen=True, gc=False):
    """3.46: to whom the call is to be, or was, redirected."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    routing_not_allowed: Annotated[bool, Bits("P")] = False
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN


class LocationNumber(Parameter, frozen=True, gc=False):
    """3.30: where the caller is, for services of an intelligent network."""

    signals: str
    nature: Annotated[int, Bits("GFEDCBA", NatureOfAddress)] = NatureOfAddress.NATIONAL
    routing_not_allowed: Annotated[bool, Bits("P")] = False
    plan: Annotated[int, Bits("ONM", values.NumberingPlan)] = values.NumberingPlan.ISDN
    presentation: Annotated[int, Bits("LK", values.Presentation)] = values.Presentation.ALLOWED
    screening: Annotated[int, Bits("JI", values.Screening)] = values.Screening.NETWORK_PROVIDED


class GenericNumber(Parameter, frozen=True, gc=False):
    """3.26: one more number, of the kind that ``qualifier`` names."""

    signals: str
    qualifier: Annotated[int, Bits("HGFEDCBA", values.NumberQualifier)] = values.NumberQualifier.ADDITIONAL_CALLING_PARTY_NUMBER
    nature: Annotated[int, Bits("ONMLKJI", NatureOfAddress)] = NatureOfAddress.NATIONAL
    incomplete: Annotated[bool, Bits("X")] = False
    plan: Annotated[int, Bits("WVU", values.NumberingPlan)] = values.NumberingPlan.ISDN
    presentation: Annotated[int, Bits("TS", values.Presentation)] = values.Presentation.ALLOWED
    screening: Annotated[int, Bits("RQ", values.Screening)] = values.Screening.NETWORK_PROVIDED


class SubsequentNumber(Parameter, frozen=True, gc=False):
    """3.51: more signals of the called number."""

    signals: str


class TransitNetworkSelection(Parameter, frozen=True, gc=False):
    """3.53: the network that the caller wants to pass."""

    signals: str
    type: Annotated[int, Bits("GFE", values.NetworkIdentification)] = values.NetworkIdentification.NATIONAL
    plan: Annotated[int, Bits("DCBA")] = 0


class GenericDigits(Parameter, frozen=True, gc=False):
    """3.24: digits whose meaning is their ``type``, coded as ``encoding`` says."""

    octets: bytes
    encoding: int = 0
    type: int = 0


class CauseIndicators(Parameter, frozen=True, gc=False):
    """3.12: why the call ends or has met something, by Q.850. ``recommendation`` is there if ``coding`` leaves it open."""

    cause: int
    location: int = values.Location.PUBLIC_NETWORK_OF_LOCAL_USER
    coding: int = 0
    recommendation: int | None = None
    diagnostics: bytes = b""


class RangeAndStatus(Parameter, frozen=True, gc=False):
    """3.43: the circuits from the message's own up to ``range`` beyond it. In ``status`` bit 0 is the first; None: not sent."""

    range: int
    status: int | None = None

    def circuits(self, first: int) -> list[int]:
        """Return the circuits that a status bit marks, or all of the range where there is no status."""
        return [first + place for place in range(self.range + 1) if self.status is None or self.status >> place & 1]


class CircuitStateIndicator(Parameter, frozen=True, gc=False):
    """3.14: the states of circuits, one after another."""

    states: tuple[CircuitState, ...]


class ClosedUserGroupInterlockCode(Parameter, frozen=True, gc=False):
    """3.15: which closed user group: the network (four signals) and a number there."""

    network: str
    group: int


class CallReference(Parameter, frozen=True, gc=False):
    """3.8: a call's identity at a signalling point."""

    identity: int
    point: bytes


class SignallingPointCode(Parameter, frozen=True, gc=False):
    """3.50."""

    octets: bytes


class OriginationIscPointCode(Parameter, frozen=True, gc=False):
    """3.40: the international exchange where the call began."""

    octets: bytes


class ConnectionRequest(Parameter, frozen=True, gc=False):
    """3.17: an SCCP connection wanted for this call; contents as in that clause."""

    octets: bytes


class PropagationDelayCounter(Extensible, frozen=True, gc=False):
    """3.42: the delay of the way so far, in milliseconds."""

    value: int = 0


class CallHistoryInformation(Extensible, frozen=True, gc=False):
    """3.7: the delay of the whole way, in milliseconds."""

    value: int = 0


class ChargeInformation(Extensible, frozen=True, gc=False):
    """Of the Chinese MPM (YDN 038): the metering pulses of a charge unit. That the low octet comes first is the TUP's way, from memory."""

    value: int = 1


class ParameterInstructions(Parameter, frozen=True, gc=False):
    """What an exchange that does not know parameter ``code`` shall do (3.41). ``more`` are octets that extend the instructions."""

    code: int
    end_node: bool = False
    release_call: bool = False
    send_notification: bool = False
    discard_message: bool = False
    discard_parameter: bool = False
    pass_on_not_possible: int = values.PassOnNotPossible.RELEASE_CALL
    more: bytes = b""


class ParameterCompatibilityInformation(Parameter, frozen=True, gc=False):
    """3.41: instructions for parameters of this message, one after another."""

    instructions: tuple[ParameterInstructions, ...]


class GenericNotificationIndicator(Parameter, frozen=True, gc=False):
    """3.25: what the user is to be told, by the codes of Q.931's notification indicator."""

    octets: bytes


class AccessTransport(Parameter, frozen=True, gc=False):
    """3.3: information elements of Q.931, from user to user."""

    octets: bytes


class UserServiceInformation(Parameter, frozen=True, gc=False):
    """3.57: Q.931's bearer capability."""

    octets: bytes


class UserServiceInformationPrime(Parameter, frozen=True, gc=False):
    """3.58: Q.931's bearer capability, the first wish of two."""

    octets: bytes


class UserTeleserviceInformation(Parameter, frozen=True, gc=False):
    """3.59: Q.931's high layer compatibility."""

    octets: bytes


class UserToUserInformation(Parameter, frozen=True, gc=False):
    """3.61: Q.931's user-user information."""

    octets: bytes


class NetworkSpecificFacility(Parameter, frozen=True, gc=False):
    """3.36."""

    octets: bytes


class RemoteOperations(Parameter, frozen=True, gc=False):
    """3.48: components of Q.773."""

    octets: bytes


class ServiceActivation(Parameter, frozen=True, gc=False):
    """3.49: feature codes, an octet each."""

    octets: bytes


class MlppPrecedence(Parameter, frozen=True, gc=False):
    """3.34."""

    octets: bytes


class ForwardGvns(Parameter, frozen=True, gc=False):
    """3.66."""

    octets: bytes


class BackwardGvns(Parameter, frozen=True, gc=False):
    """3.62."""

    octets: bytes


class CircuitAssignmentMap(Parameter, frozen=True, gc=False):
    """3.69: which slots of a span a multirate call has."""

    octets: bytes


class CorrelationId(Parameter, frozen=True, gc=False):
    """3.70: Q.1281's."""

    octets: bytes


class ScfId(Parameter, frozen=True, gc=False):
    """3.71: Q.1281's."""

    octets: bytes


class CallDiversionTreatmentIndicators(Parameter, frozen=True, gc=False):
    """3.72."""

    octets: bytes


class CallOfferingTreatmentIndicators(Parameter, frozen=True, gc=False):
    """3.74."""

    octets: bytes


class ConferenceTreatmentIndicators(Parameter, frozen=True, gc=False):
    """3.76."""

    octets: bytes


class ChargedPartyIdentification(Parameter, frozen=True, gc=False):
    """3.75: the format is a network's own."""

    octets: bytes


class DisplayInformation(Parameter, frozen=True, gc=False):
    """3.77: Q.931's display."""

    octets: bytes


class UidActionIndicators(Parameter, frozen=True, gc=False):
    """3.78."""

    octets: bytes


class UidCapabilityIndicators(Parameter, frozen=True, gc=False):
    """3.79."""

    octets: bytes


class ApplicationTransport(Parameter, frozen=True, gc=False):
    """3.82: Q.765's."""

    octets: bytes
