"""Octets to messages of the Chinese TUP and back (GF 001-9001), from the circuit identification code on.

The signalling points before the code are the MTP's, and the low four bits of the code are the signalling link selection. ``decode`` never
raises on what a peer sends: what is no message is ``Malformed``, and a heading that we do not know comes with its octets. Octets behind
the last field are passed over, as are spare bits. ``encode`` refuses what is no message by ValueError. Left out: all procedures.
"""

from pbx.engine import Malformed, PeerMessage
from pbx.signalling.ss7.numbers import CIRCUITS
from pbx.signalling.ss7.tup import forms
from pbx.signalling.ss7.tup.contents import Contents, Nothing, Unparsed
from pbx.signalling.ss7.tup.forms import Form
from pbx.signalling.ss7.tup.messages import ROWS, Heading, MessageRow


class Message(PeerMessage, frozen=True, gc=False):
    """A TUP message: circuit, heading code (H1 in the high half octet), and what it holds."""

    cic: int
    heading: int
    contents: Contents = Nothing()


_OWN_FORMS: dict[int, Form] = {Heading.IAM: forms.IAM, Heading.IAI: forms.IAI, Heading.SAO: forms.SAO, Heading.GRS: forms.GRS}


def _form(row: MessageRow) -> Form:
    return _OWN_FORMS.get(row.heading) or forms.BY_CONTENTS[row.contents]


_UNKNOWN = (Unparsed, forms.UNPARSED)
_FORMS: dict[int, tuple[type[Contents], Form]] = {row.heading: (row.contents, _form(row)) for row in ROWS}


def decode(octets: bytes) -> Message | Malformed:
    """Return the message in ``octets``, which begin with the circuit identification code."""
    if len(octets) < forms.BEGIN:
        return Malformed(f"TUP: shorter than circuit and heading: {octets.hex()}")
    heading = octets[2]
    contents = _FORMS.get(heading, _UNKNOWN)[1].read(octets)
    if contents is None:
        return Malformed(f"TUP: a field leads out of the message: {octets[:64].hex()}")
    return Message(octets[0] | (octets[1] & 0x0F) << 8, heading, contents)


def encode(message: Message) -> bytes:
    """Return the octets of ``message``, from the circuit identification code on. A message that cannot be is refused by ValueError."""
    cic = message.cic
    if not 0 <= cic < CIRCUITS or not 0 <= message.heading < 256:
        raise ValueError(f"circuit {cic}, heading {message.heading}: no TUP message has these")
    kind, form = _FORMS.get(message.heading, _UNKNOWN)
    if type(message.contents) is not kind:
        raise ValueError(f"heading {message.heading:02x} wants {kind.__name__}, not {message.contents}")
    return bytes((cic & 0xFF, cic >> 8, message.heading)) + form.write(message.contents)
