"""Chapter 07 of the law: paths."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "07",
    not_yet=(
        "P-1 P-2 P-3 P-4 P-5 P-22 P-6 P-7 P-8 P-9 P-10 P-11 P-12 P-13 P-14 P-26 P-27 P-28 P-15 P-16 P-25 "
        "P-24 P-17 P-29 P-23"
    ),
    most=25,
)
