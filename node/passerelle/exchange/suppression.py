"""Small cells: numbers so small that they could point to a person are withheld, and what would give them away with them.

A cell is small where it tells of fewer persons than a threshold by two personal traits or more. Withholding it alone
is not enough where its row has a total: then another cell of the row is withheld too, the smallest that will do. Whether
a cell is still given away is decided exactly, by solving what the published sums say of the withheld cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, TypeAlias

from passerelle.errors import InputError
from passerelle.exchange import members
from passerelle.exchange.declared import Claim, bounds, claims
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
    while away := _given_away(shown, relations):
        found = _cover(shown, relations, set(away))
        if found is None:
            break
        shown[found] = replace(shown[found], value=None, qualifier=None)
    return shown


def _given_away(cells: Sequence[Claim], relations: Relations) -> list[int]:
    withheld = [position for position, cell in enumerate(cells) if cell.value is None]
    return _determined(_sums(relations, withheld)) if withheld else []


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
    limits = [frozenset(bounds(cell).items()) for cell in cells]
    narrowed: defaultdict[tuple[frozenset[tuple[str, object]], str], list[int]] = defaultdict(list)
    for number, limit in enumerate(limits):
        for bound in limit:
            narrowed[limit - {bound}, bound[0]].append(number)
    names = sorted({name for _, name in narrowed})
    return [
        (position, tuple(parts))
        for position, limit in enumerate(limits)
        for name in names
        if name not in dict(limit) and len(parts := narrowed.get((limit, name), ())) > 1
    ]


_Row: TypeAlias = dict[int, Fraction]
"""What a sum says of the withheld cells: coefficients by position, none of them 0."""


def _sums(relations: Relations, withheld: Collection[int]) -> list[_Row]:
    """What the sums say of the withheld cells."""
    hidden = frozenset(withheld)
    rows = (
        {
            position: Fraction(-1 if position == whole else 1)
            for position in (whole, *parts)
            if position in hidden
        }
        for whole, parts in relations
    )
    return [row for row in rows if row]


def _determined(rows: Iterable[_Row]) -> list[int]:
    """Of the unknowns those that have one value: in reduced form they stand alone in a row.

    Rows are taken in one at a time and hold only what is in them, so sums that share no cell cost each other
    nothing: the work grows with the tables of a statistic and not with all of its cells.
    """
    reduced: dict[int, _Row] = {}
    users: defaultdict[int, set[int]] = defaultdict(set)
    """By unknown, the pivots of the rows that it stands in."""
    for given in rows:
        row = dict(given)
        for pivot in [column for column in row if column in reduced]:
            _take(row, reduced[pivot], row[pivot])
        if not row:
            continue
        pivot = min(row, key=lambda column: (len(users[column]), column))
        unit = {column: value / row[pivot] for column, value in row.items()}
        for other in list(users[pivot]):
            _take(reduced[other], unit, reduced[other][pivot])
            for column in unit:
                (users[column].add if column in reduced[other] else users[column].discard)(other)
        reduced[pivot] = unit
        for column in unit:
            users[column].add(pivot)
    return sorted(pivot for pivot, row in reduced.items() if len(row) == 1)


def _take(row: _Row, unit: _Row, times: Fraction) -> None:
    """Takes a row so many times from another, in place."""
    for column, value in unit.items():
        left = row.get(column, 0) - times * value
        if left:
            row[column] = Fraction(left)
        else:
            row.pop(column, None)
