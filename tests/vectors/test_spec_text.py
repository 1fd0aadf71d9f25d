"""The text of the law keeps to its own form, and tests cite only rules that exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.vectors.spec_text import ROOT, RULE_ID, Rule, chapters, obligations_outside_rules, rules

_LINK = re.compile(r"\]\(([^)#]+)")


def test_no_identifier_is_given_twice() -> None:
    """spec/README.md: an identifier is never given to another rule."""
    counts = Counter(rule.identifier for rule in rules())
    assert len(counts) > 200
    assert [identifier for identifier, count in counts.items() if count > 1] == []


def test_each_chapter_has_letters_of_its_own() -> None:
    """spec/README.md: the letter of an identifier tells the chapter."""
    homes: dict[str, set[str]] = {}
    for rule in rules():
        homes.setdefault(rule.identifier[0], set()).add(rule.chapter)
    assert {letter: files for letter, files in homes.items() if len(files) > 1} == {}


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
def test_a_chapter_says_what_is_implemented(chapter: Path) -> None:
    """spec/README.md: every chapter has a status line."""
    assert re.search(r"^Status: .{6,}$", chapter.read_text("utf-8"), re.MULTILINE)


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
