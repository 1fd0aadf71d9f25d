"""The table of mutants holds: each can be made, and each rule of what is built has one or binds people."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.model import TOLD, Chapter, Mutant
from tests.mutants.naming import places, rules_in
from tests.mutants.running import asked, patched
from tests.mutants.table import CHAPTERS, MUTANTS, built, told
from tests.vectors.spec_text import DESIGNED, ROOT, rules

_ALL = [mutant for chapter in CHAPTERS for mutant in chapter.mutants]
by_rule = pytest.mark.parametrize("mutant", _ALL, ids=lambda mutant: mutant.rule)


def assert_scripts_parse(page: str, node_js: Path) -> None:
    """Node.js reads each script of a page without running it."""
    scripts = re.findall(r"<script id=[^>]*>(.*?)</script>", page, re.DOTALL)
    assert scripts
    for script in scripts:
        done = subprocess.run(
            [node_js, "--check", "-"], input=script.encode(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


@by_rule
def test_a_mutant_can_be_made(mutant: Mutant, request: pytest.FixtureRequest) -> None:
    """CONTRIBUTING.md: the check that is switched off stands once in the source, and what is left is a program or a schema."""
    text = patched(mutant)
    if mutant.file.endswith(".json"):
        json.loads(text)
    elif mutant.file.endswith(".html"):
        assert_scripts_parse(text, request.getfixturevalue("node_js"))
    else:
        compile(text, mutant.file, "exec", flags=ast.PyCF_ONLY_AST)


@by_rule
def test_somewhere_a_test_names_the_rule(mutant: Mutant) -> None:
    """CONTRIBUTING.md: what is to fail is a test that names the rule."""
    looked_at = asked(mutant)["places"]
    assert looked_at
    for place in looked_at:
        file, _, test = place.partition("::")
        path = ROOT / file
        assert path.exists(), place
        function = test.rpartition("::")[2].partition("[")[0]
        assert f"def {function}" in path.read_text("utf-8"), place


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.number)
def test_each_rule_has_a_mutant_or_binds_people(chapter: Chapter, request: pytest.FixtureRequest) -> None:
    """CONTRIBUTING.md: a new rule comes with its mutant."""
    request.config.stash[TOLD] = told()
    placed = [*(mutant.rule for mutant in chapter.mutants), *chapter.people]
    assert Counter(placed) == Counter(built(chapter.number))
    assert all(chapter.people.values())


def test_every_chapter_is_in_the_table() -> None:
    """The rules of a chapter that is built one day are missed as well."""
    owing = {rule.chapter[:2] for rule in rules() if rule.status != DESIGNED}
    assert owing == {chapter.number for chapter in CHAPTERS}
    assert len(MUTANTS) == len(_ALL)


def test_rules_are_named_singly_and_in_ranges() -> None:
    """``J-1 to J-3`` names J-2."""
    assert rules_in("Z-1 to Z-3, Z-7: all.") == {"Z-1", "Z-2", "Z-3", "Z-7"}
    assert rules_in("Z-3 to Y-5") == {"Z-3", "Y-5"}
    assert places("Z-2") == ()
