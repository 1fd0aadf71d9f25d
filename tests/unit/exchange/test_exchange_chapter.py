"""Chapter 11 and the node say the same: the tables, and the worked example."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

from passerelle.exchange.statement import figures
from passerelle.exchange.tables import ENDING, MAY_DECIDE, OPPOSITES, WITHOUT_EFFECT
from passerelle.protocol.profile import encode
from tests.unit.exchange.world import ML, TG, Programme, World

_CHAPTER = (Path(__file__).parents[3] / "spec" / "11-fold.md").read_text("utf-8")


def _table(heading: str) -> list[list[str]]:
    """Cells of the rows of the table with that first line."""
    rows = _CHAPTER.partition(heading + "\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_who_may_decide_is_the_chapters_table() -> None:
    """S-45: row by row."""
    written = {
        (subject, outcome): set(by.split(", "))
        for subject, outcome, by in _table("| subject | outcome | by |")
    }
    known = {
        (subject, outcome): set(roles)
        for subject, outcomes in MAY_DECIDE.items()
        for outcome, roles in outcomes.items()
    }
    assert written == known
    assert all(f"`{outcome}`" in _CHAPTER for outcome in WITHOUT_EFFECT)


def test_opposites_are_the_chapters_table() -> None:
    """S-55: row by row, and the order in which ends are named."""
    rows = _table("| subject | one | other | prevails |")
    written = {(subject, frozenset((one, other))): result for subject, one, other, result in rows}
    assert len(written) == len(rows)
    known = {
        (subject, pair): result for subject, table in OPPOSITES.items() for pair, result in table.items()
    }
    assert written == known
    assert ", ".join(f"`{outcome}`" for outcome in ENDING) in _CHAPTER


def test_the_worked_example_is_what_the_node_computes() -> None:
    """S-63: byte for byte, with the SCIDs of this test."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4), world.row(ML, TG, 2))
    for sender, host in (*[(TG, ML)] * 4, *[(ML, TG)] * 2):
        programme.realised(sender, host)
    block = re.search(r"```json\n(.+?)```", _CHAPTER, re.DOTALL)
    assert block is not None
    example = block[1].replace("<SCID of ANVT>", TG).replace("<SCID of CNPV>", ML)
    computed = encode(figures(programme.world.state(TG, date(2018, 12, 31)), TG, ML))
    assert computed == encode(json.loads(example))
