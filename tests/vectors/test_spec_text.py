"""The text of the law keeps to its own form, and tests cite only rules that exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vectors.spec_text import (
    DESIGNED,
    ROOT,
    RULE_ID,
    Rule,
    chapters,
    obligations_outside_rules,
    rules,
    sections,
)

RULE = re.compile(r"^\*\*[A-Z]-[1-9]", re.MULTILINE)
_CITATION = re.compile(r"spec/([0-9]{2}-[a-z-]+\.md)[`)]*[ ,(]+((?:[A-Z]-[1-9][0-9]*(?:, | and | to )?)+)")
_LINK = re.compile(r"\]\(([^)#]+)")
_LETTERS = re.compile(r"\b[A-Z]\b")
_ROW = re.compile(r"^\| \[[^]]+\]\(([0-9]{2}-[a-z-]+\.md)\) \| ([^|]+) \| (\w[a-z ]+?) \|", re.MULTILINE)
_STATUS = re.compile(r"Status: (built|designed, not built|explains)\.( |$)")


def test_no_identifier_is_given_twice() -> None:
    """spec/README.md: an identifier is never given to another rule."""
    counts = Counter(rule.identifier for rule in rules())
    assert len(counts) > 200
    assert [identifier for identifier, count in counts.items() if count > 1] == []


def test_the_index_lists_each_chapter_with_its_letters_and_status() -> None:
    """spec/README.md: the table of chapters says which letters stand where, and what is built."""
    letters: dict[str, set[str]] = {path.name: set() for path in chapters()}
    for rule in rules():
        letters[rule.chapter].add(rule.identifier[0])
    told = {name: (set(_LETTERS.findall(listed)), status) for name, listed, status in _index()}
    assert {name: found for name, (found, _) in told.items()} == letters
    statuses = {path.name: _statuses(path) for path in chapters()}
    assert {name: status for name, (_, status) in told.items()} == statuses


def _index() -> list[tuple[str, str, str]]:
    """File, letters and status of each row of the table of chapters."""
    return _ROW.findall((ROOT / "spec" / "README.md").read_text("utf-8"))


def _statuses(chapter: Path) -> str:
    """What the sections with rules are; a chapter without rules explains."""
    found = {section.status for section in sections(chapter) if RULE.search(section.text)}
    if len(found) > 1:
        return "in part"
    return {"built": "built", DESIGNED: "designed"}.get(str(next(iter(found), None)), "explains")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.identifier)
def test_a_rule_holds_one_obligation(rule: Rule) -> None:
    """spec/README.md: one obligation a rule, in the words of RFC 2119."""
    assert len(rule.obligations) == 1 or rule.obligations == ["MUST", "MAY"]


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_obligations_stand_only_in_rules(chapter: Path) -> None:
    """spec/README.md: the words of RFC 2119 stand only in rules."""
    assert obligations_outside_rules(chapter) == []


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_rules_referred_to_exist(chapter: Path) -> None:
    """spec/README.md: a reference to a rule leads somewhere."""
    known = {rule.identifier for rule in rules()}
    cited = set(RULE_ID.findall(chapter.read_text("utf-8")))
    assert cited <= known


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_a_chapter_says_what_is_built(chapter: Path) -> None:
    """spec/README.md: every chapter has a status line, in its three words, and a rule never stands in what explains."""
    parts = sections(chapter)
    assert parts[0].status is not None
    lines = [line for line in chapter.read_text("utf-8").splitlines() if line.startswith("Status:")]
    assert len(lines) == sum(1 for part in parts for line in part.text.splitlines() if _STATUS.match(line))
    assert [part.heading for part in parts if part.status == "explains" and RULE.search(part.text)] == []


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_a_chapter_can_be_read_at_one_sitting(chapter: Path) -> None:
    """CONTRIBUTING.md: no file of more than about 400 lines; what grows beyond is split."""
    assert len(chapter.read_text("utf-8").splitlines()) <= 400


def test_links_lead_to_files() -> None:
    """Every relative link in the index and the chapters leads to a file."""
    index = ROOT / "spec" / "README.md"
    missing = [
        (path.name, target)
        for path in [index, *chapters()]
        for target in _LINK.findall(path.read_text("utf-8"))
        if not target.startswith("http") and not (path.parent / target).exists()
    ]
    assert missing == []


def _named_with_a_chapter() -> Iterator[tuple[str, str, str]]:
    """File, chapter and rule of each citation of the form ``spec/08-publishing.md, W-17 and W-21``."""
    folders = ("node", "tests", "schemas", "docs", "examples", "scripts")
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*")):
        if path.suffix not in {".py", ".md", ".json", ".po"} or "node_modules" in path.parts:
            continue
        for chapter, cited in _CITATION.findall(path.read_text("utf-8")):
            for rule in RULE_ID.findall(cited):
                yield path.relative_to(ROOT).as_posix(), chapter, rule


def test_a_rule_cited_with_its_chapter_stands_there() -> None:
    """spec/README.md: a reader who follows a citation finds the rule in that file."""
    homes = {rule.identifier: rule.chapter for rule in rules()}
    cited = list(_named_with_a_chapter())
    assert len(cited) > 10
    assert [one for one in cited if homes.get(one[2]) != one[1]] == []


def _docstrings(path: Path) -> list[tuple[str, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    named = [(node.name, node) for node in ast.walk(tree) if isinstance(node, kinds)]
    return [
        ("module", ast.get_docstring(tree) or ""),
        *((name, ast.get_docstring(node) or "") for name, node in named),
    ]


def _cited(text: str) -> set[str]:
    letters = {rule.identifier[0] for rule in rules()}
    return {found for found in RULE_ID.findall(text) if found[0] in letters}


def test_tests_cite_rules_that_exist() -> None:
    """A rule that a test's docstring names is a rule of the spec."""
    known = {rule.identifier for rule in rules()}
    wrong = {
        f"{path.relative_to(ROOT)}::{name}": sorted(_cited(docstring) - known)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "node_modules" not in path.parts
        for name, docstring in _docstrings(path)
        if _cited(docstring) - known
    }
    assert wrong == {}
