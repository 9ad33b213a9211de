"""tshark as a judge of M2PA, M3UA and M2UA: every message with every parameter, and all that whole runs in trouble wrote.

Messages go to it in a pcap file of link type 248 (SCTP, https://www.tcpdump.org/linktypes.html), each in a DATA chunk with its payload
protocol identifier; what it has read comes back as PDML and must be what was meant, field by field in their order, with nothing malformed.
"""

import struct
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.primitives import Pause
from pbx.signalling.ss7.sigtran import codec, m2pa_messages
from pbx.signalling.ss7.sigtran.asp import DeactivateServer
from pbx.signalling.ss7.sigtran.association import PAYLOAD_PROTOCOLS, PORTS
from pbx.signalling.ss7.sigtran.m2pa_messages import STATES, LinkStatus, UserData
from pbx.signalling.ss7.sigtran.m2ua_plan import REQUESTS
from tests.interop.tshark import needs_tshark
from tests.signalling.ss7 import test_m2ua_network, test_m3ua_pair
from tests.signalling.ss7.m2pa_wire import M2paWire
from tests.signalling.ss7.network import pair
from tests.signalling.ss7.sigtran_corpus import DIALECTS, EXAMPLES, OF_M2PA
from tests.signalling.ss7.sigtran_runs import RUNS

pytestmark = needs_tshark
LINK_TYPE_SCTP = 248
STRUCTURE = (
    "version",
    "reserved",
    "message_class",
    "message_type",
    "message_length",
    "parameter_tag",
    "parameter_length",
    "parameter_padding",
)

FIELDS = {
    "info": ("info_string",),
    "diagnostic": ("diagnostic_information",),
    "heartbeat": ("heartbeat_data",),
    "mode": ("traffic_mode_type",),
    "error": ("error_code",),
    "status": ("status_type", "status_info"),
    "asp": ("asp_identifier",),
    "correlation": ("correlation_identifier",),
    "contexts": ("routing_context",),
    "affected": ("affected_point_code_mask", "affected_point_code_pc"),
    "appearance": ("network_appearance",),
    "cause": ("unavailability_cause", "user_identity"),
    "concerned": ("concerned_dpc",),
    "data": tuple(f"protocol_data_{field}" for field in ("opc", "dpc", "si", "ni", "mp", "sls")),
    "identifiers": ("interface_identifier_int",),
    "ranges": ("interface_identifier_start", "interface_identifier_stop"),
    "name": ("interface_identifier_text",),
    "discard": ("discard_status",),
    "sequence": ("sequence_number",),
    "result": ("retrieval_result",),
}
"""By our name of a parameter what tshark finds in it; a parameter of many values has them in turn."""
OWN = {("m3ua", "congestion"): ("congestion_level",), ("m2ua", "congestion"): ("congestion_status",), ("m2ua", "data"): ()}
NOT_JUDGED = ("congestion_reserved", "concerned_reserved", "parameter_value")

WORDS = {
    "m3ua": {name: f"({name.replace(' ', '_')})" for name in DIALECTS["m3ua"].messages},
    "m2ua": {
        **{name: f"({name})" for name in ("ERR", "NTFY", "BEAT", "BEAT ACK", "DATA")},
        "ASPUP": "(UP)",
        "ASPUP ACK": "(UP ACK)",
        "ASPDN": "(DOWN)",
        "ASPDN ACK": "(DOWN ACK)",
        "ASPAC": "(ACTIVE)",
        "ASPAC ACK": "(ACTIVE ACK)",
        "ASPIA": "(INACTIVE)",
        "ASPIA ACK": "(INACTIVE ACK)",
        "ESTABLISH": "(ESTAB_REQ)",
        "ESTABLISH CONFIRM": "(ESTAB_CONF)",
        "RELEASE": "(REL_REQ)",
        "RELEASE CONFIRM": "(REL_CONF)",
        "RELEASE INDICATION": "(REL_IND)",
        "STATE": "(STATE_REQ)",
        "STATE CONFIRM": "(STATE_CONF)",
        "STATE INDICATION": "(STATE_IND)",
        "RETRIEVAL": "(DATA_RETR_REQ)",
        "RETRIEVAL CONFIRM": "(DATA_RETR_CONF)",
        "RETRIEVAL INDICATION": "(DATA_RETR_IND)",
        "RETRIEVAL COMPLETE": "(DATA_RETR_COMP_IND)",
        "CONGESTION": "(CONG_IND)",
        "DATA ACK": "(DATA_ACK)",
    },
    "m2pa": {state: state.replace("recovered", "outage ended") for state in STATES},
}


def capture(packets):
    """A pcap file of (protocol, stream, octets)."""
    file = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINK_TYPE_SCTP)]
    for number, (protocol, stream, octets) in enumerate(packets):
        port = PORTS[protocol]
        chunk = struct.pack(">BBHIHHI", 0, 3, 16 + len(octets), number, stream, 0, PAYLOAD_PROTOCOLS[protocol]) + octets
        packet = struct.pack(">HHII", port, port, 1, 0) + chunk + bytes(-len(octets) % 4)
        file.append(struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet)
    return b"".join(file)


def tshark(packets, folder):
    """What tshark reads of each packet, as elements of PDML."""
    path = folder / "messages.pcap"
    path.write_bytes(capture(packets))
    command = ["tshark", "-n", "-o", "mtp3.standard:Chinese ITU", "-r", str(path), "-T", "pdml"]
    done = subprocess.run(command, capture_output=True, check=True)
    found = list(ElementTree.fromstring(done.stdout).iter("packet"))
    assert len(found) == len(packets)
    return found


def read_by_tshark(packet, protocol):
    """The (field, octets as hexadecimal) of a protocol in their order, without its frame; and the words for its type or state."""
    proto = next(proto for proto in packet.iter("proto") if proto.get("name") == protocol)
    fields = [
        (field.get("name").partition(".")[2], field) for field in proto.iter("field") if (field.get("name") or "").startswith(protocol)
    ]
    left_out = {*STRUCTURE, *NOT_JUDGED, "spare", "class", "type", "length", "unused", "priority_spare"}
    words = " ".join(field.get("showname") for name, field in fields if name in ("message_type", "status"))
    return [(name, value(field)) for name, field in fields if name not in left_out], words


def value(field):
    return field.get("value") if field.get("name") != "m2pa.priority" else f"{int(field.get('show'), 0):02x}"


def meant(protocol, octets):
    """The same list out of our own decoder, and a word of it."""
    if protocol == "m2pa":
        message = m2pa_messages.read(octets)
        fields = [("bsn", f"{message.bsn:06x}"), ("fsn", f"{message.fsn:06x}")]
        if isinstance(message, LinkStatus):
            fields.append(("status", f"{STATES[message.state]:08x}"))
            fields += [("filler", "00" * message.filler)] * (message.filler > 0)
            return fields, WORDS[protocol][message.state]
        assert isinstance(message, UserData)
        return fields + [("priority", f"{message.priority:02x}")] * (message.octets != b""), ""
    dialect = DIALECTS[protocol]
    message = codec.read(dialect, octets)
    fields = []
    for name in dialect.messages[message.name].parameters:
        if name not in message.fields:
            continue
        fields += of_parameter(protocol, name, message.fields[name])
    return fields, WORDS[protocol][message.name]


def of_parameter(protocol, name, content):
    names = OWN.get((protocol, name), FIELDS.get(name, (name,)))
    if not names:
        return []
    if isinstance(content, str | bytes):
        return [(names[0], (content.encode() if isinstance(content, str) else content).hex())]
    if name == "data":
        values = (content.opc, content.dpc, content.service, content.network, content.priority, content.sls)
    elif name in ("affected", "ranges"):
        values = [one for both in content for one in both]
    else:
        values = content if isinstance(content, tuple) else (content,)
    return [(names[at % len(names)], one) for at, one in enumerate(values)]


def compare(packets, folder):
    """Everything that tshark and our decoder see differently."""
    wrong = []
    for (protocol, _, octets), packet in zip(packets, tshark(packets, folder), strict=True):
        bad = [field.get("show") for field in packet.iter("field") if field.get("name") == "_ws.malformed.expert"]
        bad += [proto.get("name") for proto in packet.iter("proto") if proto.get("name") in ("_ws.malformed", "data")]
        if bad:
            wrong.append((protocol, octets.hex(), bad))
        found, words = read_by_tshark(packet, protocol)
        fields, word = meant(protocol, octets)
        same = len(found) == len(fields) and all(
            name == other and (int(text, 16) == one if isinstance(one, int) else text == one)
            for (name, text), (other, one) in zip(found, fields, strict=True)
        )
        if not same or word.lower() not in words.lower():
            wrong.append((protocol, octets.hex(), found, fields, words, word))
    assert wrong == []


def test_every_message_is_read_as_it_was_meant(tmp_path):
    packets = [(protocol, 0, codec.write(DIALECTS[protocol], message)) for protocol, message in EXAMPLES]
    packets += [("m2pa", 1, m2pa_messages.write(message)) for message in OF_M2PA]
    compare(packets, tmp_path)


def test_values_that_are_names_mean_the_same(tmp_path):
    """Requests of states, events and actions by tshark's words."""
    words = {
        ("state", 0): "processor outage",
        ("state", 1): "local processor outage recovered",
        ("state", 2): "request emergency",
        ("state", 3): "cancel emergency",
        ("state", 4): "flush",
        ("state", 5): "continue",
        ("event", 1): "remote entered processor outage",
        ("event", 2): "remote exited processor outage",
        ("action", 1): "backward sequence number",
        ("action", 2): "retrieve the pdus",
    }
    assert set(REQUESTS) == {code for name, code in words if name == "state"}
    names = {"state": "STATE", "event": "STATE INDICATION", "action": "RETRIEVAL"}
    packets = [("m2ua", 0, codec.write(DIALECTS["m2ua"], codec.message(names[name], **{name: code}))) for name, code in words]
    for ((name, code), word), packet in zip(words.items(), tshark(packets, tmp_path), strict=True):
        (shown,) = [field.get("showname") for field in packet.iter("field") if field.get("name") == f"m2ua.{name}"]
        assert word in shown.lower(), (name, code)


def test_all_that_two_points_write_over_m2pa_in_trouble(tmp_path):
    network = pair(1, wire=M2paWire)
    network.start()
    network.run(15)
    first = network.wires["A-B/0"]
    for step in range(4):
        (first.cut if step % 2 == 0 else first.mend)()
        network.send_all("A", "B")
        network.run(6)
    network.sites["A"].give(operation.BlockLink("A-B/1"))
    network.run(0.2)
    network.sites["A"].give(operation.UnblockLink("A-B/1"))
    network.run(3)
    said = {name for site in network.sites.values() for name in site.said("XCO", "XCA", "CBD", "CBA")}
    assert said == {"XCO", "XCA", "CBD", "CBA"}
    sent = [("m2pa", stream, octets) for wire in network.wires.values() for end in (wire.one, wire.other) for stream, octets in end.sent]
    states = {message.state for _, _, octets in sent if isinstance(message := m2pa_messages.read(octets), LinkStatus)}
    assert states == set(STATES) - {"busy", "busy ended"}
    users = [octets for _, _, octets in sent if octets[3] == m2pa_messages.USER_DATA and len(octets) > 17 and octets[17] & 15 == 5]
    assert users
    compare([one for one in sent if one[2] not in users], tmp_path)  # the users' messages are no user part's here


def test_all_that_servers_and_gateways_write(tmp_path):
    gate = test_m3ua_pair.Gate(2, mode="override", context=7, appearance=3)
    for join in gate.joins:
        join.mend()
        gate.net.run(0.5)
    gate.gateway.give(Pause(test_m3ua_pair.FAR))
    gate.joins[1].cut()
    gate.net.run(40)
    gate.server.give(DeactivateServer("sg"))
    gate.net.run(3)
    m3ua = [("m3ua", stream, octets) for node in gate.net.nodes for stream, octets in node.sent]
    names = {codec.read(DIALECTS["m3ua"], octets).name for _, _, octets in m3ua}
    assert {"ASPUP", "ASPAC ACK", "NTFY", "DAUD", "DUNA", "DAVA", "BEAT", "BEAT ACK", "ASPIA", "ASPIA ACK", "ASPDN", "ASPDN ACK"} <= names
    network = test_m2ua_network.started(3)
    wire = network.wires["A-B/0"]
    network.send_all("A", "B")
    wire.cut()
    network.run(5)
    wire.mend()
    network.run(15)
    m2ua = [("m2ua", stream, octets) for node in (wire.controller, wire.gateway) for stream, octets in node.sent]
    names = {codec.read(DIALECTS["m2ua"], octets).name for _, _, octets in m2ua}
    assert {"ESTABLISH", "ESTABLISH CONFIRM", "RELEASE INDICATION", "RETRIEVAL", "RETRIEVAL CONFIRM", "RETRIEVAL COMPLETE"} <= names
    management = [one for one in m2ua if codec.read(DIALECTS["m2ua"], one[2]).get("data", b"\x80")[0] & 15 < 3]
    compare(m3ua + management, tmp_path)


def test_the_judge_sees_what_is_cut_short(tmp_path):
    octets = codec.write(DIALECTS["m3ua"], codec.message("DUNA", affected=((0, CHINA.read("21-100-51")),)))
    (packet,) = tshark([("m3ua", 0, octets[:-2])], tmp_path)
    assert "_ws.malformed" in [proto.get("name") for proto in packet.iter("proto")]
    other = codec.write(DIALECTS["m3ua"], codec.message("DAVA", affected=((0, CHINA.read("21-100-51")),)))
    (packet,) = tshark([("m3ua", 0, other)], tmp_path)
    assert read_by_tshark(packet, "m3ua")[1] != read_by_tshark(tshark([("m3ua", 0, octets)], tmp_path)[0], "m3ua")[1]


@pytest.mark.parametrize("protocol", RUNS)
def test_the_golden_runs_are_read_as_they_were_meant(protocol, tmp_path):
    compare(RUNS[protocol]().packets, tmp_path)
