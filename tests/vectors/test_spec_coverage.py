"""Every rule of the law has a test that names it, but for those on a list that only shrinks."""

from __future__ import annotations

import ast
from functools import cache

from tests.vectors.spec_text import ROOT, RULE_ID, rules
from tests.vectors.uncovered_rules import UNCOVERED

_LIST = "uncovered_rules.py"


@cache
def named() -> frozenset[str]:
    """Rules that a docstring of a test, or a row of a table of tests, names."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        if path.name == _LIST:
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(RULE_ID.findall(node.value))
    return frozenset(found)


def test_every_rule_has_a_test_or_is_listed() -> None:
    """CONTRIBUTING.md: a rule has a test whose docstring is the rule."""
    known = {rule.identifier for rule in rules()}
    assert sorted(known - named() - UNCOVERED) == []


def test_the_list_only_shrinks() -> None:
    """A rule that a test names now, or that is none, leaves the list with the same commit."""
    known = {rule.identifier for rule in rules()}
    assert sorted(UNCOVERED & named()) == []
    assert sorted(UNCOVERED - known) == []
