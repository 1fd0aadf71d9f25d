"""The table of rules, ``spec/rules.json``, says what the chapters say, row by row."""

from __future__ import annotations

import json

import pytest

from tests.vectors.rule_table import HIDDEN, PATH, README, Row, counted, from_chapters, judged, written

_DUTIES = {"publisher", "follower", "client", "server", "verifier", "writer"}
_ROLES = {"follower", "partner"}
_ROWS = judged()


@pytest.mark.parametrize("said", from_chapters(), ids=lambda row: row["id"])
def test_each_rule_of_a_chapter_has_its_row(said: Row) -> None:
    """CONTRIBUTING.md: a rule that is written, changed, moved or built changes its row with the same commit."""
    row = _ROWS.get(said["id"])
    assert row is not None, "python -m tests.vectors.rule_table"
    assert {name: row[name] for name in said} == said


def test_no_row_is_without_a_rule() -> None:
    """A rule that falls away takes its row with it."""
    assert sorted(set(_ROWS) - {row["id"] for row in from_chapters()}) == []


@pytest.mark.parametrize("row", _ROWS.values(), ids=lambda row: row["id"])
def test_each_row_is_judged(row: Row) -> None:
    """Somebody has said whose duty it is, and how it is seen from outside or why it is not."""
    assert row["duty"] in _DUTIES
    assert set(row["seen"]) <= _ROLES
    assert bool(row["seen"]) != bool(row["hidden"])
    assert row["hidden"] is None or row["hidden"] in HIDDEN
    assert (row["hidden"] == "designed") == (row["status"] == "designed")


def test_the_file_is_as_it_is_written() -> None:
    """One row a line, in the order of the chapters, so that a change shows as one line."""
    assert PATH.read_text("utf-8") == written()
    assert set(json.loads(PATH.read_text("utf-8"))["hidden"]) == set(HIDDEN)


def test_the_readme_counts_what_the_table_holds() -> None:
    """How much of the law the conformance kit can see is said in numbers; the writer of the table renews them."""
    told = README.read_text("utf-8")
    assert "mandatory rules" in told
    assert told == counted(told, PATH.read_text("utf-8"))
