"""Which tests name a rule: by the docstring of the test, its row of a table, or its case of the vectors.

``J-1 to J-9`` names the rules between as well, but of a test whose cases say each which rule it is of. What a whole
file says of itself names nothing.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.vectors.loading import VECTORS, load, rules_of_tree
from tests.vectors.spec_text import ROOT, RULE_ID

_RANGE: Final = re.compile(r"\b([A-Z])-([1-9][0-9]*) (?:to|–) \1-([1-9][0-9]*)\b")
_QUICK: Final = ("tests/unit/", "tests/vectors/")
"""Folders of tests that run in this process."""
_NOT_ASKED: Final = ("tests/mutants/", "tests/soak/")


def rules_in(text: str) -> set[str]:
    """The rules that a text names, those between ``J-1 to J-9`` included."""
    found = set(RULE_ID.findall(text))
    for letter, first, last in _RANGE.findall(text):
        found.update(f"{letter}-{number}" for number in range(int(first), int(last) + 1))
    return found


def single_rules_in(text: str) -> set[str]:
    """The rules whose identifiers stand in a text."""
    return set(RULE_ID.findall(_RANGE.sub("", text)))


def rules_of(value: Any) -> set[str]:
    """The rules that a parameter of a test names: an identifier, a row of a table, a case of the vectors."""
    if isinstance(value, str):
        return rules_in(value)
    if isinstance(value, Mapping):
        return rules_of(value.get("rule"))
    if isinstance(value, list | tuple | set | frozenset):
        return set().union(*(rules_of(one) for one in value))
    if dataclasses.is_dataclass(value):
        members = (getattr(value, member.name) for member in dataclasses.fields(value))
        return set().union(*(rules_of(one) for one in members if isinstance(one, str | tuple | frozenset)))
    return set()


@cache
def places(rule: str) -> tuple[str, ...]:
    """The files of tests in which something may name a rule: those of quick tests or, where there is none, all.

    The vectors come last: a test of them gives every case of a file.
    """
    named = [file for file, rules in _files().items() if rule in rules]
    quick = [file for file in named if file.startswith(_QUICK)]
    return tuple(quick or named)


@cache
def _files() -> dict[str, frozenset[str]]:
    cases = _rules_of_vectors()
    found: dict[str, frozenset[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        if "node_modules" not in path.parts and not name.startswith(_NOT_ASKED):
            found[name] = frozenset(_rules_of_file(path, cases))
    return found


def _rules_of_file(path: Path, cases: Mapping[str, frozenset[str]]) -> Iterator[str]:
    module = ast.parse(path.read_bytes())
    said = module.body[0].value if module.body and isinstance(module.body[0], ast.Expr) else None
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node is not said:
            yield from rules_in(node.value)
            yield from cases.get(node.value, ())


def _rules_of_vectors() -> dict[str, frozenset[str]]:
    """The rules that the cases of a file of vectors name; the files of the fold by their folder."""
    found = {path.name: frozenset(rules_of_tree(load(path.name))) for path in VECTORS.glob("*.json")}
    fold = [rules_of_tree(load(f"fold/{path.name}")) for path in (VECTORS / "fold").glob("*.json")]
    return {**found, "fold": frozenset(rule for rules in fold for rule in rules)}
