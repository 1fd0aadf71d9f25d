"""Where the records of two agencies speak of one fact and differ, member by member.

By design most facts have one author. What both may write down are the steps of a placement (both note an arrival),
the dates of a placement beside those steps, meetings about an agreement or a programme, and numbers in statistics.
Nothing is decided here: both sides are shown with their sources.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from passerelle.exchange import declared
from passerelle.exchange.declared import Claim
from passerelle.protocol.profile import Json, encode
from passerelle.protocol.records import Record

_OF_EVENTS: Final = ("actual", "status", "durationDays", "place", "reason")
"""Members of an event that state a fact and not an opinion."""

_STARTS: Final = frozenset({"arrival"})
_ENDS: Final = frozenset({"end-of-mission", "return", "early-return"})

_T = TypeVar("_T")

Fact: TypeAlias = tuple[str, ...]
"""What is spoken of: a word and what tells it apart."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one agency says.

    Args:
        value: As its record has it; None where that says nothing.
        source: The record.
        member: Where in it.
    """

    value: Json
    source: Record
    member: str


@dataclass(frozen=True, slots=True)
class Divergence:
    """Two or more agencies, one fact, different words.

    Args:
        kind: ``event``, ``placement`` or ``statistic``.
        about: Id of the subject, or what the number is of.
        detail: Kind of the event, end of the placement, indicator.
        field: The member that differs.
        sides: One of each agency, by SCID.
    """

    kind: str
    about: str
    detail: str
    field: str
    sides: tuple[Side, ...]


def divergences(records: Iterable[Record]) -> list[Divergence]:
    """All that differs, in an order that depends on nothing but the records.

    Args:
        records: The newest version that counts of each event, placement and statistic.
    """
    held = sorted(records, key=lambda record: (record.id, record.issuer_scid))
    events = [
        record for record in held if record.type == "event" and record.body.get("status") != "cancelled"
    ]
    placements = [record for record in held if record.type == "placement"]
    found = [
        *_of_events(events, placements),
        *_of_placements(placements, events),
        *_of_statistics([record for record in held if record.type == "statistic"]),
    ]
    return sorted(found, key=lambda item: (item.kind, item.about, item.detail, item.field))


def _of_events(events: Sequence[Record], placements: Sequence[Record]) -> Iterable[Divergence]:
    """Events of one kind about one subject, one of each agency; about a placement only of those who were told of it.

    Where an agency has several of one kind about one subject, such as monthly calls, nothing says which of them the
    other means: that agency's are left alone.
    """
    told: defaultdict[str, list[Record]] = defaultdict(list)
    for placement in placements:
        told[placement.id].append(placement)
    by_fact: defaultdict[Fact, list[Record]] = defaultdict(list)
    for record in events:
        for about in _about(record):
            whose = [item.issuer_scid for item in told[about] if _may_tell(item, record)]
            for issuer in whose if told[about] else [""]:
                by_fact[about, str(record.body.get("kind")), issuer].append(record)
    for (about, kind, _), records in by_fact.items():
        found = _of_one_word([(record.issuer_scid, record) for record in records])
        for name in _OF_EVENTS:
            sides = [Side(record.body[name], record, name) for record in found if name in record.body]
            yield from _differing("event", about, kind, name, sides)


def _may_tell(placement: Record, event: Record) -> bool:
    """Whether an event is of one of those who share a placement: anybody may name its id."""
    return event.issuer_scid in {placement.issuer_scid, *placement.addressees}


def _of_one_word(said: Sequence[tuple[str, _T]]) -> list[_T]:
    """What those say who say one thing, by agency: whoever says several silences nobody but itself."""
    words = Counter(agency for agency, _ in said)
    return [item for agency, item in said if words[agency] == 1]


def _of_placements(placements: Sequence[Record], events: Sequence[Record]) -> Iterable[Divergence]:
    """The first and last day that a placement gives as actual, beside the events that the other agency noted."""
    told: defaultdict[str, list[Record]] = defaultdict(list)
    for record in events:
        for about in _about(record):
            told[about].append(record)
    for placement in placements:
        start, slash, end = str(placement.body.get("actual", "")).partition("/")
        for detail, day, kinds in (("start", start, _STARTS), ("end", end if slash else "", _ENDS)):
            for event in told[placement.id]:
                is_others = event.issuer_scid != placement.issuer_scid and _may_tell(placement, event)
                if (
                    day not in {"", ".."}
                    and is_others
                    and event.body.get("kind") in kinds
                    and "actual" in event.body
                ):
                    sides = [Side(day, placement, "actual"), Side(event.body["actual"], event, "actual")]
                    yield from _differing("placement", placement.id, detail, "actual", sides)


def _of_statistics(statistics: Sequence[Record]) -> Iterable[Divergence]:
    """Numbers of one indicator, period and perimeter, one of each agency."""
    by_fact: defaultdict[Fact, list[tuple[Claim, Record]]] = defaultdict(list)
    for record in statistics:
        for claim in declared.claims(record.body):
            by_fact[_perimeter(claim)].append((claim, record))
    for fact, said in by_fact.items():
        found = _of_one_word([(record.issuer_scid, (claim, record)) for claim, record in said])
        sides = [Side(claim.value, record, "values") for claim, record in found if claim.value is not None]
        yield from _differing("statistic", " ".join(filter(None, fact[1:])), fact[0], "value", sides)


def _perimeter(claim: Claim) -> Fact:
    ends = [
        " ".join(filter(None, (end.agency, end.country, end.m49))) or "*"
        for end in (claim.sender, claim.host)
    ]
    traits = [f"{name}={value}" for name, value in claim.traits]
    return (
        *(claim.indicator, claim.period, " > ".join(ends)),
        *(claim.scheme or "", claim.programme or "", claim.mobility or "", *traits),
    )


def _differing(kind: str, about: str, detail: str, name: str, sides: Sequence[Side]) -> Iterable[Divergence]:
    if len({encode(side.value) for side in sides}) > 1:
        ordered = sorted(sides, key=lambda side: (side.source.issuer_scid, side.source.id))
        yield Divergence(kind, about, detail, name, tuple(ordered))


def _about(record: Record) -> list[str]:
    """Ids of what an event is about."""
    about = record.body.get("about")
    named = about if isinstance(about, list) else []
    return sorted({str(item["id"]) for item in named if isinstance(item, Mapping) and "id" in item})
