"""Labels widened on the wire: the same message, with point codes of 14 bits at one end of a link and of 24 bits at the other.

libss7 has no Chinese labels. Between it and a point with codes of 24 bits stands this translator: it knows of a signal unit the routing
label (Q.704 clause 2.2; GF 001-9001), the network indicator and, in those management messages that name a destination, that code. It shares
nothing with the product's own labels, so that a fault of one is no fault of the other.
"""

NARROW_OCTETS, WIDE_OCTETS = 4, 7
HEAD = 3
"""Sequence numbers and length, before the service information octet."""
MANAGEMENT, LINK_TEST = 0, 1
SLTM, SLTA = 0x11, 0x21
NAMING = frozenset((0x14, 0x34, 0x54, 0x15, 0x25, 0x23, 0x1A))
"""Headings of TFP, TFR, TFA, RST, RSR, TFC and UPU: a point code follows."""
LONGEST = 63


class Widening:
    """``codes``: the wide code of each narrow one; ``network`` indicators of the narrow and the wide end."""

    def __init__(self, codes, network=(0, 2)):
        self.wide = dict(codes)
        self.narrow = {wide: narrow for narrow, wide in codes.items()}
        self.network = network

    def widen(self, unit):
        """A signal unit on its way to the point with wide codes."""
        if unit[2] < HEAD:
            return unit
        label = int.from_bytes(unit[4:8], "little")
        dpc, opc, sls = label & 0x3FFF, label >> 14 & 0x3FFF, label >> 28
        wide = (self.wide[dpc] | self.wide[opc] << 24 | sls << 48).to_bytes(WIDE_OCTETS, "little")
        return _unit(unit, self.network[1], wide, self._body(unit, unit[8:], 2, self.wide))

    def narrowed(self, unit):
        """A signal unit on its way to the point with narrow codes."""
        if unit[2] < HEAD:
            return unit
        label = int.from_bytes(unit[4:11], "little")
        dpc, opc, sls = label & 0xFFFFFF, label >> 24 & 0xFFFFFF, label >> 48 & 15
        narrow = (self.narrow[dpc] | self.narrow[opc] << 14 | sls << 28).to_bytes(NARROW_OCTETS, "little")
        return _unit(unit, self.network[0], narrow, self._body(unit, unit[11:], 3, self.narrow))

    @staticmethod
    def _body(unit, body, octets, codes):
        if unit[3] & 15 != MANAGEMENT or body[0] not in NAMING:
            return body
        # TFC's code has 2 spare or level bits above its 14; no such message passes here.
        code = codes[int.from_bytes(body[1 : 1 + octets], "little")]
        return body[:1] + code.to_bytes(5 - octets, "little") + body[1 + octets :]


class Same:
    """Both ends have the same labels."""

    @staticmethod
    def widen(unit):
        return unit

    narrowed = widen


def with_test_code(unit, code, *headings):
    """A unit with codes of 14 bits; a link test message of these headings (0x11 SLTM, 0x21 SLTA) gets this signalling link code."""
    if unit[2] < HEAD or unit[3] & 15 != LINK_TEST or unit[8] not in headings:
        return unit
    return unit[:7] + bytes((unit[7] & 15 | code << 4,)) + unit[8:]


def _unit(unit, network, label, body):
    contents = bytes((network << 6 | unit[3] & 0x3F,)) + label + body
    return unit[:2] + bytes((min(LONGEST, len(contents)),)) + contents
