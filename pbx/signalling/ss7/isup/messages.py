"""The messages of ISUP as a table (Q.763 tables 4 and 21 to 53, edition 12/99; the Chinese ones of YDN 038-1997).

A row says which parameters are mandatory, fixed and variable, in their order, and which may stand in the optional part: None where a
message has no such part. Numbers of tables above 42 are those of a Chinese summary of that edition where it names them, else from memory,
as are the lists of optional parameters. Reading and writing go by the mandatory parts alone; whether an optional parameter has a place in
a message is for the procedures (Q.764 clause 2.9.5) to judge. What the Chinese messages hold is told by the manual of another maker's
ISUP (Dialogic SS7 Protocols, ISUP Programmer's Manual, issue 15). Left out: the messages of American ISUP.
"""

from enum import IntEnum
from typing import NamedTuple

from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.parameter import Parameter


class MessageType(IntEnum):
    """Message types (Q.763 table 4); CCL, MPM and OPR are China's."""

    IAM = 0x01
    SAM = 0x02
    INR = 0x03
    INF = 0x04
    COT = 0x05
    ACM = 0x06
    CON = 0x07
    FOT = 0x08
    ANM = 0x09
    REL = 0x0C
    SUS = 0x0D
    RES = 0x0E
    RLC = 0x10
    CCR = 0x11
    RSC = 0x12
    BLO = 0x13
    UBL = 0x14
    BLA = 0x15
    UBA = 0x16
    GRS = 0x17
    CGB = 0x18
    CGU = 0x19
    CGBA = 0x1A
    CGUA = 0x1B
    FAR = 0x1F
    FAA = 0x20
    FRJ = 0x21
    LPA = 0x24
    PAM = 0x28
    GRA = 0x29
    CQM = 0x2A
    CQR = 0x2B
    CPG = 0x2C
    USR = 0x2D
    UCIC = 0x2E
    CFN = 0x2F
    OLM = 0x30
    CRG = 0x31
    NRM = 0x32
    FAC = 0x33
    UPT = 0x34
    UPA = 0x35
    IDR = 0x36
    IRS = 0x37
    SGM = 0x38
    LOP = 0x40
    APM = 0x41
    PRI = 0x42
    SDN = 0x43
    CCL = 0xFC
    MPM = 0xFD
    OPR = 0xFE


Types = tuple[type[Parameter], ...]


class MessageRow(NamedTuple):
    """One message: its type, name, table of Q.763, mandatory fixed and variable parts, and what its optional part may hold.

    ``national``: all that follows the type is a network's own matter, or another message, and kept as octets.
    """

    type: MessageType
    name: str
    clause: str
    fixed: Types = ()
    variable: Types = ()
    optional: Types | None = None
    national: bool = False


_COMPATIBILITY: Types = (i.MessageCompatibilityInformation, p.ParameterCompatibilityInformation)
_INITIAL_ADDRESS: Types = (
    p.TransitNetworkSelection,
    p.CallReference,
    p.CallingPartyNumber,
    i.OptionalForwardCallIndicators,
    p.RedirectingNumber,
    i.RedirectionInformation,
    p.ClosedUserGroupInterlockCode,
    p.ConnectionRequest,
    p.OriginalCalledNumber,
    p.UserToUserInformation,
    p.AccessTransport,
    p.UserServiceInformation,
    i.UserToUserIndicators,
    p.GenericNumber,
    p.PropagationDelayCounter,
    p.UserServiceInformationPrime,
    p.NetworkSpecificFacility,
    p.GenericDigits,
    p.OriginationIscPointCode,
    p.UserTeleserviceInformation,
    p.RemoteOperations,
    p.ParameterCompatibilityInformation,
    p.GenericNotificationIndicator,
    p.ServiceActivation,
    p.MlppPrecedence,
    i.TransmissionMediumRequirementPrime,
    p.LocationNumber,
    p.ForwardGvns,
    i.Ccss,
    i.NetworkManagementControls,
    p.CircuitAssignmentMap,
    p.CorrelationId,
    p.CallDiversionTreatmentIndicators,
    p.CalledInNumber,
    p.CallOfferingTreatmentIndicators,
    p.ConferenceTreatmentIndicators,
    p.ScfId,
    p.UidCapabilityIndicators,
    i.EchoControlInformation,
    i.HopCounter,
    i.CollectCallRequest,
    p.ApplicationTransport,
)
_BACKWARD: Types = (
    i.OptionalBackwardCallIndicators,
    p.CallReference,
    i.UserToUserIndicators,
    p.UserToUserInformation,
    p.AccessTransport,
    i.AccessDeliveryInformation,
    p.GenericNotificationIndicator,
    p.ParameterCompatibilityInformation,
    i.TransmissionMediumUsed,
    p.NetworkSpecificFacility,
    p.RemoteOperations,
    p.RedirectionNumber,
    i.RedirectionNumberRestriction,
    i.EchoControlInformation,
    p.ServiceActivation,
    p.ConferenceTreatmentIndicators,
    p.ApplicationTransport,
)
_CONNECTED: Types = (p.ConnectedNumber, p.GenericNumber, p.CallHistoryInformation, p.BackwardGvns)
_PROGRESS: Types = (p.CauseIndicators, i.CallDiversionInformation, p.UidActionIndicators)
_RELEASE: Types = (
    i.RedirectionInformation,
    p.RedirectionNumber,
    p.AccessTransport,
    p.SignallingPointCode,
    p.UserToUserInformation,
    i.AutomaticCongestionLevel,
    p.NetworkSpecificFacility,
    i.AccessDeliveryInformation,
    p.ParameterCompatibilityInformation,
    i.UserToUserIndicators,
    p.DisplayInformation,
    p.RemoteOperations,
)
_FACILITY: Types = (i.UserToUserIndicators, p.CallReference, p.ConnectionRequest, p.ParameterCompatibilityInformation)
_FACILITY_OF_CALL: Types = (
    p.RemoteOperations,
    p.ServiceActivation,
    p.CallTransferNumber,
    p.AccessTransport,
    p.GenericNotificationIndicator,
    p.RedirectionNumber,
)
_INFORMATION: Types = (
    i.CallingPartysCategory,
    p.CallingPartyNumber,
    p.CallReference,
    p.ConnectionRequest,
    p.ParameterCompatibilityInformation,
    p.NetworkSpecificFacility,
)
_IDENTIFICATION: Types = (
    i.McidResponseIndicators,
    p.CallingPartyNumber,
    p.AccessTransport,
    p.GenericNumber,
    p.ChargedPartyIdentification,
)
_SEGMENT: Types = (
    p.AccessTransport,
    p.UserToUserInformation,
    i.MessageCompatibilityInformation,
    p.GenericDigits,
    p.GenericNotificationIndicator,
    p.GenericNumber,
)

_T = MessageType
_RANGE: Types = (p.RangeAndStatus,)
_GROUP: Types = (i.CircuitGroupSupervisionMessageType,)
_CHINA: Types = (i.MessageCompatibilityInformation,)
_INITIAL: Types = (
    i.NatureOfConnectionIndicators,
    i.ForwardCallIndicators,
    i.CallingPartysCategory,
    i.TransmissionMediumRequirement,
)

ROWS = (
    MessageRow(_T.ACM, "address complete", "21", (i.BackwardCallIndicators,), (), (*_BACKWARD, *_PROGRESS)),
    MessageRow(_T.ANM, "answer", "22", (), (), (i.BackwardCallIndicators, *_BACKWARD, *_CONNECTED, p.DisplayInformation)),
    MessageRow(
        _T.CPG,
        "call progress",
        "23",
        (i.EventInformation,),
        (),
        (i.BackwardCallIndicators, *_BACKWARD, *_PROGRESS, *_CONNECTED, p.CallTransferNumber),
    ),
    MessageRow(_T.CQR, "circuit group query response", "24", (), (p.RangeAndStatus, p.CircuitStateIndicator)),
    MessageRow(_T.GRA, "circuit group reset acknowledgement", "25", (), _RANGE),
    MessageRow(_T.CFN, "confusion", "26", (), (p.CauseIndicators,), ()),
    MessageRow(_T.CON, "connect", "27", (i.BackwardCallIndicators,), (), (*_BACKWARD, *_CONNECTED)),
    MessageRow(_T.COT, "continuity", "28", (i.ContinuityIndicators,)),
    MessageRow(_T.FRJ, "facility reject", "29", (i.FacilityIndicator,), (p.CauseIndicators,), _FACILITY),
    MessageRow(_T.INF, "information", "30", (i.InformationIndicators,), (), _INFORMATION),
    MessageRow(
        _T.INR,
        "information request",
        "31",
        (i.InformationRequestIndicators,),
        (),
        (p.CallReference, p.NetworkSpecificFacility, p.ParameterCompatibilityInformation),
    ),
    MessageRow(_T.IAM, "initial address", "32", _INITIAL, (p.CalledPartyNumber,), _INITIAL_ADDRESS),
    MessageRow(_T.REL, "release", "33", (), (p.CauseIndicators,), _RELEASE),
    MessageRow(_T.RLC, "release complete", "34", (), (), (p.CauseIndicators,)),
    MessageRow(_T.SAM, "subsequent address", "35", (), (p.SubsequentNumber,), ()),
    MessageRow(_T.USR, "user-to-user information", "36", (), (p.UserToUserInformation,), (p.AccessTransport,)),
    MessageRow(_T.FOT, "forward transfer", "37", (), (), (p.CallReference,)),
    MessageRow(_T.SUS, "suspend", "38", (i.SuspendResumeIndicators,), (), (p.CallReference,)),
    MessageRow(_T.RES, "resume", "38", (i.SuspendResumeIndicators,), (), (p.CallReference,)),
    MessageRow(_T.CCR, "continuity check request", "39"),
    MessageRow(_T.RSC, "reset circuit", "39"),
    MessageRow(_T.BLO, "blocking", "39"),
    MessageRow(_T.UBL, "unblocking", "39"),
    MessageRow(_T.BLA, "blocking acknowledgement", "39"),
    MessageRow(_T.UBA, "unblocking acknowledgement", "39"),
    MessageRow(_T.LPA, "loop back acknowledgement", "39"),
    MessageRow(_T.OLM, "overload", "39"),
    MessageRow(_T.UCIC, "unequipped circuit identification code", "39"),
    MessageRow(_T.CGB, "circuit group blocking", "40", _GROUP, _RANGE),
    MessageRow(_T.CGU, "circuit group unblocking", "40", _GROUP, _RANGE),
    MessageRow(_T.CGBA, "circuit group blocking acknowledgement", "40", _GROUP, _RANGE),
    MessageRow(_T.CGUA, "circuit group unblocking acknowledgement", "40", _GROUP, _RANGE),
    MessageRow(_T.GRS, "circuit group reset", "41", (), _RANGE),
    MessageRow(_T.CQM, "circuit group query", "41", (), _RANGE),
    MessageRow(_T.FAR, "facility request", "42", (i.FacilityIndicator,), (), _FACILITY),
    MessageRow(_T.FAA, "facility accepted", "42", (i.FacilityIndicator,), (), _FACILITY),
    MessageRow(_T.UPT, "user part test", "44", (), (), (p.ParameterCompatibilityInformation,)),
    MessageRow(_T.UPA, "user part available", "44", (), (), (p.ParameterCompatibilityInformation,)),
    MessageRow(_T.FAC, "facility", "45", (), (), (*_COMPATIBILITY, *_FACILITY_OF_CALL)),
    MessageRow(_T.NRM, "network resource management", "46", (), (), (*_COMPATIBILITY, i.EchoControlInformation)),
    MessageRow(_T.IDR, "identification request", "47", (), (), (*_COMPATIBILITY, i.McidRequestIndicators)),
    MessageRow(_T.IRS, "identification response", "48", (), (), (*_COMPATIBILITY, *_IDENTIFICATION)),
    MessageRow(_T.SGM, "segmentation", "49", (), (), _SEGMENT),
    MessageRow(
        _T.LOP, "loop prevention", "50", (), (), (*_COMPATIBILITY, i.CallTransferReference, i.LoopPreventionIndicators)
    ),
    MessageRow(_T.APM, "application transport", "51", (), (), (*_COMPATIBILITY, p.ApplicationTransport)),
    MessageRow(
        _T.PRI,
        "pre-release information",
        "52",
        (),
        (),
        (*_COMPATIBILITY, i.OptionalForwardCallIndicators, i.OptionalBackwardCallIndicators, p.ApplicationTransport),
    ),
    MessageRow(_T.SDN, "subsequent directory number", "53", (), (), (p.SubsequentNumber, *_COMPATIBILITY)),
    MessageRow(_T.PAM, "pass-along", "Q.763 1.13", national=True),
    MessageRow(_T.CRG, "charge information", "national", national=True),
    MessageRow(_T.MPM, "metering pulse", "YDN 038", (p.ChargeInformation,), (), _CHINA),
    MessageRow(_T.CCL, "calling party clear", "YDN 038", (), (), _CHINA),
    MessageRow(_T.OPR, "operator", "YDN 038", (), (), _CHINA),
)

BY_TYPE = {row.type: row for row in ROWS}
