"""Chapter 11 of the law: the fold."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "11",
    not_yet=(
        "S-1 S-2 S-3 S-4 S-5 S-70 S-71 S-6 S-26 S-76 S-7 S-72 S-73 S-8 S-9 S-10 S-11 S-13 S-12 S-14 S-15 "
        "S-16 S-67 S-18 S-34 S-19 S-44 S-17 S-25 S-20 S-21 S-68 S-22 S-23 S-24"
    ),
    most=35,
)
