"""Small cells: numbers so small that they could point to a person are withheld, and what would give them away with them.

A cell is small where it tells of fewer persons than a threshold by two personal traits or more. Withholding it alone
is not enough where its row has a total: then another cell of the row is withheld too, the smallest that will do. Whether
a cell is still given away is decided exactly, by solving what the published sums say of the withheld cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, TypeAlias

from passerelle.errors import InputError
from passerelle.exchange import members
from passerelle.exchange.declared import Claim, bounds, claims, narrowed_by
from passerelle.exchange.members import Body

PERSONAL: Final = frozenset({"ageBand", "gender", "nationality"})
"""Traits of a person; a sector or a category of host is none."""

THRESHOLD: Final = 5
"""Least number shown by two personal traits or more, where a statistic names no other."""

Relations: TypeAlias = Sequence[tuple[int, tuple[int, ...]]]
"""By position, a whole and its parts."""


def is_small(cell: Claim, threshold: int) -> bool:
    """Whether a shown number is of too few persons to be shown; nobody is nobody, and points to nobody."""
    traits = sum(name in PERSONAL for name, _ in cell.traits)
    return cell.value is not None and 0 < cell.value < threshold and traits > 1


def refuse_small(body: Body) -> None:
    """Refuses a statistic of ours that shows, or gives away, a number of too few persons.

    What is declared with its sources was published before and is left alone; what is no statistic is the schema's
    to refuse.

    Raises:
        InputError: ``statistic.small-cell``, ``statistic.cell-given-away``; ``withhold`` names the positions in
            ``values``, from 1 on, that have to be marked as suppressed.
    """
    try:
        cells = claims(body)
        limits = members.optional(body, "suppression", members.mapping)
        threshold = THRESHOLD if limits is None else members.integer(limits, "threshold")
    except ValueError:
        return
    if body.get("method") == "declared" and body.get("sources"):
        return
    shown = withhold(cells, threshold)
    more = [number for number, cell in enumerate(shown, start=1) if cell != cells[number - 1]]
    if any(is_small(cell, threshold) for cell in cells):
        raise InputError("statistic.small-cell", threshold=threshold, withhold=more)
    if more:
        raise InputError("statistic.cell-given-away", withhold=more)


def given_away(cells: Sequence[Claim]) -> list[int]:
    """Positions of withheld cells whose number follows from the others.

    Args:
        cells: The cells of one statistic, withheld ones without a value. Parts that are told apart by one bound are
            taken to add up to their whole.
    """
    return _given_away(cells, _relations(cells))


def withhold(cells: Sequence[Claim], threshold: int = THRESHOLD) -> list[Claim]:
    """The same cells with the small ones withheld, and with them what would give one away.

    Args:
        cells: The cells of one statistic.
        threshold: Least number shown by two personal traits or more.
    """
    shown = [
        replace(cell, value=None, qualifier=None) if is_small(cell, threshold) else cell for cell in cells
    ]
    if all(cell.value is not None for cell in shown):
        return shown
    relations = _relations(cells)
    while True:
        away = _given_away(shown, relations)
        found = _cover(shown, relations, set(away)) if away else None
        if found is None:
            return shown
        shown[found] = replace(shown[found], value=None, qualifier=None)


def _given_away(cells: Sequence[Claim], relations: Relations) -> list[int]:
    withheld = [position for position, cell in enumerate(cells) if cell.value is None]
    return _determined(_sums(relations, withheld), withheld) if withheld else []


def _cover(cells: Sequence[Claim], relations: Relations, away: set[int]) -> int | None:
    """The cell to withhold next: the smallest in a sum that has only one withheld, a total where there is no other.

    Where every such sum has two or more, and they give one away together, any sum that it is in.
    """
    members = [(whole, *parts) for whole, parts in relations if away & {whole, *parts}]
    alone = [sums for sums in members if sum(cells[position].value is None for position in sums) == 1]
    wholes = {whole for whole, _ in relations}
    beside = {position for sums in alone or members for position in sums if cells[position].value is not None}
    return min(
        beside,
        key=lambda position: (position in wholes, cells[position].value or 2**62, position),
        default=None,
    )


def _relations(cells: Sequence[Claim]) -> Relations:
    """Each whole with its parts, two or more, by position, told apart by one bound."""
    found: list[tuple[int, tuple[int, ...]]] = []
    said = [bounds(cell) for cell in cells]
    for position, whole in enumerate(said):
        parts: defaultdict[str, list[int]] = defaultdict(list)
        for number, part in enumerate(said):
            by = narrowed_by(whole, part)
            if by is not None:
                parts[by].append(number)
        found += [(position, tuple(parts[by])) for by in sorted(parts) if len(parts[by]) > 1]
    return found


def _sums(relations: Relations, withheld: Sequence[int]) -> list[list[Fraction]]:
    """What the sums say of the withheld cells: a row of coefficients for each."""
    rows = (
        [Fraction((position in parts) - (position == whole)) for position in withheld]
        for whole, parts in relations
    )
    return [row for row in rows if any(row)]


def _determined(rows: Iterable[list[Fraction]], withheld: Sequence[int]) -> list[int]:
    """Of the unknowns those that have one value: in reduced form they stand alone in a row."""
    reduced: list[list[Fraction]] = []
    todo = [list(row) for row in rows]
    for column in range(len(withheld)):
        pivot = next((row for row in todo if row[column]), None)
        if pivot is None:
            continue
        todo.remove(pivot)
        unit = [value / pivot[column] for value in pivot]
        todo = [_less(row, unit, column) for row in todo]
        reduced = [_less(row, unit, column) for row in reduced] + [unit]
    alone = [row for row in reduced if sum(value != 0 for value in row) == 1]
    return sorted(withheld[next(column for column, value in enumerate(row) if value)] for row in alone)


def _less(row: list[Fraction], unit: list[Fraction], column: int) -> list[Fraction]:
    return [value - row[column] * other for value, other in zip(row, unit, strict=True)]
