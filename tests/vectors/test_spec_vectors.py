"""``spec/vectors/README.md`` describes every member of every file, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.vectors.loading import VECTORS, load

_README: Final = (VECTORS / "README.md").read_text("utf-8")
_EVERYWHERE: Final = {"chapter", "about", "made_by", "confirmed_by"}
_OF_CASES: Final = {"name", "rule", "code"}
_WORD: Final = re.compile("`([a-z0-9_]+)`")
_TOP: Final = re.compile(r"^\| (`[a-z0-9_`, ]+`) \|", re.MULTILINE)
_FILES: Final = sorted(path.name for path in VECTORS.glob("*.json"))


def _section(heading: str) -> str:
    return _README.partition(f"### {heading}\n")[2].partition("\n#")[0]


def _members_of_cases(value: Any) -> Iterator[str]:
    """Names of members of the cases in the lists of a file."""
    for member in value.values():
        if isinstance(member, list):
            for case in member:
                if isinstance(case, dict):
                    yield from case


@pytest.mark.parametrize("name", _FILES)
def test_each_member_is_described(name: str) -> None:
    """spec/vectors/README.md: a reader finds every member of a file there."""
    section, value = _section(name), load(name)
    assert section
    described = {word for cells in _TOP.findall(section) for word in _WORD.findall(cells)}
    assert described == {*value} - _EVERYWHERE
    words = set(_WORD.findall(section))
    assert {*_members_of_cases(value)} - _OF_CASES - words == set()


def test_the_fold_is_described() -> None:
    """spec/vectors/README.md: cases, entries and details of the files in ``fold/``."""
    words = set(_WORD.findall(_section("fold/"))) | _OF_CASES
    for path in sorted((VECTORS / "fold").glob("*.json")):
        value = load(f"fold/{path.name}")
        assert {*value} <= words | _EVERYWHERE
        for case in value["cases"]:
            assert {*case} <= words
            assert {name for entry in [*value["common"], *case["held"]] for name in entry} <= words
            assert {name for facts in case["details"].values() for name in facts} <= words
        named = path.name.replace("agreement", "*").replace("nomination", "*").replace("placement", "*")
        assert f"`{named}`" in _section("fold/")


def test_no_file_is_described_that_is_not_there() -> None:
    """spec/vectors/README.md: as many sections as files and folders."""
    headings = set(re.findall(r"^### (.+)$", _README, re.MULTILINE))
    assert headings == {*_FILES, "fold/", "published/"}
