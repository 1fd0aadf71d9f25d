"""Figures of a pair: the joint facts that both agencies compute byte for byte alike.

They hold SCIDs, countries, dates, integers and decimal strings, no codes of agencies, names
or languages. What they rest on (whom a node has not heard from) is the desk's to add, apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Final

from passerelle.errors import InputError
from passerelle.exchange.state import (
    AgreementState,
    DirectionState,
    NominationState,
    PairState,
    PlacementState,
    State,
)
from passerelle.exchange.views import Direction
from passerelle.protocol.profile import Json, JsonObject

_CURRENT: Final = frozenset({"in-force", "suspended"})
"""States of an agreement in force: a suspension stops new nominations and nothing else."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Persons of one direction.

    Args:
        nominated: Nominations that count and have not ended.
        accepted: Of these, accepted by the host.
        planned: Placements that the sender accepted and that were not cancelled.
        realised: Of these, arrived.
    """

    nominated: int
    accepted: int
    planned: int
    realised: int


def figures(state: State, a: str, b: str, *, scheme: str | None = None) -> JsonObject:
    """The figures of two agencies as of the day of the state.

    Args:
        state: From the fold.
        a: SCID.
        b: SCID; the order of the two does not matter.
        scheme: Only what belongs to this scheme; everything where None.

    Raises:
        InputError: ``statement.not-visible`` where no feed between the two is held.
    """
    pair = pair_of(state, a, b)
    first, second = sorted((a, b))
    rows = [_Row.of(pair, Direction(*ends), scheme) for ends in permutations((first, second))]
    outward, inward = rows[0].tally.realised, rows[1].tally.realised
    return {
        "asOf": state.as_of.isoformat(),
        "parties": _parties(pair, first, second),
        "directions": [row.figures() for row in rows],
        "balance": {first: outward - inward, second: inward - outward},
        "index": index_of(Fraction(outward), Fraction(inward)),
        "personMonths": {
            "directions": [row.person_months() for row in rows],
            "index": index_of(rows[0].realised_months, rows[1].realised_months),
        },
    }


def pair_of(state: State, a: str, b: str) -> PairState:
    """What two agencies share.

    Raises:
        InputError: ``statement.not-visible`` where no feed between the two is held.
    """
    pair = state.pairs.get(frozenset((a, b)))
    if pair is None:
        raise InputError("statement.not-visible", first=a, second=b)
    return pair


def tally(pair: PairState, direction: Direction, *, agreement: str | None = None) -> Tally:
    """Counts of one direction, over all agreements or under one (by record id)."""
    return _count(
        [item for item in _nominations(pair, direction) if agreement in {None, item.agreement}],
        [item for item in _placements(pair, direction) if agreement in {None, item.agreement}],
    )


def _count(nominations: list[NominationState], placements: list[PlacementState]) -> Tally:
    return Tally(
        nominated=sum(item.is_standing for item in nominations),
        accepted=sum(item.is_accepted for item in nominations),
        planned=sum(item.is_planned for item in placements),
        realised=sum(item.is_realised for item in placements),
    )


def _nominations(pair: PairState, direction: Direction) -> list[NominationState]:
    return [item for item in pair.nominations.values() if Direction(item.sender, item.host) == direction]


def _placements(pair: PairState, direction: Direction) -> list[PlacementState]:
    return [item for item in pair.placements.values() if Direction(item.sender, item.host) == direction]


@dataclass(frozen=True, slots=True)
class _Row:
    direction: Direction
    status: str
    since: str | None
    quota: int | None
    tally: Tally
    planned_months: Fraction
    realised_months: Fraction
    undated: int

    @classmethod
    def of(cls, pair: PairState, direction: Direction, scheme: str | None) -> _Row:
        agreed = list(_agreed(pair, direction, scheme))
        nominations = [item for item in _nominations(pair, direction) if scheme in {None, item.scheme}]
        placements = [
            item for item in _placements(pair, direction) if scheme in {None, item.scheme} and item.is_planned
        ]
        status, since = _status(agreed)
        quotas = [row.quota_to_date for _, row in agreed if row.quota_to_date is not None]
        return cls(
            direction=direction,
            status=status,
            since=since,
            quota=sum(quotas) if quotas else None,
            tally=_count(nominations, placements),
            planned_months=sum((item.planned_months or Fraction() for item in placements), Fraction()),
            realised_months=sum((item.realised_months or Fraction() for item in placements), Fraction()),
            undated=sum(item.planned_months is None for item in placements),
        )

    def figures(self) -> JsonObject:
        realised = self.tally.realised
        return {
            **self._ends,
            "status": self.status,
            "since": self.since,
            "quota": self.quota,
            "nominated": self.tally.nominated,
            "accepted": self.tally.accepted,
            "planned": self.tally.planned,
            "realised": realised,
            "fulfilment": three_places(Fraction(realised, self.quota)) if self.quota else None,
        }

    def person_months(self) -> JsonObject:
        return {
            **self._ends,
            "planned": three_places(self.planned_months),
            "realised": three_places(self.realised_months),
            "undated": self.undated,
        }

    @property
    def _ends(self) -> JsonObject:
        return {"from": self.direction.sender, "to": self.direction.host}


def _agreed(
    pair: PairState, direction: Direction, scheme: str | None
) -> Iterable[tuple[AgreementState, DirectionState]]:
    """The rows of that direction in every agreement that has been in force by the day."""
    for agreement in pair.agreements.values():
        if agreement.since is not None and (scheme is None or scheme in agreement.schemes):
            yield from ((agreement, row) for row in agreement.directions if row.direction == direction)


def _status(agreed: list[tuple[AgreementState, DirectionState]]) -> tuple[str, str | None]:
    """``open`` where any agreement in force has it open; else what keeps it shut, and since when.

    ``ended`` where agreements were in force and are no longer; ``none`` where none ever was.
    """
    current = [row for agreement, row in agreed if agreement.state in _CURRENT]
    if not current:
        return ("ended" if agreed else "none"), None
    for status in ("open", "suspended"):
        rows = [row for row in current if row.status == status]
        if rows:
            return status, min((row.since for row in rows if row.since is not None), default=None)
    return "closed", min((row.since for row in current if row.since is not None), default=None)


def _parties(pair: PairState, *agencies: str) -> list[Json]:
    """The two with the country that their agreements give them, those in force before others."""
    countries: dict[str, str] = {}
    # What a third agency alone has written is no word of the two, and need not be held by both.
    own = (item for item in pair.agreements.values() if item.since is not None or item.issuer in agencies)
    ordered = sorted(own, key=lambda item: (item.state not in _CURRENT, item.since is None, item.id))
    for agreement in ordered:
        for party in agreement.parties:
            countries.setdefault(party.agency, party.country)
    return [{"agency": agency, "country": countries.get(agency)} for agency in agencies]


def index_of(outward: Fraction, inward: Fraction) -> str | None:
    """The smaller over the larger; 0 where one is nothing, no index where both are."""
    larger = max(outward, inward)
    return three_places(min(outward, inward) / larger) if larger else None


def three_places(value: Fraction) -> str:
    """A decimal of three places, not negative, half up: ``0.500``, ``9.988``."""
    thousandths = int(value * 1000 + Fraction(1, 2))
    return f"{thousandths // 1000}.{thousandths % 1000:03}"
