"""Chapter 10 of the law: requests, errors, limits."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "10",
    not_yet=(
        "Q-1 Q-2 Q-3 Q-4 Q-5 Q-6 Q-7 Q-8 Q-9 Q-10 Q-35 Q-11 Q-12 Q-13 Q-23 Q-34 Q-24 Q-14 Q-15 Q-16 Q-17 "
        "Q-18 Q-19 Q-25 Q-26 Q-20 Q-21 Q-22 Q-31 Q-32"
    ),
    most=30,
)
