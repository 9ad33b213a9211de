"""Every ISUP message with every parameter, written by our codec, read by tshark: well made, and field by field what we meant (Q.763).

The corpus is that of our own round trips, golden messages included, save that octets of other Recommendations mean something, since tshark
looks into them. It goes there twice, under labels of China's 24-bit codes and of 14-bit ones. What tshark knows of a parameter must all be
judged; what it does not know is listed in ``isup_in_tsharks_words.py`` and here.
"""

import random
import subprocess
from collections import defaultdict

import pytest

from pbx.signalling.ss7.bits import fields_of
from pbx.signalling.ss7.isup import messages, table
from pbx.signalling.ss7.isup import parameters as p
from pbx.signalling.ss7.isup.codec import encode
from pbx.signalling.ss7.isup.messages import MessageType
from pbx.signalling.ss7.isup.parameter import Unparsed, Unreadable, Unrecognized
from tests.interop import tshark
from tests.interop.isup_in_tsharks_words import BITS, NOT_SHOWN, in_its_words, its_words, needs_no_words
from tests.interop.tshark import needs_tshark
from tests.signalling.ss7 import isup_corpus
from tests.signalling.ss7.isup_golden import GOLDEN

pytestmark = needs_tshark

MESSAGES_IT_DOES_NOT_KNOW = {MessageType.MPM, MessageType.CCL, MessageType.OPR, MessageType.SDN}
"""China's, and one of Q.763 (12/99): it reads circuit and type, and no parameter."""
FORMATS_IT_DOES_NOT_KNOW = {MessageType.CRG, MessageType.PAM}
"""National, or a message within the message, which it does not read as parameters of this one."""
AS_OCTETS = (Unrecognized, Unreadable, Unparsed)


def judged(message):
    """Whether tshark can judge a message at all; see ``NOT_SHOWN`` for the circuits and ranges that it cannot."""
    return not any(
        isinstance(each, p.CircuitAssignmentMap | Unreadable) or (isinstance(each, p.RangeAndStatus) and each.range == 255)
        for each in message.parameters
    )


def corpus(seed):
    made = [golden.message for golden in GOLDEN]
    for number in range(3):
        made += isup_corpus.every_message(random.Random(f"{seed}/{number}"), meant=True)
    return [message for message in made if judged(message)]


@pytest.fixture(scope="module", params=[tshark.CHINESE, tshark.ITU])
def read_by_tshark(request, tmp_path_factory):
    """Messages, each with what tshark made of it."""
    seed = request.config.getoption("--seed") or 1
    messages_ = corpus(seed)
    path = tmp_path_factory.mktemp("tshark") / "corpus.pcap"
    return list(zip(messages_, tshark.read([encode(message) for message in messages_], request.param, path), strict=True))


def as_in(shown, wanted):
    """Texts of tshark as numbers, where numbers are wanted."""
    return [int(text, 0) if isinstance(want, int) else text for text, want in zip(shown, wanted, strict=False)] + shown[len(wanted) :]


def test_no_packet_is_malformed(read_by_tshark):
    assert [message for message, read in read_by_tshark if not read.well_made] == []


def test_circuit_and_type(read_by_tshark):
    for message, read in read_by_tshark:
        assert (read.fields["isup.cic"], read.fields["isup.message_type"]) == (str(message.cic), str(int(message.kind)))


def differences(message, read):
    """Fields of a message's parameters that tshark has read otherwise, or of which we have said nothing."""
    if message.kind in MESSAGES_IT_DOES_NOT_KNOW | FORMATS_IT_DOES_NOT_KNOW or message.kind not in messages.BY_TYPE:
        return []
    codes = [each.code if isinstance(each, AS_OCTETS) else table.BY_TYPE[type(each)].code for each in message.parameters]
    assert [int(fields["isup.parameter_type"][0]) for fields in read.parameters] == codes, message
    wrong = []
    for parameter, fields in zip(message.parameters, read.parameters, strict=True):
        if isinstance(parameter, AS_OCTETS):
            continue
        wanted = in_its_words(parameter)
        wrong += [
            (message.kind, parameter, name, fields.get(name), values)
            for name, values in wanted.items()
            if as_in(fields.get(name, []), values) != values
        ]
        more = {name for name in fields if name.startswith("isup.")} - set(wanted) - needs_no_words(parameter)
        wrong += [(message.kind, parameter, name, fields[name], "nothing is said of it") for name in more]
    return wrong


def test_parameters_one_by_one(read_by_tshark):
    """The same parameters in the same order, their fields equal, and nothing there of which we have said nothing."""
    assert [wrong for message, read in read_by_tshark for wrong in differences(message, read)] == []


def test_lengths(read_by_tshark):
    for message, read in read_by_tshark:
        for parameter, fields in zip(message.parameters, read.parameters, strict=False):
            if not isinstance(parameter, AS_OCTETS) and "isup.parameter_length" in fields:
                contents = table.BY_TYPE[type(parameter)].form.write(parameter)
                assert int(fields["isup.parameter_length"][0]) == len(contents), message


def code_points():
    """Names of tshark's fields, with the codes that it has words for, spare and reserved ones apart."""
    ran = subprocess.run(["tshark", "-G", "values"], capture_output=True, check=True, text=True)
    found = defaultdict(set)
    for kind, field, value, text in (line.split("\t")[:4] for line in ran.stdout.splitlines() if line.startswith("V\tisup.")):
        if kind == "V" and "spare" not in text and "eserved" not in text:
            found[field].add(int(value, 0))
    return found


def test_code_points_have_names_there_too():
    """Codes of ours that have a name have one in tshark; others are China's, or reserved or of another edition there."""
    known = code_points()
    unknown = {
        (parameter.__name__, field.name, int(code))
        for parameter, names in BITS.items()
        for field, name in zip(fields_of(parameter), names.split(), strict=False)
        if field.names is not None
        for code in field.names
        if int(code) not in known[f"isup.{name}"]
    }
    assert unknown == {
        *(("CallingPartysCategory", "category", code) for code in (9, *range(0xF0, 0xF6), 0xF8)),
        *(("RedirectionInformation", "original_reason", code) for code in (4, 5, 6)),
        *(("TransmissionMediumRequirementPrime", "medium", code) for code in (2, *range(6, 11))),
        *(("TransmissionMediumUsed", "medium", code) for code in (2, *range(6, 11))),
    }


def test_every_message_is_in_the_corpus(read_by_tshark):
    """Each type of the table, and what each may hold: alone, and all together; save what tshark cannot judge."""
    kinds = {message.kind for message, _ in read_by_tshark}
    assert set(messages.BY_TYPE) == kinds & set(messages.BY_TYPE)
    for row in messages.ROWS:
        seen = {type(each) for message, _ in read_by_tshark if message.kind == row.type for each in message.parameters}
        wanted = {*row.fixed, *row.variable, *(row.optional or ())} - {p.CircuitAssignmentMap}
        assert wanted <= seen, row.name


def test_every_parameter_is_judged_or_said_not_to_be(read_by_tshark):
    """No parameter is passed over in silence: each was in the corpus with words of tshark's, or stands among what it does not know."""
    known = [message for message, _ in read_by_tshark if message.kind not in MESSAGES_IT_DOES_NOT_KNOW]
    seen = {type(parameter) for message in known for parameter in message.parameters}
    told = {type(parameter) for message in known for parameter in message.parameters if its_words(parameter)}
    assert set(table.BY_TYPE) - seen == {p.CircuitAssignmentMap, p.ChargeInformation}
    assert set(table.BY_TYPE) - told - set(NOT_SHOWN) == {p.ChargeInformation}
