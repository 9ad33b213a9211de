"""Sound that a card on DAHDI lost, told in words: not what two clocks make, but what a plane that was stopped does."""

import pytest

from drivers.dahdi import AVAILABLE, losses
from tests.drivers.dahdi_kernel import board

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

from pbx._plane import lib


@pytest.mark.parametrize(("ticks", "words"), [(1, ""), (2, "sound was lost: 16 starved")])
def test_more_than_a_block_of_each_channel_is_told(ticks, words):
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers")
    before = bench.card.counters()
    bench.step(ticks)
    assert losses(before, bench.card.counters(), 8) == words
    bench.card.close()


def test_every_way_to_lose_sound_is_named():
    bench = board(lib.DAHDI_SIG_FXOKS, "subscribers", ports=1)
    bench.step(20)
    before = bench.card.counters()
    channel = bench.kernel.channels[1]
    channel.full = True
    channel.events += [lib.DAHDI_EVENT_READ_OVERRUN, lib.DAHDI_EVENT_WRITE_UNDERRUN]
    bench.step(2)
    assert losses(before, bench.card.counters(), 1) == "sound was lost: 1 overruns, 1 underruns, 2 starved, 2 refused"
    bench.card.close()
