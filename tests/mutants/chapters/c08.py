"""Chapter 08 of the law: publishing."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "08",
    not_yet=(
        "W-1 W-2 W-3 W-4 W-5 W-6 W-7 W-8 W-9 W-10 W-11 W-31 W-32 W-12 W-13 W-14 W-15 W-16 W-19 W-20 W-17 "
        "W-18 W-21 W-22 W-23 W-24 W-25 W-33 W-34"
    ),
    most=29,
)
