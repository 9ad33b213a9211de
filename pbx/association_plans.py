"""Composition: the associations of a configuration as plans for sockets, at our end and at the simulated far one.

In real time the simulated network is a process of its own. Its associations run over TCP between two addresses of the loopback network that
belong to one association each, so that two of them cannot be taken for one another whatever their ports are. Leaves out the sockets
(pbx/associations.py).
"""

from config.schema import Configuration
from pbx.associations import AssociationPlan


def plans_of(configuration: Configuration, far: bool = False) -> list[AssociationPlan]:
    """All of our end, or those of the simulated network's."""
    plans = []
    for place, row in enumerate(configuration.associations):
        port = row.port or None
        if row.simulated:
            hosts = [f"127.{64 + place // 256}.{place % 256}.{end}" for end in (1, 2)]
            local, peer = reversed(hosts) if far else hosts
            plans.append(AssociationPlan(row.name, row.protocol, peer, "tcp", row.listen != far, port, local))
        elif not far:
            plans.append(AssociationPlan(row.name, row.protocol, row.peer, row.transport, row.listen, port, row.local))
    return plans
