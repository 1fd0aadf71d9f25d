"""Chapter 24 of the law: certificates."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "24",
    not_yet=(
        "D-1 D-2 D-3 D-4 D-5 D-6 D-7 D-8 D-9 D-10 D-11 D-12 D-13 D-14 D-15 D-16 D-17 D-18 D-19 D-20 D-21 "
        "D-22 D-23 D-24 D-25"
    ),
    most=25,
)
