"""tshark as a judge of what level 3 writes: network management and link test messages, both forms of point codes, and all that whole runs
wrote.

Signal units go to it in a pcap file of link type 141 (MTP3, https://www.tcpdump.org/linktypes.html); what it has read comes back as PDML
and must be what was meant, field by field, with nothing malformed and nothing left over.
"""

import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import CHINA, ITU, LINK_TEST, NETWORK_MANAGEMENT, Label, Unit
from pbx.signalling.ss7.mtp3.management import MESSAGES, LinkTest, read, read_test, write, write_test
from tests.signalling.ss7.network import VARIANT, pair, square, up
from tests.signalling.ss7.test_management import examples

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
LINK_TYPE_MTP3 = 141
STANDARDS = {24: "Chinese ITU", 14: "ITU"}
UNREAD = ("_ws.malformed", "data", "_ws.expert")


def tshark(form, units, folder):
    """What tshark reads of each signal unit: {field: text}, protocols under ``protocols``."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINK_TYPE_MTP3)
    capture = folder / "units.pcap"
    capture.write_bytes(head + b"".join(struct.pack("<IIII", n, 0, len(unit), len(unit)) + unit for n, unit in enumerate(units)))
    command = ["tshark", "-n", "-o", f"mtp3.standard:{STANDARDS[form.bits]}", "-r", str(capture), "-T", "pdml"]
    done = subprocess.run(command, capture_output=True, check=True)
    packets = []
    for packet in ElementTree.fromstring(done.stdout):
        found = {"protocols": [proto.get("name") for proto in packet.findall("proto") if proto.get("name") not in ("geninfo", "frame")]}
        for field in packet.iter("field"):
            found.setdefault(field.get("name"), field.get("show"))
        packets.append(found)
    assert len(packets) == len(units)
    return packets


def number(text):
    return None if text is None else int(text, 0)


def meant(form, octets):
    """The fields that tshark ought to find, by its names."""
    unit = form.read_unit(octets)
    if form is CHINA:
        label = {"mtp3.chinese_dpc": form.text(unit.label.dpc), "mtp3.chinese_opc": form.text(unit.label.opc)}
        destination = ("mtp3mg.chinese_apc", form.text)
    else:
        label = {"mtp3.dpc": unit.label.dpc, "mtp3.opc": unit.label.opc}
        destination = ("mtp3mg.apc", int)
    fields = {"mtp3.network_indicator": unit.network, "mtp3.service_indicator": unit.service, "mtp3.sls": unit.label.sls, **label}
    if unit.service == LINK_TEST:
        test = read_test(unit.data)
        fields |= {
            "mtp3mg.test.h0": 1,
            "mtp3mg.test.h1": {"SLTM": 1, "SLTA": 2}[test.name],
            "mtp3mg.test.length": len(test.pattern),
            "mtp3mg.test_pattern": test.pattern.hex(":"),
        }
    elif unit.service == NETWORK_MANAGEMENT:
        message = read(form, unit.data)
        row = MESSAGES[message.name]
        fields |= {"mtp3mg.h0": row.heading & 15, "mtp3mg.h1": row.heading >> 4}
        # Of XCO and XCA (Q.2210) tshark 4.0 reads the heading alone.
        names = {"fsn": "mtp3mg.fsn", "code": "mtp3mg.cbc", "link": "mtp3mg.link", "status": "mtp3mg.status"}
        fields |= {names[field]: getattr(message, field) for field in row.fields if field in names}
        if "destination" in row.fields:
            fields[destination[0]] = destination[1](message.destination)
        if "user" in row.fields:
            fields |= {"mtp3mg.user": message.service, "mtp3mg.cause": message.cause}
    return fields


def compare(form, units, folder):
    wrong = []
    for octets, found in zip(units, tshark(form, units, folder), strict=True):
        if set(found["protocols"]) & set(UNREAD):
            wrong.append((octets.hex(), found["protocols"]))
        for name, value in meant(form, octets).items():
            text = found.get(name)
            if (text if isinstance(value, str) else number(text)) != value:
                wrong.append((octets.hex(), name, value, text))
    assert wrong == []


def written(network):
    """What all points have sent, without the users' messages, which are no user part's here."""
    units = [octets for site in network.sites.values() for _, octets in site.written]
    return [octets for octets in units if octets[0] & 15 in (NETWORK_MANAGEMENT, LINK_TEST)]


@pytest.mark.parametrize("form", [CHINA, ITU], ids=["24", "14"])
def test_every_message_is_read_as_it_was_meant(form, tmp_path):
    network = 2 if form is CHINA else 0
    label = Label(0x156433 & form.highest, 0x010203 & form.highest, 5)
    units = [form.write_unit(Unit(NETWORK_MANAGEMENT, network, label, write(form, message))) for message in examples(form)]
    tests = [LinkTest(name, bytes(range(1, length + 1))) for name in ("SLTM", "SLTA") for length in (1, 6, 15)]
    units += [form.write_unit(Unit(LINK_TEST, network, label, write_test(test))) for test in tests]
    compare(form, units, tmp_path)


@pytest.mark.parametrize("bits", ["24", "14"])
def test_all_that_two_points_write_in_trouble_is_read_as_it_was_meant(bits, tmp_path):
    network = up(pair(1, variant=VARIANT.adjusted(form=bits, network=2 if bits == "24" else 0)))
    a = network.sites["A"]
    for step in range(6):
        if step % 2 == 0:
            network.wires["A-B/0"].cut()
        else:
            network.wires["A-B/0"].mend()
        network.send_all("A", "B")
        network.run(4)
    a.give(operation.InhibitLink("A-B/1"))
    network.run(1)
    a.give(operation.UninhibitLink("A-B/1"))
    network.run(70)
    units = written(network)
    names = {name for site in network.sites.values() for name in site.said(*MESSAGES)}
    assert {"COO", "COA", "CBD", "CBA", "LIN", "LIA", "LUN", "LUA"} <= names
    compare(network.form, units, tmp_path)


def test_all_that_transfer_points_write_is_read_as_it_was_meant(tmp_path):
    network = square(2)
    network.start()
    network.run(20)
    network.wires["B-Y/0"].cut()
    network.run(60)
    network.wires["B-Y/0"].mend()
    network.run(20)
    units = written(network)
    assert {"TFP", "TFA", "RST", "TRA"} <= {name for site in network.sites.values() for name in site.said(*MESSAGES)}
    compare(network.form, units, tmp_path)


def test_the_judge_sees_what_is_cut_short(tmp_path):
    octets = CHINA.write_unit(Unit(NETWORK_MANAGEMENT, 2, Label(1, 2, 0), bytes.fromhex("14336415")))
    (found,) = tshark(CHINA, [octets[:-1]], tmp_path)
    assert "_ws.malformed" in found["protocols"]
