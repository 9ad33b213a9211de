"""Messages in words: every field of every message of both user parts is told, in text and as an object; and a line for a trace."""

import json
import random

import pytest

from pbx.engine import Malformed
from pbx.signalling.ss7 import words
from pbx.signalling.ss7.dissection import OtherUserPart, circuit_of, read_message
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.codec import Message
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Unparsed, Unreadable, Unrecognized
from pbx.signalling.ss7.mtp3 import management
from pbx.signalling.ss7.mtp3.label import CHINA, ITU, SCCP, Label, Unit
from pbx.signalling.ss7.tup import contents as c
from pbx.signalling.ss7.tup.codec import Message as TupMessage
from pbx.signalling.ss7.tup.messages import Heading
from pbx.signalling.ss7.words import kind_of, lines_of, object_of, title_of, words_of
from tests.signal_units import octets_of
from tests.signalling.ss7 import isup_corpus, plain_words, tup_corpus
from tests.signalling.ss7.test_management import examples

TOLD_OTHERWISE = {"beyond", "status", "code", "states", "instructions"}
"""Fields whose names are not said: circuits are told instead of status bits, parameters by name instead of code."""


@pytest.fixture(scope="module")
def corpus(request):
    seed = request.config.getoption("--seed") or 1
    return [
        *isup_corpus.every_message(random.Random(f"{seed}/isup")),
        *tup_corpus.every_message(random.Random(f"{seed}/tup"), 10),
        *examples(CHINA),
        *(management.LinkTest(name, b"\x01\x02") for name in ("SLTM", "SLTA")),
    ]


def fields_told(value):
    """The names of all fields of a struct that were sent, in words."""
    return {
        name.replace("_", " ") for name in value.__struct_fields__ if getattr(value, name) is not None and name not in TOLD_OTHERWISE
    }


def test_every_message_is_told_by_its_name(corpus):
    for message in corpus:
        assert lines_of(message)[0].startswith(kind_of(message)), message
        assert title_of(message), message
        assert lines_of(message)[0].endswith(title_of(message))


def test_every_field_of_every_parameter_is_told(corpus):
    for message in corpus:
        lines = lines_of(message)
        if isinstance(message, Message):
            assert len(lines) == 1 + len(message.parameters)
            for parameter, line in zip(message.parameters, lines[1:], strict=True):
                missing = [name for name in fields_told(parameter) if name not in line]
                assert not missing, (parameter, line)
        elif isinstance(message, TupMessage):
            missing = [name for name in fields_told(message.contents) if name not in "\n".join(lines)]
            assert not missing, (message, lines)


def test_objects_hold_every_field(corpus):
    for message in corpus:
        found = json.loads(json.dumps(object_of(message)))
        assert found["message"] == kind_of(message)
        if isinstance(message, Message):
            for parameter, told in zip(message.parameters, found["parameters"], strict=True):
                assert set(parameter.__struct_fields__) <= set(told), parameter
        elif isinstance(message, TupMessage):
            assert set(message.contents.__struct_fields__) <= set(found)


def test_a_trace_has_one_line_that_leaves_out_what_says_nothing(corpus):
    for message in corpus:
        line = words_of(message)
        assert "\n" not in line
        assert len(line) <= len("; ".join(lines_of(message))) + 2
    bare = Message(5, MessageType.ACM, (i.BackwardCallIndicators(called_status=1),))
    assert words_of(bare) == "ACM cic 5: backward call indicators: called status subscriber free"


@pytest.mark.parametrize("remembered", [words.REMEMBERED, 2])
def test_tables_and_memory_change_no_letter(corpus, remembered, monkeypatch):
    """Text and objects are those of plain look-ups, at first sight, again, and when the memory is full and begins anew."""
    monkeypatch.setattr(words, "REMEMBERED", remembered)
    circuits = [message for message in corpus if isinstance(message, Message | TupMessage)]
    damaged = [Message(1, MessageType.RLC, (Unrecognized(0xC7, b""), Unreadable(0x12, b"\x80"), Unrecognized(0xC8, b"\x01")))]
    strange = [Message(1, 0xEE, (Unparsed(b""),)), TupMessage(1, 0x99, c.Unparsed(b"\x05"))]
    made = [*circuits, *damaged, *strange]
    wanted = [(plain_words.plain_line(message), plain_words.plain_lines(message)) for message in made]
    assert [(words_of(message), lines_of(message)) for message in made] == wanted
    assert [(words_of(message), lines_of(message)) for message in reversed(made)] == wanted[::-1]
    for message in made + made[::-1]:
        found = object_of(message)
        if isinstance(message, Message):
            for parameter, told in zip(message.parameters, found["parameters"], strict=True):
                assert {name: told[name] for name in told if name not in ("parameter", "code")} == {
                    name: content for name, content in plain_words.plain_object(parameter).items() if name != "code"
                }
                assert told["parameter"] == plain_words.parameter_name(parameter)
        else:
            plain = plain_words.plain_object(message.contents)
            assert {name: found[name] for name in found if name not in ("message", "title", "cic")} == plain


def test_what_was_told_may_be_changed_by_who_asked():
    """An object is the asker's own, although its fields are remembered."""
    message = TupMessage(7, Heading.ACM, c.AddressComplete(c.CompleteType.CHARGE))
    first = object_of(message)
    first["type_name"] = "changed"
    assert object_of(message)["type_name"] == "charge"


SAID = [
    (
        Message(33, MessageType.REL, (p.CauseIndicators(31, 10, diagnostics=b"\x01"),)),
        "REL cic 33: cause indicators: cause 31 normal, unspecified, location network beyond interworking point, diagnostics 01",
    ),
    (Message(1, MessageType.COT, (i.ContinuityIndicators(False),)), "COT cic 1: continuity indicators: successful no"),
    (
        Message(1, MessageType.CGB, (i.CircuitGroupSupervisionMessageType(0), p.RangeAndStatus(9, 0b1000000111))),
        "CGB cic 1: circuit group supervision message type: type maintenance; range and status: range 9, circuits 1-3 10",
    ),
    (
        Message(1, MessageType.CQR, (p.RangeAndStatus(0), p.CircuitStateIndicator((i.CircuitState(maintenance=1, call=3),)))),
        "CQR cic 1: range and status: range 0, circuits 1; "
        "circuit state indicator: (maintenance locally, call idle, hardware none)",
    ),
    (
        Message(1, MessageType.CFN, (p.ParameterCompatibilityInformation((p.ParameterInstructions(0x0A, end_node=True),)),)),
        "CFN cic 1: parameter compatibility information: (calling party number, end node yes, release call no, send notification no, "
        "discard message no, discard parameter no, pass on not possible 0, more none)",
    ),
    (Message(1, 0xEE, (Unparsed(b"\x01\x02"),)), "type EE cic 1: unparsed: octets 01 02"),
    (
        Message(1, MessageType.RLC, (Unrecognized(0xC7, b"\x01"), Unreadable(0x12, b"\x80"))),
        "RLC cic 1: unrecognized C7: octets 01; unreadable cause indicators: octets 80",
    ),
    (TupMessage(7, 0x99, c.Unparsed(b"\x05")), "heading 99 cic 7: octets 05"),
    (
        TupMessage(7, Heading.IAI, c.InitialAddress("8123", additional=c.Additional(calling=c.LineIdentity("7654", restricted=True)))),
        "IAI cic 7: signals 8123, category ordinary, nature national, "
        "additional (calling (signals 7654, nature national, restricted yes, incomplete no), other 0, rest none)",
    ),
    (management.Message("TFC", destination=CHINA.read("1-2-3"), status=2), "TFC: destination 1-2-3, status 2"),
    (management.Message("TRA"), "TRA"),
    (OtherUserPart(SCCP, b"\x09"), "SCCP: octets 09"),
    (OtherUserPart(9, b""), "service 9: octets "),
    (Malformed("nonsense"), "Malformed: nonsense"),
]


@pytest.mark.parametrize(("message", "said"), SAID)
def test_words(message, said):
    assert words_of(message) == said


@pytest.mark.parametrize("form", [CHINA, ITU], ids=["24", "14"])
def test_every_message_is_read_back_out_of_its_signal_unit(form, corpus):
    """ISUP, TUP, whose circuit lies in the label, management, link tests."""
    here, there = form.text(form.highest & 0x156433), form.text(form.highest & 0x2A5A5A)
    for message in [each for each in corpus if not isinstance(each, management.Message)] + list(examples(form)):
        unit = form.read_unit(octets_of(message, form, here, there))
        assert read_message(form, unit) == message
        assert circuit_of(message) == getattr(message, "cic", None)


def test_other_user_parts_are_octets():
    assert read_message(CHINA, Unit(SCCP, 2, Label(1, 2, 0), b"\x09\x01")) == OtherUserPart(SCCP, b"\x09\x01")
    assert isinstance(read_message(CHINA, Unit(4, 2, Label(1, 2, 0), b"")), Malformed)
