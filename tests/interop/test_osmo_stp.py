"""M3UA with a foreign transfer point: Debian's osmo-stp between two servers and a gateway of ours, over SCTP, and over TCP.

osmo-stp routes by point codes of 24 bits. Towards servers A and B it is a gateway, towards our gateway C it is a process. It knows no M2PA
and no M2UA, and of SSNM only what the tests show.
"""

import pytest

from pbx.associations import AssociationPlan
from pbx.signalling.ss7.mtp3.label import CHINA
from pbx.signalling.ss7.primitives import Pause, Resume, Transfer
from pbx.signalling.ss7.sigtran.asp import ActivateServer, DeactivateServer
from pbx.signalling.ss7.sigtran.association import EndAssociation
from pbx.signalling.ss7.sigtran.figures import load_figures
from pbx.signalling.ss7.sigtran.m3ua import M3ua
from pbx.signalling.ss7.sigtran.m3ua_gateway import M3uaGateway
from pbx.signalling.ss7.sigtran.m3ua_plan import ServerPlan
from pbx.signalling.ss7.sigtran.server import ServerChanged
from tests.association_party import Party
from tests.interop.osmo_stp.station import NO_STATION, Station, fetch_if_it_can_be, free_port, why_not
from tests.sctp import needs_sctp
from tests.test_associations import Loop

prepare_machine = fetch_if_it_can_be
"""Called outside of the machine in which SCTP is (tests/dahdi/rig/collected.py)."""
A, B, C = (CHINA.read(f"21-100-{point}") for point in (51, 52, 53))
FIGURES = load_figures().adjusted(timers_ms={"Tbeat": 1000})
LOCAL = {A: "127.0.0.2", B: "127.0.0.3"}
CONTEXTS = {A: 1, B: 2, C: 3}


def server(loop, station, code, *far):
    plan = ServerPlan(("stp",), code, 2, destinations=far, context=CONTEXTS[code], mode="override")
    place = AssociationPlan("stp", "m3ua", "127.0.0.1", station.transport, port=station.port, local=LOCAL[code])
    return Party(loop, M3ua(plan, CHINA, FIGURES), place)


@pytest.fixture(params=["tcp", pytest.param("sctp", marks=needs_sctp)])
def office(request, tmp_path):
    """Servers A and B and a gateway with C behind it, all up."""
    reason = why_not(request.param)
    if reason:
        pytest.skip(f"{NO_STATION}{reason}")
    loop = Loop()
    plan = ServerPlan(("stp",), C, 2, context=CONTEXTS[C], mode="override")
    place = AssociationPlan("stp", "m3ua", "127.0.0.1", request.param, listen=True, port=0, local="127.0.0.1")
    gateway = Party(loop, M3uaGateway(plan, CHINA, FIGURES), place)
    gateway.give(Resume(A), Resume(B))
    port, far_port = free_port(), gateway.associations.port_of("stp")
    lines = []
    for name, where, ports in (("a", LOCAL[A], f"0 {port}"), ("b", LOCAL[B], f"0 {port}"), ("c", "127.0.0.1", f"{far_port} 0")):
        lines += [f"asp asp-{name} {ports} m3ua", f" remote-ip {where}"]
        lines += [" role asp", " sctp-role client"] * (name == "c")
    for name, code in (("a", A), ("b", B), ("c", C)):
        text = CHINA.text(code).replace("-", ".")
        lines += [f"as as-{name} m3ua", f" asp asp-{name}", f" routing-key {CONTEXTS[code]} {text}", " traffic-mode override"]
    lines.append("route-table system")
    for name, code in (("a", A), ("b", B), ("c", C)):
        lines.append(f" update route {CHINA.text(code).replace('-', '.')} 255.255.255 linkset as-{name}")
    station = Station(tmp_path, lines, port, request.param)
    try:
        a, b = server(loop, station, A, B, C), server(loop, station, B, A, C)
        loop.until(lambda: a.engine.state == b.engine.state == "active")
        loop.until(lambda: gateway.engine.state == "Active")
        yield loop, a, b, gateway
        assert (a.wrong, b.wrong, gateway.wrong) == ([], [], []), station.log.read_text()
    finally:
        loop.close()
        station.close()


def isup(number, opc, dpc):
    return Transfer(5, dpc, opc, number % 16, bytes((number % 256, 0, 0x12)) + bytes(number % 200))


def test_everybody_reaches_everybody(office):
    loop, a, b, gateway = office
    parties = {A: a, B: b, C: gateway}
    for opc, dpc in ((A, B), (B, A), (A, C), (B, C), (C, A), (C, B)):
        sent = [isup(number, opc, dpc) for number in range(200)]
        to = parties[dpc]
        before = len(to.messages())
        parties[opc].give(*sent)
        loop.until(lambda to=to, before=before: len(to.messages()) == before + 200)
        assert to.messages()[before:] == sent, (opc, dpc)


def test_heartbeats_are_answered(office):
    loop, a, b, gateway = office
    start = loop.reactor.seconds()
    loop.until(lambda: loop.reactor.seconds() > start + 3.5)
    assert a.engine.state == "active"
    assert "heartbeat without answer" not in {**a.engine.counters, **b.engine.counters, **gateway.engine.counters}


def test_out_by_order_and_back(office):
    loop, a, b, _ = office
    a.give(DeactivateServer("stp"))
    loop.until(lambda: a.engine.process_state("stp") == "Withdrawn")
    loop.until(lambda: Pause(A) in b.told)  # the others are told by DUNA
    a.give(ActivateServer("stp"))
    loop.until(lambda: a.engine.state == "active" and b.engine.accessible(A))
    b.give(isup(7, B, A))
    loop.until(a.messages)
    assert a.messages() == [isup(7, B, A)]


def test_an_association_is_lost_and_comes_back(office):
    loop, a, b, _ = office
    a.associations.send("stp", EndAssociation("cut"))
    loop.until(lambda: a.engine.state == "inactive")
    loop.until(lambda: a.engine.state == "active" and b.engine.accessible(A))
    b.give(isup(9, B, A))
    loop.until(a.messages)
    assert a.messages() == [isup(9, B, A)]


def test_it_has_become_active_as_our_gateway_wants_it(office):
    _, a, _, gateway = office
    assert gateway.told == [ServerChanged(True)]
    assert [note for note in a.notes if "ERR" in note] == []
    assert [note for note in gateway.notes if "ERR" in note] == []
    assert {value for value in a.told if isinstance(value, Resume)} == {Resume(B), Resume(C)}
