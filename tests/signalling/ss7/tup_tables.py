"""A second decoder of the Chinese TUP, made from the published tables alone: it knows nothing of the product's code.

A message is one string of bits, the lowest of each octet first, in which the tables of GF 001-9001 name fields one after another. A row
is a name and a width in bits; ``signals`` are as many half octets as ``count`` has said, and up to the next octet; a row with a condition
is there if the named bit was set. Before some fields there are others whose layout no table tells, if their bits are set: then the rest
is nobody's. The product reads octets by shifts and memories instead, so an error would have to be made twice.
"""

LABEL = [("cic", 12), ("spare", 4), ("h0", 4), ("h1", 4)]
ADDRESS = [("signals", "count"), ("fill", "octet")]
CATEGORY = [("category", 6), ("spare", 2)]
IAM = [
    *CATEGORY,
    ("nature", 2),
    ("satellite", 2),
    ("continuity_check", 2),
    ("echo_control", 1),
    ("incoming_international", 1),
    ("redirected", 1),
    ("all_digital", 1),
    ("all_ss7", 1),
    ("spare", 1),
    ("count", 4),
    *ADDRESS,
]
CALLING = [("nature", 2), ("restricted", 1), ("incomplete", 1), ("count", 4), *ADDRESS]
ORIGINAL = [("nature", 2), ("spare", 2), ("count", 4), *ADDRESS]
BEFORE_CALLING = ("network_capability", "closed_user_group", "additional_calling", "additional_routing")
BEFORE_ORIGINAL = (*BEFORE_CALLING, "incoming_trunk")
IAI = [
    *IAM,
    *((name, 1) for name in BEFORE_CALLING),
    ("has_calling", 1),
    ("has_original", 1),
    ("charging", 1),
    ("spare", 1),
    ("calling", CALLING, "has_calling", *BEFORE_CALLING),
    ("original_called", ORIGINAL, "has_original", *BEFORE_ORIGINAL),
]
SAM = [("spare", 4), ("count", 4), *ADDRESS]
SAO = [("digit", 4), ("spare", 4)]
GRQ = [
    ("calling_category", 1),
    ("calling_line", 1),
    ("original_called", 1),
    ("malicious_call_identification", 1),
    ("hold", 1),
    ("echo_control", 1),
    ("spare", 2),
]
GSM = [
    ("has_category", 1),
    ("has_calling", 1),
    ("incoming_trunk", 1),
    ("has_original", 1),
    ("echo_control", 1),
    ("malicious_call_identification", 1),
    ("hold", 1),
    ("spare", 1),
    ("category", CATEGORY, "has_category"),
    ("calling", CALLING, "has_calling"),
    ("original_called", ORIGINAL, "has_original", *BEFORE_ORIGINAL),
]
ACM = [("type", 2), ("subscriber_free", 1), ("echo_control", 1), ("forwarded", 1), ("ss7_path", 1), ("spare", 2)]
EUM = [("reason", 8), ("point", 24)]
ACC = [("level", 2), ("spare", 6)]
MPM = [("pulses", 16)]
GROUP = [("range", 8), ("status", "range")]
GRS = [("range", 8)]



def column(names, table=(), first=1):
    """Messages of one group, whose headings H1 count up."""
    return {h1: (name, table) for h1, name in enumerate(names.split(), first)}


# By H0 and H1, as the chart of heading codes has them; what is not here is a heading and no more.
CHART = {
    1: {1: ("IAM", IAM), 2: ("IAI", IAI), 3: ("SAM", SAM), 4: ("SAO", SAO)},
    2: {1: ("GSM", GSM), 3: ("COT", ()), 4: ("CCF", ())},
    3: {1: ("GRQ", GRQ)},
    4: {1: ("ACM", ACM)},
    5: column("SEC CGC NNC ADI CFL SSB UNN LOS SST ACB DPN MPR") | {15: ("EUM", EUM)},
    6: column("ANU ANC ANN CBK CLF RAN FOT CCL", first=0),
    7: column("RLG BLO BLA UBL UBA CCR RSC"),
    8: column("MGB MBA MGU MUA HGB HBA HGU HUA GRS GRA SGB SBA SGU SUA", GROUP) | {9: ("GRS", GRS)},
    10: {1: ("ACC", ACC)},
    12: {2: ("MPM", MPM)},
    13: {1: ("OPR", ())},
    14: {1: ("SLB", ()), 2: ("STB", ())},
    15: {1: ("MAL", ())},
}


class OutOfBitsError(Exception):
    """A table goes on where the message has ended."""


class BitString:
    """The bits of a message, taken from the front."""

    def __init__(self, octets):
        self._whole = int.from_bytes(octets, "little")
        self._size = len(octets) * 8
        self._at = 0

    def take(self, width):
        if self._at + width > self._size:
            raise OutOfBitsError
        value = self._whole >> self._at & ((1 << width) - 1)
        self._at += width
        return value

    def to_octet(self):
        self.take(-self._at % 8)


def walk(table, bits):
    """Read a table; a dict of what it names, without what is spare."""
    found = {}
    for name, width, *condition in table:
        if condition and (not found[condition[0]] or any(found.get(untold) for untold in condition[1:])):
            continue
        if isinstance(width, list):
            found[name] = walk(width, bits)
        elif width == "count":
            found["signals"] = "".join(f"{bits.take(4):X}" for _ in range(found.pop("count")))
        elif width == "octet":
            bits.to_octet()
        elif width == "range":
            found[name] = bits.take((found["range"] + 8) // 8 * 8) & ((2 << found["range"]) - 1)
        elif name == "spare":
            bits.take(width)
        else:
            found[name] = bits.take(width)
    return found


def read(octets):
    """Name, circuit and fields of a message; None where the octets end too soon, no name where the chart has none."""
    bits = BitString(octets)
    try:
        label = walk(LABEL, bits)
        name, table = CHART.get(label["h0"], {}).get(label["h1"], ("", ()))
        return name, label["cic"], walk(table, bits)
    except OutOfBitsError:
        return None
