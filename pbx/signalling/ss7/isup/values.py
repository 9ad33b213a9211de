"""The code points of ISUP parameters (Q.763 clause 3, Q.850 clause 2.2; the Chinese ones of YDN 038-1997).

Fields of parameters hold plain numbers, since a peer may send any; these names are equal to them. A code without a name here is spare or
belongs to a service we do not offer. Left out: cause values, which are Q.850's in ``pbx/vocabulary/call.py``.
"""

from enum import IntEnum


class Satellite(IntEnum):
    """Satellite indicator (3.35)."""

    NONE = 0
    ONE = 1
    TWO = 2


class ContinuityCheck(IntEnum):
    """Continuity check indicator (3.35)."""

    NOT_REQUIRED = 0
    REQUIRED = 1
    ON_A_PREVIOUS_CIRCUIT = 2


class EndToEndMethod(IntEnum):
    """End-to-end method indicator (3.5, 3.23)."""

    NONE = 0
    PASS_ALONG = 1
    SCCP = 2
    PASS_ALONG_AND_SCCP = 3


class Preference(IntEnum):
    """ISDN user part preference indicator (3.23)."""

    PREFERRED = 0
    NOT_REQUIRED = 1
    REQUIRED = 2


class SccpMethod(IntEnum):
    """SCCP method indicator (3.5, 3.23)."""

    NO_INDICATION = 0
    CONNECTIONLESS = 1
    CONNECTION_ORIENTED = 2
    CONNECTIONLESS_AND_CONNECTION_ORIENTED = 3


class Category(IntEnum):
    """Calling party's category (3.11); from 0xF0 on those of YDN 038, written from memory."""

    UNKNOWN = 0
    OPERATOR_FRENCH = 1
    OPERATOR_ENGLISH = 2
    OPERATOR_GERMAN = 3
    OPERATOR_RUSSIAN = 4
    OPERATOR_SPANISH = 5
    NATIONAL_OPERATOR = 9
    ORDINARY = 10
    PRIORITY = 11
    DATA = 12
    TEST = 13
    PAYPHONE = 15
    CHINA_ORDINARY_FREE = 0xF0
    CHINA_ORDINARY_PERIODIC = 0xF1
    CHINA_ORDINARY_METER_IMMEDIATE = 0xF2
    CHINA_ORDINARY_PRINTER_IMMEDIATE = 0xF3
    CHINA_PRIORITY_FREE = 0xF4
    CHINA_PRIORITY_PERIODIC = 0xF5
    CHINA_ORDINARY_BETWEEN_LOCAL_EXCHANGES = 0xF8


class TransmissionMedium(IntEnum):
    """Transmission medium requirement (3.54), also used for prime and used (3.55, 3.56)."""

    SPEECH = 0
    UNRESTRICTED_64_KBIT = 2
    AUDIO_3_1_KHZ = 3
    PREFERRED_64_KBIT = 6
    UNRESTRICTED_2_X_64_KBIT = 7
    UNRESTRICTED_384_KBIT = 8
    UNRESTRICTED_1536_KBIT = 9
    UNRESTRICTED_1920_KBIT = 10


class NumberingPlan(IntEnum):
    """Numbering plan indicator (3.9 d)."""

    UNKNOWN = 0
    ISDN = 1
    DATA = 3
    TELEX = 4
    PRIVATE = 5


class Presentation(IntEnum):
    """Address presentation restricted indicator (3.10 e)."""

    ALLOWED = 0
    RESTRICTED = 1
    NOT_AVAILABLE = 2
    RESTRICTED_BY_NETWORK = 3


class Screening(IntEnum):
    """Screening indicator (3.10 f); 0 and 2 belong to additional numbers (3.26)."""

    USER_PROVIDED_NOT_VERIFIED = 0
    USER_PROVIDED_VERIFIED = 1
    USER_PROVIDED_VERIFIED_AND_FAILED = 2
    NETWORK_PROVIDED = 3


class NumberQualifier(IntEnum):
    """Number qualifier indicator of the generic number (3.26)."""

    ADDITIONAL_CALLED_NUMBER = 1
    ADDITIONAL_CONNECTED_NUMBER = 5
    ADDITIONAL_CALLING_PARTY_NUMBER = 6
    ADDITIONAL_ORIGINAL_CALLED_NUMBER = 7
    ADDITIONAL_REDIRECTING_NUMBER = 8
    ADDITIONAL_REDIRECTION_NUMBER = 9


class Charge(IntEnum):
    """Charge indicator (3.5)."""

    NO_INDICATION = 0
    NO_CHARGE = 1
    CHARGE = 2


class CalledStatus(IntEnum):
    """Called party's status indicator (3.5)."""

    NO_INDICATION = 0
    SUBSCRIBER_FREE = 1
    CONNECT_WHEN_FREE = 2


class CalledCategory(IntEnum):
    """Called party's category indicator (3.5)."""

    NO_INDICATION = 0
    ORDINARY = 1
    PAYPHONE = 2


class ClosedUserGroupCall(IntEnum):
    """Closed user group call indicator (3.38)."""

    NONE = 0
    OUTGOING_ACCESS_ALLOWED = 2
    OUTGOING_ACCESS_NOT_ALLOWED = 3


class AddressResponse(IntEnum):
    """Calling party address response indicator (3.27)."""

    NOT_INCLUDED = 0
    NOT_AVAILABLE = 1
    INCLUDED = 3


class Event(IntEnum):
    """Event indicator (3.21)."""

    ALERTING = 1
    PROGRESS = 2
    IN_BAND_INFORMATION = 3
    FORWARDED_ON_BUSY = 4
    FORWARDED_ON_NO_REPLY = 5
    FORWARDED_UNCONDITIONALLY = 6


class Redirecting(IntEnum):
    """Redirecting indicator (3.45)."""

    NO_REDIRECTION = 0
    REROUTED = 1
    REROUTED_ALL_RESTRICTED = 2
    DIVERTED = 3
    DIVERTED_ALL_RESTRICTED = 4
    REROUTED_NUMBER_RESTRICTED = 5
    DIVERTED_NUMBER_RESTRICTED = 6


class RedirectionReason(IntEnum):
    """Original redirection reason and redirecting reason (3.45, 3.6)."""

    UNKNOWN = 0
    USER_BUSY = 1
    NO_REPLY = 2
    UNCONDITIONAL = 3
    DEFLECTION_DURING_ALERTING = 4
    DEFLECTION_IMMEDIATE_RESPONSE = 5
    NOT_REACHABLE = 6


class NotificationSubscription(IntEnum):
    """Notification subscription options (3.6)."""

    UNKNOWN = 0
    NOT_ALLOWED = 1
    ALLOWED_WITH_NUMBER = 2
    ALLOWED_WITHOUT_NUMBER = 3


class Location(IntEnum):
    """Location of the cause (Q.850 clause 2.2.3)."""

    USER = 0
    PRIVATE_NETWORK_OF_LOCAL_USER = 1
    PUBLIC_NETWORK_OF_LOCAL_USER = 2
    TRANSIT_NETWORK = 3
    PUBLIC_NETWORK_OF_REMOTE_USER = 4
    PRIVATE_NETWORK_OF_REMOTE_USER = 5
    INTERNATIONAL_NETWORK = 7
    NETWORK_BEYOND_INTERWORKING_POINT = 10


class SupervisionType(IntEnum):
    """Circuit group supervision message type (3.13)."""

    MAINTENANCE = 0
    HARDWARE_FAILURE = 1


class Blocking(IntEnum):
    """Maintenance blocking state, call processing state not idle, and hardware blocking state (3.14)."""

    NONE = 0
    LOCALLY = 1
    REMOTELY = 2
    BOTH = 3


class CallProcessing(IntEnum):
    """Call processing state of a circuit (3.14): with 0 the maintenance bits tell transient, unequipped."""

    TRANSIENT_OR_UNEQUIPPED = 0
    INCOMING_BUSY = 1
    OUTGOING_BUSY = 2
    IDLE = 3


class PassOnNotPossible(IntEnum):
    """What becomes of a parameter that cannot be passed on (3.41)."""

    RELEASE_CALL = 0
    DISCARD_MESSAGE = 1
    DISCARD_PARAMETER = 2


class NetworkIdentification(IntEnum):
    """Type of network identification (3.53)."""

    ITU_T = 0
    NATIONAL = 2


class EchoControlDevice(IntEnum):
    """Information on an echo control device, either direction (3.19)."""

    NO_INFORMATION = 0
    NOT_INCLUDED_NOT_AVAILABLE = 1
    INCLUDED = 2
    NOT_INCLUDED_AVAILABLE = 3


class EchoControlRequest(IntEnum):
    """Request for an echo control device, either direction (3.19)."""

    NONE = 0
    ACTIVATION = 1
    DEACTIVATION = 2


class UserToUserRequest(IntEnum):
    """Services 1 to 3 asked for (3.60, type 0)."""

    NO_INFORMATION = 0
    NOT_ESSENTIAL = 2
    ESSENTIAL = 3


class LoopPreventionResponse(IntEnum):
    """Response indicator of loop prevention (3.67)."""

    INSUFFICIENT_INFORMATION = 0
    NO_LOOP = 1
    SIMULTANEOUS_TRANSFER = 2
