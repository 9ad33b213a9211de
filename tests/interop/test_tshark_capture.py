"""tshark as a judge of whole captures: what points write on their links while they call, fail, inhibit and reroute, beside what
``zongji decode`` reads there.

The files are those of pbx/capture.py, link type 139. Of every packet time, direction, link, level 2, label, management message and ISUP
message with all its parameters must be the same to tshark and to our decoder, under labels of 24 and of 14 bits. TUP tshark has none.
"""

import random

import pytest

from config.signalling import SignallingCapture
from pbx.capture import Capture
from pbx.decode import seen_in
from pbx.signalling.ss7.isup import values
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameters import CauseIndicators
from pbx.signalling.ss7.mtp2.unit import STATUSES
from pbx.signalling.ss7.mtp3 import operation
from pbx.signalling.ss7.mtp3.label import CHINA, ITU
from pbx.signalling.ss7.mtp3.management import MESSAGES, LinkTest
from pbx.signalling.ss7.mtp3.management import Message as Management
from pbx.signalling.ss7.words import kind_of
from pbx.vocabulary.call import Blocked, Unblocked
from tests.interop import test_tshark_isup, test_tshark_mtp3, tshark
from tests.interop.tshark import needs_tshark
from tests.signal_units import octets_of
from tests.signalling.ss7.captured import ZERO, Callers, captured
from tests.signalling.ss7.level2 import Wire
from tests.signalling.ss7.network import VARIANT, pair, square
from tests.signalling.ss7.terminal import TerminalWire
from tests.signalling.ss7.test_management import examples

pytestmark = needs_tshark

STANDARDS = {24: tshark.CHINESE, 14: tshark.ITU}
DAMAGE = ("_ws.malformed", "_ws.expert")
VARIANTS = {"24": VARIANT, "14": VARIANT.adjusted(form="14", network=0)}


def numbers(every, names):
    return {name: int(every[name], 0) if name in every else None for name in names}


def level_2_differences(seen, read):
    """Time, direction, link and level 2, by the names that tshark has for them."""
    unit = seen.signal_unit
    status = STATUSES.index(unit.status) if unit.status else None
    meant = {
        "frame.p2p_dir": int(not seen.sent), "frame.link_nr": seen.link, "mtp2.sf": status, "mtp2.li": min(63, len(unit.contents)),
        "mtp2.bsn": unit.backward, "mtp2.bib": unit.backward_bit, "mtp2.fsn": unit.forward, "mtp2.fib": unit.forward_bit,
    }
    found = numbers(read.every, meant)
    if abs(float(read.every["frame.time_epoch"]) - seen.packet.at_s) > 1e-6:
        found["frame.time_epoch"] = read.every["frame.time_epoch"]
    return [] if found == meant else [(found, meant)]


def differences(form, seen, read):
    """What tshark has read otherwise than we."""
    wrong = [(kind_of(seen.message), damage) for damage in DAMAGE if damage in read.protocols]
    wrong += level_2_differences(seen, read)
    if seen.unit is None:
        return wrong
    for name, value in test_tshark_mtp3.meant(form, seen.signal_unit.contents).items():
        text = read.every.get(name)
        if (text if isinstance(value, str) else test_tshark_mtp3.number(text)) != value:
            wrong.append((kind_of(seen.message), name, value, text))
    if isinstance(seen.message, Message):
        found = {name: read.fields.get(name) for name in ("isup.cic", "isup.message_type")}
        if found != {"isup.cic": str(seen.message.cic), "isup.message_type": str(int(seen.message.kind))}:
            wrong.append((seen.message, found))
        wrong += test_tshark_isup.differences(seen.message, read)
    return wrong


def judge(form, folder):
    """Compare all files of a folder; the names of the messages and status units that were there."""
    names = set()
    for path in sorted(folder.glob("**/*.pcap")):
        ours, its = list(seen_in(path, form)), tshark.read_file(path, STANDARDS[form.bits])
        assert len(ours) == len(its) > 0
        wrong = [difference for seen, read in zip(ours, its, strict=True) for difference in differences(form, seen, read)]
        assert wrong == [], path.name
        names |= {name for seen in ours for name in seen.names}
    return names


def closed(captures):
    for capture in captures.values():
        capture.close()
        assert all(not each["refused"] and not each["crowded"] for each in capture.counters().values())


@pytest.mark.parametrize("bits", ["24", "14"])
def test_two_points_on_real_level_2(bits, tmp_path):
    """Alignment, calls, circuit supervision, changeover and changeback, inhibiting, blocking: all that either end wrote and heard."""
    network = pair(1, variant=VARIANTS[bits], wire=TerminalWire)
    captures = captured(network, tmp_path)
    callers = Callers(network, "A", "B")
    network.start()
    network.run(30)
    callers.call_all()
    network.run(2)
    callers.give(0, 1, Blocked("local"))
    callers.do(0, "block", [2, 3], values.SupervisionType.MAINTENANCE)
    callers.do(1, "reset", 4, 3)
    network.run(1)
    callers.give(0, 1, Unblocked())
    callers.do(0, "unblock", [2, 3], values.SupervisionType.MAINTENANCE)
    network.run(1)
    callers.call_all()
    network.run(0.12)
    for way in network.wires["A-B/0"].line.ways:
        way.whole = False
    network.run(5)
    for way in network.wires["A-B/0"].line.ways:
        way.whole = True
    network.run(40)
    a = network.sites["A"]
    for order in (operation.InhibitLink, operation.UninhibitLink, operation.BlockLink, operation.UnblockLink):
        a.give(order("A-B/1"))
        network.run(3)
    callers.call_all()
    network.run(2)
    assert network.unavailable() == {}
    closed(captures)
    assert [cause for _, _, cause in callers.released].count(16) == 2 * 3 * 7
    names = judge(network.form, tmp_path)
    assert {"IAM", "ACM", "ANM", "REL", "RLC", "BLO", "BLA", "UBL", "UBA", "CGB", "CGBA", "CGU", "CGUA", "GRS", "GRA"} <= names
    assert {"SLTM", "SLTA", "TRA", "COO", "COA", "CBD", "CBA", "LIN", "LIA", "LUN", "LUA"} <= names
    assert {"SIOS", "SIO", "SIN", "SIE", "SIPO", "FISU", "LSSU", "MSU"} <= names
    assert "Malformed" not in names


@pytest.mark.parametrize(("bits", "wire"), [("24", TerminalWire), ("14", Wire)])
def test_four_points_with_transfer(bits, wire, tmp_path):
    """Two ends behind two transfer points; a link fails, routes are prohibited and tested, calls go on."""
    network = square(2, variant=VARIANTS[bits], wire=wire)
    captures = captured(network, tmp_path)
    callers = Callers(network, "A", "B")
    network.start()
    network.run(30)
    callers.call_all()
    network.run(2)
    network.wires["B-Y/0"].cut()
    network.run(3)
    callers.call_all()
    network.run(62)
    network.wires["B-Y/0"].mend()
    network.run(40)
    callers.call_all()
    network.run(2)
    assert network.unavailable() == {}
    closed(captures)
    assert [cause for _, _, cause in callers.released].count(16) == 2 * 3 * 7
    names = judge(network.form, tmp_path)
    assert {"IAM", "REL", "RLC", "TFP", "TFA", "RST", "TRA", "SLTM", "SLTA"} <= names
    assert "Malformed" not in names


@pytest.mark.parametrize("form", [CHINA, ITU], ids=["24", "14"])
def test_every_message_of_the_codecs(form, tmp_path, request):
    """The generated corpus of ISUP, every management message, every link test: captured, then read by both."""
    seed = request.config.getoption("--seed") or 1
    chance = random.Random(f"{seed}/capture")
    messages = [*test_tshark_isup.corpus(seed), *examples(form)]
    messages += [LinkTest(name, bytes(range(1, length + 1))) for name in ("SLTM", "SLTA") for length in (1, 6, 15)]
    here, there = form.text(form.highest & 0x156433), form.text(form.highest & 0x2A5A5A)
    capture = Capture(tmp_path, SignallingCapture(), ZERO)
    for number, message in enumerate(messages):
        capture.unit(number / 100, "a", chance.random() < 0.5, octets_of(message, form, here, there))
    closed({"a": capture})
    names = judge(form, tmp_path)
    assert set(MESSAGES) <= names
    assert {kind.name for kind in MessageType} <= names


def test_the_judge_sees_differences(tmp_path):
    """Packets that do not belong together are told apart, in level 2, in a management message, in a parameter of ISUP."""
    capture = Capture(tmp_path, SignallingCapture(), ZERO)
    releases = [Message(33, MessageType.REL, (CauseIndicators(cause),)) for cause in (16, 17)]
    messages = [Management("COO", fsn=5), Management("COO", fsn=6), *releases]
    for number, message in enumerate(messages):
        capture.unit(0.0, "a", number % 2 == 0, octets_of(message))
    capture.close()
    (path,) = tmp_path.iterdir()
    ours, its = list(seen_in(path, CHINA)), tshark.read_file(path, tshark.CHINESE)
    assert not any(differences(CHINA, seen, read) for seen, read in zip(ours, its, strict=True))
    level_2, fsn = differences(CHINA, ours[0], its[1])
    assert level_2[0]["frame.p2p_dir"] != level_2[1]["frame.p2p_dir"]
    assert fsn == ("COO", "mtp3mg.fsn", 5, "6")
    assert "isup.cause_indicator" in {each[2] for each in differences(CHINA, ours[2], its[3])[1:]}
