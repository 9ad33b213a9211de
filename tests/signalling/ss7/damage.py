"""Octets damaged in every way that one fault makes, for whoever reads them to be judged by what he makes of them."""

import itertools


def truncations(octets):
    return (octets[:end] for end in range(len(octets)))


def changed_octets(octets):
    """Every octet replaced by every other: so every length, count, pointer and code takes every value."""
    for at, was in enumerate(octets):
        for value in range(256):
            if value != was:
                yield octets[:at] + bytes((value,)) + octets[at + 1 :]


def flipped_bits(octets):
    for at in range(len(octets) * 8):
        yield bytes(octet ^ (1 << at % 8 if place == at // 8 else 0) for place, octet in enumerate(octets))


def missing_and_doubled_octets(octets):
    for at in range(len(octets)):
        yield octets[:at] + octets[at + 1 :]
        yield octets[:at] + octets[at : at + 1] + octets[at:]


def damaged(octets):
    return itertools.chain(truncations(octets), flipped_bits(octets), changed_octets(octets), missing_and_doubled_octets(octets))
