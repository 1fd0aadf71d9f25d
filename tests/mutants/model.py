"""What a mutant is, and what is said of a chapter's rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pytest

DEADLINE_SECONDS: Final = 900.0
"""A mutant that takes longer proves nothing: what hangs names no rule. Most take two; the machine may be busy."""

TOLD: Final = pytest.StashKey[str]()
"""What a run that looked at the table says at its end."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """The node, or the page of its auditors, without the check of one rule: a patch of the source.

    Args:
        rule: Of the law, as ``J-3``.
        file: Below ``node/passerelle``; ``schemas/…`` is the folder of schemas, as in an installation;
            ``auditor/…`` the folder of the auditor's page.
        old: Stands exactly once in the file.
        new: What stands there instead: the rule's check is gone, everything else is as it was.
        tests: Files of tests, or tests in them (``tests/unit/x.py::test_y``), in which what names the rule is
            looked for. Without any: see `tests.mutants.naming.places`.
    """

    rule: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """The rules of a chapter of what is built.

    Args:
        number: Of the chapter, as ``02``.
        mutants: In the order of the chapter.
        people: Rules that bind people, or whoever writes the law, and no code that could be switched off;
            each with what it binds or where it is looked at.
    """

    number: str
    mutants: tuple[Mutant, ...] = ()
    people: dict[str, str] = field(default_factory=dict)
