"""Messages of the Chinese TUP written by hand out of the tables of GF 001-9001, octet for octet, with what they mean.

No program but ours speaks this user part where these tests run: they and the decoder of ``tup_tables.py`` are the judges. Octets begin with
the circuit identification code; circuit 81 is time slot 17 of the span 2.
"""

from typing import NamedTuple

from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import Message
from pbx.signalling.ss7.tup.messages import Heading


class Golden(NamedTuple):
    name: str
    octets: bytes
    message: Message


def golden(name, octets, cic, heading, contents=c.Nothing()):  # noqa: B008  # frozen
    return Golden(name, bytes.fromhex(octets), Message(cic, heading, contents))


PLAIN = {
    Heading.COT: "32",
    Heading.CCF: "42",
    Heading.SEC: "15",
    Heading.CGC: "25",
    Heading.NNC: "35",
    Heading.ADI: "45",
    Heading.CFL: "55",
    Heading.SSB: "65",
    Heading.UNN: "75",
    Heading.LOS: "85",
    Heading.SST: "95",
    Heading.ACB: "a5",
    Heading.DPN: "b5",
    Heading.MPR: "c5",
    Heading.ANU: "06",
    Heading.ANC: "16",
    Heading.ANN: "26",
    Heading.CBK: "36",
    Heading.CLF: "46",
    Heading.RAN: "56",
    Heading.FOT: "66",
    Heading.CCL: "76",
    Heading.RLG: "17",
    Heading.BLO: "27",
    Heading.BLA: "37",
    Heading.UBL: "47",
    Heading.UBA: "57",
    Heading.CCR: "67",
    Heading.RSC: "77",
    Heading.OPR: "1d",
    Heading.SLB: "1e",
    Heading.STB: "2e",
    Heading.MAL: "1f",
}
GROUPS = {
    Heading.MGB: "18",
    Heading.MBA: "28",
    Heading.MGU: "38",
    Heading.MUA: "48",
    Heading.HGB: "58",
    Heading.HBA: "68",
    Heading.HGU: "78",
    Heading.HUA: "88",
    Heading.GRA: "a8",
    Heading.SGB: "b8",
    Heading.SBA: "c8",
    Heading.SGU: "d8",
    Heading.SUA: "e8",
}

GOLDEN = (
    *(golden(heading.name, f"5100 {octet}", 81, heading) for heading, octet in PLAIN.items()),
    *(
        golden(f"{heading.name} of circuits 32 and 41", f"2000 {octet} 09 0102", 32, heading, c.CircuitRange(9, 0x201))
        for heading, octet in GROUPS.items()
    ),
    golden("GRS of a span", "2000 98 1e", 32, Heading.GRS, c.CircuitRange(30)),
    golden("MGB of a span", "2000 18 1e ffffff7f", 32, Heading.MGB, c.CircuitRange(30, 0x7FFFFFFF)),
    golden(
        "IAM of a local call", "5100 11 18 00 80 26032143", 81, Heading.IAM, c.InitialAddress("62301234", 24, c.Nature.SUBSCRIBER)
    ),
    golden(
        "IAM with all indicators",
        "5100 11 11 d6 37 2103",
        81,
        Heading.IAM,
        c.InitialAddress(
            "123",
            c.Category.ORDINARY_PERIODIC,
            c.Nature.NATIONAL,
            satellite=1,
            continuity_check=c.ContinuityCheck.REQUIRED,
            echo_control=True,
            incoming_international=True,
            redirected=True,
            all_digital=True,
            all_ss7=True,
        ),
    ),
    golden(
        "IAI of a redirected call, caller restricted",
        "5100 21 0a 02 b4 01260321430f 30 a61288882143 8026036587",
        81,
        Heading.IAI,
        c.InitialAddress(
            "1062301234F",
            all_ss7=True,
            additional=c.Additional(
                c.LineIdentity("2188881234", restricted=True), c.OriginalCalledAddress("62305678", c.Nature.SUBSCRIBER)
            ),
        ),
    ),
    golden(
        "IAI of a caller without number",
        "5100 21 12 00 10 01 10 08",
        81,
        Heading.IAI,
        c.InitialAddress(
            "1",
            c.Category.ORDINARY_METER_IMMEDIATE,
            c.Nature.SUBSCRIBER,
            additional=c.Additional(c.LineIdentity("", c.Nature.SUBSCRIBER, incomplete=True)),
        ),
    ),
    golden(
        "IAI with charging information",
        "5100 21 10 00 10 01 50 2221 aabb",
        81,
        Heading.IAI,
        c.InitialAddress(
            "1",
            c.Category.ORDINARY_FREE,
            c.Nature.SUBSCRIBER,
            additional=c.Additional(c.LineIdentity("12"), other=0x40, rest=b"\xaa\xbb"),
        ),
    ),
    golden(
        "IAI with network capability, behind which nothing can be told apart",
        "5100 21 10 00 10 01 11 072221",
        81,
        Heading.IAI,
        c.InitialAddress(
            "1", c.Category.ORDINARY_FREE, c.Nature.SUBSCRIBER, additional=c.Additional(other=0x11, rest=b"\x07\x22\x21")
        ),
    ),
    golden("SAM", "5100 31 50 214305", 81, Heading.SAM, c.SubsequentAddress("12345")),
    golden("SAO", "5100 41 09", 81, Heading.SAO, c.SubsequentAddress("9")),
    golden(
        "GSM with category, caller and hold",
        "5100 12 43 12 8026032143",
        81,
        Heading.GSM,
        c.GeneralInformation(hold=True, category=18, calling=c.LineIdentity("62301234", c.Nature.SUBSCRIBER)),
    ),
    golden(
        "GSM with an incoming trunk",
        "5100 12 0e 2221 0123 2221",
        81,
        Heading.GSM,
        c.GeneralInformation(
            incoming_trunk=True, original_called_follows=True, calling=c.LineIdentity("12"), rest=b"\x01\x23\x22\x21"
        ),
    ),
    golden(
        "GSM with the original called address",
        "5100 12 08 2021",
        81,
        Heading.GSM,
        c.GeneralInformation(original_called=c.OriginalCalledAddress("12", c.Nature.SUBSCRIBER)),
    ),
    golden("GRQ", "5100 13 13", 81, Heading.GRQ, c.GeneralRequest(calling_category=True, calling_line=True, hold=True)),
    golden("ACM", "5100 14 25", 81, Heading.ACM, c.AddressComplete(c.CompleteType.CHARGE, subscriber_free=True, ss7_path=True)),
    golden(
        "ACM of a coinbox", "5100 14 1b", 81, Heading.ACM, c.AddressComplete(c.CompleteType.COINBOX, echo_control=True, forwarded=True)
    ),
    golden("CHG", "5100 24 0102", 81, Heading.CHG, c.Unparsed(b"\x01\x02")),
    golden("EUM from 21-100-51", "5100 f5 01 336415", 81, Heading.EUM, c.ExtendedUnsuccessful(1, b"\x33\x64\x15")),
    golden("ACC", "5100 1a 02", 81, Heading.ACC, c.CongestionLevel(2)),
    golden("MPM", "5100 2c 0301", 81, Heading.MPM, c.MeteringPulses(259)),
    golden("a heading without message", "5100 2a 00", 81, 0x2A, c.Unparsed(b"\x00")),
)
