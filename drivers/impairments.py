"""What an analog line does to sound, as the wire card simulates it (drivers/impairment.h): settings with their bounds.

One ``Impairments`` is for one direction of one port; levels are dBm0, losses dB at 1020 Hz (O.6). What each number must meet stands in
the header. Leaves out what belongs to the line as such: cuts, water, measured quantities (``Wire.cut_line``, ``wet_line``, ``set_line``).
"""

from typing import Any, Literal

import msgspec
from pbx._plane import ffi, lib

Noise = Literal["white", "hum"]
_NOISES = {"white": lib.WIRE_NOISE_WHITE, "hum": lib.WIRE_NOISE_HUM}
HIGHEST_PORT = 30
"""Of a span whose time slot 16 is a circuit too; others end with 29, which the card knows."""


class Impairments(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One direction of a port; what is left out does nothing.

    ``tilt_db`` is the attenuation at 3400 Hz against that at 300 Hz. ``noise`` "hum" is 50 Hz. Of the other direction
    ``echo_return_loss_db`` comes back after ``echo_delay_ms``. Harmonics are told against a tone of 0 dBm0. ``crosstalk_from`` is a port
    (from 0) of the same span, heard with ``crosstalk_loss_db``.
    """

    loss_db: float = 0.0
    tilt_db: float = 0.0
    second_harmonic_db: float | None = None
    third_harmonic_db: float | None = None
    crosstalk_from: int | None = None
    crosstalk_loss_db: float = 40.0
    echo_return_loss_db: float | None = None
    echo_delay_ms: float = 10.0
    noise_dbm0: float | None = None
    noise: Noise = "white"

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return self != NO_IMPAIRMENTS


NO_IMPAIRMENTS = Impairments()


def _check(name: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:
        raise ValueError(f"{name} is {least:g} to {most:g}, not {value:g}")


def check(impairments: Impairments, direction: str) -> None:
    """ValueError for what the card cannot do."""
    _check("loss_db", impairments.loss_db, 0, 60)
    _check("tilt_db", impairments.tilt_db, 0, 20)
    _check("second_harmonic_db", impairments.second_harmonic_db, 26, 80)
    _check("third_harmonic_db", impairments.third_harmonic_db, 26, 80)
    _check("crosstalk_from", impairments.crosstalk_from, 0, HIGHEST_PORT)
    _check("crosstalk_loss_db", impairments.crosstalk_loss_db, 0, 90)
    _check("echo_return_loss_db", impairments.echo_return_loss_db, 0, 60)
    _check(f"echo_delay_ms ({direction})", impairments.echo_delay_ms, 10 if direction == "received" else 0, 500)
    _check("noise_dbm0", impairments.noise_dbm0, -70, 0)
    if impairments.noise not in _NOISES:
        raise ValueError(f"noise is white or hum, not {impairments.noise}")


def encoded(impairments: Impairments) -> Any:
    """A ``struct wire_impairments *``."""
    return ffi.new(
        "struct wire_impairments *",
        {
            "loss_db": impairments.loss_db,
            "tilt_db": impairments.tilt_db,
            "noise": lib.WIRE_NOISE_NONE if impairments.noise_dbm0 is None else _NOISES[impairments.noise],
            "noise_dbm0": impairments.noise_dbm0 or 0.0,
            "echoes": impairments.echo_return_loss_db is not None,
            "echo_return_loss_db": impairments.echo_return_loss_db or 0.0,
            "echo_delay_ms": impairments.echo_delay_ms,
            "second_harmonic_db": impairments.second_harmonic_db or 0.0,
            "third_harmonic_db": impairments.third_harmonic_db or 0.0,
            "crosstalk_port": -1 if impairments.crosstalk_from is None else impairments.crosstalk_from,
            "crosstalk_loss_db": impairments.crosstalk_loss_db,
        },
    )
