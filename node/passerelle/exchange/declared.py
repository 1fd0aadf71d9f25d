"""What agencies say of their exchanges in a ``statistic``, beside what the records held here count.

A statistic moves no figure (spec/18-states-and-figures.md): it can be of a time before this exchange, of agencies
that have no node, or of more than one reader may see. So declared and recorded numbers stand side by side, with
the gap between them, and are never added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
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


def recorded(
    claim: Claim,
    placements: Iterable[PlacementState],
    country_of: CountryOf,
    programmes: Mapping[str, Sequence[str]],
) -> int | str | None:
    """What the records held here count of what a claim is about; None where they cannot tell.

    Args:
        claim: What somebody declared.
        placements: All that are known.
        country_of: The country of an agency.
        programmes: By id, a programme with those that are part of it.

    Returns:
        Persons, or person-months as a decimal text.
    """
    if not claim.is_comparable:
        return None
    counted = [item for item in placements if _is_of(claim, item, country_of, programmes)]
    if claim.indicator in _PERSONS:
        return len(counted)
    if claim.indicator == "person-months":
        return three_places(sum((item.realised_months or Fraction() for item in counted), Fraction()))
    if claim.indicator == "countries":
        return len({country_of(item.sender) or item.sender for item in counted})
    return None


def _is_of(
    claim: Claim, item: PlacementState, country_of: CountryOf, programmes: Mapping[str, Sequence[str]]
) -> bool:
    """Whether a placement is realised, began in the period, and is within the bounds."""
    if not item.is_realised or item.arrived_on is None:
        return False
    span = edtf.parse(claim.period)
    within = claim.programme is None or item.programme in programmes.get(claim.programme, [claim.programme])
    return (
        span.earliest is not None
        and span.earliest <= item.arrived_on
        and (span.latest is None or item.arrived_on <= span.latest)
        and claim.sender.holds(item.sender, country_of)
        and claim.host.holds(item.host, country_of)
        and claim.scheme in {None, item.scheme}
        and within
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


def narrowed_by(whole: Mapping[str, object], part: Mapping[str, object]) -> str | None:
    """The one bound that a number has beyond another; None where it is no part of it by one bound."""
    if len(part) != len(whole) + 1 or not whole.items() <= part.items():
        return None
    return (part.keys() - whole.keys()).pop()


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
