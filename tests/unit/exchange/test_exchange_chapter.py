"""Chapters 17 and 18, the tables as data, and the node say the same: who decides, opposites, states, the example."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from passerelle.errors import ProtocolError
from passerelle.exchange import edtf
from passerelle.exchange.state import State
from passerelle.exchange.statement import figures
from passerelle.exchange.tables import ENDING, MAY_DECIDE, OPPOSITES, WITHOUT_EFFECT
from passerelle.protocol.profile import encode
from tests.unit.exchange.world import ML, TG, Programme, World
from tests.vectors.loading import Case, load
from tests.vectors.test_vectors_fold import FILES, fold_of

_SPEC = Path(__file__).parents[3] / "spec"
_JOINT = (_SPEC / "17-joint-facts.md").read_text("utf-8")
_STATES = (_SPEC / "18-states-and-figures.md").read_text("utf-8")
_SUBJECTS = ("agreement", "nomination", "placement", "offer", "dossier")
_DAY = re.compile("[0-9]{4}")


def _data(name: str) -> Any:
    return json.loads((_SPEC / "tables" / name).read_text("utf-8"))


def _table(chapter: str, heading: str) -> list[list[str]]:
    """Cells of the rows of the table with that first line."""
    rows = chapter.partition(heading + "\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_who_may_decide_is_the_chapters_table() -> None:
    """S-45: row by row, in the chapter, in the data and in the node."""
    written = {
        (subject, outcome): set(by.split(", "))
        for subject, outcome, by in _table(_JOINT, "| subject | outcome | by |")
    }
    known = {
        (subject, outcome): set(roles)
        for subject, outcomes in MAY_DECIDE.items()
        for outcome, roles in outcomes.items()
    }
    data = _data("decisions.json")
    assert written == known
    assert {(row["subject"], row["outcome"]): set(row["by"]) for row in data["rows"]} == known
    assert len(data["rows"]) == len(known)
    assert set(data["without_effect"]) == WITHOUT_EFFECT
    assert all(f"`{outcome}`" in _JOINT for outcome in WITHOUT_EFFECT)


def test_opposites_are_the_chapters_table() -> None:
    """S-55: row by row, and the order in which ends are named."""
    rows = _table(_JOINT, "| subject | one | other | prevails |")
    written = {(subject, frozenset((one, other))): result for subject, one, other, result in rows}
    assert len(written) == len(rows)
    known = {
        (subject, pair): result for subject, table in OPPOSITES.items() for pair, result in table.items()
    }
    data = [tuple(row.values()) for row in _data("opposites.json")["rows"]]
    assert written == known
    assert [tuple(row) for row in rows] == data
    assert ", ".join(f"`{outcome}`" for outcome in ENDING) in _JOINT
    assert _data("decisions.json")["naming"] == list(ENDING)


@pytest.mark.parametrize("subject", _SUBJECTS)
def test_states_are_the_chapters_table(subject: str) -> None:
    """S-57 to S-59: the data have the states of the chapter, in the order in which they are tried."""
    article = "an" if subject[0] in "ao" else "a"
    rows = _table(_STATES, f"| state of {article} {subject} | when |")
    written = [state.strip() for states, _ in rows for state in states.split(",")]
    data = _data("states.json")[subject]
    assert [row["state"] for row in data] == written
    assert {state for row in data for state in row["next"]} <= set(written)


def test_the_worked_example_is_what_the_node_computes() -> None:
    """S-63: byte for byte, with the SCIDs of this test."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4), world.row(ML, TG, 2))
    for sender, host in (*[(TG, ML)] * 4, *[(ML, TG)] * 2):
        programme.realised(sender, host)
    block = re.search(r"```json form\n(.+?)```", _STATES, re.DOTALL)
    assert block is not None
    example = block[1].replace("<SCID of ANVT>", TG).replace("<SCID of CNPV>", ML)
    computed = encode(figures(programme.world.state(TG, date(2018, 12, 31)), TG, ML))
    assert computed == encode(json.loads(example))


# --- the changes that the vectors bring about --------------------------------------------


@pytest.fixture(scope="module")
def changes() -> tuple[dict[str, set[str]], dict[str, set[tuple[str, str]]]]:
    """By subject: the states met, and each change met, one record or one day at a time."""
    states: dict[str, set[str]] = {subject: set() for subject in _SUBJECTS}
    moves: dict[str, set[tuple[str, str]]] = {subject: set() for subject in _SUBJECTS}
    for name in FILES:
        vectors = load(f"fold/{name}")
        for case in vectors["cases"]:
            for walk in (_record_by_record(vectors, case), _day_by_day(vectors, case)):
                _follow(walk, states, moves)
    return states, moves


def _record_by_record(vectors: Case, case: Case) -> Iterator[State]:
    entries = [*vectors["common"], *case["held"]]
    for count in range(1, len(entries) + 1):
        yield fold_of(entries[:count], case, date.fromisoformat(case["as_of"]))


def _day_by_day(vectors: Case, case: Case) -> Iterator[State]:
    entries = [*vectors["common"], *case["held"]]
    days = {day for entry in entries for day in _days(entry.get("body", entry.get("residue")))}
    for day in sorted({*days, date.fromisoformat(case["as_of"])}):
        yield fold_of(entries, case, day)


def _days(value: Any) -> Iterator[date]:
    """Every first and last day that stands in a body, and the day after."""
    if isinstance(value, str) and _DAY.match(value):
        try:
            span = edtf.parse(value)
        except ProtocolError:
            return
        for bound in (span.earliest, span.latest):
            if bound is not None:
                yield from (bound, bound + timedelta(days=1))
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _days(item)


def _follow(
    walk: Iterator[State], states: dict[str, set[str]], moves: dict[str, set[tuple[str, str]]]
) -> None:
    before: dict[tuple[str, str, str | None], str] = {}
    for state in walk:
        for subject in _SUBJECTS:
            for key, found in getattr(state, f"{subject}s").items():
                states[subject].add(found.state)
                # Two issuers may write down one id; which of the two has the key to itself then changes.
                subject_of = (subject, key, getattr(found, "issuer", None))
                former = before.get(subject_of, found.state)
                if former != found.state:
                    moves[subject].add((former, found.state))
                before[subject_of] = found.state


@pytest.mark.parametrize("subject", _SUBJECTS)
def test_every_state_is_met_in_the_vectors(
    subject: str, changes: tuple[dict[str, set[str]], dict[str, set[tuple[str, str]]]]
) -> None:
    """S-57 to S-59: no state of the chapter is without a case, and the node has no other."""
    listed = {row["state"] for row in _data("states.json")[subject]}
    assert changes[0][subject] - {"blocked", "waiting"} == listed


@pytest.mark.parametrize("subject", _SUBJECTS)
def test_every_change_is_one_of_the_table(
    subject: str, changes: tuple[dict[str, set[str]], dict[str, set[tuple[str, str]]]]
) -> None:
    """S-57 to S-59: whatever one record or one day changed in the vectors, the table has it."""
    listed = {(row["state"], state) for row in _data("states.json")[subject] for state in row["next"]}
    met = {move for move in changes[1][subject] if not {"blocked", "waiting"} & set(move)}
    assert met - listed == set()
    assert len(met) > 1
