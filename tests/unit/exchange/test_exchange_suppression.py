"""Small cells: withheld, and not to be computed from what is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.exchange.declared import Claim, claims
from passerelle.exchange.suppression import given_away, is_small, withhold
from tests import pace

AGES = ("18-24", "25-29")


def cells(*numbers: tuple[int | None, dict[str, str]]) -> list[Claim]:
    """Cells of one statistic by their dimensions."""
    values = [
        {"indicator": "placements"}
        | ({"suppressed": True} if number is None else {"quantity": {"value": number, "qualifier": "exact"}})
        | ({"dims": dims} if dims else {})
        for number, dims in numbers
    ]
    body: Any = {"period": "2019", "values": values}
    return claims(body)


def table(counts: dict[tuple[str, str], int]) -> list[Claim]:
    """Gender by age band with every total."""
    inner = [(count, {"gender": gender, "ageBand": age}) for (gender, age), count in counts.items()]
    genders, ages = (sorted({key[side] for key in counts}) for side in (0, 1))
    return cells(
        (sum(counts.values()), {}),
        *((sum(n for (g, _), n in counts.items() if g == gender), {"gender": gender}) for gender in genders),
        *((sum(n for (_, a), n in counts.items() if a == age), {"ageBand": age}) for age in ages),
        *inner,
    )


@pytest.mark.parametrize(
    ("number", "dims", "small"),
    [
        (1, {"gender": "f", "ageBand": "18-24"}, True),
        (4, {"gender": "f", "nationality": "NE"}, True),
        (5, {"gender": "f", "ageBand": "18-24"}, False),
        (0, {"gender": "f", "ageBand": "18-24"}, False),
        (1, {"nationality": "NE"}, False),
        (1, {"gender": "f", "sector": "culture"}, False),
        (None, {"gender": "f", "ageBand": "18-24"}, False),
    ],
)
def test_what_is_small(number: int | None, dims: dict[str, str], *, small: bool) -> None:
    """Two personal traits and fewer than five; one from Niger alone is told, and nobody is told as nobody."""
    assert is_small(cells((number, dims))[0], 5) is small


def test_a_total_gives_a_lone_cell_away() -> None:
    """Twelve women, ten of them of one age: the two withheld are computed in the head."""
    told = cells(
        (12, {"gender": "f"}),
        (None, {"gender": "f", "ageBand": AGES[0]}),
        (10, {"gender": "f", "ageBand": AGES[1]}),
    )
    assert given_away(told) == [1]
    assert given_away(told[1:]) == []


def test_what_is_withheld_with_a_small_cell() -> None:
    """The smallest beside it in each sum, totals last; then nothing follows any more."""
    counts = {("f", AGES[0]): 2, ("f", AGES[1]): 10, ("m", AGES[0]): 20, ("m", AGES[1]): 30}
    told = withhold(table(counts))
    assert [cell.value for cell in told] == [62, 12, 50, 22, 40, None, None, None, None]
    assert given_away(told) == []


def test_large_cells_are_all_told() -> None:
    """Nothing is withheld where nothing is small, and the threshold is the author's."""
    counts = {("f", AGES[0]): 6, ("f", AGES[1]): 10, ("m", AGES[0]): 20, ("m", AGES[1]): 30}
    assert withhold(table(counts)) == table(counts)
    assert withhold(table(counts), 7) != table(counts)


_COUNTS = st.fixed_dictionaries(
    {(gender, age): st.integers(0, 12) for gender in "fmx" for age in ("18-24", "25-29", "30-34")}
)


@settings(max_examples=25)
@given(_COUNTS)
def test_no_withheld_cell_follows_from_the_others(counts: dict[tuple[str, str], int]) -> None:
    """Of any table with all its totals: no small cell is shown, and none can be computed."""
    told = withhold(table(counts))
    assert not any(is_small(cell, 5) for cell in told)
    assert given_away(told) == []
    assert all(cell.value in {None, before.value} for cell, before in zip(told, table(counts), strict=True))


def test_many_small_tables_of_one_statistic_cost_no_more_than_each() -> None:
    """As many cells as one statistic may hold: sums that share no cell are solved apart."""
    told = cells(
        *(
            cell
            for year in range(200)
            for cell in (
                (12, {"gender": "f", "nationality": f"N{year}"}),
                (None, {"gender": "f", "nationality": f"N{year}", "ageBand": AGES[0]}),
                (None, {"gender": "f", "nationality": f"N{year}", "ageBand": AGES[1]}),
                (9, {"gender": "m", "nationality": f"N{year}"}),
                (None, {"gender": "m", "nationality": f"N{year}", "ageBand": AGES[0]}),
            )
        )
    )
    found: list[int] = []
    took = pace.units(lambda: found.extend(given_away(told)))
    assert (len(told), found) == (1000, [])
    assert took < pace.A_SECOND
