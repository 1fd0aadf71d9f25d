"""The registry of codes and the node name the same codes (chapter 12)."""

from __future__ import annotations

import pytest

from tests.vectors.code_base import codes_in_code, local_areas, registered
from tests.vectors.loading import VECTORS, load
from tests.vectors.spec_text import chapters, codes_named


def _area(code: str) -> str:
    return code.partition(".")[0]


def test_every_code_of_the_node_is_registered() -> None:
    """C-3: a code that the node can report stands in the registry, or its area is local."""
    known, local = registered(), local_areas()
    missing = {
        code: sorted(files)
        for code, files in codes_in_code().items()
        if code not in known and _area(code) not in local
    }
    assert missing == {}


def test_every_registered_code_can_be_reported() -> None:
    """C-1: the registry holds no code that nothing reports."""
    found = codes_in_code()
    assert len(found) > 200
    assert sorted(code for code in registered() if code not in found) == []


def test_areas_are_either_law_or_local() -> None:
    """Chapter 12, Local areas: no area is both."""
    assert {_area(code) for code in registered()} & local_areas() == set()


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_chapters_name_registered_codes(chapter: object) -> None:
    """A chapter promises no code that the registry does not hold."""
    known, local = registered(), local_areas()
    path = next(one for one in chapters() if one == chapter)
    assert sorted(code for code in codes_named(path) if code not in known and _area(code) not in local) == []


def test_vectors_name_registered_codes() -> None:
    """A vector expects no code that the registry does not hold."""
    expected = {
        case["code"]
        for path in VECTORS.glob("*.json")
        for member in load(path.name).values()
        if isinstance(member, list)
        for case in member
        if isinstance(case, dict) and case.get("code")
    }
    assert len(expected) > 40
    assert sorted(expected - registered().keys()) == []
