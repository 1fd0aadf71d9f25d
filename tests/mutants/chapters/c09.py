"""Chapter 09 of the law: following."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "09",
    not_yet=(
        "F-1 F-2 F-3 F-4 F-5 F-44 F-63 F-6 F-7 F-8 F-9 F-10 F-41 F-62 F-34 F-35 F-36 F-37 F-38 F-47 F-11 "
        "F-12 F-13 F-14 F-15 F-39 F-40 F-16 F-17 F-18 F-19 F-64 F-20 F-21 F-22 F-23 F-42 F-24 F-25 F-26 "
        "F-27 F-28 F-43 F-29"
    ),
    most=44,
)
