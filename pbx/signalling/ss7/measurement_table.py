"""What is measured of signalling, as a table: links, link sets, destinations, the point, ISUP (Q.752).

``number`` is table and row of Q.752 as the published interface of another stack has it (OpenSS7, whose figures of a signalling link bear
these numbers). The text of the Recommendation was not at hand: a row without a number is Q.752's in sense, and its number is not claimed.
``source`` says out of what a figure is made. Leaves out the collecting (measurements.py), and what nothing here has an event for: faults of
terminals, SCCP, TCAP.
"""

from typing import Literal, NamedTuple

Kind = Literal["link", "link set", "destination", "point", "ISUP"]
Unit = Literal["s", "number", "octets", "circuit s"]


class Row(NamedTuple):
    """A measurement: its key, its number in Q.752 or "", what it is, its unit, where it comes from."""

    key: str
    number: str
    title: str
    unit: Unit
    source: str


_ORDERS = "level 3 to level 2"
_INDICATIONS = "level 2 to level 3"
_PLANE = "counters of transmission and reception control"
_REPORTS = "reports of level 3"
_COUNTERS = "counters of level 3"
_USERS = "level 3 to users"
_CIRCUITS = "what circuits say"

LINK = (
    Row("in service", "1.1", "duration of the link in service", "s", _INDICATIONS),
    Row("failures", "1.2", "failures for any reason", "number", _INDICATIONS),
    Row("failures: abnormal numbers", "1.3", "failures by abnormal backward number or forward bit", "number", _INDICATIONS),
    Row("failures: acknowledgement", "1.4", "failures by excessive delay of acknowledgement (T7)", "number", _INDICATIONS),
    Row("failures: errors", "1.5", "failures by excessive error rate", "number", _INDICATIONS),
    Row("failures: congestion", "1.6", "failures by excessive duration of congestion (T6)", "number", _INDICATIONS),
    Row("failures: far end", "", "failures because the far end has left service", "number", _INDICATIONS),
    Row("alignments", "", "alignments begun", "number", _ORDERS),
    Row("alignments failed", "1.7", "alignments or proving periods that failed", "number", _INDICATIONS),
    Row("units in error", "", "signal units received in error", "number", _PLANE),
    Row("negative acknowledgements", "1.9", "negative acknowledgements received", "number", _PLANE),
    Row("negative acknowledgements sent", "", "negative acknowledgements sent", "number", _PLANE),
    Row("changeovers", "", "changeovers begun here", "number", _COUNTERS),
    Row("changebacks", "", "changebacks begun here", "number", _COUNTERS),
    Row("restorations", "", "the link is active again", "number", _COUNTERS),
    Row("link tests failed", "", "signalling link tests that failed", "number", _COUNTERS),
    Row("messages retrieved", "", "messages that changeover has brought to other links", "number", _COUNTERS),
    Row("unavailable", "2.1", "duration of unavailability for any reason", "s", _REPORTS),
    Row("unavailable: failed", "2.7", "duration of unavailability by failure, until the link is restored", "s", _REPORTS),
    Row("unavailable: not active", "", "duration without order to be active: deactivated, or a spare link", "s", _REPORTS),
    Row("unavailable: local outage", "", "duration of local processor outage", "s", _REPORTS),
    Row("unavailable: remote outage", "2.9", "duration of remote processor outage", "s", _REPORTS),
    Row("remote outages", "2.10", "remote processor outages begun", "number", _REPORTS),
    Row("remote outages ended", "2.11", "remote processor outages ended", "number", _REPORTS),
    Row("unavailable: inhibited here", "", "duration of inhibition by local management", "s", _REPORTS),
    Row("inhibited here", "", "inhibitions by local management begun", "number", _REPORTS),
    Row("unavailable: inhibited there", "", "duration of inhibition by the far end's management", "s", _REPORTS),
    Row("inhibited there", "", "inhibitions by the far end's management begun", "number", _REPORTS),
    Row("receiver busy", "", "times we were busy and said so by SIB", "number", "counters of link state control"),
    Row("SIB received", "", "status indications busy received", "number", _PLANE),
    Row("octets sent", "3.1", "octets of SIF and SIO sent, repetitions apart", "octets", _PLANE),
    Row("octets sent again", "3.2", "octets sent again, with flag, header and check sequence", "octets", _PLANE),
    Row("messages sent", "3.3", "message signal units sent, repetitions apart", "number", _PLANE),
    Row("messages sent again", "", "message signal units sent again", "number", _PLANE),
    Row("octets received", "3.4", "octets of SIF and SIO received", "octets", _PLANE),
    Row("messages received", "3.5", "message signal units received", "number", _PLANE),
    Row("congestions", "3.6", "congestion indications: the level has risen", "number", _INDICATIONS),
    Row("congested", "3.7", "duration of congestion of any level", "s", _INDICATIONS),
    Row("messages discarded", "3.10", "messages discarded because of congestion", "number", _COUNTERS),
    Row("messages refused", "", "messages for which level 2 had no room", "number", _PLANE),
    Row("silences of control", "", "times control was silent and the plane held the link by SIPO", "number", _PLANE),
)

LINK_SET = (
    Row("unavailable", "", "duration of unavailability: no link of the set is available", "s", _REPORTS),
    Row("failures", "", "the last link of the set was lost", "number", _REPORTS),
)

DESTINATION = (
    Row("inaccessible", "", "duration of inaccessibility", "s", _USERS),
    Row("losses", "", "the destination became inaccessible", "number", _USERS),
    Row("congestions", "", "congestion of the way to the destination told to users", "number", _USERS),
)

POINT = (
    Row("isolations", "", "the point was isolated", "number", _COUNTERS),
    Row("restarts", "", "restarts completed", "number", _COUNTERS),
    Row("transferred", "", "messages passed on to other points", "number", _COUNTERS),
    Row("unknown destination", "", "messages discarded for lack of a route", "number", _COUNTERS),
    Row("inaccessible destination", "", "messages discarded because the destination could not be reached", "number", _COUNTERS),
    Row("UPU sent", "", "user part unavailable sent", "number", _COUNTERS),
    Row("UPU received", "", "user part unavailable received", "number", _COUNTERS),
    Row("TFC sent", "", "transfer controlled sent", "number", _COUNTERS),
    Row("TFC received", "", "transfer controlled received", "number", _COUNTERS),
    Row("malformed", "", "signal units and management messages that make no sense", "number", _COUNTERS),
    Row("held messages lost", "", "messages lost because a hold was full", "number", _COUNTERS),
)

ISUP = (
    Row("messages sent", "", "ISUP messages sent", "number", _CIRCUITS),
    Row("messages received", "", "ISUP messages received", "number", _USERS),
    Row("calls out", "", "calls offered to circuits", "number", "the switch to circuits"),
    Row("calls in", "", "circuits seized by the far end", "number", _CIRCUITS),
    Row("dual seizures", "", "circuits seized from both ends at once", "number", _CIRCUITS),
    Row("unreasonable messages", "", "messages that the state of the circuit does not expect", "number", _CIRCUITS),
    Row("malformed messages", "", "messages that cannot be read", "number", _CIRCUITS),
    Row("unrecognized messages", "", "messages of unknown type, or to be discarded by their own instructions", "number", _CIRCUITS),
    Row("requests not acknowledged", "", "long timers run out: REL, RSC, BLO, UBL, CGB, CGU or GRS without an answer", "number", _CIRCUITS),
    Row("user part unavailable", "", "duration of unavailability of the far end's user part", "s", _USERS),
    Row("user part losses", "", "the far end's user part became unavailable", "number", _USERS),
    Row("congestions", "", "congestion of the way to the far end told to ISUP", "number", _USERS),
    Row("circuits blocked", "", "circuits that may not be seized, times duration", "circuit s", _CIRCUITS),
    Row("blockings: local", "", "circuits blocked by us", "number", _CIRCUITS),
    Row("blockings: remote", "", "circuits blocked by the far end", "number", _CIRCUITS),
    Row("blockings: fault", "", "circuits out of use by a fault or an unreachable far end", "number", _CIRCUITS),
    Row("blockings: alarm", "", "circuits out of use by an alarm", "number", _CIRCUITS),
)

TABLE: dict[Kind, dict[str, Row]] = {
    "link": {row.key: row for row in LINK},
    "link set": {row.key: row for row in LINK_SET},
    "destination": {row.key: row for row in DESTINATION},
    "point": {row.key: row for row in POINT},
    "ISUP": {row.key: row for row in ISUP},
}

RELEASES = "releases: cause "
"""How keys begin that are there for each cause of Q.850 as it comes: ISUP only."""


def row_of(kind: Kind, key: str) -> Row:
    """The row of a key."""
    if kind == "ISUP" and key.startswith(RELEASES):
        return Row(key, "", f"calls released with cause {key.removeprefix(RELEASES)}", "number", _CIRCUITS)
    return TABLE[kind][key]
