"""The page passes every vector: a second implementation, written from the text of spec/ alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.verify.conftest import run

VECTORS = Path(__file__).resolve().parent.parent.parent / "spec" / "vectors"
FILES = sorted(
    path.relative_to(VECTORS).as_posix()
    for path in VECTORS.rglob("*.json")
    if path.relative_to(VECTORS).parts[0] != "feeds"
)


@pytest.fixture(scope="session")
def report(node_js: Path) -> Any:
    return run(node_js, "vectors")


@pytest.mark.parametrize("file", FILES)
def test_every_vector_of_a_file_passes(report: Any, file: str) -> None:
    """An implementation conforms to a chapter when it passes that chapter's vectors (spec/README)."""
    assert file in report, f"{file} was not run"
    assert report[file]["failures"] == []
    assert report[file]["checks"] > 0


def test_no_file_is_left_out(report: Any) -> None:
    """A vector file that the runner does not know fails the run, and none is run that is not there."""
    assert sorted(report) == FILES
