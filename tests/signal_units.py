"""Signal units and capture files for tests of capture and decoding: by hand, apart from the product's writers."""

import struct

from pbx.signalling.ss7.isup.codec import Message as IsupMessage
from pbx.signalling.ss7.isup.codec import encode as encode_isup
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import CHINA, ISUP, LINK_TEST, NETWORK_MANAGEMENT, TUP, Label, Unit, circuit_label
from pbx.signalling.ss7.tup.codec import encode as encode_tup

HERE, THERE = "21-100-51", "21-100-52"


def octets_of(message, form=CHINA, here=HERE, there=THERE):
    """A message as a signal unit from its service information octet on, whatever kind it is."""
    opc, dpc = form.read(here), form.read(there)
    if isinstance(message, management.LinkTest):
        parts = LINK_TEST, 0, 0, management.write_test(message)
    elif isinstance(message, management.Message):
        parts = NETWORK_MANAGEMENT, 0, 0, management.write(form, message)
    elif isinstance(message, IsupMessage):
        parts = ISUP, message.cic & 15, 0, encode_isup(message)
    else:
        sls, above, first = circuit_label(form, message.cic)
        parts = TUP, sls, above, first + encode_tup(message)[2:]
    service, sls, above, data = parts
    return form.write_unit(Unit(service, 2 if form is CHINA else 0, Label(dpc, opc, sls, above), data))


def signal_unit(octets, backward=127, forward=0):
    """A message signal unit behind a level 2 header, both indicator bits 1."""
    return bytes((0x80 | backward, 0x80 | forward, min(63, len(octets)))) + octets


def pcap(packets, link_type=140, order="<", nanoseconds=False):
    """A classic file; packets are (seconds, octets)."""
    magic, fractions = (0xA1B23C4D, 10**9) if nanoseconds else (0xA1B2C3D4, 10**6)
    found = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)
    for at_s, octets in packets:
        second, fraction = divmod(round(at_s * fractions), fractions)
        found += struct.pack(f"{order}IIII", second, fraction, len(octets), len(octets)) + octets
    return found


def block(kind, body, order="<"):
    length = 12 + len(body)
    return struct.pack(f"{order}II", kind, length) + body + struct.pack(f"{order}I", length)


def option(code, value, order="<"):
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(packets, link_type=140, order="<", resolution=b"\x06", flags=None):
    """A section with one interface; a block of statistics, which holds no packet, between the packets."""
    found = block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    options = option(9, resolution, order) + option(0, b"", order)
    found += block(1, struct.pack(f"{order}HHI", link_type, 0, 0) + options, order)
    ticks = 2.0 ** (resolution[0] & 127) if resolution[0] & 128 else 10.0 ** resolution[0]
    for at_s, octets in packets:
        when = round(at_s * ticks)
        body = struct.pack(f"{order}IIIII", 0, when >> 32, when & 0xFFFFFFFF, len(octets), len(octets)) + octets + bytes(-len(octets) % 4)
        if flags is not None:
            body += option(2, struct.pack(f"{order}I", flags), order) + option(0, b"", order)
        found += block(6, body, order) + block(5, bytes(12), order)
    return found
