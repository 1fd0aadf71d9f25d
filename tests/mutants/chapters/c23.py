"""Chapter 23 of the law: checking a copy."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter

CHAPTER: Final = Chapter(
    "23",
    not_yet="V-1 V-2 V-3 V-4 V-5 V-6",
    most=6,
)
