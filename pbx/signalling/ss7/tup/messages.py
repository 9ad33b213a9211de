"""The messages of the Chinese TUP as a table: heading, name, what they hold (GF 001-9001 of 1990; Q.723 table 3 for those it shares).

Headings are H1 in the high and H0 in the low half octet. All rows are told alike by two published decoders made from the standard
(Nortel's CTUP decoder of 1995, Donjin's signalling monitor), groups H0 also by a textbook; MPR stands in the second alone. Rows that
China does not use are here since a peer may send them. Left out: NUP and TUP+ of other networks.
"""

from enum import IntEnum
from typing import NamedTuple

from pbx.signalling.ss7.tup import contents as c


class Heading(IntEnum):
    """Heading codes."""

    IAM = 0x11
    IAI = 0x21
    SAM = 0x31
    SAO = 0x41
    GSM = 0x12
    COT = 0x32
    CCF = 0x42
    GRQ = 0x13
    ACM = 0x14
    CHG = 0x24
    SEC = 0x15
    CGC = 0x25
    NNC = 0x35
    ADI = 0x45
    CFL = 0x55
    SSB = 0x65
    UNN = 0x75
    LOS = 0x85
    SST = 0x95
    ACB = 0xA5
    DPN = 0xB5
    MPR = 0xC5
    EUM = 0xF5
    ANU = 0x06
    ANC = 0x16
    ANN = 0x26
    CBK = 0x36
    CLF = 0x46
    RAN = 0x56
    FOT = 0x66
    CCL = 0x76
    RLG = 0x17
    BLO = 0x27
    BLA = 0x37
    UBL = 0x47
    UBA = 0x57
    CCR = 0x67
    RSC = 0x77
    MGB = 0x18
    MBA = 0x28
    MGU = 0x38
    MUA = 0x48
    HGB = 0x58
    HBA = 0x68
    HGU = 0x78
    HUA = 0x88
    GRS = 0x98
    GRA = 0xA8
    SGB = 0xB8
    SBA = 0xC8
    SGU = 0xD8
    SUA = 0xE8
    ACC = 0x1A
    MPM = 0x2C
    OPR = 0x1D
    SLB = 0x1E
    STB = 0x2E
    MAL = 0x1F


class MessageRow(NamedTuple):
    """One message: heading, name, what it holds; ``used`` tells whether Chinese networks use it."""

    heading: Heading
    name: str
    contents: type[c.Contents] = c.Nothing
    used: bool = True


_H = Heading

ROWS = (
    MessageRow(_H.IAM, "initial address", c.InitialAddress),
    MessageRow(_H.IAI, "initial address with additional information", c.InitialAddress),
    MessageRow(_H.SAM, "subsequent address", c.SubsequentAddress),
    MessageRow(_H.SAO, "subsequent address with one signal", c.SubsequentAddress),
    MessageRow(_H.GSM, "general forward set-up information", c.GeneralInformation),
    MessageRow(_H.COT, "continuity"),
    MessageRow(_H.CCF, "continuity failure"),
    MessageRow(_H.GRQ, "general request", c.GeneralRequest),
    MessageRow(_H.ACM, "address complete", c.AddressComplete),
    MessageRow(_H.CHG, "charging", c.Unparsed, used=False),
    MessageRow(_H.SEC, "switching equipment congestion"),
    MessageRow(_H.CGC, "circuit group congestion"),
    MessageRow(_H.NNC, "national network congestion", used=False),
    MessageRow(_H.ADI, "address incomplete"),
    MessageRow(_H.CFL, "call failure"),
    MessageRow(_H.SSB, "subscriber busy", used=False),
    MessageRow(_H.UNN, "unallocated national number"),
    MessageRow(_H.LOS, "line out of service"),
    MessageRow(_H.SST, "send special information tone"),
    MessageRow(_H.ACB, "access barred"),
    MessageRow(_H.DPN, "digital path not provided"),
    MessageRow(_H.MPR, "misdialled trunk prefix"),
    MessageRow(_H.EUM, "extended unsuccessful backward set-up information", c.ExtendedUnsuccessful),
    MessageRow(_H.ANU, "answer, unqualified", used=False),
    MessageRow(_H.ANC, "answer, charge"),
    MessageRow(_H.ANN, "answer, no charge"),
    MessageRow(_H.CBK, "clear-back"),
    MessageRow(_H.CLF, "clear-forward"),
    MessageRow(_H.RAN, "re-answer"),
    MessageRow(_H.FOT, "forward transfer"),
    MessageRow(_H.CCL, "calling party clear"),
    MessageRow(_H.RLG, "release guard"),
    MessageRow(_H.BLO, "blocking"),
    MessageRow(_H.BLA, "blocking acknowledgement"),
    MessageRow(_H.UBL, "unblocking"),
    MessageRow(_H.UBA, "unblocking acknowledgement"),
    MessageRow(_H.CCR, "continuity check request"),
    MessageRow(_H.RSC, "reset circuit"),
    MessageRow(_H.MGB, "maintenance oriented group blocking", c.CircuitRange),
    MessageRow(_H.MBA, "maintenance oriented group blocking acknowledgement", c.CircuitRange),
    MessageRow(_H.MGU, "maintenance oriented group unblocking", c.CircuitRange),
    MessageRow(_H.MUA, "maintenance oriented group unblocking acknowledgement", c.CircuitRange),
    MessageRow(_H.HGB, "hardware failure oriented group blocking", c.CircuitRange),
    MessageRow(_H.HBA, "hardware failure oriented group blocking acknowledgement", c.CircuitRange),
    MessageRow(_H.HGU, "hardware failure oriented group unblocking", c.CircuitRange),
    MessageRow(_H.HUA, "hardware failure oriented group unblocking acknowledgement", c.CircuitRange),
    MessageRow(_H.GRS, "circuit group reset", c.CircuitRange),
    MessageRow(_H.GRA, "circuit group reset acknowledgement", c.CircuitRange),
    MessageRow(_H.SGB, "software generated group blocking", c.CircuitRange, used=False),
    MessageRow(_H.SBA, "software generated group blocking acknowledgement", c.CircuitRange, used=False),
    MessageRow(_H.SGU, "software generated group unblocking", c.CircuitRange, used=False),
    MessageRow(_H.SUA, "software generated group unblocking acknowledgement", c.CircuitRange, used=False),
    MessageRow(_H.ACC, "automatic congestion control", c.CongestionLevel),
    MessageRow(_H.MPM, "metering pulses", c.MeteringPulses),
    MessageRow(_H.OPR, "operator"),
    MessageRow(_H.SLB, "subscriber local busy"),
    MessageRow(_H.STB, "subscriber toll busy"),
    MessageRow(_H.MAL, "malicious call"),
)

BY_HEADING = {row.heading: row for row in ROWS}
