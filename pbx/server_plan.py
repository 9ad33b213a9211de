"""Composition: application servers of M3UA as a configuration asks for them, at our end, and turned round at the simulated far one.

Opposite a server of ours is a gateway, behind which users with the codes of all its destinations stand; opposite a gateway of ours, or the
asked end of a single exchange (IPSP), is a server. Leaves out what they do (pbx/signalling_over_ip.py).
"""

from config.signalling import ApplicationServer
from pbx.signalling.ss7.mtp3.variant import Variant
from pbx.signalling.ss7.sigtran.figures import Figures
from pbx.signalling.ss7.sigtran.m3ua_plan import ServerPlan
from pbx.signalling_over_ip import ServerSeat


def near_server(row: ApplicationServer, own: int, variant: Variant, figures: Figures) -> ServerSeat:
    """Our end; ``own`` is the code of its point."""
    codes = tuple(variant.form.read(code) for code in row.destinations)
    if row.role == "server":
        return ServerSeat(row.name, _plan(row, own, codes, variant, row.identifier), True, codes, (), figures)
    if row.role == "ipsp":
        return ServerSeat(row.name, _plan(row, own, codes, variant), False, codes, (), figures)
    return ServerSeat(row.name, _plan(row, codes[0], (), variant), False, codes, (own,), figures)


def far_server(row: ApplicationServer, own: int, variant: Variant, figures: Figures) -> ServerSeat:
    """The simulated far end of it; ``own`` is the code of our point."""
    codes = tuple(variant.form.read(code) for code in row.destinations)
    if row.role == "server":
        return ServerSeat(row.name, _plan(row, own, (), variant), False, (own,), codes, figures)
    return ServerSeat(row.name, _plan(row, codes[0], (own,), variant), True, (own,), (), figures)


def _plan(row: ApplicationServer, code: int, reaches: tuple[int, ...], variant: Variant, identifier: int | None = None) -> ServerPlan:
    return ServerPlan(
        tuple(row.associations),
        code,
        variant.data.network,
        reaches,
        context=row.context,
        appearance=row.appearance,
        mode=row.mode,
        identifier=identifier,
    )
