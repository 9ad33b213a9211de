"""What every ISUP parameter is, and those that nobody can read (Q.763 clause 1; Q.764 clause 2.9.5 says what becomes of them)."""

import msgspec


class Parameter(msgspec.Struct, frozen=True, gc=False):
    """A parameter of an ISUP message. Its code, clause and form are a row of ``table.py``."""


class Extensible(Parameter, frozen=True, gc=False, kw_only=True):
    """A parameter of fixed length. ``beyond`` are the octets that a later edition has put behind those we know."""

    beyond: bytes = b""


class Unrecognized(Parameter, frozen=True, gc=False):
    """A parameter whose code we do not know, with its contents."""

    code: int
    octets: bytes


class Unreadable(Parameter, frozen=True, gc=False):
    """An optional parameter whose code we know and whose contents make no sense to us."""

    code: int
    octets: bytes


class Unparsed(Parameter, frozen=True, gc=False):
    """All that follows the type of a message we do not know, or whose format is a national matter; it stands alone."""

    octets: bytes


class Verbatim(Parameter, frozen=True, gc=False):
    """All that follows the type of a message that we pass on as another exchange wrote it; it stands alone, and is never read."""

    octets: bytes
