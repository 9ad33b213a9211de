"""Spans on DAHDI in the plane's process: where the kernel has none of the channels, the plane runs all the same and says so."""

import msgspec
import pytest
from pbx._plane import lib

from drivers.dahdi import AVAILABLE, Dahdi
from pbx.media import Layout
from pbx.plane_process import DahdiChannels, Description, SpanDescription, add_signalling_channels, build
from pbx.vocabulary import media

if not AVAILABLE:
    pytest.skip("built without dahdi/user.h (package dahdi-source)", allow_module_level=True)

NOBODYS = DahdiChannels(first_channel=1020, channels=3)
"""Channels that no machine with fewer than thirty-three E1 has."""


def made(tmp_path, *spans):
    description = Description(spans=list(spans), layout=Layout(ports=30 * len(spans)))
    again = msgspec.json.decode(msgspec.json.encode(description), type=Description)
    return build(again, str(tmp_path / "arena"))


def test_a_plane_with_a_wire_and_a_card_counts_ports_alike(tmp_path, capsys):
    plane, cards = made(tmp_path, SpanDescription(dahdi=NOBODYS, name="board", kind="offices"), SpanDescription())
    assert plane.ports == 60 and isinstance(cards[0], Dahdi)
    assert "span board: channels 1020, 1021, 1022: not configured in DAHDI" in capsys.readouterr().err
    for tick in range(20):
        plane.tick(tick)
    assert plane.levels(0).alarms == lib.CARD_ALARM_LOS
    assert cards[0].counters().ticks == 20 and cards[0].counters().system_calls == 0
    plane.close()
    for card in cards:
        card.close()


def test_signalling_channels_get_ports_of_their_own_behind_all_others(tmp_path, capsys):
    links = DahdiChannels(first_channel=1020, channels=3, signalling_channels=(3, 2))
    description = Description(spans=[SpanDescription(dahdi=links, name="basic"), SpanDescription()], layout=Layout(ports=62))
    plane, cards = build(description, str(tmp_path / "arena"))
    add_signalling_channels(plane, cards)
    assert plane.ports == 62 and "channels 1020, 1021, 1022: not configured" in capsys.readouterr().err
    for tick in range(3):
        plane.send(61, media.SendFrame(b"nobody takes it"))
        plane.tick(tick)
    assert plane.levels(60).alarms == plane.levels(61).alarms == lib.CARD_ALARM_LOS
    assert plane.counters()["refused_frames"] == 3
    assert [event for _, port, event in plane.drain() if port == 61] == [media.Alarm(media.LOSS_OF_SIGNAL)]
    plane.close()
    for card in cards:
        card.close()


def test_a_card_that_is_watched_is_mended_until_it_is_closed(tmp_path):
    plane, (card,) = made(tmp_path, SpanDescription(dahdi=NOBODYS))
    card.watch()
    plane.close()
    card.close()
    with pytest.raises(Exception, match="closed"):
        card.mend()


@pytest.mark.parametrize(
    "wrong", [[SpanDescription(dahdi=NOBODYS, kind="telephones")], [SpanDescription(dahdi=NOBODYS), SpanDescription(joined_to=0)]]
)
def test_what_cannot_be_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"bare bits|no wire"):
        made(tmp_path, *wrong)
