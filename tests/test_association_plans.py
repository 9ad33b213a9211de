"""Associations of a configuration as plans for sockets: those to the simulated network face one another, those outside stand alone."""

from config.schema import Configuration, Exchange
from config.signalling import Association
from pbx.association_plans import plans_of

ROWS = [
    Association("out", "m2pa", far_end="outside", transport="sctp", peer="192.0.2.7", local="192.0.2.1", port=4000),
    Association("in", "m3ua", far_end="outside", transport="tcp", listen=True),
    *(Association(f"ip-{number}", "m2pa", listen=number % 2 == 0, port=4000 + number % 3) for number in range(300)),
]
CONFIGURATION = Configuration(Exchange("office"), associations=ROWS)


def test_each_simulated_association_has_addresses_of_its_own_and_the_far_end_turned_round():
    near = {plan.name: plan for plan in plans_of(CONFIGURATION)}
    far = {plan.name: plan for plan in plans_of(CONFIGURATION, far=True)}
    assert set(near) - set(far) == {"out", "in"}
    for name, there in far.items():
        here = near[name]
        assert (here.local, here.peer) == (there.peer, there.local)
        assert here.listen != there.listen
        assert here.transport == there.transport == "tcp"
        assert here.listening_at[2] == there.listening_at[2]
        assert here.local.startswith("127.")
    ends = [plan.local for plan in (*far.values(), *(near[name] for name in far))]
    assert len(set(ends)) == len(ends) == 600


def test_what_is_outside_is_as_it_was_written():
    out, inward, *_ = plans_of(CONFIGURATION)
    assert (out.transport, out.peer, out.local, out.listen, out.listening_at[2]) == ("sctp", "192.0.2.7", "192.0.2.1", False, 4000)
    assert (inward.peer, inward.listen, inward.listening_at) == ("", True, ("tcp", "", 2905))
