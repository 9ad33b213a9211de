"""The parameters of ISUP as a table: code, clause, type, form (Q.763 table 5 and clause 3; YDN 038-1997 for the Chinese one).

Codes are those of Q.763 (12/99), held against tshark's in tests; clauses are that edition's, from memory. The Chinese charge information,
code FD with two octets in the fixed part of MPM, is told by the manual of another maker's ISUP (Dialogic SS7 Protocols, ISUP Programmer's
Manual, issue 15, "Messages specific to China ISUP"). FD is a type among messages and a code among parameters.
"""

from typing import NamedTuple

from pbx.signalling.ss7.isup import contents, forms
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.forms import Form
from pbx.signalling.ss7.isup.parameter import Parameter


class ParameterRow(NamedTuple):
    """One parameter: its code, the clause that defines it, its type, its form; ``size`` is its length in a mandatory fixed part, else 0."""

    code: int
    clause: str
    parameter: type[Parameter]
    form: Form
    size: int = 0


def _bits(code: int, clause: str, parameter: type[Parameter], size: int = 1, least: int = 0) -> ParameterRow:
    return ParameterRow(code, clause, parameter, forms.bits(parameter, size, least), size)


def _number(code: int, clause: str, parameter: type[Parameter], odd: str = "H", head: int = 2) -> ParameterRow:
    return ParameterRow(code, clause, parameter, forms.number(parameter, odd, head))


def _octets(code: int, clause: str, parameter: type[Parameter], least: int = 1, most: int = 255) -> ParameterRow:
    return ParameterRow(code, clause, parameter, forms.octets(parameter, least, most))


ROWS = (
    ParameterRow(0x01, "3.8", p.CallReference, contents.CALL_REFERENCE),
    _bits(0x02, "3.54", i.TransmissionMediumRequirement),
    _octets(0x03, "3.3", p.AccessTransport),
    _number(0x04, "3.9", p.CalledPartyNumber),
    _number(0x05, "3.51", p.SubsequentNumber, head=1),
    _bits(0x06, "3.35", i.NatureOfConnectionIndicators),
    _bits(0x07, "3.23", i.ForwardCallIndicators, 2),
    _bits(0x08, "3.38", i.OptionalForwardCallIndicators),
    _bits(0x09, "3.11", i.CallingPartysCategory),
    _number(0x0A, "3.10", p.CallingPartyNumber),
    _number(0x0B, "3.44", p.RedirectingNumber),
    _number(0x0C, "3.46", p.RedirectionNumber),
    _octets(0x0D, "3.17", p.ConnectionRequest, 5, 9),
    _bits(0x0E, "3.28", i.InformationRequestIndicators, 2),
    _bits(0x0F, "3.27", i.InformationIndicators, 2),
    _bits(0x10, "3.18", i.ContinuityIndicators),
    _bits(0x11, "3.5", i.BackwardCallIndicators, 2),
    ParameterRow(0x12, "3.12", p.CauseIndicators, contents.CAUSE),
    _bits(0x13, "3.45", i.RedirectionInformation, 2, least=1),
    _bits(0x15, "3.13", i.CircuitGroupSupervisionMessageType),
    ParameterRow(0x16, "3.43", p.RangeAndStatus, contents.RANGE),
    _bits(0x18, "3.22", i.FacilityIndicator),
    ParameterRow(0x1A, "3.15", p.ClosedUserGroupInterlockCode, contents.CLOSED_USER_GROUP),
    _octets(0x1D, "3.57", p.UserServiceInformation, 2, 13),
    _octets(0x1E, "3.50", p.SignallingPointCode, 2, 3),
    _octets(0x20, "3.61", p.UserToUserInformation),
    _number(0x21, "3.16", p.ConnectedNumber),
    _bits(0x22, "3.52", i.SuspendResumeIndicators),
    _number(0x23, "3.53", p.TransitNetworkSelection, head=1),
    _bits(0x24, "3.21", i.EventInformation),
    _octets(0x25, "3.69", p.CircuitAssignmentMap, 5, 5),
    ParameterRow(0x26, "3.14", p.CircuitStateIndicator, contents.STATES),
    _bits(0x27, "3.4", i.AutomaticCongestionLevel),
    _number(0x28, "3.39", p.OriginalCalledNumber),
    _bits(0x29, "3.37", i.OptionalBackwardCallIndicators),
    _bits(0x2A, "3.60", i.UserToUserIndicators),
    _octets(0x2B, "3.40", p.OriginationIscPointCode, 2, 3),
    _octets(0x2C, "3.25", p.GenericNotificationIndicator),
    ParameterRow(0x2D, "3.7", p.CallHistoryInformation, forms.whole(p.CallHistoryInformation, 2), 2),
    _bits(0x2E, "3.2", i.AccessDeliveryInformation),
    _octets(0x2F, "3.36", p.NetworkSpecificFacility),
    _octets(0x30, "3.58", p.UserServiceInformationPrime, 2, 13),
    ParameterRow(0x31, "3.42", p.PropagationDelayCounter, forms.whole(p.PropagationDelayCounter, 2), 2),
    _octets(0x32, "3.48", p.RemoteOperations),
    _octets(0x33, "3.49", p.ServiceActivation),
    _octets(0x34, "3.59", p.UserTeleserviceInformation, 2, 3),
    _bits(0x35, "3.56", i.TransmissionMediumUsed),
    _bits(0x36, "3.6", i.CallDiversionInformation),
    _bits(0x37, "3.19", i.EchoControlInformation),
    _bits(0x38, "3.33", i.MessageCompatibilityInformation),
    ParameterRow(0x39, "3.41", p.ParameterCompatibilityInformation, contents.INSTRUCTIONS),
    _octets(0x3A, "3.34", p.MlppPrecedence, 6, 6),
    _bits(0x3B, "3.31", i.McidRequestIndicators),
    _bits(0x3C, "3.32", i.McidResponseIndicators),
    _bits(0x3D, "3.80", i.HopCounter),
    _bits(0x3E, "3.55", i.TransmissionMediumRequirementPrime),
    _number(0x3F, "3.30", p.LocationNumber),
    _bits(0x40, "3.47", i.RedirectionNumberRestriction),
    _bits(0x43, "3.65", i.CallTransferReference),
    _bits(0x44, "3.67", i.LoopPreventionIndicators),
    _number(0x45, "3.64", p.CallTransferNumber),
    _bits(0x4B, "3.63", i.Ccss),
    _octets(0x4C, "3.66", p.ForwardGvns),
    _octets(0x4D, "3.62", p.BackwardGvns),
    _bits(0x5B, "3.68", i.NetworkManagementControls),
    _octets(0x65, "3.70", p.CorrelationId),
    _octets(0x66, "3.71", p.ScfId),
    _octets(0x6E, "3.72", p.CallDiversionTreatmentIndicators),
    _number(0x6F, "3.73", p.CalledInNumber),
    _octets(0x70, "3.74", p.CallOfferingTreatmentIndicators),
    _octets(0x71, "3.75", p.ChargedPartyIdentification),
    _octets(0x72, "3.76", p.ConferenceTreatmentIndicators),
    _octets(0x73, "3.77", p.DisplayInformation),
    _octets(0x74, "3.78", p.UidActionIndicators),
    _octets(0x75, "3.79", p.UidCapabilityIndicators),
    _octets(0x78, "3.82", p.ApplicationTransport),
    _bits(0x79, "3.81", i.CollectCallRequest),
    _number(0xC0, "3.26", p.GenericNumber, odd="P", head=3),
    ParameterRow(0xC1, "3.24", p.GenericDigits, contents.GENERIC_DIGITS),
    ParameterRow(0xFD, "YDN 038", p.ChargeInformation, forms.whole(p.ChargeInformation, 2, "little"), 2),
)

BY_CODE = {row.code: row for row in ROWS}
BY_TYPE = {row.parameter: row for row in ROWS}
