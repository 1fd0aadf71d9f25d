"""What agencies say of their exchanges in a ``statistic``, beside what the records held here count.

A statistic moves no figure (spec/18-states-and-figures.md): it can be of a time before this exchange, of agencies
that have no node, or of more than one reader may see. So declared and recorded numbers stand side by side, with
the gap between them, and are never added up.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate
from typing import Final, TypeAlias

from passerelle.exchange import edtf, members
from passerelle.exchange.members import Body
from passerelle.exchange.state import PlacementState
from passerelle.exchange.statement import index_of, three_places

_TRAITS: Final = ("ageBand", "gender", "hostCategory", "nationality", "sector")
_PERSONS: Final = frozenset({"placements", "volunteers"})

CountryOf: TypeAlias = Callable[[str], str | None]
"""The country of an agency, by SCID."""


@dataclass(frozen=True, slots=True, order=True)
class End:
    """One end of a flow, as far as it is known; all of the world where nothing is said.

    Args:
        agency: SCID, or "".
        country: ISO 3166-1, or "".
        m49: A larger area, or "".
    """

    agency: str = ""
    country: str = ""
    m49: str = ""

    @classmethod
    def from_body(cls, body: Body | None) -> End:
        """Reads a territory; nothing where there is none."""
        said = {} if body is None else body
        return cls(
            *(members.optional(said, name, members.text) or "" for name in ("agency", "country", "m49"))
        )

    def holds(self, agency: str, country_of: CountryOf) -> bool:
        """Whether an agency is at this end."""
        if self.agency:
            return self.agency == agency
        return not self.country or self.country == country_of(agency)


@dataclass(frozen=True, slots=True)
class Claim:
    """One number of a statistic, or one that was left out because it is small.

    Args:
        indicator: What is counted: ``placements``, ``person-months`` and so on.
        period: EDTF, as written.
        sender: Where volunteers come from.
        host: Where they go.
        scheme: Code; None for all.
        programme: Record id; None for all.
        mobility: Code; None where not said.
        traits: Further bounds by name, sorted: sector, gender, age band and so on.
        value: None where it was suppressed.
        qualifier: ``exact``, ``about`` and so on; None where suppressed.
    """

    indicator: str
    period: str
    sender: End
    host: End
    scheme: str | None
    programme: str | None
    mobility: str | None
    traits: tuple[tuple[str, str], ...]
    value: int | None
    qualifier: str | None

    @property
    def is_comparable(self) -> bool:
        """Whether records tell what it is bounded by: they do not know areas, traits or other mobilities."""
        return (
            not self.traits
            and not (self.sender.m49 or self.host.m49)
            and self.mobility in {None, "reciprocity"}
            and edtf.parse(self.period).earliest is not None
        )


def claims(body: Body) -> list[Claim]:
    """The numbers of a statistic, in the order in which they stand; what a cell says goes before the perimeter.

    Raises:
        ValueError: The body is not what its schema says.
    """
    perimeter = members.optional(body, "perimeter", members.mapping) or {}
    period = members.span(body, "period")
    found: list[Claim] = []
    for value in members.mappings(body, "values"):
        bounds: Body = {**perimeter, **(members.optional(value, "dims", members.mapping) or {})}
        quantity = members.optional(value, "quantity", members.mapping)
        programme = members.optional(bounds, "programme", members.mapping)
        found.append(
            Claim(
                indicator=members.text(value, "indicator"),
                period=period,
                sender=End.from_body(members.optional(bounds, "from", members.mapping)),
                host=End.from_body(members.optional(bounds, "to", members.mapping)),
                scheme=members.optional(bounds, "scheme", members.text),
                programme=None if programme is None else members.text(programme, "id"),
                mobility=members.optional(bounds, "mobility", members.text),
                traits=tuple((name, members.text(bounds, name)) for name in _TRAITS if name in bounds),
                value=None if quantity is None else members.integer(quantity, "value"),
                qualifier=None if quantity is None else members.text(quantity, "qualifier"),
            )
        )
    return found


_Cell: TypeAlias = tuple[str, str, str, str | None]
"""Sender, host, scheme and programme."""


class Recorded:
    """What the records held here count, put in order once so that many claims can be held beside it.

    Args:
        placements: All that are known.
        country_of: The country of an agency.
        programmes: By id, a programme with those that are part of it.
    """

    def __init__(
        self,
        placements: Iterable[PlacementState],
        country_of: CountryOf,
        programmes: Mapping[str, Sequence[str]],
    ) -> None:
        self._country_of = country_of
        self._programmes = programmes
        self._arrivals: defaultdict[_Cell, list[tuple[date, Fraction]]] = defaultdict(list)
        """By what they are told apart by, days of arrival and months, by day."""
        for item in placements:
            if item.is_realised and item.arrived_on is not None:
                cell = (item.sender, item.host, item.scheme, item.programme)
                self._arrivals[cell].append((item.arrived_on, item.realised_months or Fraction()))
        self._days: dict[_Cell, list[date]] = {}
        self._months: dict[_Cell, list[Fraction]] = {}
        """Of each cell the months of the first so many."""
        for cell, arrivals in self._arrivals.items():
            arrivals.sort()
            self._days[cell] = [day for day, _ in arrivals]
            self._months[cell] = [Fraction(), *accumulate(months for _, months in arrivals)]

    def of(self, claim: Claim) -> int | str | None:
        """What is counted of what a claim is about, in persons or in person-months as a decimal text.

        None where the records cannot tell.
        """
        if not claim.is_comparable or claim.indicator not in {*_PERSONS, "person-months", "countries"}:
            return None
        span = edtf.parse(claim.period)
        persons, months, senders = 0, Fraction(), set()
        for cell, days in self._days.items():
            if not self._is_within(claim, cell):
                continue
            first = bisect_left(days, span.earliest or date.min)
            last = bisect_right(days, span.latest or date.max)
            if last > first:
                persons += last - first
                months += self._months[cell][last] - self._months[cell][first]
                senders.add(self._country_of(cell[0]) or cell[0])
        if claim.indicator == "countries":
            return len(senders)
        return persons if claim.indicator in _PERSONS else three_places(months)

    def _is_within(self, claim: Claim, cell: _Cell) -> bool:
        sender, host, scheme, programme = cell
        return (
            claim.scheme in {None, scheme}
            and (
                claim.programme is None
                or programme in self._programmes.get(claim.programme, [claim.programme])
            )
            and claim.sender.holds(sender, self._country_of)
            and claim.host.holds(host, self._country_of)
        )


@dataclass(frozen=True, slots=True)
class Balance:
    """Two numbers of one statistic that go opposite ways.

    Args:
        first: The end that is smaller by its codes; ``outward`` goes from it to ``second``.
        second: The other.
        outward: The one number.
        inward: The other.
        claim: The outward one, for what both are of.
    """

    first: End
    second: End
    outward: int
    inward: int
    claim: Claim

    @property
    def index(self) -> str | None:
        """The smaller over the larger; None where both are 0."""
        return index_of(Fraction(self.outward), Fraction(self.inward))


def balances(said: Iterable[Claim]) -> list[Balance]:
    """Numbers of one statistic that pair up: the same but for the way that they go."""
    ways: defaultdict[tuple[object, ...], dict[tuple[End, End], Claim]] = defaultdict(dict)
    for claim in said:
        if claim.value is not None and claim.sender != claim.host and End() not in {claim.sender, claim.host}:
            ends = tuple(sorted((claim.sender, claim.host)))
            what = (claim.indicator, claim.scheme, claim.programme, claim.mobility, claim.traits)
            ways[(ends, *what)].setdefault((claim.sender, claim.host), claim)
    found: list[Balance] = []
    for both in ways.values():
        first, second = sorted(next(iter(both)))
        there, back = both.get((first, second)), both.get((second, first))
        if there is not None and back is not None:
            found.append(Balance(first, second, there.value or 0, back.value or 0, there))
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """Parts that do not add up to their whole (rule V25).

    Args:
        whole: The number that they should add up to.
        by: What the parts are told apart by: ``sender``, ``host``, ``scheme``, ``programme`` or a trait.
        parts: Their sum.
    """

    whole: Claim
    by: str
    parts: int


def differences(said: Sequence[Claim]) -> list[Difference]:
    """Where the exact parts of one statistic do not add up; a list of parts may be meant to be no whole one."""
    found: list[Difference] = []
    limits = [frozenset(bounds(claim).items()) for claim in said]
    narrowed: defaultdict[tuple[frozenset[tuple[str, object]], str], list[Claim]] = defaultdict(list)
    for claim, limit in zip(said, limits, strict=True):
        for bound in limit:
            narrowed[limit - {bound}, bound[0]].append(claim)
    for whole, limit in zip(said, limits, strict=True):
        if whole.value is None or whole.qualifier != "exact":
            continue
        for by in ("sender", "host", "scheme", "programme", *_TRAITS):
            parts = narrowed.get((limit, by), [])
            if len(parts) < 2 or any(part.value is None or part.qualifier != "exact" for part in parts):
                continue
            summed = sum(part.value or 0 for part in parts)
            if summed != whole.value:
                found.append(Difference(whole, by, summed))
    return found


def bounds(claim: Claim) -> dict[str, object]:
    """What a number is of, by name."""
    said: dict[str, object | None] = {
        "indicator": claim.indicator,
        "sender": claim.sender if claim.sender != End() else None,
        "host": claim.host if claim.host != End() else None,
        "scheme": claim.scheme,
        "programme": claim.programme,
        "mobility": claim.mobility,
        **dict(claim.traits),
    }
    return {name: value for name, value in said.items() if value is not None}
