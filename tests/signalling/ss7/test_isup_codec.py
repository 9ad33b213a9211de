"""ISUP messages read and written: golden octets, every message with every parameter, what is refused, what is passed over (Q.763)."""

import random
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.engine import Malformed
from pbx.signalling.ss7.bits import REMEMBERED, Bits, fields_of
from pbx.signalling.ss7.isup import codec, messages, table
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.codec import Message, decode, encode, read_optional_part
from pbx.signalling.ss7.isup.messages import MessageType as T
from pbx.signalling.ss7.isup.parameter import Extensible, Unparsed, Unreadable, Unrecognized
from tests.signalling.ss7 import isup_corpus
from tests.signalling.ss7.isup_golden import GOLDEN


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_golden(golden):
    assert decode(golden.octets) == golden.message
    assert encode(golden.message) == golden.octets


def test_the_golden_messages_are_of_every_kind():
    """At least one golden message for each way a row can be laid out: parts there or not."""

    def shape(row):
        return (bool(row.fixed), len(row.variable), row.optional is None, row.national)

    seen = {shape(messages.BY_TYPE[golden.message.kind]) for golden in GOLDEN if golden.message.kind in messages.BY_TYPE}
    assert seen == {shape(row) for row in messages.ROWS}


def test_every_message_has_a_row_and_every_parameter_one_code():
    assert set(messages.BY_TYPE) == set(T)
    assert len(table.BY_CODE) == len(table.BY_TYPE) == len(table.ROWS)
    used = {parameter for row in messages.ROWS for parameter in (*row.fixed, *row.variable, *(row.optional or ()))}
    assert set(table.BY_TYPE) - used == set()


@pytest.mark.parametrize("row", messages.ROWS, ids=lambda row: row.type.name)
@given(chance=st.randoms(use_true_random=False), unknown=st.integers(0, 2))
def test_what_is_written_is_read_back(row, chance, unknown):
    message = isup_corpus.message(chance, row, unknown=unknown)
    assert decode(encode(message)) == message


def test_every_message_with_every_parameter_comes_back(seed):
    for message in isup_corpus.every_message(random.Random(seed)):
        octets = encode(message)
        assert decode(octets) == message, f"--seed {seed}"
        assert encode(decode(octets)) == octets, f"--seed {seed}"


@pytest.mark.parametrize("row", [row for row in table.ROWS if row.size], ids=lambda row: row.parameter.__name__)
@given(chance=st.randoms(use_true_random=False), beyond=st.binary(min_size=1, max_size=8))
def test_octets_of_later_editions_are_kept(row, chance, beyond):
    parameter = msgspec.structs.replace(isup_corpus.parameter(chance, row.parameter), beyond=beyond)
    assert isinstance(parameter, Extensible)
    message = Message(1, T.ANM, (parameter,))
    assert decode(encode(message)) == message


def read(octets):
    return decode(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "octets",
    [
        "5100 10",  # an edition without optional part
        "5100 10 00 ffff",  # octets behind the message
        "5100 10 02 ff 00",  # a gap before the optional part
        "51f0 10 00",  # spare bits beside the circuit
    ],
)
def test_a_lenient_reader_finds_the_same_rlc(octets):
    assert read(octets) == Message(81, T.RLC)


def test_an_edition_without_an_optional_part_has_no_pointer_to_it():
    assert read("5100 02 01 0480214305") == read("5100 02 02 00 0480214305")


def test_spare_bits_are_passed_over():
    assert read("5100 05 ff") == read("5100 05 01")
    assert read("2000 29 01 051e010000c0") == read("2000 29 01 051e01000040")
    assert read("5100 02 02 00 04ff214365") == read("5100 02 02 00 0480214305")


def test_an_old_redirection_information_has_one_octet():
    message = read("5100 0c 02 04 028090 130103 00")
    assert message.first(i.RedirectionInformation) == i.RedirectionInformation(indicator=3, counter=0)


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "51",
        "5100",
        "5100 01 00 2000 0a",  # the fixed part ends too soon
        "5100 02",  # no pointer to the variable part
        "5100 02 00 00",  # a pointer to itself
        "5100 02 01 00 02 80 21",  # a pointer to the next pointer, whose 0 would be a length
        "5100 02 02 02 0480214305 00",  # an optional part within the variable one
        "5100 2b 02 02 0101 03010203",  # two parameters in one place
        "5100 02 09 00 0180",  # a pointer beyond the end
        "5100 02 02 00 0980",  # a length beyond the end
        "5100 02 02 00 0180",  # an odd number of signals, and none
        "5100 0c 02 00 0180",  # a cause without its cause
        "5100 17 01 00",  # no range
        "5100 29 01 03 1eff7f",  # status bits for half of the range
        "5100 09 01",  # the optional part is missing
        "5100 09 01 29",  # a code without length
        "5100 09 01 2901",  # a length without contents
        "5100 09 01 290101",  # no end of the optional part
        "5100 09 09",  # a pointer to an optional part beyond the end
    ],
)
def test_what_is_no_message(octets):
    found = read(octets)
    assert isinstance(found, Malformed)
    assert found.what.startswith("ISUP: ")


def test_a_long_message_is_told_in_few_words():
    found = decode(b"\x51\x00\x09\x01" + b"\x29\xff" * 200)
    assert isinstance(found, Malformed)
    assert len(found.what) < 200


@pytest.mark.parametrize(
    ("code", "contents"),
    [
        (0x0A, "03"),  # a number without its second octet
        (0x0A, "8310"),  # an odd number of signals, and none
        (0x12, ""),
        (0x12, "01"),
        (0x16, ""),
        (0x1A, "012345"),
        (0x1D, "80"),
        (0x25, "01020304"),
        (0x31, "01"),
        (0x39, "3d"),
        (0x39, "3d10"),  # instructions that do not end
        (0x01, "01020304050607"),
        (0xC1, "20"),
        (0x24, ""),
    ],
)
def test_optional_parameters_that_make_no_sense_are_kept(code, contents):
    octets = bytes.fromhex(contents)
    message = Message(81, T.ANM, (Unreadable(code, octets), p.AccessTransport(b"x")))
    assert decode(encode(message)) == message


def test_the_optional_part_of_an_unknown_message_can_be_read():
    message = read("5100 7f 01 380182 f20100 00")
    assert isinstance(message, Message)
    assert read_optional_part(message.parameters[0].octets) == (
        i.MessageCompatibilityInformation(release_call=True),
        Unrecognized(0xF2, b"\x00"),
    )
    assert read_optional_part(b"\x00") == ()
    for octets in (b"", b"\x01", b"\x09\x00", b"\x01\x38\x02\x01"):
        assert isinstance(read_optional_part(octets), Malformed)


def test_parameters_are_found_by_type():
    first, second = p.GenericNumber("1"), p.GenericNumber("2")
    message = Message(1, T.ANM, (first, p.ConnectedNumber("3"), second))
    assert message.first(p.GenericNumber) is first
    assert message.each(p.GenericNumber) == [first, second]
    assert message.first(p.CalledPartyNumber) is None


def test_circuits_of_a_range():
    assert p.RangeAndStatus(3).circuits(32) == [32, 33, 34, 35]
    assert p.RangeAndStatus(3, 0b1010).circuits(32) == [33, 35]


INITIAL = (
    i.NatureOfConnectionIndicators(),
    i.ForwardCallIndicators(),
    i.CallingPartysCategory(),
    i.TransmissionMediumRequirement(),
)


@pytest.mark.parametrize(
    "message",
    [
        Message(4096, T.RLC),
        Message(-1, T.RLC),
        Message(1, 256, (Unparsed(b""),)),
        Message(1, T.IAM),
        Message(1, T.IAM, INITIAL),
        Message(1, T.IAM, (*INITIAL[::-1], p.CalledPartyNumber("1"))),
        Message(1, T.IAM, (*INITIAL, p.CallingPartyNumber("1"))),
        Message(1, T.IAM, (i.NatureOfConnectionIndicators(beyond=b"x"), *INITIAL[1:], p.CalledPartyNumber("1"))),
        Message(1, T.IAM, (i.NatureOfConnectionIndicators(satellite=4), *INITIAL[1:], p.CalledPartyNumber("1"))),
        Message(1, T.BLO, (p.CauseIndicators(16),)),
        Message(1, T.ANM, (i.CircuitState(),)),
        Message(1, T.ANM, (Unparsed(b""),)),
        Message(1, T.ANM, (p.UserToUserInformation(bytes(256)),)),
        Message(1, T.SAM, (p.SubsequentNumber("1" * 600),)),
        Message(1, T.CRG),
        Message(1, 0x7F, (p.CauseIndicators(16),)),
        *(
            Message(1, T.ANM, (parameter,))
            for parameter in (
                p.CalledPartyNumber("12 4"),
                p.CalledPartyNumber("*2"),
                p.CalledPartyNumber("1", nature=128),
                p.CauseIndicators(128),
                p.CauseIndicators(16, 16),
                p.CauseIndicators(16, recommendation=128),
                p.RangeAndStatus(256),
                p.RangeAndStatus(1, 0b100),
                p.CircuitStateIndicator(()),
                p.CircuitStateIndicator((i.CircuitState(4),)),
                p.ClosedUserGroupInterlockCode("123", 0),
                p.ClosedUserGroupInterlockCode("1234", 1 << 16),
                p.CallReference(1, b"\x01"),
                p.GenericDigits(b""),
                p.UserServiceInformation(b"\x80"),
                p.PropagationDelayCounter(1 << 16),
                p.ParameterCompatibilityInformation(()),
                p.ParameterCompatibilityInformation((p.ParameterInstructions(256),)),
                p.ParameterCompatibilityInformation((p.ParameterInstructions(1, more=b"\x00"),)),
                p.ParameterCompatibilityInformation((p.ParameterInstructions(1, more=b"\x80\x80"),)),
                Unrecognized(256, b""),
                Unrecognized(0, b"x"),  # its code ends the optional part
            )
        ),
    ],
    ids=str,
)
def test_our_own_nonsense_is_refused(message):
    with pytest.raises(ValueError):
        encode(message)


def test_what_is_remembered_has_a_limit():
    """A peer that sends ever new contents makes forms and layouts forget, not grow; what they read stays right."""
    layout = codec._LAYOUTS[T.INR]
    for value in range(REMEMBERED + 10):
        low, high = value & 0xFF, value >> 8
        fixed = bytes((1, 0, T.INR, low, high, 0))
        assert decode(fixed).parameters == (i.InformationRequestIndicators(*(bool(low >> bit & 1) for bit in (0, 1, 3, 4, 7))),)
        encode(decode(fixed))
        bits = bytes((1, 0, T.ANM, 1, 0x11, 2, low, high, 0))
        assert encode(decode(bits)) == bits
        number = bytes((1, 0, T.ANM, 1, 0xC0, 4, low, high, 0x13, 0x21, 0))
        assert encode(decode(number)) == number
    assert len(layout.fixed_parts) <= REMEMBERED
    assert len(layout.fixed_octets) <= REMEMBERED


def test_fields_stand_where_their_letters_are():
    class Strange(msgspec.Struct):
        value: Annotated[int, Bits("CA")] = 0

    class Wide(msgspec.Struct):
        value: Annotated[bool, Bits("BA")] = False

    for struct in (Strange, Wide):
        with pytest.raises(AssertionError):
            fields_of(struct)
    assert [field.shift for field in fields_of(i.RedirectionInformation)] == [0, 4, 8, 12]
