"""Flows of a pair: its placements told apart by direction, year, scheme and programme.

They are the placements that the figures of the pair count, and both agencies compute them byte for
byte alike (spec/18-states-and-figures.md, S-101 to S-104). A sum is made of exact fractions and rounded
once, so the flows of a year need not be the sum of the decimals of their rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias

from passerelle.exchange import edtf
from passerelle.exchange.state import PairState, PlacementState, State
from passerelle.exchange.statement import index_of, pair_of, three_places
from passerelle.exchange.views import Direction
from passerelle.protocol.profile import Json, JsonObject

Value: TypeAlias = int | str | None
"""A year, the code of a scheme, the id of a programme; None where a placement is in none."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a placement is counted under.

    Args:
        direction: Who sends, who hosts.
        year: Calendar year of the planned first day, or of the arrival for what is realised.
        scheme: Code.
        programme: Record id; None where it is in none.
    """

    direction: Direction
    year: int
    scheme: str
    programme: str | None

    @property
    def order(self) -> tuple[str, str, int, str, str]:
        """Ascending order of rows: no programme before all programmes."""
        return self.direction.sender, self.direction.host, self.year, self.scheme, self.programme or ""


@dataclass(slots=True)
class Volume:
    """How many placements, and how long in person-months.

    Args:
        planned: Accepted by the sender and not cancelled.
        realised: Of these, arrived.
        planned_months: Exact.
        realised_months: Exact.
        undated: Planned ones of which no length is known.
    """

    planned: int = 0
    realised: int = 0
    planned_months: Fraction = field(default_factory=Fraction)
    realised_months: Fraction = field(default_factory=Fraction)
    undated: int = 0

    def plan(self, placement: PlacementState) -> None:
        """Counts a placement as planned."""
        self.planned += 1
        self.planned_months += placement.planned_months or 0
        self.undated += placement.planned_months is None

    def realise(self, placement: PlacementState) -> None:
        """Counts a placement as realised."""
        self.realised += 1
        self.realised_months += placement.realised_months or 0

    def add(self, other: Volume) -> None:
        """Counts in what another holds."""
        self.planned += other.planned
        self.realised += other.realised
        self.planned_months += other.planned_months
        self.realised_months += other.realised_months
        self.undated += other.undated

    def told(self) -> JsonObject:
        """The members that say it."""
        return {
            "planned": self.planned,
            "realised": self.realised,
            "plannedMonths": three_places(self.planned_months),
            "realisedMonths": three_places(self.realised_months),
            "undated": self.undated,
        }


Volumes: TypeAlias = Mapping[Kind, Volume]

_GROUPS: Final[Mapping[str, Callable[[Kind], Value]]] = {
    "year": lambda kind: kind.year,
    "scheme": lambda kind: kind.scheme,
    "programme": lambda kind: kind.programme,
}


def flows(state: State, a: str, b: str) -> JsonObject:
    """The flows of two agencies as of the day of the state.

    Args:
        state: From the fold.
        a: SCID.
        b: SCID; the order of the two does not matter.

    Raises:
        InputError: ``statement.not-visible`` where no feed between the two is held.
    """
    first, second = sorted((a, b))
    counted = volumes(pair_of(state, a, b))
    return {
        "asOf": state.as_of.isoformat(),
        "parties": [first, second],
        "rows": [_row(kind, counted[kind]) for kind in sorted(counted, key=lambda kind: kind.order)],
        **{f"{name}s": groups(counted, name, first, second) for name in _GROUPS},
    }


def volumes(pair: PairState) -> Volumes:
    """The placements of a pair by what they are counted under: planned and realised each in its own year."""
    counted: defaultdict[Kind, Volume] = defaultdict(Volume)
    for placement in pair.placements.values():
        if not placement.is_planned:
            continue
        counted[_kind(placement, edtf.earliest_day(placement.planned).year)].plan(placement)
        if placement.is_realised and placement.arrived_on is not None:
            counted[_kind(placement, placement.arrived_on.year)].realise(placement)
    return counted


def total(counted: Volumes, direction: Direction) -> Volume:
    """All that goes in one direction."""
    summed = Volume()
    for kind, volume in counted.items():
        if kind.direction == direction:
            summed.add(volume)
    return summed


def groups(counted: Volumes, name: str, first: str, second: str) -> list[Json]:
    """The flows by one of ``year``, ``scheme``, ``programme``: both directions and what they balance to."""
    value_of = _GROUPS[name]
    parts: defaultdict[Value, dict[Kind, Volume]] = defaultdict(dict)
    for kind, volume in counted.items():
        parts[value_of(kind)][kind] = volume
    return [
        {name: value, **balanced(parts[value], first, second)} for value in sorted(parts, key=_none_first)
    ]


def balanced(counted: Volumes, first: str, second: str) -> JsonObject:
    """Both directions, what one is ahead of the other, and the index in persons and in months."""
    ways = (Direction(first, second), Direction(second, first))
    outward, inward = (total(counted, way) for way in ways)
    ahead = outward.realised - inward.realised
    return {
        "directions": [
            {"from": way.sender, "to": way.host, **volume.told()}
            for way, volume in zip(ways, (outward, inward), strict=True)
        ],
        "balance": {first: ahead, second: -ahead},
        "index": index_of(Fraction(outward.realised), Fraction(inward.realised)),
        "monthsIndex": index_of(outward.realised_months, inward.realised_months),
    }


def chosen(
    counted: Volumes, *, year: int | None, scheme: str | None, programmes: Iterable[str] | None
) -> Volumes:
    """Only what is of a year, a scheme, one of some programmes; everything where None."""
    within = None if programmes is None else frozenset(programmes)
    return {
        kind: volume
        for kind, volume in counted.items()
        if year in {None, kind.year}
        and scheme in {None, kind.scheme}
        and (within is None or kind.programme in within)
    }


def _kind(placement: PlacementState, year: int) -> Kind:
    direction = Direction(placement.sender, placement.host)
    return Kind(direction, year, placement.scheme, placement.programme)


def _row(kind: Kind, volume: Volume) -> JsonObject:
    return {
        "from": kind.direction.sender,
        "to": kind.direction.host,
        "year": kind.year,
        "scheme": kind.scheme,
        "programme": kind.programme,
        **volume.told(),
    }


def _none_first(value: Value) -> tuple[bool, int, str]:
    return value is not None, value if isinstance(value, int) else 0, value if isinstance(value, str) else ""
