"""Who exchanges with whom, and how many: decided before anything is published, so that quotas fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Final

from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from passerelle.scenario.generated.draws import Draws, words
from passerelle.scenario.generated.network import Agency, Network
from passerelle.scenario.generated.sizes import Size

FIRST_YEAR: Final = 2019
LAST_YEAR: Final = 2025
SUSPENDED_FROM: Final = date(2023, 8, 1)
"""Since then nobody of these countries is given a visa for the north, as has happened."""
SUSPENDED: Final = frozenset({"ML", "BF", "NE"})


@dataclass(slots=True)
class Way:
    """One direction of an agreement of two.

    Args:
        sender: Who sends.
        host: Who hosts.
        schemes: Of the agreement.
        nominations: How many are to be nominated.
        placements: How many of these are to be placed.
        offers: Published so far, each with its first day, its months and its scheme.
    """

    sender: Agency
    host: Agency
    schemes: tuple[str, ...]
    nominations: int = 0
    placements: int = 0
    offers: list[tuple[Record, date, int, str]] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether nobody more can be nominated once all are."""
        return 0 < self.nominations == self.placements

    @property
    def is_suspended(self) -> bool:
        """Whether visas are no longer given."""
        return self.sender.country in SUSPENDED and self.host.is_north

    @property
    def ends(self) -> JsonObject:
        """As bodies name it."""
        return {"from": self.sender.party, "to": self.host.party}

    def agreed(self) -> JsonObject:
        """Its row in the agreement: the quota is what will be placed."""
        persons = max(self.placements, 1)
        each = -(-max(self.nominations, 1) // persons)
        quota: JsonObject = {"persons": persons, "perPeriod": "total"}
        return {**self.ends, "quota": quota, "candidatesPerPlace": min(each, 100), "status": "open"}


@dataclass(slots=True)
class Pact:
    """An agreement of two, and what comes of it."""

    ways: tuple[Way, Way]
    record: Record | None = None

    @property
    def agreement(self) -> Record:
        """Once it is proposed."""
        if self.record is None:
            raise RuntimeError("the agreement comes before what rests on it")
        return self.record


def plan(draws: Draws, network: Network, size: Size) -> list[Pact]:
    """Pacts with the numbers of each direction.

    A tenth of the ways is filled to the last place: there another nomination is refused.
    """
    pacts = [Pact(_ways(draws, *pair)) for pair in _pairs(draws, network.agencies, size.pairs)]
    ways = [way for pact in pacts for way in pact.ways]
    full = ways[::10]
    for number in range(size.placements):
        way = ways[number % len(ways)]
        way.placements += 1
        way.nominations += 1
    others = [way for way in ways if way not in full] or ways
    for number in range(size.nominations - size.placements):
        others[number % len(others)].nominations += 1
    return pacts


def _ways(draws: Draws, first: Agency, second: Agency) -> tuple[Way, Way]:
    drawn = {draws.weighted(words()["weights"]["scheme"]) for _ in range(3)}
    if "FR" not in {first.country, second.country}:
        drawn -= {"vsi-reciprocity-fr", "scv"}
    schemes = tuple(sorted(drawn | {"vir"}))
    return Way(first, second, schemes), Way(second, first, schemes)


def _pairs(draws: Draws, agencies: Sequence[Agency], count: int) -> Iterator[tuple[Agency, Agency]]:
    """Pairs of agencies, as often between north and south as the flows are."""
    flows = words()["weights"]["flow"]
    mixed = [pair for pair in combinations(agencies, 2) if pair[0].is_north != pair[1].is_north]
    south = [pair for pair in combinations(agencies, 2) if not (pair[0].is_north or pair[1].is_north)]
    for _ in range(count):
        pool = south if draws.weighted(flows) == "south-south" or not mixed else mixed
        pool = pool or mixed
        chosen = draws.one_of(pool)
        pool.remove(chosen)
        yield chosen


def annex() -> dict[str, Json]:
    """How data may travel: the same in every agreement here."""
    return {
        "tool": "contract-with-return",
        "categories": [{"tier": "T2", "categories": ["card", "placement"], "basis": "consent"}],
        "purposes": ["matching", "nomination", "placement-management"],
        "retentionDays": 730,
        "onwardTransfer": "forbidden",
        "returnOfData": True,
        "breachHours": 72,
        "published": True,
    }
