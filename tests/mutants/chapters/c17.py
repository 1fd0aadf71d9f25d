"""Chapter 17 of the law: joint facts."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "17",
    not_yet=(
        "S-29 S-74 S-30 S-32 S-31 S-33 S-35 S-36 S-37 S-38 S-39 S-28 S-27 S-69 S-40 S-42 S-41 S-43 S-45 "
        "S-46 S-47 S-48 S-49 S-54 S-51 S-52 S-53 S-50 S-55 S-56"
    ),
    most=30,
)
