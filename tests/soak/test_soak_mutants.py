"""At length: the check of each rule switched off, one at a time, and a test that names the rule fails. Run by ``make soak``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mutants.running import Copy, new_copy
from tests.mutants.table import MUTANTS, told
from tests.soak.lanes import note


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """The node's package, to be patched, in which all these tests pass as it is."""
    with new_copy() as made:
        unharmed = made.run_unharmed(MUTANTS.values())
        assert unharmed.word == "survived", unharmed.output
        yield made
    note(told().partition("\n")[0].rstrip(":"))


@pytest.mark.parametrize("rule", MUTANTS)
def test_a_rule_that_is_not_checked_is_missed(copy: Copy, rule: str) -> None:
    """CONTRIBUTING.md: a rule is covered when switching its check off makes a test fail that names it."""
    outcome = copy.run(MUTANTS[rule])
    assert outcome.word == "killed", f"{outcome.word}\n{outcome.output}"
