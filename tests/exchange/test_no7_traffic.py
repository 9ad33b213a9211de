"""All circuits of four spans called again and again by ISUP, in sound, over two links: no call is lost and both ends come to rest."""

from benchmarks.no7_sound import House


def test_no_call_is_lost_on_four_spans_in_sound():
    house = House(400)
    house.run()
    assert (house.begun, house.lost(), house.left()) == (400, 0, [])
    used = [link.messages for link in house.simulation.exchange.signalling.links.values()]
    assert all(min(received, sent) > 300 for received, sent in used), used
