"""Every rule of what is built has a test that names it, but for those on a list that only shrinks.

A rule in a section whose status line says *designed, not built* is not asked for a test: its
code does not exist. The day that line says *built*, its rules are asked for, and there is no
other place to put them: a test fails for each that has none.
"""

from __future__ import annotations

import ast
from functools import cache

from tests.vectors.loading import VECTORS, load, rules_of_tree
from tests.vectors.spec_text import DESIGNED, ROOT, RULE_ID, Rule, rules
from tests.vectors.uncovered_rules import MOST, UNCOVERED

_LIST = "uncovered_rules.py"


@cache
def named() -> frozenset[str]:
    """Rules that a docstring of a test, a row of a table of tests, or a case of the vectors names."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        if path.name == _LIST or "mutants" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(RULE_ID.findall(node.value))
    # Every case of every file is run by a test of this folder.
    for path in [*VECTORS.glob("*.json"), *VECTORS.glob("fold/*.json")]:
        found.update(rules_of_tree(load(path.relative_to(VECTORS).as_posix())))
    return frozenset(found)


def without_test(law: list[Rule], covered: frozenset[str], listed: frozenset[str]) -> list[str]:
    """Rules that ought to have a test and have none."""
    owed = {rule.identifier for rule in law if rule.status != DESIGNED}
    return sorted(owed - covered - listed)


def test_every_rule_has_a_test_or_is_listed() -> None:
    """CONTRIBUTING.md: a rule has a test whose docstring is the rule."""
    assert without_test(rules(), named(), UNCOVERED) == []


def test_a_design_that_is_built_owes_its_tests() -> None:
    """spec/README.md: were every design called built today, each of its rules that no test names would be missed."""
    built = [Rule(rule.identifier, rule.chapter, rule.text, "built") for rule in rules()]
    designed = {rule.identifier for rule in rules() if rule.status == DESIGNED}
    missed = without_test(built, named(), UNCOVERED)
    assert set(missed) == designed - named()
    assert len(missed) > 0


def test_the_list_only_shrinks() -> None:
    """A rule that a test names now, that is none, or that is not built leaves the list; none enters."""
    built = {rule.identifier for rule in rules() if rule.status != DESIGNED}
    assert sorted(UNCOVERED & named()) == []
    assert sorted(UNCOVERED - built) == []
    assert len(UNCOVERED) == MOST
