"""Which variant of libopenr2 faces which of ours, and what its configuration file must say so that both speak the same language.

libopenr2 knows eleven variants by number (<openr2/r2proto.h>); ours are files of ``config/variants``. A facing whose file is not
there is skipped by name (``needed``). Idle bits, masks and meanings are read from our file and stand nowhere else. Leaves out timers.
"""

from pathlib import Path

import msgspec
import pytest

from pbx.signalling.r2.variant import VARIANTS, Variant, load_variant

HERE = Path(__file__).resolve().parent


class Facing(msgspec.Struct, frozen=True):
    """``number`` is libopenr2's variant; ``lines`` of its configuration change signals, "x" switches one off."""

    ours: str
    number: int
    lines: tuple[str, ...] = ()
    asks_caller: bool = True
    """Whether libopenr2, with these lines, can send its caller's number after our register's signals."""

    @property
    def variant(self) -> Variant:
        """Our side."""
        return load_variant(self.ours)

    @property
    def idle_bits(self) -> int:
        """What both ends send at rest."""
        return self.variant.data.bits.forward.idle

    def write(self, folder: Path, name: str, *more: str) -> str:
        """A configuration file for libopenr2 with these lines and ``more``; returns its path."""
        path = folder / f"{name}.conf"
        path.write_text("\n".join([*self.lines, *more, ""]), encoding="ascii")
        return str(path)


CHINA = Facing(
    "china",
    40,
    (
        # KB4 for what the library would refuse by KB8, which China does not have; KB6 = free too.
        "mf_gb_tones.line_out_of_order=4",
        "mf_gb_tones.accept_call_no_charge=6",
        # A6 leads to a group C of its own, in which A1 asks for the caller's digits and A3 leads to group II.
        "mf_ga_tones.request_category=x",
        "mf_ga_tones.request_category_and_change_to_gc=6",
        "mf_ga_tones.request_next_ani_digit=x",
        "mf_gc_tones.request_next_ani_digit=1",
        "mf_gc_tones.request_change_to_g2=3",
    ),
)
FACINGS = (
    CHINA,
    Facing("itu", 100),
    Facing("mexico", 120),
    Facing("brazil", 20),
    Facing("argentina", 0),
    Facing("czech", 60),
)


def needed(facing: Facing) -> object:
    """A parameter that is skipped, and says so, as long as our variant file is missing."""
    missing = not (VARIANTS / f"{facing.ours}.toml").exists()
    reason = f"NO FILE config/variants/{facing.ours}.toml: libopenr2's variant {facing.number} has nobody to face"
    return pytest.param(facing, id=facing.ours, marks=[pytest.mark.skipif(missing, reason=reason)])
