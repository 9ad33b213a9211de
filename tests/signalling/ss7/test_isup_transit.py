"""What passes through a transit exchange of ISUP: parameters and instructions as an independent reading of the rules has it, any messages.

The reading is of Q.764 clause 2.9.5.3 and of the letters of the instruction octets (Q.763 3.33, 3.41), from octets alone.
"""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.signalling.ss7.isup import codec, messages, parts, table
from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.codec import Message, encode
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.onward import IN_SEGMENTS, LONGEST, compose
from pbx.signalling.ss7.isup.parameter import Unparsed, Unrecognized
from pbx.signalling.ss7.isup.transit import SAID_BY, WITHOUT_WORDS
from pbx.signalling.ss7.isup.variant import Variant, load_variant
from pbx.vocabulary.call import (
    Alerting,
    Carried,
    Connect,
    Disconnect,
    Idle,
    NotCarried,
    PassOn,
    Proceeding,
    Progress,
    Release,
    Setup,
)
from tests.signalling.ss7 import isup_corpus
from tests.signalling.ss7.damage import flipped_bits, truncations
from tests.signalling.ss7.isup_golden import GOLDEN
from tests.signalling.ss7.isup_passage import TYPE_A, TYPE_B, TransitExchange, octets_of, transit_tester, unknown
from tests.signalling.ss7.isup_tester import CAUSE, FREE, SILENT, iam
from tests.signalling.ss7.test_isup_call_fuzz import Books, at_circuit
from tests.signalling.ss7.test_isup_cells import OTHER_END, RECIPES, come_to_rest, reach

CARRIED_BY_ANY = (MessageType.ACM, MessageType.CPG, MessageType.ANM, MessageType.CON)
ABROAD = Variant(msgspec.structs.replace(load_variant().data, name="isup-abroad"))
INSTRUCTIONS, NEW = 0x39, 0xA5


# What becomes of what nobody knows.


def bit(octet, letter):
    return octet >> "ABCDEFGH".index(letter) & 1


def fate_of_parameter(octet, type_of_exchange, through):
    """What becomes of an unknown parameter with these instructions (None: without), and whether its sender hears of it."""
    transit = through and type_of_exchange == "B"
    if octet is None:
        return ("pass on", False) if transit else ("discard parameter", True)
    if transit and not bit(octet, "A"):
        return "pass on", False
    notify = bool(bit(octet, "C"))
    if bit(octet, "B"):
        return "release", False
    if bit(octet, "D"):
        return "discard message", notify
    if bit(octet, "E"):
        return "discard parameter", notify
    if through:
        return "pass on", False
    not_possible = ("release", "discard message", "discard parameter", "release")[bit(octet, "F") | bit(octet, "G") << 1]
    return not_possible, notify


def fate_of_message(octet, type_of_exchange, through):
    """The same of an unknown message."""
    if octet is None:
        return "discard message", True
    if through and type_of_exchange == "B" and not bit(octet, "A"):
        return "pass on", False
    if bit(octet, "B"):
        return "release", False
    if not bit(octet, "D") and (through or not bit(octet, "E")):
        return ("pass on", False) if through else ("release", False)
    return "discard message", bool(bit(octet, "C"))


def answered_call(type_of_exchange, through):
    passage = TransitExchange(*{"A": (TYPE_A, TYPE_A), "B": (TYPE_B, TYPE_B)}[type_of_exchange]).up_to("begun")
    if not through:
        passage.ends_here()
    return passage


def confusions(passage):
    return [octets for octets in passage.answered if octets[2] == MessageType.CFN]


def causes(sent):
    return [parts.parts(octets).variable[0][1] & 0x7F for octets in sent]


@pytest.mark.parametrize("type_of_exchange", ["A", "B"])
@pytest.mark.parametrize("through", [True, False])
@pytest.mark.parametrize("octet", [None, *range(128)])
def test_every_instruction_of_a_message(octet, type_of_exchange, through):
    body = b"\0" if octet is None else bytes((1, 0x38, 1, octet | 0x80, 0))
    passage = answered_call(type_of_exchange, through)
    sent = passage.forward(unknown(NEW, body))
    fate, notified = fate_of_message(octet, type_of_exchange, through)
    if fate == "release":
        assert causes(passage.answered) == [97]
    else:
        assert sent == ([unknown(NEW, body)] if fate == "pass on" else [])
        assert causes(passage.answered) == ([97] if notified else [])


PARAMETER = st.tuples(
    st.sampled_from([*isup_corpus.UNKNOWN_CODES[:60]]),
    st.binary(max_size=9),
    st.none() | st.tuples(st.integers(0, 127), st.sampled_from([b"", b"\x80", b"\x05\x81"])),
)


@given(
    st.lists(PARAMETER, min_size=1, max_size=6, unique_by=lambda each: each[0]),
    st.sampled_from("AB"),
    st.booleans(),
    st.sampled_from(["SUS", "FAC", "USR"]),
    st.randoms(use_true_random=False),
)
def test_any_parameters_with_any_instructions(wanted, type_of_exchange, through, name, chance):
    """Of several the strongest wish decides; what is discarded goes with its instructions, all the rest stays as it was."""
    instructions = b"".join(
        bytes((code, octets[0] | (0 if octets[1] else 0x80))) + octets[1] for code, _, octets in wanted if octets is not None
    )
    optional = [(code, contents) for code, contents, _ in wanted]
    if instructions:
        optional.insert(chance.randrange(len(optional) + 1), (INSTRUCTIONS, instructions))
    first = parts.parts(octets_of(name, *{"USR": (p.UserToUserInformation(b"hello"),)}.get(name, octets_defaults(name))))
    octets = parts.octets_of(1, first._replace(optional=tuple(optional)))
    fates = {code: fate_of_parameter(told[0] if told else None, type_of_exchange, through) for code, _, told in wanted}
    passage = answered_call(type_of_exchange, through)
    sent = passage.forward(octets)
    told = [fate for fate, _ in fates.values()]
    if "release" in told:
        assert causes(passage.answered) == [99]
        return
    if "discard message" in told:
        code, (_, notified) = next((code, fate) for code, fate in fates.items() if fate[0] == "discard message")
        assert sent == [] and causes(confusions(passage)) == ([110] if notified else [])
        if notified:
            assert confusions(passage)[0][-1] == code
        return
    gone = {code for code, (fate, _) in fates.items() if fate == "discard parameter"}
    heard = [code for code, (_, notified) in fates.items() if notified]
    assert [octets[-1] for octets in confusions(passage)] == heard[:1]
    if not through:
        assert sent == []
        return
    (passed,) = sent
    kept = parts.parts(passed).optional
    assert [each for each in kept if each[0] != INSTRUCTIONS] == [each for each in optional if each[0] not in (*gone, INSTRUCTIONS)]
    left = b"".join(
        bytes((code, told[0] | (0 if told[1] else 0x80))) + told[1] for code, _, told in wanted if told is not None and code not in gone
    )
    assert b"".join(contents for code, contents in kept if code == INSTRUCTIONS) == left
    if not gone:
        assert passed == octets


def octets_defaults(name):
    return (i.SuspendResumeIndicators(True),) if name == "SUS" else ()


# What everybody knows and a transit exchange carries.


NOT_AS_IT_CAME = (p.CircuitAssignmentMap, i.HopCounter, p.PropagationDelayCounter, i.AutomaticCongestionLevel)


@pytest.mark.parametrize("name", ["IAM", "ACM", "CON", "CPG", "ANM", "REL", "SUS", "RES", "FOT"])
def test_each_optional_parameter_of_each_message(name, seed):
    """Also with spare bits and octets of a later edition; the order stays."""
    chance = random.Random(seed)
    kind = MessageType[name]
    for wanted in messages.BY_TYPE[kind].optional:
        parameter = isup_corpus.parameter(chance, wanted, kind, meant=True)
        contents = bytearray(table.BY_TYPE[wanted].form.write(parameter))
        if isinstance(parameter, i.OptionalForwardCallIndicators | i.OptionalBackwardCallIndicators):
            contents = bytearray((contents[0] & ~0x04 | 0x30,))
        contents += b"\x5a" if hasattr(parameter, "beyond") else b""
        given_ = ((NEW, b"\1"), (table.BY_TYPE[wanted].code, bytes(contents)), (0xA6, b"\2"))
        octets = parts.octets_of(1, parts.parts(octets_of(name))._replace(optional=given_))
        passage = TransitExchange()
        if name == "IAM":
            sent = passage.forward(octets)
        else:
            passage.up_to({"ACM": "begun", "CON": "begun", "CPG": "complete", "ANM": "complete"}.get(name, "answered"))
            if name == "RES":
                passage.backward(octets_of("SUS"))
            sent = passage.forward(octets) if name == "FOT" else passage.backward(octets)
        if wanted is p.ParameterCompatibilityInformation:
            continue  # instructions of the corpus are about known parameters and unknown ones alike: the properties above
        (passed,) = sent
        kept = parts.parts(passed).optional
        assert (kept[0], kept[-1]) == (given_[0], given_[2]), wanted
        if wanted is i.HopCounter:
            count = contents[0] & 0x1F
            assert kept[1:-1] == ((0x3D, bytes((contents[0] - (count > 0),)) + contents[1:]),)
        elif wanted not in NOT_AS_IT_CAME:
            assert passed == octets, wanted
        elif wanted is not p.PropagationDelayCounter:
            assert kept == (given_[0], given_[2]), wanted


def test_every_message_without_words_passes_both_ways(seed):
    chance = random.Random(seed)
    for kind in WITHOUT_WORDS:
        for _ in range(10):
            octets = at_one(encode(isup_corpus.message(chance, messages.BY_TYPE[kind], meant=True)))
            passage = TransitExchange().up_to("answered")
            assert passage.forward(octets) == [octets] and passage.backward(octets) == [octets], kind


def at_one(octets):
    return bytes((1, 0)) + octets[2:]


def test_the_first_parts_of_a_call_are_those_of_the_caller():
    """Forward call indicators, category, medium, and the called number where the switch has not changed it; satellites and echo add up."""
    octets = bytearray(octets_of("IAM", *iam("12345", i.HopCounter(9))))
    octets[3], octets[4], octets[5], octets[6], octets[7] = 0xF1, 0x6D, 0x95, 0x0B, 0x02
    (passed,) = TransitExchange().forward(bytes(octets))
    assert (passed[:-2], passed[-2]) == (bytes(octets[:-2]), 8)
    passage = TransitExchange(variants=(load_variant(), ABROAD))
    (passed,) = passage.forward(bytes(octets))
    assert passed[6] != 0x0B, "what a category means is national"
    passage = TransitExchange()
    passage.near.octets(bytes(octets))
    setup = msgspec.structs.replace(passage.near.said[-1], called="987")
    passage.far.give(setup)
    assert passage.far.messages[0].first(p.CalledPartyNumber).signals == "987"


def test_digits_that_come_later_pass_with_what_they_bring():
    """SAM, when the call has been offered: octet for octet, ST and unknown parameters included."""
    passage = TransitExchange()
    sent = passage.forward(octets_of("IAM", *iam("81")))
    assert len(sent) == 1
    octets = octets_of("SAM", p.SubsequentNumber("12F"), Unrecognized(NEW, b"\1"))
    assert passage.forward(octets) == [octets]


def test_address_complete_that_had_to_be_said_before():
    """After T11 an ACM that comes brings its parameters by CPG, with or without word of the called party; so does a CON by ANM."""
    uui = p.UserToUserInformation(b"\4abc")
    indicators = encode(Message(1, MessageType.ACM, (FREE,)))[3:5]
    for told, event in ((SILENT, 2), (FREE, 1)):
        passage = TransitExchange().up_to("begun")
        assert passage.near.wait(16.0)[0] == ["ACM"]
        (sent,) = passage.backward(octets_of("ACM", told, uui))
        assert sent[2:4] == bytes((MessageType.CPG, event))
        expected = indicators if told is FREE else b"\0\0"
        assert parts.parts(sent).optional == ((0x11, expected), (0x20, b"\4abc"))
    passage = TransitExchange().up_to("begun")
    passage.near.wait(16.0)
    (sent,) = passage.backward(octets_of("CON", FREE, uui))
    assert sent == encode(Message(1, MessageType.ANM, (FREE, uui)))
    passage = TransitExchange().up_to("begun")
    passage.near.wait(16.0)
    assert passage.backward(octets_of("ACM", SILENT)) == [], "nothing came with it"


def test_ringing_and_in_band_information_in_one_message_stay_one():
    passage = TransitExchange().up_to("begun")
    octets = octets_of("ACM", FREE, i.OptionalBackwardCallIndicators(in_band_information=True))
    assert passage.backward(octets) == [octets]
    octets = octets_of("CPG", i.EventInformation(1), i.OptionalBackwardCallIndicators(in_band_information=True))
    assert passage.backward(octets) == [octets]


def test_what_the_switch_is_not_told_passes_by_itself():
    """CPG of a diversion, CPG in a conversation, SUS, RES and CPG of the calling side."""
    passage = TransitExchange().up_to("complete")
    for event in (4, 5, 6):
        octets = octets_of("CPG", i.EventInformation(event))
        assert passage.backward(octets) == [octets]
    assert passage.backward(octets_of("ANM"))
    for octets in (octets_of("CPG", i.EventInformation(2)), octets_of("SUS"), octets_of("RES")):
        assert passage.forward(octets) == [octets]
    octets = octets_of("CPG", i.EventInformation(2), p.GenericNotificationIndicator(b"\xf9"))
    assert passage.backward(octets) == [octets]


def test_who_is_asked_for_what():
    """INR: what we know of the caller we tell ourselves; what we do not, the exchange before us is asked for, and INF passes."""
    passage = TransitExchange()
    passage.forward(octets_of("IAM", *iam("12345", p.CallingPartyNumber("77", 1))))
    assert passage.backward(octets_of("INR", i.InformationRequestIndicators(calling_address=True))) == []
    assert passage.answered[0][2] == MessageType.INF
    passage = TransitExchange().up_to("begun")
    for asked in (
        octets_of("INR", i.InformationRequestIndicators(calling_address=True)),
        octets_of("INR", i.InformationRequestIndicators(charge_information=True), Unrecognized(NEW, b"\1")),
    ):
        assert passage.backward(asked) == [asked] and passage.answered == []
        told = octets_of("INF", i.InformationIndicators(3), p.CallingPartyNumber("77", 1), Unrecognized(NEW, b"\1"))
        assert passage.forward(told) == [told]


def test_confusion_about_what_was_passed_on_goes_back_to_who_sent_it():
    """Of an unknown code, or a message we only carry: it is not ours. Of what we make ourselves it is for us, and is counted."""
    passage = TransitExchange().up_to("answered")
    for cause, code in ((99, NEW), (110, NEW), (97, 0xB7), (97, MessageType.FAC), (99, 0x20)):
        octets = octets_of("CFN", p.CauseIndicators(cause, 2, diagnostics=bytes((code,))))
        assert passage.backward(octets) == [octets] and passage.forward(octets) == [octets]
    for cause, code in ((99, 0x3D), (97, MessageType.SUS)):
        assert passage.backward(octets_of("CFN", p.CauseIndicators(cause, 2, diagnostics=bytes((code,))))) == []
    assert passage.backward(octets_of("CFN")) == []


def test_a_release_says_what_the_far_end_said():
    """Location and diagnostics of the cause, and what else came; congestion is told of one's own exchange alone."""
    passage = TransitExchange().up_to("answered")
    cause = p.CauseIndicators(22, 5, diagnostics=b"\x01\x02")
    (sent,) = passage.backward(octets_of("REL", cause, i.AutomaticCongestionLevel(2), p.UserToUserInformation(b"\4bye")))
    assert sent == octets_of("REL", cause, p.UserToUserInformation(b"\4bye"))
    passage = TransitExchange().up_to("answered")
    passage.near.isup.congestion.overload = 1
    (sent,) = passage.backward(octets_of("REL", cause, i.AutomaticCongestionLevel(2)))
    assert sent == octets_of("REL", cause, i.AutomaticCongestionLevel(1)), "ours, not theirs"


def test_a_cause_that_leaves_no_place_for_a_pointer():
    """An optional part of ours would stand where no pointer reaches."""
    passage = TransitExchange().up_to("answered")
    passage.near.isup.congestion.overload = 1
    cause = p.CauseIndicators(16, 2, diagnostics=bytes(253))
    (sent,) = passage.backward(octets_of("REL", cause))
    assert codec.decode(sent).parameters == (cause,)


def test_national_messages_do_not_enter_another_network():
    passage = TransitExchange(variants=(load_variant(), ABROAD)).up_to("answered")
    charge = encode(Message(1, MessageType.CRG, (Unparsed(b"\1\2"),)))
    assert passage.backward(charge) == []
    units = p.ChargeInformation(3)
    assert passage.backward(octets_of("MPM", units, Unrecognized(NEW, b"\1"))) == [octets_of("MPM", units)]
    usr = octets_of("USR", p.UserToUserInformation(b"hello"))
    assert passage.backward(usr) == [usr]


# What has no room.


LONG = st.tuples(st.sampled_from([0x03, 0x20, 0xC0, 0xC1, 0x2C, NEW, 0xA6, 0x28, 0x1A]), st.binary(min_size=4, max_size=130))


@given(
    st.lists(LONG, max_size=6),
    st.sampled_from(["IAM", "ACM", "CON", "ANM", "REL"]),
)
def test_no_message_is_too_long_and_as_much_as_possible_goes(optional, name):
    own = codec.decode(octets_of(name))
    octets = parts.octets_of(1, parts.parts(octets_of(name))._replace(optional=tuple(optional)))
    sent = [encode(message) for message in compose(own, octets, TYPE_B, same=True).messages]
    assert all(len(each) <= LONGEST for each in sent) and 1 <= len(sent) <= 2
    said = [each for octets in sent for each in parts.parts(octets).optional if each[0] not in (0x08, 0x29)]
    if len(sent) == 1 and len(octets) <= LONGEST:
        assert said == optional
    for second in (False, True):
        those = [each for each in said if (each[0] in IN_SEGMENTS) == second]
        assert those == [each for each in optional if each in said and (each[0] in IN_SEGMENTS) == second], "in their order"
    if len(sent) == 2:
        flag = parts.parts(sent[0]).first(0x08 if name == "IAM" else 0x29)
        assert flag is not None and flag[0] & 4 and sent[1][2] == MessageType.SGM and name != "REL"


def test_what_has_no_room_obeys_its_instructions():
    """The parameter is left out; the call is released where it must not go on without it."""
    parameter = [Unrecognized(0xA0 + number, bytes(100)) for number in range(3)]
    wish = p.ParameterCompatibilityInformation((p.ParameterInstructions(0xA2, pass_on_not_possible=0),))
    first = octets_of("IAM", *iam("12345", *parameter[:2], i.OptionalForwardCallIndicators(more_in_segment=True)))
    for instructions, names in (((), ["IAM"]), ((wish,), ["IAM", "REL"])):
        passage = TransitExchange()
        passage.forward(first)
        sent = passage.forward(octets_of("SGM", parameter[2], *instructions))
        assert [MessageType(octets[2]).name for octets in sent] == names
        assert [code for code, _ in parts.parts(sent[0]).optional if code >= 0xA0] == [0xA0, 0xA1]


# Strangers, and the end.


def test_little_is_kept_of_an_iam_that_has_been_offered():
    passage = TransitExchange()
    passage.forward(octets_of("IAM", *iam("12345", p.UserToUserInformation(bytes(130)), i.OptionalForwardCallIndicators())))
    circuit = passage.near.isup.circuits[1]
    assert circuit.initial.parameters == (i.OptionalForwardCallIndicators(),) and not circuit.transit.initial


def test_what_another_suite_carries_means_nothing():
    tester = transit_tester(TYPE_B)
    tester.give(Setup("12345", "77", carried=Carried("tup/tup-china", b"\1\2\3")))
    assert tester.sent == [octets_of_plain_setup()]
    tester.give(PassOn(carried=Carried("tup/tup-china", b"\1\2\3")))
    assert tester.sent == []


def octets_of_plain_setup():
    tester = transit_tester(TYPE_B)
    tester.give(Setup("12345", "77"))
    return tester.sent[0]


def test_a_circuit_from_which_nothing_passes_carries_nothing(seed):
    chance = random.Random(seed)
    for state in RECIPES:
        tester = reach(state)
        for message in isup_corpus.every_message(chance):
            tester.octets(at_circuit(encode(message)))
            assert all(primitive.carried is None and not isinstance(primitive, PassOn) for primitive in tester.said)


def transit_of(state):
    tester = reach(state)
    for circuit in tester.isup.circuits.values():
        circuit.transit.plan = TYPE_B
        circuit.transit.through = circuit.open
    return tester


@pytest.mark.parametrize("state", RECIPES)
def test_any_message_in_any_state_of_a_transit_circuit(state, seed):
    """Nothing raises, books stay right, what is carried is a message that the other side can take, and nothing of it is kept."""
    chance = random.Random(seed)
    corpus = [encode(message) for message in isup_corpus.every_message(chance)]
    other = transit_tester(TYPE_B)
    for octets in corpus:
        tester = transit_of(state)
        Books(tester, state)
        tester.octets(at_circuit(octets))
        for primitive in tester.said:
            carried = primitive.carried
            if carried is not None and carried.octets:
                assert carried.octets[2] in SAID_BY or carried.octets[2] == MessageType.IAM or isinstance(primitive, PassOn)
                if not isinstance(primitive, Idle | NotCarried):
                    other.give(primitive if not isinstance(primitive, Release) else Disconnect(primitive.cause, carried=carried))
                tester.give(NotCarried(carried=carried), OTHER_END)
        tester.give(Release(16), OTHER_END)
        transit = tester.isup.circuits[OTHER_END].transit
        assert not transit.initial and not transit.through


@pytest.mark.parametrize("state", RECIPES)
def test_after_a_run_of_anything_carried_the_circuit_comes_to_rest(state, seed):
    chance = random.Random(seed)
    corpus = [at_circuit(encode(message)) for message in isup_corpus.every_message(chance)]
    corpus = [octets for octets in corpus if codec.decode(octets) is not None]
    kinds = (Proceeding, Alerting, Progress, Connect, PassOn, NotCarried)
    for _ in range(10):
        tester = transit_of(state)
        for _ in range(12):
            carried = Carried("isup/isup-china", chance.choice((b"", chance.choice(corpus))))
            kind = chance.choice((*kinds, Disconnect, Setup, "message"))
            if kind == "message":
                octets = chance.choice(corpus)
                if octets[2] not in range(0x12, 0x1C):  # blocks and resets outlive the run
                    tester.octets(octets)
            elif kind is Disconnect:
                tester.give(Disconnect(17, carried=carried), OTHER_END)
            elif kind is Setup:
                tester.give(Setup("12345", carried=carried), OTHER_END)
            else:
                tester.give(kind(carried=carried), OTHER_END)
            tester.wait(chance.choice((0.0, 0.0, 1.0, 20.0)))
        come_to_rest(tester)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_damaged_messages_of_a_transit_call(golden):
    for octets in (*truncations(golden.octets), *flipped_bits(golden.octets)):
        passage = TransitExchange().up_to("complete")
        if len(octets) > 2:
            passage.backward(at_one(octets))


@pytest.mark.parametrize("kind", CARRIED_BY_ANY)
def test_any_message_of_the_called_side_in_the_clothes_of_any_other(kind, seed):
    """What is due may be another message than what came: always a whole one, and with all that may go."""
    chance = random.Random(seed)
    for theirs in CARRIED_BY_ANY:
        for _ in range(20):
            octets = encode(isup_corpus.message(chance, messages.BY_TYPE[theirs], unknown=1))
            own = codec.decode(octets_of(MessageType(kind).name))
            for sent in compose(own, octets, TYPE_B, same=True).messages:
                found = codec.decode(encode(sent))
                assert isinstance(found, Message) and found.kind in (kind, MessageType.SGM)
            assert compose(own, octets_of("REL", CAUSE), TYPE_B, same=True).messages == (own,)
