"""The parameters of ISUP that are bits (Q.763 clause 3): indicators of the call, of its services and of circuits.

Each field says by the letters of the Recommendation where it stands; clause numbers are those of Q.763 (12/99). A field that is not given
says what a peer says that sends 0, save where that would be nonsense. Spare bits have no field, unless they are reserved for national use.
"""

from typing import Annotated

from pbx.signalling.ss7.bits import Bits
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.parameter import Extensible, Parameter


class NatureOfConnectionIndicators(Extensible, frozen=True, gc=False):
    """3.35: satellites and echo control on the way, and whether this circuit is checked."""

    satellite: Annotated[int, Bits("BA", values.Satellite)] = 0
    continuity_check: Annotated[int, Bits("DC", values.ContinuityCheck)] = 0
    echo_control_included: Annotated[bool, Bits("E")] = False


class ForwardCallIndicators(Extensible, frozen=True, gc=False):
    """3.23: what the call needs and has met so far. Bits M and N (ported number, query on release) are used by some networks."""

    international: Annotated[bool, Bits("A")] = False
    end_to_end_method: Annotated[int, Bits("CB", values.EndToEndMethod)] = 0
    interworking: Annotated[bool, Bits("D")] = False
    end_to_end_information: Annotated[bool, Bits("E")] = False
    isup_all_the_way: Annotated[bool, Bits("F")] = False
    preference: Annotated[int, Bits("HG", values.Preference)] = 0
    isdn_access: Annotated[bool, Bits("I")] = False
    sccp_method: Annotated[int, Bits("KJ", values.SccpMethod)] = 0
    national_use: Annotated[int, Bits("PONM")] = 0


class OptionalForwardCallIndicators(Extensible, frozen=True, gc=False):
    """3.38: closed user group, a segment to come, and whether the connected number is wanted."""

    closed_user_group_call: Annotated[int, Bits("BA", values.ClosedUserGroupCall)] = 0
    more_in_segment: Annotated[bool, Bits("C")] = False
    connected_line_requested: Annotated[bool, Bits("H")] = False


class BackwardCallIndicators(Extensible, frozen=True, gc=False):
    """3.5: what the called side is, and what the call has met beyond us."""

    charge: Annotated[int, Bits("BA", values.Charge)] = 0
    called_status: Annotated[int, Bits("DC", values.CalledStatus)] = 0
    called_category: Annotated[int, Bits("FE", values.CalledCategory)] = 0
    end_to_end_method: Annotated[int, Bits("HG", values.EndToEndMethod)] = 0
    interworking: Annotated[bool, Bits("I")] = False
    end_to_end_information: Annotated[bool, Bits("J")] = False
    isup_all_the_way: Annotated[bool, Bits("K")] = False
    holding: Annotated[bool, Bits("L")] = False
    isdn_access: Annotated[bool, Bits("M")] = False
    echo_control_included: Annotated[bool, Bits("N")] = False
    sccp_method: Annotated[int, Bits("PO", values.SccpMethod)] = 0


class OptionalBackwardCallIndicators(Extensible, frozen=True, gc=False):
    """3.37: whether something is to be heard, whether the call may be diverted, a segment to come."""

    in_band_information: Annotated[bool, Bits("A")] = False
    diversion_may_occur: Annotated[bool, Bits("B")] = False
    more_in_segment: Annotated[bool, Bits("C")] = False
    mlpp_user: Annotated[bool, Bits("D")] = False
    national_use: Annotated[int, Bits("HGFE")] = 0


class CallingPartysCategory(Extensible, frozen=True, gc=False):
    """3.11: who calls; China charges by it."""

    category: Annotated[int, Bits("HGFEDCBA", values.Category)] = 10


class TransmissionMediumRequirement(Extensible, frozen=True, gc=False):
    """3.54: what the way must carry."""

    medium: Annotated[int, Bits("HGFEDCBA", values.TransmissionMedium)] = 0


class TransmissionMediumRequirementPrime(Extensible, frozen=True, gc=False):
    """3.55: what it must carry if the first wish fails (fallback)."""

    medium: Annotated[int, Bits("HGFEDCBA", values.TransmissionMedium)] = 0


class TransmissionMediumUsed(Extensible, frozen=True, gc=False):
    """3.56: what it carries after fallback."""

    medium: Annotated[int, Bits("HGFEDCBA", values.TransmissionMedium)] = 0


class InformationRequestIndicators(Extensible, frozen=True, gc=False):
    """3.28: what the other end is asked for."""

    calling_address: Annotated[bool, Bits("A")] = False
    holding: Annotated[bool, Bits("B")] = False
    calling_category: Annotated[bool, Bits("D")] = False
    charge_information: Annotated[bool, Bits("E")] = False
    malicious_call_identification: Annotated[bool, Bits("H")] = False


class InformationIndicators(Extensible, frozen=True, gc=False):
    """3.27: what comes in answer to a request, or unasked."""

    calling_address: Annotated[int, Bits("BA", values.AddressResponse)] = 0
    hold_provided: Annotated[bool, Bits("C")] = False
    calling_category: Annotated[bool, Bits("F")] = False
    charge_information: Annotated[bool, Bits("G")] = False
    unsolicited: Annotated[bool, Bits("H")] = False


class ContinuityIndicators(Extensible, frozen=True, gc=False):
    """3.18: how the check of the circuit, or of one before, came out."""

    successful: Annotated[bool, Bits("A")] = False


class SuspendResumeIndicators(Extensible, frozen=True, gc=False):
    """3.52: who suspends or resumes: an ISDN subscriber, else the network (the called party has hung up)."""

    by_network: Annotated[bool, Bits("A")] = False


class EventInformation(Extensible, frozen=True, gc=False):
    """3.21: what has happened to the call."""

    event: Annotated[int, Bits("GFEDCBA", values.Event)] = 2
    presentation_restricted: Annotated[bool, Bits("H")] = False


class RedirectionInformation(Extensible, frozen=True, gc=False):
    """3.45: how often and why the call has been redirected. The second octet may be missing."""

    indicator: Annotated[int, Bits("CBA", values.Redirecting)] = 0
    original_reason: Annotated[int, Bits("HGFE", values.RedirectionReason)] = 0
    counter: Annotated[int, Bits("KJI")] = 1
    reason: Annotated[int, Bits("PONM", values.RedirectionReason)] = 0


class CallDiversionInformation(Extensible, frozen=True, gc=False):
    """3.6: why the call is diverted, and what the caller may learn of it."""

    notification: Annotated[int, Bits("CBA", values.NotificationSubscription)] = 0
    reason: Annotated[int, Bits("GFED", values.RedirectionReason)] = 0


class RedirectionNumberRestriction(Extensible, frozen=True, gc=False):
    """3.47: whether the number to which the call was diverted may be shown."""

    presentation: Annotated[int, Bits("BA", values.Presentation)] = 0


class UserToUserIndicators(Extensible, frozen=True, gc=False):
    """3.60: services 1 to 3 asked for, or, in a response, given."""

    response: Annotated[bool, Bits("A")] = False
    service_1: Annotated[int, Bits("CB", values.UserToUserRequest)] = 0
    service_2: Annotated[int, Bits("ED", values.UserToUserRequest)] = 0
    service_3: Annotated[int, Bits("GF", values.UserToUserRequest)] = 0
    discarded_by_network: Annotated[bool, Bits("H")] = False


class FacilityIndicator(Extensible, frozen=True, gc=False):
    """3.22: which facility is asked for, 2 being user-to-user service."""

    facility: Annotated[int, Bits("HGFEDCBA")] = 2


class AccessDeliveryInformation(Extensible, frozen=True, gc=False):
    """3.2: whether a SETUP went to the called user."""

    no_setup_generated: Annotated[bool, Bits("A")] = False


class AutomaticCongestionLevel(Extensible, frozen=True, gc=False):
    """3.4: how overloaded the exchange is (Q.764 clause 2.11): 1, or 2 which is worse."""

    level: Annotated[int, Bits("HGFEDCBA")] = 1


class CircuitGroupSupervisionMessageType(Extensible, frozen=True, gc=False):
    """3.13: why a group is blocked: by maintenance, or because hardware failed."""

    type: Annotated[int, Bits("BA", values.SupervisionType)] = 0


class HopCounter(Extensible, frozen=True, gc=False):
    """3.80: how many more exchanges the call may pass."""

    count: Annotated[int, Bits("EDCBA")] = 20


class EchoControlInformation(Extensible, frozen=True, gc=False):
    """3.19: echo control devices that are there and those wanted, in either direction."""

    outgoing: Annotated[int, Bits("BA", values.EchoControlDevice)] = 0
    incoming: Annotated[int, Bits("DC", values.EchoControlDevice)] = 0
    outgoing_request: Annotated[int, Bits("FE", values.EchoControlRequest)] = 0
    incoming_request: Annotated[int, Bits("HG", values.EchoControlRequest)] = 0


class McidRequestIndicators(Extensible, frozen=True, gc=False):
    """3.31: malicious call identification wanted, and the circuit held."""

    identification: Annotated[bool, Bits("A")] = False
    holding: Annotated[bool, Bits("B")] = False


class McidResponseIndicators(Extensible, frozen=True, gc=False):
    """3.32: malicious call identification included, and the circuit held."""

    identification: Annotated[bool, Bits("A")] = False
    holding: Annotated[bool, Bits("B")] = False


class MessageCompatibilityInformation(Extensible, frozen=True, gc=False):
    """3.33: what an exchange that does not know the message shall do with it."""

    end_node: Annotated[bool, Bits("A")] = False
    release_call: Annotated[bool, Bits("B")] = False
    send_notification: Annotated[bool, Bits("C")] = False
    discard_message: Annotated[bool, Bits("D")] = False
    pass_on_not_possible_discard: Annotated[bool, Bits("E")] = False
    broadband_narrowband: Annotated[int, Bits("GF")] = 0
    last: Annotated[bool, Bits("H")] = True


class LoopPreventionIndicators(Extensible, frozen=True, gc=False):
    """3.67: the request, or with ``response`` the answer, that finds loops of transferred calls."""

    response: Annotated[bool, Bits("A")] = False
    result: Annotated[int, Bits("CB", values.LoopPreventionResponse)] = 0


class CallTransferReference(Extensible, frozen=True, gc=False):
    """3.65: which transfer a message belongs to."""

    identity: Annotated[int, Bits("HGFEDCBA")] = 0


class Ccss(Extensible, frozen=True, gc=False):
    """3.63: the call completes another that met a busy or silent subscriber."""

    call: Annotated[bool, Bits("A")] = False


class NetworkManagementControls(Extensible, frozen=True, gc=False):
    """3.68: the call is being routed another way for the moment."""

    temporary_alternative_routing: Annotated[bool, Bits("A")] = False
    last: Annotated[bool, Bits("H")] = True


class CollectCallRequest(Extensible, frozen=True, gc=False):
    """3.81: the called party is asked to pay."""

    requested: Annotated[bool, Bits("A")] = True


class CircuitState(Parameter, frozen=True, gc=False):
    """One octet of the circuit state indicator (3.14). With ``call`` 0 ``maintenance`` 0 is transient and 3 unequipped."""

    maintenance: Annotated[int, Bits("BA", values.Blocking)] = 0
    call: Annotated[int, Bits("DC", values.CallProcessing)] = 0
    hardware: Annotated[int, Bits("FE", values.Blocking)] = 0
