"""Which variant of libopenr2 faces which of ours, and what its configuration file must say so that both speak the same language.

libopenr2 knows eleven variants by number (<openr2/r2proto.h>); ours are files of ``config/variants``.
Idle bits, masks and meanings are read from our file and stand nowhere else. Leaves out timers.
"""

import zlib
from pathlib import Path
from typing import Any

import msgspec

from pbx.signalling.r2.variant import Variant, load_variant
from tests.interop.openr2.library import MODES
from tests.interop.spandsp import MFC_NAMES

HERE = Path(__file__).resolve().parent


class Facing(msgspec.Struct, frozen=True):
    """``number`` is libopenr2's variant; ``caller`` and ``callee``: lines of its configuration that change signals ("x": none).

    ``ways`` in which it accepts calls so that our variant takes them for accepted; ``refusals`` that it has no signal for, or one that
    means something else to us.
    """

    ours: str
    number: int
    caller: tuple[str, ...] = ()
    callee: tuple[str, ...] = ()
    ways: tuple[str, ...] = MODES[:2]
    lacks: tuple[str, ...] = ("collect call refused",)

    @property
    def variant(self) -> Variant:
        """Our side."""
        return load_variant(self.ours)

    @property
    def idle_bits(self) -> int:
        """What both ends send at rest."""
        return self.variant.data.bits.forward.idle

    def ends_of_caller(self) -> list[str]:
        """How our file has it that a caller's number ends or is withheld; that libopenr2 agrees of itself is a test of its own."""
        register = self.variant.data.register
        end, restricted = (MFC_NAMES[signal - 1] for signal in (register.end_of_caller, register.restricted_read))
        return [f"mf_g1_tones.no_more_ani_available={end}", f"mf_g1_tones.caller_ani_is_restricted={restricted}"]

    def context(self, folder: Path, side: str, *more: str, **settings: int) -> dict[str, Any]:
        """A context of the far exchange's program as "caller" or "callee", with ``more`` lines and other settings of it."""
        lines = [*(self.caller if side == "caller" else self.callee), *self.ends_of_caller(), *more]
        path = folder / f"{side}-{zlib.crc32(repr(lines).encode()):08x}.conf"
        path.write_text("\n".join([*lines, ""]), encoding="ascii")
        return {"file": str(path), **settings}


_CHINA_BOTH = (
    # A6 leads to a group C of its own, in which A1 asks for the caller's digits and A3 leads to group II.
    "mf_ga_tones.request_category=x",
    "mf_ga_tones.request_category_and_change_to_gc=6",
    "mf_ga_tones.request_next_ani_digit=x",
    "mf_gc_tones.request_next_ani_digit=1",
    "mf_gc_tones.request_change_to_g2=3",
    # KB6 = free too; China has no third.
    "mf_gb_tones.accept_call_no_charge=6",
)
CHINA = Facing(
    "china",
    40,
    caller=_CHINA_BOTH,
    # KB4 for what the library would refuse by KB8 or not at all, for which China has no signal; "special" is free.
    callee=(
        *_CHINA_BOTH,
        "mf_gb_tones.line_out_of_order=4",
        "mf_gb_tones.reject_collect_call=4",
        "mf_gb_tones.special_info_tone=6",
    ),
    ways=MODES[:3],
    lacks=(),
)
FACINGS = (
    CHINA,
    Facing("itu", 100),
    Facing("mexico", 120),
    Facing("brazil", 20),
    Facing("argentina", 0),
)
