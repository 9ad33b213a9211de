"""tshark judges units of the extended format (Q.703 annex A): those that transmission control in C sends, and those of our codec."""

import random
import subprocess

import pytest

from pbx import packet_file
from pbx.signalling.ss7.mtp2.unit import SignalUnit, read_signal_unit, write_signal_unit
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import CHINA
from tests.interop.tshark import CHINESE, capture, needs_tshark, signal_unit
from tests.signalling.ss7.test_annex_a import ExtendedFarEnd

FIELDS = ("mtp2.bsn", "mtp2.bib", "mtp2.fsn", "mtp2.fib", "mtp2.li", "mtp2.sf", "mtp3mg.h1", "mtp3mg.fsn", "_ws.malformed")
pytestmark = needs_tshark


def read(octets, path, *preferences):
    """What tshark reads of each packet."""
    path.write_bytes(octets)
    chosen = [word for preference in (f"mtp3.standard:{CHINESE}", *preferences) for word in ("-o", preference)]
    fields = [word for name in FIELDS for word in ("-e", name)]
    command = ["tshark", "-n", *chosen, "-r", str(path), "-T", "fields", "-E", "separator=;", "-E", "occurrence=f", *fields]
    ran = subprocess.run(command, capture_output=True, check=True, text=True)
    return [dict(zip(FIELDS, line.split(";"), strict=True)) for line in ran.stdout.splitlines()]


def number(text):
    return int({"True": "1", "False": "0"}.get(text, text), 0)


def agrees(found, unit):
    assert not found["_ws.malformed"]
    assert [number(found[name]) for name in FIELDS[:5]] == [
        *(unit.backward, unit.backward_bit, unit.forward, unit.forward_bit, len(unit.contents)),
    ]
    assert (number(found["mtp2.sf"]) if unit.status else 0) == (unit.contents[0] if unit.status else 0)


def units(seed):
    """Numbers from all of the range, contents of every kind."""
    chance = random.Random(f"{seed}/annex a")
    message = signal_unit(CHINESE, bytes((1, 0, 0x10, 0)))[3:]
    kinds = [b"", b"\x03", b"\x05\x00", message]
    numbers = [(chance.randrange(4096), chance.randrange(2), chance.randrange(4096), chance.randrange(2)) for _ in range(200)]
    return [SignalUnit(*four, kinds[place % 4]) for place, four in enumerate(numbers)]


def test_units_of_our_codec_marked_as_annex_a(tmp_path, request):
    """The header of link type 139 says which format a unit has; no preference is needed."""
    sent = units(request.config.getoption("--seed") or 1)
    records = [packet_file.record(n, n % 2 == 0, 3, write_signal_unit(unit, extended=True), annex_a=True) for n, unit in enumerate(sent)]
    for found, unit in zip(read(packet_file.header() + b"".join(records), tmp_path / "units.pcap"), sent, strict=True):
        agrees(found, unit)


def test_units_of_transmission_control_by_preference(tmp_path):
    """Alignment, messages up to number 299, a status."""
    far = ExtendedFarEnd()
    far.run(0.02)
    far.prove()
    heard = [*far.heard]
    far = ExtendedFarEnd()
    far.serve()
    far.give(*(signal_unit(CHINESE, bytes((1, 0, 0x10, 0)))[4:] for _ in range(300)))
    far.run(0.2)
    octets = [unit for _, unit in (*heard, *far.heard)]
    found = read(capture(octets), tmp_path / "units.pcap", "mtp2.use_extended_sequence_numbers:TRUE")
    for each, unit in zip(found, octets, strict=True):
        agrees(each, read_signal_unit(unit, extended=True))
    assert max(number(each["mtp2.fsn"]) for each in found if each["mtp2.li"] != "0" and not each["mtp2.sf"]) == 299


def test_without_the_preference_they_are_other_units(tmp_path):
    """The judge sees the difference."""
    unit = units(1)[3]
    (found,) = read(capture([write_signal_unit(unit, extended=True)]), tmp_path / "units.pcap")
    with pytest.raises((AssertionError, ValueError)):
        agrees(found, unit)


def test_an_extended_changeover_order_has_its_number(tmp_path):
    label = signal_unit(CHINESE, bytes(1))[3:11]
    order = bytes((label[0] & 0xC0,)) + label[1:] + management.write(CHINA, management.Message("XCO", fsn=4095))
    unit = SignalUnit(1, 1, 2, 1, order)
    record = packet_file.record(0, True, 0, write_signal_unit(unit, extended=True), annex_a=True)
    (found,) = read(packet_file.header() + record, tmp_path / "order.pcap")
    agrees(found, unit)
    assert (number(found["mtp3mg.h1"]), number(found["mtp3mg.fsn"])) == (3, 4095)
