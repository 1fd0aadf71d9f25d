"""Chapter 03 of the law: identity and keys."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "03",
    not_yet=(
        "I-1 I-2 I-3 I-4 I-5 I-6 I-44 I-45 I-46 I-7 I-8 I-9 I-10 I-11 I-12 I-41 I-13 I-14 I-15 I-16 I-17 "
        "I-18 I-19 I-20 I-21 I-22 I-23 I-42 I-43 I-48 I-24 I-25 I-26 I-27 I-28 I-29 I-30 I-31 I-47 I-32 "
        "I-33 I-34 I-35 I-36 I-37 I-38 I-39 I-40"
    ),
    most=48,
)
