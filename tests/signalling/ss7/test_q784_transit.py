"""Q.784 sections 1.6, 1.7, 2.4 and 6.5.1 with a transit exchange between two of ISUP: what it does not know goes on to the other side.

Instructions that are for end nodes, or an exchange of type A, are obeyed first; where the call leaves ISUP the rules for "pass on not
possible" hold.
"""

import pytest

from pbx.signalling.ss7.isup import indicators as i
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup import parts
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Unrecognized
from pbx.signalling.ss7.isup.transit import Passage
from pbx.vocabulary.call import Connect, Disconnect, Proceeding, Seized, Setup
from tests.signalling.ss7.isup_passage import TYPE_A, TYPE_B, TransitExchange, octets_of, unknown
from tests.signalling.ss7.isup_tester import CAUSE, FREE, iam
from tests.signalling.ss7.test_q784_compatibility import (
    DISCARD,
    END_NODE,
    LAST,
    NEW,
    NOTIFY,
    PASS_OR_DISCARD,
    RELEASE,
    STRANGE,
    instructed,
)

CFN, REL, RLC = MessageType.CFN, MessageType.REL, MessageType.RLC


def instructing(bits):
    """A message without a table, and what shall become of it."""
    return unknown(NEW, bytes((1, 0x38, 1, bits | LAST, 0x77, 2, 5, 6, 0)))


def kinds(sent):
    return [octets[2] for octets in sent]


def told(octets):
    """Cause and diagnostic of a CFN or REL."""
    (cause,) = parts.parts(octets).variable
    return cause[1] & 0x7F, cause[2:]


def test_1_6_1_1_unknown_message_in_forward_direction_in_transit():
    """In transit, forward: without instructions a message goes no further: discarded, CFN 97"""
    passage = TransitExchange().up_to("begun")
    assert passage.forward(unknown(NEW)) == []
    assert told(passage.answered[0]) == (97, bytes((NEW,)))


def test_1_6_1_2_unknown_message_in_backward_direction_in_transit():
    """In transit, backward: discarded, CFN 97, also before address complete, and the call goes on"""
    passage = TransitExchange().up_to("begun")
    assert passage.backward(unknown(NEW)) == []
    assert kinds(passage.answered) == [CFN]
    assert passage.backward(octets_of("ACM")) == [octets_of("ACM")]


def test_1_6_2_1_unknown_parameters_in_forward_direction_in_transit():
    """In transit, forward: parameters without instructions are passed on in IAM, and nobody is told; type A discards them, CFN 99"""
    octets = octets_of("IAM", *iam("12345", STRANGE))
    passage = TransitExchange()
    assert passage.forward(octets) == [octets] and passage.answered == []
    gateway = TransitExchange(near=TYPE_A)
    assert gateway.forward(octets) == [octets_of("IAM")]
    assert told(gateway.answered[0]) == (99, bytes((NEW,)))


@pytest.mark.parametrize(("state", "name"), [("begun", "ACM"), ("begun", "CON"), ("complete", "CPG"), ("complete", "ANM")])
def test_1_6_2_2_unknown_parameters_in_backward_direction_in_transit(state, name):
    """In transit, backward: passed on in ACM, CON, CPG and ANM"""
    octets = octets_of(name, *octets_parameters(name), STRANGE)
    passage = TransitExchange().up_to(state)
    assert passage.backward(octets) == [octets] and passage.answered == []


def octets_parameters(name):
    return {"ACM": (FREE,), "CON": (FREE,), "CPG": (i.EventInformation(1),), "ANM": ()}[name]


def test_1_6_3_1_unknown_parameter_values_in_forward_direction_in_transit():
    """In transit, forward: values that mean nothing here are passed on as they are, in the mandatory part too"""
    octets = bytearray(octets_of("IAM", *iam(category=0xEE)))
    octets[7] = 0xC8  # transmission medium: spare
    assert TransitExchange().forward(bytes(octets)) == [bytes(octets)]


def test_1_6_3_2_unknown_parameter_values_in_backward_direction_in_transit():
    """In transit, backward: an event of CPG that is none is passed on"""
    passage = TransitExchange().up_to("complete")
    octets = bytes((1, 0, MessageType.CPG, 0x7F, 0))
    assert passage.backward(octets) == [octets]


def test_1_7_1_1_unknown_message_release_call_in_transit():
    """Unknown message in transit: "release call" is for end nodes, unless it says otherwise; type A releases"""
    passage = TransitExchange().up_to("answered")
    assert passage.forward(instructing(RELEASE)) == [instructing(RELEASE)]
    for wish, near in ((RELEASE | END_NODE, TYPE_B), (RELEASE, TYPE_A)):
        passage = TransitExchange(near=near).up_to("answered")
        (release,) = passage.forward(instructing(wish))
        assert told(release) == (97, b"") and kinds(passage.answered) == [REL]


def test_1_7_1_2_unknown_message_discard_message_in_transit():
    """Unknown message in transit: discarded where end nodes are meant, with and without notification"""
    for wish, answers in ((DISCARD, []), (DISCARD | NOTIFY, [CFN])):
        passage = TransitExchange().up_to("answered")
        assert passage.backward(instructing(wish)) == [instructing(wish)]
        assert passage.backward(instructing(wish | END_NODE)) == [] and kinds(passage.answered) == answers


def test_1_7_1_3_unknown_message_pass_on_in_transit():
    """Unknown message in transit: passed on, octet for octet, both ways, in any state of a call that has been offered"""
    for state in ("begun", "complete", "answered"):
        passage = TransitExchange().up_to(state)
        for wish in (PASS_OR_DISCARD, PASS_OR_DISCARD | END_NODE, NOTIFY):
            assert passage.forward(instructing(wish)) == [instructing(wish)] and passage.answered == []
            assert passage.backward(instructing(wish)) == [instructing(wish)] and passage.answered == []


def test_1_7_1_4_unknown_message_pass_on_not_possible_release_call_in_transit():
    """Unknown message: the call has left ISUP: released"""
    passage = TransitExchange().up_to("begun")
    passage.ends_here()
    passage.forward(instructing(0))
    assert told(passage.answered[0]) == (97, b"")


def test_1_7_1_5_unknown_message_pass_on_not_possible_discard_in_transit():
    """Unknown message: the call has left ISUP: discarded, its sender is told if he wants to be"""
    passage = TransitExchange().up_to("begun")
    passage.ends_here()
    assert passage.forward(instructing(PASS_OR_DISCARD)) == [] and passage.answered == []
    assert passage.forward(instructing(PASS_OR_DISCARD | NOTIFY)) == [] and kinds(passage.answered) == [CFN]


def test_1_7_1_6_unknown_message_transit_interpretation_in_transit():
    """Unknown message in transit: with transit interpretation no other bit counts"""
    passage = TransitExchange().up_to("answered")
    for wish in range(0, 0x80, 2):
        assert passage.forward(instructing(wish)) == [instructing(wish)] and passage.answered == []


def test_1_7_1_7_message_compatibility_information_not_received_in_transit():
    """Unknown message in transit: octets that are no instructions are none; before the call is offered there is nobody to pass it to"""
    passage = TransitExchange().up_to("answered")
    assert passage.forward(unknown(NEW, b"\x01\x38")) == [] and kinds(passage.answered) == [CFN]
    passage = TransitExchange()
    assert passage.forward(octets_of("IAM", *iam("1"))) == []
    assert passage.forward(instructing(PASS_OR_DISCARD | NOTIFY)) == [] and kinds(passage.answered) == [CFN]


def test_1_7_2_1_unknown_parameter_release_call_in_transit():
    """Unknown parameter in transit: "release call" is for end nodes, unless it says otherwise; type A releases"""
    octets = octets_of("ACM", FREE, *instructed(release_call=True))
    assert TransitExchange().up_to("begun").backward(octets) == [octets]
    passage = TransitExchange().up_to("begun")
    (release,) = passage.backward(octets_of("ACM", FREE, *instructed(release_call=True, end_node=True)))
    assert told(release) == (99, b"") and kinds(passage.answered) == [REL]
    passage = TransitExchange(near=TYPE_A)
    assert passage.forward(octets_of("IAM", *iam("12345", *instructed(release_call=True)))) == []
    assert told(passage.answered[0]) == (99, b"") and Seized() not in passage.said


def test_1_7_2_2_unknown_parameter_discard_message_in_transit():
    """Unknown parameter in transit: the message is discarded where end nodes are meant"""
    octets = octets_of("ACM", FREE, *instructed(discard_message=True, send_notification=True))
    assert TransitExchange().up_to("begun").backward(octets) == [octets]
    passage = TransitExchange().up_to("begun")
    wish = instructed(discard_message=True, send_notification=True, end_node=True)
    assert passage.backward(octets_of("ACM", FREE, *wish)) == []
    assert told(passage.answered[0]) == (110, bytes((NEW,)))
    assert passage.backward(octets_of("ACM")) == [octets_of("ACM")]


def test_1_7_2_3_unknown_parameter_discard_parameter_in_transit():
    """Unknown parameter in transit: discarded where end nodes are meant, with its instructions and nothing else"""
    other = Unrecognized(NEW + 1, b"\x09")
    both = p.ParameterCompatibilityInformation(
        (
            p.ParameterInstructions(NEW, discard_parameter=True, end_node=True),
            p.ParameterInstructions(NEW + 1, discard_parameter=True),
        )
    )
    passage = TransitExchange().up_to("begun")
    uui = p.UserToUserInformation(b"\x04hello")
    left = p.ParameterCompatibilityInformation((p.ParameterInstructions(NEW + 1, discard_parameter=True),))
    assert passage.backward(octets_of("ACM", FREE, STRANGE, uui, both, other)) == [octets_of("ACM", FREE, uui, left, other)]
    assert passage.answered == []


def test_1_7_2_4_unknown_parameter_pass_on_in_transit():
    """Unknown parameter in transit: passed on in any message of a call, by type A as well"""
    wish = instructed(pass_on_not_possible=0, send_notification=True)
    for near, far in ((TYPE_B, TYPE_B), (TYPE_A, TYPE_A)):
        passage = TransitExchange(near, far)
        for octets in (octets_of("IAM", *iam("12345", *wish)),):
            assert passage.forward(octets) == [octets] and passage.answered == []
        for name, parameters in (
            ("ACM", (FREE,)),
            ("CPG", (i.EventInformation(2),)),
            ("ANM", ()),
            ("SUS", (i.SuspendResumeIndicators(True),)),
            ("RES", (i.SuspendResumeIndicators(True),)),
            ("FAC", ()),
        ):
            octets = octets_of(name, *parameters, *wish)
            assert passage.backward(octets) == [octets] and passage.answered == []
        octets = octets_of("REL", CAUSE, *wish)
        assert passage.forward(octets) == [octets] and passage.answered == [octets_of("RLC")]


def test_1_7_2_5_unknown_parameter_pass_on_not_possible_release_call_in_transit():
    """Unknown parameter in IAM: the switch has it with the call that it ends where nothing can be passed on"""
    passage = TransitExchange()
    passage.near.octets(octets_of("IAM", *iam("12345", *instructed(pass_on_not_possible=0))))
    assert passage.near.said[-1].carried.essential == 99
    passage.near.give(Disconnect(99))
    assert told(passage.near.sent[0]) == (99, b"")


def test_1_7_2_6_unknown_parameter_pass_on_not_possible_discard_message_in_transit():
    """Unknown parameter in IAM: an IAM that has been offered cannot be discarded any more, and its call ends; later messages can"""
    passage = TransitExchange()
    passage.near.octets(octets_of("IAM", *iam("12345", *instructed(pass_on_not_possible=1))))
    assert passage.near.said[-1].carried.essential == 110
    passage = TransitExchange().up_to("begun")
    passage.ends_here()
    assert passage.forward(octets_of("SUS", i.SuspendResumeIndicators(), *instructed(pass_on_not_possible=1))) == []


def test_1_7_2_7_unknown_parameter_pass_on_not_possible_discard_parameter_in_transit():
    """Unknown parameter in IAM, pass on not possible, discard parameter: its sender is told when the call has left ISUP, and not before"""
    passage = TransitExchange()
    told_to = instructed(pass_on_not_possible=2, send_notification=True)
    assert passage.forward(octets_of("IAM", *iam("12345", *told_to))) and passage.answered == []
    assert passage.near.said[-1].carried.essential == 0
    passage.ends_here()
    assert [told(octets) for octets in passage.near.sent] == [(99, bytes((NEW,)))]


def test_1_7_2_8_unknown_parameter_transit_interpretation_in_transit():
    """Unknown parameter in transit: with transit interpretation no other bit counts"""
    for bits in range(0, 0x80, 2):
        wish = Unrecognized(0x39, bytes((NEW, bits | LAST)))
        octets = octets_of("ANM", STRANGE, wish)
        passage = TransitExchange().up_to("complete")
        assert passage.backward(octets) == [octets] and passage.answered == []


def test_1_7_2_9_parameter_compatibility_information_not_received_in_transit():
    """Unknown parameter in transit: instructions are there, but not for this parameter: passed on"""
    other = p.ParameterCompatibilityInformation((p.ParameterInstructions(NEW + 1, release_call=True, end_node=True),))
    octets = octets_of("ACM", FREE, STRANGE, other)
    passage = TransitExchange().up_to("begun")
    assert passage.backward(octets) == [octets] and passage.answered == []


def test_1_7_2_10_parameter_compatibility_information_not_received_in_rel_in_transit():
    """Unknown parameter in REL in transit: passed on, and RLC says nothing of it"""
    passage = TransitExchange().up_to("answered")
    octets = octets_of("REL", CAUSE, STRANGE)
    assert passage.backward(octets) == [octets]
    assert passage.answered == [octets_of("RLC")]


def test_1_7_3_1_unknown_parameter_values_in_forward_direction_in_transit():
    """Unknown parameter values in transit, forward: contents that make no sense go on, and are taken for absent here"""
    octets = octets_of("IAM", *iam("12345", Unrecognized(0x0A, b"\x01")))
    passage = TransitExchange()
    assert passage.forward(octets) == [octets]
    assert passage.said[-1].calling == ""


def test_1_7_3_2_unknown_parameter_values_in_backward_direction_in_transit():
    """Unknown parameter values in transit, backward: by the instructions that come with them"""
    wish = p.ParameterCompatibilityInformation((p.ParameterInstructions(0x13, discard_parameter=True, end_node=True),))
    passage = TransitExchange().up_to("begun")
    assert passage.backward(octets_of("ACM", FREE, Unrecognized(0x13, b""), wish)) == [octets_of("ACM", FREE)]


def counted(value, *optional):
    return octets_of("IAM", *iam("12345", p.PropagationDelayCounter(value), *optional))


def test_2_4_1_iam_sent_containing_the_pdc():
    """IAM with the propagation delay counter: a call that begins here begins it; in transit it grows by our way, and never runs over"""
    tester = TransitExchange(far=Passage("B", delay_ms=20, satellite=True)).far
    tester.give(Setup("12345", "77"))
    assert tester.first(p.PropagationDelayCounter).value == 20
    assert tester.first(i.NatureOfConnectionIndicators).satellite == 1
    for came, goes in ((300, 320), (0, 20), (0xFFFA, 0xFFFF)):
        assert TransitExchange(far=Passage("B", delay_ms=20)).forward(counted(came, STRANGE)) == [counted(goes, STRANGE)]


def test_2_4_2_supporting_to_supporting():
    """What the counter has come to goes back as call history, in CON and in ANM: that of the far end, or ours where the call ends here"""
    for state, name, parameters in (("begun", "CON", (FREE,)), ("complete", "ANM", ())):
        answer = octets_of(name, *parameters, p.CallHistoryInformation(345))
        assert TransitExchange().up_to(state).backward(answer) == [answer]
        passage = TransitExchange()
        passage.forward(counted(77))
        passage.ends_here()
        if state == "complete":
            passage.near.give(Proceeding())
        names, _ = passage.near.give(Connect())
        assert names == [name] and passage.near.first(p.CallHistoryInformation).value == 77


def test_2_4_3_the_pdc_is_not_received():
    """Abnormal procedure, no counter in the IAM: we do not begin it half way, and send no call history"""
    passage = TransitExchange(far=Passage("B", delay_ms=20))
    assert passage.forward(octets_of("IAM")) == [octets_of("IAM")]
    passage = TransitExchange().up_to("begun")
    passage.ends_here()
    passage.near.give(Connect())
    assert passage.near.first(p.CallHistoryInformation) is None


def test_2_4_4_to_a_far_end_that_does_not_support_it():
    """A far end that does not know the counter: nothing comes back, and nothing is invented"""
    passage = TransitExchange(far=Passage("B", delay_ms=20))
    assert passage.forward(counted(300)) == [counted(320)]
    assert passage.backward(octets_of("CON")) == [octets_of("CON")]


def test_6_5_1_sending_of_sgm():
    """Sending of SGM: an IAM or ACM that came in two and is too long for one goes out in two; SGM has what may be in it, in its order"""
    uui, transport = p.UserToUserInformation(bytes(130)), p.AccessTransport(bytes(120))
    more = i.OptionalForwardCallIndicators(more_in_segment=True)
    first, rest = octets_of("IAM", *iam("12345", STRANGE, more)), octets_of("SGM", uui, transport)
    passage = TransitExchange()
    assert passage.forward(first) == [] and passage.said == []
    assert passage.forward(rest) == [first, rest]
    back = i.OptionalBackwardCallIndicators(more_in_segment=True)
    first, rest = octets_of("ACM", FREE, STRANGE, back), octets_of("SGM", transport, uui)
    assert passage.backward(first) == []
    assert passage.backward(rest) == [first, rest]
    short = p.UserToUserInformation(b"short")
    passage = TransitExchange()
    passage.forward(octets_of("IAM", *iam("12345", more)))
    assert passage.forward(octets_of("SGM", short)) == [
        octets_of("IAM", *iam("12345", i.OptionalForwardCallIndicators(), short))
    ], "what has room in one message goes in one"
