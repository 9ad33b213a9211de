"""tshark as a judge of message signal units: they go to it in a pcap file, what it read comes back field by field (PDML).

Link type 140 is MTP2 without check sum (https://www.tcpdump.org/linktypes.html). Labels are packed here, apart from the product's MTP.
"""

import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from typing import NamedTuple

import pytest

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
LINK_TYPE_MTP2 = 140
NATIONAL, INTERNATIONAL = 2, 0
ISUP = 5
CHINESE, ITU = "Chinese ITU", "ITU"


def label(standard, destination, origin, selection):
    """A routing label of Q.704 with codes of 14 bits, or of GF 001-9001 with 24 bits."""
    if standard == ITU:
        return (destination | origin << 14 | selection << 28).to_bytes(4, "little")
    return destination.to_bytes(3, "little") + origin.to_bytes(3, "little") + bytes((selection,))


def signal_unit(standard, octets, service=ISUP):
    """A message signal unit: forward and backward numbers, length, service information octet, label, contents."""
    network = INTERNATIONAL if standard == ITU else NATIONAL
    destination, origin = (0x123, 0x321) if standard == ITU else (0x156433, 0x030201)
    contents = bytes((network << 6 | service,)) + label(standard, destination, origin, octets[0] & 0x0F) + octets
    return bytes((0x80, 0x80, min(63, len(contents)))) + contents


def capture(units):
    """A pcap file of signal units, a second apart."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINK_TYPE_MTP2)
    return head + b"".join(struct.pack("<IIII", second, 0, len(unit), len(unit)) + unit for second, unit in enumerate(units))


class Read(NamedTuple):
    """What tshark has read of one packet: whether it was well made, fields of the ISUP message itself, and of its parameters in order.

    ``every`` are the fields of all protocols, the first of each name; ``protocols`` the names of these.
    """

    well_made: bool
    fields: dict
    parameters: list
    every: dict
    protocols: list


def shown(field):
    text = field.get("show")
    return {"True": "1", "False": "0"}.get(text, text)


def fields_below(element):
    """Names and texts of all fields below an element; of what has no name its heading and octets."""
    found = defaultdict(list)
    for field in element.iter("field"):
        if field.get("name"):
            found[field.get("name")].append(shown(field))
        elif field is not element and field.get("value"):
            found[field.get("show")].append(field.get("value"))
    return dict(found)


def _read(packet):
    protocols = {each.get("name"): each for each in packet.iter("proto")}
    well_made = "_ws.malformed" not in protocols and "isup" in protocols
    message = protocols.get("isup", ElementTree.Element("proto"))
    groups = [(group, fields_below(group)) for group in message]
    parameters = [below for group, below in groups if not group.get("name") and "isup.parameter_type" in below]
    own = {group.get("name"): shown(group) for group, _ in groups if group.get("name")}
    every = {}
    for field in packet.iter("field"):
        every.setdefault(field.get("name"), shown(field))
    return Read(well_made, own, parameters, every, [each.get("name") for each in packet.findall("proto")])


def read_file(path, standard):
    """Return what tshark reads of each packet in a capture file."""
    command = ["tshark", "-n", "-o", f"mtp3.standard:{standard}", "-r", str(path), "-T", "pdml"]
    ran = subprocess.run(command, capture_output=True, check=True)
    return [_read(packet) for packet in ElementTree.fromstring(ran.stdout).iter("packet")]


def read(octets_of_messages, standard, path):
    """Return what tshark reads of ISUP messages, whose octets begin with the circuit identification code, each in a signal unit."""
    path.write_bytes(capture([signal_unit(standard, octets) for octets in octets_of_messages]))
    return read_file(path, standard)


_HEADINGS = ("isup.message_type", "mtp3mg.h0", "mtp3mg.h1", "mtp3mg.test.h0", "mtp3mg.test.h1")


def kinds(units, standard, path):
    """Return what tshark takes each signal unit for: "ISUP 12", "SNM 7 1", "SLT 1 2" (H0 and H1), "malformed"."""
    path.write_bytes(capture(units))
    fields = [word for name in (*_HEADINGS, "_ws.malformed") for word in ("-e", name)]
    command = ["tshark", "-n", "-o", f"mtp3.standard:{standard}", "-r", str(path), "-T", "fields", "-E", "separator=,", *fields]
    ran = subprocess.run(command, capture_output=True, check=True, text=True)
    return [_kind(*line.split(",")) for line in ran.stdout.splitlines()]


def _kind(isup, h0, h1, test_h0, test_h1, *malformed):
    if any(malformed):
        return "malformed"
    if isup:
        return f"ISUP {int(isup, 0)}"
    return f"SNM {int(h0, 0)} {int(h1, 0)}" if h0 else f"SLT {int(test_h0, 0)} {int(test_h1, 0)}" if test_h0 else "malformed"
