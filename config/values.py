"""The shapes of single values of the configuration file, each with what may stand in it, and what every table of it is.

A description completes the sentence "give ...". Leaves out the tables themselves (config/schema.py).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="a name of 1 to 32 small letters, digits, - and _, beginning with a letter",
    ),
]
Title = Annotated[str, Meta(min_length=1, max_length=64, description="a text of 1 to 64 characters")]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{1,20}$", description="1 to 20 digits, in quotes")]
DialledDigits = Annotated[str, Meta(pattern=r"^[0-9A-D*#]{1,20}$", description="1 to 20 of the signs 0-9, A-D, * and #, in quotes")]
LineName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_-]{0,31}/([1-9]|[12][0-9]|3[01])$",
        description='a span and a time slot from 1 to 31, as in "sub-1/7"',
    ),
]
CircuitRange = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_-]{0,31}/([1-9]|[12][0-9]|3[01])(-([1-9]|[12][0-9]|3[01]))?$",
        description='a span and a time slot or a range of them, as in "e1-1/1-15" or "e1-1/17"',
    ),
]
PointCode = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,8}$|^[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}$",
        description='a signalling point code as three numbers, as in "21-100-51", or as one, in quotes',
    ),
]
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
Address = Annotated[
    str,
    Meta(pattern=rf"^({_OCTET}[.]{_OCTET}[.]{_OCTET}[.]{_OCTET})?$", description='an address of IPv4, as in "192.0.2.7"'),
]
Number32 = Annotated[
    Annotated[int, Meta(ge=0, le=4294967295)] | None,
    Meta(description="a whole number from 0 to 4294967295, as agreed with the far end"),
]
Destination = Annotated[
    str,
    Meta(
        pattern=r"^(flow|queue|trunk|announcement|feature):[a-z][a-z0-9_-]{0,31}$|^extension:[0-9]{1,20}$",
        description="KIND:NAME, the kind being flow, queue, trunk, extension, announcement or feature",
    ),
]
Seconds = Annotated[float, Meta(ge=0, le=86400, description="a number of seconds from 0 to 86400")]
EchoTail = Annotated[Literal[0, 32, 64, 128], Meta(description="0 for no echo canceller, or 32, 64 or 128 milliseconds")]
FileName = Annotated[str, Meta(max_length=255, description="a file or folder name of at most 255 characters")]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the configuration file. Immutable; an unknown key is an error, never ignored."""
