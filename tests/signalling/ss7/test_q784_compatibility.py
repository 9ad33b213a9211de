"""Q.784 sections 1.6 and 1.7: messages, parameters and values that are not known, one test for each item.

In 1.6 they come without instructions, in 1.7 with them. This exchange passes nothing on that it does not know: its calls continue in the
switch's words, so for it "pass on" is "pass on not possible".
"""

from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.codec import Message, encode
from pbx.signalling.ss7.isup.parameter import Unparsed, Unrecognized
from pbx.vocabulary.call import Alerting, Idle, Proceeding, Release, Seized, Setup
from tests.signalling.ss7.isup_tester import CAUSE, FREE, SETUP, Tester, iam

NEW = 0xA5
"""A code that neither a message nor a parameter has."""
STRANGE = Unrecognized(NEW, b"\x01\x02")
END_NODE, RELEASE, NOTIFY, DISCARD, PASS_OR_DISCARD, LAST = 0x01, 0x02, 0x04, 0x08, 0x10, 0x80


def incoming():
    tester = Tester()
    tester.far("IAM")
    assert tester.state() == "InOffered"
    return tester


def outgoing():
    tester = Tester()
    tester.give(SETUP)
    return tester


def message(tester, instructions=None):
    """A message of an unknown type."""
    optional = b"\x00" if instructions is None else bytes((1, 0x38, 1, instructions | LAST, 0))
    return tester.octets(encode(Message(1, NEW, (Unparsed(optional),))))


def instructed(**instructions):
    return STRANGE, p.ParameterCompatibilityInformation((p.ParameterInstructions(NEW, **instructions),))


def confusion(tester, cause, code=NEW):
    return tester.first(p.CauseIndicators).cause == cause and tester.first(p.CauseIndicators).diagnostics == bytes((code,))


def test_1_6_1_1_unknown_message_in_forward_direction():
    """Receipt of unknown message in forward direction: discarded, CFN 97"""
    tester = incoming()
    assert message(tester) == (["CFN"], [])
    assert confusion(tester, 97)
    assert tester.state() == "InOffered"


def test_1_6_1_2_unknown_message_in_backward_direction():
    """Receipt of unknown message in backward direction: discarded, CFN 97"""
    tester = outgoing()
    assert message(tester) == (["CFN"], [])
    assert tester.far("ACM") == ([], [Proceeding(), Alerting()])


def test_1_6_2_1_unknown_parameters_in_forward_direction():
    """Receipt of unknown parameters in forward direction: discarded, CFN 99"""
    tester = Tester()
    names, said = tester.far("IAM", *iam("12345", STRANGE))
    assert (names, said[0], type(said[1])) == (["CFN"], Seized(), Setup)
    assert confusion(tester, 99)


def test_1_6_2_2_unknown_parameters_in_backward_direction():
    """Receipt of unknown parameters in backward direction: discarded, CFN 99"""
    tester = outgoing()
    assert tester.far("ACM", FREE, STRANGE) == (["CFN"], [Proceeding(), Alerting()])
    assert confusion(tester, 99)


def test_1_6_3_1_unknown_parameter_values_in_forward_direction():
    """Receipt of unknown parameter values in forward direction: read as nothing special"""
    tester = Tester()
    assert tester.far("IAM", *iam(category=0xEE)) == ([], [Seized(), Setup("12345")])


def test_1_6_3_2_unknown_parameter_values_in_backward_direction():
    """Receipt of unknown parameter values in backward direction: read as nothing special"""
    tester = outgoing()
    tester.far("ACM")
    assert tester.octets(bytes((1, 0, 0x2C, 0x7F, 0))) == ([], [])
    assert tester.state() == "OutWaitAnswer"


def test_1_7_1_1_unknown_message_release_call():
    """Unknown message: release call"""
    tester = outgoing()
    assert message(tester, RELEASE) == (["REL"], [Release(97)])
    assert tester.first(p.CauseIndicators).cause == 97


def test_1_7_1_2_unknown_message_discard_message():
    """Unknown message: discard message, with and without notification"""
    tester = outgoing()
    assert message(tester, DISCARD) == ([], [])
    assert message(tester, DISCARD | NOTIFY) == (["CFN"], [])


def test_1_7_1_3_unknown_message_pass_on():
    """Unknown message: pass on; it cannot be, and its sender would rather have it discarded"""
    assert message(incoming(), PASS_OR_DISCARD) == ([], [])


def test_1_7_1_4_unknown_message_pass_on_not_possible_release_call():
    """Unknown message: pass on not possible, release call"""
    assert message(incoming(), 0) == (["REL"], [Release(97)])


def test_1_7_1_5_unknown_message_pass_on_not_possible_discard():
    """Unknown message: pass on not possible, discard information"""
    assert message(incoming(), PASS_OR_DISCARD | NOTIFY) == (["CFN"], [])


def test_1_7_1_6_unknown_message_transit_interpretation():
    """Unknown message: for an end node the bit of transit interpretation changes nothing"""
    assert message(incoming(), END_NODE | RELEASE) == (["REL"], [Release(97)])


def test_1_7_1_7_message_compatibility_information_not_received():
    """Unknown message: instructions not received, or octets that are none"""
    tester = incoming()
    assert tester.octets(encode(Message(1, NEW, (Unparsed(b"\x01\x38"),)))) == (["CFN"], [])
    assert tester.octets(encode(Message(2, NEW, (Unparsed(b"\x00"),)))) == ([], []), "on an idle circuit nobody is told"


def test_1_7_2_1_unknown_parameter_release_call():
    """Unknown parameter: release call; also of a call that only begins"""
    assert outgoing().far("ACM", FREE, *instructed(release_call=True)) == (["REL"], [Release(99)])
    tester = Tester()
    assert tester.far("IAM", *iam("12345", *instructed(release_call=True))) == (["REL"], [])
    assert tester.state() == "WaitRelease"
    assert tester.give(SETUP) == ([], [Release(44)])
    assert tester.far("RLC") == ([], [Idle()])


def test_1_7_2_2_unknown_parameter_discard_message():
    """Unknown parameter: discard message"""
    tester = outgoing()
    assert tester.far("ACM", FREE, *instructed(discard_message=True)) == ([], [])
    assert tester.far("ACM", FREE, *instructed(discard_message=True, send_notification=True)) == (["CFN"], [])
    assert confusion(tester, 110)
    assert tester.state() == "OutWaitAddressComplete"


def test_1_7_2_3_unknown_parameter_discard_parameter():
    """Unknown parameter: discard parameter"""
    assert outgoing().far("ACM", FREE, *instructed(discard_parameter=True)) == ([], [Proceeding(), Alerting()])


def test_1_7_2_4_unknown_parameter_pass_on():
    """Unknown parameter: pass on; it cannot be, and its sender would rather have it discarded"""
    assert outgoing().far("ACM", FREE, *instructed(pass_on_not_possible=2)) == ([], [Proceeding(), Alerting()])


def test_1_7_2_5_unknown_parameter_pass_on_not_possible_release_call():
    """Unknown parameter: pass on not possible, release call"""
    assert outgoing().far("ACM", FREE, *instructed(pass_on_not_possible=0)) == (["REL"], [Release(99)])


def test_1_7_2_6_unknown_parameter_pass_on_not_possible_discard_message():
    """Unknown parameter: pass on not possible, discard message"""
    assert outgoing().far("ACM", FREE, *instructed(pass_on_not_possible=1)) == ([], [])


def test_1_7_2_7_unknown_parameter_pass_on_not_possible_discard_parameter():
    """Unknown parameter: pass on not possible, discard parameter, its sender is told"""
    told = instructed(pass_on_not_possible=2, send_notification=True)
    assert outgoing().far("ACM", FREE, *told) == (["CFN"], [Proceeding(), Alerting()])


def test_1_7_2_8_unknown_parameter_transit_interpretation():
    """Unknown parameter: for an end node the bit of transit interpretation changes nothing"""
    assert outgoing().far("ACM", FREE, *instructed(end_node=True, release_call=True)) == (["REL"], [Release(99)])


def test_1_7_2_9_parameter_compatibility_information_not_received():
    """Unknown parameter: instructions are there, but not for this parameter"""
    other = p.ParameterCompatibilityInformation((p.ParameterInstructions(NEW + 1, release_call=True),))
    assert outgoing().far("ACM", FREE, STRANGE, other) == (["CFN"], [Proceeding(), Alerting()])


def test_1_7_2_10_parameter_compatibility_information_not_received_in_rel():
    """Unknown parameter in REL, instructions not received: RLC tells it"""
    tester = outgoing()
    assert tester.far("REL", CAUSE, STRANGE)[0] == ["RLC"]
    assert confusion(tester, 99)


def test_1_7_3_1_unknown_parameter_values_in_forward_direction():
    """Unknown parameter values in forward direction: contents that make no sense are treated like an unknown parameter"""
    tester = Tester()
    names, said = tester.far("IAM", *iam("12345", Unrecognized(0x0A, b"\x01")))
    assert (names, said) == (["CFN"], [Seized(), Setup("12345")])
    assert confusion(tester, 99, 0x0A)


def test_1_7_3_2_unknown_parameter_values_in_backward_direction():
    """Unknown parameter values in backward direction: likewise, by the instructions that come with them"""
    told = p.ParameterCompatibilityInformation((p.ParameterInstructions(0x13, discard_parameter=True),))
    assert outgoing().far("ACM", FREE, Unrecognized(0x13, b""), told) == ([], [Proceeding(), Alerting()])
