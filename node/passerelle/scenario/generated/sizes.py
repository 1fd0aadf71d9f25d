"""How large generated data is: what there is of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each kind; the numbers are held to within the last volunteer's records.

    Args:
        agencies: Each with an identity of its own.
        organisations: Hosts.
        pairs: Agreements of two agencies, with two directions each.
        trios: Agreements of three agencies, with six directions each.
        charters: Agreements of several agencies without directions.
        programmes: And their editions.
        offers: Each of one host organisation.
        cards: Dossiers' cards.
        nominations: Of some of the cards.
        decisions: On agreements, nominations, placements and evaluations.
        placements: Of some of the nominations, each with its dossier's identity.
        events: In the course of the placements.
        evaluations: Of placements and agreements.
        certificates: Public lists of the state of certificates.
        statistics: Declared by agencies.
    """

    agencies: int
    organisations: int
    pairs: int
    trios: int
    charters: int
    programmes: int
    offers: int
    cards: int
    nominations: int
    decisions: int
    placements: int
    events: int
    evaluations: int
    certificates: int
    statistics: int

    @property
    def records(self) -> int:
        """All records together: each agency has a sheet, each placement an identity."""
        return int(sum(asdict(self).values())) + self.placements

    def of_records(self, count: int) -> Size:
        """The same proportions with about so many records, the agencies and their agreements as they are."""
        kept = {"agencies", "pairs", "trios", "charters", "programmes"}
        fixed = sum(number for name, number in asdict(self).items() if name in kept)
        factor = max(count - fixed, 0) / (self.records - fixed)
        scaled = {
            name: number if name in kept else max(round(number * factor), 1)
            for name, number in asdict(self).items()
        }
        scaled["organisations"] = max(scaled["organisations"], self.agencies)  # everybody hosts somewhere
        return Size(**scaled)


SIZES: Final[Mapping[str, Size]] = {
    "S": Size(
        agencies=12, organisations=80, pairs=7, trios=1, charters=1, programmes=14, offers=120, cards=260,
        nominations=210, decisions=520, placements=96, events=1_150, evaluations=70, certificates=50,
        statistics=60,
    ),
    "M": Size(
        agencies=26, organisations=1_200, pairs=62, trios=6, charters=2, programmes=90, offers=3_000,
        cards=10_000, nominations=7_500, decisions=19_000, placements=2_400, events=29_000, evaluations=2_000,
        certificates=1_500, statistics=600,
    ),
    "L": Size(
        agencies=60, organisations=12_000, pairs=360, trios=30, charters=10, programmes=600, offers=40_000,
        cards=200_000, nominations=120_000, decisions=300_000, placements=30_000, events=380_000,
        evaluations=25_000, certificates=20_000, statistics=5_000,
    ),
}  # fmt: skip
"""A demonstration, a realistic network, a stress test."""
