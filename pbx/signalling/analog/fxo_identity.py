"""Who calls, as an exchange line hears it before the answer: FSK messages and rows of DTMF digits, whichever comes, in whatever order.

FSK is read by the decoder of caller_identity.py (YD/T 1277.1, GR-30, EN 300 659); digits are tried against the presentations that the
variant names (EN 300 659-1 annex B). A row that has neither start nor end is a number when it is long enough and the wait is over. Leaves
out when to listen and how long to wait: fxo_incoming.py.
"""

from collections.abc import Sequence

from pbx.engine import Malformed, Noted, Output
from pbx.signalling.analog.caller_identity import Call, Decoder, DtmfPresentation, Message, decode_digits, load_presentations
from pbx.signalling.analog.fxo_variant import FxoVariant
from pbx.vocabulary.media import OCTET_CARRIER_OFF, OCTET_CARRIER_ON, OCTET_FRAMING_ERROR, RECEIVE_CALLER_IDENTITY, RECEIVE_DTMF

RECEIVERS = {
    "auto": RECEIVE_DTMF | RECEIVE_CALLER_IDENTITY,
    "fsk": RECEIVE_CALLER_IDENTITY,
    "dtmf": RECEIVE_DTMF,
    "none": 0,
}
ROW_LIMIT = 40
CUT_SHORT = Noted("<- caller identity cut short")


def presentations_of(variant: FxoVariant) -> tuple[DtmfPresentation, ...]:
    """The presentations in digits that the variant names, read once."""

    def make() -> tuple[DtmfPresentation, ...]:
        known = load_presentations()
        rows = tuple(known[name] for name in variant.data.identity.digits)
        assert all(isinstance(row, DtmfPresentation) for row in rows), "identity.digits names presentations in digits"
        return tuple(row for row in rows if isinstance(row, DtmfPresentation))

    return variant.keep("presentations", make)


class IdentityReceiver:
    """What one line has heard of the caller so far."""

    __slots__ = ("_bare_least", "_decoder", "_digits", "_presentations", "found", "receivers")

    def __init__(self, variant: FxoVariant, form: str) -> None:
        """``form``: "auto", "fsk", "dtmf" or "none"."""
        self.receivers = RECEIVERS[form]
        self.found: Call | None = None
        self._presentations = presentations_of(variant)
        self._bare_least = variant.data.identity.bare_digits_least
        self._decoder = Decoder(variant.data.identity.encoding)
        self._digits = ""

    @property
    def begun(self) -> bool:
        """Whether a message or a row is under way."""
        return self.found is None and (self._decoder.begun or bool(self._digits))

    def clear(self) -> None:
        """Nothing has been heard."""
        self.found = None
        self._digits = ""
        self._decoder.lost()

    def octet(self, value: int) -> Sequence[Output]:
        """An octet of the modem or what happened to it. What cannot be read is returned, a caller is kept in ``found``."""
        if value & OCTET_CARRIER_OFF:
            # A caller who gives up cuts short what is being told of him: no fault of anybody.
            return (CUT_SHORT,) if self._decoder.lost() else ()
        if value & OCTET_FRAMING_ERROR:
            messages: Sequence[Message | Malformed] = self._decoder.lost()
        elif value & OCTET_CARRIER_ON or value > 0xFF:
            messages = ()
        else:
            messages = self._decoder.feed(bytes((value,)))
        outputs: list[Output] = []
        for message in messages:
            if isinstance(message, Call):
                outputs.append(self._take(message, "by modem"))
            elif isinstance(message, Malformed):
                outputs.append(message)
            else:
                outputs.append(Noted(f"<- {type(message).__name__} by modem, not for a line of ours"))
        return outputs

    def digit(self, digit: str) -> Sequence[Output]:
        """A digit of a row. A start code begins anew what was no row."""
        starts = {row.start for row in self._presentations} | {row.private[:1] for row in self._presentations}
        if digit in starts:
            self._digits = digit
            return ()
        self._digits = (self._digits + digit)[:ROW_LIMIT]
        if not any(self._digits.endswith(row.end) for row in self._presentations):
            return ()
        row, self._digits = self._digits, ""
        call = self._read(row)
        if call is not None:
            return (self._take(call, "by digits"),)
        return (Noted(f"<- digits {row}: no caller identity"),)

    def finish(self) -> Sequence[Output]:
        """The wait is over: a row without its end is taken for what it says."""
        row, self._digits = self._digits, ""
        if self.found is not None or not row:
            return ()
        number = row.lstrip("ABD")
        if len(number) >= self._bare_least and number.isdecimal():
            return (self._take(Call(number=number), "by bare digits"),)
        return (Noted(f"<- digits {row}: no caller identity"),)

    def _read(self, row: str) -> Call | None:
        """A whole row. What stands for absence is looked at first, in every presentation: it looks like a short number in others."""
        calls = [call for call in (decode_digits(row, form) for form in self._presentations) if isinstance(call, Call)]
        absent = [call for call in calls if call.number_absence]
        if absent or calls:
            return (absent or calls)[0]
        number = row[:-1]
        return Call(number=number) if len(number) >= self._bare_least and number.isdecimal() else None

    def _take(self, call: Call, how: str) -> Noted:
        """The first caller heard stays, unless a later message knows more."""
        if self.found is None or (not self.found.number and call.number):
            self.found = call
        return Noted(f"<- caller {call.number or call.number_absence or 'unknown'}{' ' + call.name if call.name else ''} {how}")
