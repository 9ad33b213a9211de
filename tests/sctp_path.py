"""The path below associations of SCTP, for tests: packets that are dropped, all or by chance, and packets as they stand on the line.

Dropping is a filter on a socket (SO_ATTACH_FILTER, classic BPF), which Linux asks before SCTP sees a packet: what is dropped was never
heard. Capturing is a packet socket on the loopback interface, for root; its packets make a pcap file (link type 1, Ethernet).
"""

import contextlib
import ctypes
import socket
import struct
import subprocess
import time

ATTACH_FILTER, DETACH_FILTER = 26, 27  # SO_ATTACH_FILTER, SO_DETACH_FILTER of <asm-generic/socket.h>
LOAD, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x35, 0x06  # of <linux/bpf_common.h>
RANDOM = 0xFFFFF000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM of <linux/filter.h>
EVERY_FRAME, OUTGOING = 0x0003, 4  # ETH_P_ALL, PACKET_OUTGOING
ETHERNET = 1
LONGEST = 65535


def drop(carrier, share=1.0):
    """From now on this share of the packets for a socket never come."""
    steps = [(RETURN, 0, 0, 0)]
    if share < 1.0:
        steps = [(LOAD, 0, 0, RANDOM), (JUMP_IF_AT_LEAST, 0, 1, int(share * 2**32)), (RETURN, 0, 0, LONGEST), (RETURN, 0, 0, 0)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    carrier.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HL", len(steps), ctypes.addressof(program)))


def drop_nothing(carrier):
    """Everything comes again."""
    with contextlib.suppress(FileNotFoundError):
        carrier.setsockopt(socket.SOL_SOCKET, DETACH_FILTER, 0)


def socket_of(associations, name):
    """The socket on which an association stands, or is being set up."""
    association = associations._associations[name]
    carrier = association._carrier or association._attempt
    return carrier and carrier._socket


class Capture:
    """What passes over the loopback interface, once each."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_FRAME))
        self._socket.bind(("lo", 0))
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.frames = []

    def collect(self):
        """Take what has come. A frame is seen on its way out and on its way in."""
        while True:
            try:
                frame, (_, _, kind, _, _) = self._socket.recvfrom(LONGEST)
            except BlockingIOError:
                return
            if kind != OUTGOING:
                self.frames.append((time.time(), frame))

    def close(self):
        self._socket.close()

    def read(self, path, *fields):
        """What tshark reads of these fields, packet by packet; a field that is there several times has several values."""
        head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, LONGEST, ETHERNET)
        records = [struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame for at, frame in self.frames]
        path.write_bytes(head + b"".join(records))
        wanted = [word for field in fields for word in ("-e", field)]
        command = ["tshark", "-r", str(path), "-Y", "sctp", "-T", "fields", "-E", "separator=;", *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [tuple(value.split(",") if value else [] for value in line.split(";")) for line in done.stdout.splitlines()]
