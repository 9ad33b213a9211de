"""The simulated public network at the far end of the wire: exchanges, subscribers and telephone sets.

It is a second, small house built of the same parts as the exchange: a media plane, lines, signalling engines and a floor. So what the
exchange meets there is real signalling and real sound, and every fault of the wire lies between two real ends.
"""
