"""The simulated public network in real time: ``python -m pbx.network_process CONFIG --data DIRECTORY``.

It attaches to the network's own plane, whose spans are connected to the outside sockets of the exchange, and plays its people. ``--show``
is the programme of ``zongji demo``: when everybody has gone home it writes ``over`` and ends, or with ``--keep`` goes on with steady
traffic. One of the two places that name the reactor.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.loader import load
from drivers.far_end.showing import Showing
from pbx import far_network
from pbx.association_plans import plans_of
from pbx.associations import Associations
from pbx.control_process import Events, PlaneClock
from pbx.exchange import load_sounds
from pbx.media import Plane
from pbx.places import Places
from pbx.prompts import render
from pbx.tone_plan import FOLDER as TONES
from pbx.tone_plan import load as load_tones

SETTLE_S = 0.5
"""Frame alignment and the first exchange of idle bits on all circuits."""
LOOK_EVERY_S = 0.2
GOODBYE_S = 2.5


def main(arguments: Sequence[str]) -> int:
    """Run until SIGTERM, or until the programme is over."""
    parser = argparse.ArgumentParser(prog="network")
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(arguments)
    configuration = load(options.config)
    if isinstance(configuration, list):
        sys.stderr.writelines(f"{problem}\n" for problem in configuration)
        return 2
    from twisted.internet import reactor as installed

    reactor: Any = installed
    places = Places(configuration, options.data)
    plane = Plane.attach(str(places.network_arena))
    plane.raise_epoch()
    tones = load_tones(TONES / f"{configuration.exchange.tones}.toml")
    prompts = load_sounds(plane, tones, render(configuration.prompts, places.prompts))
    clock = PlaneClock(reactor, plane)
    network = far_network.build(configuration, plane, clock, prompts)
    Events(reactor, plane, network.media_events)
    far_network.start(network, plane)
    ends = network.signalling.associations
    associations = Associations(reactor, plans_of(configuration, far=True), ends.told, ends.noted)
    ends.carry = associations.send
    associations.start().addErrback(lambda failure: sys.stderr.write(f"network: cannot listen: {failure.getErrorMessage()}\n"))
    showing = Showing(configuration, network, clock)

    def look() -> None:
        if not showing.over():
            reactor.callLater(LOOK_EVERY_S, look)
        elif options.keep:
            sys.stdout.write("steady\n")
            sys.stdout.flush()
            showing.go_on()
        else:
            reactor.callLater(GOODBYE_S, goodbye)

    def goodbye() -> None:
        sys.stdout.write("over\n")
        sys.stdout.flush()

    if options.show:
        reactor.callLater(SETTLE_S, showing.begin)
        reactor.callLater(SETTLE_S + LOOK_EVERY_S, look)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reactor.run(installSignalHandlers=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
