"""ISUP messages written by hand, octet for octet, with what they mean.

Where they come from stands with them: "linkbit" is the published example of a simple ISUP call of that maker of analysers, "osmocom" the
messages of osmo_ss7's test of its codec, "mobicents" those of the ISUP stack jss7; the others were written from the tables of Q.763 and
of the Chinese messages. Octets begin with the circuit identification code.
"""

from typing import NamedTuple

from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import values as v
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType as T
from pbx.signalling.ss7.isup.parameter import Unparsed, Unreadable, Unrecognized
from pbx.signalling.ss7.numbers import NatureOfAddress as N


class Golden(NamedTuple):
    name: str
    octets: bytes
    message: Message


def golden(name, octets, cic, kind, *parameters):
    return Golden(name, bytes.fromhex(octets), Message(cic, kind, parameters))


_HEAD = (i.NatureOfConnectionIndicators(echo_control_included=True), i.ForwardCallIndicators(isup_all_the_way=True, isdn_access=True))

PUBLISHED = (
    golden(
        "IAM, linkbit",
        "0500 01 00 2000 0a 03 02 08 06 0310111111f1 0a06 031322222222 00",
        5,
        T.IAM,
        i.NatureOfConnectionIndicators(),
        i.ForwardCallIndicators(isup_all_the_way=True),
        i.CallingPartysCategory(v.Category.ORDINARY),
        i.TransmissionMediumRequirement(v.TransmissionMedium.AUDIO_3_1_KHZ),
        p.CalledPartyNumber("1111111F", N.NATIONAL),
        p.CallingPartyNumber("22222222", N.NATIONAL),
    ),
    golden(
        "IAM with a parameter of a network's own, osmocom",
        "0900 01 10 4800 0a 03 02 0a 08 831029992400800f 0a08 0313940342309320 f215 361908000015ffffffffffffffffffff1d4538cb20 00",
        9,
        T.IAM,
        i.NatureOfConnectionIndicators(echo_control_included=True),
        i.ForwardCallIndicators(interworking=True, preference=v.Preference.NOT_REQUIRED),
        i.CallingPartysCategory(v.Category.ORDINARY),
        i.TransmissionMediumRequirement(v.TransmissionMedium.AUDIO_3_1_KHZ),
        p.CalledPartyNumber("9299420008F", N.NATIONAL),
        p.CallingPartyNumber("493024033902", N.NATIONAL, screening=v.Screening.NETWORK_PROVIDED),
        Unrecognized(0xF2, bytes.fromhex("361908000015ffffffffffffffffffff1d4538cb20")),
    ),
    golden("GRS, osmocom", "0100 17 01 01 0e", 1, T.GRS, p.RangeAndStatus(14)),
    golden(
        "IAM of a redirected call, mobicents",
        "0c0b 01 10 2001 0a 00 02 0a 08 04109700000000f0 0a08 8411970000000000 0b07 03100900000000 1302 0332"
        "2807 03100900000000 1d03 8090a3 3102 005a 3402 9181 6f08 8414070000000000 00",
        2828,
        T.IAM,
        *_HEAD,
        i.CallingPartysCategory(v.Category.ORDINARY),
        i.TransmissionMediumRequirement(v.TransmissionMedium.SPEECH),
        p.CalledPartyNumber("79000000000F", N.INTERNATIONAL),
        p.CallingPartyNumber("79000000000", N.INTERNATIONAL, screening=v.Screening.USER_PROVIDED_VERIFIED),
        p.RedirectingNumber("9000000000", N.NATIONAL),
        i.RedirectionInformation(v.Redirecting.DIVERTED, 0, 2, v.RedirectionReason.UNCONDITIONAL),
        p.OriginalCalledNumber("9000000000", N.NATIONAL),
        p.UserServiceInformation(b"\x80\x90\xa3"),
        p.PropagationDelayCounter(90),
        p.UserTeleserviceInformation(b"\x91\x81"),
        p.CalledInNumber("70000000000", N.INTERNATIONAL, presentation=v.Presentation.RESTRICTED),
    ),
    golden(
        "ACM, mobicents",
        "0c0b 06 0120 01 290101 1202829c 00",
        2828,
        T.ACM,
        i.BackwardCallIndicators(charge=v.Charge.NO_CHARGE, echo_control_included=True),
        i.OptionalBackwardCallIndicators(in_band_information=True),
        p.CauseIndicators(28, v.Location.PUBLIC_NETWORK_OF_LOCAL_USER),
    ),
    golden("REL, mobicents", "0c0b 0c 02 00 02839f", 2828, T.REL, p.CauseIndicators(31, v.Location.TRANSIT_NETWORK)),
    golden(
        "CPG, mobicents",
        "0c0b 2c 02 01 1102a69d 350103 2105014b836038 00",
        2828,
        T.CPG,
        i.EventInformation(v.Event.PROGRESS),
        i.BackwardCallIndicators(
            v.Charge.CHARGE,
            v.CalledStatus.SUBSCRIBER_FREE,
            v.CalledCategory.PAYPHONE,
            v.EndToEndMethod.SCCP,
            interworking=True,
            isup_all_the_way=True,
            holding=True,
            isdn_access=True,
            sccp_method=v.SccpMethod.CONNECTION_ORIENTED,
        ),
        i.TransmissionMediumUsed(v.TransmissionMedium.AUDIO_3_1_KHZ),
        p.ConnectedNumber("380683", N.SUBSCRIBER, v.NumberingPlan.TELEX, v.Presentation.NOT_AVAILABLE),
    ),
    golden(
        "CQR, mobicents",
        "0c0b 2b 02 03 0101 03010203",
        2828,
        T.CQR,
        p.RangeAndStatus(1),
        p.CircuitStateIndicator((i.CircuitState(1), i.CircuitState(2), i.CircuitState(3))),
    ),
    golden(
        "CGB, mobicents",
        "0c0b 18 01 01 030a0203",
        2828,
        T.CGB,
        i.CircuitGroupSupervisionMessageType(v.SupervisionType.HARDWARE_FAILURE),
        p.RangeAndStatus(10, 0x302),
    ),
    golden(
        "ANM, mobicents",
        "0c0b 09 01 0105010101de01 330701020304050607 00",
        2828,
        T.ANM,
        p.CallReference(65793, b"\xde\x01"),
        p.ServiceActivation(bytes(range(1, 8))),
    ),
)

WRITTEN = (
    golden(
        "IAM of a redirected Chinese call, caller restricted",
        "5100 01 09 6001 f1 00 02 0a 08 831001260321430f 0a07 03171288882143 0801 80 2806 831455153204 0b06 831055153205 1302 1332"
        "3d01 0f 3102 0064 3904 3d9031c1 c006 068390214305 1a04 01230102 00",
        81,
        T.IAM,
        i.NatureOfConnectionIndicators(v.Satellite.ONE, v.ContinuityCheck.ON_A_PREVIOUS_CIRCUIT),
        i.ForwardCallIndicators(isup_all_the_way=True, preference=v.Preference.NOT_REQUIRED, isdn_access=True),
        i.CallingPartysCategory(v.Category.CHINA_ORDINARY_PERIODIC),
        i.TransmissionMediumRequirement(),
        p.CalledPartyNumber("1062301234F"),
        p.CallingPartyNumber("2188881234", presentation=v.Presentation.RESTRICTED),
        i.OptionalForwardCallIndicators(connected_line_requested=True),
        p.OriginalCalledNumber("5551234", presentation=v.Presentation.RESTRICTED),
        p.RedirectingNumber("5551235"),
        i.RedirectionInformation(v.Redirecting.DIVERTED, v.RedirectionReason.USER_BUSY, 2, v.RedirectionReason.UNCONDITIONAL),
        i.HopCounter(15),
        p.PropagationDelayCounter(100),
        p.ParameterCompatibilityInformation(
            (
                p.ParameterInstructions(0x3D, discard_parameter=True),
                p.ParameterInstructions(0x31, end_node=True, pass_on_not_possible=v.PassOnNotPossible.DISCARD_PARAMETER),
            )
        ),
        p.GenericNumber(
            "12345", v.NumberQualifier.ADDITIONAL_CALLING_PARTY_NUMBER, incomplete=True, screening=v.Screening.USER_PROVIDED_NOT_VERIFIED
        ),
        p.ClosedUserGroupInterlockCode("0123", 0x102),
    ),
    golden("SAM", "5100 02 02 00 0480214305", 81, T.SAM, p.SubsequentNumber("12345")),
    golden(
        "ACM of a free ordinary subscriber",
        "5100 06 1604 00",
        81,
        T.ACM,
        i.BackwardCallIndicators(v.Charge.CHARGE, v.CalledStatus.SUBSCRIBER_FREE, v.CalledCategory.ORDINARY, isup_all_the_way=True),
    ),
    golden(
        "CON with the connected number",
        "5100 07 1604 01 21050313123456 00",
        81,
        T.CON,
        i.BackwardCallIndicators(v.Charge.CHARGE, v.CalledStatus.SUBSCRIBER_FREE, v.CalledCategory.ORDINARY, isup_all_the_way=True),
        p.ConnectedNumber("214365"),
    ),
    golden("ANM", "5100 09 00", 81, T.ANM),
    golden(
        "REL from an overloaded exchange",
        "5100 0c 02 04 028090 270101 00",
        81,
        T.REL,
        p.CauseIndicators(16, v.Location.USER),
        i.AutomaticCongestionLevel(1),
    ),
    golden(
        "REL with recommendation and diagnostics",
        "5100 0c 02 00 056483e1aabb",
        81,
        T.REL,
        p.CauseIndicators(97, v.Location.PUBLIC_NETWORK_OF_REMOTE_USER, 3, 3, b"\xaa\xbb"),
    ),
    golden("RLC", "5100 10 00", 81, T.RLC),
    golden("SUS", "5100 0d 01 00", 81, T.SUS, i.SuspendResumeIndicators(by_network=True)),
    golden("RES", "5100 0e 01 00", 81, T.RES, i.SuspendResumeIndicators(by_network=True)),
    golden("COT", "5100 05 01", 81, T.COT, i.ContinuityIndicators(successful=True)),
    golden("CCR", "ff0f 11", 4095, T.CCR),
    golden("BLO", "0100 13", 1, T.BLO),
    golden("UCIC", "0100 2e", 1, T.UCIC),
    golden("CPG, alerting", "5100 2c 01 00", 81, T.CPG, i.EventInformation(v.Event.ALERTING)),
    golden(
        "INR", "5100 03 0900 00", 81, T.INR, i.InformationRequestIndicators(calling_address=True, calling_category=True)
    ),
    golden(
        "INF",
        "5100 04 2300 01 09010a 0a050311214365 00",
        81,
        T.INF,
        i.InformationIndicators(v.AddressResponse.INCLUDED, calling_category=True),
        i.CallingPartysCategory(v.Category.ORDINARY),
        p.CallingPartyNumber("123456", screening=v.Screening.USER_PROVIDED_VERIFIED),
    ),
    golden(
        "CGB of a span",
        "2000 18 00 01 051effffff7f",
        32,
        T.CGB,
        i.CircuitGroupSupervisionMessageType(v.SupervisionType.MAINTENANCE),
        p.RangeAndStatus(30, 0x7FFFFFFF),
    ),
    golden("GRA", "2000 29 01 051e01000040", 32, T.GRA, p.RangeAndStatus(30, 1 << 30 | 1)),
    golden(
        "CQR of an idle circuit with failed hardware and of an unequipped one",
        "2000 2b 02 03 0101 021d03",
        32,
        T.CQR,
        p.RangeAndStatus(1),
        p.CircuitStateIndicator((i.CircuitState(v.Blocking.LOCALLY, v.CallProcessing.IDLE, v.Blocking.LOCALLY), i.CircuitState(3))),
    ),
    golden("CQM", "2000 2a 01 011e", 32, T.CQM, p.RangeAndStatus(30)),
    golden("CFN", "5100 2f 02 00 0380e3f2", 81, T.CFN, p.CauseIndicators(99, v.Location.USER, diagnostics=b"\xf2")),
    golden("SGM", "5100 38 01 2003044869 00", 81, T.SGM, p.UserToUserInformation(b"\x04Hi")),
    golden("USR", "5100 2d 02 00 03044869", 81, T.USR, p.UserToUserInformation(b"\x04Hi")),
    golden("IDR", "5100 36 01 3b0103 00", 81, T.IDR, i.McidRequestIndicators(True, True)),
    golden("IRS", "5100 37 01 3c0101 00", 81, T.IRS, i.McidResponseIndicators(True)),
    golden(
        "NRM",
        "5100 32 01 37011a 00",
        81,
        T.NRM,
        i.EchoControlInformation(
            v.EchoControlDevice.INCLUDED, v.EchoControlDevice.INCLUDED, outgoing_request=v.EchoControlRequest.ACTIVATION
        ),
    ),
    golden(
        "FAR",
        "5100 1f 02 01 2a0104 00",
        81,
        T.FAR,
        i.FacilityIndicator(2),
        i.UserToUserIndicators(service_1=v.UserToUserRequest.NOT_ESSENTIAL),
    ),
    golden("FRJ", "5100 21 02 02 00 02809d", 81, T.FRJ, i.FacilityIndicator(2), p.CauseIndicators(29, v.Location.USER)),
    golden("UPT", "5100 34 00", 81, T.UPT),
    golden("FAC", "5100 33 01 2c01e3 00", 81, T.FAC, p.GenericNotificationIndicator(b"\xe3")),
    golden("LOP", "5100 40 01 430107 440100 00", 81, T.LOP, i.CallTransferReference(7), i.LoopPreventionIndicators()),
    golden("APM", "5100 41 01 78048182c0aa 00", 81, T.APM, p.ApplicationTransport(b"\x81\x82\xc0\xaa")),
    golden("SDN", "5100 43 01 0503802103 00", 81, T.SDN, p.SubsequentNumber("123")),
    golden("PAM", "5100 28 0d0100", 81, T.PAM, Unparsed(b"\x0d\x01\x00")),
    golden("CRG", "5100 31 00ff", 81, T.CRG, Unparsed(b"\x00\xff")),
    golden("MPM, China", "5100 fd 0500 00", 81, T.MPM, p.ChargeInformation(5)),
    golden("CCL, China", "5100 fc 00", 81, T.CCL),
    golden("OPR, China", "5100 fe 01 380181 00", 81, T.OPR, i.MessageCompatibilityInformation(end_node=True)),
    golden("a message to come", "5100 7f 01380181 00", 81, 0x7F, Unparsed(b"\x01\x38\x01\x81\x00")),
    golden("a call reference without a point code", "5100 09 01 0102aabb 00", 81, T.ANM, Unreadable(1, b"\xaa\xbb")),
    golden(
        "a parameter with an octet that a later edition has put behind it, and repeated",
        "5100 09 01 29020155 290102 00",
        81,
        T.ANM,
        i.OptionalBackwardCallIndicators(in_band_information=True, beyond=b"\x55"),
        i.OptionalBackwardCallIndicators(diversion_may_occur=True),
    ),
)

GOLDEN = PUBLISHED + WRITTEN
