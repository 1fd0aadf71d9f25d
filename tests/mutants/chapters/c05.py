"""Chapter 05 of the law: feeds and leaves."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "05",
    not_yet=(
        "L-1 L-2 L-3 L-4 L-5 L-6 L-7 L-8 L-9 L-10 L-11 L-12 L-13 L-14 L-15 L-16 L-17 L-18 L-19 L-20 L-21 "
        "L-22 L-23 L-24 L-25 L-26"
    ),
    most=26,
)
