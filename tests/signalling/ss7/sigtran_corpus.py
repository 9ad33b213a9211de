"""Every message of M3UA, M2UA and M2PA with every parameter it may have, at odd values."""

from pbx.signalling.ss7.sigtran import m2pa_messages
from pbx.signalling.ss7.sigtran.codec import Message
from pbx.signalling.ss7.sigtran.m2pa_messages import STATES, LinkStatus, UserData
from pbx.signalling.ss7.sigtran.tables import M2UA, M3UA, ProtocolData

UNIT = bytes.fromhex("85336415346415050a0012")
"""A reset of circuit 10, from its service information octet on."""
VALUES = {
    "info": "zongji",
    "diagnostic": b"what was it",
    "heartbeat": b"\x00\x00\x00\x07x",
    "mode": 2,
    "error": 0x19,
    "status": (1, 3),
    "asp": 0x01020304,
    "correlation": 0x0A0B0C0D,
    "contexts": (7, 8),
    "affected": ((0, 0x156433), (8, 0x156400)),
    "appearance": 5,
    "cause": (1, 5),
    "congestion": 2,
    "concerned": 0x156434,
    "data": ProtocolData(0x156433, 0x156434, 5, 2, 1, 11, b"\x0a\x00\x12"),
    "identifiers": (0x01020304,),
    "ranges": ((1, 5), (7, 9)),
    "name": "link 3",
    "state": 2,
    "event": 1,
    "discard": 1,
    "action": 2,
    "sequence": 100,
    "result": 1,
}


def examples(dialect):
    """Each message with all it may have, and with what it must have."""
    for name, row in dialect.messages.items():
        values = VALUES | {"data": UNIT} if dialect is M2UA else VALUES
        texts = ("identifiers", "ranges", "name") if "name" in row.parameters else ()
        for left_out in {tuple(one for one in texts if one != kept) for kept in texts or ("",)}:
            yield Message(name, {one: values[one] for one in row.parameters if one not in left_out})
        yield Message(name, {one: values[one] for one in row.mandatory})


DIALECTS = {"m3ua": M3UA, "m2ua": M2UA}
EXAMPLES = [(name, value) for name, dialect in DIALECTS.items() for value in examples(dialect)]
OF_M2PA = [
    *(LinkStatus(0x123456, 0xFEDCBA, state) for state in STATES),
    LinkStatus(m2pa_messages.LAST, 0, "proving normal", 20),
    UserData(0, 1),
    UserData(0x123456, 0xFEDCBA, UNIT),
    UserData(0, 1, UNIT, 2),
    UserData(5, 6, UNIT, 3),
]
