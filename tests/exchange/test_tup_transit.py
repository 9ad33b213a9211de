"""A call from TUP to TUP through the exchange in sound: why it failed is told as it was."""

import msgspec

from pbx.signalling.ss7.tup.messages import Heading
from tests.exchange.crossroads import CITY, Crossroads


def test_busy_with_a_toll_call_stays_so(seed):
    """The far exchange says STB, which is 17 to the switch as SLB is."""
    with Crossroads(seed=seed) as lab:
        relation = next(each for each in lab.network.signalling.relations if type(each.user_part).__name__ == "Tup")
        part = relation.user_part
        write, read, heard = part.write, part.read, []

        def toll_busy(message):
            return write(msgspec.structs.replace(message, heading=Heading.STB) if message.heading == Heading.SLB else message)

        def kept(value):
            message = read(value)
            heard.append(message.heading)
            return message

        part.write, part.read = toll_busy, kept
        lab.network.refusals[CITY] = 17
        lab.call("tup", "tup").notices("released")
        lab.after(2.0)
        assert Heading.STB in heard and Heading.SLB not in heard
