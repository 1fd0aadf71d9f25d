"""Mutants are run for what they are: a few for each `make test`, all for `make soak`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from tests.mutants.model import Mutant
from tests.mutants.running import Copy, new_copy, source
from tests.mutants.table import MUTANTS

QUICK: Final = ("J-3", "J-16")
"""One to two seconds each."""


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """The node's package, to be patched."""
    with new_copy() as made:
        yield made


@pytest.mark.parametrize("rule", QUICK)
def test_a_check_switched_off_is_noticed(copy: Copy, rule: str) -> None:
    """CONTRIBUTING.md: a test that names the rule fails."""
    outcome = copy.run(MUTANTS[rule])
    assert outcome.word == "killed", outcome.output
    assert len(outcome.failed) == 1


def test_a_mutant_that_changes_nothing_survives(copy: Copy) -> None:
    """The same tests pass where the check stands, and the copy is as it was after the mutants before."""
    mutant = MUTANTS["J-3"]
    outcome = copy.run(replace(mutant, new=f"{mutant.old}  # as it was"))
    assert outcome.word == "survived", outcome.output
    assert outcome.run > 0
    assert (copy.package / mutant.file).read_bytes() == source(mutant.file).read_bytes()


def test_a_mutant_that_breaks_the_program_kills_nothing(copy: Copy) -> None:
    """A package that cannot be imported says nothing of one rule."""
    mutant = MUTANTS["J-3"]
    assert copy.run(replace(mutant, new="if missing:\n        pass\n    if")).word == "broken"


def test_a_test_that_does_not_name_the_rule_is_not_asked(copy: Copy) -> None:
    """Whatever else fails, the rule is covered by what names it alone."""
    elsewhere = Mutant("Z-1", MUTANTS["J-3"].file, MUTANTS["J-3"].old, "if False:", MUTANTS["J-3"].tests)
    assert copy.run(elsewhere).word == "unnamed"
    assert copy.run(replace(elsewhere, tests=("tests/unit/protocol/test_base58btc.py",))).word == "unnamed"


def test_what_hangs_kills_nothing(copy: Copy) -> None:
    """Neither a survivor nor a kill: it is ended, and said to be late."""
    assert copy.run(MUTANTS["J-3"], deadline=0.1).word == "late"
