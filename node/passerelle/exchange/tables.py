"""Who may decide what, and what prevails: the rules that are data.

The two tables are the law's own (spec/17-joint-facts.md, "Decisions" and "Opposites", and spec/tables); a test reads
the chapter and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Role: TypeAlias = Literal["issuer", "party", "sender", "host"]
"""What an agency is to a subject: its issuer, another party of the agreement, an end of the direction."""

MAY_DECIDE: Final[Mapping[str, Mapping[str, frozenset[Role]]]] = {
    "agreement": {
        "accept": frozenset({"party"}),
        "reject": frozenset({"party"}),
        "withdraw": frozenset({"issuer"}),
        "suspend": frozenset({"issuer", "party"}),
        "resume": frozenset({"issuer", "party"}),
        "terminate": frozenset({"issuer", "party"}),
    },
    "nomination": {
        "accept": frozenset({"host"}),
        "reject": frozenset({"host"}),
        "shortlist": frozenset({"host"}),
        "waitlist": frozenset({"host"}),
        "confirm": frozenset({"sender"}),
        "decline": frozenset({"sender"}),
        "withdraw": frozenset({"sender"}),
    },
    "placement": {
        "accept": frozenset({"sender"}),
        "reject": frozenset({"sender"}),
        "withdraw": frozenset({"host"}),
        "suspend": frozenset({"sender", "host"}),
        "resume": frozenset({"sender", "host"}),
        "terminate": frozenset({"sender", "host"}),
    },
    "offer": {
        "withdraw": frozenset({"issuer"}),
        "suspend": frozenset({"issuer"}),
        "resume": frozenset({"issuer"}),
    },
    "dossier": {
        "withdraw": frozenset({"issuer"}),
    },
}
"""Subject type, outcome, roles. On a type that is not listed anybody whom it reaches may decide anything."""

WITHOUT_EFFECT: Final = frozenset({"endorse", "dispute", "waive", "approve-transfer"})
"""Outcomes that move no state; open to anybody whom the subject reaches."""

ENDING: Final = ("terminate", "withdraw", "decline", "reject")
"""Outcomes that end what they are about. Of several on one subject the first in this order names its end."""

BOTH: Final = "both"
CONTESTED: Final = "contested"


def _symmetric(*rows: tuple[str, str, str]) -> Mapping[frozenset[str], str]:
    return {frozenset((one, other)): result for one, other, result in rows}


OPPOSITES: Final[Mapping[str, Mapping[frozenset[str], str]]] = {
    "agreement": _symmetric(
        ("accept", "accept", BOTH),
        ("accept", "reject", "reject"),
        ("accept", "withdraw", BOTH),
        ("accept", "terminate", BOTH),
        ("reject", "reject", "reject"),
        ("reject", "withdraw", "withdraw"),
        ("reject", "terminate", "terminate"),
        ("withdraw", "terminate", "terminate"),
        ("terminate", "terminate", "terminate"),
    ),
    "nomination": _symmetric(
        ("accept", "confirm", BOTH),
        ("accept", "decline", "decline"),
        ("accept", "withdraw", "withdraw"),
        ("reject", "confirm", "reject"),
        ("reject", "decline", "decline"),
        ("reject", "withdraw", "withdraw"),
        ("shortlist", "confirm", CONTESTED),
        ("shortlist", "decline", "decline"),
        ("shortlist", "withdraw", "withdraw"),
        ("waitlist", "confirm", CONTESTED),
        ("waitlist", "decline", "decline"),
        ("waitlist", "withdraw", "withdraw"),
    ),
    "placement": _symmetric(
        ("accept", "withdraw", "withdraw"),
        ("accept", "terminate", "terminate"),
        ("accept", "suspend", "suspend"),
        ("reject", "withdraw", "withdraw"),
        ("reject", "terminate", "terminate"),
        ("reject", "suspend", "reject"),
        ("withdraw", "terminate", "terminate"),
        ("withdraw", "suspend", "withdraw"),
        ("terminate", "terminate", "terminate"),
        ("terminate", "suspend", "terminate"),
        ("suspend", "suspend", "suspend"),
        ("suspend", "resume", "suspend"),
    ),
}
"""Two standing decisions of two authors that had not seen each other, and which prevails.

``both``: each keeps its effect, from its own effective date. Where one outcome has two dates,
the earlier counts.
"""


def prevailing(subject_type: str, one: str, other: str) -> str:
    """The outcome that prevails, ``both``, or ``contested`` where the table knows no answer."""
    return OPPOSITES[subject_type].get(frozenset((one, other)), CONTESTED)
