"""What our ISUP parameters should look like to tshark: its names for our fields, and what it does not know.

``in_its_words`` gives for a parameter the fields that tshark must show, each with all its values in order, as numbers or as the text it
shows. Numbers are compared as numbers, in whatever base it shows them.
"""

from pbx.signalling.ss7.bits import fields_of
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import table

CALLED, CALLING = "called_party", "calling_party"
"""tshark has two sets of names for parts of numbers."""

ISO = 1
"""The coding standard of causes next to ITU-T's own (Q.850 clause 2.2.2)."""

NUMBERS = {
    p.CalledPartyNumber: ("called", CALLED, "inn_indicator"),
    p.RedirectionNumber: ("redirection_number", CALLED, "inn_indicator"),
    p.LocationNumber: ("location_number", CALLING, "inn_indicator"),
    p.CallingPartyNumber: ("calling", CALLING, "ni_indicator"),
    p.GenericNumber: ("generic_number", CALLING, "ni_indicator"),
    p.ConnectedNumber: ("connected_number", CALLING, ""),
    p.CallTransferNumber: ("call_transfer_number", CALLING, ""),
    p.OriginalCalledNumber: ("original_called_number", CALLING, ""),
    p.RedirectingNumber: ("redirecting", CALLING, ""),
    p.CalledInNumber: ("called_in_number", CALLING, ""),
    p.SubsequentNumber: ("subsequent_number", CALLED, ""),
    p.TransitNetworkSelection: ("transit_network_selection", CALLING, ""),
}
ENHANCED = (p.GenericNumber, p.CallTransferNumber)
"""Their screening indicator has a name of its own, since it has two values more."""

BITS = {
    i.NatureOfConnectionIndicators: "satellite_indicator continuity_check_indicator echo_control_device_indicator",
    i.ForwardCallIndicators: (
        "forw_call_natnl_inatnl_call_indicator forw_call_end_to_end_method_indicator forw_call_interworking_indicator "
        "forw_call_end_to_end_information_indicator forw_call_isdn_user_part_indicator forw_call_preferences_indicator "
        "forw_call_isdn_access_indicator forw_call_sccp_method_indicator"
    ),
    i.OptionalForwardCallIndicators: "clg_call_ind simple_segmentation_ind connected_line_identity_request_ind",
    i.BackwardCallIndicators: (
        "charge_indicator called_partys_status_indicator called_partys_category_indicator backw_call_end_to_end_method_indicator "
        "backw_call_interworking_indicator backw_call_end_to_end_information_indicator backw_call_isdn_user_part_indicator "
        "backw_call_holding_indicator backw_call_isdn_access_indicator backw_call_echo_control_device_indicator "
        "backw_call_sccp_method_indicator"
    ),
    i.OptionalBackwardCallIndicators: "inband_information_ind call_diversion_may_occur_ind simple_segmentation_ind mlpp_user",
    i.CallingPartysCategory: "calling_partys_category",
    i.TransmissionMediumRequirement: "transmission_medium_requirement",
    i.TransmissionMediumRequirementPrime: "transmission_medium_requirement_prime",
    i.TransmissionMediumUsed: "transmission_medium_requirement_prime",
    i.InformationRequestIndicators: (
        "calling_party_address_request_indicator info_req_holding_indicator calling_partys_category_request_indicator "
        "charge_information_request_indicator malicious_call_ident_request_indicator"
    ),
    i.InformationIndicators: (
        "calling_party_address_response_indicator hold_provided_indicator calling_partys_category_response_indicator "
        "charge_information_response_indicator solicited_indicator"
    ),
    i.ContinuityIndicators: "continuity_indicator",
    i.SuspendResumeIndicators: "suspend_resume_indicator",
    i.EventInformation: "event_ind event_presentation_restr_ind",
    i.RedirectionInformation: "redirecting_ind original_redirection_reason redirection_counter redirection_reason",
    i.RedirectionNumberRestriction: "presentation_indicator",
    i.AccessDeliveryInformation: "access_delivery_ind",
    i.AutomaticCongestionLevel: "automatic_congestion_level",
    i.CircuitGroupSupervisionMessageType: "cgs_message_type",
    i.HopCounter: "hop_counter",
    i.EchoControlInformation: "OECD_inf_ind_vals IECD_inf_ind_vals OECD_req_ind_vals IECD_req_ind_vals",
    i.MessageCompatibilityInformation: (
        "transit_at_intermediate_exchange_ind Release_call_ind Send_notification_ind Discard_message_ind_value Pass_on_not_possible_val "
        "broadband_narrowband_interworking_ind2 extension_ind"
    ),
    i.CallTransferReference: "call_transfer_identity",
    i.Ccss: "ccss_call_indicator",
    i.NetworkManagementControls: "temporary_alternative_routing_ind extension_ind",
    i.CollectCallRequest: "collect_call_request_indicator",
}
"""Names for fields of bits, in our order."""

WHOLE = {
    i.CallDiversionInformation: "call_diversion_information",
    i.McidRequestIndicators: "mcid_request_indicators",
    i.McidResponseIndicators: "mcid_response_indicators",
}
"""One octet, which tshark shows whole: its fields are judged as one number."""

OCTETS = {
    p.UserServiceInformation: "user_service_information",
    p.UserServiceInformationPrime: "user_service_information_prime",
    p.UserTeleserviceInformation: "user_teleservice_information",
    p.UserToUserInformation: "user_to_user_info",
    p.AccessTransport: "access_transport_parameter_field",
    p.NetworkSpecificFacility: "network_specific_facility",
    p.RemoteOperations: "remote_operations",
    p.ForwardGvns: "forward_gvns",
    p.CorrelationId: "correlation_id",
    p.ScfId: "scf_id",
    p.ChargedPartyIdentification: "charged_party_identification",
    p.DisplayInformation: "display_information",
}
"""Octets of other Recommendations, which tshark shows as such beside what it makes of them."""

ONE_OCTET = {
    p.BackwardGvns: "backward_gvns",
    p.UidActionIndicators: "uid_action_indicators",
    p.UidCapabilityIndicators: "uid_capability_indicators",
}

POINTS = {p.SignallingPointCode: "signalling_point_code", p.OriginationIscPointCode: "origination_isc_point_code"}
"""Point codes of 14 bits; of China's 24 bits it knows none in parameters."""

TREATMENTS = {
    p.CallDiversionTreatmentIndicators: "call_to_be_diverted_ind",
    p.CallOfferingTreatmentIndicators: "call_to_be_offered_ind",
    p.ConferenceTreatmentIndicators: "conference_acceptance_ind",
}

SHOWN_TWICE = {"parameter_type", "parameter_length", "mandatory_variable_parameter_pointer", "instruction_indicators"}
"""What is judged elsewhere, or is a heading over fields that are."""

COMMENTS = {"status_subfield_not_present", "empty_number", "not_dissected_yet", "number_different_meaning"}
"""What it says of a parameter, without a value."""

APPLICATION = {
    "app_transport_param_field",
    "extension_ind",
    "app_context_identifier",
    "app_transport_instruction_indicator",
    "app_Send_notification_ind",
    "app_Release_call_indicator",
    "apm_seg_indicator",
    "APM_Sequence_ind",
    "apm_segmentation_ind",
}
"""Fields of the application transport, Q.765's, which we keep as octets."""

NOT_SHOWN = {
    i.FacilityIndicator: "the indicator itself",
    i.ForwardCallIndicators: "bits O and P, reserved for national use",
    i.OptionalBackwardCallIndicators: "bits E to H, reserved for national use",
    i.CallDiversionInformation: "subscription option and reason apart from one another",
    i.McidRequestIndicators: "its two bits apart from one another",
    i.McidResponseIndicators: "its two bits apart from one another",
    i.UserToUserIndicators: "bit H of a request",
    p.GenericDigits: "encoding and type apart from the digits",
    p.RangeAndStatus: "status bits of more than eight circuits one by one; a range of 255, which it takes for 0",
    p.CircuitStateIndicator: "bits F to C of a circuit that is transient or unequipped",
    p.CauseIndicators: "location and recommendation under coding standards other than ITU-T's, causes under the last two",
    p.CircuitAssignmentMap: "the map: it reads one octet more than Q.763 has and calls the packet malformed",
    p.CallReference: "point codes of 24 bits",
    p.ConnectionRequest: "point codes of 24 bits",
    p.SignallingPointCode: "point codes of 24 bits",
    p.OriginationIscPointCode: "point codes of 24 bits",
}
"""What tshark 4.0 does not take apart, though it knows the parameter."""


def number(parameter):
    text, party, flag = NUMBERS[type(parameter)]
    signals = parameter.signals
    found = {
        "isdn_odd_even_indicator": [len(signals) % 2],
        f"{party}_odd_address_signal_digit": [int(sign, 16) for sign in signals[::2]],
        f"{party}_even_address_signal_digit": [int(sign, 16) for sign in signals[1::2]],
    }
    if signals:
        found[text] = [signals]
    screening = "screening_indicator_enhanced" if isinstance(parameter, ENHANCED) else "screening_indicator"
    names = {
        "nature": f"{party}_nature_of_address_indicator",
        "plan": "numbering_plan_indicator",
        "presentation": "address_presentation_restricted_indicator",
        "screening": screening,
        "routing_not_allowed": flag,
        "incomplete": flag,
        "qualifier": "number_qualifier_indicator",
    }
    if isinstance(parameter, p.TransitNetworkSelection):
        names = {"type": "type_of_network_identification", "plan": "network_identification_plan"}
    return found | {names[field.name]: [int(getattr(parameter, field.name))] for field in fields_of(type(parameter))}


def point(octets):
    """It takes the first octet for the high one, where Q.763 begins with the low one: the octets are the same."""
    return int.from_bytes(octets, "big") & 0x3FFF


def cause(parameter):
    found = {"cause_indicators": [contents(parameter).hex(":")], "q931.coding_standard": [parameter.coding]}
    if parameter.coding > ISO:
        return found
    found["cause_indicator"] = [parameter.cause]
    if parameter.coding == ISO:
        return found
    found["q931.cause_location"] = [parameter.location]
    return found if parameter.recommendation is None else found | {"q931.cause.recommendation": [parameter.recommendation]}


def circuits(parameter):
    found = {"range_indicator": [parameter.range + 1]}
    if parameter.status is None:
        return found
    found["Status subfield"] = [contents(parameter)[1:].hex()]
    return found | {"bitbucket": [parameter.status]} if parameter.range < 8 else found


def states(parameter):
    busy_or_idle = [state for state in parameter.states if state.call]
    return {
        "mtc_blocking_state": [state.maintenance for state in parameter.states],
        "call_processing_state": [state.call for state in busy_or_idle],
        "hw_blocking_state": [state.hardware for state in busy_or_idle],
    }


def instructions(parameter):
    every = parameter.instructions
    return {
        "upgraded_parameter": [each.code for each in every],
        "transit_at_intermediate_exchange_ind": [each.end_node for each in every],
        "Release_call_ind": [each.release_call for each in every],
        "Send_notification_ind": [each.send_notification for each in every],
        "Discard_message_ind_value": [each.discard_message for each in every],
        "Discard_parameter_ind": [each.discard_parameter for each in every],
        "Pass_on_not_possible_ind": [each.pass_on_not_possible for each in every],
        "extension_ind": [not each.more for each in every],
        "broadband_narrowband_interworking_ind": [each.more[0] & 3 for each in every if each.more],
    }


def user_to_user(parameter):
    way = "res" if parameter.response else "req"
    found = {
        f"UUI_{way}_service1": [parameter.service_1],
        f"UUI_{way}_service2": [parameter.service_2],
        f"UUI_{way}_service3": [parameter.service_3],
    }
    if parameter.response:
        return found | {"UUI_type": [True, True], "UUI_network_discard_ind": [parameter.discarded_by_network]}
    return found | {"UUI_type": [False, False]}


def loop_prevention(parameter):
    found = {"loop_prevention_indicator_type": [parameter.response]}
    return found | ({"loop_prevention_response_ind": [parameter.result]} if parameter.response else {})


def forward(parameter):
    """Its names for bits M and N are those of networks with ported numbers."""
    national = parameter.national_use
    ported = {"forw_call_ported_num_trans_indicator": [national & 1], "forw_call_qor_attempt_indicator": [national >> 1 & 1]}
    return bits(parameter) | ported


def connection(parameter):
    octets = parameter.octets
    return {
        "local_reference": [int.from_bytes(octets[:3], "big")],
        "signalling_point_code": [point(octets[3:5])],
        "protocol_class": [octets[5]],
        "credit": [octets[6]],
    }


def precedence(parameter):
    octets = parameter.octets
    return {
        "look_forward_busy": [octets[0] >> 5 & 3],
        "precedence_level": [octets[0] & 0x0F],
        "network_identity": [octets[1:3].hex()],
        "mlpp_service_domain": [int.from_bytes(octets[3:], "big")],
    }


SPECIAL = {
    p.CauseIndicators: cause,
    p.RangeAndStatus: circuits,
    p.CircuitStateIndicator: states,
    p.ParameterCompatibilityInformation: instructions,
    p.ConnectionRequest: connection,
    p.MlppPrecedence: precedence,
    i.UserToUserIndicators: user_to_user,
    i.LoopPreventionIndicators: loop_prevention,
    i.ForwardCallIndicators: forward,
    i.EchoControlInformation: lambda parameter: bits(parameter) | {"echo_control_information": [contents(parameter)[0]]},
    i.MessageCompatibilityInformation: lambda parameter: bits(parameter)
    | {"message_compatibility_information": [contents(parameter)[0]]},
    p.PropagationDelayCounter: lambda parameter: {"propagation_delay_counter": [parameter.value]},
    p.CallHistoryInformation: lambda parameter: {"call_history_info": [parameter.value]},
    p.ClosedUserGroupInterlockCode: lambda parameter: {"network_identity": [parameter.network], "binary_code": [parameter.group]},
    p.CallReference: lambda parameter: {"call_identity": [parameter.identity], "signalling_point_code": [point(parameter.point)]},
    p.GenericDigits: lambda parameter: {"generic_digits": [contents(parameter).hex(":")]},
    p.ServiceActivation: lambda parameter: {"feature_code": list(parameter.octets)},
    p.GenericNotificationIndicator: lambda parameter: {
        "notification_indicator": [octet & 0x7F for octet in parameter.octets],
        "extension_ind": [octet >> 7 for octet in parameter.octets],
    },
    p.ApplicationTransport: lambda parameter: {"apm_user_info_field": [parameter.octets[3:].hex(":")]},
}


def contents(parameter):
    return table.BY_TYPE[type(parameter)].form.write(parameter)


def bits(parameter):
    fields = fields_of(type(parameter))
    return {name: [int(getattr(parameter, field.name))] for name, field in zip(BITS[type(parameter)].split(), fields, strict=False)}


def its_words(parameter):
    kind = type(parameter)
    if kind in SPECIAL:
        return SPECIAL[kind](parameter)
    if kind in NUMBERS:
        return number(parameter)
    if kind in BITS:
        return bits(parameter)
    if kind in WHOLE or kind in ONE_OCTET:
        return {(WHOLE | ONE_OCTET)[kind]: [contents(parameter)[0]]}
    if kind in OCTETS:
        return {OCTETS[kind]: [parameter.octets.hex(":")]}
    if kind in POINTS:
        return {POINTS[kind]: [point(parameter.octets)]}
    if kind in TREATMENTS:
        return {TREATMENTS[kind]: [parameter.octets[0] & 3], "extension_ind": [parameter.octets[0] >> 7]}
    return {}


def full(name):
    return name if "." in name or " " in name else f"isup.{name}"


def in_its_words(parameter):
    """The fields that tshark must show for a parameter, by their full names, with values as numbers or texts; empty ones are not shown."""
    words = {"parameter_type": [table.BY_TYPE[type(parameter)].code]} | its_words(parameter)
    return {full(name): [int(value) if isinstance(value, int) else value for value in every] for name, every in words.items() if every}


def needs_no_words(parameter):
    """Full names of what tshark shows of a parameter beside what ``in_its_words`` says."""
    return {full(name) for name in SHOWN_TWICE | COMMENTS | (APPLICATION if isinstance(parameter, p.ApplicationTransport) else set())}
