"""The mutants of all chapters, and which rules of what is built have none."""

from __future__ import annotations

import textwrap
from typing import Final

from tests.mutants.chapters import (
    c02,
    c03,
    c04,
    c05,
    c06,
    c07,
    c08,
    c09,
    c10,
    c11,
    c12,
    c15,
    c17,
    c18,
    c20,
    c23,
    c24,
)
from tests.mutants.model import Chapter, Mutant
from tests.vectors.spec_text import DESIGNED, rules

CHAPTERS: Final[tuple[Chapter, ...]] = tuple(
    module.CHAPTER
    for module in (c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12, c15, c17, c18, c20, c23, c24)
)
MUTANTS: Final[dict[str, Mutant]] = {
    mutant.rule: mutant for chapter in CHAPTERS for mutant in chapter.mutants
}


def built(number: str) -> list[str]:
    """The rules of a chapter that are built, in its order."""
    return [
        rule.identifier
        for rule in rules()
        if rule.chapter.startswith(f"{number}-") and rule.status != DESIGNED
    ]


def told() -> str:
    """How many rules are covered and which are not, for the end of `make test`."""
    owing = [rule.identifier for rule in rules() if rule.status != DESIGNED]
    people = [rule for chapter in CHAPTERS for rule in chapter.people]
    rest = [rule for rule in owing if rule not in MUTANTS and rule not in people]
    head = (
        f"{len(MUTANTS)} of {len(owing)} rules of the law are covered: a test that names the rule fails when its check is "
        f"switched off (`make soak` does). {len(people)} bind people and no code. {len(rest)} have no mutant"
    )
    return f"{head}{':' if rest else '.'}\n{textwrap.fill(' '.join(rest), 110)}".rstrip()
